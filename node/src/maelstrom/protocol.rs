//! Maelstrom's messages as types: one JSON object a line, with `src`, `dest`
//! and a `body`. Types only; what an operation does is in `workloads`, what a
//! gossip message carries is in `links`.
//!
//! Source: Maelstrom's `doc/protocol.md` and `doc/workloads.md`.

use super::links::Part;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A line, in or out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Message<B> {
    /// Who sent it: a node or a client.
    pub(super) src: String,
    /// To whom it goes.
    pub(super) dest: String,
    pub(super) body: B,
}

/// What a client or a node asks for. Fields that are not known are ignored, as
/// the protocol wants it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Request {
    /// To be repeated in the answer.
    pub(super) msg_id: Option<u64>,
    #[serde(flatten)]
    pub(super) what: Asked,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Asked {
    /// Who this node is, and who else there is.
    Init {
        node_id: String,
        node_ids: Vec<String>,
    },
    /// Whom Maelstrom proposes as neighbours. The engine has a tree of its own.
    Topology {},
    Echo {
        echo: Value,
    },
    /// A number that nobody else gets.
    Generate {},
    Broadcast {
        message: Value,
    },
    /// To a set an `element`, to a counter a `delta`.
    Add {
        element: Option<Value>,
        delta: Option<i64>,
    },
    Read {},
    /// Between nodes.
    Rumormill {
        parts: Vec<Part>,
    },
    #[serde(other)]
    Unknown,
}

/// What goes to another node.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename = "rumormill")]
pub(super) struct Gossip {
    pub(super) parts: Vec<Part>,
}

/// What a client gets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Reply {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) in_reply_to: Option<u64>,
    #[serde(flatten)]
    pub(super) answer: Answer,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Answer {
    InitOk,
    TopologyOk,
    EchoOk {
        echo: Value,
    },
    GenerateOk {
        id: String,
    },
    BroadcastOk,
    AddOk,
    /// Of the broadcast workload.
    #[serde(rename = "read_ok")]
    Messages {
        messages: Vec<Value>,
    },
    /// Of a set or a counter.
    #[serde(rename = "read_ok")]
    Reading {
        value: Value,
    },
    Error {
        code: Code,
        text: String,
    },
}

/// Maelstrom's error codes, as far as a node here has use for them. All of
/// them are definite: the operation did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Code {
    NotSupported = 10,
    TemporarilyUnavailable = 11,
    MalformedRequest = 12,
    PreconditionFailed = 22,
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u16(*self as u16)
    }
}
