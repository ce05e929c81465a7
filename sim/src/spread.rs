//! The spread experiment: how one change on one node spreads over an otherwise
//! quiet cluster whose members all know each other. The full protocol runs;
//! only the moment of the change is chosen.
//!
//! What is measured, and how:
//! - The cluster first runs until its links are up and its rounds go round.
//! - `random` runs in synchronous rounds (no jitter, all nodes at once), as the
//!   theory assumes, and the change is made a microsecond before a round: so
//!   the first round is round 1. The other strategies run as in real life, and
//!   the change is made at a random moment.
//! - Payload messages are those that can carry state: rumors and deltas.
//! - It is quiet as soon as every node has the change and no payload message
//!   is under way, owed, or still to come out of an exchange that began before;
//!   for `tree`, which does not repair, as soon as none is under way or owed.
//! - Bytes count what the change caused on top of the idle traffic: payload
//!   messages, the digests that asked for them, and the summaries by which a
//!   repaired node offers what it got. Frames are counted without the
//!   transport's own bytes; the rounds' summaries are sent in any case and do
//!   not count.

use crate::latency::Latency;
use crate::scenario::{Act, Network, PPM, Scenario, ScenarioError};
use crate::sim::Sim;
use rumormill_core::config::FirstRound;
use rumormill_core::rng::Rng;
use rumormill_core::{Cause, Duration, Instant, MessageKind, Mode, Strategy, Tuning, hash};
use serde::{Deserialize, Serialize};

/// After so many intervals without success a run is over. A guess: ten times
/// what ten thousand nodes need.
pub const INTERVALS_MAX: u64 = 300;

/// What to measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpreadConfig {
    /// How many nodes. Default 100.
    pub nodes: u32,
    /// How news spreads. Default hybrid, as everywhere.
    pub strategy: Strategy,
    /// Who gives in a random exchange. Default push-pull, as everywhere.
    pub mode: Mode,
    /// Members asked each interval. Default 1, as everywhere.
    pub fanout: u32,
    /// Children per node of the tree. Default 2, as everywhere.
    pub arity: u32,
    /// How many frames are lost, in parts per million. Default none.
    pub loss_ppm: u32,
    /// How long every frame travels, in microseconds. Default 10 ms: machines
    /// in one region.
    pub latency_us: Duration,
    /// Time between rounds, in microseconds. Default 1 s, as everywhere.
    pub interval_us: Duration,
    /// The first run's seed. Default 1.
    pub seed: u64,
    /// How many runs, each with the next seed. Default 1.
    pub runs: u32,
}

impl Default for SpreadConfig {
    fn default() -> Self {
        let tuning = Tuning::default();
        Self {
            nodes: 100,
            strategy: tuning.strategy,
            mode: tuning.mode,
            fanout: tuning.fanout,
            arity: tuning.arity,
            loss_ppm: 0,
            latency_us: Duration::from_millis(10),
            interval_us: tuning.interval_us,
            seed: 1,
            runs: 1,
        }
    }
}

/// What one run measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpreadResult {
    /// How many nodes there were.
    pub nodes: u32,
    /// How the news spread.
    pub strategy: Strategy,
    /// Who gave in a random exchange.
    pub mode: Mode,
    /// Members asked each interval.
    pub fanout: u32,
    /// Children per node of the tree.
    pub arity: u32,
    /// The share of frames lost, 0 to 1.
    pub loss: f64,
    /// This run's seed.
    pub seed: u64,
    /// How many nodes had the change in the end.
    pub informed: u32,
    /// For `random`: the rounds until all had it; none if not all did.
    pub rounds: Option<u64>,
    /// Milliseconds from the change until all had it; none if not all did.
    pub all_informed_ms: Option<f64>,
    /// Payload messages sent by then.
    pub messages_at_all_informed: Option<u64>,
    /// Payload messages sent until it was quiet, or until the run was over.
    pub messages_until_quiet: u64,
    /// Bytes that the change caused until then.
    pub bytes_until_quiet: u64,
    /// The longest way that the change came to any node, in payload messages.
    pub hops_max: u32,
}

