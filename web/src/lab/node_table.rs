//! The table of all nodes: everything that the ring shows and everything that can be done there, in words.

use super::action::{Action, Form, Turn};
use super::inspector::{belief_cell, state_shape};
use super::protocol::{Deed, NodeState, Row};
use super::setup::group;
use super::state::ROWS_PER_PAGE;
use crate::ui::{Button, Column, IconName, Table};
use rumormill_core::Status;
use std::rc::Rc;
use yew::prelude::*;

/// Props of [`NodeTable`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct NodeTableProps {
    /// The rows of the page.
    pub rows: Vec<Row>,
    /// The page, counted from 0.
    pub page: u32,
    /// How many pages there are.
    pub pages: u32,
    /// The selected node that is inspected.
    pub selected: Option<u32>,
    /// Those that are selected beside it.
    pub others: Vec<u32>,
    /// By whose beliefs the rows are coloured, if they are: the name, and what that node believes of each.
    pub believer: Option<(AttrValue, Rc<Vec<Option<Status>>>)>,
    /// Is the write by which they are coloured the latest?
    pub newest: bool,
    /// What one writes at it.
    pub form: Form,
    /// Is it of a recording, where nothing can be done?
    pub recorded: bool,
    /// What the user does.
    pub on: Callback<Action>,
}

