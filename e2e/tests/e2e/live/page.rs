//! What the tests of the Live place do on its page and to its nodes. It knows where things are, not what they should be.

use fantoccini::Locator;
use rumormill_e2e::{Browser, Cluster, FileServer, settings, until};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// How long a cluster may take to agree on something. A guess, generous for a machine that compiles beside it.
pub(super) const LIMIT: Duration = Duration::from_secs(30);

pub(super) const NODES: u16 = 5;

/// Five nodes and the page of the first of them, connected to it.
pub(super) async fn cluster_and_page() -> (Cluster, Browser) {
    let cluster = Cluster::demo(NODES, &["--processes"]).await;
    let browser = Browser::start().await;
    browser.open(&cluster.url(0)).await;
    is_seen_by(&browser, "n1").await;
    (cluster, browser)
}

/// So many nodes, and a page that no node served, connected to the first of them.
pub(super) async fn cluster_page(nodes: u16) -> (Cluster, FileServer, Browser) {
    let cluster = Cluster::demo(nodes, &["--processes"]).await;
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.open(&format!("{}#/live?node={}", server.url(), address(&cluster, 0))).await;
    is_seen_by(&browser, "n1").await;
    (cluster, server, browser)
}

pub(super) async fn is_seen_by(browser: &Browser, node: &str) {
    browser.text("[data-testid=source-facts]", |facts| facts.contains(&format!("as seen by {node} "))).await;
    is_in_state(browser, "live").await;
}

/// Waits for the connection to be `idle`, `connecting`, `live` or `waiting`.
pub(super) async fn is_in_state(browser: &Browser, state: &str) {
    there_is(browser, &format!("[data-testid=live][data-state={state}]")).await;
}

pub(super) async fn there_is(browser: &Browser, css: &str) {
    until(css, LIMIT, async || (count(browser, css).await > 0).then_some(())).await;
}

pub(super) async fn count(browser: &Browser, css: &str) -> u64 {
    let found =
        browser.script("return document.querySelectorAll(arguments[0]).length", vec![json!(css)]).await;
    found.as_u64().expect("a length is a number")
}

/// Waits until so many members have a health. The table must be shown.
pub(super) async fn has_members(browser: &Browser, health: &str, wanted: u64) {
    let css = format!("[data-testid=live-member][data-health={health}]");
    until(&format!("{wanted} members {health}"), LIMIT, async || {
        (count(browser, &css).await == wanted).then_some(())
    })
    .await;
}

pub(super) async fn show_table(browser: &Browser) {
    choose(browser, "[data-testid=live-show-table]").await;
    there_is(browser, "[data-testid=live-members-table]").await;
}

/// Presses a radio button, which lies invisibly over its words.
pub(super) async fn choose(browser: &Browser, css: &str) {
    there_is(browser, css).await;
    browser.script("document.querySelector(arguments[0]).click()", vec![json!(css)]).await;
}

/// Types over what a field holds.
pub(super) async fn fill(browser: &Browser, css: &str, text: &str) {
    there_is(browser, css).await;
    browser.script("document.querySelector(arguments[0]).select()", vec![json!(css)]).await;
    let field = browser.client().find(Locator::Css(css)).await.expect("the field is there");
    field.send_keys(text).await.expect("a field takes keys");
}

pub(super) async fn connect_to(browser: &Browser, address: &str) {
    fill(browser, "[data-testid=live-address]", address).await;
    browser.click("[data-testid=live-connect]").await;
}

pub(super) async fn set_in_page(browser: &Browser, key: &str, value: &str) {
    choose(browser, "[data-testid=live-write-set]").await;
    fill(browser, "[data-testid=live-key]", key).await;
    fill(browser, "[data-testid=live-content]", value).await;
    browser.click("[data-testid=live-write-send]").await;
}

/// Waits until every node, asked by itself, gives this answer.
pub(super) async fn all_answer(cluster: &Cluster, path: &str, field: &str, wanted: Value) {
    for node in 0..cluster.nodes() {
        until(&format!("node {node} to answer {path} with {wanted}"), LIMIT, async || {
            (cluster.get(node, path).await?[field] == wanted).then_some(())
        })
        .await;
    }
}

/// Kills the process of a node, and no other, as a crash would.
pub(super) async fn kill(cluster: &Cluster, node: u16) {
    let status = cluster.get(node, "status").await.expect("the node answers before it is killed");
    let pid = status["pid"].as_u64().expect("a process has a number").to_string();
    let killed = Command::new("kill").args(["-9", &pid]).status().expect("there is a kill");
    assert!(killed.success(), "cannot kill {pid}");
}

/// Asserts that the console is quiet but for the browser's own words about requests to `refusing` that failed.
pub(super) async fn assert_quiet_but_for(browser: &Browser, refusing: &str) {
    let mut messages = browser.console().await;
    messages.retain(|message| matches!(message.level.as_str(), "SEVERE" | "WARNING"));
    messages.retain(|message| {
        let is_about = message.text.contains(&format!("'ws://{refusing}/observe' failed"))
            || message
                .text
                .starts_with(&format!("http://{refusing}/api/v1/status - Failed to load resource"))
            || message.text.contains(&format!("fetch at 'http://{refusing}/api/v1/status' from origin"));
        !is_about
    });
    assert!(messages.is_empty(), "the console is not quiet: {messages:#?}");
}

pub(super) fn address(cluster: &Cluster, node: u16) -> String {
    cluster.url(node).trim_start_matches("http://").trim_end_matches('/').to_owned()
}

/// A node outside the demo, killed when it is dropped.
pub(super) struct Running(Child);

impl Running {
    pub(super) fn node(name: &str, listen: &str, join: &str) -> Self {
        let child = Command::new(settings::node_program())
            .args(["run", "--cluster", "demo", "--name", name, "--listen", listen])
            .args(["--join", &format!("ws://{join}/gossip"), "--log", "warn"])
            .stdin(Stdio::null())
            .spawn();
        Self(child.expect("the node's program can be started"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both only fail when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server that gives everyone the same answer, for as long as the test runs.
pub(super) fn answering(answer: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound listener has an address");
    let answer = answer.to_owned();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines();
            while lines.next().and_then(Result::ok).is_some_and(|line| !line.is_empty()) {}
            // A browser that hangs up early is its own business.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}
