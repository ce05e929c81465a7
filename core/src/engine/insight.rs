//! What an observer is told of an engine's intentions: to whom it pushes, what it
//! owes to whom, whose answer it waits for, when its next round begins and when a
//! suspicion ends. It only looks; no decision of the engine is taken here.

use super::Engine;
use crate::config::Strategy;
use crate::id::NodeId;
use crate::limiter::Purpose;
use crate::state::State;
use crate::time::Instant;
use alloc::vec::Vec;

/// What a node has not sent yet to one peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Debt {
    /// Does it carry state, or does it only ask?
    pub payload: bool,
    /// Did the limiter say no?
    pub denied: bool,
    /// From when on the limiter grants it, unless others come first; none if it
    /// is not the limiter that it waits for, or if no token ever comes.
    pub token_at: Option<Instant>,
}

/// A member that was asked and has not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awaited<'a> {
    /// Who.
    pub id: &'a NodeId,
    /// Since when it has owed the answer.
    pub since: Instant,
    /// When this node suspects it, if it says nothing until then.
    pub suspected_at: Instant,
    /// How many others were asked to help.
    pub helpers: u8,
}

/// A suspicion under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt<'a> {
    /// Who is suspected.
    pub id: &'a NodeId,
    /// When this node takes it for down, if it does not deny that until then
    /// and nobody else confirms it.
    pub ends_at: Instant,
    /// How many confirm it, beside the first accuser.
    pub confirmations: u32,
}

impl<S: State> Engine<S> {
    /// Whom this node suspects, by name.
    pub fn suspects(&self) -> impl Iterator<Item = &NodeId> {
        self.suspicions.suspects()
    }

    /// Whom this node suspects, and until when, by name.
    pub fn doubts(&self) -> impl Iterator<Item = Doubt<'_>> {
        self.suspicions.doubts(&self.config.tuning, &self.members)
    }

    /// Who owes this node an answer, by name.
    pub fn awaited(&self) -> impl Iterator<Item = Awaited<'_>> {
        let limit = self.probe_limit();
        self.probes.iter().map(move |(id, since, helpers)| Awaited {
            id,
            since,
            suspected_at: since + limit,
            helpers,
        })
    }

    /// To whom this node sends what is new, at once: its children in the tree,
    /// or the neighbours whose links are in Plumtree's. Nobody, if the strategy
    /// only asks.
    pub fn pushes_to(&self) -> Vec<NodeId> {
        match self.config.tuning.strategy {
            Strategy::Random => Vec::new(),
            Strategy::Tree | Strategy::Hybrid => self.children(None),
            Strategy::Plumtree => {
                let mut neighbours = self.plumtree.neighbours();
                neighbours.retain(|id| self.plumtree.is_eager(id));
                neighbours.extend(self.attached(None));
                neighbours
            }
        }
    }

    /// What waits here to be sent to a peer; none if nothing does.
    pub fn debt(&self, peer: &NodeId) -> Option<Debt> {
        let outbox = &self.peers.get(peer)?.outbox;
        let blocked = outbox.blocked();
        (!outbox.is_empty()).then(|| Debt {
            payload: outbox.owes_payload(),
            denied: blocked.is_some(),
            token_at: blocked.and_then(|purpose: Purpose| self.limiter.ready_at(purpose)),
        })
    }

    /// When this node's next round begins, on its own clock.
    pub fn next_round(&self) -> Instant {
        self.next_round
    }
}
