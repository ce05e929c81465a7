//! Two halves write apart and meet again: how long until all nodes are equal,
//! and for how many bytes?

use super::{Row, Table, caused, or_never, since, until, yes};
use crate::scenario::{Act, Scenario};
use crate::sim::Sim;
use crate::steady::settle;
use rumormill_core::{Duration, Strategy, Tuning};

/// What one run measured.
#[derive(Debug, Clone, Copy)]
pub struct Healed {
    /// From the heal until all nodes were equal; none if that took more than a minute.
    pub took: Option<Duration>,
    /// Bytes that the writes caused from the heal until then.
    pub bytes: u64,
}

/// Cuts a cluster in two for so long, lets each half write that much, and heals.
pub fn run(nodes: u32, writes: u32, apart: Duration, strategy: Strategy, seed: u64) -> Healed {
    let tuning = Tuning { strategy, ..Tuning::default() };
    let scenario = Scenario { name: "split".into(), seed, nodes, tuning, ..Scenario::default() };
    let mut sim = Sim::new(scenario).expect("a valid scenario");
    sim.keep_trace(0);
    sim.set_hashing(false);
    settle(&mut sim);
    let half = nodes / 2;
    sim.apply(Act::Partition { groups: vec![(0..half).collect()] }).expect("the groups are of this cluster");
    let heal_at = sim.now() + apart;
    let pause = Duration::from_micros(apart.as_micros() / 2 / u64::from(writes.max(1)));
    for n in 0..writes {
        for (side, node) in [("left", n % half), ("right", half + n % (nodes - half))] {
            let write = Act::Set { node, key: format!("{side}-{n}"), value: n.into() };
            sim.apply(write).expect("every node is up, and any store takes this value");
        }
        sim.run_until(sim.now() + pause, u32::MAX);
    }
    sim.run_until(heal_at, u32::MAX);
    let before = caused(&sim);
    sim.apply(Act::Heal).expect("there is a cut");
    let took = until(&mut sim, Duration::from_secs(60), Sim::is_converged);
    Healed { took, bytes: since(caused(&sim), before).bytes }
}

pub(super) fn table() -> Table {
    let mut rows = Vec::new();
    for (strategy, apart_s) in [(Strategy::Hybrid, 5), (Strategy::Hybrid, 60), (Strategy::Plumtree, 5)] {
        for writes in [10, 100, 1_000] {
            rows.push(row(strategy, apart_s, writes));
        }
    }
    Table {
        name: "split",
        title: "A cluster of 100 split in halves, with writes on each side",
        about: "100 nodes, 50 and 50, that many writes of keys of their own on each side, spread over its nodes; then \
                the cut ends. After 5 s apart most still know each other as suspects, after 60 s each side holds \
                the other to be down. Time is until every node is equal, in intervals of 1 s; the longest of seeds 1 \
                to 3. Target: two intervals. Bytes are those of digests, deltas, rumors and announcements from the \
                heal until then, mean, over both sides' writes times the 50 nodes that lack each.",
        columns: &[
            "strategy",
            "apart s",
            "writes on each side",
            "intervals",
            "within two",
            "kB after the heal",
            "bytes per write and node that lacks it",
        ],
        rows,
    }
}

fn row(strategy: Strategy, apart_s: u64, writes: u32) -> Row {
    Box::new(move || {
        let apart = Duration::from_secs(apart_s);
        let runs: Vec<Healed> = (1..=3).map(|seed| run(100, writes, apart, strategy, seed)).collect();
        let took: Option<Vec<u64>> = runs.iter().map(|run| run.took.map(Duration::as_millis)).collect();
        let longest = took.and_then(|took| took.into_iter().max());
        let bytes = runs.iter().map(|run| run.bytes).sum::<u64>() as f64 / runs.len() as f64;
        vec![
            strategy.to_string(),
            apart_s.to_string(),
            writes.to_string(),
            or_never(longest.map(|ms| format!("{:.2}", ms as f64 / 1_000.0))),
            yes(longest.is_some_and(|ms| ms <= 2_000)),
            format!("{:.0}", bytes / 1_000.0),
            format!("{:.0}", bytes / f64::from(writes * 2 * 50)),
        ]
    })
}
