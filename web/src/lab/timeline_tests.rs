use super::*;
use rumormill_sim::Scenario;

fn write(node: u32, value: &str) -> Deed {
    Deed::Write { node, key: "color".into(), value: value.into() }
}

/// Hashes its trace, so that two runs are the same exactly if their hashes are.
fn timeline(nodes: u32, script: Vec<(u64, Deed)>) -> Timeline {
    let scenario = Scenario { nodes, seed: 9, ..Scenario::default() };
    let mut timeline = Timeline::new(1, scenario, script).expect("a valid scenario");
    timeline.run.sim.set_hashing(true);
    timeline.copies.clear();
    timeline.keep();
    timeline
}

fn play(timeline: &mut Timeline, to_us: u64) {
    while !timeline.advance(to_us, 5_000, || false) {}
}

fn seek(timeline: &mut Timeline, to_us: u64) {
    assert!(timeline.seek(to_us, || false));
    assert_eq!(timeline.run.now_us(), to_us);
}

/// All that tells one moment from another.
fn fingerprint(timeline: &Timeline) -> (u64, Moment, u64, Vec<u8>) {
    let sim = &timeline.run.sim;
    (sim.trace_hash(), timeline.run.moment(), sim.in_flight().count() as u64, timeline.run.groups.clone())
}

#[test]
fn any_moment_is_what_it_was_when_it_was_played() {
    let script = vec![
        (500_000, write(0, "red")),
        (2_000_000, Deed::Cut((20..40).collect())),
        (3_000_000, Deed::Crash(7)),
        (6_000_000, Deed::Heal),
        (7_000_000, Deed::RestartWithData(7)),
    ];
    let mut timeline = timeline(40, script);
    let stops: Vec<u64> = (1..=40).map(|n| n * 1_000_000).collect();
    let mut played = Vec::new();
    for &stop in &stops {
        play(&mut timeline, stop);
        if stop == 9_000_000 {
            timeline.act(Deed::Pause(3));
        }
        played.push(fingerprint(&timeline));
    }
    assert!(timeline.kept().0 > 3, "{:?}", timeline.kept());
    for at in [0, 39, 12, 13, 5, 1, 6, 2, 30, 8, 7] {
        seek(&mut timeline, stops[at]);
        // What was done by hand at a moment is done when it has come.
        assert_eq!(fingerprint(&timeline), played[at], "after {} s", at + 1);
    }
    assert_eq!(timeline.branches().len(), 1, "looking forks nothing");
}

#[test]
fn steps_go_back_one_event_each() {
    let mut timeline = timeline(8, vec![(300_000, write(1, "x")), (300_000, Deed::Crash(2))]);
    let mut met = Vec::new();
    while timeline.run.now_us() < 600_000 {
        met.push(fingerprint(&timeline));
        timeline.step();
    }
    assert!(met.len() > 20);
    assert!(met.windows(2).all(|pair| pair[1].1.events == pair[0].1.events + 1), "one at a time");
    for expected in met.iter().rev() {
        timeline.step_back();
        let found = fingerprint(&timeline);
        assert_eq!((found.0, found.1.events), (expected.0, expected.1.events));
    }
    timeline.step_back();
    assert_eq!(timeline.run.moment(), Moment::default(), "before the start there is nothing");
}

#[test]
fn acting_in_the_past_forks_and_nothing_is_lost() {
    let script = vec![(500_000, write(0, "red")), (4_000_000, write(5, "blue"))];
    let mut timeline = timeline(12, script.clone());
    play(&mut timeline, 5_000_000);
    timeline.act(Deed::Crash(3));
    play(&mut timeline, 8_000_000);
    let first = fingerprint(&timeline);
    assert_eq!(timeline.branches().len(), 1, "at the end it is no fork");

    seek(&mut timeline, 2_000_000);
    timeline.act(Deed::Crash(11));
    assert_eq!((timeline.current(), timeline.branches().len()), (1, 2));
    let fork = timeline.branches().swap_remove(1);
    assert_eq!((fork.name.as_str(), fork.parent, fork.from_us), ("crash 11", Some(0), 2_000_000));
    play(&mut timeline, 8_000_000);
    let second = fingerprint(&timeline);
    assert_ne!(first.0, second.0);
    // The script goes on in the fork; what was done by hand later does not.
    let log: Vec<u64> = timeline.log().iter().map(|(at_us, _)| *at_us).collect();
    assert_eq!(log, [500_000, 2_000_000, 4_000_000]);

    assert!(timeline.switch(0, || false));
    assert_eq!(fingerprint(&timeline), first, "the old branch is as it was");
    assert!(timeline.switch(1, || false));
    assert_eq!(fingerprint(&timeline), second);
    // A fork of a fork, seen again from its own start.
    seek(&mut timeline, 3_000_000);
    let before = fingerprint(&timeline);
    timeline.fork();
    assert_eq!(timeline.branches()[2].parent, Some(1));
    timeline.act(Deed::Restart(11));
    play(&mut timeline, 3_500_000);
    seek(&mut timeline, 1_000_000);
    seek(&mut timeline, 2_999_999);
    assert_eq!(timeline.run.groups, before.3);
    seek(&mut timeline, 3_500_000);
    // The whole log of a branch makes the same run from nothing.
    let mut anew = self::timeline(12, timeline.log());
    play(&mut anew, 3_500_000);
    assert_eq!(fingerprint(&anew), fingerprint(&timeline));
}

