//! What is deleted is forgotten everywhere, soon, and without a message where
//! there is nothing to forget; and nothing forgotten comes back.

use crate::support::readings_agree;
use crate::support::{apply, engine, engines, run_for, set, start, within};
use rumormill_core::{MessageKind, Strategy, Tuning};
use rumormill_sim::{Act, Network, Scenario, Sim};

/// How long it may take until nothing is left of a delete.
const FORGOTTEN_MS: u64 = 30_000;

fn delete(sim: &mut Sim, node: u32, key: &str) {
    apply(sim, Act::Delete { node, key: key.into() });
}

fn tombstones(sim: &Sim) -> u32 {
    engines(sim).map(|engine| engine.state().tombstones()).sum()
}

fn counts(sim: &Sim) -> u64 {
    sim.sent_of_kind(MessageKind::Count).messages + sim.sent_of_kind(MessageKind::Counted).messages
}

/// Writes and deletes a key, and returns how long it took until no node
/// remembered it, and how many messages were sent to find out.
fn forget_one(sim: &mut Sim) -> (u64, u64) {
    let (before, last) = (counts(sim), sim.nodes() - 1);
    set(sim, last, "gone", 1);
    run_for(sim, 3_000);
    delete(sim, last / 2, "gone");
    run_for(sim, 100);
    assert!(tombstones(sim) > 0);
    let took = within(sim, FORGOTTEN_MS, "forgotten", |sim| tombstones(sim) == 0);
    assert!(engines(sim).all(|engine| engine.state().is_empty()));
    run_for(sim, 15_000);
    let after = counts(sim);
    run_for(sim, 15_000);
    assert_eq!(counts(sim), after, "nobody counts where there is nothing to forget");
    (took.as_millis(), after - before)
}

#[test]
fn a_hundred_nodes_forget_within_half_a_minute() {
    let mut sim = start(Scenario { nodes: 100, ..Scenario::default() });
    run_for(&mut sim, 2_000);
    assert_eq!(counts(&sim), 0);
    let (took_ms, messages) = forget_one(&mut sim);
    println!("forgotten after {took_ms} ms, {messages} messages");
    // One count finds that all have seen it; by the next everyone knows.
    assert!(messages <= 3 * 2 * 99, "{messages} messages");
}

#[test]
fn every_strategy_forgets_even_where_frames_are_lost() {
    for strategy in [Strategy::Hybrid, Strategy::Plumtree, Strategy::Random, Strategy::Tree] {
        for loss_ppm in [0, 50_000] {
            // A pure tree repairs nothing: what it loses stays lost.
            if strategy == Strategy::Tree && loss_ppm > 0 {
                continue;
            }
            let tuning = Tuning { strategy, ..Tuning::default() };
            let network = Network { loss_ppm, ..Network::default() };
            let mut sim = start(Scenario { nodes: 25, tuning, network, ..Scenario::default() });
            run_for(&mut sim, 2_000);
            let (took_ms, messages) = forget_one(&mut sim);
            println!("{strategy:?}, loss {loss_ppm}: {took_ms} ms, {messages} messages");
        }
    }
}

/// Deletes on both sides of a partition, and members that were down or away
/// meanwhile and return with what everyone else has forgotten.
#[test]
fn nothing_deleted_comes_back_after_crashes_and_a_partition() {
    for seed in 1..=6 {
        let mut sim = start(Scenario { nodes: 20, seed, ..Scenario::default() });
        run_for(&mut sim, 2_000);
        (0..20).for_each(|n| set(&mut sim, n, &format!("key-{n:02}"), n));
        within(&mut sim, 5_000, "equal", Sim::is_converged);
        // The first member counts: that it crashes too must not hold anyone up.
        apply(&mut sim, Act::Crash { node: 0 });
        apply(&mut sim, Act::Crash { node: 19 });
        apply(&mut sim, Act::Partition { groups: vec![vec![3, 5, 7, 11]] });
        run_for(&mut sim, 1_000);
        (0..6).for_each(|n| delete(&mut sim, 1, &format!("key-{n:02}")));
        (4..10).for_each(|n| delete(&mut sim, 5, &format!("key-{n:02}")));
        set(&mut sim, 7, "key-07", "written again");
        set(&mut sim, 2, "key-05", "written again");
        let took = within(&mut sim, 60_000, "forgotten on both sides", |sim| tombstones(sim) == 0);
        println!("seed {seed}: forgotten on both sides after {took}");
        apply(&mut sim, Act::Heal);
        apply(&mut sim, Act::Restart { node: 0, data: true, moved: false });
        apply(&mut sim, Act::Restart { node: 19, data: true, moved: false });
        within(&mut sim, 20_000, "equal after all are back", |sim| {
            sim.is_converged() && engines(sim).all(|engine| engine.members().active_count() == 20)
        });
        let stands = |n: u32| n >= 10 || n == 5 || n == 7;
        let expected: Vec<String> = (0..20).filter(|n| stands(*n)).map(|n| format!("key-{n:02}")).collect();
        let readings: Vec<String> = readings_agree(&sim).into_iter().map(|(key, _)| key).collect();
        assert_eq!(readings, expected, "seed {seed}");
        within(&mut sim, FORGOTTEN_MS, "forgotten", |sim| tombstones(sim) == 0);
        assert_eq!(engine(&sim, 0).state().len(), expected.len());
    }
}
