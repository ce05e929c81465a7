//! The `rumormill` command: reads the command line, runs what it asks for, and
//! turns failures into a sentence on stderr and an exit code (2 for bad usage,
//! 1 for everything else). What the commands do is in a module each.

mod args;
mod ask;
mod bench;
mod config;
mod demo;
mod logs;
mod manual;
mod pages;
mod processes;
mod run;
mod scenarios;
mod signals;
mod sim;
mod spread;
mod start;
mod table;
mod usage;

use args::{Args, Bench, BenchArgs, Command, LogArgs, LogFormat, MaelstromArgs, RunArgs, Sim, SimArgs};
use clap::Parser;
use rumormill_core::Tuning;
use rumormill_node::{files, maelstrom};
use std::io::BufReader;
use std::process::ExitCode;

/// What clap exits with, too.
const BAD_USAGE: u8 = 2;

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            if error.is::<usage::Usage>() { ExitCode::from(BAD_USAGE) } else { ExitCode::FAILURE }
        }
    }
}

fn run(args: Args) -> anyhow::Result<()> {
    if let Command::Run(run) = args.command {
        return run_node(run, args.log);
    }
    log(args.log.log.as_deref(), args.log.log_format.unwrap_or(LogFormat::Text), "warn")?;
    match args.command {
        Command::Demo(demo) if demo.manual => on(Threads::One, manual::run(demo)),
        Command::Demo(demo) if demo.processes => on(Threads::One, processes::run(demo, args.log)),
        Command::Demo(demo) => on(Threads::Many, demo::run(demo)),
        Command::Run(_) => unreachable!("it was run above"),
        Command::Sim(SimArgs { command: Sim::Spread(args) }) => spread::run(args),
        Command::Sim(SimArgs { command: Sim::Run(args) }) => sim::run(&args),
        Command::Sim(SimArgs { command: Sim::Swarm(args) }) => sim::swarm(&args),
        Command::Bench(BenchArgs { command: Bench::Spread(args) }) => on(Threads::Many, bench::spread(args)),
        Command::Maelstrom(args) => play_maelstrom(args),
        Command::Completions(args) => pages::completions(&args),
        Command::Man(args) => pages::man(&args),
        Command::Ask(ask) => on(Threads::One, ask::run(ask)),
    }
}

fn run_node(mut args: RunArgs, given: LogArgs) -> anyhow::Result<()> {
    args.log = given;
    let settings = config::load(&args, std::env::vars()).map_err(config::Invalid::into_error)?;
    if args.print_config {
        let text =
            if args.json { format!("{}\n", config::as_json(&settings)) } else { config::as_yaml(&settings) };
        return table::print(&text);
    }
    let format =
        if settings.log_format.as_deref() == Some("json") { LogFormat::Json } else { LogFormat::Text };
    let log = log(settings.log.as_deref(), format, "info")?;
    on(Threads::One, run::run(args, settings, log))
}

fn play_maelstrom(args: MaelstromArgs) -> anyhow::Result<()> {
    let tuning = args.tuning.tuning_over(Tuning { arity: maelstrom::ARITY, ..Tuning::default() })?;
    tuning.check().map_err(|error| usage::Usage::error(error.to_string()))?;
    let (input, output) = (BufReader::new(std::io::stdin()), std::io::stdout().lock());
    Ok(maelstrom::run(tuning, args.workload, input, output)?)
}

fn log(wanted: Option<&str>, format: LogFormat, default: &str) -> anyhow::Result<std::sync::Arc<logs::Log>> {
    logs::start(wanted, format, default).map_err(|(named, why)| usage::Usage::error(format!("{named} {why}")))
}

enum Threads {
    One,
    Many,
}

fn on(threads: Threads, work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    // Each link is an open file, and a hundred nodes in one process have many.
    files::raise_limit();
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
