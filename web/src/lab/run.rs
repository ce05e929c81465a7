//! A run at one moment: the simulated cluster, and what the simulator itself does not keep. It knows how to go on and
//! how to be acted upon; what was done when, and how to go back, is the timeline's business.

use super::deed::{act, split};
use super::protocol::{Deed, Sample, WRITES_MAX};
use super::why::Clues;
use rumormill_core::Instant;
use rumormill_sim::{NodeView, Scenario, Sim, Totals};

/// Most trace records kept between two texts; which of them are handed over is decided by the look.
pub(super) const RECORDS_MAX: u32 = 8_000;

/// Frames remembered for who looks back: ten seconds of thirty nodes.
const LANDED_MAX: u32 = 2_000;

/// Most steps of a write that are noted between two looks for them: a batch of events makes fewer.
const STEPS_MAX: u32 = 4_096;

/// The closest that points of the charts are, in microseconds.
const SAMPLE_MIN_US: u64 = 20;

/// A place in a run's course. Several events may happen at one time, so the time alone does not tell it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    /// Microseconds since the start.
    pub(super) us: u64,
    /// Events handled since the start.
    pub(super) events: u64,
}

/// A run at one moment.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) sim: Sim,
    /// The part of the network in which each node is; empty without a cut.
    pub(super) groups: Vec<u8>,
    /// Nodes that said goodbye.
    pub(super) left: Vec<bool>,
    /// How many of the things that are to be done have been done.
    pub(super) done: usize,
    sample_every_us: u64,
    pub(super) next_sample_us: u64,
    /// What was seen lost.
    pub(super) clues: Clues,
}

impl Run {
    pub(super) fn new(scenario: Scenario) -> Result<Self, String> {
        let nodes = scenario.nodes as usize;
        let sample_every_us = sample_every_us(&scenario);
        let mut sim = Sim::new(scenario).map_err(|error| error.to_string())?;
        sim.keep_trace(RECORDS_MAX);
        sim.set_hashing(false);
        sim.keep_watches(WRITES_MAX);
        sim.keep_landed(LANDED_MAX);
        sim.keep_steps(STEPS_MAX);
        Ok(Self {
            sim,
            groups: Vec::new(),
            left: vec![false; nodes],
            done: 0,
            sample_every_us,
            next_sample_us: 0,
            clues: Clues::default(),
        })
    }

    pub(super) fn now_us(&self) -> u64 {
        self.sim.now().as_micros()
    }

    pub(super) fn moment(&self) -> Moment {
        Moment { us: self.now_us(), events: self.sim.totals().events }
    }

    /// Has everything happened that happens at this time?
    pub(super) fn is_between_times(&self) -> bool {
        self.sim.next_at().is_none_or(|next| next > self.sim.now())
    }

    /// Lets time pass in which nothing happens, or at most so many events.
    pub(super) fn run_until(&mut self, us: u64, events_max: u32) -> u32 {
        self.sim.run_until(Instant::from_micros(us), events_max)
    }

    /// Does something now, or says why that is not possible.
    #[inline(never)]
    pub(super) fn perform(&mut self, deed: &Deed) -> Result<(), String> {
        let groups = match deed {
            Deed::Cut(nodes) => split(&self.groups, self.sim.nodes(), nodes)?,
            Deed::Heal => Vec::new(),
            _ => self.groups.clone(),
        };
        self.sim.apply(act(deed, &groups)).map_err(|error| error.to_string())?;
        self.groups = groups;
        match *deed {
            Deed::Leave(node) => self.left[node as usize] = true,
            Deed::Restart(node) | Deed::RestartWithData(node) | Deed::Crash(node) => {
                self.left[node as usize] = false;
            }
            _ => {}
        }
        Ok(())
    }

    /// A point of the charts; the next one is due a while later.
    pub(super) fn sample(&mut self) -> Sample {
        let at_us = self.now_us();
        let every_us = self.sample_step_us(at_us);
        self.next_sample_us = (at_us / every_us + 1) * every_us;
        self.reading()
    }

    /// A point of the charts beside those that are due.
    pub(super) fn reading(&self) -> Sample {
        point(self.sim.now(), self.sim.informed(), self.sim.up(), &self.sim.totals())
    }

    /// Points of the charts at which one more node had the latest write, each with the moment in the run's course.
    pub(super) fn take_steps(&mut self) -> impl Iterator<Item = (Moment, Sample)> + use<> {
        self.sim.take_steps().into_iter().map(|step| {
            let moment = Moment { us: step.at.as_micros(), events: step.totals.events };
            (moment, point(step.at, step.informed, step.up, &step.totals))
        })
    }

    /// Messages that travel for less than a millisecond would spread a write between two points. So while it spreads,
    /// points are as close as it is young: each part of the curve has as many.
    fn sample_step_us(&self, at_us: u64) -> u64 {
        let spreads = self.sim.informed() > 0 && self.sim.informed() < self.sim.up();
        let latest = self.sim.latest().filter(|_| spreads);
        let age_us = latest.map(|watch| at_us.saturating_sub(watch.at.as_micros()));
        age_us.map_or(self.sample_every_us, |age_us| (age_us / 32).clamp(SAMPLE_MIN_US, self.sample_every_us))
    }

    /// About how many bytes a copy takes in a tab beside another one, with which it shares the nodes that are the same in
    /// both: a node, and each entry of its store with what goes with it; for all nodes the links, the frames under way and
    /// those that have landed. Measured natively (4.8 KB, 3 KB and 1 KB for a thousand nodes), where pointers are twice as
    /// wide.
    pub(super) fn weight_bytes(&self, beside: Option<&Self>) -> u64 {
        let node =
            |view: NodeView<'_>| 3_500 + 1_500 * view.engine.map_or(0, |engine| engine.state().len() as u64);
        let own: u64 = match beside {
            Some(beside) => self.sim.unshared(&beside.sim).map(node).sum(),
            None => self.sim.iter().map(node).sum(),
        };
        own + 800 * u64::from(self.sim.nodes()) + self.sim.landed_bytes()
    }
}

fn point(at: Instant, informed: u32, up: u32, totals: &Totals) -> Sample {
    Sample {
        at_us: at.as_micros(),
        informed,
        up,
        messages: totals.messages,
        payload: totals.payload_messages,
        bytes: totals.bytes,
        arrived: totals.payload_arrived,
    }
}

/// Fine enough that a step of the slowest part of a run shows as a curve.
fn sample_every_us(scenario: &Scenario) -> u64 {
    let latency_us = scenario.network.latency.median().as_micros();
    let interval_us = scenario.tuning.interval_us.as_micros();
    (latency_us.min(interval_us) / 4).clamp(1_000, 100_000)
}
