//! Which way through the network is open, and how long it is: partitions, cuts
//! (each way by itself), and links with a latency of their own. What travels
//! is not known here.

use crate::latency::Latency;
use rumormill_core::ordered::{Map, Set};

#[derive(Debug, Clone, Default)]
pub(crate) struct Paths {
    /// The group of each node; empty without a partition.
    groups: Vec<u32>,
    /// From whom to whom nothing passes.
    cuts: Set<(u32, u32)>,
    /// By the lesser node and the greater.
    latencies: Map<(u32, u32), Latency>,
}

impl Paths {
    pub(crate) fn is_cut(&self, from: u32, to: u32) -> bool {
        let group = |node: u32| self.groups.get(node as usize);
        group(from) != group(to) || self.cuts.contains(&(from, to))
    }

    pub(crate) fn has_cuts(&self) -> bool {
        !self.cuts.is_empty() || !self.groups.is_empty()
    }

    /// From whom to whom nothing passes, in order; the parts of a partition are no such ways.
    pub(crate) fn cuts(&self) -> impl Iterator<Item = (u32, u32)> {
        self.cuts.iter().copied()
    }

    /// The lesser node of each link with a latency of its own, and the greater.
    pub(crate) fn delayed(&self) -> impl Iterator<Item = (u32, u32, Latency)> {
        self.latencies.iter().map(|(&(a, b), latency)| (a, b, *latency))
    }

    /// How long a frame travels between two nodes, if not as everywhere.
    pub(super) fn latency(&self, a: u32, b: u32) -> Option<Latency> {
        if self.latencies.is_empty() {
            return None;
        }
        self.latencies.get(&(a.min(b), a.max(b))).copied()
    }

    pub(super) fn partition(&mut self, groups: &[Vec<u32>], nodes: u32) {
        self.groups = vec![groups.len() as u32; nodes as usize];
        for (number, group) in (0..).zip(groups) {
            for &node in group {
                self.groups[node as usize] = number;
            }
        }
    }

    pub(super) fn cut(&mut self, from: u32, to: u32) {
        self.cuts.insert((from, to));
    }

    /// Ends what was cut between two nodes, but no partition.
    pub(super) fn mend(&mut self, a: u32, b: u32) {
        self.cuts.remove(&(a, b));
        self.cuts.remove(&(b, a));
    }

    pub(super) fn heal(&mut self) {
        self.groups.clear();
        self.cuts.clear();
    }

    pub(super) fn delay(&mut self, a: u32, b: u32, latency: Option<Latency>) {
        let link = (a.min(b), a.max(b));
        match latency {
            Some(latency) => self.latencies.insert(link, latency),
            None => self.latencies.remove(&link),
        };
    }
}
