//! Wasmtime, which runs the tests that were compiled to WebAssembly, from its Python package: nothing has to be
//! compiled for it, and it is the same on every system. It is not part of the bundle.

use crate::{board::Board, process, project::Project};
use anyhow::{Context, Result};
use std::{ffi::OsStr, fs, path::PathBuf, process::Command};

/// A later one may change its interface: each month's does. (Node 20 ran these tests before, and died now and then
/// though they had passed.)
const VERSION: &str = "50.0.1";

const HOW: &str = "the WebAssembly tests run in Wasmtime, which comes by pip: install Python 3.9 or newer with pip, \
                   so that `python3 -m pip` runs";

/// The folder that Python is to look for it in, if that version is there.
pub(super) fn installed(project: &Project) -> Option<PathBuf> {
    let folder = folder(project);
    folder.join(format!("wasmtime-{VERSION}.dist-info")).is_dir().then_some(folder)
}

fn folder(project: &Project) -> PathBuf {
    project.tools().join("wasmtime")
}

/// The Debian packages to install first.
pub(super) fn missing(project: &Project) -> &'static [&'static str] {
    let has_pip = || process::answer("python3", &["-m", "pip", "--version"]).is_some();
    if installed(project).is_some() && process::answer("python3", &["--version"]).is_some() || has_pip() {
        return &[];
    }
    &["python3", "python3-pip"]
}

/// Installs it.
pub(super) fn ensure(project: &Project, board: &Board, path: &OsStr) -> Result<PathBuf> {
    let python = process::find("python3", Some(path)).context(HOW)?;
    if let Some(folder) = installed(project) {
        return Ok(folder);
    }
    board.run("wasmtime", "the Python package, a few seconds", |step| {
        let folder = folder(project);
        // pip leaves what stands there already as it is, another version too.
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let mut command = Command::new(python);
        command.args([
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary=:all:",
        ]);
        command.arg("--target").arg(&folder).arg(format!("wasmtime=={VERSION}")).env("PATH", path);
        process::quiet(step, &mut command).context(HOW)
    })?;
    installed(project).with_context(|| format!("pip did not bring wasmtime {VERSION}"))
}
