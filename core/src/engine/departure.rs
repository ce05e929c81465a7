//! How this node leaves: it says that it will, hands over what others may lack,
//! says goodbye once someone has everything, and stops. Each step has a bound.

use super::Engine;
use super::outbox::Ask;
use crate::event::Cause;
use crate::members::{Member, Status};
use crate::ordered::Set;
use crate::state::State;
use crate::time::{Duration, Instant};
use crate::wire::CloseCode;

/// How long a leaving node tries to hand over what it has. A guess: two rounds.
pub const HANDOVER_MAX: Duration = Duration::from_secs(2);

/// How long a leaving node waits for its goodbye to be written before it
/// closes its links. A guess: several round trips on any network.
pub const LEAVE_GRACE: Duration = Duration::from_millis(500);

/// A node that does not run cannot leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the node is leaving already or has left")]
pub struct LeaveError;

/// Where in its life this node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Running,
    /// Nobody is known yet to have all that this node has.
    HandingOver {
        until: Instant,
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
        self.life = Life::HandingOver { until: now + HANDOVER_MAX };
        self.unblock();
        let told = self.say(Status::Leaving);
        for peer in &told {
            self.outbox(peer).ask(Ask { store: true, cause: Cause::Leave });
        }
        if told.is_empty() {
            self.part(now);
        }
        self.flush(now);
        Ok(())
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
        match self.life {
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
    fn say(&mut self, status: Status) -> Set<crate::NodeId> {
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
