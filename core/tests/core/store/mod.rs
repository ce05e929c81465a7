//! The Store, seen from outside.

mod ends;
mod exchange;
mod forged;
mod kinds;
mod laws;

/// What the writes alone say.
mod model;
/// Replicas and a network between them.
mod world;
