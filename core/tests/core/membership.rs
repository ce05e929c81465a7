//! Who is a member, rule by rule, on a few engines: suspicion and its denial,
//! leaving, one name twice, being forgotten, services, leaves. What holds of
//! whole clusters under faults is the simulator's.

use crate::net::{Net, address, config, id};
use rumormill_core::services::{Health, Service};
use rumormill_core::state::State;
use rumormill_core::state::store::Key;
use rumormill_core::{
    CloseCode, Duration, EngineConfig, Event, Incarnation, Member, Status, Store, Strategy, Tuning, Value,
};

const ABCDE: [&str; 5] = ["a", "b", "c", "d", "e"];

fn status(net: &Net, at: &str, of: &str) -> Option<Status> {
    net.engine(at).members().status(&id(of))
}

fn record(net: &Net, at: &str, of: &str) -> Member {
    net.engine(at).members().member(&id(of)).expect("a member").clone()
}

/// Did anyone ever believe this of that member?
fn was_ever(net: &Net, of: &str, what: Status) -> bool {
    let it = id(of);
    net.events
        .iter()
        .any(|(_, event)| matches!(event, Event::Member { id, status, .. } if *id == it && *status == what))
}

fn service(name: &str, health: Health, reason: &str) -> Service {
    Service::new(name, health, reason).expect("a valid service")
}

fn services(net: &Net, at: &str) -> Vec<(String, String, Health, String)> {
    let views = net.engine(at).services();
    views.map(|s| (s.node.to_string(), s.name.to_string(), s.health, s.reason.to_string())).collect()
}

#[test]
fn two_members_that_cannot_reach_each_other_are_vouched_for_by_the_others() {
    let mut net = Net::joined(&ABCDE, Tuning::default());
    net.cut(&["a"], &["b"]);
    net.run(Duration::from_secs(120));
    for of in ["a", "b"] {
        assert!(!was_ever(&net, of, Status::Down), "{of} was never down");
    }
    assert_eq!(status(&net, "a", "b"), Some(Status::Alive));
    let failed: u64 = net.engines.values().map(|engine| engine.stats().probes_failed).sum();
    assert_eq!(failed, 0, "a helper had an answer each time");
}

#[test]
fn without_helpers_a_broken_path_between_two_is_a_suspicion_that_the_accused_denies() {
    let mut net = Net::joined(&ABCDE, Tuning { indirect_probes: 0, ..Tuning::default() });
    net.cut(&["a"], &["b"]);
    net.run(Duration::from_secs(120));
    assert!(was_ever(&net, "a", Status::Suspect) || was_ever(&net, "b", Status::Suspect));
    assert!(!was_ever(&net, "a", Status::Down) && !was_ever(&net, "b", Status::Down));
    assert!(net.engines.values().any(|engine| engine.stats().refutations > 0));
}

#[test]
fn a_suspect_takes_part_until_it_is_down_and_a_denial_outdoes_the_suspicion() {
    let mut net = Net::joined(&ABCDE, Tuning::default());
    let before = record(&net, "a", "c").incarnation;
    net.cut(&["c"], &["a", "b", "d", "e"]);
    net.run_until("c is suspected", |net| status(net, "a", "c") == Some(Status::Suspect));
    assert_eq!(net.engine("a").members().active_count(), 5);
    assert!(!record(&net, "a", "c").accusers.is_empty());
    net.cuts.clear();
    net.run_until("c is alive to all", |net| {
        ABCDE.iter().all(|at| status(net, at, "c") == Some(Status::Alive))
    });
    assert!(record(&net, "e", "c").incarnation > before);
    assert!(!was_ever(&net, "c", Status::Down));
}

