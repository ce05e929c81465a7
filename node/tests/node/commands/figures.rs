use super::{free_ports, succeeds};
use serde_json::{Value, json};

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
