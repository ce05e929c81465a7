//! Which links there are to be to the neighbours, and whole lists with whom,
//! while members come and go: at a bounded pace, because each that comes may
//! move everyone's place in the tree. Who the neighbours are is decided in
//! `spread` and `plumtree`; what a list means in `exchange`.

use super::links::Target;
use super::{Engine, Life};
use crate::event::Cause;
use crate::id::NodeId;
use crate::ordered::Set;
use crate::state::State;
use crate::time::{Duration, Instant};
use alloc::vec::Vec;

/// How often in a round a node may dial its neighbours because members came or
/// went. Each that comes may move everyone's place in the tree: in a cluster
/// that forms at once, a link to all who were children for a moment would be
/// one to nearly everyone. A guess: the first is dialled at once, the others of
/// a burst together.
const MEETINGS_A_ROUND: u64 = 2;

/// How long a member list may be that is followed round by round while it
/// changes; a longer one is followed in so many rounds more. A guess: in a
/// thousand that join one after another, every change is news to everyone, and
/// to act on each would cost a thousand times what a member costs.
const FOLLOWED_A_ROUND: usize = 128;

/// What the pace is kept by.
#[derive(Debug, Clone)]
pub(super) struct Meetings {
    /// Are there to be links to the neighbours?
    pub(super) wanted: bool,
    /// Peers without a link to whom only member records are owed.
    pub(super) untold: Set<NodeId>,
    /// When the neighbours were last dialled for one of both, and who were this
    /// node's children then.
    met_at: Option<Instant>,
    pub(super) met: Vec<NodeId>,
    /// Peers that greeted and were not in the member list.
    pub(super) newcomers: Set<NodeId>,
    /// When the member list changed last, and from when on it may be sent while
    /// it does.
    pub(super) list_changed: Instant,
    list_due: Instant,
}

impl Meetings {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            wanted: false,
            untold: Set::new(),
            met_at: None,
            met: Vec::new(),
            newcomers: Set::new(),
            list_changed: now,
            list_due: now,
        }
    }
}

impl<S: State> Engine<S> {
    /// Sees to it that there is a link to each neighbour.
    pub(super) fn dial_neighbours(&mut self, now: Instant) {
        if self.life != Life::Running {
            return;
        }
        for id in self.neighbours() {
            if !self.links.is_linked(&id) {
                self.dial(Target::Peer(id), now);
            }
        }
    }

    /// Is the member list owed to a peer whose own differs? Always to one that
    /// is new, and always when the list has not changed for a round. While it
    /// changes, difference is the rule and the tree is at work on it: then a
    /// long list goes out now and then.
    pub(super) fn owes_list(&mut self, to: &NodeId, now: Instant) -> bool {
        let is_due =
            self.meetings.newcomers.remove(to) || self.is_list_quiet(now) || now >= self.meetings.list_due;
        if is_due {
            self.meetings.list_due = now + self.pause_in_flux();
        }
        is_due
    }

    /// When to dial the neighbours, for a link or for member records that wait
    /// for nothing else.
    pub(super) fn meeting_deadline(&self) -> Option<Instant> {
        let is_wanted = self.meetings.wanted || !self.meetings.untold.is_empty();
        is_wanted.then(|| self.meeting_due())
    }

    /// When the neighbours may be dialled again while members come and go.
    pub(super) fn meeting_due(&self) -> Instant {
        let interval = self.config.tuning.interval_us;
        let pause = self.pause_in_flux().max(Duration::from_micros(interval.as_micros() / MEETINGS_A_ROUND));
        self.meetings.met_at.map_or(self.now, |at| at + pause)
    }

    /// How long this node lets a long list change before it acts on the whole of it.
    pub(super) fn pause_in_flux(&self) -> Duration {
        self.config.tuning.interval_us * (self.members.len() / FOLLOWED_A_ROUND) as u64
    }

    /// Has the member list not changed for a round?
    pub(super) fn is_list_quiet(&self, now: Instant) -> bool {
        now.since(self.meetings.list_changed) >= self.config.tuning.interval_us
    }

    /// Dials the neighbours. Records that were owed to one who is a child no
    /// more go to the children who could not be told when they came.
    pub(super) fn meet_neighbours(&mut self, now: Instant) {
        // A round in which nothing had changed does not make the next change wait.
        if self.meeting_deadline().is_some() {
            self.meetings.met_at = Some(now);
        }
        self.meetings.wanted = false;
        let children = self.children(None);
        let mut moved: Vec<NodeId> = Vec::new();
        for id in core::mem::take(&mut self.meetings.untold) {
            if let Some(peer) = self.peers.get_mut(&id)
                && !children.contains(&id)
                && !self.links.is_linked(&id)
                && peer.outbox.only_tells()
            {
                moved.extend(core::mem::take(&mut peer.outbox.members).into_keys());
            }
        }
        for child in &children {
            if self.links.preferred(child).is_none() {
                let owed = &mut self.peers.or_default(child.clone()).outbox.members;
                owed.extend(moved.iter().map(|id| (id.clone(), Cause::Tree)));
                if !owed.is_empty() {
                    self.dial(Target::Peer(child.clone()), now);
                }
            }
        }
        self.meetings.met = children;
        self.dial_neighbours(now);
    }
}
