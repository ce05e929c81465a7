//! The Store: a replicated map that every node writes. Each write is a dot (a
//! writer and its sequence number); a replica's version vector says which dots
//! it has seen; a delta is exactly the entries whose dots a peer has not.
//! This file holds the map, local writes and reads. How deltas are cut and
//! taken in is in `delta`, which dots are covered in `coverage`, and what each
//! kind of value does with a write in a file of its own (`register`,
//! `counter`): a further kind is a further file and a further variant.

mod counter;
mod coverage;
mod delta;
mod register;
mod value;

pub use coverage::News;
pub use delta::{Delta, Item, Run};
pub use value::{InvalidKey, KEY_BYTES_MAX, Key, VALUE_BYTES_MAX, Value, ValueTooLong};

use super::{Change, Comparison, DecodeError, InvalidDelta, Merged, Part, State};
use crate::hash::StateHash;
use crate::hlc::Hlc;
use crate::id::{NodeId, Writer};
use crate::time::Instant;
use crate::version::VersionVector;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use coverage::Coverage;
use serde::{Deserialize, Serialize};

pub(crate) use counter::Counter;
pub(crate) use register::Register;

/// What kind of value stands under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A value that a later write replaces.
    Register,
    /// A number that every node adds to.
    Counter,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Register => "register",
            Self::Counter => "counter",
        })
    }
}

/// Why a local write was refused. The store is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The key holds a value of another kind.
    #[error(
        "'{key}' is a {existing}, so this operation does not apply to it: use another key, or what a {existing} offers"
    )]
    WrongKind {
        /// The key.
        key: Key,
        /// What it holds.
        existing: Kind,
    },
    /// Adding this would leave the counter's range of 64 bits.
    #[error("the counter '{0}' cannot be changed by that much")]
    CounterOverflow(Key),
}

/// One entry as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The key.
    pub key: &'a Key,
    /// Its value.
    pub reading: Reading<'a>,
}

/// A value as read, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading<'a> {
    /// A register: its value, the stamp of the write, and who wrote it.
    Register {
        /// The value.
        value: &'a Value,
        /// When it was written, by the hybrid clock.
        stamp: Hlc,
        /// Who wrote it.
        author: &'a Writer,
    },
    /// A counter: its sum.
    Counter {
        /// Increments minus decrements, over all writers.
        sum: i64,
    },
}

impl Reading<'_> {
    /// The kind of what was read.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Register { .. } => Kind::Register,
            Self::Counter { .. } => Kind::Counter,
        }
    }
}

/// Where an entry stands. Kinds do not share a place: two nodes that create
/// one key as different kinds at once both keep their write.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot {
    key: Key,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Register(Register),
    Counter(Counter),
}

/// The replicated map of one node.
#[derive(Debug, Clone)]
pub struct Store {
    writer: Writer,
    clock: Hlc,
    coverage: Coverage,
    entries: BTreeMap<Slot, Content>,
    /// Where each dot that still matters stands: superseded ones are dropped,
    /// so this grows with what is stored, and a delta is a range of it.
    log: BTreeMap<Writer, BTreeMap<u64, Slot>>,
}

impl Store {
    /// An empty store at a node that begins to write in life `epoch`.
    pub fn new(node: NodeId, epoch: u64) -> Self {
        Self {
            writer: Writer { node, epoch },
            clock: Hlc::default(),
            coverage: Coverage::default(),
            entries: BTreeMap::new(),
            log: BTreeMap::new(),
        }
    }

    /// Sets a register.
    pub fn set(&mut self, key: &Key, value: Value, now: Instant) -> Result<Merged<News>, WriteError> {
        let slot = self.slot_for(key, Kind::Register)?;
        let sequence = self.coverage.increment(&self.writer);
        let register = Register { value, stamp: self.clock.tick(now), author: self.writer.clone(), sequence };
        if let Some(Content::Register(old)) = self.entries.insert(slot.clone(), Content::Register(register)) {
            self.forget_dot(&old.author, old.sequence);
        }
        Ok(self.wrote(slot, sequence))
    }

