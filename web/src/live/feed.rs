//! What happened lately at the observed node: the newest records of its trace, and how many were not told. It keeps
//! and picks; it neither words nor draws them.

use rumormill_core::{Event, NodeId, TraceEvent, TraceRecord};
use std::{collections::VecDeque, rc::Rc};

/// How many records are kept. A guess: some minutes of a quiet cluster, a second of a storm.
pub const LINES_MAX: usize = 2_000;

/// So many events a second are a flood: the list is gone through in ten seconds.
const FLOOD_PER_S: u64 = LINES_MAX as u64 / 10;

/// The kinds of records that a reader wants to see apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Messages that went out and came in.
    Messages,
    /// Keys that read differently.
    Writes,
    /// Members whose record changed.
    Members,
    /// Links made, broken, closed.
    Links,
    /// Sends that the limiter put off.
    Limiter,
    /// Rounds and everything else.
    Rounds,
}

impl Group {
    /// All groups, the ones that matter most first.
    pub const ALL: [Self; 6] =
        [Self::Writes, Self::Members, Self::Links, Self::Limiter, Self::Messages, Self::Rounds];

    /// The group's name on its switch.
    pub fn label(self) -> &'static str {
        match self {
            Self::Messages => "Messages",
            Self::Writes => "Writes",
            Self::Members => "Members",
            Self::Links => "Links",
            Self::Limiter => "Limiter",
            Self::Rounds => "Rounds",
        }
    }

    /// The group of a record.
    pub fn of(event: &TraceEvent) -> Self {
        match event {
            TraceEvent::Wrote { .. } | TraceEvent::Node(Event::Changed { .. }) => Self::Writes,
            TraceEvent::Lost { .. }
            | TraceEvent::Duplicated { .. }
            | TraceEvent::Node(Event::Sent { .. } | Event::Received { .. }) => Self::Messages,
            TraceEvent::Cut(_)
            | TraceEvent::CutOneWay(_)
            | TraceEvent::Mended(_)
            | TraceEvent::Healed
            | TraceEvent::Node(Event::LinkUp { .. } | Event::LinkDown { .. }) => Self::Links,
            TraceEvent::Node(Event::Denied { .. }) => Self::Limiter,
            TraceEvent::Started { .. }
            | TraceEvent::Recovered { .. }
            | TraceEvent::Crashed
            | TraceEvent::Paused
            | TraceEvent::Resumed
            | TraceEvent::Slowed { .. }
            | TraceEvent::ClockSet { .. }
            | TraceEvent::Node(
                Event::Member { .. }
                | Event::Service { .. }
                | Event::NameTaken { .. }
                | Event::ClockAhead { .. }
                | Event::Stopped,
            ) => Self::Members,
            TraceEvent::Skipped(_) | TraceEvent::Node(Event::Round { .. }) => Self::Rounds,
        }
    }
}

/// Which groups are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Groups(u8);

impl Default for Groups {
    /// Everything but rounds and the messages themselves, which drown the rest.
    fn default() -> Self {
        Self(u8::MAX).toggled(Group::Rounds).toggled(Group::Messages)
    }
}

impl Groups {
    /// Is the group shown?
    pub fn has(self, group: Group) -> bool {
        self.0 & (1 << group as u8) != 0
    }

    /// With the group's switch the other way.
    #[must_use]
    pub fn toggled(self, group: Group) -> Self {
        Self(self.0 ^ (1 << group as u8))
    }
}

/// A kept record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Counts the lines of this feed, from 1: a line's name on the screen.
    pub number: u64,
    /// What happened.
    pub what: What,
    /// Within one stretch its teller told everything, messages included; none if that is not known.
    pub stretch: Option<u64>,
    /// Is its time one on the observed node's clock?
    pub is_here: bool,
}

impl Line {
    /// The record, if the line is one.
    pub fn record(&self) -> Option<&TraceRecord> {
        match &self.what {
            What::Record(record) => Some(record),
            _ => None,
        }
    }
}

