//! A recording and the moment of it that is looked at. Going back starts from a copy of the cluster on the way. Pure.

use super::cluster::{CUTS_MAX, Cast, Cluster};
use super::file::Read;
use super::matching::{Ways, ways};
use crate::lab::protocol::{Deed, Sample};
use rumormill_core::event::{Event, TraceEvent, TraceHeader};
use rumormill_core::sort::sort_by;
use rumormill_core::{Instant, NodeId, TraceRecord};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Records between two copies of the cluster: a jump folds at most so many, unless the copies are too heavy.
const SPACING: usize = 10_000;

/// Most that the copies hold together, in things of some tens of bytes: about 100 MB. Beyond, every other copy goes.
const COPIES_WEIGHT_MAX: usize = 3_000_000;

/// Most nodes that are shown.
pub const NODES_MAX: usize = 10_000;

/// Points of the charts.
const SAMPLES: u64 = 1_500;

/// A moment further from zero than this is no time of a run but of a clock on a wall.
const RUN_US_MAX: u64 = 30 * 24 * 3_600_000_000;

/// A round's length where no node tells of two rounds.
const ROUND_US: u64 = 1_000_000;

/// What a recording is, for the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The file's name.
    pub name: String,
    /// Who recorded what; empty if the file does not say.
    pub of: String,
    /// All nodes.
    pub names: Vec<NodeId>,
    /// How many of them it has records of.
    pub own: u32,
    /// How many records it has.
    pub records: u64,
    /// How many messages it tells both ends of.
    pub messages: u64,
    /// How long it is, in microseconds.
    pub span_us: u64,
    /// How long a round is, in microseconds.
    pub round_us: u64,
    /// Do times count from its first record, because they were those of a clock?
    pub from_first: bool,
    /// What was not read or is not in it, and what that means; a sentence each.
    pub gaps: Vec<String>,
}

/// A recording at a moment.
#[derive(Debug)]
pub struct Recording {
    pub(super) number: u32,
    pub(super) facts: Facts,
    pub(super) cast: Rc<Cast>,
    records: Vec<TraceRecord>,
    pub(super) ways: Ways,
    pub(super) samples: Vec<Sample>,
    pub(super) deeds: Vec<(u64, Deed)>,
    /// By how many records had happened: each with its weight.
    copies: Vec<(usize, usize, Cluster)>,
    copies_weight_max: usize,
    /// Records between two of them.
    spacing: usize,
    pub(super) cluster: Cluster,
    /// How many records have happened.
    at: usize,
    pub(super) now_us: u64,
    /// How many records the page was told.
    told: usize,
    pub(super) turned_us: Option<u64>,
    /// Has the page been given the charts?
    pub(super) is_new: bool,
}

impl Recording {
    /// Reads a file; the error says what is wrong with it.
    pub fn open(number: u32, name: String, bytes: &[u8]) -> Result<Self, String> {
        let read = super::file::read(bytes)?;
        Self::new(number, name, read)
    }

