//! Debian's package manager, only where it may be used without asking: as root. Elsewhere it does nothing, and the
//! one who needs the program says what to install.

use crate::{board::Board, process};
use anyhow::Result;
use std::{ffi::OsStr, fs, process::Command};

/// Installs Debian packages when this is Debian and the user is root.
pub(super) fn install(board: &Board, path: &OsStr, packages: &[&str]) -> Result<()> {
    if packages.is_empty() || !is_debian() || !is_root() {
        return Ok(());
    }
    let Some(apt) = process::find("apt-get", Some(path)) else {
        return Ok(());
    };
    let about = format!("installing {}, a minute or two", packages.join(", "));
    board.run("apt-get", &about, |step| {
        let run = |arguments: &[&str]| {
            let mut command = Command::new(&apt);
            command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
            process::quiet(step, &mut command)
        };
        run(&["update"])?;
        let install = ["install", "--yes", "--no-install-recommends"];
        run(&[&install, packages].concat())
    })
}

/// Ubuntu does not count: its `chromium` package is a door to another store.
fn is_debian() -> bool {
    fs::read_to_string("/etc/os-release").is_ok_and(|text| text.lines().any(|line| line == "ID=debian"))
}

fn is_root() -> bool {
    process::answer("id", &["-u"]).is_some_and(|user| user == "0")
}
