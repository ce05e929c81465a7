//! Bodies of the HTTP API. Times are microseconds since the Unix epoch
//! (`_us`) or milliseconds (`_ms`); hashes are 16 hexadecimal digits.

use rumormill_core::{Health, Incarnation, Kind, NodeId, Status, Tuning};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// `GET status`: one node, as it sees itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusView {
    /// The node's name.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub node: NodeId,
    /// Its cluster.
    pub cluster: String,
    /// Which life of the node this is.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub incarnation: Incarnation,
    /// What the node holds itself to be.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub status: Status,
    /// Where other nodes dial it.
    pub address: Option<String>,
    /// Version of the program.
    pub version: String,
    /// Operating-system process.
    pub pid: u32,
    /// How long it has run.
    pub uptime_ms: u64,
    /// Its clock as it said this; 0 from a node that is too old to say so.
    #[serde(default)]
    pub at_us: u64,
    /// Members by status.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, u32>))]
    pub members: BTreeMap<Status, u32>,
    /// What may change at run time.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub tuning: Tuning,
    /// Its state.
    pub store: StoreView,
    /// What it has done.
    pub tallies: Tallies,
}

/// A node's state in figures.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberList {
    /// All members that the node knows, by name.
    pub members: Vec<MemberView>,
}

/// A member, as the asked node sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberView {
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: NodeId,
    /// What it is held to be.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub status: Status,
    /// Which life of it.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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

/// `GET keys?prefix=&limit=&after=`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyList {
    /// The entries, by key.
    pub keys: Vec<EntryView>,
    /// Where to go on (`after=`), if there is more than was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// An entry of the store. `GET keys/{key}` and the answer to a `PUT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntryView {
    /// The key.
    pub key: String,
    /// `register`, `counter`, `multi-value` or `set`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub kind: Kind,
    /// The register's value, the counter's sum, the list of values that a
    /// multi-value register holds (more than one is a conflict), or the list
    /// of a set's elements.
    pub value: Value,
    /// Who wrote a register.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub author: Option<NodeId>,
    /// When a register was written, by the hybrid clock.
    pub stamp_us: Option<u64>,
    /// When the entry will read as nothing, by the asked node's clock; never,
    /// if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_us: Option<u64>,
    /// Names what was read: 16 hexadecimal digits, equal on all nodes that
    /// read the same. Also the entry's `ETag`; a write can be made to depend
    /// on it with `If-Match`.
    #[serde(default)]
    pub version: String,
}

/// Body of `PUT keys/{key}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetBody {
    /// The new value: any JSON of 64 KiB at most.
    pub value: Value,
    /// For how long it is to be read, in milliseconds, from a millisecond to
    /// a year; for ever, if none. Only for registers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// What is written. Default `register`.
    #[serde(default)]
    pub kind: SetKind,
}

/// The kinds of value that a `PUT` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SetKind {
    /// Of concurrent writes the latest is read.
    #[default]
    Register,
    /// Concurrent writes are all read, until a later write replaces them.
    MultiValue,
}

/// The answer to `DELETE keys/{key}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeleteView {
    /// The key.
    pub key: String,
    /// Was there anything to delete?
    pub deleted: bool,
}

/// One service of one member, as the asked node sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthView {
    /// Whose.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub node: NodeId,
    /// What it is called.
    pub name: String,
    /// `up`, `degraded` or `down`: as its node says, and down if the node is.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub health: Health,
    /// Why; empty if nothing was said.
    pub reason: String,
}

/// `GET health`: all services of all members, by node and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthList {
    /// The services.
    pub services: Vec<HealthView>,
}

/// Body of `POST health`: how a service of the asked node does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HealthBody {
    /// What it is called: letters, digits, `-`, `_`, `.` and `/`.
    pub name: String,
    /// `up`, `degraded` or `down`; none withdraws it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub health: Option<Health>,
    /// Why: 256 bytes at most.
    #[serde(default)]
    pub reason: String,
}

/// `GET sets/{name}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetView {
    /// The set's key.
    pub name: String,
    /// Its elements, each once.
    pub elements: Vec<Value>,
}

/// Body of `POST sets/{name}`: one element comes or goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case", try_from = "SetChangeFields")]
pub enum SetChange {
    /// Add it: any JSON of 64 KiB at most.
    Add(Value),
    /// Remove it, as far as the asked node has seen it added.
    Remove(Value),
}

/// A [`SetChange`] as it stands in a body, where there may be too much or too little.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetChangeFields {
    #[serde(default, deserialize_with = "even_null")]
    add: Option<Value>,
    #[serde(default, deserialize_with = "even_null")]
    remove: Option<Value>,
}

/// A field that is there, whatever it holds: `null` is an element like any other.
fn even_null<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(field).map(Some)
}

impl TryFrom<SetChangeFields> for SetChange {
    type Error = &'static str;

    fn try_from(fields: SetChangeFields) -> Result<Self, Self::Error> {
        match (fields.add, fields.remove) {
            (Some(element), None) => Ok(Self::Add(element)),
            (None, Some(element)) => Ok(Self::Remove(element)),
            _ => Err("write either \"add\" or \"remove\", with one element"),
        }
    }
}

/// The answer to `POST sets/{name}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetChanged {
    /// The set's key.
    pub name: String,
    /// Is the set different now? Not if the element was there already, or was
    /// not there to remove.
    pub changed: bool,
}

/// `GET counters/{name}` and the answer to an increment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CounterView {
    /// The counter's key.
    pub name: String,
    /// Its sum, as the asked node sees it.
    pub value: i64,
}

/// Body of `POST counters/{name}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct JoinBody {
    /// Address of a member of the cluster to join.
    pub url: String,
}

/// The answer to `POST join`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JoiningView {
    /// The gossip address that is asked.
    pub joining: String,
}

/// One event of `GET watch?prefix=`: a key reads differently now. The entry is
/// as it stands when the event is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WatchEvent {
    /// Where to go on after a broken connection (`Last-Event-ID`). None where
    /// going on from here would leave something out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When the asked node learned it.
    pub at_us: u64,
    /// From which member it came; none for a write of the asked node.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub from: Option<NodeId>,
    /// The key.
    pub key: String,
    /// What kind of entry it is, or was.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub kind: Kind,
    /// The entry; none if it is gone: deleted, or its time is over.
    pub entry: Option<EntryView>,
}

/// A member's status changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberEvent {
    /// When this node learned it.
    pub at_us: u64,
    /// The member.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: NodeId,
    /// Which life of it.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub incarnation: Incarnation,
    /// What it is held to be now.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub status: Status,
    /// What it was held to be when this was last told; none if it was not known.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub was: Option<Status>,
}

/// An error, as `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    /// Where a write depended on what is there: what is there, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Box<EntryView>>,
}
