//! The members as a ring on a canvas, with the messages of the observed node on their way. The canvas is one stop for
//! the keyboard; what is chosen is mirrored in a list that screen readers see. What is drawn is decided by
//! [`super::picture_scene`].

use super::{
    knowledge::{self, Health, MemberRow},
    members::health_mark,
    picture_scene::{self, Subject, TRAVEL_MS, Traveller, departure_ms},
    session::Model,
};
use crate::{
    glue::{
        Listener,
        canvas::{Canvas, Resized, place_of},
        page,
        time::{Frames, now_ms},
    },
    lab::{
        layout::{Layout, Point},
        painter,
        palette::Palette,
    },
    ui::Empty,
};
use rumormill_core::NodeId;
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
    /// Counts the changes of the members.
    pub revision: u64,
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

/// What can happen to the ring.
#[derive(Debug)]
pub(super) enum Msg {
    /// The canvas was pointed at.
    Pointed(PointerEvent),
    /// A key was pressed on it.
    Key(KeyboardEvent),
}

/// The ring.
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
    layout: Layout,
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
            layout: Layout::default(),
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
        let picture = self.picture.borrow();
        let chosen = match message {
            Msg::Pointed(event) => {
                let (x, y) = place_of(&event);
                picture.layout.hit(Point::new(x, y), REACH_PX)
            }
            Msg::Key(event) => match step(&event.key(), picture.selected, picture.rows.len() as u32) {
                Some(chosen) => {
                    event.prevent_default();
                    chosen
                }
                None => return false,
            },
        };
        let chosen = chosen.and_then(|at| picture.rows.get(at as usize)).map(|row| row.id.clone());
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
                    aria-label="Members in a ring. Arrow keys choose one, Escape takes the choice back."
                    aria-activedescendant={active} data-testid="live-ring"
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
        self.rows = rows;
        self.selected = props.selected.as_ref().and_then(|id| self.place(id));
        self.palette = Palette::of(props.is_dark);
        self.is_changed = true;
        if !is_same_ring {
            self.travellers.clear();
            self.fit();
        }
    }

    fn fit(&mut self) {
        let Some(canvas) = &mut self.canvas else { return };
        canvas.fit();
        let (width, height) = canvas.size();
        self.layout = picture_scene::ring(&self.rows, width, height);
        self.is_changed = true;
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
            layout: &self.layout,
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

/// Where a key leads: none if it leads nowhere, else the chosen place or none to take the choice back.
fn step(key: &str, selected: Option<u32>, count: u32) -> Option<Option<u32>> {
    let last = count.checked_sub(1)?;
    let to = match (key, selected) {
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
            { format!("{}, {}, {}", row.id, row.health.as_str(), row.knowledge.words()) }
        </div>
    }
}

/// The shapes that are in the picture, and their words.
fn legend(rows: &[MemberRow]) -> Html {
    let healths =
        [Health::Alive, Health::Silent, Health::Suspect, Health::Joining, Health::Down, Health::Left];
    let has = |health: Health| rows.iter().any(|row| row.health == health);
    html! {
        <ul class="live-legend" aria-label="Legend">
            { for healths.into_iter().filter(|health| *health == Health::Alive || has(*health)).map(|health| html! {
                <li key={health.as_str()}>{ health_mark(health) }</li>
            }) }
            <li class="legend-item">
                <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" class="legend-alive">
                    <circle cx="7" cy="7" r="5.5" fill="none" stroke="currentColor" stroke-width="1.6" />
                    <circle cx="7" cy="7" r="2.2" fill="currentColor" />
                </svg>
                <span>{ "not known to be in sync" }</span>
            </li>
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
        assert_eq!(step("ArrowRight", None, 3), Some(Some(0)));
        assert_eq!(step("ArrowRight", Some(2), 3), Some(Some(0)));
        assert_eq!(step("ArrowLeft", Some(0), 3), Some(Some(2)));
        assert_eq!(step("End", None, 3), Some(Some(2)));
        assert_eq!(step("Escape", Some(1), 3), Some(None));
        assert_eq!(step("Escape", None, 3), None);
        assert_eq!(step("a", Some(1), 3), None);
        assert_eq!(step("Home", None, 0), None);
    }
}
