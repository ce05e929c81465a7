//! Running other programs: quietly under a step of the board, or in full view. It never retries.

use crate::board::Step;
use anyhow::{Context, Result, bail};
use std::{
    collections::VecDeque,
    ffi::OsStr,
    io::{BufRead, BufReader, Read, Write, stdout},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc::{Sender, channel},
    thread,
};

/// How many of its last lines a failed program shows.
const TAIL_LINES_MAX: usize = 60;

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

/// Runs a program in full view and hands each line of its standard output to `each` as well. Returns whether the
/// program succeeded.
pub(crate) fn watched(command: &mut Command, mut each: impl FnMut(&str)) -> Result<bool> {
    let shown = describe(command);
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start `{shown}`"))?;
    let out = child.stdout.take().expect("stdout was piped just above");
    for line in BufReader::new(out).split(b'\n') {
        let line = line.with_context(|| format!("cannot read from `{shown}`"))?;
        let line = String::from_utf8_lossy(&line);
        writeln!(stdout(), "{line}").context("cannot print")?;
        each(&line);
    }
    Ok(child.wait().with_context(|| format!("`{shown}` got lost"))?.success())
}

/// What a program prints on its standard output, without the newline at its end; `None` when it is not there or
/// fails.
pub(crate) fn answer(program: impl AsRef<OsStr>, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// The program of that name in the folders of `path`, as a shell would find it.
pub(crate) fn find(name: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let folders = path.map(std::env::split_paths).into_iter().flatten();
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
    fn lines_end_at_either_kind_of_return() {
        let (lines, received) = channel();
        pump(&b"one\rtwo\r\nthree"[..], &lines);
        drop(lines);
        assert_eq!(received.iter().collect::<Vec<_>>(), ["one", "two", "three"]);
    }
}
