//! The command line, as text in and a `Command` or a message out. It never runs anything.

/// What `--help` prints, and what stands under every usage error.
pub(crate) const USAGE: &str = "\
Usage: cargo xtask COMMAND

  demo [ARGS...]   build everything, then start five real nodes with the dashboard;
                   ARGS go to `rumormill demo` (for example: --nodes 3 --no-open)
  test [GROUP...]  run every test, or only the groups named: native, hundred, wasm, browser
  verify           formatting, lints, docs, arrows, no_std build, then every test; changes nothing
  fix              format the code and apply the lints' own suggestions
  web [--node URL] Trunk's live-reload server, with the API of a running node behind it
                   (default http://127.0.0.1:7700)
  tables [NAME...] measure the simulator's tables again and write docs/simulations.md, a few minutes;
                   with names only those tables, to stdout
  bench [--quick]  measure hot paths, simulator and real nodes, and write docs/benchmarks.md, about ten minutes;
                   with --quick a first look, to stdout
  bundle           only build the web page into dist/
  first-load       find out in a browser what a first load of the page runs, and write web/first-load, about 10 minutes
  setup            only install the tools that the commands above need
  help             this text";

/// One command with its arguments, already checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Setup,
    Bundle,
    FirstLoad,
    Demo { arguments: Vec<String> },
    Test { groups: Vec<Group> },
    Verify,
    Fix,
    Web { node: String },
    Bench { quick: bool },
    Tables { names: Vec<String> },
}

/// A part of the tests that can be run by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Unit, integration and documentation tests on this machine.
    Native,
    /// A hundred nodes over sockets, optimised.
    Hundred,
    /// The core's and the simulator's tests as WebAssembly.
    Wasm,
    /// The real page in a real browser against the real binary.
    Browser,
}

impl Group {
    /// Every group, in the order in which they run.
    pub(crate) const ALL: [Self; 4] = [Self::Native, Self::Hundred, Self::Wasm, Self::Browser];
}

/// Reads the arguments after the program's name. The error says what was wrong and what is allowed.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let mut arguments = arguments.into_iter();
    let Some(name) = arguments.next() else {
        return Err("no command given".to_owned());
    };
    let rest: Vec<String> = arguments.collect();
    match name.as_str() {
        "help" | "--help" | "-h" => Ok(Command::Help),
        "demo" => Ok(Command::Demo { arguments: rest }),
        _ if rest.iter().any(|argument| argument == "--help" || argument == "-h") => Ok(Command::Help),
        "setup" => without_arguments(Command::Setup, &name, &rest),
        "bundle" => without_arguments(Command::Bundle, &name, &rest),
        "first-load" => without_arguments(Command::FirstLoad, &name, &rest),
        "verify" => without_arguments(Command::Verify, &name, &rest),
        "fix" => without_arguments(Command::Fix, &name, &rest),
        "test" => test(&rest),
        "web" => web(&rest),
        "bench" => match rest.as_slice() {
            [] => Ok(Command::Bench { quick: false }),
            [flag] if flag == "--quick" => Ok(Command::Bench { quick: true }),
            [other, ..] => Err(format!("`bench` takes only `--quick`, but got `{other}`")),
        },
        "tables" => Ok(Command::Tables { names: rest }),
        _ => Err(format!("there is no command `{name}`")),
    }
}

fn without_arguments(command: Command, name: &str, rest: &[String]) -> Result<Command, String> {
    match rest.first() {
        None => Ok(command),
        Some(extra) => Err(format!("`{name}` takes no arguments, but got `{extra}`")),
    }
}

fn test(rest: &[String]) -> Result<Command, String> {
    let mut groups = Vec::new();
    for argument in rest {
        groups.push(match argument.as_str() {
            "native" => Group::Native,
            "hundred" => Group::Hundred,
            "wasm" => Group::Wasm,
            "browser" => Group::Browser,
            other => {
                return Err(format!("`{other}` is not a group of tests: native, hundred, wasm, browser"));
            }
        });
    }
    if groups.is_empty() {
        groups.extend(Group::ALL);
    }
    Ok(Command::Test { groups })
}

fn web(rest: &[String]) -> Result<Command, String> {
    let node = match rest {
        [] => "http://127.0.0.1:7700".to_owned(),
        [flag, url] if flag == "--node" => url.clone(),
        [flag] if flag.starts_with("--node=") => flag["--node=".len()..].to_owned(),
        [flag] if flag == "--node" => return Err("`--node` needs a URL".to_owned()),
        [other, ..] => return Err(format!("`web` takes only `--node URL`, but got `{other}`")),
    };
    if !node.starts_with("http://") {
        return Err(format!("`--node {node}`: the URL must start with http://"));
    }
    Ok(Command::Web { node: node.trim_end_matches('/').to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Result<Command, &str>) {
        let parsed = parse(line.split_whitespace().map(str::to_owned));
        match (parsed, expected) {
            (Ok(command), Ok(expected)) => assert_eq!(command, expected),
            (Err(message), Err(part)) => assert!(message.contains(part), "{message}"),
            (parsed, expected) => panic!("{line}: {parsed:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn commands_and_their_arguments() {
        check("help", Ok(Command::Help));
        check("verify --help", Ok(Command::Help));
        check("demo", Ok(Command::Demo { arguments: vec![] }));
        check("demo --help", Ok(Command::Demo { arguments: vec!["--help".to_owned()] }));
        check("bench", Ok(Command::Bench { quick: false }));
        check("bench --quick", Ok(Command::Bench { quick: true }));
        check("tables", Ok(Command::Tables { names: vec![] }));
        check("tables idle", Ok(Command::Tables { names: vec!["idle".to_owned()] }));
        check("test", Ok(Command::Test { groups: Group::ALL.to_vec() }));
        check("test wasm", Ok(Command::Test { groups: vec![Group::Wasm] }));
        let node = "http://10.0.0.1:80".to_owned();
        check("web --node http://10.0.0.1:80/", Ok(Command::Web { node }));
    }

    #[test]
    fn bad_usage_says_what_is_allowed() {
        check("", Err("no command given"));
        check("demmo", Err("there is no command `demmo`"));
        check("verify --fast", Err("`verify` takes no arguments, but got `--fast`"));
        check("test core", Err("native, hundred, wasm, browser"));
        check("bench --slow", Err("`bench` takes only `--quick`, but got `--slow`"));
        check("web --node", Err("`--node` needs a URL"));
        check("web --node ftp://x", Err("must start with http://"));
        check("web 7700", Err("takes only `--node URL`"));
    }
}
