//! Who has what stands under a key: in the ring, the tree, the grid, the matrix, the table and in space and time.

use super::page::{
    LIMIT, NODES, cluster_and_page, count, has_members, kill, set_in_page, show_table, there_is,
};
use super::views::check_all;
use crate::axe::with_axe;
use crate::lab::page::{by_testid, choose, click};
use rumormill_e2e::{Browser, until};
use serde_json::json;

/// Waits until so many members of the table are told to have it, to lack it, or not to be known.
async fn have(browser: &Browser, has: &str, wanted: u64) {
    until(&format!("{wanted} members of which it is told: {has}"), LIMIT, async || {
        let css = format!("[data-testid=live-member] [data-testid=live-has][data-has={has}]");
        (count(browser, &css).await == wanted).then_some(())
    })
    .await;
}

/// How many pixels of the picture have the colour of who has it.
const GREEN: &str = "const { width, height } = document.querySelector('.live-ring-canvas');
    const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    copy.drawImage(document.querySelector('.live-ring-canvas'), 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    let green = 0;
    for (let at = 0; at < data.length; at += 4)
        green += data[at + 3] > 200 && data[at] === 0 && data[at + 1] === 0x79 && data[at + 2] === 0x5c;
    return green";

#[tokio::test]
async fn every_view_shows_who_has_what_stands_under_a_key() {
    let (cluster, browser) = cluster_and_page().await;
    with_axe(&browser).await;
    show_table(&browser).await;
    has_members(&browser, "alive", NODES.into()).await;
    set_in_page(&browser, "config/color", "teal").await;
    there_is(&browser, "[data-testid='live-value-config/color']").await;
    click(&browser, "live-who-config/color").await;
    browser.text("[data-testid=live-holders]", |text| text == "5 of 5 have config/color").await;
    have(&browser, "yes", NODES.into()).await;
    let hash = browser.script("return location.hash", vec![]).await;
    assert!(hash.as_str().is_some_and(|hash| hash.contains("&key=config")), "{hash}");

    // Of a member that does not answer it is not known, whatever it had.
    kill(&cluster, 4).await;
    set_in_page(&browser, "config/color", "red").await;
    have(&browser, "unknown", 1).await;
    have(&browser, "yes", u64::from(NODES) - 1).await;
    has_members(&browser, "down", 1).await;
    check_all(&browser, "live-who-table").await;
    for view in ["ring", "tree", "grid", "space-time"] {
        choose(&browser, &format!("live-show-{view}")).await;
        there_is(&browser, &by_testid(&format!("live-{view}"))).await;
        until(&format!("green in {view}"), LIMIT, async || {
            (browser.script(GREEN, vec![]).await.as_u64()? > 40).then_some(())
        })
        .await;
        let mirrored = "return document.querySelector('.live-ring [role=option]').textContent";
        let mirrored = browser.script(mirrored, vec![]).await;
        assert!(mirrored.as_str().is_some_and(|words| words.contains("has it")), "{view}: {mirrored}");
        check_all(&browser, &format!("live-who-{view}")).await;
    }
    choose(&browser, "live-show-matrix").await;
    there_is(&browser, "[data-testid=live-belief-row] [data-testid=live-has]").await;
    check_all(&browser, "live-who-matrix").await;

    // Whoever opens the link sees the same; choosing no key takes the colours back.
    choose(&browser, "live-show-ring").await;
    let shown = browser.client().current_url().await.expect("a page has an address").to_string();
    let other = Browser::start().await;
    other.open(&shown).await;
    other.text("[data-testid=live-holders]", |text| text.contains("have config/color")).await;
    other.assert_quiet_console().await;
    let none = "const select = document.querySelector('[data-testid=live-by-key]');
        select.value = ''; select.dispatchEvent(new Event('change', { bubbles: true }))";
    browser.script(none, vec![]).await;
    until("no colours", LIMIT, async || {
        (count(&browser, "[data-testid=live-holders]").await == 0).then_some(())
    })
    .await;
    until("nothing green", LIMIT, async || (browser.script(GREEN, vec![]).await == json!(0)).then_some(()))
        .await;
    browser.assert_quiet_console().await;
}
