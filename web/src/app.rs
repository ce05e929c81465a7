//! The shell: the top bar with the places, the theme, the way from the page's address to a place. Places keep
//! their state while the other one is in sight; what they show is their own business.

use crate::{
    glue::{
        files::{self, Dragged, Handed},
        http, page,
    },
    lab::{Lab, handover::Handover},
    live::Live,
    race::Race,
    replay::file::BYTES_MAX,
    route::Route,
    theme::Theme,
    ui::{Button, ButtonKind, IconName, Notice, Tone},
};
use std::rc::Rc;
use yew::prelude::*;

/// Where the theme is stored.
const THEME_KEY: &str = "rumormill.theme";

/// How a node names itself in the `server` header of the page that it serves. Asking a static host for a node's API
/// instead would leave an error on its console.
const NODE_SERVER: &str = "rumormill/";

/// Answers on the server that the page came from if that is a node.
const STATUS_PATH: &str = "api/v1/status";

/// The whole page.
#[derive(Debug)]
pub struct App {
    /// `None` until it is known who served the page.
    route: Option<Route>,
    /// Places that have been in sight, which are kept from then on.
    visited: (bool, bool, bool, bool),
    /// What the address said of the Lab last.
    lab_query: AttrValue,
    /// What it said of Replay last.
    replay_query: AttrValue,
    /// The file that was dropped last.
    dropped: Option<Rc<Handed>>,
    /// Is a file over the page?
    is_dragging: bool,
    own_node: Option<AttrValue>,
    /// The cluster that Live hands to the Lab.
    handover: Option<Rc<Handover>>,
    theme: Theme,
    /// Is it to be said that nothing can be stored?
    says_unstored: bool,
    system_is_dark: bool,
    _hash_listener: crate::glue::Listener,
    _dark_listener: Option<crate::glue::Listener>,
    _drop_listeners: [crate::glue::Listener; 3],
}

