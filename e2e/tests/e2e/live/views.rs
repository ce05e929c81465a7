//! The six views of the live cluster: each is chosen by its name, each has something to see, Back leads from one to the
//! other, and none has a barrier in any look.

use super::page::{
    LIMIT, cluster_and_page, cluster_page, count, has_members, kill, set_in_page, show_table, there_is,
};
use crate::axe::{check, with_axe};
use crate::lab::page::{by_testid, choose, click, drag};
use crate::touch::check_for_fingers;
use fantoccini::Locator;
use rumormill_e2e::{Browser, Look, until};
use serde_json::json;

/// How many pixels of the picture are painted.
const PAINTED: &str = "const { width, height } = document.querySelector('.live-ring-canvas');
    const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    copy.drawImage(document.querySelector('.live-ring-canvas'), 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    let painted = 0;
    for (let at = 3; at < data.length; at += 4) painted += data[at] > 0;
    return painted";

async fn is_painted(browser: &Browser, what: &str) {
    until(&format!("something to see in {what}"), LIMIT, async || {
        (browser.script(PAINTED, vec![]).await.as_u64()? > 300).then_some(())
    })
    .await;
}

/// No barrier and room for fingers, in all four looks, with a picture of each.
pub(super) async fn check_all(browser: &Browser, name: &str) {
    for (look, suffix) in [
        (Look::DESKTOP, ""),
        (Look::DESKTOP.dark(), "-dark"),
        (Look::PHONE, "-phone"),
        (Look::PHONE.dark(), "-phone-dark"),
    ] {
        let name = format!("{name}{suffix}");
        browser.look(look).await;
        check(browser, &name).await;
        if look.mobile {
            check_for_fingers(browser, &name).await;
            let wide = "const root = document.documentElement; return root.scrollWidth - root.clientWidth";
            assert_eq!(browser.script(wide, vec![]).await, json!(0), "{name} fits");
        }
        browser.screenshot(&name).await;
    }
    browser.look(Look::DESKTOP).await;
}

#[tokio::test]
async fn the_live_cluster_is_seen_in_six_views_and_back_leads_through_them() {
    let (_cluster, browser) = cluster_and_page().await;
    with_axe(&browser).await;
    there_is(&browser, &by_testid("live-ring")).await;
    set_in_page(&browser, "config/color", "teal").await;
    browser.text("[data-testid=live-spread-words]", |text| text.contains("all 5 had it")).await;
    for view in ["ring", "tree", "grid"] {
        choose(&browser, &format!("live-show-{view}")).await;
        there_is(&browser, &by_testid(&format!("live-{view}"))).await;
        is_painted(&browser, view).await;
        check_all(&browser, &format!("live-view-{view}")).await;
        let canvas = browser.client().find(Locator::Css(&by_testid(&format!("live-{view}")))).await;
        let canvas = canvas.expect("the picture is there");
        canvas.send_keys("\u{e014}").await.expect("it takes keys");
        there_is(&browser, ".live-ring [aria-selected=true]").await;
        canvas.send_keys("\u{e014}").await.expect("it takes keys");
        browser.text("[data-testid=live-inspector]", |text| text.contains("Member n2")).await;
        let mirrored = "return document.querySelector('.live-ring [aria-selected=true]').textContent";
        let mirrored = browser.script(mirrored, vec![]).await;
        assert!(mirrored.as_str().is_some_and(|words| words.starts_with("n2, alive")), "{mirrored}");
        click(&browser, "live-deselect").await;
    }
    choose(&browser, "live-show-tree").await;
    browser.text("[data-testid=live-caption]", |text| text.contains("to whom it sends")).await;
    choose(&browser, "live-tree-of-way").await;
    browser.text("[data-testid=live-caption]", |text| text.contains("who had config/color")).await;
    is_painted(&browser, "the way").await;
    browser.screenshot("live-view-way").await;
    for view in ["matrix", "table"] {
        choose(&browser, &format!("live-show-{view}")).await;
        check_all(&browser, &format!("live-view-{view}")).await;
    }
    let hash = browser.script("return location.hash", vec![]).await;
    assert!(hash.as_str().is_some_and(|hash| hash.contains("view=table&tree=way")), "{hash}");
    browser.client().back().await.expect("there is a way back");
    there_is(&browser, &by_testid("live-beliefs")).await;
    browser.client().back().await.expect("there is a way back");
    there_is(&browser, &by_testid("live-tree")).await;
    browser.assert_quiet_console().await;
}

/// Where some message of the space-time view passes that is no lane's: in the middle between two lanes, looked for by its
/// colour.
const ON_A_MESSAGE: &str = "const canvas = document.querySelector('[data-testid=live-space-time]');
    const { width, height } = canvas;
    const scale = width / canvas.clientWidth;
    const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    const lanes = canvas.children.length;
    const gap = Math.min((canvas.clientHeight - 24) / lanes, 44);
    for (let lane = 0; lane + 1 < lanes; lane++) {
        const y = Math.round((4 + (lane + 1) * gap) * scale);
        for (let x = Math.round(60 * scale); x < width - 40 * scale; x++) {
            const at = (y * width + x) * 4;
            const [red, green, blue, alpha] = data.slice(at, at + 4);
            if (alpha > 200 && green > red + 60 && green > blue) return [x / scale, y / scale];
        }
    }
    return null";

#[tokio::test]
async fn space_and_time_scroll_and_a_message_is_looked_at_where_it_is_drawn() {
    let (cluster, _server, browser) = cluster_page(4).await;
    with_axe(&browser).await;
    show_table(&browser).await;
    has_members(&browser, "alive", 4).await;
    choose(&browser, "live-show-space-time").await;
    let canvas = by_testid("live-space-time");
    there_is(&browser, &canvas).await;
    let unknown = by_testid("live-unknown");
    browser.text(&unknown, |text| text.contains("Only what n1 sends and receives")).await;
    let messages = async || {
        let script =
            "return Number(document.querySelector('[data-testid=live-space-time]').dataset.messages)";
        browser.script(script, vec![]).await.as_f64().unwrap_or_default()
    };
    until("messages of n1", LIMIT, async || (messages().await > 3.0).then_some(())).await;
    set_in_page(&browser, "color", "teal").await;
    check_all(&browser, "live-view-space-time").await;

    // With all members asked, messages between the others are drawn as well, with both ends.
    click(&browser, "live-talk-all").await;
    browser.text(&unknown, |text| text.contains("Clocks are compared")).await;
    for number in 0..8 {
        set_in_page(&browser, "color", &format!("teal {number}")).await;
        browser.text("[data-testid=live-spread-words]", |text| text.contains("all 4 had it")).await;
    }
    check_all(&browser, "live-view-space-time-all").await;
    click(&browser, "live-follow").await;
    there_is(&browser, "[data-testid=live-time][data-time=paused]").await;
    choose(&browser, "live-window-60000000").await;
    let place = until("a message between two lanes", LIMIT, async || {
        let place = browser.script(ON_A_MESSAGE, vec![]).await;
        Some((place[0].as_f64()?, place[1].as_f64()?))
    })
    .await;
    let corner = "const { left, top } = document.querySelector('[data-testid=live-space-time]').getBoundingClientRect();
        return [left, top]";
    let corner = browser.script(corner, vec![]).await;
    let at = |side: usize, beside: f64| corner[side].as_f64().expect("a corner") + beside;
    let there = (at(0, place.0), at(1, place.1));
    drag(&browser, there, there).await;
    there_is(&browser, &by_testid("live-message")).await;
    browser.text("[data-testid=live-message-facts]", |text| text.contains("What became of it")).await;
    browser.screenshot("live-view-space-time-message").await;

    let element = browser.client().find(Locator::Css(&canvas)).await.expect("the picture is there");
    element.send_keys("\u{e014}\u{e014}\u{e014}").await.expect("it takes keys");
    browser.text("[data-testid=live-inspector]", |text| text.contains("Member n3")).await;
    click(&browser, "live-follow").await;
    kill(&cluster, 3).await;
    browser.text("[data-testid=status-chip]", |text| text.contains("1 down")).await;
    choose(&browser, "live-window-16000000").await;
    browser.screenshot("live-view-space-time-down").await;
    assert!(count(&browser, "[data-testid=live-space-time] [role=option]").await == 4);
    browser.assert_quiet_console().await;
}
