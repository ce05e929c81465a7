//! Deltas of the Store: what they look like on the wire, and how they are
//! taken in. What goes into one is decided in `cut`.

use super::cell::{Cell, Dot};
use super::counter::{Counter, Totals};
use super::coverage::{AHEAD_RANGES_MAX, Coverage, News};
use super::cut::Cut;
use super::garbage::Roll;
use super::log::SUPERSEDED_MAX;
use super::register::Written;
use super::{Content, Key, Kind, Place, SEQUENCE_MAX, Slot, Store, Value};
use crate::id::Writer;
use crate::state::{Change, InvalidDelta, Merged, Part};
use crate::version::VersionVector;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Writes that a peer lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// Ranges of dots.
    pub runs: Vec<Run>,
    /// Set if the receiver may hold what everyone else has deleted and
    /// forgotten, and once it has all else: what still stands. See `garbage`.
    pub roll: Option<Roll>,
}

/// A range of one writer's dots: everything above `after` up to and including
/// `upto`. Dots without an item were superseded: in a run with items by the
/// last of them or by others in the run, else by something that the receiver
/// has once it has this delta.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Whose writes.
    pub writer: Writer,
    /// The sequence number before the first.
    pub after: u64,
    /// The sequence number of the last.
    pub upto: u64,
    /// What still stands of them, by sequence number.
    pub items: Vec<Item>,
}

/// One write that still stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its sequence number.
    pub sequence: u64,
    /// Its key.
    pub key: Key,
    /// What it wrote.
    pub write: Write,
}

/// What a write did, by kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// A write to a register, and what had been written there when it was made.
    Register(Written, VersionVector),
    /// A write to a multi-value register, likewise.
    MultiValue(Written, VersionVector),
    /// An element was added to a set, or removed from it.
    Element {
        /// Which.
        element: Value,
        /// Is it in the set?
        present: bool,
        /// What had been written there when that was.
        past: VersionVector,
    },
    /// The writer's totals for a counter.
    Counter(Totals),
    /// The writer deleted a counter: the totals that it had seen.
    CounterReset(Vec<(Writer, Totals)>),
}

/// What an item, a run and an entry of a past cost beside their text, in
/// bytes, at most.
pub(super) const OVERHEAD_BYTES: usize = 32;

impl Item {
    pub(super) fn bytes(&self) -> usize {
        let value = match &self.write {
            Write::Register(written, past) | Write::MultiValue(written, past) => {
                written.value.as_ref().map_or(0, Value::len) + past_bytes(past)
            }
            Write::Element { element, past, .. } => element.len() + past_bytes(past),
            Write::Counter(_) => 0,
            Write::CounterReset(seen) => OVERHEAD_BYTES * seen.len(),
        };
        OVERHEAD_BYTES + self.key.as_str().len() + value
    }
}

fn past_bytes(past: &VersionVector) -> usize {
    OVERHEAD_BYTES * past.iter().count()
}

impl Delta {
    /// Is every sequence number in its run's range, in ascending order, and
    /// one that a writer can reach?
    pub(super) fn check(&self) -> Result<(), InvalidDelta> {
        for run in &self.runs {
            if run.after >= run.upto {
                return Err(InvalidDelta("a run of writes is empty"));
            }
            if run.upto > SEQUENCE_MAX {
                return Err(TOO_GREAT);
            }
            let mut last = run.after;
            for item in &run.items {
                if item.sequence <= last || item.sequence > run.upto {
                    return Err(InvalidDelta("a write is outside its run or out of order"));
                }
                last = item.sequence;
                item.write.check()?;
            }
        }
        let floor = self.roll.iter().flat_map(|roll| roll.floor.iter());
        check_reachable(floor)
    }
}

impl Write {
    fn check(&self) -> Result<(), InvalidDelta> {
        self.past().map_or(Ok(()), |past| check_reachable(past.iter()))
    }

    /// What had been written there when it was made; counters have no need to know.
    fn past(&self) -> Option<&VersionVector> {
        match self {
            Self::Register(_, past) | Self::MultiValue(_, past) | Self::Element { past, .. } => Some(past),
            Self::Counter(_) | Self::CounterReset(_) => None,
        }
    }
}

const TOO_GREAT: InvalidDelta = InvalidDelta("a sequence number is greater than any writer's");

fn check_reachable<'a>(mut dots: impl Iterator<Item = (&'a Writer, u64)>) -> Result<(), InvalidDelta> {
    if dots.any(|(_, sequence)| sequence > SEQUENCE_MAX) { Err(TOO_GREAT) } else { Ok(()) }
}

impl Store {
    /// What a replica that has seen that much lacks.
    pub(super) fn delta_against(&self, theirs: &Coverage, bytes_max: usize) -> Part<Delta> {
        let mut cut = Cut::new(bytes_max);
        let seen = self.coverage.ranges();
        let missing = seen.flat_map(|(writer, after, upto)| {
            theirs.missing(writer, after, upto).into_iter().map(move |(after, upto)| (writer, after, upto))
        });
        for (writer, after, upto) in missing {
            if cut.add(self, writer, after, upto).is_some() {
                break;
            }
        }
        if cut.is_full() {
            return Part { delta: cut.into_rumor(), complete: false };
        }
        // A roll call by one who has not seen all that it would be about might drop what stands.
        if !self.coverage.vector().covers(&self.floor) {
            return Part { delta: cut.into_rumor(), complete: true };
        }
        Part { delta: Delta { roll: self.roll_for(theirs), ..cut.into_repair() }, complete: true }
    }

