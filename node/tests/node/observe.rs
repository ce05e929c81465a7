use crate::support::{Client, LIMIT, all_read, cluster, metric, node, until};
use rumormill_api::{Ask, EntryView, Notice, OBSERVE_SUBPROTOCOL, Outcome, PastView, Request, Sight};
use rumormill_core::{Cause, Event, Kind, NodeId, Status, TraceEvent, TraceRecord};
use rumormill_node::NodeHandle;
use rumormill_node::feed::OBSERVED_MAX;
use serde_json::{Map, json};
use std::collections::VecDeque;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// An observer of a node, with the trace records that it has not looked at yet.
struct Observer(Client, VecDeque<TraceRecord>);

impl Observer {
    async fn of(node: &NodeHandle) -> Self {
        // As a page of another origin does it.
        Self::with(node, &[("origin", "http://example.test:8080")]).await
    }

    async fn with(node: &NodeHandle, headers: &[(&'static str, &str)]) -> Self {
        let client = Client::try_connect(node, "/observe", OBSERVE_SUBPROTOCOL, headers).await;
        Self(client.expect("any page may observe"), VecDeque::new())
    }

    async fn next(&mut self) -> Notice {
        serde_json::from_value(self.0.json().await).expect("a notice")
    }

    async fn find<T>(&mut self, pick: impl Fn(Notice) -> Option<T>) -> T {
        let search = async {
            loop {
                if let Some(found) = pick(self.next().await) {
                    return found;
                }
            }
        };
        timeout(LIMIT, search).await.expect("the notice comes in time")
    }

    async fn ask(&mut self, id: u64, ask: Ask) -> Outcome {
        let request = serde_json::to_string(&Request { id, ask }).expect("encodes");
        self.0.text(&request).await;
        self.answer(id).await
    }

    async fn answer(&mut self, wanted: u64) -> Outcome {
        self.find(|notice| match notice {
            Notice::Answer { id, outcome } if id == wanted => Some(outcome),
            _ => None,
        })
        .await
    }

    /// The next trace record that is as wanted; the ones before it are passed over.
    async fn trace_where(&mut self, wanted: impl Fn(&TraceRecord) -> bool) -> TraceRecord {
        loop {
            while let Some(record) = self.1.pop_front() {
                if wanted(&record) {
                    return record;
                }
            }
            let records = self
                .find(|notice| match notice {
                    Notice::Trace { records, .. } => Some(records),
                    _ => None,
                })
                .await;
            self.1.extend(records);
        }
    }
}

#[tokio::test]
async fn an_observer_sees_everything_then_what_changes() {
    let nodes = cluster(3, |builder| builder).await;
    nodes[0].set("first", 1).await.expect("set");
    all_read(&nodes, "first", &json!(1)).await;
    let mut observer = Observer::of(&nodes[1]).await;
    let Notice::Snapshot { status, members, entries, .. } = observer.next().await else {
        panic!("the snapshot comes first");
    };
    assert_eq!(status.node, *nodes[1].id());
    assert_eq!(members.len(), 3);
    assert_eq!(members.iter().filter(|member| member.is_self).count(), 1);
    assert_eq!(entries.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>(), ["first"]);

    nodes[2].set("second", "two").await.expect("set");
    let entry: EntryView = observer
        .find(|notice| match notice {
            Notice::Update { entries, .. } => entries.into_iter().find(|entry| entry.key == "second"),
            _ => None,
        })
        .await;
    assert_eq!(
        (entry.kind, entry.value, entry.author),
        (Kind::Register, json!("two"), Some(nodes[2].id().clone()))
    );

    // The others are asked how they are while somebody observes.
    observer
        .find(|notice| match notice {
            Notice::Update { members, .. } => {
                members.iter().any(|member| member.report.as_ref().is_some_and(|r| r.in_sync)).then_some(())
            }
            _ => None,
        })
        .await;

    nodes[0].leave().await.expect("leave");
    let gone = nodes[0].id().clone();
    observer
        .find(|notice| match notice {
            Notice::Update { members, .. } => {
                members.into_iter().find(|member| member.id == gone && member.status == Status::Left)
            }
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn an_observer_sees_and_configures_other_members_through_its_node() {
    let nodes = cluster(3, |builder| builder).await;
    let mut observer = Observer::with(&nodes[0], &[]).await;
    let (here, there) = (nodes[0].id().clone(), nodes[2].id().clone());
    nodes[2].publish("web", rumormill_core::Health::Degraded, "slow").await.expect("valid");
    nodes[2].set("seen", 1).await.expect("valid");
    for (id, at) in [(1, &here), (101, &there)] {
        let look = |sight| Ask::Look { at: at.clone(), sight };
        let shown = |outcome| match outcome {
            Outcome::Shown(value) => value,
            other => panic!("{at}: {other:?}"),
        };
        let members = shown(observer.ask(id, look(Sight::Members)).await);
        let own: Vec<_> = members["members"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|member| member["is_self"] == true)
            .collect();
        assert_eq!((own.len(), &own[0]["id"]), (1, &json!(at)));
        let health = shown(observer.ask(id + 1, look(Sight::Health)).await);
        assert!(health["services"].is_array());
        let config = shown(observer.ask(id + 2, look(Sight::Config)).await);
        assert_eq!(config["fanout"], 1);
        let trace = shown(observer.ask(id + 3, look(Sight::Trace { after_us: 0 })).await);
        let text = trace.to_string();
        assert!(!text.contains("\"round\"") && !text.contains("\"sent\""), "{text}");
        let asked = nodes.iter().find(|node| node.id() == at).expect("it is one of them");
        until("a noted round", async || {
            let records = asked.trace().await.expect("it runs");
            let is_round = |event: &TraceEvent| matches!(event, TraceEvent::Node(Event::Round { .. }));
            records.iter().any(|record| is_round(&record.event)).then_some(())
        })
        .await;
        let recent = shown(observer.ask(id + 6, look(Sight::Recent { after_us: 0 })).await);
        assert!(recent["records"].to_string().contains("\"round\""), "{recent}");
        assert!(recent["ahead_us"].is_i64() && recent["members"] == json!([]), "{recent}");
        let versions = async |observer: &mut Observer, id, key: &str| {
            shown(observer.ask(id, look(Sight::Versions { key: key.to_owned() })).await)
        };
        let of_seen = versions(&mut observer, id + 7, "seen").await;
        assert!(of_seen == json!({}) || of_seen["register"].as_str().is_some_and(|hex| hex.len() == 16));
        assert_eq!(versions(&mut observer, id + 8, "see").await, json!({}), "no key of that name");
        let sight = Sight::Arrival { key: "seen".to_owned(), after_us: 0 };
        let arrival = shown(observer.ask(id + 5, look(sight)).await);
        // Node 2 wrote it; to the observed node it came.
        let is_origin = at == &there;
        assert_eq!(arrival["from"].is_null(), is_origin || arrival["at_us"].is_null(), "{arrival}");
        assert_eq!(
            arrival["at_us"].is_u64(),
            is_origin,
            "what came to the observed node is no write of its own"
        );
        assert!(arrival["ahead_us"].as_i64().is_some_and(|ahead| ahead.abs() < 60_000_000), "{arrival}");
        let changes = Map::from_iter([("fanout".to_owned(), json!(3))]);
        let tuned = shown(observer.ask(id + 4, Ask::Tune { at: at.clone(), changes }).await);
        assert_eq!(tuned["fanout"], 3);
    }
    assert_eq!(nodes[2].tuning().await.expect("it runs").fanout, 3);
    let changes = Map::from_iter([("fanout".to_owned(), json!("many"))]);
    let refused = observer.ask(20, Ask::Tune { at: there.clone(), changes: changes.clone() }).await;
    assert!(matches!(&refused, Outcome::Refused(why) if why.contains("fanout")), "{refused:?}");
    for (id, at) in [(30, &here), (40, &there)] {
        let keys = [(String::new(), "empty"), ("a\nb".to_owned(), "control"), ("k".repeat(257), "256 bytes")];
        for (id, (key, why)) in (id..).zip(keys) {
            let look = Ask::Look { at: at.clone(), sight: Sight::Versions { key } };
            let refused = observer.ask(id, look).await;
            assert!(matches!(&refused, Outcome::Refused(words) if words.contains(why)), "{at}: {refused:?}");
        }
    }
    let nobody = NodeId::new("nobody").unwrap();
    let refused = observer.ask(21, Ask::Look { at: nobody, sight: Sight::Members }).await;
    assert!(matches!(&refused, Outcome::Refused(why) if why.contains("no member")), "{refused:?}");
    let refused = Observer::of(&nodes[0]).await.ask(1, Ask::Tune { at: here, changes }).await;
    assert!(matches!(&refused, Outcome::Refused(why) if why.contains("another origin")), "{refused:?}");
}

#[tokio::test]
async fn an_observer_writes_and_is_told_what_came_of_it() {
    let nodes = cluster(2, |builder| builder).await;
    let mut observer = Observer::of(&nodes[0]).await;
    let set = Ask::Set { key: "k".to_owned(), value: json!({ "a": [1, 2] }) };
    match observer.ask(1, set).await {
        Outcome::Done(entry) => assert_eq!(entry.value, json!({ "a": [1, 2] })),
        other => panic!("{other:?}"),
    }
    all_read(&nodes, "k", &json!({ "a": [1, 2] })).await;
    match observer.ask(2, Ask::Increment { key: "n".to_owned(), by: -4 }).await {
        Outcome::Done(entry) => assert_eq!((entry.kind, entry.value), (Kind::Counter, json!(-4))),
        other => panic!("{other:?}"),
    }
    for (id, ask, expected) in [
        (10, Ask::Put { key: "mv".to_owned(), value: json!(1) }, Some(json!([1]))),
        (11, Ask::Add { key: "s".to_owned(), element: json!("a") }, Some(json!(["a"]))),
        (12, Ask::Remove { key: "s".to_owned(), element: json!("b") }, Some(json!(["a"]))),
        (13, Ask::Delete { key: "mv".to_owned() }, None),
    ] {
        match (observer.ask(id, ask).await, expected) {
            (Outcome::Done(entry), Some(expected)) => assert_eq!(entry.value, expected),
            (Outcome::Gone { changed: true }, None) => {}
            other => panic!("{id}: {other:?}"),
        }
    }
    let nothing = observer.ask(14, Ask::Delete { key: "mv".to_owned() }).await;
    assert_eq!(nothing, Outcome::Gone { changed: false });
    for (id, ask, part) in [
        (3, Ask::Increment { key: "k".to_owned(), by: 1 }, "'k' is a register"),
        (4, Ask::Set { key: String::new(), value: json!(1) }, "must not be empty"),
        (5, Ask::Set { key: "big".to_owned(), value: json!("x".repeat(70_000)) }, "65536 bytes"),
    ] {
        match observer.ask(id, ask).await {
            Outcome::Refused(why) => assert!(why.contains(part), "{why}"),
            other => panic!("done: {other:?}"),
        }
    }
    observer.0.text(r#"{"id": 6, "ask": "dance"}"#).await;
    assert!(matches!(observer.answer(6).await, Outcome::Refused(why) if why.contains("dance")));
    observer.0.text("not even JSON").await;
    let (code, why) = observer.0.closed().await;
    assert_eq!(code, 4400, "{why}");
    nodes[0].set("still", "here").await.expect("the node goes on");
}

#[tokio::test]
async fn the_trace_follows_a_change_through_the_node() {
    let nodes = cluster(2, |builder| builder).await;
    let mut observer = Observer::of(&nodes[0]).await;
    nodes[0].set("traced", 1).await.expect("set");
    let wrote = observer.trace_where(|record| matches!(&record.event, TraceEvent::Wrote { .. })).await;
    assert_eq!(wrote.node.as_ref(), Some(nodes[0].id()));
    observer
        .trace_where(|record| {
            matches!(&record.event, TraceEvent::Node(Event::Sent { cause: Cause::Tree, writes: 1, .. }))
        })
        .await;
    nodes[1].set("answered", 1).await.expect("set");
    observer
        .trace_where(|record| matches!(&record.event, TraceEvent::Node(Event::Received { news: true, .. })))
        .await;
    let recent = nodes[0].trace().await.expect("the node runs");
    assert!(matches!(recent[0].event, TraceEvent::Started { .. }), "{:?}", recent[0]);
}

#[tokio::test]
async fn a_quiet_node_still_gives_signs_of_life() {
    let node = node("quiet").start().await.expect("start");
    let mut observer = Observer::of(&node).await;
    let mut last = 0;
    for _ in 0..3 {
        let at = observer
            .find(|notice| match notice {
                Notice::Update { at_us, .. } | Notice::Snapshot { at_us, .. } => Some(at_us),
                _ => None,
            })
            .await;
        assert!(at > last);
        last = at;
    }
}

#[tokio::test]
async fn an_observer_that_does_not_read_loses_trace_records_and_is_told_how_many() {
    let node = node("busy").start().await.expect("start");
    let mut observer = Observer::of(&node).await;
    observer.next().await;
    // Values that fill the sockets' buffers, then more happenings than the observer's queue holds.
    for count in 0..300 {
        node.set(&format!("large/{count}"), "x".repeat(60_000)).await.expect("set");
    }
    for count in 0..2 * OBSERVED_MAX {
        node.set("hot", count).await.expect("set");
    }
    let dropped = observer
        .find(|notice| match notice {
            Notice::Trace { dropped, .. } if dropped > 0 => Some(dropped),
            _ => None,
        })
        .await;
    assert!(dropped >= OBSERVED_MAX as u64, "{dropped}");
    // The newest state is there all the same.
    node.set("last", true).await.expect("set");
    observer
        .find(|notice| match notice {
            Notice::Update { entries, .. } => entries.into_iter().find(|entry| entry.key == "last"),
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn an_observer_hears_that_the_node_stops() {
    let node = node("ending").start().await.expect("start");
    let mut observer = Observer::of(&node).await;
    observer.next().await;
    let stop = tokio::spawn(async move { node.shutdown().await });
    let reason = observer
        .find(|notice| match notice {
            Notice::Goodbye { reason, .. } => Some(reason),
            _ => None,
        })
        .await;
    assert_eq!(reason, "the node stops");
    assert_eq!(observer.0.closed().await.0, 1001);
    stop.await.expect("the node stops");
}

#[tokio::test]
async fn tracing_ends_with_the_last_observer() {
    let nodes = cluster(2, |builder| builder).await;
    let mut observer = Observer::of(&nodes[0]).await;
    observer.trace_where(|record| matches!(&record.event, TraceEvent::Node(Event::Sent { .. }))).await;
    observer.0.send(Message::Close(None)).await;
    drop(observer);
    // Rounds go on, and send, but nobody notes the messages any more. Who asks for the trace has them noted again, so it
    // is asked for once.
    let rounds = async || nodes[0].status().await.expect("the node runs").tallies.rounds;
    let before = rounds().await;
    until("forty rounds", async || (rounds().await >= before + 40).then_some(())).await;
    let recent = nodes[0].trace().await.expect("the node runs");
    let mut newest = recent.iter().rev().take(20);
    assert!(
        newest.all(|record| matches!(&record.event, TraceEvent::Node(Event::Round { .. }))),
        "{recent:?}"
    );
    assert!(metric(&nodes[0], "rumormill_messages_total{direction=\"sent\",kind=\"summary\"}").await > 0);
}

#[tokio::test]
async fn an_observer_is_told_all_that_a_member_remembers() {
    let nodes = cluster(3, |builder| builder).await;
    let mut observer = Observer::of(&nodes[0]).await;
    let (here, there) = (nodes[0].id().clone(), nodes[2].id().clone());
    let past = async |observer: &mut Observer, id, at: &NodeId| -> PastView {
        match observer.ask(id, Ask::Look { at: at.clone(), sight: Sight::Past }).await {
            Outcome::Shown(value) => serde_json::from_value(value).expect("a past"),
            other => panic!("{at}: {other:?}"),
        }
    };
    // Asking once has messages noted from then on.
    past(&mut observer, 1, &there).await;
    nodes[0].set("remembered", 1).await.expect("set");
    all_read(&nodes, "remembered", &json!(1)).await;
    for node in [&nodes[0], &nodes[2]] {
        until("some rounds", async || {
            (node.status().await.expect("the node runs").tallies.rounds > 2).then_some(())
        })
        .await;
    }
    for (id, at) in [(2, &here), (3, &there)] {
        let past = past(&mut observer, id, at).await;
        assert_eq!(past.members.len(), 3);
        assert!(past.members.iter().any(|member| member.is_self && member.id == *at));
        assert!(past.records.iter().all(|record| record.node.as_ref() == Some(at)), "its own and no other's");
        assert!(past.records.is_sorted_by_key(|record| record.at));
        let has = |wanted: fn(&Event) -> bool| {
            past.records
                .iter()
                .any(|record| matches!(&record.event, TraceEvent::Node(event) if wanted(event)))
        };
        assert!(matches!(past.records[0].event, TraceEvent::Started { .. }), "{:?}", past.records[0]);
        assert!(has(|event| matches!(event, Event::Round { .. })), "rounds");
        assert!(has(|event| matches!(event, Event::Received { .. })), "messages");
        assert!(has(|event| matches!(event, Event::Changed { key, .. } if key.as_str() == "remembered")));
        let ahead_us = past.ahead_us.expect("it tells its time");
        assert!(ahead_us.unsigned_abs() <= past.within_us, "both are on one machine: {ahead_us}");
        assert_eq!(past.within_us == 0, at == &here, "another one's clock is read over a round trip");
    }
}

#[tokio::test]
async fn messages_are_in_the_trace_for_ten_seconds_after_it_was_asked_for() {
    let nodes = cluster(2, |builder| builder).await;
    nodes[0].trace().await.expect("the node runs");
    let clock = async || nodes[0].status().await.expect("the node runs").at_us;
    let asked_us = clock().await;
    // Nobody asks meanwhile: that would begin the ten seconds anew.
    until("twelve seconds later", async || (clock().await > asked_us + 12_000_000).then_some(())).await;
    let recent = nodes[0].trace().await.expect("the node runs");
    let last_us = |wanted: fn(&Event) -> bool| {
        let is_wanted =
            |record: &&TraceRecord| matches!(&record.event, TraceEvent::Node(event) if wanted(event));
        recent.iter().rfind(is_wanted).map(|record| record.at.as_micros() - asked_us)
    };
    let message_us = last_us(|event| matches!(event, Event::Sent { .. } | Event::Received { .. }));
    let round_us = last_us(|event| matches!(event, Event::Round { .. })).expect("rounds go on");
    // Ten rounds a second: on a busy machine some are late.
    assert!(message_us.is_some_and(|us| (8_000_000..10_500_000).contains(&us)), "{message_us:?}");
    assert!(round_us > 11_000_000, "{round_us}");
}
