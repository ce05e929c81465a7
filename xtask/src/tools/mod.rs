//! The set-up: everything that a machine with nothing but rustup's Rust lacks. What is there already is used as it
//! is; a second run only looks. It never replaces another version of a tool that the user installed.

mod apt;
mod axe;
mod browser;
mod installed;
mod optimizer;
pub(crate) mod targets;
mod wasmtime;

pub(crate) use browser::Browser;

use crate::{board::Board, process, project::Project};
use anyhow::{Context, Result};
use std::{
    env,
    ffi::{OsStr, OsString},
    path::PathBuf,
    process::Command,
    thread,
};

/// What a command is about to do, and therefore what must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Build the web bundle.
    Bundle,
    /// Run unit tests as WebAssembly.
    WasmTests,
    /// Steer a browser.
    Browser,
    /// Build the core where there is no standard library.
    Bare,
}

impl Need {
    /// Whatever any command needs.
    pub(crate) const ALL: [Self; 4] = [Self::Bundle, Self::WasmTests, Self::Browser, Self::Bare];
}

/// The tools, once they are all there.
#[derive(Debug)]
pub(crate) struct Tools {
    path: OsString,
    /// The optimiser's version, or `None` where it could not be had.
    pub(crate) wasm_opt: Option<String>,
    /// The browser and its driver; only with [`Need::Browser`].
    pub(crate) browser: Option<Browser>,
    /// The checker of accessibility, a script; only with [`Need::Browser`].
    pub(crate) axe: Option<PathBuf>,
    /// The folder with Wasmtime's Python package; only with [`Need::WasmTests`].
    pub(crate) wasmtime: Option<PathBuf>,
}

impl Tools {
    /// Lets `command` find these tools first, whatever else is on the user's PATH.
    pub(crate) fn offer(&self, command: &mut Command) {
        command.env("PATH", &self.path);
    }
}

/// Installs what is missing. Fails with a message that says what to install by hand.
pub(crate) fn ensure(project: &Project, needs: &[Need]) -> Result<Tools> {
    ensure_beside(project, needs, |_| Ok(()))
}

/// Installs what is missing, and does `meanwhile` beside it: work for which the targets are enough, such as
/// compiling.
pub(crate) fn ensure_beside(
    project: &Project,
    needs: &[Need],
    meanwhile: impl FnOnce(&Board) -> Result<()> + Send,
) -> Result<Tools> {
    let board = Board::new();
    let path = search_path(project)?;
    targets::ensure(&board, needs)?;
    let bundle = needs.contains(&Need::Bundle);
    let (trunk, bindgen, packaged, done) = thread::scope(|scope| {
        let trunk = scope.spawn(|| if bundle { installed::trunk(project, &board, &path) } else { Ok(()) });
        let bindgen =
            scope.spawn(|| if bundle { installed::bindgen(project, &board, &path) } else { Ok(()) });
        let packaged = scope.spawn(|| packages(project, &board, &path, needs));
        let done = meanwhile(&board);
        (joined(trunk), joined(bindgen), joined(packaged), done)
    });
    trunk?;
    bindgen?;
    let tools = packaged?;
    done?;
    Ok(tools)
}

fn packages(project: &Project, board: &Board, path: &OsStr, needs: &[Need]) -> Result<Tools> {
    let has = |name| process::find(name, Some(path)).is_some();
    let bundle = needs.contains(&Need::Bundle);
    let mut wanted = Vec::new();
    let browser = needs.contains(&Need::Browser);
    let lacks_package =
        (bundle && optimizer::installed(project).is_none()) || (browser && axe::installed(project).is_none());
    if lacks_package && !has("npm") {
        wanted.push("npm");
    }
    let wasm_tests = needs.contains(&Need::WasmTests);
    if wasm_tests {
        wanted.extend(wasmtime::missing(project));
    }
    if browser {
        wanted.extend(browser::missing(path));
    }
    apt::install(board, path, &wanted)?;
    let wasm_opt = if bundle { optimizer::ensure(project, board, path)? } else { None };
    let wasmtime = wasm_tests.then(|| wasmtime::ensure(project, board, path)).transpose()?;
    let axe = browser.then(|| axe::ensure(project, board, path)).transpose()?;
    let browser = browser.then(|| browser::find(path)).transpose()?;
    Ok(Tools { path: path.to_owned(), wasm_opt, browser, axe, wasmtime })
}

/// The project's own tools first, then the user's PATH, then cargo's folder of installed programs, which is not on
/// every PATH.
fn search_path(project: &Project) -> Result<OsString> {
    let tools = project.tools();
    let mut folders = vec![tools.join("bin"), tools.join("node_modules").join(".bin")];
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    folders.push(cargo_home()?.join("bin"));
    env::join_paths(folders).context("a folder on PATH has a name that PATH cannot hold")
}

fn cargo_home() -> Result<PathBuf> {
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")))
        .context("neither CARGO_HOME nor a home folder is set")
}

fn joined<T>(handle: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
