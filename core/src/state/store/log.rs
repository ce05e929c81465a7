//! Where each dot of one writer stands, and which of its own dots a writer has
//! superseded lately. The latter matters for what a delta may claim: "you have
//! seen dot 4" is only safe to say together with whatever took the place of
//! dot 4, or else a peer could miss both if everyone who had the later write
//! died. Where the same writer wrote the later one, it is in the same run.

use super::Place;
use alloc::collections::BTreeMap;
use core::ops::Bound::{Excluded, Included};

/// Most superseded dots remembered per writer, the newest: enough for what is
/// coalesced while a peer cannot be sent to. A guess; what is forgotten is
/// claimed by complete repairs only.
pub(super) const SUPERSEDED_MAX: u32 = 256;

#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    /// Where the dot's write stands.
    standing: BTreeMap<u64, Place>,
    /// Which later dot of the same writer took its place.
    superseded: BTreeMap<u64, u64>,
}

impl Log {
    pub(super) fn stands(&mut self, sequence: u64, place: Place) {
        self.superseded.remove(&sequence);
        self.standing.insert(sequence, place);
    }

    /// A dot's write was superseded by a later one of the same writer.
    pub(super) fn superseded(&mut self, sequence: u64, by: u64) {
        self.standing.remove(&sequence);
        self.superseded.insert(sequence, by);
        if self.superseded.len() > SUPERSEDED_MAX as usize {
            self.superseded.pop_first();
        }
    }

    /// The superseded dots that are remembered, and by which each was.
    pub(super) fn all_superseded(&self) -> impl Iterator<Item = (u64, u64)> {
        self.superseded.iter().map(|(sequence, by)| (*sequence, *by))
    }

    /// Remembers these superseded dots and no others.
    pub(super) fn remember_superseded(&mut self, superseded: impl Iterator<Item = (u64, u64)>) {
        self.superseded.clear();
        for (sequence, by) in superseded {
            if !self.is_known(sequence) {
                self.superseded(sequence, by);
            }
        }
    }

    /// A dot's write stands no more, by someone else's doing.
    pub(super) fn forget(&mut self, sequence: u64) {
        self.standing.remove(&sequence);
        self.superseded.remove(&sequence);
    }

    /// How many dots stand.
    pub(super) fn standing(&self) -> usize {
        self.standing.len()
    }

    /// What stands up to a sequence number, in order.
    pub(super) fn standing_upto(&self, upto: u64) -> impl Iterator<Item = (u64, &Place)> {
        self.standing.range(..=upto).map(|(sequence, place)| (*sequence, place))
    }

    pub(super) fn stands_at(&self, sequence: u64) -> bool {
        self.standing.contains_key(&sequence)
    }

    pub(super) fn is_known(&self, sequence: u64) -> bool {
        self.stands_at(sequence) || self.superseded.contains_key(&sequence)
    }

    /// What stands above `after` up to `upto`, in order.
    pub(super) fn standing_in(&self, after: u64, upto: u64) -> impl Iterator<Item = (u64, &Place)> {
        let range = (Excluded(after), Included(upto));
        self.standing.range(range).map(|(sequence, place)| (*sequence, place))
    }

    /// What was superseded above `after` up to `upto`, and by what, in order.
    pub(super) fn superseded_in(&self, after: u64, upto: u64) -> impl DoubleEndedIterator<Item = (u64, u64)> {
        let range = (Excluded(after), Included(upto));
        self.superseded.range(range).map(|(sequence, by)| (*sequence, *by))
    }
}
