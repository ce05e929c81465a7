//! Each act of a node once by its button and once by its key, with what is seen of it; the same from the table; each choice
//! of a view, which its address keeps; and why a node lacks a write that was lost or denied.

use super::page::{
    LIMIT, STATUS, by_testid, choose, click, focus, lab, open_acts, open_first_rumor, press, select, set,
    status, text, until_clock,
};
use fantoccini::Locator;
use rumormill_e2e::{Browser, until};
use serde_json::json;

const ENTER: &str = "\u{E007}";

async fn until_gone(browser: &Browser, name: &str) {
    until(&format!("{name} to go"), LIMIT, async || {
        browser.client().find(Locator::Css(&by_testid(name))).await.is_err().then_some(())
    })
    .await;
}

async fn shows(browser: &Browser, name: &str, words: &str) {
    browser.text(&by_testid(name), |text| text.contains(words)).await;
}

async fn has_focus(browser: &Browser, id: &str) {
    until(&format!("the focus in {id}"), LIMIT, async || {
        let here = browser.script("return document.activeElement.id", vec![]).await;
        (here == json!(id)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn each_act_of_a_node_by_its_button_shows() {
    let (browser, _server) = lab().await;
    set(&browser, "speed", "1").await;
    select(&browser, 3).await;
    open_acts(&browser).await;

    click(&browser, "node-pause").await;
    shows(&browser, "node-state", "PAUSED").await;
    click(&browser, "node-resume").await;
    shows(&browser, "node-state", "UP").await;
    shows(&browser, "event-list", "n03 was resumed").await;

    click(&browser, "node-slow").await;
    shows(&browser, "node-trouble", "0.500 s").await;
    click(&browser, "node-skew").await;
    shows(&browser, "node-trouble", "60.000 s, ahead").await;
    click(&browser, "node-well").await;
    until_gone(&browser, "node-trouble").await;

    set(&browser, "other-node", "7").await;
    click(&browser, "cut-one-way").await;
    shows(&browser, "node-trouble", "to n07").await;
    status(&browser, "Quiet, 1 path cut").await;
    shows(&browser, "event-list", "n03 → n07 was cut, one way").await;
    click(&browser, "heal").await;
    status(&browser, "Quiet").await;
    until_gone(&browser, "node-trouble").await;
    click(&browser, "delay-link").await;
    shows(&browser, "node-trouble", "to and from n07").await;
    click(&browser, "end-delay").await;
    until_gone(&browser, "node-trouble").await;

    click(&browser, "conflict").await;
    click(&browser, "play").await;
    status(&browser, "Converged, 50 of 50").await;
    shows(&browser, "store", "\"tea\" or \"coffee\"").await;
    click(&browser, "play").await;

    set(&browser, "write-key", "mood").await;
    click(&browser, "write").await;
    shows(&browser, "store", "mood").await;
    click(&browser, "delete-key").await;
    browser.text(&by_testid("store"), |text| !text.contains("mood")).await;

    click(&browser, "node-cut-off").await;
    browser.text(STATUS, |text| text.starts_with("Partitioned")).await;
    click(&browser, "heal").await;
    browser.text(STATUS, |text| !text.starts_with("Partitioned")).await;

    click(&browser, "node-crash").await;
    shows(&browser, "node-state", "DOWN").await;
    click(&browser, "node-restart-data").await;
    shows(&browser, "store", "choice").await;
    click(&browser, "play").await;
    shows(&browser, "node-state", "UP").await;
    click(&browser, "node-leave").await;
    shows(&browser, "node-state", "LEFT").await;
    click(&browser, "play").await;
    click(&browser, "node-restart").await;
    shows(&browser, "node-state", "JOINING").await;
    shows(&browser, "inspector", "Empty. Write something").await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn each_act_of_a_node_by_its_key_shows() {
    let (browser, _server) = lab().await;
    select(&browser, 3).await;
    press(&browser, "z").await;
    shows(&browser, "node-state", "PAUSED").await;
    press(&browser, "z").await;
    shows(&browser, "node-state", "UP").await;
    press(&browser, "s").await;
    press(&browser, "t").await;
    browser
        .text(&by_testid("node-trouble"), |text| text.contains("Slow by") && text.contains("Clock off by"))
        .await;
    press(&browser, "a").await;
    until_gone(&browser, "node-trouble").await;

    press(&browser, "o").await;
    has_focus(&browser, "other-node").await;
    shows(&browser, "other-asked", "Which?").await;
    press(&browser, "7").await;
    press(&browser, ENTER).await;
    status(&browser, "Quiet, 1 path cut").await;
    has_focus(&browser, "ring").await;
    press(&browser, "h").await;
    status(&browser, "Quiet").await;
    for (key, expected) in [("l", "to and from n07"), ("L", "")] {
        press(&browser, key).await;
        has_focus(&browser, "other-node").await;
        press(&browser, "7").await;
        press(&browser, ENTER).await;
        has_focus(&browser, "ring").await;
        browser
            .text(&by_testid("inspector"), |text| text.contains("Slow paths") != expected.is_empty())
            .await;
        if !expected.is_empty() {
            shows(&browser, "node-trouble", expected).await;
        }
    }
    press(&browser, "v").await;
    has_focus(&browser, "other-node").await;
    press(&browser, "9").await;
    press(&browser, ENTER).await;
    has_focus(&browser, "ring").await;
    shows(&browser, "store", "\"tea\"").await;

    press(&browser, "w").await;
    shows(&browser, "store", "color").await;
    press(&browser, "d").await;
    browser.text(&by_testid("store"), |text| !text.contains("color")).await;
    press(&browser, "p").await;
    status(&browser, "Partitioned, 1 of 50").await;
    press(&browser, "h").await;
    press(&browser, "k").await;
    shows(&browser, "node-state", "DOWN").await;
    press(&browser, "r").await;
    shows(&browser, "store", "choice").await;
    press(&browser, "q").await;
    press(&browser, "]").await;
    shows(&browser, "node-state", "LEFT").await;

    press(&browser, ENTER).await;
    has_focus(&browser, "inspector-body").await;
    press(&browser, "\u{E004}").await; // Tab
    let inside = "return document.activeElement.closest('[data-testid=inspector]') !== null";
    assert_eq!(browser.script(inside, vec![]).await, json!(true));
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn the_next_message_of_a_node_is_dropped() {
    let (browser, _server) = lab().await;
    open_first_rumor(&browser).await;
    set(&browser, "event-words", "").await;
    select(&browser, 1).await;
    open_acts(&browser).await;
    click(&browser, "drop-next").await;
    shows(&browser, "branches", "drop at 0.550 s").await;
    // It counts as lost when it would have arrived.
    click(&browser, "step-round").await;
    shows(&browser, "totals", "1 lost").await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn each_choice_of_a_view_changes_what_is_seen() {
    let (browser, _server) = lab().await;
    choose(&browser, "view-tree").await;
    shows(&browser, "caption", "sends to its children below").await;
    choose(&browser, "tree-of-way").await;
    shows(&browser, "caption", "Nothing has been written yet").await;
    choose(&browser, "view-matrix").await;
    shows(&browser, "caption", "Row: who believes").await;
    choose(&browser, "matrix-of-writes").await;
    shows(&browser, "caption", "Column: a write").await;
    click(&browser, "formula-toggle").await;
    browser.text(&by_testid("formula"), |text| text.len() > 20).await;
    click(&browser, "formula-toggle").await;
    until_gone(&browser, "formula").await;

    focus(&browser, "ring").await;
    press(&browser, "?").await;
    browser.click("label:has([data-testid=keys-on])").await;
    press(&browser, "\u{E00C}").await; // Escape
    until_gone(&browser, "help").await;
    press(&browser, "6").await;
    press(&browser, "\u{E010}").await; // End: arrows and the like are the picture's own and stay
    shows(&browser, "inspector", "Node n49").await;
    assert_eq!(text(&browser, "node-table").await, "", "single keys are off");
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn why_a_node_lacks_a_write_that_was_lost_or_denied() {
    let (browser, _server) = lab().await;
    choose(&browser, "strategy-tree").await;
    set(&browser, "loss", "100").await;
    select(&browser, 1).await;
    click(&browser, "play").await;
    shows(&browser, "why", "was lost by chance").await;
    shows(&browser, "why-next", "never compares").await;
    click(&browser, "play").await;

    set(&browser, "preset", "first-rumor").await;
    choose(&browser, "strategy-tree").await;
    set(&browser, "limiter", "window").await;
    set(&browser, "tokens", "1").await;
    click(&browser, "play").await;
    until_clock(&browser, 0.7).await;
    click(&browser, "play").await;
    let mut found = String::new();
    for node in [1, 2] {
        select(&browser, node).await;
        shows(&browser, "inspector", &format!("Node n0{node}")).await;
        found += &text(&browser, "why").await;
    }
    assert!(found.contains("its limiter has no token left"), "{found}");
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn the_table_says_who_is_suspected_and_does_more_with_the_selected_row() {
    let (browser, _server) = lab().await;
    choose(&browser, "view-table").await;
    click(&browser, "select-3").await;
    click(&browser, "row-pause").await;
    shows(&browser, "row-3", "paused").await;
    click(&browser, "row-pause").await;
    shows(&browser, "row-3", "alive").await;
    click(&browser, "row-write").await;
    shows(&browser, "row-3", "has it").await;
    click(&browser, "row-increment").await;
    shows(&browser, "store", "visits 1").await;
    click(&browser, "crash-3").await;
    shows(&browser, "row-3", "down").await;
    click(&browser, "play").await;
    until("someone to suspect n03", LIMIT, async || {
        let cell = "return document.querySelector('[data-testid=row-3] td:nth-child(4)').textContent";
        let by = browser.script(cell, vec![]).await;
        by.as_str().is_some_and(|by| by.parse::<u32>().is_ok_and(|by| by > 0)).then_some(())
    })
    .await;
    browser.text(&by_testid("announcer"), |text| text.contains("n03 suspected by")).await;
    click(&browser, "play").await;
    click(&browser, "row-restart-data").await;
    shows(&browser, "store", "visits 1").await;
    click(&browser, "row-leave").await;
    click(&browser, "step-round").await;
    shows(&browser, "row-3", "left").await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn what_is_looked_at_stands_in_the_address_and_what_a_change_took_below_the_charts() {
    let (browser, _server) = lab().await;
    set(&browser, "speed", "1").await;
    click(&browser, "play").await;
    status(&browser, "Converged, 50 of 50").await;
    browser.text(&by_testid("announcer"), |text| text.starts_with("Round ")).await;
    browser.text(&by_testid("of-change"), |text| text.contains(" messages, ") && text.ends_with('B')).await;
    click(&browser, "play").await;
    select(&browser, 3).await;
    press(&browser, "w").await;
    browser.text(&by_testid("by-write"), |text| text.contains("n03")).await;
    set(&browser, "by-write", "1").await;
    choose(&browser, "view-tree").await;
    choose(&browser, "tree-of-way").await;
    browser.click("label:has(#beliefs)").await;
    let hash = async |expected: &str| {
        until(&format!("the address {expected}"), LIMIT, async || {
            (browser.script("return location.hash", vec![]).await == json!(expected)).then_some(())
        })
        .await;
    };
    hash("#/lab?view=tree&sel=3&tree=way&write=1&beliefs=on").await;
    choose(&browser, "view-matrix").await;
    choose(&browser, "matrix-of-writes").await;
    hash("#/lab?view=matrix&sel=3&matrix=writes&tree=way&write=1&beliefs=on").await;
    browser.client().refresh().await.expect("the page loads again");
    shows(&browser, "caption", "Column: a write").await;
    shows(&browser, "inspector", "Node n03").await;
    browser.assert_quiet_console().await;
}
