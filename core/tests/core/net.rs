use rumormill_core::state::State;
use rumormill_core::{
    Address, CloseCode, Codec, Duration, Engine, EngineConfig, Event, Incarnation, Input, Instant, LinkId,
    NodeId, Output, Store, Tuning,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub(crate) fn id(name: &str) -> NodeId {
    NodeId::new(name).expect("a valid name")
}

pub(crate) fn address(name: &str) -> Address {
    Address::new(&format!("ws://{name}/gossip")).expect("a valid address")
}

pub(crate) fn config(name: &str, join: &[&str], tuning: Tuning) -> EngineConfig {
    EngineConfig {
        address: Some(address(name)),
        join: join.iter().map(|name| address(name)).collect(),
        tuning,
        ..EngineConfig::new("test", id(name))
    }
}

/// One end of a link: which engine, and what it calls the link.
type End = (NodeId, LinkId);

pub(crate) struct Net<S: State = Store> {
    pub(crate) now: Instant,
    pub(crate) codec: Codec,
    /// Are inputs that wait for one engine taken in together?
    pub(crate) together: bool,
    pub(crate) engines: BTreeMap<NodeId, Engine<S>>,
    pub(crate) events: Vec<(NodeId, Event)>,
    pub(crate) closes: Vec<(NodeId, CloseCode)>,
    /// Pairs that cannot reach each other; a frame or a dial is lost in silence.
    pub(crate) cuts: BTreeSet<(NodeId, NodeId)>,
    links: BTreeMap<End, End>,
    accepted: u64,
    queue: VecDeque<(NodeId, Input)>,
}

impl Net<Store> {
    /// Nodes that all join through the first.
    pub(crate) fn joined(names: &[&str], tuning: Tuning) -> Self {
        let mut net = Self::empty();
        for name in names {
            let join: &[&str] = if *name == names[0] { &[] } else { &names[..1] };
            net.start(config(name, join, tuning), 1);
        }
        net.run(Duration::from_secs(3));
        net
    }

    pub(crate) fn start(&mut self, mut config: EngineConfig, incarnation: u64) {
        config.incarnation = Incarnation(incarnation);
        let store = Store::new(config.id.clone(), incarnation);
        self.add(config, store);
    }

    pub(crate) fn agree(&self) -> bool {
        let mut hashes = self.engines.values().map(|engine| (engine.state().hash(), engine.members().hash()));
        let first = hashes.next();
        hashes.all(|hash| Some(hash) == first)
    }
}

impl<S: State> Net<S> {
    pub(crate) fn empty() -> Self {
        Self {
            now: Instant::from_micros(1_000_000),
            codec: Codec::Postcard,
            together: false,
            engines: BTreeMap::new(),
            events: Vec::new(),
            closes: Vec::new(),
            cuts: BTreeSet::new(),
            links: BTreeMap::new(),
            accepted: 0,
            queue: VecDeque::new(),
        }
    }

    pub(crate) fn add(&mut self, config: EngineConfig, state: S) {
        self.add_as(config.id.clone(), config, state);
    }

    /// Starts an engine that the net calls otherwise than the engine itself
    /// does; its address is the net's name for it.
    pub(crate) fn add_as(&mut self, id: NodeId, config: EngineConfig, state: S) {
        let seed = self.engines.len() as u64;
        let engine = Engine::new(config, state, seed, self.now).expect("a valid configuration");
        self.engines.insert(id.clone(), engine);
        self.drain(&id);
        self.settle();
    }

    /// Ends a node without a word.
    pub(crate) fn kill(&mut self, name: &str) {
        let dead = id(name);
        self.engines.remove(&dead);
        let ends: Vec<End> = self.links.keys().filter(|(node, _)| *node == dead).cloned().collect();
        for end in ends {
            self.break_link(&end);
        }
        self.settle();
    }

    pub(crate) fn cut(&mut self, left: &[&str], right: &[&str]) {
        for a in left {
            for b in right {
                self.cuts.insert((id(a), id(b)));
                self.cuts.insert((id(b), id(a)));
            }
        }
    }

    /// Hands an input to an engine, as its driver would.
    pub(crate) fn hand(&mut self, name: &str, input: Input) {
        self.queue.push_back((id(name), input));
        self.settle();
    }

    /// Runs a command on an engine and then everything that follows at once.
    pub(crate) fn command<T>(&mut self, name: &str, command: impl FnOnce(&mut Engine<S>, Instant) -> T) -> T {
        let node = id(name);
        let now = self.now;
        let result = command(self.engines.get_mut(&node).expect("the node runs"), now);
        self.drain(&node);
        self.settle();
        result
    }

    pub(crate) fn engine(&self, name: &str) -> &Engine<S> {
        &self.engines[&id(name)]
    }

    /// Lets time pass, from deadline to deadline.
    pub(crate) fn run(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let next = self.engines.values().filter_map(Engine::deadline).min();
            let Some(at) = next.filter(|at| *at <= end) else { break };
            self.now = self.now.max(at);
            let due: Vec<NodeId> = self
                .engines
                .iter()
                .filter(|(_, engine)| engine.deadline().is_some_and(|at| at <= self.now))
                .map(|(id, _)| id.clone())
                .collect();
            for id in due {
                self.queue.push_back((id, Input::Timeout));
            }
            self.settle();
        }
        self.now = end;
    }

    /// Runs until a condition holds; fails after a minute of the net's time.
    pub(crate) fn run_until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        for _ in 0..600 {
            if holds(self) {
                return;
            }
            self.run(Duration::from_millis(100));
        }
        panic!("not within a minute: {what}");
    }

    fn settle(&mut self) {
        let mut steps = 0;
        while let Some((id, input)) = self.queue.pop_front() {
            steps += 1;
            assert!(steps < 100_000, "the nodes do not come to rest");
            if let Some(engine) = self.engines.get_mut(&id) {
                engine.take_in(input, self.now);
                if self.together {
                    let queue = std::mem::take(&mut self.queue);
                    for (to, input) in queue {
                        if to == id {
                            engine.take_in(input, self.now)
                        } else {
                            self.queue.push_back((to, input))
                        }
                    }
                }
                engine.settle(self.now);
                self.drain(&id);
            }
        }
    }

    fn drain(&mut self, id: &NodeId) {
        while let Some(output) = self.engines.get_mut(id).and_then(Engine::poll) {
            match output {
                Output::Dial { link, address: to } => self.dial(id.clone(), link, &to),
                Output::Send { link, frame } => {
                    let end = (id.clone(), link);
                    self.queue.push_back((id.clone(), Input::Sent { link }));
                    if let Some((peer, link)) = self.links.get(&end).cloned()
                        && !self.cuts.contains(&(id.clone(), peer.clone()))
                    {
                        self.queue.push_back((peer, Input::Received { link, frame }));
                    }
                }
                Output::Close { link, refusal } => {
                    self.closes.push((id.clone(), refusal.code));
                    if let Some((peer, link)) = self.unlink(&(id.clone(), link)) {
                        self.queue.push_back((peer, Input::LinkClosed { link, refusal }));
                    }
                }
                Output::Event(event) => self.events.push((id.clone(), event)),
            }
        }
    }

    fn dial(&mut self, from: NodeId, link: LinkId, to: &Address) {
        let listener = self.engines.keys().find(|id| address(id.as_str()) == *to).cloned();
        let reachable = listener.filter(|peer| !self.cuts.contains(&(from.clone(), peer.clone())));
        let Some(peer) = reachable else {
            self.queue.push_back((from, Input::LinkDown { link, reason: "refused".into() }));
            return;
        };
        self.accepted += 1;
        let other = LinkId::Accepted(self.accepted);
        self.links.insert((from.clone(), link), (peer.clone(), other));
        self.links.insert((peer.clone(), other), (from.clone(), link));
        let codec = self.codec;
        self.queue.push_back((peer, Input::LinkUp { link: other, codec }));
        self.queue.push_back((from, Input::LinkUp { link, codec }));
    }

    fn break_link(&mut self, end: &End) {
        if let Some((peer, link)) = self.unlink(end) {
            self.queue.push_back((peer, Input::LinkDown { link, reason: "broken".into() }));
        }
    }

    /// Forgets a link; returns its other end.
    fn unlink(&mut self, end: &End) -> Option<End> {
        let other = self.links.remove(end)?;
        self.links.remove(&other);
        Some(other)
    }
}
