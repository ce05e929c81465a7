//! The Lab: a whole cluster in this tab.

pub mod protocol;
pub mod worker;
mod look;
pub mod layout;
pub mod palette;
pub mod scene;
pub mod painter;
pub mod setup;
pub mod presets;
pub mod standing;
pub mod pace;
pub mod theory_line;
pub mod sentences;
pub mod series;
pub mod state;
pub mod chart;

use yew::prelude::*;

/// Props of [`Lab`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct LabProps {
    /// Is it the place in sight? Otherwise it keeps its state and does nothing.
    pub active: bool,
    /// Is the page dark?
    pub is_dark: bool,
}

/// The Lab.
#[component]
pub fn Lab(_props: &LabProps) -> Html {
    html! {}
}
