//! Makes a scenario that fails smaller while it still fails in the same way:
//! fewer acts, fewer nodes, a plainer network, default settings, a shorter run.
//! The same scenario always shrinks to the same one.

use crate::checkers::{Violation, check};
use crate::scenario::{Act, Network, Scenario, Start};
use rumormill_core::{Duration, Tuning};

/// Most runs that one shrinking takes unless told otherwise. A guess: enough
/// to bring a swarm's scenario down to a handful of acts, in seconds.
pub const RUNS_MAX: u32 = 1_000;

/// A smaller scenario that still fails.
#[derive(Debug, Clone)]
pub struct Shrunken {
    /// The smallest that was found.
    pub scenario: Scenario,
    /// What it violates.
    pub violation: Violation,
    /// How many runs it took.
    pub runs: u32,
}

/// Shrinks a scenario that violates a property, by at most so many runs; none
/// if it does not.
pub fn shrink(scenario: &Scenario, runs_max: u32) -> Option<Shrunken> {
    shrink_with(scenario, runs_max, |scenario| check(scenario).ok()?.violation)
}

/// As [`shrink`], for whatever is to be found wrong with a scenario.
fn shrink_with(
    scenario: &Scenario,
    runs_max: u32,
    find: impl Fn(&Scenario) -> Option<Violation>,
) -> Option<Shrunken> {
    let violation = find(scenario)?;
    let mut shrinker = Shrinker { best: scenario.clone(), violation, runs: 1, runs_max, find };
    loop {
        let before = shrinker.best.clone();
        shrinker.end_sooner();
        shrinker.drop_acts();
        shrinker.drop_nodes();
        shrinker.simplify();
        shrinker.shorten_spans();
        if shrinker.best == before || shrinker.runs >= runs_max {
            let Shrinker { best: scenario, violation, runs, .. } = shrinker;
            return Some(Shrunken { scenario, violation, runs });
        }
    }
}

struct Shrinker<F> {
    best: Scenario,
    violation: Violation,
    runs: u32,
    runs_max: u32,
    find: F,
}

impl<F: Fn(&Scenario) -> Option<Violation>> Shrinker<F> {
    /// Takes a candidate if it fails in the same way.
    fn try_one(&mut self, candidate: Scenario) -> bool {
        if candidate == self.best || self.runs >= self.runs_max {
            return false;
        }
        self.runs += 1;
        let found = (self.find)(&candidate);
        let Some(violation) = found.filter(|found| found.property == self.violation.property) else {
            return false;
        };
        (self.best, self.violation) = (candidate, violation);
        true
    }

    /// Nothing after the violation matters.
    fn end_sooner(&mut self) {
        let until_us = self.violation.at_us;
        let mut candidate = Scenario { until_us, ..self.best.clone() };
        candidate.acts.retain(|timed| timed.at_us <= until_us);
        self.try_one(candidate);
    }

    /// Drops acts in ever smaller chunks.
    fn drop_acts(&mut self) {
        let mut chunk = self.best.acts.len().div_ceil(2);
        while chunk > 0 {
            let mut from = 0;
            while from < self.best.acts.len() {
                let mut candidate = self.best.clone();
                let upto = (from + chunk).min(candidate.acts.len());
                candidate.acts.drain(from..upto);
                if !self.try_one(candidate) {
                    from += chunk;
                }
            }
            chunk /= 2;
        }
    }

    /// Drops the last nodes with all that is done to them, then others by
    /// letting later ones take their place.
    fn drop_nodes(&mut self) {
        for node in (0..self.best.nodes).rev() {
            if self.best.nodes > 1 {
                self.try_one(without(&self.best, node));
            }
        }
    }

    fn simplify(&mut self) {
        let plain = Network::default();
        let parts: [fn(&mut Network, Network); 5] = [
            |network, plain| network.latency = plain.latency,
            |network, plain| network.loss_ppm = plain.loss_ppm,
            |network, plain| network.duplicate_ppm = plain.duplicate_ppm,
            |network, plain| network.reorder_ppm = plain.reorder_ppm,
            |network, plain| network.bandwidth_bytes_per_s = plain.bandwidth_bytes_per_s,
        ];
        for set in parts {
            let mut candidate = self.best.clone();
            set(&mut candidate.network, plain);
            for timed in &mut candidate.acts {
                if let Act::Network(network) = &mut timed.act {
                    set(network, plain);
                }
            }
            self.try_one(candidate);
        }
        self.try_one(Scenario { start: Start::Known, ..self.best.clone() });
        let defaults = Tuning::default();
        let settings: [fn(&mut Tuning, Tuning); 10] = [
            |tuning, defaults| tuning.limiter = defaults.limiter,
            |tuning, defaults| tuning.mode = defaults.mode,
            |tuning, defaults| tuning.fanout = defaults.fanout,
            |tuning, defaults| tuning.jitter_percent = defaults.jitter_percent,
            |tuning, defaults| (tuning.arity, tuning.cycles) = (defaults.arity, defaults.cycles),
            |tuning, defaults| tuning.links_max = defaults.links_max,
            |tuning, defaults| tuning.link_idle_us = defaults.link_idle_us,
            |tuning, defaults| {
                (tuning.interval_us, tuning.probe_us) = (defaults.interval_us, defaults.probe_us);
                tuning.forget_us = defaults.forget_us;
            },
            |tuning, defaults| {
                tuning.indirect_probes = defaults.indirect_probes;
                tuning.suspicion_mult = defaults.suspicion_mult;
                tuning.suspicion_max_mult = defaults.suspicion_max_mult;
                tuning.local_health_max = defaults.local_health_max;
            },
            |tuning, defaults| tuning.strategy = defaults.strategy,
        ];
        for set in settings {
            let mut candidate = self.best.clone();
            set(&mut candidate.tuning, defaults);
            for timed in &mut candidate.acts {
                if let Act::Tune(tuning) = &mut timed.act {
                    set(tuning, defaults);
                }
            }
            self.try_one(candidate);
        }
    }

