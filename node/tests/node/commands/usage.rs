use super::{fails, succeeds};
use std::net::{Ipv4Addr, TcpListener};

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
    fails(&["run", "--name", "a b", "--listen", "127.0.0.1:0"], 2, &["\"a b\"", "--name"]);
    fails(&["run", "--cluster", ""], 2, &["--cluster", "1 to 64 bytes"]);
    for listen in ["nowhere", "127.0.0.1", "127.0.0.1:65536", ":7700", "localhost:http"] {
        fails(&["run", "--listen", listen], 2, &["--listen", listen, "like 127.0.0.1:7700"]);
    }
    for token in ["", "two words", "line\nbreak"] {
        fails(&["status", "--token", token], 2, &["--token", "letters, digits and -._~+/="]);
    }
    fails(&["run", "--fanout", "some"], 2, &["--fanout", "must be a whole number"]);
    fails(&["run", "--leave-timeout-ms", "-1"], 2, &["--leave-timeout-ms", "must be a whole number"]);
    fails(&["run", "--join", "wss://x"], 2, &["--join", "'wss://x'", "TLS"]);
    fails(&["run", "--advertise", "host:port"], 2, &["--advertise", "'host:port'", "from 1 to 65535"]);
    fails(
        &["run", "--join", "ftp://x", "--listen", "127.0.0.1:0"],
        2,
        &["'ftp://x'", "http://127.0.0.1:7700"],
    );
    fails(&["run", "--listen", "0.0.0.0:0"], 2, &["--advertise"]);
    fails(&["status", "--url", "https://x"], 2, &["--url", "TLS"]);
    fails(&["incr", "hits", "many"], 2, &["many", "must be a whole number"]);
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
