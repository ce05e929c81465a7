//! One node from the inside: what can be done with it, its store, what it believes of the others, its limiter and
//! links.

use super::action::{Action, Form};
use super::insight_panel;
use super::node_acts::NodeActs;
use super::protocol::{
    Deed, Detail, EntryLine, Hop, Inside, MEMBERS_SHOWN_MAX, MemberLine, MessageLine, NodeState,
};
use super::setup::group;
use super::several::Several;
use super::standing::{bytes, hops as hop_count, seconds, took};
use crate::glue::element;
use crate::replay::told::told;
use crate::ui::{Badge, Button, ButtonKind, Check, Column, Empty, Facts, IconName, Panel, Table, Tone};
use rumormill_core::{LimiterConfig, Status};
use std::rc::Rc;
use yew::prelude::*;

/// Props of [`Inspector`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct InspectorProps {
    /// The inspected node.
    pub detail: Option<Rc<Detail>>,
    /// How many nodes are selected, and their names, if there are several.
    pub several: Option<(usize, AttrValue)>,
    /// What one writes at it.
    pub form: Form,
    /// Do the views show what it believes?
    pub beliefs: bool,
    /// When the latest write was.
    pub since_us: Option<u64>,
    /// The moment.
    pub now_us: u64,
    /// Is it a recording, which can only be looked at?
    pub recorded: bool,
    /// What the user does.
    pub on: Callback<Action>,
}

/// The inspector.
#[component]
pub fn Inspector(props: &InspectorProps) -> Html {
    if let Some(detail) = props.detail.as_deref() {
        return selected(props, detail);
    }
    html! {
        <Panel title="Inspector" testid="inspector" class="lab-node">
            <Empty title="No node selected">
                { "Click a node, or focus the picture and use the arrow keys, to see what it holds and believes. Click a message \
                   under way to see why it was sent." }
            </Empty>
        </Panel>
    }
}

#[inline(never)]
fn selected(props: &InspectorProps, detail: &Detail) -> Html {
    let close = html! {
        <>
            <Badge text={state_word(detail.state)} tone={state_tone(detail.state)} testid="node-state" />
            <Button label="Close" icon={IconName::Close} icon_only=true kind={ButtonKind::Quiet} testid="node-close"
                onclick={props.on.reform(|()| Action::Select(None))} />
        </>
    };
    html! {
        <Panel title={format!("Node {}", detail.id)} testid="inspector" actions={close} scrolls=true class="lab-node">
            <div class="stack">
                if let Some((count, names)) = &props.several {
                    <Several count={*count} names={names.clone()} inspected={detail.id.to_string()} node={detail.node}
                        is_paused={detail.state == NodeState::Paused} form={props.form.clone()} recorded={props.recorded} on={props.on.clone()} />
                } else if !props.recorded {
                    { acts(props, detail) }
                    <NodeActs detail={detail.clone()} form={props.form.clone()} on={props.on.clone()} />
                }
                { trouble(detail) }
                { knowledge(props, detail) }
                if let (true, Some(inside)) = (props.recorded, &detail.inside) {
                    { told(detail, inside, belief_choice(props)) }
                } else if props.recorded {
                    <Empty title="Not recorded">{ "The file has no events of this node: what is shown of it is what others heard and believed." }</Empty>
                } else if let Some(inside) = &detail.inside {
                    { within(props, detail, inside) }
                } else {
                    <Empty title="It is not running">{ "Its store and beliefs went with it. Restart it to see it join again." }</Empty>
                }
                { insight_panel::around(&detail.around, props.now_us, &props.on) }
            </div>
        </Panel>
    }
}

#[inline(never)]
fn acts(props: &InspectorProps, detail: &Detail) -> Html {
    let on = &props.on;
    let node = detail.node;
    if !detail.state.is_up() {
        return html! {
            <div class="buttons">
                <Button label="Restart" icon={IconName::Restart} kind={ButtonKind::Primary} shortcut="k"
                    testid="node-restart" onclick={on.reform(move |()| Action::Do(Deed::Restart(node)))} />
            </div>
        };
    }
    html! {
        <>
            <div class="buttons">
                <Button label="Crash" icon={IconName::Crash} kind={ButtonKind::Danger} shortcut="k" testid="node-crash"
                    title="Stop it without a word; it loses its data" onclick={on.reform(move |()| Action::Do(Deed::Crash(node)))} />
                <Button label="Cut off" icon={IconName::Cut} shortcut="p" testid="node-cut-off"
                    title="Nothing passes between it and the others" onclick={on.reform(|()| Action::CutOff)} />
                <Button label="Leave" shortcut="q" testid="node-leave" title="It says goodbye and stops"
                    onclick={on.reform(move |()| Action::Do(Deed::Leave(node)))} />
            </div>
            { write_form(&props.form, on) }
        </>
    }
}

