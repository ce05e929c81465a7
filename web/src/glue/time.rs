//! Timers and animation frames as guards that end when they are dropped, and the clock of whichever thread asks.

use js_sys::Reflect;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Performance, Window};

/// Milliseconds since this thread started, finer than a millisecond. Works in the page and in a worker.
pub fn now_ms() -> f64 {
    thread_local! {
        static PERFORMANCE: Option<Performance> = Reflect::get(&js_sys::global(), &JsValue::from_str("performance"))
            .ok()
            .and_then(|performance| performance.dyn_into().ok());
    }
    PERFORMANCE.with(|performance| performance.as_ref().map_or_else(js_sys::Date::now, Performance::now))
}

/// Milliseconds since the Unix epoch, by the system's clock, which may be set at any time.
pub fn date_ms() -> f64 {
    js_sys::Date::now()
}

/// Whatever has this thread's timers. A worker's scope is no window, but has the same ones.
fn window() -> Window {
    js_sys::global().unchecked_into()
}

/// A number that nobody could have guessed, for new seeds.
pub fn random_u32() -> u32 {
    (js_sys::Math::random() * f64::from(u32::MAX)) as u32
}

/// Calls back once after a while, unless it is dropped before.
#[derive(Debug)]
pub struct Timeout {
    id: i32,
    _closure: Closure<dyn FnMut()>,
}

impl Timeout {
    /// Starts waiting.
    pub fn new(millis: u32, elapsed: impl FnMut() + 'static) -> Self {
        let closure = Closure::<dyn FnMut()>::new(elapsed);
        let handler = closure.as_ref().unchecked_ref();
        let id = window()
            .set_timeout_with_callback_and_timeout_and_arguments_0(handler, millis as i32)
            .expect("setting a timer does not fail");
        Self { id, _closure: closure }
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        window().clear_timeout_with_handle(self.id);
    }
}

/// Calls back once after a while, as long as the page is there.
pub fn later(millis: u32, elapsed: impl FnOnce() + 'static) {
    let closure = Closure::once_into_js(elapsed);
    // Without a timer, what was to be done later is left undone.
    let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(
        closure.unchecked_ref(),
        i32::try_from(millis).unwrap_or(i32::MAX),
    );
}

/// Calls back again and again until it is dropped.
#[derive(Debug)]
pub struct Interval {
    id: i32,
    _closure: Closure<dyn FnMut()>,
}

impl Interval {
    /// Starts; the first call comes after one period.
    pub fn new(millis: u32, elapsed: impl FnMut() + 'static) -> Self {
        let closure = Closure::<dyn FnMut()>::new(elapsed);
        let handler = closure.as_ref().unchecked_ref();
        let id = window()
            .set_interval_with_callback_and_timeout_and_arguments_0(handler, millis as i32)
            .expect("setting a timer does not fail");
        Self { id, _closure: closure }
    }
}

impl Drop for Interval {
    fn drop(&mut self) {
        window().clear_interval_with_handle(self.id);
    }
}

/// Calls back before every repaint of the page, with [`now_ms`], until it is dropped. A hidden page does not repaint.
#[derive(Debug)]
pub struct Frames {
    state: Rc<RefCell<FrameState>>,
}

#[derive(Debug, Default)]
struct FrameState {
    id: i32,
    closure: Option<Closure<dyn FnMut(f64)>>,
}

impl Frames {
    /// Starts with the next repaint.
    pub fn new(mut frame: impl FnMut(f64) + 'static) -> Self {
        let state = Rc::new(RefCell::new(FrameState::default()));
        let weak = Rc::downgrade(&state);
        let closure = Closure::<dyn FnMut(f64)>::new(move |at| {
            frame(at);
            if let Some(state) = weak.upgrade() {
                state.borrow_mut().request();
            }
        });
        state.borrow_mut().closure = Some(closure);
        state.borrow_mut().request();
        Self { state }
    }
}

impl FrameState {
    fn request(&mut self) {
        if let Some(closure) = &self.closure {
            let handler = closure.as_ref().unchecked_ref();
            self.id = window().request_animation_frame(handler).expect("a window has animation frames");
        }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        let mut state = self.state.borrow_mut();
        // Only fails for a window that is gone.
        let _ = window().cancel_animation_frame(state.id);
        // The closure may be running now, if its own frame drops this: it must outlive the call.
        if let Some(closure) = state.closure.take() {
            closure.forget();
        }
    }
}
