//! The engine behind Maelstrom's line protocol: JSON messages in on stdin, out
//! on stdout. The third driver beside the sockets' and the simulator's, and as
//! the others it only translates: what Maelstrom's clients ask for is in
//! `workloads`, how messages become links in `links`, the messages' form in
//! `protocol`. Here is the node between them and the loop with its clock.

mod links;
mod protocol;
mod workloads;

pub use links::{ANSWER_WITHIN, GATHER};
pub use workloads::{UnknownWorkload, Workload};

use crate::clock::Clock;
use links::{Links, Part, address_of};
use protocol::{Answer, Asked, Code, Gossip, Message, Reply, Request};
use rumormill_core::config::EngineConfig;
use rumormill_core::{
    Address, Engine, Incarnation, Input, Instant, Member, Members, NodeId, Status, Store, Tuning,
};
use serde::Serialize;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use tracing::warn;

/// The cluster's name. Maelstrom keeps its clusters apart by itself.
const CLUSTER: &str = "maelstrom";

/// Children per node of the tree, unless told otherwise: with 25 nodes no node
/// is more than two hops from another. Messages that carry several writes pay
/// for the further links.
pub const ARITY: u32 = 5;

/// Lines that were read and wait. A guess; a full queue makes Maelstrom wait.
const LINES_MAX: usize = 1_024;

