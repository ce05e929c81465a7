//! The bar of time: the page pauses, goes back over what it saw, steps, goes on behind the present, and follows again.

use super::page::{
    LIMIT, all_answer, cluster_page, count, has_members, is_in_state, kill, set_in_page, show_table, there_is,
};
use super::views::check_all;
use crate::axe::with_axe;
use crate::lab::page::{by_testid, choose, click, set};
use reqwest::Method;
use rumormill_e2e::{Browser, until};
use serde_json::json;

async fn is_at(browser: &Browser, time: &str) {
    there_is(browser, &format!("[data-testid=live-time][data-time={time}]")).await;
}

/// Moves the slider to a part of its way.
async fn scrub(browser: &Browser, part: f64) {
    let most = "return Number(document.querySelector('[data-testid=live-scrubber]').max)";
    let most = browser.script(most, vec![]).await.as_f64().expect("a slider has an end");
    set(browser, "live-scrubber", &(most * part).round().to_string()).await;
}

#[tokio::test]
async fn the_page_pauses_goes_back_and_follows_again_in_every_view() {
    let (cluster, _server, browser) = cluster_page(4).await;
    with_axe(&browser).await;
    show_table(&browser).await;
    has_members(&browser, "alive", 4).await;
    is_at(&browser, "following").await;
    browser.text("[data-testid=live-clock]", |text| text.contains("now, following")).await;
    set_in_page(&browser, "color", "teal").await;
    browser.text("[data-testid=live-value-color]", |text| text == "teal").await;

    // What happens while the page is paused is not seen, but counted.
    click(&browser, "live-follow").await;
    is_at(&browser, "paused").await;
    let (status, _) = cluster.send(2, Method::PUT, "keys/color", &json!({ "value": "red" })).await;
    assert_eq!(status, 200);
    all_answer(&cluster, "keys/color", "value", json!("red")).await;
    browser
        .text("[data-testid=live-clock]", |text| text.contains("behind") && !text.contains(" 0 events"))
        .await;
    let shown = "return document.querySelector('[data-testid=live-value-color]').textContent";
    assert_eq!(browser.script(shown, vec![]).await, json!("teal"));
    check_all(&browser, "live-paused").await;
    click(&browser, "live-follow").await;
    is_at(&browser, "following").await;
    browser.text("[data-testid=live-value-color]", |text| text == "red").await;

    kill(&cluster, 3).await;
    has_members(&browser, "down", 1).await;
    set_in_page(&browser, "color", "blue").await;
    browser.text("[data-testid=live-value-color]", |text| text == "blue").await;
    there_is(&browser, ".live-time .mark-fault").await;

    // As far back as the page knows everyone was alive, and nobody had written.
    click(&browser, "live-to-start").await;
    is_at(&browser, "paused").await;
    has_members(&browser, "alive", 4).await;
    assert_eq!(count(&browser, "[data-testid=live-value-color]").await, 0);
    there_is(&browser, "[data-testid=live-to-start][aria-disabled=true]").await;
    for (view, there) in [
        ("ring", "live-ring"),
        ("tree", "live-tree"),
        ("grid", "live-grid"),
        ("matrix", "live-beliefs-words"),
        ("space-time", "live-space-time"),
        ("table", "live-members-table"),
    ] {
        choose(&browser, &format!("live-show-{view}")).await;
        there_is(&browser, &by_testid(there)).await;
        is_at(&browser, "paused").await;
        browser.screenshot(&format!("live-back-{view}")).await;
    }
    scrub(&browser, 0.0).await;
    has_members(&browser, "alive", 4).await;
    let clock = "return document.querySelector('[data-testid=live-clock] b').textContent";
    let before = browser.script(clock, vec![]).await;
    click(&browser, "live-round").await;
    until("another moment", LIMIT, async || (browser.script(clock, vec![]).await != before).then_some(()))
        .await;
    click(&browser, "live-back-event").await;
    click(&browser, "live-event").await;
    // What was sent and received just before is on its way in the picture.
    choose(&browser, "live-show-ring").await;
    let messages = "return Number(document.querySelector('[data-testid=live-ring]').dataset.messages)";
    until("a message of then", LIMIT, async || {
        click(&browser, "live-event").await;
        browser.script(messages, vec![]).await.as_u64().filter(|count| *count > 0)
    })
    .await;
    is_at(&browser, "paused").await;
    browser.screenshot("live-paused-messages").await;
    click(&browser, "live-back-round").await;
    click(&browser, "live-go-on").await;
    is_at(&browser, "behind").await;
    browser.text("[data-testid=live-clock]", |text| text.contains("going on")).await;
    browser.screenshot("live-going-on").await;

    // Whoever writes writes now, and sees it.
    set_in_page(&browser, "color", "white").await;
    is_at(&browser, "following").await;
    browser.text("[data-testid=live-value-color]", |text| text == "white").await;
    show_table(&browser).await;
    has_members(&browser, "down", 1).await;
    scrub(&browser, 0.5).await;
    is_at(&browser, "paused").await;
    scrub(&browser, 1.0).await;
    is_at(&browser, "following").await;
    is_in_state(&browser, "live").await;
    browser.assert_quiet_console().await;
}
