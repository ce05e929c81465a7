//! What can be done with several nodes at once, above what is said of the one that is inspected.

use super::action::{Action, Form, Turn};
use super::inspector::write_form;
use crate::ui::{Button, ButtonKind, IconName};
use yew::prelude::*;

/// Props of [`Several`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct SeveralProps {
    /// How many are selected.
    pub count: usize,
    /// Their names, as many as there is room for.
    pub names: AttrValue,
    /// The name of the one that is inspected.
    pub inspected: AttrValue,
    /// Which that is.
    pub node: u32,
    /// Is its process paused?
    pub is_paused: bool,
    /// What one writes at them.
    pub form: Form,
    /// Are they of a recording, which can only be looked at?
    pub recorded: bool,
    /// What the user does.
    pub on: Callback<Action>,
}

/// How many are selected, and what can be done with all of them.
#[component]
pub fn Several(props: &SeveralProps) -> Html {
    let on = &props.on;
    let node = props.node;
    let turn = |label: &'static str,
                testid: &'static str,
                shortcut: Option<&'static str>,
                title: &'static str,
                turn: Turn| {
        let shortcut = shortcut.map(AttrValue::from);
        html! { <Button {label} {testid} {shortcut} {title} onclick={on.reform(move |()| Action::ToSelected(turn))} /> }
    };
    let (pause, pause_title) = if props.is_paused {
        ("Resume", "They go on, with all that has waited for them")
    } else {
        ("Pause", "Their processes stand still")
    };
    html! {
        <section class="several" aria-label="All selected nodes" data-testid="several">
            <h3>{ format!("{} nodes selected", props.count) }
                <Button label={format!("Only {}", props.inspected)} kind={ButtonKind::Quiet} testid="only-one"
                    onclick={on.reform(move |()| Action::Select(Some(node)))} /></h3>
            <p class="field-hint" data-testid="several-names">{ &props.names }</p>
            if !props.recorded {
                <div class="buttons">
                    <Button label="Crash all" icon={IconName::Crash} kind={ButtonKind::Danger} testid="all-crash"
                        title="Those that are up stop without a word; they lose their data"
                        onclick={on.reform(|()| Action::ToSelected(Turn::Crash))} />
                    { turn("Restart", "all-restart", None, "Those that are down start again, without their data", Turn::Restart) }
                    { turn("With data", "all-restart-data", Some("r"), "Those that are down start again, with their data", Turn::RestartWithData) }
                    { turn(pause, "all-pause", Some("z"), pause_title, Turn::PauseOrResume) }
                    <Button label="Cut from the rest" shortcut="p" testid="all-cut-off"
                        title="Nothing passes between these and the others" onclick={on.reform(|()| Action::CutOff)} />
                    { turn("Isolate each", "all-isolate", Some("e"), "Nothing passes between any of these and anyone else", Turn::Isolate) }
                    { turn("Leave", "all-leave", Some("q"), "They say goodbye and stop", Turn::Leave) }
                    { turn("Slow down", "all-slow", Some("s"), "They handle everything half a second late", Turn::Slow) }
                    { turn("All well", "all-well", Some("a"), "In time again, their clocks right", Turn::Well) }
                </div>
                { write_form(&props.form, on) }
            }
        </section>
    }
}
