//! The help: what one sees, what the keys do, and the meter.

use super::action::Action;
use super::inspector::state_shape;
use super::keys::HELP;
use super::paths::PathSigns;
use super::protocol::NodeState;
use crate::ui::{Button, Check, Dialog, key_list};
use yew::prelude::*;

/// Props of [`Help`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct HelpProps {
    /// Do single keys work?
    pub keys: bool,
    /// Is the meter in sight?
    pub meter: bool,
    /// What the user does.
    pub on: Callback<Action>,
}

/// The help.
#[component]
pub fn Help(props: &HelpProps) -> Html {
    let on = &props.on;
    html! {
        <Dialog title="The Lab" testid="help" onclose={on.reform(|()| Action::Help(false))}>
            <p>
                { "A whole cluster in this tab: every node runs the same engine as a real one, on a simulated network. \
                   The same setup and seed always play the same." }
            </p>
            { legend(true) }
            { path_legend(PathSigns { cut: true, slow: true }) }
            <h3>{ "Keys" }</h3>
            { key_list(&HELP) }
            <Button label="Show the tour" testid="tour-open" onclick={on.reform(|()| Action::Tour(Some(0)))} />
            <Check label="Single keys work" id="keys-on" checked={props.keys} onchange={on.reform(Action::Keys)} />
            <Check label="Show the meter: the page's own work for each frame" id="meter-on" checked={props.meter}
                onchange={on.reform(|_| Action::Meter)} />
        </Dialog>
    }
}

/// What the shapes in the matrix mean.
pub fn matrix_legend() -> Html {
    html! {
        <ul class="lab-legend" aria-label="What the shapes mean">
            <li>{ state_shape(NodeState::Alive, false) }{ "alive" }</li>
            <li>
                <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" class="shape">
                    <path d="M8 2l6 6l-6 6l-6-6z" fill="var(--suspect)" />
                </svg>
                { "suspect" }
            </li>
            <li>{ state_shape(NodeState::Down, false) }{ "down" }</li>
            <li>{ state_shape(NodeState::Left, false) }{ "left" }</li>
            <li>
                <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" class="shape" fill="none">
                    <path d="M2.5 2.5h11v11h-11z" stroke="var(--suspect)" stroke-width="1.5" />
                </svg>
                { "wrong" }
            </li>
            <li>
                <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" class="shape">
                    <circle cx="8" cy="8" r="5" fill="var(--fresh)" />
                </svg>
                { "has the write" }
            </li>
        </ul>
    }
}

/// What the shapes on the ring mean: all of them, or those that one always meets.
pub fn legend(all: bool) -> Html {
    let node =
        |state, informed, words: &'static str| html! { <li>{ state_shape(state, informed) }{ words }</li> };
    html! {
        <ul class="lab-legend" aria-label="What the shapes mean">
            { node(NodeState::Alive, false, "up") }
            { node(NodeState::Alive, true, "has the latest") }
            { node(NodeState::Down, false, "down") }
            if all {
                { node(NodeState::Joining, false, "joining") }
                { node(NodeState::Left, false, "left") }
                { node(NodeState::Paused, false, "paused") }
            }
            <li>
                <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" class="shape">
                    <path d="M1 8h9" stroke="var(--fresh)" stroke-width="2.5" opacity="0.55" />
                    <circle cx="11" cy="8" r="3.2" fill="var(--fresh)" />
                </svg>
                { "carries state" }
            </li>
            <li>
                <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" class="shape">
                    <circle cx="8" cy="8" r="2.4" fill="var(--talk)" />
                </svg>
                { "other message" }
            </li>
            <li>
                <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" class="shape">
                    <path d="M5 5l6 6M11 5l-6 6" stroke="var(--down)" stroke-width="1.75" />
                </svg>
                { "lost" }
            </li>
        </ul>
    }
}

/// What the lines mean that paths out of order have, as far as such lines are there.
pub fn path_legend(paths: PathSigns) -> Html {
    if paths == PathSigns::default() {
        return Html::default();
    }
    html! {
        <ul class="lab-legend path-legend" aria-label="What the lines mean">
            if paths.cut {
                <li>
                    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" class="shape" fill="none">
                        <path d="M1 8h13" stroke="var(--down)" stroke-width="1.75" stroke-dasharray="3 2" />
                        <path d="M10 4.5l4.5 3.5l-4.5 3.5" stroke="var(--down)" stroke-width="1.75" />
                    </svg>
                    { "cut: the head hears nothing" }
                </li>
            }
            if paths.slow {
                <li>
                    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" class="shape" fill="none">
                        <path d="M1 8h14" stroke="var(--suspect)" stroke-width="1.75" stroke-dasharray="3 2" />
                    </svg>
                    { "slow path" }
                </li>
            }
        </ul>
    }
}
