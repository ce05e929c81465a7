//! `rumormill demo`: several real nodes in this process, on consecutive ports.

use crate::args::DemoArgs;
use crate::scenarios::{self, Scenario, Stage};
use crate::usage::Usage;
use crate::{signals, table};
use rumormill_node::NodeHandle;
use std::io::{IsTerminal, Write, stdout};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

/// The cluster of a demo.
pub(crate) const CLUSTER: &str = "demo";

pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let mut stage = Stage { places: places(&args)?, tuning: args.tuning.tuning()?, nodes: Vec::new() };
    for at in 0..stage.places.len() {
        match stage.start(at, 0).await {
            Ok(node) => stage.nodes.push(node),
            Err(error) => {
                end(&stage.nodes).await;
                return Err(error);
            }
        }
    }
    let pid = std::process::id();
    print_places(&stage.places, |_| pid);
    announce(&args, &stage.places);
    let outcome = tokio::select! {
        () = signals::end() => Ok(()),
        outcome = play_on(args.scenario, &mut stage) => outcome,
    };
    println!("stopping");
    end(&stage.nodes).await;
    outcome
}

/// Plays the scenario, if there is one, and leaves the cluster running then. Comes back only when it fails.
pub(crate) async fn play_on(scenario: Option<Scenario>, stage: &mut Stage) -> anyhow::Result<()> {
    if let Some(scenario) = scenario {
        scenarios::play(scenario, stage).await?;
    }
    std::future::pending().await
}

async fn end(nodes: &[NodeHandle]) {
    let stops: Vec<_> =
        nodes.iter().cloned().map(|node| tokio::spawn(async move { node.shutdown().await })).collect();
    for stop in stops {
        // A task that panicked has said so.
        let _ = stop.await;
    }
}

/// A node of the demo.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) listen: SocketAddr,
}

impl Place {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.listen)
    }
}

/// Names and consecutive ports. Names have the same length, so that they sort as they count.
pub(crate) fn places(args: &DemoArgs) -> anyhow::Result<Vec<Place>> {
    let (first, count) = (args.listen, args.nodes);
    let why = if first.port() == 0 {
        Some("is no port to count from: a demo takes consecutive ports".to_owned())
    } else if first.ip().is_unspecified() {
        Some(format!("is every address of this machine; name one, for example 127.0.0.1:{}", first.port()))
    } else if first.port().checked_add(count - 1).is_none() {
        Some(format!("leaves no room for {count} ports; choose a lower one"))
    } else {
        None
    };
    if let Some(why) = why {
        return Err(Usage::error(format!("--listen {first} {why}")));
    }
    let digits = count.to_string().len();
    Ok((0..count)
        .map(|at| Place {
            name: format!("n{:0digits$}", at + 1),
            listen: SocketAddr::new(first.ip(), first.port() + at),
        })
        .collect())
}

pub(crate) fn print_places(places: &[Place], pid: impl Fn(usize) -> u32) {
    let row = |(at, place): (usize, &Place)| {
        [place.name.clone(), place.url(), format!("ws://{}/gossip", place.listen), pid(at).to_string()]
    };
    let rows: Vec<_> = places.iter().enumerate().map(row).collect();
    print!("{}", table::table(["NODE", "DASHBOARD AND API", "GOSSIP", "PID"], &rows));
}

/// Says where the dashboard is, and opens it where there is somebody to see it.
pub(crate) fn announce(args: &DemoArgs, places: &[Place]) {
    let url = format!("{}/", places[0].url());
    println!("\nDashboard: {url}\nCtrl-C ends the demo.");
    // Whoever reads this through a pipe wants it now.
    let _ = stdout().flush();
    if !args.no_open && stdout().is_terminal() && !open(&url) {
        println!("No browser was found to open it with.");
    }
}

fn open(url: &str) -> bool {
    let (program, arguments): (&str, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("cmd", &["/C", "start"]),
        _ => ("xdg-open", &[]),
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().is_ok()
}
