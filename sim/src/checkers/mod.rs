//! What must hold of a whole cluster, whatever is done to it: one property per
//! file, each looking at the cluster from outside and saying in words what it
//! found wrong. They share the books of who wrote and saw what (`ledger`),
//! and one place that says what is due by when ([`bounds`]). Nothing here
//! changes anything in a run: a checked run is the same run.

pub mod agreement;
pub mod bounds;
pub mod limit;
mod bits;
mod calm;
mod ledger;
mod expected;
mod acknowledged;
mod backwards;
mod bounded;
mod convergence;
mod counters;
mod dead;
mod deleted;
mod falsely;
mod forgotten;
mod hashes;
mod left;
mod live;
mod run;
mod services;

pub use bounds::Bounds;
pub use run::{Checked, check, check_until_settled};

use crate::scenario::Act;
use crate::sim::Sim;
use calm::Calm;
use expected::Mismatch;
use ledger::Ledger;
use rumormill_core::event::TraceRecord;
use rumormill_core::state::store::Key;
use rumormill_core::{Duration, Instant};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A property, by the name of its checker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Property {
    /// No acknowledged write is lost.
    Acknowledged,
    /// Nothing goes back: writes seen, numbers, member records.
    Backwards,
    /// Queues, tables and lists stay below their bounds.
    Bounded,
    /// Everyone ends with the same.
    Convergence,
    /// A counter is the sum of its increments.
    Counters,
    /// No dead member is believed alive for longer than the bound.
    Dead,
    /// What was deleted stays deleted.
    Deleted,
    /// Nobody who answers is declared dead.
    Falsely,
    /// Who is gone is forgotten, and does not come back.
    Forgotten,
    /// Equal hashes mean equal readings.
    Hashes,
    /// Who left is held to have left.
    Left,
    /// Nobody sends more than the limiter allows.
    Limit,
    /// No live member is believed dead at the end.
    Live,
    /// A cluster at rest sends no more than its rounds.
    Quiet,
    /// Services do as their nodes say.
    Services,
}

impl Property {
    /// Every property.
    pub const ALL: [Self; 15] = [
        Self::Acknowledged,
        Self::Backwards,
        Self::Bounded,
        Self::Convergence,
        Self::Counters,
        Self::Dead,
        Self::Deleted,
        Self::Falsely,
        Self::Forgotten,
        Self::Hashes,
        Self::Left,
        Self::Limit,
        Self::Live,
        Self::Quiet,
        Self::Services,
    ];

    /// The property as a sentence.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledged => "no acknowledged write is lost",
            Self::Backwards => "nothing that was seen or numbered goes back",
            Self::Bounded => "queues, tables and lists stay below their bounds",
            Self::Convergence => "all nodes end with the same",
            Self::Counters => "a counter is the sum of its increments",
            Self::Dead => "no dead member is believed alive for longer than the bound",
            Self::Deleted => "what was deleted stays deleted",
            Self::Falsely => "where nothing is lost or late no live member is held to be down",
            Self::Forgotten => "who is gone is forgotten, and what was forgotten does not come back",
            Self::Left => "who said goodbye is held to have left",
            Self::Hashes => "equal hashes mean equal readings",
            Self::Limit => "no node sends more than its limiter allows",
            Self::Quiet => "a cluster at rest sends no more than its rounds take",
            Self::Live => "no live member is believed dead at the end",
            Self::Services => "services do as their nodes say, and are down where those are gone",
        }
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A property that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which.
    pub property: Property,
    /// When it was noticed, in microseconds since the start.
    pub at_us: Duration,
    /// What was found instead, in words.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not so after {}: {}: {}", self.at_us, self.property, self.what)
    }
}

/// What a checker may look at.
struct View<'a> {
    sim: &'a Sim,
    ledger: &'a Ledger,
    calm: &'a Calm,
    /// Readings that are not what they must be, by node and key.
    mismatches: &'a [(u32, Key, Mismatch)],
    /// Is everything taken to be due that will be?
    due: bool,
}

impl View<'_> {
    /// The first wrong reading of a sort, in words.
    fn mismatch(&self, wanted: impl Fn(&Mismatch) -> Option<&String>) -> Result<(), String> {
        let mut found = self.mismatches.iter();
        let found = found.find_map(|(node, key, mismatch)| Some((*node, key, wanted(mismatch)?)));
        found.map_or(Ok(()), |(node, key, what)| Err(format!("'{key}' at {} {what}", self.sim.node(node).id)))
    }

    /// Has the cluster been left in peace for as long as `due` says?
    fn is_due(&self, due: impl Fn(&Bounds) -> Duration) -> bool {
        let calm = self.calm.of(self.sim);
        self.due || calm.is_some_and(|(since, bounds)| self.sim.now().since(since) >= due(&bounds))
    }
}

/// A property and what its checker remembers. Each hook's error is what was
/// found wrong.
trait Checker {
    fn property(&self) -> Property;

    /// Something was recorded, in order.
    fn on_record(&mut self, _record: &TraceRecord) -> Result<(), String> {
        Ok(())
    }

    /// A second has passed, or the scenario is over.
    fn on_look(&mut self, _view: &View<'_>) -> Result<(), String> {
        Ok(())
    }

    /// Something was done to the cluster; what came of it is not recorded yet.
    fn on_act(&mut self, _act: &Act, _now: Instant) {}
}
