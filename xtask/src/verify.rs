//! Everything that must hold before a change is good, each check once. It changes nothing; `fix` is the command that
//! does.

use crate::{
    args::Group,
    arrows,
    board::duration,
    bundle, groups, process,
    project::Project,
    standalone,
    tools::{self, Need, targets},
};
use anyhow::{Context, Result, bail};
use std::{
    process::Command,
    time::{Duration, Instant},
};

/// The dashboard is compiled for the browser, so it is checked there and not with the rest.
const WEB: &str = "rumormill-web";

type Check = (&'static str, fn(&Project) -> Result<()>);

/// The quick ones first: whoever forgot to format learns it at once.
const CHECKS: [Check; 9] = [
    ("format", |project| process::open(project.cargo().args(["fmt", "--all", "--check"]))),
    ("arrows", |project| arrows::check(&project.metadata()?)),
    ("stands alone", standalone::check),
    ("builds without std", bare),
    ("lints", |project| clippy(project, &["--workspace", "--exclude", WEB, "--all-targets"])),
    ("lints of the page", |project| clippy(project, &["--package", WEB, "--target", targets::BROWSER])),
    ("docs", docs),
    ("tests", |project| groups::run(project, &Group::ALL)),
    // The tests have built the bundle.
    ("first load", bundle::check_size),
];

/// Runs every check, prints how long each took, and fails when one did.
pub(crate) fn run(project: &Project) -> Result<()> {
    let before = status(project)?;
    tools::ensure(project, &Need::ALL)?;
    let mut rows: Vec<(&str, Duration, Result<()>)> = Vec::new();
    for (name, check) in CHECKS {
        eprintln!("\n== {name}");
        let started = Instant::now();
        let result = check(project);
        if let Err(error) = &result {
            eprintln!("{name} failed: {error:#}");
        }
        rows.push((name, started.elapsed(), result));
    }
    let changed = status(project)? != before;
    eprintln!("\n== summary");
    for (name, time, result) in &rows {
        let outcome = if result.is_ok() { "ok" } else { "FAILED" };
        eprintln!("  {name:<20} {:>12}  {outcome}", duration(*time));
    }
    if changed {
        bail!("the tree is not as it was before: run `git status`");
    }
    let failed: Vec<&str> = rows.iter().filter(|row| row.2.is_err()).map(|row| row.0).collect();
    if !failed.is_empty() {
        bail!("failed: {}. `cargo xtask fix` mends formatting and simple lints", failed.join(", "));
    }
    Ok(())
}

/// Formats the code and applies the lints' own suggestions.
pub(crate) fn fix(project: &Project) -> Result<()> {
    tools::ensure(project, &[Need::Bundle])?;
    let dirty = ["--fix", "--allow-dirty", "--allow-staged"];
    let run = |packages: &[&str]| process::open(project.cargo().arg("clippy").args(dirty).args(packages));
    run(&["--workspace", "--exclude", WEB, "--all-targets"])?;
    run(&["--package", WEB, "--target", targets::BROWSER])?;
    process::open(project.cargo().args(["fmt", "--all"]))
}

fn bare(project: &Project) -> Result<()> {
    let mut command = project.cargo();
    command.args(["build", "--locked", "--package", "rumormill-core", "--target", targets::BARE]);
    process::open(&mut command)
}

fn clippy(project: &Project, packages: &[&str]) -> Result<()> {
    let mut command = project.cargo();
    command.args(["clippy", "--locked"]).args(packages).args(["--", "--deny", "warnings"]);
    process::open(&mut command)
}

fn docs(project: &Project) -> Result<()> {
    let mut command = project.cargo();
    command.args(["doc", "--locked", "--workspace", "--no-deps"]);
    process::open(command.env("RUSTDOCFLAGS", "--deny warnings"))
}

/// What git says about the tree, as text to compare.
fn status(project: &Project) -> Result<Vec<u8>> {
    let output = Command::new("git")
        .args(["status", "--porcelain"])
        .current_dir(project.root())
        .output()
        .context("cannot run git")?;
    Ok(output.stdout)
}
