//! The members as a ring on a canvas, with messages of the observed node on their way.

use super::session::Model;
use rumormill_core::NodeId;
use yew::prelude::*;

/// Props of [`RingView`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct RingProps {
    /// What is known.
    pub model: Model,
    /// Counts the changes of the members.
    pub revision: u64,
    /// The page's clock, for ages.
    pub now_ms: u64,
    /// The chosen member.
    pub selected: Option<NodeId>,
    /// A member was chosen, or the choice taken back.
    pub on_select: Callback<Option<NodeId>>,
    /// Is the connection lost?
    pub is_stale: bool,
    /// Is the place in sight?
    pub active: bool,
    /// Is the page dark?
    pub is_dark: bool,
}

/// The ring.
#[component]
pub(super) fn RingView(_props: &RingProps) -> Html {
    html! {}
}
