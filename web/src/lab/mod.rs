//! The Lab: a whole cluster in this tab. First what the worker does, then what the page knows and draws, all of it
//! pure; then the components, which only show it.

pub mod protocol;
mod apart;
pub mod frame;
pub mod paths;
pub mod worker;
mod timeline;
mod run;
pub mod deed;
pub(crate) mod look;
mod look_views;
pub mod record;
pub mod insight;
pub mod why;

pub mod setup;
pub mod handover;
pub mod presets;
pub mod standing;
pub mod sentences;
pub mod series;
pub mod sight;
pub mod scrub;
pub mod action;
pub mod state;
mod intake;
mod selection;
pub mod tool;
pub mod opening;
mod doing;
mod follow;
pub mod views;
pub mod pace;
pub mod keys;
pub mod meter;

pub mod layout;
pub mod layout_rows;
pub mod palette;
pub mod scene;
pub mod hand_scene;
pub mod matrix_scene;
pub mod lanes_scene;
pub mod theory_line;
pub mod chart;
pub mod painter;

pub mod stage;
pub mod setup_panel;
pub mod ring_panel;
mod link_panel;
mod view_options;
pub mod chart_panel;
pub mod inspector;
mod insight_panel;
pub mod node_acts;
pub mod several;
pub mod message_panel;
pub mod events_panel;
pub mod node_table;
pub mod time_bar;
pub mod help;
pub mod tour;
pub mod place;
mod pointing;
mod ticking;
pub mod sharing;
mod markup;

pub use place::{Lab, LabProps};
