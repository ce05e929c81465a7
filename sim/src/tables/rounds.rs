//! Rounds of random gossip until everyone has a change, against the size of
//! the cluster.

use super::{Row, Table};
use crate::spread::{self, SpreadConfig};
use crate::theory;
use rumormill_core::{Mode, Strategy};

/// How many nodes, and how many seeds each.
const SIZES: [(u32, u32); 4] = [(10, 40), (100, 20), (1_000, 4), (10_000, 1)];

pub(super) fn table() -> Table {
    let modes = [Mode::Push, Mode::Pull, Mode::PushPull];
    let rows = modes.into_iter().flat_map(|mode| SIZES.map(|(nodes, runs)| row(mode, nodes, runs)));
    Table {
        name: "rounds",
        title: "Rounds of random gossip against the size of the cluster",
        about: "Strategy `random`, fanout 1, rounds in step, 10 ms a hop, nothing lost; one change at a random \
                node just before a round; mean over seeds 1 and up, and the most. Published: push takes \
                log2 n + ln n + O(1) rounds (Pittel 1987), push-pull log3 n + O(ln ln n) (Karp, Schindelhauer, \
                Shenker and Vöcking, FOCS 2000), shown without their constants. For pull alone none is quoted.",
        columns: &["mode", "nodes", "seeds", "informed", "rounds, mean", "rounds, most", "published"],
        rows: rows.collect(),
    }
}

fn row(mode: Mode, nodes: u32, runs: u32) -> Row {
    Box::new(move || {
        let config =
            SpreadConfig { nodes, mode, runs, strategy: Strategy::Random, ..SpreadConfig::default() };
        let results: Vec<_> =
            spread::runs(&config).map(|result| result.expect("a valid configuration")).collect();
        let rounds: Vec<u64> = results.iter().filter_map(|result| result.rounds).collect();
        let informed = results.iter().map(|result| result.informed).min().unwrap_or(0);
        vec![
            mode.to_string(),
            nodes.to_string(),
            runs.to_string(),
            format!("{:.0} %", f64::from(informed) * 100.0 / f64::from(nodes)),
            format!("{:.1}", rounds.iter().sum::<u64>() as f64 / rounds.len().max(1) as f64),
            rounds.iter().max().map_or_else(|| "never".into(), u64::to_string),
            theory::rounds(mode, nodes).map_or_else(|| "–".into(), |rounds| format!("{rounds:.1}")),
        ]
    })
}
