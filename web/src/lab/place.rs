//! The Lab's component: it joins the pure state, the worker, the canvases and the panels, and decides nothing.

use super::action::{Action, Sight, Spot, Tab, Tool};
use super::handover::Handover;
use super::keys::{self, OTHER_ID, RING_ID, SEARCH_ID, Wish};
use super::layout::Point;
use super::meter::Meter;
use super::pace::{Pace, legible_speed};
use super::protocol::{self, Command, Deed, Frame, MessageRef, Report};
use super::ring_panel::Pointer;
use super::sharing::{ShareMsg, Sharing};
use super::stage::{Light, Stage};
use super::state::View;
use super::theory_line::{self, TheoryLine};
use crate::float::pow;
use crate::glue::files;
use crate::glue::hook::Hook;
use crate::glue::time::{Frames, now_ms};
use crate::glue::{Background, Job, Listener, page};
use crate::replay::file::BYTES_MAX;
use crate::share::link;
use crate::sweep::Band;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use yew::prelude::*;

/// Where it is stored that the tour was seen.
const TOUR_KEY: &str = "rumormill.tour";

/// A press that moves less is a click, in pixels.
const CLICK_PX: f32 = 6.0;

/// How far beside a node a click still finds it.
const HIT_SLACK_PX: f32 = 10.0;

/// The tabs of the place in sight, where there is no room for all panels.
const TABS: &str = ".place-root > .place-root:not([hidden]) [data-testid=tab]";

/// Props of [`Lab`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct LabProps {
    /// Is it the place in sight? Otherwise it keeps its state and does nothing.
    pub active: bool,
    /// Is the page dark?
    pub is_dark: bool,
    /// A cluster of another place that is to be simulated. Each counts once.
    #[prop_or_default]
    pub handover: Option<Rc<Handover>>,
    /// The link of a scenario file, as what follows `#/lab?`, and its number. Each counts once, whatever is open.
    #[prop_or_default]
    pub run: Option<(u32, AttrValue)>,
    /// Is it Replay: recordings in place of runs?
    #[prop_or_default]
    pub is_replay: bool,
    /// A file that was dropped on the page, to be taken.
    #[prop_or_default]
    pub file: Option<web_sys::File>,
    /// Call with the link in a scenario file, which is for the Lab.
    pub on_run: Callback<AttrValue>,
    /// What the page's address says of the Lab.
    pub query: AttrValue,
    /// What the address is to say, and whether that is a step in the history.
    pub on_query: Callback<(AttrValue, bool)>,
}

/// What can happen to the Lab.
#[derive(Debug)]
pub enum Msg {
    /// The user did something.
    Act(Action),
    /// The display is about to repaint.
    Frame(f64),
    /// The worker reported.
    Report(Vec<u8>),
    /// The worker failed.
    Failed(String),
    /// Start the worker again.
    Again,
    /// The pointer did something on the ring.
    Pointer(Pointer),
    /// A script asks for the hash of a named scenario.
    Ask(u32, String),
    /// The user wants things to stand still, or to move.
    Still(bool),
    /// A sweep has another band, or none any more.
    Band(Option<Rc<Band>>),
    /// What a key asks for beyond an action.
    Wish(Wish),
    /// Something of what hands the run on.
    Share(ShareMsg),
}

/// The Lab.
#[derive(Debug)]
pub struct Lab {
    /// Shared with the key listener, which must know at once whether a key is its own.
    pub(super) view: Rc<RefCell<View>>,
    frame: Frame,
    pub(super) pace: Pace,
    pub(super) meter: Meter,
    pub(super) stage: Stage,
    background: Option<Background>,
    /// Commands that the worker has not answered.
    waiting: u32,
    asked_us: u64,
    pub(super) failed: Option<String>,
    /// What hands the run on, while that is open.
    pub(super) sharing: Option<Sharing>,
    still: bool,
    pressed: Option<(Point, Point)>,
    /// Was something pointed at, so that what is said of it has to come in sight?
    is_pointed: bool,
    /// Where the focus is to go, once that stands on the page.
    wants_focus: Option<&'static str>,
    /// What the theory was computed for, and the result.
    pub(super) theory: Option<Rc<TheoryLine>>,
    /// Where most runs of the setup lie.
    band: Option<Rc<Band>>,
    revision: u64,
    /// What the address says, as this place knows.
    query: AttrValue,
    hook: Option<Hook>,
    render_started_ms: Cell<f64>,
    frames: Option<Frames>,
    _listeners: [Option<Listener>; 2],
}

