//! Deltas that nobody honest would send: a typed refusal, or no harm done. No
//! bytes and no delta make a store panic or allocate beyond what came in.

use super::model::readings;
use super::world::{Hazards, World, merged, number, steps};
use crate::net::id;
use proptest::prelude::*;
use rumormill_core::state::store::{
    Delta, Item, Key, Run, SEQUENCE_MAX, SET_ELEMENTS_MAX, Write, WriteError,
};
use rumormill_core::state::store::{Digest, Totals};
use rumormill_core::state::{InvalidDelta, State};
use rumormill_core::{Duration, Instant, Store, Value, VersionVector, Writer};

fn key(name: &str) -> Key {
    Key::new(name).expect("valid")
}

fn writer(name: &str) -> Writer {
    Writer { node: id(name), epoch: 1 }
}

fn claim(name: &str, after: u64, upto: u64) -> Delta {
    Delta { runs: vec![Run { writer: writer(name), after, upto, items: Vec::new() }], roll: None }
}

fn one(name: &str, sequence: u64, write: Write) -> Delta {
    let item = Item { sequence, key: key("k"), write };
    let run = Run { writer: writer(name), after: sequence - 1, upto: sequence, items: vec![item] };
    Delta { runs: vec![run], roll: None }
}

fn merge(store: &mut Store, delta: Delta) -> Result<(), InvalidDelta> {
    store.merge(delta, Instant::ZERO).map(drop)
}

/// A store does everything that it can still do.
fn exercise(store: &mut Store) {
    let now = Instant::from_micros(5_000_000);
    let value = || number(1);
    let _ = (store.set(&key("k"), value(), now), store.put(&key("m"), value(), now));
    let _ = (store.set_for(&key("t"), value(), Duration::from_secs(1), now), store.add(&key("s"), value()));
    let _ = (
        store.increment(&key("c"), 1),
        store.increment(&key("c"), i64::MIN),
        store.remove(&key("s"), &value()),
    );
    store.delete(&key("k"), now);
    store.delete(&key("c"), now);
    let digest = store.digest();
    store.collect([digest].iter());
    store.expire(now + Duration::from_secs(9));
    for bytes_max in [0, 50, usize::MAX] {
        let part = store.delta(&Digest::default(), bytes_max);
        let mut other = Store::new(id("other"), 1);
        let _ = other.merge(part.delta, now);
    }
    let back = Store::decode(&store.encode()).expect("its own bytes");
    assert_eq!(readings(&back), readings(store));
}

#[test]
fn numbers_beyond_any_writers_are_refused_and_change_nothing() {
    let mut store = Store::new(id("a"), 1);
    store.set(&key("k"), number(1), Instant::ZERO).expect("free");
    let before = (store.hash(), readings(&store));
    let past = serde_json::json!([["b", [[1, u64::MAX]]]]);
    let roll = serde_json::json!({"runs": [], "roll": {"floor": [["b", [[1, u64::MAX]]]], "standing": []}});
    let with = |past| {
        let write = serde_json::json!({"element": {"element": {"json": 1}, "present": true, "past": past}});
        one("b", 3, serde_json::from_value(write).expect("well-formed"))
    };
    for forged in [
        claim("b", 0, u64::MAX),
        claim("a", 1, u64::MAX),
        claim("b", u64::MAX, u64::MAX),
        claim("b", 5, 4),
        one("b", u64::MAX, Write::Counter(Totals::default())),
        with(past),
        serde_json::from_value(roll).expect("well-formed"),
    ] {
        assert!(merge(&mut store, forged.clone()).is_err(), "{forged:?}");
    }
    assert_eq!((store.hash(), readings(&store)), before);
}

/// Someone claims that this node has written all there is to write. It goes on
/// as a new writer, and its old writes keep their places.
#[test]
fn a_forged_run_in_a_nodes_own_name_does_not_end_its_writing() {
    let mut a = Store::new(id("a"), 1);
    a.increment(&key("c"), 5).expect("free");
    merge(&mut a, claim("a", 1, SEQUENCE_MAX)).expect("well-formed");
    a.increment(&key("c"), 2).expect("a counter");
    a.set(&key("k"), number(1), Instant::ZERO).expect("free");
    assert_ne!(a.writer(), &writer("a"));
    let b = merged(&Store::new(id("b"), 1), &a);
    assert_eq!((a.counter(&key("c")), b.counter(&key("c"))), (Some(7), Some(7)));
    assert_eq!((readings(&a), a.hash()), (readings(&b), b.hash()));
    exercise(&mut a);
}

/// A claim to have seen what a writer has not written yet hides its writes
/// from whoever believed it, until the writer hears of it and skips ahead.
#[test]
fn a_writer_skips_what_was_claimed_of_it() {
    let (mut a, mut b) = (Store::new(id("a"), 1), Store::new(id("b"), 1));
    merge(&mut b, claim("a", 0, 1_000)).expect("well-formed");
    a = merged(&a, &b);
    a.set(&key("k"), number(1), Instant::ZERO).expect("free");
    assert_eq!(merged(&b, &a).register(&key("k")), Some(&number(1)));
}

#[test]
fn one_number_for_two_writes_stands_once() {
    let mut a = Store::new(id("a"), 1);
    a.set(&key("real"), number(1), Instant::ZERO).expect("free");
    let mut b = merged(&Store::new(id("b"), 1), &a);
    merge(&mut b, one("a", 1, Write::Counter(Totals { up: 9, down: 0 }))).expect("well-formed");
    assert_eq!(readings(&b), readings(&a));
    let mut twice = one("c", 2, Write::Counter(Totals { up: 9, down: 0 }));
    let mut again = twice.runs[0].clone();
    again.items[0].key = key("elsewhere");
    twice.runs.push(again);
    merge(&mut b, twice).expect("well-formed");
    assert_eq!((b.counter(&key("k")), b.counter(&key("elsewhere"))), (Some(9), None));
    exercise(&mut b);
}

