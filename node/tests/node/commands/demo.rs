use super::{Running, free_ports, kill, output, rumormill, succeeds, terminate, text, until, value};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStdout, Output, Stdio};

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
