//! The members on a canvas, as a ring, a tree or a grid, with the messages of the observed node on their way. The canvas
//! is one stop for the keyboard; what is chosen is mirrored in a list that screen readers see. Where members stand is
//! decided by [`super::figure`], what is drawn by [`super::picture_scene`].

use super::{
    figure::{Branches, Figure},
    flash::flashes_before,
    holders::Has,
    knowledge::{self, Health, MemberRow},
    members::{has_mark, health_mark, mark_of},
    picture_scene::{self, BEHIND_MS, Motion, Subject, TRAVEL_MS, Traveller, departure_ms},
    session::Model,
    shell::{Brush, Msg, Scene, Shell},
    state::{Flash, View},
};
use crate::{
    glue::{canvas::place_of, time::now_ms},
    lab::{
        layout::Point,
        painter,
        palette::Palette,
        sight::{Sight, TreeOf},
    },
    ui::Empty,
};
use rumormill_core::{NodeId, Strategy, tree::Tree};
use std::collections::VecDeque;
use yew::prelude::*;

/// How far beside a member one may point, in pixels: a finger is wide.
const REACH_PX: f32 = 14.0;

/// Most messages on their way at once; more would be a fog.
const TRAVELLERS_MAX: usize = 400;

/// Props of [`PictureView`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct PictureProps {
    /// What is known.
    pub model: Model,
    /// Ring, tree or grid.
    pub sight: Sight,
    /// Which tree.
    pub tree_of: TreeOf,
    /// Counts the changes of the members, and of what others say.
    pub revision: (u64, u64),
    /// The page's clock, for ages.
    pub now_ms: u64,
    /// The chosen member.
    pub selected: Option<NodeId>,
    /// A member was chosen, or the choice taken back.
    pub on_select: Callback<Option<NodeId>>,
    /// The canvas, for whoever wants its picture.
    pub canvas: NodeRef,
    /// Is the place in sight?
    pub active: bool,
    /// Is the page dark?
    pub is_dark: bool,
}

/// The picture.
#[derive(Debug)]
pub(super) struct PictureView(Shell<Picture>);

/// What the next frame paints.
#[derive(Debug)]
pub(super) struct Picture {
    brush: Brush,
    figure: Figure,
    sight: Sight,
    tree_of: TreeOf,
    rows: Vec<MemberRow>,
    selected: Option<u32>,
    travellers: VecDeque<Traveller>,
    /// How many of them were on their way when it was painted last.
    painted: usize,
    palette: &'static Palette,
    model: Model,
}

impl Component for PictureView {
    type Message = Msg;
    type Properties = PictureProps;

    fn create(ctx: &Context<Self>) -> Self {
        let props = ctx.props();
        Self(Shell::new(&props.canvas, |brush| {
            let mut picture = Picture {
                brush,
                figure: Figure::default(),
                sight: props.sight,
                tree_of: props.tree_of,
                rows: Vec::new(),
                selected: None,
                travellers: VecDeque::new(),
                painted: 0,
                palette: Palette::of(props.is_dark),
                model: props.model.clone(),
            };
            picture.look(props);
            picture
        }))
    }

    fn changed(&mut self, ctx: &Context<Self>, _old: &PictureProps) -> bool {
        self.0.scene_mut().look(ctx.props());
        true
    }

    fn update(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        let mut picture = self.0.scene_mut();
        let chosen = match message {
            Msg::Pointed(event) => {
                let (x, y) = place_of(&event);
                picture.figure.layout.hit(Point::new(x, y), REACH_PX)
            }
            Msg::Key(event) => match picture.step(&event.key()) {
                Some(chosen) => {
                    event.prevent_default();
                    chosen
                }
                None => return false,
            },
        };
        // The next key may come before the page has been painted with this choice.
        (picture.selected, picture.brush.is_changed) = (chosen, true);
        let chosen = chosen.and_then(|at| picture.rows.get(at as usize)).map(|row| row.id.clone());
        drop(picture);
        ctx.props().on_select.emit(chosen);
        false
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let picture = self.0.scene();
        let link = ctx.link();
        if picture.rows.is_empty() {
            return html! { <Empty title="No members"><p>{ "The node has named none, not even itself." }</p></Empty> };
        }
        let active = picture.selected.map(|at| format!("live-ring-{at}"));
        html! {
            <div class="live-ring">
                <canvas class="live-ring-canvas" ref={ctx.props().canvas.clone()} tabindex="0" role="listbox"
                    aria-label={format!("Members in a {}. Arrow keys choose one, Escape takes the choice back.", picture.sight.as_str())}
                    aria-activedescendant={active} data-testid={format!("live-{}", picture.sight.as_str())}
                    data-messages={picture.travellers.len().to_string()}
                    onpointerup={link.callback(Msg::Pointed)} onkeydown={link.callback(Msg::Key)}>
                    { for (0..).zip(&picture.rows).map(|(at, row)| option(at, row, picture.selected)) }
                </canvas>
                { legend(&picture.rows) }
            </div>
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, _first: bool) {
        self.0.rendered(ctx.props().active);
    }
}

impl Scene for Picture {
    fn brush(&mut self) -> &mut Brush {
        &mut self.brush
    }

