//! A run's whole course: its branches with what was done in each, and copies of the run on the way, from which any
//! moment is reached again by letting it happen again. Pure: what ends a tick is handed in.
//!
//! Doing something where time has been before forks the run: the old branch keeps what came after.

use super::deed::{is_write, name};
use super::protocol::{Branch, Deed, Sample};
use super::run::{Moment, Run};
use super::series::Series;
use rumormill_core::{TraceRecord, sort::sort_by};
use rumormill_sim::Scenario;

/// Events between two copies of the run: half of them are played again for a jump, on average.
const SPACING_EVENTS: u64 = 1_000;

/// What all copies may take together where nobody knows how much memory there is, by [`Run::weight_bytes`]: what two
/// neighbours share counts once. A guess at what a tab may take of a small computer.
const KEPT_BYTES: u64 = 240_000_000;

/// What they may take at most, of however much memory: a jump is quick enough with so many.
const KEPT_BYTES_MAX: u64 = 720_000_000;

/// The part of the device's memory that they may take: a guess.
const KEPT_PART: u64 = 12;

/// So many copies are kept whatever they take.
const KEPT_MIN: usize = 3;

/// Most branches, so that the time bar stays readable.
const BRANCHES_MAX: usize = 24;

/// Events handled between two looks at the clock.
const BATCH: u32 = 64;

/// The name of the branch on which a run begins.
const FIRST_NAME: &str = "first run";

/// Something that is done at a time of a branch.
#[derive(Clone, Debug)]
struct Entry {
    at_us: u64,
    deed: Deed,
    /// Did the user do it? Otherwise the script has it.
    by_hand: bool,
}

#[derive(Clone, Debug)]
struct Line {
    name: String,
    /// The branch it comes from.
    parent: Option<usize>,
    /// Up to here both are the same.
    from: Moment,
    /// How far it has been played.
    end: Moment,
    /// All that is done on it from the start on, by time.
    log: Vec<Entry>,
    series: Series,
}

#[derive(Debug)]
struct Copy {
    branch: usize,
    moment: Moment,
    /// What it takes beside the copy before it.
    weight_bytes: u64,
    run: Run,
}

/// What the page has not been told.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) samples: Vec<Sample>,
    pub(super) done: Vec<(u64, Deed)>,
    pub(super) refused: Option<String>,
    /// Records are handed over anew from this time on.
    pub(super) turned_us: Option<u64>,
    /// The branches changed, or another one is in sight.
    pub(super) branches: bool,
    /// The charts' data is another branch's.
    pub(super) series: bool,
}

/// What the copies of a run may take on a device with so many bytes of memory, if it tells.
pub(super) fn room_for_copies(memory_bytes: Option<u64>) -> u64 {
    memory_bytes.map_or(KEPT_BYTES, |bytes| (bytes / KEPT_PART).min(KEPT_BYTES_MAX))
}

/// A run's whole course, and the moment that is looked at.
#[derive(Debug)]
pub(super) struct Timeline {
    pub(super) number: u32,
    pub(super) run: Run,
    pub(super) news: News,
    lines: Vec<Line>,
    current: usize,
    /// By branch, then by moment.
    copies: Vec<Copy>,
    /// What they may take together.
    room_bytes: u64,
    /// After how many events a copy was made last for which there was no room.
    unkept: u64,
    /// How many copies were ever made.
    #[cfg(test)]
    made: u64,
    records: Vec<TraceRecord>,
}

impl Timeline {
    pub(super) fn new(number: u32, scenario: Scenario, script: Vec<(u64, Deed)>) -> Result<Self, String> {
        let mut log: Vec<Entry> =
            script.into_iter().map(|(at_us, deed)| Entry { at_us, deed, by_hand: false }).collect();
        sort_by(&mut log, |a, b| a.at_us.cmp(&b.at_us));
        let line = Line {
            name: FIRST_NAME.to_owned(),
            parent: None,
            from: Moment::default(),
            end: Moment::default(),
            log,
            series: Series::default(),
        };
        Ok(Self {
            number,
            run: Run::new(scenario)?,
            news: News { branches: true, ..News::default() },
            lines: vec![line],
            current: 0,
            copies: Vec::new(),
            room_bytes: KEPT_BYTES,
            unkept: 0,
            #[cfg(test)]
            made: 0,
            records: Vec::new(),
        })
    }

    /// The same, with so much room for copies; without any, nobody gets back in it.
    pub(super) fn with_room(mut self, bytes: u64) -> Self {
        self.room_bytes = bytes;
        self
    }

    /// Before anything happens: the start is kept. Who only looks waits for no copy.
    fn begin(&mut self) {
        if self.copies.is_empty() && self.room_bytes > 0 {
            self.keep();
        }
    }

