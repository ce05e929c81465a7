//! What a cluster costs in which nothing changes.

use super::{Row, Table, yes};
use crate::scenario::{Act, Scenario};
use crate::sim::Sim;
use rumormill_core::{Duration, MessageKind, Strategy, Tuning};

/// What one run measured, per node and second.
#[derive(Debug, Clone, Copy)]
pub struct Idle {
    /// Bytes of all frames.
    pub bytes: f64,
    /// Frames.
    pub messages: f64,
    /// Bytes of greetings among them: links opened to random partners.
    pub greeting_bytes: f64,
}

/// Lets every node write once, the cluster settle for a minute, and then
/// measures for so long.
pub fn run(nodes: u32, strategy: Strategy, span: Duration, seed: u64) -> Idle {
    let tuning = Tuning { strategy, ..Tuning::default() };
    let scenario = Scenario { name: "idle".into(), seed, nodes, tuning, ..Scenario::default() };
    let mut sim = Sim::new(scenario).expect("a valid scenario");
    sim.keep_trace(0);
    sim.set_hashing(false);
    for node in 0..nodes.min(100) {
        let write = Act::Set { node, key: format!("key-{node}"), value: node.into() };
        sim.apply(write).expect("every node is up, and any store takes this value");
    }
    sim.run_until(sim.now() + Duration::from_secs(60), u32::MAX);
    let (before, greeted) = (sim.totals(), sim.sent_of_kind(MessageKind::Hello).bytes);
    sim.run_until(sim.now() + span, u32::MAX);
    let per = f64::from(nodes) * span.as_micros() as f64 / 1e6;
    Idle {
        bytes: (sim.totals().bytes - before.bytes) as f64 / per,
        messages: (sim.totals().messages - before.messages) as f64 / per,
        greeting_bytes: (sim.sent_of_kind(MessageKind::Hello).bytes - greeted) as f64 / per,
    }
}

pub(super) fn table() -> Table {
    let mut rows = Vec::new();
    for strategy in [Strategy::Hybrid, Strategy::Plumtree] {
        rows.extend([10, 100, 1_000].map(|nodes| row(nodes, strategy)));
    }
    Table {
        name: "idle",
        title: "The cost of a quiet cluster",
        about: "Default settings (an interval of 1 s); up to 100 nodes write once, a minute passes, and the next \
                30 s are measured, seed 1. Target: under 150 bytes per second and node at 100 nodes, and no growth \
                with the number of nodes beyond what opening links to ever new partners costs. With an interval of \
                1 s and 100 nodes, measured side by side on loopback with the transport's headers: foca 141, \
                memberlist (Rust) 208, chitchat 29,198.",
        columns: &[
            "strategy",
            "nodes",
            "bytes/s per node",
            "of these greetings",
            "messages/s per node",
            "under 150",
        ],
        rows,
    }
}

fn row(nodes: u32, strategy: Strategy) -> Row {
    Box::new(move || {
        let idle = run(nodes, strategy, Duration::from_secs(30), 1);
        vec![
            strategy.to_string(),
            nodes.to_string(),
            format!("{:.0}", idle.bytes),
            format!("{:.0}", idle.greeting_bytes),
            format!("{:.2}", idle.messages),
            yes(idle.bytes < 150.0),
        ]
    })
}
