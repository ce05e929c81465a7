//! The Web Worker that is a member of a live cluster.

fn main() {
    rumormill_web::live::member::driver::run();
}
