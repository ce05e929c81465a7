//! What the members of a live cluster remember, played in Replay, and what is in sight, in the page's address.

use super::page::{
    LIMIT, all_answer, cluster_page, count, has_members, is_in_state, is_seen_by, kill, set_in_page,
    show_table, there_is,
};
use crate::lab::page::{PAINTED, by_testid, choose, click, number, set};
use rumormill_e2e::{Browser, Look, until};
use serde_json::json;

/// The most steps back that leave Replay: one for each view that was shown, and one for Replay itself.
const STEPS_MAX: usize = 10;

async fn hash(browser: &Browser) -> String {
    let hash = browser.script("return location.hash", vec![]).await;
    hash.as_str().expect("a hash is text").to_owned()
}

/// Waits for the address to end so.
async fn hash_ends(browser: &Browser, end: &str) {
    until(&format!("the address to end with {end}"), LIMIT, async || {
        hash(browser).await.ends_with(end).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_the_members_remember_is_played_in_every_view_and_back_leads_to_live() {
    let (cluster, _server, browser) = cluster_page(4).await;
    show_table(&browser).await;
    has_members(&browser, "alive", 4).await;
    set_in_page(&browser, "color", "teal").await;
    all_answer(&cluster, "keys/color", "value", json!("teal")).await;
    kill(&cluster, 3).await;
    has_members(&browser, "down", 1).await;

    browser.click("[data-testid=live-rewind]").await;
    let in_replay = |name: &str| format!("[data-testid=replay] {}", by_testid(name));
    browser.text(&in_replay("source-facts"), |text| text.contains("4 nodes")).await;
    let facts = browser.text(&in_replay("recording-facts"), |text| text.contains("cluster demo")).await;
    assert!(facts.contains("3 of 3 members remember it, seen through n1"), "{facts}");
    assert!(hash(&browser).await.starts_with("#/replay"));

    choose(&browser, "view-table").await;
    let state = async |words: &str| {
        browser.text(&format!("{} .state-cell", in_replay("row-3")), |text| text == words).await;
    };
    click(&browser, "to-end").await;
    state("down").await;
    click(&browser, "to-start").await;
    state("alive").await;
    click(&browser, "to-end").await;
    state("down").await;
    choose(&browser, "event-choice-everything").await;
    set(&browser, "event-words", "color").await;
    let events = browser.text(&by_testid("event-list"), |text| text.contains("color")).await;
    for member in ["n1", "n2", "n3"] {
        assert!(events.contains(member), "{member} had it: {events}");
    }
    for view in ["tree", "grid", "matrix", "space-time", "ring"] {
        choose(&browser, &format!("view-{view}")).await;
        until(&format!("something to see in {view}"), LIMIT, async || {
            (number(&browser, PAINTED).await > 3.0).then_some(())
        })
        .await;
        browser.screenshot(&format!("live-rewound-{view}")).await;
    }
    browser.look(Look::PHONE.dark()).await;
    browser.screenshot("live-rewound-phone-dark").await;
    browser.look(Look::DESKTOP).await;

    for _ in 0..STEPS_MAX {
        if !hash(&browser).await.starts_with("#/replay") {
            break;
        }
        browser.client().back().await.expect("there is a way back");
    }
    assert!(hash(&browser).await.starts_with("#/live"), "{}", hash(&browser).await);
    is_in_state(&browser, "live").await;
    browser.click("[data-testid=live-member-n2]").await;
    browser.text("[data-testid=live-inspector]", |text| text.contains("Member n2")).await;
    assert_eq!(count(&browser, ".line-break").await, 0, "the connection was never lost");
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn the_address_holds_what_is_in_sight_and_back_leads_back() {
    let (_cluster, _server, browser) = cluster_page(3).await;
    there_is(&browser, "[data-testid=live-ring]").await;
    show_table(&browser).await;
    hash_ends(&browser, "&view=table").await;
    browser.click("[data-testid=live-member-n2]").await;
    hash_ends(&browser, "&view=table&sel=n2").await;
    let shown = browser.client().current_url().await.expect("a page has an address").to_string();

    browser.client().back().await.expect("there is a way back");
    there_is(&browser, "[data-testid=live-ring]").await;
    assert!(!hash(&browser).await.contains("view="), "{}", hash(&browser).await);
    is_in_state(&browser, "live").await;
    browser.client().forward().await.expect("and one forth");
    there_is(&browser, "[data-testid=live-members-table]").await;
    browser.text("[data-testid=live-inspector]", |text| text.contains("Member n2")).await;
    browser.assert_quiet_console().await;

    let other = Browser::start().await;
    other.open(&shown).await;
    is_seen_by(&other, "n1").await;
    there_is(&other, "[data-testid=live-members-table]").await;
    other.text("[data-testid=live-inspector]", |text| text.contains("Member n2")).await;
    hash_ends(&other, "&view=table&sel=n2").await;
    other.assert_quiet_console().await;
}
