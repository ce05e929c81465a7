//! The programs of a bundle, once Trunk has built it: each is optimised, parted, and given a name with a hash in it, and
//! the page is told the names. A page that stays open over a new bundle therefore never gets a program of another.

use crate::{
    board::Step,
    process,
    project::Project,
    tools::Tools,
    wasm::{self, Kept},
};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::Command,
    thread,
};

/// What has a program of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// Is it a Web Worker? Those start themselves; the page starts the others.
    is_worker: bool,
}

/// All of them.
pub(crate) const PROGRAMS: [Program; 6] = [
    Program { name: "lab", is_worker: false },
    Program { name: "race", is_worker: false },
    Program { name: "live", is_worker: false },
    Program { name: "worker", is_worker: true },
    Program { name: "player", is_worker: true },
    Program { name: "member", is_worker: true },
];

/// Those that have a style of their own, which is fetched with them.
pub(crate) const STYLED: [&str; 2] = ["live", "race"];

/// What becomes of the programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    /// What is published.
    Ship,
    /// They tell which of their functions run.
    Watch,
}

/// What ends the name of the second part of a program.
pub(crate) const REST: &str = "-rest.wasm";

/// For the size of the code first, with what every browser of the last years has. Names stay: they say what is split.
const OPTIMISE: [&str; 12] = [
    "-Oz",
    "--debuginfo",
    // What is large and called once stays a function: together they would stay in the first part for what little of them
    // that needs. It costs nothing.
    "--one-caller-inline-max-function-size",
    "30",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-call-indirect-overlong",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// What Trunk writes into the page, from `Trunk.toml`: the files of the one program that it knows.
const TOLD_BEGIN: &str = "<script>window.programFiles = {";
const TOLD_END: &str = "};</script>";

/// Finishes the programs of a folder that Trunk has just written.
pub(crate) fn finish(project: &Project, tools: &Tools, dist: &Path, how: Finish, step: &Step) -> Result<()> {
    // Each takes a core for some seconds.
    let finished: Vec<Result<(&str, Value)>> = thread::scope(|scope| {
        let work = |program: &'static Program| {
            let finished = finish_one(project, tools, dist, program, how, step);
            finished
                .map(|files| (program.name, files))
                .with_context(|| format!("the program {}", program.name))
        };
        let running: Vec<_> = PROGRAMS.iter().map(|program| scope.spawn(move || work(program))).collect();
        running
            .into_iter()
            .map(|running| running.join().unwrap_or_else(|it| std::panic::resume_unwind(it)))
            .collect()
    });
    let mut files: BTreeMap<&str, Value> = finished.into_iter().collect::<Result<_>>()?;
    let page = dist.join("index.html");
    let mut text = fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
    for name in STYLED {
        let style = take_style(&mut text, name)?;
        if let Some(file) = files.get_mut(name) {
            file["style"] = json!(style);
        }
    }
    fs::write(&page, told(&text, &serde_json::to_string(&files)?)?)?;
    Ok(())
}

/// Takes the link to a program's style out of the page; its address.
fn take_style(page: &mut String, name: &str) -> Result<String> {
    let link = page.split('<').find(|tag| tag.starts_with("link") && tag.contains(&format!("\"./{name}-")));
    let link = link.with_context(|| format!("the page has no style of {name}"))?;
    let address = link.split('"').find(|part| part.starts_with("./")).unwrap_or_default().to_owned();
    let end = link.find('>').context("a link in the page does not end")?;
    let tag = format!("<{}", &link[..=end]);
    *page = page.replacen(&tag, "", 1);
    Ok(address)
}

/// The page with the files of every program in it.
fn told(page: &str, files: &str) -> Result<String> {
    let (before, rest) =
        page.split_once(TOLD_BEGIN).context("the page has no place for its programs' files")?;
    let (_, after) = rest.split_once(TOLD_END).context("the page's list of files does not end")?;
    let files = files.strip_prefix('{').and_then(|files| files.strip_suffix('}')).unwrap_or_default();
    Ok(format!("{before}{TOLD_BEGIN}{files}{TOLD_END}{after}"))
}

