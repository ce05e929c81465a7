use crate::support::{apply, ms, run_for, set, start};
use rumormill_core::{Strategy, Tuning};
use rumormill_sim::scenarios::{find, named};
use rumormill_sim::{Act, Scenario, Sim, trace_hash_of};
use std::fmt::Write as _;

fn hash(scenario: Scenario) -> u64 {
    let mut sim = start(scenario);
    sim.run_to_end();
    sim.trace_hash()
}

#[test]
fn the_same_seed_is_the_same_run_and_another_seed_another() {
    for scenario in named() {
        let (once, again) = (hash(scenario.clone()), hash(scenario.clone()));
        assert_eq!(once, again, "{}", scenario.name);
        let other = Scenario { seed: scenario.seed + 1, ..scenario };
        assert_ne!(once, hash(other.clone()), "{}", other.name);
    }
}

/// The hashes stand in a file so that every target must come to the same. When
/// the engine changes what it does, run the tests once with RUMORMILL_BLESS=1.
#[test]
fn named_and_random_scenarios_have_the_trace_hashes_of_every_other_target() {
    let mut found = String::new();
    for scenario in named() {
        let hash = trace_hash_of(&scenario.name).expect("a named scenario");
        writeln!(found, "{} {hash:016x}", scenario.name).expect("writing to memory does not fail");
    }
    // The first ten seconds of random scenarios: whoever finds a bug by a seed must be able to name it by that seed.
    for seed in 0..10 {
        let mut sim = start(rumormill_sim::swarm::scenario(seed));
        run_for(&mut sim, 10_000);
        writeln!(found, "swarm-{seed} {:016x}", sim.trace_hash()).expect("writing to memory does not fail");
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sim/trace_hashes.txt");
    if std::env::var_os("RUMORMILL_BLESS").is_some() {
        std::fs::write(file, &found).expect("the repository can be written");
        return;
    }
    let expected = include_str!("trace_hashes.txt");
    assert_eq!(found, expected, "if the engine was meant to change, run this once with RUMORMILL_BLESS=1");
}

#[test]
fn keeping_and_taking_the_trace_changes_nothing() {
    let scenario = find("crash-and-restart").expect("it comes along");
    let expected = hash(scenario.clone());
    let mut sim = start(scenario.clone());
    let end = sim.now() + scenario.until_us;
    while sim.next_at().is_some_and(|next| next <= end) {
        sim.step();
        sim.take_trace();
    }
    assert_eq!(sim.trace_hash(), expected);
}

#[test]
fn a_run_steered_by_hand_repeats_from_its_record() {
    let tuning = Tuning { strategy: Strategy::Tree, ..Tuning::default() };
    for seed in 1..6 {
        let mut by_hand = start(Scenario { seed, nodes: 12, tuning, ..Scenario::default() });
        // Stops in the middle of a moment, where an act could slip in between two events.
        by_hand.run_until(by_hand.now() + tuning.interval_us, 137);
        set(&mut by_hand, 4, "color", "red");
        apply(&mut by_hand, Act::Crash { node: 0 });
        apply(&mut by_hand, Act::CutLink { a: 1, b: 3 });
        run_for(&mut by_hand, 2_345);
        by_hand.run_until(by_hand.now() + tuning.interval_us, 41);
        apply(&mut by_hand, Act::Increment { node: 3, key: "visits".into(), by: -4 });
        apply(&mut by_hand, Act::Restart { node: 0, data: false, moved: false });
        run_for(&mut by_hand, 1_000);
        apply(&mut by_hand, Act::Tune(Tuning::default()));
        apply(&mut by_hand, Act::Heal);
        assert!(by_hand.apply(Act::Crash { node: 99 }).is_err());
        run_for(&mut by_hand, 3_000);

        let recorded = by_hand.recorded();
        let text = serde_json::to_string(&recorded).expect("scenarios encode");
        let shared: Scenario = serde_json::from_str(&text).expect("and decode");
        assert_eq!(shared, recorded);
        let mut replayed = Sim::new(shared).expect("valid");
        replayed.run_until(by_hand.now(), u32::MAX);
        assert_eq!(replayed.trace_hash(), by_hand.trace_hash(), "seed {seed}");
        assert_eq!(replayed.totals(), by_hand.totals());
        assert_eq!(replayed.acts_refused(), []);
    }
}

#[test]
fn latencies_do_not_depend_on_how_many_frames_are_lost() {
    let first_arrival = |loss_ppm: u32| {
        let mut scenario = Scenario { nodes: 8, ..Scenario::default() };
        scenario.network.loss_ppm = loss_ppm;
        let mut sim = start(scenario);
        while sim.in_flight().count() < 12 {
            sim.step();
        }
        sim.in_flight().map(|frame| frame.arrives_at).collect::<Vec<_>>()
    };
    assert_eq!(first_arrival(0), first_arrival(1));
}

/// A copy is taken in the midst of a run, with messages under way and faults in force; neither notices the other.
#[test]
fn a_copy_goes_on_as_the_original_does() {
    for mut scenario in named().into_iter().chain((0..4).map(rumormill_sim::swarm::scenario)) {
        scenario.until_us = scenario.until_us.min(ms(20_000));
        let expected = hash(scenario.clone());
        let mut sim = start(scenario.clone());
        run_for(&mut sim, scenario.until_us.as_micros() / 2_000);
        let mut copy = sim.clone();
        assert_eq!(copy.trace_hash(), sim.trace_hash(), "{}", scenario.name);
        // The original goes another way meanwhile: what both share must not show it.
        set(&mut sim, 0, "only-here", 1);
        run_for(&mut sim, 1_000);
        copy.run_to_end();
        assert_eq!(copy.trace_hash(), expected, "{}", scenario.name);
    }
}

#[test]
fn a_copy_shares_the_nodes_to_which_nothing_has_happened() {
    let mut sim = start(Scenario { nodes: 50, ..Scenario::default() });
    run_for(&mut sim, 3_000);
    let copy = sim.clone();
    assert_eq!(sim.unshared(&copy).count(), 0);
    for _ in 0..5 {
        sim.step();
    }
    let unshared: Vec<u32> = sim.unshared(&copy).map(|node| node.index).collect();
    assert!((1..=10).contains(&unshared.len()), "at most two nodes take part in an event: {unshared:?}");
    assert!(copy.unshared(&sim).map(|node| node.index).eq(unshared));
}
