//! What the page itself saw of the last minutes, so that it can be looked at again: a moment each second, and all lines
//! of events. Moments share what did not change. Pure, and bounded: the oldest goes first. It reads no clock.

use super::{
    feed::{Feed, Line},
    rates::RateSeries,
    state::View,
};
use rumormill_core::{Event, NodeId, Status, TraceEvent, TraceRecord};
use std::{collections::VecDeque, rc::Rc};

/// How far back one can look, in microseconds of the observed node's clock: ten minutes.
pub const KEPT_US: u64 = 600_000_000;

/// How far apart two moments are at least, in microseconds.
const APART_US: u64 = 1_000_000;

/// Most members, entries and beliefs in the lists of all moments together. A list that did not change is shared, and
/// counts once.
/// So ten minutes of a hundred members that all change each second are kept, and one minute of a thousand.
const CELLS_MAX: usize = 60_000;

/// Most lines. A guess: ten minutes of a quiet cluster, a second of a flood.
const LINES_MAX: usize = 12_000;

/// Most marks on the bar of time.
const MARKS_MAX: usize = 60;

/// Deeds nearer to each other than this are one mark, in microseconds.
const MARKS_APART_US: u64 = 2_000_000;

/// How it stood at a moment.
#[derive(Debug, Clone)]
struct Moment {
    view: View,
    /// The newest line then, and how many had been dropped.
    line: u64,
    dropped: u64,
    cells: usize,
}

/// What a mark on the bar of time stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// A member was held to be down from here on.
    Down(NodeId),
    /// Something was written.
    Wrote(String),
}

/// The last minutes.
#[derive(Debug, Clone, Default)]
pub struct History {
    moments: VecDeque<Moment>,
    lines: VecDeque<Rc<Line>>,
    marks: VecDeque<(u64, Mark)>,
    cells: usize,
    /// The newest line that was looked at.
    seen: u64,
    /// The newest moment that the observed node told of. Clocks are compared roughly, so others may seem to be ahead of it.
    now_us: u64,
}

/// Where a step through time leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To the event before.
    BackEvent,
    /// To the next event.
    Event,
    /// To the round of the observed node before.
    BackRound,
    /// To its next round.
    Round,
    /// As far back as is known.
    Start,
}

impl History {
    /// Takes in what is new. Another node has another clock, and another past.
    pub fn note(&mut self, view: &View) {
        let (at_us, _) = view.told_at();
        let is_elsewhere = self
            .moments
            .back()
            .is_some_and(|last| last.view.node() != view.node() || at_us + APART_US < last.view.told_at().0);
        if is_elsewhere {
            *self = Self { seen: view.feed.count(), ..Self::default() };
        }
        self.now_us = self.now_us.max(at_us);
        self.note_lines(&view.feed, view.node());
        let is_due = self.moments.back().is_none_or(|last| {
            at_us.saturating_sub(last.view.told_at().0) >= APART_US
                || last.view.is_current() != view.is_current()
        });
        if is_due && view.status.is_some() {
            self.keep(view);
        }
    }

    /// Keeps this very moment.
    pub fn keep(&mut self, view: &View) {
        let kept = view.kept();
        let cells = cells(&kept, self.moments.back().map(|moment| &moment.view));
        self.cells += cells;
        let (line, dropped) = (view.feed.count(), view.feed.dropped());
        self.moments.push_back(Moment { view: kept, line, dropped, cells });
        let oldest_us = view.told_at().0.saturating_sub(KEPT_US);
        let is_over = |history: &Self| {
            let first = history.moments.front().is_some_and(|first| first.view.told_at().0 < oldest_us);
            history.moments.len() > 1 && (first || history.cells > CELLS_MAX)
        };
        while is_over(self) {
            self.cells -= self.moments.pop_front().map_or(0, |moment| moment.cells);
        }
        let first_line = self.moments.front().map_or(0, |first| first.line);
        let first_us = self.first_us().unwrap_or_default();
        while self.lines.front().is_some_and(|line| line.number < first_line) {
            self.lines.pop_front();
        }
        self.marks.retain(|(at_us, _)| *at_us >= first_us);
    }