/// Speaks Maelstrom's protocol until the input ends. Without a workload, a read
/// before the first write is answered as a counter's, and as a broadcast's once
/// Maelstrom has sent a topology.
///
/// # Errors
/// When the input cannot be read or the output cannot be written.
pub fn run<R>(tuning: Tuning, workload: Option<Workload>, input: R, mut output: impl Write) -> io::Result<()>
where
    R: BufRead + Send + 'static,
{
    let clock = Clock::start();
    let mut server = Server::new(tuning, workload, clock.start_ms());
    let (lines, received) = mpsc::sync_channel(LINES_MAX);
    // The thread ends with the input, or with the first line that nobody wants any more.
    thread::spawn(move || input.lines().try_for_each(|line| lines.send(line).ok()));
    loop {
        server.tick(clock.now());
        for line in server.lines.drain(..) {
            output.write_all(line.as_bytes())?;
        }
        output.flush()?;
        let line = match server.deadline() {
            Some(at) => {
                received.recv_timeout(std::time::Duration::from_micros(at.since(clock.now()).as_micros()))
            }
            None => received.recv().map_err(RecvTimeoutError::from),
        };
        match line {
            Ok(line) => server.take_in(&line?, clock.now()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

/// One of Maelstrom's nodes, without clock or streams.
struct Server {
    tuning: Tuning,
    workload: Option<Workload>,
    /// Which life of the node this is, in milliseconds of Unix time.
    life: u64,
    generated: u64,
    node: Option<Node>,
    /// Lines to be written, each with its end.
    lines: Vec<String>,
}

/// What there is once Maelstrom has said who is who.
struct Node {
    name: String,
    engine: Engine<Store>,
    links: Links,
}

impl Server {
    fn new(tuning: Tuning, workload: Option<Workload>, life: u64) -> Self {
        Self { tuning, workload, life, generated: 0, node: None, lines: Vec::new() }
    }

    fn deadline(&self) -> Option<Instant> {
        let node = self.node.as_ref()?;
        node.engine.deadline().into_iter().chain(node.links.deadline()).min()
    }

    fn tick(&mut self, now: Instant) {
        let Some(Node { name, engine, links }) = &mut self.node else { return };
        if engine.deadline().is_some_and(|at| at <= now) {
            engine.handle(Input::Timeout, now);
        }
        for (dest, parts) in links.tick(engine, now) {
            self.lines.push(line(name.clone(), dest, Gossip { parts }));
        }
    }

    fn take_in(&mut self, text: &str, now: Instant) {
        let message: Message<serde_json::Value> = match serde_json::from_str(text) {
            Ok(message) => message,
            // Nobody can be told who sent it.
            Err(error) => return warn!(%error, text, "not a message of Maelstrom's"),
        };
        let Message { src, dest, body } = message;
        if body.get("in_reply_to").is_some() {
            // Nothing is asked of anyone here, so nobody answers; an answer to it could go on for ever.
            return;
        }
        let msg_id = body.get("msg_id").and_then(serde_json::Value::as_u64);
        let answer = match serde_json::from_value::<Request>(body) {
            Ok(Request { what: Asked::Rumormill { parts }, .. }) => return self.gossip(&src, parts, now),
            Ok(request) => self.answer(request.what, now),
            Err(error) => Answer::Error { code: Code::MalformedRequest, text: error.to_string() },
        };
        self.lines.push(line(dest, src, Reply { in_reply_to: msg_id, answer }));
    }

    /// A message of another node. Before this node knows who it is, it is lost.
    fn gossip(&mut self, from: &str, parts: Vec<Part>, now: Instant) {
        if let Some(Node { engine, links, .. }) = &mut self.node {
            links.take_in(from, parts, engine, now);
        }
    }

    fn answer(&mut self, asked: Asked, now: Instant) -> Answer {
        if let Asked::Init { node_id, node_ids } = asked {
            return self.init(node_id, &node_ids, now);
        }
        let Some(Node { name, engine, links }) = &mut self.node else {
            let text = "this node does not know yet who it is: init comes first".to_owned();
            return Answer::Error { code: Code::TemporarilyUnavailable, text };
        };
        let answer = match asked {
            Asked::Topology {} => {
                // Only this workload has one.
                self.workload.get_or_insert(Workload::Broadcast);
                Answer::TopologyOk
            }
            Asked::Echo { echo } => Answer::EchoOk { echo },
            Asked::Generate {} => {
                self.generated += 1;
                Answer::GenerateOk { id: format!("{name}-{}-{}", self.life, self.generated) }
            }
            Asked::Broadcast { message } => workloads::broadcast(engine, &message, now),
            Asked::Add { element, delta } => workloads::add(engine, element.as_ref(), delta, now),
            Asked::Read {} => workloads::read(engine, self.workload),
            Asked::Init { .. } | Asked::Rumormill { .. } | Asked::Unknown => {
                Answer::Error { code: Code::NotSupported, text: "this node has no such operation".to_owned() }
            }
        };
        links.perform(engine, now);
        answer
    }

    fn init(&mut self, name: String, others: &[String], now: Instant) -> Answer {
        if let Some(node) = &self.node {
            if node.name == name {
                return Answer::InitOk;
            }
            let text = format!("this node is {} already", node.name);
            return Answer::Error { code: Code::PreconditionFailed, text };
        }
        match self.start(name, others, now) {
            Ok(node) => {
                self.node = Some(node);
                Answer::InitOk
            }
            Err(text) => Answer::Error { code: Code::MalformedRequest, text },
        }
    }

    /// A node that knows all the others from the start, as Maelstrom tells it: none has to join.
    fn start(&self, name: String, others: &[String], now: Instant) -> Result<Node, String> {
        let id = |name: &str| NodeId::new(name).map_err(|why| format!("the node's name '{name}' {why}"));
        let address = |name: &str| {
            Address::new(&address_of(name)).map_err(|why| format!("the address of '{name}' {why}"))
        };
        // Each node's record is the same everywhere, or all would have to tell it to all first.
        let incarnation = Incarnation(1);
        let mut members = Members::default();
        for other in others.iter().filter(|other| **other != name) {
            members.merge(Member::new(id(other)?, incarnation, Status::Alive, Some(address(other)?)));
        }
        let own = id(&name)?;
        let config = EngineConfig {
            address: Some(address(&name)?),
            incarnation,
            tuning: self.tuning,
            ..EngineConfig::new(CLUSTER, own.clone())
        };
        let store = Store::new(own, self.life);
        let seed = RandomState::new().hash_one(self.life);
        let mut engine =
            Engine::with_members(config, store, members, seed, now).map_err(|error| error.to_string())?;
        let mut links = Links::default();
        links.perform(&mut engine, now);
        Ok(Node { name, engine, links })
    }
}

fn line(src: String, dest: String, body: impl Serialize) -> String {
    let text = serde_json::to_string(&Message { src, dest, body }).expect("these types always encode");
    text + "\n"
}
