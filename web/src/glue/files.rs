//! Files that the page saves and opens, and the clipboard. What stands in them is their users' business.

use super::page::{self, window};
use super::{listener::Listener, time};
use js_sys::{Array, Uint8Array};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, BlobPropertyBag, DataTransfer, DragEvent, Event, File, HtmlAnchorElement, HtmlCanvasElement,
    HtmlInputElement, Url,
};
use yew::NodeRef;

/// How long a file that is being saved is kept for the browser to take it.
const KEPT_MS: u32 = 60_000;

/// Saves text as a file where the browser saves what is downloaded. False if the browser does not take it.
pub fn save(name: &str, kind: &str, text: &str) -> bool {
    // From bytes, not from a string: the browser would keep the text twice.
    let parts = Array::of1(&Uint8Array::from(text.as_bytes()));
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let Ok(blob) = Blob::new_with_u8_array_sequence_and_options(&parts, &options) else { return false };
    let Ok(url) = Url::create_object_url_with_blob(&blob) else { return false };
    let saved = follow(name, &url);
    // Some browsers take the file only after the click has returned, and ask the user for a place before.
    time::later(KEPT_MS, move || drop(Url::revoke_object_url(&url)));
    saved
}

/// A file that lies nowhere but in the page. None if the browser makes none.
pub fn made(name: &str, text: &str) -> Option<File> {
    File::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(text.as_bytes())), name).ok()
}

/// Saves what canvases show, the first one lowest, on a ground of this colour, as a PNG file.
pub fn save_picture(name: &str, canvases: &[&NodeRef], ground: &str) -> bool {
    picture(canvases, ground).is_some_and(|url| follow(name, &url))
}

fn picture(canvases: &[&NodeRef], ground: &str) -> Option<String> {
    let layers: Vec<HtmlCanvasElement> = canvases.iter().filter_map(|node| node.cast()).collect();
    let sheet: HtmlCanvasElement = window().document()?.create_element("canvas").ok()?.dyn_into().ok()?;
    sheet.set_width(layers.first()?.width());
    sheet.set_height(layers.first()?.height());
    let context: web_sys::CanvasRenderingContext2d = sheet.get_context("2d").ok()??.dyn_into().ok()?;
    context.set_fill_style_str(ground);
    context.fill_rect(0.0, 0.0, f64::from(sheet.width()), f64::from(sheet.height()));
    for layer in &layers {
        context.draw_image_with_html_canvas_element(layer, 0.0, 0.0).ok()?;
    }
    sheet.to_data_url().ok()
}

/// Follows a link that saves what it leads to.
fn follow(name: &str, url: &str) -> bool {
    let anchor = window().document().and_then(|document| document.create_element("a").ok());
    let Some(anchor) = anchor.and_then(|anchor| anchor.dyn_into::<HtmlAnchorElement>().ok()) else {
        return false;
    };
    anchor.set_href(url);
    anchor.set_download(name);
    anchor.click();
    true
}

/// Puts text on the clipboard and tells whether that worked: it is denied to pages that came over plain HTTP from
/// elsewhere, and by some users.
pub fn copy(text: &str, done: impl FnOnce(bool) + 'static) {
    let navigator = window().navigator();
    // On such pages the clipboard is not there at all, whatever its type says.
    let is_there = js_sys::Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|it| !it.is_undefined());
    if !is_there {
        return done(false);
    }
    let copied = navigator.clipboard().write_text(text);
    spawn_local(async move { done(JsFuture::from(copied).await.is_ok()) });
}

/// Selects all of the text of the input with this `id`, so that a key copies it.
pub fn select_text(id: &str) {
    if let Some(input) = page::element::<HtmlInputElement>(id) {
        let _ = input.focus();
        input.select();
    }
}

/// Counts the files that the user gives, because they are read while the page goes on: a small one that was given later
/// is there earlier than a large one, which nobody waits for any more.
#[derive(Debug, Default)]
struct Reads(Cell<u32>);

