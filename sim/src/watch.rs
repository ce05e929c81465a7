//! Who has a change, since when, from whom, and over how many hops. It watches;
//! nothing depends on it.

use rumormill_core::id::Writer;
use rumormill_core::{Cause, Engine, Instant, MessageKind, Store};

/// How a node learned of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learned {
    /// When.
    pub at: Instant,
    /// Over how many messages it came from the node that wrote it: 0 there.
    pub hops: u32,
    /// From whom: the node itself, if it wrote it.
    pub from: u32,
    /// In which message, and why that was sent; none where it was written.
    pub by: Option<(MessageKind, Cause)>,
}

/// A change and its spreading.
#[derive(Debug, Clone)]
pub struct Watch {
    /// Counts the writes of a run, from 1.
    pub number: u64,
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
    /// Kept when a node loses its data: what it had sent is still under way.
    learned: Vec<Option<Learned>>,
    has: Vec<bool>,
    informed: u32,
    hops_max: u32,
}

impl Watch {
    pub(crate) fn new(
        (number, key): (u64, &str),
        node: u32,
        engine: &Engine<Store>,
        now: Instant,
        nodes: u32,
    ) -> Self {
        let writer = engine.state().writer().clone();
        let sequence = engine.state().vector().sequence(&writer);
        let (mut learned, mut has) = (vec![None; nodes as usize], vec![false; nodes as usize]);
        learned[node as usize] = Some(Learned { at: now, hops: 0, from: node, by: None });
        has[node as usize] = true;
        let key = key.into();
        Self { number, node, writer, sequence, key, at: now, learned, has, informed: 1, hops_max: 0 }
    }

    /// When and how a node learned of it; none if it does not have it.
    pub fn learned(&self, node: u32) -> Option<Learned> {
        self.has.get(node as usize).filter(|has| **has).and_then(|_| self.learned[node as usize])
    }

    /// The way on which it came to a node, from the node that wrote it on: each
    /// node with how it learned of it. Empty if the node does not have it; a way
    /// over a node that has lost its data since tells how it had learned.
    pub fn path(&self, node: u32) -> Vec<(u32, Learned)> {
        let mut path = Vec::new();
        let mut next = self.learned(node).map(|learned| (node, learned));
        while let Some((node, learned)) = next {
            path.push((node, learned));
            // Whoever lost its data and learned again may be its own teacher's pupil.
            let earlier = |from: &u32| path.iter().all(|(on, _)| on != from);
            let from = Some(learned.from).filter(earlier);
            next = from.and_then(|from| self.learned[from as usize].map(|learned| (from, learned)));
        }
        path.reverse();
        path
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
        self.learned.iter().zip(&self.has).map(|(learned, has)| learned.filter(|_| *has))
    }

    /// A node took in a message that may have carried the change. True if it has learned of it by that.
    pub(crate) fn look(
        &mut self,
        node: u32,
        from: u32,
        by: (MessageKind, Cause),
        engine: &Engine<Store>,
        now: Instant,
    ) -> bool {
        if self.has[node as usize] || !engine.state().has_seen(&self.writer, self.sequence) {
            return false;
        }
        let hops = self.learned[from as usize].map_or(0, |learned| learned.hops).saturating_add(1);
        self.learned[node as usize] = Some(Learned { at: now, hops, from, by: Some(by) });
        self.has[node as usize] = true;
        self.informed += 1;
        self.hops_max = self.hops_max.max(hops);
        true
    }

    /// A node is up again, with the data that it had.
    pub(crate) fn recover(&mut self, node: u32, engine: &Engine<Store>, now: Instant) {
        if engine.state().has_seen(&self.writer, self.sequence) {
            let before = self.learned[node as usize];
            let before = before.unwrap_or(Learned { at: now, hops: 0, from: node, by: None });
            self.learned[node as usize] = Some(Learned { at: now, ..before });
            self.has[node as usize] = true;
            self.informed += 1;
        }
    }

    /// A node is not up any more.
    pub(crate) fn forget(&mut self, node: u32) {
        let had = std::mem::take(&mut self.has[node as usize]);
        self.informed -= u32::from(had);
    }
}
