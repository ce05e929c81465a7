use crate::support::{all_alive, apply, at, increment, ms, start};
use rumormill_core::services::Health;
use rumormill_core::{Duration, Tuning};
use rumormill_sim::{Act, Latency, Network, Scenario};

/// All of it at once, by hand and from the record: the same run.
#[test]
fn a_run_with_every_fault_can_be_repeated_exactly() {
    let seconds = Duration::from_secs;
    let mut sim = start(Scenario { nodes: 9, seed: 5, ..Scenario::default() });
    let chances = Network {
        duplicate_ppm: 50_000,
        reorder_ppm: 50_000,
        loss_ppm: 20_000,
        bandwidth_bytes_per_s: 200_000,
        ..Network::default()
    };
    let acts = [
        Act::Network(chances),
        Act::Flap { a: 3, b: 0, up_us: ms(700), down_us: ms(200), until_us: seconds(20) },
        Act::Churn {
            nodes: vec![6, 7],
            up_us: seconds(2),
            down_us: seconds(1),
            data: true,
            until_us: seconds(25),
        },
        Act::Slow { node: 1, delay_us: ms(70) },
        Act::Pause { node: 2 },
        Act::Clock { node: 3, skew_us: 30_000_000 },
        Act::Drift { node: 4, ppm: -90_000 },
        Act::CutOneWay { from: 8, to: 0 },
        Act::DelayLink { a: 4, b: 5, latency: Some(Latency::Fixed(ms(120))) },
        Act::Add { node: 5, key: "s".into(), value: 1.into() },
        Act::Tune(Tuning { fanout: 2, ..Tuning::default() }),
        Act::Put { node: 4, key: "m".into(), value: 1.into() },
        Act::Crash { node: 5 },
        Act::Resume { node: 2 },
        Act::Publish { node: 1, service: "web".into(), health: Health::Degraded, reason: "slow".into() },
        Act::Publish { node: 1, service: "disk".into(), health: Health::Up, reason: String::new() },
        Act::Withdraw { node: 1, service: "disk".into() },
        Act::Restart { node: 5, data: true, moved: true },
        Act::Remove { node: 5, key: "s".into(), value: 1.into() },
        Act::Delete { node: 4, key: "m".into() },
        Act::Heal,
        Act::Slow { node: 1, delay_us: Duration::ZERO },
    ];
    for act in acts {
        sim.run_until(sim.now() + ms(1_234), 150);
        apply(&mut sim, act);
        increment(&mut sim, 0);
    }
    sim.run_until(at(60_000), u32::MAX);
    let mut again = start(sim.recorded());
    again.run_until(at(60_000), u32::MAX);
    assert_eq!(again.acts_refused(), []);
    assert_eq!(again.totals(), sim.totals());
    assert_eq!(again.trace_hash(), sim.trace_hash());
    assert!(sim.is_converged() && all_alive(&sim));
    for node in sim.iter() {
        let services: Vec<_> = node.engine.expect("all are up").services().collect();
        let [web] = services.as_slice() else { panic!("{} sees {services:?}", node.id) };
        assert_eq!((web.name, web.health, &*web.reason), ("web", Health::Degraded, "slow"), "{}", node.id);
    }
}
