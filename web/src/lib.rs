//! The dashboard: a cluster in the browser tab, and a window on live nodes.
//!
//! Six programs share this library, so that a visitor fetches what is looked at and no more. `lab`, `race` and `live`
//! own the page: each carries places (`carried`), and the one that is there first also runs the shell around them
//! (`app`). `worker`, `player` and `member` are dedicated Web Workers: they keep the simulated cluster, the recording,
//! or the tab's own member off the page's thread.

pub mod glue;
pub mod decimal;
pub mod float;
pub mod route;
pub mod theme;
pub mod ui;
pub mod lab;
pub mod race;
pub mod share;
pub mod replay;
pub mod sweep;
pub mod live;
pub mod carried;
pub mod app;
