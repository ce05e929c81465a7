use super::*;
use clap::Parser;
use rumormill_core::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that goes with its guard.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("rumormill-config-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).expect("a file for the test");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in the system's folder for such things does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run_args(flags: &[&str]) -> RunArgs {
    let args = crate::args::Args::try_parse_from([&["rumormill", "run"], flags].concat()).expect("flags");
    match args.command {
        crate::args::Command::Run(run) => run,
        other => panic!("{other:?}"),
    }
}

fn load_all(file: Option<&Path>, variables: &[(&str, &str)], flags: &[&str]) -> Result<Settings, Invalid> {
    let mut args = run_args(flags);
    args.config = file.map(Path::to_owned);
    load(&args, variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn origin<'a>(settings: &'a Settings, key: &str) -> &'a str {
    &settings.origins[key].1
}

#[test]
fn each_layer_overrides_the_one_before() {
    let folder = Folder::new();
    let file = folder.file(
        "node.yaml",
        "name: from-file\nfanout: 2\narity: 3\ninterval_ms: 200\njoin: [a:1, b:2]\nlimiter: {bucket: {capacity: 9, refill_per_s: 9, reserve: 1}}\n",
    );
    let variables =
        [("RUMORMILL_FANOUT", "3"), ("RUMORMILL_ARITY", "4"), ("RUMORMILL_JOIN", "c:3, d:4"), ("HOME", "/")];
    let settings = load_all(Some(&file), &variables, &["--arity", "5"]).expect("valid");
    assert_eq!(settings.name.as_deref(), Some("from-file"));
    assert_eq!((settings.tuning.fanout, settings.tuning.arity), (3, 5));
    assert_eq!(settings.join, ["c:3", "d:4"], "a list replaces a list");
    assert_eq!(origin(&settings, "name"), file.display().to_string());
    assert_eq!(origin(&settings, "fanout"), "RUMORMILL_FANOUT");
    assert_eq!(origin(&settings, "arity"), "--arity");
    assert_eq!(origin(&settings, "jitter_percent"), "default");
    assert_eq!(settings.tuning.interval_us, Duration::from_millis(200));

    let variables =
        [("RUMORMILL_LIMITER", r#"{"window": {"tokens": 45, "period_us": 1000000, "reserve": 0}}"#)];
    let settings = load_all(Some(&file), &variables, &[]).expect("one limiter, not two");
    assert!(matches!(settings.tuning.limiter, rumormill_core::LimiterConfig::Window { tokens: 45, .. }));
    let settings = load_all(Some(&file), &variables, &["--limiter", "unlimited"]).expect("a word");
    assert_eq!(settings.tuning.limiter, rumormill_core::LimiterConfig::Unlimited);
}

#[test]
fn every_format_says_the_same() {
    let folder = Folder::new();
    let limiter = rumormill_core::LimiterConfig::Bucket { capacity: 9, refill_per_s: 9, reserve: 1 };
    for (name, text) in [
        (
            "a.yaml",
            "strategy: tree\ncycles: false\nlimiter:\n  bucket: {capacity: 9, refill_per_s: 9, reserve: 1}\n",
        ),
        (
            "a.toml",
            "strategy = \"tree\"\ncycles = false\n[limiter.bucket]\ncapacity = 9\nrefill_per_s = 9\nreserve = 1\n",
        ),
        (
            "a.json",
            r#"{"strategy": "tree", "cycles": false, "limiter": {"bucket": {"capacity": 9, "refill_per_s": 9, "reserve": 1}}}"#,
        ),
    ] {
        let settings =
            load_all(Some(&folder.file(name, text)), &[], &[]).unwrap_or_else(|error| panic!("{error}"));
        let Tuning { strategy, cycles, limiter: read, .. } = settings.tuning;
        assert_eq!((strategy, cycles, read), (rumormill_core::Strategy::Tree, false, limiter), "{name}");
    }
    let empty =
        load_all(Some(&folder.file("empty.yaml", "# nothing yet\n")), &[], &[]).expect("nothing is fine");
    assert_eq!(empty.tuning, Tuning::default());
}

#[test]
fn a_list_of_nodes_is_a_join_list() {
    let folder = Folder::new();
    let list = folder
        .file("nodes.json", r#"["http://a:1", {"name": "b", "url": "ws://b:2/gossip"}, {"address": "c:3"}]"#);
    let expected = ["http://a:1", "ws://b:2/gossip", "c:3"];
    assert_eq!(load_all(Some(&list), &[], &[]).expect("a list alone").join, expected);
    let path = list.display().to_string();
    let settings = load_all(None, &[("RUMORMILL_JOIN_FILE", &path)], &["--join", "d:4"]).expect("both");
    assert_eq!(settings.join, ["d:4", "http://a:1", "ws://b:2/gossip", "c:3"]);
}

#[test]
fn what_is_wrong_names_the_place_the_key_and_what_is_allowed() {
    let folder = Folder::new();
    let check = |name: &str, text: &str, parts: &[&str]| {
        let path = folder.file(name, text);
        let error = load_all(Some(&path), &[], &[]).expect_err(text).to_string();
        assert!(error.starts_with(&path.display().to_string()), "{error}");
        for part in parts {
            assert!(error.contains(part), "{part} is not in {error}");
        }
    };
    check("a.yaml", "fanuot: 2\n", &["'fanuot'", "did you mean 'fanout'?", "interval_ms"]);
    check("a.yaml", "interval: 2\n", &["'interval'", "did you mean 'interval_ms'?"]);
    check("a.yaml", "zzz: 2\n", &["no key 'zzz'; the keys are"]);
    check("a.yaml", "fanout: two\n", &["'fanout' cannot be \"two\"", "whole number from 0 to 64"]);
    check("a.yaml", "fanout: 65\n", &["'fanout' cannot be 65", "from 0 to 64"]);
    check("a.yaml", "fanout: -1\n", &["'fanout' cannot be -1"]);
    check("a.yaml", "fanout: 1.5\n", &["'fanout' cannot be 1.5"]);
    check("a.yaml", "fanout:\n", &["'fanout' cannot be null"]);
    check("a.yaml", "name: 5\n", &["'name' cannot be 5", "quotes"]);
    check("a.yaml", "cycles: maybe\n", &["'cycles'", "true or false"]);
    check("a.yaml", "strategy: plum\n", &["'strategy' cannot be \"plum\"", "hybrid"]);
    check("a.yaml", "interval_ms: 1\n", &["'interval_ms' cannot be 1", "from 10 to 3600000"]);
    check("a.yaml", "probe_ms: 1000\nforget_ms: 9999\n", &["'forget_ms'", "ten times"]);
    check(
        "a.yaml",
        "limiter: {bucket: {capacity: 1, refill_per_s: 1, reserve: 1}}\n",
        &["'limiter'", "below its capacity"],
    );
    check("a.yaml", "limiter: {bukcet: {}}\n", &["'limiter'", "unlimited", "bucket"]);
    check("a.yaml", "log_format: xml\n", &["'log_format'", "text, json"]);
    check("a.yaml", "join: a:1\n", &["'join'", "list"]);
    check("a.yaml", "join: ['ftp://a']\n", &["'join'", "ftp://a", "http://127.0.0.1:7700"]);
    check("a.yaml", "name: [\n", &["is not YAML"]);
    check("a.yaml", "name: a\nname: b\n", &["is not YAML", "name"]);
    check("a.yaml", "just text\n", &["keys and their values"]);
    check("a.json", "{", &["is not JSON"]);
    check("a.json", "[1]", &["1 is no node"]);
    check("a.toml", "name = \n", &["TOML"]);
    check("a.conf", "", &[".yaml, .yml, .toml or .json"]);

    let missing = load_all(Some(&folder.0.join("none.yaml")), &[], &[]).expect_err("not there");
    assert!(missing.to_string().contains("none.yaml: cannot be read"), "{missing}");
    let variable = load_all(None, &[("RUMORMILL_FANOUT", "two")], &[]).expect_err("no number").to_string();
    assert!(variable.starts_with("RUMORMILL_FANOUT: 'fanout' cannot be \"two\""), "{variable}");
    let variable = load_all(None, &[("RUMORMILL_FANUOT", "2")], &[]).expect_err("no key").to_string();
    assert!(variable.contains("did you mean 'fanout'?"), "{variable}");
    let flag = load_all(None, &[], &["--fanout", "65"]).expect_err("out of range");
    assert_eq!(flag.origin, "--fanout");
}

#[test]
fn what_kubernetes_says_of_its_services_is_not_meant_for_the_node() {
    let injected = [
        ("RUMORMILL_SERVICE_HOST", "10.0.0.1"),
        ("RUMORMILL_SERVICE_PORT", "7700"),
        ("RUMORMILL_SERVICE_PORT_GOSSIP", "7700"),
        ("RUMORMILL_PORT", "tcp://10.0.0.1:7700"),
        ("RUMORMILL_PORT_7700_TCP", "tcp://10.0.0.1:7700"),
        ("RUMORMILL_PORT_7700_TCP_PROTO", "tcp"),
        ("RUMORMILL_URL", "http://127.0.0.1:1"),
        ("RUMORMILL_TOKEN", "t0ken"),
    ];
    assert_eq!(load_all(None, &injected, &[]).expect("none of it").listen, DEFAULT_LISTEN);
}

#[test]
fn what_is_printed_configures_the_same() {
    let folder = Folder::new();
    let first = load_all(None, &[("RUMORMILL_NAME", "a")], &["--interval-ms", "5000", "--join", "b:1"])
        .expect("valid");
    let printed = as_yaml(&first);
    assert!(printed.contains("# RUMORMILL_NAME") && printed.contains("# --interval-ms"), "{printed}");
    let again = load_all(Some(&folder.file("printed.yaml", &printed)), &[], &[]).expect("valid");
    assert_eq!(
        (again.name, again.join, again.tuning),
        (first.name.clone(), first.join.clone(), first.tuning)
    );
    assert_eq!(as_json(&first)["interval_ms"]["value"], 5_000);
    assert_eq!(as_json(&first)["name"], serde_json::json!({ "value": "a", "origin": "RUMORMILL_NAME" }));
}

#[test]
fn every_key_stands_in_the_documentation() {
    let text = include_str!("../../../../../docs/operating.md");
    for key in known() {
        assert!(text.contains(&format!("| `{}` |", key.name)), "{} is not in docs/operating.md", key.name);
    }
}
