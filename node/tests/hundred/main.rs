//! A hundred nodes over real sockets, all in this process: what comes and goes under load, ten that die at once, a
//! cut in two halves. It waits for conditions, never for time, and plays one cluster after another. Only optimised: what
//! a hundred unoptimised nodes have to do is more than two cores can.

use rumormill_core::{NodeId, Status};
use rumormill_node::{Faults, Node, NodeHandle, files};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

const NODES: usize = 100;

/// Nodes that join at once. Those before them are let in first.
const JOIN_AT_ONCE: usize = 25;

/// How long a condition may take: generous for a machine that compiles beside the test.
const LIMIT: Duration = Duration::from_secs(120);

/// How often a condition is looked at.
const PAUSE: Duration = Duration::from_millis(100);

/// Between two writes of one writer.
const WRITE_PAUSE: Duration = Duration::from_millis(20);

/// What every writer adds to.
const COUNTER: &str = "hits";

/// Two hundreds at once would be a test of the machine.
static ALONE: Mutex<()> = Mutex::const_new(());

/// A network and the nodes that run in it.
struct Cluster {
    faults: Faults,
    nodes: Vec<NodeHandle>,
    started: usize,
}

impl Cluster {
    async fn start() -> Self {
        files::raise_limit();
        let mut cluster = Self { faults: Faults::new(), nodes: Vec::new(), started: 0 };
        while cluster.nodes.len() < NODES {
            cluster.add(JOIN_AT_ONCE).await;
            all_know(&cluster.nodes, &cluster.ids()).await;
        }
        cluster
    }

    /// Starts nodes that join through those that are there. They are not waited for.
    async fn add(&mut self, count: usize) {
        let there = self.nodes.len();
        for _ in 0..count {
            self.started += 1;
            let builder = Node::builder().name(format!("n{:03}", self.started)).cluster("hundred");
            let mut builder = builder.listen("127.0.0.1:0").faults(self.faults.clone());
            if let Some(seed) = self.nodes.get(self.started % there.max(1)) {
                builder = builder.join(seed.url());
            }
            self.nodes.push(builder.start().await.expect("the node starts"));
        }
    }

    fn ids(&self) -> Vec<NodeId> {
        ids(&self.nodes)
    }

    async fn end(self) {
        for node in self.nodes {
            node.shutdown().await;
        }
    }
}

fn ids(nodes: &[NodeHandle]) -> Vec<NodeId> {
    nodes.iter().map(|node| node.id().clone()).collect()
}

async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !condition().await {
        assert!(Instant::now() < end, "waited in vain for {what}");
        sleep(PAUSE).await;
    }
}

/// Who is held to be alive, and who to be what else.
async fn list(node: &NodeHandle) -> (Vec<NodeId>, BTreeMap<NodeId, Status>) {
    let (mut alive, mut others) = (Vec::new(), BTreeMap::new());
    for member in node.members().await.expect("the node runs") {
        match member.status {
            Status::Alive => alive.push(member.id),
            status => drop(others.insert(member.id, status)),
        }
    }
    (alive, others)
}

/// Waits until each of the nodes holds exactly these to be alive.
async fn all_know(nodes: &[NodeHandle], alive: &[NodeId]) {
    let mut alive = alive.to_vec();
    alive.sort();
    for node in nodes {
        let end = Instant::now() + LIMIT;
        loop {
            let (held, others) = list(node).await;
            if held == alive {
                break;
            }
            let (id, count) = (node.id(), alive.len());
            assert!(
                Instant::now() < end,
                "{id} does not hold {count} alive but {}, and {others:?}",
                held.len()
            );
            sleep(PAUSE).await;
        }
    }
}

/// Waits until all of the nodes have seen the same writes.
async fn all_equal(nodes: &[NodeHandle]) {
    until("all to hold the same", async || {
        let mut hashes = Vec::new();
        for node in nodes {
            hashes.push(node.status().await.expect("the node runs").store.hash);
        }
        hashes.windows(2).all(|pair| pair[0] == pair[1])
    })
    .await;
}

/// Writers that go on until they are stopped.
struct Load {
    goes_on: Arc<AtomicBool>,
    writers: Vec<JoinHandle<u64>>,
}

impl Load {
    /// One writer on each node: it counts, and sets a key of its own.
    fn start(nodes: &[NodeHandle]) -> Self {
        let goes_on = Arc::new(AtomicBool::new(true));
        let write = |node: NodeHandle, goes_on: Arc<AtomicBool>| async move {
            let mut count = 0;
            while goes_on.load(Ordering::Relaxed) {
                node.increment(COUNTER, 1).await.expect("increment");
                count += 1;
                node.set(&format!("of/{}", node.id()), count).await.expect("set");
                sleep(WRITE_PAUSE).await;
            }
            count
        };
        let writers = nodes.iter().map(|node| tokio::spawn(write(node.clone(), goes_on.clone()))).collect();
        Self { goes_on, writers }
    }

