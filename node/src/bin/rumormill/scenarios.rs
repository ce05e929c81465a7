//! What happens in a demo: a counter that several nodes increment at once,
//! configuration that spreads to watchers, the health of services as all see
//! it. Everything goes through the nodes' HTTP API, so a scenario plays with
//! nodes in this process and in processes of their own, beside whoever uses
//! the dashboard or the command line meanwhile.

use crate::demo::{CLUSTER, Place};
use crate::{start, table};
use anyhow::{Context, bail};
use clap::ValueEnum;
use rumormill_api::{CounterBody, CounterView, EntryView, HealthBody, HealthList, SetBody, SetKind};
use rumormill_core::{Health, Tuning};
use rumormill_node::client::{Client, ClientError, Told};
use rumormill_node::{Node, NodeHandle};
use serde::Serialize;
use serde_json::json;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// Increments of each node.
const INCREMENTS: i64 = 100;

/// The counter that they increment.
const COUNTER: &str = "demo/hits";

/// What the settings' keys begin with.
const SETTINGS: &str = "demo/";

/// The service that each node has.
const SERVICE: &str = "web";

/// Time for whoever reads along.
const PAUSE: Duration = Duration::from_secs(2);

/// How often the nodes are asked whether they know.
const LOOK: Duration = Duration::from_millis(5);

/// How long something may take until all nodes know. A guess: the longest
/// suspicion at the default tuning, twice.
const LIMIT: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// Every node increments one counter at once; it ends exact
    Counter,
    /// Settings are changed here and there; a watcher on each node tells when they arrive
    Config,
    /// Each node's service, as all nodes see it, while nodes fail and come back
    Health,
}

/// Where a scenario plays.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) places: Vec<Place>,
    pub(crate) tuning: Tuning,
    /// The nodes in this process, in the places' order; none if they are processes of their own.
    pub(crate) nodes: Vec<NodeHandle>,
}

impl Stage {
    fn clients(&self) -> Result<Vec<Client>, ClientError> {
        self.places.iter().map(|place| Client::new(&place.url())).collect()
    }

    /// Starts the node of a place and joins it through another one, if that is another.
    pub(crate) async fn start(&self, at: usize, through: usize) -> anyhow::Result<NodeHandle> {
        let Place { name, listen } = &self.places[at];
        let mut builder = Node::builder().name(name.clone()).cluster(CLUSTER).listen(listen.to_string());
        builder = builder.tuning(self.tuning);
        if at != through {
            builder = builder.join(self.places[through].url());
        }
        builder.start().await.map_err(start::explain)
    }
}

/// Plays a scenario. The cluster stays as it is then.
pub(crate) async fn play(scenario: Scenario, stage: &mut Stage) -> anyhow::Result<()> {
    println!();
    match scenario {
        Scenario::Counter => counter(stage).await,
        Scenario::Config => config(stage).await,
        Scenario::Health => health(stage).await,
    }
}

async fn counter(stage: &Stage) -> anyhow::Result<()> {
    let (clients, count) = (stage.clients()?, stage.places.len());
    let expected = INCREMENTS * i64::try_from(count)?;
    println!(
        "{count} nodes add 1 to '{COUNTER}' at once, {INCREMENTS} times each, without asking each other."
    );
    println!("Look at the counter in the dashboard: every node shows what it has seen so far.");
    let begun = Instant::now();
    let mut adding = JoinSet::new();
    for client in clients.clone() {
        adding.spawn(async move {
            for _ in 0..INCREMENTS {
                let body = CounterBody { by: 1 };
                let _: CounterView = send(&client, hyper::Method::POST, &counter_path(), &body).await?;
            }
            Ok::<_, ClientError>(())
        });
    }
    while let Some(added) = adding.join_next().await {
        added??;
    }
    let added_ms = begun.elapsed().as_millis();
    let mut sums = vec![0; count];
    while sums.iter().any(|sum| *sum != expected) {
        for (client, sum) in clients.iter().zip(&mut sums) {
            *sum = client.get::<CounterView>(&counter_path()).await?.value;
        }
        if begun.elapsed() > LIMIT {
            bail!("the nodes read {sums:?}, not {expected}");
        }
        sleep(LOOK).await;
    }
    let rows: Vec<_> =
        stage.places.iter().zip(&sums).map(|(place, sum)| [place.name.clone(), sum.to_string()]).collect();
    print!("{}", table::table(["NODE", "READS"], &rows));
    println!(
        "Exact on all: {count} × {INCREMENTS} = {expected}. Written in {added_ms} ms, read everywhere after {} ms.",
        begun.elapsed().as_millis()
    );
    println!("Go on yourself: rumormill incr {COUNTER} 5 --url {}", stage.places[count - 1].url());
    Ok(())
}

fn counter_path() -> String {
    format!("counters/{}", rumormill_node::client::key_path(COUNTER))
}

