//! The tab as a member of a real cluster: native nodes see it, hear from it, and notice when it goes.

use super::page::{LIMIT, all_answer, choose, cluster_page, fill, set_in_page, there_is};
use rumormill_e2e::{Browser, Cluster, Look, settings, until};
use serde_json::{Value, json};
use std::process::Command;

/// Lets the tab join and waits until it takes part. Its name.
async fn join(browser: &Browser) -> String {
    browser.click("[data-testid=live-join]").await;
    is_member(browser).await
}

async fn is_member(browser: &Browser) -> String {
    there_is(browser, "[data-testid=live-tab][data-state=member]").await;
    browser.text("[data-testid=live-tab-name]", |name| name.starts_with("tab-")).await
}

/// Waits until a node holds the member to be so, and returns its record.
async fn is_held(cluster: &Cluster, node: u16, name: &str, status: &str) -> Value {
    until(&format!("node {node} to hold {name} {status}"), LIMIT, async || {
        let list = cluster.get(node, "members").await?;
        let member = list["members"].as_array()?.iter().find(|member| member["id"] == name)?.clone();
        (member["status"] == status).then_some(member)
    })
    .await
}

/// What the program's own command line says of a node.
fn rumormill(cluster: &Cluster, node: u16, words: &[&str]) -> String {
    let url = cluster.url(node);
    let output = Command::new(settings::node_program()).args(words).args(["--url", &url]).output();
    let output = output.expect("the node's program can be started");
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).expect("the program prints text")
}

#[tokio::test]
async fn a_tab_joins_writes_and_leaves() {
    let (cluster, _server, browser) = cluster_page(3).await;
    let name = join(&browser).await;
    for node in 0..3 {
        let member = is_held(&cluster, node, &name, "alive").await;
        assert_eq!(member["address"], Value::Null, "a tab cannot be dialled");
    }
    let printed = rumormill(&cluster, 1, &["members"]);
    assert!(printed.lines().any(|line| line.contains(&name) && line.contains("alive")), "{printed}");
    browser.text("[data-testid=live-tab-place]", |text| text.starts_with("behind n")).await;
    browser.text("[data-testid=live-tab-facts]", |text| text.contains("sees 4 of 4")).await;

    choose(&browser, "[data-testid=live-as-tab]").await;
    set_in_page(&browser, "from/tab", "hello").await;
    there_is(&browser, "[data-testid=live-fate][data-fate=done]").await;
    all_answer(&cluster, "keys/from%2Ftab", "value", json!("hello")).await;
    assert_eq!(rumormill(&cluster, 2, &["get", "from/tab"]).trim(), "hello");
    let entry = cluster.get(2, "keys/from%2Ftab").await.expect("it is there");
    assert_eq!(entry["author"], json!(name), "the tab itself wrote it");
    browser.text("[data-testid='live-value-from/tab']", |text| text == "hello").await;

    choose(&browser, "[data-testid=live-write-add]").await;
    fill(&browser, "[data-testid=live-key]", "visits").await;
    fill(&browser, "[data-testid=live-content]", "3").await;
    browser.click("[data-testid=live-write-send]").await;
    all_answer(&cluster, "counters/visits", "value", json!(3)).await;
    choose(&browser, "[data-testid=live-write-set]").await;
    set_in_page(&browser, "visits", "no counter").await;
    browser.text("[data-testid=live-fate][data-fate=refused]", |text| text.contains("counter")).await;
    cluster.send(0, reqwest::Method::POST, "counters/visits", &json!({ "by": 4 })).await;
    browser.text("[data-testid=live-value-visits]", |text| text == "7").await;
    browser.text("[data-testid=live-tab-facts]", |text| text.contains("in sync with the node")).await;
    for (shot, look) in [
        ("live-member", Look::DESKTOP),
        ("live-member-dark", Look::DESKTOP.dark()),
        ("live-member-phone", Look::PHONE),
    ] {
        browser.look(look).await;
        browser.screenshot(shot).await;
    }
    browser.look(Look::DESKTOP).await;

    browser.click("[data-testid=live-tab-leave]").await;
    for node in 0..3 {
        is_held(&cluster, node, &name, "left").await;
    }
    there_is(&browser, "[data-testid=live-tab][data-state=none]").await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn a_tab_that_is_loaded_again_is_the_same_member_and_one_that_closes_goes_down() {
    let (cluster, _server, browser) = cluster_page(3).await;
    let name = join(&browser).await;
    let first = is_held(&cluster, 2, &name, "alive").await;
    browser.client().refresh().await.expect("the page can be loaded again");
    assert_eq!(is_member(&browser).await, name);
    until("a later life of the tab", LIMIT, async || {
        let again = is_held(&cluster, 2, &name, "alive").await;
        (again["incarnation"].as_u64() > first["incarnation"].as_u64()).then_some(())
    })
    .await;
    browser.open("about:blank").await;
    is_held(&cluster, 0, &name, "down").await;
    is_held(&cluster, 2, &name, "down").await;
}

#[tokio::test]
async fn a_duplicated_tab_is_a_member_of_its_own() {
    let (cluster, _server, browser) = cluster_page(3).await;
    let name = join(&browser).await;
    // Like "Duplicate tab", this takes along what is stored for the tab.
    browser.script("window.open(location.href)", vec![]).await;
    let windows = browser.client().windows().await.expect("the browser lists its windows");
    browser.client().switch_to_window(windows[1].clone()).await.expect("the second tab is there");
    let other = join(&browser).await;
    assert_ne!(other, name);
    is_held(&cluster, 2, &other, "alive").await;
    is_held(&cluster, 2, &name, "alive").await;
}

#[tokio::test]
async fn a_member_whose_host_dies_goes_on_behind_another() {
    let (cluster, _server, browser) = cluster_page(4).await;
    let name = join(&browser).await;
    let place = browser.text("[data-testid=live-tab-place]", |text| text.starts_with("behind n")).await;
    let host: u16 = place.trim_start_matches("behind n").parse().expect("nodes have numbers");
    super::page::kill(&cluster, host - 1).await;
    browser.text("[data-testid=live-tab-place]", |text| text.starts_with("behind n") && text != place).await;
    let other = if host == 4 { 0 } else { 3 };
    is_held(&cluster, other, &name, "alive").await;
}
