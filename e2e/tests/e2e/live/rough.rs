//! What must not bring the page down: a flood, damaged frames, another cluster, refusals, a frozen tab, denied storage,
//! an hour. Each has its words, nothing that was there is lost, and the page goes on.

use super::fake::{FIRST_SECOND, Fake, Manner};
use super::page::{
    LIMIT, choose, cluster_page, connect_to, count, fill, is_in_state, is_seen_by, kill, set_in_page,
    there_is,
};
use rumormill_e2e::{Browser, FileServer, settings, until};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

const HEAP: &str = "JSHeapUsedSize";
const ELEMENTS: &str = "Nodes";
const LISTENERS: &str = "JSEventListeners";

/// Remembers the memory of every WebAssembly module that the page loads.
const WATCH_MEMORY: &str = "window.memories = [];
    for (const name of ['instantiate', 'instantiateStreaming']) {
        const original = WebAssembly[name];
        WebAssembly[name] = async (...given) => {
            const made = await original.apply(WebAssembly, given);
            const exports = (made.instance ?? made).exports;
            if (exports?.memory) window.memories.push(exports.memory);
            return made;
        };
    }";

async fn page_of(fake: &Fake) -> (FileServer, Browser) {
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.open(&format!("{}#/live?node={}", server.url(), fake.address())).await;
    is_seen_by(&browser, "fake").await;
    (server, browser)
}

async fn until_spoken(fake: &Fake, times: u64, limit: Duration) {
    until(&format!("the node to speak {times} times"), limit, async || {
        (fake.spoken() >= times).then_some(())
    })
    .await;
}

