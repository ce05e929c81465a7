//! The simulator's face: a run that is stepped through, acted upon and looked
//! at. What an act does is in `acts`, what an event does in `drive`, what waits
//! for a slow node in `inbox`, what goes up and down by itself in `turns`, what a
//! frame carries in `contents`, what is remembered of it all in `memory`.

mod acts;
mod contents;
mod drive;
mod inbox;
mod memory;
mod turns;

pub use acts::ActError;
pub use contents::Carried;
use memory::Landed;
pub use memory::Step;

use crate::host::{Host, Hosts};
use crate::latency::Latency;
use crate::network::{Flight, Wires};
use crate::queue::{Queue, What};
use crate::scenario::{Act, Scenario, ScenarioError, Start, Timed};
use crate::trace::Tracer;
use crate::watch::Watch;
use rumormill_core::engine::Tally;
use rumormill_core::event::Fate;
use rumormill_core::sort::sort_by;
use rumormill_core::{
    Cause, Duration, Engine, Incarnation, Instant, Member, Members, MessageKind, NodeId, State, Status,
    Store, TraceRecord, Tuning,
};
use std::collections::VecDeque;

/// Counts of a whole run, over all nodes and lives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Frames sent, of every kind.
    pub messages: u64,
    /// Of these, frames that can carry state (rumors and deltas).
    pub payload_messages: u64,
    /// Frames of that sort that have arrived, a second time too.
    pub payload_arrived: u64,
    /// Bytes of all frames, without the transport's own.
    pub bytes: u64,
    /// Frames that did not arrive, for any reason.
    pub lost: u64,
    /// Frames that arrived a second time.
    pub duplicated: u64,
    /// Sends that a limiter put off.
    pub denials: u64,
    /// Events that were handled, acts included.
    pub events: u64,
}

/// One node as it stands.
#[derive(Debug, Clone, Copy)]
pub struct NodeView<'a> {
    /// Its place among the nodes.
    pub index: u32,
    /// Its name.
    pub id: &'a NodeId,
    /// Is it up?
    pub up: bool,
    /// Is its process stopped?
    pub paused: bool,
    /// How late it handles what reaches it.
    pub delay: Duration,
    /// How much has reached it and waits for its process.
    pub waiting: u32,
    /// What its clock shows: the time that its engine goes by.
    pub clock: Instant,
    /// How far its machine's clock is ahead of the true time, in microseconds.
    /// A process never sees that clock go back: it may be further ahead.
    pub clock_ahead_us: i64,
    /// Its latest life.
    pub incarnation: Incarnation,
    /// Its engine, while it is up.
    pub engine: Option<&'a Engine<Store>>,
}

/// A frame under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InFlight {
    /// Names this frame within the run.
    pub id: u64,
    /// The sender.
    pub from: u32,
    /// The receiver.
    pub to: u32,
    /// What kind of message it is.
    pub kind: MessageKind,
    /// Why it was sent.
    pub cause: Cause,
    /// The sender's number for it; 0 for greetings.
    pub number: u64,
    /// How many writes it carries.
    pub writes: u32,
    /// Its size.
    pub bytes: u32,
    /// When it was sent.
    pub sent_at: Instant,
    /// When it arrives, or would have.
    pub arrives_at: Instant,
    /// How it was lost, if it was. It is shown until it would have arrived.
    pub lost: Option<Fate>,
}

impl InFlight {
    fn of(id: u64, flight: &Flight) -> Self {
        Self {
            id,
            from: flight.from,
            to: flight.to,
            kind: flight.tag.kind,
            cause: flight.tag.cause,
            number: flight.tag.number,
            writes: flight.tag.writes,
            bytes: flight.frame.len() as u32,
            sent_at: flight.sent_at,
            arrives_at: flight.arrives_at,
            lost: flight.lost,
        }
    }
}

/// A cluster on a simulated network, at some moment of a run.
#[derive(Debug, Clone)]
pub struct Sim {
    scenario: Scenario,
    now: Instant,
    queue: Queue,
    wires: Wires,
    hosts: Hosts,
    /// How the nodes gossip now.
    tuning: Tuning,
    /// What the nodes of a cluster that knows itself know at their start.
    known: Members,
    plans: turns::Plans,
    tracer: Tracer,
    /// The latest writes, oldest first.
    watches: VecDeque<Watch>,
    watches_max: u32,
    /// How many writes there have been.
    writes: u64,
    acts_done: Vec<Timed>,
    acts_refused: Vec<(Timed, ActError)>,
    landed: VecDeque<Landed>,
    landed_max: u32,
    /// Bytes of the frames that these have kept.
    landed_bytes: u64,
    steps: Vec<Step>,
    steps_max: u32,
    totals: Totals,
    sent: Box<[[Tally; CAUSES]; KINDS]>,
    payloads_in_flight: u32,
}

