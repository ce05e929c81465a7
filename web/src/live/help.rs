//! The help: what Live shows, and what the keys do.

use super::shortcuts::HELP;
use crate::ui::{Check, Dialog, key_list};
use yew::prelude::*;

/// Props of [`Help`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct HelpProps {
    /// Do single keys work?
    pub keys: bool,
    /// Let them work, or not.
    pub on_keys: Callback<bool>,
    /// The dialog was closed.
    pub onclose: Callback<()>,
}

/// The help.
#[component]
pub(super) fn Help(props: &HelpProps) -> Html {
    html! {
        <Dialog title="Live" testid="live-help" onclose={props.onclose.clone()}>
            <p>
                { "A real cluster, as one of its nodes sees it. What other members say is asked of them through that node. \
                   Nothing is made up: what is not known says so, and what is old shows its age." }
            </p>
            <p>
                { "Rewind plays what the members remember. What if… simulates a cluster like this one, to be broken without \
                   harm. A write is followed to every member, over what the simulator predicts." }
            </p>
            <h3>{ "Keys" }</h3>
            { key_list(&HELP) }
            <Check label="Single keys work" id="live-keys-on" checked={props.keys} onchange={props.on_keys.clone()} />
        </Dialog>
    }
}