/// The form with which one writes at whoever is selected.
#[inline(never)]
pub(super) fn write_form(form: &Form, on: &Callback<Action>) -> Html {
    let submit = on.reform(|event: SubmitEvent| {
        event.prevent_default();
        Action::Write
    });
    let key = on.reform(|event: InputEvent| Action::Key(element::value(&event)));
    let value = on.reform(|event: InputEvent| Action::Value(element::value(&event)));
    let counter = on.reform(|event: InputEvent| Action::Counter(element::value(&event)));
    html! {
        <form class="write-form" onsubmit={submit}>
            <label class="sr-only" for="write-key">{ "Key" }</label>
            <input class="input" id="write-key" data-testid="write-key" value={form.key.clone()} oninput={key}
                autocomplete="off" spellcheck="false" />
            <span aria-hidden="true">{ "=" }</span>
            <label class="sr-only" for="write-value">{ "Value" }</label>
            <input class="input" id="write-value" data-testid="write-value" value={form.value.clone()}
                oninput={value} autocomplete="off" spellcheck="false" />
            <Button label="Write" icon={IconName::Write} shortcut="w" testid="write" submits=true />
            <label class="sr-only" for="counter-key">{ "Counter" }</label>
            <input class="input counter-key" id="counter-key" data-testid="counter-key"
                value={form.counter.clone()} oninput={counter} autocomplete="off" spellcheck="false" />
            <Button label="Add 1" icon={IconName::Plus} shortcut="i" testid="increment"
                onclick={on.reform(|()| Action::Increment)} />
        </form>
    }
}

/// What is wrong with its process, its clock and its paths, if anything is.
fn trouble(detail: &Detail) -> Html {
    let facts = detail.trouble.facts();
    if facts.is_empty() {
        return Html::default();
    }
    let facts: Vec<(AttrValue, AttrValue)> =
        facts.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    html! {
        <section class="trouble" aria-label="What is wrong with it">
            <Facts testid="node-trouble" {facts} />
        </section>
    }
}

/// Whether it has the write: on which way it came, or why it has not and what will bring it.
#[inline(never)]
fn knowledge(props: &InspectorProps, detail: &Detail) -> Html {
    html! {
        <div class="knowledge">
            <p class="field-hint" data-testid="node-news">{ news(detail, props.since_us) }</p>
            if let Some(why) = &detail.why {
                <p class="why" data-testid="why"><b>{ "Why not yet? " }</b>{ &why.because }</p>
                <p class="why" data-testid="why-next"><b>{ "What brings it: " }</b>{ &why.next }</p>
            }
            if !detail.path.is_empty() {
                <details class="path" data-testid="path">
                    <summary>{ "The way it came" }</summary>
                    <ol>{ for detail.path.iter().map(|hop| html! { <li>{ hop_words(hop) }</li> }) }</ol>
                </details>
            }
        </div>
    }
}

#[inline(never)]
fn hop_words(hop: &Hop) -> String {
    let how =
        hop.by.map_or_else(String::new, |(kind, cause)| format!(": {kind}, because {}", cause.as_str()));
    format!("{} → {}, {}{how}", hop.from, hop.to, seconds(hop.at_us))
}

/// What a message carries, as a list.
#[inline(never)]
pub(super) fn carried_words(line: &MessageLine, recorded: bool) -> Html {
    if !line.flight.payload {
        return html! { <p class="field-hint">{ "No state: a message of this kind only asks, answers or tells of members." }</p> };
    }
    if line.carried.is_empty() {
        let words = match line.writes {
            count if recorded => {
                format!("Writes: {}. What they say is not in a trace.", group(u64::from(count)))
            }
            0 => "Nothing new: the receiver has it all.".to_owned(),
            1 => "1 write. What it said is not kept any more.".to_owned(),
            more => format!("{} writes. What they said is not kept any more.", group(u64::from(more))),
        };
        return html! { <p class="field-hint" data-testid="carried">{ words }</p> };
    }
    let more = line.writes.saturating_sub(line.carried.len() as u32);
    html! {
        <ul class="carried" data-testid="carried">
            { for line.carried.iter().map(|(key, what)| html! { <li><b>{ key }</b>{ " " }<span class="mono">{ what }</span></li> }) }
            if more > 0 {
                <li class="muted">{ format!("and {more} more, or superseded ones") }</li>
            }
        </ul>
    }
}

