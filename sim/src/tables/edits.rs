//! Several nodes change the same key at once: how many messages until nothing
//! moves any more?

use super::{Row, Table, caused, or_never, since, until};
use crate::scenario::{Act, Scenario};
use crate::sim::Sim;
use crate::steady::settle;
use rumormill_core::{Duration, Strategy, Tuning};

/// What one run measured.
#[derive(Debug, Clone, Copy)]
pub struct Settled {
    /// Messages that the edits caused, of every kind, until it was quiet.
    pub messages: u64,
    /// Until all nodes were equal and nothing was owed or under way; none if
    /// that took longer than 300 s.
    pub took: Option<Duration>,
}

/// Lets the first `edits` nodes write one key at the same moment.
pub fn run(nodes: u32, edits: u32, strategy: Strategy, seed: u64) -> Settled {
    let tuning = Tuning { strategy, ..Tuning::default() };
    let scenario = Scenario { name: "edits".into(), seed, nodes, tuning, ..Scenario::default() };
    let mut sim = Sim::new(scenario).expect("a valid scenario");
    sim.keep_trace(0);
    sim.set_hashing(false);
    settle(&mut sim);
    let before = caused(&sim);
    for node in 0..edits {
        let edit = Act::Set { node, key: "shared".into(), value: node.into() };
        sim.apply(edit).expect("every node is up, and any store takes this value");
    }
    let took = until(&mut sim, Duration::from_secs(300), |sim| sim.is_converged() && !sim.owes_payload());
    // What a round that began before had still to say.
    sim.run_until(sim.now() + Duration::from_secs(5), u32::MAX);
    Settled { messages: since(caused(&sim), before).messages, took }
}

pub(super) fn table() -> Table {
    let mut rows = Vec::new();
    for strategy in [Strategy::Hybrid, Strategy::Plumtree, Strategy::Random] {
        for (nodes, edits) in [(8, 8), (16, 1), (16, 4), (16, 16), (32, 8), (32, 32), (64, 64)] {
            rows.push(row(nodes, edits, strategy));
        }
    }
    Table {
        name: "edits",
        title: "Concurrent edits of one key",
        about: "That many nodes write the same key in the same microsecond; counted is every message that this \
                causes (rumors, digests, deltas, announcements, grafts, prunes) until all nodes are equal and \
                nothing is under way, and 5 s on. Plumtree's tree has not grown \
                before: these are its first writes. Mean over seeds 1 to 3; the time is the longest. The reference \
                (Riak Core's gossip, measured): 16 nodes with 16 edits take 95,794 messages; 32 nodes with 8 edits \
                do not settle in 300 s. Linear means that the last column does not grow.",
        columns: &[
            "strategy",
            "nodes",
            "edits",
            "messages, mean",
            "most",
            "settled after ms",
            "messages per node and edit",
        ],
        rows,
    }
}

fn row(nodes: u32, edits: u32, strategy: Strategy) -> Row {
    Box::new(move || {
        let runs: Vec<Settled> = (1..=3).map(|seed| run(nodes, edits, strategy, seed)).collect();
        let mean = runs.iter().map(|run| run.messages).sum::<u64>() as f64 / runs.len() as f64;
        let took: Option<Vec<u64>> = runs.iter().map(|run| run.took.map(Duration::as_millis)).collect();
        vec![
            strategy.to_string(),
            nodes.to_string(),
            edits.to_string(),
            format!("{mean:.0}"),
            or_never(runs.iter().map(|run| run.messages).max()),
            or_never(took.and_then(|took| took.into_iter().max())),
            format!("{:.2}", mean / f64::from(nodes * edits)),
        ]
    })
}
