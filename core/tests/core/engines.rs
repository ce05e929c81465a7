//! A few engines talking to each other: the rules, one by one. Whole-cluster
//! properties under faults are the simulator's.

use crate::net::{Net, address, config, id};
use rumormill_core::state::store::Key;
use rumormill_core::{
    CloseCode, Codec, Duration, Engine, EngineConfig, Event, Input, LimiterConfig, LinkId, MessageKind, Mode,
    Output, Status, Store, Strategy, Text, Tuning, Value,
};

fn key(name: &str) -> Key {
    Key::new(name).expect("a valid key")
}

fn text(value: &str) -> Value {
    Value::text(value).expect("a short value")
}

fn set(net: &mut Net, node: &str, name: &str, value: &str) {
    net.command(node, |engine, now| engine.set(&key(name), text(value), now)).expect("the key is free");
}

fn tuning(strategy: Strategy) -> Tuning {
    Tuning { strategy, ..Tuning::default() }
}

const ABC: [&str; 3] = ["a", "b", "c"];

#[test]
fn every_strategy_and_mode_brings_a_write_to_all() {
    for strategy in [Strategy::Random, Strategy::Tree, Strategy::Hybrid, Strategy::Plumtree] {
        for mode in [Mode::Push, Mode::Pull, Mode::PushPull] {
            for codec in Codec::ALL {
                let mut net = Net::empty();
                net.codec = codec;
                let tuning = Tuning { mode, ..tuning(strategy) };
                for name in ["a", "b", "c", "d", "e"] {
                    net.start(config(name, if name == "a" { &[] } else { &["a"] }, tuning), 1);
                }
                net.run(Duration::from_secs(3));
                set(&mut net, "d", "color", "blue");
                net.run_until("the write is everywhere", |net| net.agree());
                for engine in net.engines.values() {
                    let what = format!("{strategy} {mode} {codec:?}");
                    assert_eq!(engine.state().register(&key("color")), Some(&text("blue")), "{what}");
                    assert_eq!(engine.members().active_count(), 5, "{what}");
                }
            }
        }
    }
}

#[test]
fn the_tree_forwards_at_once_and_only_what_is_new() {
    let mut net = Net::joined(&["a", "b", "c", "d", "e", "f", "g"], tuning(Strategy::Tree));
    net.run(Duration::from_secs(3));
    let rumors = |net: &Net| -> u64 {
        net.engines.values().map(|engine| engine.stats().sent(MessageKind::Rumor).messages).sum()
    };
    let before = rumors(&net);
    set(&mut net, "f", "color", "blue");
    assert!(net.agree(), "no time has passed");
    assert!(rumors(&net) - before <= 2 * 7 - 2, "{} rumors", rumors(&net) - before);
}

#[test]
fn a_newcomer_gets_everything_at_once_through_any_member() {
    let mut net = Net::joined(&ABC, Tuning::default());
    set(&mut net, "a", "color", "blue");
    net.command("b", |engine, now| engine.increment(&key("visits"), 5, now)).expect("in range");
    net.start(config("d", &["c"], Tuning::default()), 1);
    let newcomer = net.engine("d");
    assert_eq!(newcomer.state().register(&key("color")), Some(&text("blue")));
    assert_eq!(newcomer.state().counter(&key("visits")), Some(5));
    assert_eq!(newcomer.members().status(&id("d")), Some(Status::Alive));
    assert_eq!(newcomer.members().active_count(), 4);
    net.run_until("all know the newcomer", Net::agree);
}

#[test]
fn a_join_list_may_name_the_node_itself_and_members_that_come_later() {
    let mut net = Net::empty();
    for name in ABC {
        net.start(config(name, &ABC, Tuning::default()), 1);
    }
    net.run_until("all three know each other", |net| {
        net.engines.values().all(|engine| engine.members().active_count() == 3)
    });
    assert!(net.closes.iter().any(|(_, code)| *code == CloseCode::Myself));
    assert!(net.engines.values().all(|e| e.members().status(e.id()) == Some(Status::Alive)));
}

#[test]
fn another_cluster_at_a_join_address_is_tried_ever_less_often() {
    let mut net = Net::empty();
    net.start(config("a", &[], Tuning::default()), 1);
    let other = EngineConfig { cluster: "other".into(), ..config("b", &["a"], Tuning::default()) };
    net.start(other, 1);
    net.run(Duration::from_secs(120));
    let dials = net.engines[&id("b")].stats().dials;
    // 2 + 4 + 8 + 16 s, then each half minute.
    assert!((5..=9).contains(&dials), "{dials} tries in two minutes");
}

