//! Local writes to the Store: each becomes a dot of this writer, replaces what
//! this replica has seen at its place, and is refused, with the store as it
//! was, where the key holds another kind or a limit would be passed.

use super::cell::{Cell, Dot};
use super::register::{contains, is_element};
use super::{Content, Counter, Key, Kind, News, Place, SEQUENCE_MAX, Sibling, Slot, Store, Value};
use crate::state::{Change, Merged};
use crate::time::{Duration, Instant};
use alloc::vec::Vec;

/// Most elements of a set, counted with those removed a short while ago. A
/// guess: beyond it, one key per element serves better.
pub const SET_ELEMENTS_MAX: usize = 10_000;

/// Why a local write was refused. The store is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The key holds a value of another kind.
    #[error(
        "'{key}' is a {existing}, so this operation does not apply to it: use another key, or delete it first"
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
    /// The set is full.
    #[error("the set '{0}' has as many elements as a set may have ({SET_ELEMENTS_MAX})")]
    SetFull(Key),
}

impl Store {
    /// Sets a register.
    pub fn set(&mut self, key: &Key, value: Value, now: Instant) -> Result<Merged<News>, WriteError> {
        self.set_register(key, value, None, now)
    }

    /// Sets a register that reads as nothing after `ttl`, by each node's own
    /// clock, unless it is set again.
    pub fn set_for(
        &mut self,
        key: &Key,
        value: Value,
        ttl: Duration,
        now: Instant,
    ) -> Result<Merged<News>, WriteError> {
        self.set_register(key, value, Some(now.max(self.now) + ttl), now)
    }

    /// Writes to a multi-value register, in place of all that this node has
    /// seen there.
    pub fn put(&mut self, key: &Key, value: Value, now: Instant) -> Result<Merged<News>, WriteError> {
        let slot = self.slot_for(key, Kind::MultiValue)?;
        Ok(self.write_value(&slot, Some(value), None, now))
    }

    /// Writes to a multi-value register as [`Store::put`]; the value reads as
    /// nothing after `ttl`. Each of several concurrent values has its own end.
    pub fn put_for(
        &mut self,
        key: &Key,
        value: Value,
        ttl: Duration,
        now: Instant,
    ) -> Result<Merged<News>, WriteError> {
        let slot = self.slot_for(key, Kind::MultiValue)?;
        Ok(self.write_value(&slot, Some(value), Some(now.max(self.now) + ttl), now))
    }

    /// Adds a value to a set. False if it was there.
    pub fn add(&mut self, key: &Key, element: Value) -> Result<(bool, Merged<News>), WriteError> {
        let slot = self.slot_for(key, Kind::Set)?;
        let (is_in, size) = match self.entries.get(&slot) {
            Some(Content::Set(cells)) => (contains(cells, &element), cells.len()),
            _ => (false, 0),
        };
        if size >= SET_ELEMENTS_MAX && !is_in {
            return Err(WriteError::SetFull(key.clone()));
        }
        // Adding what is there is a write as well: it must survive a concurrent remove.
        Ok((!is_in, self.write_element(&slot, element, true)))
    }

    /// Removes a value from a set, as far as this node has seen it added.
    /// False, and no write, if it was not there.
    pub fn remove(&mut self, key: &Key, element: &Value) -> Result<(bool, Merged<News>), WriteError> {
        let slot = self.slot_for(key, Kind::Set)?;
        match self.entries.get(&slot) {
            Some(Content::Set(cells)) if contains(cells, element) => {
                Ok((true, self.write_element(&slot, element.clone(), false)))
            }
            _ => Ok((false, Merged { news: News::default(), changes: Vec::new(), progress: false })),
        }
    }

    /// Adds to a counter (a negative number subtracts) and returns its new
    /// sum, as this node sees it.
    pub fn increment(&mut self, key: &Key, by: i64) -> Result<(i64, Merged<News>), WriteError> {
        let slot = self.slot_for(key, Kind::Counter)?;
        self.begin_anew_at_the_end();
        let mut counter = match self.entries.get(&slot) {
            Some(Content::Counter(counter)) => counter.clone(),
            _ => Counter::default(),
        };
        let sequence = self.own_sequence + 1;
        let old = counter
            .add(&self.writer, by, sequence)
            .ok_or_else(|| WriteError::CounterOverflow(key.clone()))?;
        let sum = counter.sum();
        let dot = self.next_dot();
        self.entries.insert(slot.clone(), Content::Counter(counter));
        let replaced: Vec<Dot> = old.into_iter().map(|old| self.own_dot(old)).collect();
        Ok((sum, self.wrote(slot.place(), &dot, &replaced)))
    }

