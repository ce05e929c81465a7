//! The native gossip node: [`Node::builder`] starts one on a tokio runtime and
//! gives back a [`NodeHandle`] to read and write the shared state with.
//!
//! ```
//! use rumormill_node::Node;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let node = Node::builder().name("alpha").listen("127.0.0.1:0").start().await?;
//! node.set("colour", "blue").await?;
//! assert_eq!(node.get("colour").await?, Some("blue".into()));
//! node.leave().await?;
//! node.shutdown().await;
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What a node decides is the core engine's business; this crate gives it a
//! clock and WebSockets, and shows it to people and programs over HTTP. Reading
//! order: the face ([`builder`], [`handle`], [`mod@write`], [`watch`]), what drives the engine
//! (`driver`, [`link`], [`faults`]), what others see of it ([`feed`], `views`,
//! [`http`]), the other end of the HTTP API ([`client`]), and a driver without sockets
//! ([`maelstrom`]).

#![forbid(unsafe_code)]

pub mod builder;
pub mod handle;
pub mod write;
pub mod watch;
pub mod services;
pub mod address;
mod clock;
mod seek;
mod driver;
mod log;
mod timings;
pub mod files;
pub mod faults;
pub mod link;
pub mod feed;
mod views;
pub mod http;
pub mod client;
pub mod circle;
pub mod maelstrom;
pub mod near;

pub use address::{InvalidAddress, join_address};
pub use builder::{LogControl, Node, NodeBuilder, StartError};
pub use driver::Ending;
pub use faults::Faults;
pub use handle::{JoinError, LogError, NodeHandle, Stopped, TuneError};
pub use services::PublishError;
pub use watch::{MemberEvents, Watch};
pub use write::{Change, ChangeError, Condition, Written};

/// What the handle gives and tells: the same types that the HTTP API speaks.
pub use rumormill_api::{EntryView, MemberEvent, MemberView, StatusView, WatchEvent};
/// What a node is tuned with.
pub use rumormill_core::{Kind, LimiterConfig, Mode, NodeId, Status, Strategy, Tuning};
