//! The Live place: holds the session and the user's choices, and repaints its text at most ten times a second. What
//! is known and when to dial is decided by the pure parts; what each panel shows, by the panels.

use super::{
    address::NodeAddress,
    around::Wants,
    connect_bar::ConnectBar,
    help::Help,
    layout::welcome,
    link::Link,
    member::{self, Tab},
    message::Message,
    place_acts::{RECENTS_KEY, listen_to_keys, read},
    recents,
    session::{Session, Word, clock_ms},
    sharing::{RECORDING, Sharing},
    shortcuts::Wish,
    state::Revisions,
    status,
    time::{Time, Turn},
    time_bar::Past,
    what_if,
};
use crate::lab::handover::Handover;
use crate::lab::sight::{Sight, TreeOf};
use crate::share::dialog as share;
use crate::{
    glue::{Listener, files, page, time::Interval},
    ui::{Announcer, Notice, Tone},
};
use rumormill_api::Ask;
use rumormill_core::NodeId;
use serde_json::{Map, Value};
use std::{collections::VecDeque, rc::Rc};
use web_sys::File;
use yew::prelude::*;

/// How often text may be repainted, in milliseconds.
const REPAINT_EVERY_MS: u32 = 100;

/// How often ages and countdowns are repainted when nothing else changed, in milliseconds.
pub(super) const AGE_EVERY_MS: u64 = 500;

/// How much time the space-time view shows at first, in microseconds.
const WINDOW_US: u64 = 16_000_000;

/// What is said where nothing can be played.
const UNPLAYED: &str = "Nothing to rewind";

/// What is said where nothing can be simulated.
const UNSIMULATED: &str = "Not handed to the Lab";

/// Why it cannot.
const TOO_LARGE: &str = "What the entries hold is more than the 4 MB that the Lab takes over. Nothing is \
    changed here.";

/// Props of [`Live`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct LiveProps {
    /// What the address of the page says, as [`Link`] reads it; empty if it says nothing.
    pub query: AttrValue,
    /// The node that served this page, if one did: `ws://host:port`.
    pub own_node: Option<AttrValue>,
    /// Call with what the address is to say, and whether that is a step that Back takes back.
    pub on_query: Callback<(AttrValue, bool)>,
    /// Call with a cluster that is to be simulated. False if it is too large to be handed over.
    pub on_what_if: Callback<Rc<Handover>, bool>,
    /// Call with a recording that is to be played.
    pub on_file: Callback<File>,
    /// Is it the place in sight? Otherwise it keeps its state and paints nothing.
    pub active: bool,
    /// Is the page dark?
    pub is_dark: bool,
}

/// What can happen to the place.
#[derive(Debug)]
pub enum Msg {
    /// The socket or a probe said something, in this turn of the session.
    Word(u64, Word),
    /// A tenth of a second passed.
    Tick,
    /// The address field changed.
    Typed(String),
    /// Connect to what the field holds.
    Connect,
    /// Connect to this address, as a person or a node wrote it.
    ConnectTo(String),
    /// End the connection.
    Disconnect,
    /// Try again at once.
    Now,
    /// It is known that the cluster is another one.
    AcceptCluster,
    /// Look at this member; none looks at the observed node.
    Select(Option<NodeId>),
    /// Show the members so.
    Show(Sight),
    /// Show this tree.
    TreeOf(TreeOf),
    /// Show so much time, in microseconds.
    Window(u64),
    /// Colour members by who has what stands under this key, or by nothing of the kind.
    Seek(Option<String>),
    /// Show this in the place of the charts: `traffic` or `spread`.
    Charts(AttrValue),
    /// On a narrow page, show this part.
    Section(AttrValue),
    /// Ask the node to write, or the tab's member.
    Ask(Ask),
    /// The worker of the tab's member said something, in this turn.
    Tab(u64, member::Word),
    /// Let this tab be a member.
    Join,
    /// Let this tab's member leave.
    Leave,
    /// Let this tab's member write, rather than the node.
    WriteAsTab(bool),
    /// The page is left.
    PageLeft,
    /// Simulate a cluster like the one in sight.
    WhatIf,
    /// Play what the members remember.
    Rewind,
    /// It is known what could not be made for another place.
    Unmade,
    /// Look at this message, or at none.
    Message(Option<Message>),
    /// Look at this one, which was pointed at in the picture.
    MessageOfPicture(Option<Message>),
    /// Ask the other members what happens at them, or no longer.
    FromAll(bool),
    /// Look at another moment.
    Turn(Turn),
    /// A key asks for something.
    Key(Wish),
    /// The user hands on what is in sight.
    Share(share::Wish),
    /// A copy was made, or denied.
    Copied(share::Copied),
    /// Show the help, or no longer.
    Help(bool),
    /// Let single keys work, or not.
    Keys(bool),
    /// Show how the node is configured, or no longer.
    Configure(bool),
    /// Change the configuration of these members.
    Tune(Vec<NodeId>, Map<String, Value>),
}

