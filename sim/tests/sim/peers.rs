//! What the users of other gossip systems ran into, each as a scenario that
//! ends well here. The names of the projects and the numbers of their reports
//! stand where each begins.

use crate::support::{
    all_alive, apply, counted, engine, engines, ms, run_for, set, start, status_at, within,
};
use rumormill_core::state::store::VALUE_BYTES_MAX;
use rumormill_core::wire::FRAME_BYTES_MAX;
use rumormill_core::{Duration, MessageKind, State, Status, Strategy, Tuning};
use rumormill_sim::checkers::agreement::members_agree;
use rumormill_sim::{Act, Latency, Network, Scenario, Sim, Start, Timed};

fn named(name: &str, nodes: u32) -> Scenario {
    Scenario { name: name.into(), nodes, ..Scenario::default() }
}

fn restart(node: u32, data: bool) -> Act {
    Act::Restart { node, data, moved: false }
}

fn all_know(sim: &Sim, count: u32) -> bool {
    engines(sim).all(|engine| engine.members().active_count() == count)
}

/// foca #15.
#[test]
fn a_node_that_lost_everyone_finds_everyone_again() {
    for strategy in [Strategy::Random, Strategy::Tree, Strategy::Hybrid, Strategy::Plumtree] {
        let tuning = Tuning { strategy, ..Tuning::default() };
        let mut sim = start(Scenario { tuning, ..named("a-node-that-lost-everyone", 12) });
        run_for(&mut sim, 2_000);
        apply(&mut sim, Act::Partition { groups: vec![vec![4]] });
        within(&mut sim, 60_000, "alone", |sim| engine(sim, 4).members().active_count() == 1);
        within(&mut sim, 60_000, "given up", |sim| status_at(sim, 0, 4) == Some(Status::Down));
        set(&mut sim, 4, "color", "red");
        run_for(&mut sim, 120_000);
        apply(&mut sim, Act::Heal);
        within(&mut sim, 3_000, "alive", all_alive);
        within(&mut sim, 3_000, "informed", |sim| sim.informed() == 12);
    }
}

/// foca #15, the second half.
#[test]
fn a_lost_join_does_not_leave_a_list_short() {
    for seed in 1..=5 {
        let network = Network { loss_ppm: 300_000, ..Network::default() };
        let scenario = named("a-lost-join", 20);
        let mut sim = start(Scenario { seed, network, start: Start::Join, ..scenario });
        within(&mut sim, 10_000, "complete", |sim| all_know(sim, 20));
    }
}

/// hashicorp/memberlist #311.
#[test]
fn a_mass_restart_does_not_make_incarnations_fight() {
    const NODES: u32 = 100;
    for data in [false, true] {
        let mut sim = start(named("a-mass-restart", NODES));
        run_for(&mut sim, 2_000);
        for node in 0..NODES {
            apply(&mut sim, Act::Crash { node });
        }
        for node in 0..NODES {
            apply(&mut sim, restart(node, data));
        }
        within(&mut sim, 10_000, "of one mind", |sim| all_know(sim, NODES) && members_agree(sim));
        let lives = |sim: &Sim| -> Vec<u64> {
            engine(sim, 0).members().iter().map(|member| member.incarnation.0).collect()
        };
        let before = lives(&sim);
        run_for(&mut sim, 30_000);
        assert_eq!(lives(&sim), before, "nobody has anything to deny");
        assert!(
            engines(&sim).map(|engine| engine.stats().refutations).sum::<u64>() <= u64::from(NODES),
            "once each"
        );
    }
}

/// hashicorp/memberlist #253.
#[test]
fn those_who_left_are_reaped_and_joins_go_on() {
    let tuning = Tuning { forget_us: Duration::from_secs(30), ..Tuning::default() };
    let mut sim = start(Scenario { tuning, ..named("left-and-reaped", 40) });
    run_for(&mut sim, 2_000);
    for node in 10..40 {
        apply(&mut sim, Act::Leave { node });
        run_for(&mut sim, 200);
    }
    within(&mut sim, 60_000, "forgotten", |sim| engines(sim).all(|engine| engine.members().len() == 10));
    for node in 10..40 {
        apply(&mut sim, restart(node, false));
    }
    within(&mut sim, 5_000, "back", |sim| all_know(sim, 40) && members_agree(sim));
}

