//! What the page shows of other members through one node, and what it changes at them: beliefs, services, events,
//! configuration; and every kind of entry, changed from the page.

use super::page::{
    LIMIT, all_answer, choose, cluster_and_page, cluster_page, fill, has_members, kill, set_in_page,
    show_table, there_is,
};
use reqwest::Method;
use rumormill_e2e::{Browser, Look, until};
use serde_json::json;

#[tokio::test]
async fn beliefs_services_and_events_of_all_members_are_seen_through_one() {
    let (cluster, browser) = cluster_and_page().await;
    show_table(&browser).await;
    has_members(&browser, "alive", 5).await;
    let body =
        |name: &str, health: &str, reason: &str| json!({ "name": name, "health": health, "reason": reason });
    cluster.send(1, Method::POST, "health", &body("web", "up", "")).await;
    cluster.send(2, Method::POST, "health", &body("web", "degraded", "the disk is 91 % full")).await;
    browser.text("[data-testid=live-service][data-health=degraded]", |text| text.contains("91 %")).await;
    let first = browser
        .script("return document.querySelector('[data-testid=live-service]').dataset.health", vec![])
        .await;
    assert_eq!(first, "degraded", "what needs attention stands first");

    browser.click("[data-testid=live-events-all]").await;
    choose(&browser, "[data-testid=live-show-matrix]").await;
    browser.text("[data-testid=live-beliefs-words]", |text| text.starts_with("All 5 members")).await;
    browser.screenshot("live-beliefs").await;
    kill(&cluster, 4).await;
    there_is(&browser, "[data-testid=live-belief-row][data-member=n2] [data-of=n5][data-status=down]").await;
    until("an event of another member", LIMIT, async || {
        let at =
            "return [...document.querySelectorAll('[data-testid=live-line-at]')].map(at => at.textContent)";
        let at = browser.script(at, vec![]).await;
        at.as_array()?.iter().any(|at| at == "n3: ").then_some(())
    })
    .await;
    browser.look(Look::DESKTOP.dark()).await;
    browser.screenshot("live-beliefs-dark").await;
    browser.assert_quiet_console().await;
}

/// Picks one of a list.
async fn pick(browser: &Browser, testid: &str, value: &str) {
    let script = "const select = document.querySelector(`[data-testid=${arguments[0]}]`);
        select.value = arguments[1]; select.dispatchEvent(new Event('change', { bubbles: true }))";
    browser.script(script, vec![json!(testid), json!(value)]).await;
}

