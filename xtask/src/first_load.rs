//! What a first load runs: found out with watched programs in a real browser, and written into `web/first-load`, where
//! the bundle step looks when it parts the programs. To be done again when the page starts with other code than
//! before; until then the page works as ever, but asks for its second parts sooner than it should.

use crate::{
    board::Board,
    bundle, demo, groups, process,
    programs::{self, Finish},
    project::Project,
    tools::{self, Need},
    wasm::{self, Kept},
};
use anyhow::{Context, Result};
use std::{collections::BTreeMap, fs};

/// What stands above the keys of a list.
const HEAD: &str = "\
# The functions that a first load runs: a key for each, of its name. Written by `cargo xtask first-load`.
";

/// Finds it out, writes it down, and builds the bundle that comes of it.
pub(crate) fn run(project: &Project) -> Result<()> {
    let tools = tools::ensure_beside(project, &[Need::Bundle, Need::Browser], |board| {
        bundle::compile_ahead(project, board)
    })?;
    let board = Board::new();
    bundle::build(project, &tools, &board, Finish::Watch)?;
    demo::compile_node(project, &board)?;
    let answer = project.tools().join("first-load.json");
    board.run("first load", "looking at each place, about 6 minutes", |step| {
        let mut command = project.cargo();
        command.args(["run", "--locked", "--package", "rumormill-e2e", "--bin", "first_load", "--"]);
        command.arg(&answer);
        groups::tell_browser(project, &tools, &mut command);
        tools.offer(&mut command);
        process::quiet(step, &mut command)
    })?;
    let ran: BTreeMap<String, Vec<u32>> = serde_json::from_slice(&fs::read(&answer)?)?;
    for (program, functions) in ran {
        let named = programs::named(project, &program);
        let bytes = fs::read(&named).with_context(|| format!("cannot read {}", named.display()))?;
        let mut kept = Kept::default();
        let count = functions.len();
        kept.extend(wasm::keys(&bytes, functions)?);
        fs::write(programs::list(project, &program), format!("{HEAD}{}", kept.to_text()))?;
        board.say(&format!("  {program}: a first load runs {count} functions"));
    }
    bundle::ensure(project, &tools)?;
    bundle::first_load(project).map(drop)
}