/// hashicorp/memberlist #157 and #171.
#[test]
fn the_same_name_at_a_new_address_is_the_same_member() {
    for pause in [0, 20_000] {
        let mut sim = start(named("same-name-new-address", 10));
        run_for(&mut sim, 2_000);
        apply(&mut sim, Act::Crash { node: 3 });
        run_for(&mut sim, pause);
        apply(&mut sim, Act::Restart { node: 3, data: false, moved: true });
        within(&mut sim, 5_000, "known at its new address", |sim| {
            let id = sim.node(3).id;
            engines(sim).all(|engine| {
                let held = engine.members().member(id);
                held.is_some_and(|held| {
                    held.status == Status::Alive
                        && held.address.as_ref().is_some_and(|address| address.as_str().contains("-2.sim"))
                })
            })
        });
        set(&mut sim, 3, "color", "red");
        within(&mut sim, 2_000, "informed", |sim| sim.informed() == 10);
    }
}

/// chitchat #119: the small change must not wait behind the large state.
#[test]
fn a_node_that_returns_to_ten_megabytes_is_alive_and_up_to_date_meanwhile() {
    let network = Network { bandwidth_bytes_per_s: 2_000_000, ..Network::default() };
    let mut sim = start(Scenario { network, ..named("ten-megabytes-behind", 4) });
    let value = "x".repeat(50_000);
    for n in 0..200 {
        set(&mut sim, n % 4, &format!("large-{n:03}"), value.as_str());
        run_for(&mut sim, 100);
    }
    within(&mut sim, 60_000, "converged", Sim::is_converged);
    apply(&mut sim, Act::Crash { node: 2 });
    run_for(&mut sim, 1_000);
    apply(&mut sim, restart(2, false));
    run_for(&mut sim, 1_000);
    set(&mut sim, 0, "small", "change");
    let key = rumormill_core::state::store::Key::new("small").expect("valid");
    within(&mut sim, 2_000, "told of the small change", |sim| {
        engine(sim, 2).state().register(&key).is_some()
    });
    assert!(engine(&sim, 2).state().len() < 200, "the large state is still under way");
    within(&mut sim, 30_000, "up to date", Sim::is_converged);
    assert_eq!(status_at(&sim, 0, 2), Some(Status::Alive));
}

/// quickwit #6653, chitchat's digest past 500 nodes.
#[test]
fn more_than_five_hundred_writers_fit_into_one_small_digest() {
    const NODES: u32 = 520;
    let mut sim = start(named("five-hundred-writers", NODES));
    sim.keep_trace(0);
    for node in 0..NODES {
        apply(&mut sim, Act::Increment { node, key: "n".into(), by: 1 });
    }
    within(&mut sim, 20_000, "converged", |sim| counted(sim, i64::from(NODES)));
    apply(&mut sim, Act::Crash { node: 7 });
    apply(&mut sim, restart(7, false));
    within(&mut sim, 5_000, "counted again", |sim| counted(sim, i64::from(NODES)));
    let digests = sim.sent_of_kind(MessageKind::Digest);
    assert!(digests.messages > 0);
    let mean = digests.bytes / digests.messages;
    assert!(mean < 16_384, "{mean} bytes for {NODES} writers");
}

/// chitchat #161 and #23.
#[test]
fn dead_incarnations_are_not_gossiped_for_ever() {
    let tuning = Tuning { forget_us: Duration::from_secs(20), ..Tuning::default() };
    let mut sim = start(Scenario { tuning, ..named("dead-incarnations", 6) });
    let quiet_bytes = |sim: &mut Sim| {
        let before = sim.totals().bytes;
        run_for(sim, 20_000);
        sim.totals().bytes - before
    };
    run_for(&mut sim, 5_000);
    let before = quiet_bytes(&mut sim);
    for life in 0..60 {
        let node = 1 + life % 5;
        set(&mut sim, node, &format!("k{}", life % 7), life);
        run_for(&mut sim, 200);
        apply(&mut sim, Act::Crash { node });
        apply(&mut sim, restart(node, false));
        run_for(&mut sim, 1_000);
    }
    within(&mut sim, 30_000, "of one mind", |sim| sim.is_converged() && members_agree(sim));
    run_for(&mut sim, 30_000);
    let after = quiet_bytes(&mut sim);
    assert!(engines(&sim).all(|engine| engine.members().len() == 6), "a life is not a member");
    assert!(after < before * 2, "{before} bytes in quiet before sixty restarts, {after} after");
}

