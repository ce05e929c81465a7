//! Which dots a store has seen. The version vector says up to where nothing is
//! missing; what arrived ahead of a gap is noted beside it, and joins the
//! vector when the gap closes. Without the note, a rumor that overtakes
//! another would have to be sent again. (The dot cloud of Almeida et al. 2018,
//! §7.2, as ranges.)

use crate::hash::{self, StateHash};
use crate::id::Writer;
use crate::ordered::Map;
use crate::sort;
use crate::version::VersionVector;
use alloc::vec::Vec;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Most separate ranges remembered ahead of a writer's gap, beyond one for each
/// of its writes that is held. What does not fit is forgotten and comes again
/// with the next repair. A guess. The ranges that end with a write held cost
/// no more than the write does, and to forget them would mean to ask for the
/// same part of a large state for ever.
pub(super) const AHEAD_RANGES_MAX: usize = 256;

/// Ranges of sequence numbers, each above `after` up to and including `upto`,
/// keyed by `after`, disjoint and not touching.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ranges(Map<u64, u64>);

impl Ranges {
    /// Adds a range and joins it with those that it touches. True if any part
    /// of it was new. Tells of each range that goes and of the one that comes.
    fn insert(&mut self, mut after: u64, mut upto: u64, mut toggle: impl FnMut(u64, u64)) -> bool {
        let before = self.0.range(..=after).next_back().map(|(&start, &end)| (start, end));
        match before {
            Some((_, end)) if end >= upto => return false,
            Some((start, end)) if end >= after => after = start,
            _ => {}
        }
        while let Some((&start, &end)) = self.0.range(after..=upto).next() {
            upto = upto.max(end);
            self.0.remove(&start);
            toggle(start, end);
        }
        self.0.insert(after, upto);
        toggle(after, upto);
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

    /// Takes a range out.
    fn remove(&mut self, after: u64, upto: u64) {
        let overlapping = self.0.range(..upto).rev().take_while(|&(_, &end)| end > after);
        let overlapping: Vec<(u64, u64)> = overlapping.map(|(&start, &end)| (start, end)).collect();
        for (start, end) in overlapping {
            self.0.remove(&start);
            if start < after {
                self.0.insert(start, after);
            }
            if end > upto {
                self.0.insert(upto, end);
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().map(|(&after, &upto)| (after, upto))
    }
}

/// Which writes a store has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    vector: VersionVector,
    ahead: Map<Writer, Ranges>,
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

    /// Notes that all dots of `writer` above `after` up to `upto` were seen,
    /// and keeps at most `ranges_max` ranges ahead of its gap: the lowest, which
    /// join the vector first. True if any of them was new and was kept.
    pub(super) fn insert(&mut self, writer: &Writer, after: u64, upto: u64, ranges_max: usize) -> bool {
        let known = self.vector.sequence(writer);
        if upto <= known {
            return false;
        }
        let hash = &mut self.ahead_hash;
        let mut toggle = |after, upto| {
            hash.toggle(hash::part(writer.node.as_str(), &[writer.epoch, after, upto]));
        };
        if after > known {
            let ranges = match self.ahead.get_mut(writer) {
                Some(ranges) => ranges,
                None => self.ahead.or_default(writer.clone()),
            };
            if !ranges.insert(after, upto, &mut toggle) {
                return false;
            }
            if ranges.0.len() > ranges_max
                && let Some((start, end)) = ranges.0.pop_last()
            {
                toggle(start, end);
                return after < start;
            }
            return true;
        }
        let mut reached = upto;
        if let Some(ranges) = self.ahead.get_mut(writer) {
            while let Some((&start, &end)) = ranges.0.range(..=reached).next() {
                reached = reached.max(end);
                ranges.0.remove(&start);
                toggle(start, end);
            }
            if ranges.0.is_empty() {
                self.ahead.remove(writer);
            }
        }
        self.vector.raise(writer, reached);
        true
    }
}

impl<'a> FromIterator<(&'a Writer, u64, u64)> for Coverage {
    fn from_iter<I: IntoIterator<Item = (&'a Writer, u64, u64)>>(ranges: I) -> Self {
        let mut coverage = Self::default();
        for (writer, after, upto) in ranges {
            coverage.insert(writer, after, upto, usize::MAX);
        }
        coverage
    }
}

impl From<VersionVector> for Coverage {
    fn from(vector: VersionVector) -> Self {
        Self { vector, ..Self::default() }
    }
}

/// The vector, and per writer what is ahead as `[skipped, seen]` in turn, each
/// counted from where the last one ended: a byte or two for each, as a rule.
impl Serialize for Coverage {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let ahead = self.ahead.iter().map(|(writer, ranges)| {
            let known = self.vector.sequence(writer);
            (writer, steps(known, ranges.iter()))
        });
        (&self.vector, ahead.collect::<Vec<_>>()).serialize(s)
    }
}

impl<'de> Deserialize<'de> for Coverage {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let (vector, mut ahead) = <(VersionVector, Vec<(Writer, Vec<(u64, u64)>)>)>::deserialize(d)?;
        // In order each one comes last.
        sort::sort_by(&mut ahead, |(a, _), (b, _)| a.cmp(b));
        let mut coverage = Self { vector, ..Self::default() };
        for (writer, steps) in ahead {
            let known = coverage.vector.sequence(&writer);
            for (after, upto) in ranges(known, &steps).ok_or_else(|| de::Error::custom("a range too far"))? {
                coverage.insert(&writer, after, upto, usize::MAX);
            }
        }
        Ok(coverage)
    }
}

