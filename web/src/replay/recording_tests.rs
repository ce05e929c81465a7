use super::*;
use crate::lab::paths::{Path, PathState};
use crate::lab::protocol::{Asked, Known, Look, NodeState, Shown};
use crate::replay::matching::Way;
use rumormill_core::{Duration, MessageKind, Status};
use rumormill_sim::{Act, Scenario, Sim, Start, Timed};

/// The trace of a run, as a file, and the run at its end.
fn traced(scenario: &Scenario) -> (String, Sim) {
    let mut sim = Sim::new(scenario.clone()).expect("it makes sense");
    sim.keep_trace(u32::MAX);
    sim.run_to_end();
    let known = scenario.start == Start::Known;
    let mut text = format!("{{\"rumormill_trace\":1,\"of\":\"a test\",\"known\":{known}}}\n");
    for record in sim.take_trace() {
        text.push_str(&serde_json::to_string(&record).expect("records encode"));
        text.push('\n');
    }
    (text, sim)
}

/// Ten nodes: a write, a crash, a cut, another write on one side.
fn eventful() -> Scenario {
    let at = |ms: u64, act| Timed { at_us: Duration::from_millis(ms), act };
    let set = |node, value: &str| Act::Set { node, key: "color".into(), value: value.into() };
    let acts = vec![
        at(500, set(0, "red")),
        at(1_500, Act::Crash { node: 7 }),
        at(2_000, Act::Partition { groups: vec![vec![0, 1, 2, 3, 4], vec![5, 6, 7, 8, 9]] }),
        at(2_500, set(1, "blue")),
    ];
    Scenario { nodes: 10, seed: 3, acts, until_us: Duration::from_secs(12), ..Scenario::default() }
}

fn opened(text: &str) -> Recording {
    Recording::open(1, "test.jsonl".into(), text.as_bytes()).expect("it is a trace")
}

fn look(view: Asked) -> Look {
    Look { text: true, node: Some(1), rows: Some((0, 100)), view, ..Look::default() }
}

#[test]
fn why_a_node_lacks_a_write_is_said_from_the_records() {
    let (text, _) = traced(&eventful());
    let mut recording = opened(&text);
    let why = |recording: &mut Recording, node: u32| {
        let frame = recording.frame(&Look { node: Some(node), ..look(Asked::Nothing) });
        frame.text.and_then(|text| text.node).and_then(|detail| detail.why)
    };
    recording.seek(11_000_000);
    let cut = why(&mut recording, 8).expect("it lacks the write");
    assert!(cut.because.contains("other side of the cut"), "{cut:?}");
    assert!(cut.next.contains("end of the recording"), "{cut:?}");
    assert!(why(&mut recording, 7).is_some_and(|why| why.because.contains("not running")));
    assert_eq!(why(&mut recording, 2), None, "it has it");
    // Before everyone on this side has it, some lack it and the records know when it comes.
    recording.seek(2_500_000);
    let waits = (2..5).find_map(|node| why(&mut recording, node)).expect("it has only just been written");
    assert!(waits.next.contains("changes at"), "{waits:?}");
}

#[test]
fn what_was_lost_and_what_was_put_off_are_told_apart() {
    let header = r#"{"rumormill_trace":1,"of":"a test","known":true}"#;
    let wrote =
        r#"{"at":10,"node":"n1","event":{"node":{"changed":{"key":"k","kind":"register","from":null}}}}"#;
    let other = r#"{"at":1,"node":"n2","event":{"node":{"round":{"number":1}}}}"#;
    let denied = r#"{"at":30,"node":"n1","event":{"node":{"denied":{"to":"n2","purpose":"PURPOSE"}}}}"#;
    let purpose = serde_json::to_value(rumormill_core::limiter::Purpose::Eager).expect("it encodes");
    let denied = denied.replace("\"PURPOSE\"", &purpose.to_string());
    let why = |records: &[&str]| {
        let mut recording = opened(&[&[header][..], records].concat().join("\n"));
        recording.seek(u64::MAX);
        let frame = recording.frame(&look(Asked::Nothing));
        frame.text.and_then(|text| text.node).and_then(|detail| detail.why).expect("n2 lacks it").because
    };
    assert!(why(&[other, wrote]).contains("nobody who has it has sent it"));
    assert!(why(&[other, wrote, &denied]).contains("no token"));
}

