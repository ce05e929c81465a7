//! Who is suspected and who is down: what a probe that failed, a helper's
//! answer, a suspicion that ended, or this node's own sluggishness mean. The
//! books are kept in `probe` and `suspicion`; who is asked in a round is
//! decided in `partners`.

use super::Engine;
use super::outbox::Ask;
use super::probe::Failure;
use crate::event::Cause;
use crate::id::{Incarnation, NodeId};
use crate::members::Status;
use crate::state::State;
use crate::time::{Duration, Instant};
use crate::wire::Message;
use alloc::vec::Vec;

/// Most members that owe an answer and are asked again at one time. A guess;
/// the others' turn comes next.
const REASKED_MAX: usize = 16;

/// How often a member that owes an answer is asked in the time that it has. A
/// guess: what is lost by chance should not look like silence.
const ASKS_PER_PROBE: u64 = 4;

impl<S: State> Engine<S> {
    /// Asks for help where an answer is late, suspects whoever gave none, and
    /// asks the others again.
    pub(super) fn on_silence(&mut self, now: Instant) {
        let limit = self.probe_limit();
        for failure in self.probes.take_failed(limit, now) {
            self.on_probe_failed(failure);
        }
        for target in self.probes.unhelped(Duration::from_micros(limit.as_micros() / 2), now) {
            self.ask_for_help(&target);
        }
        let owing: Vec<_> = self.probes.iter().map(|(id, ..)| id.clone()).take(REASKED_MAX).collect();
        // The summary may be what was lost: it is the same question again.
        let store = self.config.tuning.strategy.repairs();
        for id in owing {
            self.outbox(&id).ask(Ask { store, cause: Cause::Silence });
        }
        self.probes.asked_again(self.patience(), now);
        for (target, asker) in self.probes.take_nacks(now) {
            self.send_control(&asker, Message::ProbeReply { target, heard: false }, Cause::Answer);
        }
    }

    /// Declares down whoever did not deny a suspicion in time.
    pub(super) fn on_suspicions(&mut self, now: Instant) {
        for id in self.suspicions.take_ended(&self.config.tuning, &self.members, now) {
            let Some(mut record) = self.members.member(&id).cloned() else { continue };
            if record.status == Status::Suspect {
                record.status = Status::Down;
                record.accusers.clear();
                self.on_member(record, None);
                self.close_silent_links(&id);
            }
        }
    }

    /// When something of the above is due.
    pub(super) fn detection_deadline(&self) -> Option<Instant> {
        let suspicion = self.suspicions.deadline(&self.config.tuning, &self.members);
        suspicion.into_iter().chain(self.probes.deadline()).min()
    }

    /// This node was woken so much later than it wanted: it was stopped, or its
    /// machine is too busy. That is nobody else's fault.
    pub(super) fn on_late(&mut self, late: Duration) {
        self.probes.shift(late);
        self.suspicions.shift(late);
        self.probes.worsen(1, self.config.tuning.local_health_max);
    }

    /// A peer spoke: it is not silent, and if it is suspected or held to be
    /// gone it should hear of that, to deny it.
    pub(super) fn heard_from(&mut self, peer: &NodeId, incarnation: Incarnation) {
        self.probes.heard(peer);
        for asker in self.probes.answer_relays(peer) {
            let reply = Message::ProbeReply { target: peer.clone(), heard: true };
            self.send_control(&asker, reply, Cause::Answer);
        }
        let wronged = self.members.member(peer).is_some_and(|record| {
            matches!(record.status, Status::Suspect | Status::Down | Status::Left)
                && record.incarnation >= incarnation
        });
        if wronged {
            self.outbox(peer).members.insert(peer.clone(), Cause::Correction);
        }
    }

    /// Another node asks whether a member answers this one.
    pub(super) fn on_probe_request(&mut self, from: &NodeId, target: NodeId, now: Instant) {
        let patience = Duration::from_micros(self.config.tuning.probe_us.as_micros() / ASKS_PER_PROBE);
        let is_self = target == self.config.id;
        let relayed = !is_self
            && self.members.is_active(&target)
            && self.probes.relay(&target, from, now + patience, now + self.config.tuning.probe_us);
        if relayed {
            self.outbox(&target).ask(Ask { store: false, cause: Cause::Relay });
        } else {
            self.send_control(from, Message::ProbeReply { target, heard: is_self }, Cause::Answer);
        }
    }

    /// A helper says whether it got an answer.
    pub(super) fn on_probe_reply(&mut self, target: &NodeId, heard: bool) {
        if heard {
            self.probes.drop(target);
        } else {
            self.probes.nack(target);
        }
    }

    /// A member is suspected: its time runs, and if it is a link away it is
    /// asked at once, so that it hears of it, and others of who confirms it.
    pub(super) fn on_suspected(&mut self, id: &NodeId, incarnation: Incarnation) {
        self.suspicions.begin(id, incarnation, self.now);
        self.on_accused(id);
        if self.links.preferred(id).is_some() {
            self.outbox(id).members.insert(id.clone(), Cause::Correction);
            self.outbox(id).ask(Ask { store: false, cause: Cause::Silence });
        }
    }

    /// More members may confirm a suspicion than before.
    pub(super) fn on_accused(&mut self, id: &NodeId) {
        let accusers = self.members.member(id).map_or(0, |member| member.accusers.len());
        self.suspicions.confirm(id, accusers);
    }

    /// Says that a member gave no answer; others may agree.
    pub(super) fn accuse(&mut self, id: &NodeId) {
        let Some(mut record) = self.members.member(id).cloned() else { return };
        if record.status.is_active() && *id != self.config.id {
            record.status = Status::Suspect;
            record.accusers = alloc::vec![self.config.id.clone()];
            self.on_member(record, None);
        }
    }

    /// How long to wait for an answer before asking again.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_micros(self.probe_limit().as_micros() / ASKS_PER_PROBE)
    }

    /// How long a member has to answer, given how well this node does.
    pub(super) fn probe_limit(&self) -> Duration {
        self.config.tuning.probe_us * (u64::from(self.probes.health()) + 1)
    }

    fn on_probe_failed(&mut self, failure: Failure) {
        let Failure { target, missing_nacks } = failure;
        let helped = self.config.tuning.indirect_probes > 0;
        let blame = if helped { missing_nacks } else { 1 };
        self.probes.worsen(blame, self.config.tuning.local_health_max);
        self.stats.probes_failed += 1;
        self.accuse(&target);
    }

    /// Asks random others, rather those with a link, to try a member.
    fn ask_for_help(&mut self, target: &NodeId) {
        let count = u32::from(self.config.tuning.indirect_probes);
        let mut helpers = self.linked_partners();
        helpers.retain(|id| id != target);
        let drawn = self.rng.sample(helpers.len() as u32, count);
        let helpers: Vec<NodeId> = drawn.into_iter().map(|at| helpers[at as usize].clone()).collect();
        self.probes.helped(target, helpers.len() as u8);
        for helper in helpers {
            let request = Message::ProbeRequest { target: target.clone() };
            self.send_control(&helper, request, Cause::Indirect);
        }
    }
}
