//! The web bundle: `trunk build` into `dist/`, skipped when nothing that goes into it has changed.

use crate::{board::Board, offline, process, project::Project, tools::Tools};
use anyhow::{Context, Result};
use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
    process::Command,
};

/// Everything at the top of the project that the bundle is made from.
const INPUTS: [&str; 8] =
    ["Cargo.toml", "Cargo.lock", "Trunk.toml", "index.html", "api", "core", "sim", "web"];

/// Folders inside the inputs whose content never reaches the bundle.
const NOT_INPUTS: [&str; 3] = ["tests", "benches", "examples"];

/// The cargo profile of both binaries.
const PROFILE: &str = "wasm";

/// Compiles the page and the worker ahead of `trunk build`, which then finds everything done. It needs no tool, so it
/// can run while the tools are being installed.
pub(crate) fn compile_ahead(project: &Project, board: &Board) -> Result<()> {
    if is_fresh(project, "") {
        return Ok(());
    }
    board.run("page", "compiling it for the browser, about 1 minute the first time", |step| {
        let mut command = project.cargo();
        command.args(["build", "--locked", "--package", "rumormill-web", "--bins"]);
        command.args(["--target", "wasm32-unknown-unknown", "--profile", PROFILE]);
        process::quiet_cargo(step, &mut command)
    })
}

/// Builds the bundle into `dist/`, or says that it is there already.
pub(crate) fn ensure(project: &Project, tools: &Tools) -> Result<()> {
    let with = tools.wasm_opt.as_deref().unwrap_or("no wasm-opt");
    let board = Board::new();
    if is_fresh(project, with) {
        board.say(&format!("  bundle: up to date, {}", size(&project.dist())?));
        return Ok(());
    }
    board.run("bundle", "trunk build, some seconds once the page is compiled", |step| {
        let mut command = trunk(project, tools);
        command.args(["build", "--offline", "--locked"]);
        match tools.wasm_opt {
            Some(_) => command.arg("--release"),
            // Without --release Trunk leaves wasm-opt out; the profile still makes it a release build.
            None => command.args(["--cargo-profile", PROFILE]),
        };
        process::quiet_cargo(step, &mut command)
    })?;
    offline::seal(&project.dist())?;
    fs::create_dir_all(project.tools())?;
    fs::write(stamp(project), stamped(project, with)?)
        .context("cannot note what the bundle was built from")?;
    let optimised = if tools.wasm_opt.is_some() { "" } else { ", not optimised: there is no wasm-opt" };
    board.say(&format!("  bundle: {}{optimised}", size(&project.dist())?));
    Ok(())
}

/// Trunk at the top of the project.
pub(crate) fn trunk(project: &Project, tools: &Tools) -> Command {
    let mut command = Command::new("trunk");
    tools.offer(&mut command);
    // This Trunk takes NO_COLOR=1, which others set for good reasons, for a bad flag.
    command.current_dir(project.root()).env_remove("NO_COLOR");
    command
}

/// Whether `dist/` is what the present sources make. An empty `with` asks whatever the optimiser was.
fn is_fresh(project: &Project, with: &str) -> bool {
    let Ok(noted) = fs::read_to_string(stamp(project)) else {
        return false;
    };
    let with = if with.is_empty() { noted.lines().last().unwrap_or_default() } else { with };
    stamped(project, with).is_ok_and(|now| now == noted)
}

fn stamp(project: &Project) -> PathBuf {
    project.tools().join("bundle.stamp")
}

/// What the bundle was made from, and what came out: a changed source shows in the first line, a `dist/` that
/// something else has written since in the second.
fn stamped(project: &Project, with: &str) -> Result<String> {
    let compiler = process::answer("rustc", &["--version"]).unwrap_or_default();
    let inputs = digest(INPUTS.map(|input| project.root().join(input)))?;
    let outputs = digest([project.dist()])?;
    Ok(format!("{inputs:016x} {compiler}\n{outputs:016x}\n{with}"))
}

fn digest(roots: impl IntoIterator<Item = PathBuf>) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for root in roots {
        add(&root, &mut hasher).with_context(|| format!("cannot read {}", root.display()))?;
    }
    Ok(hasher.finish())
}

fn add(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    path.hash(hasher);
    if !path.is_dir() {
        fs::read(path)?.hash(hasher);
        return Ok(());
    }
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    let skipped =
        |path: &PathBuf| path.file_name().is_some_and(|name| NOT_INPUTS.iter().any(|not| name == *not));
    entries.iter().filter(|path| !skipped(path)).try_for_each(|path| add(path, hasher))
}

fn size(folder: &Path) -> Result<String> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        bytes += entry?.metadata()?.len();
    }
    Ok(format!("{} KB before compression", bytes / 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_changes_the_digest_and_a_test_does_not() {
        let folder = std::env::temp_dir().join(format!("rumormill-xtask-{}", std::process::id()));
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::create_dir_all(folder.join("tests")).unwrap();
        fs::write(folder.join("src/lib.rs"), "one").unwrap();
        let digest_now = || digest([folder.clone()]).unwrap();
        let before = digest_now();
        fs::write(folder.join("tests/a.rs"), "a test").unwrap();
        assert_eq!(digest_now(), before);
        fs::write(folder.join("src/lib.rs"), "two").unwrap();
        assert_ne!(digest_now(), before);
        fs::remove_dir_all(&folder).unwrap();
    }
}
