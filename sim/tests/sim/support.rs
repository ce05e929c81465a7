//! Running a cluster until something is so.

use rumormill_core::state::store::Key;
use rumormill_core::{Duration, Engine, Instant, Status, Store};
use rumormill_sim::checkers::agreement::{first_difference, readings};
use rumormill_sim::{Act, Scenario, Sim};

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn start(scenario: Scenario) -> Sim {
    Sim::new(scenario).expect("a valid scenario")
}

pub(crate) fn run_for(sim: &mut Sim, millis: u64) {
    sim.run_until(sim.now() + ms(millis), u32::MAX);
}

/// Runs until the condition holds, and returns how long that took; the test
/// fails with the seed if it takes longer than allowed.
pub(crate) fn within(sim: &mut Sim, millis: u64, what: &str, holds: impl Fn(&Sim) -> bool) -> Duration {
    let start = sim.now();
    while !holds(sim) {
        let took = sim.now().since(start);
        let Scenario { seed, nodes, .. } = sim.scenario();
        assert!(took < ms(millis), "seed {seed}, {nodes} nodes: after {took} not yet {what}");
        run_for(sim, 5);
    }
    sim.now().since(start)
}

pub(crate) fn apply(sim: &mut Sim, act: Act) {
    sim.apply(act).expect("possible now");
}

pub(crate) fn set(sim: &mut Sim, node: u32, key: &str, value: impl Into<serde_json::Value>) {
    apply(sim, Act::Set { node, key: key.into(), value: value.into() });
}

pub(crate) fn engines(sim: &Sim) -> impl Iterator<Item = &Engine<Store>> {
    sim.iter().filter_map(|node| node.engine)
}

pub(crate) fn engine(sim: &Sim, node: u32) -> &Engine<Store> {
    sim.node(node).engine.expect("it is up")
}

/// What one node holds of another.
pub(crate) fn status_at(sim: &Sim, at: u32, of: u32) -> Option<Status> {
    engine(sim, at).members().status(sim.node(of).id)
}

pub(crate) fn at(millis: u64) -> Instant {
    Instant::ZERO + ms(millis)
}

/// One more on the counter that [`counted`] reads.
pub(crate) fn increment(sim: &mut Sim, node: u32) {
    apply(sim, Act::Increment { node, key: "n".into(), by: 1 });
}

pub(crate) fn counted(sim: &Sim, sum: i64) -> bool {
    let key = Key::new("n").expect("a literal that is a valid key");
    engines(sim).all(|engine| engine.state().counter(&key) == Some(sum))
}

/// Until nobody holds anybody to be down any more.
pub(crate) fn all_alive(sim: &Sim) -> bool {
    let up = sim.up();
    engines(sim).all(|engine| {
        engine.members().iter().filter(|member| member.status == Status::Alive).count() as u32 == up
    })
}

/// What every node reads; the test fails if two read differently.
pub(crate) fn readings_agree(sim: &Sim) -> Vec<(String, String)> {
    assert_eq!(first_difference(sim, |_| true), None);
    let first = sim.iter().find(|node| node.up).expect("a node is up");
    readings(sim, first.index).expect("it is up")
}
