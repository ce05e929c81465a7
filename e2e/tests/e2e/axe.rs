//! axe-core in the page under test.

use rumormill_e2e::{Browser, Look, settings, until};
use serde_json::{Value, json};
use std::{fs, time::Duration};

/// How long things may take to fade in.
const LIMIT: Duration = Duration::from_secs(20);

/// Runs axe-core, with the rule of WCAG 2.2 that it leaves out by itself, and returns what it finds wrong, in words.
const CHECK: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }).then(
        ({ violations }) => done(violations.map(({ id, nodes }) => id + ': ' + nodes.map(n => n.target.join(' ')).join(', '))),
        error => done(['axe-core failed: ' + error]));";

/// Nothing on the page as it is now may be a barrier.
pub(crate) async fn check(browser: &Browser, what: &str) {
    until("all to have faded in", LIMIT, async || {
        let running = "return document.getAnimations().filter(a => a.playState === 'running').length";
        (browser.script(running, vec![]).await == json!(0)).then_some(())
    })
    .await;
    let found = browser.client().execute_async(CHECK, vec![]).await.expect("the check runs");
    assert_eq!(found, Value::Array(Vec::new()), "{what}");
}

/// The same on a desk in light and dark, and in a hand, with a picture of each. The page is on a desk again afterwards.
pub(crate) async fn check_in_all_looks(browser: &Browser, name: &str) {
    for (look, suffix) in [(Look::DESKTOP, ""), (Look::DESKTOP.dark(), "-dark"), (Look::PHONE, "-phone")] {
        let name = format!("{name}{suffix}");
        browser.look(look).await;
        check(browser, &name).await;
        browser.screenshot(&name).await;
    }
    browser.look(Look::DESKTOP).await;
}

/// Puts axe-core into the page; it stays until another page is loaded.
pub(crate) async fn with_axe(browser: &Browser) {
    let path = settings::axe();
    let axe = fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("axe-core is not at {}: {error}. `cargo xtask test browser` fetches it.", path.display())
    });
    browser.script(&axe, vec![]).await;
}