#[test]
fn a_silent_member_goes_down_and_comes_back_in_a_new_life() {
    let mut net = Net::joined(&ABC, Tuning::default());
    net.command("c", |engine, now| engine.increment(&key("visits"), 2, now)).expect("in range");
    net.kill("c");
    let down = |net: &Net, name: &str| net.engine(name).members().status(&id("c")) == Some(Status::Down);
    net.run_until("both hold c to be down", |net| down(net, "a") && down(net, "b"));

    net.start(config("c", &["a"], Tuning::default()), 2);
    assert_eq!(net.engine("a").members().status(&id("c")), Some(Status::Alive), "at once");
    net.command("c", |engine, now| engine.increment(&key("visits"), 3, now)).expect("in range");
    net.run_until("all agree", Net::agree);
    assert_eq!(
        net.engine("b").state().counter(&key("visits")),
        Some(5),
        "the earlier life's increments count"
    );
}

#[test]
fn a_node_that_was_wrongly_held_down_says_so() {
    let mut net = Net::joined(&ABC, Tuning::default());
    net.cut(&["c"], &["a", "b"]);
    net.run_until("c is held down", |net| net.engine("a").members().status(&id("c")) == Some(Status::Down));
    net.run_until("c holds all down", |net| net.engine("c").members().active_count() == 1);
    set(&mut net, "a", "left", "1");
    set(&mut net, "c", "right", "2");
    net.cuts.clear();
    net.run(Duration::from_millis(2_200));
    assert!(net.agree(), "equal within two intervals of the heal");
    assert_eq!(net.engine("b").members().active_count(), 3);
    assert_eq!(net.engine("b").state().register(&key("right")), Some(&text("2")));
    assert_eq!(net.engine("c").state().register(&key("left")), Some(&text("1")));
}

#[test]
fn a_member_that_leaves_is_left_not_down() {
    let mut net = Net::joined(&ABC, Tuning::default());
    net.command("b", |engine, now| engine.leave(now)).expect("it runs");
    assert!(net.command("b", |engine, now| engine.leave(now)).is_err(), "only once");
    for name in ["a", "c"] {
        assert_eq!(net.engine(name).members().status(&id("b")), Some(Status::Left), "{name}, at once");
    }
    net.run(Duration::from_secs(1));
    assert!(net.engine("b").is_stopped());
    assert!(net.events.contains(&(id("b"), Event::Stopped)));
    net.run(Duration::from_secs(10));
    assert_eq!(net.engine("a").members().status(&id("b")), Some(Status::Left));
}

#[test]
fn two_nodes_that_dial_each_other_at_once_settle_on_one_link() {
    let mut net = Net::empty();
    let quick = Tuning { link_idle_us: Duration::from_secs(2), ..Tuning::default() };
    for name in ["a", "b"] {
        net.start(config(name, &[], quick), 1);
    }
    let (a, b) = (address("a"), address("b"));
    let now = net.now;
    net.engines.get_mut(&id("a")).expect("runs").join(b, now);
    net.engines.get_mut(&id("b")).expect("runs").join(a, now);
    net.command("a", |_, _| ());
    net.command("b", |_, _| ());
    assert_eq!(net.engine("a").link_count(), 2);
    set(&mut net, "a", "k", "v");
    assert!(net.agree());
    net.run(Duration::from_secs(12));
    assert_eq!((net.engine("a").link_count(), net.engine("b").link_count()), (1, 1));
    set(&mut net, "b", "k", "w");
    assert!(net.agree());
}

#[test]
fn who_cannot_be_dialled_is_not_dialled_anew_for_every_write() {
    let mut net = Net::joined(&ABC, Tuning::default());
    net.run(Duration::from_secs(3));
    net.kill("b");
    let before = net.engine("a").stats().dials;
    for n in 0..100 {
        set(&mut net, "a", &format!("key-{n}"), "v");
        net.run(Duration::from_millis(10));
    }
    let dials = net.engine("a").stats().dials - before;
    // One at once, then one in a quarter of the time to answer a probe, and the round's own.
    assert!((1..=8).contains(&dials), "{dials} dials in a second");
    net.run_until("the others have it", |net| net.agree());
}

#[test]
fn what_is_taken_in_together_is_passed_on_in_one_message() {
    for (together, expected) in [(false, 50), (true, 1)] {
        let mut net = Net::joined(&ABC, tuning(Strategy::Tree));
        net.run(Duration::from_secs(3));
        net.together = together;
        let passed_on = |net: &Net| net.engine("a").stats().sent(MessageKind::Rumor).messages;
        let before = passed_on(&net);
        net.command("c", |engine, now| {
            for n in 0..50 {
                engine.set(&key(&format!("key-{n}")), text("v"), now).expect("the key is free");
            }
        });
        assert!(net.agree(), "together: {together}");
        assert_eq!(passed_on(&net) - before, expected, "together: {together}");
    }
}

