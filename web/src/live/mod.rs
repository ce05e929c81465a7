//! The Live place: a window on a real cluster, through one of its nodes. The pure parts come first: what an address
//! is, when to dial, what is known; then the components that show it. Only `glue` touches the browser.

pub mod address;
pub mod trouble;
pub mod connection;
pub mod rates;
pub mod feed;
pub mod requests;
pub mod state;
mod place;
mod flash;
pub mod knowledge;
pub use place::{Live, LiveProps};
#[cfg(test)]
mod fixtures;
