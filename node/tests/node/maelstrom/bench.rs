//! A small test bench of Maelstrom's kind: it starts nodes as processes, carries
//! their lines with a delay, loses what crosses a cut, counts what nodes say to
//! each other, and asks as clients do. What the answers must be is the tests'
//! business.

use crate::support::LIMIT;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What every message between two nodes takes, as Gossip Glomers' tests have it.
const LATENCY: Duration = Duration::from_millis(100);

pub(super) struct Bench {
    nodes: Vec<Node>,
    lines: Receiver<(usize, String)>,
    /// What is under way between nodes, by when it arrives.
    under_way: BinaryHeap<Reverse<UnderWay>>,
    /// On which side of a cut each node is; without a cut all are on the same.
    sides: Vec<usize>,
    /// Messages from node to node, lost ones too.
    pub(super) messages: u64,
    asked: u64,
    answers: BTreeMap<u64, (Instant, Value)>,
}

/// When it arrives, its number, from whom, to whom, and the line.
type UnderWay = (Instant, u64, usize, usize, String);

struct Node {
    child: Child,
    stdin: ChildStdin,
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Bench {
    pub(super) fn start(count: usize, arguments: &[&str]) -> Self {
        let (tell, lines) = channel();
        let nodes = (0..count)
            .map(|at| {
                let mut command = Command::new(env!("CARGO_BIN_EXE_rumormill"));
                command.arg("maelstrom").args(arguments).env_remove("RUST_LOG");
                let mut child =
                    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program runs");
                let stdout = BufReader::new(child.stdout.take().expect("piped"));
                let tell = tell.clone();
                thread::spawn(move || {
                    stdout.lines().map_while(Result::ok).try_for_each(|line| tell.send((at, line)))
                });
                Node { stdin: child.stdin.take().expect("piped"), child }
            })
            .collect();
        let mut bench = Self {
            nodes,
            lines,
            under_way: BinaryHeap::new(),
            sides: vec![0; count],
            messages: 0,
            asked: 0,
            answers: BTreeMap::new(),
        };
        let names: Vec<String> = (0..count).map(name).collect();
        for at in 0..count {
            let init = json!({"type": "init", "node_id": name(at), "node_ids": names});
            assert_eq!(bench.call(at, init)["type"], "init_ok");
        }
        bench
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Cuts the network between nodes of different sides.
    pub(super) fn cut(&mut self, side: impl Fn(usize) -> usize) {
        self.sides = (0..self.nodes.len()).map(side).collect();
    }

    pub(super) fn heal(&mut self) {
        self.cut(|_| 0);
    }

    /// Asks a node, and does not wait. The question's number.
    pub(super) fn ask(&mut self, at: usize, mut body: Value) -> u64 {
        self.asked += 1;
        body["msg_id"] = self.asked.into();
        self.write(at, &json!({"src": "c1", "dest": name(at), "body": body}).to_string());
        self.asked
    }

    pub(super) fn call(&mut self, at: usize, body: Value) -> Value {
        let number = self.ask(at, body);
        self.answered(number).1
    }

    /// The answer to a question, once it has come.
    pub(super) fn answered(&mut self, number: u64) -> (Instant, Value) {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(answer) = self.answers.remove(&number) {
                return answer;
            }
            assert!(Instant::now() < end, "question {number} is not answered");
            self.carry(Instant::now() + Duration::from_millis(1));
        }
    }

    /// Carries messages until then.
    pub(super) fn carry(&mut self, until: Instant) {
        loop {
            let now = Instant::now();
            while self.under_way.peek().is_some_and(|Reverse(next)| next.0 <= now) {
                let Some(Reverse((_, _, from, to, line))) = self.under_way.pop() else { break };
                if self.sides[from] == self.sides[to] {
                    self.write(to, &line);
                }
            }
            if now >= until {
                return;
            }
            let next = self.under_way.peek().map_or(until, |Reverse(next)| next.0.min(until));
            if let Ok((from, line)) = self.lines.recv_timeout(next.saturating_duration_since(now)) {
                self.route(from, line);
            }
        }
    }

    fn route(&mut self, from: usize, line: String) {
        let message: Value = serde_json::from_str(&line).expect("a line is a JSON value");
        assert_eq!(message["src"], name(from), "a node speaks in its own name");
        let dest = message["dest"].as_str().expect("a message has a destination");
        if let Some(to) = dest.strip_prefix('n') {
            let to: usize = to.parse().expect("nodes are n0, n1, ...");
            self.messages += 1;
            let arrives = Instant::now() + LATENCY;
            self.under_way.push(Reverse((arrives, self.messages, from, to, line)));
        } else {
            let number = message["body"]["in_reply_to"].as_u64().expect("an answer says to what");
            self.answers.insert(number, (Instant::now(), message["body"].clone()));
        }
    }

    fn write(&mut self, at: usize, line: &str) {
        let node = &mut self.nodes[at];
        writeln!(node.stdin, "{line}").expect("the node reads");
    }
}

fn name(at: usize) -> String {
    format!("n{at}")
}
