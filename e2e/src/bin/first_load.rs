//! What a first look runs: opens a watched bundle as a visitor does who only looks, and writes for each program
//! which of its functions ran, as JSON. `cargo xtask first-load` builds the bundle and makes something of the answer;
//! nothing is judged here.

use rumormill_e2e::{Browser, Cluster, FileServer, Look, settings, until};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    time::Duration,
};

/// How long a visitor looks: the page stands and has settled by then. A guess, generous for a machine with four
/// browsers.
const STANDING: Duration = Duration::from_secs(10);

const LOOKS: [Look; 3] = [Look::DESKTOP, Look::DESKTOP.dark(), Look::PHONE];

type Ran = BTreeMap<String, BTreeSet<u64>>;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let output = env::args_os().nth(1).expect("the first argument is where the answer goes");
    let mut ran = Ran::new();
    let server = FileServer::start(&settings::dist(), "/");
    let cluster = Cluster::demo(3, &[]).await;
    let place = |hash: &str| format!("{}{hash}", server.url());
    let addresses = [place(""), place("#/lab"), place("#/race"), place("#/live"), cluster.url(0)];
    for look in LOOKS {
        let looked =
            futures_util::future::join_all(addresses.iter().map(|address| visit(address, look))).await;
        for (program, functions) in looked.into_iter().flatten() {
            ran.entry(program).or_default().extend(functions);
        }
    }
    fs::write(&output, json!(ran).to_string()).expect("the answer can be written");
}

async fn visit(address: &str, look: Look) -> Ran {
    let mut ran = Ran::new();
    let browser = Browser::start().await;
    browser.look(look).await;
    // Who comes again is not told the same things.
    for _visit in 0..2 {
        browser.open(address).await;
        tokio::time::sleep(STANDING).await;
        collect(&browser, &mut ran).await;
        browser.open("about:blank").await;
    }
    ran
}

async fn collect(browser: &Browser, ran: &mut Ran) {
    let ask = "
        window.watched = {};
        window.watching = new BroadcastChannel('watch');
        window.watching.onmessage = ({ data }) => data.program && (window.watched[data.program] = data.ran);
        window.watching.postMessage('tell');";
    browser.script(ask, vec![]).await;
    // The worker may be in the middle of something.
    let told = until("the programs to tell", Duration::from_secs(20), async || {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let told = browser.script("return window.watched", vec![]).await;
        told.as_object().filter(|told| !told.is_empty()).cloned()
    })
    .await;
    for (program, functions) in told {
        eprintln!("{program}: {} functions", functions.as_array().map_or(0, Vec::len));
        ran.entry(program)
            .or_default()
            .extend(functions.as_array().into_iter().flatten().filter_map(Value::as_u64));
    }
}