async fn config(stage: &Stage) -> anyhow::Result<()> {
    let clients = stage.clients()?;
    println!("A watcher on each node tells when a setting arrives; each is written on another node.");
    let (tell, mut told) = mpsc::channel(1_024);
    let mut watchers = JoinSet::new();
    for (place, client) in stage.places.iter().zip(&clients) {
        let mut follow = client.watch(SETTINGS, None).await?;
        let (name, tell) = (place.name.clone(), tell.clone());
        watchers.spawn(async move {
            while let Ok(Some(next)) = follow.next().await {
                let Told::Event(event) = next else { continue };
                if tell.send((name.clone(), Instant::now(), event)).await.is_err() {
                    return;
                }
            }
        });
    }
    drop(tell);
    let settings = [
        ("mode", json!("dark")),
        ("limit", json!(250)),
        ("features", json!(["search", "export"])),
        ("mode", json!("light")),
    ];
    for (number, (key, value)) in settings.into_iter().enumerate() {
        let at = number % clients.len();
        let path = format!("keys/{}", rumormill_node::client::key_path(&format!("{SETTINGS}{key}")));
        println!("\n{} sets {SETTINGS}{key} = {value}", stage.places[at].name);
        let body = SetBody { value, ttl_ms: None, kind: SetKind::Register };
        let begun = Instant::now();
        let entry: EntryView = send(&clients[at], hyper::Method::PUT, &path, &body).await?;
        let mut missing = clients.len();
        while missing > 0 {
            let next = tokio::time::timeout_at(begun + LIMIT, told.recv()).await;
            let (name, at, event) =
                next.context("a watcher was not told in time")?.context("the watchers ended")?;
            if event.entry.as_ref().is_some_and(|told| told.version == entry.version && told.key == entry.key)
            {
                missing -= 1;
                let from = event
                    .from
                    .as_ref()
                    .map_or_else(|| "written here".to_owned(), |from| format!("from {from}"));
                println!("  {name} was told after {:.1} ms, {from}", (at - begun).as_secs_f64() * 1_000.0);
            }
        }
        sleep(PAUSE).await;
    }
    println!("\nGo on yourself: rumormill set {SETTINGS}mode blue --url {}", stage.places[0].url());
    while let Some((name, _, event)) = told.recv().await {
        let value = event.entry.map_or_else(|| "gone".to_owned(), |entry| entry.value.to_string());
        println!("  {name}: {} = {value}", event.key);
    }
    bail!("all nodes have stopped")
}

async fn health(stage: &mut Stage) -> anyhow::Result<()> {
    let clients = stage.clients()?;
    println!("Each node publishes the health of its service '{SERVICE}'; every node sees all of them.");
    println!("Look at the members in the dashboard.");
    for client in &clients {
        publish(client, Health::Up, "").await?;
    }
    let everyone: Vec<usize> = (0..clients.len()).collect();
    for at in &everyone {
        seen(stage, &clients, &everyone, *at, Health::Up).await?;
    }
    println!("\nAll {} are up, and all nodes see it.", clients.len());
    let last = clients.len() - 1;
    sleep(PAUSE).await;
    step(stage, "says that it is slow");
    publish(&clients[last], Health::Degraded, "the database is slow").await?;
    seen(stage, &clients, &everyone, last, Health::Degraded).await?;
    sleep(PAUSE).await;
    step(stage, "is well again");
    publish(&clients[last], Health::Up, "").await?;
    seen(stage, &clients, &everyone, last, Health::Up).await?;
    if stage.nodes.is_empty() || last == 0 {
        println!("\nEnd a node's process (kill PID) and watch its service go down with it.");
        return Ok(());
    }
    sleep(PAUSE).await;
    step(stage, "fails, without a goodbye. The others suspect it, and then hold it to be down");
    stage.nodes[last].shutdown().await;
    seen(stage, &clients, &everyone[..last], last, Health::Down).await?;
    sleep(PAUSE).await;
    step(stage, "comes back, and its service with it");
    stage.nodes[last] = stage.start(last, 0).await?;
    publish(&clients[last], Health::Up, "").await?;
    seen(stage, &clients, &everyone, last, Health::Up).await?;
    println!(
        "\nGo on yourself: curl -X POST {}/api/v1/health -H 'content-type: application/json' \\",
        stage.places[0].url()
    );
    println!("  -d '{{\"name\": \"{SERVICE}\", \"health\": \"degraded\", \"reason\": \"lunch\"}}'");
    Ok(())
}

fn step(stage: &Stage, what: &str) {
    println!("\n{} {what}.", stage.places.last().map_or("", |place| &place.name));
}

async fn publish(client: &Client, health: Health, reason: &str) -> Result<(), ClientError> {
    let body = HealthBody { name: SERVICE.to_owned(), health: Some(health), reason: reason.to_owned() };
    send::<HealthList>(client, hyper::Method::POST, "health", &body).await.map(drop)
}

/// Waits until all of these see the service of one as it is, and says when each did.
async fn seen(
    stage: &Stage,
    clients: &[Client],
    by: &[usize],
    of: usize,
    health: Health,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    let whose = &stage.places[of].name;
    let mut waiting = by.to_vec();
    while !waiting.is_empty() {
        let mut still = Vec::new();
        for at in waiting {
            let list: HealthList = clients[at].get("health").await?;
            let service = list.services.into_iter().find(|service| service.node.as_str() == whose);
            match service.filter(|service| service.health == health) {
                Some(service) => {
                    let reason = if service.reason.is_empty() {
                        String::new()
                    } else {
                        format!(" ({})", service.reason)
                    };
                    let ms = begun.elapsed().as_millis();
                    println!("  {} sees {whose} {health}{reason} after {ms} ms", stage.places[at].name);
                }
                None => still.push(at),
            }
        }
        waiting = still;
        if begun.elapsed() > LIMIT {
            bail!("not all nodes see {whose} {health} after {} s", LIMIT.as_secs());
        }
        sleep(LOOK).await;
    }
    Ok(())
}

async fn send<T: serde::de::DeserializeOwned>(
    client: &Client,
    method: hyper::Method,
    path: &str,
    body: &impl Serialize,
) -> Result<T, ClientError> {
    client.send(method, path, Some(body)).await
}