fn finish_one(
    project: &Project,
    tools: &Tools,
    dist: &Path,
    program: &Program,
    how: Finish,
    step: &Step,
) -> Result<Value> {
    let Program { name, is_worker } = *program;
    let built = Built::find(dist, name)?;
    let bytes = optimised(project, tools, &built.wasm, name, step)?;
    let mut script = lean(&fs::read_to_string(&built.script)?);
    let bytes = wasm::renamed(&bytes, &shorten(&mut script))?;
    let (first, rest, with) = match (how, kept(project, name)?) {
        (Finish::Watch, _) => {
            fs::write(named(project, name), &bytes)?;
            let with = format!("const PROGRAM = {name:?};\n{}", lean(&asset(project, "watch.js")?));
            (wasm::watched(&bytes)?, None, Some(("withWatch", with)))
        }
        (Finish::Ship, Some(kept)) if tools.wasm_opt.is_some() => {
            let parts = wasm::split(&bytes, &kept)?;
            let with = lean(&asset(project, "rest.js")?);
            (parts.first, Some(parts.rest), Some(("withRest", with)))
        }
        _ => (wasm::stripped(&bytes)?, None, None),
    };

    let mut hasher = DefaultHasher::new();
    (&script, &first, &rest, &with).hash(&mut hasher);
    let stem = format!("{name}-{:016x}", hasher.finish());
    replace(&mut script, &format!("{name}_bg.wasm"), &format!("{stem}.wasm"), 1)?;
    let mut start = "__wbg_init";
    if let Some((function, text)) = with {
        replace(&mut script, "= __wbg_get_imports();", &format!("= {function}(__wbg_get_imports());"), 2)?;
        script = format!("{script}\n{text}");
    }
    if rest.is_some() {
        start = "initWithRest";
        replace(
            &mut script,
            "wasm = instance.exports;",
            "wasm = instance.exports;\n    if (keptRest) takeRest(keptRest);",
            1,
        )?;
        replace(&mut script, "__wbg_init as default", &format!("{start} as default"), 1)?;
        script = format!("const REST = \"./{stem}{REST}\";\n{script}");
    }
    if is_worker {
        script.push_str(&format!("\nawait {start}();\n"));
    }
    built.remove()?;
    fs::write(dist.join(format!("{stem}.js")), script)?;
    fs::write(dist.join(format!("{stem}.wasm")), first)?;
    if let Some(rest) = rest {
        fs::write(dist.join(format!("{stem}{REST}")), rest)?;
    }
    Ok(json!({ "script": format!("./{stem}.js") }))
}

/// wasm-bindgen's script without comments and indentation; no text in it has more than one line.
fn lean(script: &str) -> String {
    let lines = script.lines().map(str::trim);
    let lines = lines
        .filter(|line| !line.is_empty() && !["//", "/*", "* ", "*/"].iter().any(|it| line.starts_with(it)));
    lines.filter(|line| *line != "*").collect::<Vec<_>>().join("\n")
}

/// How the names begin that wasm-bindgen makes for closures, from their types: some hundred letters each.
const LONG: &str = "wasm_bindgen_";

/// Gives the long names in a script short ones; which is which.
fn shorten(script: &mut String) -> BTreeMap<String, String> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '$';
    let words = script.split(|letter| !is_name(letter)).filter(|word| word.starts_with(LONG));
    let words: BTreeSet<String> = words.map(str::to_owned).collect();
    let names: BTreeMap<String, String> =
        words.into_iter().zip(0..).map(|(word, at)| (word, format!("w{at}"))).collect();
    // The longest first: one may begin like another.
    let mut longest: Vec<_> = names.iter().collect();
    longest.sort_by_key(|(long, _)| std::cmp::Reverse(long.len()));
    for (long, short) in longest {
        *script = script.replace(long.as_str(), short);
    }
    names
}

/// What Trunk wrote for a program.
struct Built {
    script: PathBuf,
    wasm: PathBuf,
    loader: Option<PathBuf>,
}

impl Built {
    fn find(dist: &Path, name: &str) -> Result<Self> {
        let mut built = [None, None, None];
        for entry in fs::read_dir(dist).with_context(|| format!("cannot read {}", dist.display()))? {
            let path = entry?.path();
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if stem(&file) != name {
                continue;
            }
            let at = match file.as_str() {
                _ if file.ends_with("_loader.js") => 2,
                _ if file.ends_with(".js") => 0,
                _ if file.ends_with("_bg.wasm") => 1,
                _ => continue,
            };
            ensure!(built[at].replace(path).is_none(), "Trunk has written it twice");
        }
        let [script, wasm, loader] = built;
        Ok(Self {
            script: script.context("it has no script")?,
            wasm: wasm.context("it has no wasm")?,
            loader,
        })
    }