/// The Live place.
#[derive(Debug)]
pub struct Live {
    pub(super) session: Session,
    /// What is handed on, while that dialog is open.
    pub(super) sharing: Option<Sharing>,
    /// Is what the members remember to be saved, rather than played?
    pub(super) saves_past: bool,
    /// The picture's canvas.
    pub(super) picture: NodeRef,
    pub(super) tab: Tab,
    pub(super) writes_as_tab: bool,
    /// Are the other members asked what happens at them?
    pub(super) from_all: bool,
    pub(super) is_configuring: bool,
    /// Is the place in sight?
    pub(super) is_active: bool,
    /// Which moment is shown.
    pub(super) time: Time,
    /// It, if it is not the present.
    pub(super) past: Option<Past>,
    pub(super) is_helping: bool,
    /// Where the focus goes once it is there.
    pub(super) focus: Option<&'static str>,
    /// Has it been looked whether this tab was a member before it was loaded again?
    pub(super) is_resumed: bool,
    pub(super) typed: String,
    pub(super) error: Option<AttrValue>,
    pub(super) recents: Vec<String>,
    /// Has the present address been remembered?
    pub(super) is_remembered: bool,
    pub(super) selected: Option<NodeId>,
    pub(super) shown: Sight,
    pub(super) tree_of: TreeOf,
    /// How much time the space-time view shows, in microseconds.
    pub(super) window_us: u64,
    /// The key of which it is shown who has what stands there.
    pub(super) sought: Option<String>,
    /// What could not be made of the cluster for another place, and why.
    pub(super) unmade: Option<(&'static str, AttrValue)>,
    /// What the address was told and what has not come back yet, oldest first.
    pub(super) told: VecDeque<AttrValue>,
    /// What stands in the place of the charts; the traffic, until there is a write to follow.
    pub(super) charts: Option<AttrValue>,
    pub(super) section: AttrValue,
    pub(super) painted: (Revisions, u64),
    pub(super) is_dirty: bool,
    _ticks: Interval,
    _leave: Listener,
    _keys: Listener,
}

impl Component for Live {
    type Message = Msg;
    type Properties = LiveProps;

    fn create(ctx: &Context<Self>) -> Self {
        let on_word = ctx.link().callback(|(turn, word)| Msg::Word(turn, word));
        let on_tab = ctx.link().callback(|(turn, word)| Msg::Tab(turn, word));
        let on_leave = ctx.link().callback(|()| Msg::PageLeft);
        let tick = ctx.link().callback(|()| Msg::Tick);
        let mut place = Self {
            session: Session::new(on_word),
            sharing: None,
            saves_past: false,
            picture: NodeRef::default(),
            tab: Tab::new(on_tab),
            writes_as_tab: false,
            from_all: false,
            is_configuring: false,
            is_active: ctx.props().active,
            time: Time::Following,
            past: None,
            is_helping: false,
            focus: None,
            is_resumed: false,
            typed: String::new(),
            error: None,
            recents: page::stored(RECENTS_KEY).map_or_else(Vec::new, |text| recents::from_text(&text)),
            is_remembered: false,
            selected: None,
            shown: Sight::Ring,
            tree_of: TreeOf::Links,
            window_us: WINDOW_US,
            sought: None,
            unmade: None,
            told: VecDeque::new(),
            charts: None,
            section: AttrValue::Static("members"),
            painted: (Revisions::default(), 0),
            is_dirty: false,
            _ticks: Interval::new(REPAINT_EVERY_MS, move || tick.emit(())),
            _leave: page::on_leave(move || on_leave.emit(())),
            _keys: listen_to_keys(ctx),
        };
        place.suggest(ctx.props().own_node.as_deref());
        place.follow(&Link::parse(&ctx.props().query), ctx);
        place
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &LiveProps) -> bool {
        let props = ctx.props();
        self.is_active = props.active;
        if !props.active {
            self.told.clear();
        }
        if props.query != old.query && self.is_echo(&props.query) {
            // What the place said itself comes back, perhaps after it has said more.
        } else if props.query != old.query && !props.query.is_empty() {
            self.follow(&Link::parse(&props.query), ctx);
        } else if props.active && !old.active {
            // Whoever comes back finds the place as it was, and the address says so.
            self.tell(ctx, false);
        }
        if props.own_node != old.own_node {
            self.suggest(props.own_node.as_deref());
        }
        true
    }

