//! How soon the dead are noticed, and how often the living are taken for dead.

use super::{Row, Table};
use crate::latency::Latency;
use crate::scenario::{Act, Network, Scenario};
use crate::sim::Sim;
use rumormill_core::event::{Event, TraceEvent};
use rumormill_core::{Duration, NodeId, Status, Tuning};
use std::collections::{BTreeMap, BTreeSet};

/// Members in every run.
const NODES: u32 = 50;

/// Runs of which the figures are the sums and means.
const SEEDS: u64 = 3;

/// How long the living are watched.
const WATCHED: Duration = Duration::from_secs(120);

/// What several runs measured together.
#[derive(Debug, Clone, Default)]
pub struct Detection {
    /// From a crash until the first member suspected the dead one.
    pub suspected: Vec<Duration>,
    /// From a crash until the first member held the dead one to be down.
    pub first: Vec<Duration>,
    /// From a crash until all did.
    pub all: Vec<Duration>,
    /// How often a member that was up and running was suspected, each life once.
    pub suspicions: u64,
    /// How often one was held to be down by anybody, each life once.
    pub deaths: u64,
    /// Messages sent while the living were watched.
    pub messages: u64,
}

/// What the members' processes do while the living are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processes {
    /// They run.
    Steady,
    /// The first few stop for so long again and again, and run for two seconds
    /// between: those that are blocked are not counted, only whom they accuse.
    Blocked {
        /// How many.
        count: u32,
        /// For how long each time.
        pause: Duration,
    },
    /// They run, but all frames between the first few and the others take so
    /// long, either way: those far away are not counted, only whom they accuse.
    Far {
        /// How many.
        count: u32,
        /// How long a frame takes.
        latency: Duration,
    },
}

impl Processes {
    /// How many are not counted.
    fn excused(self) -> u32 {
        match self {
            Self::Steady => 0,
            Self::Blocked { count, .. } | Self::Far { count, .. } => count,
        }
    }
}

/// SWIM as it was published: one fixed time for a suspicion, and no doubt of
/// oneself.
pub fn plain(tuning: Tuning) -> Tuning {
    Tuning { local_health_max: 0, suspicion_max_mult: 1, ..tuning }
}

/// Watches a cluster in which nobody dies; then kills one member.
pub fn run(tuning: Tuning, loss_ppm: u32, processes: Processes, seeds: u64) -> Detection {
    let mut all = Detection::default();
    for seed in 1..=seeds {
        let network = Network { loss_ppm, ..Network::default() };
        let name = "detection".into();
        let scenario = Scenario { name, seed, nodes: NODES, network, tuning, ..Scenario::default() };
        let mut sim = Sim::new(scenario).expect("a valid scenario");
        sim.keep_trace(u32::MAX);
        sim.set_hashing(false);
        watch_the_living(&mut sim, processes, &mut all);
        if processes == Processes::Steady {
            watch_one_die(&mut sim, &mut all);
        }
    }
    all
}

fn watch_the_living(sim: &mut Sim, processes: Processes, found: &mut Detection) {
    let end = sim.now() + WATCHED;
    let before = sim.totals().messages;
    let mut wronged = Wronged::default();
    let excused = processes.excused() as usize;
    let healthy: BTreeSet<NodeId> = sim.iter().skip(excused).map(|node| node.id.clone()).collect();
    if let Processes::Far { count, latency } = processes {
        let latency = Some(Latency::Fixed(latency));
        for (a, b) in (0..count).flat_map(|a| (count..NODES).map(move |b| (a, b))) {
            sim.apply(Act::DelayLink { a, b, latency }).expect("both are members");
        }
    }
    while sim.now() < end {
        if let Processes::Blocked { count, pause } = processes {
            (0..count).for_each(|node| sim.apply(Act::Pause { node }).expect("it runs"));
            sim.run_until(sim.now() + pause, u32::MAX);
            (0..count).for_each(|node| sim.apply(Act::Resume { node }).expect("it is paused"));
        }
        sim.run_until(sim.now() + Duration::from_secs(2), u32::MAX);
        wronged.read(sim, &healthy);
    }
    found.messages += sim.totals().messages - before;
    found.suspicions += wronged.suspected.len() as u64;
    found.deaths += wronged.dead.len() as u64;
}

/// The lives of healthy members that were believed to be what they were not.
#[derive(Default)]
struct Wronged {
    suspected: BTreeSet<(NodeId, u64)>,
    dead: BTreeSet<(NodeId, u64)>,
}

impl Wronged {
    fn read(&mut self, sim: &mut Sim, healthy: &BTreeSet<NodeId>) {
        for record in sim.take_trace() {
            let TraceEvent::Node(Event::Member { id, incarnation, status, .. }) = record.event else {
                continue;
            };
            match status {
                Status::Suspect if healthy.contains(&id) => self.suspected.insert((id, incarnation.0)),
                Status::Down if healthy.contains(&id) => self.dead.insert((id, incarnation.0)),
                _ => false,
            };
        }
    }
}

