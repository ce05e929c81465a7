//! The steady state: what a broadcast costs, and how far and how long it
//! travels, once the cluster has run for a while. Writes are made one after
//! another, at the same node or at random ones; the first ones warm up and are
//! not measured.
//!
//! What is measured, and how (Leitão, Pereira and Rodrigues, "Epidemic
//! Broadcast Trees", 2007, §4.1):
//! - *Relative message redundancy* is m / (n − 1) − 1, where m counts the
//!   payload messages (rumors and deltas) sent from a write to the next, and n
//!   the nodes that it reached: 0 if every node gets it exactly once.
//! - *Last delivery hop* is the longest way, in payload messages, on which the
//!   write came to any node.
//! - Everything else that was sent meanwhile is counted by kind. Repair goes on
//!   as configured; a fanout of 0 switches it off.

use crate::latency::Latency;
use crate::scenario::{Act, Network, Scenario, ScenarioError};
use crate::sim::Sim;
use rumormill_core::engine::Tally;
use rumormill_core::rng::Rng;
use rumormill_core::{Duration, MessageKind, Strategy, Tuning, hash};
use serde::{Deserialize, Serialize};

/// Who makes the writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Senders {
    /// One node makes them all.
    #[default]
    One,
    /// Each is made at a random node.
    Random,
}

/// What to measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SteadyConfig {
    /// How many nodes. Default 100.
    pub nodes: u32,
    /// How they gossip. Default plumtree, the rest as everywhere.
    pub tuning: Tuning,
    /// Who writes.
    pub senders: Senders,
    /// How long frames travel, and how many are lost. Default 10 ms, none lost.
    pub network: Network,
    /// How many writes warm up. Default 10.
    pub warm_up: u32,
    /// How many writes are measured. Default 20.
    pub broadcasts: u32,
    /// From one write to the next, in microseconds. Default 1 s: each is over
    /// before the next.
    pub gap_us: Duration,
    /// What all chance derives from.
    pub seed: u64,
}

impl Default for SteadyConfig {
    fn default() -> Self {
        Self {
            nodes: 100,
            tuning: Tuning { strategy: Strategy::Plumtree, ..Tuning::default() },
            senders: Senders::One,
            network: Network { latency: Latency::Fixed(Duration::from_millis(10)), ..Network::default() },
            warm_up: 10,
            broadcasts: 20,
            gap_us: Duration::from_secs(1),
            seed: 1,
        }
    }
}

/// What was measured: means over the broadcasts, unless it says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SteadyResult {
    /// How many nodes there were.
    pub nodes: u32,
    /// How they gossiped.
    pub strategy: Strategy,
    /// Who wrote.
    pub senders: Senders,
    /// The run's seed.
    pub seed: u64,
    /// The least part of the nodes that one broadcast reached before the next, 0 to 1.
    pub reached_min: f64,
    /// Relative message redundancy.
    pub redundancy: f64,
    /// Last delivery hop.
    pub last_hop: f64,
    /// The longest way of any broadcast to any node, in payload messages.
    pub hops_max: u32,
    /// Milliseconds until the last node had it.
    pub last_ms: f64,
    /// Payload messages per broadcast.
    pub payload_messages: f64,
    /// Announcements per broadcast.
    pub announcements: f64,
    /// Grafts per broadcast.
    pub grafts: f64,
    /// Prunes per broadcast.
    pub prunes: f64,
    /// Bytes of all of these per broadcast, without the transport's own.
    pub bytes: f64,
}

/// Measures one run.
pub fn run(config: &SteadyConfig) -> Result<SteadyResult, ScenarioError> {
    let mut sim = Sim::new(config.scenario())?;
    sim.keep_trace(0);
    sim.set_hashing(false);
    let mut dice = Rng::new(hash::part("steady", &[config.seed]));
    settle(&mut sim);
    let one = dice.below(config.nodes.into()) as u32;
    let mut measured = Vec::new();
    let mut before = Spent::default();
    for turn in 0..config.warm_up + config.broadcasts {
        if turn == config.warm_up {
            before = Spent::of(&sim);
        }
        let node = match config.senders {
            Senders::One => one,
            Senders::Random => dice.below(config.nodes.into()) as u32,
        };
        let heard = broadcast(&mut sim, node, config.gap_us);
        if turn >= config.warm_up {
            measured.push(heard);
        }
    }
    Ok(config.result(&measured, Spent::of(&sim).since(&before)))
}

