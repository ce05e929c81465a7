//! `rumormill completions` and `rumormill man`: what shells and `man` need, made
//! from the very definition that the command line is read with.

use crate::args::{Args, CompletionsArgs, ManArgs};
use crate::table;
use crate::usage::Usage;
use clap::CommandFactory;

/// Prints a script that completes commands and flags.
pub(crate) fn completions(args: &CompletionsArgs) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "rumormill", &mut script);
    table::print(&String::from_utf8(script)?)
}

/// Prints a page in man's own format: of the program, or of one of its commands.
pub(crate) fn man(args: &ManArgs) -> anyhow::Result<()> {
    let mut program = Args::command();
    // Fills in what commands inherit, and names them in full.
    program.build();
    let mut command = &program;
    for name in &args.command {
        command = command.find_subcommand(name).ok_or_else(|| {
            let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
            Usage::error(format!(
                "there is no command '{name}' to print a page of; there are: {}",
                names.join(", ")
            ))
        })?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    table::print(&String::from_utf8(page)?)
}
