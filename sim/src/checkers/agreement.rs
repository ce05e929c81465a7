//! What nodes that are up hold, for comparison: members, or entries as users
//! read them (equal hashes alone would not show a merge that goes wrong).

use crate::sim::Sim;
use rumormill_core::Status;
use rumormill_core::state::store::Reading;

/// Do all nodes hold the same member list, with exactly the nodes that are up
/// alive in it?
pub fn members_agree(sim: &Sim) -> bool {
    let up = sim.up();
    let mut engines = sim.iter().filter_map(|node| node.engine);
    let first = engines.next().map(|engine| engine.members().hash());
    let alive = |status: &Status| *status == Status::Alive;
    sim.iter().filter_map(|node| node.engine).all(|engine| {
        Some(engine.members().hash()) == first
            && engine.members().iter().map(|member| member.status).filter(alive).count() as u32 == up
    })
}

/// What a node reads, by key, in words; none if it is not up. Stamps and
/// writers are in it, so equal words are equal readings; when something will
/// end is not, because that is each node's own affair.
pub fn readings(sim: &Sim, node: u32) -> Option<Vec<(String, String)>> {
    let show = |reading: Reading<'_>| match reading {
        Reading::Counter { sum } => sum.to_string(),
        Reading::Register { value, stamp, author, .. } => {
            format!("Register {{ value: {value:?}, stamp: {stamp:?}, author: {author:?} }}")
        }
        other => format!("{other:?}"),
    };
    let entries = sim.node(node).engine?.state().iter();
    Some(entries.map(|entry| (entry.key.to_string(), show(entry.reading))).collect())
}

/// Do all nodes read the same?
pub fn read_the_same(sim: &Sim) -> bool {
    first_difference(sim, |_| true).is_none()
}

/// The first two nodes that read differently under some keys, and what, in
/// words.
pub fn first_difference(sim: &Sim, keys: impl Fn(&str) -> bool) -> Option<String> {
    let of = |node| {
        let mut readings = readings(sim, node)?;
        readings.retain(|(key, _)| keys(key));
        Some(readings)
    };
    let mut all = sim.iter().filter_map(|node| Some((node.id, of(node.index)?)));
    let (first, expected) = all.next()?;
    let (other, found) = all.find(|(_, found)| *found != expected)?;
    let missing = |from: &[(String, String)], of: &[(String, String)]| {
        let entry = from.iter().find(|entry| !of.contains(entry));
        entry.map_or("nothing else".into(), |(key, value)| format!("'{key}' as {value}"))
    };
    let (here, there) = (missing(&expected, &found), missing(&found, &expected));
    Some(format!("{first} reads {here}, {other} reads {there}"))
}