    /// How far the branch in sight has been played.
    pub(super) fn end_us(&self) -> u64 {
        self.line().end.us
    }

    /// The branch in sight.
    pub(super) fn current(&self) -> u32 {
        self.current as u32
    }

    /// All branches.
    pub(super) fn branches(&self) -> Vec<Branch> {
        let branch = |line: &Line| Branch {
            name: line.name.clone(),
            parent: line.parent.map(|parent| parent as u32),
            from_us: line.from.us,
            end_us: line.end.us,
        };
        self.lines.iter().map(branch).collect()
    }

    /// The charts' data of the branch in sight.
    pub(super) fn series(&self) -> &Series {
        &self.line().series
    }

    /// All that is done on the branch in sight, by time, also what is still to come.
    pub(super) fn log(&self) -> Vec<(u64, Deed)> {
        self.line().log.iter().map(|entry| (entry.at_us, entry.deed.clone())).collect()
    }

    /// What happened since this was last asked.
    pub(super) fn take_records(&mut self) -> Vec<TraceRecord> {
        let mut records = std::mem::take(&mut self.records);
        records.extend(self.run.sim.take_trace());
        records
    }

    /// Lets time pass until then, or until it is enough. True if it came so far.
    #[inline(never)]
    pub(super) fn advance(&mut self, to_us: u64, events_max: u32, is_over: impl Fn() -> bool) -> bool {
        self.begin();
        let mut events = 0;
        while self.run.now_us() < to_us {
            let due_us = self.next_due_us().unwrap_or(u64::MAX);
            let stop_us = to_us.min(due_us).min(self.run.next_sample_us).max(self.run.now_us());
            let handled = self.run.run_until(stop_us, BATCH);
            events += handled;
            if handled < BATCH {
                while self.next_due_us().is_some_and(|at_us| at_us <= self.run.now_us()) {
                    self.do_next();
                }
                self.sample_if_due();
                self.keep_if_due();
            }
            if events >= events_max || is_over() {
                break;
            }
        }
        self.sample_if_due();
        self.arrive();
        self.run.now_us() >= to_us
    }

    /// The next event, or the next thing that is to be done if that comes first.
    #[inline(never)]
    pub(super) fn step(&mut self) {
        self.begin();
        let next_us = self.run.sim.next_at().map(|at| at.as_micros());
        match self.next_due_us() {
            Some(due_us) if next_us.is_none_or(|next_us| due_us < next_us) => {
                self.run.run_until(due_us, u32::MAX);
                self.do_next();
            }
            _ => {
                self.run.sim.step();
            }
        }
        self.sample_if_due();
        self.arrive();
    }

    /// The moment before the last event.
    #[inline(never)]
    pub(super) fn step_back(&mut self) {
        self.begin();
        let Some(events) = self.run.moment().events.checked_sub(1) else { return };
        let Some(at) = self.copy_before(|moment| moment.events <= events) else { return };
        self.restore(at);
        while self.run.moment().events < events {
            self.step();
        }
    }

    /// Goes to a time of the branch in sight, forth or back, or as far as it gets before it is enough. True if it came
    /// so far.
    #[inline(never)]
    pub(super) fn seek(&mut self, to_us: u64, is_over: impl Fn() -> bool) -> bool {
        self.begin();
        let now = self.run.moment();
        if let Some(at) = self.copy_before(|moment| moment.us <= to_us) {
            // Forth from here, unless a copy is nearer.
            if to_us < now.us || self.copies[at].moment > now {
                self.restore(at);
            }
        }
        self.advance(to_us, u32::MAX, is_over)
    }

    /// Does something now. If it is not possible, the news say why.
    #[inline(never)]
    pub(super) fn act(&mut self, deed: Deed) {
        self.begin();
        self.news.refused = None;
        let is_past = self.run.moment() < self.line().end;
        if is_past && self.lines.len() >= BRANCHES_MAX {
            self.news.refused = Some(format!(
                "There are {BRANCHES_MAX} branches already: start a new run, or go to the end."
            ));
            return;
        }
        let before = self.run.reading();
        if let Err(why) = self.run.perform(&deed) {
            self.news.refused = Some(why);
            return;
        }
        let now = self.run.moment();
        if is_past {
            // The act itself counts as one event.
            let from = Moment { us: now.us, events: now.events - 1 };
            self.branch_off(name(&deed), from);
        }
        let at = self.run.done;
        self.lines[self.current].log.insert(at, Entry { at_us: now.us, deed: deed.clone(), by_hand: true });
        self.note_done(deed, before);
    }