/// Lets every link come up and every node have two rounds.
pub(crate) fn settle(sim: &mut Sim) {
    let Scenario { tuning, network, .. } = sim.scenario();
    let span = (tuning.interval_us * 2).as_micros().max(network.latency.median().as_micros() * 20);
    sim.run_until(sim.now() + Duration::from_micros(span), u32::MAX);
}

/// Whom a write reached before the next one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    pub(crate) nodes: u32,
    pub(crate) last_us: u64,
    pub(crate) hops_max: u32,
}

/// Makes a write at a node that is up, and lets the gap pass.
pub(crate) fn broadcast(sim: &mut Sim, node: u32, gap: Duration) -> Heard {
    let value = sim.now().as_micros().into();
    let write = Act::Set { node, key: "rumor".into(), value };
    sim.apply(write).expect("the node is up, and any store takes this value");
    sim.run_until(sim.now() + gap, u32::MAX);
    let watch = sim.latest().expect("there was a write");
    let last = watch.iter().flatten().map(|learned| learned.at).max().unwrap_or(watch.at);
    Heard { nodes: sim.informed(), last_us: last.since(watch.at).as_micros(), hops_max: watch.hops_max() }
}

impl SteadyConfig {
    fn scenario(&self) -> Scenario {
        Scenario {
            name: "steady".into(),
            seed: self.seed,
            nodes: self.nodes,
            tuning: self.tuning,
            network: self.network,
            ..Scenario::default()
        }
    }

    fn result(&self, measured: &[Heard], spent: Spent) -> SteadyResult {
        let per_broadcast = |sum: u64| sum as f64 / f64::from(self.broadcasts.max(1));
        let sum = |value: fn(&Heard) -> u64| measured.iter().map(value).sum::<u64>();
        let receivers = sum(|heard| u64::from(heard.nodes) - 1);
        let payload = spent.of_kinds(&[MessageKind::Rumor, MessageKind::Delta]).messages;
        let reached_min = measured.iter().map(|heard| heard.nodes).min().unwrap_or(0);
        SteadyResult {
            nodes: self.nodes,
            strategy: self.tuning.strategy,
            senders: self.senders,
            seed: self.seed,
            reached_min: f64::from(reached_min) / f64::from(self.nodes),
            redundancy: if receivers == 0 { 0.0 } else { payload as f64 / receivers as f64 - 1.0 },
            last_hop: per_broadcast(sum(|heard| heard.hops_max.into())),
            hops_max: measured.iter().map(|heard| heard.hops_max).max().unwrap_or(0),
            last_ms: per_broadcast(sum(|heard| heard.last_us)) / 1_000.0,
            payload_messages: per_broadcast(payload),
            announcements: per_broadcast(spent.of_kinds(&[MessageKind::Announce]).messages),
            grafts: per_broadcast(spent.of_kinds(&[MessageKind::Graft]).messages),
            prunes: per_broadcast(spent.of_kinds(&[MessageKind::Prune]).messages),
            bytes: per_broadcast(spent.of_kinds(&CAUSED).bytes),
        }
    }
}

/// What changes cause, on top of what a quiet cluster sends.
pub(crate) const CAUSED: [MessageKind; 6] = [
    MessageKind::Rumor,
    MessageKind::Delta,
    MessageKind::Digest,
    MessageKind::Announce,
    MessageKind::Graft,
    MessageKind::Prune,
];

/// What was sent, by kind.
#[derive(Debug, Clone, Copy, Default)]
struct Spent([Tally; MessageKind::ALL.len()]);

impl Spent {
    fn of(sim: &Sim) -> Self {
        Self(MessageKind::ALL.map(|kind| sim.sent_of_kind(kind)))
    }

    fn since(mut self, before: &Self) -> Self {
        for (tally, before) in self.0.iter_mut().zip(before.0) {
            tally.messages -= before.messages;
            tally.bytes -= before.bytes;
        }
        self
    }

    fn of_kinds(&self, kinds: &[MessageKind]) -> Tally {
        let tallies = kinds.iter().map(|kind| self.0[*kind as usize]);
        tallies.fold(Tally::default(), |sum, tally| Tally {
            messages: sum.messages + tally.messages,
            bytes: sum.bytes + tally.bytes,
        })
    }
}
