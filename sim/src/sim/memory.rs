//! What a run remembers for whoever looks back: frames that have landed, with
//! what they carried, and the steps by which the latest write spread. Nothing
//! depends on it.

use super::{InFlight, LANDED_BYTES_MAX, Landed, Sim, Step};
use crate::network::Flight;

impl Sim {
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
