//! `rumormill bench spread`: real nodes on loopback, one write after another on
//! nodes chosen at random, each to a key of its own, and the time until every
//! node has it. A watcher on
//! each node tells when it does: through the handle in one process, through
//! server-sent events where the nodes are processes of their own, whose time
//! counts then. What is idle is measured before the first write.

use crate::args::{BenchSpreadArgs, LogArgs};
use crate::demo::Place;
use crate::scenarios::Stage;
use crate::usage::Usage;
use crate::{processes, table};
use anyhow::{Context, bail};
use rumormill_api::{EntryView, SetBody, SetKind, StatusView};
use rumormill_core::Status;
use rumormill_node::NodeHandle;
use rumormill_node::client::{Client, Told, key_path};
use serde::Serialize;
use std::fs;
use std::io::{IsTerminal, Write, stderr};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::process::Child;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

/// What is written, by all or with the node's name behind it. The values are the updates' numbers.
const KEY: &str = "bench/";

/// Nodes in one process that start at once. A thousand would first make links for a tree that changes with each of
/// them, and might run out of files.
const START_AT_ONCE: usize = 50;

/// How long all nodes may take to know each other. A guess.
const JOIN_LIMIT: Duration = Duration::from_secs(300);

/// How long an update may take until it counts as lost. A guess: thirty rounds.
const UPDATE_LIMIT: Duration = Duration::from_secs(30);

/// How often the nodes are asked whether they know each other.
const LOOK: Duration = Duration::from_millis(100);

/// Clock ticks in a second: what Linux tells programs on every machine.
const TICKS_PER_S: f64 = 100.0;

/// What one update took.
#[derive(Debug, Serialize)]
struct Update {
    update: u32,
    node: String,
    /// Until the last node had it; none if not all had it in time.
    ms: Option<f64>,
    reached: usize,
}

#[derive(Debug, Serialize)]
struct Summary {
    nodes: usize,
    processes: bool,
    one_key: bool,
    strategy: String,
    interval_ms: u64,
    updates: u32,
    lost: usize,
    joined_ms: f64,
    median_ms: Option<f64>,
    p99_ms: Option<f64>,
    max_ms: Option<f64>,
    /// Without what the nodes send when idle, and without the transport's own.
    messages_per_update: f64,
    bytes_per_update: f64,
    idle_messages_per_second_per_node: f64,
    idle_bytes_per_second_per_node: f64,
    /// None where the system does not tell.
    cpu_seconds_per_second_per_node_idle: Option<f64>,
    rss_bytes_per_node: Option<f64>,
    /// Without the program's own pages and other files, which processes share.
    own_bytes_per_node: Option<f64>,
}

pub(crate) async fn spread(args: BenchSpreadArgs) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut cluster = Cluster::start(&args, begun).await?;
    for at in 0..cluster.names.len() {
        cluster.knows_all(at, begun).await?;
    }
    let joined_ms = millis(begun.elapsed());
    progress(&format!(
        "{} nodes know each other after {joined_ms:.0} ms; measuring what they do when idle",
        args.nodes
    ));
    let arrivals = cluster.watch().await?;
    // What follows from joining is not idle yet.
    sleep(Duration::from_secs(2)).await;
    let idle = cluster.idle(Duration::from_secs(args.idle_s)).await?;
    let (updates, spent) = cluster.updates(&args, arrivals).await?;
    let tuning = args.tuning.tuning()?;
    let mut times: Vec<f64> = updates.iter().filter_map(|update| update.ms).collect();
    times.sort_by(f64::total_cmp);
    let (seconds, count) = (spent.span.as_secs_f64(), f64::from(args.updates));
    let nodes = f64::from(args.nodes);
    let per_update = |spent: u64, idle: f64| ((spent as f64 - idle * nodes * seconds) / count).max(0.0);
    let summary = Summary {
        nodes: usize::from(args.nodes),
        processes: args.processes,
        one_key: args.one_key,
        strategy: tuning.strategy.to_string(),
        interval_ms: tuning.interval_us.as_millis(),
        updates: args.updates,
        lost: updates.iter().filter(|update| update.ms.is_none()).count(),
        joined_ms,
        median_ms: quantile(&times, 0.5),
        p99_ms: quantile(&times, 0.99),
        max_ms: times.last().copied(),
        messages_per_update: per_update(spent.messages, idle.messages_per_s),
        bytes_per_update: per_update(spent.bytes, idle.bytes_per_s),
        idle_messages_per_second_per_node: idle.messages_per_s,
        idle_bytes_per_second_per_node: idle.bytes_per_s,
        cpu_seconds_per_second_per_node_idle: idle.cpu,
        rss_bytes_per_node: idle.rss,
        own_bytes_per_node: idle.own,
    };
    cluster.end().await;
    if args.json { table::print(&format!("{}\n", serde_json::to_string(&summary)?)) } else { shown(&summary) }
}

