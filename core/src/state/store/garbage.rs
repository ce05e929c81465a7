//! How deleted and expired things go for good. A tombstone may go when every
//! member that could bring the deleted thing back has been seen to cover the
//! delete: then it is causally stable (Baquero et al., "Pure Operation-Based
//! Replicated Data Types", 2017, §5). Who those members are is the caller's to
//! say: those that are active, so one that never comes back holds up nothing.
//!
//! A replica that was away meanwhile may still hold what everyone else has
//! deleted and forgotten. It is recognised by what it has not seen (its digest
//! does not cover the `floor`), and told so: it then drops what the other one
//! had seen and gets it again, while its own unseen writes stay.

use super::coverage::Coverage;
use super::{Change, Content, Place, Store};
use crate::time::Instant;
use crate::version::VersionVector;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// What a store has seen, and up to where it has dropped what is no more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// The writes seen.
    pub seen: Coverage,
    /// Of the writes up to here nothing is held that is deleted elsewhere.
    pub floor: VersionVector,
}

impl Store {
    /// Keeps the indices of what cannot be read and of what will end.
    pub(super) fn mark(&mut self, place: &Place) {
        let gone = match self.entries.get(&place.slot) {
            Some(content @ (Content::Register(cell) | Content::MultiValue(cell))) => {
                let ends = cell.siblings().filter_map(|(_, sibling)| sibling.expires);
                for at in ends.filter(|at| *at > self.now) {
                    self.expiring.insert((at, place.slot.clone()));
                }
                !self.is_visible(content)
            }
            Some(Content::Set(cells)) => {
                let cell = place.element.as_ref().and_then(|element| cells.get(element));
                cell.is_some_and(|cell| cell.siblings().all(|(_, present)| !present))
            }
            Some(Content::Counter(_)) | None => false,
        };
        if gone {
            self.tombstones.insert(place.clone());
        } else {
            self.tombstones.remove(place);
        }
    }

    /// Lets registers whose time is over read as nothing.
    pub(super) fn expire_until(&mut self, now: Instant) -> Vec<Change> {
        self.now = self.now.max(now);
        let mut changes = Vec::new();
        while self.expiring.first().is_some_and(|(at, _)| *at <= self.now) {
            let Some((at, slot)) = self.expiring.pop_first() else { break };
            // It may have been set again meanwhile.
            let ended = match self.entries.get(&slot) {
                Some(Content::Register(cell) | Content::MultiValue(cell)) => {
                    cell.siblings().any(|(_, sibling)| sibling.expires == Some(at) && sibling.value.is_some())
                }
                _ => false,
            };
            if ended {
                changes.push(Change { key: slot.key.clone(), kind: slot.kind });
                self.mark(&slot.place());
            }
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

    /// May a replica with that digest hold what was deleted below the floor?
    pub(super) fn is_outdated(digest: &Digest, floor: &VersionVector) -> bool {
        let mut safe = digest.seen.vector().clone();
        safe.merge(&digest.floor);
        !safe.covers(floor)
    }

    /// Drops everything that a replica with that digest has seen, to get it
    /// again from there without what was deleted. What it has not seen stays.
    pub(super) fn start_over(&mut self, theirs: &Digest) -> Vec<Change> {
        let kept = self.delta_against(&theirs.seen, usize::MAX).delta;
        let mut fresh = Self::new(self.writer.node.clone(), self.writer.epoch);
        (fresh.clock, fresh.now, fresh.own_sequence) = (self.clock, self.now, self.own_sequence);
        fresh.unbelievable = self.unbelievable;
        fresh.take_in(kept);
        fresh.floor = theirs.floor.clone();
        fresh.floor.merge(&self.floor);
        let before = self.iter().map(|entry| Change { key: entry.key.clone(), kind: entry.reading.kind() });
        let changes = before.collect();
        *self = fresh;
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

    fn bury(&mut self, place: &Place) {
        self.tombstones.remove(place);
        let mut dots = Vec::new();
        match self.entries.get_mut(&place.slot) {
            Some(Content::Register(cell) | Content::MultiValue(cell)) => {
                dots.extend(cell.siblings().map(|(dot, _)| dot.clone()));
                self.floor.merge(cell.context());
                self.entries.remove(&place.slot);
            }
            Some(Content::Set(cells)) => {
                if let Some(cell) = place.element.as_ref().and_then(|element| cells.remove(element)) {
                    dots.extend(cell.siblings().map(|(dot, _)| dot.clone()));
                    self.floor.merge(cell.context());
                }
                if cells.is_empty() {
                    self.entries.remove(&place.slot);
                }
            }
            Some(Content::Counter(_)) | None => {}
        }
        for dot in dots {
            if let Some(log) = self.log.get_mut(&dot.writer) {
                log.forget(dot.sequence);
            }
        }
    }
}
