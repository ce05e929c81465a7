//! Who owes an answer: members that were asked, for how long they have owed
//! it, and who was asked to help; and on whose behalf this node asks others.
//! (The direct and indirect probes of SWIM; Das et al. 2002, §3.1.) Beside it
//! the local health of Lifeguard (Dadgar et al. 2018, §4.1): a node that gets
//! no answers where others do is probably the slow one, and waits longer. It
//! only keeps the books; what follows is decided in `detect`.

use crate::id::NodeId;
use crate::ordered::{Map, Set};
use crate::time::{Duration, Instant};
use alloc::vec::Vec;

/// Most members that a node probes on behalf of others at one time, and most
/// askers for each. A guess, far above what a node is asked in a probe's time.
const RELAYS_MAX: usize = 64;

/// One member that owes an answer.
#[derive(Debug, Clone, Copy)]
struct Probe {
    since: Instant,
    /// How many were asked to help.
    helpers: u8,
    /// How many of them said that they got no answer either.
    nacks: u8,
}

/// A member that is probed for others.
#[derive(Debug, Clone)]
struct Relay {
    askers: Set<NodeId>,
    /// When to say that there is no answer yet; none once it was said.
    nack_at: Option<Instant>,
    until: Instant,
}

/// Members that owe an answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Probes {
    asked: Map<NodeId, Probe>,
    /// When to ask them again.
    again_at: Option<Instant>,
    relays: Map<NodeId, Relay>,
    /// Lifeguard's local health multiplier, less one: 0 is healthy.
    health: u8,
}

/// How a probe failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) target: NodeId,
    /// How many helpers did not even say that they got no answer.
    pub(super) missing_nacks: u8,
}

impl Probes {
    /// The member was asked and now owes an answer, for which there is so much
    /// patience before it is asked again.
    pub(super) fn asked(&mut self, id: &NodeId, patience: Duration, now: Instant) {
        if !self.asked.contains_key(id) {
            self.asked.insert(id.clone(), Probe { since: now, helpers: 0, nacks: 0 });
            self.again_at.get_or_insert(now + patience);
        }
    }

    /// The member spoke to this node: it owes nothing any more, and if it did,
    /// this node does well.
    pub(super) fn heard(&mut self, id: &NodeId) {
        if let Some(probe) = self.asked.get(id) {
            self.health = self.health.saturating_sub(u8::from(probe.helpers == 0));
            self.drop(id);
        }
    }

    /// The member need not answer any more.
    pub(super) fn drop(&mut self, id: &NodeId) {
        self.asked.remove(id);
        if self.asked.is_empty() {
            self.again_at = None;
        }
    }

    /// A helper got no answer either.
    pub(super) fn nack(&mut self, id: &NodeId) {
        if let Some(probe) = self.asked.get_mut(id) {
            probe.nacks = probe.nacks.saturating_add(1).min(probe.helpers);
        }
    }