/// See [`Line`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A record of the trace.
    Record(TraceRecord),
    /// So many records were dropped at the node before the next one.
    Dropped(u64),
    /// More happened at this member than it tells at once; what it tells follows.
    Untold(NodeId),
    /// The connection was lost; nothing is known of what happened until the next line.
    Gap,
    /// The view is another node's from here on.
    Through(NodeId),
}

/// What another member told of what happened at it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// The records, oldest first.
    pub records: Vec<TraceRecord>,
    /// See [`Line::stretch`].
    pub stretch: Option<u64>,
    /// See [`Line::is_here`].
    pub is_here: bool,
    /// Who had more to tell than this, if that was so.
    pub untold: Option<NodeId>,
}

/// The stretch of what the observed node tells of itself. What ends it has a line of its own.
const OWN_STRETCH: u64 = 0;

/// How many events there are a second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    since_ms: u64,
    events: u64,
    per_second: u64,
}

impl Pace {
    /// So many more events. `now_ms` is the page's clock.
    pub fn count(&mut self, events: u64, now_ms: u64) {
        let took_ms = now_ms.saturating_sub(self.since_ms);
        if took_ms >= 1_000 {
            // After a silence nothing is known of a pace.
            self.per_second = if took_ms < 3_000 { self.events * 1_000 / took_ms } else { 0 };
            (self.since_ms, self.events) = (now_ms, 0);
        }
        self.events += events;
    }

    /// Events a second, if they are so many that most leave the list before they can be read.
    pub fn flood(self) -> Option<u64> {
        Some(self.per_second).filter(|events| *events >= FLOOD_PER_S)
    }
}

/// The newest lines, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Feed {
    /// How many come a second.
    pub pace: Pace,
    lines: VecDeque<Rc<Line>>,
    count: u64,
    dropped: u64,
}

impl Feed {
    /// A feed that ended with these lines. So many there had been at least, if the last of them are not kept any more.
    pub fn restored(lines: VecDeque<Rc<Line>>, count: u64, dropped: u64) -> Self {
        let count = lines.back().map_or(count, |line| line.number.max(count));
        Self { pace: Pace::default(), lines, count, dropped }
    }

    /// Takes in what a [`rumormill_api::Notice::Trace`] holds.
    pub fn add(&mut self, records: Vec<TraceRecord>, dropped: u64) {
        if dropped > 0 {
            self.dropped = self.dropped.saturating_add(dropped);
            match self.lines.back().map(|line| &line.what) {
                // A storm drops something before every batch: one line says it all.
                Some(What::Dropped(before)) => {
                    let sum = before.saturating_add(dropped);
                    self.lines.pop_back();
                    self.push(What::Dropped(sum));
                }
                _ => self.push(What::Dropped(dropped)),
            }
        }
        for record in records {
            self.push_line(What::Record(record), Some(OWN_STRETCH), true);
        }
    }

    /// Takes in what another member told.
    pub fn add_account(&mut self, account: Account) {
        if let Some(member) = account.untold {
            self.push(What::Untold(member));
        }
        for record in account.records {
            self.push_line(What::Record(record), account.stretch, account.is_here);
        }
    }

    /// The connection was lost.
    pub fn interrupt(&mut self) {
        let is_told = matches!(self.lines.back().map(|line| &line.what), None | Some(What::Gap));
        if !is_told {
            self.push(What::Gap);
        }
    }

    /// The view is another node's from now on.
    pub fn through(&mut self, node: NodeId) {
        self.push(What::Through(node));
    }

