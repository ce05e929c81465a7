//! Running other programs: quietly under a step of the board, or in full view. It never retries.

use crate::board::Step;
use anyhow::{Context, Result, bail};
use std::{
    collections::VecDeque,
    env,
    ffi::OsStr,
    io::{BufRead, BufReader, IsTerminal, Read, Write, stderr, stdout},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Mutex, MutexGuard, PoisonError,
        mpsc::{Sender, channel},
    },
    thread,
};

/// How many of its last lines a failed program shows.
const TAIL_LINES_MAX: usize = 60;
/// How many lines before an error are shown again at the end: a failed test's panic and what it printed.
const EXCERPT_BEFORE: usize = 30;
/// How many lines of the error itself: cargo's `Caused by` with the program and its signal.
const EXCERPT_AFTER: usize = 5;

/// Runs a program whose output matters only as progress, or when it fails: then its last lines are in the error.
pub(crate) fn quiet(step: &Step, command: &mut Command) -> Result<()> {
    let shown = describe(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{shown}`"))?;
    let (lines, received) = channel();
    let out = child.stdout.take().expect("stdout was piped just above");
    let err = child.stderr.take().expect("stderr was piped just above");
    let tail = thread::scope(|scope| {
        let more = lines.clone();
        scope.spawn(move || pump(out, &more));
        scope.spawn(move || pump(err, &lines));
        let mut tail = VecDeque::new();
        for line in received {
            if let Some(progress) = progress(&line) {
                step.note(progress);
                continue;
            }
            step.note(&line);
            if tail.len() == TAIL_LINES_MAX {
                tail.pop_front();
            }
            tail.push_back(line);
        }
        tail
    });
    let status = child.wait().with_context(|| format!("`{shown}` got lost"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status}):\n{}", Vec::from(tail).join("\n"));
    }
    Ok(())
}

/// Runs a cargo command, or one that runs cargo, as a step of the board.
pub(crate) fn quiet_cargo(step: &Step, command: &mut Command) -> Result<()> {
    command.env("CARGO_TERM_COLOR", "never");
    command.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "100");
    quiet(step, command)
}

/// Runs a program in full view and fails when it fails.
pub(crate) fn open(command: &mut Command) -> Result<()> {
    let shown = describe(command);
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// How a program that was [`watched`] ended.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) succeeded: bool,
    /// What stood around each error on its standard error, so that nobody has to look for it in a long log.
    pub(crate) why: Vec<String>,
}

/// Runs a cargo command in full view and hands each line of its standard output to `each` as well.
pub(crate) fn watched(command: &mut Command, mut each: impl FnMut(&str)) -> Result<Watched> {
    let shown = describe(command);
    let is_free = |name| env::var_os(name).is_none();
    if stderr().is_terminal() && is_free("CARGO_TERM_COLOR") && is_free("NO_COLOR") {
        // Cargo does not see the terminal behind the pipe.
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{shown}`"))?;
    let out = child.stdout.take().expect("stdout was piped just above");
    let err = child.stderr.take().expect("stderr was piped just above");
    let excerpts = Mutex::new(Excerpts::default());
    thread::scope(|scope| {
        scope.spawn(|| {
            for line in lines(err) {
                locked(&excerpts).add(&line, true);
                eprintln!("{line}");
            }
        });
        for line in lines(out) {
            // Before it is printed: what cargo says of it comes by the other pipe.
            locked(&excerpts).add(&line, false);
            writeln!(stdout(), "{line}").context("cannot print")?;
            each(&line);
        }
        anyhow::Ok(())
    })?;
    let succeeded = child.wait().with_context(|| format!("`{shown}` got lost"))?.success();
    let why = excerpts.into_inner().unwrap_or_else(PoisonError::into_inner).kept;
    Ok(Watched { succeeded, why: if succeeded { Vec::new() } else { why } })
}

/// The lines around each error of a long output.
#[derive(Debug, Default)]
struct Excerpts {
    /// The last lines, of either kind, that are in no excerpt yet.
    before: VecDeque<String>,
    /// How many more lines belong to the error that came last.
    after: usize,
    kept: Vec<String>,
}

impl Excerpts {
    /// Takes in one line; cargo tells of a program that failed, or that died and how, in errors of its own.
    fn add(&mut self, line: &str, is_error_stream: bool) {
        let plain = uncoloured(line);
        if is_error_stream && plain.starts_with("error") {
            self.kept.extend(self.before.drain(..));
            self.after = EXCERPT_AFTER;
        }
        if is_error_stream && self.after > 0 {
            self.after -= 1;
            self.kept.push(plain);
            return;
        }
        if self.before.len() == EXCERPT_BEFORE {
            self.before.pop_front();
        }
        self.before.push_back(plain);
    }
}

/// The text without a terminal's colours (ECMA-48, select graphic rendition).
fn uncoloured(line: &str) -> String {
    let mut parts = line.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    plain
}

fn lines(from: impl Read) -> impl Iterator<Item = String> {
    // A program that no longer can be read from has ended, and says so by its status.
    BufReader::new(from)
        .split(b'\n')
        .map_while(Result::ok)
        .map(|line| String::from_utf8_lossy(&line).into_owned())
}

fn locked(excerpts: &Mutex<Excerpts>) -> MutexGuard<'_, Excerpts> {
    excerpts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a program prints on its standard output, without the newline at its end; `None` when it is not there or
/// fails.
pub(crate) fn answer(program: impl AsRef<OsStr>, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// The program of that name in the folders of `path`, as a shell would find it.
pub(crate) fn find(name: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    let folders = path.map(env::split_paths).into_iter().flatten();
    folders.map(|folder| folder.join(&file)).find(|candidate| is_program(candidate))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// Splits at line feeds and at the carriage returns with which progress bars paint over themselves.
fn pump(from: impl Read, into: &Sender<String>) {
    let mut line = Vec::new();
    for byte in BufReader::new(from).bytes() {
        let Ok(byte) = byte else { break };
        if byte != b'\n' && byte != b'\r' {
            line.push(byte);
            continue;
        }
        let text = String::from_utf8_lossy(&line).trim().to_owned();
        line.clear();
        if !text.is_empty() && into.send(text).is_err() {
            return;
        }
    }
    let text = String::from_utf8_lossy(&line).trim().to_owned();
    if !text.is_empty() {
        // The receiver only goes first when nobody cares any more.
        let _ = into.send(text);
    }
}

/// Cargo's progress bar, without the bar: `45/310: syn, serde`.
fn progress(line: &str) -> Option<&str> {
    let bar = line.strip_prefix("Building [").or_else(|| line.strip_prefix("Fetch ["))?;
    bar.split_once("] ").map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_progress_is_read_without_its_bar() {
        assert_eq!(progress("Building [====>    ] 45/310: syn"), Some("45/310: syn"));
        assert_eq!(progress("Compiling syn v2.0.0"), None);
    }

    #[test]
    fn what_stands_around_an_error_is_kept_and_nothing_else() {
        let mut excerpts = Excerpts::default();
        for index in 0..100 {
            excerpts.add(&format!("test {index} ... ok"), false);
        }
        excerpts.add("\x1b[1m\x1b[91merror\x1b[0m\x1b[1m:\x1b[0m test failed", true);
        excerpts.add("Caused by:", true);
        excerpts.add("     Running the next", true);
        for index in 0..100 {
            excerpts.add(&format!("more {index} ... ok"), false);
        }
        let kept = excerpts.kept;
        assert_eq!(kept.len(), EXCERPT_BEFORE + 3);
        assert_eq!(kept[0], format!("test {} ... ok", 100 - EXCERPT_BEFORE));
        assert_eq!(kept[EXCERPT_BEFORE..], ["error: test failed", "Caused by:", "     Running the next"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_dies_tells_of_what() {
        let script = "echo one; echo two >&2; echo 'error: test failed' >&2; echo 'died of it' >&2; exit 3";
        let mut seen = Vec::new();
        let watched =
            watched(Command::new("sh").args(["-c", script]), |line| seen.push(line.to_owned())).unwrap();
        assert!(!watched.succeeded);
        assert_eq!(seen, ["one"]);
        let errors: Vec<&String> = watched.why.iter().filter(|line| *line != "one").collect();
        assert_eq!(errors, ["two", "error: test failed", "died of it"]);
    }

    #[test]
    fn lines_end_at_either_kind_of_return() {
        let (lines, received) = channel();
        pump(&b"one\rtwo\r\nthree"[..], &lines);
        drop(lines);
        assert_eq!(received.iter().collect::<Vec<_>>(), ["one", "two", "three"]);
    }
}
