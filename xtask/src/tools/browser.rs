//! The browser for the tests and the driver that steers it. Both belong to the system; neither is downloaded here.

use crate::process;
use anyhow::{Context, Result};
use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// A browser with the driver of its own version.
#[derive(Debug)]
pub(crate) struct Browser {
    /// The WebDriver server.
    pub(crate) driver: PathBuf,
    /// The browser; `None` leaves the search to the driver, which knows the usual places of its platform.
    pub(crate) program: Option<PathBuf>,
}

/// Debian's `chromium` comes first where its driver is there, because the two are always of one version.
const PROGRAMS: [&str; 4] = ["chromium", "google-chrome", "google-chrome-stable", "chromium-browser"];

/// The Debian packages that would bring what is not there.
pub(super) fn missing(path: &OsStr) -> Vec<&'static str> {
    let mut packages = Vec::new();
    if driver(path).is_none() {
        packages.push("chromium-driver");
    }
    if program(path).is_none() {
        packages.push("chromium");
    }
    packages
}

/// The browser, or what to install.
pub(super) fn find(path: &OsStr) -> Result<Browser> {
    let driver = driver(path).context(
        "the browser tests need Chromium or Chrome and its driver: install them so that `chromedriver` is on PATH \
         (Debian: `apt install chromium chromium-driver`)",
    )?;
    Ok(Browser { driver, program: program(path) })
}

fn driver(path: &OsStr) -> Option<PathBuf> {
    process::find("chromedriver", Some(path)).or_else(|| {
        // The hosted runners of GitHub name the folder of the driver in this variable.
        process::find("chromedriver", env::var_os("CHROMEWEBDRIVER").as_deref())
    })
}

fn program(path: &OsStr) -> Option<PathBuf> {
    let on_path = PROGRAMS.iter().find_map(|name| process::find(name, Some(path)));
    let mac = Path::new("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
    on_path.or_else(|| mac.is_file().then(|| mac.to_owned()))
}
