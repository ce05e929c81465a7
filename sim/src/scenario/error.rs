//! What can be wrong with a scenario or an act, each with what is allowed.

use super::act::{DRIFT_PPM_MAX, SKEW_MAX, SLOW_MAX, TURN_MIN};
use super::{ACTS_MAX, NODES_MAX, PPM};
use rumormill_core::Duration;
use rumormill_core::config::ConfigError;
use rumormill_core::services::InvalidService;
use rumormill_core::state::store::{InvalidKey, ValueTooLong};

/// Why a scenario or an act makes no sense, and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// No nodes, or too many.
    #[error("a cluster of {0} nodes: 1 to {NODES_MAX} are allowed")]
    Nodes(u32),
    /// Something happens to more than every frame.
    #[error("a {what} of {ppm} parts per million: 0 to {PPM} (100 %) are allowed")]
    Chance {
        /// What happens to frames.
        what: &'static str,
        /// How often it was to happen.
        ppm: u32,
    },
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
    /// A link between a node and itself.
    #[error("there is no link from node {0} to itself: name two different nodes")]
    LinkToItself(u32),
    /// A node that would be slower than any timeout makes sense of.
    #[error("a node that is {0} late: at most {SLOW_MAX} are allowed")]
    Slow(Duration),
    /// A clock further off than any number of this program can bear.
    #[error("a clock that is {0} us off: at most {SKEW_MAX} either way are allowed")]
    Skew(i64),
    /// A clock that is no clock.
    #[error("a drift of {0} parts per million: -{DRIFT_PPM_MAX} to {DRIFT_PPM_MAX} are allowed")]
    Drift(i32),
    /// A link or a node that would go up and down without end in no time.
    #[error("up and down must each last at least {TURN_MIN} on average")]
    Turn,
    /// A key that no store would take.
    #[error("{0}")]
    Key(InvalidKey),
    /// A service that no node would publish.
    #[error("{0}")]
    Service(InvalidService),
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
