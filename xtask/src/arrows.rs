//! Which of the workspace's packages may depend on which. The table is the architecture; cargo's own metadata says
//! what is true.

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Every package of the workspace and all of the siblings that it may depend on, in any way: normally, for tests, for
/// its build, on any target. What is not listed is forbidden, and so is a package that is not listed.
const ALLOWED: [(&str, &[&str]); 7] = [
    // The engine stands alone, even in its tests.
    ("rumormill-core", &[]),
    ("rumormill-api", &["rumormill-core"]),
    ("rumormill-sim", &["rumormill-core"]),
    // `sim` only for the command line's `sim` subcommand; never `web`.
    ("rumormill-node", &["rumormill-core", "rumormill-api", "rumormill-sim"]),
    // Never `node`.
    ("rumormill-web", &["rumormill-core", "rumormill-api", "rumormill-sim"]),
    // Drives node and web from outside, so it links neither.
    ("rumormill-e2e", &["rumormill-core", "rumormill-api", "rumormill-sim"]),
    ("xtask", &[]),
];

/// Checks the output of `cargo metadata --no-deps`; the error names every arrow that is crossed.
pub(crate) fn check(metadata: &Value) -> Result<()> {
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
    let siblings: Vec<String> = packages.iter().map(name).collect();
    let mut crossed = Vec::new();
    for package in packages {
        let from = name(package);
        let Some((_, allowed)) = ALLOWED.iter().find(|(listed, _)| *listed == from) else {
            crossed.push(format!("{from} is in the workspace, but no arrow is drawn for it"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = name(dependency);
            if !siblings.contains(&to) || allowed.contains(&to.as_str()) {
                continue;
            }
            let kind = dependency["kind"].as_str().unwrap_or("normal");
            crossed.push(format!("{from} must not depend on {to} ({kind} dependency)"));
        }
    }
    if !crossed.is_empty() {
        bail!("arrows are crossed; see ARCHITECTURE.md:\n  {}", crossed.join("\n  "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;
    use serde_json::json;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Value {
        let dependencies: Vec<Value> =
            dependencies.iter().map(|(name, kind)| json!({ "name": name, "kind": kind })).collect();
        json!({ "name": name, "dependencies": dependencies })
    }

    #[track_caller]
    fn check_crossed(packages: &[Value], expected: &str) {
        let error = check(&json!({ "packages": packages })).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn the_workspace_as_it_is_crosses_nothing() {
        check(&Project::find().unwrap().metadata().unwrap()).unwrap();
    }

    #[test]
    fn a_crossed_arrow_is_named() {
        let core = package("rumormill-core", &[("serde", None)]);
        let node = package("rumormill-node", &[("rumormill-core", None)]);
        let web = package("rumormill-web", &[("rumormill-node", None)]);
        check_crossed(
            &[core, node, web],
            "rumormill-web must not depend on rumormill-node (normal dependency)",
        );
    }

    #[test]
    fn an_arrow_for_tests_counts() {
        let core = package("rumormill-core", &[("rumormill-sim", Some("dev"))]);
        let sim = package("rumormill-sim", &[("rumormill-core", None)]);
        check_crossed(&[core, sim], "rumormill-core must not depend on rumormill-sim (dev dependency)");
    }

    #[test]
    fn a_new_package_needs_its_arrows_drawn() {
        check_crossed(&[package("rumormill-extra", &[])], "no arrow is drawn for it");
    }
}
