//! The laws: merging is commutative, associative and idempotent; parts, lost,
//! late and repeated deltas, replicas that come back and replicas that lost
//! their data end in what the writes alone say; equal states read equal.

use super::model::{alike, lasting, readings};
use super::world::{Hazards, World, holds, merged, steps, sync};
use crate::net::id;
use proptest::prelude::*;
use rumormill_core::state::State;
use rumormill_core::state::store::Digest;
use rumormill_core::{Comparison, Instant, Kind, Store};

/// Settles a world and compares every replica with the model and the others.
fn check_settled(world: &mut World) -> Result<(), TestCaseError> {
    world.settle();
    let expected = world.model.expected(&world.stores[0]);
    for store in &world.stores {
        prop_assert_eq!(&readings(store), &expected);
        prop_assert_eq!(store.hash(), world.stores[0].hash());
        prop_assert_eq!(store.compare_with(&world.stores[0]), Comparison::Equal);
        prop_assert!(Store::delta_is_empty(&store.delta(&world.stores[0].digest(), 1_000).delta));
    }
    Ok(())
}

/// All have seen everything: all tombstones go, and nothing comes back.
fn check_collected(world: &mut World) -> Result<(), TestCaseError> {
    let before = readings(&world.stores[0]);
    let digests: Vec<Digest> = world.stores.iter().map(State::digest).collect();
    let gapless = world.stores[0].compare(&Digest { seen: world.stores[0].vector().clone().into() });
    for store in &mut world.stores {
        store.collect(digests.iter());
        prop_assert!(store.tombstones() == 0 || gapless != Comparison::Equal);
        prop_assert_eq!(&readings(store), &before);
    }
    let mut late = [Store::new(id("late"), 1), world.stores[0].clone()];
    sync(&mut late, 1, 0, 40, Instant::from_micros(60_000_000));
    prop_assert_eq!(&readings(&late[0]), &before);
    prop_assert_eq!(late[0].hash(), late[1].hash());
    Ok(())
}

proptest! {
    #[test]
    fn merge_is_commutative_associative_and_idempotent(
        steps in steps(Hazards::Losing, 60),
    ) {
        let World { stores, .. } = World::run(3, &steps)?;
        let [a, b, c] = &stores[..] else { unreachable!("three replicas") };
        prop_assert_eq!(lasting(&merged(a, b)), lasting(&merged(b, a)));
        prop_assert_eq!(lasting(&merged(&merged(a, b), c)), lasting(&merged(a, &merged(b, c))));
        prop_assert_eq!(readings(&merged(a, a)), readings(a));
        prop_assert_eq!(merged(a, a).hash(), a.hash(), "merging makes no version");
        prop_assert_eq!(merged(a, b).hash(), merged(b, a).hash());
        prop_assert_eq!(merged(&merged(a, b), b).hash(), merged(a, b).hash());
        let both = merged(a, b);
        prop_assert!(matches!(both.compare_with(a), Comparison::Equal | Comparison::Newer));
        prop_assert!(matches!(a.compare_with(&both), Comparison::Equal | Comparison::Older));
    }

    #[test]
    fn every_replica_ends_with_what_was_written(steps in steps(Hazards::None, 120), replicas in 3usize..6) {
        let mut world = World::run(replicas, &steps)?;
        check_settled(&mut world)?;
        check_collected(&mut world)?;
    }

    /// Members that were given up for dead return with what was deleted and
    /// forgotten meanwhile.
    #[test]
    fn nothing_comes_back_however_early_it_was_forgotten(steps in steps(Hazards::Forgetting, 120), replicas in 3usize..6) {
        let mut world = World::run(replicas, &steps)?;
        check_settled(&mut world)?;
        check_collected(&mut world)?;
    }

    /// What a lost replica had told nobody is lost; all else stays, and counts once.
    #[test]
    fn replicas_that_lose_their_data_lose_nothing_that_another_has(
        steps in steps(Hazards::Losing, 120), replicas in 3usize..6,
    ) {
        let mut world = World::run(replicas, &steps)?;
        let known: Vec<usize> = world.stores.iter().map(|store| world.model.known(store)).collect();
        check_settled(&mut world)?;
        for (store, before) in world.stores.iter().zip(known) {
            prop_assert!(world.model.known(store) >= before, "what was known stays known");
        }
        check_collected(&mut world)?;
    }

    /// A restart with data changes nothing that anyone could tell.
    #[test]
    fn bytes_bring_a_store_back_as_it_was(
        before in steps(Hazards::Losing, 60), after in steps(Hazards::Forgetting, 60),
    ) {
        let mut world = World::run(3, &before)?;
        let mut twin = World::run(3, &before)?;
        for store in &mut twin.stores {
            *store = Store::decode(&store.encode()).expect("its own bytes");
        }
        for step in &after {
            world.step(step);
            twin.step(step);
            for (a, b) in world.stores.iter().zip(&twin.stores) {
                prop_assert_eq!(a.hash(), b.hash(), "after {:?}", step);
                prop_assert_eq!(readings(a), readings(b), "after {:?}", step);
                prop_assert_eq!(a.expires_at(), b.expires_at());
                prop_assert_eq!(a.tombstones(), b.tombstones());
                prop_assert_eq!(a.digest(), b.digest());
            }
        }
        check_settled(&mut world)?;
        check_settled(&mut twin)?;
    }
}

/// The random runs do reach what they are about.
#[test]
fn random_steps_reach_every_kind_and_every_hazard() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut kinds, mut conflicts, mut tombstones, mut rolls) = ([0; 4], 0, 0, 0);
    for _ in 0..200 {
        let steps = steps(Hazards::Losing, 120).new_tree(&mut runner).expect("a strategy").current();
        let world = World::run(3, &steps).expect("holds");
        for store in &world.stores {
            for (count, kind) in kinds.iter_mut().zip(Kind::ALL) {
                *count += u32::from(holds(store, kind));
            }
            tombstones += store.tombstones();
            conflicts +=
                u32::from(world.stores.iter().any(|b| b.compare_with(store) == Comparison::Conflict));
            let newcomer = Store::new(id("late"), 1);
            rolls += u32::from(store.delta(&newcomer.digest(), usize::MAX).delta.roll.is_some());
            alike(store, &world.stores[0]).expect("equal states read equal");
        }
    }
    assert!(kinds.iter().all(|count| *count > 100), "{kinds:?}");
    assert!(conflicts > 50 && tombstones > 50 && rolls > 50, "{conflicts} {tombstones} {rolls}");
}
