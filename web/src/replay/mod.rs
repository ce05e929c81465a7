//! Replay: a recorded trace in the Lab's workspace. First what the worker does: read a file, fold its records into the
//! cluster at a moment, show that as the Lab's own frames. Then what the page adds: the panel of what the file is.

pub mod file;
mod matching;
mod cluster;
pub mod recording;
mod why;
mod look;
pub mod worker;

pub mod panel;
pub mod told;