/// One run per seed, as many as configured, each measured when asked for.
pub fn runs(config: &SpreadConfig) -> impl Iterator<Item = Result<SpreadResult, ScenarioError>> + use<> {
    let config = config.clone();
    (0..config.runs).map(move |turn| {
        let seed = config.seed.wrapping_add(u64::from(turn));
        run(&SpreadConfig { seed, ..config.clone() })
    })
}

/// Measures one run, with the configuration's seed.
pub fn run(config: &SpreadConfig) -> Result<SpreadResult, ScenarioError> {
    let mut spread = Spread::new(config)?;
    loop {
        if let Some(result) = spread.advance(u32::MAX) {
            return Ok(result);
        }
    }
}

/// A run under way, for who must not wait until it is over.
#[derive(Debug)]
pub struct Spread {
    config: SpreadConfig,
    sim: Sim,
    dice: Rng,
    change_at: Instant,
    /// Once the change is made.
    course: Option<Course>,
}

/// What is known since the change.
#[derive(Debug)]
struct Course {
    changed_at: Instant,
    before: Spent,
    /// When all had it, and the payload messages until then.
    all_informed: Option<(Instant, u64)>,
    check_at: Instant,
}

impl Spread {
    /// A cluster that is about to begin.
    pub fn new(config: &SpreadConfig) -> Result<Self, ScenarioError> {
        let mut sim = Sim::new(config.scenario())?;
        sim.keep_trace(0);
        sim.set_hashing(false);
        let mut dice = Rng::new(hash::part("spread", &[config.seed]));
        let change_at = config.moment_of_change(&mut dice);
        Ok(Self { config: config.clone(), sim, dice, change_at, course: None })
    }

    /// How many nodes have the change.
    pub fn informed(&self) -> u32 {
        if self.course.is_some() { self.sim.informed() } else { 0 }
    }

    /// How long ago the change was made, if it was.
    pub fn since_change(&self) -> Option<Duration> {
        self.course.as_ref().map(|course| self.sim.now().since(course.changed_at))
    }

    /// Events handled so far.
    pub fn events(&self) -> u64 {
        self.sim.totals().events
    }

    /// Handles about so many events. The result, if it is over with them.
    pub fn advance(&mut self, events_max: u32) -> Option<SpreadResult> {
        let end = self.events().saturating_add(u64::from(events_max));
        if self.course.is_none() {
            let handled = self.sim.run_until(self.change_at, events_max);
            if handled >= events_max {
                return None;
            }
            self.change();
        }
        let course = self.course.as_mut()?;
        let check_every = Duration::from_micros((self.config.latency_us.as_micros() / 4).max(1));
        let over = course.changed_at + self.config.interval_us * INTERVALS_MAX;
        loop {
            if course.all_informed.is_none() && self.sim.informed() == self.config.nodes {
                let messages = Spent::of(&self.sim).messages - course.before.messages;
                course.all_informed = Some((self.sim.now(), messages));
            }
            if self.sim.now() >= course.check_at {
                if self.config.is_quiet(&self.sim, course.all_informed.map(|(at, _)| at)) {
                    break;
                }
                course.check_at = self.sim.now() + check_every;
            }
            if self.sim.next_at().is_none_or(|at| at > over) {
                break;
            }
            if self.sim.totals().events >= end {
                return None;
            }
            self.sim.step();
        }
        Some(self.result())
    }

    fn change(&mut self) {
        let node = self.dice.below(u64::from(self.config.nodes)) as u32;
        let before = Spent::of(&self.sim);
        let change = Act::Set { node, key: "rumor".into(), value: true.into() };
        self.sim.apply(change).expect("nothing crashes in this experiment, and any store takes this value");
        let changed_at = self.sim.now();
        self.course = Some(Course { changed_at, before, all_informed: None, check_at: changed_at });
    }

