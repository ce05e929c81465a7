//! From a clone to a running cluster: tools, page, node, and then the node's own `demo`.

use crate::{
    board::Board,
    bundle, process,
    project::Project,
    tools::{self, Need, Tools},
};
use anyhow::{Context, Result};
use std::{path::PathBuf, process::Command};

/// Builds everything and becomes `rumormill demo`.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<()> {
    build(project, &[Need::Bundle])?;
    let mut command = Command::new(node_binary(project));
    command.arg("demo");
    if !arguments.iter().any(|argument| argument == "--nodes" || argument.starts_with("--nodes=")) {
        command.args(["--nodes", "5"]);
    }
    become_it(command.args(arguments))
}

/// Installs what `needs` asks for, then builds the page and the node with the page in it.
pub(crate) fn build(project: &Project, needs: &[Need]) -> Result<Tools> {
    let tools = tools::ensure_beside(project, needs, |board| {
        bundle::compile_ahead(project, board)?;
        // Without the page in it, but with everything under it compiled by the time that the page is there.
        compile_node(project, board)
    })?;
    bundle::ensure(project, &tools)?;
    compile_node(project, &Board::new())?;
    Ok(tools)
}

/// Only the web bundle.
pub(crate) fn bundle(project: &Project) -> Result<()> {
    let tools =
        tools::ensure_beside(project, &[Need::Bundle], |board| bundle::compile_ahead(project, board))?;
    bundle::ensure(project, &tools)?;
    bundle::first_load(project).map(drop)
}

/// Compiles the `rumormill` program.
pub(crate) fn compile_node(project: &Project, board: &Board) -> Result<()> {
    let about = "compiling the rumormill program, about 2 minutes the first time";
    board.run("node", about, |step| {
        let mut command = project.cargo();
        command.args(["build", "--locked", "--package", "rumormill-node", "--bin", "rumormill", "--release"]);
        process::quiet_cargo(step, &mut command)
    })
}

/// Where cargo puts the `rumormill` program.
pub(crate) fn node_binary(project: &Project) -> PathBuf {
    project.target().join("release").join(format!("rumormill{}", std::env::consts::EXE_SUFFIX))
}

/// The program takes this one's place, so that signals and the terminal are its own.
#[cfg(unix)]
fn become_it(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start {}", command.get_program().display()))
}

#[cfg(not(unix))]
fn become_it(command: &mut Command) -> Result<()> {
    process::open(command).with_context(|| "the demo ended")
}
