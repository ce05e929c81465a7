//! The end-to-end tests, one module for each thing that a user can see.

/// axe-core in the page.
mod axe;
/// The bundle itself: it loads wherever it is mounted.
mod bundle;
/// The simulator: the same run in the browser as natively.
mod determinism;
/// The harness: what must not go unnoticed is noticed.
mod harness;
/// The Lab: a cluster in the tab.
mod lab;
/// The Race: clusters side by side.
mod race;
/// The Live place, on real nodes.
mod live;
mod offline;
/// How large controls are.
mod touch;
