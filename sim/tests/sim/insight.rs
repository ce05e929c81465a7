use crate::support::*;
use rumormill_core::engine::Debt;
use rumormill_core::{LimiterConfig, Strategy, Tuning};
use rumormill_sim::{Act, Scenario, Sim};

fn tuned(strategy: Strategy, nodes: u32) -> Sim {
    let tuning = Tuning { strategy, ..Tuning::default() };
    let mut sim = start(Scenario { nodes, seed: 5, tuning, ..Scenario::default() });
    run_for(&mut sim, 1_000);
    sim
}

#[test]
fn a_path_leads_from_the_writer_hop_by_hop() {
    for strategy in [Strategy::Tree, Strategy::Random, Strategy::Plumtree] {
        let mut sim = tuned(strategy, 30);
        set(&mut sim, 4, "color", "red");
        within(&mut sim, 20_000, "informed", |sim| sim.informed() == 30);
        let watch = sim.latest().expect("there was a write");
        for node in 0..30 {
            let path = watch.path(node);
            let learned = watch.learned(node).expect("all are informed");
            assert_eq!((path[0].0, path.len() as u32), (4, learned.hops + 1), "{strategy} {node}");
            for pair in path.windows(2) {
                assert!(pair[1].1.from == pair[0].0 && pair[0].1.at < pair[1].1.at);
                assert!(pair[1].1.by.is_some_and(|(kind, _)| kind.is_payload()));
            }
        }
    }
}

#[test]
fn older_writes_are_watched_on_and_no_more_than_wanted() {
    let mut sim = tuned(Strategy::Hybrid, 10);
    sim.keep_watches(2);
    for key in ["a", "b", "c"] {
        set(&mut sim, 1, key, 1);
    }
    let keys: Vec<&str> = sim.watches().map(|watch| watch.key.as_str()).collect();
    assert_eq!(keys, ["b", "c"]);
    within(&mut sim, 2_000, "informed", |sim| sim.watches().all(|watch| watch.informed() == 10));
    apply(&mut sim, Act::Crash { node: 7 });
    assert!(sim.watches().all(|watch| watch.informed() == 9 && watch.path(7).is_empty()));
}

#[test]
fn a_frame_under_way_tells_what_it_carries() {
    let mut sim = tuned(Strategy::Tree, 7);
    set(&mut sim, 0, "color", "red");
    let watch = sim.latest().expect("there was a write");
    let ids: Vec<u64> = sim.in_flight().filter(|flight| flight.writes > 0).map(|flight| flight.id).collect();
    assert_eq!(ids.len(), 2, "one to each child");
    for id in ids {
        assert!(sim.carries(id, watch));
        let carried = sim.contents(id).expect("it is under way");
        assert_eq!((carried[0].key.as_str(), carried[0].what.as_str()), ("color", "= \"red\""));
    }
    assert!(sim.contents(u64::MAX).is_none());
}

#[test]
fn so_many_landed_frames_are_remembered_as_were_asked_for() {
    let mut sim = tuned(Strategy::Tree, 7);
    assert_eq!(sim.landed().count(), 0);
    sim.keep_landed(4);
    set(&mut sim, 0, "color", "red");
    let sent: Vec<u64> = sim.in_flight().map(|flight| flight.id).collect();
    run_for(&mut sim, 2_000);
    assert_eq!(sim.landed().count(), 4);
    sim.keep_landed(2);
    assert!(sim.landed().count() == 2 && sim.landed().all(|flight| !sent.contains(&flight.id)));
}

#[test]
fn what_a_frame_carried_is_remembered_with_it() {
    let mut sim = tuned(Strategy::Tree, 7);
    sim.keep_landed(100);
    set(&mut sim, 0, "color", "red");
    let ids: Vec<u64> = sim.in_flight().filter(|flight| flight.writes > 0).map(|flight| flight.id).collect();
    run_for(&mut sim, 500);
    for &id in &ids {
        assert!(sim.in_flight().all(|flight| flight.id != id), "it has arrived");
        assert_eq!(sim.contents(id).expect("it is remembered")[0].what, "= \"red\"");
    }
    let kept = sim.landed_bytes();
    assert!(kept > 0);
    sim.keep_landed(0);
    assert_eq!((sim.landed_bytes(), sim.contents(ids[0])), (0, None));
}