const KINDS: usize = MessageKind::ALL.len();
/// One more than the last cause.
const CAUSES: usize = Cause::Garbage as usize + 1;

impl Sim {
    /// A cluster at the start of its scenario.
    pub fn new(scenario: Scenario) -> Result<Self, ScenarioError> {
        scenario.check()?;
        let host = |index| Host::new(scenario.node_id(index), scenario.address(index));
        let hosts: Hosts = (0..scenario.nodes).map(host).collect();
        let known = match scenario.start {
            Start::Known => hosts.iter().map(first_record).collect(),
            Start::Join => Members::default(),
        };
        let mut sim = Self {
            now: Instant::ZERO,
            queue: Queue::default(),
            wires: Wires::new(scenario.network, scenario.seed),
            hosts,
            tuning: scenario.tuning,
            known,
            plans: turns::Plans::default(),
            tracer: Tracer::default(),
            watches: VecDeque::new(),
            watches_max: 1,
            writes: 0,
            acts_done: Vec::new(),
            acts_refused: Vec::new(),
            landed: VecDeque::new(),
            landed_max: 0,
            landed_bytes: 0,
            steps: Vec::new(),
            steps_max: 0,
            totals: Totals::default(),
            sent: Box::new([[Tally::default(); CAUSES]; KINDS]),
            payloads_in_flight: 0,
            scenario,
        };
        for (index, timed) in (0..).zip(&sim.scenario.acts) {
            sim.queue.push(Instant::ZERO + timed.at_us, What::Act { index });
        }
        for node in 0..sim.scenario.nodes {
            sim.start(node, None);
        }
        Ok(sim)
    }

    /// The simulated time; [`Instant::ZERO`] at the start.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// When something happens next; never, if nothing is up or under way.
    pub fn next_at(&self) -> Option<Instant> {
        self.queue.peek().map(|(at, _)| at)
    }

    /// Handles the next event. False if there is none.
    pub fn step(&mut self) -> bool {
        let Some((at, what)) = self.queue.pop() else { return false };
        self.now = at;
        self.totals.events += 1;
        self.happen(what);
        self.drop_stale_timers();
        true
    }

    /// Handles events up to and including those at `at`, at most so many.
    /// Returns how many; if it was fewer than `events_max`, the time is `at`
    /// now (or what it was, if that is later).
    pub fn run_until(&mut self, at: Instant, events_max: u32) -> u32 {
        let mut done = 0;
        while done < events_max && self.next_at().is_some_and(|next| next <= at) {
            self.step();
            done += 1;
        }
        if done < events_max {
            self.now = self.now.max(at);
        }
        done
    }

    /// Runs to the end of the scenario.
    pub fn run_to_end(&mut self) {
        let end = Instant::ZERO + self.scenario.until_us;
        while self.run_until(end, u32::MAX) == u32::MAX {}
    }

    /// Does something now, after everything else that happens at this moment.
    /// It is remembered, for [`Sim::recorded`]. On error nothing changed.
    pub fn apply(&mut self, act: Act) -> Result<(), ActError> {
        act.check(self.scenario.nodes)?;
        while self.queue.next_but_acts().is_some_and(|at| at <= self.now) {
            self.step();
        }
        self.perform(&act)?;
        self.totals.events += 1;
        self.drop_stale_timers();
        self.acts_done.push(Timed { at_us: self.now.since(Instant::ZERO), act });
        Ok(())
    }

    /// What was done with [`Sim::apply`], in order.
    pub fn acts_done(&self) -> &[Timed] {
        &self.acts_done
    }

    /// Acts of the scenario that were not possible at their time, and why.
    pub fn acts_refused(&self) -> &[(Timed, ActError)] {
        &self.acts_refused
    }

    /// The scenario that was given.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The scenario with everything in it that was done by hand: running it
    /// repeats this run exactly.
    pub fn recorded(&self) -> Scenario {
        let mut scenario = self.scenario.clone();
        scenario.acts.extend(self.acts_done.iter().cloned());
        sort_by(&mut scenario.acts, |a, b| a.at_us.cmp(&b.at_us));
        scenario
    }

    /// How many nodes there are, up or not.
    pub fn nodes(&self) -> u32 {
        self.scenario.nodes
    }

