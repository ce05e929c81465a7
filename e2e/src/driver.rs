//! Starting a WebDriver server on a port of its own. What is asked of it is said elsewhere.

use crate::{child::Guard, wait::until};
use std::{path::Path, process::Command, time::Duration};

/// How often the driver may be started when the port that it picked is taken. Each start picks another, so that a few
/// in a row are taken is next to impossible.
const STARTS_MAX: u32 = 5;

/// A driver that listens, and its port. Left to choose a port, a driver picks one that is free for IPv6 and gives up if
/// the same number is taken for IPv4; then another is started, and only then.
///
/// # Panics
/// When it does not start within `limit`, or ends for any other reason.
pub(crate) async fn start(program: &Path, limit: Duration) -> (Guard, u16) {
    for _ in 0..STARTS_MAX {
        if let Some(started) = try_start(program, limit).await {
            return started;
        }
    }
    panic!("{STARTS_MAX} drivers in a row picked a port that is taken")
}

/// Nothing when the port that the driver picked is taken.
async fn try_start(program: &Path, limit: Duration) -> Option<(Guard, u16)> {
    let mut driver = Guard::start("chromedriver", Command::new(program).arg("--port=0"));
    let port = until("chromedriver to say its port", limit, async || {
        let ended = driver.has_ended();
        let lines = driver.lines();
        if let Some(port) = lines.iter().find_map(|line| port_said(line)) {
            return Some(Some(port));
        }
        if ended && lines.iter().any(|line| port_taken(line)) {
            return Some(None);
        }
        assert!(!ended, "chromedriver does not start:\n{}", lines.join("\n"));
        None
    })
    .await?;
    Some((driver, port))
}

/// `ChromeDriver was started successfully on port 41235.`
fn port_said(line: &str) -> Option<u16> {
    let (_, port) = line.split_once("started successfully on port ")?;
    port.trim_end_matches('.').parse().ok()
}

/// `bind() failed: Address already in use (98)` or `IPv4 port not available. Exiting...`
fn port_taken(line: &str) -> bool {
    line.contains("Address already in use") || line.contains("port not available")
}

#[cfg(all(test, unix))]
mod tests {
    use super::start;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;
    use std::sync::{Mutex, MutexGuard, PoisonError};
    use std::time::Duration;
    use std::{env, fs, process};

    /// A program cannot be started while it is open for writing anywhere, and what another test starts at that moment
    /// holds it open: they take turns.
    static TURN: Mutex<()> = Mutex::new(());

    /// A driver in name only, which goes with its guard.
    struct Script(PathBuf, #[expect(dead_code, reason = "it is held")] MutexGuard<'static, ()>);

    impl Script {
        /// Fails with `words` until it was started `starts` times.
        fn new(name: &str, words: &str, starts: u32) -> Self {
            // Some of these tests are meant to panic.
            let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
            let folder = env::temp_dir().join(format!("rumormill-driver-{}-{name}", process::id()));
            fs::create_dir_all(&folder).expect("a folder for the test");
            let script = format!(
                "#!/bin/sh\ncd \"$(dirname \"$0\")\"\necho . >> starts\n\
                 [ $(wc -l < starts) -lt {starts} ] && {{ echo '{words}' >&2; exit 1; }}\n\
                 echo 'ChromeDriver was started successfully on port 4123.'\nexec sleep 60\n"
            );
            let file = folder.join("driver");
            fs::write(&file, script).expect("a file for the test");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it may run");
            Self(folder, turn)
        }

        fn starts(&self) -> usize {
            fs::read_to_string(self.0.join("starts")).expect("it was started").lines().count()
        }
    }

    impl Drop for Script {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const TAKEN: &str = "[1.2][SEVERE]: bind() failed: Address already in use (98)";

    async fn port(script: &Script) -> u16 {
        start(&script.0.join("driver"), Duration::from_secs(20)).await.1
    }

    #[tokio::test]
    async fn a_driver_whose_port_is_taken_is_started_again() {
        let script = Script::new("taken", TAKEN, 3);
        assert_eq!((port(&script).await, script.starts()), (4123, 3));
    }

    #[tokio::test]
    #[should_panic(expected = "5 drivers in a row")]
    async fn but_not_for_ever() {
        port(&Script::new("always", TAKEN, 99)).await;
    }

    #[tokio::test]
    #[should_panic(expected = "out of memory")]
    async fn and_for_no_other_reason() {
        port(&Script::new("other", "out of memory", 2)).await;
    }
}
