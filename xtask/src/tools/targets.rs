//! The standard libraries of the targets that are not this machine.

use super::Need;
use crate::{board::Board, process};
use anyhow::{Context, Result};
use std::{path::Path, process::Command};

/// The page and its worker.
pub(crate) const BROWSER: &str = "wasm32-unknown-unknown";
/// The unit tests as WebAssembly: the standard test harness needs a standard library that can print.
pub(crate) const TESTS: &str = "wasm32-wasip1";
/// A processor without an operating system and without 64-bit atomics: what builds here builds without `std`.
pub(crate) const BARE: &str = "thumbv7em-none-eabi";

/// Adds the targets that the toolchain in use lacks.
pub(super) fn ensure(board: &Board, needs: &[Need]) -> Result<()> {
    let wanted = needs.iter().filter_map(|need| match need {
        Need::Bundle => Some(BROWSER),
        Need::WasmTests => Some(TESTS),
        Need::Bare => Some(BARE),
        Need::Browser => None,
    });
    let missing: Vec<&str> = wanted.filter(|target| !is_there(target)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    board.run("rust targets", &format!("adding {}, a few seconds", missing.join(", ")), |step| {
        process::quiet(step, Command::new("rustup").args(["target", "add"]).args(&missing)).with_context(
            || {
                format!(
                    "the toolchain lacks {0}. With rustup: `rustup target add {0}`; a distribution's Rust has \
                     packages for it",
                    missing.join(" ")
                )
            },
        )
    })
}

fn is_there(target: &str) -> bool {
    process::answer("rustc", &["--print", "target-libdir", "--target", target])
        .and_then(|folder| Path::new(&folder).read_dir().ok())
        .is_some_and(|mut files| files.next().is_some())
}