    /// Does several things now, one after the other. What is not possible leaves the others as they are.
    #[inline(never)]
    pub(super) fn act_all(&mut self, deeds: Vec<Deed>) {
        let (more, branches) = (deeds.len().saturating_sub(1), self.lines.len());
        let mut refused = None;
        for deed in deeds {
            self.act(deed);
            refused = refused.or(self.news.refused.take());
        }
        self.news.refused = refused;
        if more > 0 && self.lines.len() > branches {
            let name = &mut self.lines[self.current].name;
            name.push_str(&format!(" + {more}"));
        }
    }

    /// Begins another branch here, on which nothing else is different yet.
    #[inline(never)]
    pub(super) fn fork(&mut self) {
        self.begin();
        self.news.refused = None;
        if self.lines.len() >= BRANCHES_MAX {
            self.news.refused = Some(format!("There are {BRANCHES_MAX} branches already: start a new run."));
            return;
        }
        self.branch_off(format!("fork {}", self.lines.len()), self.run.moment());
    }

    /// Puts another branch in sight, at this time or at its end if that comes before.
    #[inline(never)]
    pub(super) fn switch(&mut self, branch: usize, is_over: impl Fn() -> bool) -> bool {
        self.begin();
        if branch >= self.lines.len() || branch == self.current {
            return true;
        }
        self.current = branch;
        (self.news.branches, self.news.series) = (true, true);
        let to_us = self.run.now_us().min(self.line().end.us);
        if let Some(at) = self.copy_before(|moment| moment.us <= to_us) {
            self.restore(at);
        }
        self.advance(to_us, u32::MAX, is_over)
    }

    fn line(&self) -> &Line {
        &self.lines[self.current]
    }

    fn next_due_us(&self) -> Option<u64> {
        self.line().log.get(self.run.done).map(|entry| entry.at_us)
    }

    /// Does what comes next in the log. What is not possible was refused the first time, and is again.
    #[inline(never)]
    fn do_next(&mut self) {
        let Some(entry) = self.line().log.get(self.run.done) else { return };
        let deed = entry.deed.clone();
        self.note_steps();
        let before = self.run.reading();
        match self.run.perform(&deed) {
            Ok(()) => self.note_done(deed, before),
            Err(why) => {
                self.run.done += 1;
                if self.run.moment() >= self.line().end {
                    self.news.refused = Some(why);
                }
            }
        }
    }

    #[inline(never)]
    fn note_done(&mut self, deed: Deed, before: Sample) {
        self.run.done += 1;
        let now = self.run.moment();
        if now > self.line().end {
            // What the writer sends at once is part of what a write takes.
            if is_write(&deed) {
                self.note(before);
            }
            self.lines[self.current].series.extend(&[], &[(now.us, deed.clone())]);
            self.news.done.push((now.us, deed));
        }
        self.sample();
        self.arrive();
    }

    fn sample_if_due(&mut self) {
        self.note_steps();
        if self.run.now_us() >= self.run.next_sample_us {
            self.sample();
        }
    }

    fn sample(&mut self) {
        self.note_steps();
        let sample = self.run.sample();
        if self.run.moment() > self.line().end || self.line().series.samples().is_empty() {
            self.note(sample);
        }
    }

    /// Takes the points at which one more node had the latest write, where time has not been before.
    fn note_steps(&mut self) {
        for (moment, sample) in self.run.take_steps() {
            if moment > self.line().end {
                self.note(sample);
            }
        }
    }

    fn note(&mut self, sample: Sample) {
        let series = &mut self.lines[self.current].series;
        if series.samples().last() != Some(&sample) {
            series.extend(&[sample], &[]);
            self.news.samples.push(sample);
        }
    }

    /// Time has come so far on this branch.
    #[inline(never)]
    fn arrive(&mut self) {
        let now = self.run.moment();
        let line = &mut self.lines[self.current];
        line.end = line.end.max(now);
    }

    #[inline(never)]
    fn branch_off(&mut self, name: String, from: Moment) {
        let done = self.run.done;
        let line = self.line();
        let planned = line.log[done..].iter().filter(|entry| !entry.by_hand);
        let log = line.log[..done].iter().chain(planned).cloned().collect();
        let series = line.series.until(from.us);
        let line = Line { name, parent: Some(self.current), from, end: from, log, series };
        self.current = self.lines.len();
        self.lines.push(line);
        (self.news.branches, self.news.series) = (true, true);
        (self.news.samples, self.news.done) = (Vec::new(), Vec::new());
    }

    /// The latest copy on the way to the branch in sight that will do.
    fn copy_before(&self, will_do: impl Fn(Moment) -> bool) -> Option<usize> {
        let mut best: Option<usize> = None;
        let mut branch = self.current;
        let mut upto = Moment { us: u64::MAX, events: u64::MAX };
        loop {
            for (at, copy) in self.copies.iter().enumerate() {
                let is_on_the_way = copy.branch == branch && copy.moment <= upto;
                let is_later = best.is_none_or(|best| copy.moment > self.copies[best].moment);
                if is_on_the_way && is_later && will_do(copy.moment) {
                    best = Some(at);
                }
            }
            let line = &self.lines[branch];
            let Some(parent) = line.parent else { return best };
            (branch, upto) = (parent, upto.min(line.from));
        }
    }

