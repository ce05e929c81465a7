//! The developer's commands: set-up, demo, tests, verification. It drives other programs and never holds anything
//! that the product itself needs at run time.

mod args;
mod arrows;
mod bench;
mod board;
mod bundle;
mod demo;
mod first_load;
mod groups;
mod offline;
mod process;
mod programs;
mod project;
mod standalone;
mod style;
mod tables;
mod tools;
mod verify;
mod wasm;
mod web;

use args::Command;
use std::process::ExitCode;

fn main() -> ExitCode {
    let command = match args::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(message) => {
            eprintln!("error: {message}\n\n{}", args::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    if let Command::Help = command {
        println!("{}", args::USAGE);
        return Ok(());
    }
    let project = project::Project::find()?;
    match command {
        Command::Help => Ok(()),
        Command::Setup => tools::ensure(&project, &tools::Need::ALL).map(drop),
        Command::Bundle => demo::bundle(&project),
        Command::FirstLoad => first_load::run(&project),
        Command::Demo { arguments } => demo::run(&project, &arguments),
        Command::Test { groups } => groups::run(&project, &groups),
        Command::Verify => verify::run(&project),
        Command::Fix => verify::fix(&project),
        Command::Web { node } => web::run(&project, &node),
        Command::Bench { quick } => bench::run(&project, quick),
        Command::Tables { names } => tables::run(&project, &names),
    }
}
