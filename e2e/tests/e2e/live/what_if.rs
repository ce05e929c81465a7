//! From a live cluster to a simulated one that is like it.

use super::page::{
    all_answer, choose, cluster_page, fill, has_members, kill, set_in_page, show_table, there_is,
};
use crate::lab::page::{self as lab, by_testid, click, until_clock};
use rumormill_e2e::{Look, until};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_live_cluster_is_taken_into_the_lab_and_labelled_a_model() {
    let (cluster, _server, browser) = cluster_page(4).await;
    let fanout = json!({ "fanout": 3 });
    cluster.send(0, reqwest::Method::PATCH, "config", &fanout).await;
    set_in_page(&browser, "config/color", "teal").await;
    there_is(&browser, "[data-testid='live-value-config/color']").await;
    choose(&browser, "[data-testid=live-write-insert]").await;
    fill(&browser, "[data-testid=live-key]", "tags").await;
    fill(&browser, "[data-testid=live-content]", "blue").await;
    browser.click("[data-testid=live-write-send]").await;
    all_answer(&cluster, "sets/tags", "elements", json!(["blue"])).await;
    show_table(&browser).await;
    kill(&cluster, 3).await;
    has_members(&browser, "down", 1).await;
    // Some rounds, so that round trips were seen.
    until("some rounds", Duration::from_secs(30), async || {
        let status = cluster.get(0, "status").await?;
        (status["tallies"]["rounds"].as_u64()? > 8 && status["tuning"]["fanout"] == 3).then_some(())
    })
    .await;
    browser.click("[data-testid=live-what-if]").await;
    let words = browser.text("[data-testid=lab-model]", |text| text.contains("cluster demo")).await;
    assert!(words.starts_with("A model, not a prediction."), "{words}");
    assert!(
        words.contains("4 members (1 of them down)")
            && words.contains("2 entries")
            && words.contains("round trips"),
        "{words}"
    );
    assert!(words.contains("n0 stands for the member n1, n1 for n2, n2 for n3, n3 for n4."), "{words}");
    let facts = browser
        .text("[data-testid=lab] [data-testid=source-facts]", |facts| {
            facts.contains("4 nodes") || facts.contains("n=4")
        })
        .await;
    assert!(facts.contains("fanout 3"), "{facts}");
    browser.screenshot("lab-what-if").await;
    browser.look(Look::PHONE).await;
    browser.screenshot("lab-what-if-phone").await;
    browser.look(Look::DESKTOP).await;

    lab::choose(&browser, "view-table").await;
    click(&browser, "play").await;
    until_clock(&browser, 1.0).await;
    click(&browser, "play").await;
    let state = async |node: u32, wanted: &str| {
        browser
            .text(&format!("{} .state-cell", by_testid(&format!("row-{node}"))), |text| text == wanted)
            .await;
    };
    state(3, "down").await;
    state(1, "alive").await;
    click(&browser, "select-1").await;
    let store = browser.text(&by_testid("store"), |text| text.contains("tags")).await;
    for part in ["config/color", "teal", "blue"] {
        assert!(store.contains(part), "{part}: {store}");
    }
    browser.screenshot("lab-what-if-store").await;
    click(&browser, "crash-1").await;
    state(1, "down").await;

    for _ in 0..3 {
        if browser.script("return location.hash.startsWith('#/live')", vec![]).await == json!(true) {
            break;
        }
        browser.client().back().await.expect("there is a way back");
    }
    assert_eq!(browser.script("return location.hash.startsWith('#/live')", vec![]).await, json!(true));
    there_is(&browser, "[data-testid=live][data-state=live]").await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn what_is_too_large_for_the_lab_is_said() {
    let (cluster, _server, browser) = cluster_page(1).await;
    for number in 10..80 {
        let body = json!({ "value": format!("{number}").repeat(32_000) });
        let (status, answer) =
            cluster.send(0, reqwest::Method::PUT, &format!("keys/large-{number}"), &body).await;
        assert!((200..300).contains(&status), "{status}: {answer}");
    }
    browser.text("[data-testid=source-facts]", |facts| facts.contains("70 keys")).await;
    browser.click("[data-testid=live-what-if]").await;
    browser.text("[data-testid=live-unmade]", |text| text.contains("more than the 4 MB")).await;
    browser.screenshot("live-too-large").await;
    browser.assert_quiet_console().await;
}
