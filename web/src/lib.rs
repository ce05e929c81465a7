//! The dashboard: a cluster in the browser tab, and a window on live nodes.
//!
//! Two binaries share this library: `app`, which owns the page, and `worker`, a dedicated Web Worker that keeps
//! the simulation off the page's thread. Nothing here carries a `#[wasm_bindgen]` export, because an export in a
//! shared library would appear in both.

pub mod glue;
pub mod route;
pub mod theme;
pub mod ui;
pub mod lab;
pub mod race;
pub mod share;
pub mod replay;
pub mod sweep;
pub mod live;
pub mod app;
