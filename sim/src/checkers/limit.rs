//! No node ever sends more than its limiter allows. Counted from the trace,
//! without the limiter's own arithmetic.

use super::{Checker, Property};
use crate::scenario::Act;
use rumormill_core::event::{Event, TraceEvent, TraceRecord};
use rumormill_core::{Duration, Instant, LimiterConfig, MessageKind, NodeId};
use std::collections::{BTreeMap, BTreeSet};

/// Does a message of this kind need a token? Greetings, answers to probes,
/// prunes and surveys are free.
fn is_costly(kind: MessageKind) -> bool {
    matches!(
        kind,
        MessageKind::Summary
            | MessageKind::Digest
            | MessageKind::Delta
            | MessageKind::Rumor
            | MessageKind::Members
            | MessageKind::Announce
            | MessageKind::Graft
    )
}

/// What one node has sent of late.
#[derive(Debug, Clone, Copy, Default)]
struct Sent {
    /// Bucket: the fullest stretch that ends at the last send, in millionths
    /// of a message. Window: the messages of this one.
    level: u64,
    last: Instant,
    window: u64,
    total: u64,
    /// A node that says goodbye may say all that it owes.
    leaving: bool,
}

/// Counts what every node sends against one limit.
#[derive(Debug)]
pub struct Limit {
    limiter: LimiterConfig,
    /// When windows are counted from.
    since: BTreeMap<NodeId, Instant>,
    sent: BTreeMap<NodeId, Sent>,
    most_in_window: u64,
    paused: BTreeSet<NodeId>,
    /// How late nodes handle what reaches them, and until when one that was late
    /// may still be at what waited.
    slow: BTreeMap<NodeId, Duration>,
    late_until: Instant,
    /// Do limiters go by clocks that are not true?
    clocks_differ: bool,
}

impl Limit {
    /// Nobody has sent anything yet.
    pub fn new(limiter: LimiterConfig) -> Self {
        Self {
            limiter,
            since: BTreeMap::new(),
            sent: BTreeMap::new(),
            most_in_window: 0,
            paused: BTreeSet::new(),
            slow: BTreeMap::new(),
            late_until: Instant::ZERO,
            clocks_differ: false,
        }
    }

    /// Another limit from now on: every limiter starts full.
    pub fn change(&mut self, limiter: LimiterConfig, now: Instant) {
        if limiter != self.limiter {
            self.limiter = limiter;
            for (node, sent) in &mut self.sent {
                *sent = Sent { total: sent.total, leaving: sent.leaving, ..Sent::default() };
                self.since.insert(node.clone(), now);
            }
        }
    }

    /// The most sent by one node: in one window, or at all.
    pub fn most(&self) -> u64 {
        match self.limiter {
            LimiterConfig::Window { .. } => self.most_in_window,
            _ => self.sent.values().map(|sent| sent.total).max().unwrap_or(0),
        }
    }

    /// Takes in a record of the trace. The error says who sent too much.
    pub fn count(&mut self, record: &TraceRecord) -> Result<(), String> {
        match (&record.node, &record.event) {
            (_, TraceEvent::Skipped(count)) => Err(format!("the trace has a gap of {count} records")),
            (Some(node), TraceEvent::Started { .. } | TraceEvent::Recovered { .. }) => {
                let sent = self.sent.entry(node.clone()).or_default();
                *sent = Sent { total: sent.total, ..Sent::default() };
                self.since.insert(node.clone(), record.at);
                Ok(())
            }
            (Some(node), TraceEvent::Node(Event::Member { id, status, .. })) if id == node => {
                self.sent.entry(node.clone()).or_default().leaving = !status.is_active();
                Ok(())
            }
            (Some(node), TraceEvent::Node(Event::Sent { kind, .. })) if is_costly(*kind) => {
                self.on_sent(node, record.at)
            }
            (Some(node), TraceEvent::Paused) => {
                self.paused.insert(node.clone());
                Ok(())
            }
            (Some(node), TraceEvent::Resumed | TraceEvent::Crashed) => {
                self.paused.remove(node);
                Ok(())
            }
            (Some(node), TraceEvent::Slowed { delay_us }) => {
                let before = self.slow.insert(node.clone(), *delay_us).unwrap_or_default();
                self.late_until = self.late_until.max(record.at + before);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Does any node hear of something only later than now? A paused one does
    /// some time after it goes on, a slow one when it gets round to it.
    fn is_anyone_late(&self, now: Instant) -> bool {
        let is_slow = self.slow.values().any(|delay| *delay > Duration::ZERO);
        !self.paused.is_empty() || is_slow || now < self.late_until
    }

    fn on_sent(&mut self, node: &NodeId, at: Instant) -> Result<(), String> {
        let since = self.since.get(node).copied().unwrap_or(Instant::ZERO);
        let sent = self.sent.entry(node.clone()).or_default();
        if sent.leaving {
            return Ok(());
        }
        sent.total += 1;
        match self.limiter {
            LimiterConfig::Unlimited => Ok(()),
            LimiterConfig::Bucket { capacity, refill_per_s, .. } => {
                let flowed = at.since(sent.last).as_micros().saturating_mul(refill_per_s.into());
                sent.level = sent.level.saturating_sub(flowed) + 1_000_000;
                sent.last = at;
                let over = sent.level > u64::from(capacity) * 1_000_000;
                let level = sent.level.div_ceil(1_000_000);
                if over {
                    Err(format!("{node} has {level} messages out of a bucket of {capacity}"))
                } else {
                    Ok(())
                }
            }
            LimiterConfig::Window { tokens, period_us, .. } => {
                let window = at.since(since).as_micros() / period_us.as_micros().max(1);
                if window != sent.window {
                    (sent.window, sent.level) = (window, 0);
                }
                sent.level += 1;
                self.most_in_window = self.most_in_window.max(sent.level);
                let over = sent.level > u64::from(tokens);
                let level = sent.level;
                if over {
                    Err(format!("{node} sends {level} messages in a window of {tokens}"))
                } else {
                    Ok(())
                }
            }
        }
    }
}

impl Checker for Limit {
    fn property(&self) -> Property {
        Property::Limit
    }

    fn on_record(&mut self, record: &TraceRecord) -> Result<(), String> {
        self.count(record)
    }

    fn on_act(&mut self, act: &Act, now: Instant) {
        match act {
            Act::Tune(_) if self.is_anyone_late(now) || self.clocks_differ => {
                self.change(LimiterConfig::Unlimited, now)
            }
            Act::Tune(tuning) => self.change(tuning.limiter, now),
            // Limiters go by the nodes' own clocks, so a true one cannot tell any more what they allow.
            Act::Clock { .. } | Act::Drift { .. } => {
                self.clocks_differ = true;
                self.change(LimiterConfig::Unlimited, now);
            }
            _ => {}
        }
    }
}
