//! The harness sees what it claims to see.

use rumormill_e2e::{Browser, FileServer, Look, settings};
use serde_json::json;

async fn with_page() -> (Browser, FileServer) {
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.open(&server.url()).await;
    (browser, server)
}

async fn check_is_heard(script: &str, expected: &str) {
    let (browser, _server) = with_page().await;
    browser.assert_quiet_console().await;
    browser.script(script, vec![]).await;
    let heard =
        rumormill_e2e::until("the console to say it", std::time::Duration::from_secs(5), async || {
            browser.console().await.into_iter().find(|message| message.text.contains(expected))
        })
        .await;
    assert_eq!(heard.level, "SEVERE", "{heard:?}");
}

#[tokio::test]
async fn an_error_that_a_script_logs_is_heard() {
    check_is_heard("console.error('no such luck')", "no such luck").await;
}

#[tokio::test]
async fn an_error_that_nobody_catches_is_heard() {
    check_is_heard("setTimeout(() => { throw new Error('uncaught'); })", "uncaught").await;
}

#[tokio::test]
async fn an_error_in_a_worker_is_heard() {
    let script = "new Worker('data:text/javascript,throw new Error(\"in the worker\")')";
    check_is_heard(script, "in the worker").await;
}

#[tokio::test]
async fn a_request_that_fails_is_heard() {
    check_is_heard("fetch('missing.json')", "404").await;
}

#[tokio::test]
async fn the_look_reaches_the_page() {
    let (browser, _server) = with_page().await;
    let seen = "return [innerWidth, innerHeight, matchMedia('(prefers-color-scheme: dark)').matches,
        matchMedia('(prefers-reduced-motion: reduce)').matches, navigator.maxTouchPoints > 0]";
    assert_eq!(browser.script(seen, vec![]).await, json!([1280, 800, false, false, false]));
    browser.look(Look { reduced_motion: true, ..Look::PHONE.dark() }).await;
    assert_eq!(browser.script(seen, vec![]).await, json!([390, 844, true, true, true]));
}

#[tokio::test]
async fn a_screenshot_is_a_picture_of_the_page() {
    let (browser, _server) = with_page().await;
    let file = browser.screenshot("harness").await;
    let bytes = std::fs::read(&file).unwrap();
    assert!(bytes.starts_with(b"\x89PNG"), "{}", file.display());
}
