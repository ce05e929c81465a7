//! The `/observe` socket: a dashboard's view of a cluster through one node.
//! JSON text frames. The node speaks first ([`Notice::Snapshot`]); the observer
//! may ask at any time. A slow observer loses trace records, never the newest
//! state, and is told how many it lost.

use crate::http::{EntryView, MemberView, StatusView};
use rumormill_core::{Kind, NodeId, TraceRecord};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The WebSocket subprotocol of `/observe`.
pub const OBSERVE_SUBPROTOCOL: &str = "rumormill.observe.v1";

/// What a node tells an observer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// Everything, at the start.
    Snapshot {
        /// The node's clock.
        at_us: u64,
        /// The node.
        status: Box<StatusView>,
        /// All members.
        members: Vec<MemberView>,
        /// All entries.
        entries: Vec<EntryView>,
    },
    /// What is different now. At most ten a second, and one a second when
    /// nothing happens: the observer's proof that it still sees the present.
    Update {
        /// The node's clock.
        at_us: u64,
        /// The node.
        status: Box<StatusView>,
        /// Members whose view changed.
        members: Vec<MemberView>,
        /// Entries that read differently.
        entries: Vec<EntryView>,
        /// Entries that are gone: deleted, or their time is over.
        #[serde(default)]
        gone: Vec<Gone>,
    },
    /// What happened, oldest first.
    Trace {
        /// The records.
        records: Vec<TraceRecord>,
        /// Records that were dropped before these, because there were too many
        /// or the observer is slow.
        dropped: u64,
    },
    /// The answer to a request.
    Answer {
        /// The request's number.
        id: u64,
        /// What came of it.
        outcome: Outcome,
    },
    /// The node stops; nothing follows.
    Goodbye {
        /// Who says so.
        node: NodeId,
        /// Why.
        reason: String,
    },
}

/// An entry that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// Its key.
    pub key: String,
    /// What kind of entry it was.
    pub kind: Kind,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The entry as it reads now.
    Done(EntryView),
    /// Nothing can be read there now.
    Gone {
        /// Was there anything to change?
        changed: bool,
    },
    /// What was to be shown, as the API shows it.
    Shown(Value),
    /// Refused, and why; nothing changed.
    Refused(String),
}

/// What a member can be asked to show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Sight {
    /// Its members, as `GET members` has them.
    Members,
    /// All services that it knows, as `GET health` has them.
    Health,
    /// What may change while it runs, as `GET config` has it.
    Config,
    /// What happened at it after this moment on its clock, without messages
    /// and rounds: the newest [`SIGHT_RECORDS_MAX`] trace records.
    Trace {
        /// The moment.
        after_us: u64,
    },
    /// All that happened at it as far as it remembers, messages and rounds
    /// included: a [`PastView`].
    Past,
    /// What happened at it after this moment on its clock, messages and rounds
    /// included, on a clock that can be compared: a [`PastView`] without
    /// members, and with the newest [`SIGHT_RECORDS_MAX`] records.
    Recent {
        /// The moment.
        after_us: u64,
    },
    /// What it reads under a key, by kind, as [`EntryView::version`] names it:
    /// nothing where it reads nothing. Who reads the same has the same. Text
    /// that is no key is refused.
    Versions {
        /// The key.
        key: String,
    },
    /// When a key first read differently at it after a moment: an
    /// [`ArrivalView`].
    Arrival {
        /// The key.
        key: String,
        /// The moment, on the asked node's clock.
        after_us: u64,
    },
}

/// What a member remembers, and how it stands now: what [`Sight::Past`] shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastView {
    /// Its members, as `GET members` has them.
    pub members: Vec<MemberView>,
    /// The trace records that it keeps, oldest first, as `GET trace` has them.
    pub records: Vec<TraceRecord>,
    /// How far its clock is ahead of the observed node's: negative if it is
    /// behind. None where the member is too old to tell its time.
    pub ahead_us: Option<i64>,
    /// By how much that may be wrong: half of the shortest time that asking
    /// both clocks took.
    pub within_us: u64,
}

impl PastView {
    /// A moment of the member's clock on the observed node's, in microseconds.
    pub fn here_us(&self, at_us: u64) -> u64 {
        at_us.saturating_add_signed(self.ahead_us.unwrap_or_default().saturating_neg())
    }
}

/// When a change arrived at a member, and how its clock differs from the
/// observed node's: what [`Sight::Arrival`] shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrivalView {
    /// When, on the member's clock; none if it did not, as far as its trace
    /// still tells.
    pub at_us: Option<u64>,
    /// From whom it came; none for a write of the member itself.
    pub from: Option<NodeId>,
    /// How far the member's clock is ahead of the observed node's: negative
    /// if it is behind. None where the member is too old to tell its time.
    pub ahead_us: Option<i64>,
    /// By how much that may be wrong: half of the shortest time that asking
    /// both clocks took.
    pub within_us: u64,
}

/// Most records that [`Sight::Trace`] brings.
pub const SIGHT_RECORDS_MAX: usize = 200;

/// What an observer asks of a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The observer's own number for it, repeated in the answer.
    pub id: u64,
    /// What is asked.
    pub ask: Ask,
}

/// See [`Request`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ask {
    /// Set a register.
    Set {
        /// The key.
        key: String,
        /// The new value.
        value: Value,
    },
    /// Write to a multi-value register, in place of all that the node has seen
    /// there: so a conflict is resolved.
    Put {
        /// The key.
        key: String,
        /// The new value.
        value: Value,
    },
    /// Add an element to a set.
    Add {
        /// The set's key.
        key: String,
        /// The element.
        element: Value,
    },
    /// Remove an element from a set, as far as the node has seen it added.
    Remove {
        /// The set's key.
        key: String,
        /// The element.
        element: Value,
    },
    /// Delete whatever can be read under a key.
    Delete {
        /// The key.
        key: String,
    },
    /// Show what a member sees. The observed node asks it, so that an observer
    /// needs to reach no other.
    Look {
        /// The member; the observed node itself is one.
        at: NodeId,
        /// What.
        sight: Sight,
    },
    /// Change the configuration of a member, as `PATCH config` does: all that
    /// is named, or nothing. Refused to pages of another origin.
    Tune {
        /// The member; the observed node itself is one.
        at: NodeId,
        /// The fields and their new values.
        changes: Map<String, Value>,
    },
    /// Add to a counter.
    Increment {
        /// The counter's key.
        key: String,
        /// How much; negative subtracts.
        by: i64,
    },
}

impl Ask {
    /// The key that it changes; empty where it changes none.
    pub fn key(&self) -> &str {
        match self {
            Self::Set { key, .. }
            | Self::Put { key, .. }
            | Self::Add { key, .. }
            | Self::Remove { key, .. }
            | Self::Delete { key }
            | Self::Increment { key, .. } => key,
            Self::Look { .. } | Self::Tune { .. } => "",
        }
    }

    /// The kind of entry that it writes; none where it writes none, and for a delete, which takes any.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Set { .. } => Some(Kind::Register),
            Self::Put { .. } => Some(Kind::MultiValue),
            Self::Add { .. } | Self::Remove { .. } => Some(Kind::Set),
            Self::Delete { .. } | Self::Look { .. } | Self::Tune { .. } => None,
            Self::Increment { .. } => Some(Kind::Counter),
        }
    }
}
