//! A delta under construction, within its budget of bytes, and with what it may
//! claim to have covered: each write that it carries, and superseded dots whose
//! later write by the same writer it carries too. Every other dot of a range is
//! a hole: superseded by another writer's write. Holes are claimed last, by a
//! delta after which the receiver has everything that stands here.

use super::Store;
use super::delta::{Delta, Item, OVERHEAD_BYTES, Run};
use crate::id::Writer;
use crate::ordered::Set;
use alloc::vec::Vec;

pub(super) struct Cut {
    runs: Vec<Run>,
    holes: Vec<Run>,
    bytes_left: usize,
    full: bool,
}

impl Cut {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { runs: Vec::new(), holes: Vec::new(), bytes_left: bytes_max, full: false }
    }

    /// Is there no room for more?
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// The writes, and what goes with them.
    pub(super) fn into_rumor(self) -> Delta {
        Delta { runs: self.runs, roll: None }
    }

    /// The writes, and if they are all that the receiver lacks, the holes.
    pub(super) fn into_repair(mut self) -> Delta {
        if !self.full {
            self.runs.append(&mut self.holes);
        }
        self.into_rumor()
    }

    /// Adds a range of one writer's dots. Returns how far it came if the
    /// budget ended first; the first write always fits.
    pub(super) fn add(&mut self, store: &Store, writer: &Writer, after: u64, upto: u64) -> Option<u64> {
        let mut items: Vec<Item> = Vec::new();
        let mut reached = upto;
        let log = store.log.get(writer);
        let standing = log.into_iter().flat_map(|log| log.standing_in(after, upto));
        for (sequence, place) in standing {
            let Some(item) = store.item(writer, sequence, place) else { continue };
            let first = self.runs.is_empty() && items.is_empty();
            if item.bytes() > self.bytes_left && !first {
                self.full = true;
                reached = sequence - 1;
                break;
            }
            self.bytes_left = self.bytes_left.saturating_sub(item.bytes());
            items.push(item);
        }
        if let Some(last) = items.last().map(|item| item.sequence) {
            self.bytes_left = self.bytes_left.saturating_sub(OVERHEAD_BYTES + writer.node.as_str().len());
            let mut claimed: Set<u64> = items.iter().map(|item| item.sequence).collect();
            let superseded = log.into_iter().flat_map(|log| log.superseded_in(after, last).rev());
            for (sequence, by) in superseded {
                if claimed.contains(&by) {
                    claimed.insert(sequence);
                }
            }
            self.add_runs(writer, items, &claimed);
            self.add_holes(writer, after, reached, &claimed);
        } else {
            self.add_holes(writer, after, reached, &Set::new());
        }
        (reached < upto).then_some(reached)
    }

    /// One run per stretch of claimed dots that ends with a write.
    fn add_runs(&mut self, writer: &Writer, items: Vec<Item>, claimed: &Set<u64>) {
        let mut items = items.into_iter().peekable();
        let mut start: Option<u64> = None;
        let mut open: Option<Run> = None;
        let mut last = None;
        for &sequence in claimed {
            if last.is_none_or(|last: u64| last + 1 < sequence) {
                self.close(&mut open, &mut start, last, writer);
                start = Some(sequence - 1);
            }
            last = Some(sequence);
            if items.peek().is_some_and(|item| item.sequence == sequence) {
                let after = start.unwrap_or(sequence - 1);
                let run = open.get_or_insert_with(|| Run {
                    writer: writer.clone(),
                    after,
                    upto: 0,
                    items: Vec::new(),
                });
                run.upto = sequence;
                run.items.extend(items.next());
            }
        }
        self.close(&mut open, &mut start, last, writer);
    }

    /// Ends a stretch; what of it follows its last write goes without one.
    fn close(&mut self, open: &mut Option<Run>, start: &mut Option<u64>, last: Option<u64>, writer: &Writer) {
        let Some(last) = last else { return };
        let mut after = start.take().unwrap_or(last);
        if let Some(run) = open.take() {
            after = run.upto;
            self.runs.push(run);
        }
        if after < last {
            self.runs.push(Run { writer: writer.clone(), after, upto: last, items: Vec::new() });
        }
    }

    fn add_holes(&mut self, writer: &Writer, after: u64, upto: u64, claimed: &Set<u64>) {
        let mut from = after;
        let mut hole = |after: u64, upto: u64| {
            if after < upto {
                self.holes.push(Run { writer: writer.clone(), after, upto, items: Vec::new() });
            }
        };
        for &sequence in claimed {
            hole(from, sequence - 1);
            from = sequence;
        }
        hole(from, upto);
    }
}
