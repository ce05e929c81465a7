//! Which dots a store has seen. The version vector says up to where nothing is
//! missing; what arrived ahead of a gap is noted beside it, and joins the
//! vector when the gap closes. Without the note, a rumor that overtakes
//! another would have to be sent again. (The dot cloud of Almeida et al. 2018,
//! §7.2, as ranges.)

use crate::hash::{self, StateHash};
use crate::id::Writer;
use crate::version::VersionVector;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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

    /// What of a range is not in here.
    fn missing(&self, mut after: u64, upto: u64) -> Vec<(u64, u64)> {
        let mut missing = Vec::new();
        let overlapping = self.0.range(..=after).next_back().into_iter().chain(self.0.range(after + 1..upto));
        for (&start, &end) in overlapping {
            if start > after {
                missing.push((after, start));
            }
            after = after.max(end);
        }
        if after < upto {
            missing.push((after, upto));
        }
        missing
    }

    fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().map(|(&after, &upto)| (after, upto))
    }
}

/// Which writes a store has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    vector: VersionVector,
    ahead: BTreeMap<Writer, Ranges>,
    /// Of what is ahead; the vector has a hash of its own.
    ahead_hash: StateHash,
}

impl Coverage {
    /// Up to where nothing is missing.
    pub fn vector(&self) -> &VersionVector {
        &self.vector
    }

    /// A hash that equal coverages share.
    pub fn hash(&self) -> StateHash {
        StateHash(self.vector.hash().0 ^ self.ahead_hash.0)
    }

    /// Is everything in here that is in the other?
    pub fn covers(&self, other: &Self) -> bool {
        other.ranges().all(|(writer, after, upto)| self.missing(writer, after, upto).is_empty())
    }

    /// What of a range of one writer's dots was not seen.
    pub(super) fn missing(&self, writer: &Writer, after: u64, upto: u64) -> Vec<(u64, u64)> {
        let after = after.max(self.vector.sequence(writer));
        match self.ahead.get(writer) {
            _ if after >= upto => Vec::new(),
            Some(ranges) => ranges.missing(after, upto),
            None => alloc::vec![(after, upto)],
        }
    }

    /// Was this dot seen, be it ahead of a gap?
    pub(super) fn contains(&self, writer: &Writer, sequence: u64) -> bool {
        let ahead = self.ahead.get(writer).and_then(|ranges| ranges.0.range(..sequence).next_back());
        sequence <= self.vector.sequence(writer) || ahead.is_some_and(|(_, &upto)| upto >= sequence)
    }

    /// Everything seen, as `(writer, after, upto)`.
    pub(super) fn ranges(&self) -> impl Iterator<Item = (&Writer, u64, u64)> {
        let solid = self.vector.iter().map(|(writer, upto)| (writer, 0, upto));
        let ahead = self.ahead.iter();
        solid.chain(
            ahead.flat_map(|(writer, ranges)| ranges.iter().map(move |(after, upto)| (writer, after, upto))),
        )
    }

    /// Notes that all dots of `writer` above `after` up to `upto` were seen.
    /// True if any of them was new.
    pub(super) fn insert(&mut self, writer: &Writer, after: u64, upto: u64) -> bool {
        let known = self.vector.sequence(writer);
        if upto <= known {
            return false;
        }
        let mut ranges = self.ahead.remove(writer).unwrap_or_default();
        self.toggle(writer, &ranges);
        let new = if after > known {
            let new = ranges.insert(after, upto);
            if ranges.0.len() > AHEAD_RANGES_MAX {
                ranges.0.pop_last();
            }
            new
        } else {
            let mut known = upto;
            while let Some((&start, &end)) = ranges.0.range(..=known).next() {
                known = known.max(end);
                ranges.0.remove(&start);
            }
            self.vector.raise(writer, known);
            true
        };
        if !ranges.0.is_empty() {
            self.toggle(writer, &ranges);
            self.ahead.insert(writer.clone(), ranges);
        }
        new
    }

    fn toggle(&mut self, writer: &Writer, ranges: &Ranges) {
        for (after, upto) in ranges.iter() {
            self.ahead_hash.toggle(hash::part(writer.node.as_str(), &[writer.epoch, after, upto]));
        }
    }
}

impl From<VersionVector> for Coverage {
    fn from(vector: VersionVector) -> Self {
        Self { vector, ..Self::default() }
    }
}

/// The vector, and a list of `[writer, after, upto]`.
impl Serialize for Coverage {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let ahead = self.ahead.iter();
        let ahead =
            ahead.flat_map(|(writer, ranges)| ranges.iter().map(move |(after, upto)| (writer, after, upto)));
        (&self.vector, ahead.collect::<Vec<_>>()).serialize(s)
    }
}

impl<'de> Deserialize<'de> for Coverage {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let (vector, ahead) = <(VersionVector, Vec<(Writer, u64, u64)>)>::deserialize(d)?;
        let mut coverage = Self { vector, ..Self::default() };
        for (writer, after, upto) in ahead {
            coverage.insert(&writer, after, upto);
        }
        Ok(coverage)
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
