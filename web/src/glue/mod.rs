//! The only place that touches `web-sys` and `js-sys`; what it offers is plain Rust.

mod background;
mod scope;

pub use background::{Background, SpawnError};
pub use scope::serve;