#[test]
fn what_frames_carried_is_kept_within_bounds() {
    let mut sim = tuned(Strategy::Tree, 3);
    sim.keep_landed(2_000);
    let long = "x".repeat(60_000);
    for number in 0..60 {
        set(&mut sim, 0, &format!("key {number}"), long.as_str());
        run_for(&mut sim, 200);
    }
    assert!((3_000_000..=4_000_000).contains(&sim.landed_bytes()), "{}", sim.landed_bytes());
    let with_writes: Vec<u64> =
        sim.landed().filter(|flight| flight.writes > 0).map(|flight| flight.id).collect();
    assert!(sim.contents(with_writes[0]).is_none(), "the first are forgotten first");
    assert!(sim.contents(*with_writes.last().expect("some came")).is_some());
}

#[test]
fn each_step_of_a_write_is_noted_with_what_it_took() {
    let mut sim = tuned(Strategy::Hybrid, 20);
    sim.keep_steps(100);
    let before = sim.totals();
    set(&mut sim, 0, "color", "red");
    within(&mut sim, 5_000, "informed", |sim| sim.informed() == 20);
    let steps = sim.take_steps();
    assert_eq!(steps.iter().map(|step| step.informed).collect::<Vec<_>>(), (2..=20).collect::<Vec<_>>());
    assert!(steps.iter().all(|step| step.up == 20) && steps.is_sorted_by_key(|step| step.at));
    let learned = sim.latest().expect("it was written").iter().flatten().map(|learned| learned.at);
    assert_eq!(steps.last().map(|step| step.at), learned.max());
    let last = steps.last().expect("there are steps").totals;
    let arrived = last.payload_arrived - before.payload_arrived;
    assert!((19..=last.payload_messages - before.payload_messages).contains(&arrived), "{arrived}");
    assert!(sim.take_steps().is_empty(), "told once");
}

#[test]
fn whose_answer_is_awaited_and_when_a_suspicion_ends_is_told() {
    let mut sim = tuned(Strategy::Hybrid, 10);
    apply(&mut sim, Act::Crash { node: 7 });
    let gone = sim.node(7).id.clone();
    let awaits = |sim: &Sim| (0..7).find(|node| engine(sim, *node).awaited().any(|it| *it.id == gone));
    within(&mut sim, 10_000, "asked", |sim| awaits(sim).is_some());
    let asker = awaits(&sim).expect("it was asked");
    let awaited = engine(&sim, asker).awaited().find(|it| *it.id == gone).expect("it owes an answer");
    // Each engine goes by its own clock.
    let clock = |sim: &Sim| sim.node(asker).clock;
    assert!(awaited.since <= clock(&sim) && awaited.since < awaited.suspected_at);
    within(&mut sim, 20_000, "suspected", |sim| engine(sim, asker).doubts().next().is_some());
    let doubt = engine(&sim, asker).doubts().next().expect("it is suspected");
    assert_eq!(*doubt.id, gone);
    let left_ms = doubt.ends_at.since(clock(&sim)).as_millis();
    assert!(left_ms > 0);
    run_for(&mut sim, left_ms + 1_000);
    assert_eq!(engine(&sim, asker).members().status(&gone), Some(rumormill_core::Status::Down));
    assert_eq!(engine(&sim, asker).doubts().count(), 0);
}

#[test]
fn what_is_denied_is_owed_until_a_token_is_there() {
    let limiter = LimiterConfig::Bucket { capacity: 1, refill_per_s: 1, reserve: 0 };
    let mut sim = tuned(Strategy::Tree, 7);
    apply(&mut sim, Act::Tune(Tuning { strategy: Strategy::Tree, limiter, ..Tuning::default() }));
    let children = engine(&sim, 0).pushes_to();
    assert_eq!(children.len(), 2);
    set(&mut sim, 0, "color", "red");
    set(&mut sim, 0, "color", "blue");
    let debts: Vec<Debt> = children.iter().filter_map(|child| engine(&sim, 0).debt(child)).collect();
    let now = sim.now();
    assert!(!debts.is_empty());
    assert!(debts.iter().all(|debt| debt.payload && debt.denied && debt.token_at.is_some_and(|at| at > now)));
}
