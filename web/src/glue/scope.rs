//! The worker's end: hear bytes, post bytes. It never looks into a message.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

/// Answers every message of the page with what `handle` returns, for as long as the worker lives, and tells the page
/// that from now on it listens.
///
/// # Panics
/// When called anywhere but in a dedicated worker.
pub fn serve(mut handle: impl FnMut(Vec<u8>) -> Vec<u8> + 'static) {
    hear(move |bytes| post(&handle(bytes)));
}

/// Hands every message of the page to `heard`, for as long as the worker lives, and tells the page that from now on it
/// listens.
///
/// # Panics
/// When called anywhere but in a dedicated worker.
pub fn hear(mut heard: impl FnMut(Vec<u8>) + 'static) {
    let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        if let Ok(bytes) = event.data().dyn_into::<Uint8Array>() {
            heard(bytes.to_vec());
        }
    });
    let scope = scope();
    scope.set_onmessage(Some(listener.as_ref().unchecked_ref()));
    // The listener lives exactly as long as the worker's global scope, which nobody here can outlive.
    listener.forget();
    scope.post_message(&wasm_bindgen::JsValue::NULL).expect("null can always be cloned");
}

/// Posts bytes to the page.
pub fn post(bytes: &[u8]) {
    let bytes = Uint8Array::from(bytes);
    scope()
        .post_message_with_transfer(&bytes, &Array::of1(&bytes.buffer()))
        .expect("a fresh buffer can always be transferred");
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().dyn_into().expect("this binary is only loaded as a dedicated worker")
}
