//! Time in the user's hands: steps either way, any moment, forks.

use super::page::{
    LIMIT, by_testid, choose, click, clock, focus, lab, number, press, set, status, text, until_clock,
};
use rumormill_e2e::{Browser, until};
use serde_json::json;

/// The scrubber's way to a moment, in seconds.
async fn seek(browser: &Browser, seconds: f64) {
    set(browser, "scrubber", &format!("{}", seconds * 1e6)).await;
    until(&format!("{seconds} s in sight"), LIMIT, async || (clock(browser).await == seconds).then_some(()))
        .await;
}

#[tokio::test]
async fn any_moment_is_a_move_of_the_slider_away() {
    let (browser, _server) = lab().await;
    set(&browser, "speed", "1").await;
    click(&browser, "play").await;
    until_clock(&browser, 6.0).await;
    click(&browser, "play").await;
    seek(&browser, 0.7).await;
    let then = text(&browser, "covered").await;
    assert!(then.ends_with("of 50") && then != "50 of 50", "on its way: {then}");
    seek(&browser, 0.2).await;
    status(&browser, "Quiet").await;
    seek(&browser, 0.7).await;
    until("the same again", LIMIT, async || (text(&browser, "covered").await == then).then_some(())).await;
    let spoken = browser.script("return document.querySelector('#moment').ariaValueText ?? document.querySelector('#moment').getAttribute('aria-valuetext')", vec![]).await;
    assert!(spoken.as_str().is_some_and(|text| text.starts_with("0.700 s of ")), "{spoken}");
    press(&browser, "G").await;
    until_clock(&browser, 6.0).await;
    press(&browser, "g").await;
    until("the start", LIMIT, async || (clock(&browser).await == 0.0).then_some(())).await;
    for key in [".", ".", "]", "[", ","] {
        press(&browser, key).await;
    }
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn acting_in_the_past_forks_and_both_branches_stay() {
    let (browser, _server) = lab().await;
    set(&browser, "speed", "1").await;
    choose(&browser, "view-table").await;
    click(&browser, "play").await;
    until_clock(&browser, 5.0).await;
    click(&browser, "play").await;
    seek(&browser, 3.0).await;
    click(&browser, "crash-12").await;
    browser.text(&by_testid("branch-1"), |text| text == "crash 12 at 3.000 s").await;
    browser.text(&by_testid("row-12"), |text| text.contains("down")).await;
    focus(&browser, "play").await;
    press(&browser, "]").await;
    until_clock(&browser, 4.0).await;
    click(&browser, "branch-0").await;
    browser.text(&by_testid("row-12"), |text| text.contains("alive")).await;
    assert_eq!(clock(&browser).await, 4.0, "the same time on the other branch");
    click(&browser, "branch-1").await;
    browser.text(&by_testid("row-12"), |text| text.contains("down")).await;
    let forks = number(&browser, "return document.querySelectorAll('.mark-fork').length").await;
    assert_eq!(forks, 1.0);
    press(&browser, "f").await;
    browser.text(&by_testid("branch-2"), |text| text.starts_with("fork 2 at 4.")).await;
    browser.screenshot("lab-forks").await;
    for fork in 3..=9 {
        press(&browser, "f").await;
        browser.text(&by_testid(&format!("branch-{fork}")), |text| text.starts_with("fork")).await;
    }
    let in_sight = "const strip = document.querySelector('.branches').getBoundingClientRect();
        if (strip.width >= document.querySelector('.branches').scrollWidth) return 0;
        const branch = document.querySelector('.branches [aria-pressed=true]').getBoundingClientRect();
        return branch.left >= strip.left - 1 && branch.right <= strip.right + 1 ? 1 : 0";
    until("the branch in sight", LIMIT, async || (number(&browser, in_sight).await == 1.0).then_some(()))
        .await;
    browser.assert_quiet_console().await;
}

/// How long the page takes to show another moment of 1,000 nodes: reported, never asserted.
#[tokio::test]
async fn scrubbing_a_thousand_nodes_is_measured() {
    let (browser, _server) = lab().await;
    set(&browser, "preset", "thousand").await;
    until("1,000 nodes", LIMIT, async || (text(&browser, "status-chip").await == "Quiet").then_some(()))
        .await;
    set(&browser, "speed", "1").await;
    click(&browser, "play").await;
    until_clock(&browser, 40.0).await;
    click(&browser, "play").await;
    let script = "const done = arguments[1];
        const slider = document.querySelector('#moment');
        const clock = document.querySelector('[data-testid=clock]');
        const wanted = arguments[0].toFixed(3) + ' s';
        const start = performance.now();
        slider.value = String(arguments[0] * 1e6);
        slider.dispatchEvent(new InputEvent('input', { bubbles: true }));
        const look = () => clock.textContent.endsWith(wanted) ? done(performance.now() - start) : setTimeout(look, 1);
        look();";
    let mut took_ms = Vec::new();
    for n in 0..100 {
        let seconds = f64::from((n * 7_919) % 39_000) / 1_000.0 + 0.5;
        let ms = browser.client().execute_async(script, vec![json!(seconds)]).await.expect("it gets there");
        took_ms.push(ms.as_f64().expect("milliseconds"));
    }
    took_ms.sort_by(f64::total_cmp);
    let [median, p95, most] = [50, 95, 99].map(|at| took_ms[at]);
    println!("1,000 nodes, jumps within 40 s: {median:.0} ms median, {p95:.0} ms p95, {most:.0} ms at most");
    browser.assert_quiet_console().await;
}
