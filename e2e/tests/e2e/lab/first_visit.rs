//! A first visit: who knows nothing but what stands on the page starts the preset, crashes a node, cuts the network,
//! sees the tree race random gossip, and shares the run. What is clicked is found by the words that can be read, never
//! by a name that only tests know; a picture is kept of each step.

use super::page::ring;
use rumormill_e2e::{Browser, FileServer, Look, settings, until};
use serde_json::{Value, json};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// The middle of the first thing to press whose words begin so and that nothing lies over, after it was scrolled to as a
/// person would.
const IN_SIGHT: &str = "const [words, kinds] = arguments;
    for (const thing of document.querySelectorAll(kinds)) {
        const text = (thing.innerText || thing.getAttribute('aria-label') || '').trim();
        if (!text.startsWith(words) || thing.disabled || !thing.checkVisibility()) continue;
        thing.scrollIntoView({ block: 'center' });
        const { x, y, width, height } = thing.getBoundingClientRect();
        const place = [x + width / 2, y + height / 2];
        if (width > 0 && thing.contains(document.elementFromPoint(...place))) return place;
    }
    return null;";

/// Presses what says so.
async fn press(browser: &Browser, words: &str) {
    let values = vec![json!(words), json!("button, nav a, label, summary")];
    let place = until(&format!("“{words}” to press"), LIMIT, async || {
        let place = browser.script(IN_SIGHT, values.clone()).await;
        Some((place.get(0)?.as_f64()?, place.get(1)?.as_f64()?))
    })
    .await;
    tap(browser, place).await;
}

async fn tap(browser: &Browser, (x, y): (f64, f64)) {
    for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
        let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
        browser.devtools("Input.dispatchMouseEvent", event).await;
    }
}

/// Waits until words can be read somewhere on the page.
async fn read(browser: &Browser, words: &str) {
    let page = "return document.body.innerText";
    until(&format!("“{words}” to read"), LIMIT, async || {
        browser.script(page, vec![]).await.as_str()?.contains(words).then_some(())
    })
    .await;
}

#[tokio::test]
async fn whoever_comes_for_the_first_time_gets_there_by_what_can_be_read() {
    let server = FileServer::start(&settings::dist(), "/");
    for (name, look) in [("visit", Look::DESKTOP), ("visit-phone", Look::PHONE)] {
        let browser = Browser::start().await;
        browser.look(look).await;
        browser.open(&server.url()).await;
        read(&browser, "1 of 5").await;
        browser.screenshot(&format!("{name}-1-arrived")).await;
        press(&browser, "Next").await;
        read(&browser, "2 of 5").await;
        press(&browser, "Skip").await;
        press(&browser, "Play").await;
        read(&browser, "Converged, 50 of 50").await;
        browser.screenshot(&format!("{name}-2-played")).await;

        press(&browser, "Crash").await;
        let [left, top, width, height] = ring(&browser).await;
        // The first node stands at the top.
        tap(&browser, (left + width / 2.0, top + height / 2.0 - (width.min(height) / 2.0 - 34.0))).await;
        read(&browser, "49 of 49").await;
        browser.screenshot(&format!("{name}-3-crashed")).await;
        press(&browser, "Cut in half").await;
        read(&browser, "Partitioned").await;
        browser.screenshot(&format!("{name}-4-cut")).await;

        press(&browser, "Share").await;
        read(&browser, "A link to this run").await;
        browser.screenshot(&format!("{name}-5-shared")).await;
        let link = "return [...document.querySelectorAll('input')].map(input => input.value)
            .find(value => /^http.*#.*lab/.test(value)) ?? null";
        let link = until("the link", LIMIT, async || {
            Some(browser.script(link, vec![]).await).filter(Value::is_string)
        })
        .await;
        assert!(link.as_str().is_some_and(|link| link.len() > server.url().len() + 20), "{link}");
        press(&browser, "Close").await;

        press(&browser, "Race").await;
        read(&browser, "Press Play").await;
        press(&browser, "Play").await;
        read(&browser, "was first").await;
        browser.screenshot(&format!("{name}-6-raced")).await;
        browser.assert_quiet_console().await;
    }
}