#[test]
fn confirmations_shorten_a_suspicion() {
    let time_to_down = |tuning: Tuning| {
        let mut net = Net::joined(&ABCDE, tuning);
        net.kill("c");
        let began = net.now;
        net.run_until("c is down", |net| status(net, "a", "c") == Some(Status::Down));
        net.now.since(began)
    };
    let confirmed = time_to_down(Tuning::default());
    // As long as with no confirmation at all: the longest time, whoever agrees.
    let unconfirmed = time_to_down(Tuning {
        suspicion_mult: Tuning::default().suspicion_mult * Tuning::default().suspicion_max_mult,
        suspicion_max_mult: 1,
        ..Tuning::default()
    });
    assert!(confirmed < Duration::from_secs(12), "{confirmed:?}");
    assert!(unconfirmed >= Duration::from_secs(24), "{unconfirmed:?}");
}

#[test]
fn a_whole_cluster_that_slept_suspects_nobody() {
    let mut net = Net::joined(&ABCDE, Tuning::default());
    net.now = net.now + Duration::from_secs(600);
    net.run(Duration::from_secs(60));
    for of in ABCDE {
        assert!(!was_ever(&net, of, Status::Down), "{of}");
    }
    assert!(net.engines.values().all(|engine| engine.members().active_count() == 5));
}

#[test]
fn whoever_leaves_hands_over_what_only_it_had() {
    for strategy in [Strategy::Random, Strategy::Tree, Strategy::Hybrid] {
        let mut net = Net::joined(&ABCDE, Tuning { strategy, ..Tuning::default() });
        let key = Key::new("last").expect("valid");
        net.command("c", |engine, now| engine.set(&key, Value::text("words").expect("short"), now))
            .expect("free");
        net.command("c", |engine, now| engine.leave(now)).expect("it runs");
        net.run(Duration::from_secs(3));
        assert!(net.engine("c").is_stopped(), "{strategy}: within its bounds");
        let goodbye = net.engines.remove(&id("c")).expect("it was there");
        net.run_until("all have it", |net| net.agree());
        assert_eq!(net.engine("a").state().hash(), goodbye.state().hash(), "{strategy}");
        assert!(ABCDE.iter().filter(|at| **at != "c").all(|at| status(&net, at, "c") == Some(Status::Left)));
        assert!(!was_ever(&net, "c", Status::Suspect), "{strategy}");
    }
}

#[test]
fn what_is_written_while_leaving_is_handed_over_and_ends_in_time() {
    for strategy in [Strategy::Random, Strategy::Hybrid] {
        let mut net = Net::joined(&ABCDE, Tuning { strategy, ..Tuning::default() });
        net.command("c", |engine, now| engine.leave(now)).expect("it runs");
        let (key, value) = (Key::new("late").expect("valid"), Value::text("words").expect("short"));
        let ttl = Duration::from_millis(200);
        net.command("c", |engine, now| engine.set_for(&key, value, ttl, now)).expect("free");
        assert!(net.engine("c").state().register(&key).is_some());
        let told = ABCDE.iter().filter(|at| net.engine(at).state().register(&key).is_some());
        assert!(told.count() > 1, "{strategy}: someone else has it at once");
        net.run(Duration::from_millis(300));
        assert!(!net.engine("c").is_stopped());
        assert!(ABCDE.iter().all(|at| net.engine(at).state().register(&key).is_none()), "{strategy}");
    }
}

#[test]
fn one_who_left_is_back_at_once() {
    let mut net = Net::joined(&ABCDE, Tuning::default());
    net.command("c", |engine, now| engine.leave(now)).expect("it runs");
    net.run(Duration::from_secs(3));
    net.start(config("c", &["d"], Tuning::default()), 2);
    assert_eq!(status(&net, "d", "c"), Some(Status::Alive));
    assert_eq!(record(&net, "d", "c").birth, Incarnation(2));
    net.run(Duration::from_secs(2));
    assert!(net.agree());
}

/// The net's name for the second node that calls itself so.
fn second(net: &mut Net, name: &str, join: &str, birth: u64) {
    let twin = EngineConfig {
        id: id(name),
        incarnation: Incarnation(birth),
        ..config("twin", &[join], Tuning::default())
    };
    net.add_as(id("twin"), twin, Store::new(id(name), birth));
}

