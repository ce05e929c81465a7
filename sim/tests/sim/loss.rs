use crate::support::{apply, engines, readings_agree, run_for, set, start, within};
use rumormill_core::event::{Event, TraceEvent};
use rumormill_core::{Status, Strategy, Tuning};
use rumormill_sim::{Act, Network, Scenario, Sim, Start};

fn lossy(nodes: u32, seed: u64, percent: u32) -> Scenario {
    let network = Network { loss_ppm: percent * 10_000, ..Network::default() };
    Scenario { nodes, seed, network, ..Scenario::default() }
}

#[test]
fn hybrid_converges_though_three_frames_in_ten_are_lost() {
    for seed in 1..=5 {
        let mut sim = start(lossy(30, seed, 30));
        run_for(&mut sim, 1_000);
        for node in 0..30 {
            apply(&mut sim, Act::Increment { node, key: "n".into(), by: 1 });
            set(&mut sim, node, &format!("key-{}", node % 4), node);
            run_for(&mut sim, 30);
        }
        within(&mut sim, 30_000, "converged", Sim::is_converged);
        assert!(readings_agree(&sim).contains(&("n".into(), "30".into())));
        assert!(sim.totals().lost > 100);
    }
}

#[test]
fn random_gossip_converges_too_and_nodes_can_join_meanwhile() {
    let tuning = Tuning { strategy: Strategy::Random, ..Tuning::default() };
    let mut sim = start(Scenario { tuning, start: Start::Join, ..lossy(15, 3, 30) });
    set(&mut sim, 0, "color", "red");
    within(&mut sim, 40_000, "informed", |sim| sim.informed() == 15);
}

/// A probe is repeated often enough that a fifth of all frames lost kills nobody.
#[test]
fn a_lossy_network_does_not_make_the_living_look_dead() {
    let mut sim = start(lossy(30, 1, 20));
    sim.keep_trace(u32::MAX);
    run_for(&mut sim, 30_000);
    let trace = sim.take_trace();
    let deaths = trace.iter().filter(|record| {
        matches!(record.event, TraceEvent::Node(Event::Member { status: Status::Down, .. }))
    });
    assert_eq!(deaths.count(), 0);
}

#[test]
fn with_every_frame_lost_nothing_arrives_and_nothing_breaks() {
    let mut sim = start(lossy(6, 1, 100));
    run_for(&mut sim, 1_000);
    set(&mut sim, 0, "color", "red");
    run_for(&mut sim, 20_000);
    assert_eq!(sim.informed(), 1);
    apply(&mut sim, Act::Network(Network::default()));
    within(&mut sim, 20_000, "informed once the network is good", |sim| sim.informed() == 6);
    within(&mut sim, 20_000, "all alive", |sim| {
        engines(sim).all(|engine| engine.members().active_count() == 6)
    });
}
