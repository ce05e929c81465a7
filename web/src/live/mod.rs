//! The Live place: a window on a real cluster, through one of its nodes. The pure parts come first: what an address
//! is, when to dial, what is known; then the components that show it. Only `glue` touches the browser.

pub mod address;
pub mod link;
pub mod shortcuts;
pub mod trouble;
pub mod connection;
pub mod recents;
pub mod rates;
pub mod feed;
pub mod requests;
pub mod history;
pub mod time;
pub mod measure;
pub mod rewind;
pub mod message;
pub mod holders;
pub mod around;
pub mod state;
mod flash;
pub mod knowledge;
pub mod words;
pub mod chart;
mod session;
mod status;
mod connect_bar;
mod members;
mod figure;
mod picture_scene;
mod picture;
mod lanes;
mod lanes_scene;
mod lanes_view;
mod traffic;
mod write_form;
mod keys;
mod inspector;
mod message_panel;
mod events;
mod beliefs;
mod health;
mod spread_chart;
mod way;
mod spread;
mod what_if;
mod configure;
mod help;
mod export;
pub mod member;
mod place;
mod place_acts;
mod time_bar;
mod sights;
mod layout;
mod sharing;
mod shell;

pub use link::Link;
pub use place::{Live, LiveProps};

#[cfg(test)]
mod fixtures;
