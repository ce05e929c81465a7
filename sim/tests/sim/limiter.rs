use crate::checkers::agreement::{read_the_same, readings_agree};
use crate::checkers::limit::{within_bucket, within_windows};
use crate::support::{apply, at, engines, ms, run_for, set, start, within};
use rumormill_core::{LimiterConfig, Strategy, Tuning};
use rumormill_sim::{Act, Scenario, Sim};

fn limited(limiter: LimiterConfig, strategy: Strategy, nodes: u32) -> Sim {
    let tuning = Tuning { limiter, strategy, fanout: 2, ..Tuning::default() };
    let mut sim = start(Scenario { nodes, tuning, ..Scenario::default() });
    sim.keep_trace(u32::MAX);
    sim
}

/// Many more writes than tokens: every node writes every 20 ms.
fn write_a_lot(sim: &mut Sim) {
    for turn in 0..100 {
        for node in (0..sim.nodes()).filter(|node| (node + turn) % 5 == 0) {
            set(sim, node, &format!("key-{}", turn % 7), turn);
            apply(sim, Act::Increment { node, key: "writes".into(), by: 1 });
        }
        run_for(sim, 20);
    }
}

#[test]
fn a_bucket_is_never_overdrawn_and_what_it_denies_arrives_later() {
    for strategy in [Strategy::Random, Strategy::Tree, Strategy::Hybrid, Strategy::Plumtree] {
        let limiter = LimiterConfig::Bucket { capacity: 12, refill_per_s: 6, reserve: 3 };
        let mut sim = limited(limiter, strategy, 20);
        run_for(&mut sim, 1_000);
        write_a_lot(&mut sim);
        // A tree alone never compares states, so what was superseded on its way stays unseen for some.
        within(&mut sim, 60_000, "of one mind", |sim| {
            read_the_same(sim) && (sim.is_converged() || !strategy.repairs())
        });
        assert!(readings_agree(&sim).contains(&("writes".into(), "400".into())));
        let most = within_bucket(&sim.take_trace(), 12, 6);
        assert!(most > 12, "{strategy}: nobody came near the limit: {most}");
        assert!(sim.totals().denials > 20, "{strategy}: {:?}", sim.totals());
    }
}

#[test]
fn a_window_is_never_overdrawn_and_what_it_denies_arrives_later() {
    let limiter = LimiterConfig::Window { tokens: 10, period_us: ms(2_000), reserve: 4 };
    let mut sim = limited(limiter, Strategy::Hybrid, 10);
    run_for(&mut sim, 1_000);
    write_a_lot(&mut sim);
    within(&mut sim, 60_000, "converged", Sim::is_converged);
    readings_agree(&sim);
    assert_eq!(within_windows(&sim.take_trace(), 10, ms(2_000)), 10, "the windows were used up");
    assert!(sim.totals().denials > 0);
}

/// A storm of rumors uses up what eager sends may have; repair has its reserve.
#[test]
fn a_tree_that_uses_up_its_tokens_does_not_starve_repair() {
    let limiter = LimiterConfig::Bucket { capacity: 10, refill_per_s: 4, reserve: 6 };
    let mut sim = limited(limiter, Strategy::Hybrid, 16);
    run_for(&mut sim, 1_000);
    write_a_lot(&mut sim);
    within(&mut sim, 60_000, "converged", Sim::is_converged);
    within_bucket(&sim.take_trace(), 10, 4);
}

#[test]
fn a_limit_of_zero_sends_nothing_and_believes_nobody_dead() {
    for limiter in [
        LimiterConfig::Bucket { capacity: 0, refill_per_s: 10, reserve: 0 },
        LimiterConfig::Window { tokens: 0, period_us: ms(1_000), reserve: 0 },
    ] {
        let mut sim = limited(limiter, Strategy::Hybrid, 10);
        run_for(&mut sim, 500);
        set(&mut sim, 3, "color", "red");
        sim.run_until(at(20_000), u32::MAX);
        assert_eq!(within_bucket(&sim.take_trace(), 0, 0), 0);
        assert_eq!((sim.informed(), sim.totals().payload_messages), (1, 0));
        assert!(engines(&sim).all(|engine| engine.members().active_count() == 10));

        let free = Tuning { limiter: LimiterConfig::Unlimited, ..Tuning::default() };
        apply(&mut sim, Act::Tune(free));
        within(&mut sim, 2_000, "informed, once tokens are there", |sim| sim.informed() == 10);
    }
}
