//! What was written, and who has seen it: the checkers' own books, kept from
//! the outside. A write is entered when a node accepts it, with all that the
//! node had seen then; so from the set of writes that a node has seen it is
//! known what it must read, without a look at how the store does it.

use super::bits::Bits;
use crate::scenario::Act;
use crate::sim::Sim;
use rumormill_core::hlc::Hlc;
use rumormill_core::state::store::{Dot, Key, Kind, Reading, Store, Value};
use rumormill_core::version::VersionVector;
use rumormill_core::{Instant, State};
use std::collections::{BTreeMap, BTreeSet};

/// What a write did at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Did {
    /// A value was written to a register.
    Wrote {
        value: Value,
        stamp: Option<Hlc>,
        /// When its time to live is over, by the true time, if it has one.
        ends: Option<Instant>,
    },
    /// A register, a counter or an element was deleted as far as it was seen.
    Deleted,
    /// An element was added to a set.
    Added,
    /// A counter was added to.
    Counted(i64),
}

/// One accepted write.
#[derive(Debug, Clone)]
pub(crate) struct Op {
    pub(crate) node: u32,
    pub(crate) at: Instant,
    pub(crate) dot: Dot,
    pub(crate) kind: Kind,
    /// In a set.
    pub(crate) element: Option<Value>,
    pub(crate) did: Did,
    /// All writes under the key that this one had seen, by their number.
    pub(crate) seen: Bits,
    /// The deletes among them that its writer may have forgotten again, and what had ended for it and was forgotten
    /// for that: this write says nothing of either.
    pub(crate) forgot: Bits,
}

/// What one node has seen.
#[derive(Debug, Clone, Default)]
struct Holder {
    /// By its store's own word, now.
    holds: Bits,
    /// What it must still hold: all that it ever saw since it last lost its data.
    keeps: Bits,
    missing: Vec<u32>,
    version: u64,
    epoch: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    ops: Vec<Op>,
    by_key: BTreeMap<Key, Vec<u32>>,
    last: BTreeMap<rumormill_core::id::Writer, u64>,
    holders: Vec<Holder>,
    /// Keys under which something had a time to live.
    expiring: BTreeSet<Key>,
}

/// What was to be read and the writer's last number before a write.
#[derive(Debug)]
pub(crate) struct Before {
    node: u32,
    key: Key,
    last: u64,
    /// Where a delete strikes.
    readable: Vec<(Kind, Option<Value>)>,
}

impl Ledger {
    pub(crate) fn new(nodes: u32) -> Self {
        Self { holders: vec![Holder::default(); nodes as usize], ..Self::default() }
    }