    fn update(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        match message {
            Msg::Word(turn, word) => {
                let state_before = status::state_word(self.session.connection().phase());
                self.session.hear(turn, word);
                self.is_dirty |= status::state_word(self.session.connection().phase()) != state_before;
                self.remember();
                self.resume();
                return false;
            }
            Msg::Tick => return self.on_tick(ctx),
            Msg::Typed(text) => {
                self.typed = text;
                self.error = None;
            }
            Msg::Connect => {
                let typed = self.typed.clone();
                self.selected = None;
                self.connect_to(&typed, ctx);
            }
            Msg::ConnectTo(text) => {
                self.selected = None;
                self.connect_to(&text, ctx);
            }
            Msg::Disconnect => self.session.end(),
            Msg::Now => self.session.now(),
            Msg::AcceptCluster => self.session.accept_cluster(),
            Msg::Select(node) => {
                self.selected = node;
                self.tell(ctx, false);
            }
            Msg::Show(what) => {
                self.shown = what;
                self.tell(ctx, true);
            }
            Msg::Window(us) => self.window_us = us,
            Msg::Seek(key) => {
                self.sought = key;
                self.session.seek(self.sought.as_deref());
                self.tell(ctx, true);
            }
            Msg::TreeOf(what) => {
                self.tree_of = what;
                self.tell(ctx, true);
            }
            Msg::Charts(what) => self.charts = Some(what),
            Msg::Section(what) => self.section = what,
            Msg::Ask(ask) => self.ask(ask),
            Msg::Tab(turn, word) => {
                if let Some((id, outcome)) = self.tab.hear(turn, word) {
                    self.session.noted(id, outcome);
                }
                self.writes_as_tab &= self.tab.is_wanted();
                self.is_dirty = true;
                return false;
            }
            Msg::Join => self.join(),
            Msg::Leave => self.tab.leave(),
            Msg::PageLeft => self.tab.keep(),
            Msg::WhatIf => {
                let handover = what_if::handover(&self.session.model().view.borrow());
                let is_taken = handover.is_none_or(|it| ctx.props().on_what_if.emit(Rc::new(it)));
                self.unmade = (!is_taken).then_some((UNSIMULATED, AttrValue::Static(TOO_LARGE)));
            }
            Msg::Rewind => {
                self.unmade = None;
                self.saves_past = false;
                self.ask_past();
            }
            Msg::Share(wish) => self.on_share(wish, ctx),
            Msg::Copied(copied) => self.on_copied(copied),
            Msg::Unmade => self.unmade = None,
            Msg::Message(message) => self.session.look_at(message),
            Msg::MessageOfPicture(message) => {
                // It is told among the events, which on a narrow page are another part.
                self.section = AttrValue::Static("events");
                self.session.look_at(message);
            }
            Msg::FromAll(all) => self.from_all = all,
            Msg::Turn(turn) => self.turn(turn),
            Msg::Key(wish) => return self.on_key(wish, ctx),
            Msg::Help(open) => self.is_helping = open,
            Msg::Keys(on) => page::set_single_keys(on),
            Msg::Configure(open) => {
                self.is_configuring = open;
                if open {
                    self.session.ask_config();
                }
            }
            Msg::Tune(members, changes) => self.session.tune(members, &changes),
            Msg::WriteAsTab(as_tab) => self.writes_as_tab = as_tab,
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let now_ms = clock_ms();
        let connection = self.session.connection();
        let view = self.session.model().view.borrow();
        let link = ctx.link();
        let has_data = view.status.is_some();
        let shown = self.shown_model().view.borrow();
        let past = self.past.is_some().then(|| (&*shown, self.behind_words()));
        let is_stale = has_data && !shown.is_current();
        html! {
            <div class="live" data-testid="live" data-state={status::state_word(connection.phase())}>
                { status::source_bar(connection, &view, past, now_ms, self.controls(ctx)) }
                <ConnectBar typed={self.typed.clone()} error={self.error.clone()} recents={self.recents.clone()}
                    members={status::reachable_members(&view)} seen_through={view.node().filter(|_| view.is_current()).cloned()}
                    is_wanted={status::is_wanted(connection.phase())}
                    is_present={connection.is_live()
                        && connection.address().is_some_and(|address| address.label() == self.typed)}
                    on_typed={link.callback(Msg::Typed)} on_connect={link.callback(|()| Msg::Connect)}
                    on_connect_to={link.callback(Msg::ConnectTo)}
                    on_disconnect={link.callback(|()| Msg::Disconnect)} />
                { status::trouble(connection, has_data, now_ms, &link.callback(|()| Msg::Now)) }
                if let (Some(before), Some(status)) = (self.session.cluster_before(), &view.status) {
                    <div class="live-trouble">
                        <Notice tone={Tone::Warn} title="Another cluster" testid="live-other-cluster"
                            onclose={link.callback(|()| Msg::AcceptCluster)}>
                            <p>{ format!("The node at this address belongs to cluster {} now; before, a node of cluster {before} \
                                answered here. Everything below is of {}. Is the address still the right one?",
                                status.cluster, status.cluster) }</p>
                        </Notice>
                    </div>
                }
                if let Some((title, why)) = &self.unmade {
                    <div class="live-trouble">
                        <Notice tone={Tone::Warn} title={*title} testid="live-unmade"
                            onclose={link.callback(|()| Msg::Unmade)}>
                            <p>{ why }</p>
                        </Notice>
                    </div>
                }
                if has_data || self.tab.is_wanted() {
                    { self.tab_row(ctx, &view) }
                }
                if has_data {
                    { self.panels(ctx, &view, is_stale) }
                    { self.time_bar(ctx, &view) }
                } else {
                    { welcome(connection.address().is_some() && connection.trouble().is_none()) }
                }
                { self.export_dialog(ctx, &view) }
                if self.is_helping {
                    <Help keys={page::single_keys()} on_keys={link.callback(Msg::Keys)}
                        onclose={link.callback(|()| Msg::Help(false))} />
                }
                <Announcer text={status::announcement(connection, &view, now_ms)} testid="live-announcer" />
            </div>
        }
    }

    fn rendered(&mut self, _ctx: &Context<Self>, _first: bool) {
        let revisions = self.session.model().view.borrow().revisions;
        self.painted = (revisions, clock_ms());
        self.is_dirty = false;
        if let Some(id) = self.focus.take() {
            page::focus(id);
        }
    }
}

impl Live {
    fn on_tick(&mut self, ctx: &Context<Self>) -> bool {
        let is_active = ctx.props().active;
        let phase_before = self.session.connection().phase().clone();
        self.session.tick();
        let past = self.session.take_past();
        self.is_dirty |= past.is_some();
        if let Some(past) = past.and_then(|past| self.save_past(past)) {
            let file = past.and_then(|lines| {
                files::made(RECORDING, &lines).ok_or_else(|| "the browser makes no file of it".to_owned())
            });
            match file {
                Ok(file) if is_active => ctx.props().on_file.emit(file),
                // Whoever has gone elsewhere meanwhile is not called back.
                Ok(_) => {}
                Err(why) => {
                    let words = format!("No recording could be made of what the members remember: {why}.");
                    self.unmade = Some((UNPLAYED, words.into()));
                }
            }
        }
        if let Time::Behind(_) = self.time {
            self.is_dirty |= self.set_time(self.time);
        }
        if is_active {
            // Another node that is observed begins a book of its own.
            self.session.seek(self.sought.as_deref());
            self.session.look_around(Wants {
                beliefs: self.shown == Sight::Matrix,
                events: self.from_all,
                talk: self.shown == Sight::SpaceTime,
            });
        }
        self.is_dirty |= *self.session.connection().phase() != phase_before;
        let (revisions, painted_ms) = self.painted;
        let is_new = self.session.model().view.borrow().revisions != revisions;
        let is_old = clock_ms().saturating_sub(painted_ms) >= AGE_EVERY_MS;
        is_active && (is_new || is_old || self.is_dirty)
    }

