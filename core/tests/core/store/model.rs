//! What a store should read, told from the writes alone: which writes there
//! were, and which of them each had seen. No merge, no delta, no garbage.

use rumormill_core::state::State;
use rumormill_core::state::store::{Key, Reading};
use rumormill_core::{Hlc, Store, Value, Writer};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone)]
pub(super) enum Effect {
    /// A write to a register: what, and for how long.
    Value {
        value: Option<Value>,
        stamp: Hlc,
        ends: bool,
    },
    /// An element came or went.
    Element {
        element: Value,
        present: bool,
    },
    Add(i64),
    Reset,
}

#[derive(Debug, Clone)]
struct Op {
    writer: Writer,
    sequence: u64,
    key: Key,
    effect: Effect,
    /// The earlier writes to the same key that its writer had seen.
    past: BTreeSet<usize>,
}

impl Op {
    fn element(&self) -> Option<&Value> {
        match &self.effect {
            Effect::Element { element, .. } => Some(element),
            _ => None,
        }
    }

    fn same_place(&self, other: &Self) -> bool {
        self.key == other.key && self.element() == other.element()
    }
}

#[derive(Debug, Default)]
pub(super) struct Model {
    ops: Vec<Op>,
}

impl Model {
    /// Notes a write that `store`, as it was before, is about to make.
    pub(super) fn wrote(&mut self, store: &Store, sequence: u64, key: &Key, effect: Effect) {
        let writer = store.writer().clone();
        let mut op = Op { writer, sequence, key: key.clone(), effect, past: BTreeSet::new() };
        let mut past = BTreeSet::new();
        for (n, other) in self.ops.iter().enumerate().filter(|(_, other)| other.same_place(&op)) {
            if self.is_known(store, other) {
                past.insert(n);
                // A write replaces what those that it replaces had replaced; a
                // counter's delete takes away only what its writer held itself.
                if !matches!(op.effect, Effect::Add(_) | Effect::Reset) {
                    past.extend(&other.past);
                }
            }
        }
        op.past = past;
        self.ops.push(op);
    }

    /// Has the store seen the write? A counter's later share holds the earlier.
    fn is_known(&self, store: &Store, op: &Op) -> bool {
        let holds = |other: &Op| match (&op.effect, &other.effect) {
            (Effect::Add(_), Effect::Add(_)) => {
                other.key == op.key && other.writer == op.writer && other.sequence >= op.sequence
            }
            _ => other.writer == op.writer && other.sequence == op.sequence,
        };
        let mut holding = self.ops.iter().filter(|other| holds(other));
        holding.any(|other| store.has_seen(&other.writer, other.sequence))
    }

    /// How many of the writes the store has seen.
    pub(super) fn known(&self, store: &Store) -> usize {
        self.ops.iter().filter(|op| self.is_known(store, op)).count()
    }

    /// What the store should read when it has all that it will ever have and
    /// everything with an end has ended.
    pub(super) fn expected(&self, store: &Store) -> BTreeMap<String, String> {
        let known: Vec<(usize, &Op)> =
            self.ops.iter().enumerate().filter(|(_, op)| self.is_known(store, op)).collect();
        let over: BTreeSet<usize> = known.iter().flat_map(|(_, op)| op.past.iter().copied()).collect();
        let keys: BTreeSet<&Key> = known.iter().map(|(_, op)| &op.key).collect();
        let mut expected = BTreeMap::new();
        for key in keys {
            let here = || known.iter().filter(|(_, op)| op.key == *key);
            let standing: Vec<&Op> = here().filter(|(n, _)| !over.contains(n)).map(|(_, op)| *op).collect();
            let text = match &standing[0].effect {
                Effect::Value { .. } => values(key, &standing),
                Effect::Element { .. } => elements(&standing),
                Effect::Add(_) | Effect::Reset => counter(&here().copied().collect::<Vec<_>>()),
            };
            expected.extend(text.map(|text| (key.to_string(), text)));
        }
        expected
    }
}

fn values(key: &Key, standing: &[&Op]) -> Option<String> {
    let mut values: Vec<_> = standing
        .iter()
        .filter_map(|op| match &op.effect {
            Effect::Value { value: Some(value), stamp, ends } => {
                Some((*stamp, op.writer.clone(), op.sequence, value, *ends))
            }
            _ => None,
        })
        .collect();
    if key.as_str().starts_with(['r', 't']) {
        let (.., value, _) = values.into_iter().filter(|(.., ends)| !ends).max()?;
        return Some(format!("{value:?}"));
    }
    values.sort_by(|a, b| (&a.1, a.2).cmp(&(&b.1, b.2)));
    let values: Vec<_> =
        values.into_iter().filter(|(.., ends)| !ends).map(|(_, _, _, value, _)| value).collect();
    (!values.is_empty()).then(|| format!("{values:?}"))
}

fn elements(standing: &[&Op]) -> Option<String> {
    let present = standing.iter().filter_map(|op| match &op.effect {
        Effect::Element { element, present: true } => Some(element),
        _ => None,
    });
    let present: BTreeSet<&Value> = present.collect();
    (!present.is_empty()).then(|| format!("{:?}", present.into_iter().collect::<Vec<_>>()))
}

fn counter(here: &[(usize, &Op)]) -> Option<String> {
    let resets = here.iter().filter(|(_, op)| matches!(op.effect, Effect::Reset));
    let gone: BTreeSet<usize> = resets.flat_map(|(_, op)| op.past.iter().copied()).collect();
    let counted: Vec<i64> = here
        .iter()
        .filter(|(n, _)| !gone.contains(n))
        .filter_map(|(_, op)| match op.effect {
            Effect::Add(by) => Some(by),
            _ => None,
        })
        .collect();
    (!counted.is_empty()).then(|| counted.iter().sum::<i64>().to_string())
}

/// What a store reads, in the model's words.
pub(super) fn readings(store: &Store) -> BTreeMap<String, String> {
    let show = |reading: Reading<'_>| match reading {
        Reading::Register { value, .. } => format!("{value:?}"),
        Reading::Counter { sum } => sum.to_string(),
        Reading::MultiValue { values } => {
            format!("{:?}", values.into_iter().map(|(value, _)| value).collect::<Vec<_>>())
        }
        Reading::Set { elements } => format!("{elements:?}"),
    };
    store.iter().map(|entry| (entry.key.to_string(), show(entry.reading))).collect()
}

/// As [`readings`], without what ends by each replica's clock.
pub(super) fn lasting(store: &Store) -> BTreeMap<String, String> {
    let mut readings = readings(store);
    readings.retain(|key, _| !key.starts_with(['t', 'u']));
    readings
}

/// Two stores that have seen the same must read the same.
pub(super) fn alike(a: &Store, b: &Store) -> Result<(), String> {
    if a.hash() == b.hash() && lasting(a) != lasting(b) {
        return Err(format!("equal hashes, but {:?} and {:?}", lasting(a), lasting(b)));
    }
    Ok(())
}
