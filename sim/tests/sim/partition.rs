use crate::support::{apply, engines, readings_agree, run_for, set, start, status_at, within};
use rumormill_core::{Status, Strategy, Tuning};
use rumormill_sim::checkers::agreement::members_agree;
use rumormill_sim::{Act, Scenario, Sim};

/// Two gossip intervals after a cut's end every node must be equal.
const HEALED_MS: u64 = 2_000;

/// Cuts a cluster in two, writes on both sides, heals, and returns how long it
/// took until all nodes held the same.
fn cut_and_heal(scenario: Scenario, inside: Vec<u32>, cut_ms: u64) -> (Sim, u64) {
    let mut sim = start(scenario);
    run_for(&mut sim, 2_500);
    let (there, here) = (inside[0], (0..sim.nodes()).find(|node| !inside.contains(node)).expect("two sides"));
    apply(&mut sim, Act::Partition { groups: vec![inside] });
    run_for(&mut sim, cut_ms / 2);
    set(&mut sim, there, "there", 1);
    set(&mut sim, here, "here", 2);
    for (node, by) in [(there, 5), (here, -2)] {
        apply(&mut sim, Act::Increment { node, key: "both".into(), by });
        set(&mut sim, node, "color", format!("of {node}"));
    }
    run_for(&mut sim, cut_ms - cut_ms / 2);
    assert!(!sim.is_converged(), "nothing passes a cut");
    apply(&mut sim, Act::Heal);
    let took = within(&mut sim, HEALED_MS, "equal after the heal", Sim::is_converged);
    let readings = readings_agree(&sim);
    let of = |key: &str| readings.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    assert_eq!(of("both"), Some("3"), "counted exactly");
    assert!(of("there").is_some() && of("here").is_some() && of("color").is_some());
    (sim, took.as_millis())
}

#[test]
fn every_node_is_equal_within_two_intervals_of_a_heal() {
    for (nodes, seeds) in [(2, 20), (3, 20), (10, 10), (100, 1)] {
        for seed in 1..=seeds {
            for cut_ms in [1_500, 4_000, 12_000] {
                let scenario = Scenario { nodes, seed, ..Scenario::default() };
                let half = (0..nodes).step_by(2).collect();
                let (mut sim, _) = cut_and_heal(scenario.clone(), half, cut_ms);
                within(&mut sim, 4_000, "of one mind on the members", members_agree);
                let one = vec![(seed as u32 * 7) % nodes];
                let (mut sim, _) = cut_and_heal(scenario, one, cut_ms);
                within(&mut sim, 4_000, "of one mind on the members", members_agree);
            }
        }
    }
}

#[test]
fn random_gossip_without_a_tree_heals_too() {
    for seed in 1..=5 {
        let tuning = Tuning { strategy: Strategy::Random, ..Tuning::default() };
        let mut sim = start(Scenario { nodes: 10, seed, tuning, ..Scenario::default() });
        apply(&mut sim, Act::Partition { groups: vec![vec![0, 1, 2], vec![3, 4]] });
        for node in [0, 3, 9] {
            apply(&mut sim, Act::Increment { node, key: "n".into(), by: 1 });
        }
        run_for(&mut sim, 8_000);
        apply(&mut sim, Act::Heal);
        within(&mut sim, 15_000, "converged", Sim::is_converged);
        assert_eq!(readings_agree(&sim), [("n".into(), "3".into())]);
    }
}

#[test]
fn a_cut_parts_the_groups_and_nothing_else() {
    let mut sim = start(Scenario { nodes: 6, ..Scenario::default() });
    apply(&mut sim, Act::Partition { groups: vec![vec![0, 1], vec![2]] });
    assert!(!sim.is_cut(0, 1) && sim.is_cut(0, 2) && sim.is_cut(1, 5) && sim.is_cut(2, 3));
    assert!(!sim.is_cut(3, 5), "those in no group are together");
    apply(&mut sim, Act::CutLink { a: 5, b: 3 });
    assert!(sim.is_cut(3, 5) && sim.is_cut(5, 3) && !sim.is_cut(4, 5));
    apply(&mut sim, Act::Partition { groups: vec![vec![4]] });
    assert!(
        sim.is_cut(4, 0) && !sim.is_cut(0, 2) && sim.is_cut(3, 5),
        "another partition, the same cut link"
    );
    apply(&mut sim, Act::Heal);
    assert!(!sim.has_cuts() && (0..6).all(|a| (0..6).all(|b| !sim.is_cut(a, b))));
}

#[test]
fn what_is_under_way_across_a_cut_is_shown_as_lost() {
    let mut sim = start(Scenario { nodes: 10, ..Scenario::default() });
    run_for(&mut sim, 1_000);
    set(&mut sim, 0, "color", "red");
    let under_way: Vec<_> =
        sim.in_flight().filter(|frame| frame.from == 0 && frame.kind.is_payload()).collect();
    assert!(!under_way.is_empty() && under_way.iter().all(|frame| frame.lost.is_none()));
    apply(&mut sim, Act::Partition { groups: vec![vec![0]] });
    for frame in under_way {
        let now = sim.in_flight().find(|now| now.id == frame.id).expect("still shown");
        assert_eq!(now.lost, Some(rumormill_core::event::Fate::Cut));
        assert_eq!(now.arrives_at, frame.arrives_at);
    }
    run_for(&mut sim, 1_000);
    assert_eq!(sim.informed(), 1);
    apply(&mut sim, Act::Heal);
    within(&mut sim, 2_000, "informed", |sim| sim.informed() == 10);
}

/// One path of many is cut: the members on it still hear of each other through
/// the rest, and nobody is taken for dead by those who can reach it for good.
#[test]
fn a_single_cut_link_does_not_keep_news_from_anyone() {
    let mut sim = start(Scenario { nodes: 8, ..Scenario::default() });
    run_for(&mut sim, 1_000);
    apply(&mut sim, Act::CutLink { a: 0, b: 1 });
    run_for(&mut sim, 6_000);
    set(&mut sim, 0, "color", "red");
    within(&mut sim, 3_000, "informed", |sim| sim.informed() == 8);
    apply(&mut sim, Act::Heal);
    within(&mut sim, 3_000, "of one mind on the members", members_agree);
}

/// During a long cut nobody dials more and more of those it lost.
#[test]
fn a_long_partition_does_not_end_in_everyone_dialling_everyone() {
    let mut sim = start(Scenario { nodes: 40, ..Scenario::default() });
    run_for(&mut sim, 1_000);
    apply(&mut sim, Act::Partition { groups: vec![(0..20).collect()] });
    run_for(&mut sim, 15_000);
    assert!((1..20).all(|node| status_at(&sim, 0, node + 20) == Some(Status::Down)));
    let dials = |sim: &Sim| engines(sim).map(|engine| engine.stats().dials).sum::<u64>();
    let before = dials(&sim);
    run_for(&mut sim, 20_000);
    let per_round = (dials(&sim) - before) / (40 * 20);
    assert!(per_round <= 3, "each node dials {per_round} times a round");
}
