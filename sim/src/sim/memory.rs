//! What a run remembers for whoever looks back: frames that have landed, with
//! what they carried, and the steps by which the latest write spread. Nothing
//! depends on it.

use super::{InFlight, Sim, Totals};
use crate::network::Flight;
use bytes::Bytes;
use rumormill_core::Instant;

/// A frame that is not under way any more, and its bytes while there is room for them.
#[derive(Debug, Clone)]
pub(super) struct Landed {
    pub(super) flight: InFlight,
    pub(super) frame: Option<Bytes>,
}

/// Most bytes of frames that are kept after they have landed: those of two thousand rumors many times over.
const LANDED_BYTES_MAX: u64 = 4_000_000;

/// A moment at which one more node had the latest write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Instant,
    /// How many nodes that are up had it then.
    pub informed: u32,
    /// How many were up.
    pub up: u32,
    /// What the run had come to, with what that node sent on at once.
    pub totals: Totals,
}

impl Sim {
    /// Remembers so many of the latest frames that are not under way any more; none unless asked for.
    pub fn keep_landed(&mut self, frames: u32) {
        self.landed_max = frames;
        while self.landed.len() > frames as usize {
            self.forget_landed();
        }
    }

    /// The frames that are remembered, in the order in which they arrived or would have.
    pub fn landed(&self) -> impl DoubleEndedIterator<Item = &InFlight> {
        self.landed.iter().map(|landed| &landed.flight)
    }

    /// How many bytes what they carried takes. Copies of this run share it.
    pub fn landed_bytes(&self) -> u64 {
        self.landed_bytes
    }

    /// Notes so many of the moments at which one more node had the latest write; none unless asked for. Of more the
    /// first are forgotten.
    pub fn keep_steps(&mut self, steps: u32) {
        self.steps_max = steps;
        self.steps.clear();
    }

    /// The moments that were noted since this was last asked, in order.
    pub fn take_steps(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }

    /// A frame is not under way any more.
    pub(super) fn remember(&mut self, id: u64, flight: &Flight) {
        if self.landed_max == 0 {
            return;
        }
        while self.landed.len() >= self.landed_max as usize {
            self.forget_landed();
        }
        let frame = flight.tag.kind.is_payload().then(|| flight.frame.clone());
        self.landed_bytes += frame.as_ref().map_or(0, |frame| frame.len() as u64);
        self.landed.push_back(Landed { flight: InFlight::of(id, flight), frame });
        while self.landed_bytes > LANDED_BYTES_MAX {
            let oldest = self.landed.iter_mut().find_map(|landed| landed.frame.take());
            let Some(frame) = oldest else { break };
            self.landed_bytes -= frame.len() as u64;
        }
    }

    pub(super) fn forget_landed(&mut self) {
        let frame = self.landed.pop_front().and_then(|landed| landed.frame);
        self.landed_bytes -= frame.map_or(0, |frame| frame.len() as u64);
    }

    /// One more node has the latest write.
    pub(super) fn note_step(&mut self) {
        if self.steps_max == 0 {
            return;
        }
        if self.steps.len() >= self.steps_max as usize {
            self.steps.remove(0);
        }
        let (informed, up) = (self.informed(), self.up());
        self.steps.push(Step { at: self.now, informed, up, totals: self.totals });
    }
}
