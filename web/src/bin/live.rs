//! The program that carries Live.

use rumormill_web::{app, carried, glue::programs};

fn main() {
    programs::offer("live", app::start, carried::live);
}
