//! Replay: traces of the Lab, of the real program and of a real node, and files that are none.

use super::page::{
    LIMIT, OVERFLOW, STATUS, by_testid, choose, click, clock, focus, lab, press, set, text, until_clock,
};
use crate::axe::{check, with_axe};
use crate::touch::{check_for_a_mouse, check_for_fingers};
use fantoccini::Locator;
use reqwest::Method;
use rumormill_e2e::{Browser, Cluster, FileServer, Look, settings, until};
use serde_json::json;
use std::{env, fs, path::PathBuf, process::Command};

/// A file that ends with the guard.
struct Trace(PathBuf);

impl Trace {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = env::temp_dir().join(format!("rumormill-e2e-{}-{name}", std::process::id()));
        fs::write(&path, bytes).expect("the folder for temporary files can be written");
        Self(path)
    }

    /// What the program writes of a run with a write, a crash, a cut and a heal.
    fn by_the_program(name: &str) -> Self {
        let scenario = Self::new(
            &format!("{name}.yaml"),
            b"name: eventful\nnodes: 12\nseed: 5\nuntil_us: 12000000\nacts:\n\
              - {at_us: 500000, act: {set: {node: 0, key: color, value: red}}}\n\
              - {at_us: 2000000, act: {crash: {node: 7}}}\n\
              - {at_us: 3000000, act: {partition: {groups: [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]}}}\n\
              - {at_us: 4000000, act: {set: {node: 1, key: color, value: blue}}}\n\
              - {at_us: 8000000, act: heal}\n",
        );
        let trace = Self::new(name, b"");
        let status = Command::new(settings::node_program())
            .args(["sim", "run", "--trace"])
            .args([&trace.0, &scenario.0])
            .output()
            .expect("the program runs")
            .status;
        assert!(status.success());
        trace
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

async fn replay() -> (Browser, FileServer) {
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.open(&format!("{}#/replay", server.url())).await;
    browser.text(&by_testid("replay-empty"), |text| text.contains("Play a recorded trace")).await;
    (browser, server)
}

/// Chooses a file as the dialog would.
async fn open(browser: &Browser, trace: &Trace) {
    let input = browser.client().find(Locator::Css(&by_testid("trace-file"))).await.expect("it is there");
    input.send_keys(&trace.0.display().to_string()).await.expect("it takes a path");
    browser.text(&by_testid("recording-facts"), |text| text.contains("Events")).await;
}

/// Drops text as a file on the page.
async fn drop_file(browser: &Browser, name: &str, text: &str) {
    let script = "const [name, text] = arguments;
        const data = new DataTransfer();
        data.items.add(new File([text], name));
        for (const kind of ['dragover', 'drop'])
            document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));";
    browser.script(script, vec![json!(name), json!(text)]).await;
}

/// A part of Replay: the Lab keeps its own beside it.
fn in_replay(name: &str) -> String {
    format!("{} {}", by_testid("replay"), by_testid(name))
}

async fn seek(browser: &Browser, seconds: f64) {
    set(browser, "scrubber", &format!("{}", (seconds * 1e6) as u64)).await;
    until("the moment", LIMIT, async || ((clock(browser).await - seconds).abs() < 0.002).then_some(())).await;
}

