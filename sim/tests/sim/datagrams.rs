use crate::support::{all_alive, apply, at, counted, engines, increment, ms, run_for, set, start, within};
use rumormill_core::event::{Event, TraceEvent};
use rumormill_core::wire::CloseCode;
use rumormill_core::{Duration, Instant, Strategy, Tuning};
use rumormill_sim::{Act, Latency, Network, Scenario, Sim, Timed};

#[test]
fn frames_that_come_twice_late_or_never_count_once() {
    let network =
        Network { duplicate_ppm: 300_000, reorder_ppm: 300_000, loss_ppm: 100_000, ..Network::default() };
    for strategy in [Strategy::Random, Strategy::Hybrid] {
        for seed in 1..=5 {
            let tuning = Tuning { strategy, ..Tuning::default() };
            let mut sim = start(Scenario { nodes: 12, seed, tuning, network, ..Scenario::default() });
            for turn in 0..120 {
                increment(&mut sim, turn % 12);
                set(&mut sim, turn * 5 % 12, &format!("k{}", turn % 7), turn);
                run_for(&mut sim, 50);
            }
            within(&mut sim, 60_000, "counted", |sim| counted(sim, 120));
            within(&mut sim, 60_000, "converged", Sim::is_converged);
            let totals = sim.totals();
            let tenth = totals.messages / 10;
            assert!(totals.duplicated > tenth && totals.lost > tenth / 2, "seed {seed}: {totals:?}");
            assert!(
                engines(&sim).all(|engine| engine.stats().closed(CloseCode::Malformed) == 0),
                "none was a bad one"
            );
        }
    }
}

/// A way around the cut is all that the state needs; and TCP is no better off
/// with one way than with none.
#[test]
fn a_link_that_is_cut_one_way_is_lost_and_news_goes_around_it() {
    let mut sim = start(Scenario { nodes: 5, ..Scenario::default() });
    run_for(&mut sim, 2_000);
    apply(&mut sim, Act::CutOneWay { from: 0, to: 1 });
    assert!(sim.is_cut(0, 1) && sim.is_cut(1, 0) && !sim.is_cut(0, 2));
    for (turn, node) in [0, 1, 2, 1, 0].into_iter().enumerate() {
        set(&mut sim, node, "color", turn);
        within(&mut sim, 5_000, "informed", |sim| sim.informed() == 5);
    }
    run_for(&mut sim, 10_000);
    let broken = |sim: &mut Sim, node: u32| {
        let id = sim.node(node).id.clone();
        let down = |event: &TraceEvent| matches!(event, TraceEvent::Node(Event::LinkDown { .. }));
        let trace = sim.take_trace();
        trace.iter().filter(|record| record.node.as_ref() == Some(&id) && down(&record.event)).count()
    };
    assert!(broken(&mut sim, 0) > 0);
    apply(&mut sim, Act::Heal);
    within(&mut sim, 15_000, "alive", all_alive);
    within(&mut sim, 5_000, "converged", Sim::is_converged);
}

#[test]
fn a_delayed_link_delays_only_itself() {
    let latency = Latency::Fixed(ms(10));
    let tuning = Tuning { strategy: Strategy::Tree, ..Tuning::default() };
    let network = Network { latency, ..Network::default() };
    let mut sim = start(Scenario { nodes: 3, tuning, network, ..Scenario::default() });
    run_for(&mut sim, 1_000);
    let learned = |sim: &mut Sim| {
        set(sim, 0, "color", sim.now().as_micros());
        within(sim, 2_000, "informed", |sim| sim.informed() == 3);
        let watch = sim.latest().expect("there was a write");
        [1, 2].map(|node| watch.learned(node).expect("it is informed").at.since(watch.at))
    };
    assert_eq!(learned(&mut sim), [ms(10), ms(10)]);
    apply(&mut sim, Act::DelayLink { a: 1, b: 0, latency: Some(Latency::Fixed(ms(300))) });
    let [far, near] = learned(&mut sim);
    assert_eq!(near, ms(10));
    assert!(far > ms(10), "around through node 2, or straight: {far}");
    apply(&mut sim, Act::DelayLink { a: 0, b: 1, latency: None });
    run_for(&mut sim, 1_000);
    assert_eq!(learned(&mut sim), [ms(10), ms(10)]);
}

#[test]
fn frames_leave_one_after_the_other_at_the_rate_of_the_link() {
    let bandwidth = 1_000_000;
    let latency = Latency::Fixed(ms(10));
    let network = Network { latency, bandwidth_bytes_per_s: bandwidth, ..Network::default() };
    let tuning = Tuning { strategy: Strategy::Tree, ..Tuning::default() };
    let mut sim = start(Scenario { nodes: 2, tuning, network, ..Scenario::default() });
    run_for(&mut sim, 900);
    for n in 0..10 {
        set(&mut sim, 0, &format!("k{n}"), "x".repeat(20_000));
    }
    let mut arrivals: Vec<(Instant, u64)> = Vec::new();
    let frames = sim.in_flight().filter(|frame| frame.kind.is_payload() && frame.from == 0);
    arrivals.extend(frames.map(|frame| (frame.arrives_at, u64::from(frame.bytes))));
    assert!(arrivals.len() >= 5, "{arrivals:?}");
    for pair in arrivals.windows(2) {
        let (gap, bytes) = (pair[1].0.since(pair[0].0).as_micros(), pair[1].1);
        assert_eq!(gap, bytes * 1_000_000 / bandwidth, "{arrivals:?}");
    }
    within(&mut sim, 2_000, "converged", Sim::is_converged);
}

#[test]
fn a_link_flaps_until_it_is_told_to_end_and_is_up_then() {
    let flap = Act::Flap { a: 1, b: 0, up_us: ms(300), down_us: ms(200), until_us: Duration::from_secs(20) };
    let acts = vec![Timed { at_us: Duration::from_secs(1), act: flap }];
    let mut sim = start(Scenario { nodes: 4, acts, ..Scenario::default() });
    sim.keep_trace(u32::MAX);
    let (mut turns, mut was_cut) = (0, false);
    while sim.now() < at(20_000) {
        increment(&mut sim, 0);
        run_for(&mut sim, 100);
        turns += u32::from(sim.is_cut(0, 1) != was_cut);
        was_cut = sim.is_cut(0, 1);
    }
    assert!(turns >= 20, "{turns} turns in 19 s");
    let mended = |trace: &[rumormill_core::TraceRecord]| {
        trace.iter().filter(|record| matches!(record.event, TraceEvent::Mended(_))).count()
    };
    assert!(mended(&sim.take_trace()) >= 20);
    assert!(!sim.has_cuts());
    within(&mut sim, 10_000, "counted", |sim| counted(sim, 200));
    within(&mut sim, 15_000, "alive", all_alive);
    assert_eq!(mended(&sim.take_trace()), 0);
}

#[test]
fn a_heal_ends_flapping() {
    let mut sim = start(Scenario { nodes: 3, ..Scenario::default() });
    let second = Duration::from_secs(1);
    apply(&mut sim, Act::Flap { a: 0, b: 1, up_us: ms(10), down_us: second, until_us: second * 1_000 });
    run_for(&mut sim, 100);
    assert!(sim.is_cut(0, 1));
    apply(&mut sim, Act::Heal);
    for _ in 0..100 {
        run_for(&mut sim, 100);
        assert!(!sim.has_cuts());
    }
}
