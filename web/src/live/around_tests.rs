//! Tests of the book of what other members say.

use super::super::fixtures::{id, member, own, snapshot, status};
use super::*;
use rumormill_api::MemberView;
use rumormill_core::{Event, Kind};
use serde_json::json;

fn view() -> View {
    let mut view = View::default();
    let members = vec![own("a"), member("b", Status::Alive), member("d", Status::Down)];
    view.apply(snapshot(5_000_000, status("a", 1), members), 1_000);
    view
}

fn asks(requests: &[Request]) -> Vec<(&str, Sight)> {
    let ask = |request: &Request| match &request.ask {
        Ask::Look { at, sight } => (at.as_str().to_owned(), sight.clone()),
        other => panic!("{other:?}"),
    };
    requests.iter().map(ask).map(|(at, sight)| (&*at.leak(), sight)).collect()
}

#[test]
fn only_what_is_in_sight_is_asked_and_not_too_often() {
    let (view, mut around) = (view(), Around::default());
    assert_eq!(asks(&around.due(&view, Wants::default(), 1_000)), [("a", Sight::Health)]);
    assert!(around.due(&view, Wants::default(), 2_500).is_empty(), "it has not been answered");
    let wants = Wants { beliefs: true, events: true, talk: false };
    let due = around.due(&view, wants, 3_000);
    let (members, trace) = (Sight::Members, Sight::Trace { after_us: 7_000_000 });
    assert_eq!(asks(&due), [("a", members.clone()), ("b", trace), ("b", members)]);
    assert!(around.due(&view, wants, 3_100).is_empty());
    let again = around.due(&view, wants, 1_000 + PATIENCE_MS);
    assert_eq!(asks(&again), [("a", Sight::Health)], "one that never came");
}

#[test]
fn answers_find_their_place_and_failures_keep_what_was_known() {
    let (view, mut around) = (view(), Around::default());
    let wants = Wants { beliefs: true, events: true, talk: false };
    let ids: Vec<u64> = around.due(&view, wants, 1_000).iter().map(|request| request.id).collect();
    let services = json!({ "services": [{ "node": "b", "name": "web", "health": "down", "reason": "" }] });
    around.answer(ids[0], Outcome::Shown(services), 1_100);
    assert_eq!(around.services.as_ref().map(|services| services.len()), Some(1));
    let members = serde_json::to_value(MemberList { members: vec![member("b", Status::Suspect)] }).unwrap();
    around.answer(ids[1], Outcome::Shown(members), 1_200);
    assert_eq!(around.beliefs[&id("a")].of[&id("b")], Status::Suspect);
    let record = TraceRecord {
        at: Instant::from_micros(9_000_000),
        node: Some(id("b")),
        event: TraceEvent::Node(Event::Stopped),
    };
    let shown = Outcome::Shown(serde_json::to_value([&record]).unwrap());
    let told = around.answer(ids[2], shown, 1_200);
    assert_eq!((told.records, told.is_here), (vec![record], false), "its own clock");
    let due = around.due(&view, wants, 4_000);
    assert!(asks(&due).contains(&("b", Sight::Trace { after_us: 9_000_000 })), "it goes on from there");
    let beliefs = due.iter().find(|request| asks(&[(*request).clone()])[0] == ("a", Sight::Members)).unwrap();
    around.answer(beliefs.id, Outcome::Refused("too slow".to_owned()), 4_100);
    let belief = &around.beliefs[&id("a")];
    assert_eq!((belief.of.len(), belief.error.as_deref()), (1, Some("too slow")));
    assert!(around.answer(ids[0], Outcome::Shown(Value::Null), 5_000).records.is_empty(), "answered already");
}

#[test]
fn what_a_member_believes_still_is_shared_with_what_was_kept() {
    let (view, mut around) = (view(), Around::default());
    let mut tell = |status, linked, now_ms| {
        let wants = Wants { beliefs: true, ..Wants::default() };
        let due = around.due(&view, wants, now_ms);
        let asked =
            due.iter().find(|request| asks(&[(*request).clone()])[0] == ("b", Sight::Members)).unwrap();
        let members = vec![MemberView { linked, ..member("d", status) }];
        let told = serde_json::to_value(MemberList { members }).unwrap();
        around.answer(asked.id, Outcome::Shown(told), now_ms);
        around.beliefs[&id("b")].clone()
    };
    let first = tell(Status::Alive, true, 1_000);
    let again = tell(Status::Alive, true, 3_000);
    assert!(Rc::ptr_eq(&first.of, &again.of) && Rc::ptr_eq(&first.linked, &again.linked));
    assert_eq!(again.at_ms, 3_000);
    let down = tell(Status::Down, true, 5_000);
    assert!(!Rc::ptr_eq(&first.of, &down.of) && Rc::ptr_eq(&first.linked, &down.linked));
    assert_eq!(down.of[&id("d")], Status::Down);
}