#[tokio::test]
async fn a_trace_of_the_program_is_played_in_every_view() {
    let (browser, _server) = replay().await;
    with_axe(&browser).await;
    check(&browser, "replay without a recording").await;
    browser.screenshot("replay-empty").await;
    let trace = Trace::by_the_program("views.jsonl");
    open(&browser, &trace).await;
    assert_eq!(text(&browser, "source-badge").await, "REPLAY");
    browser.text(&by_testid("source-facts"), |text| text.contains("12 nodes")).await;
    browser.text(&by_testid("recording-facts"), |text| text.contains("“eventful”, 12 nodes, seed 5")).await;
    assert_eq!(text(&browser, "recording-gaps").await, "", "nothing is missing");
    browser.text(&by_testid("hint"), |text| text.contains("Press Play")).await;
    click(&browser, "play").await;
    until_clock(&browser, 0.7).await;
    click(&browser, "play").await;
    browser.text(STATUS, |text| text == "12 of 12 have the latest").await;
    seek(&browser, 2.5).await;
    browser.text(STATUS, |text| text == "11 of 11 have the latest").await;
    seek(&browser, 7.0).await;
    browser.text(STATUS, |text| text == "Partitioned, 6 of 11 have the latest").await;
    focus(&browser, "ring").await;
    press(&browser, "\u{E014}").await; // ArrowRight
    browser.text(&by_testid("told-keys"), |text| text.contains("color")).await;
    press(&browser, "k").await;
    browser.text(&by_testid("refused"), |text| text.contains("looked at, not changed")).await;
    click(&browser, "refused-close").await;
    seek(&browser, 8.0).await;
    browser.text(&by_testid("event-list"), |text| text.contains("All cuts were healed")).await;
    seek(&browser, 11.0).await;
    browser.text(STATUS, |text| text == "11 of 11 have the latest").await;
    for look in [Look::DESKTOP, Look::DESKTOP.dark(), Look::PHONE, Look::PHONE.dark()] {
        browser.look(look).await;
        for view in ["tree", "grid", "matrix", "space-time", "table", "ring"] {
            choose(&browser, &format!("view-{view}")).await;
            check(&browser, &format!("{view} {look:?}")).await;
            if look == Look::DESKTOP {
                browser.screenshot(&format!("replay-{view}")).await;
            }
        }
        assert_eq!(browser.script(OVERFLOW, vec![]).await, json!([]), "{look:?}");
        if look.mobile {
            check_for_fingers(&browser, &format!("{look:?}")).await;
        } else {
            check_for_a_mouse(&browser, &format!("{look:?}")).await;
        }
        let name = format!("replay-{}-{:?}", if look.mobile { "phone" } else { "desktop" }, look.scheme);
        browser.screenshot(&name.to_lowercase()).await;
    }
    browser.look(Look::DESKTOP).await;
    click(&browser, "share-open").await;
    browser.text(&by_testid("share"), |text| text.contains("Export") && !text.contains("link")).await;
    check(&browser, "export of a recording").await;
    click(&browser, "save-nodes").await;
    click(&browser, "share-close").await;
    choose(&browser, "view-table").await;
    browser.text(&by_testid("row-7"), |text| text.contains("down")).await;
    assert_eq!(text(&browser, "crash-3").await, "", "nobody crashes in the past");
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn back_and_forth_shows_the_same_events() {
    let (browser, _server) = replay().await;
    let trace = Trace::by_the_program("events.jsonl");
    open(&browser, &trace).await;
    seek(&browser, 2.1).await;
    let crashed = browser.text(&by_testid("event-list"), |text| text.contains("n07 crashed")).await;
    seek(&browser, 1.0).await;
    browser.text(&by_testid("event-list"), |text| !text.contains("n07 crashed")).await;
    seek(&browser, 2.1).await;
    browser.text(&by_testid("event-list"), |text| text == crashed).await;
    click(&browser, "step-event").await;
    until("an event", LIMIT, async || (clock(&browser).await >= 2.1).then_some(())).await;
    click(&browser, "to-end").await;
    until("the end", LIMIT, async || (clock(&browser).await > 11.5).then_some(())).await;
    click(&browser, "to-start").await;
    until("the start", LIMIT, async || (clock(&browser).await == 0.0).then_some(())).await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn what_is_no_trace_is_refused_and_what_was_there_stays() {
    let (browser, _server) = lab().await;
    set(&browser, "nodes", "17").await;
    browser.text(&by_testid("source-facts"), |text| text.contains("17 nodes")).await;
    drop_file(&browser, "holiday.png", "\u{89}PNG").await;
    let refusal = browser.text(&in_replay("not-opened"), |text| text.contains("holiday.png")).await;
    assert!(refusal.contains("not a trace") && refusal.contains("/api/v1/trace"), "{refusal}");
    let trace = Trace::by_the_program("refused.jsonl");
    let whole = fs::read_to_string(&trace.0).expect("text");
    let damaged: Vec<&str> = (0..)
        .zip(whole.lines())
        .map(|(at, line)| if at % 50 == 9 { &line[..line.len() / 2] } else { line })
        .collect();
    drop_file(&browser, "damaged.jsonl", &damaged.join("\n")).await;
    browser.text(&in_replay("source-facts"), |text| text.contains("damaged.jsonl")).await;
    let gaps = browser.text(&in_replay("recording-gaps"), |text| text.contains("could not be read")).await;
    assert!(gaps.contains("First: line 10: "), "{gaps}");
    for (name, text, part) in [
        ("empty.jsonl", "", "It is empty"),
        ("scenario.json", "{\"nodes\": 3}", "line 1"),
        ("later.jsonl", "{\"rumormill_trace\":9,\"of\":\"later\"}", "version 9"),
    ] {
        drop_file(&browser, name, text).await;
        let said = browser.text(&in_replay("not-opened"), |said| said.contains(name)).await;
        assert!(said.contains(part), "{name}: {said}");
        browser.text(&in_replay("source-facts"), |text| text.contains("damaged.jsonl")).await;
    }
    click(&browser, "place-lab").await;
    browser.text(&by_testid("lab"), |text| text.contains("17 nodes")).await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn a_trace_of_a_live_node_opens_and_says_what_it_cannot_tell() {
    let cluster = Cluster::demo(3, &["--processes"]).await;
    until("all to be in the trace", LIMIT, async || {
        (cluster.get(0, "status").await?["members"]["alive"] == 3).then_some(())
    })
    .await;
    let (status, answer) = cluster.send(0, Method::PUT, "keys/color", &json!({ "value": "red" })).await;
    assert!((200..300).contains(&status), "{status}: {answer}");
    let recorded = until("the write in the trace", LIMIT, async || {
        let trace = cluster.get(0, "trace").await?;
        trace.to_string().contains("color").then_some(trace)
    })
    .await;
    let (browser, _server) = replay().await;
    drop_file(&browser, "node.json", &recorded.to_string()).await;
    browser.text(&by_testid("source-facts"), |text| text.contains("node.json")).await;
    browser.text(&by_testid("recording-facts"), |text| text.contains("count from its first event")).await;
    browser.text(&by_testid("recording-gaps"), |text| text.contains("It was recorded at 1 of 3 nodes")).await;
    click(&browser, "to-end").await;
    browser.text(STATUS, |text| text.ends_with("of 3 have the latest")).await;
    browser.text(&by_testid("event-list"), |text| text.contains("color")).await;
    browser.assert_quiet_console().await;
}
