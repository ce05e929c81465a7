//! What is played: a scenario as data, the same for a test, the command line
//! and the browser. It says what shall happen and checks that it makes sense
//! (what may be done is in `act`, what may be wrong with it in `error`); how it
//! happens is the simulator's business.

mod act;
mod error;

pub use act::{Act, DRIFT_PPM_MAX, SKEW_MAX, SLOW_MAX, TURN_MIN};
pub use error::ScenarioError;

use crate::latency::Latency;
use rumormill_core::config::{FirstRound, Tuning};
use rumormill_core::event::{TRACE_VERSION, TraceHeader};
use rumormill_core::{Address, Duration, NodeId};
use serde::{Deserialize, Serialize};

/// Most nodes of a scenario: what one browser tab carries for experiments
/// with spreading.
pub const NODES_MAX: u32 = 10_000;

/// Most acts of a scenario: more than a person does in a day.
pub const ACTS_MAX: usize = 10_000;

/// Certainty, in parts per million.
pub const PPM: u32 = 1_000_000;

/// A run's whole recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// What all random numbers of the run derive from.
    pub seed: u64,
    /// How many nodes there are, up or not.
    pub nodes: u32,
    /// How they gossip.
    pub tuning: Tuning,
    /// When a node has its first round after a start.
    pub first_round: FirstRound,
    /// What the network does to frames.
    pub network: Network,
    /// How the cluster comes to be.
    pub start: Start,
    /// What happens when. Acts at one moment happen in their order here, after
    /// everything else at that moment.
    pub acts: Vec<Timed>,
    /// When the scenario is over, in microseconds. A simulator can go on.
    pub until_us: Duration,
}

impl Default for Scenario {
    /// Five nodes that know each other, on a good network, for 30 seconds.
    fn default() -> Self {
        Self {
            name: String::new(),
            seed: 1,
            nodes: 5,
            tuning: Tuning::default(),
            first_round: FirstRound::default(),
            network: Network::default(),
            start: Start::default(),
            acts: Vec::new(),
            until_us: Duration::from_secs(30),
        }
    }
}

/// How a cluster comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// All nodes know each other from the start.
    #[default]
    Known,
    /// Node 0 is up; all others join through it at once.
    Join,
}

/// What the network does to frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// How long a frame travels, one way.
    pub latency: Latency,
    /// How likely a frame is lost, in parts per million. Greetings, and the
    /// opening and closing of links, are never lost by chance.
    pub loss_ppm: u32,
    /// How likely a frame arrives twice, in parts per million; never a
    /// greeting.
    pub duplicate_ppm: u32,
    /// How likely a frame arrives later than it would and lets others overtake
    /// it, in parts per million; never a greeting.
    pub reorder_ppm: u32,
    /// How much a link carries each way, in bytes per second. 0: any amount at
    /// once.
    pub bandwidth_bytes_per_s: u64,
}

/// An act and its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timed {
    /// When, in microseconds since the start.
    pub at_us: Duration,
    /// What.
    pub act: Act,
}

impl Scenario {
    /// The first line of a file with the trace of its run, which `what` names.
    pub fn trace_header(&self, what: &str) -> TraceHeader {
        TraceHeader {
            rumormill_trace: TRACE_VERSION,
            of: format!("{what}, {} nodes, seed {}", self.nodes, self.seed),
            known: self.start == Start::Known,
            live: false,
        }
    }

    /// Does it make sense? The first thing that does not is the error.
    pub fn check(&self) -> Result<(), ScenarioError> {
        if !(1..=NODES_MAX).contains(&self.nodes) {
            return Err(ScenarioError::Nodes(self.nodes));
        }
        self.tuning.check().map_err(ScenarioError::Tuning)?;
        self.network.check()?;
        if self.acts.len() > ACTS_MAX {
            return Err(ScenarioError::Acts(self.acts.len()));
        }
        for (index, timed) in self.acts.iter().enumerate() {
            let outcome = timed.act.check(self.nodes);
            outcome.map_err(|why| ScenarioError::Act { index, why: Box::new(why) })?;
        }
        Ok(())
    }

    /// The name of a node: its index with leading zeros, as wide as the last
    /// one, so that the order of names is the order of indices.
    pub fn node_id(&self, index: u32) -> NodeId {
        NodeId::new(&self.host_name(index)).expect("a letter and digits are a name")
    }

    /// Where a node can be dialled, as long as it has not moved.
    pub fn address(&self, index: u32) -> Address {
        self.moved_address(index, 0)
    }

    /// Where a node can be dialled after so many moves.
    pub(crate) fn moved_address(&self, index: u32, moves: u32) -> Address {
        let host = self.host_name(index);
        let url = match moves {
            0 => format!("ws://{host}.sim/gossip"),
            _ => format!("ws://{host}-{}.sim/gossip", moves + 1),
        };
        Address::new(&url).expect("a name and a path are an address")
    }

    fn host_name(&self, index: u32) -> String {
        let last = self.nodes.saturating_sub(1);
        let width = last.checked_ilog10().map_or(1, |log| log as usize + 1);
        format!("n{index:0width$}")
    }
}

impl Network {
    /// Are its numbers within their limits?
    pub fn check(&self) -> Result<(), ScenarioError> {
        let chances =
            [("loss", self.loss_ppm), ("duplication", self.duplicate_ppm), ("reordering", self.reorder_ppm)];
        if let Some((what, ppm)) = chances.into_iter().find(|(_, ppm)| *ppm > PPM) {
            return Err(ScenarioError::Chance { what, ppm });
        }
        self.latency.invalid().map_or(Ok(()), |why| Err(ScenarioError::Latency(why)))
    }
}