/// What can happen to the shell.
#[derive(Debug)]
pub enum Msg {
    /// The page's address changed.
    Hash(String),
    /// It is known whether a node served the page.
    Served(Option<AttrValue>),
    /// The system turned dark, or light.
    SystemDark(bool),
    /// The theme's toggle was pressed.
    NextTheme,
    /// The Live place hands a cluster to the Lab.
    WhatIf(Rc<Handover>),
    /// The Live place names its node.
    Node(AttrValue),
    /// The Lab has something else to say in the address; as a step in the history?
    LabQuery(AttrValue, bool),
    /// The same of Replay.
    ReplayQuery(AttrValue, bool),
    /// A file is dragged over the page, or was dropped.
    Dragged(Dragged),
    /// The user knows that nothing can be stored.
    Unstored,
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let theme = page::stored(THEME_KEY).map_or(Theme::System, |word| Theme::parse(&word));
        page::set_theme(theme.as_str());
        let on_hash = ctx.link().callback(Msg::Hash);
        let on_dark = ctx.link().callback(Msg::SystemDark);
        let on_drag = ctx.link().callback(Msg::Dragged);
        ctx.link().send_future(async { Msg::Served(serving_node().await) });
        let mut app = Self {
            route: None,
            visited: (false, false, false, false),
            lab_query: AttrValue::default(),
            replay_query: AttrValue::default(),
            dropped: None,
            is_dragging: false,
            own_node: None,
            handover: None,
            theme,
            says_unstored: !page::can_store(),
            system_is_dark: page::matches(page::DARK),
            _hash_listener: page::on_hash_change(move |hash| on_hash.emit(hash)),
            _dark_listener: page::on_media_change(page::DARK, move |dark| on_dark.emit(dark)),
            _drop_listeners: files::on_drop(BYTES_MAX, move |dragged| on_drag.emit(dragged)),
        };
        if let Some(route) = Route::parse(&page::hash()) {
            app.go(route);
        }
        app
    }

    fn update(&mut self, _ctx: &Context<Self>, message: Msg) -> bool {
        match message {
            Msg::Dragged(Dragged::Over) if self.is_dragging => return false,
            Msg::Dragged(Dragged::Over) => self.is_dragging = true,
            Msg::Dragged(Dragged::Away) => self.is_dragging = false,
            Msg::Dragged(Dragged::Dropped(given)) => {
                (self.is_dragging, self.dropped) = (false, Some(Handed::new(given)));
                if !matches!(self.route, Some(Route::Replay { .. })) {
                    page::set_hash(&Route::Replay { query: self.replay_query.to_string() }.to_string());
                }
            }
            Msg::ReplayQuery(query, is_step) => {
                self.replay_query = query.clone();
                self.tell(Route::Replay { query: query.to_string() }, is_step);
            }
            Msg::Hash(hash) => match Route::parse(&hash) {
                Some(route) => self.go(route),
                None => self.go_to_default(),
            },
            Msg::Served(node) => {
                self.own_node = node;
                if self.route.is_none() {
                    self.go_to_default();
                }
            }
            Msg::Unstored => self.says_unstored = false,
            Msg::SystemDark(dark) => self.system_is_dark = dark,
            Msg::NextTheme => {
                self.theme = self.theme.next();
                page::set_theme(self.theme.as_str());
                // Where storage is denied the choice holds for this visit.
                page::store(THEME_KEY, self.theme.as_str());
            }
            Msg::WhatIf(handover) => {
                self.handover = Some(handover);
                page::set_hash(&Route::LAB.to_string());
            }
            Msg::LabQuery(query, is_step) => {
                self.lab_query = query.clone();
                self.tell(Route::Lab { query: query.to_string() }, is_step);
            }
            Msg::Node(node) => {
                let route = Route::Live { node: Some(node.to_string()) };
                if self.route.as_ref() != Some(&route) {
                    page::set_hash(&route.to_string());
                }
            }
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let (icon, next) = match self.theme {
            Theme::System => (IconName::System, "Theme: as the system. Switch to light"),
            Theme::Light => (IconName::Sun, "Theme: light. Switch to dark"),
            Theme::Dark => (IconName::Moon, "Theme: dark. Switch to the system's"),
        };
        html! {
            <div class="shell">
                <a class="button skip" href="#place" onclick={Callback::from(skip)}>{ "Skip to content" }</a>
                <header class="topbar">
                    <h1 class="brand"><Mark /><span>{ "Rumormill" }</span></h1>
                    <nav class="places" aria-label="Places">
                        { self.place(&Route::Lab { query: self.lab_query.to_string() }, "Lab", "place-lab") }
                        { self.place(&Route::RACE, "Race", "place-race") }
                        { self.place(&Route::LIVE, "Live", "place-live") }
                        { self.place(&Route::Replay { query: self.replay_query.to_string() }, "Replay", "place-replay") }
                    </nav>
                    <div class="tools">
                        <Button label={next} {icon} icon_only=true kind={ButtonKind::Quiet} testid="theme-toggle"
                            onclick={ctx.link().callback(|()| Msg::NextTheme)} />
                    </div>
                </header>
                if self.says_unstored {
                    <div class="unstored">
                        <Notice tone={Tone::Still} title="Nothing can be stored" testid="unstored"
                            onclose={ctx.link().callback(|()| Msg::Unstored)}>
                            <p>{ "The browser denies this page its storage. All works, but the theme, recent addresses and the \
                                finished tour are forgotten when the page is closed." }</p>
                        </Notice>
                    </div>
                }
                <main class="place-root" id="place" tabindex="-1" data-testid="place">
                    { self.places(ctx) }
                </main>
                if self.is_dragging {
                    <div class="drop-here" data-testid="drop-here"><p>{ "Drop a trace to play it in Replay" }</p></div>
                }
            </div>
        }
    }
}

impl App {
    /// Lets the address say what a place shows, while that place is in sight.
    fn tell(&mut self, route: Route, is_step: bool) {
        if self.route.as_ref().is_some_and(|current| current.is_same_place(&route)) {
            let go = if is_step { page::set_hash } else { page::replace_hash };
            go(&route.to_string());
            self.route = Some(route);
        }
    }

