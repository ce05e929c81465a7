//! The Store: a replicated map that every node writes. Each write is a dot (a
//! writer and its sequence number); a replica's version vector says which dots
//! it has seen; a delta is exactly the entries whose dots a peer has not.
//! This file holds the map and the operations of [`State`]. Local writes are in
//! `write`, reads in `read`; how deltas are cut and taken in is in `delta`,
//! which dots are covered in `coverage`, how deleted things go for good in
//! `garbage`, and what each kind of value does with a write in a file of its
//! own (`register`, `counter`, `cell`).

mod cell;
mod counter;
mod coverage;
mod delta;
mod cut;
mod garbage;
mod log;
mod read;
mod register;
mod value;
mod write;

pub use cell::Dot;
pub use counter::Totals;
pub use coverage::{Coverage, News};
pub use delta::{Delta, Item, Run, Write};
pub use garbage::{Digest, Roll};
pub use read::{Entry, Reading};
pub use register::Written;
pub use value::{InvalidKey, KEY_BYTES_MAX, Key, VALUE_BYTES_MAX, Value, ValueTooLong};
pub use write::{SET_ELEMENTS_MAX, WriteError};

use super::{Change, Comparison, DecodeError, InvalidDelta, Merged, Part, State};
use crate::hash::StateHash;
use crate::hlc::Hlc;
use crate::id::{NodeId, Writer};
use crate::ordered::Map;
use crate::shared::Shared;
use crate::time::Instant;
use crate::version::VersionVector;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use cell::Cell;
use core::fmt;
use counter::Counter;
use log::Log;
use register::Sibling;
use serde::{Deserialize, Serialize};

/// What kind of value stands under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A value that a later write replaces.
    Register,
    /// A number that every node adds to.
    Counter,
    /// A value whose concurrent writes are all kept, until a later write that
    /// has seen them resolves the conflict.
    MultiValue,
    /// A set of values; of a concurrent add and remove the add wins.
    Set,
}

impl Kind {
    /// All kinds, in order.
    pub const ALL: [Self; 4] = [Self::Register, Self::Counter, Self::MultiValue, Self::Set];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Register => "register",
            Self::Counter => "counter",
            Self::MultiValue => "multi-value register",
            Self::Set => "set",
        })
    }
}

/// The greatest number that a write may have: what JSON readers hold exactly,
/// and a million writes a second for 285 years. A writer that has come this far
/// goes on as a new one.
pub const SEQUENCE_MAX: u64 = 1 << 53;

/// Where an entry stands. Kinds do not share a place: two nodes that create
/// one key as different kinds at once both keep their write.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    key: Key,
    kind: Kind,
}

/// Where a dot stands: in a slot, and in a set at an element.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    slot: Slot,
    element: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Register(Cell<Sibling>),
    MultiValue(Cell<Sibling>),
    Counter(Counter),
    /// Per element: is it in the set?
    Set(BTreeMap<Value, Cell<bool>>),
}

/// The replicated map of one node. Copies share what grows until one of them
/// changes it, which lets a simulator keep a thousand of them as they were.
#[derive(Debug, Clone)]
pub struct Store {
    writer: Writer,
    clock: Hlc,
    unbelievable: u64,
    /// The number of this writer's last write: never runs backwards, whatever
    /// becomes of what was written.
    own_sequence: u64,
    /// The latest instant that the node has told: times to live end by it.
    now: Instant,
    coverage: Coverage,
    entries: Shared<BTreeMap<Slot, Content>>,
    /// Where each dot that still matters stands: it grows with what is
    /// stored, and a delta is made of ranges of it.
    log: Shared<Map<Writer, Shared<Log>>>,
    /// Registers with an end, by when it comes next.
    expiring: BTreeSet<(Instant, Slot)>,
    /// The same, by slot.
    ends: BTreeMap<Slot, Instant>,
    /// Places where nothing can be read any more, kept for peers who have not
    /// seen that yet.
    tombstones: BTreeSet<Place>,
    /// Tombstones of these writes may be gone, here or elsewhere: a replica
    /// that has not seen them all may still hold what they deleted.
    floor: VersionVector,
}

impl Store {
    /// An empty store at a node that begins to write in life `epoch`.
    pub fn new(node: NodeId, epoch: u64) -> Self {
        Self {
            writer: Writer { node, epoch },
            clock: Hlc::default(),
            unbelievable: 0,
            own_sequence: 0,
            now: Instant::ZERO,
            coverage: Coverage::default(),
            entries: Shared::default(),
            log: Shared::default(),
            expiring: BTreeSet::new(),
            ends: BTreeMap::new(),
            tombstones: BTreeSet::new(),
            floor: VersionVector::default(),
        }
    }

    /// As whom this store writes.
    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Has it seen this write, be it ahead of others of the same writer?
    pub fn has_seen(&self, writer: &Writer, sequence: u64) -> bool {
        self.coverage.contains(writer, sequence)
    }

    /// Which writes it has seen without a gap.
    pub fn vector(&self) -> &VersionVector {
        self.coverage.vector()
    }

    /// The number of this writer's last write; 0 before the first.
    pub fn sequence(&self) -> u64 {
        self.own_sequence
    }

    /// Up to where writes that were deletes, or were deleted, may be forgotten, here or elsewhere.
    pub fn floor(&self) -> &VersionVector {
        &self.floor
    }

    /// How many deleted or expired things are still remembered.
    pub fn tombstones(&self) -> u32 {
        self.tombstones.len() as u32
    }

    fn remember_dot(&mut self, writer: &Writer, sequence: u64, place: Place) {
        match self.log.get_mut(writer) {
            Some(log) => log.stands(sequence, place),
            None => self.log.or_default(writer.clone()).stands(sequence, place),
        }
    }

