//! A write that is followed from member to member, over what the simulator predicts.

use super::page::{
    LIMIT, NODES, choose, cluster_page, count, has_members, kill, set_in_page, show_table, there_is,
};
use rumormill_e2e::{Look, until};
use serde_json::json;
use std::time::Duration;

/// A hundred simulated runs beside everything else. A guess.
const SIMULATED: Duration = Duration::from_secs(120);

#[tokio::test]
async fn a_write_is_measured_over_the_band_of_a_hundred_simulated_runs() {
    let (cluster, _server, browser) = cluster_page(NODES).await;
    // Some rounds, so that round trips were seen.
    until("some rounds", LIMIT, async || {
        let status = cluster.get(0, "status").await?;
        (status["tallies"]["rounds"].as_u64()? > 8).then_some(())
    })
    .await;
    set_in_page(&browser, "config/color", "teal").await;
    there_is(&browser, "[data-testid=live-spread-body][data-key='config/color'][data-informed='5']").await;
    until("a hundred simulated runs", SIMULATED, async || {
        (count(&browser, "[data-testid=live-spread-body][data-state=done]").await > 0).then_some(())
    })
    .await;
    let words =
        browser.text("[data-testid=live-spread-words]", |text| text.contains("all 5 had it after")).await;
    assert!(words.contains("simulated, it takes"), "{words}");
    let how =
        browser.text("[data-testid=live-spread-how]", |text| text.contains("Predicted for 5 nodes")).await;
    for part in ["hybrid", "round trips", "clocks differ", "may be off by"] {
        assert!(how.contains(part), "{part}: {how}");
    }
    println!("{words}\n{how}");

    // The band is an area, not a line at the right edge: half of the runs are through before the end.
    let spread = "const box = document.querySelector('.spread-band').getBBox();
        const median = document.querySelector('.spread-median').getAttribute('d').match(/[ML]([0-9.]+) ([0-9.]+)/g)
            .map(point => point.slice(1).split(' ').map(Number));
        return [box.width, box.height, median.find(([, y]) => y === 0)[0]]";
    let [width, height, full]: [f64; 3] =
        serde_json::from_value(browser.script(spread, vec![]).await).expect("three numbers");
    assert!(width > 900.0 && height > 700.0 && full < 950.0, "{width} x {height}, full at {full}");

    let way =
        browser.text("[data-testid=live-spread-way]", |text| text.matches("got it from").count() == 4).await;
    assert!(way.starts_with("n1 wrote it; n") && way.ends_with('.'), "{way}");
    println!("{way}");

    browser.script("document.querySelector('[data-testid=live-arrivals]').open = true", vec![]).await;
    for member in ["n2", "n3", "n4", "n5"] {
        there_is(&browser, &format!("[data-testid=live-arrival][data-member={member}]")).await;
    }
    browser.text("[data-testid=live-arrivals]", |text| text.matches('±').count() == 4).await;
    for (name, look) in [
        ("live-spread", Look::DESKTOP),
        ("live-spread-dark", Look::DESKTOP.dark()),
        ("live-spread-phone", Look::PHONE),
    ] {
        browser.look(look).await;
        if look.mobile {
            choose(&browser, "[data-testid=live-section-keys]").await;
            browser
                .script("document.querySelector('[data-testid=live-spread]').scrollIntoView()", vec![])
                .await;
        }
        browser.screenshot(name).await;
    }
    browser.look(Look::DESKTOP).await;

    // A refused write leaves the last one in sight; another one takes its place.
    set_in_page(&browser, &"k".repeat(300), "x").await;
    there_is(&browser, "[data-testid=live-fate][data-fate=refused]").await;
    there_is(&browser, "[data-testid=live-spread-body][data-key='config/color']").await;
    set_in_page(&browser, "other", "1").await;
    there_is(&browser, "[data-testid=live-spread-body][data-key=other][data-informed='5']").await;
    choose(&browser, "[data-testid=live-spread-charts-traffic]").await;
    there_is(&browser, "[data-testid=live-limiter]").await;
    assert_eq!(
        browser.script("return document.querySelector('.live-spread').offsetParent", vec![]).await,
        json!(null)
    );
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn how_a_member_got_the_write_and_why_one_lacks_it_is_said() {
    let (cluster, _server, browser) = cluster_page(4).await;
    show_table(&browser).await;
    has_members(&browser, "alive", 4).await;
    set_in_page(&browser, "color", "teal").await;
    there_is(&browser, "[data-testid=live-spread-body][data-informed='4']").await;
    browser.click("[data-testid=live-member-n3]").await;
    let write = "[data-testid=live-inspector-write]";
    browser.text(write, |text| text.starts_with("Latest write, color: n3 got it from n")).await;
    assert_eq!(count(&browser, "[data-testid=live-spread-lacking]").await, 0);

    kill(&cluster, 3).await;
    set_in_page(&browser, "color", "red").await;
    let lacking = "[data-testid=live-spread-lacking]";
    let words = browser.text(lacking, |text| text.contains("n4")).await;
    assert!(words.contains("Whether n4 has it is not known: "), "{words}");
    browser.text(lacking, |text| text.contains("it does not tell: ")).await;
    has_members(&browser, "down", 1).await;
    let words = browser.text(lacking, |text| text.contains("n1 holds it to be down")).await;
    assert!(!words.contains("n2") && !words.contains("n3"), "the others have it: {words}");
    browser.click("[data-testid=live-member-n4]").await;
    browser.text(write, |text| text.contains("n4 is not known to have it: n1 holds it to be down")).await;
    for (name, look) in [
        ("live-lacking", Look::DESKTOP),
        ("live-lacking-dark", Look::DESKTOP.dark()),
        ("live-lacking-phone", Look::PHONE),
    ] {
        browser.look(look).await;
        if look.mobile {
            choose(&browser, "[data-testid=live-section-keys]").await;
            let show = "document.querySelector('[data-testid=live-spread]').scrollIntoView()";
            browser.script(show, vec![]).await;
        }
        browser.screenshot(name).await;
    }
    browser.assert_quiet_console().await;
}
