//! What Maelstrom's operations mean to the engine: a broadcast and a grow-only
//! set are sets, both counters are a counter. An operation is answered at once
//! from this node's own state; that is all that these workloads ask for.

use super::protocol::{Answer, Code};
use rumormill_core::state::store::{Key, Value as Stored, WriteError};
use rumormill_core::{Engine, Instant, Store};
use serde_json::Value;
use std::fmt;
use std::str::FromStr;

/// What Maelstrom tests. Only a read depends on it, and only while nothing was
/// written: an empty set and an untouched counter are asked for alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// `broadcast`: a read lists the messages.
    Broadcast,
    /// `g-set`: a read lists the elements.
    Set,
    /// `g-counter` or `pn-counter`: a read is a number.
    Counter,
}

impl Workload {
    /// Maelstrom's names for the workloads with a read that this node serves.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("broadcast", Self::Broadcast),
        ("g-set", Self::Set),
        ("g-counter", Self::Counter),
        ("pn-counter", Self::Counter),
    ];

    fn key(self) -> Key {
        let name = match self {
            Self::Broadcast => "broadcast",
            Self::Set => "set",
            Self::Counter => "counter",
        };
        Key::new(name).expect("the name is a valid key")
    }

    /// The workload of a cluster that was not told: what has been written, and a counter before that.
    fn found(engine: &Engine<Store>) -> Self {
        let written = |workload: &Self| engine.state().get(&workload.key()).next().is_some();
        [Self::Broadcast, Self::Set].into_iter().find(written).unwrap_or(Self::Counter)
    }
}

impl FromStr for Workload {
    type Err = UnknownWorkload;
    fn from_str(name: &str) -> Result<Self, UnknownWorkload> {
        let known = Self::NAMES.into_iter().find(|(known, _)| *known == name);
        known.map(|(_, workload)| workload).ok_or(UnknownWorkload)
    }
}

/// A name that is none of [`Workload::NAMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownWorkload;

impl fmt::Display for UnknownWorkload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Workload::NAMES.map(|(name, _)| name);
        write!(f, "must be one of {}; echo and unique-ids need none", names.join(", "))
    }
}

impl std::error::Error for UnknownWorkload {}

pub(super) fn broadcast(engine: &mut Engine<Store>, message: &Value, now: Instant) -> Answer {
    insert(engine, Workload::Broadcast, message, now).map_or_else(|refused| refused, |()| Answer::BroadcastOk)
}

pub(super) fn add(
    engine: &mut Engine<Store>,
    element: Option<&Value>,
    delta: Option<i64>,
    now: Instant,
) -> Answer {
    let done = match (element, delta) {
        (Some(element), None) => insert(engine, Workload::Set, element, now),
        (None, Some(0)) => Ok(()),
        (None, Some(by)) => {
            let added = engine.increment(&Workload::Counter.key(), by, now);
            added.map(drop).map_err(refused)
        }
        _ => Err(Answer::Error {
            code: Code::MalformedRequest,
            text: "an add has either an element, for a set, or a delta, for a counter".to_owned(),
        }),
    };
    done.map_or_else(|refused| refused, |()| Answer::AddOk)
}

pub(super) fn read(engine: &Engine<Store>, workload: Option<Workload>) -> Answer {
    let workload = workload.unwrap_or_else(|| Workload::found(engine));
    let key = workload.key();
    let elements = || engine.state().elements(&key).into_iter().map(Stored::to_json).collect::<Vec<_>>();
    match workload {
        Workload::Broadcast => Answer::Messages { messages: elements() },
        Workload::Set => Answer::Reading { value: elements().into() },
        Workload::Counter => Answer::Reading { value: engine.state().counter(&key).unwrap_or(0).into() },
    }
}

fn insert(
    engine: &mut Engine<Store>,
    workload: Workload,
    element: &Value,
    now: Instant,
) -> Result<(), Answer> {
    let element = Stored::json(element)
        .map_err(|error| Answer::Error { code: Code::MalformedRequest, text: error.to_string() })?;
    engine.add(&workload.key(), element, now).map(drop).map_err(refused)
}

fn refused(error: WriteError) -> Answer {
    Answer::Error { code: Code::PreconditionFailed, text: error.to_string() }
}
