//! `rumormill sim run` and `rumormill sim swarm`: scenarios under every checker,
//! on all cores, until a property does not hold. What must hold is the
//! simulator's business; reading files and saying what came of it is done here.

mod args;
mod file;
mod play;
mod trace;

pub(crate) use args::{RunArgs, SwarmArgs};

use crate::table::print;
use crate::usage::Usage;
use anyhow::{Context, anyhow};
use play::{Failure, Played};
use rumormill_sim::{Scenario, shrink, swarm};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The last line: how far it came, and what it found.
#[derive(Debug, Serialize)]
struct Report {
    seeds: u64,
    settled: u64,
    seconds: f64,
    /// Of a single run: equal to that of any other place where it was played.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Told>,
}

/// A property that did not hold, and how to see it again.
#[derive(Debug, Serialize)]
struct Told {
    seed: u64,
    violation: rumormill_sim::Violation,
    scenario: PathBuf,
    replay: String,
}

pub(crate) fn run(args: &RunArgs) -> anyhow::Result<()> {
    let scenario = file::read(&args.scenario).map_err(Usage::error)?;
    let end = scenario.seed.checked_add(1);
    let own = end.map(|end| args::Seeds { first: scenario.seed, end });
    let seeds = args.seeds.or(own).ok_or_else(|| {
        Usage::error(format!(
            "the scenario's seed is {}, but seeds are less; take another, or name some with --seeds",
            scenario.seed
        ))
    })?;
    let is_single = seeds.end - seeds.first == 1;
    let single = is_single.then(|| Scenario { seed: seeds.first, ..scenario.clone() });
    let hash = single.map(|single| trace::hash(&single, args.trace.as_deref())).transpose()?;
    let played = play::play(seeds, None, |seed| Scenario { seed, ..scenario.clone() });
    finish(played, hash, args.json)
}

pub(crate) fn swarm(args: &SwarmArgs) -> anyhow::Result<()> {
    // Forever new ones unless told otherwise: nobody runs a billion seeds in a nanosecond.
    let first = || std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_nanos() as u64 >> 8);
    let seeds = args.seeds.unwrap_or_else(|| args::Seeds { first: first(), end: u64::MAX });
    let until = args.minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(minutes * 60.0));
    finish(play::play(seeds, until, swarm::scenario), None, args.json)
}

fn finish(played: Played, hash: Option<u64>, json: bool) -> anyhow::Result<()> {
    let Played { seeds, settled, took, failure } = played;
    let failure = failure.map(|failure| told(&failure)).transpose()?;
    let failed = failure.is_some();
    let trace_hash = hash.map(|hash| format!("{hash:016x}"));
    let report = Report { seeds, settled, seconds: took.as_secs_f64(), trace_hash, failure };
    print(&if json { format!("{}\n", serde_json::to_string(&report)?) } else { words(&report) })?;
    if failed { Err(anyhow!("a property does not hold")) } else { Ok(()) }
}

/// Makes the scenario smaller, and keeps it in a file.
fn told(failure: &Failure) -> anyhow::Result<Told> {
    let Failure { scenario, violation } = failure;
    eprintln!("seed {}: {violation}; making it smaller …", scenario.seed);
    let smaller = shrink::shrink(scenario, shrink::RUNS_MAX);
    let (scenario, violation) = match &smaller {
        Some(smaller) => (&smaller.scenario, &smaller.violation),
        None => (scenario, violation),
    };
    let path = Path::new(".").join(format!("rumormill-seed-{}.json", scenario.seed));
    let text = serde_json::to_string_pretty(scenario)?;
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    let replay = format!("rumormill sim run {}", path.display());
    Ok(Told { seed: scenario.seed, violation: violation.clone(), scenario: path, replay })
}

fn words(report: &Report) -> String {
    let Report { seeds, settled, seconds, trace_hash, failure } = report;
    let hash = trace_hash.as_ref().map(|hash| format!("trace hash {hash}\n")).unwrap_or_default();
    let ran = format!("{hash}{seeds} seeds in {seconds:.1} s, {settled} of them judged to the end");
    match failure {
        None => format!("{ran}: every property holds\n"),
        Some(Told { seed, violation, scenario, replay }) => format!(
            "{ran}\nseed {seed}: {violation}\nshrunken scenario: {}\nreplay: {replay}\n",
            scenario.display()
        ),
    }
}
