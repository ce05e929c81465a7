//! The page's programs: each carries places, and is fetched when one of them is first wanted, so that nobody waits for
//! what is not looked at. The first to be there also runs the shell around the places. They share no memory; what
//! crosses from one to another is text and the browser's own objects, and this is the only room that knows how. The
//! page's own script fetches them (`index.html`). What a place makes of it is decided in `carried`.

use super::page::{self, window};
use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, File};
use yew::{AppHandle, AttrValue, BaseComponent, Renderer};

/// The object on the window that the page's script keeps programs in.
const OBJECT: &str = "programs";

/// The `id` of the element that the shell renders into, and of the one beside it that holds the places.
const SHELL_ID: &str = "shell";
const PLACES_ID: &str = "place";

/// What the shell tells a place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// Is it the place in sight?
    pub active: bool,
    /// Is the page dark?
    pub is_dark: bool,
    /// What the page's address says of the place, in the place's own words.
    pub query: AttrValue,
    /// The node that served the page, if one did.
    pub own_node: Option<AttrValue>,
    /// What another place hands over, once, and its number: the same may come again.
    pub handed: Option<(u32, AttrValue)>,
    /// The file that was dropped on the page last.
    pub file: Option<File>,
}

impl Shown {
    fn to_js(&self) -> Array {
        let text = |text: &AttrValue| JsValue::from_str(text);
        let (number, handed) = self.handed.as_ref().map_or((0, JsValue::UNDEFINED), |(n, it)| (*n, text(it)));
        Array::from_iter([
            self.active.into(),
            self.is_dark.into(),
            text(&self.query),
            self.own_node.as_ref().map_or(JsValue::UNDEFINED, text),
            number.into(),
            handed,
            self.file.as_ref().map_or(JsValue::UNDEFINED, |file| file.clone().into()),
        ])
    }

    fn from_js(told: &Array) -> Self {
        let text = |at| told.get(at).as_string().map(AttrValue::from);
        let number = told.get(4).as_f64().unwrap_or_default() as u32;
        Self {
            active: told.get(0).is_truthy(),
            is_dark: told.get(1).is_truthy(),
            query: text(2).unwrap_or_default(),
            own_node: text(3),
            handed: text(5).map(|handed| (number, handed)),
            file: told.get(6).dyn_into().ok(),
        }
    }
}

/// What a place tells the shell.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// Something else is to be in the address; as a step in the history?
    Query(AttrValue, bool),
    /// Something for the Lab.
    Handover(AttrValue),
    /// A file to be opened where files are.
    File(File),
}

/// The way from a place to the shell.
#[derive(Clone, Debug)]
pub struct Teller(Function);

impl Teller {
    /// Tells the shell.
    pub fn tell(&self, told: &Told) {
        let (kind, what, is_step) = match told {
            Told::Query(query, is_step) => ("query", JsValue::from_str(query), *is_step),
            Told::Handover(handover) => ("handover", JsValue::from_str(handover), false),
            Told::File(file) => ("file", file.into(), false),
        };
        // It only fails if the shell does, and that has said so itself.
        let _ = self.0.call3(&JsValue::NULL, &kind.into(), &what, &is_step.into());
    }
}

/// A place that was mounted, as the place's program sees it: what it is told goes here.
pub struct Mounted(Function);

impl std::fmt::Debug for Mounted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mounted")
    }
}

/// Mounts a component into an element of the shell's, once it is told something, and tells it everything after that as
/// new props.
pub fn mount<C: BaseComponent>(host: Element, props: impl Fn(&Shown) -> C::Properties + 'static) -> Mounted {
    let mut app: Option<AppHandle<C>> = None;
    let show = Closure::<dyn FnMut(Array)>::new(move |told: Array| {
        let props = props(&Shown::from_js(&told));
        match &mut app {
            Some(app) => app.update(props),
            None => app = Some(Renderer::<C>::with_root_and_props(host.clone(), props).render()),
        }
    });
    // A place lives as long as the page.
    Mounted(show.into_js_value().unchecked_into())
}

