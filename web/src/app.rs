//! The shell: the top bar with the places, the theme, the way from the page's address to a place. Places keep
//! their state while another one is in sight; what they show is their own business, and programs other than the
//! shell's may carry them. They stand beside what the shell renders, never inside: two copies of Yew would take each
//! other's elements for their own.

use crate::{
    glue::{
        files::{self, Dragged},
        http, page,
        programs::{self, Carried, Shown, Told},
    },
    live::Link,
    route::{Place, Route},
    theme::Theme,
    ui::{Button, ButtonKind, IconName, Notice, Tone},
};
use web_sys::File;
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
    /// The places in the order of [`Place::ALL`].
    stands: [Stand; 4],
    /// The file that was dropped last, or made by a place.
    dropped: Option<File>,
    /// Is a file over the page?
    is_dragging: bool,
    own_node: Option<AttrValue>,
    /// How many clusters other places have handed to the Lab, and the last one until the Lab has it.
    handed: (u32, Option<AttrValue>),
    theme: Theme,
    /// Is it to be said that nothing can be stored?
    says_unstored: bool,
    system_is_dark: bool,
    _hash_listener: crate::glue::Listener,
    _dark_listener: Option<crate::glue::Listener>,
    _drop_listeners: [crate::glue::Listener; 3],
}

/// How a place stands.
#[derive(Debug, Default)]
struct Stand {
    /// Has it been in sight? It is kept from then on.
    is_visited: bool,
    /// Is its program being fetched, or was it?
    is_awaited: bool,
    /// It, once its program is there, or why that cannot be had.
    carried: Option<Result<Carried, String>>,
    /// What the address said of it last.
    query: AttrValue,
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
    /// A place's program is there, or cannot be had.
    Carried(Place, Result<Carried, String>),
    /// A place whose program could not be had is wanted once more.
    Again(Place),
    /// A place says something.
    Told(Place, Told),
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
            stands: Default::default(),
            dropped: None,
            is_dragging: false,
            own_node: None,
            handed: (0, None),
            theme,
            says_unstored: !page::can_store(),
            system_is_dark: page::matches(page::DARK),
            _hash_listener: page::on_hash_change(move |hash| on_hash.emit(hash)),
            _dark_listener: page::on_media_change(page::DARK, move |dark| on_dark.emit(dark)),
            _drop_listeners: files::on_drop(move |dragged| on_drag.emit(dragged)),
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
            Msg::Dragged(Dragged::Dropped(file)) => {
                self.is_dragging = false;
                self.play(file);
            }
            Msg::Told(_, Told::File(file)) => self.play(file),
            Msg::Carried(place, carried) => self.stand(place).carried = Some(carried),
            Msg::Again(place) => {
                let stand = self.stand(place);
                (stand.carried, stand.is_awaited) = (None, false);
            }
            Msg::Told(place, Told::Query(query, is_step)) => self.tell(Route::to(place, &query), is_step),
            Msg::Told(_, Told::Handover(handed)) => {
                self.handed = (self.handed.0 + 1, Some(handed));
                let lab = Route::to(Place::Lab, "");
                page::set_hash(&lab.to_string());
                // At once: what the Lab then says of the address is about this.
                self.go(lab);
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
        }
        true
    }

    fn rendered(&mut self, ctx: &Context<Self>, _first: bool) {
        for place in Place::ALL {
            let shown = self.shown(place);
            let stand = self.stand(place);
            match &stand.carried {
                Some(Ok(carried)) => {
                    carried.show(&shown);
                    if shown.handed.is_some() {
                        self.handed.1 = None;
                    }
                }
                None if stand.is_visited && !stand.is_awaited => {
                    stand.is_awaited = true;
                    let told = ctx.link().callback(move |told| Msg::Told(place, told));
                    ctx.link().send_future(async move {
                        let told = move |it| told.emit(it);
                        Msg::Carried(place, Carried::load(place.program(), place.as_str(), told).await)
                    });
                }
                _ => {}
            }
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let (icon, next) = match self.theme {
            Theme::System => (IconName::System, "Theme: as the system. Switch to light"),
            Theme::Light => (IconName::Sun, "Theme: light. Switch to dark"),
            Theme::Dark => (IconName::Moon, "Theme: dark. Switch to the system's"),
        };
        html! {
            <>
                <a class="button skip" href="#place" onclick={Callback::from(skip)}>{ "Skip to content" }</a>
                <header class="topbar">
                    <h1 class="brand"><Mark /><span>{ "Rumormill" }</span></h1>
                    <nav class="places" aria-label="Places">
                        { for Place::ALL.map(|place| self.tab(place)) }
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
                { self.word(ctx) }
                if self.is_dragging {
                    <div class="drop-here" data-testid="drop-here"><p>{ "Drop a trace or a scenario file to open it" }</p></div>
                }
            </>
        }
    }
}

