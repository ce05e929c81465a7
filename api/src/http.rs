//! Bodies of the HTTP API. Times are microseconds since the Unix epoch
//! (`_us`) or milliseconds (`_ms`); hashes are 16 hexadecimal digits.

use rumormill_core::{Incarnation, NodeId, Status, Tuning};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// `GET status`: one node, as it sees itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusView {
    /// The node's name.
    pub node: NodeId,
    /// Its cluster.
    pub cluster: String,
    /// Which life of the node this is.
    pub incarnation: Incarnation,
    /// What the node holds itself to be.
    pub status: Status,
    /// Where other nodes dial it.
    pub address: Option<String>,
    /// Version of the program.
    pub version: String,
    /// Operating-system process.
    pub pid: u32,
    /// How long it has run.
    pub uptime_ms: u64,
    /// Members by status.
    pub members: BTreeMap<Status, u32>,
    /// What may change at run time.
    pub tuning: Tuning,
    /// Its state.
    pub store: StoreView,
    /// What it has done.
    pub tallies: Tallies,
}

/// A node's state in figures.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StoreView {
    /// Entries of all kinds.
    pub keys: u32,
    /// Writes that it has seen.
    pub version: u64,
    /// Hash of what it has seen: equal on nodes that have seen the same.
    pub hash: String,
}

/// Counts since a node's start.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tallies {
    /// Rounds begun.
    pub rounds: u64,
    /// Messages sent, of all kinds.
    pub sent_messages: u64,
    /// Their bytes, without the transport's own.
    pub sent_bytes: u64,
    /// Messages received, of all kinds.
    pub received_messages: u64,
    /// Their bytes, without the transport's own.
    pub received_bytes: u64,
    /// Sends that the limiter put off.
    pub denials: u64,
    /// Limiter tokens left; none if there is no limit.
    pub tokens: Option<u32>,
    /// Links, being dialled or established.
    pub links: u32,
    /// Members to whom something is owed.
    pub owed: u32,
}

/// `GET members`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberList {
    /// All members that the node knows, by name.
    pub members: Vec<MemberView>,
}

/// A member, as the asked node sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberView {
    /// Its name.
    pub id: NodeId,
    /// What it is held to be.
    pub status: Status,
    /// Which life of it.
    pub incarnation: Incarnation,
    /// Where it can be dialled.
    pub address: Option<String>,
    /// Is it the asked node itself?
    pub is_self: bool,
    /// Is there a link to it now?
    pub linked: bool,
    /// For how long it has owed an answer; none if it owes none.
    pub silent_ms: Option<u64>,
    /// What it last said of itself; none if it was not asked. Nodes ask each
    /// other while somebody observes.
    pub report: Option<ReportView>,
}

/// What a member said of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportView {
    /// When the asked node heard it.
    pub at_us: u64,
    /// Writes that it had seen.
    pub version: u64,
    /// Hash of what it had seen.
    pub store: String,
    /// Had it seen exactly what the asked node has seen now?
    pub in_sync: bool,
    /// Members that it held active, itself included.
    pub active: u32,
    /// Members that it knew.
    pub known: u32,
    /// Messages that it had sent.
    pub sent_messages: u64,
    /// Bytes that it had sent.
    pub sent_bytes: u64,
    /// Sends that its limiter had put off.
    pub denials: u64,
    /// Its tokens left; none if it has no limit.
    pub tokens: Option<u32>,
}

/// `GET keys?prefix=`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyList {
    /// The entries, by key.
    pub keys: Vec<EntryView>,
}

/// An entry of the store. `GET keys/{key}` and the answer to a `PUT`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryView {
    /// The key.
    pub key: String,
    /// `register`, `counter`, `multi-value` or `set`.
    pub kind: rumormill_core::Kind,
    /// The register's value, the counter's sum, the list of values that a
    /// multi-value register holds (more than one is a conflict), or the list
    /// of a set's elements.
    pub value: Value,
    /// Who wrote a register.
    pub author: Option<NodeId>,
    /// When a register was written, by the hybrid clock.
    pub stamp_us: Option<u64>,
}

/// Body of `PUT keys/{key}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetBody {
    /// The new value: any JSON.
    pub value: Value,
}

/// `GET counters/{name}` and the answer to an increment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterView {
    /// The counter's key.
    pub name: String,
    /// Its sum, as the asked node sees it.
    pub value: i64,
}

/// Body of `POST counters/{name}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CounterBody {
    /// How much to add; negative subtracts. Default 1.
    #[serde(default = "one")]
    pub by: i64,
}

fn one() -> i64 {
    1
}

/// Body of `POST join`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinBody {
    /// Address of a member of the cluster to join.
    pub url: String,
}

/// One line of `GET watch?prefix=`: a key reads differently now. The entry is
/// as it stands when the line is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WatchEvent {
    /// When the asked node learned it.
    pub at_us: u64,
    /// From which member it came; none for a write of the asked node.
    pub from: Option<NodeId>,
    /// The entry.
    pub entry: EntryView,
}

/// An error, as `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The kind of error, as a URI reference.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of error in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong this time, and what to do about it.
    pub detail: String,
}
