//! Deltas of the Store: cut from the log of dots, sent in bounded parts, and
//! taken in. The only file that knows what a write looks like on the wire.

use super::counter::{Counter, CounterPart};
use super::coverage::News;
use super::register::Register;
use super::{Content, Key, Kind, Slot, Store, Value};
use crate::hlc::Hlc;
use crate::id::Writer;
use crate::state::{Change, InvalidDelta, Merged, Part};
use crate::version::VersionVector;
use alloc::vec::Vec;
use core::ops::Bound::{Excluded, Included};
use serde::{Deserialize, Serialize};

/// Writes that a peer lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// At most one run per contiguous range of a writer's dots.
    pub runs: Vec<Run>,
}

/// A range of one writer's dots: everything above `after` up to and including
/// `upto`. Dots without an item were superseded by later writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Whose writes.
    pub writer: Writer,
    /// The sequence number before the first.
    pub after: u64,
    /// The sequence number of the last.
    pub upto: u64,
    /// What still stands of them, by sequence number.
    pub items: Vec<Item>,
}

/// One write that still stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its sequence number.
    pub sequence: u64,
    /// Its key.
    pub key: Key,
    /// What it wrote.
    pub write: Write,
}

/// What a write did, by kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// A register's value and stamp.
    Register {
        /// The value.
        value: Value,
        /// When it was written.
        stamp: Hlc,
    },
    /// The writer's totals for a counter.
    Counter {
        /// All that it ever added.
        up: u64,
        /// All that it ever took away.
        down: u64,
    },
}

/// What an item and a run cost beside their text, in bytes, at most.
const OVERHEAD_BYTES: usize = 32;

impl Item {
    fn bytes(&self) -> usize {
        let value = match &self.write {
            Write::Register { value, .. } => value.len(),
            Write::Counter { .. } => 0,
        };
        OVERHEAD_BYTES + self.key.as_str().len() + value
    }
}

impl Delta {
    /// Is every sequence number in its run's range, in ascending order?
    pub(super) fn check(&self) -> Result<(), InvalidDelta> {
        for run in &self.runs {
            if run.after >= run.upto {
                return Err(InvalidDelta("a run of writes is empty"));
            }
            let mut last = run.after;
            for item in &run.items {
                if item.sequence <= last || item.sequence > run.upto {
                    return Err(InvalidDelta("a write is outside its run or out of order"));
                }
                last = item.sequence;
            }
        }
        Ok(())
    }
}

impl Store {
    /// What a replica with that vector lacks.
    pub(super) fn delta_against(&self, theirs: &VersionVector, bytes_max: usize) -> Part<Delta> {
        let mut cut = Cut::new(bytes_max);
        for (writer, mine) in self.vector().iter() {
            let after = theirs.sequence(writer);
            if mine > after && cut.run(self, writer, after, mine).is_some() {
                break;
            }
        }
        Part { complete: !cut.full, delta: cut.delta }
    }

    /// News as a delta; what did not fit goes back into `news`.
    pub(super) fn delta_of_news(&self, news: &mut News, bytes_max: usize) -> Delta {
        let mut cut = Cut::new(bytes_max);
        for (writer, after, upto) in news.drain() {
            if cut.full {
                news.insert(&writer, after, upto);
            } else if let Some(reached) = cut.run(self, &writer, after, upto) {
                news.insert(&writer, reached, upto);
            }
        }
        cut.delta
    }

    /// Merges a delta that was checked.
    pub(super) fn take_in(&mut self, delta: Delta) -> Merged<News> {
        let mut merged = Merged { news: News::default(), changes: Vec::new() };
        for Run { writer, after, upto, items } in delta.runs {
            let mut new = false;
            for item in items {
                let change = Change { key: item.key.clone(), kind: item.write.kind() };
                if let Some(changed) = self.take_in_item(&writer, item) {
                    new = true;
                    if changed {
                        merged.changes.push(change);
                    }
                }
            }
            let known = self.vector().sequence(&writer);
            if self.coverage.insert(&writer, after, upto) || new {
                merged.news.insert(&writer, after.max(known.min(upto - 1)), upto);
            }
        }
        merged
    }

