//! The Store's merge: commutative, associative, idempotent; exchange by deltas
//! in any order, in parts and through others gives what full exchange gives;
//! deleted stays deleted, whoever comes back.

use crate::net::id;
use proptest::prelude::*;
use rumormill_core::state::store::{Digest, Key, News, Reading, WriteError};
use rumormill_core::state::{Comparison, Merged, State};
use rumormill_core::{Duration, Instant, Kind, Store, Value};
use std::collections::BTreeSet;

#[derive(Debug, Clone)]
enum Step {
    Set {
        at: u8,
        key: u8,
        value: u8,
        time: u8,
    },
    Count {
        at: u8,
        key: u8,
        by: i8,
    },
    Put {
        at: u8,
        key: u8,
        value: u8,
    },
    Add {
        at: u8,
        key: u8,
        value: u8,
    },
    Remove {
        at: u8,
        key: u8,
        value: u8,
    },
    Delete {
        at: u8,
        key: u8,
        time: u8,
    },
    /// One replica sends another what it lacks, in small parts.
    Sync {
        from: u8,
        to: u8,
    },
    /// One replica forwards another some of its own writes, perhaps ahead of a gap.
    Rumor {
        from: u8,
        to: u8,
        skip: u8,
    },
    /// A replica drops the tombstones that it can prove to be stable.
    Collect {
        at: u8,
    },
    /// A replica drops them as if the others had been given up for dead.
    CollectAlone {
        at: u8,
    },
}

fn step(forgetting: bool) -> impl Strategy<Value = Step> {
    use Step::{Add, Collect, CollectAlone, Count, Delete, Put, Remove, Rumor, Set, Sync};
    prop_oneof![
        3 => any::<(u8, u8, u8, u8)>().prop_map(|(at, key, value, time)| Set { at, key, value, time }),
        3 => any::<(u8, u8, i8)>().prop_map(|(at, key, by)| Count { at, key, by }),
        3 => any::<(u8, u8, u8)>().prop_map(|(at, key, value)| Put { at, key, value }),
        3 => any::<(u8, u8, u8)>().prop_map(|(at, key, value)| Add { at, key, value }),
        2 => any::<(u8, u8, u8)>().prop_map(|(at, key, value)| Remove { at, key, value }),
        2 => any::<(u8, u8, u8)>().prop_map(|(at, key, time)| Delete { at, key, time }),
        3 => any::<(u8, u8)>().prop_map(|(from, to)| Sync { from, to }),
        2 => any::<(u8, u8, u8)>().prop_map(|(from, to, skip)| Rumor { from, to, skip }),
        1 => any::<u8>().prop_map(move |at| if forgetting { CollectAlone { at } } else { Collect { at } }),
    ]
}

const REPLICAS: usize = 3;

fn key(kind: char, n: u8) -> Key {
    Key::new(&format!("{kind}{}", n % 3)).expect("valid")
}

fn number(n: u8) -> Value {
    Value::json(&(n % 5).into()).expect("short")
}

/// Any key of any kind.
fn any_key(n: u8) -> Key {
    key(['r', 'c', 'm', 's'][n as usize / 3 % 4], n)
}

struct World {
    stores: Vec<Store>,
    /// Each replica's own writes, as news.
    news: [Vec<News>; REPLICAS],
    /// Increments per counter, while none was deleted.
    sums: [i64; 3],
    counter_deleted: bool,
}

fn run(steps: &[Step]) -> World {
    let stores = (0..REPLICAS).map(|n| Store::new(id(&format!("n{n}")), 1)).collect();
    let mut world = World { stores, news: Default::default(), sums: [0; 3], counter_deleted: false };
    for step in steps {
        world.step(step);
    }
    world
}

impl World {
    fn at(&mut self, n: u8) -> &mut Store {
        &mut self.stores[n as usize % REPLICAS]
    }