#[test]
fn at_its_end_a_recording_shows_what_the_simulator_has() {
    let (text, sim) = traced(&eventful());
    let mut recording = opened(&text);
    assert_eq!(recording.facts().gaps, Vec::<String>::new());
    assert_eq!((recording.facts().own, recording.facts().names.len()), (10, 10));
    recording.seek(12_000_000);
    let frame = recording.frame(&look(Asked::Beliefs(0)));
    for (view, mark) in sim.iter().zip(&frame.marks) {
        assert_eq!((mark.state.is_up(), mark.informed), (view.up, sim.has_latest(view.index)), "{}", view.id);
    }
    assert_eq!(frame.marks[7].state, NodeState::Down);
    assert_eq!((frame.spread.informed, frame.spread.up, frame.spread.cut), (5, 9, true));
    assert_eq!(frame.groups, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    let text = frame.text.expect("asked for");
    let totals = sim.totals();
    assert_eq!((text.totals.messages, text.totals.bytes), (totals.messages, totals.bytes));
    assert_eq!((text.totals.payload, text.totals.denials), (totals.payload_messages, totals.denials));
    let Shown::Beliefs(matrix) = text.shown else { panic!("beliefs were asked for") };
    for view in sim.iter() {
        for of in sim.iter() {
            let cell = matrix.cells[view.index as usize * 10 + of.index as usize];
            let held = view.engine.and_then(|engine| engine.members().status(of.id));
            let expected = view.engine.map_or(Known::Nobody, |_| held.map_or(Known::No, Known::Status));
            assert_eq!(cell, expected, "{} of {}", view.id, of.id);
        }
    }
}

#[test]
fn paths_that_are_cut_and_nodes_in_trouble_are_told_as_the_lab_tells_them() {
    let at = |ms: u64, act| Timed { at_us: Duration::from_millis(ms), act };
    let acts = vec![
        at(500, Act::CutOneWay { from: 0, to: 3 }),
        at(600, Act::Slow { node: 3, delay_us: Duration::from_millis(500) }),
        at(700, Act::Clock { node: 3, skew_us: 60_000_000 }),
        at(2_000, Act::Heal),
    ];
    let scenario =
        Scenario { nodes: 5, seed: 3, acts, until_us: Duration::from_secs(3), ..Scenario::default() };
    let (text, _) = traced(&scenario);
    let mut recording = opened(&text);
    recording.seek(1_000_000);
    let look = Look { node: Some(3), ..look(Asked::Nothing) };
    let frame = recording.frame(&look);
    assert_eq!(frame.paths, [Path { from: 0, to: 3, state: PathState::CutOneWay }]);
    assert_eq!((frame.spread.cut, frame.spread.paths_cut), (false, 1));
    let facts = frame.text.expect("asked for").node.expect("node 3 is there").trouble.facts();
    let [(_, slow), (_, clock), (_, cut)] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!([slow, clock, cut], ["0.500 s", "60.000 s, ahead", "from n0"]);
    recording.seek(2_500_000);
    assert!(!recording.frame(&look).spread.has_cuts() && recording.frame(&look).paths.is_empty());
}

#[test]
fn messages_are_drawn_as_the_simulator_had_them_under_way() {
    let scenario = eventful();
    let (text, _) = traced(&scenario);
    let mut recording = opened(&text);
    let mut sim = Sim::new(scenario).expect("it makes sense");
    let mut seen = 0;
    for ms in (400..3_000).step_by(7) {
        sim.run_until(Instant::from_micros(ms * 1_000), u32::MAX);
        recording.seek(ms * 1_000);
        let there: BTreeSet<(u32, u32, u64)> = sim
            .in_flight()
            .filter(|flight| flight.lost.is_none())
            .map(|flight| (flight.from, flight.to, flight.sent_at.as_micros()))
            .collect();
        let here = recording.frame(&Look::default()).flights.into_iter().filter(|flight| !flight.lost);
        let here: BTreeSet<(u32, u32, u64)> =
            here.map(|flight| (flight.from.into(), flight.to.into(), flight.sent_us)).collect();
        // What is lost later, at the receiver or with its link, the recording knows already.
        assert!(here.is_subset(&there), "at {ms} ms: {here:?} and {there:?}");
        seen += here.len();
    }
    assert!(seen > 50, "{seen}");
}

/// Ten nodes, cut in two halves for a while: links end and are made again, and messages are lost on the way.
fn cut_and_healed(seed: u64) -> Scenario {
    let at = |ms: u64, act| Timed { at_us: Duration::from_millis(ms), act };
    let groups = vec![vec![0, 1, 2, 3, 4], vec![5, 6, 7, 8, 9]];
    let acts = vec![
        at(1_000, Act::Partition { groups }),
        at(2_000, Act::Set { node: 0, key: "color".into(), value: "red".into() }),
        at(5_000, Act::Heal),
        at(5_500, Act::Crash { node: 7 }),
        at(5_700, Act::Restart { node: 7, data: false, moved: false }),
    ];
    Scenario { nodes: 10, seed, acts, until_us: Duration::from_secs(8), ..Scenario::default() }
}

#[test]
fn through_a_cut_and_a_heal_nothing_is_under_way_that_the_simulator_has_not() {
    // Of all moments at which a greeting was under way, those at which it is held to be.
    let (mut held, mut all) = (0, 0);
    for seed in 1..=8 {
        let scenario = cut_and_healed(seed);
        let (text, _) = traced(&scenario);
        let recording = opened(&text);
        let mut sim = Sim::new(scenario).expect("it makes sense");
        for ms in (0..100).chain(900..1_200).chain(1_990..2_100).chain(4_990..7_900) {
            let now_us = ms * 1_000;
            sim.run_until(Instant::from_micros(now_us), u32::MAX);
            let is_under_way = |way: &&Way| way.sent_us <= now_us && way.ends_us > now_us;
            let (greetings, here): (Vec<&Way>, Vec<&Way>) =
                recording.ways.ways.iter().filter(is_under_way).partition(|way| is_greeting(way.kind));
            let (mut greetings_there, there): (Vec<_>, Vec<_>) =
                sim.in_flight().partition(|flight| is_greeting(flight.kind));
            let here: BTreeSet<_> =
                here.iter().map(|way| (way.from, way.to, way.sent_us, way.number)).collect();
            let there: BTreeSet<_> = there
                .iter()
                .map(|flight| (flight.from, flight.to, flight.sent_at.as_micros(), flight.number))
                .collect();
            assert_eq!(here, there, "seed {seed} at {ms} ms");
            (held, all) = (held + greetings.len(), all + greetings_there.len());
            for way in greetings {
                let at = greetings_there.iter().position(|flight| {
                    (flight.from, flight.to) == (way.from, way.to)
                        && flight.sent_at.as_micros() <= way.sent_us
                });
                let at = at.unwrap_or_else(|| panic!("seed {seed} at {ms} ms: {way:?}"));
                greetings_there.remove(at);
            }
        }
    }
    assert!(held * 10 > all * 9, "{held} of {all}");
}

fn is_greeting(kind: MessageKind) -> bool {
    kind == MessageKind::Hello
}

#[test]
fn any_moment_is_the_same_however_one_comes_there() {
    let (text, _) = traced(&Scenario { until_us: Duration::from_secs(40), nodes: 40, ..eventful() });
    let (mut straight, mut around) = (opened(&text), opened(&text));
    assert!(straight.facts().records > 2 * SPACING as u64, "{} records", straight.facts().records);
    around.frame(&Look::default());
    straight.frame(&Look::default());
    for to_us in [3_000_000, 9_000_000, 20_000_000, 39_000_000] {
        straight.seek(to_us);
        around.seek(40_000_000);
        around.seek(to_us - 500_000);
        around.seek(to_us);
        around.step();
        around.step_back();
        around.seek(to_us);
        let view = || Look { node: Some(3), ..look(Asked::Lanes((0..10).collect(), 1_000_000)) };
        let (mut one, mut other) = (straight.frame(&view()), around.frame(&view()));
        (one.turned_us, other.turned_us) = (None, None);
        // What the page was told on the way differs.
        let records = [&mut one, &mut other].map(|frame| {
            std::mem::take(&mut frame.text.as_mut().expect("asked for").records).last().cloned()
        });
        assert_eq!(records[0], records[1]);
        assert_eq!(one, other, "at {to_us}");
    }
}

#[test]
fn going_back_tells_the_page_what_to_forget_and_tells_it_again() {
    let (text, _) = traced(&eventful());
    let mut recording = opened(&text);
    let told = |recording: &mut Recording| {
        let frame = recording.frame(&look(Asked::Nothing));
        let records = frame.text.expect("asked for").records;
        (frame.turned_us, records.len(), records.last().map(|record| record.at.as_micros()))
    };
    recording.seek(1_600_000);
    let (turned_us, count, last_us) = told(&mut recording);
    assert!(turned_us.is_none() && count > 50 && last_us.is_some_and(|us| us <= 1_600_000));
    recording.seek(600_000);
    assert_eq!(told(&mut recording).0, Some(599_999));
    recording.seek(1_600_000);
    assert_eq!(told(&mut recording).2, last_us, "again");
    recording.seek(0);
    recording.step_back();
    assert_eq!(recording.now_us, 0, "there is nothing before the first record");
}

#[test]
fn one_node_s_trace_shows_what_it_heard_and_says_what_it_cannot() {
    let lines = [
        r#"{"at":1700000000000000,"node":"b","event":{"skipped":12}}"#,
        r#"{"at":1700000000100000,"node":"b","event":{"node":{"member":{"id":"a","incarnation":1,"status":"alive","was":null}}}}"#,
        r#"{"at":1700000000200000,"node":"b","event":{"node":{"changed":{"key":"color","kind":"register","from":"a"}}}}"#,
        r#"{"at":1700000000300000,"node":"b","event":{"wrote":{"key":"color","what":"set"}}}"#,
        r#"{"at":1700000000400000,"node":"b","event":{"node":{"member":{"id":"a","incarnation":1,"status":"down","was":"suspect"}}}}"#,
    ];
    let mut recording = opened(&format!("[{}]", lines.join(",")));
    let facts = recording.facts();
    assert!(facts.from_first && facts.span_us == 400_000 && facts.own == 1);
    let gaps = facts.gaps.join(" ");
    for part in ["12 events before", "recorded at 1 of 2 nodes", "holds no messages"] {
        assert!(gaps.contains(part), "{part}: {gaps}");
    }
    recording.seek(350_000);
    let frame = recording.frame(&look(Asked::Beliefs(0)));
    assert_eq!((frame.spread.informed, frame.spread.up), (1, 2));
    recording.seek(400_000);
    let frame = recording.frame(&look(Asked::Beliefs(0)));
    assert_eq!(frame.marks[0].state, NodeState::Down, "as the one that tells believes");
    let Shown::Beliefs(matrix) = frame.text.expect("asked for").shown else { panic!("asked for") };
    assert_eq!(matrix.cells, [Known::Nobody, Known::Nobody, Known::Status(Status::Down), Known::No]);
}

/// The nodes' names as a list in JSON.
fn named(nodes: std::ops::Range<u32>) -> String {
    format!("[{}]", nodes.map(|node| format!("\"n{node:05}\"")).collect::<Vec<_>>().join(","))
}

#[test]
fn times_beyond_all_runs_are_left_out_and_said() {
    let late = |us: u64| format!("{{\"at\":{us},\"node\":\"a\",\"event\":\"crashed\"}}\n");
    let recording = opened(&[late(0), late(5), late(u64::MAX)].concat());
    assert_eq!((recording.facts().records, recording.facts().span_us), (2, 5));
    assert!(
        recording.facts().gaps[0].starts_with("1 event was more than 30 days"),
        "{:?}",
        recording.facts().gaps
    );
    let mut recording = opened(&[late(RUN_US_MAX), late(3)].concat());
    recording.seek(u64::MAX);
    assert_eq!((recording.now_us, recording.facts().records), (RUN_US_MAX, 2), "a long run is one");
}

#[test]
fn cuts_are_kept_up_to_a_limit_and_the_rest_is_said() {
    let mut text = String::new();
    for node in 0..130 {
        let others = named(0..5_000);
        text.push_str(&format!("{{\"at\":{node},\"node\":\"n{node:05}\",\"event\":{{\"cut\":{others}}}}}\n"));
    }
    let mut recording = opened(&text);
    recording.seek(u64::MAX);
    assert!(recording.cluster.paths_cut() > 0 && recording.cluster.weight() < CUTS_MAX + 30_000);
    let gap = recording.facts().gaps.iter().find(|gap| gap.contains("beyond 1000000 at a time"));
    assert!(gap.is_some(), "{:?}", recording.facts().gaps);
}

#[test]
fn heavy_copies_are_thinned_and_every_moment_is_still_reached() {
    // Two hundred nodes learn of five hundred others each.
    let mut text = String::new();
    for at in 0..100_000u32 {
        let (node, of) = (at % 200, at / 200);
        text.push_str(&format!(
            "{{\"at\":{at},\"node\":\"n{node:05}\",\"event\":{{\"node\":{{\"member\":{{\"id\":\"n{of:05}\",\"incarnation\":1,\"status\":\"alive\",\"was\":null}}}}}}}}\n"
        ));
    }
    let read = crate::replay::file::read(text.as_bytes()).expect("it is a trace");
    let mut recording = Recording::new(1, String::new(), read).expect("it opens");
    let all = recording.copies.len();
    recording.copies_weight_max = 200_000;
    recording.seek(99_999);
    recording.keep();
    let weight: usize = recording.copies.iter().map(|(_, weight, _)| weight).sum();
    assert!(
        recording.copies.len() < all && weight <= 200_000,
        "{} of {all}, {weight}",
        recording.copies.len()
    );
    assert_eq!(recording.copies[0].0, 0, "the start stays");
    for to_us in [99_999, 54_321, 10_000, 0] {
        recording.seek(to_us);
        let held: u32 = (0..200).map(|node| recording.cluster.active(node)).sum();
        assert_eq!(u64::from(held), to_us + 1, "at {to_us}");
    }
}

#[test]
fn how_many_a_node_believes_active_is_counted_as_beliefs_come_and_go() {
    let (text, _) = traced(&eventful());
    let mut recording = opened(&text);
    for to_us in (0..12_000_000).step_by(400_000) {
        recording.seek(to_us);
        for who in 0..10 {
            let active = (0..10)
                .filter_map(|of| recording.cluster.belief(who, of))
                .filter(|status| status.is_active());
            assert_eq!(recording.cluster.active(who), active.count() as u32, "{who} at {to_us}");
        }
    }
}
