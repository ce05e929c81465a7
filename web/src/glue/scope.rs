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
    let scope: DedicatedWorkerGlobalScope =
        js_sys::global().dyn_into().expect("this binary is only loaded as a dedicated worker");
    let listener_scope = scope.clone();
    let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let Ok(bytes) = event.data().dyn_into::<Uint8Array>() else {
            return;
        };
        let answer = Uint8Array::from(handle(bytes.to_vec()).as_slice());
        let transfer = Array::of1(&answer.buffer());
        listener_scope
            .post_message_with_transfer(&answer, &transfer)
            .expect("a fresh buffer can always be transferred");
    });
    scope.set_onmessage(Some(listener.as_ref().unchecked_ref()));
    // The listener lives exactly as long as the worker's global scope, which nobody here can outlive.
    listener.forget();
    scope.post_message(&wasm_bindgen::JsValue::NULL).expect("null can always be cloned");
}
