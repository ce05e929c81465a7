//! The simplest gossip there is: a fixed circle of nodes that share one string
//! and send only when they are told to, over real sockets. It shows that the
//! driver carries any state; it has no API, no dashboard and no rounds.

use crate::address::GOSSIP_PATH;
use crate::builder::StartError;
use crate::clock::Clock;
use crate::driver::{Caller, Driver, Listener};
use crate::handle::Stopped;
use crate::http;
use rumormill_core::config::INTERVAL_MAX;
use rumormill_core::state::text::TextTooLong;
use rumormill_core::{
    Address, Duration, Engine, EngineConfig, Event, FirstRound, Incarnation, Instant, Member, Members,
    MessageKind, Mode, NodeId, Status, Strategy, Text, Tuning,
};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

/// The cluster's name.
const CLUSTER: &str = "circle";

/// Events that wait to be read by whoever sends. One exchange has about ten.
const HEARD_MAX: usize = 1_024;

/// How long one exchange may take.
pub const EXCHANGE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

/// A fixed set of nodes with one string each.
#[derive(Debug)]
pub struct Circle {
    nodes: Vec<CircleNode>,
    heard: mpsc::Receiver<Heard>,
}

#[derive(Debug)]
struct CircleNode {
    id: NodeId,
    local: SocketAddr,
    caller: Caller<Text, Ear>,
    serving: Arc<Semaphore>,
}

/// Something that a node of the circle did.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Which node.
    pub node: NodeId,
    /// What it did.
    pub event: Event,
    /// Its string then.
    pub value: String,
}

/// What came of a send.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// To whom it went.
    pub peer: NodeId,
    /// What the two nodes did, in order.
    pub steps: Vec<Heard>,
    /// Did it end within [`EXCHANGE_TIMEOUT`]?
    pub complete: bool,
}

/// Passes on what a node does.
#[derive(Debug)]
struct Ear {
    node: NodeId,
    heard: mpsc::Sender<Heard>,
}

impl Listener<Text> for Ear {
    fn hear(&mut self, event: Event, engine: &Engine<Text>, _now: Instant) {
        let heard = Heard { node: self.node.clone(), event, value: engine.state().value().to_owned() };
        // Between two sends nobody reads, and nothing happens that anyone waits for.
        let _ = self.heard.try_send(heard);
    }
}

impl Circle {
    /// Starts one node per name and address. They know each other from the
    /// start and share the empty string.
    ///
    /// # Errors
    /// When nobody can listen at one of the addresses; then none runs.
    pub async fn start(places: &[(NodeId, SocketAddr)]) -> Result<Self, StartError> {
        let clock = Clock::start();
        let incarnation = Incarnation(clock.start_ms());
        let mut bound = Vec::new();
        for (id, listen) in places {
            let listening =
                TcpListener::bind(listen).await.and_then(|socket| Ok((socket.local_addr()?, socket)));
            let (local, socket) =
                listening.map_err(|source| StartError::Listen { listen: listen.to_string(), source })?;
            bound.push((id.clone(), local, socket));
        }
        let address = |local: &SocketAddr| {
            Address::new(&format!("ws://{local}{GOSSIP_PATH}")).expect("a socket's address fits a URL")
        };
        let record = |(id, local, _): &(NodeId, SocketAddr, TcpListener)| {
            Member::new(id.clone(), incarnation, Status::Alive, Some(address(local)))
        };
        let members: Members = bound.iter().map(record).collect();
        let (sender, heard) = mpsc::channel(HEARD_MAX);
        let mut nodes = Vec::new();
        for (seed, (id, local, socket)) in bound.into_iter().enumerate() {
            let config = EngineConfig {
                address: Some(address(&local)),
                incarnation,
                tuning: by_hand(),
                first_round: FirstRound::After(INTERVAL_MAX),
                tracing: true,
                ..EngineConfig::new(CLUSTER, id.clone())
            };
            let text = Text::new(id.clone(), incarnation.0);
            let seed = incarnation.0.wrapping_add(seed as u64);
            let engine = Engine::with_members(config, text, members.clone(), seed, clock.now())?;
            let ear = Ear { node: id.clone(), heard: sender.clone() };
            let (driver, caller, acceptor) = Driver::new(engine, clock, ear, None);
            tokio::spawn(driver.run());
            let serving = Arc::new(Semaphore::new(0));
            let (stop, done) = (caller.clone(), serving.clone());
            tokio::spawn(async move {
                http::serve(socket, http::bare_router(acceptor), async move { stop.stopping().await }).await;
                done.close();
            });
            nodes.push(CircleNode { id, local, caller, serving });
        }
        Ok(Self { nodes, heard })
    }

