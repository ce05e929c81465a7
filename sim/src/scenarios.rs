//! Scenarios with a name: each one kind of trouble. Tests compare their traces
//! between targets; people start from the same ones as files, in `scenarios/`.
//! Here they are code, because the code that reads such files would take more
//! room in the page than the scenarios do.

use crate::latency::Latency;
use crate::scenario::{Act, Network, Scenario, Start, Timed};
use crate::sim::Sim;
use rumormill_core::{Duration, LimiterConfig, Mode, Strategy, Tuning};

/// Latency that is usually short: that of a good wide-area network, a guess.
const LONG_TAIL: Latency =
    Latency::LongTail { median_us: Duration::from_millis(8), p99_us: Duration::from_millis(60) };

/// All named scenarios.
pub fn named() -> Vec<Scenario> {
    vec![
        partition_heals(),
        crash_and_restart(),
        twenty_percent_loss(),
        join_storm(),
        flapping_node(),
        few_tokens(),
    ]
}

/// The scenario of that name, if there is one.
pub fn find(name: &str) -> Option<Scenario> {
    named().into_iter().find(|scenario| scenario.name == name)
}

/// Plays the scenario of that name to its end. The hash of its trace, the same
/// on every target; none if there is no such scenario.
pub fn trace_hash_of(name: &str) -> Option<u64> {
    let mut sim = Sim::new(find(name)?).expect("the scenarios that come along are valid");
    sim.keep_trace(0);
    sim.run_to_end();
    Some(sim.trace_hash())
}

/// The even nodes are cut off, both sides write, and the cut ends.
fn partition_heals() -> Scenario {
    let evens = (0..15).map(|half| half * 2).collect();
    scenario("partition-heals", 11, 30, 16_000, Network { latency: LONG_TAIL, ..Network::default() }).with([
        (1_000, set(3, "color", "red")),
        (2_000, Act::Partition { groups: vec![evens] }),
        (4_000, set(4, "color", "green")),
        (4_500, set(5, "color", "blue")),
        (5_000, increment(6, "visits", 3)),
        (5_000, increment(7, "visits", 4)),
        (6_000, increment(8, "visits", -1)),
        (12_000, Act::Heal),
        (13_500, increment(1, "visits", 10)),
    ])
}

/// Three nodes crash, come back without their data, and one leaves.
fn crash_and_restart() -> Scenario {
    scenario("crash-and-restart", 12, 20, 20_000, Network::default()).with([
        (1_000, set(2, "color", "red")),
        (1_500, increment(7, "visits", 5)),
        (2_000, crash(0)),
        (2_000, crash(7)),
        (2_100, crash(13)),
        (3_000, set(9, "color", "green")),
        (9_000, restart(7)),
        (9_200, restart(0)),
        (9_400, restart(13)),
        (11_000, increment(7, "visits", 1)),
        (14_000, Act::Leave { node: 19 }),
    ])
}

/// One message in five is lost while twelve nodes count, and one in twenty in
/// the end.
fn twenty_percent_loss() -> Scenario {
    let latency = Latency::Uniform { min_us: Duration::from_millis(5), max_us: Duration::from_millis(40) };
    let network = Network { latency, loss_ppm: 200_000, ..Network::default() };
    let better = Network {
        latency: Latency::Fixed(Duration::from_millis(20)),
        loss_ppm: 50_000,
        ..Network::default()
    };
    let counts = (0..12).map(|i| (3_000 + u64::from(i) * 250, increment(i * 3, "visits", i64::from(i) + 1)));
    scenario("twenty-percent-loss", 13, 50, 12_000, network)
        .with([(2_000, set(0, "color", "red"))])
        .with(counts)
        .with([(8_000, Act::Network(better))])
}

/// Forty-nine nodes join through one at once, and write before all is settled.
fn join_storm() -> Scenario {
    let network = Network { latency: LONG_TAIL, loss_ppm: 20_000, ..Network::default() };
    Scenario { start: Start::Join, ..scenario("join-storm", 14, 50, 12_000, network) }.with([
        (500, set(0, "color", "red")),
        (2_000, set(49, "color", "green")),
        (5_000, set(25, "shape", "round")),
    ])
}

