use crate::support::{
    all_alive, apply, at, counted, engine, increment, ms, run_for, set, start, status_at, within,
};
use rumormill_core::{Duration, Status, Tuning};
use rumormill_sim::{Act, ActError, Latency, Network, Scenario, Sim, Timed};

#[test]
fn a_slow_node_does_everything_late_and_in_order() {
    let latency = Latency::Fixed(ms(10));
    let network = Network { latency, ..Network::default() };
    let mut sim = start(Scenario { nodes: 4, network, ..Scenario::default() });
    run_for(&mut sim, 3_000);
    apply(&mut sim, Act::Slow { node: 3, delay_us: ms(200) });
    (0..40).for_each(|_| {
        increment(&mut sim, 0);
        run_for(&mut sim, 20);
    });
    let lag = sim.latest().map(|watch| watch.at).expect("there was a write");
    within(&mut sim, 2_000, "informed", |sim| sim.informed() == 4);
    let learned = sim.latest().and_then(|watch| watch.learned(3)).expect("it is informed");
    assert!(learned.at.since(lag) >= ms(210), "{:?}", learned.at.since(lag));
    assert!(counted(&sim, 40));
    run_for(&mut sim, 20_000);
    assert!(all_alive(&sim), "slow is not dead");
    apply(&mut sim, Act::Slow { node: 3, delay_us: Duration::ZERO });
    run_for(&mut sim, 1_000);
    increment(&mut sim, 0);
    let took = within(&mut sim, 1_000, "informed", |sim| sim.informed() == 4);
    assert!(took <= ms(50), "{took}");
}

#[test]
fn a_node_that_was_paused_comes_back_with_all_that_it_had() {
    for seed in 1..=5 {
        let mut sim = start(Scenario { nodes: 8, seed, ..Scenario::default() });
        run_for(&mut sim, 1_000);
        increment(&mut sim, 5);
        apply(&mut sim, Act::Pause { node: 5 });
        assert!(sim.node(5).paused && sim.node(5).up);
        assert_eq!(
            sim.apply(Act::Increment { node: 5, key: "n".into(), by: 1 }),
            Err(ActError::Paused(5)),
            "nobody answers"
        );
        let before = engine(&sim, 5).stats().clone();
        (0..20).for_each(|_| {
            increment(&mut sim, 1);
            run_for(&mut sim, 1_000);
        });
        assert_eq!(
            engine(&sim, 5).stats().rounds,
            before.rounds,
            "seed {seed}: a stopped process does nothing"
        );
        assert_eq!(engine(&sim, 5).stats().received_total(), before.received_total());
        assert_ne!(status_at(&sim, 1, 5), Some(Status::Alive), "seed {seed}: silence was noticed");
        apply(&mut sim, Act::Resume { node: 5 });
        assert_eq!(sim.apply(Act::Resume { node: 5 }), Err(ActError::NotPaused(5)));
        within(&mut sim, 10_000, "counted", |sim| counted(sim, 21));
        within(&mut sim, 20_000, "alive", all_alive);
    }
}

#[test]
fn a_paused_node_can_crash_and_what_waited_for_it_is_gone() {
    let mut sim = start(Scenario { nodes: 4, ..Scenario::default() });
    run_for(&mut sim, 1_000);
    apply(&mut sim, Act::Pause { node: 2 });
    (0..10).for_each(|_| increment(&mut sim, 0));
    run_for(&mut sim, 500);
    let lost = sim.totals().lost;
    apply(&mut sim, Act::Crash { node: 2 });
    assert!(sim.totals().lost > lost, "frames had arrived that nobody will read");
    apply(&mut sim, Act::Restart { node: 2, data: true, moved: false });
    assert!(!sim.node(2).paused);
    within(&mut sim, 10_000, "counted", |sim| counted(sim, 10));
    within(&mut sim, 10_000, "quiet", |sim| !sim.owes_payload());
}

/// A process that stops reading holds up those who write to it, and no more
/// waits for it than its buffers take.
#[test]
fn nobody_fills_the_buffers_of_a_paused_node_without_end() {
    let tuning = Tuning { probe_us: Duration::from_secs(3_600), ..Tuning::default() };
    let mut sim = start(Scenario { nodes: 2, tuning, ..Scenario::default() });
    run_for(&mut sim, 1_000);
    apply(&mut sim, Act::Pause { node: 1 });
    let value = "x".repeat(2_000);
    for turn in 0..2_000 {
        set(&mut sim, 0, &format!("k{}", turn % 200), value.as_str());
        run_for(&mut sim, 5);
    }
    let sent = engine(&sim, 0).stats().sent_total().bytes;
    // 128 KiB unread, and at most 64 frames of up to three rumors beside them.
    assert!(sent < 600_000, "{sent} bytes of four million were handed to the link");
    apply(&mut sim, Act::Resume { node: 1 });
    within(&mut sim, 5_000, "converged", Sim::is_converged);
}

#[test]
fn nothing_written_is_lost_while_nodes_come_and_go_with_their_data() {
    for seed in 1..=3 {
        let churn = Act::Churn {
            nodes: Vec::new(),
            up_us: Duration::from_secs(6),
            down_us: Duration::from_secs(2),
            data: true,
            until_us: Duration::from_secs(60),
        };
        let acts = vec![Timed { at_us: Duration::from_secs(1), act: churn }];
        let mut sim = start(Scenario { nodes: 10, seed, acts, ..Scenario::default() });
        let (mut sum, mut least) = (0, 10);
        while sim.now() < at(60_000) {
            for node in 0..10 {
                let up = sim.node(node).up;
                let outcome = sim.apply(Act::Increment { node, key: "n".into(), by: 1 });
                assert_eq!(outcome.is_ok(), up);
                sum += i64::from(up);
            }
            least = least.min(sim.up());
            run_for(&mut sim, 1_000);
        }
        assert!(least <= 8, "seed {seed}: at least {least} were up all the time");
        assert_eq!(sim.up(), 10, "seed {seed}: all are back at the end");
        within(&mut sim, 20_000, "counted", |sim| counted(sim, sum));
        within(&mut sim, 30_000, "alive", all_alive);
        within(&mut sim, 10_000, "converged", Sim::is_converged);
    }
}
