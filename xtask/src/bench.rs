//! The project's benchmarks, and the page that is made of them: criterion's for the hot paths and the simulator, and
//! `rumormill bench spread` for real nodes. What is measured is in `core/benches`, `sim/benches` and the program itself;
//! the figures of other libraries, which stand beside ours, were measured before and are kept here.

use crate::{process, project::Project};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// Where the page lies.
const PAGE: &str = "docs/benchmarks.md";

/// What TCP, IP and WebSocket put around a small message of ours: 54 to 66 bytes, as without and with TCP's timestamps
/// and a mask. The peers' figures hold theirs.
const HEADER_BYTES: f64 = 60.0;

/// The packages with criterion's benchmarks.
const PACKAGES: [&str; 2] = ["rumormill-core", "rumormill-sim"];

/// The first port of the nodes that are processes.
const LISTEN: &str = "127.0.0.1:8600";

/// A row of the spread table.
struct Row {
    nodes: u32,
    /// Is each a process, or are all in one?
    processes: bool,
    /// Do all write to one key, or each to its own?
    one_key: bool,
    /// Between rounds.
    interval_ms: u32,
}

const fn row(nodes: u32, processes: bool, interval_ms: u32) -> Row {
    Row { nodes, processes, one_key: false, interval_ms }
}

const SPREADS: [Row; 7] = [
    row(10, true, 1_000),
    row(50, true, 1_000),
    row(100, true, 1_000),
    Row { one_key: true, ..row(100, true, 1_000) },
    row(100, false, 1_000),
    row(100, false, 100),
    row(1_000, false, 1_000),
];

/// A hundred nodes in one process on two cores, measured with each library's own defaults but for the interval.
const PEERS: &str = "\
| chitchat 0.13, 1 s | 1478 / 2096 | 29,198 | 1,314 | 987 | 20 of 20 |
| chitchat 0.13, 1 s, V1 digest | 1613 / 2093 | 4,168 | 1,843 | 990 | 20 of 20 |
| foca 2.0, 1 s | 2188 / 2914 | 141 | 116 | 59 | 19 of 20 |
| memberlist 0.8 (Rust), 1 s | 1389 / 1645 | 208 | 380 | 229 | 20 of 20 |
| chitchat 0.13, 100 ms | 152 / 232 | 291,895 | 11,485 | 988 | 200 of 200 |
| foca 2.0, 100 ms | 331 / 503 | 141 | 248 | 58 | 198 of 200 |
| memberlist 0.8 (Rust), 100 ms | 296 / 449 | 208 | 797 | 228 | 200 of 200 |
";

/// What the figures beside the peers' mean, where they are not plainly better.
const REMARKS: &str = "\
The time is from a write until the last of all nodes has it. Each node writes a key of its own, as chitchat's must; a key
that all write carries who wrote there before, which is what the row *one key* costs more. Rumormill sends a change at
once along its tree, so it does not wait for rounds, and the interval hardly shows in it.

Idle bytes hold the headers, the peers' those of IP and UDP, ours 60 bytes a message for IP, TCP and WebSocket; without
them they stand in the table above. foca's are the same at both intervals; ours grow with the rounds, because each
compares states, which is what finds a lost update: foca lost some, and we none. So at 1 s we send 15 bytes a second more than
foca and less than the others, and at 100 ms ten times as many comparisons cost ten times as much: there foca and
memberlist are ahead of us.

foca is ahead in idle processor time and memory, memberlist in memory, and in processor time at 100 ms. What we have for it:
a connection to each neighbour in the tree (its buffers, a task on each side), by which a change does not wait, and what
each node serves although a hundred share a process: HTTP API, metrics, dashboard and the recent trace. How much of it each
of these takes was not measured.

Memory of separate processes is counted in two ways: all that is resident includes the program itself, which all
processes share; *own* is what a further node costs.
";

/// What is measured of a row, or with `quick`, of the first look.
pub(crate) fn run(project: &Project, quick: bool) -> Result<()> {
    let mut page = String::from(
        "# Benchmarks\n\nWritten by `cargo xtask bench`, whole. Figures are reported, never asserted.\n\n",
    );
    machine(&mut page);
    paths(project, quick, &mut page)?;
    spreads(project, quick, &mut page)?;
    if quick {
        println!("{page}");
        return Ok(());
    }
    fs::write(project.root().join(PAGE), page).with_context(|| format!("cannot write {PAGE}"))?;
    println!("wrote {PAGE}");
    Ok(())
}