    /// News as a delta; what did not fit goes back into `news`.
    pub(super) fn delta_of_news(&self, news: &mut News, bytes_max: usize) -> Delta {
        let mut cut = Cut::new(bytes_max);
        for (writer, after, upto) in news.drain() {
            if cut.is_full() {
                news.insert(&writer, after, upto);
            } else if let Some(reached) = cut.add(self, &writer, after, upto) {
                news.insert(&writer, reached, upto);
            }
        }
        cut.into_rumor()
    }

    /// Merges a delta that was checked.
    pub(super) fn take_in(&mut self, delta: Delta) -> Result<Merged<News>, InvalidDelta> {
        let standing = delta.roll.as_ref().map(Roll::parse).transpose()?;
        let mut merged = Merged { news: News::default(), changes: Vec::new(), progress: false };
        let (writes, holes): (Vec<Run>, Vec<Run>) =
            delta.runs.into_iter().partition(|run| !run.items.is_empty());
        for run in writes {
            self.take_in_run(run, &mut merged);
        }
        let Some((roll, standing)) = delta.roll.zip(standing) else {
            for run in holes {
                self.take_in_run(run, &mut merged);
            }
            return Ok(merged);
        };
        // The deletes that the caller has forgotten are among the holes: to have
        // seen them and to drop what they deleted is one step, or none at all.
        let mut completed = self.coverage.clone();
        for Run { writer, after, upto, .. } in &holes {
            completed.insert(writer, *after, *upto, usize::MAX);
        }
        if completed.vector().covers(&roll.floor) {
            for run in holes {
                self.take_in_run(run, &mut merged);
            }
            self.coverage = completed;
            merged.changes.extend(self.answer_roll(&roll.floor, &standing));
        }
        Ok(merged)
    }

    fn take_in_run(&mut self, run: Run, merged: &mut Merged<News>) {
        let Run { writer, after, upto, items } = run;
        let mut new = false;
        if let [only] = &items[..]
            && only.sequence == upto
        {
            self.note_superseded(&writer, after, upto);
        }
        for Item { sequence, key, write } in items {
            // What was seen before may be deleted and forgotten by now.
            if self.coverage.contains(&writer, sequence) {
                continue;
            }
            if let Some(past) = write.past() {
                self.own_sequence = self.own_sequence.max(past.sequence(&self.writer));
            }
            let change = Change { key: key.clone(), kind: write.kind() };
            let place = write.place(key);
            let before = self.glance(&place);
            if self.take_in_write(&Dot { writer: writer.clone(), sequence }, &place, write) {
                new = true;
                self.mark(&place);
                if self.glance(&place) != before {
                    merged.changes.push(change);
                }
            }
        }
        if writer == self.writer {
            self.own_sequence = self.own_sequence.max(upto);
        }
        let known = self.vector().sequence(&writer);
        if self.cover(&writer, after, upto) || new {
            merged.news.insert(&writer, after.max(known.min(upto - 1)), upto);
            merged.progress = true;
        }
    }

    /// Notes that dots were seen, as far as the table of what is ahead allows.
    pub(super) fn cover(&mut self, writer: &Writer, after: u64, upto: u64) -> bool {
        let standing = self.log.get(writer).map_or(0, |log| log.standing());
        self.coverage.insert(writer, after, upto, standing + AHEAD_RANGES_MAX)
    }

    /// Merges one write. False if it was known or is superseded.
    fn take_in_write(&mut self, dot: &Dot, place: &Place, write: Write) -> bool {
        let Dot { writer, sequence } = dot;
        if self.log.get(writer).is_some_and(|log| log.stands_at(*sequence)) {
            // Known already; a forgery, if it stands elsewhere.
            return false;
        }
        let content = self.entries.entry(place.slot.clone());
        let content = content.or_insert_with(|| Content::empty(place.slot.kind));
        let Outcome { stands, replaced, forgotten } = match (content, write) {
            (Content::Register(cell), Write::Register(written, past))
            | (Content::MultiValue(cell), Write::MultiValue(written, past)) => {
                if !self.clock.observe(written.stamp, self.now) {
                    self.unbelievable = self.unbelievable.saturating_add(1);
                }
                merge_into(cell, dot, written.taken_in(self.now), past)
            }
            (Content::Set(cells), Write::Element { element, present, past }) => {
                merge_into(cells.entry(element).or_default(), dot, present, past)
            }
            (Content::Counter(counter), Write::Counter(totals)) => {
                newest_of(writer, counter.merge_part(writer, *sequence, totals))
            }
            (Content::Counter(counter), Write::CounterReset(seen)) => {
                newest_of(writer, counter.merge_reset(writer, *sequence, seen.into_iter().collect()))
            }
            _ => unreachable!("a slot holds the kind that it is named for"),
        };
        let has_forgotten = forgotten.iter().next().is_some();
        for old in &replaced {
            match self.log.get_mut(&old.writer) {
                Some(log) if has_forgotten => log.forget(old.sequence),
                _ => self.supersede(old, dot),
            }
        }
        if has_forgotten {
            self.floor.merge(&forgotten);
            for gone in replaced.iter().chain(Some(dot).filter(|_| !stands)) {
                self.floor.raise(&gone.writer, gone.sequence);
            }
        }
        if stands {
            self.remember_dot(writer, *sequence, place.clone());
        }
        stands || !replaced.is_empty()
    }

