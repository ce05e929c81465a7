//! The page itself: its address, its theme, its storage, what the user's system prefers, and the keyboard.

use super::listener::Listener;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent, Storage, Window};

/// The media query that a dark system matches.
pub const DARK: &str = "(prefers-color-scheme: dark)";
/// The media query of users who want nothing to move.
pub const REDUCED_MOTION: &str = "(prefers-reduced-motion: reduce)";

pub(super) fn window() -> Window {
    web_sys::window().expect("the page's code runs in a window")
}

/// The hash of the page's address, with its `#`; empty if there is none.
pub fn hash() -> String {
    window().location().hash().unwrap_or_default()
}

/// The page's address with another hash.
pub fn address_with(hash: &str) -> String {
    let address = window().location().href().unwrap_or_default();
    let before = address.split('#').next().unwrap_or_default();
    [before, hash].concat()
}

/// Goes to another hash, as a followed link does: Back returns.
pub fn set_hash(hash: &str) {
    // Only fails for an address that no browser would have loaded.
    let _ = window().location().set_hash(hash);
}

/// Changes the hash without a step in the history.
pub fn replace_hash(hash: &str) {
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(hash));
    }
}

/// Tells every change of the hash that the user or [`set_hash`] makes.
pub fn on_hash_change(mut changed: impl FnMut(String) + 'static) -> Listener {
    Listener::new(&window(), "hashchange", move |_| changed(hash()))
}

/// The WebSocket address of the server that the page came from, such as `ws://127.0.0.1:7700`. `None` if it came
/// from a file.
pub fn own_socket_address() -> Option<String> {
    let location = window().location();
    let scheme = match location.protocol().ok()?.as_str() {
        "http:" => "ws",
        "https:" => "wss",
        _ => return None,
    };
    Some(format!("{scheme}://{}", location.host().ok()?))
}

/// Was the page loaded over TLS? Then the browser blocks plain `ws://`.
pub fn is_secure() -> bool {
    window().location().protocol().is_ok_and(|protocol| protocol == "https:")
}

/// What was stored under a key; `None` too if storage is denied.
pub fn stored(key: &str) -> Option<String> {
    storage()?.get_item(key).ok()?
}

/// Stores text under a key. False if storage is denied or full; the page goes on without.
pub fn store(key: &str, text: &str) -> bool {
    storage().is_some_and(|storage| storage.set_item(key, text).is_ok())
}

/// Takes away what was stored under a key for this tab; `None` too if storage is denied.
pub fn take_from_tab(key: &str) -> Option<String> {
    let storage = window().session_storage().ok()??;
    let text = storage.get_item(key).ok()?;
    let _ = storage.remove_item(key);
    text
}

/// Stores text for as long as this tab lives. False if storage is denied or full; the page goes on without.
pub fn store_in_tab(key: &str, text: &str) -> bool {
    let storage = window().session_storage().ok().flatten();
    storage.is_some_and(|storage| storage.set_item(key, text).is_ok())
}

/// Does the browser let the page store anything?
pub fn can_store() -> bool {
    const PROBE: &str = "rumormill.probe";
    let can = store(PROBE, "1");
    if let Some(storage) = storage().filter(|_| can) {
        let _ = storage.remove_item(PROBE);
    }
    can
}

fn storage() -> Option<Storage> {
    window().local_storage().ok()?
}

/// Tells the stylesheet the theme, as `data-theme` on the root element.
pub fn set_theme(word: &str) {
    if let Some(root) = window().document().and_then(|document| document.document_element()) {
        let _ = root.set_attribute("data-theme", word);
    }
}

/// Where it is stored whether single keys work.
const KEYS_KEY: &str = "rumormill.keys";

/// Tells all programs of this page that are there, and those that come later, of a choice.
const KEYS_ATTRIBUTE: &str = "data-keys";

/// Do single keys work? What was chosen on this page counts, in whichever place; else what is stored.
pub fn single_keys() -> bool {
    let root = window().document().and_then(|document| document.document_element());
    let chosen = root.and_then(|root| root.get_attribute(KEYS_ATTRIBUTE));
    chosen.or_else(|| stored(KEYS_KEY)).as_deref() != Some("off")
}

/// Lets single keys work from now on, or not.
pub fn set_single_keys(on: bool) {
    let word = if on { "on" } else { "off" };
    if let Some(root) = window().document().and_then(|document| document.document_element()) {
        let _ = root.set_attribute(KEYS_ATTRIBUTE, word);
    }
    // Where storage is denied the choice holds for this visit.
    store(KEYS_KEY, word);
}

/// How many processor cores the browser says there are; 2 where it does not say.
pub fn cores() -> usize {
    let cores = window().navigator().hardware_concurrency();
    if cores >= 1.0 { cores as usize } else { 2 }
}

/// Names the page in the browser's tab.
pub fn set_title(title: &str) {
    if let Some(document) = window().document() {
        document.set_title(title);
    }
}