/// A roll call that claims more than its sender gives is ignored, whole.
#[test]
fn a_roll_call_that_is_not_backed_drops_nothing() {
    let mut a = Store::new(id("a"), 1);
    a.set(&key("k"), number(1), Instant::ZERO).expect("free");
    let floor: VersionVector = [(writer("a"), 1), (writer("z"), 7)].into_iter().collect();
    let json = serde_json::json!({"runs": [], "roll": {"floor": floor, "standing": []}});
    merge(&mut a, serde_json::from_value(json).expect("well-formed")).expect("well-formed");
    assert_eq!(a.len(), 1);
    let json = serde_json::json!({"runs": [], "roll": {"floor": floor, "standing": [[writer("a"), [[u64::MAX, 9]]]]}});
    assert!(merge(&mut a, serde_json::from_value(json).expect("well-formed")).is_err());
    assert_eq!(a.len(), 1);
}

/// Two full sets merge into one that is over the limit: refusing that would
/// make replicas differ. What the limit bounds is each node's own additions.
#[test]
fn a_set_may_pass_its_limit_by_merging_and_takes_no_more() {
    let (mut a, mut b) = (Store::new(id("a"), 1), Store::new(id("b"), 1));
    for n in 0..SET_ELEMENTS_MAX {
        a.add(&key("s"), Value::json(&n.into()).expect("short")).expect("room");
        b.add(&key("s"), Value::json(&(n + 5_000).into()).expect("short")).expect("room");
    }
    let full = WriteError::SetFull(key("s"));
    assert_eq!(a.add(&key("s"), number(0)).map(|(new, _)| new), Ok(false), "what is in may be added again");
    assert_eq!(a.add(&key("s"), Value::text("more").expect("short")).err(), Some(full.clone()));
    let mut both = merged(&a, &b);
    assert_eq!(both.elements(&key("s")).len(), 15_000);
    assert_eq!(readings(&both), readings(&merged(&b, &a)));
    assert_eq!(both.add(&key("s"), Value::text("more").expect("short")).err(), Some(full));
    assert!(both.remove(&key("s"), &number(0)).expect("a set").0, "but it gives");
}

/// A writer whose clock is far ahead wins against concurrent writes only, as
/// long as nobody has seen its write; once it is gone, later writes win.
#[test]
fn a_clock_far_ahead_is_outlived_by_later_writes() {
    let year = Instant::from_micros(31_536_000_000_000);
    let now = |n: u64| Instant::from_micros(1_000_000 + n);
    let (mut bad, mut a, mut b) = (Store::new(id("z"), 1), Store::new(id("a"), 1), Store::new(id("b"), 1));
    bad.set(&key("k"), number(1), year).expect("free");
    a.set(&key("k"), number(2), now(0)).expect("free");
    a.merge(bad.delta(&a.digest(), usize::MAX).delta, now(1)).expect("a valid delta");
    assert_eq!((a.register(&key("k")), a.unbelievable_stamps()), (Some(&number(1)), 1));
    drop(bad);
    // b had not seen it: its write is concurrent, and loses once.
    b.set(&key("k"), number(3), now(2)).expect("free");
    b.merge(a.delta(&b.digest(), usize::MAX).delta, now(3)).expect("a valid delta");
    assert_eq!(b.register(&key("k")), Some(&number(1)));
    b.set(&key("k"), number(4), now(4)).expect("a register");
    a.merge(b.delta(&a.digest(), usize::MAX).delta, now(5)).expect("a valid delta");
    assert_eq!(a.register(&key("k")), Some(&number(4)));
    a.set(&key("k"), number(0), now(6)).expect("a register");
    b.merge(a.delta(&b.digest(), usize::MAX).delta, now(7)).expect("a valid delta");
    assert_eq!((a.register(&key("k")), b.register(&key("k"))), (Some(&number(0)), Some(&number(0))));
}

proptest! {
    #[test]
    fn any_bytes_are_a_delta_a_store_or_refused(bytes: Vec<u8>) {
        if let Ok(delta) = postcard::from_bytes::<Delta>(&bytes) {
            let mut store = Store::new(id("a"), 1);
            let _ = merge(&mut store, delta);
            exercise(&mut store);
        }
        if let Ok(mut store) = Store::decode(&bytes) {
            exercise(&mut store);
        }
    }

    #[test]
    fn a_damaged_delta_is_refused_or_taken_but_never_fatal(
        steps in steps(Hazards::Losing, 40),
        damage in prop::collection::vec(any::<(usize, u8)>(), 1..6),
        cut: Option<usize>,
    ) {
        let world = World::run(3, &steps)?;
        let everything = world.stores[1].delta(&Digest::default(), usize::MAX).delta;
        for mut bytes in [postcard::to_allocvec(&everything).expect("encodes"), world.stores[1].encode()] {
            for (at, value) in &damage {
                let len = bytes.len().max(1);
                if let Some(byte) = bytes.get_mut(at % len) {
                    *byte = *value;
                }
            }
            if let Some(cut) = cut {
                bytes.truncate(cut % (bytes.len() + 1));
            }
            for store in &world.stores {
                if let Ok(delta) = postcard::from_bytes::<Delta>(&bytes) {
                    let mut store = store.clone();
                    let before = (store.hash(), readings(&store));
                    if merge(&mut store, delta).is_err() {
                        prop_assert_eq!((store.hash(), readings(&store)), before);
                    }
                    exercise(&mut store);
                }
            }
            if let Ok(mut store) = Store::decode(&bytes) {
                exercise(&mut store);
            }
        }
    }
}
