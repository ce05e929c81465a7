//! The tests, in four groups: native, a hundred nodes, WebAssembly, browser. A group that fails does not keep the next from running.

use crate::{
    args::Group,
    board::duration,
    demo, process,
    project::Project,
    tools::{self, Need, Tools, targets},
};
use anyhow::{Result, bail};
use std::{path::Path, process::Command, time::Instant};

/// Two browsers at once keep two cores busy; more only make each test slower than its limits.
const BROWSERS_AT_ONCE: &str = "2";

/// The packages whose unit tests run as WebAssembly too: what the browser runs must be right there as well.
const WASM_PACKAGES: [&str; 2] = ["rumormill-core", "rumormill-sim"];

/// How many tests passed and failed, as the test programs themselves say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
}

/// Runs the groups and prints the totals. Fails when any test failed or any group could not run.
pub(crate) fn run(project: &Project, groups: &[Group]) -> Result<()> {
    let started = Instant::now();
    let tools = prepare(project, groups)?;
    let mut tally = Tally::default();
    let (mut failed, mut why) = (Vec::new(), Vec::new());
    for group in groups {
        let (name, mut command) = match group {
            Group::Native => ("native", native(project)),
            Group::Hundred => ("hundred", hundred(project)),
            Group::Wasm => ("wasm", wasm(project, &tools)),
            Group::Browser => ("browser", browser(project, &tools)),
        };
        tools.offer(&mut command);
        eprintln!("\n== {name} tests");
        let watched = process::watched(&mut command, |line| tally.add(line))?;
        if !watched.succeeded {
            failed.push(name);
            why.push((name, watched.why));
        }
    }
    for (name, lines) in why {
        eprintln!("\n== what failed in the {name} tests, again\n{}", lines.join("\n"));
    }
    eprintln!("\n{} passed, {} failed, in {}", tally.passed, tally.failed, duration(started.elapsed()));
    if !failed.is_empty() {
        bail!("tests failed in: {}", failed.join(", "));
    }
    Ok(())
}

fn prepare(project: &Project, groups: &[Group]) -> Result<Tools> {
    let mut needs = Vec::new();
    if groups.contains(&Group::Wasm) {
        needs.push(Need::WasmTests);
    }
    if groups.contains(&Group::Browser) {
        needs.extend([Need::Bundle, Need::Browser]);
        return demo::build(project, &needs);
    }
    tools::ensure(project, &needs)
}

fn native(project: &Project) -> Command {
    let mut command = project.cargo();
    command.args(["test", "--locked", "--no-fail-fast", "--workspace", "--exclude", "rumormill-e2e"]);
    command
}

/// Optimised, as the program is that people run: a hundred nodes that are not take two cores for themselves and more,
/// and then hold each other to be silent.
fn hundred(project: &Project) -> Command {
    let mut command = project.cargo();
    command.args(["test", "--locked", "--no-fail-fast", "--release"]);
    command.args(["--package", "rumormill-node", "--test", "hundred"]);
    command
}

fn wasm(project: &Project, tools: &Tools) -> Command {
    let mut command = project.cargo();
    command.args(["test", "--locked", "--no-fail-fast", "--target", targets::TESTS, "--lib", "--tests"]);
    for package in WASM_PACKAGES {
        command.args(["--package", package]);
    }
    let script = project.root().join("xtask").join("wasi.py");
    let runner = format!("python3 {}", script.display());
    command.env("CARGO_TARGET_WASM32_WASIP1_RUNNER", runner);
    if let Some(wasmtime) = &tools.wasmtime {
        command.env("PYTHONPATH", wasmtime);
    }
    command
}

fn browser(project: &Project, tools: &Tools) -> Command {
    let mut command = project.cargo();
    command.args(["test", "--locked", "--no-fail-fast", "--package", "rumormill-e2e"]);
    command.env("RUST_TEST_THREADS", BROWSERS_AT_ONCE);
    tell_browser(project, tools, &mut command);
    command
}

/// Tells a program that steers a browser where everything lies.
pub(crate) fn tell_browser(project: &Project, tools: &Tools, command: &mut Command) {
    let mut tell = |name: &str, path: &Path| {
        command.env(name, path);
    };
    tell("E2E_BIN", &demo::node_binary(project));
    tell("E2E_DIST", &project.dist());
    tell("E2E_SCREENSHOTS", &project.target().join("screenshots"));
    if let Some(axe) = &tools.axe {
        tell("E2E_AXE", axe);
    }
    if let Some(browser) = &tools.browser {
        tell("E2E_DRIVER", &browser.driver);
        if let Some(program) = &browser.program {
            tell("E2E_BROWSER", program);
        }
    }
}

impl Tally {
    /// Counts `test result: ok. 3 passed; 0 failed; ...`; any other line counts nothing.
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line.split_once("test result: ") else {
            return;
        };
        for part in counts.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(count), Some(what)) = (words.next(), words.next()) else {
                continue;
            };
            let Ok(count) = count.parse::<u64>() else {
                continue;
            };
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_counted_and_others_are_not() {
        let mut tally = Tally::default();
        tally.add(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s",
        );
        tally.add("test result: FAILED. 2 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out");
        tally.add("7 passed; 7 failed");
        assert_eq!(tally, Tally { passed: 5, failed: 4 });
    }
}