    fn go(&mut self, route: Route) {
        match &route {
            Route::Lab { query } => {
                self.lab_query = query.as_str().into();
                self.visited.0 = true;
                page::set_title("Lab · Rumormill");
            }
            Route::Race { .. } => {
                self.visited.2 = true;
                page::set_title("Race · Rumormill");
            }
            Route::Replay { query } => {
                self.replay_query = query.as_str().into();
                self.visited.3 = true;
                page::set_title("Replay · Rumormill");
            }
            Route::Live { .. } => {
                self.visited.1 = true;
                page::set_title("Live · Rumormill");
            }
        }
        self.route = Some(route);
    }

    /// A page that a node served shows that node, any other the Lab.
    fn go_to_default(&mut self) {
        let route = match &self.own_node {
            Some(node) => Route::Live { node: Some(node.to_string()) },
            None => Route::LAB,
        };
        page::replace_hash(&route.to_string());
        self.go(route);
    }

    /// A tab. It leads to where the place was last: a node in the address stays there.
    fn place(&self, route: &Route, name: &'static str, testid: &'static str) -> Html {
        let current = self.route.as_ref().is_some_and(|current| current.is_same_place(route));
        html! {
            <a class="place" href={route.to_string()} aria-current={current.then_some("page")} data-testid={testid}>
                { name }
            </a>
        }
    }

    fn places(&self, ctx: &Context<Self>) -> Html {
        let is_dark = self.theme.is_dark(self.system_is_dark);
        let in_lab = matches!(self.route, Some(Route::Lab { .. }));
        let in_replay = matches!(self.route, Some(Route::Replay { .. }));
        let in_live = matches!(self.route, Some(Route::Live { .. }));
        let query = match &self.route {
            Some(Route::Race { query }) => Some(AttrValue::from(query.clone())),
            _ => None,
        };
        let node = match &self.route {
            Some(Route::Live { node }) => node.clone().map(AttrValue::from),
            _ => None,
        };
        html! {
            <>
                if self.visited.0 {
                    <div class="place-root" hidden={!in_lab}>
                        <Lab active={in_lab} {is_dark} handover={self.handover.clone()} query={self.lab_query.clone()}
                            on_query={ctx.link().callback(|(query, is_step)| Msg::LabQuery(query, is_step))} />
                    </div>
                }
                if self.visited.2 {
                    <div class="place-root" hidden={query.is_none()}>
                        <Race active={query.is_some()} query={query.unwrap_or_default()} {is_dark} />
                    </div>
                }
                if self.visited.3 {
                    <div class="place-root" hidden={!in_replay}>
                        <Lab active={in_replay} {is_dark} is_replay=true file={self.dropped.clone()} query={self.replay_query.clone()}
                            on_query={ctx.link().callback(|(query, is_step)| Msg::ReplayQuery(query, is_step))} />
                    </div>
                }
                if self.visited.1 {
                    <div class="place-root" hidden={!in_live}>
                        <Live {node} own_node={self.own_node.clone()} active={in_live} {is_dark}
                            on_node={ctx.link().callback(Msg::Node)} on_what_if={ctx.link().callback(Msg::WhatIf)} />
                    </div>
                }
            </>
        }
    }
}

/// The page's sign: three nodes that talk.
#[component]
fn Mark() -> Html {
    html! {
        <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true">
            <g stroke="var(--alive)" stroke-width="2" stroke-linecap="round" opacity="0.55" fill="none">
                <path d="M16 7 7 24M16 7l9 17M7 24h18" />
            </g>
            <circle cx="16" cy="7" r="4.5" fill="var(--alive)" />
            <circle cx="7" cy="24.5" r="4.5" fill="var(--alive)" />
            <circle cx="25" cy="24.5" r="4.5" fill="var(--fresh)" />
        </svg>
    }
}

/// The skip link's hash would be taken for a route, so the focus moves without it.
fn skip(event: MouseEvent) {
    event.prevent_default();
    page::focus("place");
}

/// The socket address of the node that served the page, if one did.
async fn serving_node() -> Option<AttrValue> {
    http::header("./", "server").await.filter(|server| server.starts_with(NODE_SERVER))?;
    http::get_text(STATUS_PATH).await?;
    page::own_socket_address().map(AttrValue::from)
}
