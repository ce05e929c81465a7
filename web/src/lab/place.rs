//! The Lab's component: it joins the pure state, the worker, the canvases and the panels, and decides nothing.

use super::action::{Action, Sight, Spot, Tab};
use super::handover::Handover;
use super::keys::{self, OTHER_ID, RING_ID, SEARCH_ID, Wish};
use super::meter::Meter;
use super::pace::Pace;
use super::pointing::Press;
use super::protocol::{self, Command, Frame};
use super::ring_panel::Pointer;
use super::sharing::{ShareMsg, Sharing};
use super::stage::Stage;
use super::state::View;
use super::theory_line::TheoryLine;
use super::tour;
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

/// The tabs of the place in sight, where there is no room for all panels.
const TABS: &str = ".place-root > .place-root:not([hidden]) [data-testid=tab]";

/// The branch that is looked at, in the place in sight.
const BRANCH: &str = ".place-root > .place-root:not([hidden]) .branches [aria-pressed=true]";

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
    pub(super) frame: Frame,
    pub(super) pace: Pace,
    pub(super) meter: Meter,
    pub(super) stage: Stage,
    pub(super) background: Option<Background>,
    /// Did the last report have no texts?
    pub(super) lacks_text: bool,
    /// Commands that the worker has not answered.
    pub(super) waiting: u32,
    pub(super) asked_us: u64,
    pub(super) failed: Option<String>,
    /// What hands the run on, while that is open.
    pub(super) sharing: Option<Sharing>,
    pub(super) still: bool,
    pub(super) pressed: Option<Press>,
    /// The node under the pointer, while the tool in hand works on nodes.
    pub(super) over: Option<u32>,
    /// Was something pointed at, so that what is said of it has to come in sight?
    pub(super) is_pointed: bool,
    /// How many branches there were, and which one was looked at, when they were last drawn.
    drawn_branch: (usize, u32),
    /// Where the focus is to go, once that stands on the page.
    pub(super) wants_focus: Option<&'static str>,
    /// What the theory was computed for, and the result.
    pub(super) theory: Option<Rc<TheoryLine>>,
    /// Where most runs of the setup lie.
    pub(super) band: Option<Rc<Band>>,
    pub(super) revision: u64,
    /// What the address says, as this place knows.
    query: AttrValue,
    pub(super) hook: Option<Hook>,
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
            lacks_text: false,
            waiting: 0,
            asked_us: 0,
            failed: None,
            sharing: None,
            still: page::matches(page::REDUCED_MOTION),
            pressed: None,
            over: None,
            is_pointed: is_first_visit,
            drawn_branch: (0, 0),
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
        let view = self.view.borrow();
        let branch = (view.branches.len(), view.branch);
        drop(view);
        if std::mem::replace(&mut self.drawn_branch, branch) != branch {
            page::reveal_across(BRANCH);
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
        let puts_away = matches!(action, Action::ToDrawn(_) | Action::Draw(None));
        self.act(action);
        if names_other && self.view.borrow().form.between.is_none() {
            self.wants_focus = Some(RING_ID);
        }
        if puts_away {
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
    pub(super) fn tell_address(&mut self, ctx: &Context<Self>) {
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
            Action::Tour(Some(stop)) if tour::tab(*stop).is_some() => self.is_pointed = true,
            Action::Tour(Some(_)) => page::to_top(),
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
        // A jump does not wait for the display.
        if self.waiting == 0 {
            self.seek();
        }
    }

    /// Asks for the jump that the user wants. False if there is none.
    pub(super) fn seek(&mut self) -> bool {
        let seek = self.view.borrow_mut().take_seek();
        let Some(seek) = seek else { return false };
        self.asked_us = 0;
        self.send(vec![seek]);
        true
    }

    pub(super) fn send(&mut self, commands: Vec<Command>) {
        let Some(background) = &self.background else { return };
        for command in commands {
            self.waiting += 1;
            background.send(&protocol::encode(&command));
        }
    }
}