impl Component for Lab {
    type Message = Msg;
    type Properties = LabProps;

    fn create(ctx: &Context<Self>) -> Self {
        let is_replay = ctx.props().is_replay;
        let (mut view, commands) = if is_replay { (View::for_replay(), Vec::new()) } else { View::new() };
        view.keys = page::single_keys();
        // Who follows a link to something wants to see that.
        let is_first_visit = !is_replay && ctx.props().query.is_empty() && page::stored(TOUR_KEY).is_none();
        view.tour = is_first_visit.then_some(0);
        let view = Rc::new(RefCell::new(view));
        let still = ctx.link().callback(Msg::Still);
        let asked = ctx.link().callback(|(id, name)| Msg::Ask(id, name));
        let mut lab = Self {
            frame: Frame::default(),
            pace: Pace::default(),
            meter: Meter::default(),
            stage: Stage::default(),
            background: None,
            waiting: 0,
            asked_us: 0,
            failed: None,
            sharing: None,
            still: page::matches(page::REDUCED_MOTION),
            pressed: None,
            is_pointed: false,
            wants_focus: None,
            theory: None,
            band: None,
            revision: 0,
            query: AttrValue::default(),
            hook: (!is_replay).then(|| Hook::new(move |id, name| asked.emit((id, name)))),
            render_started_ms: Cell::new(now_ms()),
            frames: None,
            _listeners: [
                Some(listen_to_keys(ctx, &view)),
                page::on_media_change(page::REDUCED_MOTION, move |is| still.emit(is)),
            ],
            view,
        };
        lab.spawn(ctx);
        lab.send(commands);
        lab.set_active(ctx);
        lab.follow_address(ctx);
        lab.take_over(ctx.props().handover.as_ref());
        take_file(ctx);
        if let Some((_, query)) = &ctx.props().run {
            lab.open_run(ctx, query);
        }
        lab
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &LabProps) -> bool {
        self.set_active(ctx);
        self.follow_address(ctx);
        let new = ctx.props().handover.as_ref();
        let is_known = match (new, &old.handover) {
            (Some(new), Some(old)) => Rc::ptr_eq(new, old),
            _ => false,
        };
        self.take_over(new.filter(|_| !is_known));
        if ctx.props().file != old.file {
            take_file(ctx);
        }
        if let Some((_, query)) = ctx.props().run.as_ref().filter(|run| Some(*run) != old.run.as_ref()) {
            self.open_run(ctx, query);
        }
        self.revision += 1;
        true
    }

    fn update(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        match message {
            Msg::Act(action) => {
                if !self.on_act(ctx, action) {
                    return false;
                }
            }
            Msg::Frame(at_ms) => return self.on_frame(ctx, at_ms),
            Msg::Report(bytes) => return self.on_report(ctx, &bytes),
            Msg::Failed(why) => {
                self.failed = Some(why);
                self.view.borrow_mut().playing = false;
                self.background = None;
            }
            Msg::Again => self.begin_again(ctx),
            Msg::Pointer(pointer) => return self.on_pointer(ctx, pointer),
            Msg::Ask(id, name) => {
                self.send(vec![Command::TraceHash { id, name }]);
                return false;
            }
            Msg::Still(still) => self.still = still,
            Msg::Band(band) => self.band = band,
            Msg::Share(message) => self.on_share(ctx, message),
            Msg::Wish(wish) => self.fulfil(wish),
        }
        self.revision += 1;
        true
    }

    fn rendered(&mut self, _ctx: &Context<Self>, _first: bool) {
        self.stage.attach();
        if let Some(id) = self.wants_focus.take() {
            page::focus(id);
        }
        if std::mem::take(&mut self.is_pointed) {
            // On a phone it stands below the picture, and below the edge.
            page::lift(TABS);
        }
        self.meter.work(now_ms() - self.render_started_ms.get());
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        self.render_started_ms.set(now_ms());
        let on = ctx.link().callback(Msg::Act);
        self.render(ctx, &on)
    }
}

