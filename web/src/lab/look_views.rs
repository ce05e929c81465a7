//! What single views ask for beside the frame: links, matrices, messages of the last seconds, one message in full.
//! It only looks.

use super::protocol::{
    Asked, CARRIED_SHOWN_MAX, Flight, Hop, Known, Look, MATRIX_NODES_MAX, Matrix, MessageLine, MessageRef,
    Shown, WriteLine,
};
use rumormill_core::{Engine, Store};
use rumormill_sim::{InFlight, Learned, Sim, Watch};

/// The write that a look asks for, if it is still watched; else the latest.
pub(super) fn watch<'a>(sim: &'a Sim, look: &Look) -> Option<&'a Watch> {
    let asked = look.write.and_then(|number| sim.watches().find(|watch| watch.number == number));
    asked.or_else(|| sim.latest())
}

/// The writes that are watched, newest first.
#[inline(never)]
pub(super) fn writes(sim: &Sim) -> Vec<WriteLine> {
    let line = |watch: &Watch| WriteLine {
        number: watch.number,
        at_us: watch.at.as_micros(),
        node: watch.node,
        key: watch.key.clone(),
        informed: watch.informed(),
    };
    sim.watches().rev().map(line).collect()
}

#[inline(never)]
pub(super) fn flight(flight: &InFlight) -> Flight {
    let travels_us = flight.arrives_at.since(flight.sent_at).as_micros();
    Flight {
        // The Lab's clusters are far smaller than 65,536 nodes.
        from: flight.from as u16,
        to: flight.to as u16,
        sent_us: flight.sent_at.as_micros(),
        travels_us: u32::try_from(travels_us).unwrap_or(u32::MAX),
        payload: flight.kind.is_payload(),
        lost: flight.lost.is_some(),
        id: flight.id,
    }
}

/// The messages of the last while among the nodes that have lanes.
#[inline(never)]
pub(super) fn landed(sim: &Sim, look: &Look) -> Vec<Flight> {
    let Asked::Lanes(lanes, window_us) = &look.view else { return Vec::new() };
    let since_us = sim.now().as_micros().saturating_sub(*window_us);
    let mut on_lane = vec![false; sim.nodes() as usize];
    for lane in lanes {
        if let Some(on_lane) = on_lane.get_mut(*lane as usize) {
            *on_lane = true;
        }
    }
    let is_shown = |flight: &&InFlight| {
        flight.arrives_at.as_micros() >= since_us
            && on_lane[flight.from as usize]
            && on_lane[flight.to as usize]
    };
    sim.landed().filter(is_shown).map(flight).collect()
}

/// What the view asks for.
pub(super) fn shown(sim: &Sim, look: &Look) -> Shown {
    let watch = watch(sim, look);
    let learned = |node: u32| watch.and_then(|watch| watch.learned(node));
    match &look.view {
        Asked::Nothing => Shown::Nothing,
        Asked::Links => Shown::Links(links(sim)),
        Asked::Way => Shown::Way((0..sim.nodes()).map(|node| Some(learned(node)?.from)).collect()),
        Asked::Beliefs(first) => Shown::Beliefs(beliefs(sim, *first)),
        Asked::Writes(first) => Shown::Writes(who_has(sim, *first)),
        Asked::Lanes(lanes, _) => {
            Shown::Lanes(lanes.iter().map(|lane| Some(learned(*lane)?.at.as_micros())).collect())
        }
    }
}

#[inline(never)]
fn links(sim: &Sim) -> Vec<(u32, u32)> {
    let mut links = Vec::new();
    for view in sim.iter() {
        let Some(engine) = view.engine else { continue };
        links.extend(engine.pushes_to().iter().filter_map(|id| Some((view.index, sim.index_of(id)?))));
    }
    links
}

/// The rows that a matrix from `first` on has, with their engines.
fn rows(sim: &Sim, first: u32) -> impl Iterator<Item = Option<&Engine<Store>>> {
    (first..first.saturating_add(MATRIX_NODES_MAX).min(sim.nodes())).map(|node| sim.node(node).engine)
}

#[inline(never)]
fn beliefs(sim: &Sim, first: u32) -> Matrix {
    let mut matrix = Matrix { first, columns: rows(sim, first).count() as u32, cells: Vec::new() };
    for engine in rows(sim, first) {
        for node in first..first + matrix.columns {
            matrix.cells.push(match engine {
                None => Known::Nobody,
                Some(engine) => engine.members().status(sim.node(node).id).map_or(Known::No, Known::Status),
            });
        }
    }
    matrix
}

#[inline(never)]
fn who_has(sim: &Sim, first: u32) -> Matrix {
    let mut matrix = Matrix { first, columns: sim.watches().count() as u32, cells: Vec::new() };
    for engine in rows(sim, first) {
        matrix.cells.extend(sim.watches().rev().map(|watch| match engine {
            None => Known::Nobody,
            Some(engine) if engine.state().has_seen(&watch.writer, watch.sequence) => Known::Yes,
            Some(_) => Known::No,
        }));
    }
    matrix
}

/// The messages that brought a write to a node, the first one first.
#[inline(never)]
pub(super) fn path(watch: &Watch, node: u32) -> Vec<Hop> {
    let hop = |(to, learned): (u32, Learned)| Hop {
        from: learned.from,
        to,
        at_us: learned.at.as_micros(),
        by: learned.by,
    };
    watch.path(node).into_iter().map(hop).filter(|hop| hop.from != hop.to).collect()
}

/// A message under way in full, or what is remembered of one that was.
#[inline(never)]
pub(super) fn message(sim: &Sim, asked: MessageRef) -> Option<MessageLine> {
    let is_asked = |flight: &InFlight| match asked {
        MessageRef::Id(id) => flight.id == id,
        MessageRef::Number(from, number) => (flight.from, flight.number) == (from, number),
    };
    let found = sim.in_flight().find(is_asked);
    let message = found.or_else(|| sim.landed().rev().find(|flight| is_asked(flight)).copied())?;
    let carried = sim.contents(message.id).unwrap_or_default().into_iter().take(CARRIED_SHOWN_MAX);
    Some(MessageLine {
        flight: flight(&message),
        kind: message.kind,
        cause: message.cause,
        number: message.number,
        bytes: message.bytes,
        carried: carried.map(|carried| (carried.key, carried.what)).collect(),
        writes: message.writes,
        fate: message.lost,
    })
}
