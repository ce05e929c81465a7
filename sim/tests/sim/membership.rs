use crate::support::{apply, engine, engines, readings_agree, run_for, set, start, status_at, within};
use rumormill_core::{Incarnation, Status, Strategy, Tuning};
use rumormill_sim::checkers::agreement::members_agree;
use rumormill_sim::{Act, Scenario, Sim, Start};

#[test]
fn a_storm_of_joins_through_one_node_ends_with_equal_lists() {
    for (nodes, seeds) in [(2, 3), (3, 3), (50, 2), (100, 1)] {
        for seed in 1..=seeds {
            for strategy in [Strategy::Hybrid, Strategy::Random] {
                let tuning = Tuning { strategy, ..Tuning::default() };
                let scenario = Scenario { nodes, seed, tuning, start: Start::Join, ..Scenario::default() };
                let mut sim = start(scenario);
                set(&mut sim, 0, "color", "red");
                within(&mut sim, 10_000, "of one mind on the members", members_agree);
                within(&mut sim, 10_000, "informed", |sim| sim.informed() == nodes);
                assert!(engines(&sim).all(|engine| engine.members().len() as u32 == nodes));
            }
        }
    }
}

#[test]
fn a_crashed_node_is_down_everywhere_and_alive_again_after_its_restart() {
    for seed in 1..=5 {
        let mut sim = start(Scenario { nodes: 20, seed, ..Scenario::default() });
        run_for(&mut sim, 1_000);
        apply(&mut sim, Act::Increment { node: 7, key: "visits".into(), by: 5 });
        set(&mut sim, 3, "color", "red");
        within(&mut sim, 1_000, "converged", Sim::is_converged);

        apply(&mut sim, Act::Crash { node: 7 });
        let others = |sim: &Sim| sim.iter().filter(|node| node.up).map(|node| node.index).collect::<Vec<_>>();
        within(&mut sim, 6_000, "down at all", |sim| {
            others(sim).into_iter().all(|at| status_at(sim, at, 7) == Some(Status::Down))
        });
        set(&mut sim, 3, "color", "green");
        run_for(&mut sim, 1_000);

        apply(&mut sim, Act::Restart { node: 7, data: false, moved: false });
        within(&mut sim, 1_000, "alive at all", |sim| {
            others(sim).into_iter().all(|at| status_at(sim, at, 7) == Some(Status::Alive))
        });
        assert_eq!(sim.node(7).incarnation, Incarnation(2));
        within(&mut sim, 1_000, "converged", Sim::is_converged);
        apply(&mut sim, Act::Increment { node: 7, key: "visits".into(), by: 2 });
        within(&mut sim, 1_000, "converged", Sim::is_converged);
        let readings = readings_agree(&sim);
        assert!(
            readings.contains(&("visits".into(), "7".into())),
            "an earlier life still counts: {readings:?}"
        );
        within(&mut sim, 1_000, "of one mind on the members", members_agree);
    }
}

/// A node that is back before anyone missed it still comes as another life.
#[test]
fn a_quick_restart_is_noticed_and_loses_nothing_that_others_had() {
    for seed in 1..=10 {
        let mut sim = start(Scenario { nodes: 5, seed, ..Scenario::default() });
        run_for(&mut sim, 1_000);
        set(&mut sim, 0, "color", "red");
        run_for(&mut sim, 500);
        apply(&mut sim, Act::Crash { node: 0 });
        run_for(&mut sim, 50);
        apply(&mut sim, Act::Restart { node: 0, data: false, moved: false });
        within(&mut sim, 2_000, "converged again", |sim| sim.is_converged() && sim.informed() == 5);
        within(&mut sim, 2_000, "of one mind on the members", members_agree);
        assert!(engines(&sim).all(|engine| {
            engine.members().member(sim.node(0).id).map(|member| member.incarnation) == Some(Incarnation(2))
        }));
    }
}

#[test]
fn one_who_leaves_is_left_and_not_down() {
    let mut sim = start(Scenario { nodes: 12, ..Scenario::default() });
    run_for(&mut sim, 1_000);
    apply(&mut sim, Act::Leave { node: 5 });
    within(&mut sim, 2_000, "left at all", |sim| {
        !sim.node(5).up && (0..12).filter(|at| *at != 5).all(|at| status_at(sim, at, 5) == Some(Status::Left))
    });
    run_for(&mut sim, 10_000);
    assert!((0..12).filter(|at| *at != 5).all(|at| status_at(&sim, at, 5) == Some(Status::Left)));
    apply(&mut sim, Act::Restart { node: 5, data: false, moved: false });
    within(&mut sim, 2_000, "of one mind on the members", members_agree);
}

/// Those with whom it is linked crash, and it writes and leaves before it can
/// know: it still finds someone to hand over to, and is not taken for dead.
#[test]
fn one_who_leaves_while_its_links_are_dying_hands_over_to_others() {
    for seed in 1..=5 {
        let mut sim = start(Scenario { nodes: 12, seed, ..Scenario::default() });
        run_for(&mut sim, 1_000);
        let linked = engine(&sim, 5).linked_peers();
        let dying: Vec<u32> = (0..12).filter(|at| linked.contains(sim.node(*at).id)).collect();
        assert!((1..10).contains(&dying.len()), "{linked:?}");
        dying.iter().for_each(|node| apply(&mut sim, Act::Crash { node: *node }));
        set(&mut sim, 5, "color", "red");
        apply(&mut sim, Act::Leave { node: 5 });
        within(&mut sim, 3_000, "gone", |sim| !sim.node(5).up);
        let others = |sim: &Sim| sim.iter().filter(|node| node.up).map(|node| node.index).collect::<Vec<_>>();
        within(&mut sim, 5_000, "informed", |sim| sim.informed() as usize == others(sim).len());
        let is_left =
            |sim: &Sim| others(sim).into_iter().all(|at| status_at(sim, at, 5) == Some(Status::Left));
        within(&mut sim, 2_000, "left at all", is_left);
    }
}

/// Everyone crashes but one: it finds those who come back, whoever they know.
#[test]
fn a_cluster_that_nearly_died_finds_itself_again() {
    let mut sim = start(Scenario { nodes: 10, ..Scenario::default() });
    run_for(&mut sim, 1_000);
    set(&mut sim, 9, "color", "red");
    run_for(&mut sim, 500);
    (0..9).for_each(|node| apply(&mut sim, Act::Crash { node }));
    within(&mut sim, 60_000, "alone", |sim| engine(sim, 9).members().active_count() == 1);
    (0..9).for_each(|node| apply(&mut sim, Act::Restart { node, data: false, moved: false }));
    within(&mut sim, 30_000, "of one mind on the members", members_agree);
    within(&mut sim, 3_000, "informed", |sim| sim.informed() == 10);
}

#[test]
fn a_quiet_cluster_takes_nobody_for_dead() {
    let mut sim = start(Scenario { nodes: 30, ..Scenario::default() });
    run_for(&mut sim, 30_000);
    assert!(members_agree(&sim));
    assert!(engines(&sim).all(|engine| engine.members().iter().all(|m| m.incarnation == Incarnation(1))));
}
