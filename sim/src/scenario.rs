//! What is played: a scenario as data, the same for a test, the command line
//! and the browser. It says what shall happen and checks that it makes sense;
//! how it happens is the simulator's business.

use crate::latency::Latency;
use rumormill_core::config::{ConfigError, FirstRound, Tuning};
use rumormill_core::state::store::{InvalidKey, Key, Value, ValueTooLong};
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

/// Something done to the cluster from outside. Nodes are named by their index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    /// A client sets a register at a node.
    Set {
        /// The node that is asked.
        node: u32,
        /// The key.
        key: String,
        /// The value.
        value: serde_json::Value,
    },
    /// A client adds to a counter at a node.
    Increment {
        /// The node that is asked.
        node: u32,
        /// The counter's key.
        key: String,
        /// How much; negative subtracts.
        by: i64,
    },
    /// A node stops without a word and loses its data.
    Crash {
        /// Which.
        node: u32,
    },
    /// A node that is not up starts anew, without its data: a later
    /// incarnation and a new writer, that joins through the first nodes.
    Restart {
        /// Which.
        node: u32,
    },
    /// A node says goodbye and stops.
    Leave {
        /// Which.
        node: u32,
    },
    /// The network falls apart into these groups; nodes that are in none form
    /// the last one. Takes the place of an earlier partition.
    Partition {
        /// The groups.
        groups: Vec<Vec<u32>>,
    },
    /// Nothing passes between two nodes any more, either way.
    CutLink {
        /// One end.
        a: u32,
        /// The other.
        b: u32,
    },
    /// The partition and all cuts end.
    Heal,
    /// All nodes gossip in another way from now on.
    Tune(Tuning),
    /// The network treats frames sent from now on in another way.
    Network(Network),
}

/// Why a scenario or an act makes no sense, and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// No nodes, or too many.
    #[error("a cluster of {0} nodes: 1 to {NODES_MAX} are allowed")]
    Nodes(u32),
    /// More than every frame lost.
    #[error("a loss of {0} parts per million: 0 to {PPM} (100 %) are allowed")]
    Loss(u32),
    /// A latency outside its limits.
    #[error("{0}")]
    Latency(&'static str),
    /// A tuning that no engine would take.
    #[error("{0}")]
    Tuning(ConfigError),
    /// Too many acts.
    #[error("{0} acts: at most {ACTS_MAX} are allowed")]
    Acts(usize),
    /// An act on a node that is not there.
    #[error("node {node} is not there: nodes are numbered 0 to {last}")]
    NoSuchNode {
        /// The number.
        node: u32,
        /// The highest number that there is.
        last: u32,
    },
    /// A node in two groups of a partition, or twice in one.
    #[error("node {0} is twice in the partition: each node may be in one group")]
    TwiceInPartition(u32),
    /// A cut between a node and itself.
    #[error("node {0} cannot be cut off from itself: name two different nodes")]
    CutFromItself(u32),
    /// A key that no store would take.
    #[error("{0}")]
    Key(InvalidKey),
    /// A value that no store would take.
    #[error("{0}")]
    Value(ValueTooLong),
    /// The act at this place of the list, counted from 0, makes no sense.
    #[error("act {index}: {why}")]
    Act {
        /// Which act.
        index: usize,
        /// What is wrong with it.
        why: Box<ScenarioError>,
    },
}

impl Scenario {
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

    /// Where a node can be dialled.
    pub fn address(&self, index: u32) -> Address {
        let url = format!("ws://{}.sim/gossip", self.host_name(index));
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
        if self.loss_ppm > PPM {
            return Err(ScenarioError::Loss(self.loss_ppm));
        }
        self.latency.invalid().map_or(Ok(()), |why| Err(ScenarioError::Latency(why)))
    }
}

impl Act {
    /// Does it make sense in a cluster of so many nodes? Whether it is
    /// possible at its time (the node is up) shows only then.
    pub fn check(&self, nodes: u32) -> Result<(), ScenarioError> {
        let known = |node: u32| {
            let last = nodes.saturating_sub(1);
            if node < nodes { Ok(()) } else { Err(ScenarioError::NoSuchNode { node, last }) }
        };
        let key = |key: &str| Key::new(key).map(drop).map_err(ScenarioError::Key);
        match self {
            Self::Set { node, key: name, value } => {
                known(*node)?;
                key(name)?;
                Value::json(value).map(drop).map_err(ScenarioError::Value)
            }
            Self::Increment { node, key: name, .. } => {
                known(*node)?;
                key(name)
            }
            Self::Crash { node } | Self::Restart { node } | Self::Leave { node } => known(*node),
            Self::Partition { groups } => {
                let mut seen = vec![false; nodes as usize];
                for &node in groups.iter().flatten() {
                    known(node)?;
                    if core::mem::replace(&mut seen[node as usize], true) {
                        return Err(ScenarioError::TwiceInPartition(node));
                    }
                }
                Ok(())
            }
            Self::CutLink { a, b } => {
                known(*a)?;
                known(*b)?;
                if a == b { Err(ScenarioError::CutFromItself(*a)) } else { Ok(()) }
            }
            Self::Heal => Ok(()),
            Self::Tune(tuning) => tuning.check().map_err(ScenarioError::Tuning),
            Self::Network(network) => network.check(),
        }
    }
}
