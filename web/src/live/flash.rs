//! Which records of a trace are messages that can be drawn on their way. Pure; the drawing is the picture's.

use super::state::{Flash, View};
use rumormill_core::{Event, TraceEvent, TraceRecord};

/// The messages among the records, the newest `most` of them, oldest first.
pub(super) fn flashes(records: &[TraceRecord], most: usize) -> Vec<Flash> {
    let newest_us = records.last().map_or(0, |record| record.at.as_micros());
    let mut found: Vec<_> =
        records.iter().rev().filter_map(|record| flash(record, newest_us)).take(most).collect();
    found.reverse();
    found
}

/// The messages of the observed node in the time before a moment, in the order in which they were told.
pub(super) fn flashes_before(view: &View, at_us: u64, within_us: u64) -> Vec<Flash> {
    let is_near = |record: &&TraceRecord| {
        let record_us = record.at.as_micros();
        record.node.as_ref() == view.node() && record_us <= at_us && at_us - record_us <= within_us
    };
    view.feed
        .lines()
        .filter_map(|line| line.record())
        .filter(is_near)
        .filter_map(|record| flash(record, at_us))
        .collect()
}

fn flash(record: &TraceRecord, newest_us: u64) -> Option<Flash> {
    let node = record.node.clone()?;
    let (from, to, kind) = match &record.event {
        TraceEvent::Node(Event::Sent { to: Some(to), kind, .. }) => (node, to.clone(), *kind),
        TraceEvent::Node(Event::Received { from, kind, .. }) => (from.clone(), node, *kind),
        _ => return None,
    };
    let before_us = newest_us.saturating_sub(record.at.as_micros());
    Some(Flash { from, to, is_payload: kind.is_payload(), before_us })
}
