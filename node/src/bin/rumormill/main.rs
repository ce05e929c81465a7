//! The `rumormill` command: reads the command line, runs what it asks for, and
//! turns failures into a sentence on stderr and an exit code (2 for bad usage,
//! 1 for everything else). What the commands do is in a module each.

mod args;
mod ask;
mod demo;
mod logs;
mod manual;
mod processes;
mod run;
mod signals;
mod spread;
mod start;
mod table;
mod usage;

use args::{Args, Command};
use clap::Parser;
use std::process::ExitCode;

/// What clap exits with, too.
const BAD_USAGE: u8 = 2;

fn main() -> ExitCode {
    let args = Args::parse();
    if let Err(error) = logs::start(&args.log, args.command.logs_by_default()) {
        eprintln!("error: {error:#}");
        return ExitCode::from(BAD_USAGE);
    }
    let outcome = match args.command {
        Command::Demo(demo) if demo.manual => on(Threads::One, manual::run(demo)),
        Command::Demo(demo) if demo.processes => on(Threads::One, processes::run(demo, args.log)),
        Command::Demo(demo) => on(Threads::Many, demo::run(demo)),
        Command::Run(run) => on(Threads::One, run::run(run)),
        Command::Sim(sim) => spread::run(sim),
        Command::Ask(ask) => on(Threads::One, ask::run(ask)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            if error.is::<usage::Usage>() { ExitCode::from(BAD_USAGE) } else { ExitCode::FAILURE }
        }
    }
}

enum Threads {
    One,
    Many,
}

fn on(threads: Threads, work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let mut builder = match threads {
        Threads::One => tokio::runtime::Builder::new_current_thread(),
        Threads::Many => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder.enable_all().build()?;
    let outcome = runtime.block_on(work);
    // A thread that waits for a line of input would hold the program back.
    runtime.shutdown_background();
    outcome
}
