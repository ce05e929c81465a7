//! A message that is looked at: what its two ends tell of it.

use super::page::{LIMIT, choose, cluster_page, count, fill, has_members, set_in_page, show_table, there_is};
use crate::axe::{check, with_axe};
use rumormill_e2e::{Look, until};

#[tokio::test]
async fn a_message_tells_why_it_was_sent_what_it_carries_and_what_became_of_it() {
    let (_cluster, _server, browser) = cluster_page(3).await;
    with_axe(&browser).await;
    show_table(&browser).await;
    has_members(&browser, "alive", 3).await;
    browser.click("[data-testid=live-group-messages]").await;
    fill(&browser, "[data-testid=live-events-search]", "rumor →").await;
    set_in_page(&browser, "color", "teal").await;
    browser.click(".live-event .event-message").await;
    let facts = "[data-testid=live-message-facts]";
    let told = browser.text(facts, |text| !text.contains("is asked")).await;
    for part in ["the peer is a child in the tree", "1 write", "What became of it"] {
        assert!(told.contains(part), "{part}: {told}");
    }

    // While the others are asked what happens at them, they note messages, so the other end is known.
    browser.click("[data-testid=live-events-all]").await;
    let mut number = 0;
    let told = until("a message whose other end is known", LIMIT, async || {
        number += 1;
        set_in_page(&browser, "color", &format!("teal {number}")).await;
        browser.text("[data-testid=live-spread-words]", |text| text.contains("all 3 had it")).await;
        browser.click(".live-event .event-message").await;
        let told = browser.text(facts, |text| !text.contains("is asked")).await;
        told.contains("came in at n").then_some(told)
    })
    .await;
    assert!(told.contains("after it was sent, with news"), "{told}");
    for (name, look) in [
        ("live-message", Look::DESKTOP),
        ("live-message-dark", Look::DESKTOP.dark()),
        ("live-message-phone", Look::PHONE),
        ("live-message-phone-dark", Look::PHONE.dark()),
    ] {
        browser.look(look).await;
        if look.mobile {
            choose(&browser, "[data-testid=live-section-events]").await;
        }
        check(&browser, name).await;
        browser.screenshot(name).await;
    }
    browser.look(Look::DESKTOP).await;

    fill(&browser, "[data-testid=live-events-search]", "←").await;
    browser.click(".live-event .event-message").await;
    browser.text(facts, |text| text.contains("came in")).await;
    let to = browser.text("[data-testid=live-message-to]", |text| text.starts_with('n')).await;
    assert_eq!(to, "n1");
    let from = browser.text("[data-testid=live-message-from]", |text| text.starts_with('n')).await;
    browser.click("[data-testid=live-message-from]").await;
    browser.text("[data-testid=live-inspector]", |text| text.contains(&format!("Member {from}"))).await;
    browser.click("[data-testid=live-message-close]").await;
    until("the message to be closed", LIMIT, async || {
        (count(&browser, "[data-testid=live-message]").await == 0).then_some(())
    })
    .await;
    there_is(&browser, "[data-testid=live-lines]").await;
    browser.assert_quiet_console().await;
}
