//! The end-to-end tests, one module for each thing that a user can see.

/// The bundle itself: it loads wherever it is mounted, and its worker answers.
mod bundle;
/// The harness: what must not go unnoticed is noticed.
mod harness;
