//! `rumormill maelstrom`, as Maelstrom would test it: Gossip Glomers' challenges
//! with their 25 nodes, links of 100 ms, 100 operations a second, half of them
//! reads, and cuts. Messages are counted and asserted, unless the machine was so
//! busy that the bench itself came late each time, which the test then says.
//! Times depend on what the machine does besides and are only printed (`--nocapture`).

mod bench;

use crate::support::LIMIT;
use bench::Bench;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{Write, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The fewest messages per operation of any challenge: 3e's.
const MESSAGES_PER_OPERATION_MAX: f64 = 20.0;

/// How late an operation may be asked for the count to mean anything. Where the bench does not get to run, neither do
/// the nodes: they look silent to each other, and asking after them is what is counted then.
const LATE: Duration = Duration::from_millis(50);

/// How often the load is put on before the machine is said to be too busy to count on.
const TRIES: usize = 3;

/// Held by whoever runs 25 nodes: twice as many would measure each other.
static ALONE: Mutex<()> = Mutex::new(());

const PAUSE: Duration = Duration::from_millis(10);

/// What a load came to.
struct Load {
    written: BTreeSet<u64>,
    operations: u64,
    /// Stable latencies, ascending.
    latencies: Vec<Duration>,
    /// How late the latest operation was asked.
    late: Duration,
}

/// Broadcasts and reads, a hundred a second on random nodes, and what the
/// stable latencies were: from an acknowledged write until the start of the last
/// read that lacks it, as Jepsen's `set-full` checker, which Maelstrom uses, has it.
fn load(bench: &mut Bench, seconds: u64, mut each_second: impl FnMut(&mut Bench, u64)) -> Load {
    let (begun, operations) = (Instant::now(), seconds * 100);
    let mut asked = Vec::new();
    let (mut random, mut late) = (1, Duration::ZERO);
    for operation in 0..operations {
        if operation % 100 == 0 {
            each_second(bench, operation / 100);
        }
        late = late.max(begun.elapsed().saturating_sub(PAUSE * operation as u32));
        let at = next(&mut random) as usize % bench.len();
        let writes = next(&mut random).is_multiple_of(2);
        let body =
            if writes { json!({"type": "broadcast", "message": operation}) } else { json!({"type": "read"}) };
        asked.push((bench.ask(at, body), Instant::now(), writes.then_some(operation)));
        bench.carry(begun + PAUSE * (operation as u32 + 1));
    }
    bench.carry(Instant::now() + Duration::from_secs(2));
    let (mut written, mut reads) = (Vec::new(), Vec::new());
    for (number, at, message) in asked {
        let (answered, body) = bench.answered(number);
        match message {
            Some(message) => {
                assert_eq!(body["type"], "broadcast_ok", "{body}");
                written.push((message, answered));
            }
            None => reads.push((at, messages(&body))),
        }
    }
    let stable = |(message, known): &(u64, Instant)| {
        let lacking = reads.iter().rev().find(|(_, read)| !read.contains(message));
        lacking.map_or(Duration::ZERO, |(at, _)| at.saturating_duration_since(*known))
    };
    let mut latencies: Vec<Duration> = written.iter().map(stable).collect();
    latencies.sort();
    Load { written: written.into_iter().map(|(message, _)| message).collect(), operations, latencies, late }
}

/// Any numbers that are the same in each run.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

fn messages(body: &Value) -> BTreeSet<u64> {
    let list = body["messages"].as_array().unwrap_or_else(|| panic!("a list of messages: {body}"));
    list.iter().map(|message| message.as_u64().expect("a number that was written")).collect()
}

/// Waits until each node reads as it must.
fn all_read(bench: &mut Bench, is_right: impl Fn(&Value) -> bool) {
    let end = Instant::now() + LIMIT;
    for at in 0..bench.len() {
        loop {
            let read = bench.call(at, json!({"type": "read"}));
            if is_right(&read) {
                break;
            }
            assert!(Instant::now() < end, "n{at} does not read what it must: {read}");
            bench.carry(Instant::now() + PAUSE);
        }
    }
}

fn topology(bench: &mut Bench) {
    for at in 0..bench.len() {
        let answer = bench.call(at, json!({"type": "topology", "topology": {"n0": ["n1"]}}));
        assert_eq!(answer["type"], "topology_ok");
    }
    // Maelstrom has its clients and faults to set up before the first operation; the nodes find each other meanwhile.
    bench.carry(Instant::now() + Duration::from_secs(1));
}

#[test]
fn a_broadcast_reaches_25_nodes_with_fewer_messages_than_gossip_glomers_allows() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for tried in 1..=TRIES {
        let mut bench = Bench::start(25, &[]);
        topology(&mut bench);
        let Load { written, operations, latencies, late } = load(&mut bench, 15, |_, _| {});
        all_read(&mut bench, |read| messages(read) == written);
        let per_operation = bench.messages as f64 / operations as f64;
        let median = latencies[latencies.len() / 2];
        let longest = latencies.last().expect("there were writes");
        let found = format!(
            "{per_operation:.1} messages per operation; stable after {median:?}, at most {longest:?}; asked {late:?} late"
        );
        println!("{found}");
        if per_operation < MESSAGES_PER_OPERATION_MAX {
            return;
        }
        assert!(late >= LATE, "too many: {found}");
        if tried == TRIES {
            // Past the test runner, which keeps what passing tests print to itself.
            writeln!(stderr(), "LATE, so messages were counted but not judged: {found}")
                .expect("stderr is open");
        }
    }
}

