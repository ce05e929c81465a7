//! A run with every checker looking on. It does the scenario's acts by hand, at
//! their times, to see what each write did; the run is the same as without.

use super::acknowledged::Acknowledged;
use super::backwards::Backwards;
use super::bounded::Bounded;
use super::calm::Calm;
use super::convergence::Convergence;
use super::counters::Counters;
use super::dead::Dead;
use super::deleted::Deleted;
use super::expected::{self, Mismatch, Moment};
use super::falsely::Falsely;
use super::forgotten::Forgotten;
use super::hashes::Hashes;
use super::ledger::Ledger;
use super::left::Left;
use super::limit::Limit;
use super::live::Live;
use super::services::Services;
use super::{Checker, Property, View, Violation};
use crate::scenario::{Act, Scenario, ScenarioError, Timed};
use crate::sim::{Sim, Totals};
use rumormill_core::event::{Event, TraceEvent, TraceRecord};
use rumormill_core::hash::StateHash;
use rumormill_core::state::store::Key;
use rumormill_core::{Duration, Instant, State, Tuning};
use serde::{Deserialize, Serialize};

/// How often everything is looked at: once per simulated second.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Most events between two readings of the trace.
const EVENTS_MAX: u32 = 4_096;

/// What a checked run came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// What did not hold, if anything; the run ended there.
    pub violation: Option<Violation>,
    /// Was it quiet for long enough at the end that everything was due? If
    /// not, what must hold in the end was not judged.
    pub settled: bool,
    /// How many writes nodes accepted.
    pub writes: u32,
    /// How many events were handled.
    pub events: u64,
    /// How many messages were sent.
    pub messages: u64,
}

/// Runs a scenario to its end, or to the first property that does not hold.
pub fn check(scenario: &Scenario) -> Result<Checked, ScenarioError> {
    Ok(Run::new(scenario)?.checked(false))
}

/// As [`check`], but ends some rounds after everything that will be due holds
/// already: what a quiet cluster does after that is always the same. For many
/// runs; the first violation is the same if there is one before.
pub fn check_until_settled(scenario: &Scenario) -> Result<Checked, ScenarioError> {
    Ok(Run::new(scenario)?.checked(true))
}

struct Run {
    sim: Sim,
    acts: std::iter::Peekable<std::vec::IntoIter<Timed>>,
    end: Instant,
    look_at: Instant,
    ledger: Ledger,
    calm: Calm,
    checkers: Vec<Box<dyn Checker>>,
    /// What each node's readings depended on when they were last compared.
    compared: Vec<Option<(StateHash, u32, u64)>>,
    /// Since when everything holds that will be due.
    settled_at: Option<Instant>,
    /// How many messages had been sent by then.
    sent_by_then: u64,
}

impl Run {
    fn new(scenario: &Scenario) -> Result<Self, ScenarioError> {
        scenario.check()?;
        // Clocks that are wrong from the start are the scenario's to set.
        let at_start = |timed: &Timed| {
            timed.at_us.is_zero() && matches!(timed.act, Act::Clock { .. } | Act::Drift { .. })
        };
        let (clocks, mut acts): (Vec<Timed>, Vec<Timed>) = scenario.acts.iter().cloned().partition(at_start);
        acts.sort_by_key(|timed| timed.at_us);
        let mut calm = Calm::new(scenario);
        let mut checkers = checkers(&scenario.tuning);
        for timed in &clocks {
            calm.on_act(&timed.act, Instant::ZERO);
            checkers.iter_mut().for_each(|checker| checker.on_act(&timed.act, Instant::ZERO));
        }
        let mut sim = Sim::new(Scenario { acts: clocks, ..scenario.clone() })?;
        sim.set_hashing(false);
        sim.keep_trace(u32::MAX);
        Ok(Self {
            end: Instant::ZERO + scenario.until_us,
            look_at: Instant::ZERO + LOOK_EVERY,
            ledger: Ledger::new(scenario.nodes),
            calm,
            checkers,
            compared: vec![None; scenario.nodes as usize],
            acts: acts.into_iter().peekable(),
            settled_at: None,
            sent_by_then: 0,
            sim,
        })
    }

    fn checked(mut self, early: bool) -> Checked {
        let violation = self.play(early).err();
        let Totals { events, messages, .. } = self.sim.totals();
        let calm = self.calm.of(&self.sim);
        let quiet = calm.is_some_and(|(since, bounds)| self.sim.now().since(since) >= bounds.equal);
        let settled = quiet || self.settled_at.is_some();
        Checked { violation, settled, writes: self.ledger.ops().len() as u32, events, messages }
    }

    fn play(&mut self, early: bool) -> Result<(), Violation> {
        for node in 0..self.sim.nodes() {
            self.see(node)?;
        }
        self.take_records()?;
        loop {
            let act_at = self.acts.peek().map(|timed| Instant::ZERO + timed.at_us);
            let next = act_at.unwrap_or(self.end).min(self.look_at).min(self.end);
            while self.sim.run_until(next, EVENTS_MAX) == EVENTS_MAX {
                self.take_records()?;
            }
            self.take_records()?;
            if act_at == Some(next) {
                self.act()?;
            } else {
                self.look()?;
                self.look_at = next + LOOK_EVERY;
                if next == self.end || (self.has_stayed_settled() && early) {
                    return self.is_quiet();
                }
            }
        }
    }

