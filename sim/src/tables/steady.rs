//! What a broadcast costs when the tree has grown, and how far it travels.

use super::{Row, Table};
use crate::steady::{self, Senders, SteadyConfig};
use rumormill_core::{Strategy, Tuning};

pub(super) fn table() -> Table {
    let mut rows = Vec::new();
    for nodes in [100, 1_000, 10_000] {
        for senders in [Senders::One, Senders::Random] {
            rows.push(row(nodes, Strategy::Plumtree, senders));
        }
    }
    rows.push(row(100, Strategy::Hybrid, Senders::Random));
    rows.push(row(1_000, Strategy::Hybrid, Senders::Random));
    Table {
        name: "steady",
        title: "Plumtree in the steady state: redundancy and last delivery hop",
        about: "10 ms a hop, nothing lost, repair as by default (fanout 1); 10 broadcasts to grow the tree, then \
                20 measured, one a second, seed 1. *Redundancy* (RMR) is m / (n − 1) − 1 for m payload messages, \
                as in the paper, so 0 is best; repair that crosses a broadcast counts. *Last hop* (LDH) is the mean \
                of the longest way. Published: Plumtree (Leitão, Pereira and Rodrigues, SRDS 2007, §4) reports \
                figures for 10,000 nodes as plots, with a redundancy near 0 for one sender in the stable state; no \
                number is quoted from a plot here. iroh-gossip's own simulator: one sender, 100 nodes: 0.09 and 5 \
                hops; random senders, 100 nodes: 0.38 and 9.5; 1,000 nodes: 0.43 and 19.6.",
        columns: &[
            "strategy",
            "nodes",
            "senders",
            "reached, least",
            "redundancy",
            "last hop",
            "longest",
            "last ms",
            "payload messages",
            "announcements",
            "grafts",
        ],
        rows,
    }
}

fn row(nodes: u32, strategy: Strategy, senders: Senders) -> Row {
    Box::new(move || {
        let tuning = Tuning { strategy, ..Tuning::default() };
        let config = SteadyConfig { nodes, tuning, senders, ..SteadyConfig::default() };
        let result = steady::run(&config).expect("a valid configuration");
        vec![
            strategy.to_string(),
            nodes.to_string(),
            match senders {
                Senders::One => "one",
                Senders::Random => "random",
            }
            .into(),
            format!("{:.2} %", result.reached_min * 100.0),
            format!("{:.4}", result.redundancy),
            format!("{:.1}", result.last_hop),
            result.hops_max.to_string(),
            format!("{:.0}", result.last_ms),
            format!("{:.0}", result.payload_messages),
            format!("{:.0}", result.announcements),
            format!("{:.1}", result.grafts),
        ]
    })
}
