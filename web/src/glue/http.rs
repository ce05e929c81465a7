//! Requests to the page's own server.

use super::page::window;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response};

/// The value of a header with which the server answers a `HEAD` of an address relative to the page.
pub async fn header(path: &str, name: &str) -> Option<String> {
    let options = RequestInit::new();
    options.set_method("HEAD");
    let response = JsFuture::from(window().fetch_with_str_and_init(path, &options)).await.ok()?;
    response.dyn_into::<Response>().ok()?.headers().get(name).ok()?
}

/// `GET` of an address relative to the page. `None` if it cannot be reached or does not answer with a success; a
/// refusal also shows on the browser's console, which nothing can prevent.
pub async fn get_text(path: &str) -> Option<String> {
    let response = JsFuture::from(window().fetch_with_str(path)).await.ok()?;
    let response: Response = response.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    JsFuture::from(response.text().ok()?).await.ok()?.as_string()
}
