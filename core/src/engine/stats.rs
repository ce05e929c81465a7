//! Counts of what an engine did since its start: for metrics, dashboards and
//! the simulator's figures. Only counts; nothing is decided by them.

use crate::ordered::Map;
use crate::wire::{CloseCode, MessageKind};

/// Messages and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub messages: u64,
    /// How large together, frames without the transport's own bytes.
    pub bytes: u64,
}

impl Tally {
    fn add(&mut self, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes as u64;
    }
}

/// An engine's counts since its start.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    sent: [Tally; MessageKind::ALL.len()],
    received: [Tally; MessageKind::ALL.len()],
    closed: Map<CloseCode, u64>,
    /// Rounds begun.
    pub rounds: u64,
    /// Sends that the limiter put off.
    pub denials: u64,
    /// Links dialled.
    pub dials: u64,
    /// Links that could not be made, or broke.
    pub broken_links: u64,
    /// Tombstones dropped because everyone had seen them.
    pub collected: u64,
    /// Probes that nobody answered in time, helpers included.
    pub probes_failed: u64,
    /// Suspicions and deaths of its own that this node denied.
    pub refutations: u64,
    /// Members that were gone for so long that their records went.
    pub forgotten: u64,
    /// News that outgrew its outbox and was left to repair.
    pub overflows: u64,
}

impl Stats {
    /// Messages sent of a kind.
    pub fn sent(&self, kind: MessageKind) -> Tally {
        self.sent[kind as usize]
    }

    /// Messages received of a kind.
    pub fn received(&self, kind: MessageKind) -> Tally {
        self.received[kind as usize]
    }

    /// Messages sent of all kinds.
    pub fn sent_total(&self) -> Tally {
        total(&self.sent)
    }

    /// Messages received of all kinds.
    pub fn received_total(&self) -> Tally {
        total(&self.received)
    }

    /// Links that this node closed, by why.
    pub fn closed(&self, code: CloseCode) -> u64 {
        self.closed.get(&code).copied().unwrap_or(0)
    }

    pub(super) fn count_sent(&mut self, kind: MessageKind, bytes: usize) {
        self.sent[kind as usize].add(bytes);
    }

    pub(super) fn count_received(&mut self, kind: MessageKind, bytes: usize) {
        self.received[kind as usize].add(bytes);
    }

    pub(super) fn count_closed(&mut self, code: CloseCode) {
        *self.closed.or_default(code) += 1;
    }
}

fn total(tallies: &[Tally]) -> Tally {
    tallies.iter().fold(Tally::default(), |sum, tally| Tally {
        messages: sum.messages + tally.messages,
        bytes: sum.bytes + tally.bytes,
    })
}
