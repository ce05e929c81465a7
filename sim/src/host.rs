//! One simulated machine: its engine while it is up, and what a driver keeps
//! beside it. Decides nothing; the simulator moves it.

use rumormill_core::{Address, Engine, Incarnation, Instant, LinkId, NodeId, State, Store};
use std::collections::BTreeMap;

#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) id: NodeId,
    pub(crate) address: Address,
    /// None while the node is not up.
    pub(crate) engine: Option<Engine<Store>>,
    /// The latest life; each start begins another.
    pub(crate) incarnation: Incarnation,
    /// The network's links by the engine's names, and which end this is.
    pub(crate) links: BTreeMap<LinkId, (u64, u8)>,
    accepted: u64,
    /// The store as it was when the node stopped.
    pub(crate) disk: Option<Vec<u8>>,
    /// How often it came back at another address.
    pub(crate) moves: u32,
    /// The deadline for which an event is under way, and which one it is.
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
            links: BTreeMap::new(),
            accepted: 0,
            disk: None,
            moves: 0,
            timer_at: None,
            timer_generation: 0,
        }
    }

    /// A name for the next link that this host accepts.
    pub(crate) fn next_accepted(&mut self) -> LinkId {
        self.accepted += 1;
        LinkId::Accepted(self.accepted)
    }

    /// The node is not up any more. What links it had, for the network.
    pub(crate) fn stop(&mut self) -> Vec<(u64, u8)> {
        self.disk = self.engine.take().map(|engine| engine.state().encode());
        self.timer_at = None;
        self.timer_generation += 1;
        core::mem::take(&mut self.links).into_values().collect()
    }
}