fn listen_to_keys(ctx: &Context<Lab>, view: &Rc<RefCell<View>>) -> Listener {
    let view = Rc::clone(view);
    let link = ctx.link().clone();
    let scope = ctx.link().clone();
    page::on_key(move |key| {
        let active = scope.get_component().is_some_and(|lab| lab.frames.is_some());
        if !active {
            return false;
        }
        // They may have been switched off in another place.
        view.borrow_mut().keys = page::single_keys();
        let Some(wish) = keys::wish(&key, &view.borrow()) else { return false };
        link.send_message(match wish {
            Wish::Act(action) => Msg::Act(action),
            wish => Msg::Wish(wish),
        });
        true
    })
}

/// Opens the file that was dropped.
fn take_file(ctx: &Context<Lab>) {
    if let Some(file) = &ctx.props().file {
        let given = ctx.link().callback(|given| Msg::Act(Action::OpenFile(Box::new(given))));
        files::read(file.clone(), BYTES_MAX, move |it| given.emit(it));
    }
}

/// The speed at which what is under way can be seen to travel.
fn legible(speed: f64, frame: &Frame) -> f64 {
    let under_way = frame.flights.iter().filter(|flight| {
        flight.payload && flight.sent_us.saturating_add(u64::from(flight.travels_us)) > frame.now_us
    });
    let shortest_us = under_way.map(|flight| flight.travels_us).min();
    shortest_us.map_or(speed, |travels_us| legible_speed(speed, travels_us))
}

impl Lab {
    #[inline(never)]
    fn take_over(&mut self, handover: Option<&Rc<Handover>>) {
        if let Some(handover) = handover {
            self.act(Action::TakeOver(Box::new((**handover).clone())));
        }
    }

    /// False if nothing of it is to be seen here.
    #[inline(never)]
    fn on_act(&mut self, ctx: &Context<Self>, action: Action) -> bool {
        if let Action::OpenFile(given) = &action {
            if let Some(run) = given.bytes.as_ref().ok().and_then(|bytes| link::in_file(bytes)) {
                ctx.props().on_run.emit(AttrValue::from(run.to_owned()));
                return false;
            }
            if self.background.is_none() {
                self.begin_again(ctx);
            }
        }
        let names_other = action == Action::OtherNamed;
        self.act(action);
        if names_other && self.view.borrow().form.between.is_none() {
            self.wants_focus = Some(RING_ID);
        }
        self.tell_address(ctx);
        true
    }

    /// Does what a key asks for. The focus waits until what it goes to is in sight.
    #[inline(never)]
    fn fulfil(&mut self, wish: Wish) {
        match wish {
            Wish::Act(action) => self.act(action),
            Wish::Search => {
                self.act(Action::Tab(Tab::Events));
                self.wants_focus = Some(SEARCH_ID);
            }
            Wish::Inspect => {
                self.act(Action::Tab(Tab::Node));
                let is_message = self.view.borrow().message.is_some();
                self.wants_focus = Some(if is_message { "message-body" } else { "inspector-body" });
            }
            Wish::Name(what) => {
                self.act(Action::AskOther(what));
                self.wants_focus = self.view.borrow().form.between.map(|_| OTHER_ID);
            }
        }
    }

    /// With a worker in place of one that failed.
    #[inline(never)]
    fn begin_again(&mut self, ctx: &Context<Self>) {
        (self.failed, self.waiting) = (None, 0);
        self.spawn(ctx);
        self.pace.restart();
        (self.frame, self.theory) = (Frame::default(), None);
        let commands = self.view.borrow_mut().begin_again();
        self.send(commands);
    }

    fn spawn(&mut self, ctx: &Context<Self>) {
        let on_report = ctx.link().callback(Msg::Report);
        let on_error = ctx.link().callback(Msg::Failed);
        let job = if ctx.props().is_replay { Job::Play } else { Job::Simulate };
        match Background::spawn(job, move |bytes| on_report.emit(bytes), move |why| on_error.emit(why)) {
            Ok(background) => self.background = Some(background),
            Err(error) => self.failed = Some(error.0),
        }
    }

    /// In sight it follows the display's frames, out of sight it stands still.
    fn set_active(&mut self, ctx: &Context<Self>) {
        let active = ctx.props().active;
        if active && self.frames.is_none() {
            let link = ctx.link().clone();
            self.frames = Some(Frames::new(move |at_ms| link.send_message(Msg::Frame(at_ms))));
        } else if !active {
            self.frames = None;
            let mut view = self.view.borrow_mut();
            let commands = view.act(Action::Pause);
            debug_assert!(commands.is_empty());
        }
    }