#[test]
fn a_write_that_comes_about_is_followed_to_the_members() {
    let (view, mut around) = (view(), Around::default());
    let write = |id, by| Request { id, ask: Ask::Increment { key: "c".to_owned(), by } };
    around.prepare(&write(1, 1), &id("a"), 4_000_000, 1_000);
    assert!(!around.written(1, &Outcome::Refused("no".to_owned()), &view.members));
    assert!(around.measured.is_none());
    around.prepare(&write(2, 2), &id("a"), 4_100_000, 1_100);
    assert!(!around.written(1, &Outcome::Gone { changed: true }, &view.members), "an older one");
    assert!(around.written(2, &Outcome::Gone { changed: true }, &view.members));
    let arrival = |after_us| Sight::Arrival { key: "c".to_owned(), after_us };
    let due = around.due(&view, Wants::default(), 1_100);
    assert_eq!(asks(&due), [("a", Sight::Health), ("a", arrival(4_100_000))]);
    let told = json!({ "at_us": 4_100_500, "from": null, "ahead_us": 0, "within_us": 0 });
    around.answer(due[1].id, Outcome::Shown(told), 1_150);
    let due = around.due(&view, Wants::default(), 1_400);
    assert_eq!(asks(&due), [("b", arrival(4_100_500))]);
    let told = json!({ "at_us": 4_101_500, "from": "a", "ahead_us": 0, "within_us": 9 });
    around.answer(due[0].id, Outcome::Shown(told), 1_500);
    let measure = around.measured.as_ref().expect("it is followed");
    assert_eq!((measure.after(), measure.informed()), (vec![1_000], (2, 2)));
}

#[test]
fn members_are_asked_what_they_read_under_the_key_in_question() {
    let (mut view, mut around) = (view(), Around::default());
    assert!(around.seek(Some("k")) && !around.seek(Some("k")));
    let due = around.due(&view, Wants::default(), 1_000);
    let versions = Sight::Versions { key: "k".to_owned() };
    assert_eq!(asks(&due), [("a", Sight::Health), ("b", versions)]);
    // The entry of the fixture has no version.
    let told = Outcome::Shown(json!({ "register": "" }));
    around.answer(due[1].id, told, 1_100);
    view.around = around;
    let sought = view.around.sought.clone().expect("it was asked for");
    assert_eq!(sought.has(&view, &view.members[&id("b")]), super::super::holders::Has::Yes);
    assert!(view.around.seek(None) && view.around.sought.is_none());
}

#[test]
fn a_node_that_is_too_old_is_not_asked_again_who_has_what() {
    let (mut view, mut around) = (view(), Around::default());
    around.seek(Some("k"));
    let is_asked = |due: &[Request]| {
        asks(due).iter().any(|(_, sight)| matches!(sight, Sight::Versions { .. })).then(|| due[1].id)
    };
    let due = around.due(&view, Wants::default(), 1_000);
    let id = is_asked(&due).expect("it is asked");
    around.answer(id, Outcome::Refused("not a request: unknown variant `versions`".to_owned()), 1_100);
    assert_eq!(is_asked(&around.due(&view, Wants::default(), 9_000)), None);
    around.seek(Some("l"));
    assert_eq!(is_asked(&around.due(&view, Wants::default(), 10_000)), None, "about another key neither");
    view.around = around.kept();
    let sought = view.around.sought.clone().expect("it was asked for");
    assert!(sought.words(&view).contains("a is too old to ask b"), "{}", sought.words(&view));
    around.interrupt();
    assert!(is_asked(&around.due(&view, Wants::default(), 19_000)).is_some(), "it may be another one by now");
}

