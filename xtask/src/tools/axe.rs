//! axe-core, the checker of accessibility, from npm: the browser tests put it into the page. It is not part of the
//! bundle. It has a folder of its own, because npm removes whatever else it installed there without a manifest.

use crate::{board::Board, process, project::Project};
use anyhow::{Context, Result};
use serde_json::Value;
use std::{ffi::OsStr, fs, path::PathBuf, process::Command};

const VERSION: &str = "4.14.1";

/// The script, if that version is in the project's own folder.
pub(super) fn installed(project: &Project) -> Option<PathBuf> {
    let folder = folder(project).join("node_modules").join("axe-core");
    let manifest: Value = serde_json::from_slice(&fs::read(folder.join("package.json")).ok()?).ok()?;
    (manifest["version"] == VERSION).then(|| folder.join("axe.min.js"))
}

fn folder(project: &Project) -> PathBuf {
    project.tools().join("axe")
}

/// Installs it.
pub(super) fn ensure(project: &Project, board: &Board, path: &OsStr) -> Result<PathBuf> {
    if let Some(script) = installed(project) {
        return Ok(script);
    }
    let npm = process::find("npm", Some(path)).context("the browser tests need npm: install it")?;
    board.run("axe-core", "the npm package, a few seconds", |step| {
        let folder = folder(project);
        fs::create_dir_all(&folder)?;
        let mut command = Command::new(npm);
        command.args(["install", "--no-save", "--no-fund", "--no-audit", "--ignore-scripts", "--prefix"]);
        command.arg(&folder).arg(format!("axe-core@{VERSION}")).env("PATH", path);
        process::quiet(step, &mut command)
    })?;
    installed(project).with_context(|| format!("npm did not bring axe-core {VERSION}"))
}
