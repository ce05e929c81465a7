//! The members on a canvas, as a ring, a tree or a grid, with the messages of the observed node on their way. The canvas
//! is one stop for the keyboard; what is chosen is mirrored in a list that screen readers see. Where members stand is
//! decided by [`super::figure`], what is drawn by [`super::picture_scene`].

use super::{
    figure::{Branches, Figure},
    holders::Has,
    knowledge::{self, Health, MemberRow},
    members::{has_mark, health_mark, mark_of},
    picture_scene::{self, Subject, TRAVEL_MS, Traveller, departure_ms},
    session::Model,
    state::View,
};
use crate::{
    glue::{
        Listener,
        canvas::{Canvas, Resized, place_of},
        page,
        time::{Frames, now_ms},
    },
    lab::{
        layout::Point,
        painter,
        palette::Palette,
        sight::{Sight, TreeOf},
    },
    ui::Empty,
};
use rumormill_core::{NodeId, Strategy, tree::Tree};
use std::{cell::RefCell, collections::VecDeque, rc::Rc};
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

/// What can happen to the picture.
#[derive(Debug)]
pub(super) enum Msg {
    /// The canvas was pointed at.
    Pointed(PointerEvent),
    /// A key was pressed on it.
    Key(KeyboardEvent),
}

/// The picture.
#[derive(Debug)]
pub(super) struct PictureView {
    node: NodeRef,
    picture: Rc<RefCell<Picture>>,
    resized: Option<Resized>,
    frames: Option<Frames>,
    _motion: Option<Listener>,
}

/// What the next frame paints.
#[derive(Debug)]
struct Picture {
    canvas: Option<Canvas>,
    figure: Figure,
    sight: Sight,
    tree_of: TreeOf,
    rows: Vec<MemberRow>,
    selected: Option<u32>,
    travellers: VecDeque<Traveller>,
    palette: &'static Palette,
    is_still: bool,
    /// Is anything else than what travels different from what was painted last?
    is_changed: bool,
    model: Model,
}

impl Component for PictureView {
    type Message = Msg;
    type Properties = PictureProps;

    fn create(ctx: &Context<Self>) -> Self {
        let props = ctx.props();
        let picture = Rc::new(RefCell::new(Picture {
            canvas: None,
            figure: Figure::default(),
            sight: props.sight,
            tree_of: props.tree_of,
            rows: Vec::new(),
            selected: None,
            travellers: VecDeque::new(),
            palette: Palette::of(props.is_dark),
            is_still: page::matches(page::REDUCED_MOTION),
            is_changed: true,
            model: props.model.clone(),
        }));
        picture.borrow_mut().look(props);
        let moved = Rc::clone(&picture);
        let motion = page::on_media_change(page::REDUCED_MOTION, move |is_still| {
            let mut picture = moved.borrow_mut();
            picture.is_still = is_still;
            picture.is_changed = true;
        });
        Self { node: props.canvas.clone(), picture, resized: None, frames: None, _motion: motion }
    }

    fn changed(&mut self, ctx: &Context<Self>, _old: &PictureProps) -> bool {
        self.picture.borrow_mut().look(ctx.props());
        self.set_running(ctx.props().active);
        true
    }