fn shown(summary: &Summary) -> anyhow::Result<()> {
    let fields = serde_json::to_value(summary)?;
    let lines = fields.as_object().into_iter().flatten().map(|(name, value)| match value.as_f64() {
        Some(number) if value.is_f64() => format!("{name:37} {number:.3}\n"),
        _ => format!("{name:37} {value}\n"),
    });
    table::print(&lines.collect::<String>())
}

/// The nodes, wherever they run.
struct Cluster {
    clients: Vec<Client>,
    names: Vec<String>,
    handles: Vec<NodeHandle>,
    children: Vec<(String, Child)>,
}

/// What was sent, and in how long.
struct Spent {
    messages: u64,
    bytes: u64,
    span: Duration,
}

/// What one node does per second when nothing happens.
struct Idle {
    messages_per_s: f64,
    bytes_per_s: f64,
    cpu: Option<f64>,
    rss: Option<f64>,
    own: Option<f64>,
}

/// A node, and which update it has.
type Arrivals = mpsc::UnboundedReceiver<(usize, u64)>;

impl Cluster {
    async fn start(args: &BenchSpreadArgs, begun: Instant) -> anyhow::Result<Self> {
        let count = usize::from(args.nodes);
        let mut cluster =
            Self { clients: Vec::new(), names: Vec::new(), handles: Vec::new(), children: Vec::new() };
        let digits = count.to_string().len();
        let name = |at: usize| format!("n{:0digits$}", at + 1);
        let mut stage = Stage { places: Vec::new(), tuning: args.tuning.tuning()?, nodes: Vec::new() };
        for at in 0..count {
            let port = if args.processes { port(args, at)? } else { 0 };
            let place = Place { name: name(at), listen: SocketAddr::new(args.listen.ip(), port) };
            stage.places.push(place);
        }
        for at in 0..count {
            if !args.processes && at % START_AT_ONCE == 0 && at > 0 {
                cluster.knows_all(0, begun).await?;
                progress(&format!("{at} of {count} nodes have joined"));
            }
            cluster.names.push(stage.places[at].name.clone());
            let url = if args.processes {
                let (place, first) = (&stage.places[at], &stage.places[0]);
                let child = processes::spawn(place, first, &args.tuning, &LogArgs::default())?;
                cluster.children.push((place.name.clone(), child));
                if at == 0 {
                    processes::answers(place, &mut cluster.children).await?;
                }
                place.url()
            } else {
                // Through one of those who are in already, each through another: a single one would soon have no
                // room for another link.
                let node = stage.start(at, at % (at / START_AT_ONCE * START_AT_ONCE).max(1)).await?;
                // Its port was the system's choice; others join there.
                stage.places[at].listen = node.local_addr();
                cluster.handles.push(node);
                stage.places[at].url()
            };
            cluster.clients.push(Client::new(&url)?);
        }
        Ok(cluster)
    }

