//! How deleted and expired things go for good. A tombstone may go when every
//! member that could bring the deleted thing back has been seen to cover the
//! delete: then it is causally stable (Baquero et al., "Pure Operation-Based
//! Replicated Data Types", 2017, §5). Who those members are is the caller's to
//! say: those that are active, so one that never comes back holds up nothing.
//!
//! A replica that was away meanwhile may still hold what everyone else has
//! deleted and forgotten. It is recognised by what it has not seen (its digest
//! does not cover the `floor`), and the delta that completes its repair brings
//! a roll call: what was written up to the floor and still stands. What it
//! holds beyond that was deleted. (The merge of Bieniusa et al., "An Optimized
//! Conflict-free Replicated Set", 2012, used only where a tombstone is missing.)

use super::coverage::{self, Coverage};
use super::{Change, Content, Dot, Kind, Place, Slot, Store};
use crate::id::Writer;
use crate::ordered::Map;
use crate::state::InvalidDelta;
use crate::time::Instant;
use crate::version::VersionVector;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// What a store has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// The writes seen.
    pub seen: Coverage,
}

/// Everything that stands of what was written up to a floor. Counters are not
/// in it: their records stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roll {
    /// Up to where.
    pub floor: VersionVector,
    /// Per writer the numbers of the writes that stand, as `[skipped, standing]`
    /// in turn, each counted from where the last one ended.
    pub standing: Vec<(Writer, Vec<(u64, u64)>)>,
}

/// A roll call as it is used: ranges per writer, each after and up to.
pub(super) type Standing = Map<Writer, Vec<(u64, u64)>>;

impl Roll {
    /// The ranges of the writes that stand, if they are in order.
    pub(super) fn parse(&self) -> Result<Standing, InvalidDelta> {
        let ranges = |(writer, steps): &(Writer, Vec<(u64, u64)>)| {
            let ranges = coverage::ranges(0, steps).ok_or(InvalidDelta("a roll call is out of order"))?;
            Ok((writer.clone(), ranges))
        };
        self.standing.iter().map(ranges).collect()
    }
}

impl Store {
    /// Keeps the indices of what cannot be read and of what will end.
    pub(super) fn mark(&mut self, place: &Place) {
        let mut end = None;
        let gone = match self.entries.get(&place.slot) {
            Some(content @ (Content::Register(cell) | Content::MultiValue(cell))) => {
                let ends = cell.siblings().filter_map(|(_, sibling)| sibling.expires);
                end = ends.filter(|at| *at > self.now).min();
                !self.is_visible(content)
            }
            Some(Content::Set(cells)) => {
                let cell = place.element.as_ref().and_then(|element| cells.get(element));
                cell.is_some_and(|cell| cell.siblings().all(|(_, present)| !present))
            }
            Some(Content::Counter(_)) | None => false,
        };
        self.ends_at(&place.slot, end);
        if gone {
            self.tombstones.insert(place.clone());
        } else {
            self.tombstones.remove(place);
        }
    }

    /// Notes when something in a slot next ends: one entry per slot, however
    /// often it is set again.
    fn ends_at(&mut self, slot: &Slot, end: Option<Instant>) {
        let before = match end {
            Some(at) => self.ends.insert(slot.clone(), at),
            None => self.ends.remove(slot),
        };
        if before != end {
            if let Some(before) = before {
                self.expiring.remove(&(before, slot.clone()));
            }
            if let Some(at) = end {
                self.expiring.insert((at, slot.clone()));
            }
        }
    }

    /// Lets registers whose time is over read as nothing.
    pub(super) fn expire_until(&mut self, now: Instant) -> Vec<Change> {
        self.now = self.now.max(now);
        let mut changes = Vec::new();
        while self.expiring.first().is_some_and(|(at, _)| *at <= self.now) {
            let Some((at, slot)) = self.expiring.pop_first() else { break };
            self.ends.remove(&slot);
            let ended = match self.entries.get(&slot) {
                Some(Content::Register(cell) | Content::MultiValue(cell)) => {
                    cell.siblings().any(|(_, sibling)| sibling.expires == Some(at) && sibling.value.is_some())
                }
                _ => false,
            };
            if ended {
                changes.push(Change { key: slot.key.clone(), kind: slot.kind });
            }
            self.mark(&slot.place());
        }
        changes
    }

