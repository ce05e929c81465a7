//! How long things took, as histograms that `/metrics` shows. Durations come
//! in as arguments; nothing here looks at a clock.

use prometheus::{Histogram, HistogramOpts};
use rumormill_core::state::store::{Key, Reading};
use rumormill_core::{Instant, Kind, NodeId, Store};
use std::time::Duration;

/// Upper bounds in seconds, from a hop on a local network to a repair after a
/// partition. A guess.
const SPREAD_SECONDS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 30.0];

/// Upper bounds in seconds, from a probe's answer to a large delta. A guess.
const MERGE_SECONDS: [f64; 10] = [5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 1e-2, 1e-1];

/// The histograms of one node.
#[derive(Debug, Clone)]
pub(crate) struct Timings {
    /// From a write elsewhere until it could be read here.
    pub(crate) propagation: Histogram,
    /// What the engine took for one message: to decode, merge, and note what follows.
    pub(crate) merge: Histogram,
    started: Instant,
}

impl Timings {
    pub(crate) fn new(started: Instant) -> Self {
        let histogram = |name: &str, help: &str, buckets: &[f64]| {
            let opts = HistogramOpts::new(name, help).namespace("rumormill").buckets(buckets.to_vec());
            Histogram::with_opts(opts).expect("the name is valid and the bounds ascend")
        };
        let propagation = histogram(
            "propagation_seconds",
            "From a register's write on another node until it was read here, by the two nodes' clocks.",
            &SPREAD_SECONDS,
        );
        let merge = histogram(
            "merge_seconds",
            "What the engine took to take in one message: to decode it and merge what it brought.",
            &MERGE_SECONDS,
        );
        Self { propagation, merge, started }
    }

    /// A key reads differently because of another node. What was written before
    /// this node started says nothing about spreading.
    pub(crate) fn arrived(&self, key: &Key, kind: Kind, from: Option<&NodeId>, store: &Store, now: Instant) {
        if from.is_none() || kind != Kind::Register {
            return;
        }
        let written = store.get(key).find_map(|reading| match reading {
            Reading::Register { stamp, .. } => Some(Instant::from_micros(stamp.0)),
            _ => None,
        });
        if let Some(written) = written.filter(|written| *written >= self.started) {
            self.propagation.observe(Duration::from_micros(now.since(written).as_micros()).as_secs_f64());
        }
    }
}
