//! Live reload for work on the page, with a running node behind it.

use crate::{
    bundle, process,
    project::Project,
    tools::{self, Need},
};
use anyhow::{Context, Result};
use std::{fmt::Write as _, fs, path::Path};

/// Where the page stands while someone works on it.
const PORT: u16 = 7780;

/// What the page asks of a node: requests for these paths go there.
const NODE_PATHS: [&str; 4] = ["/api", "/metrics", "/healthz", "/readyz"];

/// The socket that the page opens to a node.
const NODE_SOCKET: &str = "/observe";

/// What the page is made from.
const WATCHED: [&str; 5] = ["index.html", "web", "api", "core", "sim"];

/// Serves the page with live reload until it is interrupted.
pub(crate) fn run(project: &Project, node: &str) -> Result<()> {
    let tools = tools::ensure(project, &[Need::Bundle])?;
    // Its own folder: `dist/` is what the node embeds, and a development build does not belong there.
    let folder = project.tools().join("serve");
    fs::create_dir_all(&folder)?;
    let file = project.root().join("Trunk.toml");
    let base = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let config = folder.join("Trunk.toml");
    fs::write(&config, configuration(&base, project.root(), &folder.join("dist"), node))
        .with_context(|| format!("cannot write {}", config.display()))?;
    eprintln!("  http://127.0.0.1:{PORT} with live reload; the node behind it: {node}");
    eprintln!("  (start one with `cargo xtask demo`, or name another with `--node URL`)");
    // Trunk's proxy does not answer with the socket's subprotocol, which a browser insists on: Live goes past it.
    let socket = node.replacen("http", "ws", 1);
    eprintln!("  Live: http://127.0.0.1:{PORT}/#/live?node={socket}{NODE_SOCKET}");
    process::open(bundle::trunk(project, &tools).args(["serve", "--offline", "--config"]).arg(&config))
}

/// The project's own settings with absolute paths, and what only serving needs. Trunk takes one proxy from its command
/// line but several from a file, and works in the folder of that file.
fn configuration(base: &str, root: &Path, dist: &Path, node: &str) -> String {
    let mut text = String::new();
    let mut line = |line: String| text.push_str(&(line + "\n"));
    for setting in base.lines() {
        match setting.split_once('=').map_or("", |(key, _)| key.trim()) {
            "target" => line(format!("target = {:?}", root.join("index.html"))),
            "dist" => line(format!("dist = {dist:?}")),
            _ => line(setting.to_owned()),
        }
    }
    line(format!("[watch]\nwatch = {:?}", WATCHED.map(|path| root.join(path))));
    line(format!("[serve]\naddresses = [\"127.0.0.1\"]\nport = {PORT}"));
    let socket = node.replacen("http", "ws", 1);
    let mut proxies = String::new();
    for path in NODE_PATHS {
        let _ = write!(proxies, "[[proxies]]\nbackend = \"{node}{path}\"\n");
    }
    let _ = write!(proxies, "[[proxies]]\nbackend = \"{socket}{NODE_SOCKET}\"\nws = true\n");
    text + &proxies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_absolute_and_the_node_stands_behind_the_page() {
        let base = "# why\n[build]\ntarget = \"index.html\"\ndist = \"dist\"\npublic_url = \"./\"\n";
        let text = configuration(base, Path::new("/p"), Path::new("/t/dist"), "http://127.0.0.1:7700");
        for expected in [
            "# why\n[build]\ntarget = \"/p/index.html\"\ndist = \"/t/dist\"\npublic_url = \"./\"\n",
            "watch = [\"/p/index.html\", \"/p/web\",",
            "backend = \"http://127.0.0.1:7700/api\"\n",
            "backend = \"ws://127.0.0.1:7700/observe\"\nws = true\n",
        ] {
            assert!(text.contains(expected), "{expected} not in\n{text}");
        }
    }
}
