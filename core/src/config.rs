//! What an engine is told at its start, and what may change while it runs.
//! Every default says where it comes from. Reading files, flags and
//! environments is the drivers' business.

use crate::id::{Address, Incarnation, NodeId};
use crate::limiter::LimiterConfig;
use crate::time::Duration;
use crate::tree::Tree;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// Longest cluster name, in bytes.
pub const CLUSTER_BYTES_MAX: usize = 64;

/// How news spreads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Each interval, exchange with `fanout` random members. Nothing is sent
    /// at the moment of a change. (Demers et al., "Epidemic Algorithms for
    /// Replicated Database Maintenance", 1987, §1.3.)
    Random,
    /// Forward what is new at once to one's children in the k-ary tree. No
    /// repair: what is lost on the way stays lost until the next join or
    /// reconnect. (Riak Core's recursive gossip.)
    Tree,
    /// The tree for speed, a random push-pull each interval for repair.
    #[default]
    Hybrid,
    /// Push at once along links that prune themselves to a spanning tree,
    /// announce on the others, ask for what was announced and does not come;
    /// and as hybrid, a random push-pull each interval. (Leitão, Pereira and
    /// Rodrigues, "Epidemic Broadcast Trees", 2007.)
    Plumtree,
}

impl Strategy {
    /// Does it forward news at once?
    pub fn is_eager(self) -> bool {
        matches!(self, Self::Tree | Self::Hybrid | Self::Plumtree)
    }

    /// Does it forward news to one's children in the k-ary tree?
    pub fn follows_tree(self) -> bool {
        matches!(self, Self::Tree | Self::Hybrid)
    }

    /// Does it compare whole states each interval?
    pub fn repairs(self) -> bool {
        matches!(self, Self::Random | Self::Hybrid | Self::Plumtree)
    }
}

/// Who gives in a random exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The one that asked sends what the other lacks.
    Push,
    /// The one that asked gets what it lacks.
    Pull,
    /// Both.
    #[default]
    PushPull,
}

impl Mode {
    /// Does the asker send?
    pub fn pushes(self) -> bool {
        matches!(self, Self::Push | Self::PushPull)
    }

    /// Does the asker receive?
    pub fn pulls(self) -> bool {
        matches!(self, Self::Pull | Self::PushPull)
    }
}

macro_rules! words {
    ($type:ident, $what:literal, $($word:literal => $value:ident),+) => {
        impl $type {
            /// The word for it in configuration, API and command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word),+ }
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
        impl FromStr for $type {
            type Err = UnknownWord;
            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$value),)+
                    _ => Err(UnknownWord { what: $what, allowed: &[$($word),+] }),
                }
            }
        }
    };
}
words!(Strategy, "strategy", "random" => Random, "tree" => Tree, "hybrid" => Hybrid, "plumtree" => Plumtree);
words!(Mode, "mode", "push" => Push, "pull" => Pull, "push-pull" => PushPull);

/// A word that names nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownWord {
    what: &'static str,
    allowed: &'static [&'static str],
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {}; allowed: {}", self.what, self.allowed.join(", "))
    }
}

impl core::error::Error for UnknownWord {}

/// What may be changed while an engine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tuning {
    /// How news spreads. Default hybrid.
    pub strategy: Strategy,
    /// Who gives in an exchange of the random strategy. Default push-pull, the
    /// fastest of the three (Demers et al. 1987, §1.3). Hybrid always uses it.
    pub mode: Mode,
    /// Members asked each interval. Default 1, as Demers et al. and Akka do.
    pub fanout: u32,
    /// Time between rounds, in microseconds. Default 1 s, as Akka's and
    /// chitchat's gossip interval.
    pub interval_us: Duration,
    /// How much each interval varies, in percent of itself. Default 10: a guess
    /// that is enough to keep nodes that started together from marching in step.
    pub jitter_percent: u8,
    /// Children per node of the tree. Default 2, as Riak Core.
    pub arity: u32,
    /// Do the tree's leaves point back to its start? Default yes, as Riak
    /// Core: only then does news from any node reach every node.
    pub cycles: bool,
    /// The limit on what the node sends.
    pub limiter: LimiterConfig,
    /// How long an asked member has to answer, directly or through others,
    /// before it is suspected, in microseconds: SWIM's protocol period. Default
    /// 1 s, as memberlist's probe interval.
    pub probe_us: Duration,
    /// How many others are asked to ask a member that does not answer. Default
    /// 3, as memberlist (SWIM's k; Das et al. 2002, §3.1).
    pub indirect_probes: u8,
    /// The shortest time from suspicion to death, in `probe_us` times log10 of
    /// the members, at least one. Default 4, as memberlist (Lifeguard's α).
    pub suspicion_mult: u8,
    /// The longest such time, as a multiple of the shortest: what a suspicion
    /// lasts that nobody else confirms. Default 6, as memberlist (Lifeguard's
    /// β); 1 makes it fixed, as SWIM has it.
    pub suspicion_max_mult: u8,
    /// How many times longer a node at most waits for answers when it seems to
    /// be the one that is slow. Default 8, as Lifeguard (Dadgar et al. 2018,
    /// §4.1); 0 switches that off.
    pub local_health_max: u8,
    /// How long a member that is down or has left is remembered, in
    /// microseconds. Default 24 h, as Serf's reconnect timeout.
    pub forget_us: Duration,
    /// How long an unused link stays open, in microseconds, unless the tree
    /// needs it. Default 10 s: a guess, ten rounds.
    pub link_idle_us: Duration,
    /// Most links that a node dials or keeps. Default 64: a guess, far above
    /// the handful that the tree and a round need.
    pub links_max: u32,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            mode: Mode::default(),
            fanout: 1,
            interval_us: Duration::from_secs(1),
            jitter_percent: 10,
            arity: 2,
            cycles: true,
            limiter: LimiterConfig::default(),
            probe_us: Duration::from_secs(1),
            indirect_probes: 3,
            suspicion_mult: 4,
            suspicion_max_mult: 6,
            local_health_max: 8,
            forget_us: Duration::from_secs(24 * 3_600),
            link_idle_us: Duration::from_secs(10),
            links_max: 64,
        }
    }
}

