//! The bundle on a static host.

use rumormill_e2e::{Browser, BundleCopy, FileServer, Look, settings, until};
use std::{fs, time::Duration};

async fn check_loads_under(mount: &str) {
    let server = FileServer::start(&settings::dist(), mount);
    let browser = Browser::start().await;
    browser.open(&server.url()).await;
    browser.text("body", |text| text.contains("Rumormill") && text.contains("Lab")).await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn loads_at_the_top_of_a_host() {
    check_loads_under("/").await;
}

#[tokio::test]
async fn loads_in_a_folder_of_a_host() {
    check_loads_under("/some/folder/").await;
}

/// The Lab's program runs the shell here, and two others carry Live and the Race: what is done in one must not be taken
/// for something done in another.
#[tokio::test]
async fn places_that_other_programs_carry_take_what_is_done_in_them() {
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.open(&format!("{}#/lab", server.url())).await;
    browser.text("main > :not([hidden]) [data-testid=source-facts]", |text| text.contains("50 nodes")).await;
    let theme = async || browser.script("return document.documentElement.dataset.theme", vec![]).await;
    let before = theme().await;

    browser.click("[data-testid=place-live]").await;
    browser
        .text("main > :not([hidden]) [data-testid=status-chip]", |text| text.contains("Not connected"))
        .await;
    browser.click("main > :not([hidden]) [data-testid=live-address]").await;
    let focused = browser.script("return document.activeElement.id", vec![]).await;
    assert_eq!(focused, "live-address", "a click there is a click there");
    let field = browser.client().active_element().await.expect("the field has the focus");
    field.send_keys("no address").await.expect("it takes text");
    browser.click("main > :not([hidden]) [data-testid=live-connect]").await;
    browser.text("main > :not([hidden]) [data-testid=live-address-error]", |text| !text.is_empty()).await;

    browser.click("[data-testid=place-race]").await;
    browser.text("main > :not([hidden]) [data-testid=status-chip]", |text| text == "Ready").await;
    browser.click("[data-testid=race-play]").await;
    browser.text("main > :not([hidden]) [data-testid=status-chip]", |text| text != "Ready").await;

    assert_eq!(theme().await, before, "nothing of that was for the shell");
    browser.click("[data-testid=theme-toggle]").await;
    assert_ne!(theme().await, before, "but this is");
    browser.click("[data-testid=place-lab]").await;
    browser.text("main > :not([hidden]) [data-testid=source-facts]", |text| text.contains("50 nodes")).await;
    browser.assert_quiet_console().await;
}

/// Programs come in two parts. The second one is fetched when the page has stood for five seconds: had something of it
/// been needed before, it would have been asked for with the first.
async fn check_stands_by_its_first_parts(place: &str, look: Look, programs: &[&str]) {
    const LEAST: Duration = Duration::from_millis(4_500);
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.look(look).await;
    browser.open(&format!("{}{place}", server.url())).await;
    for program in programs {
        let asked = |end: &str| {
            let is_it = |path: &String| path.starts_with(&format!("{program}-")) && path.ends_with(end);
            server.asked().into_iter().find(|(path, _)| is_it(path)).map(|(_, at)| at)
        };
        let limit = Duration::from_secs(30);
        let rest = until("the rest to be fetched", limit, async || asked("-rest.wasm")).await;
        let script = asked(".js").expect("its script came first");
        assert!(
            rest - script >= LEAST,
            "{place} needs the rest of {program} after {:?}: run `cargo xtask first-load` and commit what it writes",
            rest - script
        );
    }
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn the_lab_stands_by_its_first_parts() {
    for look in [Look::DESKTOP, Look::PHONE.dark()] {
        check_stands_by_its_first_parts("#/lab", look, &["lab", "worker"]).await;
    }
}

#[tokio::test]
async fn race_and_live_stand_by_their_first_parts() {
    check_stands_by_its_first_parts("#/race", Look::DESKTOP, &["race"]).await;
    check_stands_by_its_first_parts("#/live", Look::DESKTOP, &["live"]).await;
}

/// Whoever asks more of a page than its first part can do before the rest is there waits for it, and no longer.
#[tokio::test]
async fn what_is_asked_before_the_rest_is_there_is_done() {
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.open(&format!("{}#/lab", server.url())).await;
    let press = "document.querySelector('[data-testid=share-open]').click();";
    until("the button", Duration::from_secs(20), async || {
        let script = format!("try {{ {press} return true; }} catch {{ return false; }}");
        browser.script(&script, vec![]).await.as_bool().filter(|pressed| *pressed)
    })
    .await;
    browser.text("[data-testid=share]", |text| text.contains("A link to this run")).await;
    browser.assert_quiet_console().await;
}

/// A part that cannot be had is said.
#[tokio::test]
async fn a_part_that_cannot_be_fetched_is_said() {
    let copy = BundleCopy::new();
    fs::remove_file(copy.file("lab-", "-rest.wasm")).expect("it can be removed");
    let server = FileServer::start(copy.folder(), "/");
    let browser = Browser::start().await;
    browser.open(&format!("{}#/lab", server.url())).await;
    browser.text("[data-testid=status-chip]", |text| text == "Quiet").await;
    browser.script("document.querySelector('[data-testid=share-open]').click();", vec![]).await;
    let told =
        |text: &str| text.contains("part of it could not be fetched") && text.contains("Load it again");
    browser.text("#shell", told).await;
}
