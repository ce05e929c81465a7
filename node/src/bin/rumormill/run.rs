//! `rumormill run`: one node, until a signal or a command makes it leave. A
//! hang-up makes it read its configuration again.

use crate::args::RunArgs;
use crate::config::{self, Settings, known};
use crate::logs::Log;
use crate::{signals, start};
use anyhow::anyhow;
use rumormill_core::Address;
use rumormill_node::{Ending, LogControl, Node, NodeHandle};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;
use tracing::{error, info, warn};

pub(crate) async fn run(args: RunArgs, mut settings: Settings, log: Arc<Log>) -> anyhow::Result<()> {
    let mut builder = Node::builder()
        .cluster(&settings.cluster)
        .listen(&settings.listen)
        .tuning(settings.tuning)
        .log(log.clone());
    if let Some(name) = &settings.name {
        builder = builder.name(name);
    }
    if let Some(advertise) = &settings.advertise {
        builder = builder.advertise(advertise);
    }
    for url in &settings.join {
        builder = builder.join(url);
    }
    // Whoever sends a signal from here on is heard, even while the node starts.
    let (mut ends, mut hangups) = (signals::Ends::new()?, signals::Hangups::new()?);
    let node = builder.start().await.map_err(start::explain)?;
    info!(node = %node.id(), url = node.url(), gossip = %node.address(), pid = std::process::id(), "started");
    let stdin = stdin_ended(args.until_stdin_ends);
    tokio::pin!(stdin);
    loop {
        tokio::select! {
            () = ends.next() => {
                leave(&node, &settings, &mut ends).await;
                break;
            }
            () = hangups.next() => settings = reload(&args, settings, &node, &log).await,
            () = &mut stdin => {
                info!("the program that started this node is gone");
                break;
            }
            ending = node.left() => {
                node.shutdown().await;
                return match ending {
                    Ending::NameTaken { other } => Err(name_taken(&node, other)),
                    Ending::Failed => Err(anyhow!("the engine failed, which is a defect; start the node again")),
                    _ => Ok(()),
                };
            }
        }
    }
    node.shutdown().await;
    info!("stopped");
    Ok(())
}

fn name_taken(node: &NodeHandle, other: Option<Address>) -> anyhow::Error {
    let at = other.map_or_else(String::new, |other| format!(" at {other}"));
    anyhow!(
        "the cluster has another node{at} that had the name '{}' first; start this one with another --name",
        node.id()
    )
}

/// Says goodbye, within the time that the configuration gives, and no longer once a second signal comes.
async fn leave(node: &NodeHandle, settings: &Settings, ends: &mut signals::Ends) {
    info!("told to stop; leaving the cluster");
    let limit = Duration::from_millis(settings.leave_timeout_ms);
    tokio::select! {
        left = timeout(limit, node.leave()) => if left.is_err() {
            warn!(after_ms = settings.leave_timeout_ms, "the goodbye took too long; the others will find out by themselves");
        },
        () = ends.next() => warn!("told to stop again; ending without a goodbye"),
    }
}

/// Takes over what may change; goes on as before if anything is wrong.
async fn reload(args: &RunArgs, settings: Settings, node: &NodeHandle, log: &Log) -> Settings {
    let next = match config::load(args, std::env::vars()) {
        Ok(next) => next,
        Err(invalid) => {
            error!(%invalid, "the configuration holds a mistake; going on as before");
            return settings;
        }
    };
    if next.log != settings.log {
        let filter = next.log.as_deref().unwrap_or("info");
        if let Err(why) = node.set_log_filter(filter).await {
            error!(%why, "the configuration holds a mistake; going on as before");
            return settings;
        }
    }
    if let Err(why) = node.tune(next.tuning).await {
        error!(%why, "the configuration was not taken over");
        return settings;
    }
    info!(log = log.filter(), tuning = ?next.tuning, "read the configuration again");
    let fixed = known().into_iter().filter(|key| key.field.is_none() && key.name != "log");
    let changed = fixed.filter(|key| {
        next.origins.get(&key.name).map(|now| &now.0) != settings.origins.get(&key.name).map(|was| &was.0)
    });
    let changed: Vec<String> = changed.map(|key| key.name).collect();
    if !changed.is_empty() {
        warn!(keys = changed.join(", "), "these change only when the node is started again");
    }
    // What has not taken effect stays as it was, and is told again the next time.
    Settings { log: next.log, tuning: next.tuning, ..settings }
}

async fn stdin_ended(wanted: bool) {
    if !wanted {
        std::future::pending::<()>().await;
    }
    let mut scratch = [0; 256];
    let mut stdin = tokio::io::stdin();
    while stdin.read(&mut scratch).await.is_ok_and(|read| read > 0) {}
}
