//! The Store's merge: commutative, associative, idempotent; and exchange by
//! deltas in any order, in parts and through others gives what full exchange
//! gives.

use crate::net::id;
use proptest::prelude::*;
use rumormill_core::state::store::{Key, Reading, WriteError};
use rumormill_core::state::{Comparison, State};
use rumormill_core::{Instant, Kind, Store, Value, VersionVector};

#[derive(Debug, Clone)]
enum Step {
    Set {
        at: u8,
        key: u8,
        value: u8,
        time: u8,
    },
    Add {
        at: u8,
        key: u8,
        by: i8,
    },
    /// One replica sends another what it lacks, in small parts.
    Sync {
        from: u8,
        to: u8,
    },
    /// One replica sends another a single part, perhaps ahead of a gap.
    Rumor {
        from: u8,
        to: u8,
        skip: u8,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => any::<(u8, u8, u8, u8)>().prop_map(|(at, key, value, time)| Step::Set { at, key, value, time }),
        3 => any::<(u8, u8, i8)>().prop_map(|(at, key, by)| Step::Add { at, key, by }),
        2 => any::<(u8, u8)>().prop_map(|(from, to)| Step::Sync { from, to }),
        2 => any::<(u8, u8, u8)>().prop_map(|(from, to, skip)| Step::Rumor { from, to, skip }),
    ]
}

const REPLICAS: usize = 3;

fn register(n: u8) -> Key {
    Key::new(&format!("r{}", n % 4)).expect("valid")
}

fn counter(n: u8) -> Key {
    Key::new(&format!("c{}", n % 3)).expect("valid")
}

fn run(steps: &[Step]) -> (Vec<Store>, [i64; 3]) {
    let mut stores: Vec<_> = (0..REPLICAS).map(|n| Store::new(id(&format!("n{n}")), 1)).collect();
    let mut sums = [0; 3];
    for step in steps {
        match *step {
            Step::Set { at, key, value, time } => {
                let value = Value::json(&value.into()).expect("short");
                let now = Instant::from_micros(time.into());
                stores[at as usize % REPLICAS].set(&register(key), value, now).expect("a register");
            }
            Step::Add { at, key, by } => {
                stores[at as usize % REPLICAS].increment(&counter(key), by.into()).expect("in range");
                sums[key as usize % 3] += i64::from(by);
            }
            Step::Sync { from, to } => {
                sync(&mut stores, from as usize % REPLICAS, to as usize % REPLICAS, 60)
            }
            Step::Rumor { from, to, skip } => {
                // A peer that claims to have seen some of the sender's own writes gets a delta with a gap.
                let from = stores[from as usize % REPLICAS].clone();
                let claimed: VersionVector = [(from.writer().clone(), skip.into())].into_iter().collect();
                let delta = from.delta(&claimed, 80).delta;
                stores[to as usize % REPLICAS].merge(delta).expect("a valid delta");
            }
        }
    }
    (stores, sums)
}

fn sync(stores: &mut [Store], from: usize, to: usize, bytes_max: usize) {
    for _ in 0..10_000 {
        let part = stores[from].delta(&stores[to].digest(), bytes_max);
        stores[to].merge(part.delta).expect("a valid delta");
        if part.complete {
            return;
        }
    }
    panic!("the parts do not come to an end");
}

fn readings(store: &Store) -> Vec<(String, String)> {
    let show = |reading: Reading<'_>| match reading {
        Reading::Register { value, author, .. } => format!("{value:?} by {author}"),
        Reading::Counter { sum } => sum.to_string(),
    };
    store.iter().map(|entry| (entry.key.to_string(), show(entry.reading))).collect()
}

fn merged(a: &Store, b: &Store) -> Store {
    let mut result = a.clone();
    result.merge(b.delta(&VersionVector::default(), usize::MAX).delta).expect("a valid delta");
    result
}

proptest! {
    #[test]
    fn merge_is_commutative_associative_and_idempotent(steps in prop::collection::vec(step(), 0..40)) {
        let (stores, _) = run(&steps);
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
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let (mut stores, sums) = run(&steps);
        let full = merged(&merged(&stores[0], &stores[1]), &stores[2]);
        for (from, to) in [(0, 1), (1, 2), (2, 0), (0, 1)] {
            sync(&mut stores, from, to, 40);
        }
        for store in &stores {
            prop_assert_eq!(readings(store), readings(&full));
            prop_assert_eq!(store.compare(&full.digest()), Comparison::Equal);
            prop_assert_eq!(store.hash(), full.hash());
            for (n, sum) in sums.iter().enumerate() {
                prop_assert_eq!(store.counter(&counter(n as u8)).unwrap_or(0), *sum, "every increment counts once");
            }
            prop_assert!(store.delta(&full.digest(), 1_000).delta.runs.is_empty(), "equal states owe nothing");
        }
    }

    #[test]
    fn bytes_bring_a_store_back(steps in prop::collection::vec(step(), 0..30)) {
        let (stores, _) = run(&steps);
        let back = Store::decode(&stores[0].encode()).expect("its own bytes");
        prop_assert_eq!(readings(&back), readings(&stores[0]));
        prop_assert_eq!(back.hash(), stores[0].hash());
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
    let error = store.set(&key, Value::text("v").expect("short"), Instant::ZERO).expect_err("a counter");
    assert_eq!(error, WriteError::WrongKind { key: key.clone(), existing: Kind::Counter });
    assert!(store.increment(&key, i64::MAX).is_err(), "would overflow");
    assert_eq!(store.hash(), before);
    assert_eq!(store.counter(&key), Some(1));
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
