//! What the round's timer does: ask random members, declare the silent ones
//! down, look for the lost, keep the neighbours' links open and drop idle ones.
//! What the answers mean is not known here.

use super::Engine;
use super::outbox::Ask;
use crate::event::{Cause, Event};
use crate::id::NodeId;
use crate::members::Status;
use crate::state::State;
use crate::time::{Duration, Instant};
use alloc::vec::Vec;

/// Most members that owe an answer and are asked again at one time. A guess;
/// the others' turn comes next.
const REASKED_MAX: usize = 16;

/// How often a member that owes an answer is asked in each interval. A guess:
/// with a fifth of all messages lost and the default silence, one probe in a
/// hundred thousand finds a live member silent.
const ASKS_PER_INTERVAL: u64 = 4;

impl<S: State> Engine<S> {
    pub(super) fn on_round(&mut self, now: Instant) {
        let tuning = self.config.tuning;
        self.stats.rounds += 1;
        self.tell(Event::Round { number: self.stats.rounds });
        self.next_round = now + self.rng.jitter(tuning.interval_us, tuning.jitter_percent);

        self.on_silence(now);
        self.ask_at_random(tuning.fanout);
        self.try_one_lost();
        self.dial_seeds(now);
        self.dial_neighbours(now);
        self.close_unused_links(now);
        self.collect_garbage();
        self.retry_owed();
    }

    /// The next `count` active members after the last one surveyed.
    pub(super) fn next_to_survey(&mut self, count: u32) -> Vec<NodeId> {
        let active = self.members.active_count();
        let start = match &self.survey_cursor {
            Some(last) => (0..active)
                .find(|&at| self.members.active_at(at).is_some_and(|member| member.id > *last))
                .unwrap_or(0),
            None => 0,
        };
        let turn = (0..active).map(|step| (start + step) % active);
        let others = turn.filter_map(|at| self.members.active_at(at)).map(|member| &member.id);
        let ids: Vec<_> = others.filter(|id| **id != self.config.id).take(count as usize).cloned().collect();
        self.survey_cursor = ids.last().cloned();
        ids
    }

    pub(super) fn ask_at_random(&mut self, count: u32) -> Vec<NodeId> {
        let store = self.config.tuning.strategy.repairs();
        let ids = self.random_members(count);
        for id in &ids {
            self.outbox(id).ask(Ask { store, cause: Cause::Round });
        }
        ids
    }

    /// Different random active members other than this node.
    fn random_members(&mut self, count: u32) -> Vec<NodeId> {
        let active = self.members.active_count();
        let own = self.members.active_position(&self.config.id);
        let others = active - u32::from(own.is_some());
        let drawn = self.rng.sample(others, count);
        let positions = drawn.into_iter().map(|at| at + u32::from(own.is_some_and(|own| at >= own)));
        positions.filter_map(|at| self.members.active_at(at)).map(|member| member.id.clone()).collect()
    }

    /// Declares down who has been silent for too long, and asks the other
    /// silent ones again.
    pub(super) fn on_silence(&mut self, now: Instant) {
        for id in self.silence.take_silent(self.config.tuning.silence_us, now) {
            self.declare_down(&id);
        }
        let owing: Vec<_> = self.silence.iter().map(|(id, _)| id.clone()).take(REASKED_MAX).collect();
        // The summary may be what was lost: it is the same question again.
        let store = self.config.tuning.strategy.repairs();
        for id in owing {
            self.outbox(&id).ask(Ask { store, cause: Cause::Silence });
        }
        self.silence.asked_again(self.patience(), now);
    }

    /// How long to wait for an answer before asking again: so that on a bad
    /// network a member is asked a dozen times before it is given up.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_micros(self.config.tuning.interval_us.as_micros() / ASKS_PER_INTERVAL)
    }

    fn declare_down(&mut self, id: &NodeId) {
        let Some(mut record) = self.members.member(id).cloned() else { return };
        if record.status.is_active() {
            record.status = Status::Down;
            self.on_member(record, None);
            self.close_silent_links(id);
        }
    }

    /// Tries one member that is held to be down: how a healed partition and a
    /// node that everyone gave up find their way back. The one tried before
    /// had its chance.
    fn try_one_lost(&mut self) {
        if let Some(last) = self.lost_tried.take()
            && !self.members.is_active(&last)
            && self.links.preferred(&last).is_none()
            && let Some(peer) = self.peers.get_mut(&last)
        {
            peer.outbox.clear();
        }
        let lost = |status: Status| status == Status::Down;
        let count = self.members.iter().filter(|member| lost(member.status)).count();
        let pick = self.rng.below(count as u64) as usize;
        let picked = self.members.iter().filter(|member| lost(member.status)).nth(pick);
        if let Some(id) = picked.map(|member| member.id.clone()) {
            self.outbox(&id).ask(Ask { store: true, cause: Cause::Return });
            self.lost_tried = Some(id);
        }
    }

    /// Gives every peer to whom something is owed another chance of a link.
    fn retry_owed(&mut self) {
        let owed = self.peers.iter().filter(|(_, peer)| !peer.outbox.is_empty());
        let owed: Vec<_> = owed.map(|(id, _)| id.clone()).collect();
        self.dirty.extend(owed);
        self.peers.retain(|id, peer| !peer.outbox.is_empty() || self.links.is_linked(id));
    }
}
