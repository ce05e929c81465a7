//! The Web Worker. It keeps the simulated cluster away from the page's thread; under the name of the tab's member it
//! carries that.

use rumormill_web::{
    glue::{scope, serve, time::now_ms},
    lab::worker::Machine,
    live::member,
};

fn main() {
    if scope::name() == member::WORKER_NAME {
        return member::driver::run();
    }
    let mut machine = Machine::new(now_ms);
    serve(move |bytes| machine.answer(&bytes));
}
