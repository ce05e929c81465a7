//! Registers: a value that later writes replace. Both kinds are one cell; they
//! differ in how concurrent writes read. A register reads as the one with the
//! latest stamp, then the greatest dot: properties of the write, never of who
//! carried it. A multi-value register reads as all of them.
//!
//! A delete is a write of nothing and replaces only what it had seen: a
//! concurrent write survives it, whatever the clocks say. A write whose time is
//! over is as good as deleted. So it makes no difference to what is read
//! whether a replica still remembers the one or the other.

use super::Value;
use super::cell::{Cell, Dot};
use crate::hlc::Hlc;
use crate::time::{Duration, Instant};
use alloc::collections::BTreeMap;
use serde::{Deserialize, Serialize};

/// What one write to a register left there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sibling {
    /// When it was written, by the hybrid clock.
    pub(super) stamp: Hlc,
    /// The value; none if it was deleted.
    pub(super) value: Option<Value>,
    /// When it reads as nothing, by this node's clock; never, if none.
    pub(super) expires: Option<Instant>,
}

/// The same as it travels. What is left of a time to live is told as a span,
/// so the clock of neither side matters: it lasts longer only by what it spent
/// under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// When it was written, by the hybrid clock.
    pub stamp: Hlc,
    /// The value; none if it was deleted.
    pub value: Option<Value>,
    /// For how long it may still be read; for ever, if none.
    pub left: Option<Duration>,
}

impl Written {
    pub(super) fn taken_in(self, now: Instant) -> Sibling {
        let Self { stamp, value, left } = self;
        Sibling { stamp, value, expires: left.map(|left| now + left) }
    }
}

impl Sibling {
    pub(super) fn written(&self, now: Instant) -> Written {
        let left = self.expires.map(|at| at.since(now));
        Written { stamp: self.stamp, value: self.value.clone(), left }
    }

    /// The value, unless it was deleted or its time is over.
    fn visible(&self, now: Instant) -> Option<&Value> {
        if self.expires.is_some_and(|at| at <= now) { None } else { self.value.as_ref() }
    }
}

/// What a register reads as, and the write that it is from.
pub(super) fn winner(cell: &Cell<Sibling>, now: Instant) -> Option<(&Dot, &Sibling, &Value)> {
    values(cell, now).max_by_key(|(dot, sibling, _)| (sibling.stamp, *dot))
}

/// What a multi-value register reads as.
pub(super) fn values(cell: &Cell<Sibling>, now: Instant) -> impl Iterator<Item = (&Dot, &Sibling, &Value)> {
    cell.siblings().filter_map(move |(dot, sibling)| sibling.visible(now).map(|value| (dot, sibling, value)))
}

/// Is the element of this cell in its set? An add that no remove had seen
/// wins over removes.
pub(super) fn is_element(cell: &Cell<bool>) -> bool {
    cell.siblings().any(|(_, present)| *present)
}

/// Is the element in the set of these cells?
pub(super) fn contains(cells: &BTreeMap<Value, Cell<bool>>, element: &Value) -> bool {
    cells.get(element).is_some_and(is_element)
}