    fn remove(self) -> Result<()> {
        for path in [Some(self.script), Some(self.wasm), self.loader].into_iter().flatten() {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
        Ok(())
    }
}

/// What a file's name begins with: the program that it belongs to, if it belongs to one.
pub(crate) fn stem(file: &str) -> &str {
    file.split(['.', '_', '-']).next().unwrap_or_default()
}

/// The program as the optimiser leaves it, or as it is where there is none.
fn optimised(project: &Project, tools: &Tools, wasm: &Path, name: &str, step: &Step) -> Result<Vec<u8>> {
    if tools.wasm_opt.is_none() {
        return Ok(fs::read(wasm)?);
    }
    let output = project.tools().join(format!("{name}.optimised.wasm"));
    let mut command = Command::new("wasm-opt");
    tools.offer(&mut command);
    process::quiet(step, command.args(OPTIMISE).arg("--output").arg(&output).arg(wasm))?;
    let bytes = fs::read(&output)?;
    fs::remove_file(&output)?;
    Ok(bytes)
}

/// What a first load runs of a program, if that has been found out.
fn kept(project: &Project, name: &str) -> Result<Option<Kept>> {
    let list = list(project, name);
    if !list.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?;
    Kept::parse(&text).map(Some).with_context(|| format!("in {}", list.display()))
}

/// Where it is written what a first load runs of a program.
pub(crate) fn list(project: &Project, name: &str) -> PathBuf {
    folder(project).join(format!("{name}.txt"))
}

/// Where a watched program lies with its names.
pub(crate) fn named(project: &Project, name: &str) -> PathBuf {
    project.tools().join(format!("{name}.named.wasm"))
}

fn folder(project: &Project) -> PathBuf {
    project.root().join("web").join("first-load")
}

fn asset(project: &Project, name: &str) -> Result<String> {
    let path = folder(project).join(name);
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Replaces what stands in a script as often as it must.
fn replace(script: &mut String, old: &str, new: &str, times: usize) -> Result<()> {
    let found = script.matches(old).count();
    if found != times {
        bail!("wasm-bindgen's script has `{old}` {found} times instead of {times}: it must have changed");
    }
    *script = script.replace(old, new);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_told_every_file_in_place_of_the_one_that_trunk_knows() {
        let page = "a<script>window.programFiles = { lab: { script: './lab-1.js' } };</script>b";
        let expected = "a<script>window.programFiles = {\"race\":{\"script\":\"./r.js\"}};</script>b";
        assert_eq!(told(page, "{\"race\":{\"script\":\"./r.js\"}}").unwrap(), expected);
        assert!(told("a page of another kind", "{}").is_err());
    }

    #[test]
    fn a_script_loses_what_does_nothing_and_its_long_names() {
        let mut script = lean(
            "/**\n * what it is\n */\nfunction a() {\n    // why\n    wasm_bindgen_1_f(1 * 2);\n\n    wasm.wasm_bindgen_1_f_b;\n}\n",
        );
        assert_eq!(script, "function a() {\nwasm_bindgen_1_f(1 * 2);\nwasm.wasm_bindgen_1_f_b;\n}");
        let names = shorten(&mut script);
        assert_eq!(script, "function a() {\nw0(1 * 2);\nwasm.w1;\n}");
        assert_eq!(names["wasm_bindgen_1_f"], "w0");
    }

    #[test]
    fn the_style_of_a_program_leaves_the_page() {
        let mut page = "<head><link rel=\"stylesheet\" href=\"./lab-1.css\"/>\n<link rel=\"stylesheet\" href=\"./live-2.css\" \
                        integrity=\"\"/></head>"
            .to_owned();
        assert_eq!(take_style(&mut page, "live").unwrap(), "./live-2.css");
        assert_eq!(page, "<head><link rel=\"stylesheet\" href=\"./lab-1.css\"/>\n</head>");
        assert!(take_style(&mut page, "live").is_err());
    }

    #[test]
    fn a_script_that_has_changed_is_not_taken_for_the_old_one() {
        let mut script = "one two one".to_owned();
        assert!(replace(&mut script, "one", "three", 1).is_err());
        replace(&mut script, "one", "three", 2).unwrap();
        assert_eq!(script, "three two three");
    }
}