    /// Moves acts closer together: halves the pause before each.
    fn shorten_spans(&mut self) {
        for from in 0..self.best.acts.len() {
            let Some(at) = self.best.acts.get(from).map(|timed| timed.at_us) else { return };
            let before = from.checked_sub(1).map_or(Duration::ZERO, |at| self.best.acts[at].at_us);
            let pause = at.as_micros().saturating_sub(before.as_micros());
            if pause > 200_000 {
                let cut = pause / 2;
                let mut candidate = self.best.clone();
                for timed in &mut candidate.acts[from..] {
                    timed.at_us = Duration::from_micros(timed.at_us.as_micros() - cut);
                }
                candidate.until_us = Duration::from_micros(candidate.until_us.as_micros() - cut);
                self.try_one(candidate);
            }
        }
    }
}

/// The scenario without a node and all that is done to it; later nodes move up.
fn without(scenario: &Scenario, gone: u32) -> Scenario {
    let mut smaller = scenario.clone();
    smaller.nodes -= 1;
    smaller.acts.retain_mut(|timed| renumber(&mut timed.act, gone));
    smaller
}

/// Counts later nodes one lower. False if the act is about the one that goes.
fn renumber(act: &mut Act, gone: u32) -> bool {
    if let Act::Partition { groups } = act {
        groups.iter_mut().for_each(|group| group.retain(|node| *node != gone));
        groups.retain(|group| !group.is_empty());
    }
    if let Act::Churn { nodes, .. } = act {
        let all = nodes.is_empty();
        nodes.retain(|node| *node != gone);
        if nodes.is_empty() && !all {
            return false;
        }
    }
    let mut stays = true;
    act.each_node(|node| {
        stays &= *node != gone;
        *node -= u32::from(*node > gone);
    });
    stays
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkers::Property;
    use crate::swarm;

    /// Fails if two certain nodes of the first scenario crash, one after a partition.
    fn find(scenario: &Scenario) -> Option<Violation> {
        scenario.check().ok()?;
        let crash = |timed: &&crate::scenario::Timed| matches!(timed.act, Act::Crash { .. });
        let parted = scenario.acts.iter().position(|timed| matches!(timed.act, Act::Partition { .. }))?;
        let last = scenario.acts[parted..].iter().find(crash)?;
        (last.at_us <= scenario.until_us && scenario.nodes >= 2).then(|| Violation {
            property: Property::Live,
            at_us: last.at_us,
            what: String::new(),
        })
    }

    #[test]
    fn what_does_not_matter_goes_and_what_does_stays() {
        let mut shrunk = 0;
        for seed in 0..200 {
            let scenario = swarm::scenario(seed);
            let Some(smaller) = shrink_with(&scenario, RUNS_MAX, find) else { continue };
            let Shrunken { scenario, violation, runs } = smaller;
            assert_eq!((scenario.acts.len(), scenario.nodes), (2, 2), "seed {seed}: {scenario:?}");
            assert_eq!(scenario.network, Network::default());
            assert_eq!(scenario.tuning, Tuning::default());
            assert!(find(&scenario) == Some(violation) && runs <= RUNS_MAX);
            shrunk += 1;
        }
        assert!(shrunk > 10, "{shrunk}");
    }

    #[test]
    fn a_node_that_goes_takes_what_is_done_to_it_along() {
        let crash = |node| Act::Crash { node };
        for (mut act, expected) in [
            (crash(1), Some(crash(1))),
            (crash(2), None),
            (crash(3), Some(crash(2))),
            (Act::CutLink { a: 0, b: 2 }, None),
            (Act::CutLink { a: 0, b: 4 }, Some(Act::CutLink { a: 0, b: 3 })),
            (
                Act::Partition { groups: vec![vec![2], vec![1, 2, 3]] },
                Some(Act::Partition { groups: vec![vec![1, 2]] }),
            ),
            (Act::Heal, Some(Act::Heal)),
        ] {
            let stays = renumber(&mut act, 2);
            assert_eq!(stays.then_some(act), expected);
        }
    }
}
