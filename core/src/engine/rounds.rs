//! What the round's timer does: ask partners, look for the silent and the lost,
//! keep the neighbours' links open and drop idle ones. What the answers mean is
//! not known here.

use super::Engine;
use crate::event::Event;
use crate::id::NodeId;
use crate::members::Member;
use crate::state::State;
use crate::time::Instant;
use alloc::vec::Vec;

impl<S: State> Engine<S> {
    pub(super) fn on_round(&mut self, now: Instant) {
        let tuning = self.config.tuning;
        self.stats.rounds += 1;
        self.tell(Event::Round { number: self.stats.rounds });
        self.next_round = now + self.rng.jitter(tuning.interval_us, tuning.jitter_percent);
        self.plumtree.on_round();
        self.forgive_unreachable();

        self.on_silence(now);
        self.ask_at_random(tuning.fanout);
        self.ask_a_suspect();
        self.try_one_lost();
        self.dial_seeds(now);
        if self.is_list_quiet(now) || now >= self.meeting_due() {
            self.meet_neighbours(now);
        }
        self.close_unused_links(now);
        self.on_census_round();
        self.forget_the_gone(now);
        self.suspect_orphans();
        self.retry_owed();
    }

    /// Members that take part through someone who is gone must find another
    /// host or go. The first in the tree sees to it.
    fn suspect_orphans(&mut self) {
        if self.members.tree_position(&self.config.id) != Some(0) {
            return;
        }
        let orphaned = |member: &&Member| {
            let host = member.host.as_ref();
            member.is_leaf()
                && member.status.is_active()
                && !self.links.is_linked(&member.id)
                && host.is_none_or(|host| !self.members.is_active(host))
        };
        let orphans: Vec<NodeId> =
            self.members.iter().filter(orphaned).map(|member| member.id.clone()).collect();
        for id in orphans {
            self.accuse(&id);
        }
    }

    /// Gives every peer to whom something is owed another chance of a link.
    fn retry_owed(&mut self) {
        let owed = self.peers.iter().filter(|(_, peer)| !peer.outbox.is_empty());
        let owed: Vec<_> = owed.map(|(id, _)| id.clone()).collect();
        self.dirty.extend(owed);
        self.peers.retain(|id, peer| !peer.outbox.is_empty() || self.links.is_linked(id));
        self.meetings.newcomers.retain(|id| self.links.is_linked(id));
    }
}
