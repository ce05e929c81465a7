use crate::support::{apply, engine, engines, run_for, set, start, within};
use rumormill_core::State;
use rumormill_core::state::store::Key;
use rumormill_sim::{Act, Scenario, Sim};

fn increment(sim: &mut Sim, node: u32, by: i64) {
    apply(sim, Act::Increment { node, key: "n".into(), by });
}

fn restart(sim: &mut Sim, node: u32, data: bool, moved: bool) {
    apply(sim, Act::Restart { node, data, moved });
}

fn everywhere(sim: &Sim, sum: i64) -> bool {
    let key = Key::new("n").expect("a literal that is a valid key");
    engines(sim).all(|engine| engine.state().counter(&key) == Some(sum))
}

#[test]
fn with_its_data_a_node_goes_on_as_the_same_writer() {
    let mut sim = start(Scenario { nodes: 5, ..Scenario::default() });
    run_for(&mut sim, 500);
    apply(&mut sim, Act::Partition { groups: vec![vec![2]] });
    (0..3).for_each(|_| increment(&mut sim, 2, 1));
    let writer = engine(&sim, 2).state().writer().clone();
    apply(&mut sim, Act::Crash { node: 2 });
    apply(&mut sim, Act::Heal);
    run_for(&mut sim, 3_000);
    assert!(engines(&sim).all(|engine| engine.state().version() == 0), "only its disk has the three");
    restart(&mut sim, 2, true, false);
    increment(&mut sim, 2, 10);
    assert_eq!(engine(&sim, 2).state().writer(), &writer);
    assert_eq!(engine(&sim, 2).state().vector().sequence(&writer), 4, "its sequence goes on");
    assert_eq!(sim.node(2).incarnation.0, 2, "in a later life");
    within(&mut sim, 5_000, "counted", |sim| everywhere(sim, 13));
    within(&mut sim, 5_000, "converged", Sim::is_converged);
}

#[test]
fn without_its_data_it_is_a_new_writer_and_what_others_had_of_it_still_counts() {
    let mut sim = start(Scenario { nodes: 5, ..Scenario::default() });
    run_for(&mut sim, 500);
    increment(&mut sim, 2, 3);
    within(&mut sim, 3_000, "informed", |sim| sim.informed() == 5);
    let writer = engine(&sim, 2).state().writer().clone();
    apply(&mut sim, Act::Crash { node: 2 });
    restart(&mut sim, 2, false, false);
    increment(&mut sim, 2, 10);
    assert_ne!(engine(&sim, 2).state().writer(), &writer);
    within(&mut sim, 5_000, "counted", |sim| everywhere(sim, 13));
    apply(&mut sim, Act::Crash { node: 2 });
    restart(&mut sim, 2, false, false);
    assert_eq!(engine(&sim, 2).state().version(), 0, "the disk of its lives before is empty");
    within(&mut sim, 5_000, "counted", |sim| everywhere(sim, 13));
}

#[test]
fn a_node_that_moved_is_found_at_its_new_address_and_not_at_the_old_one() {
    let mut sim = start(Scenario { nodes: 8, ..Scenario::default() });
    run_for(&mut sim, 1_000);
    apply(&mut sim, Act::Crash { node: 7 });
    restart(&mut sim, 7, true, true);
    within(&mut sim, 5_000, "known at its new address", |sim| {
        let id = sim.node(7).id;
        engines(sim).all(|engine| {
            let address = engine.members().member(id).and_then(|member| member.address.as_ref());
            address.is_some_and(|address| address.as_str() == "ws://n7-2.sim/gossip")
        })
    });
    // The old address is nobody's: whoever still dials it is refused.
    let refused = engines(&sim).map(|engine| engine.stats().broken_links).sum::<u64>();
    assert!(refused > 0, "the crash broke links");
    set(&mut sim, 0, "color", "red");
    within(&mut sim, 5_000, "informed", |sim| sim.informed() == 8);
    apply(&mut sim, Act::Crash { node: 7 });
    restart(&mut sim, 7, true, true);
    let address = engine(&sim, 7).config().address.clone();
    assert_eq!(address.expect("it can be dialled").as_str(), "ws://n7-3.sim/gossip");
}
