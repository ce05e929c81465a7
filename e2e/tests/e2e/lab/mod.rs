//! The Lab in a real browser: a cluster in the tab, with the shipped worker behind it.

/// What is done to nodes, links and messages beyond the usual.
mod acts;
/// Each act of a node, by its button and by its key.
mod each;
/// For everyone: accessibility, the keyboard, the tour.
mod everyone;
/// What someone does who comes for the first time.
mod first_visit;
/// What the inspector tells beyond what a node holds.
mod inspector;
/// The spread experiment on clusters too large to draw.
mod large;
pub(crate) mod page;
/// Recordings.
mod replay;
/// Links and files.
mod share;
/// Time: steps, jumps, forks.
mod time;
/// The tools over the picture, and several nodes at once.
mod tools;
/// The six views.
mod views;

use crate::touch::{check_for_a_mouse, check_for_fingers};
use fantoccini::Locator;
use page::{
    LIMIT, OVERFLOW, STATUS, by_testid, choose, click, clock, drag, focus, lab, lab_as, number, open_acts,
    press, ring, select, set, status, status_within, text, until_clock,
};
use rumormill_e2e::{Browser, BundleCopy, FileServer, Look, settings, until};
use serde_json::{Value, json};
use std::{fs, time::Duration};

#[tokio::test]
async fn a_ready_preset_stands_paused_and_says_what_to_press() {
    let (browser, _server) = lab().await;
    browser.text(&by_testid("hint"), |text| text.contains("Press Play")).await;
    assert_eq!(text(&browser, "source-badge").await, "SIM");
    assert_eq!(clock(&browser).await, 0.0);
    click(&browser, "play").await;
    until_clock(&browser, 0.1).await;
    status(&browser, "Converged, 50 of 50").await;
    click(&browser, "play").await;
    let covered = text(&browser, "covered").await;
    assert!(covered.starts_with("all, after"), "{covered}");
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn fifty_nodes_learn_by_each_strategy_and_mode() {
    let (browser, _server) = lab().await;
    set(&browser, "speed", "1").await;
    for strategy in ["tree", "random", "hybrid"] {
        choose(&browser, &format!("strategy-{strategy}")).await;
        browser.text(&by_testid("source-facts"), |text| text.contains(strategy)).await;
        click(&browser, "new-run").await;
        status(&browser, "Quiet").await;
        click(&browser, "play").await;
        status(&browser, "Converged, 50 of 50").await;
    }
    for mode in ["push", "pull"] {
        choose(&browser, "strategy-random").await;
        choose(&browser, &format!("mode-{mode}")).await;
        click(&browser, "new-run").await;
        click(&browser, "play").await;
        status(&browser, "Converged, 50 of 50").await;
    }
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn a_cut_stops_a_write_and_a_heal_completes_it() {
    let (browser, _server) = lab().await;
    set(&browser, "speed", "1").await;
    click(&browser, "cut-halves").await;
    status(&browser, "Partitioned").await;
    click(&browser, "play").await;
    status(&browser, "Partitioned, 25 of 50").await;
    let at = clock(&browser).await;
    until_clock(&browser, at + 10.0).await;
    status_within(&browser, "Partitioned, 25 of 50", Duration::from_secs(2)).await;
    click(&browser, "heal").await;
    status(&browser, "Converged, 50 of 50").await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn a_line_across_the_ring_cuts_along_it() {
    let (browser, _server) = lab().await;
    let [left, top, width, height] = ring(&browser).await;
    click(&browser, "tool-cut").await;
    browser.text(&by_testid("hint"), |text| text.contains("Drag a line")).await;
    let x = left + width / 2.0 + 5.0;
    drag(&browser, (x, top + 5.0), (x, top + height - 5.0)).await;
    status(&browser, "Partitioned").await;
    set(&browser, "speed", "1").await;
    click(&browser, "play").await;
    until("half of the nodes to learn", LIMIT, async || {
        matches!(text(&browser, "covered").await.as_str(), "24 of 50" | "25 of 50" | "26 of 50").then_some(())
    })
    .await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn a_click_selects_a_node_and_its_inspector_shows_what_it_holds() {
    let (browser, _server) = lab().await;
    let [left, top, width, _] = ring(&browser).await;
    // Node 0 stands at the top, below its name.
    let place = (left + width / 2.0, top + 34.0);
    drag(&browser, place, place).await;
    browser.text(&by_testid("inspector"), |text| text.contains("Node n00")).await;
    browser.text(&by_testid("inspector"), |text| text.contains("Empty. Write something")).await;
    set(&browser, "write-key", "greeting").await;
    set(&browser, "write-value", "hello").await;
    click(&browser, "write").await;
    browser.text(&by_testid("store"), |text| text.contains("greeting") && text.contains("hello")).await;
    click(&browser, "increment").await;
    click(&browser, "increment").await;
    browser.text(&by_testid("store"), |text| text.contains("visits 2")).await;
    set(&browser, "speed", "1").await;
    click(&browser, "play").await;
    status(&browser, "Converged, 50 of 50").await;
    choose(&browser, "view-table").await;
    click(&browser, "select-37").await;
    browser.text(&by_testid("inspector"), |text| text.contains("Node n37")).await;
    browser.text(&by_testid("store"), |text| text.contains("visits 2") && text.contains("hello")).await;
    browser.text(&by_testid("believed"), |text| text == "50 alive").await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn nodes_crash_are_believed_down_and_come_back() {
    let (browser, _server) = lab().await;
    set(&browser, "speed", "1").await;
    choose(&browser, "view-table").await;
    click(&browser, "crash-7").await;
    browser.text(&by_testid("row-7"), |text| text.contains("down")).await;
    click(&browser, "select-3").await;
    click(&browser, "play").await;
    browser.text(&by_testid("believed"), |text| text == "49 alive, 1 down").await;
    click(&browser, "restart-7").await;
    browser.text(&by_testid("believed"), |text| text == "50 alive").await;
    status(&browser, "Converged, 50 of 50").await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn the_table_holds_every_node_page_by_page() {
    let (browser, _server) = lab().await;
    set(&browser, "nodes", "230").await;
    browser.text(&by_testid("source-facts"), |text| text.contains("230 nodes")).await;
    choose(&browser, "view-table").await;
    let mut seen = 0.0;
    for expected in ["Nodes 0 to 99", "Nodes 100 to 199", "Nodes 200 to 229"] {
        browser.text(&by_testid("page"), |text| text == expected).await;
        seen +=
            number(&browser, "return document.querySelectorAll('[data-testid=node-table] tbody tr').length")
                .await;
        if expected != "Nodes 200 to 229" {
            click(&browser, "page-next").await;
        }
    }
    assert_eq!(seen, 230.0);
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn everything_can_be_done_by_keys() {
    let (browser, _server) = lab().await;
    set(&browser, "speed", "1").await;
    focus(&browser, "ring").await;
    for _ in 0..3 {
        press(&browser, "\u{E014}").await; // ArrowRight
    }
    browser.text(&by_testid("inspector"), |text| text.contains("Node n02")).await;
    press(&browser, "w").await;
    press(&browser, "i").await;
    browser.text(&by_testid("store"), |text| text.contains("\"red\"") && text.contains("visits 1")).await;
    press(&browser, ".").await;
    press(&browser, "]").await;
    until_clock(&browser, 1.0).await;
    press(&browser, "k").await;
    browser.text(&by_testid("node-state"), |text| text == "DOWN").await;
    press(&browser, "k").await;
    browser.text(&by_testid("node-state"), |text| text == "JOINING").await;
    press(&browser, "c").await;
    browser.text(STATUS, |text| text.starts_with("Partitioned")).await;
    press(&browser, "h").await;
    press(&browser, " ").await;
    status(&browser, "Converged, 50 of 50").await;
    press(&browser, " ").await;
    press(&browser, "6").await;
    browser.text(&by_testid("node-table"), |text| text.contains("n49")).await;
    press(&browser, "?").await;
    browser.text(&by_testid("help"), |text| text.contains("Single keys work")).await;
    press(&browser, "\u{E00C}").await; // Escape
    until("the help to close", LIMIT, async || {
        browser.client().find(Locator::Css("dialog")).await.is_err().then_some(())
    })
    .await;
    press(&browser, "/").await;
    let focused = browser.script("return document.activeElement.id", vec![]).await;
    assert_eq!(focused, json!("event-words"));
    press(&browser, "w").await;
    assert_eq!(browser.script("return document.activeElement.value", vec![]).await, json!("w"));
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn a_setup_that_makes_no_sense_is_explained_and_nothing_breaks() {
    let (browser, _server) = lab().await;
    for nodes in ["0", "1001", "-3", "many", ""] {
        set(&browser, "nodes", nodes).await;
        browser.text("#nodes-error", |text| text.contains("1 to 1,000 nodes")).await;
        browser.text(&by_testid("setup-refused"), |text| text.contains("cannot run")).await;
    }
    set(&browser, "nodes", "1").await;
    browser.text("#nodes-hint", |text| text.contains("alone")).await;
    set(&browser, "speed", "1").await;
    click(&browser, "play").await;
    status(&browser, "Converged, 1 of 1").await;
    set(&browser, "preset", "first-rumor").await;
    set(&browser, "loss", "100").await;
    browser.text("#loss-hint", |text| text.contains("nothing spreads")).await;
    click(&browser, "play").await;
    until_clock(&browser, 8.0).await;
    let covered = text(&browser, "covered").await;
    assert_eq!(covered, "1 of 50", "nothing but the origin");
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn every_preset_plays() {
    let (browser, _server) = lab().await;
    let script = "return [...document.querySelectorAll('[data-testid=preset] option')].map(o => o.value)";
    let presets: Vec<String> = serde_json::from_value(browser.script(script, vec![]).await).expect("names");
    assert!(presets.len() >= 5, "{presets:?}");
    for preset in presets {
        set(&browser, "preset", &preset).await;
        until("the run to begin", LIMIT, async || (clock(&browser).await == 0.0).then_some(())).await;
        set(&browser, "speed", "1").await;
        click(&browser, "play").await;
        until_clock(&browser, 3.0).await;
        assert!(text(&browser, "preset-text").await.len() > 80, "{preset} explains itself");
        browser.assert_quiet_console().await;
    }
}

#[tokio::test]
async fn the_page_answers_for_the_hash_of_a_named_scenario() {
    let (browser, _server) = lab().await;
    let ask = "const done = arguments[1];
        window.rumormill.traceHash(arguments[0]).then(done, (why) => done('refused: ' + why));";
    for scenario in rumormill_sim::scenarios::named().into_iter().take(3) {
        let native = rumormill_sim::trace_hash_of(&scenario.name).expect("a named scenario can be found");
        let answer = browser.client().execute_async(ask, vec![json!(scenario.name)]).await;
        assert_eq!(answer.expect("a promise that ends"), json!(format!("{native:016x}")));
    }
    let unknown = browser.client().execute_async(ask, vec![json!("nothing")]).await.expect("an answer");
    assert!(unknown.as_str().is_some_and(|text| text.contains("no scenario")), "{unknown}");
}

#[tokio::test]
async fn a_phone_has_it_all_in_one_column() {
    let (browser, _server) = lab_as(Look::PHONE).await;
    for width in [390, 320] {
        browser.look(Look { width, ..Look::PHONE }).await;
        for (tab, panel) in
            [("setup", "setup"), ("node", "inspector"), ("events", "events"), ("chart", "charts")]
        {
            choose(&browser, &format!("tab-{tab}")).await;
            until(&format!("{panel} in sight"), LIMIT, async || {
                let element = browser.client().find(Locator::Css(&by_testid(panel))).await.ok()?;
                element.is_displayed().await.ok()?.then_some(())
            })
            .await;
            let overflow = browser.script(OVERFLOW, vec![]).await;
            assert_eq!(overflow, json!([]), "{width} px, {tab}");
            check_for_fingers(&browser, &format!("{width} px, {tab}")).await;
        }
        choose(&browser, "tab-setup").await;
    }
    click(&browser, "play").await;
    status(&browser, "Converged, 50 of 50").await;
    click(&browser, "play").await;
    browser.look(Look { width: 320, height: 640, ..Look::PHONE }).await;
    let seen = "window.scrollTo(0, 0);
        const ring = document.querySelector('#ring').getBoundingClientRect();
        const bar = document.querySelector('.timebar').getBoundingClientRect();
        return Math.min(1, (bar.top - ring.top) / ring.height)";
    let seen = number(&browser, seen).await;
    assert!(seen > 0.9, "of the picture {seen} is above the bar of time on the smallest phone");
    browser.screenshot("lab-smallest").await;
    select(&browser, 3).await;
    open_acts(&browser).await;
    for width in [390, 320] {
        browser.look(Look { width, ..Look::PHONE }).await;
        for view in ["ring", "tree", "grid", "matrix", "space-time", "table"] {
            choose(&browser, &format!("view-{view}")).await;
            for tab in ["setup", "node", "events", "chart"] {
                // The bar of time lies over what stands at the bottom of the window.
                let show = "document.querySelector('[data-testid=tab]').scrollIntoView({ block: 'center' })";
                browser.script(show, vec![]).await;
                choose(&browser, &format!("tab-{tab}")).await;
                check_for_fingers(&browser, &format!("a node, {width} px, {view}, {tab}")).await;
            }
        }
    }
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn in_a_low_window_no_panel_lies_over_another() {
    let (browser, _server) = lab().await;
    let over = "const bottoms = [...document.querySelectorAll('.lab-ring, .lab-ring .ring-body, .lab-ring .table-frame')]
            .map(element => element.getBoundingClientRect().bottom);
        return Math.max(...bottoms) - document.querySelector('.lab-chart').getBoundingClientRect().top";
    for (width, height) in [(1280, 720), (1280, 600), (900, 600)] {
        browser.look(Look { width, height, ..Look::DESKTOP }).await;
        for view in ["ring", "tree", "grid", "matrix", "space-time", "table"] {
            choose(&browser, &format!("view-{view}")).await;
            let over = number(&browser, over).await;
            assert!(over < 0.0, "{view} lies {over} px over the charts at {width} by {height}");
        }
    }
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn with_a_mouse_no_control_is_too_small() {
    let (browser, _server) = lab().await;
    check_for_a_mouse(&browser, "the Lab").await;
    let overflow = browser.script(OVERFLOW, vec![]).await;
    assert_eq!(overflow, json!([]));
}

#[tokio::test]
async fn those_who_want_stillness_can_follow_too() {
    let (browser, _server) = lab_as(Look { reduced_motion: true, ..Look::DESKTOP }).await;
    click(&browser, "step-round").await;
    until_clock(&browser, 1.0).await;
    click(&browser, "step-round").await;
    until_clock(&browser, 2.0).await;
    status(&browser, "Converged, 50 of 50").await;
    browser.text(&by_testid("announcer"), |text| text.contains("Converged")).await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn a_worker_that_cannot_be_loaded_is_said_and_tried_again() {
    let copy = BundleCopy::new();
    let file = copy.file("worker-", ".js");
    let script = file.file_name().map(|name| name.to_string_lossy().into_owned()).expect("a file has a name");
    fs::remove_file(&file).expect("it can be removed");
    let server = FileServer::start(copy.folder(), "/");
    let browser = Browser::start().await;
    browser.open(&format!("{}#/lab", server.url())).await;
    browser
        .text(&by_testid("failed"), |text| text.contains("The simulation stopped") && text.contains(&script))
        .await;
    fs::copy(settings::dist().join(&script), &file).expect("it can be copied");
    click(&browser, "failed-again").await;
    status(&browser, "Quiet").await;
    click(&browser, "play").await;
    status(&browser, "Converged, 50 of 50").await;
}

#[tokio::test]
async fn the_theme_is_kept() {
    let (browser, _server) = lab().await;
    let ground = "return getComputedStyle(document.body.querySelector('.panel')).backgroundColor";
    let light = browser.script(ground, vec![]).await;
    click(&browser, "theme-toggle").await;
    click(&browser, "theme-toggle").await;
    let dark = until("a dark panel", LIMIT, async || {
        let now = browser.script(ground, vec![]).await;
        (now != light).then_some(now)
    })
    .await;
    browser.client().refresh().await.expect("the page loads again");
    browser.text(STATUS, |text| text == "Quiet").await;
    assert_eq!(browser.script(ground, vec![]).await, dark);
    browser.assert_quiet_console().await;
}

/// Pictures for people to look at, and the meter's figures, which are reported and never asserted.
#[tokio::test]
async fn pictures_of_the_lab() {
    let (browser, _server) = lab().await;
    click(&browser, "play").await;
    until_clock(&browser, 0.85).await;
    click(&browser, "play").await;
    for (name, look) in [
        ("lab-desktop-light", Look::DESKTOP),
        ("lab-desktop-dark", Look::DESKTOP.dark()),
        ("lab-phone-light", Look::PHONE),
        ("lab-phone-dark", Look::PHONE.dark()),
    ] {
        browser.look(look).await;
        let overflow = browser.script(OVERFLOW, vec![]).await;
        assert_eq!(overflow, json!([]), "{name}");
        until("all to have faded in", LIMIT, async || {
            (number(&browser, "return document.getAnimations().length").await == 0.0).then_some(())
        })
        .await;
        browser.screenshot(name).await;
    }
    browser.look(Look::DESKTOP).await;
    press(&browser, "m").await;
    for nodes in ["500", "1000"] {
        set(&browser, "preset", "thousand").await;
        set(&browser, "nodes", nodes).await;
        click(&browser, "play").await;
        until_clock(&browser, 1.9).await;
        println!("{nodes} nodes: {}", text(&browser, "meter").await);
        let p95: Value =
            browser.script("return document.querySelector('[data-testid=meter]').dataset.p95", vec![]).await;
        assert!(p95.as_str().is_some_and(|p95| p95.parse::<f64>().is_ok_and(|ms| ms > 0.0)), "{p95}");
        click(&browser, "play").await;
    }
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn other_seeds_give_a_band_and_the_unluckiest_opens() {
    let (browser, _server) = lab().await;
    set(&browser, "preset", "tree-against-random").await;
    click(&browser, "sweep-toggle").await;
    let words = browser.text(&by_testid("sweep-words"), |text| text.starts_with("100 seeds")).await;
    assert!(words.contains("90 % within"), "{words}");
    click(&browser, "sweep-unluckiest").await;
    browser.text(&by_testid("source-facts"), |text| !text.contains("seed 42")).await;
    let words = text(&browser, "sweep-words").await;
    assert!(words.starts_with("100 seeds"), "the band is of the setup, not of the seed: {words}");
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn the_map_of_fanout_and_loss_opens_the_run_behind_a_place() {
    let (browser, _server) = lab().await;
    set(&browser, "preset", "tree-against-random").await;
    click(&browser, "sweep-map").await;
    until("all runs of the map", LIMIT, async || {
        let table = text(&browser, "sweep-table").await;
        (table.contains("75 of 75 runs") && !table.contains('…')).then_some(())
    })
    .await;
    click(&browser, "sweep-cell-3-20").await;
    browser.text(&by_testid("source-facts"), |text| text.contains("fanout 3 · loss 20 %")).await;
    status(&browser, "Quiet").await;
    browser.assert_quiet_console().await;
}
