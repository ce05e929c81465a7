//! The gossip engine, as a state machine that performs no input or output.
//!
//! A driver (a native node, a browser worker, a simulator) owns the clock and
//! the wires. It hands what happened to [`Engine::handle`], performs what
//! [`Engine::poll`] returns, and comes back no later than [`Engine::deadline`]:
//!
//! ```
//! use rumormill_core::{Engine, EngineConfig, Input, Instant, NodeId, Output, Store};
//!
//! let id = NodeId::new("alpha").expect("a valid name");
//! let now = Instant::from_micros(1_000_000);
//! let config = EngineConfig::new("demo", id.clone());
//! let mut engine = Engine::new(config, Store::new(id, 1), 42, now).expect("a valid configuration");
//!
//! engine.handle(Input::Timeout, now);
//! while let Some(output) = engine.poll() {
//!     match output {
//!         Output::Dial { .. } | Output::Send { .. } | Output::Close { .. } => { /* the network */ }
//!         Output::Event(event) => drop(event), // logs, watchers, traces
//!     }
//! }
//! let sleep_until = engine.deadline();
//! assert!(sleep_until.is_some());
//! ```
//!
//! Reading order: the vocabulary ([`time`], [`id`], [`version`], [`hlc`]), what
//! is shared ([`state`], [`services`], [`members`]), how it travels ([`tree`],
//! [`overlay`], [`limiter`], [`wire`]), and the machine that joins them
//! ([`engine`]).

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod time;
pub mod id;
pub mod hash;
mod shared;
pub mod sort;
pub mod ordered;
pub mod rng;
pub mod version;
pub mod hlc;
pub mod state;
pub mod services;
pub mod members;
pub mod tree;
pub mod overlay;
pub mod limiter;
pub mod config;
pub mod wire;
pub mod event;
pub mod engine;

pub use config::{ConfigError, EngineConfig, FirstRound, Mode, Strategy, Tuning};
pub use engine::{Engine, Input, LeaveError, Output};
pub use event::{Cause, Event, TraceEvent, TraceRecord};
pub use hlc::Hlc;
pub use id::{Address, Incarnation, LinkId, NodeId, Writer};
pub use limiter::{Limiter, LimiterConfig};
pub use members::{Member, Members, Status};
pub use services::{Health, InvalidService, Service, Services};
pub use state::store::{Kind, Store, Value};
pub use state::text::Text;
pub use state::{Comparison, State};
pub use time::{Duration, Instant};
pub use version::VersionVector;
pub use wire::{CloseCode, Codec, MessageKind};
