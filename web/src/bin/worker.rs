//! The Lab's and the Race's Web Worker: it keeps the simulated cluster away from the page's thread.

use rumormill_web::glue::{device, serve, time::now_ms};
use rumormill_web::lab::worker::Machine;

fn main() {
    let mut machine = Machine::new(now_ms).on_device(device::memory_bytes());
    serve(move |bytes| machine.answer(&bytes));
}
