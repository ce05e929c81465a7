//! Plumtree's rules, one by one: links prune themselves, what does not come by
//! the tree is asked for, and the tree is mended by that. Repair by random
//! exchange is off (a fanout of 0), so nothing else could have helped.

use crate::net::{Net, config, id};
use rumormill_core::state::State;
use rumormill_core::state::store::Key;
use rumormill_core::{Codec, Duration, Engine, Instant, MessageKind, Store, Strategy, Text, Tuning, Value};

const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

fn tuning() -> Tuning {
    Tuning { strategy: Strategy::Plumtree, fanout: 0, ..Tuning::default() }
}

fn key(name: &str) -> Key {
    Key::new(name).expect("a valid key")
}

fn set(net: &mut Net, node: &str, name: &str, value: &str) {
    let value = Value::text(value).expect("short");
    net.command(node, |engine, now| engine.set(&key(name), value, now)).expect("the key is free");
}

fn sent<S: State>(net: &Net<S>, kind: MessageKind) -> u64 {
    net.engines.values().map(|engine| engine.stats().sent(kind).messages).sum()
}

/// A cluster whose tree has formed by writes on three nodes.
fn grown(codec: Codec) -> Net {
    let mut net = Net::empty();
    net.codec = codec;
    for name in NAMES {
        net.start(config(name, if name == "a" { &[] } else { &["a"] }, tuning()), 1);
    }
    net.run(Duration::from_secs(3));
    for (n, node) in ["e", "a", "k", "e", "a", "k"].into_iter().enumerate() {
        set(&mut net, node, &format!("warm-{n}"), "v");
        net.run(Duration::from_secs(1));
        assert!(net.agree());
    }
    net
}

#[test]
fn links_prune_themselves_to_a_tree_and_the_others_only_announce() {
    for codec in Codec::ALL {
        let mut net = grown(codec);
        let before = [MessageKind::Rumor, MessageKind::Announce].map(|kind| sent(&net, kind));
        for node in ["e", "a", "k", "b"] {
            set(&mut net, node, "color", node);
            assert!(net.agree(), "no time has passed");
            net.run(Duration::from_secs(1));
        }
        assert_eq!(sent(&net, MessageKind::Rumor) - before[0], 4 * 11, "each node gets each write once");
        assert!(sent(&net, MessageKind::Announce) > before[1]);
    }
}

#[test]
fn what_does_not_come_by_the_tree_is_asked_for_whichever_link_fails() {
    let mut grafts = 0;
    for a in NAMES {
        for b in NAMES.into_iter().filter(|b| *b > a) {
            let mut net = grown(Codec::Postcard);
            let before = sent(&net, MessageKind::Graft);
            net.cut(&[a], &[b]);
            set(&mut net, "e", "color", "blue");
            let informed = |net: &Net| {
                net.engines.values().all(|engine| engine.state().register(&key("color")).is_some())
            };
            net.run(Duration::from_millis(900));
            assert!(informed(&net), "without the link between {a} and {b}");
            let grafted = sent(&net, MessageKind::Graft) - before;
            assert!(grafted <= 2 * 11, "{grafted} grafts for one lost link");
            grafts += grafted;
            net.cuts.clear();
            set(&mut net, "e", "color", "red");
            net.run(Duration::from_millis(900));
            assert!(net.engines.values().all(|engine| {
                engine.state().register(&key("color")) == Some(&Value::text("red").expect("short"))
            }));
        }
    }
    assert!(grafts >= 11, "the tree has eleven links, and each was cut once");
}

#[test]
fn the_tree_closes_over_a_member_that_is_gone() {
    for gone in ["b", "d", "h"] {
        let mut net = grown(Codec::Postcard);
        net.kill(gone);
        set(&mut net, "e", "color", "blue");
        net.run(Duration::from_millis(900));
        let have = |engine: &Engine<Store>| engine.state().register(&key("color")).is_some();
        assert!(net.engines.values().all(have), "without {gone}");
        net.run(Duration::from_secs(10));
        set(&mut net, "e", "color", "red");
        net.run(Duration::from_secs(1));
        let before = sent(&net, MessageKind::Rumor);
        set(&mut net, "e", "color", "green");
        assert_eq!(sent(&net, MessageKind::Rumor) - before, 10, "a tree again, of eleven");
    }
}

