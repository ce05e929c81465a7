//! The Race: the same cluster several times side by side, each gossiping in its own way, on one seed, one fault script
//! and one clock. What a cluster does is the Lab's worker's business; here stand what is compared, what is known of it,
//! and its pictures, all of it pure, and then the components.

pub mod course;
pub mod contest;
pub mod link;
pub mod heat;
pub mod verdict;
pub mod state;

pub mod curves;
pub mod stage;

pub mod setup_panel;
pub mod sharing;
pub mod place;

pub use place::{Race, RaceProps};
