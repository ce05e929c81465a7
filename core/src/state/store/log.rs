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

#[derive(Debug, Clone)]
pub(super) enum Mark {
    /// The dot's write stands here.
    Stands(Place),
    /// A later dot of the same writer took its place.
    Superseded { by: u64 },
}

#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    marks: BTreeMap<u64, Mark>,
    superseded: u32,
}

impl Log {
    pub(super) fn stands(&mut self, sequence: u64, place: Place) {
        self.replace(sequence, Some(Mark::Stands(place)));
    }

    /// A dot's write was superseded by a later one of the same writer.
    pub(super) fn superseded(&mut self, sequence: u64, by: u64) {
        self.replace(sequence, Some(Mark::Superseded { by }));
        self.superseded += 1;
        if self.superseded > SUPERSEDED_MAX {
            let mut marks = self.marks.iter();
            let oldest = marks.find(|(_, mark)| matches!(mark, Mark::Superseded { .. })).map(|(at, _)| *at);
            if let Some(oldest) = oldest {
                self.replace(oldest, None);
            }
        }
    }

    /// The superseded dots that are remembered, and by which each was.
    pub(super) fn all_superseded(&self) -> impl Iterator<Item = (u64, u64)> {
        self.marks.iter().filter_map(|(sequence, mark)| match mark {
            Mark::Superseded { by } => Some((*sequence, *by)),
            Mark::Stands(_) => None,
        })
    }

    /// Remembers these superseded dots and no others.
    pub(super) fn remember_superseded(&mut self, superseded: impl Iterator<Item = (u64, u64)>) {
        self.marks.retain(|_, mark| matches!(mark, Mark::Stands(_)));
        self.superseded = 0;
        for (sequence, by) in superseded {
            if !self.is_known(sequence) {
                self.superseded(sequence, by);
            }
        }
    }

    /// A dot's write stands no more, by someone else's doing.
    pub(super) fn forget(&mut self, sequence: u64) {
        self.replace(sequence, None);
    }

    /// How many dots stand.
    pub(super) fn standing(&self) -> usize {
        self.marks.len() - self.superseded as usize
    }

    /// What stands up to a sequence number, in order.
    pub(super) fn standing_upto(&self, upto: u64) -> impl Iterator<Item = (u64, &Place)> {
        self.marks.range(..=upto).filter_map(|(sequence, mark)| match mark {
            Mark::Stands(place) => Some((*sequence, place)),
            Mark::Superseded { .. } => None,
        })
    }

    pub(super) fn stands_at(&self, sequence: u64) -> bool {
        matches!(self.marks.get(&sequence), Some(Mark::Stands(_)))
    }

    pub(super) fn is_known(&self, sequence: u64) -> bool {
        self.marks.contains_key(&sequence)
    }

    /// Marks above `after` up to `upto`, in order.
    pub(super) fn range(&self, after: u64, upto: u64) -> impl DoubleEndedIterator<Item = (u64, &Mark)> {
        self.marks.range((Excluded(after), Included(upto))).map(|(sequence, mark)| (*sequence, mark))
    }

    fn replace(&mut self, sequence: u64, mark: Option<Mark>) {
        let old = match mark {
            Some(mark) => self.marks.insert(sequence, mark),
            None => self.marks.remove(&sequence),
        };
        self.superseded -= u32::from(matches!(old, Some(Mark::Superseded { .. })));
    }
}