impl Reads {
    /// Another file is read.
    fn begin(&self) -> u32 {
        self.0.set(self.0.get().wrapping_add(1));
        self.0.get()
    }

    /// Was no other given since?
    fn is_latest(&self, read: u32) -> bool {
        self.0.get() == read
    }
}

thread_local! {
    static READS: Reads = Reads::default();
}

/// A file that the user gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Its name.
    pub name: String,
    /// What stands in it, or why that cannot be read.
    pub bytes: Result<Vec<u8>, String>,
}

/// Reads the file that was chosen in the input that an event came from; of several the first. The same file can be
/// chosen again later.
pub fn chosen(event: &Event, bytes_max: u64, given: impl FnOnce(Given) + 'static) {
    let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
    let Some(input) = input else { return };
    if let Some(file) = input.files().and_then(|files| files.get(0)) {
        read(file, bytes_max, given);
    }
    input.set_value("");
}

/// Opens the dialog of the file input with this `id`.
pub fn choose(id: &str) {
    if let Some(input) = page::element::<HtmlInputElement>(id) {
        input.click();
    }
}

/// Reads a file. It takes a while, and comes to nothing if another is given meanwhile.
pub fn read(file: File, bytes_max: u64, given: impl FnOnce(Given) + 'static) {
    let name = file.name();
    let number = READS.with(Reads::begin);
    if file.size() > bytes_max as f64 {
        let bytes = Err(format!(
            "It has {:.0} MB, and {} MB are the most that is read. Cut it to the part that matters: each line stands for \
             itself.",
            file.size() / 1e6,
            bytes_max / 1_000_000
        ));
        return given(Given { name, bytes });
    }
    spawn_local(async move {
        let bytes = match JsFuture::from(file.array_buffer()).await {
            Ok(buffer) => Ok(Uint8Array::new(&buffer).to_vec()),
            Err(_) => Err("The browser cannot read it: it may have been moved, or be a folder.".to_owned()),
        };
        if READS.with(|reads| reads.is_latest(number)) {
            given(Given { name, bytes });
        }
    });
}

/// What is dragged over the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dragged {
    /// A file is over the page.
    Over,
    /// It is not any more.
    Away,
    /// It was dropped.
    Dropped(File),
}

/// Tells of files that are dragged over the page and dropped there, as long as the listeners live.
pub fn on_drop(told: impl FnMut(Dragged) + 'static) -> [Listener; 3] {
    let told = Rc::new(RefCell::new(told));
    let (over, away) = (Rc::clone(&told), Rc::clone(&told));
    [
        Listener::new(&window(), "dragover", move |event| {
            if files_of(&event).is_some() {
                // Otherwise the browser would open the file in place of the page.
                event.prevent_default();
                (over.borrow_mut())(Dragged::Over);
            }
        }),
        Listener::new(&window(), "dragleave", move |event| {
            // Leaving one element for another is no leaving.
            if event.dyn_ref::<DragEvent>().is_some_and(|drag| drag.related_target().is_none()) {
                (away.borrow_mut())(Dragged::Away);
            }
        }),
        Listener::new(&window(), "drop", move |event| {
            let Some(transfer) = files_of(&event) else { return };
            event.prevent_default();
            let file = transfer.files().and_then(|files| files.get(0));
            (told.borrow_mut())(file.map_or(Dragged::Away, Dragged::Dropped));
        }),
    ]
}

/// What is dragged, if it is files.
fn files_of(event: &Event) -> Option<DataTransfer> {
    let transfer = event.dyn_ref::<DragEvent>()?.data_transfer()?;
    transfer.types().includes(&"Files".into(), 0).then_some(transfer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_file_that_was_given_last_counts() {
        let reads = Reads::default();
        let (first, second) = (reads.begin(), reads.begin());
        assert!(!reads.is_latest(first) && reads.is_latest(second));
    }
}
