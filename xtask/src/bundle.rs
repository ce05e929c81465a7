//! The web bundle: `trunk build` into `dist/`, skipped when nothing that goes into it has changed.

use crate::{
    board::Board,
    offline, process,
    programs::{self, Finish, PROGRAMS, REST},
    project::Project,
    style,
    tools::Tools,
};
use anyhow::{Context, Result, ensure};
use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
    process::Command,
};

/// Everything at the top of the project that the bundle is made from.
const INPUTS: [&str; 8] =
    ["Cargo.toml", "Cargo.lock", "Trunk.toml", "index.html", "api", "core", "sim", "web"];

/// Folders inside the inputs whose content never reaches the bundle.
const NOT_INPUTS: [&str; 3] = ["tests", "benches", "examples"];

/// What a visitor fetches until something stands, and the most that it may take, in bytes with brotli.
struct Load {
    /// What stands then.
    what: &'static str,
    /// The programs that it needs, by the stems of their files. What is no program's is fetched whatever the place.
    programs: &'static [&'static str],
    /// Are their second parts needed as well?
    whole: bool,
    bytes_max: usize,
}

/// A place stands by the first parts of its programs. Whoever then asks more of it needs the rest.
const LOADS: [Load; 5] = [
    Load { what: "Lab", programs: &["lab", "worker"], whole: false, bytes_max: 250_000 },
    Load { what: "Race", programs: &["race", "worker"], whole: false, bytes_max: 250_000 },
    Load { what: "Live", programs: &["live"], whole: false, bytes_max: 250_000 },
    Load { what: "Lab, all of it", programs: &["lab", "worker"], whole: true, bytes_max: 550_000 },
    Load { what: "Replay, with a recording", programs: &["lab", "player"], whole: true, bytes_max: 450_000 },
];

/// The cargo profile of all binaries.
const PROFILE: &str = "wasm";

/// Compiles the programs ahead of `trunk build`, which then finds everything done. It needs no tool, so it
/// can run while the tools are being installed.
pub(crate) fn compile_ahead(project: &Project, board: &Board) -> Result<()> {
    if is_fresh(project, "") {
        return Ok(());
    }
    board.run("page", "compiling it for the browser, about 1 minute the first time", |step| {
        let mut command = project.cargo();
        command.args(["build", "--locked", "--package", "rumormill-web", "--bins"]);
        command.args(["--target", "wasm32-unknown-unknown", "--profile", PROFILE]);
        process::quiet_cargo(step, &mut command)
    })
}

/// Builds the bundle into `dist/`, or says that it is there already.
pub(crate) fn ensure(project: &Project, tools: &Tools) -> Result<()> {
    let with = tools.wasm_opt.as_deref().unwrap_or("no wasm-opt");
    let board = Board::new();
    if is_fresh(project, with) {
        board.say(&format!("  bundle: up to date, {}", size(&project.dist())?));
        return Ok(());
    }
    build(project, tools, &board, Finish::Ship)?;
    fs::create_dir_all(project.tools())?;
    fs::write(stamp(project), stamped(project, with)?)
        .context("cannot note what the bundle was built from")?;
    let optimised = if tools.wasm_opt.is_some() { "" } else { ", not optimised: there is no wasm-opt" };
    board.say(&format!("  bundle: {}{optimised}", size(&project.dist())?));
    Ok(())
}

/// Builds `dist/` anew.
pub(crate) fn build(project: &Project, tools: &Tools, board: &Board, how: Finish) -> Result<()> {
    board.run("bundle", "trunk build, some seconds once the page is compiled", |step| {
        let mut command = trunk(project, tools);
        command.args(["build", "--offline", "--locked", "--release"]);
        process::quiet_cargo(step, &mut command)?;
        programs::finish(project, tools, &project.dist(), how, step)
    })?;
    style::shorten_all(&project.dist())?;
    offline::seal(&project.dist())
}

/// Trunk at the top of the project.
pub(crate) fn trunk(project: &Project, tools: &Tools) -> Command {
    let mut command = Command::new("trunk");
    tools.offer(&mut command);
    // This Trunk takes NO_COLOR=1, which others set for good reasons, for a bad flag.
    command.current_dir(project.root()).env_remove("NO_COLOR");
    command
}

/// Whether `dist/` is what the present sources make. An empty `with` asks whatever the optimiser was.
fn is_fresh(project: &Project, with: &str) -> bool {
    let Ok(noted) = fs::read_to_string(stamp(project)) else {
        return false;
    };
    let with = if with.is_empty() { noted.lines().last().unwrap_or_default() } else { with };
    stamped(project, with).is_ok_and(|now| now == noted)
}

fn stamp(project: &Project) -> PathBuf {
    project.tools().join("bundle.stamp")
}

