//! What an observer is told of an engine's intentions: to whom it pushes, what it
//! owes to whom, when its next round begins. It only looks; no decision of the
//! engine is taken here.

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

impl<S: State> Engine<S> {
    /// Whom this node suspects, by name.
    pub fn suspects(&self) -> impl Iterator<Item = &NodeId> {
        self.suspicions.suspects()
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
