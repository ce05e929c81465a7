//! The tools over the picture and the selection of several nodes: by mouse, by finger and by keys, in each view in which
//! nodes have places; and that whatever is done goes to all that are selected.

use super::page::{
    LIMIT, OVERFLOW, STATUS, by_testid, choose, click, focus, lab, lab_as, picture, press, ring, select, set,
    status, text, until_clock,
};
use crate::axe::{check_in_all_looks, with_axe};
use crate::touch::check_for_fingers;
use rumormill_e2e::{Browser, Look, until};
use serde_json::json;
use std::f64::consts::{PI, TAU};

const ESCAPE: &str = "\u{E00C}";
const SHIFT: u32 = 8;

type Place = (f64, f64);

/// Presses the mouse at the first of these places, and releases it at the last, with these keys held.
async fn stroke(browser: &Browser, places: &[Place], held: u32) {
    let event = async |kind: &str, (x, y): Place| {
        let button = if kind == "mouseMoved" { "none" } else { "left" };
        let event = json!({ "type": kind, "x": x, "y": y, "button": button, "buttons": 1, "clickCount": 1, "modifiers": held });
        browser.devtools("Input.dispatchMouseEvent", event).await;
    };
    let (first, last) = (places[0], places[places.len() - 1]);
    event("mouseMoved", first).await;
    event("mousePressed", first).await;
    for place in places {
        event("mouseMoved", *place).await;
    }
    event("mouseReleased", last).await;
}

/// The same by a finger.
async fn finger(browser: &Browser, places: &[Place]) {
    let event = async |kind: &str, points: serde_json::Value| {
        browser.devtools("Input.dispatchTouchEvent", json!({ "type": kind, "touchPoints": points })).await;
    };
    for (at, (x, y)) in places.iter().enumerate() {
        let kind = if at == 0 { "touchStart" } else { "touchMove" };
        event(kind, json!([{ "x": x, "y": y }])).await;
    }
    event("touchEnd", json!([])).await;
}

/// Where a node of fifty stands on the ring.
async fn node(browser: &Browser, index: u32) -> Place {
    let [left, top, width, height] = ring(browser).await;
    let radius = width.min(height) / 2.0 - 34.0;
    let angle = TAU * f64::from(index) / 50.0 - PI / 2.0;
    (left + width / 2.0 + radius * angle.cos(), top + height / 2.0 + radius * angle.sin())
}

/// A place of the picture at which there is a node, found as one does who tries.
async fn any_node(browser: &Browser) -> Place {
    let [left, top, width, height] = ring(browser).await;
    for row in 1..20 {
        for column in 1..20 {
            let place = (left + width * f64::from(column) / 20.0, top + height * f64::from(row) / 20.0);
            stroke(browser, &[place], 0).await;
            // What is selected is said at once, how it is when the simulator has answered.
            let words = text(browser, "selection").await;
            if !words.is_empty() && !words.starts_with("No node") {
                return place;
            }
        }
    }
    panic!("no node is found on the picture");
}

async fn shows(browser: &Browser, name: &str, words: &str) {
    browser.text(&by_testid(name), |text| text.contains(words)).await;
}

async fn mirror(browser: &Browser, words: &str) {
    shows(browser, "selection", words).await;
}

async fn in_hand(browser: &Browser, tool: &str) {
    until(&format!("the tool {tool}"), LIMIT, async || {
        let held = format!("return document.querySelector('[data-testid=tool-{tool}]').ariaPressed");
        (browser.script(&held, vec![]).await == json!("true")).then_some(())
    })
    .await;
}