    fn note_lines(&mut self, feed: &Feed, own: Option<&NodeId>) {
        let fresh: Vec<_> = feed.lines().rev().take_while(|line| line.number > self.seen).cloned().collect();
        let records = fresh.iter().filter_map(|line| line.record());
        let told_us =
            records.filter(|record| record.node.as_ref() == own).map(|record| record.at.as_micros());
        self.now_us = told_us.fold(self.now_us, u64::max);
        for line in fresh.into_iter().rev() {
            if let Some((at_us, mark)) = self.time(&line).zip(line.record().and_then(mark)) {
                self.note_mark(at_us, mark);
            }
            if self.lines.len() == LINES_MAX {
                self.lines.pop_front();
            }
            self.lines.push_back(line);
        }
        self.seen = feed.count();
    }

    /// When a line was, on the observed node's clock; none if that is not known.
    fn time(&self, line: &Line) -> Option<u64> {
        let record = line.record().filter(|_| line.is_here)?;
        Some(record.at.as_micros().min(self.now_us))
    }

    fn note_mark(&mut self, at_us: u64, mark: Mark) {
        let is_close = |(last_us, last): &(u64, Mark)| {
            let is_same = match (last, &mark) {
                (Mark::Wrote(_), Mark::Wrote(_)) => true,
                (last, mark) => last == mark,
            };
            is_same && at_us.abs_diff(*last_us) < MARKS_APART_US
        };
        if self.marks.iter().rev().take(4).any(is_close) {
            return;
        }
        if self.marks.len() == MARKS_MAX {
            self.marks.pop_front();
        }
        self.marks.push_back((at_us, mark));
    }

    /// As far back as one can look, on the observed node's clock.
    pub fn first_us(&self) -> Option<u64> {
        self.moments.front().map(|first| first.view.told_at().0)
    }

    /// What happened when, for the bar of time.
    pub fn marks(&self) -> impl Iterator<Item = &(u64, Mark)> {
        self.marks.iter()
    }

    /// The stretches in which nobody spoke: from when to when. One that has not ended lasts for ever.
    #[inline(never)]
    pub fn gaps(&self) -> Vec<(u64, u64)> {
        let moments = || self.moments.iter().map(|moment| &moment.view);
        let ends = moments().skip(1).map(|next| next.told_at().0).chain([u64::MAX]);
        let gap = |(one, end_us): (&View, u64)| (!one.is_current()).then(|| (one.told_at().0, end_us));
        moments().zip(ends).filter_map(gap).collect()
    }

    /// How it stood at a moment of the observed node's clock: the view, and the page's clock then.
    #[inline(never)]
    pub fn at(&self, at_us: u64) -> Option<(View, u64)> {
        let after = self.moments.partition_point(|moment| moment.view.told_at().0 <= at_us);
        let place = after.checked_sub(1).or(self.moments.front().map(|_| 0))?;
        let moment = &self.moments[place];
        let mut view = moment.view.clone();
        view.feed = Feed::of(self.lines_until(at_us, place), moment.line, moment.dropped);
        let (told_us, heard_ms) = view.told_at();
        let far_us = KEPT_US / 2;
        let since = self.moments.iter().take(place + 1);
        for before in since.skip_while(|before| before.view.told_at().0 + far_us < told_us) {
            match &before.view.status {
                Some(status) if before.view.is_current() => {
                    view.rates.count(&status.tallies, before.view.told_at().0);
                }
                _ => RateSeries::interrupt(&mut view.rates),
            }
        }
        Some((view, heard_ms + at_us.saturating_sub(told_us) / 1_000))
    }

    /// The lines up to a moment. Those that came in before the last kept moment count whatever time they name: other
    /// members go by clocks of their own.
    fn lines_until(&self, at_us: u64, place: usize) -> impl DoubleEndedIterator<Item = &Rc<Line>> {
        let line = self.moments[place].line;
        let next = self.moments.get(place + 1).map_or(u64::MAX, |next| next.line);
        let mut count = self.lines.partition_point(|known| known.number <= line);
        let is_past = |line: &Rc<Line>| self.time(line).map_or(line.number <= next, |known| known <= at_us);
        while self.lines.get(count).is_some_and(is_past) {
            count += 1;
        }
        self.lines.iter().take(count)
    }

