//! `/observe`: a dashboard's socket. First everything, then what changes, at
//! most ten times a second, with the trace beside it; requests are answered in
//! between. A slow observer gets the newest state later and loses trace
//! records, which are counted.

use super::problem::{Failure, problem};
use super::sight;
use super::upgrade::{Socket, upgrade};
use crate::feed::{Changes, Subscription};
use crate::handle::{NodeHandle, Stopped};
use crate::views;
use crate::write::{Change, Condition, Written};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use rumormill_api::{
    Ask, EntryView, Gone, MemberView, Notice, OBSERVE_SUBPROTOCOL, Outcome, Request, StatusView,
};
use rumormill_core::state::store::VALUE_BYTES_MAX;
use rumormill_core::{CloseCode, NodeId, TraceRecord};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::broadcast::{self, error::TryRecvError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Utf8Bytes;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tracing::{debug, info};

/// Most observers of one process at a time. A guess: a team that all look at once.
pub const OBSERVERS_MAX: usize = 64;

/// Largest request of an observer: a value at its largest, escaped.
pub const REQUEST_BYTES_MAX: usize = 8 * VALUE_BYTES_MAX;

/// Time between two updates at least.
const TICK: Duration = Duration::from_millis(100);

/// Time between two updates at most.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Most questions of one observer to other members at a time. A guess.
const LOOKS_MAX: usize = 64;

/// Most trace records in one notice.
const TRACE_BATCH_MAX: usize = 512;

/// How long an observer may take to read a notice before it is dropped.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

const BUFFER_BYTES: usize = 16 * 1024;

const SPOKEN: &[&str] = &[OBSERVE_SUBPROTOCOL];

static ROOM: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(OBSERVERS_MAX)));

pub(crate) fn router() -> Router<NodeHandle> {
    Router::new().route("/observe", get(observe))
}

async fn observe(
    State(node): State<NodeHandle>,
    request: axum::extract::Request,
) -> Result<Response, Failure> {
    let upgrade = upgrade(request, "where dashboards observe a node", SPOKEN)?;
    let Ok(permit) = ROOM.clone().try_acquire_owned() else {
        let detail = format!("{OBSERVERS_MAX} observers are connected already; close one and try again");
        return Err(problem(StatusCode::SERVICE_UNAVAILABLE, "busy", "No room", detail));
    };
    let remote = upgrade.remote();
    let may_tune = upgrade.is_same_origin();
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_message_size(Some(REQUEST_BYTES_MAX))
        .max_frame_size(Some(REQUEST_BYTES_MAX));
    Ok(upgrade.open(config, async move |socket| {
        info!(node = %node.id(), %remote, "an observer came");
        let end = talk(node.clone(), socket, may_tune, permit).await;
        info!(node = %node.id(), %remote, because = end.as_str(), "an observer left");
    }))
}

/// Why an observer's socket ended.
#[derive(Debug, Clone, Copy)]
enum End {
    Gone,
    Slow,
    NodeStops,
    BadRequest,
}

impl End {
    fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "it closed its socket",
            Self::Slow => "it did not read for too long",
            Self::NodeStops => "the node stops",
            Self::BadRequest => "it sent something that is no request",
        }
    }
}

async fn talk(node: NodeHandle, socket: Socket, may_tune: bool, permit: OwnedSemaphorePermit) -> End {
    let mut observer = match Observer::start(node, socket, may_tune).await {
        Ok(observer) => observer,
        Err(Stopped) => return End::NodeStops,
    };
    let end = match observer.run().await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    let mut socket = observer.socket;
    let closing = async {
        if let End::NodeStops = end {
            let (node, reason) = (observer.node.id().clone(), "the node stops".to_owned());
            socket.feed(encode(&Notice::Goodbye { node, reason })).await.ok();
        }
        let code = if let End::BadRequest = end { CloseCode::Malformed } else { CloseCode::GoingAway };
        let frame = CloseFrame { code: code.number().into(), reason: end.as_str().into() };
        socket.close(Some(frame)).await.ok();
        while let Some(Ok(_)) = socket.next().await {}
    };
    // The observer may be gone already.
    let _ = timeout(crate::link::CLOSE_TIMEOUT, closing).await;
    drop(permit);
    end
}

