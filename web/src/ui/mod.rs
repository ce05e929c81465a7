//! The base components that both places are built from: typed props in, markup with the classes of
//! `web/style/components.css` out. They know nothing of gossip.

mod button;
mod panel;
mod field;
mod badge;
mod table;
mod segmented;
mod notice;
mod dialog;
mod keys;
mod icon;

pub use badge::{Badge, Chip, SourceBar, Tone};
pub use button::{Button, ButtonKind};
pub use dialog::Dialog;
pub use field::{Check, Field, NumberField, SelectField, SliderField, TextField};
pub use icon::{Icon, IconName};
pub use keys::key_list;
pub use notice::{Announcer, Empty, Notice};
pub use panel::Panel;
pub use segmented::{Choice, Segmented};
pub use table::{Column, Facts, Table};