/// Ranges in ascending order as steps from `start` on: how much is skipped,
/// and how much is in.
pub(super) fn steps(start: u64, ranges: impl Iterator<Item = (u64, u64)>) -> Vec<(u64, u64)> {
    let mut at = start;
    let step = |(after, upto): (u64, u64)| {
        let step = (after - at, upto - after);
        at = upto;
        step
    };
    ranges.map(step).collect()
}

/// The inverse of [`steps`]; none if they lead beyond all numbers or nowhere.
pub(super) fn ranges(start: u64, steps: &[(u64, u64)]) -> Option<Vec<(u64, u64)>> {
    let mut at = start;
    let range = |&(skipped, seen): &(u64, u64)| {
        let after = at.checked_add(skipped)?;
        at = after.checked_add(seen)?;
        (seen > 0).then_some((after, at))
    };
    steps.iter().map(range).collect()
}

/// Dots that are new here and must still be forwarded to someone.
#[derive(Debug, Clone, Default)]
pub struct News(Map<Writer, Ranges>);

impl News {
    pub(super) fn insert(&mut self, writer: &Writer, after: u64, upto: u64) {
        match self.0.get_mut(writer) {
            Some(ranges) => ranges.insert(after, upto, |_, _| {}),
            None => self.0.or_default(writer.clone()).insert(after, upto, |_, _| {}),
        };
    }

    pub(super) fn merge(&mut self, more: &Self) {
        for (writer, ranges) in &more.0 {
            for (&after, &upto) in &ranges.0 {
                self.insert(writer, after, upto);
            }
        }
    }

    pub(super) fn remove(&mut self, writer: &Writer, after: u64, upto: u64) {
        let Some(ranges) = self.0.get_mut(writer) else { return };
        ranges.remove(after, upto);
        if ranges.0.is_empty() {
            self.0.remove(writer);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Writer, u64, u64)> {
        let writers = self.0.iter();
        writers.flat_map(|(writer, ranges)| ranges.iter().map(move |(after, upto)| (writer, after, upto)))
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

impl<'a> FromIterator<(&'a Writer, u64, u64)> for News {
    fn from_iter<I: IntoIterator<Item = (&'a Writer, u64, u64)>>(ranges: I) -> Self {
        let mut news = Self::default();
        for (writer, after, upto) in ranges {
            news.insert(writer, after, upto);
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;
    use crate::rng::Rng;

    #[test]
    fn what_is_taken_out_is_gone_and_nothing_else() {
        let writer = Writer { node: NodeId::new("w").expect("valid"), epoch: 1 };
        let mut rng = Rng::new(12);
        for _ in 0..500 {
            let (mut news, mut expected) = (News::default(), [false; 40]);
            for _ in 0..12 {
                let after = rng.below(38);
                let upto = (after + 1 + rng.below(8)).min(39);
                let adds = rng.below(3) > 0;
                if adds {
                    news.insert(&writer, after, upto);
                } else {
                    news.remove(&writer, after, upto);
                }
                expected[after as usize + 1..=upto as usize].fill(adds);
                let mut found = [false; 40];
                for (_, after, upto) in news.iter() {
                    assert!(after < upto);
                    found[after as usize + 1..=upto as usize].fill(true);
                }
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn any_order_of_arrival_closes_every_gap() {
        let writer = Writer { node: NodeId::new("w").expect("valid"), epoch: 1 };
        let mut rng = Rng::new(11);
        for _ in 0..200 {
            let mut coverage = Coverage::default();
            for at in rng.sample(50, 50) {
                let (at, width) = (u64::from(at), 1 + rng.below(3));
                assert!(!coverage.insert(&writer, at, at, 64), "an empty range is no news");
                coverage.insert(&writer, at, (at + width).min(50), 64);
                assert!(!coverage.insert(&writer, at, at + 1, 64), "seen twice");
                assert!(coverage.contains(&writer, at + 1));
            }
            assert_eq!(coverage.vector.sequence(&writer), 50);
            assert!(coverage.ahead.is_empty());
        }
    }

    #[test]
    fn a_full_table_keeps_the_lowest_and_its_hash_stays_that_of_its_content() {
        let writer = Writer { node: NodeId::new("w").expect("valid"), epoch: 1 };
        let mut coverage = Coverage::default();
        for at in 0..8 {
            assert_eq!(coverage.insert(&writer, 2 * at + 1, 2 * at + 2, 4), at < 4, "range {at}");
        }
        assert!(coverage.contains(&writer, 8) && !coverage.contains(&writer, 10));
        let bytes = postcard::to_allocvec(&coverage).expect("encodes");
        let back: Coverage = postcard::from_bytes(&bytes).expect("decodes");
        assert_eq!((&back, back.hash()), (&coverage, coverage.hash()));
        assert!(coverage.insert(&writer, 0, 7, 4));
        assert_eq!(coverage, Coverage::from([(writer, 8)].into_iter().collect::<VersionVector>()));
    }

    #[test]
    fn steps_that_overflow_or_are_empty_are_refused() {
        assert_eq!(ranges(3, &[(1, 2), (1, 1)]), Some(alloc::vec![(4, 6), (7, 8)]));
        assert_eq!(ranges(3, &[(u64::MAX, 1)]), None);
        assert_eq!(ranges(3, &[(1, u64::MAX)]), None);
        assert_eq!(ranges(3, &[(1, 0)]), None);
        assert_eq!(steps(3, [(4, 6), (7, 8)].into_iter()), [(1, 2), (1, 1)]);
    }
}
