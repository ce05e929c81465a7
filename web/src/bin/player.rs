//! Replay's Web Worker: it keeps the recording away from the page's thread.

use rumormill_web::glue::{serve, time::now_ms};
use rumormill_web::replay::worker::Player;

fn main() {
    let mut player = Player::new(now_ms);
    serve(move |bytes| player.answer(&bytes));
}
