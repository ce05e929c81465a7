//! Where the programs and folders under test lie: told by environment variables, or cargo's usual places.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The `rumormill` program: `E2E_BIN`, or the release build.
pub fn node_program() -> PathBuf {
    told("E2E_BIN")
        .unwrap_or_else(|| target().join("release").join(format!("rumormill{}", env::consts::EXE_SUFFIX)))
}

/// The web bundle: `E2E_DIST`, or `dist/` at the top of the project.
pub fn dist() -> PathBuf {
    told("E2E_DIST").unwrap_or_else(|| root().join("dist"))
}

/// Where screenshots go: `E2E_SCREENSHOTS`, or `screenshots/` in cargo's target folder.
pub fn screenshots() -> PathBuf {
    told("E2E_SCREENSHOTS").unwrap_or_else(|| target().join("screenshots"))
}

/// The checker of accessibility: `E2E_AXE`, or where `cargo xtask test browser` puts it.
pub fn axe() -> PathBuf {
    let usual =
        || target().join("tools").join("axe").join("node_modules").join("axe-core").join("axe.min.js");
    told("E2E_AXE").unwrap_or_else(usual)
}

/// The WebDriver server: `E2E_DRIVER`, or `chromedriver` on PATH.
pub(crate) fn driver() -> PathBuf {
    told("E2E_DRIVER").unwrap_or_else(|| PathBuf::from("chromedriver"))
}

/// The browser: `E2E_BROWSER`, or whichever the driver finds.
pub(crate) fn browser() -> Option<PathBuf> {
    told("E2E_BROWSER")
}

fn told(name: &str) -> Option<PathBuf> {
    env::var_os(name).map(PathBuf::from)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies in a folder of the project")
}

/// The test program itself lies in `target/PROFILE/deps`.
fn target() -> PathBuf {
    let program = env::current_exe().expect("a running program knows where it lies");
    let target = program.ancestors().nth(3).expect("cargo puts test programs three folders deep");
    target.to_owned()
}
