//! The data of the charts: points of a run at a resolution that the screen can show, and what was done when. Pure.

use super::protocol::{Deed, Sample};

/// Most points kept. Beyond, every other one goes: twice what a wide screen has pixels.
const SAMPLES_MAX: usize = 4_096;

/// Most deeds kept, beside those that set something.
const DEEDS_MAX: usize = 500;

/// Points and deeds, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    samples: Vec<Sample>,
    deeds: Vec<(u64, Deed)>,
    /// Does every point stay at which one more node, or one less, has the write?
    keeps_steps: bool,
}

impl Series {
    /// For a run in which few things are written: of what spreads every step stays, however long it takes.
    pub fn with_steps() -> Self {
        Self { keeps_steps: true, ..Self::default() }
    }

    /// Adds what came.
    pub fn extend(&mut self, samples: &[Sample], deeds: &[(u64, Deed)]) {
        self.samples.extend_from_slice(samples);
        if self.samples.len() > SAMPLES_MAX {
            let mut at = 0;
            // The newest stays, so that what is shown ends now.
            let last = self.samples.len() - 1;
            let (keeps_steps, mut informed) = (self.keeps_steps, 0);
            self.samples.retain(|sample| {
                at += 1;
                let is_step = std::mem::replace(&mut informed, sample.informed) != sample.informed;
                at % 2 == 1 || at == last + 1 || (keeps_steps && is_step)
            });
        }
        if !deeds.is_empty() {
            self.deeds.extend_from_slice(deeds);
            self.forget_deeds();
        }
    }

    /// Forgets the oldest deeds that are too many. What is in force follows from all that was ever set, so those deeds
    /// stay; a hand sets them one by one, and the branch's own log has them as well.
    fn forget_deeds(&mut self) {
        let passing = self.deeds.iter().filter(|(_, deed)| !sets(deed)).count();
        let mut too_many = passing.saturating_sub(DEEDS_MAX);
        if too_many > 0 {
            self.deeds.retain(|(_, deed)| {
                let goes = too_many > 0 && !sets(deed);
                too_many -= usize::from(goes);
                !goes
            });
        }
    }

    /// What of it had been by then.
    #[must_use]
    pub fn until(&self, us: u64) -> Self {
        let samples = &self.samples[..self.samples.partition_point(|sample| sample.at_us <= us)];
        let deeds = &self.deeds[..self.deeds.partition_point(|(at_us, _)| *at_us <= us)];
        Self { samples: samples.to_vec(), deeds: deeds.to_vec(), keeps_steps: self.keeps_steps }
    }

    /// The points.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// What was done when.
    pub fn deeds(&self) -> &[(u64, Deed)] {
        &self.deeds
    }

    /// The counts just before a moment, and just after another one, as finely as the points lie: in a long run every other
    /// one goes.
    pub fn around(&self, from_us: u64, to_us: u64) -> Option<(Sample, Sample)> {
        // Of the points at one time the first one is before what was done then.
        let last = self.samples.len().checked_sub(1)?;
        let before = self.samples.partition_point(|sample| sample.at_us < from_us).min(last);
        let after = self.samples.partition_point(|sample| sample.at_us < to_us).min(last);
        Some((self.samples[before], self.samples[after.max(before)]))
    }

    /// Messages per second, of all kinds and of those that can carry state, in `bins` equal spans of time.
    pub fn rates(&self, from_us: u64, to_us: u64, bins: usize) -> Vec<(f32, f32)> {
        let mut rates = vec![(0.0, 0.0); bins];
        let span_us = to_us.saturating_sub(from_us);
        if span_us == 0 || bins == 0 {
            return rates;
        }
        let bin_s = span_us as f32 / bins as f32 / 1e6;
        for pair in self.samples.windows(2) {
            let [a, b] = [pair[0], pair[1]];
            if a.at_us < from_us || b.at_us > to_us {
                continue;
            }
            let middle_us = (a.at_us + b.at_us) / 2 - from_us;
            let bin = ((middle_us as f32 / span_us as f32 * bins as f32) as usize).min(bins - 1);
            rates[bin].0 += b.messages.saturating_sub(a.messages) as f32 / bin_s;
            rates[bin].1 += b.payload.saturating_sub(a.payload) as f32 / bin_s;
        }
        rates
    }
}

