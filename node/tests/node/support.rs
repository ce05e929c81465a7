//! Nodes with a quick pace, conditions with a bound, and plain sockets.

use futures_util::{SinkExt, StreamExt};
use rumormill_api::Problem;
use rumormill_core::{Codec, Duration, NodeId, Status, Tuning};
use rumormill_node::{Node, NodeBuilder, NodeHandle};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// How long a condition may take: generous for a machine that compiles beside the test.
pub(crate) const LIMIT: time::Duration = time::Duration::from_secs(30);

/// How often a condition is looked at.
const PAUSE: time::Duration = time::Duration::from_millis(10);

pub(crate) const CLUSTER: &str = "test";

/// Ten rounds a second, so that silence is soon noticed.
pub(crate) fn quick() -> Tuning {
    Tuning {
        interval_us: Duration::from_millis(100),
        probe_us: Duration::from_millis(400),
        ..Tuning::default()
    }
}

pub(crate) fn node(name: &str) -> NodeBuilder {
    Node::builder().name(name).cluster(CLUSTER).listen("127.0.0.1:0").tuning(quick())
}

/// Nodes named n01, n02, …, all joined through the first, that all know each other.
pub(crate) async fn cluster(count: usize, build: impl Fn(NodeBuilder) -> NodeBuilder) -> Vec<NodeHandle> {
    let mut nodes: Vec<NodeHandle> = Vec::new();
    for at in 1..=count {
        let mut builder = build(node(&format!("n{at:02}")));
        if let Some(first) = nodes.first() {
            builder = builder.join(first.url());
        }
        nodes.push(builder.start().await.expect("the node starts"));
    }
    for node in &nodes {
        let known = async || (count_of(node, Status::Alive).await == count).then_some(());
        let what = format!("{} to know {count} alive members", node.id());
        until(&what, known).await;
    }
    nodes
}

/// Looks until the condition gives something.
pub(crate) async fn until<T>(what: &str, condition: impl AsyncFn() -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(result) = condition().await {
            return result;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        sleep(PAUSE).await;
    }
}

/// Waits until every node reads this under the key.
pub(crate) async fn all_read(nodes: &[NodeHandle], key: &str, expected: &Value) {
    for node in nodes {
        until(&format!("{key} = {expected} on {}", node.id()), async || {
            (node.get(key).await.expect("the node runs").as_ref() == Some(expected)).then_some(())
        })
        .await;
    }
}

/// Waits until all nodes have seen the same writes.
pub(crate) async fn all_equal(nodes: &[NodeHandle]) {
    until("all nodes to hold the same", async || {
        let mut hashes = Vec::new();
        for node in nodes {
            hashes.push(node.status().await.expect("the node runs").store.hash);
        }
        hashes.windows(2).all(|pair| pair[0] == pair[1]).then_some(())
    })
    .await;
}

pub(crate) async fn statuses(node: &NodeHandle) -> BTreeMap<NodeId, Status> {
    let members = node.members().await.expect("the node runs");
    members.into_iter().map(|member| (member.id, member.status)).collect()
}

pub(crate) async fn count_of(node: &NodeHandle, status: Status) -> usize {
    statuses(node).await.values().filter(|held| **held == status).count()
}

/// Waits until `node` holds the member to be `status`.
pub(crate) async fn holds(node: &NodeHandle, member: &NodeId, status: Status) {
    until(&format!("{} to hold {member} to be {status}", node.id()), async || {
        (statuses(node).await.get(member) == Some(&status)).then_some(())
    })
    .await;
}

/// The value of a metric with its labels, such as `rumormill_links`.
pub(crate) async fn metric(node: &NodeHandle, name: &str) -> u64 {
    let answer = ask(node, "GET", "/metrics", &[], "").await;
    let line = answer.body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no metric {name} in\n{}", answer.body)).parse().expect("a count")
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

#[track_caller]
pub(crate) fn check_problem(answer: &Answer, status: u16, kind: &str, detail: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let problem: Problem = serde_json::from_str(&answer.body).expect("a problem");
    assert_eq!((problem.status, problem.kind.as_str()), (status, format!("/problems/{kind}").as_str()));
    assert!(problem.detail.contains(detail), "{}", problem.detail);
}

/// A request made of plain text, so that it can also be a bad one.
pub(crate) async fn ask(
    node: &NodeHandle,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut stream = TcpStream::connect(node.local_addr()).await.expect("the node listens");
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", node.local_addr());
    if !headers.iter().any(|(name, _)| *name == "content-type") && !body.is_empty() {
        request.push_str("content-type: application/json\r\n");
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    let mut answer = Vec::new();
    let exchange = async {
        // The node may answer, and close, before it has read a body that is too large.
        let _ = stream.write_all(request.as_bytes()).await;
        let _ = stream.read_to_end(&mut answer).await;
    };
    timeout(LIMIT, exchange).await.expect("the node answers in time");
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("an HTTP answer");
    let head = String::from_utf8(answer[..end].to_vec()).expect("headers are text");
    let bytes = answer[end + 4..].to_vec();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
    let split =
        |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Answer {
        status: status.parse().expect("a status"),
        headers: lines.filter_map(split).collect(),
        body: String::from_utf8_lossy(&bytes).into_owned(),
        bytes,
    }
}

/// A WebSocket client that says what it is told to.
pub(crate) struct Client(pub(crate) WebSocketStream<TcpStream>);

impl Client {
    /// Connects to `path` with a subprotocol.
    pub(crate) async fn connect(node: &NodeHandle, path: &str, protocol: &str) -> Self {
        Self::try_connect(node, path, protocol, &[]).await.expect("the node opens the socket")
    }

    pub(crate) async fn gossip(node: &NodeHandle, codec: Codec) -> Self {
        Self::connect(node, "/gossip", codec.subprotocol()).await
    }

    pub(crate) async fn try_connect(
        node: &NodeHandle,
        path: &str,
        protocol: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, tungstenite::Error> {
        let stream = TcpStream::connect(node.local_addr()).await.expect("the node listens");
        let url = format!("ws://{}{path}", node.local_addr());
        let mut request = url.into_client_request().expect("a valid URL");
        for (name, value) in headers.iter().chain([("sec-websocket-protocol", protocol)].iter()) {
            if !value.is_empty() {
                request.headers_mut().insert(*name, value.parse().expect("a valid header"));
            }
        }
        client_async(request, stream).await.map(|(socket, _)| Self(socket))
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.0.send(message).await.expect("the node reads");
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    /// The next message that is not a ping or a pong.
    pub(crate) async fn next(&mut self) -> Message {
        loop {
            let message = timeout(LIMIT, self.0.next()).await.expect("the node speaks in time");
            match message.expect("the socket is open").expect("the node keeps to the protocol") {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    /// The next message as JSON.
    pub(crate) async fn json(&mut self) -> Value {
        match self.next().await {
            Message::Text(text) => serde_json::from_str(&text).expect("JSON"),
            other => panic!("not text: {other:?}"),
        }
    }

    /// The next JSON message that `pick` makes something of.
    pub(crate) async fn json_where<T>(&mut self, pick: impl Fn(&Value) -> Option<T>) -> T {
        let search = async {
            loop {
                if let Some(found) = pick(&self.json().await) {
                    return found;
                }
            }
        };
        timeout(LIMIT, search).await.expect("the message comes in time")
    }

    /// Reads on until the node closes, and returns its code and reason.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(frame) = self.next().await {
                let frame = frame.expect("the node says why");
                return (frame.code.into(), frame.reason.as_str().to_owned());
            }
        }
    }
}
