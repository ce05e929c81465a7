//! A simulated cluster that is like the one in sight: as many members, configured as the observed node is, with what it
//! holds, and messages that travel as long as they were seen to. Pure. It is a model: real networks do not keep to it.

use super::{state::View, words};
use crate::lab::{
    handover::Handover,
    protocol::Deed,
    setup::{Field, LimiterKind, NODES_MAX, Setup, Variation},
};
use rumormill_core::ordered::Map;
use rumormill_core::{Event, Kind, LimiterConfig, MessageKind, NodeId, TraceEvent, TraceRecord, sort::sort};

/// Most entries that are taken along; more would only delay the start.
const ENTRIES_MAX: usize = 100;

/// An answer that took longer than this was no answer to the question that it seemed to follow, in microseconds.
const TRIP_MOST_US: u64 = 2_000_000;

/// Fewer round trips than this are no measurement.
const TRIPS_LEAST: usize = 3;

/// A setup like the cluster in sight, and what its latency was found from.
pub(super) struct Fitted {
    /// The setup.
    pub setup: Setup,
    /// How long a message travels one way, in microseconds, and from how many round trips that was found; none while too
    /// few were seen: then the setup's latency is a guess.
    pub trip: Option<(u64, usize)>,
}

/// The cluster in sight as a setup; none before a node spoke.
pub(super) fn fitted(view: &View) -> Option<Fitted> {
    let status = view.status.as_deref()?;
    let nodes = members(view);
    let tuning = &status.tuning;
    let (limiter, tokens, refill) = match tuning.limiter {
        LimiterConfig::Unlimited => (LimiterKind::Unlimited, 256, 128),
        LimiterConfig::Bucket { capacity, refill_per_s, .. } => {
            (LimiterKind::Bucket, u64::from(capacity), u64::from(refill_per_s))
        }
        LimiterConfig::Window { tokens, period_us, .. } => {
            (LimiterKind::Window, u64::from(tokens), (period_us.as_micros() / 1_000_000).max(1))
        }
    };
    let records = view.feed.lines().filter_map(|line| line.record());
    let trip = trip(records, &status.node);
    let base = Setup {
        strategy: tuning.strategy,
        mode: tuning.mode,
        limiter,
        variation: Variation::LongTail,
        ..Setup::default()
    };
    let mut setup = base
        .with(Field::Nodes, nodes.to_string())
        .with(Field::Fanout, tuning.fanout.to_string())
        .with(Field::Arity, tuning.arity.to_string())
        .with(Field::Interval, (tuning.interval_us.as_micros() / 1_000).to_string())
        .with(Field::Tokens, tokens.to_string())
        .with(Field::Refill, refill.to_string());
    if let Some((one_way_us, _)) = trip {
        setup = setup.with(Field::Latency, format!("{:.2}", (one_way_us as f64 / 1_000.0).max(0.01)));
    }
    Some(Fitted { setup, trip })
}

/// The cluster in sight, to be simulated; none before a node spoke.
pub(super) fn handover(view: &View) -> Option<Handover> {
    let status = view.status.as_deref()?;
    let Fitted { setup, trip } = fitted(view)?;
    let ms = setup.text(Field::Latency);
    let travels = match trip {
        Some((_, trips)) => {
            format!("Messages travel {ms} ms, half the median of {trips} round trips that were seen.")
        }
        None => format!("No round trip was seen yet: messages travel {ms} ms, a guess."),
    };
    let (script, left_out) = script(view);
    let left_out = match left_out {
        0 => String::new(),
        count => format!(
            " Left out: {} (sets, conflicts, or too many).",
            words::counted(count, "entry", "entries")
        ),
    };
    let words = format!(
        "Made from cluster {} as {} saw it: {}, {}. {travels} Its losses, load and machines are not known here.{left_out}",
        status.cluster,
        status.node,
        words::counted(members(view), "member", "members"),
        words::counted(script.len(), "entry", "entries"),
    );
    Some(Handover { setup, script, words })
}

/// Members that are simulated.
fn members(view: &View) -> usize {
    let active = view.members.values().filter(|member| member.view.status.is_active()).count();
    active.clamp(1, NODES_MAX as usize)
}

