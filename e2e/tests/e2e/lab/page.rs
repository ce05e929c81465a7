//! How the tests reach into the Lab's page: by the names that it gives its parts, and as a user would.

use fantoccini::{Locator, actions};
use rumormill_e2e::{Browser, FileServer, Look, new_folder, settings, until};
use serde_json::json;
use std::{fs, path::PathBuf, time::Duration};

/// How long a run may take on a machine that does much else. A guess.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

pub(super) const STATUS: &str = "[data-testid=status-chip]";

/// The Lab, paused at the start of its first preset.
pub(super) async fn lab() -> (Browser, FileServer) {
    lab_as(Look::DESKTOP).await
}

pub(super) async fn lab_as(look: Look) -> (Browser, FileServer) {
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.look(look).await;
    browser.open(&format!("{}#/lab", server.url())).await;
    browser.text(STATUS, |text| text == "Quiet").await;
    browser.script("document.querySelector('[data-testid=tour-skip]')?.click()", vec![]).await;
    (browser, server)
}

pub(crate) fn by_testid(name: &str) -> String {
    format!("[data-testid=\"{name}\"]")
}

pub(crate) async fn click(browser: &Browser, name: &str) {
    browser.click(&by_testid(name)).await;
}

/// A radio button lies under its label.
pub(crate) async fn choose(browser: &Browser, name: &str) {
    browser.click(&format!("label:has({})", by_testid(name))).await;
}

/// Puts a value into a control as the user's hand would: the page hears it.
pub(crate) async fn set(browser: &Browser, name: &str, value: &str) {
    let script = "const [css, value] = arguments;
        const control = document.querySelector(css);
        control.value = value;
        for (const kind of ['input', 'change']) control.dispatchEvent(new Event(kind, { bubbles: true }));";
    // Yew asks an input event whether it is one.
    let script = script.replace("new Event(kind,", "new (kind === 'input' ? InputEvent : Event)(kind,");
    browser.script(&script, vec![json!(by_testid(name)), json!(value)]).await;
}

/// Presses a key where the focus is.
pub(crate) async fn press(browser: &Browser, key: &str) {
    let focus = browser.client().active_element().await.expect("something has the focus");
    focus.send_keys(key).await.expect("it takes keys");
}

pub(super) async fn focus(browser: &Browser, name: &str) {
    browser.script("document.querySelector(arguments[0]).focus()", vec![json!(by_testid(name))]).await;
}

pub(super) async fn status(browser: &Browser, expected: &str) {
    status_within(browser, expected, LIMIT).await;
}

pub(super) async fn status_within(browser: &Browser, expected: &str, limit: Duration) {
    let mut last = String::new();
    until(&format!("the status `{expected}`"), limit, async || {
        last = text(browser, "status-chip").await;
        (last == expected).then_some(())
    })
    .await;
}

pub(super) async fn text(browser: &Browser, name: &str) -> String {
    let css = by_testid(name);
    let Ok(element) = browser.client().find(Locator::Css(&css)).await else { return String::new() };
    element.text().await.unwrap_or_default()
}

pub(crate) async fn number(browser: &Browser, script: &str) -> f64 {
    browser.script(script, vec![]).await.as_f64().unwrap_or_else(|| panic!("not a number: {script}"))
}

/// Simulated seconds.
pub(super) async fn clock(browser: &Browser) -> f64 {
    let text = text(browser, "clock").await;
    let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    digits.parse().unwrap_or_else(|_| panic!("not a time: {text}"))
}

pub(crate) async fn until_clock(browser: &Browser, seconds: f64) {
    until(&format!("{seconds} s on the clock"), LIMIT, async || {
        (clock(browser).await >= seconds).then_some(())
    })
    .await;
}

/// A picture of the page as it is, once nothing fades any more.
pub(super) async fn picture(browser: &Browser, name: &str) {
    until("all to have faded in", LIMIT, async || {
        (number(browser, "return document.getAnimations().length").await == 0.0).then_some(())
    })
    .await;
    browser.screenshot(name).await;
}