/// Events of 20 batches a second; 500 each make the 10,000 a second.
#[tokio::test]
async fn a_flood_of_events_is_sampled_and_the_page_stays_alive() {
    let manner = Manner { every: Duration::from_millis(50), records: 500, dropped: 25, ..Manner::default() };
    let fake = Fake::start(Manner { step_us: 50_000, ..manner }).await;
    let (_server, browser) = page_of(&fake).await;
    let frames = "window.frames_ms = []; let last = performance.now();
        const tell = (now) => { window.frames_ms.push(now - last); last = now; requestAnimationFrame(tell); };
        requestAnimationFrame(tell);";
    browser.script(frames, vec![]).await;
    let before = fake.spoken();
    until_spoken(&fake, before + 200, LIMIT * 2).await;
    browser.text("[data-testid=live-events-flood]", |text| text.contains("the newest 2,000 are kept")).await;
    browser.text("[data-testid=live-events-dropped]", |text| text.contains("dropped at source")).await;
    let spans = browser.script("return window.frames_ms.sort((a, b) => a - b)", vec![]).await;
    let spans: Vec<f64> = serde_json::from_value(spans).expect("milliseconds");
    let p95 = spans[spans.len() * 95 / 100];
    println!(
        "10,500 events a second: {} frames, {p95:.0} ms between two at the 95th percentile",
        spans.len()
    );

    // It still does what it is asked.
    browser.click("[data-testid=live-events-pause]").await;
    browser.text("[data-testid=live-events-behind]", |text| text.contains("behind")).await;
    browser.click("[data-testid=live-events-pause]").await;
    choose(&browser, "[data-testid=live-show-table]").await;
    there_is(&browser, "[data-testid=live-members-table]").await;
    browser.text("[data-testid=live-value-kept]", |text| text != "0").await;
    let lines = count(&browser, "[data-testid=live-line]").await;
    assert!(lines <= 400, "{lines} lines are in the page");
    browser.screenshot("live-flood").await;
    browser.click("[data-testid=live-disconnect]").await;
    is_in_state(&browser, "idle").await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn damaged_frames_and_unknown_ones_end_the_connection_in_words_and_lose_nothing() {
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.open(&format!("{}#/live", server.url())).await;
    let cases = [
        (Message::text("{\"update\": {\"at_us\": 1, \"sta"), "EOF"),
        (Message::text("\u{0}\u{fffd} no JSON"), "expected value"),
        (Message::text("{\"telepathy\": {}}"), "unknown variant `telepathy`"),
        (Message::binary(vec![0xff, 0x00, 0x80]), "a binary frame"),
    ];
    for (frame, words) in cases {
        let fake = Fake::start(Manner { frame: Some(frame), ..Manner::default() }).await;
        connect_to(&browser, &fake.address().to_string()).await;
        let trouble = browser
            .text("[data-testid=live-trouble]", |text| {
                text.contains("Other version")
                    && text.contains(words)
                    && text.contains(&fake.address().to_string())
            })
            .await;
        assert!(trouble.contains("open the dashboard that the node itself serves"), "{trouble}");
        is_in_state(&browser, "waiting").await;
        browser.text("[data-testid=live-value-kept]", |text| text == "0").await;
        there_is(&browser, ".live-grid.is-stale").await;
    }
    browser.screenshot("live-damaged").await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn a_node_of_another_cluster_at_the_same_address_is_told() {
    let first = Fake::start(Manner { cluster: "before", ..Manner::default() }).await;
    let (_server, browser) = page_of(&first).await;
    browser.text("[data-testid=source-facts]", |facts| facts.contains("cluster before")).await;
    let address = first.address();
    drop(first);
    is_in_state(&browser, "waiting").await;
    let _second = until("the port to be free", LIMIT, async || {
        // The old connections may hold it for a moment.
        let free = std::net::TcpListener::bind(address).is_ok();
        if free {
            Some(Fake::start_at(address, Manner { cluster: "after", ..Manner::default() }).await)
        } else {
            None
        }
    })
    .await;
    let words = browser
        .text("[data-testid=live-other-cluster]", |text| text.contains("belongs to cluster after now"))
        .await;
    assert!(words.contains("a node of cluster before"), "{words}");
    is_in_state(&browser, "live").await;
    browser.screenshot("live-other-cluster").await;
    browser.click("[data-testid=live-other-cluster-close]").await;
    until("the words to go", LIMIT, async || {
        (count(&browser, "[data-testid=live-other-cluster]").await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_denied_write_says_why_and_keeps_what_was_typed() {
    let why = "403: this token may read, not write";
    let fake = Fake::start(Manner { refuses: Some(why), ..Manner::default() }).await;
    let (_server, browser) = page_of(&fake).await;
    set_in_page(&browser, "config/color", "teal").await;
    browser.text("[data-testid=live-fate][data-fate=refused]", |text| text.contains(why)).await;
    let typed =
        "return ['live-key', 'live-content'].map(id => document.querySelector(`[data-testid=${id}]`).value)";
    assert_eq!(browser.script(typed, vec![]).await, json!(["config/color", "teal"]));
    assert_eq!(
        count(&browser, "[data-testid=live-entry][data-key='config/color']").await,
        0,
        "it is not there"
    );
    browser.click("[data-testid=live-delete-kept]").await;
    until("two refusals", LIMIT, async || {
        (count(&browser, "[data-testid=live-fate][data-fate=refused]").await == 2).then_some(())
    })
    .await;
    is_in_state(&browser, "live").await;
    browser.assert_quiet_console().await;
}

/// Chromium freezes a tab in the background after some minutes; here it is told to. Meanwhile the cluster goes on.
#[tokio::test]
async fn a_tab_that_was_frozen_in_the_background_is_up_to_date_again() {
    let (cluster, _server, browser) = cluster_page(3).await;
    set_in_page(&browser, "before", "1").await;
    there_is(&browser, "[data-testid=live-entry][data-key=before]").await;
    let uptime = async || cluster.get(0, "status").await.and_then(|status| status["uptime_ms"].as_u64());
    let since = uptime().await.expect("it runs");
    browser.devtools("Page.setWebLifecycleState", json!({ "state": "frozen" })).await;
    cluster.send(1, reqwest::Method::PUT, "keys/meanwhile", &json!({ "value": "2" })).await;
    kill(&cluster, 2).await;
    until("longer than any silence is borne", LIMIT, async || {
        (uptime().await? > since + 14_000).then_some(())
    })
    .await;
    browser.devtools("Page.setWebLifecycleState", json!({ "state": "active" })).await;
    is_in_state(&browser, "live").await;
    browser.text("[data-testid=live-value-meanwhile]", |text| text == "2").await;
    browser.text("[data-testid=live-value-before]", |text| text == "1").await;
    browser.text("[data-testid=status-chip]", |text| text.contains("1 down")).await;
    assert_eq!(count(&browser, ".live-grid.is-stale").await, 0);
}

/// Ten minutes of a cluster that says twenty things each second, told in about ten seconds to a tab that sees and hears
/// nothing of them until it is looked at again.
#[tokio::test]
async fn a_tab_in_the_background_for_ten_minutes_is_up_to_date_again() {
    let manner =
        Manner { every: Duration::from_millis(15), records: 20, step_us: 1_000_000, ..Manner::default() };
    let fake = Fake::start(manner).await;
    let (_server, browser) = page_of(&fake).await;
    there_is(&browser, "[data-testid=live-line]").await;
    let before = fake.spoken();
    browser.devtools("Page.setWebLifecycleState", json!({ "state": "frozen" })).await;
    until_spoken(&fake, before + 600, LIMIT).await;
    browser.devtools("Page.setWebLifecycleState", json!({ "state": "active" })).await;
    is_in_state(&browser, "live").await;
    // Chromium may have taken the connection from the frozen tab, and says so on its console: the page has another one then.
    // Either way the newest line comes to be of after the ten minutes, by the node's clock.
    let newest =
        "return Math.max(0, ...[...document.querySelectorAll('[data-testid=live-lines] time')].map(time => {
        const [hours, minutes, seconds] = time.textContent.split(':').map(Number);
        return hours * 3600 + minutes * 60 + seconds || 0;
    }))";
    until("the events of the ten minutes", LIMIT, async || {
        let second = browser.script(newest, vec![]).await.as_f64()?;
        (second >= (FIRST_SECOND + before + 600) as f64).then_some(())
    })
    .await;
    assert_eq!(count(&browser, ".live-grid.is-stale").await, 0);
}

/// A page that came over https may reach a node on this very machine in plain text, and no other.
#[tokio::test]
async fn a_page_that_came_over_https_says_why_it_does_not_reach_a_plain_node() {
    let fake = Fake::start(Manner::default()).await;
    let server = FileServer::start_secure(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.devtools("Security.setIgnoreCertificateErrors", json!({ "ignore": true })).await;
    browser.open(&format!("{}#/live", server.url())).await;
    fill(&browser, "[data-testid=live-address]", "ws://192.0.2.7:7700").await;
    choose(&browser, "[data-testid=live-connect]").await;
    browser.text("[data-testid=live]", |text| text.contains("This page came over https")).await;
    browser.screenshot("live-mixed-content").await;
    fill(&browser, "[data-testid=live-address]", &format!("ws://{}", fake.address())).await;
    choose(&browser, "[data-testid=live-connect]").await;
    is_in_state(&browser, "live").await;
}

#[tokio::test]
async fn a_page_whose_storage_is_denied_says_so_and_works() {
    let fake = Fake::start(Manner::default()).await;
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    let deny = "for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, {
        get() { throw new DOMException('The request was denied.', 'SecurityError'); } });";
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": deny })).await;
    browser.open(&format!("{}#/lab", server.url())).await;
    browser.text("[data-testid=status-chip]", |text| text == "Quiet").await;
    browser.text("[data-testid=unstored]", |text| text.contains("denies this page its storage")).await;
    browser.screenshot("storage-denied").await;
    choose(&browser, "[data-testid=tour-skip]").await;
    choose(&browser, "[data-testid=theme-toggle]").await;
    choose(&browser, "[data-testid=unstored-close]").await;
    browser
        .script("location.hash = arguments[0]", vec![json!(format!("#/live?node={}", fake.address()))])
        .await;
    is_in_state(&browser, "live").await;
    browser
        .text("[data-testid=live] [data-testid=source-facts]", |facts| facts.contains("as seen by fake"))
        .await;
    fill(&browser, "[data-testid=live-key]", "k").await;
    assert_eq!(count(&browser, "[data-testid=unstored]").await, 0, "once is enough");
    browser.assert_quiet_console().await;
}

/// An hour of a cluster that says something each second, told in about a minute. What grows is printed; that it does
/// not go on growing is asserted, because memory, other than time, does not depend on who else uses the machine.
#[tokio::test]
async fn an_hour_of_a_live_view_does_not_grow() {
    let manner =
        Manner { every: Duration::from_millis(15), records: 20, step_us: 1_000_000, ..Manner::default() };
    let fake = Fake::start(manner).await;
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.devtools("Performance.enable", json!({})).await;
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH_MEMORY })).await;
    browser.open(&format!("{}#/live?node={}", server.url(), fake.address())).await;
    is_seen_by(&browser, "fake").await;
    let mut taken = Vec::new();
    // The page's own past is full after ten minutes; what it takes is no growth.
    for seconds in [900, 1_200, 1_800, 2_400, 3_000, 3_600] {
        until_spoken(&fake, seconds, LIMIT * 3).await;
        let figures = at_rest(&browser).await;
        println!("after {seconds} s: {figures:?}");
        taken.push(figures);
    }
    let (first, last) = (&taken[0], &taken[taken.len() - 1]);
    println!("an hour, told at {} times its pace: from {first:?} to {last:?}", 1_000 / 15);
    assert_eq!(first.wasm, last.wasm, "the page's own memory");
    assert!(last.elements < first.elements + 500, "{taken:?}");
    assert!(last.listeners < first.listeners + 100, "{taken:?}");
    assert!(last.heap < first.heap + 4_000_000, "{taken:?}");
    is_in_state(&browser, "live").await;
    browser.assert_quiet_console().await;
}

