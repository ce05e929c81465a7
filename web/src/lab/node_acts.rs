//! What can be done with a node beyond crashing it, cutting it off and writing: its process, its clock, its links to one
//! other node, its keys, its messages under way.

use super::action::{Action, Between, Form};
use super::protocol::{Deed, Detail, NodeState};
use crate::glue::element;
use crate::ui::Button;
use yew::prelude::*;

/// How late a slowed node is.
const SLOW_US: u64 = 500_000;
/// How far a clock is set ahead.
const SKEW_US: i64 = 60_000_000;

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
    let (on, node) = (&props.on, props.detail.node);
    let act = |label: &'static str, testid: &'static str, title: &'static str, action: Action| {
        html! { <Button {label} {testid} {title} onclick={on.reform(move |()| action.clone())} /> }
    };
    if !props.detail.state.is_up() {
        return html! {
            <div class="buttons">
                { act("Restart with data", "node-restart-data", "It goes on with the store that it had",
                    Action::Do(Deed::RestartWithData(node))) }
            </div>
        };
    }
    let pause = if props.detail.state == NodeState::Paused {
        act(
            "Resume",
            "node-resume",
            "It goes on, with all that has waited for it",
            Action::Do(Deed::Resume(node)),
        )
    } else {
        act(
            "Pause",
            "node-pause",
            "Its process stands still: it handles nothing",
            Action::Do(Deed::Pause(node)),
        )
    };
    let other = on.reform(|event: InputEvent| Action::Other(element::value(&event)));
    html! {
        <details class="node-acts" data-testid="node-acts">
            <summary>{ "More to do with it" }</summary>
            <div class="buttons">
                { pause }
                { act("Slow down", "node-slow", "It handles everything half a second late",
                    Action::Do(Deed::Slow { node, delay_us: SLOW_US })) }
                { act("Clock ahead", "node-skew", "Its clock is set a minute ahead",
                    Action::Do(Deed::Skew { node, skew_us: SKEW_US })) }
                { act("All well", "node-well", "In time again, its clock right",
                    Action::Well(node)) }
                { act("Delete key", "delete-key", "Deletes the key that stands in the form", Action::DeleteKey) }
                <Button label="Drop next" shortcut="x" testid="drop-next"
                    title="The next message that it sends or gets is lost" onclick={on.reform(|()| Action::DropNext)} />
            </div>
            <div class="buttons">
                <div class="with-other">
                    <label for="other-node">{ "With node" }</label>
                    <input class="input other-node" id="other-node" inputmode="numeric" value={props.form.other.clone()}
                        oninput={other} autocomplete="off" data-testid="other-node" />
                </div>
                { act("Cut one way", "cut-one-way", "What this node sends never reaches the other; back it does",
                    Action::WithOther(Between::CutOneWay)) }
                { act("Delay link", "delay-link", "Messages between the two take a second",
                    Action::WithOther(Between::Delay)) }
                { act("End delay", "end-delay", "Messages between the two take as long as everywhere",
                    Action::WithOther(Between::EndDelay)) }
                { act("Conflict", "conflict", "Both write one key at once, and both values are kept",
                    Action::WithOther(Between::Conflict)) }
            </div>
        </details>
    }
}