/// A node near the top of the tree crashes and comes back every three seconds.
fn flapping_node() -> Scenario {
    let tuning = Tuning { strategy: Strategy::Tree, ..Tuning::default() };
    let life =
        |from: u64| [(from, crash(1)), (from + 1_000, restart(1)), (from + 1_500, increment(1, "starts", 1))];
    Scenario { tuning, ..scenario("flapping-node", 15, 16, 20_000, Network::default()) }
        .with(life(1_000))
        .with([(4_000, crash(1)), (4_300, Act::CutLink { a: 0, b: 1 }), (5_000, restart(1))])
        .with([(5_500, increment(1, "starts", 1))])
        .with(life(7_000))
        .with([(9_900, Act::Heal)])
        .with(life(10_000))
        .with(life(13_000))
}

/// Forty writes in four seconds, where each node may send nine messages in two.
fn few_tokens() -> Scenario {
    let limiter = LimiterConfig::Window { tokens: 9, period_us: Duration::from_secs(2), reserve: 3 };
    let tuning = Tuning { fanout: 2, limiter, ..Tuning::default() };
    let bucket = LimiterConfig::Bucket { capacity: 20, refill_per_s: 10, reserve: 2 };
    let other = Tuning { strategy: Strategy::Random, mode: Mode::Push, limiter: bucket, ..Tuning::default() };
    let writes = (0..40_u32).map(|i| {
        let key = format!("key-{}", i % 5);
        (1_000 + u64::from(i) * 100, Act::Set { node: i % 12, key, value: i.into() })
    });
    let mut scenario = Scenario { tuning, ..scenario("few-tokens", 16, 12, 24_000, Network::default()) }
        .with(writes)
        .with([(12_000, Act::Tune(other))]);
    // One write is a microsecond before the beat of the others, as in the scenario's file.
    scenario.acts[31].at_us = Duration::from_micros(4_099_999);
    scenario
}

/// What all have in common; the time is in milliseconds.
fn scenario(name: &str, seed: u64, nodes: u32, until_ms: u64, network: Network) -> Scenario {
    let until_us = Duration::from_millis(until_ms);
    Scenario { name: name.to_owned(), seed, nodes, network, until_us, ..Scenario::default() }
}

impl Scenario {
    /// With these acts after those that it has; the times are in milliseconds.
    fn with(mut self, acts: impl IntoIterator<Item = (u64, Act)>) -> Self {
        let timed = |(at_ms, act)| Timed { at_us: Duration::from_millis(at_ms), act };
        self.acts.extend(acts.into_iter().map(timed));
        self
    }
}

fn set(node: u32, key: &str, value: &str) -> Act {
    Act::Set { node, key: key.to_owned(), value: value.into() }
}

fn increment(node: u32, key: &str, by: i64) -> Act {
    Act::Increment { node, key: key.to_owned(), by }
}

fn crash(node: u32) -> Act {
    Act::Crash { node }
}

fn restart(node: u32) -> Act {
    Act::Restart { node, data: false, moved: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_makes_sense_and_can_be_found() {
        for scenario in named() {
            scenario.check().unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
            assert_eq!(find(&scenario.name), Some(scenario));
        }
        assert_eq!(find("no such thing"), None);
    }

    #[test]
    fn the_files_that_come_along_say_the_same() {
        let files = [
            include_str!("../scenarios/partition-heals.json"),
            include_str!("../scenarios/crash-and-restart.json"),
            include_str!("../scenarios/twenty-percent-loss.json"),
            include_str!("../scenarios/join-storm.json"),
            include_str!("../scenarios/flapping-node.json"),
            include_str!("../scenarios/few-tokens.json"),
        ];
        let parse = |text| serde_json::from_str::<Scenario>(text).expect("a valid file");
        assert_eq!(files.map(parse).to_vec(), named());
    }
}
