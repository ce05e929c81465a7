//! The Lab's and the Race's Web Worker: it keeps the simulated cluster away from the page's thread.

use rumormill_web::glue::{serve, time::now_ms};
use rumormill_web::lab::worker::Machine;

fn main() {
    let mut machine = Machine::new(now_ms);
    serve(move |bytes| machine.answer(&bytes));
}
