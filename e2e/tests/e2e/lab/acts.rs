//! What is done to nodes, links and messages beyond crashing and cutting; and what was set when.

use super::page::{
    LIMIT, OVERFLOW, by_testid, click, clock, drag, lab, lab_as, open_acts, open_first_rumor, ring, select,
    set, text, until_clock,
};
use crate::axe::{check, with_axe};
use rumormill_e2e::{Browser, Look, until};
use serde_json::json;

async fn until_marks(browser: &Browser, marks: u64) {
    let script = "return document.querySelectorAll('.scrub-track .mark').length";
    until(&format!("{marks} marks"), LIMIT, async || {
        (browser.script(script, vec![]).await == json!(marks)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_pointed_at_is_dropped_on_its_way() {
    let (browser, _server) = lab().await;
    open_first_rumor(&browser).await;
    browser.text(&by_testid("message-facts"), |text| text.contains("on its way")).await;
    browser.screenshot("lab-message").await;
    click(&browser, "message-drop").await;
    browser.text(&by_testid("message-facts"), |text| text.contains("dropped by hand")).await;
    until("the button to go", LIMIT, async || {
        let found =
            browser.script("return document.querySelector('[data-testid=message-drop]')", vec![]).await;
        found.is_null().then_some(())
    })
    .await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn a_delay_ends_and_the_setup_is_what_it_was_at_the_moment_in_sight() {
    let (browser, _server) = lab().await;
    click(&browser, "play").await;
    until_clock(&browser, 0.6).await;
    click(&browser, "play").await;
    until_marks(&browser, 1).await;
    select(&browser, 3).await;
    open_acts(&browser).await;
    set(&browser, "other-node", "7").await;
    click(&browser, "delay-link").await;
    until_marks(&browser, 2).await;
    click(&browser, "end-delay").await;
    let titles = "return [...document.querySelectorAll('.scrub-track .mark')].map(mark => mark.title).join()";
    until("the end of the delay", LIMIT, async || {
        let titles = browser.script(titles, vec![]).await;
        titles.as_str().is_some_and(|titles| titles.contains("no delay 3-7")).then_some(())
    })
    .await;

    set(&browser, "loss", "20").await;
    let at = clock(&browser).await;
    click(&browser, "play").await;
    until_clock(&browser, at + 0.3).await;
    click(&browser, "play").await;
    let loss = async |wanted: &str| {
        until(&format!("a loss of {wanted} %"), LIMIT, async || {
            let value =
                browser.script("return document.querySelector('[data-testid=loss]').value", vec![]).await;
            (value == json!(wanted)).then_some(())
        })
        .await;
        browser.text(&by_testid("source-facts"), |facts| facts.contains(&format!("loss {wanted} %"))).await;
    };
    loss("20").await;
    set(&browser, "scrubber", "300000").await;
    loss("0").await;
    click(&browser, "to-end").await;
    loss("20").await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn the_acts_of_a_node_fit_every_screen() {
    let (browser, _server) = lab().await;
    with_axe(&browser).await;
    click(&browser, "play").await;
    until_clock(&browser, 0.8).await;
    click(&browser, "play").await;
    select(&browser, 12).await;
    open_acts(&browser).await;
    for (name, look) in [
        ("desktop-light", Look::DESKTOP),
        ("desktop-dark", Look::DESKTOP.dark()),
        ("phone-light", Look::PHONE),
        ("phone-dark", Look::PHONE.dark()),
    ] {
        browser.look(look).await;
        browser.script("document.querySelector('[data-testid=node-acts]').scrollIntoView()", vec![]).await;
        assert_eq!(browser.script(OVERFLOW, vec![]).await, json!([]), "{name}");
        let cut = "return [...document.querySelectorAll('.node-acts .button, .transport .button')]
            .filter(button => button.scrollWidth > button.clientWidth + 1).map(button => button.dataset.testid)";
        assert_eq!(browser.script(cut, vec![]).await, json!([]), "{name}: words that are cut");
        check(&browser, &format!("acts, {name}")).await;
        browser.screenshot(&format!("lab-acts-{name}")).await;
    }
    // On a phone the bar of time covers nothing for good: the page's end can be scrolled above it.
    browser.look(Look::PHONE).await;
    let covered = "scrollTo(0, document.documentElement.scrollHeight);
        const bar = document.querySelector('.timebar').getBoundingClientRect().top;
        const body = document.querySelector('.lab-node').getBoundingClientRect().bottom;
        return Math.max(0, body - bar)";
    assert_eq!(browser.script(covered, vec![]).await, json!(0));
    assert!(text(&browser, "clock").await.ends_with('s'));
    browser.assert_quiet_console().await;
}

/// As a first-time visitor does on a phone: taps a node, and finds what can be done with it without a search.
#[tokio::test]
async fn what_is_tapped_on_a_phone_comes_in_sight() {
    let (browser, _server) = lab_as(Look::PHONE).await;
    let [left, top, width, _] = ring(&browser).await;
    let place = (left + width / 2.0, top + 28.0);
    drag(&browser, place, place).await;
    browser.text(&by_testid("inspector"), |text| text.contains("Node n00")).await;
    let in_sight = "const crash = document.querySelector('[data-testid=node-crash]').getBoundingClientRect();
        const bar = document.querySelector('.timebar').getBoundingClientRect();
        const ring = document.querySelector('#ring').getBoundingClientRect();
        return crash.bottom < bar.top && ring.bottom > 200";
    until("the acts to come in sight", LIMIT, async || {
        (browser.script(in_sight, vec![]).await == json!(true)).then_some(())
    })
    .await;
    browser.screenshot("lab-tapped-phone").await;
    click(&browser, "node-crash").await;
    browser.text(&by_testid("node-state"), |text| text == "DOWN").await;
    browser.assert_quiet_console().await;
}
