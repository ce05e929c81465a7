//! A whole cluster in one thread: real engines on a simulated network, with
//! faults, and with the same outcome for the same scenario every time and on
//! every target.
//!
//! ```
//! use rumormill_sim::{Act, Scenario, Sim};
//! use rumormill_core::{Duration, Instant};
//!
//! let mut sim = Sim::new(Scenario { nodes: 10, seed: 7, ..Scenario::default() }).expect("a valid scenario");
//! sim.run_until(Instant::ZERO + Duration::from_secs(2), u32::MAX);
//! let write = Act::Set { node: 3, key: "color".into(), value: "red".into() };
//! sim.apply(write).expect("node 3 is up");
//! sim.run_until(Instant::ZERO + Duration::from_secs(3), u32::MAX);
//! assert_eq!(sim.informed(), 10);
//! ```
//!
//! A run is a [`Scenario`] plus what the user did in it; [`Sim::recorded`] puts
//! both into one scenario, which is all that it takes to replay or share it.
//!
//! Reading order: what a run is made of ([`scenario`], [`latency`],
//! [`scenarios`]), the machine ([`sim`] and its parts), and what is measured
//! with it ([`theory`], [`spread`], [`steady`], [`failures`], and for the record
//! [`tables`]).
//!
//! Nothing here reads a clock, starts a thread, iterates a hash map, or lets a
//! floating-point number or a `usize` decide what happens.

#![forbid(unsafe_code)]

pub mod latency;
pub mod scenario;
pub mod scenarios;
mod queue;
mod network;
mod clock;
mod host;
mod trace;
mod watch;
pub mod sim;
pub mod checkers;
pub mod swarm;
pub mod shrink;
pub mod theory;
pub mod spread;
pub mod steady;
pub mod failures;
pub mod tables;

pub use checkers::{Checked, Property, Violation, check, check_until_settled};
pub use failures::{FailuresConfig, FailuresResult};
pub use latency::Latency;
pub use scenario::{Act, Network, Scenario, ScenarioError, Start, Timed};
pub use scenarios::trace_hash_of;
pub use sim::{ActError, Carried, InFlight, NodeView, Sim, Step, Totals};
pub use spread::{Spread, SpreadConfig, SpreadResult};
pub use steady::{SteadyConfig, SteadyResult};
pub use watch::{Learned, Watch};