    fn update(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        let mut picture = self.picture.borrow_mut();
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
        (picture.selected, picture.is_changed) = (chosen, true);
        let chosen = chosen.and_then(|at| picture.rows.get(at as usize)).map(|row| row.id.clone());
        drop(picture);
        ctx.props().on_select.emit(chosen);
        false
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let picture = self.picture.borrow();
        let link = ctx.link();
        if picture.rows.is_empty() {
            return html! { <Empty title="No members"><p>{ "The node has named none, not even itself." }</p></Empty> };
        }
        let active = picture.selected.map(|at| format!("live-ring-{at}"));
        html! {
            <div class="live-ring">
                <canvas class="live-ring-canvas" ref={self.node.clone()} tabindex="0" role="listbox"
                    aria-label={format!("Members in a {}. Arrow keys choose one, Escape takes the choice back.", picture.sight.as_str())}
                    aria-activedescendant={active} data-testid={format!("live-{}", picture.sight.as_str())}
                    onpointerup={link.callback(Msg::Pointed)} onkeydown={link.callback(Msg::Key)}>
                    { for (0..).zip(&picture.rows).map(|(at, row)| option(at, row, picture.selected)) }
                </canvas>
                { legend(&picture.rows) }
            </div>
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, _first: bool) {
        let mut picture = self.picture.borrow_mut();
        if picture.canvas.is_none() && !picture.rows.is_empty() {
            picture.canvas = Canvas::attach(&self.node);
            picture.place_all();
            let resized = Rc::clone(&self.picture);
            self.resized = Resized::watch(&self.node, move || resized.borrow_mut().fit());
        }
        drop(picture);
        self.set_running(ctx.props().active);
    }
}

impl PictureView {
    fn set_running(&mut self, is_running: bool) {
        match (is_running, &self.frames) {
            (true, None) => {
                let picture = Rc::clone(&self.picture);
                self.frames = Some(Frames::new(move |_| picture.borrow_mut().frame(now_ms())));
            }
            (false, Some(_)) => self.frames = None,
            _ => {}
        }
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
            || !Rc::ptr_eq(&props.model.view, &self.model.view);
        (self.sight, self.tree_of) = (props.sight, props.tree_of);
        drop(view);
        self.model = props.model.clone();
        self.rows = rows;
        self.selected = props.selected.as_ref().and_then(|id| self.place(id));
        self.palette = Palette::of(props.is_dark);
        self.is_changed = true;
        if !is_same_ring {
            self.travellers.clear();
        }
        if !is_same_ring || is_elsewhere {
            self.place_all();
        }
    }

    fn fit(&mut self) {
        let Some(canvas) = &mut self.canvas else { return };
        canvas.fit();
        self.place_all();
    }

    fn place_all(&mut self) {
        let Some(canvas) = &self.canvas else { return };
        let view = self.model.view.borrow();
        let branches = branches(&view, self.tree_of);
        self.figure = Figure::new(self.sight, &self.rows, branches, canvas.size());
        self.is_changed = true;
    }

    fn step(&self, key: &str) -> Option<Option<u32>> {
        step(key, self.selected, self.rows.len() as u32, self.figure.stride())
    }

    fn place(&self, id: &NodeId) -> Option<u32> {
        self.rows.binary_search_by(|row| row.id.cmp(id)).ok().map(|at| at as u32)
    }

    fn frame(&mut self, now_ms: f64) {
        self.depart();
        let before = self.travellers.len();
        self.travellers.retain(|traveller| now_ms <= traveller.departs_ms + TRAVEL_MS);
        let is_moving = before > 0 && (!self.is_still || self.travellers.len() != before);
        if !self.is_changed && !is_moving {
            return;
        }
        self.is_changed = false;
        let Some(canvas) = &mut self.canvas else { return };
        let layers = picture_scene::layers(&Subject {
            figure: &self.figure,
            rows: &self.rows,
            selected: self.selected,
            travellers: self.travellers.make_contiguous(),
            now_ms,
            is_still: self.is_still,
        });
        painter::paint(canvas, &layers, self.palette);
    }

    /// Sends the new messages on their way.
    fn depart(&mut self) {
        let flashes: Vec<_> = self.model.flashes.borrow_mut().drain(..).collect();
        for (at_ms, flash) in flashes {
            let (Some(from), Some(to)) = (self.place(&flash.from), self.place(&flash.to)) else { continue };
            let is_received = self.rows[to as usize].is_self;
            if self.travellers.len() == TRAVELLERS_MAX {
                self.travellers.pop_front();
            }
            let departs_ms = departure_ms(at_ms, is_received);
            self.travellers.push_back(Traveller { from, to, is_payload: flash.is_payload, departs_ms });
        }
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