#[test]
fn what_the_limiter_denies_goes_out_later_and_is_counted() {
    let limiter = LimiterConfig::Bucket { capacity: 2, refill_per_s: 1, reserve: 1 };
    let mut net = Net::joined(&ABC, Tuning { limiter, ..Tuning::default() });
    net.run(Duration::from_secs(20));
    for n in 0..50 {
        set(&mut net, "a", &format!("key-{n}"), "v");
    }
    assert!(net.engine("a").stats().denials > 0);
    assert!(net.events.iter().any(|(node, event)| *node == id("a") && matches!(event, Event::Denied { .. })));
    net.run_until("everything arrived all the same", Net::agree);
    assert_eq!(net.engine("c").state().len(), 50);
}

#[test]
fn a_limit_of_zero_sends_no_gossip_and_still_answers_probes() {
    let mut net = Net::joined(&ABC, Tuning::default());
    let limiter = LimiterConfig::Bucket { capacity: 0, refill_per_s: 0, reserve: 0 };
    net.command("a", |engine, now| engine.tune(Tuning { limiter, ..Tuning::default() }, now)).expect("valid");
    let before = net.engine("a").stats().sent(MessageKind::Rumor).messages;
    set(&mut net, "a", "k", "v");
    net.run(Duration::from_secs(30));
    assert_eq!(net.engine("a").stats().sent(MessageKind::Rumor).messages, before);
    assert_eq!(net.engine("b").state().len(), 0);
    assert_eq!(net.engine("b").members().status(&id("a")), Some(Status::Alive));
    net.command("a", |engine, now| engine.tune(Tuning::default(), now)).expect("valid");
    net.run_until("it all comes out once there are tokens", Net::agree);
    assert_eq!(net.engine("b").state().len(), 1);
}

#[test]
fn strategies_change_while_running() {
    let mut net = Net::joined(&ABC, tuning(Strategy::Random));
    set(&mut net, "a", "k", "1");
    assert!(!net.agree(), "random waits for its round");
    for name in ABC {
        net.command(name, |engine, now| engine.tune(tuning(Strategy::Tree), now)).expect("valid");
    }
    net.run_until("the first write is not forgotten", Net::agree);
    set(&mut net, "b", "k", "2");
    assert!(net.agree(), "the tree does not wait");
    let bad = Tuning { fanout: 1_000, ..Tuning::default() };
    assert!(net.command("a", |engine, now| engine.tune(bad, now)).is_err());
    assert_eq!(net.engine("a").config().tuning.strategy, Strategy::Tree, "as it was");
}

#[test]
fn a_large_state_travels_in_parts() {
    let mut net: Net = Net::empty();
    net.start(config("a", &[], Tuning::default()), 1);
    let large = "x".repeat(60_000);
    for n in 0..40 {
        set(&mut net, "a", &format!("key-{n:02}"), &large);
    }
    net.start(config("b", &["a"], Tuning::default()), 1);
    net.run(Duration::from_secs(1));
    assert!(net.agree());
    let sent = net.engine("a").stats().sent(MessageKind::Delta);
    assert!(sent.messages >= 40, "{sent:?}");
    assert!(sent.bytes < 2_600_000, "each value once: {sent:?}");
}

#[test]
fn a_text_is_gossiped_by_the_same_engine() {
    let mut net: Net<Text> = Net::empty();
    for name in ABC {
        let join: &[&str] = if name == "a" { &[] } else { &["a"] };
        net.add(config(name, join, Tuning::default()), Text::new(id(name), 1));
    }
    let write = |engine: &mut Engine<Text>, now| {
        engine.write(now, |state| state.set("hello", now).map(|merged| ((), merged)))
    };
    net.command("b", write).expect("short");
    net.run(Duration::from_secs(2));
    assert!(net.engines.values().all(|engine| engine.state().value() == "hello"));
}

