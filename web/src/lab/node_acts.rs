//! What can be done with a node beyond crashing it, cutting it off and writing: its process, its clock, its links to one
//! other node, its keys, its messages under way.

use super::action::{Action, Between, Form, Turn};
use super::keys::OTHER_ID;
use super::protocol::{Detail, NodeState};
use crate::glue::element;
use crate::ui::{Button, ButtonKind};
use yew::prelude::*;

/// Props of [`NodeActs`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct NodeActsProps {
    /// The node.
    pub detail: Detail,
    /// The form, for the key and the other node.
    pub form: Form,
    /// What the user does.
    pub on: Callback<Action>,
}

/// The further acts, folded away.
#[component]
pub fn NodeActs(props: &NodeActsProps) -> Html {
    let on = &props.on;
    let act = |label: &'static str,
               testid: &'static str,
               shortcut: &'static str,
               title: &'static str,
               action: Action| {
        html! { <Button {label} {testid} {shortcut} {title} onclick={on.reform(move |()| action.clone())} /> }
    };
    let turn =
        |label, testid, shortcut, title, turn| act(label, testid, shortcut, title, Action::ToSelected(turn));
    if !props.detail.state.is_up() {
        return html! {
            <div class="buttons">
                { turn("Restart with data", "node-restart-data", "r", "It goes on with the store that it had",
                    Turn::RestartWithData) }
            </div>
        };
    }
    let (label, testid, title) = if props.detail.state == NodeState::Paused {
        ("Resume", "node-resume", "It goes on, with all that has waited for it")
    } else {
        ("Pause", "node-pause", "Its process stands still: it handles nothing")
    };
    html! {
        <details class="node-acts" data-testid="node-acts">
            <summary>{ "More to do with it" }</summary>
            <div class="buttons">
                { turn(label, testid, "z", title, Turn::PauseOrResume) }
                { turn("Slow down", "node-slow", "s", "It handles everything half a second late", Turn::Slow) }
                { turn("Clock ahead", "node-skew", "t", "Its clock is set a minute ahead", Turn::ClockAhead) }
                { turn("All well", "node-well", "a", "In time again, its clock right", Turn::Well) }
                { act("Delete key", "delete-key", "d", "Deletes the key that stands in the form", Action::DeleteKey) }
                { act("Drop next", "drop-next", "x", "The next message that it sends or gets is lost", Action::DropNext) }
            </div>
            { with_other(props) }
        </details>
    }
}

/// What can be done to it and another node. Whoever asked for one of these by its key has only to name that node.
fn with_other(props: &NodeActsProps) -> Html {
    let on = &props.on;
    let asked = props.form.between;
    let act = |label: &'static str,
               testid: &'static str,
               shortcut: &'static str,
               title: &'static str,
               what: Between| {
        let kind = if asked == Some(what) { ButtonKind::Primary } else { ButtonKind::Plain };
        html! { <Button {label} {testid} {shortcut} {title} {kind} onclick={on.reform(move |()| Action::WithOther(what))} /> }
    };
    let other = on.reform(|event: InputEvent| Action::Other(element::value(&event)));
    let named = on.reform(|event: SubmitEvent| {
        event.prevent_default();
        Action::OtherNamed
    });
    html! {
        <form class="buttons" onsubmit={named}>
            <div class="with-other">
                <label for={OTHER_ID}>{ "With node" }</label>
                <input class="input other-node" id={OTHER_ID} inputmode="numeric" value={props.form.other.clone()}
                    oninput={other} autocomplete="off" data-testid="other-node" />
                if asked.is_some() {
                    <span class="muted" role="status" data-testid="other-asked">{ "Which? Then Enter." }</span>
                }
            </div>
            { act("Cut one way", "cut-one-way", "o", "What this node sends never reaches the other; back it does",
                Between::CutOneWay) }
            { act("Delay link", "delay-link", "l", "Messages between the two take a second", Between::Delay) }
            { act("End delay", "end-delay", "L", "Messages between the two take as long as everywhere", Between::EndDelay) }
            { act("Conflict", "conflict", "v", "Both write one key at once, and both values are kept", Between::Conflict) }
        </form>
    }
}
