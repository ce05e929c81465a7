//! wasm-opt, from the npm package `binaryen`. The build goes on without it where there is no npm, and says so.

use crate::{board::Board, process, project::Project};
use anyhow::Result;
use serde_json::Value;
use std::{ffi::OsStr, fs, process::Command};

/// Older ones, such as Debian's 108, do not understand what rustc writes today.
const VERSION: &str = "132.0.0";

/// The version in the project's own folder, if it is there.
pub(super) fn installed(project: &Project) -> Option<String> {
    let manifest = project.tools().join("node_modules").join("binaryen").join("package.json");
    let manifest: Value = serde_json::from_slice(&fs::read(manifest).ok()?).ok()?;
    manifest["version"].as_str().filter(|version| *version == VERSION).map(str::to_owned)
}

/// Installs the optimiser where npm can; `None` where it cannot.
pub(super) fn ensure(project: &Project, board: &Board, path: &OsStr) -> Result<Option<String>> {
    if let Some(version) = installed(project) {
        return Ok(Some(version));
    }
    let Some(npm) = process::find("npm", Some(path)) else {
        board.say(
            "  wasm-opt: not installed, because there is no npm; the page works and is about 1.6 times as large",
        );
        return Ok(None);
    };
    board.run("wasm-opt", "the npm package binaryen, a few seconds", |step| {
        let tools = project.tools();
        fs::create_dir_all(&tools)?;
        let mut command = Command::new(npm);
        command.args(["install", "--no-save", "--no-fund", "--no-audit", "--ignore-scripts", "--prefix"]);
        command.arg(&tools).arg(format!("binaryen@{VERSION}")).env("PATH", path);
        process::quiet(step, &mut command)
    })?;
    Ok(installed(project))
}