    fn resized(&mut self) {
        self.place_all();
    }

    fn frame(&mut self) {
        let is_past = self.model.past_us().is_some();
        let (mut now, mut is_moving) = (0.0, false);
        if !is_past {
            now = now_ms();
            self.depart();
            self.travellers.retain(|traveller| now <= traveller.departs_ms + TRAVEL_MS);
            let under_way = self.travellers.iter().filter(|traveller| traveller.departs_ms <= now).count();
            is_moving = under_way != self.painted || (under_way > 0 && !self.brush.is_still);
            self.painted = under_way;
        }
        if !self.brush.is_changed && !is_moving {
            return;
        }
        self.brush.is_changed = false;
        let Some(canvas) = &mut self.brush.canvas else { return };
        let layers = picture_scene::layers(&Subject {
            figure: &self.figure,
            rows: &self.rows,
            selected: self.selected,
            travellers: self.travellers.make_contiguous(),
            now_ms: now,
            motion: match (is_past, self.brush.is_still) {
                (true, _) => Motion::Paused,
                (false, true) => Motion::Still,
                (false, false) => Motion::Moving,
            },
        });
        painter::paint(canvas, &layers, self.palette);
    }
}

impl Picture {
    /// Takes in what the components were handed.
    fn look(&mut self, props: &PictureProps) {
        let view = props.model.view.borrow();
        let rows: Vec<_> =
            view.members.values().map(|member| knowledge::row(member, &view, props.now_ms)).collect();
        let is_same_ring = rows.iter().map(|row| &row.id).eq(self.rows.iter().map(|row| &row.id));
        // In a tree it matters who is up, and who had what from whom.
        let is_elsewhere = props.sight == Sight::Tree
            || (props.sight, props.tree_of) != (self.sight, self.tree_of)
            || props.model != self.model;
        (self.sight, self.tree_of) = (props.sight, props.tree_of);
        drop(view);
        if !is_same_ring || props.model != self.model {
            self.travellers.clear();
        }
        self.model = props.model.clone();
        self.rows = rows;
        self.selected = props.selected.as_ref().and_then(|id| self.place(id));
        self.palette = Palette::of(props.is_dark);
        self.brush.is_changed = true;
        if !is_same_ring || is_elsewhere {
            self.place_all();
        }
        self.travel_as_then();
    }

    fn place_all(&mut self) {
        let Some(canvas) = &self.brush.canvas else { return };
        let view = self.model.view.borrow();
        let branches = branches(&view, self.tree_of);
        self.figure = Figure::new(self.sight, &self.rows, branches, canvas.size());
        self.brush.is_changed = true;
    }

    fn step(&self, key: &str) -> Option<Option<u32>> {
        step(key, self.selected, self.rows.len() as u32, self.figure.stride())
    }

    fn place(&self, id: &NodeId) -> Option<u32> {
        self.rows.binary_search_by(|row| row.id.cmp(id)).ok().map(|at| at as u32)
    }

    /// Sends the new messages on their way.
    fn depart(&mut self) {
        let flashes: Vec<_> = self.model.flashes.borrow_mut().drain(..).collect();
        for (at_ms, flash) in flashes {
            self.send(&flash, at_ms);
        }
    }

    /// At a moment of the past there is what was sent and received just before. That moment is the picture's zero.
    fn travel_as_then(&mut self) {
        let Some(past_us) = self.model.past_us() else { return };
        self.travellers.clear();
        let within_us = (TRAVEL_MS * 1_000.0) as u64;
        let flashes = flashes_before(&self.model.view.borrow(), past_us, within_us);
        for flash in flashes {
            // Here the picture is not behind what happened.
            self.send(&flash, -(flash.before_us as f64) / 1_000.0 - BEHIND_MS);
        }
    }

    fn send(&mut self, flash: &Flash, at_ms: f64) {
        let (Some(from), Some(to)) = (self.place(&flash.from), self.place(&flash.to)) else { return };
        let is_received = self.rows[to as usize].is_self;
        if self.travellers.len() == TRAVELLERS_MAX {
            self.travellers.pop_front();
        }
        let departs_ms = departure_ms(at_ms, is_received);
        self.travellers.push_back(Traveller { from, to, is_payload: flash.is_payload, departs_ms });
    }
}

/// Which tree there is to show: a strategy without a tree of its own shows the way of the latest write.
pub(super) fn branches(view: &View, of: TreeOf) -> Branches<'_> {
    let way = || view.around.measured.as_deref().map_or(Branches::Nothing, Branches::Way);
    match (tree_of_strategy(view), of) {
        (Some(tree), TreeOf::Links) => Branches::Links(tree),
        _ => way(),
    }
}