/// Opens the rumor of the first preset that is under way from n00 to n01: the write is made at 0.5 s and takes 0.1 s.
pub(super) async fn open_first_rumor(browser: &Browser) {
    click(browser, "play").await;
    until_clock(browser, 0.55).await;
    click(browser, "play").await;
    set(browser, "scrubber", "550000").await;
    choose(browser, "event-choice-messages").await;
    set(browser, "event-words", "n00 → n01: rumor").await;
    browser.text(&by_testid("event-list"), |text| text.contains("rumor")).await;
    browser.click(".event-message").await;
}

/// Selects a node on the picture by keys.
pub(super) async fn select(browser: &Browser, node: u32) {
    focus(browser, "ring").await;
    press(browser, "\u{E011}").await; // Home
    for _ in 0..node {
        press(browser, "\u{E014}").await; // ArrowRight
    }
    browser.text(&by_testid("inspector"), |text| text.contains(&format!("Node n{node:02}"))).await;
}

/// Unfolds the further acts of the selected node.
pub(super) async fn open_acts(browser: &Browser) {
    browser.script("document.querySelector('[data-testid=node-acts]').open = true", vec![]).await;
}

/// The ring's place on the page: left, top, width, height.
pub(super) async fn ring(browser: &Browser) -> [f64; 4] {
    let script = "const r = document.querySelector('#ring').getBoundingClientRect(); return [r.x, r.y, r.width, r.height]";
    serde_json::from_value(browser.script(script, vec![]).await).expect("four numbers")
}

/// Presses the mouse at one place of the page and releases it at another.
pub(crate) async fn drag(browser: &Browser, from: (f64, f64), to: (f64, f64)) {
    use actions::{InputSource, MouseActions, PointerAction};
    let at = |(x, y): (f64, f64)| PointerAction::MoveTo { duration: Some(Duration::from_millis(50)), x, y };
    let button = actions::MOUSE_BUTTON_LEFT;
    let mouse = MouseActions::new("mouse".into())
        .then(at(from))
        .then(PointerAction::Down { button })
        .then(at(to))
        .then(PointerAction::Up { button });
    browser.client().perform_actions(mouse).await.expect("the browser has a mouse");
}

/// A folder into which a browser downloads, until the guard is dropped.
#[derive(Debug)]
pub(crate) struct Downloads(pub(super) PathBuf);

impl Downloads {
    pub(crate) async fn of(browser: &Browser, name: &str) -> Self {
        let folder = new_folder(name);
        let path = folder.display().to_string();
        browser
            .devtools("Browser.setDownloadBehavior", json!({ "behavior": "allow", "downloadPath": path }))
            .await;
        Self(folder)
    }

    /// The file, once it is there as a whole: under a name of its own until then.
    pub(crate) async fn file(&self, ending: &str) -> PathBuf {
        until(&format!("a file that ends with {ending}"), LIMIT, async || {
            let entries = fs::read_dir(&self.0).ok()?.flatten().map(|entry| entry.path());
            entries.into_iter().find(|path| path.to_string_lossy().ends_with(ending))
        })
        .await
    }
}

impl Drop for Downloads {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What sticks out to the right of the window.
pub(super) const OVERFLOW: &str = "const root = document.documentElement;
    const wide = root.scrollWidth - root.clientWidth;
    if (wide <= 0) return [];
    return [...document.querySelectorAll('body *')]
        .filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1)
        .map((e) => e.className || e.tagName).slice(0, 5).concat([`${wide} px`]);";

/// How much of the picture is not empty, in thousandths.
pub(crate) const PAINTED: &str = "const canvas = document.querySelector('#ring');
    const copy = Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height });
    const context = copy.getContext('2d', { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, copy.width, copy.height);
    let painted = 0;
    for (let at = 3; at < data.length; at += 4) painted += data[at] > 0;
    return 1000 * painted / (data.length / 4)";
