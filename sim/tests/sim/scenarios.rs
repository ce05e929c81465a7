use crate::support::{at, run_for, start};
use rumormill_core::{Duration, LimiterConfig, Tuning};
use rumormill_sim::latency::LATENCY_MAX;
use rumormill_sim::scenario::NODES_MAX;
use rumormill_sim::{Act, ActError, Latency, Network, Scenario, Sim, Timed};

fn refusal(json: serde_json::Value) -> String {
    match serde_json::from_value::<Scenario>(json) {
        Ok(scenario) => Sim::new(scenario).expect_err("it makes no sense").to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn nonsense_is_refused_and_the_words_say_what_is_allowed() {
    let cases = [
        (serde_json::json!({"nodes": 0}), "1 to 10000"),
        (serde_json::json!({"nodes": NODES_MAX + 1}), "1 to 10000"),
        (serde_json::json!({"network": {"loss_ppm": 1_000_001}}), "0 to 1000000 (100 %)"),
        (serde_json::json!({"network": {"latency": {"fixed": 0}}}), "1 microsecond to 60 seconds"),
        (
            serde_json::json!({"network": {"latency": {"uniform": {"min_us": 9, "max_us": 3}}}}),
            "must not be above",
        ),
        (serde_json::json!({"tuning": {"fanout": 65}}), "0 to 64"),
        (serde_json::json!({"sede": 3}), "unknown field `sede`"),
        (serde_json::json!({"tuning": {"strategy": "telepathy"}}), "expected one of"),
        (
            act(serde_json::json!({"crash": {"node": 5}})),
            "act 0: node 5 is not there: nodes are numbered 0 to 4",
        ),
        (act(serde_json::json!({"cut-link": {"a": 2, "b": 2}})), "two different nodes"),
        (act(serde_json::json!({"partition": {"groups": [[1], [2, 1]]}})), "node 1 is twice"),
        (act(serde_json::json!({"set": {"node": 0, "key": "", "value": 1}})), "must not be empty"),
        (
            act(serde_json::json!({"explode": {"node": 0}})),
            "unknown variant `explode`, expected one of `set`",
        ),
        (
            act(serde_json::json!({"crash": {"node": 0, "hard": true}})),
            "unknown field `hard`, expected `node`",
        ),
        (act(serde_json::json!({"cut-one-way": {"from": 4, "to": 4}})), "two different nodes"),
        (act(serde_json::json!({"slow": {"node": 0, "delay_us": 60_000_001}})), "at most 60 s"),
        (
            act(serde_json::json!({"clock": {"node": 0, "skew_us": i64::MIN}})),
            "at most 315360000 s either way",
        ),
        (act(serde_json::json!({"drift": {"node": 0, "ppm": -500_001}})), "-500000 to 500000"),
        (
            act(serde_json::json!({"publish": {"node": 0, "service": "a b", "health": "up"}})),
            "a service's name must be 1 to 64 letters",
        ),
        (
            act(serde_json::json!({"publish": {"node": 0, "service": "a", "health": "fine"}})),
            "unknown variant `fine`",
        ),
        (
            act(serde_json::json!({"flap": {"a": 0, "b": 1, "up_us": 0, "down_us": 9_000, "until_us": 1}})),
            "at least 1 ms",
        ),
        (act(serde_json::json!({"churn": {"up_us": 1, "down_us": 1, "until_us": 1}})), "at least 1 ms"),
        (
            act(serde_json::json!({"churn": {"nodes": [5], "up_us": 1, "down_us": 1, "until_us": 1}})),
            "numbered 0 to 4",
        ),
        (act(serde_json::json!({"delay-link": {"a": 0, "b": 1, "latency": {"fixed": 0}}})), "1 microsecond"),
        (act(serde_json::json!({"network": {"reorder_ppm": 1_000_001}})), "a reordering of 1000001"),
    ];
    for (json, words) in cases {
        let refusal = refusal(json.clone());
        assert!(refusal.contains(words), "{json}: '{refusal}' does not say '{words}'");
    }
}

fn act(act: serde_json::Value) -> serde_json::Value {
    serde_json::json!({"acts": [{"at_us": 1, "act": act}]})
}

/// One of each, as someone writes it by hand, with everything left out that
/// may be.
#[test]
fn every_act_reads_as_it_is_written_and_is_written_as_it_reads() {
    let text = r#"[
        {"set": {"node": 0, "key": "k", "value": {"any": ["json"]}}},
        {"set-for": {"node": 0, "key": "k", "value": 1, "ttl_us": 5}},
        {"put": {"node": 0, "key": "k", "value": 1}},
        {"increment": {"node": 0, "key": "n", "by": -1}},
        {"add": {"node": 0, "key": "s", "value": 1}},
        {"remove": {"node": 0, "key": "s", "value": 1}},
        {"delete": {"node": 0, "key": "k"}},
        {"crash": {"node": 1}},
        {"restart": {"node": 1}},
        {"restart": {"node": 1, "data": true, "moved": true}},
        {"leave": {"node": 1}},
        {"pause": {"node": 1}},
        {"resume": {"node": 1}},
        {"slow": {"node": 1, "delay_us": 100000}},
        {"clock": {"node": 1, "skew_us": -3600000000}},
        {"drift": {"node": 1, "ppm": -200}},
        {"partition": {"groups": [[0, 1], [2]]}},
        {"cut-link": {"a": 0, "b": 1}},
        {"cut-one-way": {"from": 0, "to": 1}},
        "heal",
        {"delay-link": {"a": 0, "b": 1, "latency": {"fixed": 200000}}},
        {"delay-link": {"a": 0, "b": 1}},
        {"flap": {"a": 0, "b": 1, "up_us": 3000, "down_us": 2000, "until_us": 60000}},
        {"churn": {"up_us": 3000, "down_us": 2000, "until_us": 60000}},
        {"tune": {"fanout": 2}},
        {"network": {"loss_ppm": 5, "duplicate_ppm": 6, "reorder_ppm": 7, "bandwidth_bytes_per_s": 8}}
    ]"#;
    let acts: Vec<Act> = serde_json::from_str(text).expect("each is an act");
    assert!(acts.iter().all(|act| act.check(3) == Ok(())));
    let written = serde_json::to_string(&acts).expect("acts are data");
    assert_eq!(serde_json::from_str::<Vec<Act>>(&written).expect("what was written reads"), acts);
}

#[test]
fn the_edges_of_what_is_allowed_run() {
    let one = Scenario { nodes: 1, ..Scenario::default() };
    let slow = Network { latency: Latency::Fixed(LATENCY_MAX), ..Network::default() };
    let none = Tuning {
        limiter: LimiterConfig::Bucket { capacity: 0, refill_per_s: 0, reserve: 0 },
        ..Tuning::default()
    };
    let all_lost = Network { loss_ppm: 1_000_000, ..Network::default() };
    let still = Tuning { fanout: 0, arity: 0, ..Tuning::default() };
    let scenarios = [
        one.clone(),
        Scenario { network: slow, ..Scenario::default() },
        Scenario { tuning: none, ..Scenario::default() },
        Scenario { network: all_lost, ..Scenario::default() },
        Scenario { tuning: still, ..Scenario::default() },
        Scenario { start: rumormill_sim::Start::Join, ..one },
    ];
    for scenario in scenarios {
        let mut sim = start(scenario);
        sim.apply(Act::Set { node: 0, key: "k".into(), value: 1.into() }).expect("it is up");
        sim.run_to_end();
        assert_eq!(sim.now(), at(30_000));
        assert!(sim.informed() >= 1 && sim.up() == sim.nodes());
    }
}

#[test]
fn names_order_as_indices_do() {
    for nodes in [1, 2, 10, 11, 100, 101, 1_000, NODES_MAX] {
        let scenario = Scenario { nodes, ..Scenario::default() };
        let last = nodes - 1;
        assert!((1..nodes).all(|index| scenario.node_id(index - 1) < scenario.node_id(index)));
        assert_eq!(scenario.node_id(last).as_str(), format!("n{last}"));
    }
    let hundred = Scenario { nodes: 100, ..Scenario::default() };
    assert_eq!(hundred.address(7).as_str(), "ws://n07.sim/gossip");
    let sim = start(hundred);
    assert!(sim.iter().all(|node| sim.index_of(node.id) == Some(node.index)));
}

#[test]
fn acts_that_are_not_possible_now_say_why_and_change_nothing() {
    let mut sim = start(Scenario::default());
    run_for(&mut sim, 100);
    sim.apply(Act::Crash { node: 2 }).expect("it is up");
    let before = sim.trace_hash();
    assert_eq!(sim.apply(Act::Crash { node: 2 }), Err(ActError::NotUp(2)));
    assert_eq!(sim.apply(Act::Restart { node: 1, data: false, moved: false }), Err(ActError::Up(1)));
    let set = Act::Set { node: 2, key: "k".into(), value: 1.into() };
    assert_eq!(sim.apply(set), Err(ActError::NotUp(2)));
    sim.apply(Act::Increment { node: 0, key: "n".into(), by: 1 }).expect("it is up");
    let wrong = sim.apply(Act::Set { node: 0, key: "n".into(), value: 1.into() });
    assert!(matches!(wrong, Err(ActError::Write(_))), "{wrong:?}");
    assert_eq!(sim.acts_done().len(), 2);
    assert_ne!(sim.trace_hash(), before, "the increment did something");

    let twice = Timed { at_us: Duration::from_secs(1), act: Act::Crash { node: 0 } };
    let mut sim = start(Scenario { acts: vec![twice.clone(), twice.clone()], ..Scenario::default() });
    sim.run_to_end();
    assert_eq!(sim.acts_refused(), [(twice, ActError::NotUp(0))]);
}
