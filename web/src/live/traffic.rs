//! What the observed node sends and receives.

use super::session::Model;
use crate::ui::Panel;
use yew::prelude::*;

/// Props of [`TrafficPanel`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct TrafficProps {
    /// What is known.
    pub model: Model,
    /// Counts the changes of the node's figures.
    pub revision: u64,
    /// Is the place in sight?
    pub active: bool,
    /// Is the page dark?
    pub is_dark: bool,
}

/// The panel.
#[component]
pub(super) fn TrafficPanel(_props: &TrafficProps) -> Html {
    html! { <Panel title="Traffic" testid="live-traffic" class="live-traffic" /> }
}
