//! From a live cluster to a simulated one that is like it.

use super::page::{cluster_page, set_in_page, there_is};
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
        words.contains("4 members") && words.contains("1 entry") && words.contains("round trips"),
        "{words}"
    );
    let facts = browser
        .text("[data-testid=lab] [data-testid=source-facts]", |facts| {
            facts.contains("4 nodes") || facts.contains("n=4")
        })
        .await;
    assert!(facts.contains("fanout 3"), "{facts}");
    browser.screenshot("lab-what-if").await;
    browser.look(Look::PHONE).await;
    browser.screenshot("lab-what-if-phone").await;
    browser.client().back().await.expect("Live is behind it");
    there_is(&browser, "[data-testid=live][data-state=live]").await;
    browser.assert_quiet_console().await;
}