    /// Drops the tombstones that all of these have seen. Returns how many.
    pub(super) fn collect_garbage<'a>(&mut self, everyone: impl Iterator<Item = &'a Digest>) -> u32 {
        let mut stable = self.coverage.vector().clone();
        for digest in everyone {
            stable = stable.meet(digest.seen.vector());
        }
        let covered: Vec<Place> =
            self.tombstones.iter().filter(|place| self.is_stable(place, &stable)).cloned().collect();
        for place in &covered {
            self.bury(place);
        }
        covered.len() as u32
    }

    /// The roll call that a replica which has seen that much needs; none if it
    /// has seen every delete that this store has forgotten.
    pub(super) fn roll_for(&self, theirs: &Coverage) -> Option<Roll> {
        if theirs.vector().covers(&self.floor) {
            return None;
        }
        let standing = self.floor.iter().filter_map(|(writer, upto)| {
            let mut ranges: Vec<(u64, u64)> = Vec::new();
            for (sequence, place) in self.log.get(writer)?.standing_upto(upto) {
                match ranges.last_mut() {
                    _ if place.slot.kind == Kind::Counter => {}
                    Some((_, end)) if *end + 1 == sequence => *end = sequence,
                    _ => ranges.push((sequence - 1, sequence)),
                }
            }
            Some((writer.clone(), coverage::steps(0, ranges.into_iter())))
        });
        Some(Roll { floor: self.floor.clone(), standing: standing.collect() })
    }

    /// Drops what a roll call does not name. Only for a replica that has all
    /// that the caller has: what it holds beyond that was deleted there.
    pub(super) fn answer_roll(&mut self, floor: &VersionVector, standing: &Standing) -> Vec<Change> {
        let mut gone: Vec<(Dot, Place)> = Vec::new();
        for (writer, upto) in floor.iter() {
            let Some(log) = self.log.get(writer) else { continue };
            let mut named = standing.get(writer).map(Vec::as_slice).unwrap_or_default().iter().peekable();
            for (sequence, place) in log.standing_upto(upto) {
                while named.next_if(|(_, upto)| *upto < sequence).is_some() {}
                let is_named = named.peek().is_some_and(|(after, _)| *after < sequence);
                if !is_named && place.slot.kind != Kind::Counter {
                    gone.push((Dot { writer: writer.clone(), sequence }, place.clone()));
                }
            }
        }
        let mut changes = Vec::new();
        for (dot, place) in gone {
            let before = self.glance(&place);
            self.drop_sibling(&dot, &place);
            if self.glance(&place) != before {
                changes.push(Change { key: place.slot.key.clone(), kind: place.slot.kind });
            }
        }
        self.floor.merge(floor);
        changes
    }

    fn is_stable(&self, place: &Place, stable: &VersionVector) -> bool {
        match (self.entries.get(&place.slot), &place.element) {
            (Some(Content::Register(cell) | Content::MultiValue(cell)), _) => stable.covers(cell.context()),
            (Some(Content::Set(cells)), Some(element)) => {
                cells.get(element).is_none_or(|cell| stable.covers(cell.context()))
            }
            _ => true,
        }
    }

    /// Forgets a place; what was written there counts into the floor.
    fn bury(&mut self, place: &Place) {
        let mut dots: Vec<Dot> = Vec::new();
        match self.entries.get(&place.slot) {
            Some(Content::Register(cell) | Content::MultiValue(cell)) => {
                dots.extend(cell.siblings().map(|(dot, _)| dot.clone()));
                self.floor.merge(cell.context());
            }
            Some(Content::Set(cells)) => {
                if let Some(cell) = place.element.as_ref().and_then(|element| cells.get(element)) {
                    dots.extend(cell.siblings().map(|(dot, _)| dot.clone()));
                    self.floor.merge(cell.context());
                }
            }
            Some(Content::Counter(_)) | None => {}
        }
        for dot in &dots {
            self.drop_sibling(dot, place);
        }
        self.tombstones.remove(place);
    }

    /// Lets go of one write, and of its place if nothing else stands there.
    fn drop_sibling(&mut self, dot: &Dot, place: &Place) {
        let is_empty = match self.entries.get_mut(&place.slot) {
            Some(Content::Register(cell) | Content::MultiValue(cell)) => cell.drop_sibling(dot),
            Some(Content::Set(cells)) => {
                if let Some(element) = &place.element
                    && cells.get_mut(element).is_some_and(|cell| cell.drop_sibling(dot))
                {
                    cells.remove(element);
                }
                cells.is_empty()
            }
            Some(Content::Counter(_)) | None => false,
        };
        if is_empty {
            self.entries.remove(&place.slot);
        }
        if let Some(log) = self.log.get_mut(&dot.writer) {
            log.forget(dot.sequence);
        }
        self.mark(place);
    }
}
