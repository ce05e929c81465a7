//! The worker's side: keeps the simulated cluster, obeys commands, and reports. It knows no browser: the clock that
//! ends a tick is handed in, so it is tested natively.

use super::look;
use super::protocol::{Command, Deed, Frame, Look, Report, Sample, WRITES_MAX};
use super::why::Clues;
use rumormill_core::Instant;
use rumormill_sim::{Act, Scenario, Sim, trace_hash_of};

/// A tick handles at most so many events, however fast they are.
const EVENTS_MAX: u32 = 50_000;

/// A tick takes about so long, so that frames keep coming when the cluster is large.
const TICK_MS: f64 = 12.0;

/// Events handled between two looks at the clock.
const BATCH: u32 = 64;

/// Most trace records kept between two texts; which of them are handed over is decided by the look.
const RECORDS_MAX: u32 = 8_000;

/// Frames remembered for who looks back: ten seconds of thirty nodes.
const LANDED_MAX: u32 = 2_000;

/// The worker's whole state.
pub struct Machine {
    clock: Box<dyn Fn() -> f64>,
    run: Option<Run>,
}

/// A run and what the simulator itself does not keep.
pub(super) struct Run {
    pub(super) number: u32,
    pub(super) sim: Sim,
    /// What is still to be done, latest first.
    script: Vec<(u64, Deed)>,
    /// The part of the network in which each node is; empty without a cut.
    pub(super) groups: Vec<u8>,
    /// Nodes that said goodbye.
    pub(super) left: Vec<bool>,
    pub(super) samples: Vec<Sample>,
    sample_every_us: u64,
    next_sample_us: u64,
    pub(super) done: Vec<(u64, Deed)>,
    pub(super) refused: Option<String>,
    pub(super) clues: Clues,
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine").field("runs", &self.run.is_some()).finish_non_exhaustive()
    }
}

impl Machine {
    /// A machine without a run; `clock` tells milliseconds of real time.
    pub fn new(clock: impl Fn() -> f64 + 'static) -> Self {
        Self { clock: Box::new(clock), run: None }
    }

    /// Obeys an encoded command and returns the encoded report.
    pub fn answer(&mut self, bytes: &[u8]) -> Vec<u8> {
        let report = match super::protocol::decode(bytes) {
            Ok(command) => self.obey(command),
            Err(error) => Report::NotStarted(format!("the command could not be read: {error}")),
        };
        super::protocol::encode(&report)
    }

    /// Obeys a command.
    pub fn obey(&mut self, command: Command) -> Report {
        let started_ms = (self.clock)();
        match command {
            Command::TraceHash { id, name } => {
                let hash =
                    trace_hash_of(&name).ok_or_else(|| format!("there is no scenario called '{name}'"));
                Report::TraceHash { id, hash }
            }
            Command::Start { run, scenario, script, look } => match Run::new(run, *scenario, script) {
                Ok(run) => {
                    self.run = Some(run);
                    self.report(&look, started_ms)
                }
                Err(why) => Report::NotStarted(why),
            },
            Command::Advance { to_us, look } => {
                if let Some(run) = &mut self.run {
                    let clock = &self.clock;
                    run.advance(to_us, || clock() - started_ms >= TICK_MS);
                }
                self.report(&look, started_ms)
            }
            Command::Step { look } => {
                if let Some(run) = &mut self.run {
                    run.step();
                }
                self.report(&look, started_ms)
            }
            Command::Do { deed, look } => {
                if let Some(run) = &mut self.run {
                    run.perform(deed);
                }
                self.report(&look, started_ms)
            }
            Command::Look(look) => self.report(&look, started_ms),
        }
    }

    fn report(&mut self, look: &Look, started_ms: f64) -> Report {
        let Some(run) = &mut self.run else { return Report::Idle };
        let mut frame: Frame = look::frame(run, look);
        frame.took_us = (((self.clock)() - started_ms) * 1_000.0) as u32;
        Report::Frame(Box::new(frame))
    }
}

impl Run {
    fn new(number: u32, scenario: Scenario, mut script: Vec<(u64, Deed)>) -> Result<Self, String> {
        script.sort_by_key(|(at_us, _)| std::cmp::Reverse(*at_us));
        let nodes = scenario.nodes as usize;
        let sample_every_us = sample_every_us(&scenario);
        let mut sim = Sim::new(scenario).map_err(|error| error.to_string())?;
        sim.keep_trace(RECORDS_MAX);
        sim.set_hashing(false);
        sim.keep_watches(WRITES_MAX);
        sim.keep_landed(LANDED_MAX);
        Ok(Self {
            number,
            sim,
            script,
            groups: Vec::new(),
            left: vec![false; nodes],
            samples: Vec::new(),
            sample_every_us,
            next_sample_us: 0,
            done: Vec::new(),
            refused: None,
            clues: Clues::default(),
        })
    }

    pub(super) fn now_us(&self) -> u64 {
        self.sim.now().as_micros()
    }