    /// Merges one write. `None` if it was known or is superseded; otherwise,
    /// whether the key reads differently now.
    fn take_in_item(&mut self, writer: &Writer, item: Item) -> Option<bool> {
        let Item { sequence, key, write } = item;
        let slot = Slot { key, kind: write.kind() };
        let (superseded, changed) = match write {
            Write::Register { value, stamp } => {
                self.clock.observe(stamp);
                let theirs = Register { value, stamp, author: writer.clone(), sequence };
                let old = match self.entries.get(&slot) {
                    Some(Content::Register(ours)) if !theirs.beats(ours) => return None,
                    Some(Content::Register(ours)) => Some(ours),
                    _ => None,
                };
                let changed = old.is_none_or(|old| old.value != theirs.value);
                let superseded = old.map(|old| (old.author.clone(), old.sequence));
                self.entries.insert(slot.clone(), Content::Register(theirs));
                (superseded, changed)
            }
            Write::Counter { up, down } => {
                let content = self.entries.entry(slot.clone());
                let content = content.or_insert_with(|| Content::Counter(Counter::default()));
                let Content::Counter(counter) = content else { return None };
                let before = counter.sum();
                let superseded = counter.merge_part(writer, CounterPart { up, down, sequence })?;
                (superseded.map(|old| (writer.clone(), old)), counter.sum() != before)
            }
        };
        if let Some((author, old)) = superseded {
            self.forget_dot(&author, old);
        }
        self.log.entry(writer.clone()).or_default().insert(sequence, slot);
        Some(changed)
    }

    fn item(&self, writer: &Writer, sequence: u64, slot: &Slot) -> Option<Item> {
        let write = match self.entries.get(slot)? {
            Content::Register(register) => {
                Write::Register { value: register.value.clone(), stamp: register.stamp }
            }
            Content::Counter(counter) => {
                let part = counter.part(writer)?;
                Write::Counter { up: part.up, down: part.down }
            }
        };
        Some(Item { sequence, key: slot.key.clone(), write })
    }
}

impl Write {
    fn kind(&self) -> Kind {
        match self {
            Self::Register { .. } => Kind::Register,
            Self::Counter { .. } => Kind::Counter,
        }
    }
}

/// A delta under construction, within its budget of bytes.
struct Cut {
    delta: Delta,
    bytes_left: usize,
    full: bool,
}

impl Cut {
    fn new(bytes_max: usize) -> Self {
        Self { delta: Delta::default(), bytes_left: bytes_max, full: false }
    }

    /// Adds a range of one writer's dots. Returns how far it came if the
    /// budget ended first; the first item always fits.
    fn run(&mut self, store: &Store, writer: &Writer, after: u64, upto: u64) -> Option<u64> {
        if self.bytes_left == 0 && !self.delta.runs.is_empty() {
            self.full = true;
            return Some(after);
        }
        let mut run = Run { writer: writer.clone(), after, upto, items: Vec::new() };
        self.bytes_left = self.bytes_left.saturating_sub(OVERHEAD_BYTES + writer.node.as_str().len());
        let range = (Excluded(after), Included(upto));
        let dots = store.log.get(writer).into_iter().flat_map(|log| log.range(range));
        for (&sequence, slot) in dots {
            let Some(item) = store.item(writer, sequence, slot) else { continue };
            let first = self.delta.runs.is_empty() && run.items.is_empty();
            if item.bytes() > self.bytes_left && !first {
                self.full = true;
                run.upto = sequence - 1;
                break;
            }
            self.bytes_left = self.bytes_left.saturating_sub(item.bytes());
            run.items.push(item);
        }
        let reached = run.upto;
        if reached > after {
            self.delta.runs.push(run);
        }
        (reached < upto).then_some(reached)
    }
}
