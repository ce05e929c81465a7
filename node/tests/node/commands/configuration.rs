use super::{Process, fails, rumormill, signal, succeeds, text, until};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;

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
    for (text, parts) in [
        ("name: a b\n", ["'name' cannot be \"a b\"", "letters"]),
        ("cluster: ''\n", ["'cluster' cannot be \"\"", "1 to 64 bytes"]),
        ("listen: 127.0.0.1\n", ["'listen' cannot be", "like 127.0.0.1:7700"]),
    ] {
        file.write(text);
        fails(&["run", "--config", file.path()], 1, &[file.path(), parts[0], parts[1]]);
    }
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