/// The tree that the observed node's strategy has, if it is arithmetic: then all have the same.
pub(super) fn tree_of_strategy(view: &View) -> Option<Tree> {
    let tuning = &view.status.as_deref()?.tuning;
    matches!(tuning.strategy, Strategy::Tree | Strategy::Hybrid).then(|| tuning.tree())
}

/// Where a key leads: none if it leads nowhere, else the chosen place or none to take the choice back. So many members
/// stand in a row.
pub(super) fn step(key: &str, selected: Option<u32>, count: u32, stride: u32) -> Option<Option<u32>> {
    let last = count.checked_sub(1)?;
    let to = match (key, selected) {
        ("ArrowDown", Some(at)) if stride > 1 => (at + stride <= last).then_some(at + stride)?,
        ("ArrowUp", Some(at)) if stride > 1 => at.checked_sub(stride)?,
        ("ArrowRight" | "ArrowDown", Some(at)) if at < last => at + 1,
        ("ArrowRight" | "ArrowDown", _) | ("Home", _) => 0,
        ("ArrowLeft" | "ArrowUp", Some(at)) if at > 0 => at - 1,
        ("ArrowLeft" | "ArrowUp", _) | ("End", _) => last,
        ("Escape", Some(_)) => return Some(None),
        _ => return None,
    };
    Some(Some(to))
}

fn option(at: u32, row: &MemberRow, selected: Option<u32>) -> Html {
    let is_selected = selected == Some(at);
    html! {
        <div key={at} id={format!("live-ring-{at}")} role="option" aria-selected={is_selected.to_string()}>
            { format!("{}, {}, {}", row.id, row.health.as_str(), match row.has {
                Some(has) => has.words().to_owned(),
                None => row.knowledge.words(),
            }) }
        </div>
    }
}

/// The shapes that are in the picture, and their words.
fn legend(rows: &[MemberRow]) -> Html {
    let healths =
        [Health::Alive, Health::Silent, Health::Suspect, Health::Joining, Health::Down, Health::Left];
    let is_sought = rows.iter().any(|row| row.has.is_some());
    let has_any = |health: Health| {
        rows.iter().any(|row| row.health == health && !(is_sought && health == Health::Alive))
    };
    html! {
        <ul class="live-legend" aria-label="Legend">
            { for healths.into_iter().filter(|health| (*health == Health::Alive && !is_sought) || has_any(*health)).map(|health| html! {
                <li key={health.as_str()}>{ health_mark(health) }</li>
            }) }
            if rows.iter().any(|row| row.has.is_some()) {
                <li class="legend-item">{ has_mark(Has::Yes) }</li>
                <li class="legend-item">{ has_mark(Has::No) }</li>
                <li class="legend-item">{ has_mark(Has::Unknown) }</li>
            } else {
                <li class="legend-item">
                    { mark_of(Has::Unknown) }
                    <span>{ "not known to be in sync" }</span>
                </li>
            }
            <li class="legend-item">
                <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" class="legend-fresh">
                    <circle cx="7" cy="7" r="3.5" fill="currentColor" />
                </svg>
                <span>{ "message with writes" }</span>
            </li>
            <li class="legend-item">
                <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" class="legend-talk">
                    <circle cx="7" cy="7" r="2.4" fill="currentColor" />
                </svg>
                <span>{ "other message, both slowed" }</span>
            </li>
        </ul>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_walk_around_and_escape_leaves() {
        assert_eq!(step("ArrowRight", None, 3, 1), Some(Some(0)));
        assert_eq!(step("ArrowRight", Some(2), 3, 1), Some(Some(0)));
        assert_eq!(step("ArrowLeft", Some(0), 3, 1), Some(Some(2)));
        assert_eq!(step("End", None, 3, 1), Some(Some(2)));
        assert_eq!(step("Escape", Some(1), 3, 1), Some(None));
        assert_eq!(step("Escape", None, 3, 1), None);
        assert_eq!(step("a", Some(1), 3, 1), None);
        assert_eq!(step("Home", None, 0, 1), None);
        let in_rows = |key, at| step(key, Some(at), 7, 3);
        assert_eq!([in_rows("ArrowDown", 1), in_rows("ArrowUp", 4)], [Some(Some(4)), Some(Some(1))]);
        assert_eq!([in_rows("ArrowDown", 5), in_rows("ArrowUp", 2)], [None, None], "there is no row");
    }
}
