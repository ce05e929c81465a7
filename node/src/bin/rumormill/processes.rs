//! `rumormill demo --processes`: each node an operating-system process, which
//! can be killed by itself. The nodes' stdin is a pipe from here: they end when
//! it does, however this program ends.

use crate::args::{DemoArgs, LogArgs, LogFormat, TuningArgs};
use crate::demo::{CLUSTER, Place, announce, places, play_on, print_places};
use crate::scenarios::Stage;
use crate::signals;
use anyhow::{Context, bail};
use rumormill_api::StatusView;
use rumormill_node::client::Client;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// How long a node may take until it answers. A guess, generous for a machine that does other things.
const START_LIMIT: Duration = Duration::from_secs(30);

/// How often a node that does not answer yet is asked.
const ASK_PAUSE: Duration = Duration::from_millis(20);

/// How long the nodes may take to end before they are killed.
const END_LIMIT: Duration = Duration::from_secs(5);

pub(crate) async fn run(args: DemoArgs, log: LogArgs) -> anyhow::Result<()> {
    let places = places(&args)?;
    let mut children = Vec::new();
    for place in &places {
        children.push((place.name.clone(), spawn(place, &places[0], &args.tuning, &log)?));
        if let Err(error) = answers(place, &mut children).await {
            end(children).await;
            return Err(error);
        }
    }
    let pids: Vec<u32> = children.iter().map(|(_, child)| child.id().unwrap_or_default()).collect();
    print_places(&places, |at| pids[at]);
    announce(&args, &places);

    let mut ended = JoinSet::new();
    let mut pipes = Vec::new();
    for (name, mut child) in children {
        pipes.extend(child.stdin.take());
        ended.spawn(async move { (name, child.id(), child.wait().await) });
    }
    let mut stage = Stage { places, tuning: args.tuning.tuning()?, nodes: Vec::new() };
    let (signal, play) = (signals::end(), play_on(args.scenario, &mut stage));
    tokio::pin!(signal, play);
    loop {
        tokio::select! {
            () = &mut signal => break,
            outcome = &mut play => return outcome,
            Some(Ok((name, pid, status))) = ended.join_next() => {
                let pid = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
                println!("{name}{pid} ended: {}", in_words(status));
                if ended.is_empty() {
                    bail!("no node is left");
                }
            }
        }
    }
    println!("stopping");
    drop(pipes);
    let all = async { while ended.join_next().await.is_some() {} };
    if timeout(END_LIMIT, all).await.is_err() {
        // Dropping the set drops the children, which kills them.
        println!("some nodes did not stop in time and were killed");
    }
    Ok(())
}

pub(crate) fn spawn(
    place: &Place,
    first: &Place,
    tuning: &TuningArgs,
    log: &LogArgs,
) -> anyhow::Result<Child> {
    let program = std::env::current_exe().context("cannot find this program to start nodes from")?;
    let mut command = Command::new(program);
    command.args(["run", "--until-stdin-ends", "--cluster", CLUSTER, "--name", &place.name]);
    command.args(["--listen", &place.listen.to_string(), "--log", log.log.as_deref().unwrap_or("warn")]);
    if log.log_format == Some(LogFormat::Json) {
        command.args(["--log-format", "json"]);
    }
    if place.listen != first.listen {
        command.args(["--join", &first.url()]);
    }
    let numbers = [
        ("--strategy", tuning.strategy.map(|strategy| strategy.to_string())),
        ("--mode", tuning.mode.map(|mode| mode.to_string())),
        ("--fanout", tuning.fanout.map(|fanout| fanout.to_string())),
        ("--arity", tuning.arity.map(|arity| arity.to_string())),
        ("--interval-ms", tuning.interval_ms.map(|ms| ms.to_string())),
        ("--probe-ms", tuning.probe_ms.map(|ms| ms.to_string())),
        ("--limiter", tuning.limiter.clone()),
    ];
    for (flag, value) in numbers {
        if let Some(value) = value {
            command.args([flag, &value]);
        }
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true);
    command.spawn().with_context(|| format!("cannot start the process of {}", place.name))
}

/// Waits until the newest node answers. It says itself, on stderr, why it ends if it does.
pub(crate) async fn answers(place: &Place, children: &mut [(String, Child)]) -> anyhow::Result<()> {
    let client = Client::new(&place.url())?;
    let limit = Instant::now() + START_LIMIT;
    let (name, child) = children.last_mut().context("a node was just started")?;
    loop {
        if let Some(status) = child.try_wait()? {
            bail!("{name} did not start ({status}); its reason stands above");
        }
        // Somebody else on that port would answer, too; then the node ends, which is seen above.
        if let Ok(status) = client.get::<StatusView>("status").await
            && status.node.as_str() == name
            && Some(status.pid) == child.id()
        {
            return Ok(());
        }
        if Instant::now() > limit {
            bail!("{name} does not answer on {} within {} s", place.url(), START_LIMIT.as_secs());
        }
        sleep(ASK_PAUSE).await;
    }
}

pub(crate) async fn end(children: Vec<(String, Child)>) {
    for (_, mut child) in children {
        drop(child.stdin.take());
        // Killed when dropped, if it does not end by itself.
        let _ = timeout(END_LIMIT, child.wait()).await;
    }
}

fn in_words(status: std::io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    }
}
