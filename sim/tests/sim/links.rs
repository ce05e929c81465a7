use crate::support::{apply, engine, engines, ms, run_for, set, start, within};
use rumormill_core::event::{Event, TraceEvent};
use rumormill_core::{Duration, Strategy, Tuning};
use rumormill_sim::{Act, Latency, Scenario, Sim, Start};

/// Two nodes are each other's children in the tree, so both dial at once.
#[test]
fn two_who_dial_each_other_at_once_end_with_one_link_and_lose_nothing() {
    let latency = Latency::Fixed(ms(20));
    let tuning =
        Tuning { strategy: Strategy::Tree, link_idle_us: Duration::from_secs(2), ..Tuning::default() };
    let mut sim = start(Scenario { nodes: 2, tuning, ..Scenario::default() });
    apply(&mut sim, Act::Network(rumormill_sim::Network { latency, ..rumormill_sim::Network::default() }));
    sim.keep_trace(u32::MAX);
    run_for(&mut sim, 200);
    assert!(engines(&sim).all(|engine| engine.stats().dials == 1 && engine.link_count() == 2));
    for turn in 0..200 {
        for node in 0..2 {
            apply(&mut sim, Act::Increment { node, key: "n".into(), by: 1 });
        }
        run_for(&mut sim, if turn % 10 == 0 { 250 } else { 3 });
    }
    run_for(&mut sim, 5_000);
    assert!(engines(&sim).all(|engine| engine.link_count() == 1), "the spare link went idle");
    assert!(engines(&sim).all(|engine| engine.stats().broken_links == 0));
    assert!(sim.is_converged());
    assert_eq!(sim.totals().lost, 0);
    run_for(&mut sim, 20_000);
    assert!(
        engines(&sim).all(|engine| engine.link_count() == 1 && engine.stats().dials == 1),
        "and stays gone"
    );
}

#[test]
fn a_dial_to_a_crashed_host_is_refused_and_into_a_cut_times_out() {
    let down = |sim: &mut Sim| -> Vec<(Duration, String)> {
        let start = sim.now();
        run_for(sim, 3_000);
        let trace = sim.take_trace();
        let downs = trace.into_iter().filter(|record| record.node.as_ref() == Some(sim.node(0).id));
        downs
            .filter_map(|record| match record.event {
                TraceEvent::Node(Event::LinkDown { reason, .. }) => {
                    Some((record.at.since(start), reason.into_owned()))
                }
                _ => None,
            })
            .collect()
    };
    let mut scenario = Scenario { nodes: 2, ..Scenario::default() };
    scenario.network.latency = Latency::Fixed(ms(10));
    let mut sim = start(scenario.clone());
    run_for(&mut sim, 1_000);
    sim.take_trace();
    apply(&mut sim, Act::Crash { node: 1 });
    let crashed = down(&mut sim);
    assert_eq!(crashed[0], (ms(10), "connection reset by peer".into()), "one latency after the crash");
    assert!(crashed.contains(&(ms(30), "connection refused".into())), "a round trip later: {crashed:?}");

    scenario.acts = Vec::new();
    let mut sim = start(scenario);
    apply(&mut sim, Act::Partition { groups: vec![vec![0]] });
    let cut = down(&mut sim);
    assert_eq!(cut[0], (ms(1_000), "connection timed out".into()), "the first dial met the cut");
}

#[test]
fn links_stay_within_their_bounds() {
    let tuning = Tuning { links_max: 6, fanout: 2, ..Tuning::default() };
    let mut sim = start(Scenario { nodes: 60, tuning, ..Scenario::default() });
    for _ in 0..200 {
        run_for(&mut sim, 100);
        let most = engines(&sim).map(|engine| engine.link_count()).max().expect("nodes are up");
        assert!(most <= 12, "{most} links: six dialled and as many welcome");
    }
    set(&mut sim, 11, "color", "red");
    within(&mut sim, 5_000, "informed", |sim| sim.informed() == 60);
    assert!(engines(&sim).all(|engine| engine.members().active_count() == 60), "nobody is taken for dead");
}

/// Idle links are closed and do not look like deaths: the random partners of
/// the past go, the tree's links stay.
#[test]
fn only_the_links_of_the_tree_stay_open_when_nothing_is_asked() {
    let tuning = Tuning { fanout: 0, ..Tuning::default() };
    let mut sim = start(Scenario { nodes: 15, tuning, ..Scenario::default() });
    run_for(&mut sim, 60_000);
    let links: u32 = engines(&sim).map(|engine| engine.link_count()).sum();
    assert!(links <= 2 * 28, "{links} link ends for a tree of 28 edges");
    assert!((0..15).all(|node| engine(&sim, node).link_count() >= 2));
    set(&mut sim, 8, "color", "red");
    within(&mut sim, 100, "informed", |sim| sim.informed() == 15);
}

/// Each that joins moves everyone's place in the tree; yet nobody dials everyone who was a child for a moment.
#[test]
fn a_cluster_that_forms_at_once_is_not_a_link_between_every_two() {
    for nodes in [100, 300] {
        for strategy in [Strategy::Tree, Strategy::Hybrid, Strategy::Plumtree] {
            let tuning = Tuning { strategy, ..Tuning::default() };
            let scenario = Scenario { nodes, tuning, start: Start::Join, ..Scenario::default() };
            let mut sim = start(scenario);
            within(&mut sim, 20_000, "complete", |sim| {
                engines(sim).all(|engine| engine.members().active_count() == nodes)
            });
            let dials: u64 = engines(&sim).map(|engine| engine.stats().dials).sum();
            let each = dials / u64::from(nodes);
            println!(
                "{nodes} nodes, {strategy}: {each} dials each after {} s",
                sim.now().as_micros() as f64 / 1e6
            );
            assert!(each <= 15, "{nodes} nodes, {strategy}: {each} dials each");
        }
    }
}