#[test]
fn of_two_with_one_name_the_earlier_born_keeps_it_and_the_other_stops_and_says_why() {
    let mut net = Net::joined(&ABCDE, Tuning::default());
    second(&mut net, "b", "d", 5);
    net.run_until("the newcomer has stopped", |net| net.engine("twin").is_stopped());
    let told = net.events.iter().any(|(node, event)| {
        let Event::NameTaken { address: theirs, kept: false, .. } = event else { return false };
        *node == id("twin") && *theirs == Some(address("b"))
    });
    assert!(told, "and named whom it gave way to");
    net.engines.remove(&id("twin"));
    net.run_until("all hold the first to be b", |net| {
        ABCDE.iter().all(|at| {
            let held = record(net, at, "b");
            held.status == Status::Alive && held.address == Some(address("b"))
        })
    });
    assert!(!net.engine("b").is_stopped());
}

#[test]
fn a_second_node_that_was_born_earlier_takes_the_name() {
    let mut net = Net::empty();
    for name in ABCDE {
        net.start(config(name, if name == "a" { &[] } else { &["a"] }, Tuning::default()), 10);
    }
    net.run(Duration::from_secs(3));
    second(&mut net, "b", "b", 5);
    assert!(net.engine("b").is_stopped(), "they met, and b was born later");
    assert!(net.closes.iter().any(|(_, code)| *code == CloseCode::NameTaken));
    assert!(!net.engine("twin").is_stopped());
}

#[test]
fn a_node_that_starts_again_elsewhere_is_not_stopped_by_its_past() {
    let mut net = Net::joined(&ABCDE, Tuning::default());
    net.kill("b");
    second(&mut net, "b", "d", 2);
    net.run_until("all know where b is now", |net| {
        ["a", "c", "d", "e", "twin"].iter().all(|at| {
            let held = record(net, at, "b");
            held.status == Status::Alive && held.address == Some(address("twin"))
        })
    });
    assert!(!net.events.iter().any(|(_, event)| matches!(event, Event::NameTaken { kept: false, .. })));
}

#[test]
fn the_dead_are_forgotten_and_one_who_was_away_does_not_bring_them_back() {
    let tuning = Tuning { forget_us: Duration::from_secs(60), ..Tuning::default() };
    let mut net = Net::joined(&ABCDE, tuning);
    net.kill("c");
    // A process that is stopped, and believes all the while what it believed.
    let asleep = net.engines.remove(&id("e")).expect("it runs");
    assert_eq!(asleep.members().status(&id("c")), Some(Status::Alive));
    net.run_until("c is down", |net| status(net, "a", "c") == Some(Status::Down));
    net.run(Duration::from_secs(50));
    assert_eq!(status(&net, "a", "c"), Some(Status::Down), "remembered, and tried");
    net.run(Duration::from_secs(30));
    for at in ["a", "b", "d"] {
        assert_eq!(status(&net, at, "c"), None, "{at} has forgotten c");
    }
    net.events.clear();
    net.engines.insert(id("e"), asleep);
    net.run_until("all agree", Net::agree);
    net.run_until("e gives c up too", |net| net.engine("e").members().active_count() == 4);
    net.run(Duration::from_secs(30));
    assert!(net.engines.values().all(|engine| engine.members().active_count() == 4), "a, b, d, e");
    let elsewhere: Vec<_> = net.events.iter().filter(|(at, _)| *at != id("e")).cloned().collect();
    net.events = elsewhere;
    for believed in [Status::Joining, Status::Alive, Status::Suspect] {
        assert!(!was_ever(&net, "c", believed), "c is {believed} again");
    }
}

#[test]
fn a_stale_record_of_a_forgotten_life_is_refused_and_a_new_life_is_not() {
    let tuning = Tuning { forget_us: Duration::from_secs(60), ..Tuning::default() };
    let mut net = Net::joined(&ABCDE, tuning);
    net.kill("c");
    net.run_until("c is down", |net| status(net, "a", "c") == Some(Status::Down));
    net.run(Duration::from_secs(70));
    assert_eq!(status(&net, "a", "c"), None);
    // A node restored from a snapshot, with a clock that ran backwards.
    net.start(config("c", &["b"], tuning), 1);
    net.run_until("c is alive to all", |net| {
        ABCDE.iter().all(|at| status(net, at, "c") == Some(Status::Alive))
    });
    assert!(record(&net, "a", "c").incarnation > Incarnation(1), "it had to outdo its own grave");
}

