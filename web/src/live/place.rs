//! The mount point of the Live place: what the shell hands it.

use crate::ui::{Empty, SourceBar, Tone};
use yew::prelude::*;

/// Props of [`Live`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct LiveProps {
    /// The node to connect to, as the address of the page names it.
    pub node: Option<AttrValue>,
    /// The node that served this page, if one did: `ws://host:port`.
    pub own_node: Option<AttrValue>,
    /// Call with a node's address to make it part of the page's address.
    pub on_node: Callback<AttrValue>,
    /// Is it the place in sight? Otherwise it keeps its state and paints nothing.
    pub active: bool,
    /// Is the page dark?
    pub is_dark: bool,
}

/// The Live place.
#[component]
pub fn Live(_props: &LiveProps) -> Html {
    html! {
        <>
            <SourceBar badge="LIVE" facts="Not connected" status="Not connected" tone={Tone::Still} />
            <Empty title="Not connected" />
        </>
    }
}