    async fn status(&self, at: usize) -> anyhow::Result<StatusView> {
        match self.handles.get(at) {
            Some(node) => Ok(node.status().await?),
            None => Ok(self.clients[at].get("status").await?),
        }
    }

    /// Waits until a node knows all that were started.
    async fn knows_all(&mut self, at: usize, begun: Instant) -> anyhow::Result<()> {
        let count = self.names.len();
        loop {
            let alive = self
                .status(at)
                .await
                .map_or(0, |status| status.members.get(&Status::Alive).copied().unwrap_or(0));
            if alive as usize == count {
                return Ok(());
            }
            if begun.elapsed() > JOIN_LIMIT {
                bail!("{} knows {alive} of {count} nodes after {} s", self.names[at], JOIN_LIMIT.as_secs());
            }
            for (name, child) in &mut self.children {
                if let Some(status) = child.try_wait()? {
                    bail!("{name} ended ({status}); its reason stands above");
                }
            }
            sleep(LOOK).await;
        }
    }

    /// Tells of each update that arrives anywhere.
    async fn watch(&self) -> anyhow::Result<Arrivals> {
        let (tell, arrivals) = mpsc::unbounded_channel();
        for at in 0..self.names.len() {
            let tell = tell.clone();
            if let Some(node) = self.handles.get(at) {
                let mut watch = node.watch(KEY).await?;
                tokio::spawn(async move {
                    while let Some(event) = watch.next().await {
                        let number = event.entry.and_then(|entry| entry.value.as_u64());
                        if number.is_some_and(|number| tell.send((at, number)).is_err()) {
                            return;
                        }
                    }
                });
            } else {
                let mut follow = self.clients[at].watch(KEY, None).await?;
                tokio::spawn(async move {
                    while let Ok(Some(told)) = follow.next().await {
                        let Told::Event(event) = told else { continue };
                        let number = event.entry.and_then(|entry| entry.value.as_u64());
                        if number.is_some_and(|number| tell.send((at, number)).is_err()) {
                            return;
                        }
                    }
                });
            }
        }
        Ok(arrivals)
    }

    /// Messages and bytes that all nodes together have sent.
    async fn sent(&self) -> anyhow::Result<(u64, u64)> {
        let (mut messages, mut bytes) = (0, 0);
        for at in 0..self.names.len() {
            let tallies = self.status(at).await?.tallies;
            messages += tallies.sent_messages;
            bytes += tallies.sent_bytes;
        }
        Ok((messages, bytes))
    }

    async fn idle(&self, span: Duration) -> anyhow::Result<Idle> {
        let before = self.sent().await?;
        let (begun, cpu_before) = (Instant::now(), self.cpu_seconds());
        sleep(span).await;
        let (seconds, cpu_after) = (begun.elapsed().as_secs_f64(), self.cpu_seconds());
        let after = self.sent().await?;
        let nodes = self.names.len() as f64;
        let rate = |before: u64, after: u64| (after - before) as f64 / seconds / nodes;
        Ok(Idle {
            messages_per_s: rate(before.0, after.0),
            bytes_per_s: rate(before.1, after.1),
            cpu: cpu_before.zip(cpu_after).map(|(before, after)| (after - before) / seconds / nodes),
            rss: self.memory_bytes("VmRSS:").map(|bytes| bytes as f64 / nodes),
            own: self.memory_bytes("RssAnon:").map(|bytes| bytes as f64 / nodes),
        })
    }

    async fn updates(
        &self,
        args: &BenchSpreadArgs,
        mut arrivals: Arrivals,
    ) -> anyhow::Result<(Vec<Update>, Spent)> {
        let (before, begun) = (self.sent().await?, Instant::now());
        let mut updates = Vec::new();
        let mut seed = args.seed;
        for number in 0..args.updates {
            let at = next(&mut seed) as usize % self.names.len();
            let key = if args.one_key { KEY.to_owned() } else { format!("{KEY}{}", self.names[at]) };
            let update = self.update(number, at, &key, &mut arrivals).await?;
            if args.json {
                table::print(&format!("{}\n", serde_json::to_string(&update)?))?;
            } else {
                progress(&format!("update {} of {}", number + 1, args.updates));
            }
            updates.push(update);
            sleep(Duration::from_millis(args.pause_ms)).await;
        }
        let (span, after) = (begun.elapsed(), self.sent().await?);
        if !args.json {
            progress("");
        }
        Ok((updates, Spent { messages: after.0 - before.0, bytes: after.1 - before.1, span }))
    }

