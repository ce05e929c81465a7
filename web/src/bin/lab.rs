//! The program that carries the Lab and Replay.

use rumormill_web::{app, carried, glue::programs};

fn main() {
    programs::offer("lab", app::start, carried::lab);
}
