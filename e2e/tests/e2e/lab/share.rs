//! What is handed on: a link that opens the same run elsewhere, and files that the real program takes.

use super::page::{
    Downloads, LIMIT, STATUS, by_testid, click, clock, focus, lab, press, set, status, text, until_clock,
};
use crate::axe::{check, with_axe};
use fantoccini::Locator;
use rumormill_e2e::{Browser, Look, settings, until};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What stands in a field.
async fn field(browser: &Browser, name: &str) -> String {
    let script = "return document.querySelector(arguments[0])?.value ?? ''";
    let value = browser.script(script, vec![json!(by_testid(name))]).await;
    value.as_str().unwrap_or_default().to_owned()
}

/// Opens the dialog and waits for the link.
async fn link(browser: &Browser) -> String {
    click(browser, "share-open").await;
    until("a link", LIMIT, async || Some(field(browser, "share-link").await).filter(|link| !link.is_empty()))
        .await
}

async fn hash(browser: &Browser) -> String {
    let words = browser.text(&by_testid("share-hash"), |text| text.starts_with("Trace hash")).await;
    words.rsplit(' ').next().unwrap_or_default().to_owned()
}

/// A run with a script and acts by hand, at a moment past them all.
async fn run_with_acts(browser: &Browser) {
    set(browser, "preset", "partition").await;
    set(browser, "speed", "0").await;
    click(browser, "play").await;
    until_clock(browser, 2.0).await;
    click(browser, "play").await;
    focus(browser, "ring").await;
    press(browser, "\u{E014}").await; // ArrowRight
    press(browser, "k").await;
    browser.text(&by_testid("node-state"), |text| text == "DOWN").await;
    set(browser, "fanout", "2").await;
    press(browser, "]").await;
    press(browser, "3").await;
    until_clock(browser, 3.0).await;
}

#[tokio::test]
async fn a_link_opens_the_same_run_at_the_same_moment() {
    let (browser, _server) = lab().await;
    run_with_acts(&browser).await;
    let link = link(&browser).await;
    let length = text(&browser, "link-length").await;
    assert_eq!(length.replace(',', ""), format!("{} characters", link.len()));
    assert!(link.contains("#/lab?v=1&run=") && link.ends_with("&view=grid&sel=0"), "{link}");
    let (at, hash_here) = (clock(&browser).await, hash(&browser).await);
    let facts = text(&browser, "source-facts").await;
    click(&browser, "share-close").await;

    let other = Browser::start().await;
    other.open(&link).await;
    other.text(&by_testid("link-note"), |text| text.contains("Opened from a link")).await;
    until("the moment", LIMIT, async || (clock(&other).await == at).then_some(())).await;
    assert_eq!(text(&other, "tour").await, "", "who follows a link wants to see where it leads");
    other.text(&by_testid("node-state"), |text| text == "DOWN").await;
    other.text(STATUS, |text| text.starts_with("Partitioned")).await;
    assert!(facts.contains("fanout 2") && text(&other, "source-facts").await.contains("40 nodes"));
    self::link(&other).await;
    assert_eq!(hash(&other).await, hash_here, "event for event");
    click(&other, "share-close").await;
    click(&other, "play").await;
    until("time to go on", LIMIT, async || (clock(&other).await > at).then_some(())).await;
    set(&other, "preset", "first-rumor").await;
    until("the address to forget the run", LIMIT, async || {
        let address = other.script("return location.hash", vec![]).await;
        (!address.as_str()?.contains("run=")).then_some(())
    })
    .await;
    for browser in [&browser, &other] {
        browser.assert_quiet_console().await;
    }
}

#[tokio::test]
async fn a_broken_link_says_what_is_wrong_and_loses_nothing() {
    let (browser, _server) = lab().await;
    run_with_acts(&browser).await;
    let (at, facts) = (clock(&browser).await, text(&browser, "source-facts").await);
    let link = link(&browser).await;
    click(&browser, "share-close").await;
    let query = link.split_once('?').expect("it has one").1;
    let open = async |query: String| {
        browser.script("location.hash = '#/lab?' + arguments[0]", vec![json!(query)]).await;
    };
    for (broken, words) in [
        (query.replace("v=1", "v=7"), "of version 7"),
        (query.replace("&acts", "x&acts"), "setup is damaged"),
        (query[..40].to_owned(), "setup is damaged"),
    ] {
        open(broken).await;
        browser
            .text(&by_testid("link-note"), |text| {
                text.contains("could not be opened") && text.contains(words)
            })
            .await;
        assert_eq!((clock(&browser).await, text(&browser, "source-facts").await), (at, facts.clone()));
    }
    click(&browser, "link-preset").await;
    browser.text(&by_testid("source-facts"), |text| text.contains("50 nodes")).await;
    assert_eq!(text(&browser, "link-note").await, "", "there is something to look at");
    let cut = query.find("&t=").expect("it has a moment") - 3;
    open(query[..cut].to_owned()).await;
    browser
        .text(&by_testid("link-note"), |text| {
            text.contains("part of the link is lost") && text.contains("What was done")
        })
        .await;
    status(&browser, "Quiet").await;
    assert!(text(&browser, "source-facts").await.contains("40 nodes"));
    browser.assert_quiet_console().await;
}