    fn wrote(&mut self, at: u8, written: Merged<News>) {
        self.news[at as usize % REPLICAS].push(written.news);
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Set { at, key: k, value, time } => {
                let now = Instant::from_micros(time.into());
                let written = self.at(at).set(&key('r', k), number(value), now).expect("a register");
                self.wrote(at, written);
            }
            Step::Count { at, key: k, by } => {
                let (_, written) = self.at(at).increment(&key('c', k), by.into()).expect("in range");
                self.wrote(at, written);
                self.sums[k as usize % 3] += i64::from(by);
            }
            Step::Put { at, key: k, value } => {
                let written = self.at(at).put(&key('m', k), number(value), Instant::ZERO);
                self.wrote(at, written.expect("a multi-value register"));
            }
            Step::Add { at, key: k, value } => {
                let (_, written) = self.at(at).add(&key('s', k), number(value)).expect("a set");
                self.wrote(at, written);
            }
            Step::Remove { at, key: k, value } => {
                let (_, written) = self.at(at).remove(&key('s', k), &number(value)).expect("a set");
                self.wrote(at, written);
            }
            Step::Delete { at, key: k, time } => {
                let key = any_key(k);
                let (deleted, written) = self.at(at).delete(&key, Instant::from_micros(time.into()));
                self.wrote(at, written);
                self.counter_deleted |= deleted && key.as_str().starts_with('c');
                assert_eq!(self.at(at).get(&key).count(), 0, "what is deleted cannot be read");
            }
            Step::Sync { from, to } => {
                sync(&mut self.stores, from as usize % REPLICAS, to as usize % REPLICAS, 60)
            }
            Step::Rumor { from, to, skip } => {
                let mut news = News::default();
                for written in
                    self.news[from as usize % REPLICAS].iter().rev().skip(skip as usize % 4).take(3)
                {
                    Store::absorb(&mut news, written);
                }
                while Store::news_len(&news) > 0 {
                    let delta = self.at(from).rumor(&mut news, 60);
                    self.at(to).merge(delta, Instant::ZERO).expect("a valid delta");
                }
            }
            Step::Collect { at } => {
                let digests: Vec<Digest> = self.stores.iter().map(State::digest).collect();
                self.at(at).collect(digests.iter());
            }
            Step::CollectAlone { at } => {
                self.at(at).collect([].iter());
            }
        }
    }
}

fn sync(stores: &mut [Store], from: usize, to: usize, bytes_max: usize) {
    for _ in 0..10_000 {
        let part = stores[from].delta(&stores[to].digest(), bytes_max);
        stores[to].merge(part.delta, Instant::ZERO).expect("a valid delta");
        if part.complete {
            return;
        }
    }
    panic!("the parts do not come to an end");
}

fn readings(store: &Store) -> Vec<(String, String)> {
    let show = |reading: Reading<'_>| match reading {
        Reading::Register { value, author, .. } => format!("{value:?} by {author}"),
        other => format!("{other:?}"),
    };
    store.iter().map(|entry| (entry.key.to_string(), show(entry.reading))).collect()
}

fn merged(a: &Store, b: &Store) -> Store {
    let mut pair = [a.clone(), b.clone()];
    sync(&mut pair, 1, 0, usize::MAX);
    let [a, _] = pair;
    a
}

/// Everyone gets everything from everyone, and once more.
fn settle(stores: &mut [Store]) {
    for _ in 0..2 {
        for (from, to) in [(0, 1), (1, 2), (2, 0), (0, 2), (2, 1), (1, 0)] {
            sync(stores, from, to, 40);
        }
    }
}