#[test]
fn services_are_seen_by_all_go_down_with_their_node_and_come_back_with_it() {
    let mut net = Net::joined(&ABCDE, Tuning::default());
    net.command("c", |engine, now| engine.publish(service("web", Health::Up, ""), now)).expect("valid");
    net.command("c", |engine, now| {
        engine.publish(service("web", Health::Degraded, "the disk is 91 % full"), now)
    })
    .expect("valid");
    let row = |health, reason: &str| vec![("c".to_string(), "web".to_string(), health, reason.to_string())];
    assert!(
        ABCDE.iter().all(|at| services(&net, at) == row(Health::Degraded, "the disk is 91 % full")),
        "at once, along the tree"
    );
    net.kill("c");
    net.run_until("web is down", |net| services(net, "e") == row(Health::Down, "its node is down"));
    let down = net.events.iter().filter(|(at, event)| {
        *at == id("e") && matches!(event, Event::Service { health: Some(Health::Down), .. })
    });
    assert_eq!(down.count(), 1, "told once");

    net.start(config("c", &["a"], Tuning::default()), 2);
    assert!(services(&net, "e").is_empty(), "those of the earlier life mean nothing");
    net.command("c", |engine, now| engine.publish(service("web", Health::Up, ""), now)).expect("valid");
    assert!(ABCDE.iter().all(|at| services(&net, at) == row(Health::Up, "")), "at once");
    assert!(net.command("c", |engine, now| engine.withdraw("web", now)));
    assert!(!net.command("c", |engine, now| engine.withdraw("web", now)), "only once");
    assert!(ABCDE.iter().all(|at| services(&net, at).is_empty()));
    let withdrawn = net
        .events
        .iter()
        .filter(|(at, event)| *at == id("e") && matches!(event, Event::Service { health: None, .. }));
    assert_eq!(withdrawn.count(), 2, "with the life, and by hand");
}

#[test]
fn the_services_of_a_node_that_leaves_are_down_before_it_is_gone() {
    let mut net = Net::joined(&ABCDE, Tuning::default());
    net.command("c", |engine, now| engine.publish(service("web", Health::Up, ""), now)).expect("valid");
    net.command("c", |engine, now| engine.leave(now)).expect("it runs");
    for at in ["a", "b", "d", "e"] {
        assert!(services(&net, at).iter().all(|(_, _, health, _)| *health == Health::Down), "{at}, at once");
    }
}

fn leaf(name: &str, join: &[&str]) -> EngineConfig {
    EngineConfig { address: None, ..config(name, join, Tuning::default()) }
}

#[test]
fn a_member_that_cannot_be_dialled_takes_part_behind_its_host_and_never_in_the_tree() {
    let mut net = Net::joined(&ABCDE, Tuning::default());
    net.start(leaf("tab", &["b"]), 1);
    net.run(Duration::from_secs(3));
    assert!(net.agree());
    for at in ABCDE {
        let members = net.engine(at).members();
        let tab = members.member(&id("tab")).expect("known");
        assert_eq!((tab.status, tab.host.clone()), (Status::Alive, Some(id("b"))), "{at}");
        assert_eq!((members.active_count(), members.tree_count()), (6, 5), "{at}");
        assert_eq!(members.tree_position(&id("tab")), None);
    }
    let key = Key::new("from").expect("valid");
    net.command("tab", |engine, now| engine.set(&key, Value::text("the tab").expect("short"), now))
        .expect("free");
    assert!(net.agree(), "through its host, at once");
    net.command("e", |engine, now| engine.set(&key, Value::text("e").expect("short"), now)).expect("free");
    assert!(net.agree(), "and back");
    net.run(Duration::from_secs(60));
    assert_eq!(net.engine("tab").link_count(), 1);
    assert!(!was_ever(&net, "tab", Status::Suspect));

    net.kill("tab");
    net.run_until("all notice", |net| ABCDE.iter().all(|at| status(net, at, "tab") == Some(Status::Down)));
}