    fn new(number: u32, name: String, mut read: Read) -> Result<Self, String> {
        let mut records = std::mem::take(&mut read.records);
        let in_order = records.is_sorted_by_key(|record| record.at);
        sort_by(&mut records, |a, b| a.at.cmp(&b.at));
        let first_us = records.first().map_or(0, |record| record.at.as_micros());
        let from_first = first_us > RUN_US_MAX;
        if from_first {
            for record in &mut records {
                record.at = Instant::from_micros(record.at.as_micros() - first_us);
            }
        }
        let in_time = records.partition_point(|record| record.at.as_micros() <= RUN_US_MAX);
        let too_late = records.len() - in_time;
        records.truncate(in_time);
        let cast = cast(&records, read.header.as_ref());
        if cast.names.len() > NODES_MAX {
            let nodes = cast.names.len();
            return Err(format!("It names {nodes} nodes, and {NODES_MAX} are the most that are shown."));
        }
        let cast = Rc::new(cast);
        let ways = ways(&records, |id| cast.index(id));
        let facts = Facts {
            name,
            of: read.header.as_ref().map(|header| header.of.clone()).unwrap_or_default(),
            names: cast.names.clone(),
            own: cast.own.iter().filter(|own| **own).count() as u32,
            records: records.len() as u64,
            messages: ways.ways.len() as u64,
            span_us: records.last().map_or(0, |record| record.at.as_micros()),
            round_us: round_us(&records),
            from_first,
            gaps: gaps(&read, &records, &cast, &ways, in_order, too_late),
        };
        let cluster = Cluster::new(&cast);
        let mut recording = Self {
            number,
            facts,
            deeds: records.iter().filter_map(|record| deed(record, &cast)).collect(),
            cast,
            records,
            ways,
            samples: Vec::new(),
            copies: vec![(0, cluster.weight(), cluster.clone())],
            copies_weight_max: COPIES_WEIGHT_MAX,
            spacing: SPACING,
            cluster,
            at: 0,
            now_us: 0,
            told: 0,
            turned_us: None,
            is_new: true,
        };
        recording.play_through();
        let unkept = recording.cluster.cuts_unkept();
        if unkept > 0 {
            recording.facts.gaps.push(format!(
                "{unkept} cuts between two nodes beyond {CUTS_MAX} at a time are left out: the network may show as healed \
                 before it was."
            ));
        }
        recording.seek(0);
        (recording.told, recording.turned_us) = (0, None);
        Ok(recording)
    }

    /// What it is.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(super) fn end_us(&self) -> u64 {
        self.facts.span_us
    }

    pub(super) fn next_us(&self) -> Option<u64> {
        self.records.get(self.at).map(|record| record.at.as_micros())
    }

    /// Lets time pass until then.
    pub fn advance(&mut self, to_us: u64) {
        while self.next_us().is_some_and(|next_us| next_us <= to_us) {
            self.apply_next();
        }
        // After its last record nothing is known, not even that time passed.
        self.now_us = self.now_us.max(to_us.min(self.end_us()));
    }

    /// The next record.
    pub fn step(&mut self) {
        if let Some(next_us) = self.next_us() {
            self.now_us = next_us;
            self.apply_next();
        }
    }

    /// Before the last record.
    pub fn step_back(&mut self) {
        let Some(to) = self.at.checked_sub(1) else { return };
        self.go_back(to);
        self.now_us = to.checked_sub(1).map_or(0, |last| self.records[last].at.as_micros());
        self.turn();
    }

    /// Goes to a time, forth or back.
    pub fn seek(&mut self, to_us: u64) {
        let to_us = to_us.min(self.end_us());
        if to_us >= self.now_us {
            return self.advance(to_us);
        }
        self.go_back(self.records.partition_point(|record| record.at.as_micros() <= to_us));
        self.now_us = to_us;
        self.turn();
    }

    /// What is yet to happen.
    pub(super) fn ahead(&self) -> &[TraceRecord] {
        &self.records[self.at..]
    }

    /// What happened since the page was last told.
    pub(super) fn take_records(&mut self) -> Vec<TraceRecord> {
        let records = self.records[self.told.min(self.at)..self.at].to_vec();
        self.told = self.at;
        records
    }

    fn apply_next(&mut self) {
        self.cluster.apply(&self.records[self.at]);
        self.at += 1;
    }

    fn go_back(&mut self, to: usize) {
        let after = self.copies.partition_point(|(at, ..)| *at <= to);
        let (at, _, cluster) = &self.copies[after - 1];
        (self.at, self.cluster) = (*at, cluster.clone());
        while self.at < to {
            self.apply_next();
        }
    }

    /// The page forgets what is later than this, and is told again what happened within the last moment.
    fn turn(&mut self) {
        let kept_us = self.now_us.saturating_sub(1);
        self.turned_us = Some(self.turned_us.map_or(kept_us, |us| us.min(kept_us)));
        let told = self.records.partition_point(|record| record.at.as_micros() <= kept_us);
        self.told = self.told.min(if self.now_us == 0 { self.at } else { told });
    }

    /// Folds everything once, for the charts and the copies.
    fn play_through(&mut self) {
        let every_us = (self.end_us() / SAMPLES).max(1_000);
        let mut due_us = 0;
        while self.at < self.records.len() {
            let at_us = self.records[self.at].at.as_micros();
            if at_us >= due_us {
                self.samples.push(self.sample(at_us));
                due_us = (at_us / every_us + 1).saturating_mul(every_us);
            }
            self.apply_next();
            if self.at.is_multiple_of(self.spacing) {
                self.keep();
            }
        }
        self.samples.push(self.sample(self.end_us()));
        self.now_us = self.end_us();
    }

    fn keep(&mut self) {
        self.copies.push((self.at, self.cluster.weight(), self.cluster.clone()));
        // The start always stays.
        while self.copies.len() > 1
            && self.copies.iter().map(|(_, weight, _)| weight).sum::<usize>() > self.copies_weight_max
        {
            self.spacing *= 2;
            let spacing = self.spacing;
            self.copies.retain(|(at, ..)| at.is_multiple_of(spacing));
        }
    }

    fn sample(&self, at_us: u64) -> Sample {
        let cluster = &self.cluster;
        let informed = cluster.writes.back().map_or(0, |write| cluster.informed(write));
        let totals = cluster.totals;
        Sample {
            at_us,
            informed,
            up: cluster.up(),
            messages: totals.messages,
            payload: totals.payload,
            bytes: totals.bytes,
            arrived: cluster.arrived,
        }
    }
}