    fn result(&self) -> SpreadResult {
        let course = self.course.as_ref().expect("a result is only asked for after the change");
        let config = &self.config;
        let spent = Spent::of(&self.sim);
        let took = course.all_informed.map(|(at, _)| at.since(course.changed_at).as_micros());
        let in_rounds = took.filter(|_| config.strategy == Strategy::Random);
        SpreadResult {
            nodes: config.nodes,
            strategy: config.strategy,
            mode: config.mode,
            fanout: config.fanout,
            arity: config.arity,
            loss: f64::from(config.loss_ppm) / f64::from(PPM),
            seed: config.seed,
            informed: self.sim.informed(),
            rounds: in_rounds.map(|took| took.div_ceil(config.interval_us.as_micros())),
            all_informed_ms: took.map(|took| took as f64 / 1_000.0),
            messages_at_all_informed: course.all_informed.map(|(_, messages)| messages),
            messages_until_quiet: spent.messages - course.before.messages,
            bytes_until_quiet: spent.bytes - course.before.bytes,
            hops_max: self.sim.latest().map_or(0, |watch| watch.hops_max()),
        }
    }
}

impl SpreadConfig {
    fn scenario(&self) -> Scenario {
        let synchronous = self.strategy == Strategy::Random;
        let defaults = Tuning::default();
        let tuning = Tuning {
            strategy: self.strategy,
            mode: self.mode,
            fanout: self.fanout,
            arity: self.arity,
            interval_us: self.interval_us,
            jitter_percent: if synchronous { 0 } else { defaults.jitter_percent },
            // In the same proportion to the interval as by default, or longer.
            probe_us: defaults.probe_us.max(self.interval_us),
            link_idle_us: defaults.link_idle_us.max(self.interval_us * 10),
            ..defaults
        };
        Scenario {
            name: "spread".into(),
            seed: self.seed,
            nodes: self.nodes,
            tuning,
            first_round: if synchronous { FirstRound::After(self.interval_us) } else { FirstRound::Random },
            network: Network {
                latency: Latency::Fixed(self.latency_us),
                loss_ppm: self.loss_ppm,
                ..Network::default()
            },
            ..Scenario::default()
        }
    }

    /// After two rounds and enough time for every link and greeting.
    fn moment_of_change(&self, dice: &mut Rng) -> Instant {
        let interval = self.interval_us.as_micros();
        let settled = (2 * interval).max(20 * self.latency_us.as_micros()).next_multiple_of(interval);
        let offset = match self.strategy {
            Strategy::Random => interval - 1,
            Strategy::Tree | Strategy::Hybrid | Strategy::Plumtree => dice.below(interval),
        };
        Instant::from_micros(settled + offset)
    }

    fn is_quiet(&self, sim: &Sim, all_informed: Option<Instant>) -> bool {
        if sim.owes_payload() {
            return false;
        }
        let Some(all_informed) = all_informed else { return self.strategy == Strategy::Tree };
        // A summary or digest from before speaks of a node that lacked the change.
        !sim.in_flight().any(|frame| {
            matches!(frame.kind, MessageKind::Summary | MessageKind::Digest) && frame.sent_at <= all_informed
        })
    }
}

/// What has been sent so far that counts.
#[derive(Debug, Clone, Copy)]
struct Spent {
    messages: u64,
    bytes: u64,
}

impl Spent {
    fn of(sim: &Sim) -> Self {
        let kinds = [MessageKind::Rumor, MessageKind::Delta, MessageKind::Digest];
        let caused: u64 = kinds.into_iter().map(|kind| sim.sent_of_kind(kind).bytes).sum();
        let offered = sim.sent(MessageKind::Summary, Cause::Tree).bytes;
        Self { messages: sim.totals().payload_messages, bytes: caused + offered }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_steps_it_comes_to_the_same_and_tells_how_far_it_is() {
        for strategy in [Strategy::Random, Strategy::Hybrid] {
            let config = SpreadConfig { nodes: 40, strategy, ..SpreadConfig::default() };
            let mut spread = Spread::new(&config).expect("a valid configuration");
            let mut informed = Vec::new();
            let result = loop {
                match spread.advance(7) {
                    Some(result) => break result,
                    None => informed.push(spread.informed()),
                }
            };
            assert_eq!(result, run(&config).expect("a valid configuration"));
            assert!(informed.is_sorted() && informed[0] == 0 && informed.iter().any(|&n| n > 0 && n < 40));
            assert!(spread.since_change().is_some() && spread.events() > 100);
        }
    }
}
