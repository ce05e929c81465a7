use super::{Process, Running, fails, output, rumormill, succeeds, terminate, until};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::thread;

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
fn what_is_deleted_is_gone() {
    let node = Process::start("deleting", "127.0.0.1:0", &[]);
    node.ask(&["set", "a key", "1"]);
    assert_eq!(node.ask(&["del", "a key"]), json!({ "key": "a key", "deleted": true }));
    assert_eq!(node.ask(&["del", "a key"])["deleted"], false, "as HTTP has it, that is no failure");
    fails(&["get", "a key", "--url", &node.url], 1, &["a key"]);
}