    /// Has everything that will be due held for a while?
    fn has_stayed_settled(&mut self) -> bool {
        let now = self.sim.now();
        let calm = self.calm.of(&self.sim).filter(|_| self.acts.peek().is_none());
        let view =
            View { sim: &self.sim, ledger: &self.ledger, calm: &self.calm, mismatches: &[], due: true };
        // Looking once more changes nothing that a checker remembers.
        let settled = calm.is_some_and(|(since, _)| self.sim.now() >= since)
            && self.checkers.iter_mut().all(|checker| checker.on_look(&view).is_ok());
        self.settled_at = self.settled_at.filter(|_| settled);
        if settled && self.settled_at.is_none() {
            (self.settled_at, self.sent_by_then) = (Some(now), self.sim.totals().messages);
        }
        let lull = self.calm.lull(self.sim.nodes()) + self.calm.forgets_within();
        self.settled_at.is_some_and(|since| now.since(since) >= lull)
    }

    /// Did whoever is at rest send no more than a round takes?
    fn is_quiet(&self) -> Result<(), Violation> {
        let Some(since) = self.settled_at else { return Ok(()) };
        let sent = self.sim.totals().messages - self.sent_by_then;
        let most = self.calm.messages_at_rest(self.sim.up(), self.sim.now().since(since));
        if sent <= most {
            return Ok(());
        }
        let since = since.since(Instant::ZERO);
        let what = format!("at rest since {since}, and {sent} messages were sent; {most} would be many");
        Err(self.violation(Property::Quiet, what))
    }

    /// Does the act that is due.
    fn act(&mut self) -> Result<(), Violation> {
        let Some(Timed { act, .. }) = self.acts.next() else { return Ok(()) };
        let before = self.ledger.before(&act, &self.sim);
        let done = self.sim.apply(act.clone()).is_ok();
        self.calm.on_act(&act, self.sim.now());
        if let Act::Network(_) = act {
            // What queued on the network as it was keeps its place, and what is sent from now on waits behind it.
            let arrivals = self.sim.in_flight().map(|flight| flight.arrives_at);
            self.calm.wait_for(arrivals.max().unwrap_or_default());
        }
        let now = self.sim.now();
        self.checkers.iter_mut().for_each(|checker| checker.on_act(&act, now));
        if let (Some(before), true) = (before, done) {
            let outcome = self.ledger.after(before, &act, &self.sim);
            outcome.map_err(|what| self.violation(Property::Backwards, what))?;
        }
        self.take_records()
    }

    fn take_records(&mut self) -> Result<(), Violation> {
        for record in self.sim.take_trace() {
            self.calm.on_record(&record);
            for checker in &mut self.checkers {
                let property = checker.property();
                let at_us = record.at.since(Instant::ZERO);
                checker.on_record(&record).map_err(|what| Violation { property, at_us, what })?;
            }
            if may_have_seen(&record)
                && let Some(node) = record.node.as_ref().and_then(|id| self.sim.index_of(id))
            {
                self.see(node)?;
            }
        }
        Ok(())
    }

    fn see(&mut self, node: u32) -> Result<(), Violation> {
        let outcome = self.ledger.look(node, &self.sim);
        outcome.map_err(|what| self.violation(Property::Backwards, what))
    }

    fn look(&mut self) -> Result<(), Violation> {
        let mismatches = self.compare();
        let view = View {
            sim: &self.sim,
            ledger: &self.ledger,
            calm: &self.calm,
            mismatches: &mismatches,
            due: false,
        };
        for checker in &mut self.checkers {
            let property = checker.property();
            let at_us = self.sim.now().since(Instant::ZERO);
            checker.on_look(&view).map_err(|what| Violation { property, at_us, what })?;
        }
        Ok(())
    }

    /// Compares what nodes read with what they must, where that may have
    /// changed since they were last compared.
    fn compare(&mut self) -> Vec<(u32, Key, Mismatch)> {
        let mut mismatches = Vec::new();
        let moment = Moment { now: self.sim.now(), slack: self.calm.ends_within(self.sim.nodes()) };
        for node in self.sim.iter() {
            let Some(engine) = node.engine else { continue };
            let store = engine.state();
            let depends = Some((store.hash(), store.tombstones(), store.writer().epoch));
            let compared = &mut self.compared[node.index as usize];
            if *compared == depends && !self.ledger.any_expires() {
                continue;
            }
            *compared = depends;
            let holds = self.ledger.holds(node.index);
            for (key, ops) in self.ledger.keys() {
                if let Some(mismatch) = expected::compare(&self.ledger, (key, ops), holds, store, moment) {
                    mismatches.push((node.index, key.clone(), mismatch));
                }
            }
        }
        mismatches
    }

    fn violation(&self, property: Property, what: String) -> Violation {
        Violation { property, at_us: self.sim.now().since(Instant::ZERO), what }
    }
}

/// Can the node have seen more, or less, after this?
fn may_have_seen(record: &TraceRecord) -> bool {
    match &record.event {
        TraceEvent::Started { .. } | TraceEvent::Recovered { .. } => true,
        TraceEvent::Node(Event::Received { kind, news, .. }) => *news || kind.is_payload(),
        _ => false,
    }
}

fn checkers(tuning: &Tuning) -> Vec<Box<dyn Checker>> {
    vec![
        Box::new(Limit::new(tuning.limiter)),
        Box::new(Backwards::default()),
        Box::new(Bounded),
        Box::new(Hashes),
        Box::new(Counters),
        Box::new(Deleted),
        Box::new(Acknowledged),
        Box::new(Services),
        Box::new(Live::default()),
        Box::new(Dead),
        Box::new(Falsely),
        Box::new(Left::default()),
        Box::new(Forgotten::default()),
        Box::new(Convergence),
    ]
}
