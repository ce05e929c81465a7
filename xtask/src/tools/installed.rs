//! Trunk and wasm-bindgen, which `cargo install` builds from source. Prebuilt ones are not fetched: there is no
//! registry that carries them with a checksum.

use crate::{
    board::{Board, Step},
    process,
    project::Project,
};
use anyhow::{Context, Result, bail};
use std::{ffi::OsStr, fs, path::Path};

/// The newest Trunk that the workspace's `rust-version` can build; 0.22 wants a newer compiler.
const TRUNK_VERSION: &str = "0.21.14";

/// Any Trunk of this line understands `Trunk.toml` and `index.html`.
const TRUNK_LINE: &str = "trunk 0.21.";

/// Installs Trunk unless one that will do is there.
pub(super) fn trunk(project: &Project, board: &Board, path: &OsStr) -> Result<()> {
    let found = version(path, "trunk");
    if found.as_deref().is_some_and(|version| version.starts_with(TRUNK_LINE)) {
        return Ok(());
    }
    let about = "building it from source without optimisation, 3 to 5 minutes on two cores, once";
    board.run(&format!("trunk {TRUNK_VERSION}"), about, |step| {
        let arguments = ["trunk", "--version", TRUNK_VERSION, "--locked", "--no-default-features"];
        install(project, step, found.is_some(), &arguments)
    })
}

/// Installs wasm-bindgen unless the very version is there that the lock file names.
pub(super) fn bindgen(project: &Project, board: &Board, path: &OsStr) -> Result<()> {
    let wanted = bindgen_version(&project.root().join("Cargo.lock"))?;
    let found = version(path, "wasm-bindgen");
    if found.as_deref() == Some(&format!("wasm-bindgen {wanted}")) {
        return Ok(());
    }
    let about = "building it from source without optimisation, 1 to 2 minutes on two cores, once";
    board.run(&format!("wasm-bindgen {wanted}"), about, |step| {
        // Not --locked: one of the versions in the lock file that it ships has left the index.
        let arguments = ["wasm-bindgen-cli", "--version", &wanted, "--no-default-features"];
        install(project, step, found.is_some(), &arguments)
    })
}

/// A `cargo install` as cheap as it gets. It goes to the user's cargo home, so that other checkouts find the tool;
/// but where another version is in use, into the project's own folder.
fn install(project: &Project, step: &Step, other_version_in_use: bool, arguments: &[&str]) -> Result<()> {
    let build = project.tools().join(format!("build-{}", arguments[0]));
    let mut command = project.cargo();
    command.args(["install", "--debug", "--force", "--target-dir"]).arg(&build).args(arguments);
    if other_version_in_use {
        command.arg("--root").arg(project.tools());
    }
    command.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_PROFILE_DEV_STRIP", "true");
    // Flags that are meant for the project would only make the tool slower to build.
    command.env_remove("RUSTFLAGS");
    process::quiet_cargo(step, &mut command)?;
    // A gigabyte that nobody needs again. What cannot be removed only takes space.
    let _ = fs::remove_dir_all(&build);
    Ok(())
}

fn version(path: &OsStr, name: &str) -> Option<String> {
    process::answer(process::find(name, Some(path))?, &["--version"])
}

/// The generated code and the tool must be of one version to the last digit.
fn bindgen_version(lock: &Path) -> Result<String> {
    let text = fs::read_to_string(lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let Some(version) = locked_version(&text, "wasm-bindgen") else {
        bail!("{} has no wasm-bindgen", lock.display());
    };
    Ok(version.to_owned())
}

fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_names_the_version() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.1\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}
