//! Since when this node has known of each suspicion, and how long one lasts:
//! the longer the larger the cluster, and the shorter the more members confirm
//! it on their own. (SWIM; Das et al. 2002, §4.2. Lifeguard; Dadgar et al.
//! 2018, §4.2.) What follows when one ends is decided in `detect`.

use crate::config::Tuning;
use crate::id::{Incarnation, NodeId};
use crate::members::{ACCUSERS_MAX, Members, Status};
use crate::time::{Duration, Instant};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// How much of the way from the longest to the shortest time so many
/// confirmations out of so many go: log(c + 1) / log(k + 1), in thousandths.
const WAY: [[u64; ACCUSERS_MAX]; ACCUSERS_MAX] =
    [[1_000; 4], [0, 1_000, 1_000, 1_000], [0, 631, 1_000, 1_000], [0, 500, 792, 1_000]];

/// The suspicions under way.
#[derive(Debug, Default)]
pub(super) struct Suspicions(BTreeMap<NodeId, (Incarnation, Instant)>);

impl Suspicions {
    /// The member is suspected in that life; perhaps it was before.
    pub(super) fn begin(&mut self, id: &NodeId, incarnation: Incarnation, now: Instant) {
        match self.0.get_mut(id) {
            Some(known) if known.0 == incarnation => {}
            Some(known) => *known = (incarnation, now),
            None => {
                self.0.insert(id.clone(), (incarnation, now));
            }
        }
    }

    /// The member is not suspected any more.
    pub(super) fn end(&mut self, id: &NodeId) {
        self.0.remove(id);
    }

    /// When the next one ends, as far as is known now.
    pub(super) fn deadline(&self, tuning: &Tuning, members: &Members) -> Option<Instant> {
        self.0.iter().map(|(id, (_, since))| *since + lasts(tuning, members, id)).min()
    }

    /// Those whose time is over.
    pub(super) fn take_ended(&mut self, tuning: &Tuning, members: &Members, now: Instant) -> Vec<NodeId> {
        let over = self.0.iter().filter(|(id, (_, since))| now >= *since + lasts(tuning, members, id));
        let over: Vec<NodeId> = over.map(|(id, _)| id.clone()).collect();
        for id in &over {
            self.0.remove(id);
        }
        over
    }

    /// This node did nothing for so long: no denial could have reached it.
    pub(super) fn shift(&mut self, by: Duration) {
        for (_, since) in self.0.values_mut() {
            *since = *since + by;
        }
    }
}

/// How long a suspicion of that member lasts from when it was heard of.
fn lasts(tuning: &Tuning, members: &Members, id: &NodeId) -> Duration {
    let suspect = members.member(id).filter(|member| member.status == Status::Suspect);
    let accusers = suspect.map_or(0, |member| member.accusers.len());
    let others = members.active_count().saturating_sub(2) as usize;
    timeout(tuning, members.active_count(), others, accusers.saturating_sub(1))
}

/// How long a suspicion lasts in a cluster of so many, of whom so many could
/// confirm it and so many did.
fn timeout(tuning: &Tuning, members: u32, others: usize, confirmations: usize) -> Duration {
    let shortest =
        tuning.probe_us.as_micros() * u64::from(tuning.suspicion_mult) * log10_thousandths(members) / 1_000;
    let longest = shortest.saturating_mul(u64::from(tuning.suspicion_max_mult));
    let possible = others.min(ACCUSERS_MAX - 1);
    let way = WAY[possible][confirmations.min(ACCUSERS_MAX - 1)];
    Duration::from_micros(longest - (longest - shortest) / 1_000 * way)
}

/// log10 of the count, at least one, in thousandths. By halves of a power of
/// two: a suspicion's time need not be finer.
fn log10_thousandths(count: u32) -> u64 {
    let count = u64::from(count.max(1));
    // log2 of the square, rounded down, is twice the logarithm.
    let halves = u64::from((count * count).ilog2());
    (halves * 301 / 2).max(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspicion_lasts_as_lifeguard_has_it() {
        let tuning = Tuning::default();
        let secs = |members, confirmations| timeout(&tuning, members, 3, confirmations).as_millis();
        assert_eq!((secs(5, 0), secs(5, 3)), (24_000, 4_000));
        assert_eq!(secs(5, 1), 14_000, "half of the way, log 2 / log 4");
        assert_eq!(secs(5, 2), 8_160);
        assert!((7_800..=8_000).contains(&secs(100, 3)), "{}", secs(100, 3));
        assert!((11_400..=12_000).contains(&secs(1_000, 3)), "{}", secs(1_000, 3));
        assert_eq!(timeout(&tuning, 2, 0, 0).as_millis(), 4_000, "nobody could confirm it");
        let fixed = Tuning { suspicion_max_mult: 1, ..tuning };
        assert_eq!(timeout(&fixed, 5, 3, 0), timeout(&fixed, 5, 3, 3));
    }

    #[test]
    fn a_suspicion_runs_from_when_it_was_heard_of_and_anew_for_a_new_life() {
        let tuning = Tuning { suspicion_max_mult: 1, ..Tuning::default() };
        let (id, members) = (NodeId::new("a").expect("valid"), Members::default());
        let at = |s: u64| Instant::from_micros(s * 1_000_000);
        let mut suspicions = Suspicions::default();
        suspicions.begin(&id, Incarnation(1), at(10));
        suspicions.begin(&id, Incarnation(1), at(12));
        assert_eq!(suspicions.deadline(&tuning, &members), Some(at(14)));
        suspicions.begin(&id, Incarnation(2), at(13));
        suspicions.shift(Duration::from_secs(1));
        assert!(suspicions.take_ended(&tuning, &members, at(17)).is_empty());
        assert_eq!(suspicions.take_ended(&tuning, &members, at(18)), [id]);
        assert_eq!(suspicions.deadline(&tuning, &members), None);
    }
}
