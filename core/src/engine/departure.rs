//! How this node leaves: it says that it will, hands over what others may lack,
//! says goodbye once someone has everything, and stops. Each step has a bound.
//! Until it stops it answers like any other, and tells whoever it meets.

use super::Engine;
use super::outbox::Ask;
use crate::event::Cause;
use crate::id::NodeId;
use crate::members::{Member, Status};
use crate::ordered::Set;
use crate::state::State;
use crate::time::{Duration, Instant};
use crate::wire::CloseCode;
use alloc::vec::Vec;

/// How long a leaving node tries to hand over what it has. A guess: two rounds.
pub const HANDOVER_MAX: Duration = Duration::from_secs(2);

/// How long a leaving node waits for its goodbye to be written before it
/// closes its links. A guess: several round trips on any network.
pub const LEAVE_GRACE: Duration = Duration::from_millis(500);

/// Most members that a leaving node draws to hand over to, where those it is
/// linked with are gone or there are none. A guess: where half of a cluster is
/// gone with them, one in 256 finds nobody.
const HEIRS_MAX: u32 = 8;

/// A node that does not run cannot leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the node is leaving already or has left")]
pub struct LeaveError;

/// Where in its life this node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Life {
    Running,
    /// Nobody is known yet to have all that this node has. Who heard that it
    /// leaves, or was to, and how many more may be drawn.
    HandingOver {
        until: Instant,
        told: Set<NodeId>,
        draws_left: u32,
    },
    /// Goodbye is said.
    Parting {
        until: Instant,
    },
    Stopped,
}

impl<S: State> Engine<S> {
    /// Leaves the cluster: hands over what others lack, then says goodbye.
    /// [`Event::Stopped`](crate::Event::Stopped) tells when it is done.
    pub fn leave(&mut self, now: Instant) -> Result<(), LeaveError> {
        if self.life != Life::Running {
            return Err(LeaveError);
        }
        self.tick(now);
        self.unblock();
        let told = self.say(Status::Leaving);
        for peer in &told {
            self.outbox(peer).ask(Ask { store: true, cause: Cause::Leave });
        }
        let alone = told.is_empty();
        self.life = Life::HandingOver { until: now + HANDOVER_MAX, told, draws_left: HEIRS_MAX };
        if alone && !self.draw_heir() {
            self.part(now);
        }
        self.flush(now);
        Ok(())
    }

    /// A link came to be while this node leaves: the peer may not have heard.
    pub(super) fn tell_departure(&mut self, peer: &NodeId) {
        match &mut self.life {
            Life::Running | Life::Stopped => return,
            Life::HandingOver { told, .. } => {
                told.insert(peer.clone());
                self.outbox(peer).ask(Ask { store: true, cause: Cause::Leave });
            }
            Life::Parting { .. } => {}
        }
        let own = self.config.id.clone();
        self.outbox(peer).members.insert(own, Cause::Leave);
    }

    /// A link is gone to a peer that was to hear of the departure, and perhaps
    /// to take over. If it was the last one, it may not have: another is told.
    pub(super) fn on_heir_lost(&mut self, peer: &NodeId) {
        let was_told = matches!(&self.life, Life::HandingOver { told, .. } if told.contains(peer));
        if was_told && self.links.preferred(peer).is_none() {
            self.draw_heir();
        }
    }

    /// Tells a member at random who was not told yet. False if there is none.
    fn draw_heir(&mut self) -> bool {
        let Life::HandingOver { told, draws_left, .. } = &mut self.life else { return false };
        let others = self.members.iter().filter(|member| member.is_in_tree() && !told.contains(&member.id));
        let others: Vec<&NodeId> = others.map(|member| &member.id).collect();
        if others.is_empty() || *draws_left == 0 {
            return false;
        }
        *draws_left -= 1;
        let heir = others[self.rng.below(others.len() as u64) as usize].clone();
        self.tell_departure(&heir);
        true
    }

    /// A peer has all that this node has: it may go.
    pub(super) fn on_handed_over(&mut self, now: Instant) {
        if matches!(self.life, Life::HandingOver { .. }) {
            self.part(now);
        }
    }

    /// What is written while this node leaves has no round to wait for.
    pub(super) fn hand_over_late(&mut self) {
        if self.life == Life::Running {
            return;
        }
        for peer in self.links.peers() {
            self.outbox(&peer).ask(Ask { store: true, cause: Cause::Leave });
        }
    }

    /// A bound of the departure has passed.
    pub(super) fn on_departure_due(&mut self, now: Instant) {
        match &self.life {
            Life::HandingOver { .. } => self.part(now),
            Life::Parting { .. } => self.stop(CloseCode::GoingAway, "the node has left the cluster"),
            Life::Running | Life::Stopped => {}
        }
    }

    fn part(&mut self, now: Instant) {
        self.life = Life::Parting { until: now + LEAVE_GRACE };
        self.say(Status::Left);
    }

    /// Tells all linked peers and neighbours what becomes of this node. Whom.
    fn say(&mut self, status: Status) -> Set<NodeId> {
        let mut told = self.links.peers();
        told.extend(self.children(None));
        let record = Member { status, accusers: Default::default(), ..self.own_record() };
        let id = record.id.clone();
        self.merge_member(record);
        for peer in &told {
            self.outbox(peer).members.insert(id.clone(), Cause::Leave);
        }
        told
    }
}
