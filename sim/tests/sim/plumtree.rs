use crate::support::{apply, at, engine, readings_agree, run_for, set, start, within};
use rumormill_core::{LimiterConfig, MessageKind, Strategy, Tuning};
use rumormill_sim::failures::{self, FailuresConfig};
use rumormill_sim::steady::{self, Senders, SteadyConfig};
use rumormill_sim::{Act, Network, Scenario, Sim, Start};

fn tuning(fanout: u32) -> Tuning {
    Tuning { strategy: Strategy::Plumtree, fanout, ..Tuning::default() }
}

/// A cluster whose tree has formed, by a few writes at different nodes.
fn grown(scenario: Scenario) -> Sim {
    let mut sim = start(scenario);
    run_for(&mut sim, 2_000);
    for turn in 0..5 {
        let node = turn * 7 % sim.nodes();
        set(&mut sim, node, "warm", turn);
        within(&mut sim, 5_000, "warm", |sim| sim.informed() == sim.up());
        run_for(&mut sim, 500);
    }
    sim
}

fn payload(sim: &Sim) -> u64 {
    sim.totals().payload_messages
}

#[test]
fn in_the_steady_state_every_node_gets_a_write_about_once() {
    for seed in [1, 2] {
        let config = SteadyConfig { seed, nodes: 60, broadcasts: 10, ..SteadyConfig::default() };
        let one = steady::run(&config).expect("valid");
        assert_eq!(one.reached_min, 1.0, "{one:?}");
        // What is more than nothing is repair that crosses a rumor.
        assert!(one.redundancy < 0.03, "{one:?}");
        assert!(one.hops_max <= 7, "{one:?}");
        let random =
            steady::run(&SteadyConfig { senders: Senders::Random, ..config.clone() }).expect("valid");
        assert_eq!(random.reached_min, 1.0, "{random:?}");
        assert!(random.redundancy < 0.05, "{random:?}");
        assert!(random.hops_max <= 14, "{random:?}");
        let alone = SteadyConfig { tuning: tuning(0), senders: Senders::Random, ..config.clone() };
        let alone = steady::run(&alone).expect("valid");
        assert_eq!((alone.reached_min, alone.redundancy), (1.0, 0.0), "exactly once: {alone:?}");
        let hybrid = Tuning { strategy: Strategy::Hybrid, ..Tuning::default() };
        let hybrid = steady::run(&SteadyConfig { tuning: hybrid, ..config }).expect("valid");
        assert!(hybrid.redundancy > 0.9, "the tree with cycles sends all twice: {hybrid:?}");
    }
}

#[test]
fn the_tree_heals_when_a_node_dies_in_the_middle_of_a_broadcast() {
    for seed in 1..=6 {
        let mut sim = grown(Scenario { nodes: 60, seed, tuning: tuning(0), ..Scenario::default() });
        let sender = seed as u32;
        set(&mut sim, sender, "color", "red");
        run_for(&mut sim, 22);
        // Those who have it and have not yet passed it on, and not the sender.
        let victims: Vec<u32> =
            (0..60).filter(|&node| node != sender && sim.has_latest(node)).take(4).collect();
        assert!(!victims.is_empty());
        victims.iter().for_each(|&node| apply(&mut sim, Act::Crash { node }));
        within(&mut sim, 1_000, "informed without repair", |sim| sim.informed() == sim.up());
        run_for(&mut sim, 8_000);
        for turn in 0..4 {
            set(&mut sim, sender, "color", turn);
            run_for(&mut sim, 1_000);
            assert_eq!(sim.informed(), sim.up());
        }
        let before = payload(&sim);
        set(&mut sim, sender, "color", "green");
        within(&mut sim, 1_000, "informed", |sim| sim.informed() == sim.up());
        run_for(&mut sim, 500);
        assert_eq!(payload(&sim) - before, u64::from(sim.up()) - 1, "seed {seed}: a tree again");
    }
}

#[test]
fn every_write_of_many_writers_arrives_though_frames_are_lost() {
    for seed in [1, 2] {
        let network = Network { loss_ppm: 150_000, ..Network::default() };
        let mut sim = grown(Scenario { nodes: 30, seed, tuning: tuning(1), network, ..Scenario::default() });
        for turn in 0..4 {
            for node in 0..30 {
                apply(&mut sim, Act::Increment { node, key: "n".into(), by: 1 });
                set(&mut sim, node, &format!("key-{}-{turn}", node % 9), node);
                run_for(&mut sim, 3);
            }
        }
        within(&mut sim, 30_000, "converged", Sim::is_converged);
        assert!(readings_agree(&sim).contains(&("n".into(), "120".into())));
        assert!(sim.sent_of_kind(MessageKind::Graft).messages > 0);
    }
}

#[test]
fn cut_links_are_gone_round_and_partitions_heal() {
    for seed in [1, 2] {
        let mut sim = grown(Scenario { nodes: 50, seed, tuning: tuning(1), ..Scenario::default() });
        for node in 0..50 {
            apply(&mut sim, Act::CutLink { a: node, b: (node * 13 + 5) % 50 });
        }
        set(&mut sim, 9, "color", "red");
        within(&mut sim, 3_000, "informed past the cuts", |sim| sim.informed() == 50);
        apply(&mut sim, Act::Heal);
        run_for(&mut sim, 2_000);
        apply(&mut sim, Act::Partition { groups: vec![(0..25).collect()] });
        run_for(&mut sim, 6_000);
        for node in [3, 30, 12, 44] {
            set(&mut sim, node, &format!("while-apart-{node}"), node);
        }
        run_for(&mut sim, 3_000);
        assert!(!sim.is_converged());
        apply(&mut sim, Act::Heal);
        within(&mut sim, 4_000, "converged after the heal", Sim::is_converged);
        within(&mut sim, 20_000, "all known again", |sim| {
            (0..50).all(|node| engine(sim, node).members().active_count() == 50)
        });
        set(&mut sim, 20, "color", "green");
        within(&mut sim, 1_000, "informed", |sim| sim.informed() == 50);
    }
}