    /// Adds to a counter (a negative number subtracts) and returns its new
    /// sum, as this node sees it.
    pub fn increment(&mut self, key: &Key, by: i64) -> Result<(i64, Merged<News>), WriteError> {
        let slot = self.slot_for(key, Kind::Counter)?;
        let mut counter = match self.entries.get(&slot) {
            Some(Content::Counter(counter)) => counter.clone(),
            _ => Counter::default(),
        };
        let sequence = self.coverage.vector().sequence(&self.writer) + 1;
        let old = counter
            .add(&self.writer, by, sequence)
            .ok_or_else(|| WriteError::CounterOverflow(key.clone()))?;
        let sum = counter.sum();
        self.coverage.increment(&self.writer);
        self.entries.insert(slot.clone(), Content::Counter(counter));
        if let Some(old) = old {
            let writer = self.writer.clone();
            self.forget_dot(&writer, old);
        }
        Ok((sum, self.wrote(slot, sequence)))
    }

    /// What stands under a key: at most one entry per kind.
    pub fn get(&self, key: &Key) -> impl Iterator<Item = Reading<'_>> {
        let first = Slot { key: key.clone(), kind: Kind::Register };
        let key = key.clone();
        self.entries
            .range(first..)
            .take_while(move |(slot, _)| slot.key == key)
            .map(|(_, content)| content.read())
    }

    /// The value of a register.
    pub fn register(&self, key: &Key) -> Option<&Value> {
        self.get(key).find_map(|reading| match reading {
            Reading::Register { value, .. } => Some(value),
            Reading::Counter { .. } => None,
        })
    }

    /// The sum of a counter.
    pub fn counter(&self, key: &Key) -> Option<i64> {
        self.get(key).find_map(|reading| match reading {
            Reading::Counter { sum } => Some(sum),
            Reading::Register { .. } => None,
        })
    }

    /// All entries, by key.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        self.entries.iter().map(|(slot, content)| Entry { key: &slot.key, reading: content.read() })
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Is there no entry?
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
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

    fn slot_for(&self, key: &Key, kind: Kind) -> Result<Slot, WriteError> {
        let slot = Slot { key: key.clone(), kind };
        if self.entries.contains_key(&slot) {
            return Ok(slot);
        }
        match self.get(key).next() {
            Some(other) => Err(WriteError::WrongKind { key: key.clone(), existing: other.kind() }),
            None => Ok(slot),
        }
    }

    fn wrote(&mut self, slot: Slot, sequence: u64) -> Merged<News> {
        let change = Change { key: slot.key.clone(), kind: slot.kind };
        self.log.entry(self.writer.clone()).or_default().insert(sequence, slot);
        let mut news = News::default();
        news.insert(&self.writer, sequence - 1, sequence);
        Merged { news, changes: vec![change] }
    }

    fn forget_dot(&mut self, writer: &Writer, sequence: u64) {
        if let Some(log) = self.log.get_mut(writer) {
            log.remove(&sequence);
        }
    }
}

impl Content {
    fn read(&self) -> Reading<'_> {
        match self {
            Self::Register(r) => Reading::Register { value: &r.value, stamp: r.stamp, author: &r.author },
            Self::Counter(counter) => Reading::Counter { sum: counter.sum() },
        }
    }
}

impl State for Store {
    type Digest = VersionVector;
    type Delta = Delta;
    type News = News;

    fn hash(&self) -> StateHash {
        self.coverage.vector().hash()
    }

    fn version(&self) -> u64 {
        self.coverage.vector().total()
    }

    fn digest(&self) -> VersionVector {
        self.coverage.vector().clone()
    }

    fn compare(&self, theirs: &VersionVector) -> Comparison {
        self.coverage.vector().compare(theirs)
    }

    fn delta(&self, theirs: &VersionVector, bytes_max: usize) -> Part<Delta> {
        self.delta_against(theirs, bytes_max)
    }

    fn delta_is_empty(delta: &Delta) -> bool {
        delta.runs.is_empty()
    }

    fn delta_writes(delta: &Delta) -> u32 {
        delta.runs.iter().map(|run| run.items.len() as u32).sum()
    }

    fn merge(&mut self, delta: Delta) -> Result<Merged<News>, InvalidDelta> {
        delta.check()?;
        Ok(self.take_in(delta))
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

    fn encode(&self) -> Vec<u8> {
        let everything = self.delta_against(&VersionVector::default(), usize::MAX).delta;
        postcard::to_allocvec(&(&self.writer, self.clock, everything))
            .expect("encoding to memory does not fail")
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (writer, clock, everything): (Writer, Hlc, Delta) =
            postcard::from_bytes(bytes).map_err(|_| DecodeError)?;
        let mut store = Self::new(writer.node.clone(), writer.epoch);
        store.merge(everything).map_err(|_| DecodeError)?;
        store.clock.observe(clock);
        Ok(store)
    }
}
