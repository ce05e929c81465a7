//! What an act does to the cluster.

use super::Sim;
use crate::scenario::{Act, ScenarioError, Start};
use crate::watch::Watch;
use rumormill_core::engine::LeaveError;
use rumormill_core::event::TraceEvent;
use rumormill_core::state::store::{Key, Value, WriteError};
use rumormill_core::{
    Address, Engine, EngineConfig, Incarnation, Instant, Members, NodeId, State, Store, hash,
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
    /// This simulator cannot do it yet.
    #[error("this simulator cannot do that yet")]
    NotYet,
    /// The store refused the write.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Sim {
    /// Does what a checked act says.
    pub(super) fn perform(&mut self, act: &Act) -> Result<(), ActError> {
        match act {
            Act::Set { node, key, .. }
            | Act::SetFor { node, key, .. }
            | Act::Put { node, key, .. }
            | Act::Increment { node, key, .. }
            | Act::Add { node, key, .. }
            | Act::Remove { node, key, .. }
            | Act::Delete { node, key } => self.write(*node, key, act),
            Act::Crash { node } => self.crash(*node),
            Act::Restart { node, data, moved } => self.restart(*node, *data, *moved),
            Act::Leave { node } => {
                let now = self.now;
                let engine = self.engine_mut(*node)?;
                engine.leave(now).map_err(|LeaveError| ActError::Leaving(*node))?;
                self.drive(*node);
                Ok(())
            }
            Act::Partition { .. } | Act::CutLink { .. } => {
                self.wires.cut(act, self.scenario.nodes, self.now, &mut self.queue);
                self.record_cut(act);
                Ok(())
            }
            Act::Heal => {
                self.wires.heal(self.now, &mut self.queue);
                self.tracer.record(self.now, None, TraceEvent::Healed);
                Ok(())
            }
            Act::Tune(tuning) => {
                for node in 0..self.scenario.nodes {
                    let now = self.now;
                    if let Ok(engine) = self.engine_mut(node) {
                        engine.tune(*tuning, now).map_err(ScenarioError::Tuning)?;
                        self.drive(node);
                    }
                }
                self.tuning = *tuning;
                Ok(())
            }
            Act::Network(network) => {
                self.wires.network = *network;
                Ok(())
            }
            Act::Pause { .. }
            | Act::Resume { .. }
            | Act::Slow { .. }
            | Act::Clock { .. }
            | Act::Drift { .. }
            | Act::CutOneWay { .. }
            | Act::DelayLink { .. }
            | Act::Flap { .. }
            | Act::Churn { .. } => Err(ActError::NotYet),
        }
    }

    /// Starts a node: the first time as the scenario has it, later as a node
    /// that joins, with the store that it had or an empty one.
    pub(super) fn start(&mut self, node: u32, kept: Option<Store>) {
        let first = self.hosts[node as usize].incarnation == Incarnation(0);
        let (members, join) = match (first, self.scenario.start) {
            (true, Start::Known) => (self.known.clone(), Vec::new()),
            (true, Start::Join) if node == 0 => (Members::default(), Vec::new()),
            (true, Start::Join) => (Members::default(), self.addresses_but(node, 1)),
            (false, _) => (Members::default(), self.addresses_but(node, SEEDS)),
        };
        let host = &mut self.hosts[node as usize];
        host.incarnation.0 += 1;
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
        let engine = Engine::with_members(config, store, members, seed, self.now)
            .expect("a checked scenario makes a valid configuration");
        if let (true, Some(watch)) = (recovered, &mut self.watch) {
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

    fn restart(&mut self, node: u32, data: bool, moved: bool) -> Result<(), ActError> {
        let host = &mut self.hosts[node as usize];
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
        for end in self.hosts[node as usize].stop() {
            self.wires.shut(end, None, self.now, &mut self.queue);
        }
        self.wires.lose_frames_to(node);
        if let Some(watch) = &mut self.watch {
            watch.forget(node);
        }
    }

    fn crash(&mut self, node: u32) -> Result<(), ActError> {
        self.engine_mut(node)?;
        self.record(node, TraceEvent::Crashed);
        self.stop(node);
        Ok(())
    }

    fn write(&mut self, node: u32, key: &str, act: &Act) -> Result<(), ActError> {
        let key = Key::new(key).map_err(ScenarioError::Key)?;
        let now = self.now;
        let engine = self.engine_mut(node)?;
        let before = engine.state().version();
        let what = write(engine, &key, act, now)?;
        let wrote = engine.state().version() > before;
        self.record(node, TraceEvent::Wrote { key: key.clone(), what });
        if let (true, Some(engine)) = (wrote, &self.hosts[node as usize].engine) {
            self.watch = Some(Watch::new(node, engine, key.as_str(), self.now, self.scenario.nodes));
        }
        self.drive(node);
        Ok(())
    }

    fn record_cut(&mut self, act: &Act) {
        let names = |nodes: &[u32]| -> Box<[NodeId]> {
            nodes.iter().map(|&node| self.hosts[node as usize].id.clone()).collect()
        };
        match act {
            Act::CutLink { a, b } => {
                let others = names(&[*b]);
                self.record(*a, TraceEvent::Cut(others));
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

    fn engine_mut(&mut self, node: u32) -> Result<&mut Engine<Store>, ActError> {
        self.hosts[node as usize].engine.as_mut().ok_or(ActError::NotUp(node))
    }

    /// Addresses of the first so many nodes other than this one.
    fn addresses_but(&self, node: u32, count: u32) -> Vec<Address> {
        let others = (0..self.scenario.nodes).filter(|&other| other != node);
        others.take(count as usize).map(|other| self.hosts[other as usize].address.clone()).collect()
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
