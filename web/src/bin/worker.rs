//! The Web Worker: answers the page's messages away from the page's thread.

fn main() {
    rumormill_web::glue::serve(|mut bytes| {
        bytes.reverse();
        bytes
    });
}
