//! The program that carries the Race.

use rumormill_web::{app, carried, glue::programs};

fn main() {
    programs::offer("race", app::start, carried::race);
}
