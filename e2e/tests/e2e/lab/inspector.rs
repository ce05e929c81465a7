//! The inspector beyond what a node holds: what it waits for, what is under way to it, what the others believe of it; and
//! what a message carried once it has arrived.

use super::page::{
    LIMIT, OVERFLOW, by_testid, choose, click, focus, lab, open_first_rumor, picture, press, select, set,
    text, until_clock,
};
use crate::axe::{check_in_all_looks, with_axe};
use crate::touch::check_for_fingers;
use rumormill_e2e::{Browser, Look, until};
use serde_json::json;

async fn shows(browser: &Browser, name: &str, words: &str) {
    browser.text(&by_testid(name), |text| text.contains(words)).await;
}

async fn into_sight(browser: &Browser, name: &str) {
    let script = "document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })";
    browser.script(script, vec![json!(by_testid(name))]).await;
}

#[tokio::test]
async fn what_comes_to_a_node_is_listed_and_leads_to_the_message() {
    let (browser, _server) = lab().await;
    click(&browser, "play").await;
    until_clock(&browser, 0.55).await;
    click(&browser, "play").await;
    set(&browser, "scrubber", "550000").await;
    select(&browser, 1).await;
    shows(&browser, "timers", "Its next round begins in").await;
    shows(&browser, "inbox", "rumor from n00, arrives in 0.0").await;
    into_sight(&browser, "inbox").await;
    browser.click(&format!("{} .event-message", by_testid("inbox"))).await;
    shows(&browser, "message-facts", "on its way").await;
    click(&browser, "message-to").await;
    shows(&browser, "opinions", "49").await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn whom_a_node_suspects_and_who_suspects_it_is_told_with_the_time_that_is_left() {
    let (browser, _server) = lab().await;
    choose(&browser, "view-table").await;
    click(&browser, "crash-7").await;
    click(&browser, "select-3").await;
    set(&browser, "speed", "0.6").await;
    click(&browser, "play").await;
    shows(&browser, "timers", "n07 is suspected").await;
    click(&browser, "play").await;
    let told = text(&browser, "timers").await;
    assert!(told.contains("it counts as down in"), "{told}");
    into_sight(&browser, "timers").await;
    picture(&browser, "lab-timers").await;
    click(&browser, "select-7").await;
    shows(&browser, "opinions", "suspect").await;
    into_sight(&browser, "opinions").await;
    with_axe(&browser).await;
    check_in_all_looks(&browser, "lab-opinions").await;
    browser.look(Look::PHONE).await;
    check_for_fingers(&browser, "opinions").await;
    assert_eq!(browser.script(OVERFLOW, vec![]).await, json!([]));
    browser.look(Look::PHONE.dark()).await;
    into_sight(&browser, "opinions").await;
    picture(&browser, "lab-opinions-phone-dark").await;
    browser.look(Look::DESKTOP).await;
    set(&browser, "speed", "1").await;
    click(&browser, "play").await;
    shows(&browser, "opinions", "49").await;
    browser.text(&by_testid("opinions"), |text| text.contains("down") && !text.contains("suspect")).await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn what_waits_for_a_paused_process_is_counted() {
    let (browser, _server) = lab().await;
    select(&browser, 5).await;
    press(&browser, "z").await;
    set(&browser, "speed", "1").await;
    click(&browser, "play").await;
    shows(&browser, "inbox-waiting", "wait for its process").await;
    click(&browser, "play").await;
    focus(&browser, "ring").await;
    press(&browser, "z").await;
    until("nothing to wait", LIMIT, async || {
        click(&browser, "step-event").await;
        text(&browser, "inbox-waiting").await.is_empty().then_some(())
    })
    .await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn what_an_arrived_message_carried_is_still_told() {
    let (browser, _server) = lab().await;
    open_first_rumor(&browser).await;
    click(&browser, "message-close").await;
    click(&browser, "step-round").await;
    until_clock(&browser, 1.5).await;
    browser.click(".event-message").await;
    shows(&browser, "message-facts", "arrived at").await;
    browser.text(&by_testid("carried"), |text| text.contains("color") && text.contains("green")).await;
    picture(&browser, "lab-message-arrived").await;
    browser.assert_quiet_console().await;
}
