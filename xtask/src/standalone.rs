//! The project must stand alone: no tracked file names a place on somebody's machine, and every crate comes from
//! the public registry.

use crate::project::Project;
use anyhow::{Context, Result, bail};
use std::{fs, process::Command};

/// Tops of folders that only exist on one machine or belong to one person. Written in two parts, so that this file
/// passes its own check.
const PRIVATE_FOLDERS: [&str; 5] = [
    concat!("/wo", "rk/"),
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("C:\\Us", "ers"),
];

/// Where the lock file's crates come from.
const REGISTRY: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

/// Checks every file that git tracks.
pub(crate) fn check(project: &Project) -> Result<()> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(project.root())
        .output()
        .context("cannot run git")?;
    if !output.status.success() {
        bail!("git ls-files failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let mut found = Vec::new();
    for name in String::from_utf8_lossy(&output.stdout).split_terminator('\0') {
        // A file that is tracked but deleted, or that is not text, has nothing to say.
        let Ok(text) = fs::read_to_string(project.root().join(name)) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            if let Some(folder) = private_folder(line) {
                found.push(format!("{name}:{}: names {folder}", number + 1));
            }
            if name == "Cargo.lock" && line.starts_with("source = ") && line != REGISTRY {
                found.push(format!("{name}:{}: not from the public registry: {line}", number + 1));
            }
        }
    }
    if !found.is_empty() {
        bail!("files depend on one machine:\n  {}", found.join("\n  "));
    }
    Ok(())
}

/// The private folder that a line names as the beginning of a path, not as a part of some other path.
fn private_folder(line: &str) -> Option<&'static str> {
    PRIVATE_FOLDERS.into_iter().find(|folder| {
        line.match_indices(folder).any(|(at, _)| {
            !line[..at].ends_with(|before: char| before.is_alphanumeric() || "._-~}/".contains(before))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_one_machine_is_found() {
        let home = PRIVATE_FOLDERS[1];
        assert_eq!(private_folder(&format!("see `{home}me/notes`")), Some(home));
        assert_eq!(private_folder(&format!("path={home}me")), Some(home));
    }

    #[test]
    fn a_part_of_another_path_is_not() {
        let home = PRIVATE_FOLDERS[1];
        assert_eq!(private_folder(&format!("https://example.org{home}page")), None);
        assert_eq!(private_folder(&format!("/srv{home}page")), None);
        assert_eq!(private_folder("nothing here"), None);
    }
}