/// Does a media query match now?
pub fn matches(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|list| list.matches())
}

/// Tells when a media query begins or ceases to match.
pub fn on_media_change(query: &str, mut changed: impl FnMut(bool) + 'static) -> Option<Listener> {
    let list = window().match_media(query).ok().flatten()?;
    let list_then = list.clone();
    Some(Listener::new(&list, "change", move |_| changed(list_then.matches())))
}

/// A key that was pressed anywhere on the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// Its name, as in the DOM: `" "`, `"a"`, `"ArrowLeft"`, `"?"`.
    pub name: String,
    /// With Ctrl, Alt or Meta: then it belongs to the browser.
    pub with_modifier: bool,
    /// With Shift.
    pub with_shift: bool,
    /// Is it held down, so that the browser repeats it?
    pub repeated: bool,
    /// Did it go to a control that takes text or choices, where every key has a meaning of its own? A slider only
    /// knows keys that nobody else uses while it has the focus.
    pub in_field: bool,
    /// Did it go to a button or link, which Space and Enter press?
    pub on_button: bool,
    /// The `id` of the element that had the focus; empty if it has none.
    pub target_id: String,
    /// Is a dialog open?
    pub in_dialog: bool,
}

/// Tells every key press. A press that `pressed` returns true for does nothing else.
pub fn on_key(mut pressed: impl FnMut(Key) -> bool + 'static) -> Listener {
    Listener::new(&window(), "keydown", move |event| {
        let Some(keyboard) = event.dyn_ref::<KeyboardEvent>() else { return };
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let is = |selector: &str| {
            target.as_ref().is_some_and(|target| target.closest(selector).ok().flatten().is_some())
        };
        let key = Key {
            name: keyboard.key(),
            with_modifier: keyboard.ctrl_key() || keyboard.alt_key() || keyboard.meta_key(),
            with_shift: keyboard.shift_key(),
            repeated: keyboard.repeat(),
            in_field: is("input:not([type=range]), select, textarea, [contenteditable]"),
            on_button: is("button, a, summary"),
            target_id: target.as_ref().map(Element::id).unwrap_or_default(),
            in_dialog: is("dialog"),
        };
        if pressed(key) {
            event.prevent_default();
        }
    })
}

/// Scrolls the page so far that the element that `css` selects begins no lower than its middle, if it is in sight at all.
pub fn lift(css: &str) {
    let element = window().document().and_then(|document| document.query_selector(css).ok().flatten());
    let (Some(element), Some(height)) = (element, window().inner_height().ok().and_then(|h| h.as_f64()))
    else {
        return;
    };
    let place = element.get_bounding_client_rect();
    let below = place.top() - height / 2.0;
    if place.height() > 0.0 && below > 0.0 {
        window().scroll_by_with_x_and_y(0.0, below);
    }
}

/// Scrolls the page back to its top.
pub fn to_top() {
    window().scroll_to_with_x_and_y(0.0, 0.0);
}

/// Scrolls what surrounds the element that `css` selects sideways, as far as the whole element is in sight.
pub fn reveal_across(css: &str) {
    let element = window().document().and_then(|document| document.query_selector(css).ok().flatten());
    let Some((element, around)) =
        element.and_then(|element| Some((element.clone(), element.parent_element()?)))
    else {
        return;
    };
    let (place, room) = (element.get_bounding_client_rect(), around.get_bounding_client_rect());
    let beyond = (place.right() - room.right()).max(0.0) + (place.left() - room.left()).min(0.0);
    if beyond != 0.0 {
        around.set_scroll_left(around.scroll_left() + beyond as i32);
    }
}

/// The element with this `id`, if it is there and of that kind.
pub(super) fn element<T: JsCast>(id: &str) -> Option<T> {
    window().document()?.get_element_by_id(id)?.dyn_into().ok()
}

/// Gives the focus to the element with this `id`, if it is there. What it is folded away in opens, and what stands in a
/// field is selected, so that typing replaces it.
pub fn focus(id: &str) {
    if let Some(element) = element::<HtmlElement>(id) {
        if let Ok(Some(fold)) = element.closest("details") {
            let _ = fold.set_attribute("open", "");
        }
        let _ = element.focus();
        if let Some(field) = element.dyn_ref::<HtmlInputElement>() {
            field.select();
        }
    }
}

/// Calls `left` when the page is left: loaded again, closed, or exchanged for another. It must not take long.
pub fn on_leave(mut left: impl FnMut() + 'static) -> Listener {
    Listener::new(&window(), "pagehide", move |_| left())
}

/// Calls `changed` when the page is hidden (true) or shown again (false).
pub fn on_visibility_change(mut changed: impl FnMut(bool) + 'static) -> Option<Listener> {
    let document = window().document()?;
    let document_then = document.clone();
    Some(Listener::new(&document, "visibilitychange", move |_| changed(document_then.hidden())))
}
