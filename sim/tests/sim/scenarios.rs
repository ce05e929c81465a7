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
        (act(serde_json::json!({"explode": {"node": 0}})), "unknown variant `explode`"),
    ];
    for (json, words) in cases {
        let refusal = refusal(json.clone());
        assert!(refusal.contains(words), "{json}: '{refusal}' does not say '{words}'");
    }
}

fn act(act: serde_json::Value) -> serde_json::Value {
    serde_json::json!({"acts": [{"at_us": 1, "act": act}]})
}

#[test]
fn the_edges_of_what_is_allowed_run() {
    let one = Scenario { nodes: 1, ..Scenario::default() };
    let slow = Network { latency: Latency::Fixed(LATENCY_MAX), loss_ppm: 0 };
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
    assert_eq!(sim.apply(Act::Restart { node: 1 }), Err(ActError::Up(1)));
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
