//! Runs a range of the swarm's seeds on one thread, without the node's crate:
//! `cargo run --release -p rumormill-sim --example swarm -- 0..1000 [DIRECTORY]`.
//! Each failure is a line and, if a directory is named, a file in it that
//! `rumormill sim run` replays.

use rumormill_sim::{check_until_settled, shrink, swarm};
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str = "usage: swarm A..B [DIRECTORY]";

/// A line about how far it has come, each time after so many seeds.
const TELL_EVERY: u64 = 5_000;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some((first, end)) = args.next().and_then(|text| range(&text)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let directory = args.next();
    let started = Instant::now();
    let (mut failed, mut settled, mut events) = (0, 0, 0);
    for seed in first..end {
        if seed > first && (seed - first).is_multiple_of(TELL_EVERY) {
            println!("{} seeds, {failed} failed, {:?}", seed - first, started.elapsed());
        }
        let scenario = swarm::scenario(seed);
        let checked = check_until_settled(&scenario).expect("a swarm's scenario makes sense");
        events += checked.events;
        settled += u64::from(checked.settled);
        let Some(violation) = checked.violation else { continue };
        failed += 1;
        println!("seed {seed}: {violation}");
        if let Some(directory) = &directory {
            let smaller = shrink::shrink(&scenario, shrink::RUNS_MAX);
            let scenario = smaller.map_or(scenario, |smaller| smaller.scenario);
            let text = serde_json::to_string_pretty(&scenario).expect("scenarios encode");
            let path = format!("{directory}/swarm-{seed}.json");
            if let Err(error) = std::fs::write(&path, text) {
                eprintln!("{path}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    let seeds = end - first;
    println!("{seeds} seeds, {failed} failed, {settled} settled, {events} events, {:?}", started.elapsed());
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn range(text: &str) -> Option<(u64, u64)> {
    let (first, end) = text.split_once("..")?;
    Some((first.parse().ok()?, end.parse().ok()?))
}
