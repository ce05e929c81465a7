//! Reading the Store: what stands under a key, as this node sees it now.
//! Deleted and expired things do not show. Nothing here changes anything.

use super::register::{self, is_element};
use super::{Content, Key, Kind, Place, Sibling, Slot, Store, Value};
use crate::hlc::Hlc;
use crate::id::Writer;
use crate::time::Instant;
use alloc::vec::Vec;

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
        /// When it will read as nothing; never, if none.
        expires: Option<Instant>,
    },
    /// A counter: its sum.
    Counter {
        /// Increments minus decrements, over all writers.
        sum: i64,
    },
    /// A multi-value register: more than one value is a conflict.
    MultiValue {
        /// The values that no later write has replaced, with their writers.
        values: Vec<(&'a Value, &'a Writer)>,
    },
    /// A set.
    Set {
        /// Its elements, in order.
        elements: Vec<&'a Value>,
    },
}

/// See [`Store::glance`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Glance {
    One(Value),
    Sum(i64),
    Many(Vec<Value>),
    In,
}

impl Reading<'_> {
    /// The kind of what was read.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Register { .. } => Kind::Register,
            Self::Counter { .. } => Kind::Counter,
            Self::MultiValue { .. } => Kind::MultiValue,
            Self::Set { .. } => Kind::Set,
        }
    }
}

impl Store {
    /// What stands under a key: at most one entry per kind, and more than one
    /// only where nodes created it as different kinds at once.
    pub fn get(&self, key: &Key) -> impl Iterator<Item = Reading<'_>> {
        let first = Slot { key: key.clone(), kind: Kind::Register };
        let key = key.clone();
        let slots = self.entries.range(first..).take_while(move |(slot, _)| slot.key == key);
        slots.filter_map(|(_, content)| self.read(content))
    }

    /// The value of a register.
    pub fn register(&self, key: &Key) -> Option<&Value> {
        self.get(key).find_map(|reading| match reading {
            Reading::Register { value, .. } => Some(value),
            _ => None,
        })
    }

    /// The sum of a counter.
    pub fn counter(&self, key: &Key) -> Option<i64> {
        self.get(key).find_map(|reading| match reading {
            Reading::Counter { sum } => Some(sum),
            _ => None,
        })
    }

    /// The elements of a set; none if there is no such set.
    pub fn elements(&self, key: &Key) -> Vec<&Value> {
        let set = self.get(key).find_map(|reading| match reading {
            Reading::Set { elements } => Some(elements),
            _ => None,
        });
        set.unwrap_or_default()
    }

    /// The values of a multi-value register; none if there is no such one.
    pub fn values(&self, key: &Key) -> Vec<&Value> {
        let values = self.get(key).find_map(|reading| match reading {
            Reading::MultiValue { values } => Some(values.into_iter().map(|(value, _)| value).collect()),
            _ => None,
        });
        values.unwrap_or_default()
    }

    /// All entries, by key.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        self.iter_from("")
    }

    /// All entries whose key is this text or sorts after it, by key. What stands before costs nothing. The text need
    /// not be a key.
    pub fn iter_from(&self, text: &str) -> impl Iterator<Item = Entry<'_>> {
        let first = Slot { key: Key::bound(text), kind: Kind::Register };
        let entries = self.entries.range(first..);
        entries.filter_map(|(slot, content)| Some(Entry { key: &slot.key, reading: self.read(content)? }))
    }

    /// How many entries can be read.
    pub fn len(&self) -> usize {
        self.entries.values().filter(|content| self.is_visible(content)).count()
    }

    /// Can nothing be read?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What can be seen at one place: enough to tell whether it reads
    /// differently after a merge.
    pub(super) fn glance(&self, place: &Place) -> Option<Glance> {
        match (self.entries.get(&place.slot)?, &place.element) {
            (Content::Register(cell), _) => {
                register::winner(cell, self.now).map(|(_, _, value)| Glance::One(value.clone()))
            }
            (Content::Counter(counter), _) => counter.is_visible().then(|| Glance::Sum(counter.sum())),
            (Content::MultiValue(cell), _) => {
                let values: Vec<Value> =
                    register::values(cell, self.now).map(|(_, _, value)| value.clone()).collect();
                (!values.is_empty()).then_some(Glance::Many(values))
            }
            (Content::Set(cells), Some(element)) => register::contains(cells, element).then_some(Glance::In),
            (Content::Set(_), None) => None,
        }
    }

    pub(super) fn is_visible(&self, content: &Content) -> bool {
        match content {
            Content::Register(cell) => register::winner(cell, self.now).is_some(),
            Content::Counter(counter) => counter.is_visible(),
            Content::MultiValue(cell) => register::values(cell, self.now).next().is_some(),
            Content::Set(cells) => cells.values().any(is_element),
        }
    }

    fn read<'a>(&self, content: &'a Content) -> Option<Reading<'a>> {
        if !self.is_visible(content) {
            return None;
        }
        Some(match content {
            Content::Register(cell) => {
                let (dot, Sibling { stamp, expires, .. }, value) = register::winner(cell, self.now)?;
                Reading::Register { value, stamp: *stamp, author: &dot.writer, expires: *expires }
            }
            Content::Counter(counter) => Reading::Counter { sum: counter.sum() },
            Content::MultiValue(cell) => {
                let values = register::values(cell, self.now).map(|(dot, _, value)| (value, &dot.writer));
                Reading::MultiValue { values: values.collect() }
            }
            Content::Set(cells) => {
                let elements = cells.iter().filter(|(_, cell)| is_element(cell));
                Reading::Set { elements: elements.map(|(element, _)| element).collect() }
            }
        })
    }
}