    #[inline(never)]
    fn restore(&mut self, at: usize) {
        let copy = &self.copies[at];
        self.run = copy.run.clone();
        self.records.clear();
        let turned_us = self.news.turned_us.map_or(copy.moment.us, |us| us.min(copy.moment.us));
        self.news.turned_us = Some(turned_us);
        // On the way to a fork the parent's copies hold what was to be done there; up to the fork that is the same.
    }

    fn keep_if_due(&mut self) {
        if self.room_bytes == 0 {
            return;
        }
        let now = self.run.moment();
        let last = self.copy_before(|moment| moment <= now).map_or(0, |at| self.copies[at].moment.events);
        // What went at once would go again.
        let last = if self.unkept <= now.events { last.max(self.unkept) } else { last };
        if now.events >= last + SPACING_EVENTS && self.run.is_between_times() {
            self.keep();
        }
    }

    /// Keeps a copy of the run as it is. Its trace goes to the news, not into the copy.
    #[inline(never)]
    fn keep(&mut self) {
        let records = self.run.sim.take_trace();
        self.run.clues.note(&self.run.sim, &records);
        self.records.extend(records);
        let excess = self.records.len().saturating_sub(super::run::RECORDS_MAX as usize);
        self.records.drain(..excess);
        let copy =
            Copy { branch: self.current, moment: self.run.moment(), weight_bytes: 0, run: self.run.clone() };
        let place =
            self.copies.partition_point(|kept| (kept.branch, kept.moment) <= (copy.branch, copy.moment));
        let made = copy.moment;
        #[cfg(test)]
        {
            self.made += 1;
        }
        self.copies.insert(place, copy);
        self.weigh(&[place, place + 1]);
        while self.weight_bytes() > self.room_bytes && self.copies.len() > KEPT_MIN {
            let Some(at) = self.least_useful() else { break };
            let gone = self.copies.remove(at);
            if (gone.branch, gone.moment) == (self.current, made) {
                self.unkept = made.events;
            }
            self.weigh(&[at]);
        }
    }

    /// Weighs copies that have another one before them than they had: these, and the first of each branch, which may.
    fn weigh(&mut self, of: &[usize]) {
        for at in 0..self.copies.len() {
            let before = self.before(at);
            if of.contains(&at) || before.is_none_or(|before| before + 1 != at) {
                let beside = before.map(|before| &self.copies[before].run);
                self.copies[at].weight_bytes = self.copies[at].run.weight_bytes(beside);
            }
        }
    }

    /// The copy before one, on its branch or on those from which that comes.
    fn before(&self, at: usize) -> Option<usize> {
        let mut branch = self.copies[at].branch;
        if at > 0 && self.copies[at - 1].branch == branch {
            return Some(at - 1);
        }
        loop {
            let (parent, from) = (self.lines[branch].parent?, self.lines[branch].from);
            let is_before = |copy: &Copy| copy.branch == parent && copy.moment <= from;
            if let Some(before) = self.copies.iter().rposition(is_before) {
                return Some(before);
            }
            branch = parent;
        }
    }

    fn weight_bytes(&self) -> u64 {
        self.copies.iter().map(|copy| copy.weight_bytes).sum()
    }

    /// The copy whose loss costs least: the gap that it would leave, compared with how far away it is. Never the start.
    #[inline(never)]
    fn least_useful(&self) -> Option<usize> {
        let here = self.run.moment().events;
        let far = self.line().end.events.max(here) * 2 + SPACING_EVENTS;
        let cost = |at: usize| {
            let copy = &self.copies[at];
            let before = self.copies[at - 1].moment.events;
            let first = self.copies[at - 1].branch != copy.branch;
            let before = if first { self.lines[copy.branch].from.events } else { before };
            let after = self.copies.get(at + 1).filter(|next| next.branch == copy.branch);
            let end = self.lines[copy.branch].end.events;
            let end = if copy.branch == self.current { end.max(here) } else { end };
            let after = after.map_or(end, |next| next.moment.events);
            let gap = after.saturating_sub(before) as f64;
            let is_elsewhere = if copy.branch == self.current { 1.0 } else { 4.0 };
            gap / (is_elsewhere * (copy.moment.events.abs_diff(here) + far) as f64)
        };
        (1..self.copies.len()).min_by(|a, b| cost(*a).total_cmp(&cost(*b)))
    }

    /// What the copies take, for the meter and the tests.
    #[cfg(test)]
    pub(super) fn kept(&self) -> (usize, u64) {
        (self.copies.len(), self.weight_bytes())
    }
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
