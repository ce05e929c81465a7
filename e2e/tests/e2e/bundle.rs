//! The bundle on a static host.

use rumormill_e2e::{Browser, FileServer, settings};

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
