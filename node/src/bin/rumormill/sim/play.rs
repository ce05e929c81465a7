//! Many seeds side by side, on all cores, up to the first that fails.

use super::args::Seeds;
use rumormill_sim::{Checked, Scenario, Violation, check, check_until_settled};
use std::io::{IsTerminal, stderr};
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How often it says how far it is.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// What came of it.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) seeds: u64,
    pub(crate) settled: u64,
    pub(crate) took: Duration,
    pub(crate) failure: Option<Failure>,
}

/// A scenario that violates a property.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) scenario: Scenario,
    pub(crate) violation: Violation,
}

/// Plays the scenario of each seed until they are all played, the time is over,
/// or a property does not hold. Of several failures the least seed is told.
pub(crate) fn play(
    seeds: Seeds,
    until: Option<Instant>,
    scenario: impl Fn(u64) -> Scenario + Sync,
) -> Played {
    let started = Instant::now();
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let (next, over) = (AtomicU64::new(seeds.first), AtomicBool::new(false));
    let (sender, results) = mpsc::sync_channel(threads);
    let mut played = Played { seeds: 0, settled: 0, took: Duration::ZERO, failure: None };
    thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, next, over, scenario) = (sender.clone(), &next, &over, &scenario);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) && until.is_none_or(|until| Instant::now() < until) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let scenario = scenario(seed);
                    // A single run is watched to its end, as written.
                    let single = seeds.end - seeds.first == 1;
                    let run = if single { check } else { check_until_settled };
                    let checked = run(&scenario).expect("the scenario was checked");
                    if sender.send((scenario, checked)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut tell_at = started + TELL_EVERY;
        for (scenario, checked) in results {
            played.take(scenario, checked);
            over.store(played.failure.is_some(), Ordering::Relaxed);
            if stderr().is_terminal() && Instant::now() >= tell_at {
                eprintln!("{} seeds …", played.seeds);
                tell_at = Instant::now() + TELL_EVERY;
            }
        }
    });
    played.took = started.elapsed();
    played
}

impl Played {
    fn take(&mut self, scenario: Scenario, checked: Checked) {
        self.seeds += 1;
        self.settled += u64::from(checked.settled);
        let Some(violation) = checked.violation else { return };
        if self.failure.as_ref().is_none_or(|known| scenario.seed < known.scenario.seed) {
            self.failure = Some(Failure { scenario, violation });
        }
    }
}
