//! What an act does to the cluster.

use super::{NodeView, Sim};
use crate::host::Host;
use crate::scenario::{Act, ScenarioError, Start};
use crate::watch::Watch;
use rumormill_core::engine::LeaveError;
use rumormill_core::event::TraceEvent;
use rumormill_core::services::{InvalidService, Service};
use rumormill_core::state::store::{Key, Value, WriteError};
use rumormill_core::{
    Engine, EngineConfig, Incarnation, Instant, Members, NodeId, State, Store, Tuning, hash,
};

/// How many of the first nodes a node that starts anew asks to let it in.
const SEEDS: u32 = 3;

/// The name of every simulated cluster.
const CLUSTER: &str = "sim";

/// Why an act was not possible. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// It makes no sense in this cluster.
    #[error(transparent)]
    Invalid(#[from] ScenarioError),
    /// The node is not up.
    #[error("node {0} is not up: restart it first")]
    NotUp(u32),
    /// The node is up already.
    #[error("node {0} is up: crash it first")]
    Up(u32),
    /// The node is leaving.
    #[error("node {0} is leaving already")]
    Leaving(u32),
    /// The node's process is stopped.
    #[error("node {0} is paused: resume it first")]
    Paused(u32),
    /// The node's process is not stopped.
    #[error("node {0} is not paused: there is nothing to resume")]
    NotPaused(u32),
    /// There is no such frame to drop.
    #[error("message {0} is not under way any more, or was lost already")]
    NotUnderWay(u64),
    /// The frame opens a link, and is never lost.
    #[error("message {0} is a link's greeting: greetings are never lost")]
    Greeting(u64),
    /// The node has as many services as it may.
    #[error(transparent)]
    Service(#[from] InvalidService),
    /// There is no such service to withdraw.
    #[error("there is no service '{0}' at node {1}: publish it first")]
    NoSuchService(String, u32),
    /// The store refused the write.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Sim {
    /// Does what a checked act says.
    pub(super) fn perform(&mut self, act: &Act) -> Result<(), ActError> {
        if let Some((node, key)) = act.written() {
            return self.write(node, key, act);
        }
        match act {
            Act::Crash { node } => self.crash(*node),
            Act::Restart { node, data, moved } => self.restart(*node, *data, *moved),
            Act::Leave { node } => {
                let left = self.ask(*node, Engine::leave)?;
                left.map_err(|LeaveError| ActError::Leaving(*node))
            }
            Act::Pause { node } => self.pause(*node),
            Act::Resume { node } => self.resume(*node),
            Act::Drop { frame } => self.wires.drop_frame(*frame),
            Act::Publish { node, service, health, reason } => {
                let service = Service::new(service, *health, reason).map_err(ScenarioError::Service)?;
                self.ask(*node, |engine, now| engine.publish(service, now))??;
                Ok(())
            }
            Act::Withdraw { node, service } => {
                let was_there = self.ask(*node, |engine, now| engine.withdraw(service, now))?;
                if was_there { Ok(()) } else { Err(ActError::NoSuchService(service.clone(), *node)) }
            }
            _ => {
                self.change(act);
                Ok(())
            }
        }
    }

    /// A client asks a node that is up for something.
    fn ask<T>(
        &mut self,
        node: u32,
        what: impl FnOnce(&mut Engine<Store>, Instant) -> T,
    ) -> Result<T, ActError> {
        let now = self.hosts[node].clock.now(self.now);
        let answer = what(self.engine_mut(node)?, now);
        self.drive(node);
        Ok(answer)
    }

    /// Does what is always possible: changes the world around the nodes.
    fn change(&mut self, act: &Act) {
        match act {
            Act::Slow { node, delay_us } => self.slow(*node, *delay_us),
            Act::Clock { node, skew_us } => self.set_clock(*node, *skew_us),
            Act::Drift { node, ppm } => self.drift(*node, *ppm),
            Act::DelayLink { a, b, latency } => self.wires.delay(*a, *b, *latency),
            Act::Flap { .. } | Act::Churn { .. } => self.plan(act),
            Act::Heal => {
                self.plans.stop_flapping();
                self.wires.heal(self.now, &mut self.queue);
                self.tracer.record(self.now, None, TraceEvent::Healed);
            }
            Act::Tune(tuning) => {
                self.tuning = *tuning;
                (0..self.scenario.nodes).for_each(|node| self.tune_in_turn(node, *tuning));
            }
            Act::Network(network) => self.wires.network = *network,
            _ => self.cut(act),
        }
    }

    /// Starts a node: the first time as the scenario has it, later as a node
    /// that joins, with the store that it had or an empty one.
    pub(super) fn start(&mut self, node: u32, kept: Option<Store>) {
        let first = self.hosts[node].incarnation == Incarnation(0);
        let members = if first && self.scenario.start == Start::Known {
            self.known.clone()
        } else {
            Members::default()
        };
        self.hosts[node].incarnation.0 += 1;
        let join = self.joins(node).map(|other| self.hosts[other].address.clone()).collect();
        let host = &mut self.hosts[node];
        let incarnation = host.incarnation;
        let config = EngineConfig {
            address: Some(host.address.clone()),
            incarnation,
            join,
            tuning: self.tuning,
            first_round: self.scenario.first_round,
            tracing: true,
            ..EngineConfig::new(CLUSTER, host.id.clone())
        };
        let recovered = kept.is_some();
        let store = kept.unwrap_or_else(|| Store::new(host.id.clone(), incarnation.0));
        let seed = hash::part("engine", &[self.scenario.seed, u64::from(node), incarnation.0]);
        host.clock.start();
        let now = host.clock.now(self.now);
        let engine = Engine::with_members(config, store, members, seed, now)
            .expect("a checked scenario makes a valid configuration");
        for watch in self.watches.iter_mut().filter(|_| recovered) {
            watch.recover(node, &engine, self.now);
        }
        host.engine = Some(engine);
        self.record(
            node,
            match recovered {
                true => TraceEvent::Recovered { incarnation },
                false => TraceEvent::Started { incarnation },
            },
        );
        self.drive(node);
    }

    pub(super) fn restart(&mut self, node: u32, data: bool, moved: bool) -> Result<(), ActError> {
        let host = &mut self.hosts[node];
        if host.engine.is_some() {
            return Err(ActError::Up(node));
        }
        let kept = host.disk.take().filter(|_| data);
        let kept = kept.map(|bytes| Store::decode(&bytes).expect("a store reads what it wrote"));
        if moved {
            host.moves += 1;
            host.address = self.scenario.moved_address(node, host.moves);
        }
        self.start(node, kept);
        Ok(())
    }

    /// The node is not up any more; the links that its host still has break.
    pub(super) fn stop(&mut self, node: u32) {
        let ends = self.hosts[node].stop();
        self.wires.lose_frames_of(node, self.now);
        for end in ends {
            self.wires.shut(end, None, self.now, &mut self.queue);
        }
        self.empty_inbox(node);
        for watch in &mut self.watches {
            watch.forget(node);
        }
    }

    pub(super) fn crash(&mut self, node: u32) -> Result<(), ActError> {
        if self.hosts[node].engine.is_none() {
            return Err(ActError::NotUp(node));
        }
        self.record(node, TraceEvent::Crashed);
        self.stop(node);
        Ok(())
    }

    fn write(&mut self, node: u32, key: &str, act: &Act) -> Result<(), ActError> {
        let key = Key::new(key).map_err(ScenarioError::Key)?;
        let now = self.hosts[node].clock.now(self.now);
        let engine = self.engine_mut(node)?;
        let before = engine.state().version();
        let what = write(engine, &key, act, now)?;
        let wrote = engine.state().version() > before;
        self.record(node, TraceEvent::Wrote { key: key.clone(), what });
        if let (true, Some(engine)) = (wrote, &self.hosts[node].engine) {
            self.writes += 1;
            let named = (self.writes, key.as_str());
            let watch = Watch::new(named, node, engine, self.now, self.scenario.nodes);
            self.watches.push_back(watch);
            self.drop_old_watches();
        }
        self.drive(node);
        Ok(())
    }

    pub(super) fn drop_old_watches(&mut self) {
        let surplus = self.watches.len().saturating_sub(self.watches_max as usize);
        self.watches.drain(..surplus);
    }

    pub(super) fn tune(&mut self, node: u32, tuning: Tuning) {
        let host = &mut self.hosts[node];
        if let Some(engine) = &mut host.engine {
            let now = host.clock.now(self.now);
            engine.tune(tuning, now).expect("a checked act tunes within the limits");
            self.drive(node);
        }
    }

    pub(super) fn cut(&mut self, act: &Act) {
        self.wires.cut(act, self.scenario.nodes, self.now, &mut self.queue);
        self.record_cut(act);
    }

    fn record_cut(&mut self, act: &Act) {
        let names = |nodes: &[u32]| -> Box<[NodeId]> {
            nodes.iter().map(|&node| self.hosts[node].id.clone()).collect()
        };
        match act {
            Act::CutLink { a, b } => {
                let others = names(&[*b]);
                self.record(*a, TraceEvent::Cut(others));
            }
            Act::CutOneWay { from, to } => {
                let to = self.hosts[*to].id.clone();
                self.record(*from, TraceEvent::CutOneWay(to));
            }
            Act::Partition { groups } => {
                let groups: Vec<_> = groups.iter().map(|group| names(group)).collect();
                for group in groups {
                    self.tracer.record(self.now, None, TraceEvent::Cut(group));
                }
            }
            _ => {}
        }
    }

    /// The engine of a node that answers its clients.
    pub(super) fn engine_mut(&mut self, node: u32) -> Result<&mut Engine<Store>, ActError> {
        match &mut self.hosts[node] {
            Host { paused: true, .. } => Err(ActError::Paused(node)),
            Host { engine, .. } => engine.as_mut().ok_or(ActError::NotUp(node)),
        }
    }

    /// Whom a node is told to join in the life that it is in: the first so many
    /// other nodes.
    fn joins(&self, node: u32) -> impl Iterator<Item = u32> {
        let is_first = self.hosts[node].incarnation == Incarnation(1);
        let count = match (is_first, self.scenario.start) {
            (true, Start::Known) => 0,
            (true, Start::Join) => u32::from(node > 0),
            (false, _) => SEEDS,
        };
        (0..self.scenario.nodes).filter(move |&other| other != node).take(count as usize)
    }

    /// Does no way lead between some nodes that are up, neither by whom they
    /// know nor by whom they were told to join? They need an operator.
    pub(crate) fn has_strangers(&self) -> bool {
        let mut others: Vec<_> = self.iter().filter(|view| view.up).collect();
        let knows = |one: &NodeView<'_>, other: &NodeView<'_>| {
            let is_listed = one.engine.is_some_and(|engine| engine.members().member(other.id).is_some());
            is_listed || self.joins(one.index).any(|joined| joined == other.index)
        };
        let mut reached: Vec<_> = others.pop().into_iter().collect();
        while let Some(one) = reached.pop() {
            let met = others.extract_if(.., |other| knows(&one, other) || knows(other, &one));
            reached.extend(met);
        }
        !others.is_empty()
    }
}

/// Asks an engine for a write. What was asked, in words.
fn write(engine: &mut Engine<Store>, key: &Key, act: &Act, now: Instant) -> Result<String, ActError> {
    let json = |value| Value::json(value).map_err(ScenarioError::Value);
    Ok(match act {
        Act::Set { value, .. } => {
            engine.set(key, json(value)?, now)?;
            format!("set {value}")
        }
        Act::SetFor { value, ttl_us, .. } => {
            engine.set_for(key, json(value)?, *ttl_us, now)?;
            format!("set {value} for {ttl_us}")
        }
        Act::Put { value, .. } => {
            engine.put(key, json(value)?, now)?;
            format!("put {value}")
        }
        Act::Increment { by, .. } => {
            engine.increment(key, *by, now)?;
            format!("increment by {by}")
        }
        Act::Add { value, .. } => {
            engine.add(key, json(value)?, now)?;
            format!("add {value}")
        }
        Act::Remove { value, .. } => {
            engine.remove(key, &json(value)?, now)?;
            format!("remove {value}")
        }
        _ => {
            engine.delete(key, now);
            "delete".into()
        }
    })
}