    /// A dot's write gave way to another's.
    fn supersede(&mut self, old: &Dot, by: &Dot) {
        let Some(log) = self.log.get_mut(&old.writer) else { return };
        if old.writer == by.writer {
            log.superseded(old.sequence, by.sequence)
        } else {
            log.forget(old.sequence)
        }
    }
}

impl Slot {
    fn place(&self) -> Place {
        Place { slot: self.clone(), element: None }
    }
}

impl State for Store {
    type Digest = Digest;
    type Delta = Delta;
    type News = News;

    fn hash(&self) -> StateHash {
        self.coverage.hash()
    }

    fn version(&self) -> u64 {
        self.coverage.vector().total()
    }

    fn digest(&self) -> Digest {
        Digest { seen: self.coverage.clone() }
    }

    fn compare(&self, theirs: &Digest) -> Comparison {
        Comparison::of(self.coverage.covers(&theirs.seen), theirs.seen.covers(&self.coverage))
    }

    fn delta(&self, theirs: &Digest, bytes_max: usize) -> Part<Delta> {
        self.delta_against(&theirs.seen, bytes_max)
    }

    fn delta_is_empty(delta: &Delta) -> bool {
        delta.runs.is_empty() && delta.roll.is_none()
    }

    fn delta_writes(delta: &Delta) -> u32 {
        delta.runs.iter().map(|run| run.items.len() as u32).sum()
    }

    fn merge(&mut self, delta: Delta, now: Instant) -> Result<Merged<News>, InvalidDelta> {
        delta.check()?;
        self.now = self.now.max(now);
        self.take_in(delta)
    }

    fn unbelievable_stamps(&self) -> u64 {
        self.unbelievable
    }

    fn rumor(&self, news: &mut News, bytes_max: usize) -> Delta {
        self.delta_of_news(news, bytes_max)
    }

    fn absorb(waiting: &mut News, more: &News) {
        waiting.merge(more);
    }

    fn news_len(news: &News) -> usize {
        news.len()
    }

    fn outline(&self, news: &News) -> Digest {
        Digest { seen: news.iter().collect() }
    }

    fn lacks(&self, outline: &Digest) -> News {
        let ranges = outline.seen.ranges();
        let missing = ranges.flat_map(|(writer, after, upto)| {
            let missing = self.coverage.missing(writer, after, upto).into_iter();
            missing.map(move |(after, upto)| (writer, after, upto))
        });
        missing.collect()
    }

    fn asked_for(&self, outline: &Digest) -> News {
        let lacking = self.lacks(outline);
        let mut news: News = outline.seen.ranges().collect();
        lacking.iter().for_each(|(writer, after, upto)| news.remove(writer, after, upto));
        news
    }

    fn retract(waiting: &mut News, known: &Digest) {
        known.seen.ranges().for_each(|(writer, after, upto)| waiting.remove(writer, after, upto));
    }

    fn take_carried(noted: &mut News, delta: &Delta) -> News {
        if noted.len() == 0 {
            return News::default();
        }
        let mut rest = noted.clone();
        delta.runs.iter().for_each(|run| rest.remove(&run.writer, run.after, run.upto));
        rest.iter().for_each(|(writer, after, upto)| noted.remove(writer, after, upto));
        core::mem::replace(noted, rest)
    }

    fn expires_at(&self) -> Option<Instant> {
        self.expiring.first().map(|(at, _)| *at)
    }

    fn expire(&mut self, now: Instant) -> Vec<Change> {
        self.expire_until(now)
    }

    fn meet(a: &Digest, b: &Digest) -> Digest {
        Digest { seen: a.seen.vector().meet(b.seen.vector()).into() }
    }

    fn has_garbage(&self) -> bool {
        !self.tombstones.is_empty()
    }

    fn collect<'a>(&mut self, everyone: impl Iterator<Item = &'a Digest>) -> u32 {
        self.collect_garbage(everyone)
    }

    fn tell_time(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn encode(&self) -> Vec<u8> {
        let everything = self.delta_against(&Coverage::default(), usize::MAX).delta;
        let saved = Saved {
            writer: self.writer.clone(),
            own_sequence: self.own_sequence,
            clock: self.clock,
            unbelievable: self.unbelievable,
            now: self.now,
            floor: self.floor.clone(),
            everything: Delta { roll: None, ..everything },
            superseded: self
                .log
                .iter()
                .map(|(writer, log)| (writer.clone(), log.all_superseded().collect()))
                .collect(),
        };
        postcard::to_allocvec(&saved).expect("encoding to memory does not fail")
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let saved: Saved = postcard::from_bytes(bytes).map_err(|_| DecodeError)?;
        let mut store = Self::new(saved.writer.node, saved.writer.epoch);
        saved.everything.check().map_err(|_| DecodeError)?;
        store.now = saved.now;
        store.take_in(saved.everything).map_err(|_| DecodeError)?;
        for log in store.log.values_mut() {
            log.remember_superseded([].into_iter());
        }
        for (writer, superseded) in saved.superseded {
            store.log.or_default(writer).remember_superseded(superseded.into_iter());
        }
        (store.clock, store.unbelievable) = (saved.clock, saved.unbelievable);
        store.floor = saved.floor;
        store.own_sequence = store.own_sequence.max(saved.own_sequence);
        Ok(store)
    }
}

/// A store as bytes: what cannot be derived from the writes that stand, and those.
#[derive(Serialize, Deserialize)]
struct Saved {
    writer: Writer,
    own_sequence: u64,
    clock: Hlc,
    unbelievable: u64,
    now: Instant,
    floor: VersionVector,
    everything: Delta,
    /// Per writer its superseded dots that are remembered, and by which each was.
    superseded: Vec<(Writer, Vec<(u64, u64)>)>,
}