    async fn update(
        &self,
        number: u32,
        at: usize,
        key: &str,
        arrivals: &mut Arrivals,
    ) -> anyhow::Result<Update> {
        let begun = Instant::now();
        if let Some(node) = self.handles.get(at) {
            node.set(key, number).await?;
        } else {
            let body = SetBody { value: number.into(), ttl_ms: None, kind: SetKind::Register };
            let path = format!("keys/{}", key_path(key));
            let _: EntryView = self.clients[at].send(hyper::Method::PUT, &path, Some(&body)).await?;
        }
        let mut reached = vec![false; self.names.len()];
        let mut last = begun.elapsed();
        while reached.contains(&false) {
            let Ok(arrival) = timeout_at(begun + UPDATE_LIMIT, arrivals.recv()).await else { break };
            let (at, arrived) = arrival.context("the nodes have stopped")?;
            if arrived == u64::from(number) {
                reached[at] = true;
                last = begun.elapsed();
            }
        }
        let reached = reached.into_iter().filter(|reached| *reached).count();
        let ms = (reached == self.names.len()).then(|| millis(last));
        Ok(Update { update: number, node: self.names[at].clone(), ms, reached })
    }

    /// The processes of the nodes.
    fn pids(&self) -> Vec<String> {
        if self.children.is_empty() {
            return vec!["self".to_owned()];
        }
        self.children.iter().filter_map(|(_, child)| Some(child.id()?.to_string())).collect()
    }

    fn cpu_seconds(&self) -> Option<f64> {
        let ticks = |pid: String| -> Option<u64> {
            let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // The program's name may hold anything, so fields are counted from behind it: utime and stime are 14 and 15.
            let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
            let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
            Some(user + system)
        };
        let total: Option<u64> = self.pids().into_iter().map(ticks).sum();
        total.map(|ticks| ticks as f64 / TICKS_PER_S)
    }

    /// What a line of /proc/PID/status says, of all processes together.
    fn memory_bytes(&self, name: &str) -> Option<u64> {
        let bytes = |pid: String| -> Option<u64> {
            let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1_024)
        };
        self.pids().into_iter().map(bytes).sum()
    }

    async fn end(self) {
        let mut stops = JoinSet::new();
        for node in self.handles {
            stops.spawn(async move { node.shutdown().await });
        }
        stops.join_all().await;
        processes::end(self.children).await;
    }
}

fn port(args: &BenchSpreadArgs, at: usize) -> anyhow::Result<u16> {
    let port = u16::try_from(at).ok().and_then(|at| args.listen.port().checked_add(at));
    port.ok_or_else(|| {
        Usage::error(format!("--listen {} leaves no room for {} ports", args.listen, args.nodes))
    })
}

/// The smallest time that this share of the updates did not exceed.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1_000.0
}

/// SplitMix64 (Steele, Lea and Flood 2014): enough to choose nodes, and the same each time.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// One line that is written over, for whoever waits at a terminal.
fn progress(line: &str) {
    if stderr().is_terminal() {
        eprint!("\r\x1b[K{line}");
        // A terminal that is gone needs no line.
        let _ = stderr().flush();
    }
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let times: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(
            [0.5, 0.99, 1.0].map(|share| quantile(&times, share)),
            [Some(50.0), Some(99.0), Some(100.0)]
        );
        assert_eq!(quantile(&times[..1], 0.5), Some(1.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
