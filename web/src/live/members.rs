//! The members as a table, the full twin of the ring: whoever needs attention stands at the top. It shows rows and
//! reports a choice; what a row says is decided by [`super::knowledge`].

use super::{
    holders::Has,
    knowledge::{self, Health, Knowledge, MemberRow},
    session::Model,
    words,
};
use crate::ui::{Column, Table};
use rumormill_core::NodeId;
use yew::prelude::*;

/// Most rows; a longer table is of no use to a reader. The rest is counted below it.
const ROWS_MAX: usize = 300;

/// Props of [`MembersTable`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct MembersProps {
    /// What is known.
    pub model: Model,
    /// Counts the changes of the members, and of what others say.
    pub revision: (u64, u64),
    /// The page's clock, for ages.
    pub now_ms: u64,
    /// The chosen member.
    pub selected: Option<NodeId>,
    /// A member was chosen, or the choice taken back.
    pub on_select: Callback<Option<NodeId>>,
}

/// The table.
#[component]
pub(super) fn MembersTable(props: &MembersProps) -> Html {
    let view = props.model.view.borrow();
    let rows = knowledge::rows(&view, props.now_ms);
    let columns = vec![
        Column::text("State"),
        Column::text("Member"),
        Column::text("Knows"),
        Column::number("Sees"),
        Column::number("Incarnation"),
    ];
    let left_out = rows.len().saturating_sub(ROWS_MAX);
    html! {
        <>
            <Table caption="Members, those that need attention first" {columns} testid="live-members-table">
                { for rows.iter().take(ROWS_MAX).map(|row| row_html(row, props)) }
            </Table>
            if left_out > 0 {
                <p class="muted">{ format!("and {} that are well", words::counted(left_out, "more", "more")) }</p>
            }
        </>
    }
}

fn row_html(row: &MemberRow, props: &MembersProps) -> Html {
    let is_selected = props.selected.as_ref() == Some(&row.id);
    let chosen = (!is_selected).then(|| row.id.clone());
    let onclick = props.on_select.reform(move |_: MouseEvent| chosen.clone());
    html! {
        <tr key={row.id.to_string()} aria-selected={is_selected.then_some("true")} data-testid="live-member"
            data-member={row.id.to_string()} data-health={row.health.as_str()}>
            <td>
                { health_mark(row.health) }
                <div class="sub num">{ contact(row) }</div>
            </td>
            <td>
                <button type="button" class="link-button" {onclick} aria-pressed={is_selected.to_string()}
                    data-testid={format!("live-member-{}", row.id)}>{ row.id.to_string() }</button>
                <div class="sub mono" title={row.address.clone()}>{ place(row) }</div>
            </td>
            <td class={knowledge_class(row.knowledge)}>
                if let Some(has) = row.has {
                    <div data-testid="live-has" data-has={has_word(has)}>{ has_mark(has) }</div>
                }
                { row.knowledge.words() }
                if let Some(age_ms) = row.report_age_ms {
                    <div class="sub num">{ format!("told {} ago", words::span(age_ms)) }</div>
                }
            </td>
            <td class="cell-num cell-nowrap">{ sees(row) }</td>
            <td class="cell-num sub">{ row.incarnation }</td>
        </tr>
    }
}

/// How the observed node and the member are in touch.
pub(super) fn contact(row: &MemberRow) -> String {
    match row.silent_ms {
        _ if row.is_self => "this view".to_owned(),
        Some(silent_ms) => format!("silent for {}", words::span(silent_ms)),
        None if row.is_linked => "linked".to_owned(),
        None => "not linked".to_owned(),
    }
}

/// Its address without what all addresses have in common.
fn place(row: &MemberRow) -> String {
    let address = row.address.as_deref().unwrap_or("no address");
    address.strip_prefix("ws://").unwrap_or(address).trim_end_matches("/gossip").to_owned()
}

/// Of the members that it knows, how many a member holds active.
pub(super) fn sees(row: &MemberRow) -> String {
    row.sees.map_or_else(|| "–".to_owned(), |(active, known)| format!("{active} of {known}"))
}

/// In one word, for tests.
fn has_word(has: Has) -> &'static str {
    match has {
        Has::Yes => "yes",
        Has::No => "no",
        Has::Unknown => "unknown",
    }
}

/// Whether a member has it, as shape, colour and words.
#[inline(never)]
pub(super) fn has_mark(has: Has) -> Html {
    html! { <span class="has-mark">{ mark_of(has) }<span class="health-word">{ has.words() }</span></span> }
}

/// The shape for it, as the picture has it.
pub(super) fn mark_of(has: Has) -> Html {
    let (class, shape) = match has {
        Has::Yes => (
            "legend-fresh",
            html! {
                <>
                    <circle cx="7" cy="7" r="5.8" fill="none" stroke="currentColor" stroke-width="1.6" />
                    <circle cx="7" cy="7" r="3.6" fill="currentColor" />
                </>
            },
        ),
        Has::No => ("legend-alive", html! { <circle cx="7" cy="7" r="5.2" fill="currentColor" /> }),
        Has::Unknown => (
            "legend-alive",
            html! {
                <>
                    <circle cx="7" cy="7" r="5.5" fill="none" stroke="currentColor" stroke-width="1.6" />
                    <circle cx="7" cy="7" r="2.2" fill="currentColor" />
                </>
            },
        ),
    };
    html! { <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" {class}>{ shape }</svg> }
}

/// A health as shape, colour and word.
pub(super) fn health_mark(health: Health) -> Html {
    let shape = match health {
        Health::Alive => html! { <circle cx="6" cy="6" r="4.5" fill="currentColor" /> },
        Health::Silent => html! { <path d="M6 .8 11.2 6 6 11.2 .8 6z" fill="currentColor" /> },
        Health::Suspect => html! {
            <path d="M6 .8 11.2 6 6 11.2 .8 6z" fill="none" stroke="currentColor" stroke-width="1.8" />
        },
        Health::Down => html! {
            <path d="M2 2l8 8M10 2l-8 8" stroke="currentColor" stroke-width="2.6" stroke-linecap="round" />
        },
        Health::Joining => html! {
            <circle cx="6" cy="6" r="4.2" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="2.2 2.2" />
        },
        Health::Left => html! {
            <circle cx="6" cy="6" r="4.2" fill="none" stroke="currentColor" stroke-width="1.8" />
        },
    };
    html! {
        <span class={classes!("health", format!("health-{}", health.as_str()))}>
            <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">{ shape }</svg>
            <span class="health-word">{ health.as_str() }</span>
        </span>
    }
}

/// How what a member knows is coloured; the words say the same.
pub(super) fn knowledge_class(knowledge: Knowledge) -> &'static str {
    match knowledge {
        Knowledge::InSync => "knows-all",
        Knowledge::Behind(_) | Knowledge::Ahead(_) | Knowledge::Differs => "knows-other",
        Knowledge::Itself | Knowledge::Unknown | Knowledge::WasBehind(_) => "muted",
    }
}