/// How it learned of the write.
fn news(detail: &Detail, since_us: Option<u64>) -> String {
    match (detail.learned, since_us) {
        (Some((_, 0)), Some(_)) => "The write was made here.".to_owned(),
        (Some((at_us, hops)), Some(since)) => {
            format!("Learned the write {} over {}.", took(at_us.saturating_sub(since)), hop_count(hops))
        }
        (None, Some(_)) if detail.inside.is_some() => "Does not have the write yet.".to_owned(),
        (None, Some(_)) => "Does not have the write.".to_owned(),
        (_, None) => "Nothing has been written yet.".to_owned(),
    }
}

#[inline(never)]
fn within(props: &InspectorProps, detail: &Detail, inside: &Inside) -> Html {
    let total: u32 = inside.believed.iter().sum();
    let shown = inside.members.len();
    html! {
        <>
            <section aria-label="Store">
                <h3>{ "Store" }<span class="muted num">{ writes_seen(inside.version) }</span></h3>
                { store(inside) }
            </section>
            <section aria-label="Members">
                <h3>{ "Members, as it believes" }
                    <span class="muted num" data-testid="believed">{ believed_words(inside) }</span></h3>
                { belief_choice(props) }
                <div class="table-frame members-frame" tabindex="0" role="region" aria-label="Members, as it believes">
                    <Table caption={format!("Members as {} believes", detail.id)} testid="members"
                        columns={vec![Column::text("Node"), Column::text("Status"), Column::text("Link")]}>
                        { for inside.members.iter().map(|member| member_row(member, &detail.id)) }
                    </Table>
                </div>
                if shown == MEMBERS_SHOWN_MAX && total as usize > shown {
                    <p class="field-hint">{ format!("The first {shown} of {total}, those not alive first.") }</p>
                }
            </section>
            if let Some(timers) = &inside.timers {
                { insight_panel::timers(timers) }
            }
            <section aria-label="Limiter and links">
                <h3>{ "Limiter and links" }</h3>
                <Facts testid="node-facts" facts={facts(inside)} />
            </section>
        </>
    }
}

fn belief_choice(props: &InspectorProps) -> Html {
    html! {
        <Check label="Colour all views by what it believes" id="beliefs" checked={props.beliefs}
            onchange={props.on.reform(Action::Beliefs)} />
    }
}

fn writes_seen(count: u64) -> String {
    if count == 1 { "1 write seen".to_owned() } else { format!("{} writes seen", group(count)) }
}

#[inline(never)]
fn store(inside: &Inside) -> Html {
    if inside.entries.is_empty() {
        return html! { <p class="field-hint">{ "Empty. Write something above: it will be here at once and elsewhere as it spreads." }</p> };
    }
    let row = |entry: &EntryLine| {
        let by = match (&entry.author, entry.is_counter) {
            (Some(author), _) => author.to_string(),
            (None, true) => "counter".to_owned(),
            (None, false) => String::new(),
        };
        html! {
            <tr key={format!("{}{}", entry.key, entry.is_counter)}>
                <td class="mono">{ &entry.key }</td><td class="mono value">{ &entry.value }</td><td class="muted">{ by }</td>
            </tr>
        }
    };
    html! {
        <>
            <Table caption="Entries of its store" testid="store"
                columns={vec![Column::text("Key"), Column::text("Value"), Column::text("By")]}>
                { for inside.entries.iter().map(row) }
            </Table>
            if inside.entries_unseen > 0 {
                <p class="field-hint">{ format!("and {} more", inside.entries_unseen) }</p>
            }
        </>
    }
}

pub(crate) fn member_row(member: &MemberLine, own: &rumormill_core::NodeId) -> Html {
    let (tone, word) = match member.status {
        Status::Alive => (Tone::Good, "alive"),
        Status::Joining => (Tone::Busy, "joining"),
        Status::Suspect => (Tone::Bad, "suspect"),
        Status::Down => (Tone::Bad, "down"),
        Status::Leaving => (Tone::Still, "leaving"),
        Status::Left => (Tone::Still, "left"),
    };
    let link = match (member.id == *own, member.linked, member.silent_us) {
        (true, ..) => "itself".to_owned(),
        (_, _, Some(us)) => format!("silent for {}", seconds(us)),
        (_, true, None) => "linked".to_owned(),
        _ => String::new(),
    };
    html! {
        <tr key={member.id.as_str().to_owned()}>
            <td class="mono">{ member.id.as_str() }</td>
            <td><span class={classes!("status-word", tone.class())}>{ word }</span></td>
            <td class="muted num">{ link }</td>
        </tr>
    }
}