    /// Deletes whatever can be read under a key, as far as this node has seen
    /// it. False, and no write, if nothing can.
    pub fn delete(&mut self, key: &Key, now: Instant) -> (bool, Merged<News>) {
        let mut merged = Merged { news: News::default(), changes: Vec::new(), progress: false };
        let mut join = |more: Merged<News>| {
            merged.news.merge(&more.news);
            merged.changes.extend(more.changes);
        };
        let kinds: Vec<Kind> = self.get(key).map(|reading| reading.kind()).collect();
        for kind in &kinds {
            let slot = Slot { key: key.clone(), kind: *kind };
            match kind {
                Kind::Register | Kind::MultiValue => join(self.write_value(&slot, None, None, now)),
                Kind::Counter => join(self.reset_counter(&slot)),
                Kind::Set => {
                    let elements: Vec<Value> = match self.entries.get(&slot) {
                        Some(Content::Set(cells)) => {
                            let present = cells.iter().filter(|(_, cell)| is_element(cell));
                            present.map(|(element, _)| element.clone()).collect()
                        }
                        _ => Vec::new(),
                    };
                    for element in elements {
                        join(self.write_element(&slot, element, false));
                    }
                }
            }
        }
        (!kinds.is_empty(), merged)
    }

    fn set_register(
        &mut self,
        key: &Key,
        value: Value,
        expires: Option<Instant>,
        now: Instant,
    ) -> Result<Merged<News>, WriteError> {
        let slot = self.slot_for(key, Kind::Register)?;
        Ok(self.write_value(&slot, Some(value), expires, now))
    }

    fn write_value(
        &mut self,
        slot: &Slot,
        value: Option<Value>,
        expires: Option<Instant>,
        now: Instant,
    ) -> Merged<News> {
        self.now = self.now.max(now);
        let dot = self.next_dot();
        let sibling = Sibling { stamp: self.clock.tick(now), value, expires };
        let content = self.entries.entry(slot.clone()).or_insert_with(|| Content::empty(slot.kind));
        let (Content::Register(cell) | Content::MultiValue(cell)) = content else {
            unreachable!("a slot holds the kind that it is named for")
        };
        let replaced = write_cell(cell, &dot, sibling);
        self.wrote(slot.place(), &dot, &replaced)
    }

    fn write_element(&mut self, slot: &Slot, element: Value, present: bool) -> Merged<News> {
        let dot = self.next_dot();
        let content = self.entries.entry(slot.clone()).or_insert_with(|| Content::empty(slot.kind));
        let Content::Set(cells) = content else { unreachable!("a slot holds the kind that it is named for") };
        let replaced = write_cell(cells.entry(element.clone()).or_default(), &dot, present);
        self.wrote(Place { slot: slot.clone(), element: Some(element) }, &dot, &replaced)
    }

    fn reset_counter(&mut self, slot: &Slot) -> Merged<News> {
        let dot = self.next_dot();
        let old = match self.entries.get_mut(slot) {
            Some(Content::Counter(counter)) => counter.reset(&self.writer, dot.sequence),
            _ => None,
        };
        let replaced: Vec<Dot> = old.into_iter().map(|old| self.own_dot(old)).collect();
        self.wrote(slot.place(), &dot, &replaced)
    }

    /// The slot for a kind under a key, unless another kind can be read there.
    fn slot_for(&self, key: &Key, kind: Kind) -> Result<Slot, WriteError> {
        let slot = |kind| Slot { key: key.clone(), kind };
        let is_readable =
            |kind: &Kind| self.entries.get(&slot(*kind)).is_some_and(|content| self.is_visible(content));
        match Kind::ALL.into_iter().filter(|other| *other != kind).find(is_readable) {
            Some(existing) if !is_readable(&kind) => {
                Err(WriteError::WrongKind { key: key.clone(), existing })
            }
            _ => Ok(slot(kind)),
        }
    }

    fn next_dot(&mut self) -> Dot {
        self.begin_anew_at_the_end();
        self.own_sequence += 1;
        let sequence = self.own_sequence;
        let writer = self.writer.clone();
        self.cover(&writer, sequence - 1, sequence);
        Dot { writer, sequence }
    }

    /// A writer that has used up its numbers goes on as another. Nobody writes
    /// that much, but a forged delta may claim that it did.
    fn begin_anew_at_the_end(&mut self) {
        while self.own_sequence >= SEQUENCE_MAX {
            self.writer.epoch = self.writer.epoch.wrapping_add(1);
            self.own_sequence = self.vector().sequence(&self.writer);
        }
    }

    fn own_dot(&self, sequence: u64) -> Dot {
        Dot { writer: self.writer.clone(), sequence }
    }

    fn wrote(&mut self, place: Place, dot: &Dot, replaced: &[Dot]) -> Merged<News> {
        for old in replaced {
            self.supersede(old, dot);
        }
        self.mark(&place);
        let change = Change { key: place.slot.key.clone(), kind: place.slot.kind };
        self.remember_dot(&dot.writer, dot.sequence, place);
        let mut news = News::default();
        news.insert(&dot.writer, dot.sequence - 1, dot.sequence);
        Merged { news, changes: alloc::vec![change], progress: true }
    }
}

/// Writes to a cell; returns the dots that stood there.
fn write_cell<T: Ord>(cell: &mut Cell<T>, dot: &Dot, value: T) -> Vec<Dot> {
    let replaced = cell.siblings().map(|(dot, _)| dot.clone()).collect();
    cell.write(dot.clone(), value);
    replaced
}
