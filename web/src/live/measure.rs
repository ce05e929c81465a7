//! How one write spread, as its members tell it: when each had it, on the observed node's clock. A pure book of who was
//! asked and what came of it; it reads no clock and sends nothing.

use rumormill_api::ArrivalView;
use rumormill_core::NodeId;
use rumormill_core::ordered::Map;

/// How long members are asked, in milliseconds. A guess: what has not arrived then needs another explanation.
const ASKED_FOR_MS: u64 = 60_000;

/// When members are first asked after the write, in milliseconds: soon enough to look live, late enough that a quick
/// cluster has to be asked only once.
const FIRST_MS: u64 = 250;

/// When a member had the write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// It was not asked yet.
    Waiting,
    /// It said that it has not got it.
    Lacking,
    /// It had it.
    At {
        /// Microseconds after the write.
        after_us: u64,
        /// By how much that may be wrong.
        within_us: u64,
        /// From whom it had it, if not by a write of its own.
        from: Option<NodeId>,
    },
    /// It did not tell, and why.
    Unknown(String),
}

/// A write and its way to the members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Tells this write from the ones before.
    pub number: u64,
    /// What was written.
    pub key: String,
    /// The observed node, where it was written.
    pub origin: NodeId,
    /// The other members that are asked.
    pub members: Map<NodeId, Arrival>,
    /// Active members that are not asked: they have no address, or are too many.
    pub left_out: usize,
    /// The observed node's clock, not later than the write.
    not_before_us: u64,
    /// The observed node's clock as it wrote; none until it told.
    wrote_us: Option<u64>,
    begun_ms: u64,
}

impl Measure {
    /// A write that the observed node has just answered. `not_before_us` is its clock when it was asked.
    pub fn new(number: u64, key: String, origin: NodeId, not_before_us: u64, now_ms: u64) -> Self {
        Self {
            number,
            key,
            origin,
            members: Map::new(),
            left_out: 0,
            not_before_us,
            wrote_us: None,
            begun_ms: now_ms,
        }
    }

    /// With the members that are to be asked, and how many there are beside them.
    #[must_use]
    pub fn among(mut self, members: impl Iterator<Item = NodeId>, left_out: usize) -> Self {
        self.members =
            members.filter(|id| *id != self.origin).map(|member| (member, Arrival::Waiting)).collect();
        self.left_out = left_out;
        self
    }

    /// Who is to be asked now, the observed node before all others: only it knows when the write was.
    pub fn due(&self, now_ms: u64) -> Vec<NodeId> {
        let age_ms = now_ms.saturating_sub(self.begun_ms);
        if age_ms > ASKED_FOR_MS {
            return Vec::new();
        }
        if self.wrote_us.is_none() {
            return vec![self.origin.clone()];
        }
        if age_ms < FIRST_MS {
            return Vec::new();
        }
        let waits =
            |(id, arrival): (&NodeId, &Arrival)| (!matches!(arrival, Arrival::At { .. })).then(|| id.clone());
        self.members.iter().filter_map(waits).collect()
    }

    /// The moment on the observed node's clock after which a change of the key is this write.
    pub fn after_us(&self) -> u64 {
        self.wrote_us.unwrap_or(self.not_before_us)
    }

    /// Takes in what a member told.
    pub fn take(&mut self, member: &NodeId, told: Result<ArrivalView, String>) {
        if *member == self.origin {
            self.wrote_us = self.wrote_us.or(told.ok().and_then(|told| told.at_us));
            return;
        }
        let (Some(known), Some(wrote_us)) = (self.members.get_mut(member), self.wrote_us) else { return };
        *known = match told {
            Ok(ArrivalView { at_us: None, .. }) => Arrival::Lacking,
            Ok(ArrivalView { at_us: Some(_), ahead_us: None, .. }) => {
                Arrival::Unknown("it does not tell its time".to_owned())
            }
            Ok(ArrivalView { at_us: Some(at_us), ahead_us: Some(ahead_us), within_us, from }) => {
                let here_us = at_us.saturating_add_signed(ahead_us.saturating_neg());
                Arrival::At { after_us: here_us.saturating_sub(wrote_us), within_us, from }
            }
            Err(why) => Arrival::Unknown(why),
        };
    }