pub(crate) fn believed_words(inside: &Inside) -> String {
    let names = ["alive", "joining", "suspect", "down", "leaving", "left"];
    let parts = inside.believed.iter().zip(names).filter(|(count, _)| **count > 0);
    parts.map(|(count, name)| format!("{} {name}", group(u64::from(*count)))).collect::<Vec<_>>().join(", ")
}

#[inline(never)]
fn facts(inside: &Inside) -> Vec<(AttrValue, AttrValue)> {
    let tokens = match (inside.tokens, inside.limiter) {
        (None, _) | (_, LimiterConfig::Unlimited) => "unlimited".to_owned(),
        (Some(left), LimiterConfig::Bucket { capacity, refill_per_s, .. }) => {
            format!("{left} of {capacity}, {refill_per_s} come back each second")
        }
        (Some(left), LimiterConfig::Window { tokens, period_us, .. }) => {
            format!("{left} of {tokens}, set back every {period_us}")
        }
    };
    let owed = match inside.owed {
        0 => "nobody".to_owned(),
        1 => "1 member".to_owned(),
        more => format!("{more} members"),
    };
    let fact = |name: &'static str, value: String| (AttrValue::from(name), AttrValue::from(value));
    vec![
        fact("Tokens", tokens),
        fact("Denied sends", group(inside.denials)),
        fact("Owes something to", owed),
        fact("Links", format!("{} open, {} in all", inside.linked.len(), inside.links)),
        fact("Rounds", group(inside.rounds)),
        fact("Sent", format!("{} messages, {}", group(inside.messages[0]), bytes(inside.bytes[0]))),
        fact("Received", format!("{} messages, {}", group(inside.messages[1]), bytes(inside.bytes[1]))),
        fact("State hash", format!("{:016x}", inside.hash)),
    ]
}

/// The state in a word, for a badge.
pub fn state_word(state: NodeState) -> &'static str {
    match state {
        NodeState::Alive => "UP",
        NodeState::Joining => "JOINING",
        NodeState::Down => "DOWN",
        NodeState::Left => "LEFT",
        NodeState::Paused => "PAUSED",
    }
}

/// The state's tone.
pub fn state_tone(state: NodeState) -> Tone {
    match state {
        NodeState::Alive => Tone::Good,
        NodeState::Joining => Tone::Busy,
        NodeState::Down => Tone::Bad,
        NodeState::Left => Tone::Still,
        NodeState::Paused => Tone::Warn,
    }
}

/// What is believed of a node, with the shape that it has on the picture.
#[inline(never)]
pub(super) fn belief_cell(believed: Option<Status>) -> Html {
    let (shape, word) = match believed {
        Some(Status::Alive) => (state_shape(NodeState::Alive, false), "alive"),
        Some(Status::Joining) => (state_shape(NodeState::Joining, false), "joining"),
        Some(Status::Suspect) => (
            html! {
                <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" class="shape">
                    <path d="M8 2l6 6l-6 6l-6-6z" fill="var(--suspect)" />
                </svg>
            },
            "suspect",
        ),
        Some(Status::Down) => (state_shape(NodeState::Down, false), "down"),
        Some(Status::Leaving) => (state_shape(NodeState::Left, false), "leaving"),
        Some(Status::Left) => (state_shape(NodeState::Left, false), "left"),
        None => (Html::default(), "unknown"),
    };
    html! { <span class="state-cell">{ shape }{ word }</span> }
}

/// A small picture of a node's state, the same shape as on the ring.
pub fn state_shape(state: NodeState, informed: bool) -> Html {
    html! {
        <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" class="shape" fill="none" stroke-width="2">
            { match (state, informed) {
                (NodeState::Down, _) => html! { <path d="M4 4l8 8M12 4l-8 8" stroke="var(--down)" stroke-width="2.5" /> },
                (NodeState::Left, _) => html! { <circle cx="8" cy="8" r="4.5" stroke="var(--left)" /> },
                (NodeState::Paused, _) => html! { <path d="M5.4 3v10M10.6 3v10" stroke="var(--alive)" stroke-width="3" /> },
                (_, true) => html! { <><circle cx="8" cy="8" r="6.5" stroke="var(--fresh)" stroke-width="1.5" /><circle cx="8" cy="8" r="3.8" fill="var(--fresh)" /></> },
                (NodeState::Joining, _) => html! { <circle cx="8" cy="8" r="5" stroke="var(--alive)" stroke-dasharray="3 2.5" /> },
                (NodeState::Alive, _) => html! { <circle cx="8" cy="8" r="5.5" fill="var(--alive)" /> },
            } }
        </svg>
    }
}
