//! The command line, through the real program. This file holds what its tests
//! share: running a command to its end, running a node as a process, signals.

/// Demos: what they print, and how they end.
mod demo;
/// Configuration: its layers, and reading it again.
mod configuration;
/// Nodes that are run, asked, killed and started again.
mod nodes;
/// Measuring and simulating.
mod figures;
/// What is wrong on a command line, and what is said of it.
mod usage;

use crate::support::LIMIT;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

pub(super) fn rumormill(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rumormill"));
    command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(super) fn output(arguments: &[&str]) -> Output {
    rumormill(arguments).output().expect("the program runs")
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// What a command prints that succeeds.
#[track_caller]
pub(super) fn succeeds(arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = output(arguments);
    assert!(status.success(), "{arguments:?}: {}", text(&stderr));
    text(&stdout)
}

/// One JSON value, and nothing else on stdout.
#[track_caller]
pub(super) fn value(arguments: &[&str]) -> Value {
    let printed = succeeds(arguments);
    assert_eq!(printed.lines().count(), 1, "{printed}");
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
}

/// A command that fails with this exit code, says this on stderr, and nothing on stdout.
#[track_caller]
pub(super) fn fails(arguments: &[&str], code: i32, parts: &[&str]) {
    let Output { status, stdout, stderr } = output(arguments);
    let said = text(&stderr);
    assert_eq!(status.code(), Some(code), "{arguments:?}: {said}");
    assert_eq!(text(&stdout), "", "{arguments:?}");
    for part in parts {
        assert!(said.contains(part), "{arguments:?} does not say {part}: {said}");
    }
}

#[track_caller]
pub(super) fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(result) = condition() {
            return result;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A running program that is killed with its guard.
pub(super) struct Running(pub(super) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `rumormill run` as a process of its own.
pub(super) struct Process {
    pub(super) running: Running,
    pub(super) url: String,
    log: Arc<Mutex<String>>,
}

impl Process {
    pub(super) fn start(name: &str, listen: &str, further: &[&str]) -> Self {
        let mut arguments = vec!["run", "--name", name, "--listen", listen, "--log-format", "json"];
        arguments.extend(["--interval-ms", "100", "--probe-ms", "300"]);
        arguments.extend(further);
        let mut child = rumormill(&arguments).stderr(Stdio::piped()).spawn().expect("the program runs");
        let mut log = BufReader::new(child.stderr.take().expect("piped")).lines();
        let started = log.find_map(|line| {
            let line: Value = serde_json::from_str(&line.expect("the log is text")).expect("the log is JSON");
            (line["message"] == "started").then(|| line["url"].as_str().map(str::to_owned)).flatten()
        });
        // Somebody must read on, or the node would wait for it.
        let kept = Arc::new(Mutex::new(String::new()));
        let rest = kept.clone();
        thread::spawn(move || {
            for line in log.map_while(Result::ok) {
                rest.lock().expect("no reader panics").push_str(&line);
            }
        });
        Self { running: Running(child), url: started.expect("the node starts"), log: kept }
    }

    /// Has it logged this since its start?
    pub(super) fn logged(&self, part: &str) -> Option<()> {
        self.log.lock().expect("no writer panics").contains(part).then_some(())
    }

    pub(super) fn listen(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    pub(super) fn ask(&self, arguments: &[&str]) -> Value {
        value(&[arguments, &["--json", "--url", &self.url]].concat())
    }

    pub(super) fn member(&self, name: &str) -> Option<String> {
        let members = self.ask(&["members"])["members"].as_array().cloned().expect("a list");
        let member = members.into_iter().find(|member| member["id"] == name)?;
        member["status"].as_str().map(str::to_owned)
    }

    pub(super) fn holds(&self, name: &str, status: &str) {
        until(&format!("{name} to be {status}"), || {
            (self.member(name).as_deref() == Some(status)).then_some(())
        });
    }
}

/// The first of as many free ports in a row. They lie below those from which systems take ports for connections that go
/// out (Linux from 32768, others from 49152): one of those may be in use the moment after.
pub(super) fn free_ports(count: u16) -> String {
    const LEAST: u32 = 20_000;
    const MOST: u32 = 32_000;
    let bind = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    // Tests that run at once begin at different places, be it in one program or in several.
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(97) % (MOST - LEAST) + TAKEN.fetch_add(32, Ordering::Relaxed);
    let mut firsts = (0..MOST - LEAST).step_by(count.into()).map(|at| LEAST + (start + at) % (MOST - LEAST));
    let first = firsts.find_map(|first| {
        let first = u16::try_from(first).ok()?;
        (first..first.checked_add(count)?).map(bind).collect::<Result<Vec<_>, _>>().is_ok().then_some(first)
    });
    format!("127.0.0.1:{}", first.expect("free ports in a row"))
}

pub(super) fn terminate(child: &Child) {
    signal("-TERM", child.id());
}

pub(super) fn kill(process: u32) {
    signal("-KILL", process);
}

/// The standard library only knows how to kill one's own children.
pub(super) fn signal(signal: &str, process: u32) {
    let sent = Command::new("kill").args([signal, &process.to_string()]).status().expect("`kill` is there");
    assert!(sent.success(), "kill {signal} {process}");
}
