//! The only place that touches `web-sys` and `js-sys`; what it offers is plain Rust.

mod background;
pub mod scope;
mod listener;
pub mod page;
pub mod element;
pub mod time;
pub mod http;
pub mod canvas;
pub mod device;
pub mod hook;
pub mod files;
pub mod programs;
pub mod socket;

pub use background::{Background, Job, SpawnError};
pub use listener::Listener;
pub use scope::serve;
