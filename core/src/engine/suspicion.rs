//! Since when this node has known of each suspicion, and how long one lasts:
//! the longer the larger the cluster, and the shorter the more members confirm
//! it on their own. (SWIM; Das et al. 2002, §4.2. Lifeguard; Dadgar et al.
//! 2018, §4.2.) What follows when one ends is decided in `detect`.

use super::insight::Doubt;
use crate::config::Tuning;
use crate::id::{Incarnation, NodeId};
use crate::members::{ACCUSERS_MAX, Members};
use crate::ordered::{Map, Set};
use crate::time::{Duration, Instant};
use alloc::vec::Vec;

/// How much of the way from the longest to the shortest time so many
/// confirmations out of so many go: log(c + 1) / log(k + 1), in thousandths.
const WAY: [[u64; ACCUSERS_MAX]; ACCUSERS_MAX] =
    [[1_000; 4], [0, 1_000, 1_000, 1_000], [0, 631, 1_000, 1_000], [0, 500, 792, 1_000]];

/// The suspicions under way.
#[derive(Debug, Clone, Default)]
pub(super) struct Suspicions {
    known: Map<NodeId, Suspicion>,
    /// Since when, by how many confirm it: all of one kind last equally long,
    /// so the oldest of each is all that a deadline needs to look at.
    oldest: [Set<(Instant, NodeId)>; ACCUSERS_MAX],
}

#[derive(Debug, Clone, Copy)]
struct Suspicion {
    incarnation: Incarnation,
    since: Instant,
    confirmations: usize,
}

impl Suspicions {
    /// The member is suspected in that life; perhaps it was before.
    pub(super) fn begin(&mut self, id: &NodeId, incarnation: Incarnation, now: Instant) {
        if self.known.get(id).is_none_or(|known| known.incarnation != incarnation) {
            self.end(id);
            self.keep(id, Suspicion { incarnation, since: now, confirmations: 0 });
        }
    }

    /// So many accuse the member.
    pub(super) fn confirm(&mut self, id: &NodeId, accusers: usize) {
        let confirmations = accusers.saturating_sub(1).min(ACCUSERS_MAX - 1);
        let known = self.known.get(id).copied();
        if let Some(known) = known.filter(|known| known.confirmations != confirmations) {
            self.end(id);
            self.keep(id, Suspicion { confirmations, ..known });
        }
    }

    /// The member is not suspected any more.
    pub(super) fn end(&mut self, id: &NodeId) {
        if let Some(Suspicion { since, confirmations, .. }) = self.known.remove(id) {
            self.oldest[confirmations].remove(&(since, id.clone()));
        }
    }

    /// Who is suspected, by name.
    pub(super) fn suspects(&self) -> impl Iterator<Item = &NodeId> {
        self.known.iter().map(|(id, _)| id)
    }

    /// Who is suspected, until when and by how many, as far as is known now.
    pub(super) fn doubts<'a>(
        &'a self,
        tuning: &'a Tuning,
        members: &'a Members,
    ) -> impl Iterator<Item = Doubt<'a>> {
        self.known.iter().map(move |(id, known)| Doubt {
            id,
            ends_at: known.since + lasts(tuning, members, known.confirmations),
            confirmations: known.confirmations as u32,
        })
    }

    /// When the next one ends, as far as is known now.
    pub(super) fn deadline(&self, tuning: &Tuning, members: &Members) -> Option<Instant> {
        let ends = self.oldest.iter().enumerate().filter_map(|(confirmations, oldest)| {
            let (since, _) = oldest.first()?;
            Some(*since + lasts(tuning, members, confirmations))
        });
        ends.min()
    }

    /// Those whose time is over, by name.
    pub(super) fn take_ended(&mut self, tuning: &Tuning, members: &Members, now: Instant) -> Vec<NodeId> {
        let mut over = Vec::new();
        for (confirmations, oldest) in self.oldest.iter_mut().enumerate() {
            while let Some((since, _)) = oldest.first()
                && now >= *since + lasts(tuning, members, confirmations)
            {
                over.extend(oldest.pop_first().map(|(_, id)| id));
            }
        }
        for id in &over {
            self.known.remove(id);
        }
        crate::sort::sort(&mut over);
        over
    }

    /// This node did nothing for so long: no denial could have reached it.
    pub(super) fn shift(&mut self, by: Duration) {
        for (id, known) in core::mem::take(self).known {
            self.keep(&id, Suspicion { since: known.since + by, ..known });
        }
    }

    fn keep(&mut self, id: &NodeId, suspicion: Suspicion) {
        self.oldest[suspicion.confirmations].insert((suspicion.since, id.clone()));
        self.known.insert(id.clone(), suspicion);
    }
}

/// How long a suspicion lasts that so many confirm, from when it was heard of.
fn lasts(tuning: &Tuning, members: &Members, confirmations: usize) -> Duration {
    let others = members.active_count().saturating_sub(2) as usize;
    timeout(tuning, members.active_count(), others, confirmations)
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
        suspicions.confirm(&id, 1);
        assert!(suspicions.take_ended(&tuning, &members, at(17)).is_empty());
        assert_eq!(suspicions.take_ended(&tuning, &members, at(18)), [id]);
        assert_eq!(suspicions.deadline(&tuning, &members), None);
    }
}
