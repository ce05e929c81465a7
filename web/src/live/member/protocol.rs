//! What the page and the worker that carries the tab's member say to each other, in postcard. Only types.

use rumormill_core::{Incarnation, Kind, NodeId, Status, Tuning};
use serde::{Deserialize, Serialize};

/// What the page asks of the member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Order {
    /// Become a member. Only the first such order of a worker counts.
    Join(Box<Join>),
    /// Change the store, as a member does.
    Write {
        /// The page's number for it, repeated in the report.
        id: u64,
        /// The key.
        key: String,
        /// What to do to it.
        change: Change,
    },
    /// Say goodbye.
    Leave,
}

/// Who joins which cluster, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Join {
    /// The cluster's name.
    pub cluster: String,
    /// The member's name.
    pub name: NodeId,
    /// Gossip addresses of members, the one to try first in front.
    pub at: Vec<String>,
    /// How the member gossips: as the observed node does.
    pub tuning: Tuning,
}

/// What may be done to a key. Values are JSON text, because JSON values do not travel in postcard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// Set a register.
    Set(String),
    /// Write to a multi-value register, in place of all that the member has seen there.
    Put(String),
    /// Add to a counter.
    Increment(i64),
    /// Add an element to a set.
    Add(String),
    /// Remove an element from a set.
    Remove(String),
    /// Delete whatever can be read under the key.
    Delete,
}

/// What the member tells the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Report {
    /// How it stands. At once after every order, and else a few times a second while things happen.
    Standing(Box<Standing>),
    /// What came of a write.
    Wrote {
        /// The page's number for it.
        id: u64,
        /// What is read there now, or why nothing changed.
        outcome: Result<Reads, String>,
    },
    /// It cannot even begin.
    Impossible(String),
}

/// What is read under a key after a write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reads {
    /// Was there anything to change?
    pub changed: bool,
    /// What is read now, as JSON text, and its kind; none if nothing is.
    pub now: Option<(Kind, String)>,
}

/// How the member stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Its name.
    pub name: NodeId,
    /// What it holds itself to be.
    pub status: Status,
    /// Which life of it.
    pub incarnation: Incarnation,
    /// Through which member it takes part, once it does.
    pub host: Option<NodeId>,
    /// Members with an open link to it.
    pub linked: Vec<NodeId>,
    /// Members that it holds active, itself included.
    pub active: u32,
    /// Members that it knows.
    pub known: u32,
    /// Entries of its store.
    pub keys: u32,
    /// Hash of what it has seen.
    pub store: u64,
    /// Messages sent and received, and their bytes.
    pub sent: (u64, u64),
    /// Messages received, and their bytes.
    pub received: (u64, u64),
    /// Suspicions of it that it has denied.
    pub refutations: u64,
    /// Why the latest link broke or could not be made, while there is none.
    pub trouble: Option<String>,
    /// How it ended, if it has.
    pub end: Option<End>,
}

/// How a member ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// It said goodbye.
    Left,
    /// Another member has its name.
    NameTaken,
}