    /// Dots of a run without writes of their own were superseded by its one
    /// write. Where a run has more, nobody can tell by which; and what became
    /// of those that were seen before is known better here.
    fn note_superseded(&mut self, writer: &Writer, after: u64, upto: u64) {
        let unseen = self.coverage.missing(writer, after, upto - 1);
        let unseen = unseen.into_iter().rev().flat_map(|(after, upto)| (after + 1..=upto).rev());
        let unseen: Vec<u64> = unseen.take(SUPERSEDED_MAX as usize).collect();
        if unseen.is_empty() {
            return;
        }
        let log = match self.log.get_mut(writer) {
            Some(log) => log,
            None => self.log.or_default(writer.clone()),
        };
        for sequence in unseen {
            if !log.is_known(sequence) {
                log.superseded(sequence, upto);
            }
        }
    }

    pub(super) fn item(&self, writer: &Writer, sequence: u64, place: &Place) -> Option<Item> {
        let dot = Dot { writer: writer.clone(), sequence };
        let write = match self.entries.get(&place.slot)? {
            Content::Register(cell) => {
                Write::Register(cell.sibling(&dot)?.written(self.now), cell.past(&dot)?.clone())
            }
            Content::MultiValue(cell) => {
                Write::MultiValue(cell.sibling(&dot)?.written(self.now), cell.past(&dot)?.clone())
            }
            Content::Set(cells) => {
                let element = place.element.clone()?;
                let cell = cells.get(&element)?;
                Write::Element { present: *cell.sibling(&dot)?, past: cell.past(&dot)?.clone(), element }
            }
            Content::Counter(counter) => match counter.part(writer, sequence) {
                Some(totals) => Write::Counter(totals),
                None => {
                    let seen = counter.reset_at(writer, sequence)?.iter();
                    Write::CounterReset(seen.map(|(writer, totals)| (writer.clone(), *totals)).collect())
                }
            },
        };
        Some(Item { sequence, key: place.slot.key.clone(), write })
    }
}

/// What became of a write that was taken in.
struct Outcome {
    /// Does it stand where it was written?
    stands: bool,
    /// The writes that stood there and do not any more.
    replaced: Vec<Dot>,
    /// What stands there may have been written by someone who had forgotten a
    /// delete: then who has only what stands does not have what the delete did,
    /// and it is up to the roll call to tell of these.
    forgotten: VersionVector,
}

/// As [`merge_into`], from what a counter says: nothing if it knew a newer
/// record of the writer, else the number of the one replaced, if there was one.
fn newest_of(writer: &Writer, outcome: Option<Option<u64>>) -> Outcome {
    let dot = |sequence| Dot { writer: writer.clone(), sequence };
    let replaced = outcome.flatten().map(dot).into_iter().collect();
    Outcome { stands: outcome.is_some(), replaced, forgotten: VersionVector::default() }
}

/// Merges a write into its cell.
fn merge_into<T: Ord>(cell: &mut Cell<T>, dot: &Dot, value: T, past: VersionVector) -> Outcome {
    let before: Vec<Dot> = cell.siblings().map(|(dot, _)| dot.clone()).collect();
    cell.merge_sibling(dot.clone(), value, past);
    let replaced = before.into_iter().filter(|dot| cell.sibling(dot).is_none()).collect();
    Outcome { stands: cell.sibling(dot).is_some(), replaced, forgotten: cell.unaccounted() }
}

impl Content {
    /// A place of that kind where nothing was ever written.
    pub(super) fn empty(kind: Kind) -> Self {
        match kind {
            Kind::Register => Self::Register(Cell::default()),
            Kind::MultiValue => Self::MultiValue(Cell::default()),
            Kind::Counter => Self::Counter(Counter::default()),
            Kind::Set => Self::Set(BTreeMap::new()),
        }
    }
}

impl Write {
    fn kind(&self) -> Kind {
        match self {
            Self::Register(..) => Kind::Register,
            Self::MultiValue(..) => Kind::MultiValue,
            Self::Element { .. } => Kind::Set,
            Self::Counter(_) | Self::CounterReset(_) => Kind::Counter,
        }
    }

    fn place(&self, key: Key) -> Place {
        let element = match self {
            Self::Element { element, .. } => Some(element.clone()),
            _ => None,
        };
        Place { slot: Slot { key, kind: self.kind() }, element }
    }
}
