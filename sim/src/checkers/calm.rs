//! Since when a cluster has been left in peace. What is due some time after
//! the last disturbance counts from then.

use super::bounds::{Bounds, suspicion_longest};
use crate::latency::Latency;
use crate::scenario::{Act, Network, Scenario};
use crate::sim::Sim;
use rumormill_core::event::{TraceEvent, TraceRecord};
use rumormill_core::{Duration, Instant, LimiterConfig, Tuning};
use std::collections::{BTreeMap, BTreeSet};

/// Up to this long it is watched that who is gone is forgotten.
const FORGET_WATCHED: Duration = Duration::from_secs(60);

/// What disturbs the cluster, and what did last.
#[derive(Debug)]
pub(crate) struct Calm {
    since: Instant,
    tuning: Tuning,
    network: Network,
    links_max: u32,
    /// The longest time that any frame was ever under way.
    longest: Duration,
    /// Was anything done that makes clocks or frames take any time?
    no_time_holds: bool,
    /// Did nothing but crashes, leaves and restarts disturb the cluster?
    faultless: bool,
    paused: BTreeSet<u32>,
    slow: BTreeMap<u32, Duration>,
    delayed: BTreeMap<(u32, u32), Latency>,
}

impl Calm {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let Scenario { tuning, network, .. } = *scenario;
        let links_max = tuning.links_max;
        Self {
            since: Instant::ZERO,
            tuning,
            network,
            links_max,
            longest: network.latency.longest(),
            no_time_holds: network.bandwidth_bytes_per_s > 0,
            faultless: answers_in_time(&tuning, &network),
            paused: BTreeSet::new(),
            slow: BTreeMap::new(),
            delayed: BTreeMap::new(),
        }
    }

    /// Most links that any node was ever allowed to dial or keep.
    pub(crate) fn links_max(&self) -> u32 {
        self.links_max
    }

    /// How much off the end of a time to live may be: what is left of it is
    /// told as a span, so it grows by what it was under way. No bound is known
    /// where clocks are wrong, or where frames wait.
    pub(crate) fn ends_within(&self, nodes: u32) -> Duration {
        if self.no_time_holds { Duration::from_micros(u64::MAX) } else { self.longest * u64::from(nodes) * 2 }
    }

    /// How long a cluster that is at rest is watched: long enough for someone
    /// to be asked, to be found silent, and to be declared dead.
    pub(crate) fn lull(&self, nodes: u32) -> Duration {
        self.tuning.probe_us * 2 + suspicion_longest(&self.tuning, nodes) + self.tuning.interval_us * 4
    }

    /// Most messages in so long a time while nothing happens: a question, its
    /// answer and two member lists for every partner, as much for a suspect and
    /// one that is down, and keeping the tree; each once more for those that
    /// are asked again.
    pub(crate) fn messages_at_rest(&self, up: u32, span: Duration) -> u64 {
        let rounds = span.as_micros() / self.tuning.interval_us.as_micros() + 2;
        u64::from(up) * rounds * (u64::from(self.tuning.fanout) * 8 + 16)
    }

    /// How long a mistake about a member may last in a cluster at rest: no
    /// time at all, unless frames are still lost.
    pub(crate) fn mistakes_last(&self, nodes: u32) -> Duration {
        if self.network.loss_ppm == 0 { Duration::ZERO } else { self.lull(nodes) * 2 }
    }

    /// Is nothing to be blamed for an answer that does not come, so far, but
    /// that a node is not there?
    pub(crate) fn is_faultless(&self) -> bool {
        self.faultless
    }

    /// As [`Self::forget`], if a run may wait for it: otherwise no time.
    pub(crate) fn forgets_within(&self) -> Duration {
        let forget = self.tuning.forget_us;
        if forget <= FORGET_WATCHED { forget } else { Duration::ZERO }
    }

    /// How long members that are gone are remembered.
    pub(crate) fn forget(&self) -> Duration {
        self.tuning.forget_us
    }

    /// An act was done. Every act counts, the ends of faults as well.
    pub(crate) fn on_act(&mut self, act: &Act, now: Instant) {
        self.since = self.since.max(now);
        self.no_time_holds |= matches!(
            act,
            Act::Pause { .. }
                | Act::Slow { .. }
                | Act::Clock { .. }
                | Act::Drift { .. }
                | Act::DelayLink { .. }
        );
        self.faultless &= match act {
            Act::Tune(tuning) => answers_in_time(tuning, &self.network),
            _ => is_plain(act),
        };
        match act {
            Act::Tune(tuning) => {
                self.tuning = *tuning;
                self.links_max = self.links_max.max(tuning.links_max);
            }
            Act::Network(network) => {
                self.network = *network;
                self.longest = self.longest.max(network.latency.longest());
                self.no_time_holds |= network.bandwidth_bytes_per_s > 0;
            }
            Act::Pause { node } => {
                self.paused.insert(*node);
            }
            Act::Resume { node } | Act::Crash { node } => {
                self.paused.remove(node);
            }
            Act::Slow { node, delay_us } => {
                self.slow.insert(*node, *delay_us);
            }
            Act::DelayLink { a, b, latency } => {
                let link = (*a.min(b), *a.max(b));
                match latency {
                    Some(latency) => self.delayed.insert(link, *latency),
                    None => self.delayed.remove(&link),
                };
            }
            Act::Flap { until_us, .. } | Act::Churn { until_us, .. } => {
                self.since = self.since.max(Instant::ZERO + *until_us);
            }
            _ => {}
        }
    }

    /// What an earlier disturbance left behind lasts until then.
    pub(crate) fn wait_for(&mut self, at: Instant) {
        self.since = self.since.max(at);
    }

    /// The network as its slowest link has it, and with what slow nodes add.
    fn slowest(&self) -> Network {
        let links = self.delayed.values().map(|latency| latency.longest());
        let longest = links.chain([self.network.latency.longest()]).max().unwrap_or_default();
        let slow = self.slow.values().copied().max().unwrap_or_default();
        Network { latency: Latency::Fixed(longest + slow), ..self.network }
    }

    /// Nodes that come and go do so on their own in some scenarios.
    pub(crate) fn on_record(&mut self, record: &TraceRecord) {
        if matches!(
            record.event,
            TraceEvent::Crashed
                | TraceEvent::Started { .. }
                | TraceEvent::Recovered { .. }
                | TraceEvent::Healed
        ) {
            self.since = self.since.max(record.at);
        }
    }

    /// Since when nothing has disturbed the cluster, and what is due by when
    /// after that; none while a fault lasts, or where nothing is promised.
    pub(crate) fn of(&self, sim: &Sim) -> Option<(Instant, Bounds)> {
        if sim.has_cuts() || !self.paused.is_empty() {
            return None;
        }
        let disturbed = self.since.since(Instant::ZERO);
        // Two sides that were apart for longer than they remember each other need an operator, and so does one whose
        // whole join list is gone when it comes back to those who have forgotten it.
        if self.tuning.forget_us < disturbed * 2 && (!self.faultless || sim.has_strangers()) {
            return None;
        }
        Some((self.since, Bounds::of(&self.tuning, &self.slowest(), sim.nodes(), disturbed)?))
    }
}

/// Does whoever is up answer in time, with much to spare for new links?
fn answers_in_time(tuning: &Tuning, network: &Network) -> bool {
    let limiter = tuning.limiter;
    network.loss_ppm == 0
        && network.bandwidth_bytes_per_s == 0
        && network.latency.longest() * 10 <= tuning.probe_us
        && (limiter == LimiterConfig::Unlimited || limiter == LimiterConfig::default())
}

/// Is this something that other nodes cannot take for anything else?
fn is_plain(act: &Act) -> bool {
    match act {
        Act::Set { .. }
        | Act::SetFor { .. }
        | Act::Put { .. }
        | Act::Increment { .. }
        | Act::Add { .. }
        | Act::Remove { .. }
        | Act::Delete { .. }
        | Act::Crash { .. }
        | Act::Leave { .. }
        | Act::Publish { .. }
        | Act::Withdraw { .. }
        | Act::Heal => true,
        Act::Restart { moved, .. } => !moved,
        _ => false,
    }
}
