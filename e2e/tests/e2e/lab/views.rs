//! The six views, what one sees of a change in them, and messages.

use super::page::{
    LIMIT, OVERFLOW, PAINTED, by_testid, click, drag, focus, lab, number, open_first_rumor, press, ring, set,
    status, text, until_clock,
};
use fantoccini::Locator;
use rumormill_e2e::{Look, until};
use serde_json::json;

const HASH: &str = "return location.hash";
const VIEWS: [(&str, &str); 6] =
    [("1", "ring"), ("2", "tree"), ("3", "grid"), ("4", "matrix"), ("5", "space-time"), ("6", "table")];

#[tokio::test]
async fn every_view_paints_stands_in_the_address_and_back_leads_back() {
    let (browser, _server) = lab().await;
    click(&browser, "play").await;
    until_clock(&browser, 0.75).await;
    click(&browser, "play").await;
    focus(&browser, "ring").await;
    for (key, view) in VIEWS {
        press(&browser, key).await;
        until(&format!("the view {view}"), LIMIT, async || {
            let checked = format!("return document.querySelector('[data-testid=view-{view}]').checked");
            (browser.script(&checked, vec![]).await == json!(true)).then_some(())
        })
        .await;
        let expected = if view == "ring" { "#/lab".to_owned() } else { format!("#/lab?view={view}") };
        assert_eq!(browser.script(HASH, vec![]).await, json!(expected));
        if view != "table" {
            until(&format!("something to see in {view}"), LIMIT, async || {
                (number(&browser, PAINTED).await > 3.0).then_some(())
            })
            .await;
        }
        for (look, name) in [
            (Look::PHONE, "phone-light"),
            (Look::PHONE.dark(), "phone-dark"),
            (Look::DESKTOP.dark(), "desktop-dark"),
            (Look::DESKTOP, "desktop-light"),
        ] {
            browser.look(look).await;
            let overflow = browser.script(OVERFLOW, vec![]).await;
            assert_eq!(overflow, json!([]), "{view} {name}");
            browser.screenshot(&format!("lab-{view}-{name}")).await;
        }
    }
    browser.client().back().await.expect("there is a way back");
    until("the diagram again", LIMIT, async || {
        let checked = "return document.querySelector('[data-testid=view-space-time]').checked";
        (browser.script(checked, vec![]).await == json!(true)).then_some(())
    })
    .await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn a_link_leads_to_a_view_and_a_node() {
    let (browser, server) = lab().await;
    browser.open(&format!("{}#/lab?view=grid&sel=12", server.url())).await;
    browser.client().refresh().await.expect("the page loads again");
    browser.text(&by_testid("inspector"), |text| text.contains("Node n12")).await;
    let checked =
        browser.script("return document.querySelector('[data-testid=view-grid]').checked", vec![]).await;
    assert_eq!(checked, json!(true));
    assert!(
        browser.client().find(Locator::Css(&by_testid("tour"))).await.is_err(),
        "who follows a link is not led"
    );
    focus(&browser, "ring").await;
    press(&browser, "\u{E014}").await; // ArrowRight
    browser.text(&by_testid("selection"), |text| text.contains("Node n13 selected")).await;
    assert_eq!(browser.script(HASH, vec![]).await, json!("#/lab?view=grid&sel=13"));
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn why_a_node_lacks_a_write_is_said_and_later_on_which_way_it_came() {
    let (browser, _server) = lab().await;
    focus(&browser, "ring").await;
    press(&browser, "\u{E010}").await; // End
    browser.text(&by_testid("inspector"), |text| text.contains("Node n49")).await;
    click(&browser, "cut-halves").await;
    set(&browser, "speed", "1").await;
    click(&browser, "play").await;
    browser.text(&by_testid("why"), |text| text.contains("on the other side of the cut from n49")).await;
    browser.text(&by_testid("why-next"), |text| text.contains("healed")).await;
    click(&browser, "heal").await;
    status(&browser, "Converged, 50 of 50").await;
    click(&browser, "play").await;
    browser.text(&by_testid("path"), |text| text.contains("The way it came")).await;
    browser.script("document.querySelector('[data-testid=path]').open = true", vec![]).await;
    browser.text(&by_testid("path"), |text| text.contains("0 → ") && text.contains("→ 49, ")).await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn a_message_tells_why_it_was_sent_and_what_it_carries() {
    let (browser, _server) = lab().await;
    open_first_rumor(&browser).await;
    browser.text(&by_testid("message"), |text| text.contains("the peer is a child in the tree")).await;
    browser.text(&by_testid("carried"), |text| text.contains("color") && text.contains("green")).await;
    browser.text(&by_testid("message-facts"), |text| text.contains("on its way")).await;
    click(&browser, "step-round").await;
    browser.text(&by_testid("message-facts"), |text| text.contains("arrived at")).await;
    browser.text(&by_testid("carried"), |text| text.contains("green")).await;
    click(&browser, "message-to").await;
    browser.text(&by_testid("inspector"), |text| text.contains("Node n01")).await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn a_message_under_way_is_found_by_a_click() {
    let (browser, _server) = lab().await;
    set(&browser, "nodes", "4").await;
    click(&browser, "play").await;
    until_clock(&browser, 0.53).await;
    click(&browser, "play").await;
    set(&browser, "scrubber", "530000").await;
    // Its dot is where the picture has the colour of what carries state, off the ring: somewhere from 0 to 1.
    let [left, top, width, height] = ring(&browser).await;
    let radius = width.min(height) / 2.0 - 34.0;
    let (from, to) = (
        (left + width / 2.0, top + height / 2.0 - radius),
        (left + width / 2.0 + radius, top + height / 2.0),
    );
    let mut found = false;
    for step in 3..18 {
        let part = f64::from(step) / 20.0;
        let place = (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
        drag(&browser, place, place).await;
        if text(&browser, "message").await.contains("Message: ") {
            found = true;
            break;
        }
    }
    assert!(found, "a click on the line from node 0 to node 1 finds the rumor");
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn nodes_are_coloured_by_whichever_write_is_chosen() {
    let (browser, _server) = lab().await;
    set(&browser, "speed", "1").await;
    click(&browser, "play").await;
    status(&browser, "Converged, 50 of 50").await;
    click(&browser, "play").await;
    focus(&browser, "ring").await;
    press(&browser, "\u{E014}").await; // ArrowRight
    press(&browser, "w").await;
    browser.text(&by_testid("node-news"), |text| text.contains("The write was made here")).await;
    browser.text(&by_testid("by-write"), |text| text.contains("n00") && text.contains("50 of 50")).await;
    focus(&browser, "ring").await;
    press(&browser, "\u{E010}").await; // End
    browser.text(&by_testid("node-news"), |text| text.contains("Does not have the write")).await;
    set(&browser, "by-write", "1").await;
    browser.text(&by_testid("node-news"), |text| text.contains("Learned the write after")).await;
    browser.assert_quiet_console().await;
}
