//! How large controls are: at least 24 pixels for a mouse, 44 for a finger (WCAG 2.2, 2.5.8 and 2.5.5).

use rumormill_e2e::Browser;
use serde_json::json;

/// Controls in sight that are smaller than a side. A radio button lies under its label, a checkbox in its own; a link within
/// a sentence is as tall as that.
const SMALL: &str = "const side = arguments[0];
    return [...document.querySelectorAll('button, select, summary, .segmented label, .check, .place, .scrubber, input:not([type=checkbox]):not([type=radio]):not([type=file])')]
        .filter((e) => e.offsetParent !== null && !e.closest('.sr-only'))
        .filter((e) => { const r = e.getBoundingClientRect(); return r.height < side - 0.5 || r.width < side - 0.5; })
        .map((e) => `${e.dataset.testid || e.className || e.textContent}: ${e.getBoundingClientRect().width} x ${e.getBoundingClientRect().height}`);";

/// A finger finds every control that is in sight.
pub(crate) async fn check_for_fingers(browser: &Browser, what: &str) {
    assert_eq!(browser.script(SMALL, vec![json!(44)]).await, json!([]), "{what}: fingers need room");
}

/// So does the pointer of a mouse.
pub(crate) async fn check_for_a_mouse(browser: &Browser, what: &str) {
    assert_eq!(browser.script(SMALL, vec![json!(24)]).await, json!([]), "{what}: a pointer needs room");
}