    pub(crate) fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// Writes under each key, in the order in which they were accepted.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&Key, &[u32])> {
        self.by_key.iter().map(|(key, ops)| (key, ops.as_slice()))
    }

    /// What a node's store says that it has seen.
    pub(crate) fn holds(&self, node: u32) -> &Bits {
        &self.holders[node as usize].holds
    }

    /// What a node ever saw since it last lost its data.
    pub(crate) fn keeps(&self, node: u32) -> &Bits {
        &self.holders[node as usize].keeps
    }

    /// Was anything under this key given a time to live?
    pub(crate) fn expires(&self, key: &Key) -> bool {
        self.expiring.contains(key)
    }

    /// Was anything given a time to live?
    pub(crate) fn any_expires(&self) -> bool {
        !self.expiring.is_empty()
    }

    /// Looks before an act is done.
    pub(crate) fn before(&self, act: &Act, sim: &Sim) -> Option<Before> {
        let (node, key) = act.written()?;
        let store = sim.node(node).engine?.state();
        let key = Key::new(key).ok()?;
        let readable = store.get(&key).flat_map(places).collect();
        Some(Before { node, last: store.sequence(), readable, key })
    }

    /// Enters what an accepted write did. The error says what is wrong with
    /// its number.
    pub(crate) fn after(&mut self, before: Before, act: &Act, sim: &Sim) -> Result<(), String> {
        let Before { node, key, last, readable } = before;
        let Some(engine) = sim.node(node).engine else { return Ok(()) };
        let store = engine.state();
        let dots =
            (last + 1..=store.sequence()).map(|sequence| Dot { writer: store.writer().clone(), sequence });
        let dots: Vec<Dot> = dots.collect();
        let done = done(act, store, &key, sim.now(), readable);
        // A remove of what is not there, or a delete of nothing, is no write.
        for (dot, (kind, element, did)) in dots.into_iter().zip(done) {
            self.number(&dot)?;
            let (seen, forgot) = Default::default();
            let op = Op { node, at: sim.now(), dot, kind, element, did, seen, forgot };
            self.enter(op, &key, store.floor());
        }
        self.look(node, sim)
    }

    /// A node may have seen something, or lost it. The error says if it went
    /// back without a reason.
    pub(crate) fn look(&mut self, node: u32, sim: &Sim) -> Result<(), String> {
        let Some(engine) = sim.node(node).engine else { return Ok(()) };
        let store = engine.state();
        let holder = &mut self.holders[node as usize];
        let version = store.version();
        if store.writer().epoch != holder.epoch {
            *holder = Holder { epoch: store.writer().epoch, ..Holder::default() };
            holder.missing = (0..self.ops.len() as u32).collect();
        } else if version < holder.version {
            let (node, before) = (sim.node(node).id, holder.version);
            return Err(format!("{node} had seen {before} writes without a gap, and now {version}"));
        }
        holder.version = version;
        let Holder { holds, keeps, missing, .. } = holder;
        missing.retain(|&at| {
            let Dot { writer, sequence } = &self.ops[at as usize].dot;
            let seen = store.has_seen(writer, *sequence);
            if seen {
                holds.insert(at as usize);
                keeps.insert(at as usize);
            }
            !seen
        });
        Ok(())
    }

    /// One write as a person would say it.
    pub(crate) fn say(&self, at: usize, sim: &Sim) -> String {
        let Some(op) = self.ops.get(at) else { return "a write".into() };
        let key = self.by_key.iter().find(|(_, ops)| ops.contains(&(at as u32)));
        let key = key.map_or("?", |(key, _)| key.as_str());
        let element = op.element.as_ref().map(|element| format!(" of {element:?}")).unwrap_or_default();
        let did = match &op.did {
            Did::Wrote { value, .. } => format!("write of {value:?} to"),
            Did::Deleted => format!("delete{element} in"),
            Did::Added => format!("add{element} to"),
            Did::Counted(by) => format!("increment by {by} of"),
        };
        let (node, at) = (sim.node(op.node).id, op.at.since(Instant::ZERO));
        format!("the {did} the {} '{key}' at {node} after {at} (its write {})", op.kind, op.dot.sequence)
    }

    fn number(&mut self, dot: &Dot) -> Result<(), String> {
        let last = self.last.entry(dot.writer.clone()).or_default();
        if dot.sequence <= *last {
            return Err(format!(
                "{} numbered a write {} after its write {last}",
                dot.writer.node, dot.sequence
            ));
        }
        *last = dot.sequence;
        Ok(())
    }

    fn enter(&mut self, mut op: Op, key: &Key, floor: &VersionVector) {
        let at = self.ops.len();
        let ops = self.by_key.entry(key.clone()).or_default();
        let holds = &self.holders[op.node as usize].holds;
        for &other in ops.iter().filter(|&&other| holds.contains(other as usize)) {
            op.seen.insert(other as usize);
            let other = &self.ops[other as usize];
            // A cell remembers per writer how far it has seen, so what was seen by something seen counts. A
            // counter's delete strikes only totals that were there.
            if op.kind != Kind::Counter && (other.kind, &other.element) == (op.kind, &op.element) {
                op.seen.extend(&other.seen);
            }
        }
        for &other in ops.iter().filter(|&&other| op.seen.contains(other as usize)) {
            let Op { dot, did, .. } = &self.ops[other as usize];
            let goes = matches!(did, Did::Deleted | Did::Wrote { ends: Some(_), .. });
            if goes && floor.sequence(&dot.writer) >= dot.sequence {
                op.forgot.insert(other as usize);
            }
        }
        ops.push(at as u32);
        if matches!(op.did, Did::Wrote { ends: Some(_), .. }) {
            self.expiring.insert(key.clone());
        }
        self.ops.push(op);
        for holder in &mut self.holders {
            holder.missing.push(at as u32);
        }
    }
}

/// Where a delete of this reading writes.
fn places(reading: Reading<'_>) -> Vec<(Kind, Option<Value>)> {
    let kind = reading.kind();
    match reading {
        Reading::Set { elements } => {
            elements.into_iter().map(|element| (kind, Some(element.clone()))).collect()
        }
        _ => vec![(kind, None)],
    }
}

/// What the numbers of an accepted write stand for, in their order.
fn done(
    act: &Act,
    store: &Store,
    key: &Key,
    now: Instant,
    readable: Vec<(Kind, Option<Value>)>,
) -> Vec<(Kind, Option<Value>, Did)> {
    let wrote = |kind, value: &serde_json::Value, stamp, ends| {
        let value = Value::json(value).ok();
        value.map(|value| (kind, None, Did::Wrote { value, stamp, ends })).into_iter().collect()
    };
    let element = |value: &serde_json::Value, did| {
        let value = Value::json(value).ok();
        value.map(|value| (Kind::Set, Some(value), did)).into_iter().collect()
    };
    match act {
        Act::Set { value, .. } => wrote(Kind::Register, value, stamp(store, key), None),
        Act::SetFor { value, ttl_us, .. } => {
            wrote(Kind::Register, value, stamp(store, key), Some(now + *ttl_us))
        }
        Act::Put { value, .. } => wrote(Kind::MultiValue, value, None, None),
        Act::Increment { by, .. } => vec![(Kind::Counter, None, Did::Counted(*by))],
        Act::Add { value, .. } => element(value, Did::Added),
        Act::Remove { value, .. } => element(value, Did::Deleted),
        _ => readable.into_iter().map(|(kind, element)| (kind, element, Did::Deleted)).collect(),
    }
}

/// The stamp of a register that was written here right now: it reads here,
/// unless its time is over at once.
fn stamp(store: &Store, key: &Key) -> Option<Hlc> {
    store.get(key).find_map(|reading| match reading {
        Reading::Register { stamp, .. } => Some(stamp),
        _ => None,
    })
}
