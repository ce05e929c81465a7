//! One simulated machine: its engine while it is up, and what a driver keeps
//! beside it. Decides nothing; the simulator moves it.

use crate::clock::Clock;
use crate::network::Flight;
use rumormill_core::ordered::Map;
use rumormill_core::{
    Address, Duration, Engine, Incarnation, Input, Instant, LinkId, NodeId, State, Store, Tuning,
};
use std::collections::VecDeque;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

/// Most requests for a link that wait for a process that does not get round to
/// them; more are not answered. Linux's default (somaxconn) until 5.4.
pub(crate) const BACKLOG_MAX: u32 = 128;

/// What waits for a process that is paused or slow.
#[derive(Debug, Clone)]
pub(crate) enum Waiting {
    /// A request for a link.
    Dialed { link: u64 },
    /// A frame, on the link of that name.
    Frame(Flight, LinkId),
    /// Anything else that the world did.
    Input(Input),
    /// An operator's wish.
    Tune(Tuning),
}

/// All machines, in the order of their names. Copies of a simulation share those to which nothing has happened since: a
/// machine is copied when it is about to change.
#[derive(Debug, Clone)]
pub(crate) struct Hosts(Vec<Arc<Host>>);

impl Hosts {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Host> {
        self.0.iter().map(|host| &**host)
    }

    pub(crate) fn get(&self, node: u32) -> Option<&Host> {
        self.0.get(node as usize).map(|host| &**host)
    }

    pub(crate) fn find(&self, id: &NodeId) -> Option<u32> {
        self.0.binary_search_by(|host| host.id.cmp(id)).ok().map(|node| node as u32)
    }

    /// The numbers of those that are not shared with a copy.
    pub(crate) fn unshared<'a>(&'a self, copy: &'a Self) -> impl Iterator<Item = u32> {
        let pairs = (0..).zip(self.0.iter().zip(&copy.0));
        pairs.filter(|(_, (one, other))| !Arc::ptr_eq(one, other)).map(|(node, _)| node)
    }
}

impl FromIterator<Host> for Hosts {
    fn from_iter<I: IntoIterator<Item = Host>>(hosts: I) -> Self {
        Self(hosts.into_iter().map(Arc::new).collect())
    }
}

impl Index<u32> for Hosts {
    type Output = Host;

    fn index(&self, node: u32) -> &Host {
        &self.0[node as usize]
    }
}

impl IndexMut<u32> for Hosts {
    fn index_mut(&mut self, node: u32) -> &mut Host {
        let host = &mut self.0[node as usize];
        if Arc::get_mut(host).is_none() {
            *host = copy(host);
        }
        Arc::get_mut(host).expect("nobody else has what was just copied")
    }
}

/// Apart from the many places that change a host: copying one is much code, and where nothing is copied, none of it is
/// wanted.
#[inline(never)]
fn copy(host: &Host) -> Arc<Host> {
    Arc::new(host.clone())
}

#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) id: NodeId,
    pub(crate) address: Address,
    /// None while the node is not up.
    pub(crate) engine: Option<Engine<Store>>,
    /// The latest life; each start begins another.
    pub(crate) incarnation: Incarnation,
    /// The network's links by the engine's names, and which end this is.
    pub(crate) links: Map<LinkId, (u64, u8)>,
    accepted: u64,
    /// The store as it was when the node stopped.
    pub(crate) disk: Option<Vec<u8>>,
    /// How often it came back at another address.
    pub(crate) moves: u32,
    pub(crate) clock: Clock,
    /// Is the process stopped?
    pub(crate) paused: bool,
    /// How late it handles what reaches it.
    pub(crate) delay: Duration,
    /// What reached it and when it is due, in order.
    pub(crate) inbox: VecDeque<(Instant, Waiting)>,
    /// How many of these are requests for a link.
    pub(crate) backlog: u32,
    /// Is one of these a timeout?
    pub(crate) timed_out: bool,
    /// The deadline for which an event is under way, in simulated time, and
    /// which one it is.
    pub(crate) timer_at: Option<Instant>,
    pub(crate) timer_generation: u64,
}

impl Host {
    pub(crate) fn new(id: NodeId, address: Address) -> Self {
        Self {
            id,
            address,
            engine: None,
            incarnation: Incarnation(0),
            links: Map::new(),
            accepted: 0,
            disk: None,
            moves: 0,
            clock: Clock::default(),
            paused: false,
            delay: Duration::ZERO,
            inbox: VecDeque::new(),
            backlog: 0,
            timed_out: false,
            timer_at: None,
            timer_generation: 0,
        }
    }

    /// A name for the next link that this host accepts.
    pub(crate) fn next_accepted(&mut self) -> LinkId {
        self.accepted += 1;
        LinkId::Accepted(self.accepted)
    }

    /// Does it handle what reaches it at once?
    pub(crate) fn is_prompt(&self) -> bool {
        self.engine.is_none() || (self.inbox.is_empty() && !self.paused && self.delay.is_zero())
    }

    /// Something waits; when it is due.
    pub(crate) fn wait(&mut self, waiting: Waiting, now: Instant) -> Instant {
        let last = self.inbox.back().map_or(now, |(due, _)| *due);
        let due = last.max(now + self.delay);
        self.inbox.push_back((due, waiting));
        due
    }

    /// What is due, if anything is.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Waiting> {
        let due = !self.paused && self.inbox.front().is_some_and(|(due, _)| *due <= now);
        due.then(|| self.inbox.pop_front()).flatten().map(|(_, waiting)| waiting)
    }

    /// The node is not up any more. What links it had, for the network.
    pub(crate) fn stop(&mut self) -> Vec<(u64, u8)> {
        self.disk = self.engine.take().map(|engine| engine.state().encode());
        self.paused = false;
        self.timed_out = false;
        self.timer_at = None;
        self.timer_generation += 1;
        core::mem::take(&mut self.links).values().copied().collect()
    }
}
