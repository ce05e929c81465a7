//! The core's tests that look at it from outside.

mod engines;
mod membership;
mod plumtree;
mod store;
mod vectors;
mod wire;

/// A small network for a handful of engines: no latency, no loss, one queue.
mod net;