    /// Goes where the address leads.
    fn follow(&mut self, link: &Link, ctx: &Context<Self>) {
        (self.shown, self.tree_of, self.selected) = (link.shown, link.tree_of, link.selected.clone());
        self.sought.clone_from(&link.key);
        if let Some(node) = &link.node {
            let is_present =
                read(node).is_ok_and(|address| Some(&address) == self.session.connection().address());
            if !is_present {
                self.connect_to(node, ctx);
            }
        }
    }

    /// What is in sight, for an address.
    pub(super) fn link(&self) -> Link {
        let node = self.session.connection().address().map(NodeAddress::label);
        let (key, selected) = (self.sought.clone(), self.selected.clone());
        Link { node, shown: self.shown, tree_of: self.tree_of, key, selected }
    }

    /// Did the place say this itself?
    fn is_echo(&mut self, query: &AttrValue) -> bool {
        let at = self.told.iter().position(|told| told == query);
        if let Some(at) = at {
            self.told.drain(..=at);
        }
        at.is_some()
    }

    /// Has the address say what is in sight; as a step that Back takes back?
    pub(super) fn tell(&mut self, ctx: &Context<Self>, is_step: bool) {
        let query: AttrValue = self.link().to_string().into();
        if self.told.back().unwrap_or(&ctx.props().query) != &query {
            self.told.push_back(query.clone());
        }
        ctx.props().on_query.emit((query, is_step));
    }

    /// Asks all members that can be asked for all that they remember.
    pub(super) fn ask_past(&mut self) {
        let members = self.configurable();
        self.session.ask_past(&members);
    }
}