    /// Where a step leads from a moment; none if it leads nowhere.
    #[inline(never)]
    pub fn step(&self, from_us: u64, step: Step) -> Option<u64> {
        let first_us = self.first_us()?;
        let own = self.moments.back()?.view.node().cloned();
        let is_round = matches!(step, Step::BackRound | Step::Round);
        let is_own_round = |record: &TraceRecord| {
            matches!(record.event, TraceEvent::Node(Event::Round { .. })) && record.node == own
        };
        let is_wanted = |line: &&Rc<Line>| !is_round || line.record().is_some_and(is_own_round);
        let times = || {
            let times = self.lines.iter().filter(is_wanted).filter_map(|line| self.time(line));
            times.filter(|at_us| *at_us >= first_us)
        };
        match step {
            Step::Start => Some(first_us),
            Step::Event | Step::Round => times().filter(|at_us| *at_us > from_us).min(),
            Step::BackEvent | Step::BackRound => {
                times().filter(|at_us| *at_us < from_us).max().or((from_us > first_us).then_some(first_us))
            }
        }
    }
}

/// How much a moment holds that is not shared with the one before.
fn cells(kept: &View, before: Option<&View>) -> usize {
    let mut cells = 1;
    if before.is_none_or(|before| !Rc::ptr_eq(&before.members, &kept.members)) {
        cells += kept.members.len();
    }
    if before.is_none_or(|before| !Rc::ptr_eq(&before.entries, &kept.entries)) {
        cells += kept.entries.len();
    }
    for (id, belief) in &kept.around.beliefs {
        let before = before.and_then(|before| before.around.beliefs.get(id));
        if before.is_none_or(|before| !Rc::ptr_eq(&before.of, &belief.of)) {
            cells += belief.of.len();
        }
        if before.is_none_or(|before| !Rc::ptr_eq(&before.linked, &belief.linked)) {
            cells += belief.linked.len();
        }
    }
    cells
}

/// What a record puts on the bar of time.
fn mark(record: &TraceRecord) -> Option<Mark> {
    match &record.event {
        TraceEvent::Node(Event::Member { id, status: Status::Down, .. }) => Some(Mark::Down(id.clone())),
        TraceEvent::Node(Event::Changed { key, .. }) => Some(Mark::Wrote(key.as_str().to_owned())),
        _ => None,
    }
}

