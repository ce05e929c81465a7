//! Which records of a trace are messages that can be drawn on their way. Pure; the drawing is the ring's.

use super::state::Flash;
use rumormill_core::{Event, TraceEvent, TraceRecord};

/// The messages among the records, the newest `most` of them, oldest first.
pub(super) fn flashes(records: &[TraceRecord], most: usize) -> Vec<Flash> {
    let newest_us = records.last().map_or(0, |record| record.at.as_micros());
    let flash = |record: &TraceRecord| {
        let node = record.node.clone()?;
        let (from, to, kind) = match &record.event {
            TraceEvent::Node(Event::Sent { to: Some(to), kind, .. }) => (node, to.clone(), *kind),
            TraceEvent::Node(Event::Received { from, kind, .. }) => (from.clone(), node, *kind),
            _ => return None,
        };
        let before_us = newest_us.saturating_sub(record.at.as_micros());
        Some(Flash { from, to, is_payload: kind.is_payload(), before_us })
    };
    let mut found: Vec<_> = records.iter().rev().filter_map(flash).take(most).collect();
    found.reverse();
    found
}