fn watch_one_die(sim: &mut Sim, found: &mut Detection) {
    let victim = NODES - 1;
    let id = sim.node(victim).id.clone();
    sim.take_trace();
    sim.apply(Act::Crash { node: victim }).expect("it is up");
    let crashed = sim.now();
    sim.run_until(crashed + Duration::from_secs(120), u32::MAX);
    let mut since = BTreeMap::new();
    let mut suspected = None;
    for record in sim.take_trace() {
        let (Some(node), TraceEvent::Node(Event::Member { id: of, status, .. })) =
            (record.node, record.event)
        else {
            continue;
        };
        let after = record.at.since(crashed);
        if of == id && matches!(status, Status::Suspect | Status::Down) {
            suspected.get_or_insert(after);
        }
        if of == id && status == Status::Down {
            since.entry(node).or_insert(after);
        }
    }
    found.suspected.extend(suspected);
    found.first.extend(since.values().min().copied());
    if since.len() as u32 == NODES - 1 {
        found.all.extend(since.values().max().copied());
    }
}

pub(super) fn table() -> Table {
    let mut rows = Vec::new();
    for loss in [0, 10, 20, 30, 40] {
        for lifeguard in [false, true] {
            rows.push(row(loss, Processes::Steady, lifeguard));
        }
    }
    for (count, secs) in [(4, 6), (12, 6)] {
        for lifeguard in [false, true] {
            let pause = Duration::from_secs(secs);
            rows.push(row(0, Processes::Blocked { count, pause }, lifeguard));
        }
    }
    for (count, millis) in [(4, 400), (4, 800), (4, 2_000), (12, 800)] {
        for lifeguard in [false, true] {
            let latency = Duration::from_millis(millis);
            rows.push(row(0, Processes::Far { count, latency }, lifeguard));
        }
    }
    Table {
        name: "detection",
        title: "How soon the dead are noticed, and how often the living are taken for dead",
        about: "50 members, a probe each second, 3 seeds. Nobody dies for two minutes, and suspicions and deaths of \
                healthy members are counted, each life once; then one member crashes, and the means of three times are \
                given. *SWIM* is our own engine with Lifeguard's parts switched off (local health, and suspicions that \
                start long and shrink with confirmations); what stays in both is that a node whose timer comes late by \
                half a probe gives everyone as much more time, which is what keeps stopped members from accusing \
                others when they go on. In the last rows some members' processes stop for seconds, \
                run for two, and stop again, or all frames between them and the others take so long, either way; what \
                is said of those is not counted, only what is said of the healthy. Published: SWIM detects a failure after e/(e − 1) = 1.58 periods on average, at first \
                anywhere (Das et al. 2002, §3.1); Lifeguard makes false positives 50 times rarer where some members \
                are slow, and detects as soon as before (Dadgar et al. 2018, §5). A crash breaks the links of the \
                dead node here, so others ask at once and do not wait for their turn.",
        columns: &[
            "frames lost",
            "slow members",
            "detector",
            "s to the first suspicion",
            "s to the first to hold it down",
            "s to the last",
            "healthy ones suspected",
            "healthy ones held down",
            "messages/s per node",
        ],
        rows,
    }
}

fn row(loss_percent: u32, processes: Processes, lifeguard: bool) -> Row {
    Box::new(move || {
        let tuning = if lifeguard { Tuning::default() } else { plain(Tuning::default()) };
        let found = run(tuning, loss_percent * 10_000, processes, SEEDS);
        let stopped = match processes {
            Processes::Steady => "none".into(),
            Processes::Blocked { count, pause } => {
                format!("{count} stopped for {} s", pause.as_millis() / 1_000)
            }
            Processes::Far { count, latency } => format!("{count} far away, {} ms", latency.as_millis()),
        };
        vec![
            format!("{loss_percent} %"),
            stopped,
            if lifeguard { "Lifeguard" } else { "SWIM" }.into(),
            mean(&found.suspected),
            mean(&found.first),
            mean(&found.all),
            found.suspicions.to_string(),
            found.deaths.to_string(),
            format!(
                "{:.1}",
                found.messages as f64 / (SEEDS * u64::from(NODES) * WATCHED.as_micros() / 1_000_000) as f64
            ),
        ]
    })
}

/// In seconds.
fn mean(times: &[Duration]) -> String {
    if times.is_empty() {
        return "–".into();
    }
    let sum: u64 = times.iter().map(|time| time.as_micros()).sum();
    format!("{:.1}", sum as f64 / times.len() as f64 / 1e6)
}
