//! Whom a round asks: random members, rather those with an open link, and one
//! of those that are down; and whom a survey asks next. What is asked and what
//! an answer means is not known here.

use super::Engine;
use super::outbox::Ask;
use crate::config::Strategy;
use crate::event::Cause;
use crate::id::NodeId;
use crate::members::{ACCUSERS_MAX, Member, Status};
use crate::sort::sort;
use crate::state::State;
use alloc::vec::Vec;

/// One partner in so many is drawn from all members where a strategy keeps
/// links of its own; the others are those already linked. A new link costs
/// more than a hundred summaries' worth of handshake, and repair along the open
/// ones finds a difference as surely. A guess: with ten, an idle node dials
/// once in ten rounds, and keeps such a partner for as long (`link_idle_us`).
/// While anyone is suspected all partners are drawn from all members.
const DRAWN_FROM_ALL: u64 = 10;

/// How many members ask a suspect in each round, on average. A guess: twice as
/// many as confirmations count, because some may be asking in vain themselves.
const ASKING_A_SUSPECT: u64 = 2 * ACCUSERS_MAX as u64;

/// In one of so many rounds a member that left is tried, not one that is down.
/// A guess: who said goodbye is not expected back.
const LEFT_TRIED_EVERY: u64 = 8;

impl<S: State> Engine<S> {
    pub(super) fn ask_at_random(&mut self, count: u32) -> Vec<NodeId> {
        let store = self.config.tuning.strategy.repairs();
        let ids = self.random_partners(count);
        for id in &ids {
            self.outbox(id).ask(Ask { store, cause: Cause::Round });
        }
        ids
    }

    /// Active members with an open link.
    pub(super) fn linked_partners(&self) -> Vec<NodeId> {
        self.links.peers().into_iter().filter(|id| self.members.is_active(id)).collect()
    }

    /// The next `count` active members after the last one surveyed.
    pub(super) fn next_to_survey(&mut self, count: u32) -> Vec<NodeId> {
        let others = self.members.iter().filter(|member| member.status.is_active());
        let others: Vec<&NodeId> =
            others.map(|member| &member.id).filter(|id| **id != self.config.id).collect();
        let start = match &self.survey_cursor {
            Some(last) => others.iter().position(|id| *id > last).unwrap_or(0),
            None => 0,
        };
        let turn = others[start..].iter().chain(&others[..start]);
        let ids: Vec<NodeId> = turn.take(count as usize).map(|id| (*id).clone()).collect();
        self.survey_cursor = ids.last().cloned();
        ids
    }

    /// Tries one member that is held to be down, and now and then one that left:
    /// how a healed partition, a node that everyone gave up, and one that came
    /// back and finds nobody whom it knew, find their way. The one tried before
    /// had its chance.
    pub(super) fn try_one_lost(&mut self) {
        if let Some(last) = self.lost_tried.take()
            && !self.members.is_active(&last)
            && self.links.preferred(&last).is_none()
            && let Some(peer) = self.peers.get_mut(&last)
        {
            peer.outbox.clear();
        }
        let wanted =
            if self.stats.rounds.is_multiple_of(LEFT_TRIED_EVERY) { Status::Left } else { Status::Down };
        let lost = self.members.iter().filter(|member| member.status == wanted && !member.is_leaf());
        let lost: Vec<&NodeId> = lost.map(|member| &member.id).collect();
        let pick = self.rng.below(lost.len() as u64) as usize;
        if let Some(id) = lost.get(pick).map(|id| (*id).clone()) {
            self.outbox(&id).ask(Ask { store: true, cause: Cause::Return });
            self.lost_tried = Some(id);
        }
    }

    /// Asks one of those who are suspected by fewer than can be counted: so that
    /// a suspicion is soon confirmed or denied, whoever happens to be linked
    /// with the suspect. Each suspect is asked by a few members in a round.
    pub(super) fn ask_a_suspect(&mut self) {
        let doubted = |member: &&Member| {
            member.status == Status::Suspect
                && member.accusers.len() < ACCUSERS_MAX
                && !member.is_leaf()
                && !member.accusers.contains(&self.config.id)
        };
        let suspects: Vec<&NodeId> = self.members.iter().filter(doubted).map(|member| &member.id).collect();
        if suspects.is_empty() {
            return;
        }
        let draw = self.rng.below(u64::from(self.members.active_count()));
        let pick = self.rng.below(suspects.len() as u64) as usize;
        if draw < suspects.len() as u64 * ASKING_A_SUSPECT {
            let id = suspects[pick].clone();
            self.outbox(&id).ask(Ask { store: false, cause: Cause::Silence });
        }
    }

    /// Different random active members other than this node. A member that
    /// cannot be dialled knows its host and no other partner.
    fn random_partners(&mut self, count: u32) -> Vec<NodeId> {
        let linked = self.linked_partners();
        if self.is_leaf() {
            let drawn = self.rng.sample(linked.len() as u32, count);
            return drawn.into_iter().map(|at| linked[at as usize].clone()).collect();
        }
        let keeps_links = self.config.tuning.strategy != Strategy::Random && !linked.is_empty();
        // Where one is suspected, more may be gone, and perhaps all that were linked with them.
        let calm = self.members.iter().all(|member| member.status != Status::Suspect);
        let mut partners = Vec::new();
        for _ in 0..if keeps_links && calm { count } else { 0 } {
            if self.rng.below(DRAWN_FROM_ALL) > 0 {
                partners.push(linked[self.rng.below(linked.len() as u64) as usize].clone());
            }
        }
        partners.extend(self.drawn_from_tree(count - partners.len() as u32));
        sort(&mut partners);
        partners.dedup();
        partners
    }

    /// Different random members other than this node that can be dialled.
    fn drawn_from_tree(&mut self, count: u32) -> Vec<NodeId> {
        let own = self.members.tree_position(&self.config.id);
        let others = self.members.tree_count() - u32::from(own.is_some());
        let drawn = self.rng.sample(others, count);
        let positions = drawn.into_iter().map(|at| at + u32::from(own.is_some_and(|own| at >= own)));
        positions.filter_map(|at| self.members.tree_at(at)).map(|member| member.id.clone()).collect()
    }
}