/// The table.
#[component]
pub fn NodeTable(props: &NodeTableProps) -> Html {
    let turn = |to: u32| props.on.reform(move |()| Action::Page(to));
    let first = props.page * ROWS_PER_PAGE;
    let mut columns = vec![Column::text("Node"), Column::text("State")];
    columns.extend(props.believer.as_ref().map(|(name, _)| Column::text(format!("As {name} believes"))));
    columns.extend([
        Column::text(if props.newest { "Latest" } else { "The write" }),
        Column::number("Suspects"),
        Column::number("Keys"),
        Column::number("Alive"),
        Column::number("Links"),
        Column::number("Sent"),
        Column::number("Denied"),
    ]);
    columns.extend((!props.recorded).then(|| Column::text("Acts")));
    html! {
        <div class="node-table">
            if props.pages > 1 {
                <div class="pager">
                    <Button label="Before" testid="page-before" disabled={props.page == 0}
                        onclick={turn(props.page.saturating_sub(1))} />
                    <span class="muted num" data-testid="page">
                        { format!("Nodes {first} to {}", first + props.rows.len().max(1) as u32 - 1) }
                    </span>
                    <Button label="Next" testid="page-next" disabled={props.page + 1 >= props.pages}
                        onclick={turn(props.page + 1)} />
                </div>
            }
            <div class="table-frame" tabindex="0" role="region" aria-label="All nodes">
                <Table caption="All nodes, as they are" testid="node-table" {columns}>
                    { for props.rows.iter().map(|row| {
                        let selected = props.selected == Some(row.node);
                        let chosen = selected || props.others.contains(&row.node);
                        let believed = props.believer.as_ref().map(|(_, beliefs)| beliefs.get(row.node as usize).copied().flatten());
                        html! {
                            <NodeRow key={row.node} row={row.clone()} {selected} {chosen} {believed} recorded={props.recorded}
                                form={(selected && !props.recorded).then(|| props.form.clone())} on={props.on.clone()} />
                        }
                    }) }
                </Table>
            </div>
        </div>
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
struct NodeRowProps {
    row: Row,
    selected: bool,
    /// Is it selected, alone or beside others?
    chosen: bool,
    /// What the node believes of it by whose beliefs the rows are coloured, if they are.
    believed: Option<Option<Status>>,
    recorded: bool,
    /// What one writes at it, if it is the one at which more can be done.
    form: Option<Form>,
    on: Callback<Action>,
}

#[component]
fn NodeRow(props: &NodeRowProps) -> Html {
    let row = &props.row;
    let node = row.node;
    let act = |action: fn(u32) -> Action| props.on.reform(move |()| action(node));
    let up = row.state.is_up();
    let of_up = |number: String| if row.told { number } else { "–".to_owned() };
    html! {
        <>
        <tr aria-selected={if props.chosen { "true" } else { "false" }} class={(row.informed && up).then_some("row-fresh")}
            data-testid={format!("row-{node}")}>
            <td class="row-name">
                <label class="check">
                    <input type="checkbox" checked={props.chosen} aria-label={format!("Select {}", row.id)} data-testid={format!("choose-{node}")}
                        onchange={props.on.reform(move |_: Event| Action::Toggle(node))} />
                </label>
                <button type="button" class="button button-quiet" title="Inspect" data-testid={format!("select-{node}")}
                    onclick={props.on.reform(move |event: MouseEvent| {
                        if event.shift_key() || event.ctrl_key() || event.meta_key() { Action::Toggle(node) } else { Action::Select(Some(node)) }
                    })}>{ row.id.as_str() }</button>
            </td>
            <td><span class="state-cell">{ state_shape(row.state, row.informed) }{ row.state.as_str() }</span></td>
            if let Some(believed) = props.believed {
                <td data-testid={format!("believed-{node}")}>{ belief_cell(believed) }</td>
            }
            <td>{ if row.informed && up { "has it" } else { "–" } }</td>
            <td class="cell-num">{ suspected_words(row.suspected_by) }</td>
            <td class="cell-num">{ of_up(group(u64::from(row.keys))) }</td>
            <td class="cell-num">{ of_up(group(u64::from(row.active))) }</td>
            <td class="cell-num">{ of_up(group(u64::from(row.links))) }</td>
            <td class="cell-num">{ of_up(group(row.sent)) }</td>
            <td class="cell-num">{ of_up(group(row.denials)) }</td>
            if !props.recorded {
            <td class="row-acts">
                if up {
                    <Button label="Crash" icon={IconName::Crash} icon_only=true testid={format!("crash-{node}")} onclick={act(|node| Action::Do(Deed::Crash(node)))} />
                    <Button label="Cut off" icon={IconName::Cut} icon_only=true testid={format!("cut-off-{node}")}
                        onclick={act(|node| Action::Do(Deed::Cut(vec![node])))} />
                } else {
                    <Button label="Restart" icon={IconName::Restart} icon_only=true testid={format!("restart-{node}")}
                        onclick={act(|node| Action::Do(Deed::Restart(node)))} />
                }
            </td>
            }
        </tr>
        if let Some(form) = &props.form {
            <tr class="row-more" data-testid="row-more">
                <td colspan={(COLUMNS + usize::from(props.believed.is_some())).to_string()}>{ more(row, form, &props.on) }</td>
            </tr>
        }
        </>
    }
}

/// The columns of a table in which something can be done.
const COLUMNS: usize = 10;

fn suspected_words(by: u32) -> String {
    if by == 0 { "–".to_owned() } else { group(u64::from(by)) }
}

/// What else can be done with the selected node; the rest is in the inspector.
fn more(row: &Row, form: &Form, on: &Callback<Action>) -> Html {
    let act = |label: &'static str, testid: &'static str, shortcut: &'static str, action: Action| {
        html! { <Button {label} {testid} {shortcut} onclick={on.reform(move |()| action.clone())} /> }
    };
    let turn = |label, testid, shortcut, turn| act(label, testid, shortcut, Action::ToSelected(turn));
    if !row.state.is_up() {
        return html! {
            <div class="buttons">{ turn("Restart with data", "row-restart-data", "r", Turn::RestartWithData) }</div>
        };
    }
    let pause = if row.state == NodeState::Paused { "Resume" } else { "Pause" };
    html! {
        <div class="buttons">
            { turn(pause, "row-pause", "z", Turn::PauseOrResume) }
            { turn("Leave", "row-leave", "q", Turn::Leave) }
            <Button label={format!("Write {} = {}", form.key, form.value)} shortcut="w" testid="row-write"
                onclick={on.reform(|()| Action::Write)} />
            <Button label={format!("Add 1 to {}", form.counter)} shortcut="i" testid="row-increment"
                onclick={on.reform(|()| Action::Increment)} />
        </div>
    }
}
