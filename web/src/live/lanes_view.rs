//! Space and time of the live cluster on a canvas: a lane for each member, the last seconds to the right, scrolling while
//! the page follows. The canvas is one stop for the keyboard, mirrored in a list for screen readers. What is known comes
//! from [`super::lanes`], what is drawn from [`super::lanes_scene`].

use super::{
    knowledge::{self, MemberRow},
    lanes::{LANES_MAX, Lanes},
    lanes_scene::{Diagram, Hit},
    message::Message,
    picture::step,
    session::{Model, clock_ms},
    shell::{Brush, Msg, Scene, Shell},
    state::View,
    words,
};
use crate::{
    glue::canvas::{Canvas, place_of},
    lab::{layout::Point, painter, palette::Palette},
};
use rumormill_core::NodeId;
use yew::prelude::*;

/// How much time can be shown, in microseconds, and in words.
pub(super) const WINDOWS: [(u64, &str); 3] = [(4_000_000, "4 s"), (16_000_000, "16 s"), (60_000_000, "60 s")];

/// So much more is put together than is shown, in microseconds, since time goes on until the next event.
const SPARE_US: u64 = 3_000_000;

/// For who wants stillness, time goes on in steps so long, in microseconds.
const STILL_STEP_US: u64 = 1_000_000;

/// Props of [`LanesView`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct LanesProps {
    /// What is known.
    pub model: Model,
    /// Counts the changes of the members, of what others say, and of the feed.
    pub revision: [u64; 3],
    /// How much time is shown.
    pub window_us: u64,
    /// Are other members asked what happens at them?
    pub from_all: bool,
    /// The chosen member.
    pub selected: Option<NodeId>,
    /// A member was chosen, or the choice taken back.
    pub on_select: Callback<Option<NodeId>>,
    /// The message that is looked at.
    pub looked: Option<Message>,
    /// Look at a message.
    pub on_message: Callback<Option<Message>>,
    /// The canvas, for whoever wants its picture.
    pub canvas: NodeRef,
    /// Is the place in sight?
    pub active: bool,
    /// Is the page dark?
    pub is_dark: bool,
}

/// The picture.
#[derive(Debug)]
pub(super) struct LanesView(Shell<Picture>);

/// What the next frame paints.
#[derive(Debug)]
pub(super) struct Picture {
    brush: Brush,
    model: Model,
    lanes: Lanes,
    rows: Vec<MemberRow>,
    selected: Option<usize>,
    looked: Option<Message>,
    window_us: u64,
    palette: &'static Palette,
    /// What was painted last.
    painted_us: u64,
}

impl Component for LanesView {
    type Message = Msg;
    type Properties = LanesProps;

    fn create(ctx: &Context<Self>) -> Self {
        let props = ctx.props();
        Self(Shell::new(&props.canvas, |brush| {
            let mut picture = Picture {
                brush,
                model: props.model.clone(),
                lanes: Lanes::default(),
                rows: Vec::new(),
                selected: None,
                looked: None,
                window_us: props.window_us,
                palette: Palette::of(props.is_dark),
                painted_us: 0,
            };
            picture.look(props);
            picture
        }))
    }

    fn changed(&mut self, ctx: &Context<Self>, _old: &LanesProps) -> bool {
        self.0.scene_mut().look(ctx.props());
        true
    }