#[test]
fn a_second_node_of_the_same_name_is_told_so() {
    let mut net = Net::joined(&ABC, Tuning::default());
    let mut twin = config("a", &["b"], Tuning::default());
    twin.address = Some(address("elsewhere"));
    // The net names nodes by their ids, so the twin is played by hand.
    twin.join.clear();
    let mut engine = Engine::new(twin, Store::new(id("a"), 1), 9, net.now).expect("valid");
    let link = LinkId::Accepted(77);
    engine.handle(Input::LinkUp { link, codec: Codec::Postcard }, net.now);
    let hello = std::iter::from_fn(|| engine.poll()).find_map(|output| match output {
        Output::Send { frame, .. } => Some(frame),
        _ => None,
    });
    net.hand("a", Input::LinkUp { link: LinkId::Accepted(1_000), codec: Codec::Postcard });
    let frame = hello.expect("a greeting comes first");
    net.hand("a", Input::Received { link: LinkId::Accepted(1_000), frame });
    assert!(net.closes.contains(&(id("a"), CloseCode::NameTaken)));
    assert!(net.events.iter().any(|(_, event)| matches!(event, Event::NameTaken { kept: true, .. })));
}

#[test]
fn early_repeated_and_foreign_inputs_do_nothing() {
    let mut net = Net::joined(&ABC, Tuning::default());
    let (rounds, deadline) = (net.engine("a").stats().rounds, net.engine("a").deadline());
    for _ in 0..10 {
        net.hand("a", Input::Timeout);
    }
    let stranger = LinkId::Dialed(9_999);
    net.hand("a", Input::Sent { link: stranger });
    net.hand("a", Input::LinkUp { link: stranger, codec: Codec::Json });
    net.hand("a", Input::Received { link: stranger, frame: vec![1, 2, 3].into() });
    net.hand("a", Input::LinkDown { link: stranger, reason: "never was".into() });
    assert_eq!(net.engine("a").stats().rounds, rounds);
    assert_eq!(net.engine("a").deadline(), deadline);
}

#[test]
fn the_same_seed_and_inputs_give_the_same_outputs() {
    let run = || {
        let mut net = Net::joined(&["a", "b", "c", "d"], Tuning::default());
        set(&mut net, "c", "k", "v");
        net.kill("d");
        net.run(Duration::from_secs(20));
        net.events
    };
    assert_eq!(run(), run());
}

#[test]
fn members_answer_a_survey_in_turn() {
    let mut net = Net::joined(&["a", "b", "c", "d"], Tuning::default());
    set(&mut net, "d", "k", "v");
    net.command("a", |engine, now| engine.survey(2, now));
    assert_eq!(net.engine("a").reports().len(), 2);
    net.command("a", |engine, now| engine.survey(2, now));
    let reports = net.engine("a").reports();
    assert_eq!(reports.keys().map(|id| id.as_str()).collect::<Vec<_>>(), ["b", "c", "d"]);
    assert!(reports.values().all(|(_, report)| report.active == 4 && report.version == 1));
}

#[test]
fn a_member_that_left_returns_even_if_its_clock_ran_backwards() {
    let mut net = Net::empty();
    for name in ABC {
        net.start(config(name, if name == "a" { &[] } else { &["a"] }, Tuning::default()), 10);
    }
    net.run(Duration::from_secs(3));
    net.command("c", |engine, now| engine.leave(now)).expect("it runs");
    net.run(Duration::from_secs(1));
    net.start(config("c", &["b"], Tuning::default()), 5);
    net.run_until("all hold it alive", |net| {
        net.engines.values().all(|engine| engine.members().status(&id("c")) == Some(Status::Alive))
    });
}

#[test]
fn a_node_without_a_link_still_says_goodbye() {
    let lonely = Tuning { link_idle_us: Duration::ZERO, fanout: 0, ..tuning(Strategy::Random) };
    let mut net = Net::joined(&ABC, lonely);
    net.run(Duration::from_secs(5));
    assert_eq!(net.engine("c").link_count(), 0);
    net.command("c", |engine, now| engine.leave(now)).expect("it runs");
    net.run(Duration::from_secs(1));
    let told =
        ["a", "b"].iter().filter(|name| net.engine(name).members().status(&id("c")) == Some(Status::Left));
    assert!(told.count() > 0);
}

#[test]
fn a_deleted_key_is_forgotten_by_all_once_all_have_seen_it_go() {
    let mut net = Net::joined(&["a", "b", "c", "d"], Tuning::default());
    for n in 0..10 {
        set(&mut net, "a", &format!("key-{n}"), "v");
    }
    for n in 0..10 {
        assert!(net.command("b", |engine, now| engine.delete(&key(&format!("key-{n}")), now)));
    }
    assert!(net.engines.values().all(|engine| engine.state().is_empty()));
    assert_eq!(net.engine("c").state().tombstones(), 10);
    net.run_until("all tombstones are gone", |net| {
        net.engines.values().all(|engine| engine.state().tombstones() == 0)
    });
    assert!(net.agree());
}