enum Never {}

struct Observer {
    node: NodeHandle,
    socket: Socket,
    subscription: Arc<Subscription>,
    trace: broadcast::Receiver<TraceRecord>,
    /// The members as the observer knows them.
    members: BTreeMap<NodeId, MemberView>,
    updated: Instant,
    /// May it change configurations?
    may_tune: bool,
    /// Questions to other members, which take their time.
    looks: JoinSet<(u64, Outcome)>,
}

/// What a notice of state is made of.
struct Look {
    at_us: u64,
    status: Box<StatusView>,
    members: Vec<MemberView>,
    entries: Vec<EntryView>,
    gone: Vec<Gone>,
}

impl Observer {
    async fn start(node: NodeHandle, socket: Socket, may_tune: bool) -> Result<Self, Stopped> {
        let (subscription, trace) = node
            .call(|driver| {
                let now = driver.now();
                driver.listener.observe(&mut driver.engine, now)
            })
            .await?;
        let (members, updated) = (BTreeMap::new(), Instant::now());
        let looks = JoinSet::new();
        Ok(Self { node, socket, subscription, trace, members, updated, may_tune, looks })
    }

    async fn run(&mut self) -> Result<Never, End> {
        let Look { at_us, status, members, entries, .. } = self.look(None).await?;
        self.tell(&Notice::Snapshot { at_us, status, members, entries }).await?;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let node = self.node.clone();
        let stopping = node.stopping();
        tokio::pin!(stopping);
        loop {
            tokio::select! {
                _ = tick.tick() => {
                    self.update().await?;
                    self.tell_trace().await?;
                }
                message = self.socket.next() => self.hear(message).await?,
                Some(Ok((id, outcome))) = self.looks.join_next() => {
                    self.tell(&Notice::Answer { id, outcome }).await?;
                }
                () = &mut stopping => return Err(End::NodeStops),
            }
        }
    }

    async fn update(&mut self) -> Result<(), End> {
        let changes = self.subscription.take();
        if !changes.stirred && self.updated.elapsed() < HEARTBEAT {
            return Ok(());
        }
        self.updated = Instant::now();
        let Look { at_us, status, members, entries, gone } = self.look(Some(changes)).await?;
        self.tell(&Notice::Update { at_us, status, members, entries, gone }).await
    }

    /// The state now: all of it, or what is different from what the observer knows.
    async fn look(&mut self, changes: Option<Changes>) -> Result<Look, End> {
        let mut look = self
            .node
            .call(move |driver| {
                let (entries, gone) = match changes {
                    None => (views::entries(&driver.engine, ""), Vec::new()),
                    Some(changes) => views::changed(&driver.engine, changes.keys.into_keys()),
                };
                Look {
                    at_us: driver.now().as_micros(),
                    status: Box::new(views::status(&driver.engine, &driver.clock)),
                    members: views::members(&driver.engine, driver.now()),
                    entries,
                    gone,
                }
            })
            .await
            .map_err(|Stopped| End::NodeStops)?;
        look.members.retain(|member| self.members.get(&member.id) != Some(member));
        for member in &look.members {
            self.members.insert(member.id.clone(), member.clone());
        }
        Ok(look)
    }