async fn until_address(browser: &Browser, expected: &str) {
    until(&format!("the address {expected}"), LIMIT, async || {
        (browser.script("return location.hash", vec![]).await == json!(expected)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_tool_is_taken_by_button_or_key_says_what_it_does_and_is_put_away() {
    let (browser, _server) = lab().await;
    for (key, tool, words) in [
        ("K", "crash", "Click a node to crash it"),
        ("W", "write", "it writes color = red"),
        ("O", "link", "Draw from one node to another"),
        ("C", "cut", "Drag a line"),
        ("A", "several", "adds a node or takes it away"),
    ] {
        focus(&browser, "ring").await;
        press(&browser, key).await;
        in_hand(&browser, tool).await;
        shows(&browser, "hint", words).await;
        press(&browser, ESCAPE).await;
        in_hand(&browser, "select").await;
        click(&browser, &format!("tool-{tool}")).await;
        in_hand(&browser, tool).await;
        click(&browser, &format!("tool-{tool}")).await;
        in_hand(&browser, "select").await;
    }
    let cursor = "return getComputedStyle(document.querySelector('#ring')).cursor";
    let mut cursors = Vec::new();
    for tool in ["select", "several", "cut", "crash", "write"] {
        click(&browser, &format!("tool-{tool}")).await;
        cursors.push(browser.script(cursor, vec![]).await.to_string());
        if tool == "select" {
            in_hand(&browser, "select").await;
        }
    }
    cursors.sort();
    cursors.dedup();
    assert_eq!(cursors.len(), 5, "each has a cursor of its own: {cursors:?}");
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn crash_and_write_work_where_one_clicks_in_every_view_with_places() {
    let (browser, _server) = lab().await;
    for view in ["ring", "tree", "grid"] {
        choose(&browser, &format!("view-{view}")).await;
        let place = any_node(&browser).await;
        click(&browser, "tool-crash").await;
        stroke(&browser, &[place], 0).await;
        browser.text(&by_testid("node-state"), |text| text == "DOWN").await;
        stroke(&browser, &[place], 0).await;
        browser.text(&by_testid("node-state"), |text| text == "JOINING" || text == "UP").await;
        click(&browser, "tool-write").await;
        stroke(&browser, &[place], 0).await;
        shows(&browser, "store", "color").await;
        press(&browser, ESCAPE).await;
        in_hand(&browser, "select").await;
    }
    choose(&browser, "view-matrix").await;
    let tools = "return document.querySelectorAll('[data-testid^=tool-]').length";
    until("no tools where nodes have no places", LIMIT, async || {
        (browser.script(tools, vec![]).await == json!(0)).then_some(())
    })
    .await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn a_link_is_drawn_or_clicked_and_cut_or_delayed() {
    let (browser, _server) = lab().await;
    let (from, to) = (node(&browser, 3).await, node(&browser, 17).await);
    let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
    focus(&browser, "ring").await;
    press(&browser, "O").await;
    stroke(&browser, &[from, middle, to], 0).await;
    shows(&browser, "link-panel", "n03 → n17").await;
    with_axe(&browser).await;
    check_in_all_looks(&browser, "lab-link").await;
    browser.look(Look::PHONE.dark()).await;
    picture(&browser, "lab-link-phone-dark").await;
    browser.look(Look::DESKTOP).await;
    press(&browser, ESCAPE).await;
    until("the panel to go", LIMIT, async || text(&browser, "link-panel").await.is_empty().then_some(()))
        .await;
    stroke(&browser, &[from, middle, to], 0).await;
    click(&browser, "link-cut").await;
    status(&browser, "Quiet, 1 path cut").await;
    shows(&browser, "event-list", "n03 → n17 was cut, one way").await;
    let on_ring = "return document.activeElement.id === 'ring'";
    until("the focus on the picture", LIMIT, async || {
        (browser.script(on_ring, vec![]).await == json!(true)).then_some(())
    })
    .await;

    // Who cannot drag clicks the two.
    let other = node(&browser, 30).await;
    stroke(&browser, &[to], 0).await;
    shows(&browser, "hint", "From n17: click the other node").await;
    stroke(&browser, &[other], 0).await;
    shows(&browser, "link-panel", "n17 → n30").await;
    click(&browser, "link-delay").await;
    stroke(&browser, &[to, other], 0).await;
    shows(&browser, "link-panel", "End the delay").await;
    click(&browser, "link-delay").await;
    stroke(&browser, &[to, other], 0).await;
    shows(&browser, "link-panel", "Delay by 1 s").await;
    click(&browser, "link-cut-both").await;
    status(&browser, "Quiet, 2 paths cut").await;
    click(&browser, "heal").await;
    status(&browser, "Quiet").await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn several_nodes_are_selected_by_shift_a_box_and_keys_and_acts_go_to_all() {
    let (browser, _server) = lab().await;
    for (index, held) in [(5, 0), (9, SHIFT), (12, SHIFT)] {
        stroke(&browser, &[node(&browser, index).await], held).await;
    }
    mirror(&browser, "3 nodes selected: n05, n09, n12. Node n12 is inspected: up").await;
    shows(&browser, "several", "3 nodes selected").await;
    until_address(&browser, "#/lab?sel=12,5,9").await;
    stroke(&browser, &[node(&browser, 9).await], SHIFT).await;
    mirror(&browser, "2 nodes selected: n05, n12").await;

    // A box around the right half of the ring.
    let [left, top, width, height] = ring(&browser).await;
    let (a, b) = ((left + width / 2.0 + 5.0, top + 6.0), (left + width - 6.0, top + height - 6.0));
    stroke(&browser, &[a, b], 0).await;
    mirror(&browser, "24 nodes selected: n01, n02").await;
    shows(&browser, "several-names", "and 16 more").await;
    picture(&browser, "lab-several").await;
    focus(&browser, "ring").await;
    press(&browser, "p").await;
    browser.text(STATUS, |text| text.starts_with("Partitioned")).await;
    press(&browser, "h").await;
    browser.text(STATUS, |text| !text.starts_with("Partitioned")).await;

    select(&browser, 3).await;
    press(&browser, "\u{E008}\u{E014}").await; // Shift and ArrowRight
    press(&browser, "\u{E008}\u{E014}").await;
    mirror(&browser, "3 nodes selected: n03, n04, n05. Node n05").await;
    press(&browser, "\u{E008}\u{E012}").await; // Shift and ArrowLeft
    mirror(&browser, "2 nodes selected: n03, n04. Node n04").await;
    press(&browser, "w").await;
    shows(&browser, "event-list", "n03 was asked: set").await;
    shows(&browser, "event-list", "n04 was asked: set").await;
    press(&browser, "z").await;
    mirror(&browser, "is inspected: paused").await;
    shows(&browser, "event-list", "n03 was paused").await;
    press(&browser, "z").await;
    shows(&browser, "event-list", "n03 was resumed").await;
    press(&browser, "e").await;
    browser.text(STATUS, |text| text.starts_with("Partitioned")).await;
    press(&browser, "h").await;
    press(&browser, "k").await;
    mirror(&browser, "is inspected: down").await;
    choose(&browser, "view-table").await;
    for row in ["row-3", "row-4"] {
        shows(&browser, row, "down").await;
    }
    click(&browser, "all-restart").await;
    for row in ["row-3", "row-4"] {
        browser.text(&by_testid(row), |text| !text.contains("down")).await;
    }
    until_address(&browser, "#/lab?view=table&sel=4,3").await;
    browser.client().refresh().await.expect("the page loads again");
    shows(&browser, "several", "2 nodes selected").await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn the_table_selects_several_by_its_checks_and_by_shift() {
    let (browser, _server) = lab().await;
    choose(&browser, "view-table").await;
    click(&browser, "choose-2").await;
    click(&browser, "choose-7").await;
    shows(&browser, "several", "2 nodes selected").await;
    let row = "const row = document.querySelector('[data-testid=select-9]');
        row.scrollIntoView({ block: 'center' });
        return row.getBoundingClientRect().toJSON()";
    let row = browser.script(row, vec![]).await;
    let at = (row["x"].as_f64().expect("x") + 9.0, row["y"].as_f64().expect("y") + 9.0);
    stroke(&browser, &[at], SHIFT).await;
    shows(&browser, "several-names", "n02, n07, n09").await;
    // The heads of the columns lie over what was scrolled under them.
    let show = "document.querySelector('[data-testid=row-7]').scrollIntoView({ block: 'center' })";
    browser.script(show, vec![]).await;
    click(&browser, "choose-7").await;
    shows(&browser, "several-names", "n02, n09").await;
    with_axe(&browser).await;
    check_in_all_looks(&browser, "lab-table-several").await;
    click(&browser, "only-one").await;
    until("one to be left", LIMIT, async || text(&browser, "several").await.is_empty().then_some(())).await;
    browser.assert_quiet_console().await;
}

/// Who holds a phone has no Shift, and a finger that moves over the picture moves the page, until a tool says otherwise.
#[tokio::test]
async fn fingers_have_every_tool() {
    let (browser, _server) = lab_as(Look::PHONE).await;
    check_for_fingers(&browser, "tools").await;
    click(&browser, "tool-several").await;
    let [left, top, width, height] = ring(&browser).await;
    let corner = (left + width / 2.0 + 7.0, top + 4.0);
    finger(&browser, &[corner, (left + width - 60.0, top + 80.0), (left + width - 4.0, top + height - 4.0)])
        .await;
    shows(&browser, "several", "24 nodes selected").await;
    finger(&browser, &[node(&browser, 40).await]).await;
    shows(&browser, "several", "25 nodes selected").await;
    check_for_fingers(&browser, "several").await;
    assert_eq!(browser.script(OVERFLOW, vec![]).await, json!([]));
    picture(&browser, "lab-several-phone").await;
    browser.look(Look::PHONE.dark()).await;
    picture(&browser, "lab-several-phone-dark").await;
    browser.look(Look::PHONE).await;

    let show = "document.querySelector('[data-testid=cluster]').scrollIntoView()";
    browser.script(show, vec![]).await;
    click(&browser, "tool-link").await;
    let (from, to) = (node(&browser, 10).await, node(&browser, 35).await);
    finger(&browser, &[from, ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0), to]).await;
    shows(&browser, "link-panel", "n10 → n35").await;
    check_for_fingers(&browser, "a link").await;
    picture(&browser, "lab-link-finger").await;
    click(&browser, "link-cut").await;
    status(&browser, "Quiet, 1 path cut").await;
    click(&browser, "tool-crash").await;
    finger(&browser, &[node(&browser, 45).await]).await;
    browser.text(&by_testid("node-state"), |text| text == "DOWN").await;
    browser.assert_quiet_console().await;
}

/// What a node believes, and who has a write, colour the table and the space-time diagram as they do the ring.
#[tokio::test]
async fn beliefs_and_writes_colour_every_view() {
    let (browser, _server) = lab().await;
    set(&browser, "speed", "1").await;
    select(&browser, 3).await;
    click(&browser, "play").await;
    until_clock(&browser, 2.0).await;
    click(&browser, "play").await;
    choose(&browser, "view-table").await;
    click(&browser, "crash-7").await;
    let fresh = "return document.querySelectorAll('.row-fresh').length";
    until("49 green rows", LIMIT, async || (browser.script(fresh, vec![]).await == json!(49)).then_some(()))
        .await;
    browser.click("label:has(#beliefs)").await;
    shows(&browser, "believed-7", "alive").await;
    click(&browser, "play").await;
    shows(&browser, "believed-7", "suspect").await;
    click(&browser, "play").await;
    shows(&browser, "node-table", "As n03 believes").await;
    with_axe(&browser).await;
    check_in_all_looks(&browser, "lab-table-beliefs").await;

    choose(&browser, "view-space-time").await;
    shows(&browser, "caption", "As n03 believes").await;
    check_in_all_looks(&browser, "lab-lanes-beliefs").await;
    browser.assert_quiet_console().await;
}
