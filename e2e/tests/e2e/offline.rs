//! The page without a network, installed, and whom it talks to.

use rumormill_e2e::{Browser, Cluster, FileServer, settings, until};
use serde_json::json;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// Waits until the service worker has kept the page's files and answers for them.
async fn is_kept(browser: &Browser) {
    until("the page's files to be kept", LIMIT, async || {
        let kept = browser
            .client()
            .execute_async(
                "const done = arguments[0];
                (async () => {
                    const names = (await caches.keys()).filter((name) => name.startsWith('rumormill '));
                    const count = names.length ? (await (await caches.open(names[0])).keys()).length : 0;
                    return navigator.serviceWorker.controller ? count : 0;
                })().then(done, () => done(0));",
                vec![],
            )
            .await;
        (kept.ok()?.as_u64()? > 8).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_lab_works_without_a_network_wherever_it_is_mounted() {
    let server = FileServer::start(&settings::dist(), "/some/where/");
    let browser = Browser::start().await;
    browser.open(&server.url()).await;
    is_kept(&browser).await;
    browser.assert_quiet_console().await;
    let url = server.url();
    drop(server);
    browser.open(&format!("{url}#/live")).await;
    browser.client().refresh().await.expect("the page can be loaded again");
    browser.text("[data-testid=status-chip]", |text| text == "Not connected").await;
    browser.open(&format!("{url}#/lab")).await;
    browser.client().refresh().await.expect("the page can be loaded again");
    // The worker's program is there as well, both parts of it.
    browser.text("[data-testid=status-chip]", |text| text == "Quiet").await;
    browser.click("[data-testid=play]").await;
    browser.text("[data-testid=status-chip]", |text| text == "Converged, 50 of 50").await;
    browser.screenshot("lab-offline").await;
}

#[tokio::test]
async fn it_can_be_installed() {
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.open(&server.url()).await;
    is_kept(&browser).await;
    let manifest = browser.devtools("Page.getAppManifest", json!({})).await;
    assert_eq!(manifest["errors"], json!([]), "{manifest}");
    let errors = browser.devtools("Page.getInstallabilityErrors", json!({})).await;
    let errors: Vec<_> = errors["installabilityErrors"].as_array().cloned().unwrap_or_default();
    let real: Vec<_> = errors.iter().filter(|error| error["errorId"] != "in-incognito").collect();
    assert!(real.is_empty(), "{real:?}");
}

#[tokio::test]
async fn it_asks_nobody_but_its_own_server_and_the_node_that_is_named() {
    let cluster = Cluster::demo(3, &["--processes"]).await;
    let node = cluster.url(1).trim_start_matches("http://").trim_end_matches('/').to_owned();
    // Workers too keep to it: each has the policy of its own script. The tab's member may ask any member of the cluster.
    let members = [0, 1, 2].map(|node| cluster.url(node).replacen("http", "ws", 1)).join(" ");
    let policy = format!(
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
         connect-src 'self' {members}"
    );
    let server = FileServer::start_with_policy(&settings::dist(), "/", &policy);
    let browser = Browser::start().await;
    let asked = async || {
        let hosts = "return [...new Set([
            ...performance.getEntriesByType('resource').map((entry) => new URL(entry.name).host),
            ...(window.sockets ?? [])])]";
        let hosts = browser.script(hosts, vec![]).await;
        serde_json::from_value::<Vec<String>>(hosts).expect("hosts are texts")
    };
    let own = server.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    browser.open(&format!("{}#/lab", server.url())).await;
    is_kept(&browser).await;
    assert_eq!(asked().await, std::slice::from_ref(&own));
    let note = "window.sockets = []; const Plain = WebSocket;
        WebSocket = class extends Plain { constructor(url, ...rest) { super(url, ...rest); sockets.push(new URL(url).host); } }";
    browser.script(note, vec![]).await;
    browser.script("location.hash = arguments[0]", vec![json!(format!("#/live?node={node}"))]).await;
    browser
        .text("[data-testid=live] [data-testid=source-facts]", |facts| facts.contains("as seen by n2 "))
        .await;
    browser.text("[data-testid=live] [data-testid=status-chip]", |text| text == "Live · all 3 in sync").await;
    let mut hosts = asked().await;
    hosts.retain(|host| *host != own);
    assert_eq!(hosts, [node]);
    browser.click("[data-testid=live-join]").await;
    browser.text("[data-testid=live] [data-testid=status-chip]", |text| text == "Live · all 4 in sync").await;
    browser.assert_quiet_console().await;
}
