//! The message that is looked at: from whom to whom, why, what it carries, what became of it.

use super::message::Looked;
use crate::ui::{Button, ButtonKind, Facts, IconName};
use rumormill_core::NodeId;
use yew::prelude::*;

/// Props of [`MessagePanel`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct MessagePanelProps {
    /// The message.
    pub looked: Looked,
    /// Look at this member.
    pub on_select: Callback<Option<NodeId>>,
    /// It has been looked at.
    pub onclose: Callback<()>,
}

/// The message.
#[component]
pub(super) fn MessagePanel(props: &MessagePanelProps) -> Html {
    let message = &props.looked.message;
    let [from, to] = message.ends();
    let facts: Vec<(AttrValue, AttrValue)> =
        props.looked.facts().into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    html! {
        <section class="live-message" aria-label="Message" data-testid="live-message">
            <div class="live-message-head">
                <h3>{ message.kind.as_str() }</h3>
                { end(from, "live-message-from", "Inspect the sender", props) }
                <span aria-label="to">{ "→" }</span>
                { end(to, "live-message-to", "Inspect the receiver", props) }
                <Button label="Close the message" icon={IconName::Close} icon_only=true kind={ButtonKind::Quiet}
                    testid="live-message-close" onclick={props.onclose.clone()} />
            </div>
            <Facts {facts} testid="live-message-facts" />
        </section>
    }
}

/// A member at one end.
fn end(node: Option<&NodeId>, testid: &'static str, title: &'static str, props: &MessagePanelProps) -> Html {
    let Some(node) = node.cloned() else { return html! { <span class="muted">{ "a new link" }</span> } };
    let label = node.to_string();
    let onclick = props.on_select.reform(move |()| Some(node.clone()));
    html! { <Button {label} kind={ButtonKind::Quiet} {testid} {title} {onclick} /> }
}
