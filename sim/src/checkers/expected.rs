//! What a store must read, given which writes it has seen: worked out anew from
//! the ledger, one write at a time, as the documentation has it. A write counts
//! unless one that is seen as well had seen it; of registers the latest stamp
//! that has not ended reads, then the greatest dot; adds win over removes that had not seen them;
//! counters sum up what no delete had seen. A write whose writer had forgotten a delete does not say that it had seen
//! it: until the delete itself comes, what it deleted may read beside the write. The same holds of what had ended by the
//! writer's clock alone.

use super::bits::Bits;
use super::ledger::{Did, Ledger, Op};
use rumormill_core::id::Writer;
use rumormill_core::state::store::{Dot, Key, Kind, Reading, Store, Value};
use rumormill_core::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet};

/// A reading that is not what it must be, by what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// Something that was written and not overwritten does not read.
    Lost(String),
    /// Something reads that was deleted, or never written.
    Undead(String),
    /// A counter has another sum.
    Miscounted(String),
}

/// The moment of a reading, and how much earlier or later than written down a
/// time to live may be over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: Instant,
    pub(crate) slack: Duration,
}

/// Compares what a store reads under a key with what it must.
pub(crate) fn compare(
    ledger: &Ledger,
    (key, ops): (&Key, &[u32]),
    holds: &Bits,
    store: &Store,
    moment: Moment,
) -> Option<Mismatch> {
    let all: Vec<(u32, &Op)> = ops.iter().map(|&at| (at, &ledger.ops()[at as usize])).collect();
    let held = all.iter().filter(|(at, _)| holds.contains(*at as usize)).copied().collect();
    let books = Books { all, held, forgetful: false };
    let readings: Vec<Reading<'_>> = store.get(key).collect();
    let mismatch = books.compare(&readings, moment)?;
    let forgetful = Books { forgetful: true, ..books };
    forgetful.compare(&readings, moment).map(|_| mismatch)
}

