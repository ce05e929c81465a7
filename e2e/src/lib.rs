//! The harness of the end-to-end tests: a real browser, real nodes, and guards that end exactly what they started.
//!
//! It drives the product from outside, through the page and the HTTP API, so it links neither the node nor the page.
//! A test reads top-down: start nodes, open the page, act, [`until()`] the world is as it should be, and at the end
//! [`Browser::assert_quiet_console`].
//!
//! `cargo xtask test browser` builds what is under test and tells where it lies ([`settings`]); run by itself, the
//! harness looks in cargo's usual places.

mod browser;
mod child;
mod cluster;
mod driver;
mod files;
pub mod settings;
mod wait;

pub use browser::{Browser, Look, Message, Scheme};
pub use cluster::Cluster;
pub use files::{BundleCopy, FileServer, new_folder};
pub use wait::until;
