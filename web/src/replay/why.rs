//! Why a node of a recording does not have a write yet, and what brings it: a sentence each, from the records alone.
//! What is not in them, such as tokens or whom a node would choose, is not guessed; but what comes next is in them. Pure.

use super::cluster::Written;
use super::recording::Recording;
use crate::lab::protocol::NodeState;
use crate::lab::standing::seconds;
use crate::lab::why::{Reason, Why, lost_how};
use rumormill_core::event::{Event, TraceEvent};

/// How many records ahead the arrival is looked for: this is asked several times a second.
const AHEAD_MAX: usize = 50_000;

/// Why a node lacks a write; none if it has it.
pub(super) fn why(recording: &Recording, write: &Written, node: u32) -> Option<Why> {
    if write.learned.contains_key(&node) {
        return None;
    }
    let (reason, because) = reason(recording, write, node);
    let next = next(recording, write, node, reason);
    Some(Why { reason, because, next })
}

fn reason(recording: &Recording, write: &Written, node: u32) -> (Reason, String) {
    let cluster = &recording.cluster;
    let name = |node: u32| recording.cast.names[node as usize].as_str();
    let it = name(node);
    match cluster.nodes[node as usize].state {
        NodeState::Paused => {
            return (Reason::Paused, format!("The process of {it} is paused: what reaches it waits."));
        }
        state if !state.is_up() && recording.cast.tells_lives => {
            return (Reason::Down, format!("{it} is not running."));
        }
        state if !state.is_up() => {
            return (Reason::Down, format!("Others hold {it} for down, and it has told nothing since."));
        }
        _ => {}
    }
    let holders = || write.learned.keys().copied().filter(|node| cluster.nodes[*node as usize].state.is_up());
    if holders().next().is_none() {
        return (
            Reason::Forgotten,
            "Nobody who is running has it: it went with the nodes that stopped.".into(),
        );
    }
    let had_it =
        |from: u32, at_us: u64| write.learned.get(&from).is_some_and(|learned| learned.at_us <= at_us);
    let ways = &recording.ways.ways;
    let sent = ways.partition_point(|way| way.sent_us <= recording.now_us);
    let to_it = || {
        let since = ways.iter().take(sent).rev().take_while(|way| way.sent_us >= write.at_us);
        since.filter(|way| way.to == node && way.writes > 0 && had_it(way.from, way.sent_us))
    };
    if let Some(way) = to_it().find(|way| way.lost.is_none() && way.ends_us > recording.now_us) {
        let (kind, from) = (way.kind.as_str(), name(way.from));
        return (
            Reason::UnderWay,
            format!("A {kind} with writes from {from}, which has it, is on its way to {it}."),
        );
    }
    if holders().all(|holder| cluster.blocks(holder, node)) {
        return (Reason::Cut, format!("Everyone who has it is on the other side of the cut from {it}."));
    }
    let denied = |holder: u32| {
        let at_us = cluster.nodes[holder as usize].denied.get(&node).copied();
        at_us.filter(|at_us| had_it(holder, *at_us)).map(|at_us| (at_us, holder))
    };
    let lost = to_it().find_map(|way| Some((way, way.lost.filter(|_| way.ends_us <= recording.now_us)?)));
    if let Some((at_us, from)) = holders().filter_map(denied).max()
        && lost.is_none_or(|(way, _)| way.sent_us < at_us)
    {
        let from = name(from);
        return (
            Reason::Denied,
            format!("{from}, which has it, had no token to send to {it} at {}.", seconds(at_us)),
        );
    }
    if let Some((way, fate)) = lost {
        let how = lost_how(fate);
        let (kind, from, at) = (way.kind.as_str(), name(way.from), seconds(way.ends_us));
        return (Reason::Lost, format!("The {kind} that {from} sent to {it} {how} at {at}."));
    }
    (Reason::NotChosen, format!("As far as was recorded, nobody who has it has sent it to {it}."))
}

/// What the recording tells of the time after.
fn next(recording: &Recording, write: &Written, node: u32, reason: Reason) -> String {
    if reason == Reason::Forgotten {
        return "Nothing: it was lost.".into();
    }
    let ahead = recording.ahead();
    let it = &recording.cast.names[node as usize];
    let arrival = ahead.iter().take(AHEAD_MAX).find_map(|record| match &record.event {
        TraceEvent::Node(Event::Changed { key, from, .. })
            if record.node.as_ref() == Some(it) && *key == write.key =>
        {
            Some((record.at.as_micros(), from.clone()))
        }
        _ => None,
    });
    match arrival {
        Some((at_us, Some(from))) => {
            format!("Its {} changes at {}: {from} sends it.", write.key.as_str(), seconds(at_us))
        }
        Some((at_us, None)) => {
            format!("Its {} changes at {}: it writes there itself.", write.key.as_str(), seconds(at_us))
        }
        None if ahead.len() > AHEAD_MAX => format!("Nothing in the next {AHEAD_MAX} events."),
        None => "Nothing up to the end of the recording.".into(),
    }
}
