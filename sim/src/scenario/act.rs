//! What may be done to a cluster from outside, as data: writes, faults, and
//! their ends. Here it is said and checked; `sim::acts` does it.

use super::{Network, ScenarioError};
use crate::latency::Latency;
use rumormill_core::Duration;
use rumormill_core::config::Tuning;
use rumormill_core::services::{Health, Service};
use rumormill_core::state::store::{Key, Value};
use serde::{Deserialize, Serialize};

/// Most that a slow node may lag behind: as the longest latency.
pub const SLOW_MAX: Duration = Duration::from_secs(60);

/// Most that a clock may be off, either way: ten years. Dead batteries set
/// clocks back by decades, but ten years already exceed every bound there is.
pub const SKEW_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);

/// Most that a clock may run too fast or too slow, in parts per million: half
/// of its pace. Real quartz stays below 500 ppm (NTP's bound, RFC 5905); more
/// stands for virtual machines that are starved.
pub const DRIFT_PPM_MAX: u32 = 500_000;

/// Shortest mean time for which something that goes up and down stays so: a
/// bound on the number of turns. A guess, below any timeout.
pub const TURN_MIN: Duration = Duration::from_millis(1);

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
    /// A client sets a register that ends by itself.
    SetFor {
        /// The node that is asked.
        node: u32,
        /// The key.
        key: String,
        /// The value.
        value: serde_json::Value,
        /// How long it can be read, in microseconds.
        ttl_us: Duration,
    },
    /// A client writes to a multi-value register, in place of all that the
    /// node has seen there.
    Put {
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
    /// A client adds a value to a set.
    Add {
        /// The node that is asked.
        node: u32,
        /// The set's key.
        key: String,
        /// The value.
        value: serde_json::Value,
    },
    /// A client removes a value from a set.
    Remove {
        /// The node that is asked.
        node: u32,
        /// The set's key.
        key: String,
        /// The value.
        value: serde_json::Value,
    },
    /// A client deletes whatever can be read under a key.
    Delete {
        /// The node that is asked.
        node: u32,
        /// The key.
        key: String,
    },
    /// A node stops without a word. Its disk keeps its data.
    Crash {
        /// Which.
        node: u32,
    },
    /// A node that is not up starts again, as a later incarnation that joins
    /// through the first nodes.
    Restart {
        /// Which.
        node: u32,
        /// With the data that it had when it stopped, and so as the same
        /// writer? Otherwise it begins anew, and its old data is gone.
        #[serde(default)]
        data: bool,
        /// At another address than before?
        #[serde(default)]
        moved: bool,
    },
    /// A node says goodbye and stops.
    Leave {
        /// Which.
        node: u32,
    },
    /// A node's process is stopped: it handles nothing until it is resumed.
    Pause {
        /// Which.
        node: u32,
    },
    /// A paused node goes on, with all that has waited for it.
    Resume {
        /// Which.
        node: u32,
    },
    /// A node handles all that reaches it, its timers too, that much later.
    Slow {
        /// Which.
        node: u32,
        /// How much later, in microseconds; 0 ends it.
        delay_us: Duration,
    },
    /// A node's clock is set to the true time and so much. A running engine
    /// is never told an earlier time than before: a clock that is set back
    /// shows when the node starts again.
    Clock {
        /// Whose.
        node: u32,
        /// How far it is ahead, in microseconds; negative is behind.
        skew_us: i64,
    },
    /// A node's clock goes at another pace from now on.
    Drift {
        /// Whose.
        node: u32,
        /// How much too fast, in parts per million; negative is too slow.
        ppm: i32,
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
    /// Nothing passes from one node to the other any more; back it does.
    CutOneWay {
        /// What this node sends …
        from: u32,
        /// … never reaches this one.
        to: u32,
    },
    /// The partition, all cuts and all flapping end.
    Heal,
    /// Frames between two nodes, sent from now on, take a time of their own.
    DelayLink {
        /// One end.
        a: u32,
        /// The other.
        b: u32,
        /// How long they take; none: as everywhere.
        #[serde(default)]
        latency: Option<Latency>,
    },
    /// The link between two nodes goes down and up again and again, after
    /// random times with these means.
    Flap {
        /// One end.
        a: u32,
        /// The other.
        b: u32,
        /// How long it is up, on average, in microseconds.
        up_us: Duration,
        /// How long it is cut, on average, in microseconds.
        down_us: Duration,
        /// When that ends, in microseconds since the start; it is up then.
        until_us: Duration,
    },
    /// Nodes crash and start again, each again and again, after random times
    /// with these means.
    Churn {
        /// Which; empty: all.
        #[serde(default)]
        nodes: Vec<u32>,
        /// How long a node is up, on average, in microseconds.
        up_us: Duration,
        /// How long it is down, on average, in microseconds.
        down_us: Duration,
        /// Do they start again with their data?
        #[serde(default)]
        data: bool,
        /// When that ends, in microseconds since the start; those that are
        /// down for it start again then.
        until_us: Duration,
    },
    /// A frame that is under way does not arrive.
    Drop {
        /// Which; frames are numbered from 1 in the order in which they are sent.
        frame: u64,
    },
    /// All nodes gossip in another way from now on.
    Tune(Tuning),
    /// The network treats frames sent from now on in another way.
    Network(Network),
    /// A node tells of a service of its own, or of a change of it.
    Publish {
        /// Which node.
        node: u32,
        /// The service's name.
        service: String,
        /// How it does.
        health: Health,
        /// Why, in words.
        #[serde(default)]
        reason: String,
    },
    /// A node takes a service back.
    Withdraw {
        /// Which node.
        node: u32,
        /// The service's name.
        service: String,
    },
}

impl Act {
    /// Does it make sense in a cluster of so many nodes? Whether it is
    /// possible at its time (the node is up) shows only then.
    pub fn check(&self, nodes: u32) -> Result<(), ScenarioError> {
        self.nodes().into_iter().try_for_each(|node| {
            let last = nodes.saturating_sub(1);
            if node < nodes { Ok(()) } else { Err(ScenarioError::NoSuchNode { node, last }) }
        })?;
        match self {
            Self::Set { key, value, .. }
            | Self::SetFor { key, value, .. }
            | Self::Put { key, value, .. }
            | Self::Add { key, value, .. }
            | Self::Remove { key, value, .. } => {
                check_key(key)?;
                Value::json(value).map(drop).map_err(ScenarioError::Value)
            }
            Self::Increment { key, .. } | Self::Delete { key, .. } => check_key(key),
            Self::Slow { delay_us, .. } if *delay_us > SLOW_MAX => Err(ScenarioError::Slow(*delay_us)),
            Self::Clock { skew_us, .. } if skew_us.unsigned_abs() > SKEW_MAX.as_micros() => {
                Err(ScenarioError::Skew(*skew_us))
            }
            Self::Drift { ppm, .. } if ppm.unsigned_abs() > DRIFT_PPM_MAX => Err(ScenarioError::Drift(*ppm)),
            Self::Partition { groups } => {
                let mut seen = vec![false; nodes as usize];
                let twice = |&&node: &&u32| core::mem::replace(&mut seen[node as usize], true);
                let twice = groups.iter().flatten().find(twice);
                twice.map_or(Ok(()), |node| Err(ScenarioError::TwiceInPartition(*node)))
            }
            Self::CutLink { a, b } | Self::CutOneWay { from: a, to: b } => check_link(*a, *b),
            Self::DelayLink { a, b, latency } => {
                check_link(*a, *b)?;
                let invalid = latency.and_then(Latency::invalid);
                invalid.map_or(Ok(()), |why| Err(ScenarioError::Latency(why)))
            }
            Self::Flap { a, b, up_us, down_us, .. } => {
                check_link(*a, *b)?;
                check_turns(*up_us, *down_us)
            }
            Self::Churn { up_us, down_us, .. } => check_turns(*up_us, *down_us),
            Self::Tune(tuning) => tuning.check().map_err(ScenarioError::Tuning),
            Self::Network(network) => network.check(),
            Self::Publish { service, health, reason, .. } => {
                Service::new(service, *health, reason).map(drop).map_err(ScenarioError::Service)
            }
            _ => Ok(()),
        }
    }

    /// The nodes that it names.
    fn nodes(&self) -> Vec<u32> {
        let mut named = Vec::new();
        self.clone().each_node(|node| named.push(*node));
        named
    }

    /// The node and the key of a write; none for any other act.
    pub(crate) fn written(&self) -> Option<(u32, &str)> {
        match self {
            Self::Set { node, key, .. }
            | Self::SetFor { node, key, .. }
            | Self::Put { node, key, .. }
            | Self::Increment { node, key, .. }
            | Self::Add { node, key, .. }
            | Self::Remove { node, key, .. }
            | Self::Delete { node, key } => Some((*node, key)),
            _ => None,
        }
    }

    /// Hands out every node that it names, to be named otherwise.
    pub(crate) fn each_node(&mut self, mut each: impl FnMut(&mut u32)) {
        match self {
            Self::Set { node, .. }
            | Self::SetFor { node, .. }
            | Self::Put { node, .. }
            | Self::Increment { node, .. }
            | Self::Add { node, .. }
            | Self::Remove { node, .. }
            | Self::Delete { node, .. }
            | Self::Crash { node }
            | Self::Restart { node, .. }
            | Self::Leave { node }
            | Self::Pause { node }
            | Self::Resume { node }
            | Self::Slow { node, .. }
            | Self::Clock { node, .. }
            | Self::Drift { node, .. }
            | Self::Publish { node, .. }
            | Self::Withdraw { node, .. } => each(node),
            Self::CutLink { a, b }
            | Self::CutOneWay { from: a, to: b }
            | Self::DelayLink { a, b, .. }
            | Self::Flap { a, b, .. } => {
                each(a);
                each(b);
            }
            Self::Partition { groups } => groups.iter_mut().flatten().for_each(each),
            Self::Churn { nodes, .. } => nodes.iter_mut().for_each(each),
            Self::Heal | Self::Drop { .. } | Self::Tune(_) | Self::Network(_) => {}
        }
    }
}

fn check_key(key: &str) -> Result<(), ScenarioError> {
    Key::new(key).map(drop).map_err(ScenarioError::Key)
}

fn check_link(a: u32, b: u32) -> Result<(), ScenarioError> {
    if a == b { Err(ScenarioError::LinkToItself(a)) } else { Ok(()) }
}

fn check_turns(up_us: Duration, down_us: Duration) -> Result<(), ScenarioError> {
    if up_us.min(down_us) < TURN_MIN { Err(ScenarioError::Turn) } else { Ok(()) }
}
