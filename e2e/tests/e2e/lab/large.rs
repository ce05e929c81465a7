//! The spread experiment on clusters too large to draw: in a worker of its own, with progress, to be cancelled.

use super::page::{by_testid, click, lab, set, text};
use crate::axe::{check, with_axe};
use serde_json::json;

#[tokio::test]
async fn a_write_spreads_through_a_cluster_that_is_not_drawn() {
    let (browser, _server) = lab().await;
    click(&browser, "large-open").await;
    assert!(text(&browser, "large-dialog").await.contains("What is simplified"));
    set(&browser, "large-nodes", "10001").await;
    browser.text("#large-nodes-error", |text| text.contains("from 2 to 10,000")).await;
    set(&browser, "large-nodes", "400").await;
    click(&browser, "large-toggle").await;
    let found = browser.text(&by_testid("large-found"), |text| text.contains("seed 1")).await;
    assert!(found.contains("400 nodes") && found.contains("all had it after"), "{found}");
    assert!(found.contains("MB of memory"), "{found}");
    with_axe(&browser).await;
    check(&browser, "the dialog of the large spread experiment").await;
    browser.screenshot("lab-large").await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn the_largest_cluster_tells_how_far_it_is_and_can_be_cancelled() {
    let (browser, _server) = lab().await;
    click(&browser, "large-open").await;
    click(&browser, "large-toggle").await;
    let words = browser.text(&by_testid("large-words"), |text| text.contains("events")).await;
    assert!(words.contains("of memory"), "{words}");
    click(&browser, "large-toggle").await;
    browser.text(&by_testid("large-words"), |text| text.starts_with("Cancelled")).await;
    let found = browser.script("return document.querySelector('[data-testid=large-found]')", vec![]).await;
    assert_eq!(found, json!(null));
    browser.assert_quiet_console().await;
}