impl Feed {
    /// The feed as it stood when these were its lines.
    fn of<'a>(lines: impl DoubleEndedIterator<Item = &'a Rc<Line>>, count: u64, dropped: u64) -> Self {
        let mut newest: Vec<_> = lines.rev().take(super::feed::LINES_MAX).cloned().collect();
        newest.reverse();
        Self::restored(newest.into(), count, dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::super::around::Belief;
    use super::super::feed::Account;
    use super::super::fixtures::{id, member, own, snapshot, status, update};
    use super::*;
    use rumormill_api::{Notice, StatusView, Tallies};
    use rumormill_core::ordered::{Map, Set};
    use rumormill_core::{Incarnation, Instant};

    const S: u64 = 1_000_000;

    fn record(at_us: u64, event: Event) -> TraceRecord {
        TraceRecord { at: Instant::from_micros(at_us), node: Some(id("a")), event: TraceEvent::Node(event) }
    }

    fn live() -> (View, History) {
        let mut view = View::default();
        view.apply(snapshot(S, status("a", 1), vec![own("a"), member("b", Status::Alive)]), 1_000);
        let mut history = History::default();
        history.note(&view);
        (view, history)
    }

    fn tell(view: &mut View, history: &mut History, at_us: u64, notice: Notice) {
        view.apply(notice, at_us / 1_000);
        history.note(view);
    }

    fn sending(at_us: u64) -> StatusView {
        let tallies = Tallies { sent_messages: at_us / S * 10, ..Tallies::default() };
        StatusView { tallies, ..status("a", 1) }
    }

    #[test]
    fn a_moment_is_seen_again_as_it_was() {
        let (mut view, mut history) = live();
        for second in 2..=20 {
            let members = if second == 10 { vec![member("b", Status::Down)] } else { vec![] };
            let at_us = second * S;
            let round = record(at_us + 500_000, Event::Round { number: second });
            tell(&mut view, &mut history, at_us, update(at_us, sending(at_us), members));
            tell(&mut view, &mut history, at_us, Notice::Trace { records: vec![round], dropped: 0 });
        }
        let health = |at_us| {
            let (view, _) = history.at(at_us).expect("it is kept");
            view.members[&id("b")].view.status
        };
        assert_eq!([health(9 * S + 999_999), health(10 * S)], [Status::Alive, Status::Down]);
        let (past, now_ms) = history.at(12 * S + 700_000).expect("it is kept");
        assert_eq!(now_ms, 12_700);
        assert_eq!(past.node_clock_us(now_ms), 12 * S + 700_000);
        assert_eq!(past.feed.count(), 11, "up to its round");
        assert!(past.rates.current().is_some_and(|rates| rates.sent_messages.round() as u64 == 10));
        assert_eq!(view.feed.count() - past.feed.count(), 8, "so many are behind");
    }

    #[test]
    fn steps_lead_from_event_to_event_and_from_round_to_round() {
        let (mut view, mut history) = live();
        let link = Event::LinkUp { peer: id("b"), dialed: true };
        let records = vec![
            record(2 * S, Event::Round { number: 1 }),
            record(2 * S + 7, link),
            record(3 * S, Event::Round { number: 2 }),
        ];
        tell(&mut view, &mut history, 3 * S, Notice::Trace { records, dropped: 0 });
        tell(&mut view, &mut history, 4 * S, update(4 * S, sending(4 * S), vec![]));
        let step = |from_us, step| history.step(from_us, step);
        assert_eq!(step(4 * S, Step::BackEvent), Some(3 * S));
        assert_eq!(step(3 * S, Step::BackEvent), Some(2 * S + 7));
        assert_eq!(step(3 * S, Step::BackRound), Some(2 * S));
        assert_eq!(step(2 * S, Step::BackRound), Some(S), "as far back as is known");
        assert_eq!(step(S, Step::BackRound), None);
        assert_eq!([step(2 * S, Step::Event), step(2 * S, Step::Round)], [Some(2 * S + 7), Some(3 * S)]);
        assert_eq!([step(9 * S, Step::Start), step(9 * S, Step::Event)], [Some(S), None]);
    }

    #[test]
    fn the_clocks_of_others_lead_nowhere() {
        let (mut view, mut history) = live();
        let down = |at_us, name: &str| {
            let incarnation = Incarnation(1);
            let event = Event::Member { id: id(name), incarnation, status: Status::Down, was: None };
            TraceRecord { node: Some(id("b")), ..record(at_us, event) }
        };
        let account = |records, is_here| Account { records, is_here, ..Account::default() };
        tell(&mut view, &mut history, 2 * S, update(2 * S, sending(2 * S), vec![]));
        view.feed.add_account(account(vec![down(90 * S, "x"), down(S + 5, "y")], false));
        view.feed.add_account(account(vec![down(2 * S - 9, "c"), down(2 * S + 9, "d")], true));
        tell(&mut view, &mut history, 3 * S, update(3 * S, sending(3 * S), vec![]));
        view.feed.add_account(account(vec![down(3 * S + 9, "e")], true));
        history.note(&view);
        let marks: Vec<_> = history.marks().cloned().collect();
        let at = |at_us, name| (at_us, Mark::Down(id(name)));
        assert_eq!(marks, [at(2 * S - 9, "c"), at(2 * S + 9, "d"), at(3 * S, "e")]);
        assert_eq!(history.step(2 * S + 9, Step::Event), Some(3 * S), "no further than now");
        assert_eq!(history.step(3 * S, Step::Event), None);
        assert_eq!(history.step(2 * S - 9, Step::BackEvent), Some(S), "as far back as is known");
        assert_eq!(history.at(2 * S + 9).map(|(past, _)| past.feed.count()), Some(4));
    }

    #[test]
    fn it_never_grows_beyond_its_bounds() {
        let (mut view, mut history) = live();
        for second in 2..2_000 {
            let at_us = second * S;
            let records = (0..20).map(|at| record(at_us + at, Event::Round { number: at })).collect();
            tell(&mut view, &mut history, at_us, Notice::Trace { records, dropped: 0 });
            tell(&mut view, &mut history, at_us, update(at_us, sending(at_us), vec![]));
        }
        assert_eq!(history.moments.len() as u64, KEPT_US / APART_US + 1);
        assert!(history.lines.len() <= LINES_MAX);
        assert_eq!(history.first_us(), Some(1_999 * S - KEPT_US));
        for second in 2_000..2_400 {
            let at_us = second * S;
            let members = (0..1_000).map(|at| member(&format!("m{at}"), Status::Alive)).collect::<Vec<_>>();
            tell(&mut view, &mut history, at_us, update(at_us, sending(at_us), members));
        }
        assert!(history.cells <= CELLS_MAX && history.moments.len() <= 60, "{}", history.moments.len());
    }

    #[test]
    fn a_moment_whose_lines_a_flood_has_driven_out_still_counts_them() {
        let (mut view, mut history) = live();
        let flood = |second: u64, count| {
            let round = |at| record(second * S + at, Event::Round { number: at });
            Notice::Trace { records: (0..count).map(round).collect(), dropped: 0 }
        };
        tell(&mut view, &mut history, 2 * S, flood(2, 1_999));
        tell(&mut view, &mut history, 3 * S, update(3 * S, sending(3 * S), vec![]));
        for second in 4..12 {
            tell(&mut view, &mut history, second * S, flood(second, 2_000));
        }
        let (past, _) = history.at(3 * S).expect("it is kept");
        assert_eq!((past.feed.lines().count(), past.feed.count()), (0, 1_999));
        assert_eq!(view.feed.count() - past.feed.count(), 16_000, "so many are behind");
        assert!(past.feed.has_forgotten(), "they were watched, and are not kept");
    }

    #[test]
    fn what_members_believe_counts_once_while_it_stays() {
        let (mut view, mut history) = live();
        let of: Rc<Map<_, _>> = Rc::new((0..600).map(|at| (id(&format!("m{at}")), Status::Alive)).collect());
        let linked: Rc<Set<_>> = Rc::new((0..400).map(|at| id(&format!("m{at}"))).collect());
        let mut tell = |second: u64, of: &Rc<Map<_, _>>, linked: &Rc<Set<_>>| {
            let (of, linked) = (Rc::clone(of), Rc::clone(linked));
            let belief = Belief { of, linked, at_ms: second * 1_000, error: None };
            view.around.beliefs.insert(id("b"), Rc::new(belief));
            tell(&mut view, &mut history, second * S, update(second * S, sending(second * S), vec![]));
            (history.cells, history.moments.len())
        };
        let (first, _) = tell(2, &of, &linked);
        assert_eq!((first > 1_000, tell(3, &of, &linked)), (true, (first + 1, 3)), "said again");
        assert_eq!(tell(4, &Rc::new((*of).clone()), &linked), (first + 602, 4), "its links are the same");
        for second in 5..500 {
            let (cells, moments) = tell(second, &Rc::new((*of).clone()), &Rc::new((*linked).clone()));
            assert!(cells <= CELLS_MAX && moments <= 70, "{cells} in {moments}");
        }
    }

    #[test]
    fn gaps_and_deeds_are_marked_and_another_node_begins_anew() {
        let (mut view, mut history) = live();
        let down = Event::Member {
            id: id("b"),
            incarnation: Incarnation(1),
            status: Status::Down,
            was: Some(Status::Suspect),
        };
        let records = vec![record(2 * S, down.clone()), record(2 * S + 9, down)];
        tell(&mut view, &mut history, 2 * S, Notice::Trace { records, dropped: 0 });
        tell(&mut view, &mut history, 3 * S, update(3 * S, sending(3 * S), vec![]));
        view.interrupt();
        history.note(&view);
        assert_eq!(history.gaps(), [(3 * S, u64::MAX)], "nobody speaks");
        tell(&mut view, &mut history, 9 * S, snapshot(9 * S, sending(9 * S), vec![own("a")]));
        assert_eq!(history.marks().count(), 1, "the same twice");
        assert_eq!(history.gaps(), [(3 * S, 9 * S)]);
        let (past, _) = history.at(5 * S).expect("it is kept");
        assert!(!past.is_current(), "nobody spoke then");
        tell(&mut view, &mut history, 10 * S, snapshot(77 * S, status("b", 1), vec![own("b")]));
        assert_eq!(history.first_us(), Some(77 * S));
    }
}
