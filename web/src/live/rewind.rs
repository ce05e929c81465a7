//! What the members remember, put together as one recording: Replay plays it in its six views, back and forth. Each
//! member's times are moved to the observed node's clock, and what held before the first thing that it remembers is
//! told at the start. Pure.

use crate::replay::file::lines;
use rumormill_api::PastView;
use rumormill_core::event::{TRACE_VERSION, TraceHeader};
use rumormill_core::ordered::{Map, Set};
use rumormill_core::sort::sort_by;
use rumormill_core::{Event, Instant, NodeId, TraceEvent, TraceRecord};

/// How long members are waited for, in milliseconds: longer than the node waits for them.
const PATIENCE_MS: u64 = 4_500;

/// The pasts of some members while they are gathered.
#[derive(Debug, Clone, PartialEq)]
pub struct Gathering {
    told: Map<NodeId, Option<Result<PastView, String>>>,
    since_ms: u64,
}

impl Gathering {
    /// These were asked at this time of the page's clock.
    pub fn new(members: impl IntoIterator<Item = NodeId>, now_ms: u64) -> Self {
        Self { told: members.into_iter().map(|member| (member, None)).collect(), since_ms: now_ms }
    }

    /// A member has told.
    pub fn take(&mut self, member: NodeId, past: Result<PastView, String>) {
        self.told.insert(member, Some(past));
    }

    /// Have all told, or is it time to go without those that have not?
    pub fn is_done(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.since_ms) >= PATIENCE_MS || self.told.values().all(Option::is_some)
    }

    /// How many were asked.
    pub fn asked(&self) -> usize {
        self.told.len()
    }

    /// The recording as a trace file's lines, of a cluster seen through this node.
    ///
    /// # Errors
    /// In words, when nobody remembers anything.
    pub fn recording(&self, cluster: &str, through: &NodeId) -> Result<String, String> {
        let told =
            self.told.iter().filter_map(|(member, past)| Some((member, past.as_ref()?.as_ref().ok()?)));
        let told: Vec<(&NodeId, &PastView)> = told.collect();
        let mut records: Vec<TraceRecord> = Vec::new();
        for (member, past) in &told {
            records.extend(before(member, past));
            records.extend(
                past.records.iter().map(|record| TraceRecord { at: here(past, record), ..record.clone() }),
            );
        }
        if records.is_empty() {
            let why = self.told.values().flatten().find_map(|past| past.as_ref().err());
            return Err(why.cloned().unwrap_or_else(|| "no member told anything in time".to_owned()));
        }
        sort_by(&mut records, |a, b| a.at.cmp(&b.at));
        let header = TraceHeader {
            rumormill_trace: TRACE_VERSION,
            of: format!(
                "cluster {cluster}, as {} of {} members remember it, seen through {through}",
                told.len(),
                self.asked()
            ),
            known: false,
            live: true,
        };
        Ok(lines(&header, &records))
    }
}

/// When that was on the observed node's clock.
fn here(past: &PastView, record: &TraceRecord) -> Instant {
    Instant::from_micros(past.here_us(record.at.as_micros()))
}

