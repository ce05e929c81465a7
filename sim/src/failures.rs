//! Many nodes fail at once: which part of the others do broadcasts reach right
//! after, and once the cluster has healed? (The experiment of Leitão, Pereira
//! and Rodrigues, "HyParView", 2007, §5.3, and "Epidemic Broadcast Trees",
//! 2007, §4.3.)
//!
//! Every broadcast is made at a random node that is up. What it reached is
//! counted when the next one is made, so what a repair still brings later does
//! not count. A fanout of 0 switches repair off.

use crate::latency::Latency;
use crate::scenario::{Act, Network, Scenario, ScenarioError};
use crate::sim::Sim;
use crate::steady::{broadcast, settle};
use rumormill_core::rng::Rng;
use rumormill_core::{Duration, Strategy, Tuning, hash};
use serde::{Deserialize, Serialize};

/// What to measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FailuresConfig {
    /// How many nodes. Default 100.
    pub nodes: u32,
    /// How many of them fail, in percent. Default 50.
    pub failed_percent: u8,
    /// How they gossip. Default plumtree, the rest as everywhere.
    pub tuning: Tuning,
    /// How long frames travel, and how many are lost. Default 10 ms, none lost.
    pub network: Network,
    /// How many writes warm up. Default 10.
    pub warm_up: u32,
    /// How many writes are measured right after, and again after healing. Default 5.
    pub broadcasts: u32,
    /// From one write to the next, in microseconds. Default 1 s.
    pub gap_us: Duration,
    /// How long the cluster has to heal, in microseconds. Default 20 s.
    pub healing_us: Duration,
    /// What all chance derives from.
    pub seed: u64,
}

impl Default for FailuresConfig {
    fn default() -> Self {
        Self {
            nodes: 100,
            failed_percent: 50,
            tuning: Tuning { strategy: Strategy::Plumtree, ..Tuning::default() },
            network: Network { latency: Latency::Fixed(Duration::from_millis(10)), ..Network::default() },
            warm_up: 10,
            broadcasts: 5,
            gap_us: Duration::from_secs(1),
            healing_us: Duration::from_secs(20),
            seed: 1,
        }
    }
}

/// What was measured: parts of the surviving nodes, 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailuresResult {
    /// How many nodes there were.
    pub nodes: u32,
    /// How many of them failed.
    pub failed: u32,
    /// How they gossiped.
    pub strategy: Strategy,
    /// Members asked each interval; 0 is no repair.
    pub fanout: u32,
    /// The run's seed.
    pub seed: u64,
    /// What each broadcast right after the failure reached, in order.
    pub right_after: Vec<f64>,
    /// What each broadcast after healing reached, in order.
    pub healed: Vec<f64>,
    /// How long the last broadcast took to its last node, in milliseconds.
    pub healed_last_ms: f64,
}

/// Measures one run.
pub fn run(config: &FailuresConfig) -> Result<FailuresResult, ScenarioError> {
    let mut sim = Sim::new(config.scenario())?;
    sim.keep_trace(0);
    sim.set_hashing(false);
    let mut dice = Rng::new(hash::part("failures", &[config.seed]));
    settle(&mut sim);
    for _ in 0..config.warm_up {
        let node = dice.below(config.nodes.into()) as u32;
        broadcast(&mut sim, node, config.gap_us);
    }
    let failed = (u64::from(config.nodes) * u64::from(config.failed_percent.min(100)) / 100) as u32;
    let failed = failed.min(config.nodes - 1);
    for node in dice.sample(config.nodes, failed) {
        sim.apply(Act::Crash { node }).expect("each node crashes once");
    }
    let mut last_ms = 0.0;
    let mut measure = |sim: &mut Sim| {
        let turns = 0..config.broadcasts;
        let reached = turns.map(|_| {
            let up: Vec<u32> = sim.iter().filter(|node| node.up).map(|node| node.index).collect();
            let node = up[dice.below(up.len() as u64) as usize];
            let heard = broadcast(sim, node, config.gap_us);
            last_ms = heard.last_us as f64 / 1_000.0;
            f64::from(heard.nodes) / up.len() as f64
        });
        reached.collect::<Vec<f64>>()
    };
    let right_after = measure(&mut sim);
    sim.run_until(sim.now() + config.healing_us, u32::MAX);
    let healed = measure(&mut sim);
    Ok(FailuresResult {
        nodes: config.nodes,
        failed,
        strategy: config.tuning.strategy,
        fanout: config.tuning.fanout,
        seed: config.seed,
        right_after,
        healed,
        healed_last_ms: last_ms,
    })
}

impl FailuresConfig {
    fn scenario(&self) -> Scenario {
        Scenario {
            name: "failures".into(),
            seed: self.seed,
            nodes: self.nodes,
            tuning: self.tuning,
            network: self.network,
            ..Scenario::default()
        }
    }
}
