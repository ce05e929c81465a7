//! The middle: the ring or the table, the tools above it, and the line that says what to do next.

use super::action::{Action, Sight};
use super::help::{legend, matrix_legend, path_legend};
use super::keys::RING_ID;
use super::layout::Point;
use super::paths::PathSigns;
use super::protocol::Deed;
use super::standing::nodes_words;
use super::tool::Tool;
use crate::glue::canvas;
use crate::ui::{Button, ButtonKind, Choice, Segmented};
use yew::prelude::*;

/// What the pointer does on the ring.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pointer {
    /// Pressed here.
    Down(Point, Hold),
    /// Moved to here, pressed or not.
    Move(Point),
    /// Released here.
    Up(Point),
    /// Gone astray.
    Cancel,
}

/// How the pointer is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hold {
    /// With Shift, Ctrl or Meta: what is clicked is added.
    pub adds: bool,
    /// Is it a finger, which also moves the page?
    pub is_finger: bool,
}

/// Props of [`RingPanel`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct RingPanelProps {
    /// Ring or table.
    pub sight: Sight,
    /// The pointer's tool.
    pub tool: Tool,
    /// Is anything cut, so that there is something to heal?
    pub is_cut: bool,
    /// Which signs of paths stand in the picture.
    pub signs: PathSigns,
    /// How many nodes there are.
    pub nodes: u32,
    /// Is it a recording, which nobody cuts?
    pub recorded: bool,
    /// What to do next, if that is worth a line.
    pub hint: Option<AttrValue>,
    /// How the view is to be read, if that is not plain.
    pub caption: Option<AttrValue>,
    /// What can be chosen for the view.
    pub options: Html,
    /// The selection in words, for screen readers.
    pub selection: AttrValue,
    /// The canvas for what seldom changes.
    pub back: NodeRef,
    /// The canvas for what moves.
    pub front: NodeRef,
    /// The table, if it is in sight.
    pub table: Html,
    /// What the user does.
    pub on: Callback<Action>,
    /// What is offered for a drawn link, if one is.
    pub link: Html,
    /// What the pointer does.
    pub on_pointer: Callback<Pointer>,
}

/// The middle.
#[component]
pub fn RingPanel(props: &RingPanelProps) -> Html {
    let on = &props.on;
    html! {
        <section class="panel lab-ring" aria-label="The cluster" data-testid="cluster">
            <header class="panel-head ring-tools">
                <Segmented label="View" name="view" choices={Sight::ALL.map(|sight| Choice::new(sight.as_str(), sight.title())).to_vec()}
                    value={props.sight.as_str()}
                    onchange={on.reform(|word: AttrValue| Action::Sight(Sight::parse(&word).unwrap_or_default()))} />
                if !props.recorded {
                    <div class="cut-tools">
                        <Button label="Cut in half" shortcut="c" testid="cut-halves" title="Cut the network in two halves" disabled={props.nodes < 2}
                            onclick={on.reform(|()| Action::CutHalves)} />
                        <Button label="Heal" shortcut="h" testid="heal" disabled={!props.is_cut} title="End all cuts"
                            kind={if props.is_cut { ButtonKind::Primary } else { ButtonKind::Plain }}
                            onclick={on.reform(|()| Action::Do(Deed::Heal))} />
                    </div>
                }
            </header>
            <div class="view-options" data-testid="view-options">
                if !props.recorded && props.sight.has_places() {
                <div class="hand-tools" role="group" aria-label="What a click does">
                    { for Tool::ALL.into_iter().map(|tool| tool_button(props, tool)) }
                </div>
                }
                { props.options.clone() }
            </div>
            <div class={classes!("ring-body", format!("of-{}", props.sight.as_str()))} hidden={props.sight == Sight::Table}>
                { ring(props) }
                if let Some(caption) = &props.caption {
                    <p class="ring-caption" data-testid="caption">{ caption }</p>
                }
                if props.sight.has_places() {
                    { legend(false) }
                    { path_legend(props.signs) }
                } else if props.sight == Sight::Matrix {
                    { matrix_legend() }
                }
                { props.link.clone() }
                if let Some(hint) = &props.hint {
                    <p class={classes!("ring-hint", (props.tool != Tool::Select).then_some("of-tool"))} data-testid="hint">{ hint }</p>
                }
            </div>
            if props.sight == Sight::Table {
                { props.table.clone() }
            }
        </section>
    }
}

fn tool_button(props: &RingPanelProps, tool: Tool) -> Html {
    let (word, label, shortcut) = tool.words();
    let is_held = props.tool == tool;
    html! {
        <Button {label} {shortcut} pressed={Some(is_held)} testid={["tool-", word].concat()}
            onclick={props.on.reform(move |()| Action::Tool(if is_held { Tool::Select } else { tool }))} />
    }
}

fn ring(props: &RingPanelProps) -> Html {
    let at = |event: &PointerEvent| {
        let (x, y) = canvas::place_of(event);
        Point::new(x, y)
    };
    let down = props.on_pointer.reform(move |event: PointerEvent| {
        canvas::capture(&event);
        let adds = event.shift_key() || event.ctrl_key() || event.meta_key();
        Pointer::Down(at(&event), Hold { adds, is_finger: event.pointer_type() == "touch" })
    });
    let moved = props.on_pointer.reform(move |event: PointerEvent| Pointer::Move(at(&event)));
    let up = props.on_pointer.reform(move |event: PointerEvent| Pointer::Up(at(&event)));
    let cancel = props.on_pointer.reform(|_: PointerEvent| Pointer::Cancel);
    // Who is pressed is captured, and goes nowhere else before the release.
    let gone = cancel.clone();
    let label = format!(
        "{} of {}. Arrow keys select a node, with Shift more.",
        props.sight.title(),
        nodes_words(props.nodes)
    );
    html! {
        <>
            <canvas class="lab-canvas" ref={props.back.clone()} aria-hidden="true"></canvas>
            <canvas class={["lab-canvas with-", props.tool.as_str()].concat()} ref={props.front.clone()}
                id={RING_ID} tabindex="0" role="application" aria-label={label} aria-describedby="ring-selection"
                data-testid="ring" onpointerdown={down} onpointermove={moved} onpointerup={up} onpointercancel={cancel} onpointerout={gone}>
            </canvas>
            <p class="sr-only" id="ring-selection" aria-live="polite" data-testid="selection">{ &props.selection }</p>
        </>
    }
}