    /// Goes where the page's address says, if someone else has written it.
    #[inline(never)]
    fn follow_address(&mut self, ctx: &Context<Self>) {
        let query = &ctx.props().query;
        if *query != self.query {
            let is_new = link::part(query) != link::part(&self.query);
            self.query = query.clone();
            if let Some(read) = link::read(query).filter(|_| is_new && !ctx.props().is_replay) {
                self.act(Action::OpenLink(read.map(Box::new)));
            }
            self.act(Action::Spot(Spot::parse(query)));
        }
    }

    /// Opens the link of a scenario file, though it may be the one that is open.
    #[inline(never)]
    fn open_run(&mut self, ctx: &Context<Self>, query: &AttrValue) {
        self.query = query.clone();
        if let Some(read) = link::read(query) {
            self.act(Action::OpenLink(read.map(Box::new)));
        }
        self.act(Action::Spot(Spot::parse(query)));
        ctx.props().on_query.emit((query.clone(), false));
    }

    /// Lets the page's address say what is looked at, and the run only if that is the link's. Another view is a step in the history, another selection is not.
    fn tell_address(&mut self, ctx: &Context<Self>) {
        let before = Spot::parse(&self.query);
        let view = self.view.borrow();
        let sight = Some(view.sight).filter(|_| view.sight_is_own && view.sight != Sight::Ring);
        let spot = Spot { sight, ..view.spot() };
        let is_linked = view.linked == Some(view.run);
        drop(view);
        let rest = if is_linked { self.query.to_string() } else { link::without(&self.query) };
        let query = spot.write(&rest);
        if *query != *self.query {
            self.query = query.into();
            ctx.props().on_query.emit((self.query.clone(), spot.sight != before.sight));
        }
    }

    pub(super) fn act(&mut self, action: Action) {
        match &action {
            Action::Tour(None) => drop(page::store(TOUR_KEY, "done")),
            Action::Keys(on) => page::set_single_keys(*on),
            Action::NewRun
            | Action::NewSeed(_)
            | Action::Preset(_)
            | Action::TakeOver(_)
            | Action::OpenLink(Ok(_)) => self.pace.restart(),
            _ => {}
        }
        let commands = match action {
            Action::DropNext => self.view.borrow_mut().drop_next(&self.frame),
            action => self.view.borrow_mut().act(action),
        };
        self.send(commands);
    }

    pub(super) fn send(&mut self, commands: Vec<Command>) {
        let Some(background) = &self.background else { return };
        for command in commands {
            self.waiting += 1;
            background.send(&protocol::encode(&command));
        }
    }

    /// Asks for the time that is due, and paints. Returns whether there is something new to read.
    fn on_frame(&mut self, ctx: &Context<Self>, at_ms: f64) -> bool {
        let started_ms = now_ms();
        let command = self.next_command(at_ms);
        if let Some(command) = command {
            self.send(vec![command]);
        }
        let view = Rc::clone(&self.view);
        let mut stage = std::mem::take(&mut self.stage);
        stage.paint(&view.borrow(), &self.frame, &self.light(ctx, &view.borrow()));
        view.borrow_mut().stride = stage.stride();
        self.stage = stage;
        self.meter.work(now_ms() - started_ms);
        self.meter.frame(at_ms);
        false
    }