fn machine(page: &mut String) {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let after = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':'))
            .map_or("unknown".to_owned(), |(_, value)| value.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = read("/proc/loadavg");
    let _ = writeln!(
        page,
        "Machine: {} with {cores} cores, {} of memory, Linux {}; load when it began: {}. Compiled with --release.\n",
        after(&read("/proc/cpuinfo"), "model name"),
        after(&read("/proc/meminfo"), "MemTotal"),
        read("/proc/sys/kernel/osrelease").trim(),
        load.split(' ').next().unwrap_or("unknown"),
    );
}

/// Criterion's benchmarks: its own estimates, read from what it leaves.
fn paths(project: &Project, quick: bool, page: &mut String) -> Result<()> {
    let left = project.target().join("criterion");
    if left.exists() {
        fs::remove_dir_all(&left).context("cannot remove the last run's estimates")?;
    }
    for package in PACKAGES {
        let mut command = project.cargo();
        command.args(["bench", "--locked", "--package", package, "--benches", "--", "--noplot"]);
        command.args(if quick {
            &["--quick"][..]
        } else {
            &["--warm-up-time", "1", "--measurement-time", "3"]
        });
        process::open(&mut command)?;
    }
    let mut rows = Vec::new();
    collect(&left, &mut rows)?;
    if rows.is_empty() {
        bail!("criterion left no estimates in {}", left.display());
    }
    rows.sort();
    page.push_str("## Hot paths and simulator\n\nMeans by criterion.\n\n| what | time | per second |\n| --- | --- | --- |\n");
    for (name, nanos, elements) in rows {
        let each = elements.unwrap_or(1) as f64;
        let unit = if elements.is_some() { "events" } else { "times" };
        let rate = each * 1e9 / nanos as f64;
        let _ = writeln!(page, "| {name} | {} | {rate:.0} {unit} |", time(nanos));
    }
    Ok(())
}

/// Every benchmark below a folder: its name, its mean in nanoseconds, and how many elements each run had.
fn collect(folder: &Path, rows: &mut Vec<(String, u64, Option<u64>)>) -> Result<()> {
    let json = |name: &str| -> Option<Value> {
        serde_json::from_slice(&fs::read(folder.join("new").join(name)).ok()?).ok()
    };
    if let Some((about, estimates)) = json("benchmark.json").zip(json("estimates.json")) {
        let name = about["full_id"].as_str().unwrap_or("unnamed").to_owned();
        let mean =
            estimates["mean"]["point_estimate"].as_f64().context("criterion's estimates have no mean")?;
        rows.push((name, mean.max(1.0) as u64, about["throughput"]["Elements"].as_u64()));
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, rows)?;
        }
    }
    Ok(())
}

fn time(nanos: u64) -> String {
    match nanos {
        0..10_000 => format!("{nanos} ns"),
        10_000..10_000_000 => format!("{:.1} µs", nanos as f64 / 1e3),
        _ => format!("{:.1} ms", nanos as f64 / 1e6),
    }
}