proptest! {
    #[test]
    fn merge_is_commutative_associative_and_idempotent(steps in prop::collection::vec(step(false), 0..50)) {
        let World { stores, .. } = run(&steps);
        let [a, b, c] = &stores[..] else { unreachable!("three replicas") };
        prop_assert_eq!(readings(&merged(a, b)), readings(&merged(b, a)));
        prop_assert_eq!(
            readings(&merged(&merged(a, b), c)),
            readings(&merged(a, &merged(b, c)))
        );
        prop_assert_eq!(readings(&merged(a, a)), readings(a));
        prop_assert_eq!(merged(a, a).hash(), a.hash(), "merging makes no version");
        prop_assert_eq!(merged(a, b).hash(), merged(b, a).hash());
    }

    #[test]
    fn deltas_in_parts_and_through_others_give_what_full_exchange_gives(
        steps in prop::collection::vec(step(false), 0..80),
    ) {
        let World { mut stores, sums, counter_deleted, .. } = run(&steps);
        let full = merged(&merged(&stores[0], &stores[1]), &stores[2]);
        settle(&mut stores);
        for store in &stores {
            prop_assert_eq!(readings(store), readings(&full));
            prop_assert_eq!(store.compare(&full.digest()), Comparison::Equal);
            prop_assert_eq!(store.hash(), full.hash());
            for (n, sum) in sums.iter().enumerate().filter(|_| !counter_deleted) {
                let key = key('c', n as u8);
                prop_assert_eq!(store.counter(&key).unwrap_or(0), *sum, "every increment counts once");
            }
            prop_assert!(store.delta(&full.digest(), 1_000).delta.runs.is_empty(), "equal states owe nothing");
        }
        // All have seen everything: all tombstones go, everywhere, and nothing comes back.
        let digests: Vec<Digest> = stores.iter().map(State::digest).collect();
        for store in &mut stores {
            store.collect(digests.iter());
            prop_assert_eq!(store.tombstones(), 0);
            prop_assert_eq!(readings(store), readings(&full));
        }
        let mut newcomer = vec![Store::new(id("late"), 1), stores[0].clone()];
        sync(&mut newcomer, 1, 0, 40);
        prop_assert_eq!(readings(&newcomer[0]), readings(&full));
    }

    /// Members that were given up for dead return with what was deleted and
    /// forgotten meanwhile.
    #[test]
    fn replicas_agree_even_if_tombstones_went_too_early(
        steps in prop::collection::vec(step(true), 0..80),
    ) {
        let World { mut stores, .. } = run(&steps);
        settle(&mut stores);
        settle(&mut stores);
        let first = readings(&stores[0]);
        for store in &stores {
            prop_assert_eq!(&readings(store), &first);
            prop_assert_eq!(store.hash(), stores[0].hash());
        }
        let mut dots = BTreeSet::new();
        for at in 0..REPLICAS as u8 {
            let mut world = World { stores: stores.clone(), news: Default::default(), sums: [0; 3], counter_deleted: false };
            world.at(at).put(&key('m', 0), number(0), Instant::ZERO).expect("a multi-value register");
            let store = world.at(at);
            let (writer, total) = (store.writer().clone(), store.digest());
            prop_assert!(dots.insert((writer.clone(), total.seen.vector().sequence(&writer))));
            prop_assert!(!stores.iter().any(|other| other.digest().seen.covers(&total.seen)), "a new number");
        }
    }

    #[test]
    fn bytes_bring_a_store_back(steps in prop::collection::vec(step(true), 0..40)) {
        let World { stores, .. } = run(&steps);
        let mut back = Store::decode(&stores[0].encode()).expect("its own bytes");
        prop_assert_eq!(readings(&back), readings(&stores[0]));
        prop_assert_eq!(back.digest(), stores[0].digest());
        let mut original = stores[0].clone();
        for store in [&mut back, &mut original] {
            store.put(&key('m', 0), number(0), Instant::ZERO).expect("a multi-value register");
        }
        prop_assert_eq!(back.digest(), original.digest(), "it goes on where it was");
    }
}

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

#[test]
fn a_time_to_live_ends_everywhere_and_a_later_write_outlives_it() {
    let second = |n: u64| Instant::from_micros(n * 1_000_000);
    let mut a = Store::new(id("a"), 1);
    let (short, renewed) = (Key::new("short").expect("valid"), Key::new("renewed").expect("valid"));
    let ttl = Duration::from_secs(5);
    a.set_for(&short, number(1), ttl, second(1)).expect("free");
    a.set_for(&renewed, number(1), ttl, second(1)).expect("free");
    let mut b = merged(&Store::new(id("b"), 1), &a);
    a.set_for(&renewed, number(2), ttl, second(4)).expect("a register");
    assert_eq!((a.expires_at(), b.expires_at()), (Some(second(6)), Some(second(6))));
    assert!(a.expire(second(5)).is_empty());
    assert_eq!(a.expire(second(6)).len(), 1);
    assert_eq!(b.expire(second(6)).len(), 2);
    assert_eq!((a.register(&short), a.register(&renewed)), (None, Some(&number(2))));
    let b = merged(&b, &a);
    assert_eq!((b.register(&short), b.register(&renewed)), (None, Some(&number(2))));
    assert_eq!(a.tombstones(), 1);
    assert_eq!(a.collect([b.digest()].iter()), 1);
    assert!(a.expire(second(60)).len() == 1 && a.expires_at().is_none());
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