/// The writes under one key, and those of them that a store has seen.
struct Books<'a> {
    all: Vec<(u32, &'a Op)>,
    held: Vec<(u32, &'a Op)>,
    /// Does what was deleted count as long as the delete has come only by way of a write that says nothing of it?
    forgetful: bool,
}

impl<'a> Books<'a> {
    fn compare(&self, readings: &[Reading<'_>], moment: Moment) -> Option<Mismatch> {
        let of = |kind: Kind| readings.iter().find(|reading| reading.kind() == kind);
        self.register(of(Kind::Register), moment)
            .or_else(|| self.multi_value(of(Kind::MultiValue)))
            .or_else(|| self.set(of(Kind::Set)))
            .or_else(|| self.counter(of(Kind::Counter)))
    }

    /// Had it seen the other, and does it say so?
    fn strikes(&self, by: &Op, at: u32) -> bool {
        let is_silent = |(number, gone): &(u32, &Op)| {
            let not_yet =
                || gone.seen.contains(at as usize) && !self.held.iter().any(|(held, _)| held == number);
            // What has ended has done so by its writer's clock, and perhaps by no other one.
            by.forgot.contains(*number as usize)
                && if gone.did == Did::Deleted { not_yet() } else { *number == at }
        };
        by.seen.contains(at as usize) && !(self.forgetful && self.all.iter().any(is_silent))
    }

    /// Writes of a kind that no other seen one had seen.
    fn standing(&self, kind: Kind) -> impl Iterator<Item = &'a Op> {
        let same = |a: &Op, b: &Op| a.kind == b.kind && a.element == b.element;
        let stands = move |(at, op): &&(u32, &'a Op)| {
            op.kind == kind && !self.held.iter().any(|(_, by)| same(op, by) && self.strikes(by, *at))
        };
        self.held.iter().filter(stands).map(|(_, op)| *op)
    }

    fn register(&self, found: Option<&Reading<'_>>, moment: Moment) -> Option<Mismatch> {
        let written = self.standing(Kind::Register).filter_map(|op| match &op.did {
            Did::Wrote { value, stamp, ends } => Some((*stamp, &op.dot, value, *ends)),
            _ => None,
        });
        let written: Vec<_> = written.collect();
        let is_close = |at: Instant| at.since(moment.now).max(moment.now.since(at)) <= moment.slack;
        if written.iter().any(|(.., ends)| ends.is_some_and(is_close)) {
            return None;
        }
        // What has ended hides nothing that was written beside it.
        let lasting = written.iter().filter(|(.., ends)| ends.is_none_or(|at| at > moment.now));
        let latest = lasting.max_by_key(|(stamp, dot, ..)| (*stamp, *dot));
        let found = found.and_then(|reading| match reading {
            Reading::Register { value, author, .. } => Some((*value, *author)),
            _ => None,
        });
        match (found, latest) {
            (None, None) => None,
            (Some((found, _)), None) => {
                Some(Mismatch::Undead(format!("reads {found:?} and should read nothing")))
            }
            (None, Some((_, dot, value, _))) => Some(Mismatch::Lost(format!(
                "reads nothing and should read {value:?} by {}",
                dot.writer.node
            ))),
            (Some((found, author)), Some((_, dot, value, _))) => (found != *value || *author != dot.writer)
                .then(|| {
                    let (is, should) = (&author.node, &dot.writer.node);
                    Mismatch::Lost(format!("reads {found:?} by {is} and should read {value:?} by {should}"))
                }),
        }
    }

    fn multi_value(&self, found: Option<&Reading<'_>>) -> Option<Mismatch> {
        let mut expected: Vec<(&Value, &Writer)> = Vec::new();
        for op in self.standing(Kind::MultiValue) {
            if let Did::Wrote { value, .. } = &op.did {
                expected.push((value, &op.dot.writer));
            }
        }
        let mut found = match found {
            Some(Reading::MultiValue { values }) => values.clone(),
            _ => Vec::new(),
        };
        expected.sort();
        found.sort();
        if expected == found {
            return None;
        }
        let say = |values: &[(&Value, &Writer)]| {
            let each = values.iter().map(|(value, writer)| format!("{value:?} by {}", writer.node));
            if values.is_empty() { "nothing".into() } else { each.collect::<Vec<_>>().join(" and ") }
        };
        let text = format!("reads {} and should read {}", say(&found), say(&expected));
        let lost = expected.iter().any(|value| !found.contains(value));
        Some(if lost { Mismatch::Lost(text) } else { Mismatch::Undead(text) })
    }

    fn set(&self, found: Option<&Reading<'_>>) -> Option<Mismatch> {
        let added = self.standing(Kind::Set).filter(|op| op.did == Did::Added);
        let expected: BTreeSet<&Value> = added.filter_map(|op| op.element.as_ref()).collect();
        let found: BTreeSet<&Value> = match found {
            Some(Reading::Set { elements }) => elements.iter().copied().collect(),
            _ => BTreeSet::new(),
        };
        let lost = expected.difference(&found).next();
        let undead = found.difference(&expected).next();
        lost.map(|element| Mismatch::Lost(format!("is a set without {element:?}, which no remove had seen")))
            .or(undead.map(|element| {
                Mismatch::Undead(format!("is a set with {element:?}, which was removed or never added"))
            }))
    }

    /// A writer's totals say all that it ever added, so one increment that is
    /// seen brings the earlier ones of its writer along.
    fn counter(&self, found: Option<&Reading<'_>>) -> Option<Mismatch> {
        let counters = || self.all.iter().filter(|(_, op)| op.kind == Kind::Counter);
        let increments = || counters().filter(|(_, op)| matches!(op.did, Did::Counted(_)));
        let held = || self.held.iter().filter(|(_, op)| op.kind == Kind::Counter);
        let (mut seen, mut deleted): (Reach<'_>, Reach<'_>) = Default::default();
        for (_, op) in held().filter(|(_, op)| matches!(op.did, Did::Counted(_))) {
            raise(&mut seen, &op.dot);
        }
        for (_, by) in held().filter(|(_, op)| op.did == Did::Deleted) {
            for (_, op) in increments().filter(|(at, _)| by.seen.contains(*at as usize)) {
                raise(&mut deleted, &op.dot);
            }
        }
        let (mut expected, mut moved) = (0, false);
        for (_, op) in increments() {
            let upto = |reach: &Reach<'_>| reach.get(&op.dot.writer).copied().unwrap_or(0);
            if let Did::Counted(by) = op.did
                && op.dot.sequence <= upto(&seen)
                && op.dot.sequence > upto(&deleted)
            {
                expected += i128::from(by);
                moved |= by != 0;
            }
        }
        let found = match found {
            Some(Reading::Counter { sum }) => Some(i128::from(*sum)),
            _ => None,
        };
        match found {
            Some(sum) if !moved && !deleted.is_empty() => {
                Some(Mismatch::Undead(format!("counts {sum} and should be deleted")))
            }
            None if moved => {
                Some(Mismatch::Miscounted(format!("counts nothing and should count {expected}")))
            }
            Some(sum) if sum != expected => {
                Some(Mismatch::Miscounted(format!("counts {sum} and should count {expected}")))
            }
            _ => None,
        }
    }
}

/// The highest number of each writer.
type Reach<'a> = BTreeMap<&'a Writer, u64>;

fn raise<'a>(reach: &mut Reach<'a>, dot: &'a Dot) {
    let upto = reach.entry(&dot.writer).or_default();
    *upto = dot.sequence.max(*upto);
}
