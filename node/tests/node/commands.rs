use crate::support::LIMIT;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

fn rumormill(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rumormill"));
    command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// Runs a command to its end.
fn output(arguments: &[&str]) -> Output {
    rumormill(arguments).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// What a command prints that succeeds.
#[track_caller]
fn succeeds(arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = output(arguments);
    assert!(status.success(), "{arguments:?}: {}", text(&stderr));
    text(&stdout)
}

/// One JSON value, and nothing else on stdout.
#[track_caller]
fn value(arguments: &[&str]) -> Value {
    let printed = succeeds(arguments);
    assert_eq!(printed.lines().count(), 1, "{printed}");
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
}

/// A command that fails with this exit code, says this on stderr, and nothing on stdout.
#[track_caller]
fn fails(arguments: &[&str], code: i32, parts: &[&str]) {
    let Output { status, stdout, stderr } = output(arguments);
    let said = text(&stderr);
    assert_eq!(status.code(), Some(code), "{arguments:?}: {said}");
    assert_eq!(text(&stdout), "", "{arguments:?}");
    for part in parts {
        assert!(said.contains(part), "{arguments:?} does not say {part}: {said}");
    }
}

#[track_caller]
fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(result) = condition() {
            return result;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A running program that is killed with its guard.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `rumormill run` as a process of its own.
struct Process {
    running: Running,
    url: String,
    log: Arc<Mutex<String>>,
}

impl Process {
    fn start(name: &str, listen: &str, further: &[&str]) -> Self {
        let mut arguments = vec!["run", "--name", name, "--listen", listen, "--log-format", "json"];
        arguments.extend(["--interval-ms", "100", "--probe-ms", "300"]);
        arguments.extend(further);
        let mut child = rumormill(&arguments).stderr(Stdio::piped()).spawn().expect("the program runs");
        let mut log = BufReader::new(child.stderr.take().expect("piped")).lines();
        let started = log.find_map(|line| {
            let line: Value = serde_json::from_str(&line.expect("the log is text")).expect("the log is JSON");
            (line["message"] == "started").then(|| line["url"].as_str().map(str::to_owned)).flatten()
        });
        // Somebody must read on, or the node would wait for it.
        let kept = Arc::new(Mutex::new(String::new()));
        let rest = kept.clone();
        thread::spawn(move || {
            for line in log.map_while(Result::ok) {
                rest.lock().expect("no reader panics").push_str(&line);
            }
        });
        Self { running: Running(child), url: started.expect("the node starts"), log: kept }
    }

    /// Has it logged this since its start?
    fn logged(&self, part: &str) -> Option<()> {
        self.log.lock().expect("no writer panics").contains(part).then_some(())
    }

    fn listen(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    fn ask(&self, arguments: &[&str]) -> Value {
        value(&[arguments, &["--json", "--url", &self.url]].concat())
    }

    fn member(&self, name: &str) -> Option<String> {
        let members = self.ask(&["members"])["members"].as_array().cloned().expect("a list");
        let member = members.into_iter().find(|member| member["id"] == name)?;
        member["status"].as_str().map(str::to_owned)
    }

    fn holds(&self, name: &str, status: &str) {
        until(&format!("{name} to be {status}"), || {
            (self.member(name).as_deref() == Some(status)).then_some(())
        });
    }
}

#[test]
fn nodes_are_run_asked_killed_and_started_again() {
    let first = Process::start("first", "127.0.0.1:0", &[]);
    let second = Process::start("second", "127.0.0.1:0", &["--join", &first.url]);
    first.holds("second", "alive");

    let set = first.ask(&["set", "colour", "blue"]);
    assert_eq!(
        (&set["key"], &set["value"], &set["author"]),
        (&json!("colour"), &json!("blue"), &json!("first"))
    );
    first.ask(&["set", "list", "[1, 2]", "--value-json"]);
    assert_eq!(first.ask(&["incr", "hits"])["value"], 1);
    assert_eq!(first.ask(&["incr", "hits", "41"])["value"], 42);
    assert_eq!(first.ask(&["incr", "hits", "-2"])["value"], 40);
    until("the counter to arrive", || {
        let keys = second.ask(&["keys"])["keys"].as_array().cloned().expect("a list");
        (keys.len() == 3 && keys.iter().any(|entry| entry["value"] == 40)).then_some(())
    });
    assert_eq!(second.ask(&["get", "list"])["value"], json!([1, 2]));
    assert_eq!(second.ask(&["keys", "co"])["keys"].as_array().map(Vec::len), Some(1));
    let status = second.ask(&["status"]);
    assert_eq!((&status["node"], &status["members"]["alive"]), (&json!("second"), &json!(2)));

    // The same for people.
    let url = ["--url", second.url.as_str()];
    assert_eq!(succeeds(&[&["get", "colour"][..], &url].concat()), "blue\n");
    assert_eq!(succeeds(&[&["set", "colour", "red"][..], &url].concat()), "colour = red\n");
    assert_eq!(succeeds(&[&["incr", "hits", "2"][..], &url].concat()), "hits = 42\n");
    let table = succeeds(&[&["keys"][..], &url].concat());
    assert!(
        table.starts_with("KEY     KIND      VALUE  AUTHOR\ncolour  register  \"red\"  second\n"),
        "{table}"
    );
    assert!(succeeds(&[&["members"][..], &url].concat()).contains("the asked node"));
    assert!(succeeds(&[&["status"][..], &url].concat()).contains("members   2 alive"));
    fails(&[&["get", "none"][..], &url].concat(), 1, &["nothing under 'none'"]);
    fails(&[&["set", "hits", "1"][..], &url].concat(), 1, &["'hits' is a counter"]);
    fails(&[&["set", "k", "{", "--value-json"][..], &url].concat(), 2, &["not JSON", "--value-json"]);

    let listen = second.listen().to_owned();
    drop(second);
    first.holds("second", "down");
    let second = Process::start("second", &listen, &["--join", &first.url]);
    first.holds("second", "alive");
    until("the store to come back", || {
        let keys = second.ask(&["keys"])["keys"].as_array().map(Vec::len);
        (keys == Some(3)).then_some(())
    });

    let mut second = second;
    assert_eq!(second.ask(&["leave"])["status"], "left");
    first.holds("second", "left");
    let ended = until("the node that left to end", || second.running.0.try_wait().expect("waitable"));
    assert_eq!(ended.code(), Some(0));
}

#[test]
fn a_node_that_is_told_to_stop_says_goodbye() {
    let first = Process::start("first", "127.0.0.1:0", &[]);
    let mut second = Process::start("second", "127.0.0.1:0", &[]);
    let joining = second.ask(&["join", &first.url]);
    assert!(joining["joining"].as_str().is_some_and(|address| address.ends_with("/gossip")), "{joining}");
    first.holds("second", "alive");
    terminate(&second.running.0);
    let ended = until("the node to end", || second.running.0.try_wait().expect("waitable"));
    assert_eq!(ended.code(), Some(0));
    first.holds("second", "left");
}

#[test]
fn of_two_nodes_with_one_name_the_later_ends_with_1() {
    let first = Process::start("twin", "127.0.0.1:0", &[]);
    // It reads the wall clock at its start, and that moves on.
    let second = rumormill(&["run", "--name", "twin", "--listen", "127.0.0.1:0", "--join", &first.url])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut second = Running(second.expect("the program runs"));
    let ended = until("the later one to end", || second.0.try_wait().expect("waitable"));
    let mut said = String::new();
    second.0.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
    assert_eq!(ended.code(), Some(1), "{said}");
    assert!(said.contains("error: the cluster has another node") && said.contains("--name"), "{said}");
    assert_eq!(first.ask(&["status"])["status"], "alive", "the earlier one goes on");
}

/// A file that goes with its guard.
struct File(std::path::PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let file = Self(std::env::temp_dir().join(format!("rumormill-{}-{name}", std::process::id())));
        file.write(text);
        file
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.0, text).expect("a file for the test");
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a path in UTF-8")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // What is left in the system's folder for such things does no harm.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_configuration_is_printed_with_its_origins() {
    let file = File::new("printed.yaml", "fanout: 3\narity: 3\n");
    let mut command =
        rumormill(&["run", "--config", file.path(), "--arity", "4", "--print-config", "--json"]);
    let printed = command.env("RUMORMILL_NAME", "from-environment").output().expect("the program runs");
    let printed: Value = serde_json::from_slice(&printed.stdout).expect("JSON");
    assert_eq!(printed["fanout"], json!({ "value": 3, "origin": file.path() }));
    assert_eq!(printed["arity"], json!({ "value": 4, "origin": "--arity" }));
    assert_eq!(printed["name"], json!({ "value": "from-environment", "origin": "RUMORMILL_NAME" }));
    assert_eq!(printed["mode"], json!({ "value": "push-pull", "origin": "default" }));
    let shown = succeeds(&["run", "--config", file.path(), "--print-config"]);
    assert!(
        shown.lines().any(|line| line.starts_with("fanout: 3 ") && line.ends_with(file.path())),
        "{shown}"
    );

    file.write("fanuot: 3\n");
    fails(&["run", "--config", file.path()], 1, &[file.path(), "'fanuot'", "did you mean 'fanout'?"]);
    fails(&["run", "--config", "none.yaml"], 1, &["none.yaml", "cannot be read"]);
    fails(&["run", "--config", "node.conf"], 1, &["node.conf", ".yaml, .yml, .toml or .json"]);
    fails(&["run", "--limiter", "none", "--listen", "127.0.0.1:0"], 2, &["--limiter", "unlimited"]);
    fails(&["run", "--log", "rumormill=shout", "--listen", "127.0.0.1:0"], 2, &["--log", "no log filter"]);
    let output = rumormill(&["run"]).env("RUMORMILL_FANUOT", "2").output().expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("RUMORMILL_FANUOT"), "{output:?}");
}

#[test]
fn a_hangup_makes_a_node_read_its_configuration_again() {
    let file = File::new("reloaded.yaml", "fanout: 2\n");
    let node = Process::start("reloaded", "127.0.0.1:0", &["--config", file.path()]);
    let fanout = || node.ask(&["status"])["tuning"]["fanout"].as_u64();
    assert_eq!(fanout(), Some(2));
    file.write("fanout: 3\nlog: debug\n");
    signal("-HUP", node.running.0.id());
    until("the new fanout", || (fanout() == Some(3)).then_some(()));
    let config = || ask_http(&node.url, "GET", "/api/v1/config", "");
    until("the new log", || (config()["log"] == "debug").then_some(()));

    file.write("fanout: many\n");
    signal("-HUP", node.running.0.id());
    until("the mistake in the log", || node.logged("'fanout' cannot be"));
    assert_eq!(fanout(), Some(3), "it goes on as before");

    let changed = ask_http(&node.url, "PATCH", "/api/v1/config", r#"{"log": "warn", "fanout": 1}"#);
    assert_eq!((&changed["log"], &changed["fanout"]), (&json!("warn"), &json!(1)));
    let refused = ask_http(&node.url, "PATCH", "/api/v1/config", r#"{"log": "a=shout", "fanout": 9}"#);
    assert_eq!(refused["status"], 422);
    let refused = ask_http(&node.url, "PATCH", "/api/v1/config", r#"{"log": "info", "fanout": 99}"#);
    assert_eq!(refused["status"], 422);
    assert_eq!((&config()["log"], &config()["fanout"]), (&json!("warn"), &json!(1)), "all of it or nothing");
    let refused = ask_http(&node.url, "PATCH", "/api/v1/config", r#"{"fanuot": 9}"#);
    assert!(
        refused["detail"].as_str().is_some_and(|detail| detail.contains("did you mean 'fanout'?")),
        "{refused}"
    );

    file.write("fanout: 2\ncluster: other\n");
    signal("-HUP", node.running.0.id());
    until("the fanout of the file", || (fanout() == Some(2)).then_some(()));
    until("a word about the cluster", || node.logged("only when the node is started again"));
    assert_eq!(node.ask(&["status"])["cluster"], "rumormill", "that needs a restart");
}

/// The JSON that a node answers with.
fn ask_http(url: &str, method: &str, path: &str, body: &str) -> Value {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("the node listens");
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    let length = body.len();
    write!(stream, "{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
        .expect("the node reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the node answers");
    let (_, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

#[test]
fn changes_are_followed() {
    let node = Process::start("watched", "127.0.0.1:0", &[]);
    let mut command = rumormill(&["watch", "app/", "--json", "--url", &node.url]);
    let mut watching = Running(command.stdout(Stdio::piped()).spawn().expect("the program runs"));
    let mut lines = BufReader::new(watching.0.stdout.take().expect("piped")).lines();
    // The watch begins somewhere between these writes; the last one is surely seen.
    let writer = thread::spawn({
        let url = node.url.clone();
        move || {
            for count in 0.. {
                let count = count.to_string();
                if !output(&["set", "app/n", &count, "--url", &url]).status.success() {
                    return;
                }
            }
        }
    });
    for _ in 0..3 {
        let line = lines.next().expect("a change").expect("text");
        let change: Value = serde_json::from_str(&line).expect("JSON lines");
        assert_eq!(change["entry"]["key"], "app/n");
    }
    drop(node);
    writer.join().expect("the writer ends with the node");
    let ended = until("the watch to end with the node", || watching.0.try_wait().expect("waitable"));
    assert_eq!(ended.code(), Some(1));
}

#[test]
fn spreading_is_measured() {
    let listen = free_ports(3);
    for processes in [&[][..], &["--processes", "--listen", &listen]] {
        let arguments = ["bench", "spread", "--nodes", "3", "--updates", "4", "--idle-s", "1", "--json"];
        let text = succeeds(&[&arguments[..], processes].concat());
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON lines")).collect();
        assert_eq!(lines.len(), 4 + 1, "{text}");
        let summary = &lines[4];
        assert_eq!(
            (&summary["nodes"], &summary["updates"], &summary["lost"]),
            (&json!(3), &json!(4), &json!(0))
        );
        let times: Vec<f64> =
            lines[..4].iter().map(|line| line["ms"].as_f64().expect("it arrived")).collect();
        assert_eq!(summary["max_ms"].as_f64(), times.iter().copied().reduce(f64::max));
        for figure in ["messages_per_update", "idle_bytes_per_second_per_node", "rss_bytes_per_node"] {
            assert!(summary[figure].as_f64().is_some_and(|figure| figure > 0.0), "{figure}: {summary}");
        }
    }
}

#[test]
fn what_is_deleted_is_gone() {
    let node = Process::start("deleting", "127.0.0.1:0", &[]);
    node.ask(&["set", "a key", "1"]);
    assert_eq!(node.ask(&["del", "a key"]), json!({ "key": "a key", "deleted": true }));
    assert_eq!(node.ask(&["del", "a key"])["deleted"], false, "as HTTP has it, that is no failure");
    fails(&["get", "a key", "--url", &node.url], 1, &["a key"]);
}

#[test]
fn shells_and_manuals_are_served() {
    for (shell, part) in
        [("bash", "complete -F"), ("zsh", "#compdef rumormill"), ("fish", "complete -c rumormill")]
    {
        let script = succeeds(&["completions", shell]);
        assert!(script.contains(part) && script.contains("completions"), "{shell}: {script}");
    }
    let page = succeeds(&["man"]);
    assert!(page.contains(".TH rumormill 1") && page.contains("rumormill\\-run(1)"), "{page}");
    let page = succeeds(&["man", "sim", "spread"]);
    assert!(page.contains(".SH OPTIONS") && page.contains("fanout"), "{page}");
    fails(&["man", "dmeo"], 2, &["'dmeo'", "demo"]);
}

#[test]
fn bad_usage_is_2_and_says_what_is_allowed() {
    fails(&["dmeo"], 2, &["dmeo", "demo"]);
    fails(&["demo", "--nodes", "0"], 2, &["--nodes", "1..=1000"]);
    fails(&["demo", "--strategy", "plum"], 2, &["--strategy", "random, tree, hybrid, plumtree"]);
    fails(&["demo", "--listen", "nowhere"], 2, &["--listen"]);
    fails(&["demo", "--listen", "127.0.0.1:65535"], 2, &["--listen", "no room for 5 ports"]);
    fails(&["demo", "--manual", "--processes"], 2, &["--manual", "--processes"]);
    fails(&["demo", "--fanout", "65", "--listen", "127.0.0.1:8901"], 2, &["fanout must be 0 to 64"]);
    fails(&["run", "--interval-ms", "1", "--listen", "127.0.0.1:0"], 2, &["from 10 to 3600000"]);
    fails(&["run", "--name", "a b", "--listen", "127.0.0.1:0"], 2, &["'a b'", "--name"]);
    fails(
        &["run", "--join", "ftp://x", "--listen", "127.0.0.1:0"],
        2,
        &["'ftp://x'", "http://127.0.0.1:7700"],
    );
    fails(&["run", "--listen", "0.0.0.0:0"], 2, &["--advertise"]);
    fails(&["status", "--url", "https://x"], 2, &["--url", "TLS"]);
    fails(&["incr", "hits", "many"], 2, &["many"]);
    fails(&["sim", "spread", "--loss", "1.5"], 2, &["--loss", "0 to 1"]);
    fails(&["sim", "spread", "--fanout", "100"], 2, &["fanout must be 0 to 64"]);
    fails(&["sim", "spread", "--runs", "0"], 2, &["--runs"]);
    fails(&["status", "--log", "rumormill=shout"], 2, &["--log"]);
}

#[test]
fn failures_are_1_and_say_what_to_do() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    fails(&["run", "--listen", &address], 1, &[&address, "in use", "--listen"]);
    fails(&["demo", "--nodes", "2", "--no-open", "--listen", &address], 1, &[&address, "in use", "--listen"]);
    fails(&["demo", "--nodes", "3", "--manual", "--listen", &address], 1, &[&address, "in use", "--listen"]);
    fails(
        &["demo", "--nodes", "2", "--processes", "--no-open", "--listen", &address],
        1,
        &[&address, "in use", "n1 did not start"],
    );
    fails(&["run", "--listen", "192.0.2.1:80"], 1, &["192.0.2.1:80", "--listen"]);
    drop(taken);
    let url = format!("http://{address}");
    fails(&["status", "--url", &url], 1, &[&url, "refused", "--url", "rumormill run"]);
    fails(&["watch", "--json", "--url", &url], 1, &[&url, "--url"]);
}

#[test]
fn help_and_version_are_there() {
    for arguments in [&["--help"][..], &["demo", "--help"], &["run", "--help"], &["sim", "spread", "--help"]]
    {
        assert!(succeeds(arguments).contains("Usage: rumormill"), "{arguments:?}");
    }
    assert_eq!(succeeds(&["--version"]), concat!("rumormill ", env!("CARGO_PKG_VERSION"), "\n"));
}

/// The first of as many free ports in a row.
fn free_ports(count: u16) -> String {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let first = (0..100).find_map(|_| {
        let first = bind(0).ok()?.local_addr().ok()?.port();
        (first..first.checked_add(count)?).map(bind).collect::<Result<Vec<_>, _>>().is_ok().then_some(first)
    });
    format!("127.0.0.1:{}", first.expect("free ports in a row"))
}

fn start_demo(arguments: &[&str]) -> (Running, BufReader<ChildStdout>, Vec<String>) {
    let mut command = rumormill(&[&["demo", "--no-open"], arguments].concat());
    let mut demo = Running(command.stdout(Stdio::piped()).spawn().expect("the program runs"));
    let mut out = BufReader::new(demo.0.stdout.take().expect("piped"));
    let mut lines = Vec::new();
    while lines.last().is_none_or(|line: &String| !line.starts_with("Ctrl-C")) {
        let mut line = String::new();
        assert!(out.read_line(&mut line).expect("text") > 0, "the demo ended: {lines:?}");
        lines.push(line.trim_end().to_owned());
    }
    (demo, out, lines)
}

/// The rows of the demo's table as (node, URL, process).
fn rows(lines: &[String]) -> Vec<(String, String, u32)> {
    let cells = |line: &String| -> Vec<String> { line.split_whitespace().map(str::to_owned).collect() };
    let rows = lines.iter().skip(1).take_while(|line| !line.is_empty()).map(cells);
    rows.map(|row| (row[0].clone(), row[1].clone(), row[3].parse().expect("a process"))).collect()
}

fn alive(url: &str) -> u64 {
    value(&["status", "--json", "--url", url])["members"]["alive"].as_u64().unwrap_or_default()
}

/// Reads a demo's output up to the line that begins with this, and returns it.
fn read_to(out: &mut BufReader<ChildStdout>, start: &str) -> String {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        assert!(out.read_line(&mut line).expect("text") > 0, "the demo ended: {text}");
        text.push_str(&line);
        if line.starts_with(start) {
            return text;
        }
    }
}

#[test]
fn a_demo_counts_exactly() {
    for processes in [&[][..], &["--processes"]] {
        let listen = free_ports(3);
        let arguments = [&["--nodes", "3", "--listen", &listen, "--scenario", "counter"], processes].concat();
        let (_demo, mut out, _) = start_demo(&arguments);
        let text = read_to(&mut out, "Go on yourself");
        assert!(text.contains("n3    300") && text.contains("Exact on all: 3 × 100 = 300."), "{text}");
        let read = value(&["get", "demo/hits", "--json", "--url", &format!("http://{listen}")]);
        assert_eq!(read["value"], 300);
    }
}

#[test]
fn a_demo_spreads_its_configuration_to_watchers() {
    let listen = free_ports(3);
    let (_demo, mut out, _) = start_demo(&["--nodes", "3", "--listen", &listen, "--scenario", "config"]);
    let text = read_to(&mut out, "Go on yourself");
    assert_eq!(text.matches("was told after").count(), 4 * 3, "{text}");
    assert!(text.contains("n1 was told after") && text.contains("from n1"), "{text}");
    succeeds(&["set", "demo/mode", "blue", "--url", &format!("http://{listen}")]);
    let text = read_to(&mut out, "  n3: demo/mode");
    assert!(text.contains("demo/mode = \"blue\""), "{text}");
}

#[test]
fn a_demo_shows_health_through_failure_and_return() {
    let listen = free_ports(3);
    let quick = ["--interval-ms", "100", "--probe-ms", "100"];
    let arguments = [&["--nodes", "3", "--listen", &listen, "--scenario", "health"][..], &quick].concat();
    let (_demo, mut out, _) = start_demo(&arguments);
    let text = read_to(&mut out, "Go on yourself");
    for part in ["n1 sees n3 degraded (the database is slow)", "n2 sees n3 down", "n1 sees n3 up"] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[test]
fn a_demo_is_a_cluster() {
    let listen = free_ports(5);
    let (mut demo, mut out, lines) = start_demo(&["--listen", &listen]);
    let rows = rows(&lines);
    assert_eq!(rows.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(), ["n1", "n2", "n3", "n4", "n5"]);
    assert!(rows.iter().all(|row| row.2 == demo.0.id()), "{rows:?}");
    assert!(lines.contains(&format!("Dashboard: http://{listen}/")), "{lines:?}");
    for (_, url, _) in &rows {
        until("five nodes alive", || (alive(url) == 5).then_some(()));
    }
    terminate(&demo.0);
    assert_eq!(until("the demo to end", || demo.0.try_wait().expect("waitable")).code(), Some(0));
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("text");
    assert_eq!(rest, "stopping\n");
}

#[test]
fn a_demo_of_processes_survives_one_and_takes_all_with_it() {
    let (mut demo, mut out, lines) =
        start_demo(&["--nodes", "3", "--processes", "--interval-ms", "100", "--listen", &free_ports(3)]);
    let rows = rows(&lines);
    for (_, url, _) in &rows {
        until("three nodes alive", || (alive(url) == 3).then_some(()));
    }
    let (name, _, victim) = &rows[2];
    assert!(rows.iter().all(|row| row.2 != demo.0.id()));
    kill(*victim);
    let mut line = String::new();
    out.read_line(&mut line).expect("text");
    assert!(line.starts_with(&format!("{name} (process {victim}) ended: signal")), "{line}");
    until("the dead node to be down", || {
        let status = value(&["status", "--json", "--url", &rows[0].1]);
        (status["members"]["down"] == 1).then_some(())
    });
    demo.0.kill().expect("the demo runs");
    demo.0.wait().expect("the demo ends");
    for (_, url, _) in &rows[..2] {
        until("the nodes to end with the demo", || {
            (!output(&["status", "--url", url]).status.success()).then_some(())
        });
    }
}

#[test]
fn the_simplest_form_is_driven_by_lines() {
    let mut command = rumormill(&["demo", "--nodes", "3", "--manual", "--listen", &free_ports(3)]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the program runs");
    // The first node sets and sends; then each in turn, until everyone must have met everyone's news.
    let script = format!("hello\n{}q\n", "\n".repeat(60));
    child.stdin.take().expect("piped").write_all(script.as_bytes()).expect("the program reads");
    let Output { status, stdout, stderr } = child.wait_with_output().expect("the program ends");
    let said = text(&stdout);
    assert!(status.success(), "{}", text(&stderr));
    assert!(said.contains("n1 sets its string to \"hello\""), "{said}");
    assert!(said.contains("n1 sends to "), "{said}");
    assert_eq!(
        said.matches("its string is \"hello\" now").count(),
        2,
        "two nodes learn it, once each: {said}"
    );
    assert!(said.contains("now: n1 \"hello\"  n2 \"hello\"  n3 \"hello\""), "{said}");
    assert!(!said.contains("did not come to its end"), "{said}");
}

#[test]
fn spreading_is_simulated() {
    let arguments =
        ["sim", "spread", "--nodes", "30", "--strategy", "tree", "--seed", "5", "--runs", "4", "--json"];
    let printed = succeeds(&arguments);
    let runs: Vec<Value> =
        printed.lines().map(|line| serde_json::from_str(line).expect("JSON lines")).collect();
    assert_eq!(runs.iter().map(|run| run["seed"].as_u64()).collect::<Vec<_>>(), [5, 6, 7, 8].map(Some));
    for run in &runs {
        assert_eq!(
            (&run["informed"], &run["nodes"], &run["strategy"]),
            (&json!(30), &json!(30), &json!("tree"))
        );
        assert!(run["hops_max"].as_u64().is_some_and(|hops| hops <= 5), "{run}");
        assert!(run["messages_until_quiet"].as_u64().is_some_and(|messages| messages <= 58), "{run}");
    }
    assert_eq!(succeeds(&arguments), printed, "the same seeds measure the same");
    let table = succeeds(&arguments[..arguments.len() - 1]);
    assert!(table.contains("all nodes had the change in 4 of 4 runs"), "{table}");
}

fn terminate(child: &Child) {
    signal("-TERM", child.id());
}

fn kill(process: u32) {
    signal("-KILL", process);
}

/// The standard library only knows how to kill one's own children.
fn signal(signal: &str, process: u32) {
    let sent = Command::new("kill").args([signal, &process.to_string()]).status().expect("`kill` is there");
    assert!(sent.success(), "kill {signal} {process}");
}