#[test]
fn what_members_say_to_each_other_is_told_on_one_clock() {
    let (view, mut around) = (view(), Around::default());
    let wants = Wants { events: true, talk: true, ..Wants::default() };
    let asked_of_b = |around: &mut Around, now_ms| {
        let due = around.due(&view, wants, now_ms);
        due.into_iter().find(|request| asks(std::slice::from_ref(request))[0].0 == "b").expect("it is asked")
    };
    let sight = |request: &Request| asks(std::slice::from_ref(request))[0].1.clone();
    let asked = asked_of_b(&mut around, 1_000);
    assert_eq!(sight(&asked), Sight::Recent { after_us: 5_000_000 });
    let key = rumormill_core::state::store::Key::new("k").expect("a valid key");
    let event = TraceEvent::Node(Event::Changed { key, kind: Kind::Register, from: None });
    let record = TraceRecord { at: Instant::from_micros(9_000_000), node: Some(id("b")), event };
    let past = PastView { members: vec![], records: vec![record], ahead_us: Some(1_000_000), within_us: 5 };
    let told = around.answer(asked.id, Outcome::Shown(serde_json::to_value(past).unwrap()), 1_100);
    assert_eq!((told.records[0].at.as_micros(), told.is_here), (8_000_000, true));
    let asked = asked_of_b(&mut around, 4_000);
    assert_eq!(sight(&asked), Sight::Recent { after_us: 9_000_000 }, "on its own clock");
    around.answer(asked.id, Outcome::Refused("not a request: unknown variant".to_owned()), 4_100);
    let asked = asked_of_b(&mut around, 8_000);
    assert_eq!(sight(&asked), Sight::Trace { after_us: 9_000_000 }, "the node is older");
}

#[test]
fn a_stretch_of_messages_ends_wherever_some_may_be_missing() {
    let (view, mut around) = (view(), Around::default());
    let mut tell = |talk: bool, now_ms, events: Vec<TraceEvent>| {
        let wants = Wants { events: true, talk, ..Wants::default() };
        let due = around.due(&view, wants, now_ms);
        let asked = due
            .into_iter()
            .find(|request| asks(std::slice::from_ref(request))[0].0 == "b")
            .expect("it is asked");
        let record = |event| TraceRecord { at: Instant::from_micros(now_ms), node: Some(id("b")), event };
        let records: Vec<_> = events.into_iter().map(record).collect();
        let told = match talk {
            true => {
                serde_json::to_value(PastView { members: vec![], records, ahead_us: Some(0), within_us: 5 })
            }
            false => serde_json::to_value(records),
        };
        let account = around.answer(asked.id, Outcome::Shown(told.unwrap()), now_ms + 100);
        (account.stretch, account.untold.is_some())
    };
    let one = || vec![TraceEvent::Node(Event::Round { number: 1 })];
    let many = || vec![TraceEvent::Node(Event::Round { number: 1 }); SIGHT_RECORDS_MAX];
    assert_eq!(tell(true, 1_000, one()), (None, false), "nobody may have asked before");
    assert_eq!(tell(true, 3_000, one()), (Some(1), false));
    assert_eq!(tell(true, 12_900, one()), (Some(1), false), "just in time");
    assert_eq!(tell(true, 23_000, one()), (None, false), "it was not asked for too long");
    assert_eq!(tell(true, 25_000, one()), (Some(2), false));
    assert_eq!(tell(true, 27_000, many()), (Some(3), true), "the oldest are left out");
    assert_eq!(tell(true, 29_000, one()), (Some(3), false));
    assert_eq!(tell(false, 31_000, one()), (None, false), "without messages");
    assert_eq!(tell(false, 33_000, many()), (None, true));
    assert_eq!(tell(true, 33_000, one()), (None, false), "those until now were passed over");
    assert_eq!(tell(true, 35_000, one()), (Some(4), false));
    assert_eq!(tell(true, 37_000, vec![TraceEvent::Skipped(9)]), (Some(5), false), "it has forgotten some");
    let started = vec![TraceEvent::Started { incarnation: rumormill_core::Incarnation(2) }];
    assert_eq!(tell(true, 39_000, started), (None, false), "another life notes nothing before it is asked");
}

#[test]
fn a_lost_connection_leaves_a_change_unknown() {
    let mut around = Around::default();
    let requests = around.tune(vec![id("a"), id("b")], &serde_json::Map::new(), 1_000);
    around.answer(requests[0].id, Outcome::Shown(json!({})), 1_100);
    around.interrupt();
    assert_eq!(around.tuned[&id("a")], Some(Ok(())));
    assert!(matches!(&around.tuned[&id("b")], Some(Err(why)) if why.contains("may or may not")));
}