/// iroh-gossip #131, #99 and #96.
#[test]
fn what_is_too_large_is_refused_in_words_and_what_is_not_arrives() {
    let mut sim = start(named("oversize", 5));
    run_for(&mut sim, 1_000);
    let largest = "x".repeat(VALUE_BYTES_MAX - 64);
    set(&mut sim, 0, "large", largest.as_str());
    within(&mut sim, 1_000, "informed", |sim| sim.informed() == 5);
    let hash = |sim: &Sim| engine(sim, 0).state().hash();
    let before = hash(&sim);
    let beyond = Act::Set { node: 0, key: "larger".into(), value: "x".repeat(VALUE_BYTES_MAX + 1).into() };
    let refused = sim.apply(beyond).expect_err("over the limit").to_string();
    assert!(refused.contains(&VALUE_BYTES_MAX.to_string()), "{refused}");
    assert_eq!(hash(&sim), before);
    const { assert!(VALUE_BYTES_MAX * 2 < FRAME_BYTES_MAX, "each allowed value fits into a frame") };
}

/// iroh-gossip #47.
#[test]
fn a_flood_over_narrow_links_leaves_every_node_responsive() {
    let network = Network { bandwidth_bytes_per_s: 50_000, ..Network::default() };
    let mut sim = start(Scenario { network, ..named("backpressure", 8) });
    run_for(&mut sim, 2_000);
    let value = "x".repeat(1_000);
    for turn in 0..3_000_u32 {
        set(&mut sim, turn % 8, &format!("k{}", turn % 100), value.as_str());
        run_for(&mut sim, 5);
    }
    assert!(
        engines(&sim).all(|engine| engine.members().active_count() == 8),
        "200 kB/s of writes over 50 kB/s, and nobody is taken for dead"
    );
    within(&mut sim, 30_000, "converged", Sim::is_converged);
    within(&mut sim, 15_000, "alive", all_alive);
}

/// iroh-gossip #155.
#[test]
fn a_link_that_broke_and_came_back_carries_on() {
    for down in [500, 5_000, 60_000] {
        let mut sim = start(named("reconnect", 2));
        run_for(&mut sim, 2_000);
        apply(&mut sim, Act::CutLink { a: 0, b: 1 });
        set(&mut sim, 0, "color", "red");
        run_for(&mut sim, down);
        apply(&mut sim, Act::Heal);
        within(&mut sim, 4_000, "informed", |sim| sim.informed() == 2);
        within(&mut sim, 4_000, "alive", all_alive);
    }
}

/// consul #5567, serf #269.
#[test]
fn members_that_flap_cause_no_storm() {
    let quiet = {
        let mut sim = start(named("flapping-quiet", 50));
        run_for(&mut sim, 60_000);
        sim.totals()
    };
    let churn = Act::Churn {
        nodes: (40..50).collect(),
        up_us: Duration::from_secs(2),
        down_us: Duration::from_secs(2),
        data: true,
        until_us: Duration::from_secs(60),
    };
    let acts = vec![Timed { at_us: Duration::ZERO, act: churn }];
    let mut sim = start(Scenario { acts, ..named("flapping-members", 50) });
    run_for(&mut sim, 60_000);
    let storm = sim.totals();
    let flaps = 10 * 60 / 4;
    let extra = storm.messages.saturating_sub(quiet.messages) / flaps;
    assert!(extra < 50 * 50, "{extra} messages for each return of one of 50 members");
    within(&mut sim, 30_000, "calm", |sim| all_know(sim, sim.up()) && members_agree(sim));
    assert!((0..40).all(|node| status_at(&sim, 0, node) == Some(Status::Alive)), "the steady ones were");
}

/// alertmanager #1412.
#[test]
fn a_large_state_reaches_a_newcomer_whole() {
    let mut sim = start(named("large-state", 4));
    apply(&mut sim, Act::Crash { node: 3 });
    let value = "x".repeat(60_000);
    for n in 0..100 {
        set(&mut sim, n % 3, &format!("large-{n:03}"), value.as_str());
        run_for(&mut sim, 20);
    }
    apply(&mut sim, restart(3, false));
    within(&mut sim, 10_000, "converged", Sim::is_converged);
    assert_eq!(engine(&sim, 3).state().len(), 100);
}

/// scalecube #263.
#[test]
fn news_comes_to_rest_however_slow_the_links() {
    for strategy in [Strategy::Random, Strategy::Tree, Strategy::Hybrid, Strategy::Plumtree] {
        let network = Network { latency: Latency::Fixed(ms(3_000)), ..Network::default() };
        let tuning = Tuning { strategy, ..Tuning::default() };
        let mut sim = start(Scenario { network, tuning, ..named("slow-links", 20) });
        run_for(&mut sim, 30_000);
        set(&mut sim, 0, "color", "red");
        within(&mut sim, 200_000, "converged", |sim| sim.is_converged() && sim.informed() == 20);
        run_for(&mut sim, 20_000);
        let payload = sim.totals().payload_messages;
        run_for(&mut sim, 120_000);
        assert_eq!(sim.totals().payload_messages, payload, "{strategy}: nothing is left to say");
    }
}