    fn update(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        let mut picture = self.0.scene_mut();
        let lane = match message {
            Msg::Pointed(event) => {
                let (x, y) = place_of(&event);
                match picture.hit(Point::new(x, y)) {
                    Some(Hit::Message(message)) => {
                        drop(picture);
                        ctx.props().on_message.emit(Some(message));
                        return false;
                    }
                    Some(Hit::Lane(lane)) => Some(lane),
                    None => None,
                }
            }
            Msg::Key(event) => {
                let selected = picture.selected.map(|lane| lane as u32);
                match step(&event.key(), selected, picture.lanes.members.len() as u32, 1) {
                    Some(chosen) => {
                        event.prevent_default();
                        chosen.map(|lane| lane as usize)
                    }
                    None => return false,
                }
            }
        };
        // The next key may come before the page has been painted with this choice.
        (picture.selected, picture.brush.is_changed) = (lane, true);
        let chosen = lane.and_then(|lane| picture.lanes.members.get(lane).cloned());
        drop(picture);
        ctx.props().on_select.emit(chosen);
        false
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let picture = self.0.scene();
        let link = ctx.link();
        let active = picture.selected.map(|lane| format!("live-lane-{lane}"));
        let option = |(lane, id): (usize, &NodeId)| {
            let is_selected = picture.selected == Some(lane);
            let row = picture.rows.binary_search_by(|row| row.id.cmp(id)).ok().map(|at| &picture.rows[at]);
            let health = row.map_or("", |row| row.health.as_str());
            let has = row.and_then(|row| row.has).map_or(String::new(), |has| format!(", {}", has.words()));
            html! {
                <div key={lane} id={format!("live-lane-{lane}")} role="option" aria-selected={is_selected.to_string()}>
                    { format!("{id}, {health}{has}, {}", picture.lanes.words(lane)) }
                </div>
            }
        };
        html! {
            <div class="live-ring">
                <canvas class="live-ring-canvas" ref={ctx.props().canvas.clone()} tabindex="0" role="listbox"
                    aria-label="Members and their last messages. Arrow keys choose a member; messages are in the list of events."
                    aria-activedescendant={active} data-testid="live-space-time"
                    data-messages={picture.lanes.talks.len().to_string()}
                    onpointerup={link.callback(Msg::Pointed)} onkeydown={link.callback(Msg::Key)}>
                    { for picture.lanes.members.iter().enumerate().map(option) }
                </canvas>
                { legend(&picture.lanes, ctx.props().from_all) }
                <p class="live-caption" data-testid="live-unknown">
                    { unknown_words(&picture.model.view.borrow(), &picture.lanes, ctx.props().from_all) }
                </p>
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

    fn frame(&mut self) {
        let mut now_us = self.now_us();
        // While nobody speaks nothing is known to go on.
        let is_current = self.model.view.borrow().is_current();
        if self.brush.is_still && self.model.past_us().is_none() {
            now_us = now_us / STILL_STEP_US * STILL_STEP_US;
        }
        if !self.brush.is_changed && (now_us == self.painted_us || !is_current) {
            return;
        }
        (self.brush.is_changed, self.painted_us) = (false, now_us);
        let layers = self.diagram(now_us).layers();
        if let Some(canvas) = &mut self.brush.canvas {
            painter::paint(canvas, &layers, self.palette);
        }
    }
}

impl Picture {
    /// Takes in what the components were handed.
    fn look(&mut self, props: &LanesProps) {
        self.model = props.model.clone();
        let view = self.model.view.borrow();
        let now_ms = self.model.now_ms();
        let from_us = view.node_clock_us(now_ms).saturating_sub(props.window_us + SPARE_US);
        self.lanes = Lanes::new(&view, props.selected.as_ref(), from_us);
        self.rows = view.members.values().map(|member| knowledge::row(member, &view, now_ms)).collect();
        self.selected = props.selected.as_ref().and_then(|id| self.lanes.members.binary_search(id).ok());
        self.looked.clone_from(&props.looked);
        self.window_us = props.window_us;
        self.palette = Palette::of(props.is_dark);
        self.brush.is_changed = true;
    }

    /// The moment at the right end.
    fn now_us(&self) -> u64 {
        if let Some(past_us) = self.model.past_us() {
            return past_us;
        }
        let now_us = self.model.view.borrow().node_clock_us(clock_ms());
        // What came in sooner or later than usual must not make time jump to and fro.
        let is_jump = now_us < self.painted_us && self.painted_us - now_us < SPARE_US;
        if is_jump { self.painted_us } else { now_us }
    }

    fn diagram(&self, now_us: u64) -> Diagram<'_> {
        Diagram {
            lanes: &self.lanes,
            rows: &self.rows,
            selected: self.selected,
            looked: self.looked.as_ref(),
            now_us,
            window_us: self.window_us,
            is_past: self.model.past_us().is_some(),
            size: self.brush.canvas.as_ref().map_or((1.0, 1.0), Canvas::size),
        }
    }

    fn hit(&self, point: Point) -> Option<Hit> {
        self.diagram(self.painted_us).hit(point)
    }
}

/// What the view does not know, in words.
#[inline(never)]
fn unknown_words(view: &View, lanes: &Lanes, from_all: bool) -> String {
    let Some(own) = view.node() else { return String::new() };
    let mut sentences = Vec::new();
    if from_all {
        sentences.push("Members are asked every two seconds, so theirs come later.".to_owned());
        if let Some(within_us) = view.around.talk_within_us {
            let within = super::spread_chart::span(within_us);
            sentences.push(format!("Clocks are compared: a slant may be off by {within}."));
        }
        sentences.extend(super::beliefs::unasked(view));
    } else {
        sentences.push(format!("Only what {own} sends and receives, at {own}’s time."));
    }
    sentences.push("Dashed: nobody told that it came in.".to_owned());
    if lanes.dropped > 0 {
        let dropped = usize::try_from(lanes.dropped).unwrap_or(usize::MAX);
        sentences.push(format!("{} dropped at source.", words::counted(dropped, "event", "events")));
    }
    if lanes.is_cut {
        sentences.push("Some members had more to tell than is asked for at once.".to_owned());
    }
    if view.members.len() > lanes.members.len() {
        sentences.push(format!(
            "{} of {} members have a lane: {own}, the selected one, and who spoke last; all would be more than {LANES_MAX}.",
            lanes.members.len(),
            view.members.len()
        ));
    }
    sentences.join(" ")
}

/// The lines and signs that can be met, and their words.
#[inline(never)]
fn legend(lanes: &Lanes, from_all: bool) -> Html {
    let line = |class: &'static str, dash: bool, has_head: bool, words: &'static str| {
        html! {
            <li class="legend-item">
                <svg width="20" height="12" viewBox="0 0 20 12" aria-hidden="true" {class} fill="none" stroke="currentColor">
                    <path d="M2 10L17 2" stroke-width="1.75" stroke-dasharray={dash.then_some("3 3")} />
                    if has_head { <path d="M12 2H17L14.5 6.5" stroke-width="1.75" /> }
                </svg>
                <span>{ words }</span>
            </li>
        }
    };
    html! {
        <ul class="live-legend" aria-label="Legend">
            { line("legend-fresh", false, true, "with writes") }
            { line("legend-talk", false, true, "other message") }
            { line("legend-talk", true, false, "sent only") }
            if from_all {
                <li class="legend-item">
                    <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" class="health-down" fill="none" stroke="currentColor">
                        <path d="M3 3l8 8M11 3l-8 8" stroke-width="2" />
                    </svg>
                    <span>{ "missing" }</span>
                </li>
            }
            if !lanes.signs.is_empty() {
                <li class="legend-item">
                    <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" class="legend-fresh">
                        <circle cx="7" cy="7" r="3.5" fill="currentColor" />
                    </svg>
                    <span>{ "key changed" }</span>
                </li>
            }
        </ul>
    }
}
