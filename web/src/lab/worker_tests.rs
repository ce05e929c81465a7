use super::super::protocol::{Deed, NodeState, decode, encode};
use super::*;
use rumormill_sim::Scenario;
use std::cell::Cell;

/// A machine whose clock stands still, so that only events end a tick.
fn machine() -> Machine {
    Machine::new(|| 0.0)
}

fn start(nodes: u32, script: Vec<(u64, Deed)>) -> Command {
    let scenario = Scenario { nodes, seed: 3, ..Scenario::default() };
    Command::Start { run: 7, scenario: Box::new(scenario), script, goes_back: true, look: Look::default() }
}

fn frame(report: Report) -> Frame {
    match report {
        Report::Frame(frame) => *frame,
        other => panic!("not a frame: {other:?}"),
    }
}

fn write(node: u32, value: &str) -> Deed {
    Deed::Write { node, key: "color".into(), value: value.into() }
}

fn text() -> Look {
    Look { text: true, node: Some(2), rows: Some((1, 2)), ..Look::default() }
}

#[test]
fn a_write_spreads_and_the_frame_says_so() {
    let mut machine = machine();
    let begun = frame(machine.obey(start(9, vec![(500_000, write(0, "red"))])));
    assert_eq!((begun.run, begun.now_us, begun.marks.len(), begun.spread.up), (7, 0, 9, 9));
    let before = frame(machine.obey(Command::Advance { to_us: 499_999, look: Look::default() }));
    assert_eq!((before.spread.since_us, before.spread.informed), (None, 0));
    let after = frame(machine.obey(Command::Advance { to_us: 5_000_000, look: text() }));
    assert_eq!(after.now_us, 5_000_000);
    assert_eq!(after.done, [(500_000, write(0, "red"))]);
    assert_eq!((after.spread.since_us, after.spread.informed), (Some(500_000), 9));
    assert!(after.spread.converged && after.spread.complete_us > Some(500_000));
    assert!(after.marks.iter().all(|mark| mark.informed && mark.state == NodeState::Alive));
    let times: Vec<u64> = after.samples.iter().map(|sample| sample.at_us).collect();
    assert!(times.is_sorted() && times.len() > 100, "{} samples", times.len());
    let text = after.text.expect("it was asked for");
    let inside = text.node.expect("node 2 is there").inside.expect("it is up");
    assert_eq!((inside.entries[0].key.as_str(), inside.entries[0].value.as_str()), ("color", "\"red\""));
    assert_eq!(inside.believed, [9, 0, 0, 0, 0, 0]);
    assert_eq!(text.rows.iter().map(|row| row.node).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn the_length_of_ticks_changes_nothing() {
    let counts = [1_000u64, 77_777, 4_000_000].map(|tick_us| {
        let mut machine = machine();
        machine.obey(start(12, vec![(100_000, write(3, "1")), (900_000, Deed::Crash(5))]));
        let mut to_us = 0;
        let mut last = Frame::default();
        while to_us < 4_000_000 {
            to_us = (to_us + tick_us).min(4_000_000);
            last = frame(machine.obey(Command::Advance { to_us, look: text() }));
        }
        last.text.expect("asked for").totals
    });
    assert!(counts[0].events > 100);
    assert_eq!(counts[0], counts[1]);
    assert_eq!(counts[1], counts[2]);
}

#[test]
fn a_tick_ends_when_its_time_is_over() {
    let ticks = std::rc::Rc::new(Cell::new(0.0));
    let clock = {
        let ticks = ticks.clone();
        move || {
            ticks.set(ticks.get() + 5.0);
            ticks.get()
        }
    };
    let mut machine = Machine::new(clock);
    machine.obey(start(50, vec![]));
    let report = frame(machine.obey(Command::Advance { to_us: 60_000_000, look: Look::default() }));
    assert!(report.now_us > 0 && report.now_us < 60_000_000, "{}", report.now_us);
    assert!(report.took_us > 0);
}

#[test]
fn a_cut_stops_a_write_and_a_heal_lets_it_through() {
    let mut machine = machine();
    machine.obey(start(10, vec![]));
    machine.obey(Command::Advance { to_us: 100_000, look: Look::default() });
    let cut = frame(
        machine.obey(Command::Do { deeds: vec![Deed::Cut(vec![5, 6, 7, 8, 9])], look: Look::default() }),
    );
    assert_eq!(cut.groups, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    assert!(cut.spread.cut);
    machine.obey(Command::Do { deeds: vec![write(0, "x")], look: Look::default() });
    let parted = frame(machine.obey(Command::Advance { to_us: 8_000_000, look: Look::default() }));
    assert_eq!(parted.spread.informed, 5);
    machine.obey(Command::Do { deeds: vec![Deed::Heal], look: Look::default() });
    let healed = frame(machine.obey(Command::Advance { to_us: 30_000_000, look: Look::default() }));
    assert_eq!((healed.spread.informed, healed.groups.len()), (10, 0));
}

#[test]
fn what_is_not_possible_is_refused_in_words() {
    let mut machine = machine();
    assert_eq!(machine.obey(Command::Look(Look::default())), Report::Idle);
    assert!(matches!(machine.obey(start(0, vec![])), Report::NotStarted(why) if why.contains("0 nodes")));
    machine.obey(start(3, vec![]));
    let crash = |machine: &mut Machine| {
        frame(machine.obey(Command::Do { deeds: vec![Deed::Crash(1)], look: Look::default() }))
    };
    assert_eq!(crash(&mut machine).refused, None);
    let again = crash(&mut machine);
    assert!(again.refused.is_some_and(|why| why.contains("not up")));
    assert_eq!(again.marks[1].state, NodeState::Down);
    let still_there = machine.obey(Command::Look(Look::default()));
    assert_eq!(frame(still_there).refused, None, "said once");
    assert!(matches!(machine.obey(start(0, vec![])), Report::NotStarted(_)));
    assert!(matches!(machine.obey(Command::Look(Look::default())), Report::Frame(_)), "the old run stands");
}

#[test]
fn a_node_that_says_goodbye_has_left_and_can_come_back() {
    let mut machine = machine();
    machine.obey(start(4, vec![(200_000, Deed::Leave(2))]));
    let gone = frame(machine.obey(Command::Advance { to_us: 3_000_000, look: text() }));
    assert_eq!(gone.marks[2].state, NodeState::Left);
    assert_eq!(gone.text.and_then(|text| text.node).and_then(|node| node.inside), None);
    machine.obey(Command::Do { deeds: vec![Deed::Restart(2)], look: Look::default() });
    let back = frame(machine.obey(Command::Advance { to_us: 6_000_000, look: Look::default() }));
    assert_eq!(back.marks[2].state, NodeState::Alive);
}

#[test]
fn steps_are_single_events_and_the_script_counts_as_one() {
    let mut machine = machine();
    machine.obey(start(3, vec![(1, write(0, "x"))]));
    let mut done = 0;
    let mut last_us = 0;
    for _ in 0..20 {
        let step = frame(machine.obey(Command::Step { look: Look::default() }));
        assert!(step.now_us >= last_us);
        last_us = step.now_us;
        done += step.done.len();
    }
    assert_eq!(done, 1);
}

#[test]
fn messages_survive_the_wire_and_rubbish_is_refused() {
    let mut machine = machine();
    let report: Report = decode(&machine.answer(&encode(&start(5, vec![(9, write(1, "[1,2]"))])))).unwrap();
    assert_eq!(frame(report).marks.len(), 5);
    let report: Report =
        decode(&machine.answer(&encode(&Command::Advance { to_us: 2_000_000, look: text() }))).unwrap();
    assert!(frame(report).text.is_some_and(|text| !text.records.is_empty()));
    let report: Report = decode(&machine.answer(&[0xff; 9])).unwrap();
    assert!(matches!(report, Report::NotStarted(_)));
}

#[test]
fn a_named_scenario_has_a_hash_and_no_other() {
    let name = rumormill_sim::scenarios::named()[0].name.clone();
    let hash = |name: &str| match machine().obey(Command::TraceHash { id: 4, name: name.to_owned() }) {
        Report::TraceHash { id: 4, hash } => hash,
        other => panic!("{other:?}"),
    };
    assert_eq!(hash(&name), trace_hash_of(&name).ok_or_else(String::new));
    assert!(hash("no such").is_err());
}
