//! Who is down, by silence: every member that a round asks must answer, and
//! one that was asked again and again without a word for the configured time
//! is held to be down. It only keeps the time; rounds ask and declare. (The
//! direct probe of SWIM; Das et al. 2002, §3. Indirect probes and suspicion
//! belong here.)

use crate::id::NodeId;
use crate::time::{Duration, Instant};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Members that owe an answer.
#[derive(Debug, Default)]
pub(super) struct Silence {
    asked: BTreeMap<NodeId, Instant>,
    /// When to ask them again.
    again_at: Option<Instant>,
}

impl Silence {
    /// The member was asked and now owes an answer, for which there is so much
    /// patience before it is asked again.
    pub(super) fn asked(&mut self, id: &NodeId, patience: Duration, now: Instant) {
        if !self.asked.contains_key(id) {
            self.asked.insert(id.clone(), now);
            self.again_at.get_or_insert(now + patience);
        }
    }

    /// The member spoke, or is not asked any more.
    pub(super) fn heard(&mut self, id: &NodeId) {
        self.asked.remove(id);
        if self.asked.is_empty() {
            self.again_at = None;
        }
    }

    /// When to ask again those who owe an answer.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.again_at
    }

    /// They are asked again now.
    pub(super) fn asked_again(&mut self, patience: Duration, now: Instant) {
        self.again_at = (!self.asked.is_empty()).then_some(now + patience);
    }

    /// Those who have owed an answer for at least that long; they are
    /// forgotten here.
    pub(super) fn take_silent(&mut self, limit: Duration, now: Instant) -> Vec<NodeId> {
        let silent = |since: &Instant| now.since(*since) >= limit;
        let ids: Vec<_> =
            self.asked.iter().filter(|(_, since)| silent(since)).map(|(id, _)| id.clone()).collect();
        for id in &ids {
            self.asked.remove(id);
        }
        ids
    }

    /// Those who owe an answer, and since when.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&NodeId, Instant)> {
        self.asked.iter().map(|(id, since)| (id, *since))
    }
}
