//! The entries of the observed node's store: keys, values, who wrote them and when, and the ways to change them. It
//! shows what the node says; a value only changes here once the node says so.

use super::{
    session::Model,
    state::{SeenEntry, View},
    words,
    write_form::{Draft, WriteForm},
};
use crate::{
    glue::element,
    ui::{Badge, Button, ButtonKind, Column, Empty, IconName, Panel, Table, Tone},
};
use rumormill_api::{Ask, EntryView};
use rumormill_core::Kind;
use yew::prelude::*;

/// Most rows; a longer list wants a narrower prefix.
const ROWS_MAX: usize = 200;

/// Most elements or conflicting values with an act of their own.
const PARTS_MAX: usize = 12;

/// How long a changed entry is marked, in milliseconds.
const FRESH_FOR_MS: u64 = 2_000;

/// Props of [`KeysPanel`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct KeysProps {
    /// What is known.
    pub model: Model,
    /// Counts the changes of the entries and of the requests.
    pub revision: (u64, u64),
    /// The page's clock, for ages.
    pub now_ms: u64,
    /// Is there a connection to write through?
    pub can_write: bool,
    /// Ask the node to write.
    pub on_ask: Callback<Ask>,
    /// The key of which it is shown who has what stands there.
    pub sought: Option<String>,
    /// Show that of another key, or of none.
    pub on_seek: Callback<Option<String>>,
}

/// The panel.
#[component]
pub(super) fn KeysPanel(props: &KeysProps) -> Html {
    let prefix = use_state(String::new);
    let draft = use_state(Draft::default);
    let view = props.model.view.borrow();
    let oninput = {
        let prefix = prefix.clone();
        Callback::from(move |event: InputEvent| prefix.set(element::value(&event)))
    };
    let on_draft = {
        let draft = draft.clone();
        Callback::from(move |new: Draft| draft.set(new))
    };
    let filter = html! {
        <input class="input panel-filter mono" type="search" placeholder="Prefix" aria-label="Only keys that begin with"
            value={(*prefix).clone()} {oninput} data-testid="live-prefix" autocomplete="off" spellcheck="false" />
    };
    html! {
        <Panel title="Keys and counters" testid="live-keys" class="live-keys" actions={filter}>
            <WriteForm model={props.model.clone()} revision={props.revision.1} draft={(*draft).clone()}
                on_draft={on_draft.clone()} can_write={props.can_write} on_ask={props.on_ask.clone()} />
            <div class="live-keys-list" tabindex="0" role="region" aria-label="Entries">
                { entries(&view, &prefix, props, &on_draft) }
            </div>
        </Panel>
    }
}

fn entries(view: &View, prefix: &str, props: &KeysProps, on_draft: &Callback<Draft>) -> Html {
    if view.entries.is_empty() {
        return html! {
            <Empty title="No keys yet"><p>{ "Set one above: it spreads to every member." }</p></Empty>
        };
    }
    let mut matching = view
        .entries
        .range((prefix.to_owned(), Kind::Register)..)
        .take_while(|((key, _), _)| key.starts_with(prefix))
        .map(|(_, entry)| entry);
    let shown: Vec<_> = matching.by_ref().take(ROWS_MAX).collect();
    let left_out = matching.count();
    if shown.is_empty() {
        let title = format!("No key begins with “{prefix}”");
        return html! { <Empty {title}><p>{ "Shorten the prefix to see more." }</p></Empty> };
    }
    let columns = vec![Column::text("Key"), Column::text("Value"), Column::text("Acts")];
    html! {
        <>
            <Table caption="Keys and counters" {columns} testid="live-entries">
                { for shown.into_iter().map(|entry| entry_row(entry, view, props, on_draft)) }
            </Table>
            if left_out > 0 {
                <p class="muted">{ format!("and {} more: type a longer prefix", words::counted(left_out, "key", "keys")) }</p>
            }
        </>
    }
}