    /// One node. Panics if there is no such node.
    pub fn node(&self, index: u32) -> NodeView<'_> {
        let host = &self.hosts[index];
        NodeView {
            index,
            id: &host.id,
            up: host.engine.is_some(),
            paused: host.paused,
            delay: host.delay,
            waiting: host.inbox.len() as u32,
            clock: host.clock.now(self.now),
            clock_ahead_us: host.clock.error(self.now).0,
            incarnation: host.incarnation,
            engine: host.engine.as_ref(),
        }
    }

    /// All nodes, in order.
    pub fn iter(&self) -> impl Iterator<Item = NodeView<'_>> {
        (0..self.nodes()).map(|index| self.node(index))
    }

    /// The nodes to which something has happened since this simulation was copied from that one, or that one from this.
    /// All others are shared, so a copy costs memory for these only.
    pub fn unshared<'a>(&'a self, copy: &'a Self) -> impl Iterator<Item = NodeView<'a>> {
        self.hosts.unshared(&copy.hosts).map(|index| self.node(index))
    }

    /// The place of a node among the nodes.
    pub fn index_of(&self, id: &NodeId) -> Option<u32> {
        self.hosts.find(id)
    }

    /// Frames under way, in the order in which they were sent. A lost one
    /// stays until it would have arrived.
    pub fn in_flight(&self) -> impl Iterator<Item = InFlight> {
        self.wires.flights().map(|(id, flight)| InFlight::of(id, flight))
    }

    /// The hash of the trace so far: equal for equal runs, on every target.
    pub fn trace_hash(&self) -> u64 {
        self.tracer.hash()
    }

    /// Switches the hashing of the trace, for figures that need none.
    pub fn set_hashing(&mut self, hashing: bool) {
        self.tracer.set_hashing(hashing);
    }

    /// Keeps at most so many trace records; 0 keeps none. Hashing goes on.
    pub fn keep_trace(&mut self, records_max: u32) {
        self.tracer.keep(records_max);
    }

    /// The records kept since this was last asked, oldest first. If some had
    /// to be dropped, the first record says how many.
    pub fn take_trace(&mut self) -> Vec<TraceRecord> {
        self.tracer.take()
    }

    /// Is the path between two nodes cut, either way?
    pub fn is_cut(&self, a: u32, b: u32) -> bool {
        self.wires.paths.is_cut(a, b) || self.wires.paths.is_cut(b, a)
    }

    /// Is any path cut?
    pub fn has_cuts(&self) -> bool {
        self.wires.paths.has_cuts()
    }

    /// From whom to whom nothing passes, in order, beside what lies between the
    /// parts of a partition. A path that is cut both ways counts twice.
    pub fn cut_ways(&self) -> impl Iterator<Item = (u32, u32)> {
        self.wires.paths.cuts()
    }

    /// The links with a latency of their own, each as the lesser node, the
    /// greater one and the latency.
    pub fn delayed_links(&self) -> impl Iterator<Item = (u32, u32, Latency)> {
        self.wires.paths.delayed()
    }

    /// Do all nodes that are up hold the same state?
    pub fn is_converged(&self) -> bool {
        let mut hashes = self.engines().map(|engine| engine.state().hash());
        let first = hashes.next();
        hashes.all(|hash| Some(hash) == first)
    }

    /// The latest write and who has it; none before the first.
    pub fn latest(&self) -> Option<&Watch> {
        self.watches.back()
    }

    /// Watches so many of the latest writes, at least one; 1 unless asked for more.
    pub fn keep_watches(&mut self, watches: u32) {
        self.watches_max = watches.max(1);
        self.drop_old_watches();
    }

    /// The latest writes that are watched and who has them, oldest first.
    pub fn watches(&self) -> impl DoubleEndedIterator<Item = &Watch> {
        self.watches.iter()
    }

    /// How many nodes that are up have the latest write.
    pub fn informed(&self) -> u32 {
        self.latest().map_or(0, Watch::informed)
    }

    /// Does a node have the latest write?
    pub fn has_latest(&self, node: u32) -> bool {
        self.latest().is_some_and(|watch| watch.learned(node).is_some())
    }

    /// How many nodes are up.
    pub fn up(&self) -> u32 {
        self.engines().count() as u32
    }

    /// Counts of the run so far.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// What was sent of a kind and for a cause.
    pub fn sent(&self, kind: MessageKind, cause: Cause) -> Tally {
        self.sent[kind as usize][cause as usize]
    }

    /// What was sent of a kind, for any cause.
    pub fn sent_of_kind(&self, kind: MessageKind) -> Tally {
        self.sent[kind as usize].iter().fold(Tally::default(), |sum, tally| Tally {
            messages: sum.messages + tally.messages,
            bytes: sum.bytes + tally.bytes,
        })
    }

    /// Is a message that can carry state under way or owed?
    pub fn owes_payload(&self) -> bool {
        self.payloads_in_flight > 0 || self.engines().any(|engine| engine.owes_payload())
    }

    fn engines(&self) -> impl Iterator<Item = &Engine<Store>> {
        self.hosts.iter().filter_map(|host| host.engine.as_ref())
    }
}

/// What others know of a node that started with them.
fn first_record(host: &Host) -> Member {
    Member::new(host.id.clone(), Incarnation(1), Status::Alive, Some(host.address.clone()))
}
