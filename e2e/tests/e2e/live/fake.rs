//! A node in name only: it says to an observer what a test wants to be said, as fast as the test wants. No real node
//! would be so loud, so old or so broken.

use futures_util::{SinkExt, StreamExt};
use rumormill_api::{
    EntryView, MemberView, Notice, OBSERVE_SUBPROTOCOL, Outcome, Request, StatusView, StoreView, Tallies,
};
use rumormill_core::{Event, Incarnation, Instant, Kind, NodeId, Status, TraceEvent, TraceRecord, Tuning};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request as Upgrade, Response},
        http::HeaderValue,
    },
};

/// Where its clock begins, in seconds.
pub(super) const FIRST_SECOND: u64 = 1_000;

/// What the node does beside greeting each observer with a snapshot.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    /// Its cluster.
    pub(super) cluster: &'static str,
    /// How often it speaks.
    pub(super) every: Duration,
    /// Trace records each time.
    pub(super) records: u64,
    /// Records each time that it says were dropped.
    pub(super) dropped: u64,
    /// How far its clock goes each time.
    pub(super) step_us: u64,
    /// What it answers to every write.
    pub(super) refuses: Option<&'static str>,
    /// A frame that it sends after the snapshot, whatever that is; then it says no more.
    pub(super) frame: Option<Message>,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            cluster: "fake",
            every: Duration::from_millis(500),
            records: 0,
            dropped: 0,
            step_us: 500_000,
            refuses: None,
            frame: None,
        }
    }
}

/// A node in name only. Dropping it closes its port and all connections.
#[derive(Debug)]
pub(super) struct Fake {
    address: SocketAddr,
    spoken: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Fake {
    /// Listens on a free port.
    pub(super) async fn start(manner: Manner) -> Self {
        Self::start_at("127.0.0.1:0".parse().expect("an address"), manner).await
    }

    /// Listens where another one did.
    pub(super) async fn start_at(address: SocketAddr, manner: Manner) -> Self {
        let listener = TcpListener::bind(address).await.expect("the port is free");
        let address = listener.local_addr().expect("a bound listener has an address");
        let spoken = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&spoken);
        let task = tokio::spawn(async move {
            let mut observers = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                observers.spawn(attend(stream, manner.clone(), Arc::clone(&count)));
            }
        });
        Self { address, spoken, task }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often it has spoken to anyone.
    pub(super) fn spoken(&self) -> u64 {
        self.spoken.load(Ordering::Relaxed)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A page that hangs up, or asks over HTTP, is its own business.
async fn attend(stream: TcpStream, manner: Manner, spoken: Arc<AtomicU64>) {
    // The type is the handshake's own.
    #[allow(clippy::result_large_err, reason = "the callback's error type is given")]
    let choose = |_: &Upgrade, mut response: Response| {
        let protocol = HeaderValue::from_static(OBSERVE_SUBPROTOCOL);
        response.headers_mut().insert("sec-websocket-protocol", protocol);
        Ok(response)
    };
    if let Ok(socket) = accept_hdr_async(stream, choose).await {
        let _ = speak(socket, manner, spoken).await;
    }
}

async fn speak(
    mut socket: WebSocketStream<TcpStream>,
    manner: Manner,
    spoken: Arc<AtomicU64>,
) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    let mut at_us = FIRST_SECOND * 1_000_000;
    let (status, members) =
        (Box::new(figures(&manner, 0)), vec![member("fake", true), member("other", false)]);
    let snapshot = Notice::Snapshot { at_us, status, members, entries: vec![entry(0)] };
    socket.send(text(&snapshot)).await?;
    if let Some(frame) = manner.frame {
        socket.send(frame).await?;
        while let Some(Ok(_)) = socket.next().await {}
        return Ok(());
    }
    let mut beats = interval(manner.every);
    beats.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut count = 0;
    loop {
        tokio::select! {
            _ = beats.tick() => {
                count += 1;
                at_us += manner.step_us;
                let status = Box::new(figures(&manner, count));
                let entries = if count % 5 == 0 { vec![entry(count)] } else { Vec::new() };
                let update = Notice::Update { at_us, status, members: Vec::new(), entries, gone: Vec::new() };
                socket.feed(text(&update)).await?;
                if manner.records > 0 {
                    let records = (0..manner.records).map(|number| record(at_us, number)).collect();
                    socket.feed(text(&Notice::Trace { records, dropped: manner.dropped })).await?;
                }
                socket.flush().await?;
                spoken.fetch_add(1, Ordering::Relaxed);
            }
            heard = socket.next() => match heard {
                Some(Ok(Message::Text(asked))) => {
                    let Ok(Request { id, .. }) = serde_json::from_str(&asked) else { continue };
                    let why = manner.refuses.unwrap_or("this node shows nothing");
                    socket.send(text(&Notice::Answer { id, outcome: Outcome::Refused(why.to_owned()) })).await?;
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Ok(()),
            },
        }
    }
}

fn text(notice: &Notice) -> Message {
    Message::text(serde_json::to_string(notice).expect("a notice is plain data"))
}

fn id(name: &str) -> NodeId {
    NodeId::new(name).expect("a valid name")
}

fn figures(manner: &Manner, count: u64) -> StatusView {
    let tallies =
        Tallies { rounds: count, sent_messages: 7 * count, sent_bytes: 300 * count, ..Tallies::default() };
    StatusView {
        node: id("fake"),
        cluster: manner.cluster.to_owned(),
        incarnation: Incarnation(1),
        status: Status::Alive,
        address: Some("ws://127.0.0.1:1/gossip".to_owned()),
        version: "0.1.0".to_owned(),
        pid: 1,
        uptime_ms: 1_000,
        at_us: 1,
        members: BTreeMap::from([(Status::Alive, 2)]),
        tuning: Tuning::default(),
        store: StoreView { keys: 1, version: count / 5, hash: format!("{:016x}", count / 5) },
        tallies,
    }
}

fn member(name: &str, is_self: bool) -> MemberView {
    MemberView {
        id: id(name),
        status: Status::Alive,
        incarnation: Incarnation(1),
        address: None,
        is_self,
        linked: !is_self,
        silent_ms: None,
        report: None,
    }
}

fn entry(count: u64) -> EntryView {
    EntryView {
        key: "kept".to_owned(),
        kind: Kind::Register,
        value: count.into(),
        author: Some(id("fake")),
        stamp_us: Some(1),
        expires_us: None,
        version: String::new(),
    }
}

fn record(at_us: u64, number: u64) -> TraceRecord {
    let event = match number % 2 {
        0 => Event::LinkUp { peer: id("other"), dialed: true },
        _ => Event::Round { number },
    };
    TraceRecord {
        at: Instant::from_micros(at_us + number),
        node: Some(id("fake")),
        event: TraceEvent::Node(event),
    }
}