impl App {
    fn stand(&mut self, place: Place) -> &mut Stand {
        &mut self.stands[place as usize]
    }

    /// The way to where a place was last.
    fn last(&self, place: Place) -> Route {
        Route::to(place, if keeps_query(place) { &self.stands[place as usize].query } else { "" })
    }

    /// Lets the address say what a place shows, while that place is in sight.
    fn tell(&mut self, route: Route, is_step: bool) {
        self.stand(route.place).query = route.query.clone().into();
        if self.route.as_ref().is_some_and(|current| current.place == route.place && *current != route) {
            let go = if is_step { page::set_hash } else { page::replace_hash };
            go(&route.to_string());
            self.route = Some(route);
        }
    }

    /// Leads to Replay, which opens the file.
    fn play(&mut self, file: File) {
        self.dropped = Some(file);
        if !self.is_in_sight(Place::Replay) {
            page::set_hash(&self.last(Place::Replay).to_string());
        }
    }

    fn go(&mut self, route: Route) {
        let stand = self.stand(route.place);
        (stand.query, stand.is_visited) = (route.query.clone().into(), true);
        page::set_title(&format!("{} · Rumormill", route.place.name()));
        self.route = Some(route);
    }

    /// A page that a node served shows that node, any other the Lab.
    fn go_to_default(&mut self) {
        let route = match &self.own_node {
            Some(node) => Route::to(Place::Live, &Link::to(node).to_string()),
            None => Route::to(Place::Lab, ""),
        };
        page::replace_hash(&route.to_string());
        self.go(route);
    }

    /// A tab. It leads to where the place was last.
    fn tab(&self, place: Place) -> Html {
        let is_current = self.is_in_sight(place);
        html! {
            <a class="place" href={self.last(place).to_string()} aria-current={is_current.then_some("page")}
                data-testid={format!("place-{}", place.as_str())}>
                { place.name() }
            </a>
        }
    }

    fn is_in_sight(&self, place: Place) -> bool {
        self.route.as_ref().is_some_and(|route| route.place == place)
    }

    /// What a place is told.
    fn shown(&self, place: Place) -> Shown {
        let (in_sight, takes_files) = (self.is_in_sight(place), place == Place::Replay);
        Shown {
            active: in_sight,
            is_dark: self.theme.is_dark(self.system_is_dark),
            query: if keeps_query(place) || in_sight {
                self.stands[place as usize].query.clone()
            } else {
                AttrValue::default()
            },
            own_node: self.own_node.clone(),
            handed: self.handed.1.clone().filter(|_| place == Place::Lab).map(|it| (self.handed.0, it)),
            file: self.dropped.clone().filter(|_| takes_files),
        }
    }

    /// What is said while the place in sight is not there.
    fn word(&self, ctx: &Context<Self>) -> Html {
        let Some(place) = self.route.as_ref().map(|route| route.place) else { return html! {} };
        match &self.stands[place as usize].carried {
            Some(Ok(_)) => html! {},
            None => html! { <p class="boot">{ "Loading…" }</p> },
            Some(Err(why)) => html! {
                <div class="unstored">
                    <Notice tone={Tone::Bad} title={format!("{} could not be loaded", place.name())} testid="not-loaded">
                        <p>{ format!("The browser says: {why}. What is in the other places is still there.") }</p>
                        <Button label="Try again" testid="load-again"
                            onclick={ctx.link().callback(move |()| Msg::Again(place))} />
                    </Notice>
                </div>
            },
        }
    }
}

/// Does what the address said of a place still hold when it is out of sight? A race or a node in the address is a wish,
/// not a state: a link that is followed again is a new one.
fn keeps_query(place: Place) -> bool {
    matches!(place, Place::Lab | Place::Replay)
}

/// Runs the shell on the page.
pub fn start() {
    yew::Renderer::<App>::with_root(programs::shell_host()).render();
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
