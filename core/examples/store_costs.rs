//! Prints what the Store costs: bytes on the wire and time. Run it with
//! `cargo run --release -p rumormill-core --example store_costs`. The bytes are
//! the same on every machine; the times are this machine's.

use rumormill_core::hash::StateHash;
use rumormill_core::state::State;
use rumormill_core::state::store::{Delta, Digest, Key, News};
use rumormill_core::wire::{self, Frame, Message};
use rumormill_core::{Codec, Instant, Mode, NodeId, Store, Value};

type StoreMessage = Message<Digest, Delta>;

/// When nodes really start: milliseconds since 1970, as native nodes count.
const EPOCH: u64 = 1_800_000_000_000;
const NOW: Instant = Instant::from_micros(EPOCH * 1_000);

fn store(node: usize, life: u64) -> Store {
    Store::new(NodeId::new(&format!("node-{node:04}")).expect("a valid name"), EPOCH + life * 86_400_000)
}

fn key(n: usize) -> Key {
    Key::new(&format!("key-{n:06}")).expect("a valid key")
}

fn value(text: &str) -> Value {
    Value::text(text).expect("a short value")
}

fn set(store: &mut Store, n: usize, text: &str) -> News {
    store.set(&key(n), value(text), NOW).expect("a register").news
}

/// Bytes of a frame with this message.
fn frame(message: StoreMessage, codec: Codec) -> usize {
    wire::encode(&Frame { number: 100_000, message }, codec).len()
}

fn rumor(store: &Store, mut news: News) -> usize {
    frame(Message::Rumor { delta: store.rumor(&mut news, usize::MAX) }, Codec::Postcard)
}

fn digest(store: &Store) -> usize {
    frame(Message::Digest { digest: store.digest(), mode: Mode::PushPull }, Codec::Postcard)
}

fn give(from: &Store, to: &mut Store) -> usize {
    let delta = from.delta(&to.digest(), usize::MAX).delta;
    let bytes = frame(Message::Delta { delta: delta.clone(), digest: None, more: false }, Codec::Postcard);
    to.merge(delta, NOW).expect("a valid delta");
    bytes
}

fn main() {
    messages();
    digests();
    writes();
    returns();
    times();
}

fn messages() {
    println!("frame, bytes: postcard, json");
    let summary = || Message::Summary {
        store: Some(StateHash(u64::MAX / 3)),
        members: StateHash(u64::MAX / 7),
        mode: Mode::PushPull,
    };
    for codec in Codec::ALL {
        println!("  summary {}, in sync {}", frame(summary(), codec), frame(Message::InSync, codec));
    }
}

fn digests() {
    println!("digest, bytes");
    for keys in [10, 1_000, 100_000] {
        let mut one = store(0, 0);
        (0..keys).for_each(|n| drop(set(&mut one, n, "v")));
        println!("  1 writer, {keys} keys: {}", digest(&one));
    }
    for (writers, lives) in [(10, 1), (100, 1), (1_000, 1), (100, 2), (100, 11)] {
        let mut all = store(9_999, 0);
        for node in 0..writers {
            for life in 0..lives {
                let mut one = store(node, life);
                (0..300).for_each(|_| drop(set(&mut one, node, "v")));
                give(&one, &mut all);
            }
        }
        println!("  {writers} nodes, {lives} lives of each, 300 writes in each: {}", digest(&all));
    }
}

fn writes() {
    println!("rumor of one write, bytes of the frame beyond those of name, key and value");
    let mut one = store(0, 0);
    let beyond = |bytes: usize, value: usize| bytes - "node-0000".len() - "key-000000".len() - value;
    let news = set(&mut one, 0, "new");
    println!("  a register's first write: {}", beyond(rumor(&one, news), 5));
    let news = set(&mut one, 0, "new");
    println!("  and its second, by the same writer: {}", beyond(rumor(&one, news), 5));
    let mut other = store(1, 0);
    give(&one, &mut other);
    let news = set(&mut other, 0, "new");
    println!(
        "  and its third, by another (its name, and the first one's): {}",
        beyond(rumor(&other, news), 5)
    );
    let news = one.increment(&key(1), 1).expect("a counter").1.news;
    println!("  an increment: {}", beyond(rumor(&one, news), 0));
    let news = one.add(&key(2), value("new")).expect("a set").1.news;
    println!("  an element added: {}", beyond(rumor(&one, news), 5));
    let mut newcomer = store(2, 0);
    let mut full = store(0, 0);
    (0..10_000).for_each(|n| drop(set(&mut full, n, "v")));
    println!(
        "a whole state of 10,000 registers in one delta, bytes per register: {}",
        give(&full, &mut newcomer) / 10_000
    );
}

