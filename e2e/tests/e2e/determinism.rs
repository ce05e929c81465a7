//! A run is its scenario and its seed: the simulator in the browser's worker does exactly what it does natively.

use rumormill_e2e::{Browser, FileServer, settings};
use serde::{Deserialize, Serialize};

/// The worker's commands, as far as this test goes: the place in the list is what travels. The test speaks the wire
/// by itself, because it drives the worker that is shipped and never links the page.
#[derive(Serialize)]
#[allow(dead_code, reason = "the others only keep the last in its place")]
enum Command {
    Start,
    Advance,
    Step,
    StepBack,
    Seek,
    Fork,
    Switch,
    Do,
    Look,
    TraceHash { id: u32, name: String },
}

/// The worker's reports, as far as this test goes.
#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "the others only keep the last in its place")]
enum Report {
    Frame,
    NotStarted,
    Idle,
    TraceHash { id: u32, hash: Result<u64, String> },
}

async fn hash_in_the_browser(browser: &Browser, id: u32, name: &str) -> Result<u64, String> {
    let command = Command::TraceHash { id, name: name.to_owned() };
    let answer =
        browser.ask_worker(&postcard::to_allocvec(&command).expect("a command can be encoded")).await;
    match postcard::from_bytes(&answer) {
        Ok(Report::TraceHash { id: answered, hash }) if answered == id => hash,
        other => panic!("not the answer to question {id}: {other:?} ({answer:02x?})"),
    }
}

#[tokio::test]
async fn every_named_scenario_leaves_the_same_trace_as_natively() {
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.open(&server.url()).await;
    let scenarios = rumormill_sim::scenarios::named();
    assert!(scenarios.len() >= 3, "too few scenarios to mean anything");
    for (id, scenario) in (1..).zip(scenarios) {
        let native = rumormill_sim::trace_hash_of(&scenario.name).expect("a named scenario can be found");
        let browsers = hash_in_the_browser(&browser, id, &scenario.name).await;
        assert_eq!(browsers, Ok(native), "the trace of `{}` differs", scenario.name);
    }
    let unknown = hash_in_the_browser(&browser, 0, "no such scenario").await;
    assert!(unknown.is_err(), "{unknown:?}");
}
