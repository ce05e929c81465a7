//! The trace of a run: hashed as it comes, and kept in a ring for whoever
//! wants to look. Two runs are the same exactly if their hashes are.

use rumormill_core::event::{TraceEvent, TraceRecord};
use rumormill_core::{Instant, NodeId};
use std::collections::VecDeque;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Most records kept unless the user says otherwise: about a second of a
/// thousand nodes. A guess.
pub(crate) const KEPT_DEFAULT: u32 = 20_000;

#[derive(Debug, Clone)]
pub(crate) struct Tracer {
    hash: u64,
    hashing: bool,
    kept: VecDeque<TraceRecord>,
    kept_max: u32,
    skipped: u64,
    buffer: Vec<u8>,
}

impl Default for Tracer {
    fn default() -> Self {
        Self {
            hash: 0,
            hashing: true,
            kept: VecDeque::new(),
            kept_max: KEPT_DEFAULT,
            skipped: 0,
            buffer: Vec::new(),
        }
    }
}

impl Tracer {
    pub(crate) fn record(&mut self, at: Instant, node: Option<&NodeId>, event: TraceEvent) {
        let record = TraceRecord { at, node: node.cloned(), event };
        if self.hashing {
            self.buffer.clear();
            let bytes = core::mem::take(&mut self.buffer);
            self.buffer = postcard::to_extend(&record, bytes).expect("trace records always encode");
            self.hash = xxh3_64_with_seed(&self.buffer, self.hash);
        }
        if self.kept_max == 0 {
            return;
        }
        if self.kept.len() as u32 >= self.kept_max {
            self.kept.pop_front();
            self.skipped += 1;
        }
        self.kept.push_back(record);
    }

    /// Each record's bytes are hashed with the hash of all before as the seed.
    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn set_hashing(&mut self, hashing: bool) {
        self.hashing = hashing;
    }

    pub(crate) fn keep(&mut self, records_max: u32) {
        self.kept_max = records_max;
        while self.kept.len() as u32 > records_max {
            self.kept.pop_front();
            self.skipped += u64::from(records_max > 0);
        }
    }

    pub(crate) fn take(&mut self) -> Vec<TraceRecord> {
        let skipped = core::mem::take(&mut self.skipped);
        let first = self.kept.front().map(|record| record.at);
        let note = first.filter(|_| skipped > 0).map(|at| TraceRecord {
            at,
            node: None,
            event: TraceEvent::Skipped(skipped),
        });
        note.into_iter().chain(self.kept.drain(..)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_ring_says_what_it_dropped_and_hashes_all_the_same() {
        let (mut small, mut large) = (Tracer::default(), Tracer::default());
        small.keep(3);
        for at in 0..10 {
            for tracer in [&mut small, &mut large] {
                tracer.record(Instant::from_micros(at), None, TraceEvent::Healed);
            }
        }
        assert_eq!(small.hash(), large.hash());
        let kept = small.take();
        assert_eq!(kept[0].event, TraceEvent::Skipped(7));
        assert_eq!(kept[0].at, Instant::from_micros(7));
        assert_eq!(kept.len(), 4);
        assert!(small.take().is_empty(), "taken once");
        assert_eq!(large.take().len(), 10);
    }

    #[test]
    fn the_order_of_records_changes_the_hash() {
        let hash = |events: [TraceEvent; 2]| {
            let mut tracer = Tracer::default();
            for event in events {
                tracer.record(Instant::ZERO, None, event);
            }
            tracer.hash()
        };
        let there = hash([TraceEvent::Healed, TraceEvent::Crashed]);
        let back = hash([TraceEvent::Crashed, TraceEvent::Healed]);
        assert_ne!(there, back);
    }
}