fn cast(records: &[TraceRecord], header: Option<&TraceHeader>) -> Cast {
    let (mut own, mut named) = (BTreeSet::new(), BTreeSet::new());
    let mut tells_writes = false;
    for record in records {
        own.extend(record.node.clone());
        let mut name = |id: &Option<NodeId>| named.extend(id.clone());
        match &record.event {
            TraceEvent::Lost { to, .. } | TraceEvent::CutOneWay(to) | TraceEvent::Mended(to) => {
                name(&Some(to.clone()));
            }
            TraceEvent::Cut(nodes) => nodes.iter().for_each(|id| name(&Some(id.clone()))),
            TraceEvent::Wrote { .. } => tells_writes = true,
            TraceEvent::Node(event) => match event {
                Event::Sent { to, .. } => name(to),
                Event::Received { from, .. } => name(&Some(from.clone())),
                Event::LinkUp { peer, .. } => name(&Some(peer.clone())),
                Event::LinkDown { peer, .. } => name(peer),
                Event::Member { id, .. } => name(&Some(id.clone())),
                Event::Changed { from, .. } => name(from),
                Event::Denied { to, .. } => name(&Some(to.clone())),
                _ => {}
            },
            _ => {}
        }
    }
    named.extend(own.iter().cloned());
    let names: Vec<NodeId> = named.into_iter().collect();
    Cast {
        own: names.iter().map(|name| own.contains(name)).collect(),
        names,
        known: header.is_some_and(|header| header.known),
        // What a node serves has no header.
        tells_lives: header.is_some_and(|header| !header.live),
        tells_writes,
    }
}