    fn light(&self, ctx: &Context<Self>, view: &View) -> Light<'_> {
        Light {
            shown_us: self.pace.shown_us(view.now_us, self.frame.next_us),
            is_dark: ctx.props().is_dark,
            still: self.still,
            cutting: self.pressed.filter(|_| view.tool == Tool::Cut),
            theory: self.theory.as_deref(),
            band: self.band.as_deref(),
            revision: self.revision,
        }
    }

    fn next_command(&mut self, at_ms: f64) -> Option<Command> {
        let mut view = self.view.borrow_mut();
        let speed = view.playing.then(|| pow(10.0, view.speed));
        let speed = speed.map(|speed| if view.legible { legible(speed, &self.frame) } else { speed });
        self.pace.frame(at_ms, speed);
        if self.waiting > 0 {
            return None;
        }
        if let Some(seek) = view.take_seek() {
            self.asked_us = 0;
            return Some(seek);
        }
        let to_us = match view.goal_us {
            Some(goal_us) => goal_us,
            None => self.pace.take(view.now_us)?,
        };
        let text = self.pace.wants_text(at_ms);
        self.asked_us = to_us.saturating_sub(view.now_us);
        let look = if text { view.look() } else { view.glance() };
        Some(Command::Advance { to_us, look })
    }

    fn on_report(&mut self, ctx: &Context<Self>, bytes: &[u8]) -> bool {
        let started_ms = now_ms();
        self.waiting = self.waiting.saturating_sub(1);
        let news = match protocol::decode(bytes) {
            Ok(Report::Frame(frame)) => self.on_run(*frame),
            Ok(Report::NotStarted(why)) => {
                self.view.borrow_mut().refused = Some(why);
                true
            }
            Ok(Report::Opened { run, opened: Ok(facts) }) => {
                self.pace.restart();
                let commands = self.view.borrow_mut().take_opened(run, *facts);
                self.send(commands);
                true
            }
            Ok(Report::Opened { opened: Err(why), .. }) => {
                self.view.borrow_mut().not_opened = Some(why);
                true
            }
            Ok(Report::Record(record)) => {
                self.on_record(ctx, *record);
                true
            }
            // The Lab starts no spread experiment in its own worker.
            Ok(Report::Idle | Report::Retraced(_) | Report::Spread(_)) => false,
            Ok(Report::TraceHash { id, hash }) => {
                if let Some(hook) = &self.hook {
                    hook.answer(id, hash);
                }
                false
            }
            Err(why) => {
                self.failed = Some(format!("its report could not be read: {why}"));
                true
            }
        };
        self.meter.work(now_ms() - started_ms);
        news
    }

    fn on_run(&mut self, mut frame: Frame) -> bool {
        let mut view = self.view.borrow_mut();
        if frame.run != view.run {
            return false;
        }
        if self.asked_us > 0 && view.playing {
            let passed_us = frame.now_us.saturating_sub(view.now_us);
            self.pace.note_reached((passed_us as f64 / self.asked_us as f64).min(1.0));
        }
        self.meter.tick(f64::from(frame.took_us) / 1_000.0);
        let was = (view.spread.up, view.spread.has_cuts(), view.run);
        let mut news = view.take(&mut frame);
        // A step that is over says so at once.
        news |= view.goal_us.is_none() && !view.playing;
        if (view.spread.up, view.spread.has_cuts(), view.run) != was || news {
            self.theory = view.scenario.as_ref().and_then(|scenario| {
                let is_cut = view.spread.has_cuts();
                let line = theory_line::line(view.spread.up, &scenario.tuning, &scenario.network, is_cut);
                line.map(Rc::new)
            });
        }
        self.frame = frame;
        if news {
            self.revision += 1;
        }
        news
    }

    #[inline(never)]
    fn on_pointer(&mut self, ctx: &Context<Self>, pointer: Pointer) -> bool {
        let cutting = self.view.borrow().tool == Tool::Cut;
        match pointer {
            Pointer::Down(at) => self.pressed = Some((at, at)),
            Pointer::Move(at) => {
                if let Some((from, _)) = self.pressed {
                    self.pressed = Some((from, at));
                }
            }
            Pointer::Cancel => self.pressed = None,
            Pointer::Up(at) => {
                let Some((from, _)) = self.pressed.take() else { return false };
                let dragged = from.distance(at) > CLICK_PX;
                if cutting && dragged {
                    let nodes = self.stage.left_of(from, at);
                    self.act(Action::Tool(Tool::Select));
                    self.act(Action::Do(Deed::Cut(nodes)));
                } else if !dragged {
                    let view = self.view.borrow();
                    let light = self.light(ctx, &view);
                    let hit = self.stage.hit(&view, &self.frame, &light, at, HIT_SLACK_PX);
                    drop(view);
                    self.is_pointed = hit.node.is_some() || hit.message.is_some();
                    self.act(match hit.message {
                        Some(message) => Action::Message(Some(MessageRef::Id(message))),
                        None => Action::Select(hit.node),
                    });
                    self.tell_address(ctx);
                }
                self.revision += 1;
                return true;
            }
        }
        // The line follows the pointer on the canvas; there is nothing to read.
        self.revision += u64::from(cutting);
        false
    }
}
