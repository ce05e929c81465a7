//! The counter: for each writer the totals that it added and took away; the
//! sum over all writers is the value. A writer's totals only grow, so the
//! larger sequence number holds the truth. (Shapiro et al. 2011, PN-Counter.)

use crate::id::Writer;
use alloc::collections::BTreeMap;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counter {
    parts: BTreeMap<Writer, CounterPart>,
}

/// One writer's share of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CounterPart {
    pub(crate) up: u64,
    pub(crate) down: u64,
    pub(crate) sequence: u64,
}

impl Counter {
    /// Adds to a writer's own share. Returns the sequence number that this
    /// supersedes, or nothing at all if the totals or the sum would overflow.
    pub(crate) fn add(&mut self, writer: &Writer, by: i64, sequence: u64) -> Option<Option<u64>> {
        let old = self.parts.get(writer).copied();
        let mut part = old.unwrap_or(CounterPart { up: 0, down: 0, sequence });
        let total = if by >= 0 { &mut part.up } else { &mut part.down };
        *total = total.checked_add(by.unsigned_abs())?;
        part.sequence = sequence;
        i64::try_from(self.wide_sum() + i128::from(by)).ok()?;
        self.parts.insert(writer.clone(), part);
        Some(old.map(|old| old.sequence))
    }

    /// Takes in a writer's share. Returns the superseded sequence number if
    /// the share was newer than what was here.
    pub(crate) fn merge_part(&mut self, writer: &Writer, part: CounterPart) -> Option<Option<u64>> {
        match self.parts.get(writer) {
            Some(ours) if ours.sequence >= part.sequence => None,
            old => {
                let superseded = old.map(|old| old.sequence);
                self.parts.insert(writer.clone(), part);
                Some(superseded)
            }
        }
    }

    /// The value; at the ends of its range if concurrent additions left it.
    pub(crate) fn sum(&self) -> i64 {
        let sum = self.wide_sum();
        i64::try_from(sum).unwrap_or(if sum > 0 { i64::MAX } else { i64::MIN })
    }

    /// One writer's share.
    pub(crate) fn part(&self, writer: &Writer) -> Option<CounterPart> {
        self.parts.get(writer).copied()
    }

    fn wide_sum(&self) -> i128 {
        self.parts.values().map(|part| i128::from(part.up) - i128::from(part.down)).sum()
    }
}