/// What is missing, and what that means for what is shown.
fn gaps(
    read: &Read,
    records: &[TraceRecord],
    cast: &Cast,
    ways: &Ways,
    in_order: bool,
    too_late: usize,
) -> Vec<String> {
    let mut gaps = Vec::new();
    if too_late > 0 {
        let events = if too_late == 1 { "1 event was".to_owned() } else { format!("{too_late} events were") };
        gaps.push(format!(
            "{events} more than {} days after its start, which no run lasts: left out.",
            RUN_US_MAX / 86_400_000_000
        ));
    }
    if read.damaged > 0 {
        let lines = if read.damaged == 1 { "1 line".to_owned() } else { format!("{} lines", read.damaged) };
        let named = read.named.join("; ");
        gaps.push(format!("{lines} could not be read and are left out. First: {named}."));
    }
    if read.breaks_off {
        gaps.push("The file breaks off within a record: it ends with the last whole one.".to_owned());
    }
    if read.beyond > 0 {
        gaps.push(format!(
            "{} records beyond the first {} are left out: cut the file to the part that matters.",
            read.beyond,
            super::file::RECORDS_MAX
        ));
    }
    if !in_order {
        gaps.push("Its records were not in the order of time: they are now.".to_owned());
    }
    let skipped: u64 = records
        .iter()
        .map(|record| if let TraceEvent::Skipped(count) = record.event { count } else { 0 })
        .sum();
    if skipped > 0 {
        gaps.push(format!(
            "{skipped} events before its first one were not kept: what was then does not count."
        ));
    }
    let own = cast.own.iter().filter(|own| **own).count();
    if own < cast.names.len() {
        gaps.push(format!(
            "It was recorded at {own} of {} nodes: of the others it tells what those heard and believed.",
            cast.names.len()
        ));
    }
    if ways.ways.is_empty() && ways.halves > 0 {
        gaps.push(
            "It tells one end of each message only: messages are in the events, and none is drawn under way."
                .to_owned(),
        );
    } else if ways.ways.is_empty() {
        gaps.push(
            "It holds no messages: a node traces them while somebody observes, or at log level debug."
                .to_owned(),
        );
    }
    gaps
}

/// From one node's first two rounds.
fn round_us(records: &[TraceRecord]) -> u64 {
    let mut first: BTreeMap<&NodeId, u64> = BTreeMap::new();
    for record in records {
        if let (Some(node), TraceEvent::Node(Event::Round { .. })) = (&record.node, &record.event) {
            let at_us = record.at.as_micros();
            if let Some(before_us) = first.insert(node, at_us) {
                return (at_us - before_us).max(1);
            }
        }
    }
    ROUND_US
}

/// What was done to the cluster, for the marks on the time bar.
fn deed(record: &TraceRecord, cast: &Cast) -> Option<(u64, Deed)> {
    let node = record.node.as_ref().and_then(|id| cast.index(id));
    let deed = match (&record.event, node) {
        (TraceEvent::Crashed, Some(node)) => Deed::Crash(node),
        (TraceEvent::Started { incarnation }, Some(node)) if cast.tells_lives && incarnation.0 > 1 => {
            Deed::Restart(node)
        }
        (TraceEvent::Recovered { .. }, Some(node)) => Deed::RestartWithData(node),
        (TraceEvent::Paused, Some(node)) => Deed::Pause(node),
        (TraceEvent::Resumed, Some(node)) => Deed::Resume(node),
        (TraceEvent::Slowed { delay_us }, Some(node)) => Deed::Slow { node, delay_us: delay_us.as_micros() },
        (TraceEvent::ClockSet { ahead_us, .. }, Some(node)) => Deed::Skew { node, skew_us: *ahead_us },
        (TraceEvent::Wrote { key, what }, Some(node)) => {
            Deed::Write { node, key: key.as_str().to_owned(), value: what.clone() }
        }
        (TraceEvent::CutOneWay(to), Some(from)) => Deed::CutOneWay { from, to: cast.index(to)? },
        (TraceEvent::Cut(part), _) => Deed::Cut(part.iter().filter_map(|id| cast.index(id)).collect()),
        (TraceEvent::Node(Event::Stopped), Some(node)) => Deed::Leave(node),
        (TraceEvent::Healed, _) => Deed::Heal,
        _ => return None,
    };
    Some((record.at.as_micros(), deed))
}

#[cfg(test)]
#[path = "recording_tests.rs"]
mod tests;