    /// How long ago the write was asked for, in milliseconds; no longer than members are asked.
    pub fn age_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.begun_ms).min(ASKED_FOR_MS)
    }

    /// Those that have it, the observed node first, then in the order in which it came to them.
    pub fn holders(&self) -> Vec<&NodeId> {
        let had = self.members.iter().filter_map(|(id, arrival)| match arrival {
            Arrival::At { after_us, .. } => Some((*after_us, id)),
            _ => None,
        });
        let mut had: Vec<_> = had.collect();
        rumormill_core::sort::sort(&mut had);
        std::iter::once(&self.origin).chain(had.into_iter().map(|(_, id)| id)).collect()
    }

    /// How many have it, the observed node included, and how many are asked.
    pub fn informed(&self) -> (usize, usize) {
        (self.after().len() + 1, self.members.len() + 1)
    }

    /// Is nothing more to come?
    pub fn is_over(&self, now_ms: u64) -> bool {
        self.after().len() == self.members.len() || now_ms.saturating_sub(self.begun_ms) > ASKED_FOR_MS
    }

    /// Microseconds from the write until each had it, in order; the observed node itself is left out.
    pub fn after(&self) -> Vec<u64> {
        let mut after: Vec<u64> = self
            .members
            .values()
            .filter_map(|arrival| match arrival {
                Arrival::At { after_us, .. } => Some(*after_us),
                _ => None,
            })
            .collect();
        rumormill_core::sort::sort(&mut after);
        after
    }

    /// The part of the asked members that had it from each moment on, beginning with the write.
    pub fn curve(&self) -> Vec<(u64, f32)> {
        let of = (self.members.len() + 1) as f32;
        let steps = self.after().into_iter().enumerate();
        std::iter::once((0, 1.0 / of))
            .chain(steps.map(|(had, after_us)| (after_us, (had + 2) as f32 / of)))
            .collect()
    }

    /// By how much any of the times may be wrong at most.
    pub fn within_us(&self) -> u64 {
        let within = |arrival: &Arrival| match arrival {
            Arrival::At { within_us, .. } => *within_us,
            _ => 0,
        };
        self.members.values().map(within).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::id;
    use super::*;

    fn measure() -> Measure {
        let measure = Measure::new(1, "k".to_owned(), id("a"), 4_900, 1_000);
        measure.among(["a", "b", "c"].into_iter().map(id), 1)
    }

    fn told(at_us: u64, ahead_us: i64) -> Result<ArrivalView, String> {
        Ok(ArrivalView { at_us: Some(at_us), from: Some(id("a")), ahead_us: Some(ahead_us), within_us: 40 })
    }

    #[test]
    fn the_observed_node_is_asked_first_and_each_other_until_it_has_it() {
        let mut measure = measure();
        assert_eq!((measure.due(1_000), measure.after_us()), (vec![id("a")], 4_900));
        measure.take(&id("b"), told(5_400, 0));
        assert_eq!(measure.informed(), (1, 3), "without the moment of the write it means nothing");
        measure.take(&id("a"), told(5_000, 0));
        assert_eq!((measure.due(1_100), measure.after_us()), (vec![], 5_000));
        assert_eq!(measure.due(1_300), [id("b"), id("c")]);
        measure.take(&id("b"), told(5_400, 0));
        measure.take(&id("c"), Err("it did not answer".to_owned()));
        assert_eq!(measure.due(2_000), [id("c")], "it is asked again");
        assert!(!measure.is_over(2_000) && measure.is_over(90_000));
        assert!(measure.due(90_000).is_empty());
    }

    #[test]
    fn times_are_told_on_one_clock_and_never_before_the_write() {
        let mut measure = measure();
        measure.take(&id("a"), told(5_000, 0));
        measure.take(&id("b"), told(1_005_400, 1_000_000));
        measure.take(&id("c"), told(4_000, -990));
        assert_eq!((measure.after(), measure.within_us()), (vec![0, 400], 40));
        assert_eq!(measure.curve(), [(0, 1.0 / 3.0), (0, 2.0 / 3.0), (400, 1.0)]);
        assert!(measure.is_over(1_100) && measure.due(1_400).is_empty());
    }

    #[test]
    fn a_member_without_a_clock_is_unknown_rather_than_wrong() {
        let mut measure = measure();
        measure.take(&id("a"), told(5_000, 0));
        let old = ArrivalView { at_us: Some(9), from: None, ahead_us: None, within_us: 0 };
        measure.take(&id("b"), Ok(old));
        assert!(matches!(&measure.members[&id("b")], Arrival::Unknown(why) if why.contains("time")));
        assert_eq!(measure.informed(), (1, 3));
    }
}