#[test]
fn a_broadcast_reaches_all_25_nodes_though_the_network_was_cut() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut bench = Bench::start(25, &[]);
    topology(&mut bench);
    let Load { written, operations, .. } = load(&mut bench, 16, |bench, second| match second {
        2 => bench.cut(|at| at % 2),
        8 => bench.heal(),
        10 => bench.cut(|at| usize::from(at < 8)),
        14 => bench.heal(),
        _ => {}
    });
    all_read(&mut bench, |read| messages(read) == written);
    println!("{:.1} messages per operation with two cuts", bench.messages as f64 / operations as f64);
}

#[test]
fn counters_are_right_in_the_end_though_the_network_was_cut() {
    let mut bench = Bench::start(3, &[]);
    assert_eq!(bench.call(0, json!({"type": "read"}))["value"], 0, "before anything was added");
    let mut sum = 0;
    for turn in 0..400 {
        match turn {
            50 | 250 => bench.cut(|at| usize::from(at == turn / 200)),
            150 | 350 => bench.heal(),
            _ => {}
        }
        let delta = [1, 5, -2][turn % 3];
        let answer = bench.call(turn % 3, json!({"type": "add", "delta": delta}));
        assert_eq!(answer["type"], "add_ok", "{answer}");
        sum += delta;
        bench.carry(Instant::now() + PAUSE);
    }
    all_read(&mut bench, |read| read["value"] == sum);
}

#[test]
fn a_set_grows_to_the_same_on_all_nodes() {
    let mut bench = Bench::start(5, &["--workload", "g-set"]);
    assert_eq!(bench.call(3, json!({"type": "read"}))["value"], json!([]), "before anything was added");
    bench.cut(|at| usize::from(at < 2));
    for turn in 0..100 {
        if turn == 60 {
            bench.heal();
        }
        let answer = bench.call(turn % 5, json!({"type": "add", "element": turn}));
        assert_eq!(answer["type"], "add_ok", "{answer}");
    }
    let all: BTreeSet<u64> = (0..100).collect();
    all_read(&mut bench, |read| {
        let list = read["value"].as_array().into_iter().flatten();
        list.filter_map(Value::as_u64).collect::<BTreeSet<u64>>() == all
    });
}

#[test]
fn echoes_and_numbers_need_nobody_else_and_what_is_no_operation_is_told() {
    let mut bench = Bench::start(3, &[]);
    let echo = bench.call(1, json!({"type": "echo", "echo": {"deep": [1, null]}}));
    assert_eq!(echo["echo"], json!({"deep": [1, null]}));
    bench.cut(|at| at);
    let mut ids = BTreeSet::new();
    for turn in 0..300 {
        let answer = bench.call(turn % 3, json!({"type": "generate"}));
        assert!(ids.insert(answer["id"].as_str().expect("an id").to_owned()), "{answer}");
    }
    let refused = |bench: &mut Bench, body: Value, code: u64, part: &str| {
        let answer = bench.call(0, body);
        assert_eq!((&answer["type"], &answer["code"]), (&json!("error"), &json!(code)), "{answer}");
        assert!(answer["text"].as_str().expect("a text").contains(part), "{answer}");
    };
    refused(&mut bench, json!({"type": "txn", "txn": []}), 10, "no such operation");
    refused(&mut bench, json!({"type": "add"}), 12, "an element, for a set, or a delta");
    refused(&mut bench, json!({"type": "add", "delta": "1"}), 12, "");
    refused(&mut bench, json!({"type": "broadcast", "message": "x".repeat(1 << 20)}), 12, "bytes");
    refused(
        &mut bench,
        json!({"type": "init", "node_id": "n7", "node_ids": []}),
        22,
        "this node is n0 already",
    );
}