    /// All lines that are kept, oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Rc<Line>> {
        self.lines.iter()
    }

    /// How many lines there ever were: the newest one's number.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Were there lines that are not kept any more?
    pub fn has_forgotten(&self) -> bool {
        self.lines.front().map_or(self.count > 0, |first| first.number > 1)
    }

    /// How many records were dropped at the node in all.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The newest lines that are wanted, newest first, at most `most`: those of the shown groups whose words hold
    /// `needle`, in whatever case. What breaks the feed is always shown.
    pub fn newest(
        &self,
        groups: Groups,
        needle: &str,
        words: impl Fn(&Line) -> String,
        most: usize,
    ) -> Vec<Rc<Line>> {
        let needle = needle.trim().to_ascii_lowercase();
        let wanted = |line: &&Rc<Line>| match &line.what {
            What::Record(record) => {
                groups.has(Group::of(&record.event))
                    && (needle.is_empty() || words(line).to_ascii_lowercase().contains(&needle))
            }
            _ => true,
        };
        self.lines.iter().rev().filter(wanted).take(most).map(Rc::clone).collect()
    }

    fn push(&mut self, what: What) {
        self.push_line(what, None, true);
    }

    fn push_line(&mut self, what: What, stretch: Option<u64>, is_here: bool) {
        if self.lines.len() == LINES_MAX {
            self.lines.pop_front();
        }
        self.count += 1;
        self.lines.push_back(Rc::new(Line { number: self.count, what, stretch, is_here }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumormill_core::Instant;

    fn round(number: u64) -> TraceRecord {
        let event = TraceEvent::Node(Event::Round { number });
        TraceRecord { at: Instant::from_micros(number), node: None, event }
    }

    fn words(line: &Line) -> String {
        format!("{:?}", line.what)
    }

    fn all() -> Groups {
        Groups(u8::MAX)
    }

    #[test]
    fn it_keeps_the_newest_and_never_grows() {
        let mut feed = Feed::default();
        for batch in 0..100 {
            feed.add((0..100).map(|at| round(batch * 100 + at)).collect(), 0);
        }
        assert_eq!((feed.lines().count(), feed.count(), feed.has_forgotten()), (LINES_MAX, 10_000, true));
        let newest = feed.newest(all(), "", words, 2);
        assert_eq!(newest.iter().map(|line| line.number).collect::<Vec<_>>(), [10_000, 9_999]);
    }

    #[test]
    fn a_flood_is_told_and_ends() {
        let mut pace = Pace::default();
        for batch in 0..40 {
            pace.count(500, 10_000 + batch * 50);
        }
        assert_eq!(pace.flood(), Some(10_000));
        pace.count(1, 12_000);
        pace.count(1, 13_100);
        assert_eq!(pace.flood(), None);
        pace.count(5_000, 90_000);
        pace.count(0, 99_000);
        assert_eq!(pace.flood(), None, "there was a silence");
    }

    #[test]
    fn drops_are_told_in_sum_and_in_place() {
        let mut feed = Feed::default();
        feed.add(vec![round(1)], 0);
        feed.add(vec![], 1_000);
        feed.add(vec![round(2)], 204);
        feed.add(vec![], 3);
        let told = feed.lines().filter_map(|line| match line.what {
            What::Dropped(dropped) => Some(dropped),
            _ => None,
        });
        assert_eq!(told.collect::<Vec<_>>(), [1_204, 3]);
        assert_eq!(feed.dropped(), 1_207);
    }

    #[test]
    fn breaks_are_told_once_and_pass_every_filter() {
        let mut feed = Feed::default();
        feed.interrupt();
        assert_eq!((feed.count(), feed.has_forgotten()), (0, false), "nothing was there to be broken");
        feed.add(vec![round(1)], 5);
        feed.interrupt();
        feed.interrupt();
        feed.through(NodeId::new("n2").expect("a valid name"));
        let shown = feed.newest(Groups(0), "no such words", words, 10);
        assert_eq!((shown.len(), feed.has_forgotten()), (3, false), "{shown:?}");
    }

    #[test]
    fn a_filter_picks_by_group_and_by_words() {
        let mut feed = Feed::default();
        feed.add(vec![round(7), round(8)], 0);
        assert_eq!(feed.newest(Groups::default(), "", words, 10).len(), 0, "rounds are off at first");
        assert_eq!(feed.newest(all(), " NUMBER: 7 ", words, 10).len(), 1);
        let off = all().toggled(Group::Rounds);
        assert!(!off.has(Group::Rounds) && off.has(Group::Writes));
        assert_eq!(feed.newest(off, "", words, 10).len(), 0);
    }
}
