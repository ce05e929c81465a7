//! The counter: for each writer the totals that it added and took away; the
//! sum over all writers is the value. A writer's totals only grow, so the
//! larger sequence number holds the truth. (Shapiro et al. 2011, PN-Counter.)
//!
//! Deleting it takes the totals seen so far as a base that no longer counts:
//! increments that the deleting node had not seen survive exactly. Bases only
//! grow, too, so a deleted counter is a counter at zero that nobody shows, and
//! its record, a few numbers per writer, stays.

use crate::id::Writer;
use crate::ordered::Map;
use serde::{Deserialize, Serialize};

/// All that a writer ever added and took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Added.
    pub up: u64,
    /// Taken away.
    pub down: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counter {
    parts: Map<Writer, (u64, Totals)>,
    /// The latest delete of each writer that deleted: its sequence number and
    /// the totals that it had seen.
    resets: Map<Writer, (u64, Map<Writer, Totals>)>,
}

impl Totals {
    fn join(&mut self, other: Self) {
        self.up = self.up.max(other.up);
        self.down = self.down.max(other.down);
    }
}

impl Counter {
    /// Adds to a writer's own share. Returns the sequence number that this
    /// supersedes, or nothing at all if the totals or the sum would overflow.
    pub(crate) fn add(&mut self, writer: &Writer, by: i64, sequence: u64) -> Option<Option<u64>> {
        let old = self.parts.get(writer).copied();
        let mut totals = old.map_or(Totals::default(), |(_, totals)| totals);
        let total = if by >= 0 { &mut totals.up } else { &mut totals.down };
        *total = total.checked_add(by.unsigned_abs())?;
        i64::try_from(self.wide_sum() + i128::from(by)).ok()?;
        self.parts.insert(writer.clone(), (sequence, totals));
        Some(old.map(|(sequence, _)| sequence))
    }

    /// Takes everything seen so far out of the sum. Returns the sequence
    /// number of the writer's earlier delete, if there is one.
    pub(crate) fn reset(&mut self, writer: &Writer, sequence: u64) -> Option<u64> {
        let seen = self.parts.iter().map(|(writer, (_, totals))| (writer.clone(), *totals)).collect();
        self.resets.insert(writer.clone(), (sequence, seen)).map(|(old, _)| old)
    }

    /// Takes in a writer's share. Returns the superseded sequence number if
    /// the share was newer than what was here.
    pub(crate) fn merge_part(
        &mut self,
        writer: &Writer,
        sequence: u64,
        totals: Totals,
    ) -> Option<Option<u64>> {
        match self.parts.get(writer) {
            Some((ours, _)) if *ours >= sequence => None,
            old => {
                let superseded = old.map(|(sequence, _)| *sequence);
                self.parts.insert(writer.clone(), (sequence, totals));
                Some(superseded)
            }
        }
    }

    /// Takes in a writer's delete, as [`Counter::merge_part`].
    pub(crate) fn merge_reset(
        &mut self,
        writer: &Writer,
        sequence: u64,
        seen: Map<Writer, Totals>,
    ) -> Option<Option<u64>> {
        match self.resets.get(writer) {
            Some((ours, _)) if *ours >= sequence => None,
            old => {
                let superseded = old.map(|(sequence, _)| *sequence);
                self.resets.insert(writer.clone(), (sequence, seen));
                Some(superseded)
            }
        }
    }

    /// The value; at the ends of its range if concurrent additions left it.
    pub(crate) fn sum(&self) -> i64 {
        let sum = self.wide_sum();
        i64::try_from(sum).unwrap_or(if sum > 0 { i64::MAX } else { i64::MIN })
    }

    /// Is there anything beyond what was deleted?
    pub(crate) fn is_visible(&self) -> bool {
        let base = self.base();
        self.parts.iter().any(|(writer, (_, totals))| {
            let base = base.get(writer).copied().unwrap_or_default();
            totals.up > base.up || totals.down > base.down || (self.resets.is_empty())
        })
    }

    /// One writer's share, by the sequence number that it stands under.
    pub(crate) fn part(&self, writer: &Writer, sequence: u64) -> Option<Totals> {
        self.parts.get(writer).filter(|(ours, _)| *ours == sequence).map(|(_, totals)| *totals)
    }

    /// One writer's delete, by the sequence number that it stands under.
    pub(crate) fn reset_at(&self, writer: &Writer, sequence: u64) -> Option<&Map<Writer, Totals>> {
        self.resets.get(writer).filter(|(ours, _)| *ours == sequence).map(|(_, seen)| seen)
    }

    fn base(&self) -> Map<Writer, Totals> {
        let mut base: Map<Writer, Totals> = Map::new();
        for (_, seen) in self.resets.values() {
            for (writer, totals) in seen {
                base.or_default(writer.clone()).join(*totals);
            }
        }
        base
    }

    fn wide_sum(&self) -> i128 {
        let base = self.base();
        let count = |totals: Totals| i128::from(totals.up) - i128::from(totals.down);
        let parts = self.parts.iter();
        parts
            .map(|(writer, (_, totals))| {
                let mut counted = *totals;
                let base = base.get(writer).copied().unwrap_or_default();
                // A delete may arrive before the increments that it had seen.
                counted.join(base);
                count(counted) - count(base)
            })
            .sum()
    }
}