    /// How often each writer counted, in the order of the nodes.
    async fn stop(self) -> Vec<u64> {
        self.goes_on.store(false, Ordering::Relaxed);
        let mut counts = Vec::new();
        for writer in self.writers {
            counts.push(writer.await.expect("the writer runs to its end"));
        }
        counts
    }
}

/// Every write is on every node, and nothing else is.
async fn all_hold(nodes: &[NodeHandle], writes: &[(NodeId, u64)]) {
    all_equal(nodes).await;
    let total: u64 = writes.iter().map(|(_, count)| count).sum();
    for node in nodes {
        assert_eq!(node.get(COUNTER).await, Ok(Some(json!(total))), "on {}", node.id());
        let last: BTreeMap<String, u64> = node
            .keys("of/")
            .await
            .expect("the node runs")
            .into_iter()
            .filter_map(|entry| Some((entry.key, entry.value.as_u64()?)))
            .collect();
        let expected: BTreeMap<String, u64> =
            writes.iter().map(|(id, count)| (format!("of/{id}"), *count)).collect();
        assert_eq!(last, expected, "on {}", node.id());
    }
}

fn counted(nodes: &[NodeHandle], counts: Vec<u64>) -> Vec<(NodeId, u64)> {
    ids(nodes).into_iter().zip(counts).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(debug_assertions, ignore = "only optimised: cargo xtask test hundred")]
async fn nodes_come_and_go_under_load_and_every_write_is_on_every_node() {
    let _alone = ALONE.lock().await;
    let mut cluster = Cluster::start().await;
    let writers = cluster.nodes[..10].to_vec();
    let load = Load::start(&writers);
    // Those that go are none that write, as a node that says goodbye takes no more writes.
    let gone: Vec<NodeHandle> = cluster.nodes.drain(20..30).collect();
    cluster.add(10).await;
    for node in &gone {
        node.leave().await.expect("the node runs");
    }
    cluster.add(10).await;
    all_know(&cluster.nodes, &cluster.ids()).await;
    let counts = load.stop().await;
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    all_hold(&cluster.nodes, &counted(&writers, counts)).await;
    for node in &cluster.nodes {
        let (alive, others) = list(node).await;
        assert_eq!(alive.len(), NODES + 10);
        for id in ids(&gone) {
            // Those that came after a node had left need not have heard of it.
            assert!(
                matches!(others.get(&id), None | Some(Status::Left)),
                "{id} on {}: {others:?}",
                node.id()
            );
        }
    }
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(debug_assertions, ignore = "only optimised: cargo xtask test hundred")]
async fn ten_that_die_at_once_are_down_for_all_others_and_no_write_is_lost() {
    let _alone = ALONE.lock().await;
    let mut cluster = Cluster::start().await;
    let writers = cluster.nodes[..10].to_vec();
    let load = Load::start(&writers);
    let dead: Vec<NodeHandle> = (0..10).rev().map(|at| cluster.nodes.remove(10 + 9 * at)).collect();
    // Cut off first: not even a closed connection tells the others.
    cluster.faults.cut(&ids(&dead), &cluster.ids());
    for node in &dead {
        node.shutdown().await;
    }
    all_know(&cluster.nodes, &cluster.ids()).await;
    let counts = load.stop().await;
    all_hold(&cluster.nodes, &counted(&writers, counts)).await;
    let expected: BTreeMap<NodeId, Status> = ids(&dead).into_iter().map(|id| (id, Status::Down)).collect();
    for node in &cluster.nodes {
        until(&format!("{} to hold ten to be down", node.id()), async || list(node).await.1 == expected)
            .await;
    }
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(debug_assertions, ignore = "only optimised: cargo xtask test hundred")]
async fn two_halves_that_were_cut_apart_hold_the_same_when_they_meet_again() {
    let _alone = ALONE.lock().await;
    let cluster = Cluster::start().await;
    // Every other one, so that the cut goes through each branch of the tree.
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for (at, node) in cluster.nodes.iter().enumerate() {
        if at % 2 == 0 { left.push(node.clone()) } else { right.push(node.clone()) }
    }
    let writers = [&left[..5], &right[..5]].concat();
    let load = Load::start(&writers);
    cluster.faults.cut(&ids(&left), &ids(&right));
    for half in [&left, &right] {
        all_know(half, &ids(half)).await;
    }
    cluster.faults.heal();
    all_know(&cluster.nodes, &cluster.ids()).await;
    let counts = load.stop().await;
    all_hold(&cluster.nodes, &counted(&writers, counts)).await;
    cluster.end().await;
}