#[test]
fn a_text_is_pruned_and_grafted_too() {
    let mut net: Net<Text> = Net::empty();
    for name in NAMES {
        let join: &[&str] = if name == "a" { &[] } else { &["a"] };
        net.add(config(name, join, tuning()), Text::new(id(name), 1));
    }
    let write = |net: &mut Net<Text>, words: &str| {
        net.command("c", |engine, now: Instant| {
            engine.write(now, |state| state.set(words, now).map(|merged| ((), merged)))
        })
        .expect("short");
    };
    net.run(Duration::from_secs(3));
    for n in 0..4 {
        write(&mut net, &format!("warm {n}"));
        net.run(Duration::from_secs(1));
    }
    let before = sent(&net, MessageKind::Rumor);
    write(&mut net, "once");
    net.run(Duration::from_secs(1));
    assert_eq!(sent(&net, MessageKind::Rumor) - before, 11);
    let (mut cuts, before) = (0, sent(&net, MessageKind::Graft));
    for other in NAMES.into_iter().filter(|other| *other != "c") {
        net.cut(&["c"], &[other]);
        cuts += 1;
        write(&mut net, &format!("without {cuts} links"));
        net.run(Duration::from_millis(900));
        net.cuts.clear();
        let words = format!("without {cuts} links");
        assert!(net.engines.values().all(|engine| engine.state().value() == words), "{other}");
    }
    assert!(sent(&net, MessageKind::Graft) > before);
}

#[test]
fn a_node_that_cannot_be_dialled_shares_news_with_its_host_at_once() {
    let mut net = grown(Codec::Postcard);
    let mut guest = config("guest", &["a"], tuning());
    guest.address = None;
    net.start(guest, 1);
    net.run(Duration::from_secs(2));
    set(&mut net, "guest", "from-guest", "v");
    assert!(net.engine("h").state().register(&key("from-guest")).is_some(), "at once");
    set(&mut net, "h", "to-guest", "v");
    assert!(net.engine("guest").state().register(&key("to-guest")).is_some(), "at once");
}

/// An announcement, what is lacking of it, the request and the answer add up.
#[test]
fn what_is_announced_can_be_asked_for_and_given() {
    let now = Instant::from_micros(5);
    let (mut a, mut b) = (Store::new(id("a"), 1), Store::new(id("b"), 1));
    let mut news = <Store as State>::News::default();
    for n in 0..10 {
        let merged = a.set(&key(&format!("k{n}")), Value::text("v").expect("short"), now).expect("free");
        if n % 3 == 0 {
            Store::absorb(&mut news, &merged.news);
        }
        if n == 3 {
            let mut known = merged.news;
            b.merge(a.rumor(&mut known, usize::MAX), now).expect("valid");
        }
    }
    let lacking = b.lacks(&a.outline(&news));
    assert_eq!(Store::news_len(&lacking), 3, "0, 6 and 9, but not 3");
    let mut asked = a.asked_for(&b.outline(&lacking));
    assert_eq!(Store::delta_writes(&a.rumor(&mut asked.clone(), usize::MAX)), 3);
    let merged = b.merge(a.rumor(&mut asked, usize::MAX), now).expect("valid");
    assert_eq!(merged.changes.len(), 3);
    assert_eq!(Store::news_len(&b.lacks(&a.outline(&news))), 0);
    assert_eq!(Store::news_len(&b.asked_for(&b.outline(&news))), 4, "it can hand them on");
    Store::retract(&mut news, &b.digest());
    assert_eq!(Store::news_len(&news), 0, "b need not be told of any");
}
