//! A child process that ends with its guard: exactly that one, by its handle, never by a name.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// How many lines of a child's output are kept.
const LINES_MAX: usize = 10_000;

/// A running program and the lines that it has printed so far.
#[derive(Debug)]
pub(crate) struct Guard {
    name: String,
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Guard {
    /// Starts a program.
    ///
    /// # Panics
    /// When it cannot be started.
    pub(crate) fn start(name: &str, command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name} ({command:?}): {error}"));
        let lines = Arc::default();
        collect(child.stdout.take().expect("stdout was piped just above"), Arc::clone(&lines));
        collect(child.stderr.take().expect("stderr was piped just above"), Arc::clone(&lines));
        Self { name: name.to_owned(), child, lines }
    }

    /// What the program has printed so far, on either stream.
    pub(crate) fn lines(&self) -> Vec<String> {
        locked(&self.lines).clone()
    }

    /// The number by which the system knows the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the program has ended, and all that it printed is among its lines.
    pub(crate) fn has_ended(&mut self) -> bool {
        // Whoever collects lines holds them too, until there are no more.
        matches!(self.child.try_wait(), Ok(Some(_))) && Arc::strong_count(&self.lines) == 1
    }

    /// # Panics
    /// When the program has ended by itself; the message holds what it printed.
    pub(crate) fn assert_running(&mut self) {
        if let Ok(Some(status)) = self.child.try_wait() {
            panic!("{} ended ({status}):\n{}", self.name, self.lines().join("\n"));
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Both only fail when the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- output of {}:\n{}", self.name, self.lines().join("\n"));
        }
    }
}

fn collect(from: impl Read + Send + 'static, into: Arc<Mutex<Vec<String>>>) {
    thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            let mut lines = locked(&into);
            if lines.len() == LINES_MAX {
                lines.remove(0);
            }
            lines.push(String::from_utf8_lossy(&line).trim_end().to_owned());
        }
    });
}

fn locked(lines: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}
