//! The engine's own random numbers: one ChaCha8 stream per engine, seeded by
//! the driver. A stream cipher, because whoever could foretell a node's choice
//! of peers could starve one of them of gossip. Draws are 64 bits wide on
//! every target; no `usize` takes part.

use crate::time::Duration;
use alloc::vec::Vec;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng};

/// A seeded stream of random numbers.
#[derive(Debug, Clone)]
pub struct Rng(ChaCha8Rng);

impl Rng {
    /// The stream that belongs to a seed.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A uniform number below `bound`; 0 when `bound` is 0. Unbiased: Lemire,
    /// "Fast Random Integer Generation in an Interval", 2019, algorithm 5.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        loop {
            let wide = u128::from(self.0.next_u64()) * u128::from(bound);
            let low = wide as u64;
            if low >= bound || low >= bound.wrapping_neg() % bound {
                return (wide >> 64) as u64;
            }
        }
    }

    /// Is an event of probability `parts_per_million` happening now?
    pub fn chance(&mut self, parts_per_million: u32) -> bool {
        self.below(1_000_000) < u64::from(parts_per_million)
    }

    /// `base` changed by up to `percent` of itself in either direction.
    pub fn jitter(&mut self, base: Duration, percent: u8) -> Duration {
        let swing = base.as_micros() / 100 * u64::from(percent.min(100));
        Duration::from_micros(base.as_micros() - swing + self.below(2 * swing + 1))
    }

    /// Up to `count` different numbers below `bound`, in the order drawn.
    /// Floyd's algorithm (Bentley and Floyd, "A Sample of Brilliance", 1987).
    pub fn sample(&mut self, bound: u32, count: u32) -> Vec<u32> {
        let count = count.min(bound);
        let mut drawn: Vec<u32> = Vec::with_capacity(count as usize);
        for last in bound - count..bound {
            let pick = self.below(u64::from(last) + 1) as u32;
            drawn.push(if drawn.contains(&pick) { last } else { pick });
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_distinct_and_in_range() {
        let mut rng = Rng::new(7);
        for bound in 0..40 {
            for count in 0..45 {
                let mut drawn = rng.sample(bound, count);
                drawn.sort_unstable();
                drawn.dedup();
                assert_eq!(drawn.len() as u32, count.min(bound));
                assert!(drawn.iter().all(|&n| n < bound));
            }
        }
    }

    #[test]
    fn below_covers_its_range_evenly() {
        let mut rng = Rng::new(1);
        let mut hits = [0u32; 10];
        for _ in 0..10_000 {
            hits[rng.below(10) as usize] += 1;
        }
        assert!(hits.iter().all(|&h| (800..1200).contains(&h)), "{hits:?}");
        assert_eq!(rng.below(0), 0);
    }

    #[test]
    fn jitter_stays_within_its_share() {
        let mut rng = Rng::new(3);
        for _ in 0..1_000 {
            let span = rng.jitter(Duration::from_millis(1_000), 10).as_millis();
            assert!((900..=1_100).contains(&span), "{span}");
        }
    }
}
