//! Who has the latest change, since when, and over how many hops. It watches;
//! nothing depends on it.

use rumormill_core::id::Writer;
use rumormill_core::{Engine, Instant, Store};

/// How a node learned of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learned {
    /// When.
    pub at: Instant,
    /// Over how many messages it came from the node that wrote it: 0 there.
    pub hops: u32,
}

/// A change and its spreading.
#[derive(Debug, Clone)]
pub struct Watch {
    /// The node that wrote it.
    pub node: u32,
    /// As whom.
    pub writer: Writer,
    /// The writer's sequence number for it.
    pub sequence: u64,
    /// The key.
    pub key: String,
    /// When it was written.
    pub at: Instant,
    learned: Vec<Option<Learned>>,
    /// Kept when a node loses its data: what it had sent is still under way.
    hops: Vec<u32>,
    informed: u32,
    hops_max: u32,
}

impl Watch {
    pub(crate) fn new(node: u32, engine: &Engine<Store>, key: &str, at: Instant, nodes: u32) -> Self {
        let writer = engine.state().writer().clone();
        let sequence = engine.state().vector().sequence(&writer);
        let mut learned = vec![None; nodes as usize];
        learned[node as usize] = Some(Learned { at, hops: 0 });
        let hops = vec![0; nodes as usize];
        Self { node, writer, sequence, key: key.into(), at, learned, hops, informed: 1, hops_max: 0 }
    }

    /// When and how a node learned of it; none if it does not have it.
    pub fn learned(&self, node: u32) -> Option<Learned> {
        self.learned.get(node as usize).copied().flatten()
    }

    /// How many nodes that are up have it.
    pub fn informed(&self) -> u32 {
        self.informed
    }

    /// The longest way that it came to any node, in messages.
    pub fn hops_max(&self) -> u32 {
        self.hops_max
    }

    /// When it was learned, node by node, in the order of nodes.
    pub fn iter(&self) -> impl Iterator<Item = Option<Learned>> {
        self.learned.iter().copied()
    }

    /// A node took in a message that may have carried the change.
    pub(crate) fn look(&mut self, node: u32, from: u32, engine: &Engine<Store>, now: Instant) {
        if self.learned[node as usize].is_some() || !engine.state().has_seen(&self.writer, self.sequence) {
            return;
        }
        let hops = self.hops[from as usize].saturating_add(1);
        self.hops[node as usize] = hops;
        self.learned[node as usize] = Some(Learned { at: now, hops });
        self.informed += 1;
        self.hops_max = self.hops_max.max(hops);
    }

    /// A node is up again, with the data that it had.
    pub(crate) fn recover(&mut self, node: u32, engine: &Engine<Store>, now: Instant) {
        if engine.state().has_seen(&self.writer, self.sequence) {
            self.learned[node as usize] = Some(Learned { at: now, hops: self.hops[node as usize] });
            self.informed += 1;
        }
    }

    /// A node is not up any more.
    pub(crate) fn forget(&mut self, node: u32) {
        if self.learned[node as usize].take().is_some() {
            self.informed -= 1;
        }
    }
}
