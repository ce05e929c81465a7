//! The simulator's tables, measured again. What is measured is the simulator's business, in `sim/src/tables/`.

use crate::{process, project::Project};
use anyhow::Result;

/// Where the page of all tables lies.
const PAGE: &str = "docs/simulations.md";

/// Writes the page with all tables, or prints the ones named.
pub(crate) fn run(project: &Project, names: &[String]) -> Result<()> {
    let file = if names.is_empty() { PAGE } else { "-" };
    let mut command = project.cargo();
    command.args(["run", "--locked", "--release", "--package", "rumormill-sim", "--example", "tables", "--"]);
    process::open(command.arg(file).args(names))
}
