//! The cluster's properties, on a simulated network.

mod support;
/// The same scenario is the same run: seeds, acts by hand, targets.
mod determinism;
/// What a scenario or an act may not say.
mod scenarios;
/// How far, how fast and how dearly news spreads.
mod spread;
/// What the limiter allows, and that nothing denied is lost.
mod limiter;
/// Cuts and heals.
mod partition;
/// Plumtree, in whole clusters.
mod plumtree;
/// What users of other systems ran into.
mod peers;
/// Small versions of what the tables measure, bounded on counts.
mod tables;
/// Joining, crashing, restarting, leaving.
mod membership;
/// What a node has after a crash, and where it is.
mod restart;
/// Frames that come twice, late, slowly, or one way only; links that flap.
mod datagrams;
/// What an observer is told: paths, contents, debts.
mod insight;
/// Processes that are slow, stopped, or come and go.
mod processes;
/// Clocks that are wrong, and go wrong.
mod clocks;
/// All faults together.
mod faults;
/// What is deleted is forgotten, and stays deleted.
mod garbage;
/// Frames lost by chance.
mod loss;
/// Links: dialled twice at once, refused, broken, bounded.
mod links;
/// Random scenarios with every checker on.
mod swarm;
