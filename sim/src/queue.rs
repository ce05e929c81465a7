//! What is still to happen, by (time, rank, sequence): a total order, so that
//! two events at one moment never depend on the heap's mood. What an event
//! does is not known here.

use rumormill_core::Instant;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Something that will happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// A node's deadline, unless a later one took its place.
    Timer { node: u32, generation: u64 },
    /// The request for a link reaches the other host.
    Dialed { link: u64 },
    /// The answer to it is back.
    Accepted { link: u64 },
    /// The dialling end learns that there will be no link.
    Refused { link: u64, timed_out: bool },
    /// An end learns that the link is no more.
    Broken { link: u64, end: u8, why: Why },
    /// A frame arrives, or would have.
    Frame { flight: u64 },
    /// A frame that an end of a link sent has been written.
    Written { link: u64, end: u8 },
    /// A slow node handles the next thing that waits for it.
    Inbox { node: u32 },
    /// Something that goes up and down does so.
    Turn { plan: u32 },
    /// The scenario's next act.
    Act { index: u32 },
}

/// Why a link ends, as its end is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    /// The other end closed it.
    Closed,
    /// The other end's host crashed.
    Reset,
    /// Frames were lost at a cut.
    Cut,
}

/// Ranks at one moment: acts come after all else, so that an act that a user
/// does between two steps can be repeated exactly by a scenario.
const RANK_EVENT: u8 = 0;
const RANK_ACT: u8 = 1;

type Entry = Reverse<(Instant, u8, u64, What)>;

#[derive(Debug, Clone, Default)]
pub(crate) struct Queue {
    heap: BinaryHeap<Entry>,
    sequence: u64,
}

impl Queue {
    pub(crate) fn push(&mut self, at: Instant, what: What) {
        let rank = if matches!(what, What::Act { .. }) { RANK_ACT } else { RANK_EVENT };
        self.sequence += 1;
        self.heap.push(Reverse((at, rank, self.sequence, what)));
    }

    pub(crate) fn peek(&self) -> Option<(Instant, What)> {
        self.heap.peek().map(|Reverse((at, _, _, what))| (*at, *what))
    }

    pub(crate) fn pop(&mut self) -> Option<(Instant, What)> {
        self.heap.pop().map(|Reverse((at, _, _, what))| (at, what))
    }

    /// When the next event that is not an act happens.
    pub(crate) fn next_but_acts(&self) -> Option<Instant> {
        let Reverse((at, rank, _, _)) = self.heap.peek()?;
        (*rank == RANK_EVENT).then_some(*at)
    }
}
