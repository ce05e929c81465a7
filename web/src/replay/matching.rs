//! Which sending belongs to which arrival or loss: a recording tells of each end by itself. Pure.
//!
//! Of greetings it does not tell enough: they have no number, and who was dialled, or dials an address that it was only
//! told of, does not know yet to whom it sends one. Where a node has sent several, each of them may be the one that
//! arrives, for greetings to different nodes overtake each other. So one is held to be under way from the newest of those
//! on: later than it was, perhaps, but never while it was not. The same rule finds the right one where a node that was
//! restarted counts its messages from the start again.

use rumormill_core::event::{Event, Fate, TraceEvent};
use rumormill_core::sort::sort_by;
use rumormill_core::{Cause, MessageKind, NodeId, TraceRecord};
use std::collections::{BTreeMap, VecDeque};

/// A message both of whose ends are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) sent_us: u64,
    pub(super) ends_us: u64,
    pub(super) kind: MessageKind,
    pub(super) cause: Cause,
    pub(super) number: u64,
    pub(super) bytes: u32,
    pub(super) writes: u32,
    pub(super) lost: Option<Fate>,
}

/// All messages in the order in which they were sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Ways {
    pub(super) ways: Vec<Way>,
    /// Messages of which only one end is told.
    pub(super) halves: u64,
    /// The longest that any was under way.
    pub(super) longest_us: u64,
}

/// Sender, receiver if that is told, the sender's number, kind.
type Key = (u32, Option<u32>, u64, MessageKind);

/// Pairs the two ends of messages.
pub(super) fn ways(records: &[TraceRecord], index: impl Fn(&NodeId) -> Option<u32>) -> Ways {
    let mut open: BTreeMap<Key, VecDeque<Way>> = BTreeMap::new();
    let mut ways = Ways::default();
    let mut unsent = 0;
    for (at, record) in records.iter().enumerate() {
        let Some(node) = record.node.as_ref().and_then(&index) else { continue };
        let at_us = record.at.as_micros();
        let (key, lost) = match &record.event {
            TraceEvent::Node(Event::Sent { to, number, kind, bytes, writes, cause }) => {
                let to = to.as_ref().and_then(&index);
                let way = Way {
                    from: node,
                    to: to.unwrap_or(node),
                    sent_us: at_us,
                    ends_us: at_us,
                    kind: *kind,
                    cause: *cause,
                    number: *number,
                    bytes: *bytes,
                    writes: *writes,
                    lost: None,
                };
                open.entry((node, to, *number, *kind)).or_default().push_back(way);
                continue;
            }
            TraceEvent::Node(Event::Received { from, number, kind, .. }) => {
                let Some(from) = index(from) else { continue };
                ((from, Some(node), *number, *kind), None)
            }
            TraceEvent::Lost { to, number, kind, fate } => {
                let Some(to) = index(to) else { continue };
                ((node, Some(to), *number, *kind), Some(*fate))
            }
            _ => continue,
        };
        // A greeting is sent to nobody in particular where the sender was dialled, or had only an address to dial.
        let to_nobody = (key.0, None, key.2, key.3);
        let keys = if was_dialled(record, records.get(at + 1)) { [to_nobody, key] } else { [key, to_nobody] };
        let sent = keys.iter().find_map(|key| newest(open.get_mut(key)?));
        match sent {
            Some(sent) => {
                let way = Way { to: key.1.unwrap_or(sent.to), ends_us: at_us, lost, ..sent };
                ways.longest_us = ways.longest_us.max(at_us.saturating_sub(sent.sent_us));
                ways.ways.push(way);
            }
            None => unsent += 1,
        }
    }
    ways.halves = unsent + open.values().map(|sent| sent.len() as u64).sum::<u64>();
    sort_by(&mut ways.ways, |a, b| a.sent_us.cmp(&b.sent_us));
    ways
}

/// Was the sender of this greeting dialled by its receiver? Then the receiver says next that the link which it dialled
/// is up.
fn was_dialled(greeting: &TraceRecord, next: Option<&TraceRecord>) -> bool {
    let TraceEvent::Node(Event::Received { from, kind: MessageKind::Hello, .. }) = &greeting.event else {
        return false;
    };
    next.is_some_and(|next| {
        let is_up =
            matches!(&next.event, TraceEvent::Node(Event::LinkUp { peer, dialed: true }) if peer == from);
        is_up && next.node == greeting.node
    })
}

/// The newest of what may have been sent. The oldest is what is not waited for any longer: then the newest is never older
/// than what was really sent, whichever that was.
fn newest(open: &mut VecDeque<Way>) -> Option<Way> {
    let newest = open.back().copied();
    open.pop_front();
    newest
}

impl Ways {
    /// Those that were sent since a moment and not after another, with their numbers in the recording.
    pub(super) fn sent_between(&self, from_us: u64, to_us: u64) -> impl Iterator<Item = (u64, &Way)> {
        let first = self.ways.partition_point(|way| way.sent_us < from_us);
        let ways = self.ways[first..].iter().take_while(move |way| way.sent_us <= to_us);
        (first as u64..).zip(ways)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumormill_core::Instant;

    fn id(name: &str) -> NodeId {
        name.parse().expect("a name")
    }

    fn record(at_us: u64, node: &str, event: Event) -> TraceRecord {
        let event = TraceEvent::Node(event);
        TraceRecord { at: Instant::from_micros(at_us), node: Some(id(node)), event }
    }

    fn sent(at_us: u64, to: Option<&str>, number: u64, kind: MessageKind) -> TraceRecord {
        let (to, cause) = (to.map(id), Cause::Round);
        record(at_us, "a", Event::Sent { to, number, kind, bytes: 9, writes: 0, cause })
    }

    fn received(at_us: u64, by: &str, number: u64, kind: MessageKind) -> TraceRecord {
        record(at_us, by, Event::Received { from: id("a"), number, kind, bytes: 9, news: false })
    }

    /// Who received, when it is held to have been sent, and when it came.
    fn paired(records: &[TraceRecord]) -> Vec<(u32, u64, u64)> {
        let index = |name: &NodeId| ["a", "b", "c"].iter().position(|other| *other == name.as_str());
        let ways = ways(records, |name| index(name).map(|index| index as u32));
        ways.ways.iter().map(|way| (way.to, way.sent_us, way.ends_us)).collect()
    }

    #[test]
    fn greetings_that_overtake_each_other_are_never_held_for_older_than_they_are() {
        let hello = MessageKind::Hello;
        let records = [
            sent(10, None, 0, hello),
            sent(14, None, 0, hello),
            received(20, "c", 0, hello),
            received(25, "b", 0, hello),
        ];
        assert_eq!(paired(&records), [(2, 14, 20), (1, 14, 25)]);
    }

    #[test]
    fn a_number_that_comes_again_after_a_restart_is_the_later_message_s() {
        let kind = MessageKind::Summary;
        let records =
            [sent(10, Some("b"), 1, kind), sent(9_000, Some("b"), 1, kind), received(9_010, "b", 1, kind)];
        assert_eq!(paired(&records), [(1, 9_000, 9_010)], "the first one never came");
    }
}