    /// The nodes with where they listen, in order.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (&NodeId, SocketAddr)> {
        self.nodes.iter().map(|node| (&node.id, node.local))
    }

    /// Every node's string, in order.
    ///
    /// # Errors
    /// When a node has stopped.
    pub async fn values(&self) -> Result<Vec<String>, Stopped> {
        let mut values = Vec::new();
        for node in &self.nodes {
            values.push(node.call(|driver| driver.engine.state().value().to_owned()).await?);
        }
        Ok(values)
    }

    /// Sets the string at one node. Nothing is sent.
    ///
    /// # Errors
    /// When the node has stopped. The inner error: the text is too long; then nothing changed.
    pub async fn set(&self, at: usize, text: &str) -> Result<Result<(), TextTooLong>, Stopped> {
        let text = text.to_owned();
        self.nodes[at]
            .call(move |driver| {
                let now = driver.now();
                driver.engine.write(now, |state| state.set(&text, now).map(|merged| ((), merged)))
            })
            .await
    }

    /// Makes one node send to one random other, and follows the exchange to
    /// its end. None in a circle of one.
    ///
    /// # Errors
    /// When a node has stopped.
    pub async fn send(&mut self, at: usize) -> Result<Option<Exchange>, Stopped> {
        while self.heard.try_recv().is_ok() {}
        let sender = &self.nodes[at];
        let asked = sender
            .call(|driver| {
                let now = driver.now();
                driver.engine.gossip_once(now)
            })
            .await?;
        let Some(peer) = asked else { return Ok(None) };
        let receiver = self.nodes.iter().find(|node| node.id == peer).expect("peers are in the circle");
        let mut steps = Vec::new();
        let followed = timeout(EXCHANGE_TIMEOUT, follow(&mut self.heard, sender, receiver, &mut steps)).await;
        let complete = match followed {
            Ok(outcome) => outcome?,
            Err(_) => false,
        };
        Ok(Some(Exchange { peer, steps, complete }))
    }

    /// Stops all nodes; their ports are free afterwards.
    pub async fn shutdown(&self) {
        for node in &self.nodes {
            node.caller.stop();
        }
        for node in &self.nodes {
            node.caller.ended().await;
            // An error is what is waited for: the server has closed it.
            let _ = node.serving.acquire().await;
        }
    }
}

impl CircleNode {
    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Driver<Text, Ear>) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        self.caller.call(call).await.ok_or(Stopped)
    }
}

/// Collects what the two nodes do until the exchange is over: the peer has
/// nothing to learn, or has learned it. False if the link broke.
async fn follow(
    heard: &mut mpsc::Receiver<Heard>,
    sender: &CircleNode,
    receiver: &CircleNode,
    steps: &mut Vec<Heard>,
) -> Result<bool, Stopped> {
    let mut early = VecDeque::new();
    loop {
        let next = match early.pop_front() {
            Some(step) => Some(step),
            None => heard.recv().await,
        };
        let Some(step) = next else { return Ok(false) };
        let (node, event) = (step.node.clone(), step.event.clone());
        steps.push(step);
        let over = match event {
            Event::Received { from, kind, .. } if node == sender.id && from == receiver.id => match kind {
                MessageKind::InSync => true,
                MessageKind::Digest => {
                    // A node answers before it does anything else, so after this call it has answered.
                    sender.call(|_| ()).await?;
                    early.extend(drained(heard));
                    !early
                        .iter()
                        .any(|step| matches!(step.event, Event::Sent { kind: MessageKind::Delta, .. }))
                }
                _ => false,
            },
            Event::Received { from, kind: MessageKind::Delta, .. } => {
                node == receiver.id && from == sender.id
            }
            Event::LinkDown { .. } => return Ok(false),
            _ => false,
        };
        if over {
            receiver.call(|_| ()).await?;
            steps.extend(early);
            steps.extend(drained(heard));
            return Ok(true);
        }
    }
}

fn drained(heard: &mut mpsc::Receiver<Heard>) -> impl Iterator<Item = Heard> {
    std::iter::from_fn(|| heard.try_recv().ok())
}

/// Nothing happens by itself: the first round comes after an hour.
fn by_hand() -> Tuning {
    Tuning {
        strategy: Strategy::Random,
        mode: Mode::Push,
        interval_us: INTERVAL_MAX,
        jitter_percent: 0,
        probe_us: INTERVAL_MAX,
        link_idle_us: INTERVAL_MAX + Duration::from_secs(1),
        ..Tuning::default()
    }
}
