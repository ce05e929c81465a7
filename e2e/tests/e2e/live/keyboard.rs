//! Live without a mouse: everything by keys, and the switch that turns single keys off.

use super::page::{LIMIT, address, count, is_in_state, there_is};
use crate::axe::{check_in_all_looks, with_axe};
use crate::lab::page::{by_testid, press};
use rumormill_e2e::{Browser, Cluster, FileServer, settings, until};
use serde_json::json;

const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";
const ESCAPE: &str = "\u{E00C}";
const RIGHT: &str = "\u{E014}";

/// Most controls between any two on the page.
const TABS_MAX: usize = 60;

async fn focused(browser: &Browser) -> String {
    let script = "return document.activeElement.dataset.testid || document.activeElement.id || ''";
    browser.script(script, vec![]).await.as_str().unwrap_or_default().to_owned()
}

async fn tab_to(browser: &Browser, testid: &str) {
    for _ in 0..TABS_MAX {
        if focused(browser).await == testid {
            return;
        }
        press(browser, TAB).await;
    }
    panic!("{testid} is not reached by Tab");
}

async fn is_gone(browser: &Browser, testid: &str) {
    until(&format!("{testid} to be gone"), LIMIT, async || {
        (count(browser, &by_testid(testid)).await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn live_is_used_by_keyboard_alone() {
    let cluster = Cluster::demo(3, &["--processes"]).await;
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.open(&format!("{}#/live", server.url())).await;
    there_is(&browser, &by_testid("live-address")).await;
    with_axe(&browser).await;
    tab_to(&browser, "live-address").await;
    press(&browser, &address(&cluster, 0)).await;
    press(&browser, ENTER).await;
    is_in_state(&browser, "live").await;

    press(&browser, TAB).await;
    press(&browser, "w").await;
    until("the field for the key", LIMIT, async || (focused(&browser).await == "live-key").then_some(()))
        .await;
    press(&browser, "color").await;
    press(&browser, TAB).await;
    press(&browser, "teal").await;
    press(&browser, ENTER).await;
    there_is(&browser, "[data-testid=live-fate][data-fate=done]").await;

    press(&browser, TAB).await;
    for (key, shown) in [
        ("2", "live-tree"),
        ("3", "live-grid"),
        ("4", "live-beliefs"),
        ("5", "live-space-time"),
        ("6", "live-members-table"),
    ] {
        press(&browser, key).await;
        there_is(&browser, &by_testid(shown)).await;
    }
    press(&browser, "1").await;
    there_is(&browser, &by_testid("live-ring")).await;
    tab_to(&browser, "live-ring").await;
    press(&browser, RIGHT).await;
    press(&browser, RIGHT).await;
    browser.text(&by_testid("live-inspector"), |text| text.contains("Member n2")).await;

    press(&browser, " ").await;
    browser.text(&by_testid("live-events-behind"), |text| text.contains("Paused")).await;
    press(&browser, ",").await;
    there_is(&browser, "[data-testid=live-time][data-time=paused]").await;
    press(&browser, "p").await;
    there_is(&browser, "[data-testid=live-time]:is([data-time=behind], [data-time=following])").await;
    press(&browser, "g").await;
    there_is(&browser, "[data-testid=live-to-start][aria-disabled=true]").await;
    press(&browser, "G").await;
    is_gone(&browser, "live-events-behind").await;
    press(&browser, " ").await;
    there_is(&browser, "[data-testid=live-time][data-time=paused]").await;
    press(&browser, " ").await;
    is_gone(&browser, "live-events-behind").await;
    press(&browser, ESCAPE).await;
    browser.text(&by_testid("live-inspector"), |text| text.contains("Member n1")).await;

    press(&browser, "/").await;
    until("the field for the search", LIMIT, async || {
        (focused(&browser).await == "live-events-search").then_some(())
    })
    .await;
    press(&browser, "2w").await;
    let typed = browser.script("return document.activeElement.value", vec![]).await;
    assert_eq!(typed, json!("2w"), "a field keeps its keys");
    there_is(&browser, &by_testid("live-ring")).await;

    press(&browser, TAB).await;
    press(&browser, "?").await;
    browser.text(&by_testid("live-help"), |text| text.contains("Single keys work")).await;
    check_in_all_looks(&browser, "live-help").await;
    tab_to(&browser, "live-keys-on").await;
    press(&browser, " ").await;
    press(&browser, ESCAPE).await;
    is_gone(&browser, "live-help").await;
    press(&browser, "6").await;
    press(&browser, "?").await;
    there_is(&browser, &by_testid("live-help")).await;
    assert_eq!(count(&browser, &by_testid("live-members-table")).await, 0, "single keys are off");
    press(&browser, ESCAPE).await;

    // The switch is one for all places, those included that are there already.
    browser.script("location.hash = '#/lab'", vec![]).await;
    there_is(&browser, &by_testid("lab")).await;
    browser.script("document.querySelector('[data-testid=tour-skip]')?.click()", vec![]).await;
    let ring = "return document.querySelector('[data-testid=view-ring]').checked";
    press(&browser, "6").await;
    press(&browser, "?").await;
    there_is(&browser, &by_testid("help")).await;
    assert_eq!(browser.script(ring, vec![]).await, json!(true));
    tab_to(&browser, "keys-on").await;
    press(&browser, " ").await;
    press(&browser, ESCAPE).await;
    is_gone(&browser, "help").await;
    browser.client().back().await.expect("Live is behind it");
    is_in_state(&browser, "live").await;
    press(&browser, "6").await;
    there_is(&browser, &by_testid("live-members-table")).await;
    browser.assert_quiet_console().await;
}
