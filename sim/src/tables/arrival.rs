//! Does every one of many updates arrive everywhere?

use super::{Row, Table, caused, or_never, since, until, yes};
use crate::scenario::{Act, Network, Scenario};
use crate::sim::Sim;
use crate::steady::settle;
use rumormill_core::rng::Rng;
use rumormill_core::state::store::Key;
use rumormill_core::{Duration, Strategy, Tuning, hash};

/// What one run measured.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// How many updates are missing somewhere in the end, once for each node that lacks one.
    pub missing: u64,
    /// From the last update until all nodes were equal; none if that took more
    /// than two minutes.
    pub took: Option<Duration>,
    /// Messages that the updates caused.
    pub messages: u64,
}

/// Makes so many updates, each of a key of its own at a random node, one a
/// millisecond.
pub fn run(nodes: u32, updates: u32, strategy: Strategy, loss_ppm: u32, seed: u64) -> Arrival {
    let tuning = Tuning { strategy, ..Tuning::default() };
    let network = Network { loss_ppm, ..Network::default() };
    let scenario = Scenario { name: "arrival".into(), seed, nodes, tuning, network, ..Scenario::default() };
    let mut sim = Sim::new(scenario).expect("a valid scenario");
    sim.keep_trace(0);
    sim.set_hashing(false);
    let mut dice = Rng::new(hash::part("arrival", &[seed]));
    settle(&mut sim);
    let before = caused(&sim);
    for n in 0..updates {
        let node = dice.below(nodes.into()) as u32;
        let write = Act::Set { node, key: format!("u{n}"), value: n.into() };
        sim.apply(write).expect("every node is up, and any store takes this value");
        sim.run_until(sim.now() + Duration::from_millis(1), u32::MAX);
    }
    let took = until(&mut sim, Duration::from_secs(120), Sim::is_converged);
    let messages = since(caused(&sim), before).messages;
    let keys: Vec<Key> = (0..updates).map(|n| Key::new(&format!("u{n}")).expect("a short key")).collect();
    let lacking = |engine: &rumormill_core::Engine<rumormill_core::Store>| {
        keys.iter().filter(|key| engine.state().register(key).is_none()).count() as u64
    };
    let missing = sim.iter().filter_map(|node| node.engine).map(lacking).sum();
    Arrival { missing, took, messages }
}

pub(super) fn table() -> Table {
    let mut rows = Vec::new();
    for strategy in [Strategy::Hybrid, Strategy::Plumtree] {
        rows.extend([10, 50, 100].map(|nodes| row(nodes, strategy)));
    }
    Table {
        name: "arrival",
        title: "10,000 updates, and none lost",
        about: "10,000 updates of as many keys, one a millisecond at random nodes, latency and limiter as by default, seed 1; \
                at that pace the limiter makes the nodes send several updates in one message. In \
                the end every node is asked for every key. Measured side by side, without any fault: foca missed 21 \
                of 200 updates at 10 nodes, memberlist (Rust) 2 of 200 at 50.",
        columns: &[
            "strategy",
            "nodes",
            "missing",
            "none lost",
            "ms from the last to all",
            "messages per update and other node",
        ],
        rows,
    }
}

fn row(nodes: u32, strategy: Strategy) -> Row {
    Box::new(move || {
        let arrival = run(nodes, 10_000, strategy, 0, 1);
        vec![
            strategy.to_string(),
            nodes.to_string(),
            arrival.missing.to_string(),
            yes(arrival.missing == 0),
            or_never(arrival.took.map(Duration::as_millis)),
            format!("{:.2}", arrival.messages as f64 / 10_000.0 / f64::from(nodes - 1)),
        ]
    })
}
