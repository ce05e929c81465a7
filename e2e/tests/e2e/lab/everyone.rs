//! For everyone: axe-core finds nothing in any view, light or dark; no mouse is needed; the tour leads and can be left.

use super::page::{LIMIT, STATUS, by_testid, choose, click, clock, focus, lab, press, set, status, text};
use crate::axe::{check, with_axe};
use fantoccini::Locator;
use rumormill_e2e::{Browser, FileServer, Look, settings, until};
use serde_json::json;

#[tokio::test]
async fn no_view_of_the_lab_has_a_barrier() {
    let (browser, _server) = lab().await;
    with_axe(&browser).await;
    focus(&browser, "ring").await;
    press(&browser, "\u{E014}").await; // ArrowRight
    set(&browser, "speed", "1").await;
    click(&browser, "play").await;
    status(&browser, "Converged, 50 of 50").await;
    click(&browser, "play").await;
    for look in [Look::DESKTOP, Look::DESKTOP.dark(), Look::PHONE, Look::PHONE.dark()] {
        browser.look(look).await;
        for view in ["tree", "grid", "matrix", "space-time", "table", "ring"] {
            choose(&browser, &format!("view-{view}")).await;
            check(&browser, &format!("{view} {look:?}")).await;
        }
        focus(&browser, "ring").await;
        press(&browser, "?").await;
        browser.text(&by_testid("help"), |text| text.contains("Keys")).await;
        check(&browser, &format!("help {look:?}")).await;
        press(&browser, "\u{E00C}").await; // Escape
    }
    browser.assert_quiet_console().await;
}

/// Every picture is drawn in two dimensions: where there is no WebGL, as in many a remote desktop, nothing is missing.
#[tokio::test]
async fn a_browser_without_webgl_shows_the_same() {
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    let deny = "window.webglWanted = 0;
        const original = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
            if (!/^webgl|^webgpu|^experimental/.test(kind)) return original.call(this, kind, ...more);
            window.webglWanted += 1;
            return null;
        };";
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": deny })).await;
    browser.open(&format!("{}#/lab", server.url())).await;
    browser.text(STATUS, |text| text == "Quiet").await;
    browser.script("document.querySelector('[data-testid=tour-skip]')?.click()", vec![]).await;
    set(&browser, "speed", "1").await;
    click(&browser, "play").await;
    status(&browser, "Converged, 50 of 50").await;
    for view in ["tree", "grid", "matrix", "space-time", "ring"] {
        choose(&browser, &format!("view-{view}")).await;
    }
    assert_eq!(browser.script("return window.webglWanted", vec![]).await, json!(0));
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn neither_live_nor_race_has_a_barrier() {
    let (browser, server) = lab().await;
    for (place, testid) in [("live", "place-live"), ("race", "place-race")] {
        browser.open(&format!("{}#/{place}", server.url())).await;
        with_axe(&browser).await;
        until("the place", LIMIT, async || {
            let here =
                format!("return document.querySelector('[data-testid={testid}]').ariaCurrent === 'page'");
            (browser.script(&here, vec![]).await == json!(true)).then_some(())
        })
        .await;
        for look in [Look::DESKTOP, Look::DESKTOP.dark(), Look::PHONE] {
            browser.look(look).await;
            check(&browser, &format!("{place} {look:?}")).await;
        }
    }
}

/// As one does who has no mouse: with Tab to the presets, by keys from there.
#[tokio::test]
async fn a_run_is_started_broken_and_mended_without_a_mouse() {
    let (browser, _server) = lab().await;
    let tab_to = async |id: &str| {
        for _ in 0..60 {
            let here = "return document.activeElement.dataset.testid === arguments[0]";
            if browser.script(here, vec![json!(id)]).await == json!(true) {
                return;
            }
            press(&browser, "\u{E004}").await; // Tab
        }
        panic!("Tab does not lead to {id}");
    };
    browser.script("document.activeElement.blur()", vec![]).await;
    tab_to("share-open").await;
    press(&browser, "\u{E007}").await; // Enter
    browser.text(&by_testid("share-hash"), |text| text.starts_with("Trace hash")).await;
    tab_to("save-curve").await;
    press(&browser, "\u{E00C}").await; // Escape
    tab_to("preset").await;
    press(&browser, "Mass").await;
    browser.text(".preset-text", |text| text.contains("Thirty of forty nodes")).await;
    tab_to("ring").await;
    press(&browser, " ").await;
    until("time to pass", LIMIT, async || (clock(&browser).await > 0.2).then_some(())).await;
    press(&browser, " ").await;
    press(&browser, "\u{E014}").await; // ArrowRight
    browser.text(&by_testid("selection"), |text| text.contains("Node n00 selected: up")).await;
    press(&browser, "k").await;
    browser.text(&by_testid("selection"), |text| text.contains("Node n00 selected: down")).await;
    press(&browser, "c").await;
    browser.text(STATUS, |text| text.starts_with("Partitioned")).await;
    press(&browser, "h").await;
    browser.text(STATUS, |text| !text.starts_with("Partitioned")).await;
    tab_to("cut-halves").await;
    assert_eq!(browser.script("return location.hash", vec![]).await, json!("#/lab?sel=0"));
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn the_tour_leads_once_blocks_nothing_and_is_found_again() {
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.look(Look::DESKTOP).await;
    browser.open(&format!("{}#/lab", server.url())).await;
    browser.text(&by_testid("tour"), |text| text.contains("1 of 5")).await;
    with_axe(&browser).await;
    check(&browser, "tour").await;
    click(&browser, "play").await;
    until("time to pass", LIMIT, async || (clock(&browser).await > 0.1).then_some(())).await;
    for stop in 2..=5 {
        click(&browser, "tour-next").await;
        browser.text(&by_testid("tour"), |text| text.contains(&format!("{stop} of 5"))).await;
    }
    click(&browser, "tour-next").await;
    let is_gone =
        async || browser.client().find(Locator::Css(&by_testid("tour"))).await.is_err().then_some(());
    until("the tour to end", LIMIT, is_gone).await;
    browser.client().refresh().await.expect("the page loads again");
    browser.text(STATUS, |text| text == "Quiet").await;
    assert_eq!(text(&browser, "tour").await, "", "once is enough");
    click(&browser, "help-open").await;
    click(&browser, "tour-open").await;
    browser.text(&by_testid("tour"), |text| text.contains("1 of 5")).await;
    focus(&browser, "ring").await;
    press(&browser, "\u{E00C}").await; // Escape
    until("the tour to end", LIMIT, is_gone).await;
    browser.assert_quiet_console().await;
}