#[test]
fn a_leaf_whose_host_dies_while_it_leaves_finds_another_and_is_left_not_alive() {
    let mut net = Net::joined(&ABCDE, Tuning::default());
    net.start(leaf("tab", &["b"]), 1);
    net.run_until("all know it", |net| ABCDE.iter().all(|at| status(net, at, "tab") == Some(Status::Alive)));
    let life = record(&net, "a", "tab").incarnation;
    net.kill("b");
    net.command("tab", |engine, now| engine.leave(now)).expect("it runs");
    net.run_until("it has stopped", |net| net.engine("tab").is_stopped());
    net.engines.remove(&id("tab"));
    let others = ["a", "c", "d", "e"];
    net.run_until("all know that it left", |net| {
        others.iter().all(|at| status(net, at, "tab") == Some(Status::Left))
    });
    assert_eq!(record(&net, "a", "tab").incarnation, life, "nobody was told of another life");
}

/// A node of the same name that starts while the first one leaves is not sent away.
#[test]
fn a_name_is_free_for_whoever_dials_the_one_that_leaves() {
    let mut net = Net::joined(&ABCDE, Tuning::default());
    net.run(Duration::from_secs(1));
    net.command("c", |engine, now| engine.leave(now)).expect("it runs");
    let moved = Some(address("moved"));
    let newcomer = EngineConfig {
        incarnation: Incarnation(9),
        address: moved,
        ..config("c", &["c"], Tuning::default())
    };
    net.add_as(id("moved"), newcomer, Store::new(id("c"), 9));
    net.run(Duration::from_millis(200));
    assert!(net.closes.contains(&(id("c"), CloseCode::GoingAway)), "{:?}", net.closes);
    assert!(!net.engine("moved").is_stopped());
}

#[test]
fn of_two_leaves_with_one_name_the_earlier_born_keeps_it() {
    let mut net = Net::joined(&ABCDE, Tuning::default());
    net.start(leaf("tab", &["b"]), 2);
    let twin = EngineConfig { incarnation: Incarnation(5), ..leaf("tab", &["d"]) };
    net.add_as(id("twin"), twin, Store::new(id("tab"), 5));
    net.run_until("the newcomer has stopped", |net| net.engine("twin").is_stopped());
    net.engines.remove(&id("twin"));
    net.run_until("all hold the first to be alive", |net| {
        ABCDE.iter().all(|at| {
            let held = record(net, at, "tab");
            held.status == Status::Alive && held.birth == Incarnation(2)
        })
    });
    assert!(!net.engine("tab").is_stopped());
}

#[test]
fn a_leaf_that_starts_again_under_its_name_is_not_stopped_by_its_past() {
    let mut net = Net::joined(&ABCDE, Tuning::default());
    net.start(leaf("tab", &["b"]), 2);
    net.run(Duration::from_secs(1));
    net.kill("tab");
    net.start(leaf("tab", &["d"]), 3);
    net.run_until("all know its new life", |net| {
        ABCDE.iter().all(|at| {
            let held = record(net, at, "tab");
            held.status == Status::Alive && held.host == Some(id("d"))
        })
    });
    assert!(!net.engine("tab").is_stopped());
}

#[test]
fn a_leaf_whose_host_dies_goes_on_behind_another() {
    let mut net = Net::joined(&ABCDE, Tuning::default());
    net.start(leaf("tab", &["b", "d"]), 1);
    net.run(Duration::from_secs(3));
    let host = record(&net, "a", "tab").host.expect("it has one");
    net.kill(host.as_str());
    net.run_until("the leaf has another host", |net| {
        let others = ABCDE.iter().filter(|at| **at != host.as_str());
        others.clone().all(|at| {
            let tab = record(net, at, "tab");
            tab.status == Status::Alive && tab.host.is_some_and(|now| now != host)
        })
    });
}
