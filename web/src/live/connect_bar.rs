//! The row in which the user says through which node to look: an address, the members to switch to, and the end. It
//! passes on what was typed and judges nothing.

use crate::{
    glue::element,
    ui::{Button, ButtonKind, IconName},
};
use rumormill_core::NodeId;
use yew::prelude::*;

/// Props of [`ConnectBar`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct ConnectBarProps {
    /// What the address field holds.
    pub typed: String,
    /// What is wrong with it.
    pub error: Option<AttrValue>,
    /// Addresses that were connected to lately.
    pub recents: Vec<String>,
    /// Members that can be looked through, and their addresses.
    pub members: Vec<(NodeId, AttrValue)>,
    /// The node whose view is shown.
    pub seen_through: Option<NodeId>,
    /// Is a connection wanted?
    pub is_wanted: bool,
    /// Does the field name the node to which there is a connection?
    pub is_present: bool,
    /// The field changed.
    pub on_typed: Callback<String>,
    /// Connect to what the field holds.
    pub on_connect: Callback<()>,
    /// Connect to a member's address.
    pub on_connect_to: Callback<String>,
    /// End the connection.
    pub on_disconnect: Callback<()>,
}

/// The row.
#[component]
pub(super) fn ConnectBar(props: &ConnectBarProps) -> Html {
    let onsubmit = props.on_connect.reform(|event: SubmitEvent| event.prevent_default());
    let oninput = props.on_typed.reform(|event: InputEvent| element::value(&event));
    let is_wrong = props.error.is_some();
    html! {
        <form class="connect" {onsubmit} novalidate=true aria-label="Connection">
            <div class="connect-field">
                <label class="connect-label" for="live-address">{ "Node" }</label>
                <input class="input mono" id="live-address" data-testid="live-address" type="text" inputmode="url"
                    list="live-recents" autocomplete="off" autocapitalize="off" spellcheck="false"
                    placeholder="127.0.0.1:7700" value={props.typed.clone()} {oninput}
                    aria-invalid={is_wrong.then_some("true")}
                    aria-describedby={is_wrong.then_some("live-address-error")} />
                <datalist id="live-recents" data-testid="live-recents">
                    { for props.recents.iter().map(|label| html! { <option key={label.clone()} value={label.clone()} /> }) }
                </datalist>
            </div>
            <Button label="Connect" icon={IconName::Link} submits=true testid="live-connect"
                kind={if props.is_present { ButtonKind::Plain } else { ButtonKind::Primary }} />
            if props.is_wanted {
                <Button label="Disconnect" kind={ButtonKind::Plain} testid="live-disconnect"
                    onclick={props.on_disconnect.clone()} />
            }
            if !props.members.is_empty() {
                { see_through(props) }
            }
            if let Some(error) = &props.error {
                <p class="field-error connect-error" id="live-address-error" role="alert"
                    data-testid="live-address-error">{ error }</p>
            }
        </form>
    }
}

fn see_through(props: &ConnectBarProps) -> Html {
    let onchange = props.on_connect_to.reform(|event: Event| element::value(&event));
    let is_known = props.members.iter().any(|(id, _)| Some(id) == props.seen_through.as_ref());
    let option = |(id, address): &(NodeId, AttrValue)| {
        let is_chosen = Some(id) == props.seen_through.as_ref();
        html! { <option key={id.to_string()} value={address.clone()} selected={is_chosen}>{ id.to_string() }</option> }
    };
    html! {
        <div class="connect-through">
            <label class="connect-label" for="live-through">{ "See through" }</label>
            <select class="input" id="live-through" data-testid="live-through" {onchange}>
                if !is_known {
                    <option value="" selected=true disabled=true>{ "another member" }</option>
                }
                { for props.members.iter().map(option) }
            </select>
        </div>
    }
}
