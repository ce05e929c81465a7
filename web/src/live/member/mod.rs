//! The tab as a member of a live cluster. The engine runs in a worker of its own, whose timers go on when the tab is
//! not in sight: `machine` is that engine with the page's orders, `driver` gives it sockets and a clock; `tab` is the
//! page's end, `panel` what the page shows of it.

mod clock;
pub mod driver;
pub mod machine;
pub mod protocol;
mod tab;
mod panel;

pub(super) use panel::MemberRow;
pub(super) use tab::{Tab, Word};