    /// When to look again at those who owe an answer, here or to others.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let relays = self.relays.values().map(|relay| relay.nack_at.unwrap_or(relay.until));
        relays.chain(self.again_at).min()
    }

    /// They are asked again now.
    pub(super) fn asked_again(&mut self, patience: Duration, now: Instant) {
        self.again_at = (!self.asked.is_empty()).then_some(now + patience);
    }

    /// Those who have owed an answer for at least that long; they owe nothing
    /// from now on.
    pub(super) fn take_failed(&mut self, limit: Duration, now: Instant) -> Vec<Failure> {
        let failed = self.asked.iter().filter(|(_, probe)| now.since(probe.since) >= limit);
        let failed: Vec<Failure> = failed
            .map(|(id, probe)| Failure { target: id.clone(), missing_nacks: probe.helpers - probe.nacks })
            .collect();
        for failure in &failed {
            self.asked.remove(&failure.target);
        }
        failed
    }

    /// Those who have owed an answer for at least that long and for whom nobody
    /// was asked to help yet.
    pub(super) fn unhelped(&self, limit: Duration, now: Instant) -> Vec<NodeId> {
        let late =
            self.asked.iter().filter(|(_, probe)| probe.helpers == 0 && now.since(probe.since) >= limit);
        late.map(|(id, _)| id.clone()).collect()
    }

    /// So many were asked to help.
    pub(super) fn helped(&mut self, id: &NodeId, helpers: u8) {
        if let Some(probe) = self.asked.get_mut(id) {
            probe.helpers = helpers;
        }
    }

    /// Someone asks this node to try a member. False if there is no room.
    pub(super) fn relay(
        &mut self,
        target: &NodeId,
        asker: &NodeId,
        nack_at: Instant,
        until: Instant,
    ) -> bool {
        if self.relays.len() >= RELAYS_MAX && !self.relays.contains_key(target) {
            return false;
        }
        let fresh = || Relay { askers: Set::new(), nack_at: None, until };
        let relay = self.relays.or_insert_with(target.clone(), fresh);
        if relay.askers.len() >= RELAYS_MAX {
            return false;
        }
        relay.askers.insert(asker.clone());
        relay.nack_at = Some(relay.nack_at.unwrap_or(nack_at).min(nack_at));
        relay.until = relay.until.max(until);
        true
    }

    /// The member spoke: who wanted to know.
    pub(super) fn answer_relays(&mut self, target: &NodeId) -> Set<NodeId> {
        self.relays.remove(target).map(|relay| relay.askers).unwrap_or_default()
    }

    /// Who is to hear now that a member has not answered, as target and asker.
    pub(super) fn take_nacks(&mut self, now: Instant) -> Vec<(NodeId, NodeId)> {
        let mut nacks = Vec::new();
        for (target, relay) in &mut self.relays {
            if relay.nack_at.take_if(|at| now >= *at).is_some() {
                nacks.extend(relay.askers.iter().map(|asker| (target.clone(), asker.clone())));
            }
        }
        self.relays.retain(|_, relay| relay.nack_at.is_some() || now < relay.until);
        nacks
    }

    /// This node did nothing for so long: nobody could have answered it.
    pub(super) fn shift(&mut self, by: Duration) {
        for probe in self.asked.values_mut() {
            probe.since = probe.since + by;
        }
        for relay in self.relays.values_mut() {
            relay.until = relay.until + by;
        }
    }

    /// How many times longer than usual this node waits, less one.
    pub(super) fn health(&self) -> u8 {
        self.health
    }

    /// Something speaks against this node's own health.
    pub(super) fn worsen(&mut self, by: u8, max: u8) {
        self.health = self.health.saturating_add(by).min(max);
    }

    /// Those who owe an answer, since when, and how many were asked to help.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&NodeId, Instant, u8)> {
        self.asked.iter().map(|(id, probe)| (id, probe.since, probe.helpers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> NodeId {
        NodeId::new(name).expect("valid")
    }

    fn at(ms: u64) -> Instant {
        Instant::from_micros(ms * 1_000)
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_probe_fails_when_its_time_is_over_and_says_who_kept_silent() {
        let mut probes = Probes::default();
        probes.asked(&id("a"), ms(250), at(0));
        probes.asked(&id("a"), ms(250), at(100));
        assert_eq!(probes.deadline(), Some(at(250)), "asked once");
        assert_eq!(probes.unhelped(ms(500), at(499)), []);
        assert_eq!(probes.unhelped(ms(500), at(500)), [id("a")]);
        probes.helped(&id("a"), 3);
        assert_eq!(probes.unhelped(ms(500), at(600)), []);
        probes.nack(&id("a"));
        assert_eq!(probes.take_failed(ms(1_000), at(999)), []);
        let failed = probes.take_failed(ms(1_000), at(1_000));
        assert_eq!(failed, [Failure { target: id("a"), missing_nacks: 2 }]);
        probes.asked_again(ms(250), at(1_000));
        assert_eq!(probes.deadline(), None);
    }

    #[test]
    fn health_worsens_to_its_limit_and_recovers_answer_by_answer() {
        let mut probes = Probes::default();
        probes.worsen(5, 3);
        assert_eq!(probes.health(), 3);
        probes.heard(&id("a"));
        assert_eq!(probes.health(), 3, "it was not asked");
        for _ in 0..5 {
            probes.asked(&id("a"), ms(250), at(0));
            probes.heard(&id("a"));
        }
        assert_eq!(probes.health(), 0);
    }

    #[test]
    fn whoever_asked_for_help_hears_no_and_later_perhaps_yes() {
        let mut probes = Probes::default();
        assert!(probes.relay(&id("t"), &id("a"), at(250), at(500)));
        assert!(probes.relay(&id("t"), &id("b"), at(300), at(550)));
        assert_eq!(probes.deadline(), Some(at(250)));
        assert_eq!(probes.take_nacks(at(250)), [(id("t"), id("a")), (id("t"), id("b"))]);
        assert_eq!(probes.take_nacks(at(260)), [], "once");
        assert_eq!(probes.answer_relays(&id("t")).len(), 2);
        assert!(probes.relay(&id("t"), &id("a"), at(600), at(900)));
        probes.take_nacks(at(700));
        probes.take_nacks(at(900));
        assert!(probes.answer_relays(&id("t")).is_empty(), "too late");
    }

    #[test]
    fn time_in_which_this_node_did_nothing_counts_against_nobody() {
        let mut probes = Probes::default();
        probes.asked(&id("a"), ms(250), at(0));
        probes.shift(ms(60_000));
        assert_eq!(probes.take_failed(ms(1_000), at(60_500)), []);
    }
}