/// What is written at the start, and how many entries that leaves out.
fn script(view: &View) -> (Vec<(u64, Deed)>, usize) {
    let deed = |((key, kind), entry): (&(String, Kind), &super::state::SeenEntry)| match kind {
        Kind::Register => {
            Some(Deed::Write { node: 0, key: key.clone(), value: entry.view.value.to_string() })
        }
        Kind::Counter => {
            let by = entry.view.value.as_i64()?;
            Some(Deed::Increment { node: 0, key: key.clone(), by })
        }
        Kind::Set | Kind::MultiValue => None,
    };
    let deeds: Vec<_> =
        view.entries.iter().filter_map(deed).take(ENTRIES_MAX).map(|deed| (0, deed)).collect();
    let left_out = view.entries.len() - deeds.len();
    (deeds, left_out)
}

/// How long a message travels one way, in microseconds, and from how many round trips that was found: half the median
/// of the time from a summary to the same member's answer, both by the observed node's own clock.
fn trip<'a>(records: impl Iterator<Item = &'a TraceRecord>, own: &NodeId) -> Option<(u64, usize)> {
    let mut asked: Map<&NodeId, u64> = Map::new();
    let mut trips = Vec::new();
    for record in records.filter(|record| record.node.as_ref() == Some(own)) {
        let at_us = record.at.as_micros();
        match &record.event {
            TraceEvent::Node(Event::Sent { to: Some(to), kind: MessageKind::Summary, .. }) => {
                asked.insert(to, at_us);
            }
            TraceEvent::Node(Event::Received {
                from,
                kind: MessageKind::InSync | MessageKind::Digest,
                ..
            }) => {
                let took_us = asked.remove(&from).map(|asked_us| at_us.saturating_sub(asked_us));
                trips.extend(took_us.filter(|took| *took <= TRIP_MOST_US));
            }
            _ => {}
        }
    }
    sort(&mut trips);
    (trips.len() >= TRIPS_LEAST).then(|| (trips[trips.len() / 2] / 2, trips.len()))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, id, member, own, snapshot, status};
    use super::*;
    use rumormill_api::Notice;
    use rumormill_core::{Cause, Instant, Status, Strategy, Tuning};

    fn record(at_us: u64, event: Event) -> TraceRecord {
        TraceRecord { at: Instant::from_micros(at_us), node: Some(id("a")), event: TraceEvent::Node(event) }
    }

    fn round_trip(at_us: u64, took_us: u64) -> [TraceRecord; 2] {
        let (kind, cause) = (MessageKind::Summary, Cause::Round);
        let sent = Event::Sent { to: Some(id("b")), number: 1, kind, bytes: 9, writes: 0, cause };
        let kind = MessageKind::InSync;
        let answer = Event::Received { from: id("b"), number: 2, kind, bytes: 9, news: false };
        [record(at_us, sent), record(at_us + took_us, answer)]
    }

    #[test]
    fn members_configuration_store_and_latency_are_taken_along() {
        let mut view = View::default();
        assert_eq!(handover(&view), None);
        let tuning = Tuning { strategy: Strategy::Plumtree, fanout: 3, ..Tuning::default() };
        let status = rumormill_api::StatusView { tuning, ..status("a", 1) };
        let members = vec![own("a"), member("b", Status::Alive), member("d", Status::Down)];
        view.apply(snapshot(5_000_000, status, members), 1_000);
        assert!(handover(&view).expect("a node spoke").words.contains("a guess"));

        let mut set = entry("tags", 1);
        set.kind = Kind::Set;
        let mut counter = entry("visits", 7);
        counter.kind = Kind::Counter;
        let status = Box::new(view.status.as_deref().expect("told").clone());
        let entries = vec![set, counter];
        view.apply(
            Notice::Update { at_us: 6_000_000, status, members: vec![], entries, gone: vec![] },
            2_000,
        );
        let trips = [(1_000_000, 800), (2_000_000, 4_000), (3_000_000, 1_000), (4_000_000, 9_000_000)];
        let records = trips.iter().flat_map(|(at, took)| round_trip(*at, *took)).collect();
        view.apply(Notice::Trace { records, dropped: 0 }, 2_000);
        let model = handover(&view).expect("a node spoke");
        let scenario = model.setup.scenario().expect("it can run");
        assert_eq!(
            (scenario.nodes, scenario.tuning.strategy, scenario.tuning.fanout),
            (2, Strategy::Plumtree, 3)
        );
        assert_eq!(scenario.network.latency.median().as_micros(), 500);
        let keys: Vec<_> = model.script.iter().map(|(_, deed)| deed.clone()).collect();
        let written = Deed::Write { node: 0, key: "k".to_owned(), value: "1".to_owned() };
        assert_eq!(keys, [written, Deed::Increment { node: 0, key: "visits".to_owned(), by: 7 }]);
        assert!(
            model.words.contains("of 3 round trips") && model.words.contains("Left out: 1 entry"),
            "{}",
            model.words
        );
    }
}
