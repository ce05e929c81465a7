//! A simulated cluster that is like the one in sight: as many members, configured as the observed node is, with what it
//! holds, and messages that travel as long as they were seen to. Pure. It is a model: real networks do not keep to it.

use super::{
    state::{SeenMember, View},
    words,
};
use crate::lab::{
    handover::Handover,
    protocol::Deed,
    setup::{Field, LimiterKind, NODES_MAX, Setup, Variation},
};
use rumormill_core::ordered::Map;
use rumormill_core::sort::{sort, sort_by};
use rumormill_core::{Event, Kind, LimiterConfig, MessageKind, NodeId, Status, TraceEvent, TraceRecord};
use rumormill_sim::Scenario;
use serde_json::Value;

/// Most writes that entries are made of; more would only delay the start.
const WRITES_MAX: usize = 100;

/// So many members are named; of more it is said that they stand in the order of their names.
const NAMED_MAX: usize = 12;

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
    let active = view.members.values().filter(|member| member.view.status.is_active()).count();
    let nodes = active.clamp(1, NODES_MAX as usize);
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
    let cast = Cast::of(view);
    let setup = setup.with(Field::Nodes, cast.names.len().to_string());
    let ms = setup.text(Field::Latency);
    let travels = match trip {
        Some((_, trips)) => {
            format!("Messages travel {ms} ms, half the median of {trips} round trips that were seen.")
        }
        None => format!("No round trip was seen yet: messages travel {ms} ms, a guess."),
    };
    let Script { deeds, entries, left_out } = script(view, &cast);
    let left_out = match left_out {
        0 => String::new(),
        count => format!(
            " Left out: {}, as too many, or too much at once.",
            words::counted(count, "entry", "entries")
        ),
    };
    let down = match cast.down.len() {
        0 => String::new(),
        count => format!(" ({count} of them down)"),
    };
    let words = format!(
        "Made from cluster {} as {} saw it: {}{down}, {}. {}{travels} Its losses, load and machines are not known here.{left_out}",
        status.cluster,
        status.node,
        words::counted(cast.names.len(), "member", "members"),
        words::counted(entries, "entry", "entries"),
        setup.scenario().map(|scenario| cast.words(&scenario)).unwrap_or_default(),
    );
    Some(Handover { setup, script: deeds, words })
}

/// Which simulated node stands for which member.
struct Cast<'a> {
    /// The members that are active or down, by name: the first is node 0.
    names: Vec<&'a NodeId>,
    /// Those that are down.
    down: Vec<u32>,
    /// Those that take part, the observed one first: they can write.
    up: Vec<u32>,
}

impl<'a> Cast<'a> {
    fn of(view: &'a View) -> Self {
        let is_there = |status: Status| status.is_active() || status == Status::Down;
        let there = view.members.values().filter(|member| is_there(member.view.status));
        // The observed one takes part, however many there are.
        let mut there: Vec<_> = there.collect();
        sort_by(&mut there, |a, b| b.view.is_self.cmp(&a.view.is_self));
        there.truncate(NODES_MAX as usize);
        sort_by(&mut there, |a, b| a.view.id.cmp(&b.view.id));
        let of = |wanted: &dyn Fn(&SeenMember) -> bool| {
            (0..).zip(&there).filter(|(_, member)| wanted(member)).map(|(node, _)| node).collect::<Vec<u32>>()
        };
        let down = of(&|member| member.view.status == Status::Down);
        let mut up = of(&|member| member.view.is_self);
        up.extend(of(&|member| member.view.status.is_active() && !member.view.is_self));
        Self { names: there.iter().map(|member| &member.view.id).collect(), down, up }
    }

    /// Who is who: simulated nodes have names of their own, which may be those of other members.
    fn words(&self, scenario: &Scenario) -> String {
        let here = |at: usize| scenario.node_id(at as u32);
        match self.names[..] {
            [] => String::new(),
            [first, .., last] if self.names.len() > NAMED_MAX => format!(
                "The nodes stand for the members in the order of their names: {} for {first}, to {} for {last}. ",
                here(0),
                here(self.names.len() - 1),
            ),
            _ => {
                let pairs = self.names.iter().enumerate().skip(1);
                let rest: String = pairs.map(|(at, name)| format!(", {} for {name}", here(at))).collect();
                format!("Here {} stands for the member {}{rest}. ", here(0), self.names[0])
            }
        }
    }
}