fn returns() {
    println!("return of a member after 100 of 10,000 keys were deleted and forgotten, bytes of the delta");
    let mut full = store(0, 0);
    (0..10_000).for_each(|n| drop(set(&mut full, n, "v")));
    let mut away = store(1, 0);
    give(&full, &mut away);
    for n in 0..100 {
        full.delete(&key(n * 97), NOW);
    }
    full.collect([].iter());
    println!("  {}", give(&full, &mut away));
    assert_eq!((away.len(), away.hash()), (9_900, full.hash()));
}

fn times() {
    let timed = |what: &str, run: &mut dyn FnMut()| {
        let start = std::time::Instant::now();
        run();
        println!("  {what}: {} us", start.elapsed().as_micros());
    };
    for keys in [10_000, 100_000] {
        println!("time, {keys} keys");
        let (mut full, mut newcomer) = (store(0, 0), store(1, 0));
        timed("set each", &mut || (0..keys).for_each(|n| drop(set(&mut full, n, "v"))));
        timed("whole delta, encode, decode, merge", &mut || {
            let delta = full.delta(&newcomer.digest(), usize::MAX).delta;
            let bytes = postcard::to_allocvec(&delta).expect("encodes");
            let delta = postcard::from_bytes(&bytes).expect("decodes");
            newcomer.merge(delta, NOW).expect("a valid delta");
        });
        let mut parts = store(2, 0);
        timed("the same in parts of 64 KiB", &mut || {
            while !parts.delta(&full.digest(), 0).complete || parts.hash() != full.hash() {
                let part = full.delta(&parts.digest(), 64 * 1024);
                parts.merge(part.delta, NOW).expect("a valid delta");
            }
        });
        timed("digest, hash and compare of equals, 1,000 times", &mut || {
            for _ in 0..1_000 {
                assert_eq!(full.hash(), newcomer.hash());
                assert!(full.compare(&newcomer.digest()) == rumormill_core::Comparison::Equal);
            }
        });
        timed("1,000 writes, a delta of each, merged", &mut || {
            for n in 0..1_000 {
                set(&mut full, n, "w");
                give(&full, &mut newcomer);
            }
        });
        // Every other write superseded by another writer: as many gaps as writes.
        for n in (0..keys).step_by(2) {
            set(&mut newcomer, n, "x");
        }
        let mut gaps = store(3, 0);
        timed("parts of 64 KiB with a gap after each write", &mut || {
            while gaps.hash() != newcomer.hash() {
                let part = newcomer.delta(&gaps.digest(), 64 * 1024);
                gaps.merge(part.delta, NOW).expect("a valid delta");
            }
        });
        println!("  (the digest had up to {keys}/2 gaps)");
        timed("save", &mut || drop(full.encode()));
        let bytes = full.encode();
        timed("load", &mut || drop(Store::decode(&bytes).expect("its own bytes")));
        timed("delete each and collect", &mut || {
            (0..keys).for_each(|n| drop(full.delete(&key(n), NOW)));
            assert_eq!(full.collect([].iter()) as usize, keys);
        });
    }
    println!("time, one set of 10,000 elements");
    let mut one = store(0, 0);
    timed("add each", &mut || {
        for n in 0..10_000 {
            one.add(&key(0), value(&n.to_string())).expect("room");
        }
    });
    println!("time, one counter of 1,000 writers");
    let mut all = store(9_999, 0);
    timed("merge each and read", &mut || {
        for node in 0..1_000 {
            let mut one = store(node, 0);
            one.increment(&key(0), 1).expect("a counter");
            give(&one, &mut all);
        }
        assert_eq!(all.counter(&key(0)), Some(1_000));
    });
}
