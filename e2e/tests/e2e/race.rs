//! The Race in a real browser: several clusters side by side, each with the shipped worker behind it.

use crate::lab::page::set;
use crate::touch::check_for_fingers;
use rumormill_e2e::{Browser, FileServer, Look, settings, until};
use serde_json::json;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(90);

fn by_testid(name: &str) -> String {
    format!("[data-testid=\"{name}\"]")
}

async fn race(look: Look, query: &str) -> (Browser, FileServer) {
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.look(look).await;
    browser.open(&format!("{}#/race{query}", server.url())).await;
    browser.text(&by_testid("race-verdict"), |text| !text.is_empty()).await;
    (browser, server)
}

async fn fast(browser: &Browser) {
    let script = "const speed = document.querySelector('[data-testid=race-speed]');
        speed.value = '1';
        speed.dispatchEvent(new InputEvent('input', { bubbles: true }));";
    browser.script(script, vec![]).await;
}

async fn until_over(browser: &Browser) {
    until("the end of the race", LIMIT, async || {
        let over =
            browser.script("return document.querySelector('[data-testid=race]').dataset.over", vec![]).await;
        (over == json!("true")).then_some(())
    })
    .await;
}

#[tokio::test]
async fn three_ways_race_on_one_clock_and_a_sentence_says_who_won() {
    let (browser, _server) = race(Look::DESKTOP, "").await;
    browser.text(&by_testid("race-verdict"), |text| text.contains("Press Play")).await;
    fast(&browser).await;
    browser.click(&by_testid("race-play")).await;
    until_over(&browser).await;
    browser
        .text(&by_testid("race-verdict"), |text| text.starts_with("Tree was first: 100 of 100 after"))
        .await;
    for lane in 0..3 {
        browser.text(&by_testid(&format!("race-row-{lane}")), |text| text.contains("100 of 100")).await;
    }
    // Another lane is another race, and the address holds all of it.
    browser.click(&by_testid("race-add")).await;
    browser.text(&by_testid("race-ring-3"), |text| text.contains("Hybrid")).await;
    let hash = browser.script("return location.hash", vec![]).await;
    let hash = hash.as_str().expect("the hash is text");
    assert_eq!(hash.matches("&lane=").count(), 4, "{hash}");
    browser.click(&by_testid("race-share-open")).await;
    let link = "return document.querySelector('[data-testid=race-link]')?.value ?? ''";
    let link = until("the link", LIMIT, async || {
        let link = browser.script(link, vec![]).await;
        link.as_str().map(str::to_owned).filter(|link| !link.is_empty())
    })
    .await;
    assert!(link.starts_with("http") && link.ends_with(hash), "{link}");
    browser
        .client()
        .active_element()
        .await
        .expect("the dialog has the focus")
        .send_keys("\u{e00c}")
        .await
        .expect("keys");
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn a_link_brings_its_race_and_says_what_of_it_is_damaged() {
    let query = "?nodes=30&seed=7&latency=10&loss=25&vary=fixed&course=calm\
                 &lane=tree.push-pull.1.2.500.unlimited.256.128&lane=hybrid.push-pull.1.2.500.bucket.256.128&wind=9";
    let (browser, _server) = race(Look::DESKTOP, query).await;
    browser.text(&by_testid("race-problems"), |text| text.contains("wind")).await;
    browser
        .text(&by_testid("source-facts"), |text| text.contains("30 nodes each · loss 25 % · seed 7"))
        .await;
    fast(&browser).await;
    browser.click(&by_testid("race-play")).await;
    until_over(&browser).await;
    browser
        .text(&by_testid("race-verdict"), |text| {
            text.contains("Hybrid was first: 30 of 30") && text.contains("nothing repairs it")
        })
        .await;
    browser.assert_quiet_console().await;
}

/// What was done to a run in the Lab happens to every cluster of a race, and each of them can be looked at in the Lab.
#[tokio::test]
async fn a_run_of_the_lab_is_raced_and_its_clusters_open_in_the_lab() {
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.open(&format!("{}#/lab?sel=7", server.url())).await;
    let here = |name: &str| format!("main > :not([hidden]) {}", by_testid(name));
    browser.text(&here("status-chip"), |text| text == "Quiet").await;
    browser.click(&here("node-crash")).await;
    browser.click(&here("share-open")).await;
    browser.click(&here("race-this")).await;
    browser
        .text(&here("source-facts"), |text| {
            text.contains("50 nodes each") && text.contains("As done in the Lab")
        })
        .await;
    fast(&browser).await;
    browser.click(&here("race-play")).await;
    until_over(&browser).await;
    browser.text(&here("race-row-0"), |text| text.contains("49 of 49")).await;
    browser.text(&here("race-row-2"), |text| text.contains("49 of 49")).await;
    // What was done in the Lab can be chosen again, after something else and after the page was loaded anew.
    set(&browser, "race-course", "calm").await;
    browser.text(&here("source-facts"), |text| text.contains("One write")).await;
    browser.client().refresh().await.expect("the page loads again");
    browser.text(&here("source-facts"), |text| text.contains("One write")).await;
    set(&browser, "race-course", "own").await;
    browser.text(&here("source-facts"), |text| text.contains("As done in the Lab")).await;
    fast(&browser).await;
    browser.click(&here("race-play")).await;
    until_over(&browser).await;
    browser.text(&here("race-row-1"), |text| text.contains("49 of 49")).await;
    browser.click(&here("race-open-1")).await;
    browser.text(&here("status-chip"), |text| text.starts_with("Converged, 49 of 49")).await;
    browser.assert_quiet_console().await;
}

/// Both colours of the page, on a desk and in a hand, with the curves of all lanes on the chart.
#[tokio::test]
async fn races_look_right_on_a_desk_and_in_a_hand() {
    let looks = [
        (Look::DESKTOP, "race-desktop"),
        (Look::PHONE, "race-phone"),
        (Look::DESKTOP.dark(), "race-desktop-dark"),
        (Look::PHONE.dark(), "race-phone-dark"),
    ];
    for (look, name) in looks {
        let (browser, _server) = race(look, "").await;
        fast(&browser).await;
        browser.click(&by_testid("race-play")).await;
        until_over(&browser).await;
        let wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(browser.script(wide, vec![]).await, json!(0), "{name} sticks out");
        let hues = "const chart = document.querySelector('[data-testid=race-chart]');
            const { data } = chart.getContext('2d').getImageData(0, 0, chart.width, chart.height);
            const hues = new Map();
            for (let at = 0; at < data.length; at += 4) {
                if (data[at + 3] < 255) continue;
                const hue = data.slice(at, at + 3).join();
                hues.set(hue, (hues.get(hue) ?? 0) + 1);
            }
            return [...hues.values()].filter((count) => count > 20).length";
        let hues = browser.script(hues, vec![]).await;
        assert!(hues.as_u64() >= Some(3), "{name}: a curve in a hue of its own for each lane, {hues}");
        if look.mobile {
            check_for_fingers(&browser, name).await;
        }
        browser.screenshot(name).await;
    }
}
