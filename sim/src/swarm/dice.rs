//! Draws for a swarm's scenarios, by whole numbers only.

use rumormill_core::hash;
use rumormill_core::rng::Rng;

pub(super) struct Dice(Rng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(Rng::new(hash::part("swarm", &[seed])))
    }

    /// Between two numbers, both included.
    pub(super) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.0.below(most.saturating_sub(least) + 1)
    }

    pub(super) fn small(&mut self, least: u32, most: u32) -> u32 {
        self.between(least.into(), most.into()) as u32
    }

    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.0.below(100) < percent
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.0.below(of.len() as u64) as usize]
    }

    /// One of several, by weight.
    pub(super) fn weighed<T: Copy>(&mut self, of: &[(u64, T)]) -> T {
        let mut draw = self.0.below(of.iter().map(|(weight, _)| weight).sum());
        for (weight, outcome) in of {
            match draw.checked_sub(*weight) {
                Some(rest) => draw = rest,
                None => return *outcome,
            }
        }
        of[of.len() - 1].1
    }

    /// So many different numbers below a bound.
    pub(super) fn sample(&mut self, bound: u32, count: u32) -> Vec<u32> {
        self.0.sample(bound, count)
    }

    /// Two different numbers below a bound of at least 2.
    pub(super) fn two(&mut self, bound: u32) -> (u32, u32) {
        let a = self.small(0, bound - 1);
        let b = self.small(0, bound - 2);
        (a, if b >= a { b + 1 } else { b })
    }
}
