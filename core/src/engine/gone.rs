//! What becomes of members after they are gone: since when each is, who ends a
//! leave that was never finished, and when a member is forgotten for good.
//!
//! The rule: a member that is down or has left is remembered for `forget_us`
//! since anyone noticed (the time is told along with the record), and tried
//! meanwhile if it is down. Then its record goes. Of the last few thousand
//! forgotten ones the incarnation is kept, and a record no later than that is
//! refused, so that one who was away cannot bring the dead back.

use super::Engine;
use crate::id::{Incarnation, NodeId};
use crate::members::{MEMBERS_MAX, Member, Status};
use crate::ordered::Map;
use crate::state::State;
use crate::time::{Duration, Instant};
use crate::wire::Told;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// How long a leaving member has before it is held to have left. A guess: far
/// above what it takes to hand over.
const LEAVING_MAX: Duration = Duration::from_secs(10);

/// Most forgotten members whose incarnation is kept. A guess.
const GRAVES_MAX: usize = 4_096;

/// Members that are gone or on their way.
#[derive(Debug, Clone, Default)]
pub(super) struct Gone {
    since: Map<NodeId, Instant>,
    graves: Map<NodeId, Incarnation>,
    /// The graves, oldest first.
    order: VecDeque<NodeId>,
}

impl Gone {
    /// The member's status is this from now on.
    pub(super) fn note(&mut self, id: &NodeId, status: Status, now: Instant) {
        if status.is_active() {
            self.since.remove(id);
        } else if !self.since.contains_key(id) {
            self.since.insert(id.clone(), now);
        }
    }

    /// Is this news of a life that was forgotten?
    pub(super) fn is_buried(&self, id: &NodeId, incarnation: Incarnation) -> bool {
        self.graves.get(id).is_some_and(|grave| incarnation <= *grave)
    }

    fn bury(&mut self, id: &NodeId, incarnation: Incarnation) {
        self.since.remove(id);
        if self.graves.insert(id.clone(), incarnation).is_none() {
            self.order.push_back(id.clone());
        }
        if self.order.len() > GRAVES_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.graves.remove(&oldest);
        }
    }

    /// The member speaks for itself: what was forgotten of it stands again.
    fn dig_up(&mut self, id: &NodeId) -> Option<Incarnation> {
        self.order.retain(|buried| buried != id);
        self.graves.remove(id)
    }
}

impl<S: State> Engine<S> {
    /// Ends leaves that took too long, and forgets who was gone for too long.
    pub(super) fn forget_the_gone(&mut self, now: Instant) {
        let forget = self.config.tuning.forget_us;
        let due = self.gone.since.iter().filter(|(_, since)| now.since(**since) >= LEAVING_MAX.min(forget));
        let due: Vec<(NodeId, Duration)> = due.map(|(id, since)| (id.clone(), now.since(*since))).collect();
        for (id, gone_for) in due {
            let Some(record) = self.members.member(&id).cloned() else { continue };
            if record.status == Status::Leaving {
                self.on_member(Member { status: Status::Left, ..record }, None);
            } else if gone_for >= forget && record.status.is_gone() && id != self.config.id {
                self.forget(&record);
            }
        }
    }

    /// A member's record, as others are told of it.
    pub(super) fn told(&self, member: &Member) -> Told {
        let gone_for = self.gone.since.get(&member.id).map_or(Duration::ZERO, |since| self.now.since(*since));
        Told {
            member: member.clone(),
            gone_s: (gone_for.as_micros() / 1_000_000).min(u64::from(u32::MAX)) as u32,
        }
    }

    /// Is it of no use to take in what another node tells? If not, since when
    /// the member has been gone is noted.
    pub(super) fn is_past(&mut self, told: &Told) -> bool {
        let Told { member, gone_s } = told;
        let gone_for = Duration::from_secs(u64::from(*gone_s));
        let known = self.members.member(&member.id).is_some();
        if !known && self.gone.is_buried(&member.id, member.incarnation) {
            return true;
        }
        if !member.status.is_gone() {
            return false;
        }
        if !known && gone_for >= self.config.tuning.forget_us {
            return true;
        }
        let since = self.now - gone_for;
        // An old record may still know newer services: that says nothing of this life.
        if self.members.member(&member.id).is_none_or(|ours| member.standing() > ours.standing()) {
            let at = self.gone.since.or_insert_with(member.id.clone(), || since);
            *at = since.min(*at);
        }
        false
    }

    /// A node that was forgotten greets in a life that was: it hears of it like
    /// one that is held to be down.
    pub(super) fn recall(&mut self, greeting: &Member) {
        if self.members.member(&greeting.id).is_none()
            && let Some(incarnation) = self.gone.dig_up(&greeting.id)
            && incarnation >= greeting.incarnation
        {
            self.merge_member(Member { incarnation, status: Status::Down, ..greeting.clone() });
        }
    }

    /// Makes room in a full list for a member that is not in it: at the expense
    /// of the one that has been gone longest.
    pub(super) fn make_room_for(&mut self, id: &NodeId) {
        if self.members.len() < MEMBERS_MAX || self.members.member(id).is_some() {
            return;
        }
        let oldest = self.gone.since.iter().min_by_key(|(id, since)| (**since, (*id).clone()));
        let oldest = oldest.and_then(|(id, _)| self.members.member(id)).cloned();
        if let Some(oldest) = oldest.filter(|oldest| oldest.status.is_gone()) {
            self.forget(&oldest);
        }
    }

    fn forget(&mut self, record: &Member) {
        self.members.forget(&record.id);
        self.gone.bury(&record.id, record.incarnation);
        self.reports.remove(&record.id);
        self.peers.remove(&record.id);
        self.stats.forgotten += 1;
    }
}