#[tokio::test]
async fn the_configuration_of_all_members_is_changed_from_the_nodes_own_page() {
    let (cluster, browser) = cluster_and_page().await;
    show_table(&browser).await;
    has_members(&browser, "alive", 5).await;
    browser.click("[data-testid=live-configure-open]").await;
    there_is(&browser, "[data-testid=live-config-fanout]").await;
    browser.click("[data-testid=live-config-apply]").await;
    browser.text("[data-testid=live-config-error]", |text| text.contains("Nothing is changed")).await;
    fill(&browser, "[data-testid=live-config-fanout]", "2").await;
    browser.click("[data-testid=live-config-apply]").await;
    browser.text("[data-testid=live-config-fate][data-fate=done]", |text| text.contains("n1")).await;
    assert_eq!(cluster.get(0, "config").await.expect("it answers")["fanout"], 2);
    assert_eq!(cluster.get(1, "config").await.expect("it answers")["fanout"], 1, "only the one");
    choose(&browser, "[data-testid=live-config-everywhere]").await;
    fill(&browser, "[data-testid=live-config-interval]", "500").await;
    browser.screenshot("live-configure").await;
    browser.click("[data-testid=live-config-apply]").await;
    for node in 0..5 {
        until("the interval to be changed", LIMIT, async || {
            let config = cluster.get(node, "config").await?;
            (config["interval_us"] == 500_000 && config["fanout"] == 2).then_some(())
        })
        .await;
    }
    pick(&browser, "live-config-strategy", "plumtree").await;
    pick(&browser, "live-config-limiter", "window").await;
    fill(&browser, "[data-testid=live-config-tokens]", "400").await;
    fill(&browser, "[data-testid=live-config-period]", "2000").await;
    browser.screenshot("live-configure-window").await;
    browser.click("[data-testid=live-config-apply]").await;
    for node in 0..5 {
        until("the strategy and the limiter to be changed", LIMIT, async || {
            let config = cluster.get(node, "config").await?;
            let window = json!({ "window": { "tokens": 400, "period_us": 2_000_000, "reserve": 50 } });
            (config["strategy"] == "plumtree" && config["limiter"] == window).then_some(())
        })
        .await;
    }
    pick(&browser, "live-config-limiter", "none").await;
    browser.click("[data-testid=live-config-apply]").await;
    until("no limiter", LIMIT, async || {
        (cluster.get(4, "config").await?["limiter"] == "unlimited").then_some(())
    })
    .await;
    fill(&browser, "[data-testid=live-config-fanout]", "9999").await;
    browser.click("[data-testid=live-config-apply]").await;
    browser
        .text("[data-testid=live-config-fate][data-fate=refused]", |text| text.contains("fanout must be"))
        .await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn a_page_from_elsewhere_is_refused_a_configuration_in_words() {
    let (cluster, _server, browser) = cluster_page(3).await;
    browser.click("[data-testid=live-configure-open]").await;
    there_is(&browser, "[data-testid=live-config-fanout]").await;
    fill(&browser, "[data-testid=live-config-fanout]", "2").await;
    browser.click("[data-testid=live-config-apply]").await;
    browser
        .text("[data-testid=live-config-fate][data-fate=refused]", |text| {
            text.contains("the node's own dashboard")
        })
        .await;
    assert_eq!(cluster.get(0, "config").await.expect("it answers")["fanout"], 1);
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn conflicts_are_resolved_sets_filled_and_entries_deleted() {
    let (cluster, _server, browser) = cluster_page(3).await;
    // Two members write before they hear of each other: both values stay.
    let mut is_conflict = false;
    for _ in 0..20 {
        let put = |node, value| {
            let body = json!({ "value": value, "kind": "multi-value" });
            let cluster = &cluster;
            async move { cluster.send(node, Method::PUT, "keys/owner", &body).await }
        };
        tokio::join!(put(1, "ada"), put(2, "bob"));
        let entry = until("all to read the same", LIMIT, async || {
            let mut read = Vec::new();
            for node in 0..3 {
                read.push((
                    cluster.get(node, "status").await?["store"]["hash"].clone(),
                    cluster.get(node, "keys/owner").await?,
                ));
            }
            read.windows(2).all(|pair| pair[0] == pair[1]).then(|| read.remove(0).1)
        })
        .await;
        if entry["value"].as_array().is_some_and(|values| values.len() == 2) {
            is_conflict = true;
            break;
        }
    }
    assert!(is_conflict, "two writes at once conflict within twenty tries");
    browser.text("[data-testid=live-conflict-owner]", |text| text == "conflict: 2 values").await;
    browser.screenshot("live-conflict").await;
    browser.click("[data-testid=live-part-owner-1]").await;
    all_answer(&cluster, "keys/owner", "value", json!(["bob"])).await;

    choose(&browser, "[data-testid=live-write-insert]").await;
    fill(&browser, "[data-testid=live-key]", "tags").await;
    fill(&browser, "[data-testid=live-content]", "blue").await;
    browser.click("[data-testid=live-write-send]").await;
    all_answer(&cluster, "sets/tags", "elements", json!(["blue"])).await;
    browser.click("[data-testid=live-part-tags-0]").await;
    until("the set to be empty", LIMIT, async || {
        let set = cluster.get(2, "sets/tags").await;
        set.is_none_or(|set| set["elements"] == json!([])).then_some(())
    })
    .await;
    set_in_page(&browser, "short", "lived").await;
    all_answer(&cluster, "keys/short", "value", json!("lived")).await;
    browser.click("[data-testid=live-delete-short]").await;
    until("the key to be gone", LIMIT, async || cluster.get(2, "keys/short").await.is_none().then_some(()))
        .await;
    browser.text("[data-testid=live-fates]", |text| text.contains("nothing stands there")).await;
    // A client that asks for what is gone is answered 404, which is no error of the page.
    browser.assert_quiet_console().await;
}