/// Offers a program to the page: `start` runs the shell, `mount` puts one of the program's places into an element.
///
/// # Panics
/// Where the page's script is not there.
pub fn offer(
    name: &str,
    start: impl Fn() + 'static,
    mount: impl Fn(&str, Element, Teller) -> Mounted + 'static,
) {
    let start = Closure::<dyn Fn()>::new(start).into_js_value();
    let mount = Closure::<dyn Fn(String, Element, Function) -> Function>::new(
        move |place: String, host: Element, tell: Function| mount(&place, host, Teller(tell)).0,
    );
    let offer: Function = script("offer").expect("the page's script runs before any program");
    let told = offer.call3(&JsValue::NULL, &name.into(), &start, &mount.into_js_value());
    told.expect("the page's script takes every program");
}

/// The script of a worker's program.
///
/// # Errors
/// Where the page's script is not there.
pub fn worker(program: &str) -> Result<String, JsValue> {
    let address = script("worker")?.call1(&JsValue::NULL, &program.into())?;
    address.as_string().ok_or(address)
}

/// A place in another program, or this one, as the shell sees it. Dropping it makes the place silent.
#[derive(Debug)]
pub struct Carried {
    host: Element,
    show: Function,
    _tell: Closure<dyn FnMut(String, JsValue, bool)>,
}

impl Carried {
    /// Fetches a program, if it is not there yet, and mounts one of its places. What the place tells goes to `told`.
    ///
    /// # Errors
    /// Why it cannot be had, in the browser's words.
    pub async fn load(
        program: &str,
        place: &str,
        mut told: impl FnMut(Told) + 'static,
    ) -> Result<Self, String> {
        let tell =
            Closure::<dyn FnMut(String, JsValue, bool)>::new(move |kind: String, what: JsValue, is_step| {
                let text = AttrValue::from(what.as_string().unwrap_or_default());
                match kind.as_str() {
                    "handover" => told(Told::Handover(text)),
                    "query" => told(Told::Query(text, is_step)),
                    _ => what.dyn_into().map(Told::File).map_or((), &mut told),
                }
            });
        let host = window().document().and_then(|document| document.create_element("div").ok());
        let host = host.ok_or("it makes no elements")?;
        host.set_class_name("place-root");
        let mount = async {
            let loading: Promise = script("load")?.call1(&JsValue::NULL, &program.into())?.dyn_into()?;
            let mount: Function =
                Reflect::get(&JsFuture::from(loading).await?, &"mount".into())?.dyn_into()?;
            mount.call3(&JsValue::NULL, &place.into(), &host, tell.as_ref().unchecked_ref())?.dyn_into()
        };
        let show: Result<Function, JsValue> = mount.await;
        let show = show.map_err(|error| {
            let message = Reflect::get(&error, &"message".into()).ok().and_then(|text| text.as_string());
            message.unwrap_or_else(|| format!("{error:?}"))
        })?;
        element(PLACES_ID).append_child(&host).map_err(|error| format!("{error:?}"))?;
        Ok(Self { host, show, _tell: tell })
    }

    /// Tells the place, and shows or hides it.
    pub fn show(&self, shown: &Shown) {
        // Both only fail for a name that is none.
        let _ = if shown.active {
            self.host.remove_attribute("hidden")
        } else {
            self.host.set_attribute("hidden", "")
        };
        let _ = self.show.call1(&JsValue::NULL, &shown.to_js());
    }
}

/// The element that the shell renders into.
///
/// # Panics
/// Where the page's document is another.
pub fn shell_host() -> Element {
    element(SHELL_ID)
}

fn element(id: &str) -> Element {
    page::element(id).unwrap_or_else(|| panic!("the page's document has an element with the id {id}"))
}

fn script(name: &str) -> Result<Function, JsValue> {
    Reflect::get(&Reflect::get(&window(), &OBJECT.into())?, &name.into())?.dyn_into()
}
