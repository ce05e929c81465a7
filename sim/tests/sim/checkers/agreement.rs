//! All nodes that are up hold the same: members, or entries as users read
//! them (equal hashes alone would not show a merge that goes wrong).

use crate::support::engines;
use rumormill_core::Status;
use rumormill_core::state::store::Reading;
use rumormill_sim::Sim;

/// Do all nodes hold the same member list, with exactly the nodes that are up
/// alive in it?
pub(crate) fn members_agree(sim: &Sim) -> bool {
    let up = sim.up();
    let mut hashes = engines(sim).map(|engine| engine.members().hash());
    let first = hashes.next();
    let alive = |status: &Status| *status == Status::Alive;
    hashes.all(|hash| Some(hash) == first)
        && engines(sim).all(|engine| {
            engine.members().iter().map(|member| member.status).filter(alive).count() as u32 == up
        })
}

/// What every node reads; the test fails if two read differently.
pub(crate) fn readings_agree(sim: &Sim) -> Vec<(String, String)> {
    let mut all = sim.iter().filter_map(|node| Some((node.index, readings(sim, node.index)?)));
    let (first, expected) = all.next().expect("a node is up");
    for (node, found) in all {
        assert_eq!(found, expected, "node {node} reads something else than node {first}");
    }
    expected
}

/// Do all nodes read the same?
pub(crate) fn read_the_same(sim: &Sim) -> bool {
    let mut all = sim.iter().filter_map(|node| readings(sim, node.index));
    let first = all.next();
    all.all(|other| Some(&other) == first.as_ref())
}

fn readings(sim: &Sim, node: u32) -> Option<Vec<(String, String)>> {
    let show = |reading: Reading<'_>| match reading {
        Reading::Counter { sum } => sum.to_string(),
        other => format!("{other:?}"),
    };
    let entries = sim.node(node).engine?.state().iter();
    Some(entries.map(|entry| (entry.key.to_string(), show(entry.reading))).collect())
}
