//! The Web Worker: keeps the simulated cluster away from the page's thread.

use rumormill_web::{
    glue::{serve, time::now_ms},
    lab::worker::Machine,
};

fn main() {
    let mut machine = Machine::new(now_ms);
    serve(move |bytes| machine.answer(&bytes));
}