#[test]
fn newcomers_are_in_the_tree_at_once() {
    let mut sim = start(Scenario { nodes: 40, start: Start::Join, tuning: tuning(1), ..Scenario::default() });
    within(&mut sim, 10_000, "all known", |sim| {
        (0..40).all(|node| engine(sim, node).members().active_count() == 40)
    });
    run_for(&mut sim, 2_000);
    set(&mut sim, 39, "color", "red");
    within(&mut sim, 500, "informed", |sim| sim.informed() == 40);
    apply(&mut sim, Act::Crash { node: 5 });
    run_for(&mut sim, 6_000);
    apply(&mut sim, Act::Restart { node: 5, data: false, moved: false });
    run_for(&mut sim, 1_000);
    set(&mut sim, 5, "color", "green");
    within(&mut sim, 500, "informed by the newcomer", |sim| sim.informed() == 40);
    set(&mut sim, 39, "color", "blue");
    within(&mut sim, 500, "informed, the newcomer too", |sim| sim.informed() == 40);
}

#[test]
fn half_of_the_nodes_may_fail_at_once() {
    let result = failures::run(&FailuresConfig::default()).expect("valid");
    assert_eq!((result.failed, result.right_after.len(), result.healed.len()), (50, 5, 5));
    assert!(result.right_after.iter().all(|part| *part > 0.8), "{result:?}");
    assert!(result.healed.iter().all(|part| *part == 1.0), "{result:?}");
    let none = FailuresConfig { failed_percent: 0, ..FailuresConfig::default() };
    let none = failures::run(&none).expect("valid");
    assert!(none.right_after.iter().all(|part| *part == 1.0), "{none:?}");
}

#[test]
fn the_same_seed_is_the_same_run() {
    let run = |seed| {
        let network = Network { loss_ppm: 50_000, ..Network::default() };
        let mut sim = start(Scenario { nodes: 30, seed, tuning: tuning(1), network, ..Scenario::default() });
        for node in 0..30 {
            set(&mut sim, node, &format!("key-{}", node % 4), node);
            run_for(&mut sim, 70);
        }
        apply(&mut sim, Act::Crash { node: 3 });
        sim.run_until(at(9_000), u32::MAX);
        sim.trace_hash()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn strategies_change_while_running() {
    let mut sim = grown(Scenario { nodes: 30, tuning: tuning(1), ..Scenario::default() });
    for strategy in
        [Strategy::Hybrid, Strategy::Plumtree, Strategy::Tree, Strategy::Plumtree, Strategy::Random]
    {
        apply(&mut sim, Act::Tune(Tuning { strategy, ..Tuning::default() }));
        set(&mut sim, 11, "strategy", strategy.as_str());
        within(&mut sim, 20_000, "informed", |sim| sim.informed() == 30);
        within(&mut sim, 20_000, "converged", Sim::is_converged);
        run_for(&mut sim, 1_000);
    }
}

/// The whole protocol, with its repair: one frame in ten is lost and nodes die
/// in the middle of the writes; whoever is up in the end has everything that
/// reached anyone who is.
#[test]
fn fifty_nodes_converge_though_frames_are_lost_and_nodes_crash() {
    for seed in [1, 2] {
        let network = Network { loss_ppm: 100_000, ..Network::default() };
        let mut sim = grown(Scenario { nodes: 50, seed, tuning: tuning(1), network, ..Scenario::default() });
        for turn in 0..40 {
            let node = 10 + turn * 7 % 40;
            apply(&mut sim, Act::Increment { node, key: "n".into(), by: 1 });
            if turn % 8 == 7 {
                apply(&mut sim, Act::Crash { node: turn / 8 });
            }
            run_for(&mut sim, 40);
        }
        within(&mut sim, 30_000, "converged", Sim::is_converged);
        assert_eq!(sim.up(), 45);
        assert!(readings_agree(&sim).contains(&("n".into(), "40".into())), "seed {seed}: no writer crashed");
    }
}

/// Tokens that do not suffice delay what is pushed, announced and asked for,
/// and lose none of it.
#[test]
fn a_limiter_that_is_far_too_tight_delays_and_loses_nothing() {
    let limiter = LimiterConfig::Bucket { capacity: 8, refill_per_s: 8, reserve: 2 };
    let tuning = Tuning { limiter, ..tuning(1) };
    let mut sim = grown(Scenario { nodes: 30, tuning, ..Scenario::default() });
    for turn in 0..90 {
        apply(&mut sim, Act::Increment { node: turn % 30, key: "n".into(), by: 1 });
        run_for(&mut sim, 10);
    }
    assert!(sim.totals().denials > 0, "the limit was felt");
    within(&mut sim, 30_000, "converged", Sim::is_converged);
    assert!(readings_agree(&sim).contains(&("n".into(), "90".into())));
}
