//! What happened, as sentences, newest first.

use super::action::Action;
use super::keys::SEARCH_ID;
use super::sentences::{Choice as Topics, Filter, Line, Topic};
use super::standing::seconds;
use crate::glue::element;
use crate::ui::{Check, Choice, Empty, Panel, Segmented};
use std::rc::Rc;
use yew::prelude::*;

/// Most lines shown: what a person scrolls through.
pub const SHOWN_MAX: usize = 120;

/// Props of [`EventsPanel`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct EventsPanelProps {
    /// The lines that the filter takes, newest first.
    pub lines: Rc<Vec<Line>>,
    /// Is there any line at all?
    pub any: bool,
    /// The filter.
    pub filter: Filter,
    /// The name of the selected node.
    pub selected: Option<AttrValue>,
    /// What the user does.
    pub on: Callback<Action>,
}

/// The events.
#[component]
pub fn EventsPanel(props: &EventsPanelProps) -> Html {
    let on = &props.on;
    let words = on.reform(|event: InputEvent| Action::Words(element::value(&event)));
    html! {
        <Panel title="Events" testid="events" class="lab-events">
            <div class="event-filter">
                <Segmented label="Which events" name="event-choice" wide=true
                    choices={vec![Choice::new("highlights", "Highlights"), Choice::new("messages", "Messages"),
                        Choice::new("everything", "All")]}
                    value={props.filter.choice.as_str()}
                    onchange={on.reform(|word: AttrValue| Action::Choice(Topics::parse(&word)))} />
                <label class="sr-only" for={SEARCH_ID}>{ "Search events" }</label>
                <input class="input" type="search" id={SEARCH_ID} data-testid="event-words" placeholder="Search"
                    value={props.filter.words.clone()} oninput={words} autocomplete="off" />
                if let Some(name) = &props.selected {
                    <Check label={format!("Only {name}")} id="only-selected" checked={props.filter.node.is_some()}
                        onchange={on.reform(Action::OnlySelected)} />
                }
            </div>
            <div class="event-scroll" tabindex="0" role="group" aria-label="Events">
                if props.lines.is_empty() {
                    <Empty title={if props.any { "Nothing that the filter takes" } else { "Nothing happened yet" }}>
                        { if props.any { "" } else { "Press Play, or step event by event." } }
                    </Empty>
                } else {
                    <ol class="event-list" data-testid="event-list">{ for props.lines.iter().map(|line| event(line, on)) }</ol>
                }
            </div>
        </Panel>
    }
}

#[inline(never)]
fn event(line: &Line, on: &Callback<Action>) -> Html {
    let inspect = line
        .message
        .clone()
        .map(|(from, number)| on.reform(move |_: MouseEvent| Action::MessageOf(from.clone(), number)));
    html! {
        <li key={line.number} class={classes!("event", topic_class(line.topic))}>
            <span class="event-time num mono">{ seconds(line.at_us) }</span>
            if inspect.is_some() {
                <button type="button" class="event-text event-message" title="Inspect the message" onclick={inspect}>{ &line.text }</button>
            } else {
                <span class="event-text">{ &line.text }</span>
            }
        </li>
    }
}

fn topic_class(topic: Topic) -> &'static str {
    match topic {
        Topic::Change => "event-change",
        Topic::Fault | Topic::Loss => "event-fault",
        Topic::Limit => "event-limit",
        Topic::Member => "event-member",
        Topic::Message | Topic::Link | Topic::Round => "event-plain",
    }
}
