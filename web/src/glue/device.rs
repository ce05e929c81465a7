//! What the browser tells of the device it runs on, on the page and in its workers.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

/// The device's memory, roughly, in bytes: browsers round it, and name no more than some gigabytes, so that nobody is
/// told apart by it. `None` where they tell nothing, as over plain HTTP (Device Memory, W3C).
pub fn memory_bytes() -> Option<u64> {
    let get = |of: &JsValue, name: &str| Reflect::get(of, &JsValue::from_str(name)).ok();
    let gigabytes = get(&get(&js_sys::global(), "navigator")?, "deviceMemory")?.as_f64()?;
    Some((gigabytes * 1e9) as u64)
}