/// What the bundle was made from, and what came out: a changed source shows in the first line, a `dist/` that
/// something else has written since in the second.
fn stamped(project: &Project, with: &str) -> Result<String> {
    let compiler = process::answer("rustc", &["--version"]).unwrap_or_default();
    let inputs = digest(INPUTS.map(|input| project.root().join(input)))?;
    let outputs = digest([project.dist()])?;
    Ok(format!("{inputs:016x} {compiler}\n{outputs:016x}\n{with}"))
}

fn digest(roots: impl IntoIterator<Item = PathBuf>) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for root in roots {
        add(&root, &mut hasher).with_context(|| format!("cannot read {}", root.display()))?;
    }
    Ok(hasher.finish())
}

fn add(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    path.hash(hasher);
    if !path.is_dir() {
        fs::read(path)?.hash(hasher);
        return Ok(());
    }
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    let skipped =
        |path: &PathBuf| path.file_name().is_some_and(|name| NOT_INPUTS.iter().any(|not| name == *not));
    entries.iter().filter(|path| !skipped(path)).try_for_each(|path| add(path, hasher))
}

/// Fails if a visitor's first look at any place transfers more than it may.
pub(crate) fn check_size(project: &Project) -> Result<()> {
    for (load, bytes) in LOADS.iter().zip(first_load(project)?) {
        let Load { what, bytes_max, .. } = load;
        ensure!(bytes <= *bytes_max, "{what} takes {bytes} bytes with brotli: {bytes_max} are allowed");
    }
    Ok(())
}

/// Prints what a visitor's first look transfers, file by file as a server with brotli sends it, and returns the sum for
/// each of [`LOADS`].
pub(crate) fn first_load(project: &Project) -> Result<Vec<usize>> {
    let mut sizes = Vec::new();
    for path in files(&project.dist())? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        sizes.push((compressed(&bytes)?, bytes.len(), name));
    }
    sizes.sort_by_key(|size| std::cmp::Reverse(size.0));
    for (brotli, bytes, name) in &sizes {
        eprintln!("  {brotli:>9} of {bytes:>9} bytes  {name}");
    }
    let mut sums = Vec::new();
    for Load { what, programs, whole, bytes_max } in LOADS {
        for program in programs {
            let is_its = |name: &str| name.ends_with(".wasm") && self::program(name) == Some(*program);
            ensure!(sizes.iter().any(|size| is_its(&size.2)), "the bundle has no program {program}");
        }
        // The service worker is fetched once the page stands, like the rest.
        let is_later = |name: &str| name == offline::WORKER || (!whole && name.ends_with(REST));
        let fetched = sizes.iter().filter(|size| !is_later(&size.2));
        let fetched = fetched.filter(|size| program(&size.2).is_none_or(|it| programs.contains(&it)));
        let total: usize = fetched.map(|size| size.0).sum();
        eprintln!("  {what}: {} KB with brotli, {} KB allowed", total / 1_000, bytes_max / 1_000);
        sums.push(total);
    }
    Ok(sums)
}

/// The program that a file belongs to, if it belongs to one.
fn program(name: &str) -> Option<&str> {
    let stem = programs::stem(name);
    let is_code = name.ends_with(".js") || name.ends_with(".wasm");
    let known = PROGRAMS.iter().any(|program| program.name == stem);
    let is_style = programs::STYLED.contains(&stem) && name.ends_with(".css");
    ((is_code && known) || is_style).then_some(stem)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    entries
        .map(|entry| Ok(entry?.path()))
        .filter(|path| path.as_ref().is_ok_and(|path| path.is_file()))
        .collect()
}

/// How many bytes are left of these at brotli's best.
fn compressed(mut bytes: &[u8]) -> Result<usize> {
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 24, ..Default::default() };
    Ok(brotli::BrotliCompress(&mut bytes, &mut io::sink(), &parameters)?)
}

fn size(folder: &Path) -> Result<String> {
    let mut bytes = 0;
    for path in files(folder)? {
        bytes += fs::metadata(path)?.len();
    }
    Ok(format!("{} KB before compression", bytes / 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_takes_less_and_what_does_not_takes_all() {
        assert!(compressed(&[7; 100_000]).unwrap() < 100);
        let mut noise = 1u64;
        let noise: Vec<u8> = (0..10_000)
            .map(|_| {
                noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (noise >> 56) as u8
            })
            .collect();
        assert!(compressed(&noise).unwrap() >= noise.len());
    }

    #[test]
    fn a_changed_file_changes_the_digest_and_a_test_does_not() {
        let folder = std::env::temp_dir().join(format!("rumormill-xtask-{}", std::process::id()));
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::create_dir_all(folder.join("tests")).unwrap();
        fs::write(folder.join("src/lib.rs"), "one").unwrap();
        let digest_now = || digest([folder.clone()]).unwrap();
        let before = digest_now();
        fs::write(folder.join("tests/a.rs"), "a test").unwrap();
        assert_eq!(digest_now(), before);
        fs::write(folder.join("src/lib.rs"), "two").unwrap();
        assert_ne!(digest_now(), before);
        fs::remove_dir_all(&folder).unwrap();
    }
}
