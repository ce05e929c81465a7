//! No node ever sends more than its limiter allows. Counted from the trace,
//! without the limiter's own arithmetic.

use rumormill_core::event::{Event, TraceEvent, TraceRecord};
use rumormill_core::{Duration, Instant, MessageKind, NodeId};
use std::collections::BTreeMap;

/// Kinds that a node must have a token for; greetings, answers to probes,
/// prunes and surveys are free.
const COSTLY: [MessageKind; 7] = [
    MessageKind::Summary,
    MessageKind::Digest,
    MessageKind::Delta,
    MessageKind::Rumor,
    MessageKind::Members,
    MessageKind::Announce,
    MessageKind::Graft,
];

/// In no stretch of time does a node send more than the bucket holds and what
/// flows into it meanwhile. Returns the most sent by one node.
pub(crate) fn within_bucket(trace: &[TraceRecord], capacity: u64, refill_per_s: u64) -> usize {
    let sends = costly_sends(trace);
    for (node, times) in &sends {
        // The fullest stretch that ends at each send, in millionths of a message.
        let mut level = 0u64;
        let mut last = Instant::ZERO;
        for &at in times {
            level = level.saturating_sub(at.since(last).as_micros() * refill_per_s) + 1_000_000;
            assert!(level <= capacity * 1_000_000, "{node} exceeds its bucket at {at:?}");
            last = at;
        }
    }
    sends.values().map(Vec::len).max().unwrap_or(0)
}

/// In no window does a node send more than its tokens. Returns the most sent
/// by one node in one window.
pub(crate) fn within_windows(trace: &[TraceRecord], tokens: u32, period: Duration) -> u32 {
    let mut most = 0;
    for (node, times) in costly_sends(trace) {
        let mut windows: BTreeMap<u64, u32> = BTreeMap::new();
        for at in times {
            *windows.entry(at.as_micros() / period.as_micros()).or_default() += 1;
        }
        for (window, sent) in windows {
            assert!(sent <= tokens, "{node} sends {sent} in window {window}");
            most = most.max(sent);
        }
    }
    most
}

fn costly_sends(trace: &[TraceRecord]) -> BTreeMap<NodeId, Vec<Instant>> {
    let mut sends: BTreeMap<NodeId, Vec<Instant>> = BTreeMap::new();
    for record in trace {
        match (&record.node, &record.event) {
            (_, TraceEvent::Skipped(_)) => panic!("the trace has a gap"),
            (Some(node), TraceEvent::Node(Event::Sent { kind, .. })) if COSTLY.contains(kind) => {
                sends.entry(node.clone()).or_default().push(record.at);
            }
            _ => {}
        }
    }
    sends
}