    async fn tell_trace(&mut self) -> Result<(), End> {
        loop {
            let (mut records, mut dropped) = (Vec::new(), 0);
            while records.len() < TRACE_BATCH_MAX {
                match self.trace.try_recv() {
                    Ok(record) => records.push(record),
                    // What was missed came before what follows, so it opens a notice of its own.
                    Err(TryRecvError::Lagged(missed)) if records.is_empty() => dropped += missed,
                    Err(TryRecvError::Lagged(missed)) => {
                        self.tell(&Notice::Trace { records, dropped }).await?;
                        (records, dropped) = (Vec::new(), missed);
                    }
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
            if records.is_empty() && dropped == 0 {
                return Ok(());
            }
            let is_last = records.len() < TRACE_BATCH_MAX;
            self.tell(&Notice::Trace { records, dropped }).await?;
            if is_last {
                return Ok(());
            }
        }
    }

    async fn hear(
        &mut self,
        message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>,
    ) -> Result<(), End> {
        match message {
            Some(Ok(Message::Text(text))) => match serde_json::from_str::<Request>(&text) {
                Ok(Request { id, ask }) => {
                    let outcome = match ask {
                        Ask::Look { .. } | Ask::Tune { .. } if self.looks.len() >= LOOKS_MAX => {
                            Outcome::Refused(format!("{LOOKS_MAX} questions wait for other members already"))
                        }
                        Ask::Tune { .. } if !self.may_tune => Outcome::Refused(
                            "a page of another origin may not configure a node; open the node's own dashboard"
                                .to_owned(),
                        ),
                        Ask::Look { at, sight } => {
                            let node = self.node.clone();
                            self.looks.spawn(async move { (id, sight::look(&node, &at, sight).await) });
                            return Ok(());
                        }
                        Ask::Tune { at, changes } => {
                            let node = self.node.clone();
                            self.looks.spawn(async move { (id, sight::tune(&node, &at, changes).await) });
                            return Ok(());
                        }
                        ask => answer(&self.node.clone(), ask).await,
                    };
                    self.tell(&Notice::Answer { id, outcome }).await
                }
                Err(error) => self.refuse(&text, &error).await,
            },
            Some(Ok(Message::Binary(_)) | Err(tokio_tungstenite::tungstenite::Error::Capacity(_))) => {
                Err(End::BadRequest)
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Gone),
        }
    }

    /// Answers what is no request, if it has a number to answer to.
    async fn refuse(&mut self, text: &str, error: &serde_json::Error) -> Result<(), End> {
        debug!(%error, "an observer sent something that is no request");
        let id = serde_json::from_str::<serde_json::Value>(text).ok().and_then(|value| value["id"].as_u64());
        match id {
            Some(id) => {
                let outcome = Outcome::Refused(format!("not a request: {error}"));
                self.tell(&Notice::Answer { id, outcome }).await
            }
            None => Err(End::BadRequest),
        }
    }

    async fn tell(&mut self, notice: &Notice) -> Result<(), End> {
        match timeout(WRITE_TIMEOUT, self.socket.send(encode(notice))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Slow),
        }
    }
}

/// Does what an observer asks.
async fn answer(node: &NodeHandle, ask: Ask) -> Outcome {
    let kind = ask.kind();
    let (key, change) = match ask {
        Ask::Set { key, value } => (key, Change::Set { value, ttl: None }),
        Ask::Put { key, value } => (key, Change::Put(value)),
        Ask::Add { key, element } => (key, Change::Add(element)),
        Ask::Remove { key, element } => (key, Change::Remove(element)),
        Ask::Delete { key } => (key, Change::Delete),
        Ask::Increment { key, by } => (key, Change::Increment(by)),
        Ask::Look { .. } | Ask::Tune { .. } => unreachable!("the observer's socket answers these"),
    };
    let changed = match node.change(&key, change, Condition::Always).await {
        Ok(Written { changed, .. }) => changed,
        Err(why) => return Outcome::Refused(why.to_string()),
    };
    let entry = match kind {
        Some(kind) => super::keys::written(node, &key, kind).await,
        None => None,
    };
    entry.map_or(Outcome::Gone { changed }, Outcome::Done)
}

fn encode(notice: &Notice) -> Message {
    let text = Bytes::from(serde_json::to_vec(notice).expect("a notice always encodes"));
    Message::Text(Utf8Bytes::try_from(text).expect("JSON is UTF-8"))
}
