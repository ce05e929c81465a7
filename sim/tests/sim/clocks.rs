use crate::support::{all_alive, apply, counted, engines, increment, run_for, set, start, within};
use rumormill_core::state::store::Key;
use rumormill_core::{Duration, Engine, State, Store};
use rumormill_sim::{Act, Scenario, Sim};

/// The broken clock's own writes win for as long as nobody who has seen them
/// writes; it does not pull the others' clocks along.
#[test]
fn a_clock_an_hour_ahead_poisons_nothing_for_good() {
    let hour = Duration::from_secs(3_600);
    let mut sim = start(Scenario { nodes: 5, ..Scenario::default() });
    run_for(&mut sim, 1_000);
    apply(&mut sim, Act::Clock { node: 4, skew_us: hour.as_micros() as i64 });
    assert_eq!(sim.node(4).clock.since(sim.node(0).clock), hour);
    run_for(&mut sim, 1_000);
    set(&mut sim, 4, "color", "from the future");
    within(&mut sim, 5_000, "informed", |sim| sim.informed() == 5);
    let unbelievable = engines(&sim).map(|engine| engine.state().unbelievable_stamps()).max();
    assert!(unbelievable > Some(0), "it was noticed");
    set(&mut sim, 1, "color", "red");
    within(&mut sim, 5_000, "informed", |sim| sim.informed() == 5);
    within(&mut sim, 5_000, "converged", Sim::is_converged);
    assert!(engines(&sim).all(|engine| read(engine, "color") == "red"), "a write that had seen it wins");
    set(&mut sim, 2, "other", "blue");
    set(&mut sim, 4, "more", "from the future");
    run_for(&mut sim, 3_000);
    assert!(all_alive(&sim), "and nobody took anybody for dead");
}

#[test]
fn clocks_that_are_off_and_go_wrong_confuse_nobody() {
    let second = 1_000_000;
    for seed in 1..=3 {
        let mut sim = start(Scenario { nodes: 6, seed, ..Scenario::default() });
        for (node, skew_us) in
            [(0, 50 * second), (1, -50 * second), (2, -3_600 * second), (3, 7_200 * second)]
        {
            apply(&mut sim, Act::Crash { node });
            apply(&mut sim, Act::Clock { node, skew_us });
            apply(&mut sim, Act::Restart { node, data: true, moved: false });
        }
        apply(&mut sim, Act::Drift { node: 4, ppm: 100_000 });
        apply(&mut sim, Act::Drift { node: 5, ppm: -100_000 });
        run_for(&mut sim, 5_000);
        for turn in 0..60 {
            increment(&mut sim, turn % 6);
            set(&mut sim, turn % 6, "color", turn);
            run_for(&mut sim, 500);
        }
        within(&mut sim, 5_000, "counted", |sim| counted(sim, 60));
        within(&mut sim, 5_000, "converged", Sim::is_converged);
        within(&mut sim, 5_000, "alive", all_alive);
        let rounds: Vec<u64> = engines(&sim).map(|engine| engine.stats().rounds).collect();
        assert!(rounds[4] > rounds[5] * 11 / 10, "a fast clock has more rounds: {rounds:?}");
    }
}

/// Times to live end by each node's own clock.
#[test]
fn what_ends_by_itself_ends_everywhere() {
    let mut sim = start(Scenario { nodes: 5, ..Scenario::default() });
    apply(&mut sim, Act::Drift { node: 3, ppm: 50_000 });
    run_for(&mut sim, 1_000);
    let ttl_us = Duration::from_secs(20);
    apply(&mut sim, Act::SetFor { node: 0, key: "here".into(), value: "yes".into(), ttl_us });
    within(&mut sim, 2_000, "informed", |sim| sim.informed() == 5);
    assert!(engines(&sim).all(|engine| read(engine, "here") == "yes"));
    run_for(&mut sim, 25_000);
    assert!(engines(&sim).all(|engine| read(engine, "here").is_empty()));
    assert!(sim.is_converged());
}

fn read(engine: &Engine<Store>, key: &str) -> String {
    let key = Key::new(key).expect("a valid key");
    let value = engine.state().register(&key).map(|value| value.to_json());
    value.and_then(|json| json.as_str().map(str::to_owned)).unwrap_or_default()
}
