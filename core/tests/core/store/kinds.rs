//! What each kind does with concurrent writes, deletes and ends, case by case.

use super::model::readings;
use super::world::{merged, number};
use crate::net::id;
use rumormill_core::state::State;
use rumormill_core::state::store::{Key, Reading, WriteError};
use rumormill_core::{Instant, Kind, Store, Value};

#[test]
fn a_delta_is_what_changed_and_not_what_is_stored() {
    let mut store = Store::new(id("a"), 1);
    for n in 0..1_000 {
        let key = Key::new(&format!("key-{n}")).expect("valid");
        store.set(&key, Value::text("v").expect("short"), Instant::ZERO).expect("free");
    }
    let seen = store.digest();
    let key = Key::new("key-500").expect("valid");
    for n in 0..10 {
        store.set(&key, Value::json(&n.into()).expect("short"), Instant::ZERO).expect("a register");
    }
    let delta = store.delta(&seen, usize::MAX).delta;
    assert_eq!(delta.runs.len(), 1);
    assert_eq!((delta.runs[0].after, delta.runs[0].upto), (1_000, 1_010));
    assert_eq!(delta.runs[0].items.len(), 1, "nine of ten writes were superseded");
}

#[test]
fn operations_on_the_wrong_kind_change_nothing() {
    let mut store = Store::new(id("a"), 1);
    let key = Key::new("visits").expect("valid");
    store.increment(&key, 1).expect("free");
    let before = store.hash();
    let wrong = WriteError::WrongKind { key: key.clone(), existing: Kind::Counter };
    assert_eq!(store.set(&key, number(1), Instant::ZERO).err(), Some(wrong.clone()));
    assert_eq!(store.put(&key, number(1), Instant::ZERO).err(), Some(wrong.clone()));
    assert_eq!(store.add(&key, number(1)).err(), Some(wrong.clone()));
    assert_eq!(store.remove(&key, &number(1)).err(), Some(wrong));
    assert!(store.increment(&key, i64::MAX).is_err(), "would overflow");
    assert_eq!(store.hash(), before);
    assert_eq!(store.counter(&key), Some(1));
    assert!(store.delete(&key, Instant::ZERO).0);
    store.add(&key, number(1)).expect("free again");
    assert_eq!(store.elements(&key), [&number(1)]);
}

#[test]
fn one_key_created_as_two_kinds_at_once_keeps_both() {
    let (mut a, mut b) = (Store::new(id("a"), 1), Store::new(id("b"), 1));
    let key = Key::new("k").expect("valid");
    a.increment(&key, 3).expect("free");
    b.set(&key, Value::text("v").expect("short"), Instant::ZERO).expect("free");
    let (ab, ba) = (merged(&a, &b), merged(&b, &a));
    assert_eq!(readings(&ab), readings(&ba));
    assert_eq!((ab.counter(&key), ab.register(&key).is_some()), (Some(3), true));
}

#[test]
fn a_conflict_is_kept_until_a_write_that_has_seen_it() {
    let (mut a, mut b) = (Store::new(id("a"), 1), Store::new(id("b"), 1));
    let key = Key::new("k").expect("valid");
    a.put(&key, number(1), Instant::ZERO).expect("free");
    b.put(&key, number(2), Instant::ZERO).expect("free");
    let mut both = merged(&a, &b);
    assert_eq!(both.values(&key), [&number(1), &number(2)]);
    both.put(&key, number(3), Instant::ZERO).expect("the same kind");
    assert_eq!(merged(&merged(&b, &both), &a).values(&key), [&number(3)]);
    // A write that had not seen the resolution stands beside it.
    b.put(&key, number(4), Instant::ZERO).expect("the same kind");
    assert_eq!(merged(&both, &b).values(&key).len(), 2);
}

#[test]
fn an_add_wins_over_a_remove_that_had_not_seen_it() {
    let mut a = Store::new(id("a"), 1);
    let key = Key::new("k").expect("valid");
    a.add(&key, number(1)).expect("free");
    let mut b = merged(&Store::new(id("b"), 1), &a);
    assert!(b.remove(&key, &number(1)).expect("a set").0);
    assert!(!b.remove(&key, &number(1)).expect("a set").0, "it is gone");
    assert!(merged(&a, &b).elements(&key).is_empty());
    assert!(!a.add(&key, number(1)).expect("a set").0, "it was there");
    assert_eq!(merged(&a, &b).elements(&key), [&number(1)]);
    assert_eq!(merged(&b, &a).elements(&key), [&number(1)]);
}

#[test]
fn increments_that_a_delete_had_not_seen_survive_it_exactly() {
    let mut a = Store::new(id("a"), 1);
    let key = Key::new("k").expect("valid");
    a.increment(&key, 10).expect("free");
    let mut b = merged(&Store::new(id("b"), 1), &a);
    assert!(b.delete(&key, Instant::ZERO).0);
    assert_eq!(b.counter(&key), None);
    a.increment(&key, 2).expect("a counter");
    for store in [merged(&a, &b), merged(&b, &a)] {
        assert_eq!(store.counter(&key), Some(2));
    }
    b.increment(&key, 5).expect("a counter again");
    assert_eq!(merged(&a, &b).counter(&key), Some(7));
}

/// A register's later write counts by what it had seen, so a clock that is
/// far ahead wins over concurrent writes only.
#[test]
fn a_stamp_from_the_far_future_poisons_no_clock_and_no_key() {
    let day = Instant::from_micros(86_400_000_000);
    let (mut a, mut b) = (Store::new(id("a"), 1), Store::new(id("b"), 1));
    let key = Key::new("k").expect("valid");
    a.set(&key, number(1), day).expect("free");
    b.merge(a.delta(&b.digest(), usize::MAX).delta, Instant::from_micros(5)).expect("a valid delta");
    assert_eq!(b.unbelievable_stamps(), 1);
    b.set(&key, number(2), Instant::from_micros(6)).expect("a register");
    let stamps: Vec<_> = b
        .get(&key)
        .map(|reading| matches!(reading, Reading::Register { stamp, .. } if stamp.0 < 100))
        .collect();
    assert_eq!(stamps, [true], "stamped by its own clock");
    a.merge(b.delta(&a.digest(), usize::MAX).delta, day).expect("a valid delta");
    assert_eq!((a.register(&key), b.register(&key)), (Some(&number(2)), Some(&number(2))));
}