/// What is done at the start.
struct Script {
    deeds: Vec<(u64, Deed)>,
    /// How many entries that makes.
    entries: usize,
    /// How many are left out.
    left_out: usize,
}

/// What is done at the start: those that are down stop, the others write what the observed node holds.
fn script(view: &View, cast: &Cast<'_>) -> Script {
    let mut script: Vec<Deed> = cast.down.iter().map(|node| Deed::Crash(*node)).collect();
    let writes_from = script.len();
    let mut entries = 0;
    for ((key, kind), entry) in view.entries.iter() {
        let deeds = deeds(key, *kind, &entry.view.value, cast);
        if !deeds.is_empty() && script.len() - writes_from + deeds.len() <= WRITES_MAX {
            script.extend(deeds);
            entries += 1;
        }
    }
    let deeds = script.into_iter().map(|deed| (0, deed)).collect();
    Script { deeds, entries, left_out: view.entries.len() - entries }
}

/// The writes that make an entry; none if it cannot be made.
fn deeds(key: &str, kind: Kind, value: &Value, cast: &Cast<'_>) -> Vec<Deed> {
    let Some(node) = cast.up.first().copied() else { return Vec::new() };
    let key = key.to_owned();
    match (kind, value) {
        (Kind::Register, value) => vec![Deed::Write { node, key, value: value.to_string() }],
        (Kind::Counter, value) => {
            value.as_i64().map(|by| Deed::Increment { node, key, by }).into_iter().collect()
        }
        (Kind::Set, Value::Array(elements)) => {
            let add = |element: &Value| Deed::Add { node, key: key.clone(), element: element.to_string() };
            elements.iter().map(add).collect()
        }
        // What stands beside each other was written at once, each at a node of its own.
        (Kind::MultiValue, Value::Array(values)) if values.len() <= cast.up.len() => {
            let put = |(node, value): (&u32, &Value)| Deed::Put {
                node: *node,
                key: key.clone(),
                value: value.to_string(),
            };
            cast.up.iter().zip(values).map(put).collect()
        }
        (Kind::Set | Kind::MultiValue, _) => Vec::new(),
    }
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
    use rumormill_core::{Cause, Instant, Strategy, Tuning};
    use serde_json::json;

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
        (set.kind, set.value) = (Kind::Set, json!(["x", 2]));
        let mut conflict = entry("owner", 1);
        (conflict.kind, conflict.value) = (Kind::MultiValue, json!(["ada", "bob"]));
        let mut crowded = entry("owners", 1);
        (crowded.kind, crowded.value) = (Kind::MultiValue, json!(["ada", "bob", "cyd"]));
        let mut counter = entry("visits", 7);
        counter.kind = Kind::Counter;
        let status = Box::new(view.status.as_deref().expect("told").clone());
        let entries = vec![set, conflict, crowded, counter];
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
            (3, Strategy::Plumtree, 3)
        );
        assert_eq!(scenario.network.latency.median().as_micros(), 500);
        let fitted = fitted(&view).expect("a node spoke").setup;
        assert_eq!(fitted.text(Field::Nodes), "2", "a prediction is of those that are up");
        let deeds: Vec<_> = model.script.iter().map(|(_, deed)| deed.clone()).collect();
        let (key, put) = (
            |key: &str| key.to_owned(),
            |node, value: &str| Deed::Put { node, key: "owner".to_owned(), value: value.to_owned() },
        );
        let add = |element: &str| Deed::Add { node: 0, key: key("tags"), element: element.to_owned() };
        assert_eq!(
            deeds,
            [
                Deed::Crash(2),
                Deed::Write { node: 0, key: key("k"), value: "1".to_owned() },
                put(0, "\"ada\""),
                put(1, "\"bob\""),
                add("\"x\""),
                add("2"),
                Deed::Increment { node: 0, key: key("visits"), by: 7 },
            ]
        );
        for part in [
            "of 3 round trips",
            "Left out: 1 entry",
            "3 members (1 of them down)",
            "Here n0 stands for the member a, n1 for b, n2 for d. ",
            "4 entries",
        ] {
            assert!(model.words.contains(part), "{part}: {}", model.words);
        }
    }
}