/// Does it stay in force until the next of its kind?
fn sets(deed: &Deed) -> bool {
    matches!(deed, Deed::Tune(_) | Deed::Network(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumormill_core::Tuning;
    use rumormill_sim::Network;

    fn sample(at_ms: u64, messages: u64) -> Sample {
        Sample { at_us: at_ms * 1_000, messages, payload: messages / 2, ..Sample::default() }
    }

    #[test]
    fn a_long_run_keeps_its_shape_in_bounded_memory() {
        let mut series = Series::default();
        for at in 0..100_000 {
            series.extend(&[sample(at, at)], &[(at, Deed::Heal)]);
        }
        assert!(series.samples().len() <= SAMPLES_MAX && series.deeds().len() == DEEDS_MAX);
        assert!(series.samples().is_sorted_by_key(|sample| sample.at_us));
        assert_eq!(series.samples()[0].at_us, 0);
        assert_eq!(series.samples().last().map(|sample| sample.at_us), Some(99_999_000));
    }

    #[test]
    fn what_was_set_outlives_the_deeds_that_pass() {
        let set = [(1, Deed::Tune(Tuning::default())), (3, Deed::Network(Network::default()))];
        let mut series = Series::default();
        series.extend(&[], &[set[0].clone(), (2, Deed::Heal), set[1].clone()]);
        for at in 4..=2_000 {
            series.extend(&[], &[(at, Deed::Heal)]);
        }
        assert_eq!((&series.deeds()[..2], series.deeds().len()), (&set[..], DEEDS_MAX + 2));
        assert_eq!(
            series.deeds()[2],
            (2_001 - DEEDS_MAX as u64, Deed::Heal),
            "of the others the newest stay"
        );
        assert_eq!(series.until(2).deeds(), &set[..1]);
    }

    #[test]
    fn what_a_change_took_is_what_was_sent_in_its_time() {
        let mut series = Series::default();
        assert_eq!(series.around(0, 1), None);
        series.extend(&(0..=20).map(|n| sample(n * 100, n * 10)).collect::<Vec<_>>(), &[]);
        let sent = |from_us, to_us| series.around(from_us, to_us).map(|(a, b)| b.messages - a.messages);
        assert_eq!(sent(500_000, 1_200_000), Some(70));
        assert_eq!(sent(500_000, 1_201_000), Some(80), "to the next point");
        assert_eq!(sent(500_000, 9_000_000), Some(150), "as far as it goes");
        assert_eq!(sent(9_000_000, 9_000_000), Some(0));
    }

    #[test]
    fn what_is_sent_as_something_is_written_counts_as_sent_for_it() {
        let mut series = Series::default();
        series.extend(&[sample(100, 10), sample(500, 40), sample(500, 42), sample(900, 60)], &[]);
        let sent = series.around(500_000, 900_000).map(|(before, after)| after.messages - before.messages);
        assert_eq!(sent, Some(20));
    }

    #[test]
    fn every_step_of_a_write_stays_where_that_is_wanted() {
        let mut series = Series::with_steps();
        for at in 0..100_000_u64 {
            let informed = (at / 100).min(1_000) as u32;
            series.extend(&[Sample { informed, ..sample(at, at) }], &[]);
        }
        let mut steps: Vec<u32> = series.samples().iter().map(|sample| sample.informed).collect();
        steps.dedup();
        assert_eq!(steps, (0..1_000).collect::<Vec<_>>());
        let first = series.samples().iter().find(|sample| sample.informed == 500);
        assert_eq!(first.map(|sample| sample.at_us), Some(50_000_000), "at its own moment");
        assert!(series.samples().len() <= SAMPLES_MAX + 1_000);
    }

    #[test]
    fn rates_count_every_message_once() {
        let mut series = Series::default();
        series.extend(&(0..=20).map(|n| sample(n * 100, n * 10)).collect::<Vec<_>>(), &[]);
        let rates = series.rates(0, 2_000_000, 4);
        for (all, payload) in &rates {
            assert!((all - 100.0).abs() < 21.0 && (payload - 50.0).abs() < 11.0, "{rates:?}");
        }
        let total: f32 = rates.iter().map(|rate| rate.0 * 0.5).sum();
        assert!((total - 200.0).abs() < 0.1);
        assert_eq!(series.rates(5, 5, 3), vec![(0.0, 0.0); 3]);
    }
}
