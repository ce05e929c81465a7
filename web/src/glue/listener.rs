//! Event listeners as guards: dropping one takes it off. What an event means is its user's business.

use js_sys::Function;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{AddEventListenerOptions, Event, EventTarget};

/// A listener that is taken off its target when it is dropped.
#[derive(Debug)]
pub struct Listener {
    target: EventTarget,
    kind: &'static str,
    closure: Closure<dyn FnMut(Event)>,
}

impl Listener {
    /// Calls `heard` with every event of a kind. The listener may prevent what the browser would do.
    pub(super) fn new(target: &EventTarget, kind: &'static str, heard: impl FnMut(Event) + 'static) -> Self {
        let closure = Closure::new(heard);
        let options = AddEventListenerOptions::new();
        options.set_passive(false);
        target
            .add_event_listener_with_callback_and_add_event_listener_options(
                kind,
                function(&closure),
                &options,
            )
            .expect("adding a listener does not fail");
        Self { target: target.clone(), kind, closure }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // It cannot fail for a listener that was added.
        let _ = self.target.remove_event_listener_with_callback(self.kind, function(&self.closure));
    }
}

fn function<T: ?Sized>(closure: &Closure<T>) -> &Function {
    closure.as_ref().unchecked_ref()
}