    fn advance(&mut self, to_us: u64, is_over: impl Fn() -> bool) {
        let mut events = 0;
        while self.now_us() < to_us {
            let script_us = self.script.last().map_or(u64::MAX, |(at_us, _)| *at_us);
            let stop_us = to_us.min(script_us).min(self.next_sample_us).max(self.now_us());
            let handled = self.sim.run_until(Instant::from_micros(stop_us), BATCH);
            events += handled;
            if handled < BATCH {
                self.do_what_is_due();
                self.sample();
            }
            if events >= EVENTS_MAX || is_over() {
                break;
            }
        }
        self.sample();
    }

    /// The next event, or the next line of the script if that comes first.
    fn step(&mut self) {
        let next_us = self.sim.next_at().map_or(u64::MAX, Instant::as_micros);
        match self.script.last() {
            Some((at_us, _)) if *at_us <= next_us => {
                self.sim.run_until(Instant::from_micros(*at_us), u32::MAX);
                self.do_what_is_due();
            }
            _ => {
                self.sim.step();
            }
        }
        self.sample();
    }

    fn do_what_is_due(&mut self) {
        while self.script.last().is_some_and(|(at_us, _)| *at_us <= self.now_us()) {
            if let Some((_, deed)) = self.script.pop() {
                self.perform(deed);
            }
        }
    }

    /// Does something now. If it is not possible, the next frame says why.
    fn perform(&mut self, deed: Deed) {
        self.refused = None;
        let at_us = self.now_us();
        match self.try_to(&deed) {
            Ok(()) => self.done.push((at_us, deed)),
            Err(why) => self.refused = Some(why),
        }
        self.take_sample();
    }

    fn try_to(&mut self, deed: &Deed) -> Result<(), String> {
        let groups = match deed {
            Deed::Cut(nodes) => split(&self.groups, self.sim.nodes(), nodes)?,
            Deed::Heal => Vec::new(),
            _ => self.groups.clone(),
        };
        self.sim.apply(act(deed, &groups)).map_err(|error| error.to_string())?;
        self.groups = groups;
        match *deed {
            Deed::Leave(node) => self.left[node as usize] = true,
            Deed::Restart(node) | Deed::Crash(node) => self.left[node as usize] = false,
            _ => {}
        }
        Ok(())
    }

    fn sample(&mut self) {
        if self.now_us() >= self.next_sample_us {
            self.take_sample();
        }
    }

    fn take_sample(&mut self) {
        let at_us = self.now_us();
        let totals = self.sim.totals();
        self.samples.push(Sample {
            at_us,
            informed: self.sim.informed(),
            up: self.sim.up(),
            messages: totals.messages,
            payload: totals.payload_messages,
            bytes: totals.bytes,
        });
        self.next_sample_us = (at_us / self.sample_every_us + 1) * self.sample_every_us;
    }
}

/// Fine enough that a step of the slowest part of a run shows as a curve.
fn sample_every_us(scenario: &Scenario) -> u64 {
    let latency_us = scenario.network.latency.median().as_micros();
    let interval_us = scenario.tuning.interval_us.as_micros();
    (latency_us.min(interval_us) / 4).clamp(1_000, 100_000)
}

fn act(deed: &Deed, groups: &[u8]) -> Act {
    match deed {
        Deed::Write { node, key, value } => {
            let value = serde_json::from_str(value).unwrap_or_else(|_| value.as_str().into());
            Act::Set { node: *node, key: key.clone(), value }
        }
        Deed::Increment { node, key, by } => Act::Increment { node: *node, key: key.clone(), by: *by },
        Deed::Crash(node) => Act::Crash { node: *node },
        Deed::Restart(node) => Act::Restart { node: *node, data: false, moved: false },
        Deed::Leave(node) => Act::Leave { node: *node },
        Deed::Cut(_) => Act::Partition { groups: parts(groups) },
        Deed::Heal => Act::Heal,
        Deed::Tune(tuning) => Act::Tune(*tuning),
        Deed::Network(network) => Act::Network(*network),
    }
}

/// The nodes of each part, in the order of the parts' numbers.
fn parts(groups: &[u8]) -> Vec<Vec<u32>> {
    let count = groups.iter().max().map_or(0, |last| usize::from(*last) + 1);
    let mut parts = vec![Vec::new(); count];
    for (node, group) in (0..).zip(groups) {
        parts[usize::from(*group)].push(node);
    }
    parts
}

/// Each part that `nodes` divides becomes two; numbers go by the first node, so that they are the same for the same
/// parts.
fn split(groups: &[u8], count: u32, nodes: &[u32]) -> Result<Vec<u8>, String> {
    let mut inside = vec![false; count as usize];
    for &node in nodes {
        *inside.get_mut(node as usize).ok_or_else(|| format!("node {node} is not there"))? = true;
    }
    let mut seen: Vec<(u8, bool)> = Vec::new();
    let mut split = Vec::with_capacity(count as usize);
    for (node, inside) in inside.into_iter().enumerate() {
        let part = (groups.get(node).copied().unwrap_or(0), inside);
        let number = seen.iter().position(|known| *known == part).unwrap_or_else(|| {
            seen.push(part);
            seen.len() - 1
        });
        split.push(u8::try_from(number).map_err(|_| "the network is in 256 parts already".to_owned())?);
    }
    if seen.len() < 2 {
        return Err("a cut needs nodes on both of its sides".to_owned());
    }
    Ok(split)
}

#[cfg(test)]
#[path = "worker_tests.rs"]
mod tests;