fn entry_row(entry: &SeenEntry, view: &View, props: &KeysProps, on_draft: &Callback<Draft>) -> Html {
    let seen = &entry.view;
    let text = words::value(&seen.value);
    let is_fresh =
        entry.changed_ms.is_some_and(|changed| props.now_ms.saturating_sub(changed) < FRESH_FOR_MS);
    let act = match seen.kind {
        Kind::Counter => {
            let ask = Ask::Increment { key: seen.key.clone(), by: 1 };
            let onclick = props.on_ask.reform(move |()| ask.clone());
            html! {
                <Button label={format!("Add 1 to {}", seen.key)} icon={IconName::Plus} icon_only=true
                    kind={ButtonKind::Quiet} disabled={!props.can_write} {onclick}
                    testid={format!("live-add-{}", seen.key)} />
            }
        }
        Kind::Register => {
            let draft = Draft::Set { key: seen.key.clone(), value: editable(&seen.value) };
            let onclick = on_draft.reform(move |()| draft.clone());
            html! {
                <Button label={format!("Edit {}", seen.key)} icon={IconName::Write} icon_only=true
                    kind={ButtonKind::Quiet} disabled={!props.can_write} {onclick}
                    testid={format!("live-edit-{}", seen.key)} />
            }
        }
        Kind::Set => {
            let draft = Draft::Insert { key: seen.key.clone(), element: String::new() };
            let onclick = on_draft.reform(move |()| draft.clone());
            html! {
                <Button label={format!("Put something into {}", seen.key)} icon={IconName::Plus} icon_only=true
                    kind={ButtonKind::Quiet} disabled={!props.can_write} {onclick}
                    testid={format!("live-insert-{}", seen.key)} />
            }
        }
        Kind::MultiValue => Html::default(),
    };
    let who = {
        let is_sought = props.sought.as_ref() == Some(&seen.key);
        let key = (!is_sought).then(|| seen.key.clone());
        let onclick = props.on_seek.reform(move |()| key.clone());
        html! {
            <Button label={format!("Show who has {}", seen.key)} icon={IconName::Eye} icon_only=true
                kind={ButtonKind::Quiet} pressed={is_sought} {onclick} testid={format!("live-who-{}", seen.key)} />
        }
    };
    let delete = {
        let ask = Ask::Delete { key: seen.key.clone() };
        let onclick = props.on_ask.reform(move |()| ask.clone());
        html! {
            <Button label={format!("Delete {}", seen.key)} icon={IconName::Close} icon_only=true kind={ButtonKind::Quiet}
                disabled={!props.can_write} {onclick} testid={format!("live-delete-{}", seen.key)} />
        }
    };
    html! {
        <tr key={format!("{} {}", seen.kind, seen.key)} class={is_fresh.then_some("is-fresh")} data-testid="live-entry"
            data-key={seen.key.clone()}>
            <td>
                <span class="mono entry-key">{ &seen.key }</span>
                <div class="sub num">{ origin(entry, view, props.now_ms) }</div>
            </td>
            <td class="mono" title={text.clone()}>
                <span class="entry-value" data-testid={format!("live-value-{}", seen.key)}>{ text }</span>
                { parts(seen, props) }
            </td>
            <td class="cell-act">{ who }{ act }{ delete }</td>
        </tr>
    }
}

/// The values of a conflict, each with the way to keep it alone; the elements of a set, each with the way out.
fn parts(seen: &EntryView, props: &KeysProps) -> Html {
    let Some(values) = seen.value.as_array() else { return Html::default() };
    let is_conflict = seen.kind == Kind::MultiValue && values.len() > 1;
    if !is_conflict && seen.kind != Kind::Set {
        return Html::default();
    }
    let part = |(at, value): (usize, &serde_json::Value)| {
        let (verb, ask) = match is_conflict {
            true => ("Keep", Ask::Put { key: seen.key.clone(), value: value.clone() }),
            false => ("Take out", Ask::Remove { key: seen.key.clone(), element: value.clone() }),
        };
        let text = words::value(value);
        let onclick = props.on_ask.reform(move |_: MouseEvent| ask.clone());
        html! {
            <li>
                <span class="entry-value">{ &text }</span>
                <button type="button" class="link-button" {onclick} disabled={!props.can_write}
                    aria-label={format!("{verb} {text}")} data-testid={format!("live-part-{}-{at}", seen.key)}>{ verb }</button>
            </li>
        }
    };
    html! {
        <>
            if is_conflict {
                <Badge text={format!("conflict: {} values", values.len())} tone={Tone::Warn}
                    testid={format!("live-conflict-{}", seen.key)} />
            }
            <ul class="entry-parts">{ for values.iter().enumerate().take(PARTS_MAX).map(part) }</ul>
            if values.len() > PARTS_MAX {
                <span class="sub">{ format!("and {} more", values.len() - PARTS_MAX) }</span>
            }
        </>
    }
}

/// Who wrote an entry, and when.
fn origin(entry: &SeenEntry, view: &View, now_ms: u64) -> String {
    let seen = &entry.view;
    if seen.kind != Kind::Register {
        return words::kind(seen.kind).to_owned();
    }
    let author = seen.author.as_ref().map_or("unknown", |author| author.as_str());
    match seen.stamp_us {
        Some(stamp_us) => {
            let age_ms = view.node_clock_us(now_ms).saturating_sub(stamp_us) / 1_000;
            format!("by {author}, {} ago", words::span(age_ms))
        }
        None => format!("by {author}"),
    }
}

/// A value as one would type it to set it again.
fn editable(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) if super::requests::value_from(text) == *value => text.clone(),
        other => other.to_string(),
    }
}
