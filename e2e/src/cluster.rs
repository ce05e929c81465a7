//! Real nodes on loopback, started through the program's own `demo` command. It never links the node.

use crate::{child::Guard, settings, wait::until};
use serde_json::Value;
use std::{
    net::{Ipv4Addr, TcpListener},
    process::Command,
    time::Duration,
};

/// How long a node may take until it answers. A guess, generous for a machine that compiles beside it.
const START_LIMIT: Duration = Duration::from_secs(30);

/// How often free consecutive ports are looked for before giving up.
const PORT_TRIES_MAX: usize = 100;

/// A running `rumormill demo`. Dropping it ends it.
#[derive(Debug)]
pub struct Cluster {
    guard: Guard,
    first_port: u16,
    nodes: u16,
    http: reqwest::Client,
}

impl Cluster {
    /// Starts `rumormill demo --nodes N` with further arguments and waits until every node answers.
    ///
    /// # Panics
    /// When the program cannot be started, ends, or does not answer in time.
    pub async fn demo(nodes: u16, arguments: &[&str]) -> Self {
        let first_port = consecutive_ports(nodes);
        let listen = format!("127.0.0.1:{first_port}");
        let mut command = Command::new(settings::node_program());
        command.args(["demo", "--no-open", "--nodes", &nodes.to_string(), "--listen", &listen]);
        let guard = Guard::start("rumormill demo", command.args(arguments));
        let mut cluster = Self { guard, first_port, nodes, http: reqwest::Client::new() };
        for node in 0..nodes {
            let healthz = format!("{}healthz", cluster.url(node));
            let http = cluster.http.clone();
            until(&format!("node {node} to answer"), START_LIMIT, async || {
                cluster.guard.assert_running();
                let answer = http.get(&healthz).send().await.ok()?;
                answer.status().is_success().then_some(())
            })
            .await;
        }
        cluster
    }

    /// How many nodes were started.
    pub fn nodes(&self) -> u16 {
        self.nodes
    }

    /// The address of a node's dashboard; nodes count from 0.
    pub fn url(&self, node: u16) -> String {
        format!("http://127.0.0.1:{}/", self.first_port + node)
    }

    /// What the program has printed so far.
    pub fn output(&self) -> Vec<String> {
        self.guard.lines()
    }

    /// The process that runs the cluster.
    pub fn process_id(&self) -> u32 {
        self.guard.id()
    }

    /// `GET /api/v1/{path}` of a node; `None` when it does not answer with a success.
    pub async fn get(&self, node: u16, path: &str) -> Option<Value> {
        let answer = self.http.get(self.api(node, path)).send().await.ok()?;
        answer.error_for_status().ok()?.json().await.ok()
    }

    /// A request to `/api/v1/{path}` of a node, with a JSON body; the status and the answer.
    ///
    /// # Panics
    /// When the node does not answer.
    pub async fn send(&self, node: u16, method: reqwest::Method, path: &str, body: &Value) -> (u16, String) {
        let request = self.http.request(method, self.api(node, path)).json(body);
        let answer = request.send().await.expect("the node answers");
        let status = answer.status().as_u16();
        (status, answer.text().await.unwrap_or_default())
    }

    fn api(&self, node: u16, path: &str) -> String {
        format!("{}api/v1/{path}", self.url(node))
    }
}

/// The first of as many free ports in a row. Another program may take one before the nodes do; then the nodes say so.
fn consecutive_ports(count: u16) -> u16 {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    for _ in 0..PORT_TRIES_MAX {
        let first =
            bind(0).and_then(|listener| listener.local_addr()).expect("loopback has a free port").port();
        let Some(last) = first.checked_add(count) else { continue };
        if (first..last).map(bind).collect::<Result<Vec<_>, _>>().is_ok() {
            return first;
        }
    }
    panic!("found no {count} free ports in a row");
}