/// Real nodes on loopback.
fn spreads(project: &Project, quick: bool, page: &mut String) -> Result<()> {
    let mut build = project.cargo();
    process::open(build.args(["build", "--locked", "--release", "--package", "rumormill-node"]))?;
    let program = project.target().join("release").join("rumormill");
    page.push_str(
        "\n## A change on every node\n\nReal nodes over WebSockets on loopback, default settings but for the interval, one \
         write after another on random nodes. Idle figures are per node and before the first write.\n\n\
         | nodes | interval | all know all | p50 | p99 | lost | messages a change | bytes a change | idle messages/s | \
         idle B/s | idle cpu µs/s | resident KiB | own KiB |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    let (mut ours, mut failed) = (String::new(), String::new());
    for row in SPREADS {
        let Row { nodes, processes, one_key, interval_ms: interval } = row;
        if quick && nodes > 10 {
            continue;
        }
        let updates = if quick { 20 } else { 100 };
        eprintln!("\n== {nodes} nodes, a round each {interval} ms");
        let place = match (processes, one_key) {
            (true, false) => "processes",
            (true, true) => "processes, one key",
            (false, _) => "in one process",
        };
        let found = match spread(&program, &row, updates)? {
            Ok(found) => found,
            Err(why) => {
                let _ = writeln!(failed, "\n{nodes} nodes, {place}, did not get through: {why}");
                continue;
            }
        };
        let number = |name: &str| found[name].as_f64();
        let cell = |name: &str, factor: f64| {
            number(name).map_or("-".to_owned(), |value| format!("{:.1}", value * factor))
        };
        let (p50, p99) = (cell("median_ms", 1.0), cell("p99_ms", 1.0));
        let (bytes, cpu) =
            (cell("idle_bytes_per_second_per_node", 1.0), cell("cpu_seconds_per_second_per_node_idle", 1e6));
        let rss = cell("rss_bytes_per_node", 1.0 / 1_024.0);
        let _ = writeln!(
            page,
            "| {nodes} {place} | {interval} ms | {} ms | {p50} ms | {p99} ms | {} of {updates} | {} | {} | {} | {bytes} | {cpu} | {rss} | {} |",
            cell("joined_ms", 1.0),
            found["lost"],
            cell("messages_per_update", 1.0),
            cell("bytes_per_update", 1.0),
            cell("idle_messages_per_second_per_node", 1.0),
            cell("own_bytes_per_node", 1.0 / 1_024.0),
        );
        if nodes == 100 && !processes {
            let reached = updates - found["lost"].as_u64().unwrap_or(updates);
            let headers = number("idle_messages_per_second_per_node").unwrap_or_default() * HEADER_BYTES;
            let whole = number("idle_bytes_per_second_per_node").unwrap_or_default() + headers;
            let _ = writeln!(
                ours,
                "| **rumormill**, {interval} ms | {p50} / {p99} | {whole:.0} | {cpu} | {rss} | {reached} of {updates} |"
            );
        }
    }
    page.push_str(&failed);
    if !ours.is_empty() {
        let _ = write!(
            page,
            "\n## Beside others\n\n100 nodes in one process on loopback, two cores. The peers' figures were measured on another \
             day on such a machine.\n\n| system, interval | all nodes p50 / p99 ms | idle B/s | idle cpu µs/s | resident KiB \
             | reached all |\n| --- | --- | --- | --- | --- | --- |\n{ours}{PEERS}\n{REMARKS}"
        );
    }
    Ok(())
}

/// One run of `rumormill bench spread`: its summary, which is its last line; or why there is none, in its own words.
fn spread(program: &Path, row: &Row, updates: u64) -> Result<Result<Value, String>> {
    let Row { nodes, processes, one_key, interval_ms } = row;
    let mut command = Command::new(program);
    command.args(["bench", "spread", "--json", "--listen", LISTEN, "--idle-s", "10"]);
    command.args(["--nodes", &nodes.to_string(), "--updates", &updates.to_string()]);
    command.args(["--interval-ms", &interval_ms.to_string()]);
    for (flag, _) in [("--processes", processes), ("--one-key", one_key)].into_iter().filter(|(_, is)| **is) {
        command.arg(flag);
    }
    let output =
        command.stderr(Stdio::piped()).output().context("cannot run the program that was just built")?;
    let said = String::from_utf8_lossy(&output.stderr);
    eprint!("{said}");
    if !output.status.success() {
        let why = said.lines().rfind(|line| line.starts_with("error")).unwrap_or("no reason was given");
        return Ok(Err(format!("{} ({})", why.trim_start_matches("error: "), output.status)));
    }
    let text = String::from_utf8(output.stdout).context("the summary is not text")?;
    let last = text.lines().last().context("there is no summary")?;
    serde_json::from_str(last).map(Ok).context("the summary is not JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_that_suits_them() {
        assert_eq!(time(950), "950 ns");
        assert_eq!(time(12_340), "12.3 µs");
        assert_eq!(time(25_000_000), "25.0 ms");
    }
}