/// What held at a member before the first thing that it remembers: whom it believed to be what, and its links. Of what
/// changed later the change itself tells what was before; the rest is as it is now.
fn before(member: &NodeId, past: &PastView) -> Vec<TraceRecord> {
    let Some(first) = past.records.first() else { return Vec::new() };
    // Who remembers its start remembers all.
    if past.records.iter().any(|record| matches!(record.event, TraceEvent::Started { .. })) {
        return Vec::new();
    }
    let (mut believed, mut linked) = (Set::new(), Set::new());
    let mut events = Vec::new();
    for record in &past.records {
        match &record.event {
            TraceEvent::Node(Event::Member { id, incarnation, was, .. }) if believed.insert(id.clone()) => {
                let (id, incarnation) = (id.clone(), *incarnation);
                events.extend(was.map(|status| Event::Member { id, incarnation, status, was: None }));
            }
            TraceEvent::Node(Event::LinkUp { peer, .. }) => {
                linked.insert(peer.clone());
            }
            // One that nobody closed may never have been there.
            TraceEvent::Node(Event::LinkDown { peer: Some(peer), code, .. }) => {
                let was_up = linked.insert(peer.clone()) && code.is_some();
                events.extend(was_up.then(|| Event::LinkUp { peer: peer.clone(), dialed: false }));
            }
            _ => {}
        }
    }
    for view in &past.members {
        if !believed.contains(&view.id) {
            let (id, incarnation) = (view.id.clone(), view.incarnation);
            events.push(Event::Member { id, incarnation, status: view.status, was: None });
        }
        if view.linked && !linked.contains(&view.id) {
            events.push(Event::LinkUp { peer: view.id.clone(), dialed: false });
        }
    }
    let at = here(past, first);
    let record = |event| TraceRecord { at, node: Some(member.clone()), event: TraceEvent::Node(event) };
    events.into_iter().map(record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::fixtures;
    use rumormill_core::{Incarnation, Status};
    use std::borrow::Cow;

    fn id(name: &str) -> NodeId {
        NodeId::new(name).expect("a valid name")
    }

    fn record(member: &str, at_us: u64, event: Event) -> TraceRecord {
        TraceRecord {
            at: Instant::from_micros(at_us),
            node: Some(id(member)),
            event: TraceEvent::Node(event),
        }
    }

    fn turned_down(of: &str) -> Event {
        let incarnation = Incarnation(1);
        Event::Member { id: id(of), incarnation, status: Status::Down, was: Some(Status::Suspect) }
    }

    fn read(lines: &str) -> Vec<TraceRecord> {
        lines.lines().skip(1).map(|line| serde_json::from_str(line).expect("a record")).collect()
    }

    #[test]
    fn times_are_those_of_one_clock_and_what_held_before_is_told_first() {
        let mut members = vec![
            fixtures::own("n1"),
            fixtures::member("n2", Status::Down),
            fixtures::member("n3", Status::Alive),
        ];
        members[2].linked = true;
        let broke =
            |peer: &str, code| Event::LinkDown { peer: Some(id(peer)), code, reason: Cow::Borrowed("gone") };
        let records = vec![
            record("n1", 1_000, broke("n2", Some(rumormill_core::CloseCode::GoingAway))),
            record("n1", 2_000, broke("n4", None)),
            record("n1", 3_000, turned_down("n2")),
        ];
        let mut gathering = Gathering::new([id("n1"), id("n2"), id("n3")], 0);
        gathering.take(id("n1"), Ok(PastView { members, records, ahead_us: Some(0), within_us: 0 }));
        let late = PastView {
            members: Vec::new(),
            records: vec![record("n3", 902_500, Event::Round { number: 7 })],
            ahead_us: Some(900_000),
            within_us: 10,
        };
        gathering.take(id("n3"), Ok(late));
        assert!(!gathering.is_done(PATIENCE_MS - 1) && gathering.is_done(PATIENCE_MS));
        gathering.take(id("n2"), Err("it is down".to_owned()));
        assert!(gathering.is_done(1));

        let lines = gathering.recording("demo", &id("n1")).expect("two have told");
        assert!(
            lines.starts_with("{\"rumormill_trace\":1,\"of\":\"cluster demo, as 2 of 3 members"),
            "{lines}"
        );
        let told: Vec<(u64, TraceEvent)> =
            read(&lines).into_iter().map(|it| (it.at.as_micros(), it.event)).collect();
        let first = |event| (1_000, TraceEvent::Node(event));
        let believed =
            |of: &str, status| Event::Member { id: id(of), incarnation: Incarnation(1), status, was: None };
        assert!(told.contains(&first(Event::LinkUp { peer: id("n2"), dialed: false })), "{told:?}");
        assert!(told.contains(&first(Event::LinkUp { peer: id("n3"), dialed: false })), "{told:?}");
        assert!(told.contains(&first(believed("n2", Status::Suspect))), "{told:?}");
        assert!(
            !told.contains(&first(Event::LinkUp { peer: id("n4"), dialed: false })),
            "nobody knows of such a link"
        );
        assert!(told.contains(&(2_500, TraceEvent::Node(Event::Round { number: 7 }))), "{told:?}");
        assert!(told.is_sorted_by_key(|(at_us, _)| *at_us));
    }

    #[test]
    fn where_nobody_tells_anything_it_is_said_why() {
        let mut gathering = Gathering::new([id("n1")], 0);
        assert!(gathering.recording("demo", &id("n1")).unwrap_err().contains("in time"));
        gathering.take(id("n1"), Err("the node is too old".to_owned()));
        assert_eq!(gathering.recording("demo", &id("n1")).unwrap_err(), "the node is too old");
    }
}