/// Most members that one round may ask: a hub that asks everyone is no gossip.
pub const FANOUT_MAX: u32 = 64;
/// Widest tree.
pub const ARITY_MAX: u32 = 64;
/// Most helpers that one probe may have.
pub const INDIRECT_PROBES_MAX: u8 = 16;
/// Shortest interval; below it rounds would overlap on any real network.
pub const INTERVAL_MIN: Duration = Duration::from_millis(10);
/// Longest interval.
pub const INTERVAL_MAX: Duration = Duration::from_secs(3_600);

impl Tuning {
    /// The tree that the tuning describes.
    pub fn tree(&self) -> Tree {
        Tree { arity: self.arity, cycles: self.cycles }
    }

    /// Are all numbers within their limits?
    pub fn check(&self) -> Result<(), ConfigError> {
        let within = |ok: bool, error: ConfigError| if ok { Ok(()) } else { Err(error) };
        within(self.fanout <= FANOUT_MAX, ConfigError::Fanout)?;
        within(self.arity <= ARITY_MAX, ConfigError::Arity)?;
        within((INTERVAL_MIN..=INTERVAL_MAX).contains(&self.interval_us), ConfigError::Interval)?;
        within(self.jitter_percent <= 100, ConfigError::Jitter)?;
        within((INTERVAL_MIN..=INTERVAL_MAX).contains(&self.probe_us), ConfigError::Probe)?;
        within(self.indirect_probes <= INDIRECT_PROBES_MAX, ConfigError::IndirectProbes)?;
        within((1..=100).contains(&self.suspicion_mult), ConfigError::Suspicion)?;
        within((1..=100).contains(&self.suspicion_max_mult), ConfigError::Suspicion)?;
        within(self.local_health_max <= 100, ConfigError::LocalHealth)?;
        within(self.forget_us >= self.probe_us * 10, ConfigError::Forget)?;
        within(self.links_max >= 4, ConfigError::Links)?;
        self.limiter.invalid().map_or(Ok(()), |why| Err(ConfigError::Limiter(why)))
    }
}

/// A number outside its limits, or a name that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The cluster's name is empty or too long.
    #[error("the cluster's name must be 1 to {CLUSTER_BYTES_MAX} bytes long")]
    Cluster,
    /// Too many members asked each round.
    #[error("fanout must be 0 to {FANOUT_MAX}")]
    Fanout,
    /// Too many children.
    #[error("arity must be 0 to {ARITY_MAX}")]
    Arity,
    /// Rounds too close together or too far apart.
    #[error("interval must be 10 ms to 1 hour")]
    Interval,
    /// More jitter than the interval itself.
    #[error("jitter must be 0 to 100 percent")]
    Jitter,
    /// No time to answer, or far too much.
    #[error("the time to answer a probe must be 10 ms to 1 hour")]
    Probe,
    /// Too many helpers for one probe.
    #[error("indirect probes must be 0 to {INDIRECT_PROBES_MAX}")]
    IndirectProbes,
    /// A suspicion that ends at once or never.
    #[error("the multiples of a suspicion's time must be 1 to 100")]
    Suspicion,
    /// More patience than makes sense.
    #[error("the local health's limit must be 0 to 100")]
    LocalHealth,
    /// Members would be forgotten before they are known to be gone.
    #[error("members that are gone must be remembered for ten times the time to answer a probe, or longer")]
    Forget,
    /// Too few links for a tree and a round.
    #[error("links must be at least 4")]
    Links,
    /// The limiter's numbers contradict each other.
    #[error("{0}")]
    Limiter(&'static str),
}

/// When a node has its first round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirstRound {
    /// At a random moment within the first interval.
    #[default]
    Random,
    /// After exactly this long. For experiments in synchronous rounds.
    After(Duration),
}

/// What an engine is told at its start.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// The cluster's name: links to another cluster are refused.
    pub cluster: String,
    /// This node's name.
    pub id: NodeId,
    /// Where others can dial it; none for a node that cannot be dialled.
    pub address: Option<Address>,
    /// Which life of the node this is.
    pub incarnation: Incarnation,
    /// Where to ask to join; may name this node itself.
    pub join: Vec<Address>,
    /// What may change later.
    pub tuning: Tuning,
    /// When the first round is.
    pub first_round: FirstRound,
    /// Report every message sent and received as an event?
    pub tracing: bool,
}

impl EngineConfig {
    /// A configuration with every default: alone, not dialable, first life.
    pub fn new(cluster: &str, id: NodeId) -> Self {
        Self {
            cluster: cluster.into(),
            id,
            address: None,
            incarnation: Incarnation(1),
            join: Vec::new(),
            tuning: Tuning::default(),
            first_round: FirstRound::default(),
            tracing: false,
        }
    }

    /// Are all numbers and names within their limits?
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.cluster.is_empty() || self.cluster.len() > CLUSTER_BYTES_MAX {
            return Err(ConfigError::Cluster);
        }
        self.tuning.check()
    }
}