/// A stranger's page takes the scenario file as it takes the link.
async fn opens_from_its_file(scenario: &Path, at: f64, trace_hash: &str) {
    let (other, server) = lab().await;
    other.open(&format!("{}#/replay", server.url())).await;
    let input = Locator::Css("[data-testid=trace-file]");
    let input = other.client().wait().at_most(LIMIT).for_element(input).await.expect("it is there");
    input.send_keys(&scenario.display().to_string()).await.expect("it takes a path");
    other.text(&by_testid("link-note"), |text| text.contains("Opened from a link")).await;
    until("the moment", LIMIT, async || (clock(&other).await == at).then_some(())).await;
    link(&other).await;
    assert_eq!(hash(&other).await, trace_hash, "event for event");
    other.assert_quiet_console().await;
}

#[tokio::test]
async fn the_program_repeats_the_run_from_its_file_with_the_same_trace() {
    let (browser, _server) = lab().await;
    let downloads = Downloads::of(&browser, "share").await;
    run_with_acts(&browser).await;
    link(&browser).await;
    let hash = hash(&browser).await;
    let command = field(&browser, "share-command").await;
    for kept in ["scenario", "picture", "curve", "nodes", "trace"] {
        click(&browser, &format!("save-{kept}")).await;
    }
    let scenario = downloads.file(".yaml").await;
    let name = scenario.file_name().expect("it has a name").to_string_lossy().into_owned();
    assert_eq!(command, format!("rumormill sim run {name}"));
    let traced = downloads.0.join("by-the-program.jsonl");
    let output = Command::new(settings::node_program())
        .args(["sim", "run", "--json", "--trace"])
        .args([&traced, &scenario])
        .output()
        .expect("the program runs");
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(report["trace_hash"], json!(hash), "{report}");
    opens_from_its_file(&scenario, clock(&browser).await, &hash).await;

    let lines =
        |path: PathBuf| fs::read_to_string(path).expect("text").lines().skip(1).map(str::to_owned).collect();
    let here: Vec<String> = lines(downloads.file("trace.jsonl").await);
    let there: Vec<String> = lines(traced);
    assert!(here.len() > 1_000 && here == there, "{} and {} lines", here.len(), there.len());
    let picture = fs::read(downloads.file(".png").await).expect("it can be read");
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 5_000);
    let curve = fs::read_to_string(downloads.file("curve.csv").await).expect("text");
    assert!(curve.starts_with("time_s,informed,up,") && curve.lines().count() > 20);
    let nodes = fs::read_to_string(downloads.file("nodes.csv").await).expect("text");
    assert_eq!(nodes.lines().count(), 41);
    assert!(nodes.lines().next().is_some_and(|head| head.ends_with(",suspected_by")), "{nodes}");
    assert!(nodes.lines().nth(1).is_some_and(|line| line.starts_with("n00,down,false,,,,,,")), "{nodes}");
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn sharing_has_no_barrier_and_needs_no_mouse() {
    let (browser, _server) = lab().await;
    with_axe(&browser).await;
    focus(&browser, "share-open").await;
    press(&browser, "\u{E007}").await; // Enter
    hash(&browser).await;
    for look in [Look::DESKTOP, Look::DESKTOP.dark(), Look::PHONE, Look::PHONE.dark()] {
        browser.look(look).await;
        check(&browser, &format!("share {look:?}")).await;
        let name = format!("share-{}-{:?}", if look.mobile { "phone" } else { "desktop" }, look.scheme);
        browser.screenshot(&name.to_lowercase()).await;
    }
    browser.look(Look::DESKTOP).await;
    focus(&browser, "copy-link").await;
    press(&browser, "\u{E007}").await;
    until("an answer", LIMIT, async || {
        let (copied, denied) = (text(&browser, "copy-link").await, text(&browser, "copy-denied").await);
        (copied == "Copied" || denied.contains("The text is selected")).then_some(())
    })
    .await;
    press(&browser, "\u{E00C}").await; // Escape
    until("the dialog to close", LIMIT, async || text(&browser, "share").await.is_empty().then_some(()))
        .await;
    let focused = browser.script("return document.activeElement.dataset.testid", vec![]).await;
    assert_eq!(focused, json!("share-open"), "the focus is back");
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn a_run_whose_link_programs_would_cut_opens_from_its_file() {
    let (browser, _server) = lab().await;
    let downloads = Downloads::of(&browser, "long-link").await;
    focus(&browser, "ring").await;
    press(&browser, "\u{E014}").await; // ArrowRight
    browser.text(&by_testid("inspector"), |text| text.contains("Node n00")).await;
    // What has no pattern cannot be compressed.
    let mut dice = 1u64;
    let noise = std::iter::repeat_with(|| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + ((dice >> 33) % 26) as u8)
    });
    set(&browser, "write-value", &noise.take(12_000).collect::<String>()).await;
    click(&browser, "write").await;
    browser.text(&by_testid("store"), |text| text.contains("color")).await;
    assert!(link(&browser).await.len() > 8_000);
    let words = browser.text(&by_testid("link-too-long"), |text| text.contains("characters")).await;
    assert!(words.contains("Send the scenario file instead"), "{words}");
    let hash = hash(&browser).await;
    click(&browser, "save-scenario").await;
    opens_from_its_file(&downloads.file(".yaml").await, clock(&browser).await, &hash).await;
    click(&browser, "share-close").await;
    browser.assert_quiet_console().await;
}
