//! What makes the bundle usable without a network: the service worker is told which files there are, and a version that
//! changes with any of them.

use anyhow::{Context, Result, ensure};
use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

/// The service worker. It must lie beside the page: it only serves what lies below it.
pub(crate) const WORKER: &str = "sw.js";

/// The two lines of it that are filled in.
const VERSION: &str = "const VERSION = \"\";";
const FILES: &str = "const FILES = [];";

/// Fills in the service worker of a built bundle.
pub(crate) fn seal(dist: &Path) -> Result<()> {
    let worker = dist.join(WORKER);
    let script = fs::read_to_string(&worker).with_context(|| format!("cannot read {}", worker.display()))?;
    let mut names = Vec::new();
    for entry in fs::read_dir(dist).with_context(|| format!("cannot read {}", dist.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && name != WORKER && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    let mut hasher = DefaultHasher::new();
    for name in &names {
        name.hash(&mut hasher);
        fs::read(dist.join(name))?.hash(&mut hasher);
    }
    fs::write(&worker, filled(&script, &names, hasher.finish())?)?;
    Ok(())
}

fn filled(script: &str, names: &[String], version: u64) -> Result<String> {
    ensure!(
        script.contains(VERSION) && script.contains(FILES),
        "{WORKER} has no place for its version and files; was it filled in already?"
    );
    let version = format!("const VERSION = \"{version:016x}\";");
    Ok(script.replace(VERSION, &version).replace(FILES, &format!("const FILES = {names:?};")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worker_is_filled_in_once_and_its_version_follows_the_files() {
        let template = "x\nconst VERSION = \"\";\nconst FILES = [];\ny";
        let names = ["a.js".to_owned(), "index.html".to_owned()];
        let script = filled(template, &names, 0xab).unwrap();
        assert_eq!(
            script,
            "x\nconst VERSION = \"00000000000000ab\";\nconst FILES = [\"a.js\", \"index.html\"];\ny"
        );
        assert!(filled(&script, &names, 1).is_err());

        let folder = std::env::temp_dir().join(format!("rumormill-offline-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let sealed = |content: &str| {
            fs::write(folder.join("index.html"), content).unwrap();
            fs::write(folder.join(WORKER), template).unwrap();
            seal(&folder).unwrap();
            fs::read_to_string(folder.join(WORKER)).unwrap()
        };
        let (one, two) = (sealed("one"), sealed("two"));
        assert_ne!(one, two);
        assert_eq!(one, sealed("one"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
