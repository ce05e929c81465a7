//! What scripts on the page can ask: `window.rumormill.traceHash(name)`, a promise of the hash of the trace of a named
//! scenario, run by the page's own worker, as 16 hexadecimal digits. For tests that compare targets, and for the
//! curious; the page itself never uses it.

use super::page::window;
use js_sys::{Function, Object, Promise, Reflect};
use rumormill_core::ordered::Map;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

/// The name of the object on the window.
const OBJECT: &str = "rumormill";

/// Offers the hook until it is dropped.
#[derive(Debug)]
pub struct Hook {
    pending: Rc<RefCell<Pending>>,
    _closure: Closure<dyn FnMut(JsValue) -> Promise>,
}

#[derive(Debug, Default)]
struct Pending {
    last: u32,
    promises: Map<u32, (Function, Function)>,
}

impl Hook {
    /// Calls `asked` with a number and a scenario's name for each question.
    pub fn new(asked: impl Fn(u32, String) + 'static) -> Self {
        let pending = Rc::new(RefCell::new(Pending::default()));
        let pending_then = Rc::clone(&pending);
        let closure = Closure::<dyn FnMut(JsValue) -> Promise>::new(move |name: JsValue| {
            let mut id = 0;
            let promise = Promise::new(&mut |resolve, reject| {
                let mut pending = pending_then.borrow_mut();
                pending.last += 1;
                id = pending.last;
                pending.promises.insert(id, (resolve, reject));
            });
            asked(id, name.as_string().unwrap_or_default());
            promise
        });
        let object = Object::new();
        // Both only fail for a frozen object.
        let _ = Reflect::set(&object, &"traceHash".into(), closure.as_ref().unchecked_ref());
        let _ = Reflect::set(&window(), &OBJECT.into(), &object);
        Self { pending, _closure: closure }
    }

    /// Answers a question.
    pub fn answer(&self, id: u32, hash: Result<u64, String>) {
        let Some((resolve, reject)) = self.pending.borrow_mut().promises.remove(&id) else { return };
        let _ = match hash {
            Ok(hash) => resolve.call1(&JsValue::NULL, &format!("{hash:016x}").into()),
            Err(why) => reject.call1(&JsValue::NULL, &why.into()),
        };
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        let _ = Reflect::delete_property(window().as_ref(), &OBJECT.into());
    }
}
