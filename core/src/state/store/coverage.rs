//! Which dots a store has seen. The version vector says up to where nothing is
//! missing; what arrived ahead of a gap is noted beside it, and joins the
//! vector when the gap closes. Without the note, a rumor that overtakes
//! another would have to be sent again. (The dot cloud of Almeida et al. 2018,
//! §7.2, as ranges.)

use crate::id::Writer;
use crate::version::VersionVector;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Most separate ranges remembered ahead of a writer's gap. What does not fit
/// is forgotten and comes again with the next repair. A guess.
const AHEAD_RANGES_MAX: usize = 256;

/// Ranges of sequence numbers, each above `after` up to and including `upto`,
/// keyed by `after`, disjoint and not touching.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    /// Adds a range and joins it with those that it touches. True if any part
    /// of it was new.
    fn insert(&mut self, mut after: u64, mut upto: u64) -> bool {
        if self.0.range(..=after).next_back().is_some_and(|(_, &end)| end >= upto) {
            return false;
        }
        if let Some((&start, &end)) = self.0.range(..=after).next_back()
            && end >= after
        {
            after = start;
        }
        while let Some((&start, &end)) = self.0.range(after..=upto).next() {
            upto = upto.max(end);
            self.0.remove(&start);
        }
        self.0.insert(after, upto);
        true
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Coverage {
    vector: VersionVector,
    ahead: BTreeMap<Writer, Ranges>,
}

impl Coverage {
    pub(super) fn vector(&self) -> &VersionVector {
        &self.vector
    }

    /// Was this dot seen, be it ahead of a gap?
    pub(super) fn contains(&self, writer: &Writer, sequence: u64) -> bool {
        let ahead = self.ahead.get(writer).and_then(|ranges| ranges.0.range(..sequence).next_back());
        sequence <= self.vector.sequence(writer) || ahead.is_some_and(|(_, &upto)| upto >= sequence)
    }

    /// Counts one more write of the local writer.
    pub(super) fn increment(&mut self, writer: &Writer) -> u64 {
        self.vector.increment(writer)
    }

    /// Notes that all dots of `writer` above `after` up to `upto` were seen.
    /// True if any of them was new.
    pub(super) fn insert(&mut self, writer: &Writer, after: u64, upto: u64) -> bool {
        let known = self.vector.sequence(writer);
        if upto <= known {
            return false;
        }
        if after > known {
            let ranges = self.ahead.entry(writer.clone()).or_default();
            let new = ranges.insert(after, upto);
            if ranges.0.len() > AHEAD_RANGES_MAX {
                ranges.0.pop_last();
            }
            return new;
        }
        self.vector.raise(writer, upto);
        if let Some(ranges) = self.ahead.get_mut(writer) {
            let mut known = upto;
            while let Some((&start, &end)) = ranges.0.range(..=known).next() {
                known = known.max(end);
                ranges.0.remove(&start);
            }
            self.vector.raise(writer, known);
            if ranges.0.is_empty() {
                self.ahead.remove(writer);
            }
        }
        true
    }
}

/// Dots that are new here and must still be forwarded to someone.
#[derive(Debug, Clone, Default)]
pub struct News(BTreeMap<Writer, Ranges>);

impl News {
    pub(super) fn insert(&mut self, writer: &Writer, after: u64, upto: u64) {
        match self.0.get_mut(writer) {
            Some(ranges) => ranges.insert(after, upto),
            None => self.0.entry(writer.clone()).or_default().insert(after, upto),
        };
    }

    pub(super) fn merge(&mut self, more: &Self) {
        for (writer, ranges) in &more.0 {
            for (&after, &upto) in &ranges.0 {
                self.insert(writer, after, upto);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.values().map(|ranges| ranges.0.len()).sum()
    }

    /// Takes everything out, as `(writer, after, upto)`.
    pub(super) fn drain(&mut self) -> Vec<(Writer, u64, u64)> {
        let taken = core::mem::take(&mut self.0);
        let flat = taken.into_iter().flat_map(|(writer, ranges)| {
            ranges.0.into_iter().map(move |(after, upto)| (writer.clone(), after, upto))
        });
        flat.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;
    use crate::rng::Rng;

    #[test]
    fn any_order_of_arrival_closes_every_gap() {
        let writer = Writer { node: NodeId::new("w").expect("valid"), epoch: 1 };
        let mut rng = Rng::new(11);
        for _ in 0..200 {
            let mut coverage = Coverage::default();
            for at in rng.sample(50, 50) {
                let (at, width) = (u64::from(at), 1 + rng.below(3));
                assert!(!coverage.insert(&writer, at, at), "an empty range is no news");
                coverage.insert(&writer, at, (at + width).min(50));
                assert!(!coverage.insert(&writer, at, at + 1), "seen twice");
                assert!(coverage.contains(&writer, at + 1));
            }
            assert_eq!(coverage.vector.sequence(&writer), 50);
            assert!(coverage.ahead.is_empty());
        }
    }
}