/// The reference's and many others' ghosts: a member that was away while a key
/// was deleted, and the delete forgotten, must not bring the key back.
#[test]
fn a_member_that_was_away_brings_no_deleted_key_back_and_loses_no_write_of_its_own() {
    let mut net = Net::joined(&["a", "b", "c", "d"], Tuning::default());
    set(&mut net, "a", "ghost", "v");
    set(&mut net, "a", "stays", "v");
    assert!(net.agree());
    net.cut(&["d"], &["a", "b", "c"]);
    net.run_until("d is given up", |net| net.engine("a").members().active_count() == 3);
    net.command("a", |engine, now| engine.delete(&key("ghost"), now));
    set(&mut net, "d", "own", "written while away");
    net.command("d", |engine, now| engine.increment(&key("visits"), 3, now)).expect("in range");
    net.run_until("the delete is forgotten", |net| {
        ["a", "b", "c"].iter().all(|name| net.engine(name).state().tombstones() == 0)
    });
    net.cuts.clear();
    net.run_until("all agree", Net::agree);
    for engine in net.engines.values() {
        assert_eq!(engine.state().register(&key("ghost")), None, "{}", engine.id());
        assert_eq!(engine.state().register(&key("stays")), Some(&text("v")));
        assert_eq!(engine.state().register(&key("own")), Some(&text("written while away")));
        assert_eq!(engine.state().counter(&key("visits")), Some(3));
    }
    set(&mut net, "d", "own", "again");
    net.command("d", |engine, now| engine.increment(&key("visits"), 1, now)).expect("in range");
    net.run_until("what it writes from now on spreads", Net::agree);
    assert_eq!(net.engine("a").state().counter(&key("visits")), Some(4));
}

#[test]
fn a_time_to_live_ends_on_every_node_by_its_own_timer() {
    let mut net = Net::joined(&ABC, Tuning::default());
    let ttl = Duration::from_millis(1_500);
    net.command("b", |engine, now| engine.set_for(&key("presence"), text("here"), ttl, now)).expect("free");
    assert!(net.engines.values().all(|engine| engine.state().len() == 1));
    net.run(Duration::from_millis(1_400));
    assert!(net.engines.values().all(|engine| engine.state().len() == 1));
    net.run(Duration::from_millis(200));
    assert!(net.engines.values().all(|engine| engine.state().is_empty()));
    net.run_until("it is forgotten", |net| {
        net.engines.values().all(|engine| engine.state().tombstones() == 0)
    });
    assert!(net.agree());
}

#[test]
fn concurrent_writes_to_a_multi_value_register_are_kept_for_a_person_to_resolve() {
    let mut net = Net::joined(&ABC, Tuning::default());
    net.cut(&["c"], &["a", "b"]);
    net.command("a", |engine, now| engine.put(&key("plan"), text("left"), now)).expect("free");
    net.command("c", |engine, now| engine.put(&key("plan"), text("right"), now)).expect("free");
    net.cuts.clear();
    net.run_until("all agree", Net::agree);
    assert_eq!(net.engine("b").state().values(&key("plan")).len(), 2);
    net.command("b", |engine, now| engine.put(&key("plan"), text("both"), now)).expect("the same kind");
    net.run_until("all agree again", Net::agree);
    assert!(net.engines.values().all(|engine| engine.state().values(&key("plan")) == [&text("both")]));
}

/// A node whose clock is an hour ahead: its write counts, everyone hears that a
/// clock is wrong, and nobody's clock follows.
#[test]
fn a_clock_far_ahead_is_reported_and_not_followed() {
    let mut net = Net::joined(&ABC, Tuning::default());
    let hour = Duration::from_secs(3_600);
    net.command("a", |engine, now| engine.set(&key("k"), text("ahead"), now + hour)).expect("free");
    net.run_until("all have it", Net::agree);
    let told: Vec<&str> = net
        .events
        .iter()
        .filter(|(_, event)| matches!(event, Event::ClockAhead { writes: 1, .. }))
        .map(|(at, _)| at.as_str())
        .collect();
    assert!(told.contains(&"b") && told.contains(&"c") && !told.contains(&"a"), "{told:?}");
    net.events.clear();
    net.command("b", |engine, now| engine.set(&key("k"), text("good"), now)).expect("a register");
    net.run_until("all agree", Net::agree);
    assert!(net.engines.values().all(|engine| engine.state().register(&key("k")) == Some(&text("good"))));
    assert!(!net.events.iter().any(|(_, event)| matches!(event, Event::ClockAhead { .. })));
}