#[test]
fn what_is_told_again_is_told_from_a_moment_on() {
    let mut timeline = timeline(30, vec![(500_000, write(0, "red"))]);
    play(&mut timeline, 30_000_000);
    let whole: Vec<_> = timeline.take_records();
    let samples = timeline.series().samples().to_vec();
    timeline.news = News::default();
    seek(&mut timeline, 12_345_000);
    let turned_us = timeline.news.turned_us.expect("it went back");
    let again = timeline.take_records();
    let expected: Vec<_> = whole
        .iter()
        .filter(|record| (turned_us + 1..=12_345_000).contains(&record.at.as_micros()))
        .cloned()
        .collect();
    assert_eq!(again, expected);
    assert!(timeline.news.samples.is_empty(), "the chart has them already");
    play(&mut timeline, 30_000_000);
    assert_eq!(timeline.series().samples(), samples);
}

#[test]
fn copies_stay_within_their_bound_and_dense_where_one_looks() {
    let mut timeline = timeline(400, vec![]);
    for second in 1..=120 {
        play(&mut timeline, second * 1_000_000);
    }
    let (copies, bytes) = timeline.kept();
    assert!(bytes <= KEPT_BYTES && copies >= 20, "{copies} copies of {bytes} bytes");
    let events: Vec<u64> = timeline.copies.iter().map(|copy| copy.moment.events).collect();
    let end = timeline.run.moment().events;
    assert_eq!(events[0], 0, "the start is kept");
    assert!(end - events[copies - 1] <= 2 * SPACING_EVENTS, "{events:?} of {end}");
    let gap = events.windows(2).map(|pair| pair[1] - pair[0]).max();
    assert!(gap <= Some(end / 4), "{events:?} of {end}");
}

#[test]
fn room_for_copies_goes_by_the_memory_that_the_device_tells_of() {
    assert_eq!(room_for_copies(None), KEPT_BYTES);
    assert_eq!(room_for_copies(Some(2_400_000_000)), 200_000_000, "a small one has less");
    assert_eq!(room_for_copies(Some(64_000_000_000)), KEPT_BYTES_MAX);
}

#[test]
fn where_there_is_no_room_a_copy_is_not_made_again_and_again() {
    let mut timeline = timeline(300, vec![]).with_room(1);
    // In small batches, after each of which a copy could be due.
    for tick in 1..=2_000 {
        play(&mut timeline, tick * 10_000);
    }
    let events = timeline.run.moment().events;
    assert_eq!(timeline.kept().0, KEPT_MIN);
    assert!(events > 10 * SPACING_EVENTS && timeline.made > 5, "{events} events, {} copies", timeline.made);
    assert!(timeline.made <= events / SPACING_EVENTS + 1, "{} copies in {events} events", timeline.made);
}

#[test]
fn where_nobody_goes_back_no_copy_is_made() {
    let scenario = Scenario { nodes: 100, seed: 9, ..Scenario::default() };
    let mut timeline = Timeline::new(1, scenario, vec![]).expect("a valid scenario").with_room(0);
    play(&mut timeline, 10_000_000);
    timeline.step_back();
    assert_eq!((timeline.made, timeline.run.now_us()), (0, 10_000_000));
    assert!(timeline.run.moment().events > 2 * SPACING_EVENTS);
}

#[test]
fn branches_have_a_bound_and_a_refusal_changes_nothing() {
    let mut timeline = timeline(3, vec![]);
    play(&mut timeline, 1_000_000);
    seek(&mut timeline, 500_000);
    timeline.act(Deed::Crash(9));
    assert!(timeline.news.refused.take().is_some_and(|why| why.contains("node 9")));
    assert_eq!(timeline.branches().len(), 1);
    for _ in 0..BRANCHES_MAX + 3 {
        timeline.fork();
    }
    assert_eq!(timeline.branches().len(), BRANCHES_MAX);
    assert!(timeline.news.refused.is_some());
}
