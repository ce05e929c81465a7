//! `rumormill sim spread`: runs the simulator's experiment once per seed, on
//! all cores, and prints the runs in the order of their seeds.

use crate::args::SpreadArgs;
use crate::table::print;
use crate::usage::Usage;
use rumormill_core::Duration;
use rumormill_sim::{ScenarioError, SpreadConfig, SpreadResult, spread};
use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;

/// Parts per million in one.
const PPM: f64 = 1_000_000.0;

pub(crate) fn run(args: SpreadArgs) -> anyhow::Result<()> {
    let config = config(&args);
    let mut results = Vec::new();
    in_order(&config, |result| {
        let result = result.map_err(Usage::error)?;
        if results.is_empty() && !args.json {
            print(&heading())?;
        }
        print(&if args.json { format!("{}\n", serde_json::to_string(&result)?) } else { row(&result) })?;
        results.push(result);
        Ok(())
    })?;
    if args.json { Ok(()) } else { print(&summary(&results)) }
}

fn config(args: &SpreadArgs) -> SpreadConfig {
    SpreadConfig {
        nodes: args.nodes,
        strategy: args.strategy,
        mode: args.mode,
        fanout: args.fanout,
        arity: args.arity,
        loss_ppm: (args.loss * PPM).round() as u32,
        latency_us: Duration::from_millis(args.latency_ms),
        interval_us: Duration::from_millis(args.interval_ms),
        seed: args.seed,
        runs: args.runs,
    }
}

/// Measures all runs side by side and hands them on one by one.
fn in_order(
    config: &SpreadConfig,
    mut each: impl FnMut(Result<SpreadResult, ScenarioError>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(config.runs as usize);
    let next = AtomicU32::new(0);
    // Room for one result per thread: whoever is far ahead waits.
    let (sender, results) = mpsc::sync_channel(threads);
    thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let turn = next.fetch_add(1, Ordering::Relaxed);
                    if turn >= config.runs {
                        return;
                    }
                    let seed = config.seed.wrapping_add(turn.into());
                    let result = spread::run(&SpreadConfig { seed, runs: 1, ..config.clone() });
                    // Nobody listens any more after a failure.
                    if sender.send((turn, result)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut due = 0;
        for (turn, result) in results {
            early.insert(turn, result);
            while let Some(result) = early.remove(&due) {
                each(result)?;
                due += 1;
            }
        }
        Ok(())
    })
}

fn heading() -> String {
    line(
        ["SEED", "INFORMED", "ROUNDS", "ALL AFTER", "MESSAGES", "UNTIL QUIET", "BYTES", "HOPS"]
            .map(str::to_owned),
    )
}

fn row(result: &SpreadResult) -> String {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    line([
        result.seed.to_string(),
        format!("{}/{}", result.informed, result.nodes),
        or_dash(result.rounds.map(|rounds| rounds.to_string())),
        or_dash(result.all_informed_ms.map(|ms| format!("{ms:.1} ms"))),
        or_dash(result.messages_at_all_informed.map(|count| count.to_string())),
        result.messages_until_quiet.to_string(),
        result.bytes_until_quiet.to_string(),
        result.hops_max.to_string(),
    ])
}

/// Columns wide enough for every experiment that ends: rows come one by one, so they cannot be measured first.
fn line(cells: [String; 8]) -> String {
    let [seed, informed, rounds, after, messages, quiet, bytes, hops] = cells;
    format!(
        "{seed:>10}  {informed:>11}  {rounds:>6}  {after:>12}  {messages:>9}  {quiet:>11}  {bytes:>11}  {hops:>4}\n"
    )
}

fn summary(results: &[SpreadResult]) -> String {
    let complete: Vec<&SpreadResult> =
        results.iter().filter(|result| result.informed == result.nodes).collect();
    let mut text = format!("\nall nodes had the change in {} of {} runs", complete.len(), results.len());
    let median = |value: fn(&SpreadResult) -> f64| {
        let mut values: Vec<f64> = complete.iter().map(|result| value(result)).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    if !complete.is_empty() {
        let after = median(|result| result.all_informed_ms.unwrap_or_default());
        let messages = median(|result| result.messages_until_quiet as f64);
        let hops = complete.iter().map(|result| result.hops_max).max().unwrap_or_default();
        text.push_str(&format!(
            "; median {after:.1} ms and {messages} messages until quiet; at most {hops} hops"
        ));
    }
    text.push('\n');
    text
}