/// What a page takes, in bytes and pieces.
#[derive(Debug)]
struct Figures {
    wasm: u64,
    heap: u64,
    elements: u64,
    listeners: u64,
}

/// The least of some readings, each after the garbage is gone: one that falls into a frame that is being made has a
/// whole list twice.
async fn at_rest(browser: &Browser) -> Figures {
    let mut least: Option<Figures> = None;
    for _ in 0..5 {
        browser.devtools("HeapProfiler.collectGarbage", json!({})).await;
        let now = figures(browser).await;
        if least.as_ref().is_none_or(|least| now.elements < least.elements) {
            least = Some(now);
        }
    }
    least.expect("it was read")
}

async fn figures(browser: &Browser) -> Figures {
    let wasm = browser
        .script("return window.memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0)", vec![])
        .await;
    let metrics = browser.devtools("Performance.getMetrics", json!({})).await;
    let metric = |name: &str| -> u64 {
        let metrics = metrics["metrics"].as_array().expect("a list of metrics");
        let found =
            metrics.iter().find(|metric| metric["name"] == name).and_then(|metric| metric["value"].as_f64());
        found.unwrap_or_else(|| panic!("no {name} in {metrics:?}")) as u64
    };
    let wasm = wasm
        .as_u64()
        .filter(|bytes| *bytes > 0)
        .unwrap_or_else(|| panic!("no memory was seen: {}", Value::Null));
    Figures { wasm, heap: metric(HEAP), elements: metric(ELEMENTS), listeners: metric(LISTENERS) }
}
