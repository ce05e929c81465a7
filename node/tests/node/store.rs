use crate::support::{LIMIT, all_equal, all_read, ask, check_problem, cluster, node, until};
use futures_util::StreamExt;
use rumormill_api::{EntryView, Problem, WatchEvent};
use rumormill_core::{Kind, Status};
use rumormill_node::client::{Client, Follow, Told};
use rumormill_node::{Change, ChangeError, Condition, NodeHandle};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

async fn read(node: &NodeHandle, key: &str) -> Option<EntryView> {
    node.entry(key).await.expect("the node runs")
}

#[tokio::test]
async fn every_kind_of_value_is_shared() {
    let nodes = cluster(2, |builder| builder).await;
    assert_eq!(nodes[0].set_add("tags", "red").await, Ok(true));
    assert_eq!(nodes[0].set_add("tags", "red").await, Ok(false));
    assert_eq!(nodes[0].set_add("tags", json!({ "deep": 1 })).await, Ok(true));
    all_read(&nodes, "tags", &json!(["red", { "deep": 1 }])).await;
    assert_eq!(nodes[1].set_remove("tags", "red").await, Ok(true));
    assert_eq!(nodes[1].set_remove("tags", "red").await, Ok(false));
    all_read(&nodes, "tags", &json!([{ "deep": 1 }])).await;

    nodes[0].put("who", "a").await.expect("put");
    all_read(&nodes, "who", &json!(["a"])).await;
    let put = nodes[1].put("who", "b").await.expect("put");
    assert_eq!((put.kind, put.value), (Kind::MultiValue, json!(["b"])));
    all_read(&nodes, "who", &json!(["b"])).await;

    assert_eq!(nodes[0].delete("who").await, Ok(true));
    assert_eq!(nodes[0].delete("who").await, Ok(false));
    until("the delete to arrive", async || read(&nodes[1], "who").await.is_none().then_some(())).await;
    assert_eq!(nodes[1].increment("who", 3).await, Ok(3), "the key is free for another kind");
    assert_eq!(nodes[1].delete("who").await, Ok(true));
    assert_eq!(nodes[1].increment("who", 0).await, Ok(0), "nothing added to nothing reads as nothing");
    assert_eq!(nodes[1].increment("who", 3).await, Ok(3));
    all_equal(&nodes).await;
    let entries = (read(&nodes[0], "who").await, read(&nodes[1], "who").await);
    assert_eq!(entries.0, entries.1, "what reads the same has the same version everywhere");
}

#[tokio::test]
async fn values_written_at_once_are_a_conflict_until_somebody_resolves_it() {
    let nodes = [node("m1").start().await.expect("start"), node("m2").start().await.expect("start")];
    nodes[0].put("who", "a").await.expect("put");
    nodes[1].put("who", "b").await.expect("put");
    nodes[0].join(&nodes[1].url()).await.expect("an address");
    for node in &nodes {
        until("both values", async || {
            let values = read(node, "who").await?.value;
            (values.as_array().map(Vec::len) == Some(2)).then_some(())
        })
        .await;
    }
    nodes[0].put("who", "both").await.expect("put");
    all_read(&nodes, "who", &json!(["both"])).await;
}

#[tokio::test]
async fn what_is_set_for_a_time_goes_by_itself() {
    let nodes = cluster(2, |builder| builder).await;
    let mut watch = nodes[1].watch("soft").await.expect("watch");
    let set = nodes[0].set_for("soft", 1, Duration::from_millis(300)).await.expect("set");
    assert!(set.expires_us > set.stamp_us, "{set:?}");
    let came = timeout(LIMIT, watch.next()).await.expect("in time").expect("the node runs");
    assert_eq!(came.entry.map(|entry| entry.value), Some(json!(1)));
    let went = timeout(LIMIT, watch.next()).await.expect("in time").expect("the node runs");
    assert_eq!((went.key.as_str(), went.kind, went.entry), ("soft", Kind::Register, None));
    assert_eq!(nodes[1].get("soft").await, Ok(None));
    let error = nodes[0].set_for("soft", 1, Duration::ZERO).await.expect_err("no time at all");
    assert_eq!(error, ChangeError::Ttl);
}

#[tokio::test]
async fn a_write_can_depend_on_what_is_there() {
    let node = node("careful").start().await.expect("start");
    let set = |condition| node.set_if("k", 1, condition);
    assert!(matches!(set(Condition::Present).await, Err(ChangeError::Unmet { current: None, .. })));
    let first = set(Condition::Absent).await.expect("nothing was there");
    match set(Condition::Absent).await {
        Err(ChangeError::Unmet { current, .. }) => assert_eq!(current.as_deref(), Some(&first)),
        other => panic!("{other:?}"),
    }
    let second = set(Condition::Version(first.version.clone())).await.expect("it still reads so");
    assert_ne!(first.version, second.version, "the same value, but another write");
    assert!(set(Condition::Version(first.version)).await.is_err());
    let stale = Condition::Version("0".repeat(16));
    assert!(node.change("k", Change::Delete, stale).await.is_err());
    let now = Condition::Version(second.version);
    assert!(node.change("k", Change::Delete, now).await.is_ok_and(|written| written.changed));
}

#[tokio::test]
async fn members_are_followed() {
    let (here, there) =
        (node("here").start().await.expect("start"), node("there").start().await.expect("start"));
    let mut events = here.member_events().await.expect("follow");
    there.join(&here.url()).await.expect("an address");
    let mut statuses = Vec::new();
    while statuses.last() != Some(&Status::Alive) {
        let event = timeout(LIMIT, events.next()).await.expect("in time").expect("the node runs");
        if event.id == *there.id() {
            assert_eq!(event.was, statuses.last().copied());
            statuses.push(event.status);
        }
    }
    there.leave().await.expect("leave");
    let gone =
        events.filter(|event| std::future::ready(event.id == *there.id() && event.status == Status::Left));
    let gone = timeout(LIMIT, Box::pin(gone).next()).await.expect("in time").expect("the node runs");
    assert!(gone.was.is_some_and(|was| was != Status::Left), "{gone:?}");
}

#[tokio::test]
async fn the_api_deletes_and_keeps_sets_and_conflicts_and_times() {
    let node = node("kinds").start().await.expect("start");
    let ask = async |method: &str, path: &str, body: &str| ask(&node, method, path, &[], body).await;
    let changed = ask("POST", "/api/v1/sets/tags", r#"{"add": "red"}"#).await;
    assert_eq!(changed.json(), json!({ "name": "tags", "changed": true }), "{changed:?}");
    assert_eq!(ask("POST", "/api/v1/sets/tags", r#"{"add": "red"}"#).await.json()["changed"], false);
    assert_eq!(ask("POST", "/api/v1/sets/tags", r#"{"add": null}"#).await.json()["changed"], true);
    assert_eq!(
        ask("GET", "/api/v1/sets/tags", "").await.json(),
        json!({ "name": "tags", "elements": ["red", null] })
    );
    assert_eq!(ask("POST", "/api/v1/sets/tags", r#"{"remove": "red"}"#).await.json()["changed"], true);
    check_problem(&ask("GET", "/api/v1/sets/none", "").await, 404, "no-such-key", "'none'");
    check_problem(&ask("GET", "/api/v1/counters/tags", "").await, 409, "wrong-kind", "'tags' is a set");
    for body in ["{}", r#"{"add": 1, "remove": 2}"#, r#"{"toggle": 1}"#] {
        check_problem(&ask("POST", "/api/v1/sets/tags", body).await, 422, "invalid-body", "");
    }

    let put = ask("PUT", "/api/v1/keys/who", r#"{"value": "a", "kind": "multi-value"}"#).await;
    assert_eq!((&put.json()["kind"], &put.json()["value"]), (&json!("multi-value"), &json!(["a"])));
    let both = r#"{"value": "a", "kind": "multi-value", "ttl_ms": 1}"#;
    check_problem(&ask("PUT", "/api/v1/keys/who", both).await, 422, "invalid-body", "ttl_ms");
    let soft = ask("PUT", "/api/v1/keys/soft", r#"{"value": 1, "ttl_ms": 60000}"#).await.json();
    let lives_us = soft["expires_us"].as_u64().zip(soft["stamp_us"].as_u64()).map(|(end, start)| end - start);
    assert!(lives_us.is_some_and(|us| (59_000_000..=60_000_000).contains(&us)), "{soft}");
    for ttl in ["0", "31536000001"] {
        let body = format!(r#"{{"value": 1, "ttl_ms": {ttl}}}"#);
        check_problem(&ask("PUT", "/api/v1/keys/soft", &body).await, 422, "out-of-range", "365 days");
    }

    for (deleted, status) in [(true, 404), (false, 404)] {
        let answer = ask("DELETE", "/api/v1/keys/tags", "").await;
        assert_eq!(answer.json(), json!({ "key": "tags", "deleted": deleted }));
        assert_eq!(ask("GET", "/api/v1/keys/tags", "").await.status, status);
    }
}

#[tokio::test]
async fn the_api_writes_on_conditions() {
    let node = node("conditions").start().await.expect("start");
    let put =
        async |name, value| ask(&node, "PUT", "/api/v1/keys/k", &[(name, value)], r#"{"value": 1}"#).await;
    check_problem(&put("if-match", "*").await, 412, "precondition-failed", "nothing under it");
    let first = put("if-none-match", "*").await;
    assert_eq!(first.status, 200, "{first:?}");
    let tag = first.headers["etag"].clone();
    assert_eq!(tag, format!("\"{}\"", first.json()["version"].as_str().expect("a version")));
    let refused = put("if-none-match", "*").await;
    check_problem(&refused, 412, "precondition-failed", "version");
    let problem: Problem = serde_json::from_str(&refused.body).expect("a problem");
    assert_eq!(serde_json::to_value(problem.current).expect("JSON"), first.json());
    assert_eq!(put("if-match", &tag).await.status, 200);
    check_problem(&put("if-match", &tag).await, 412, "precondition-failed", "read it again");
    for (name, value) in [("if-match", "k"), ("if-match", "W/\"1\""), ("if-none-match", "\"1\"")] {
        check_problem(&put(name, value).await, 400, "invalid-header", "");
    }
    let both = [("if-match", "*"), ("if-none-match", "*")];
    let answer = ask(&node, "PUT", "/api/v1/keys/k", &both, r#"{"value": 1}"#).await;
    check_problem(&answer, 400, "invalid-header", "contradict");

    let read = ask(&node, "GET", "/api/v1/keys/k", &[], "").await;
    let again = ask(&node, "GET", "/api/v1/keys/k", &[("if-none-match", &read.headers["etag"])], "").await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    let stale = ask(&node, "DELETE", "/api/v1/keys/k", &[("if-match", &tag)], "").await;
    check_problem(&stale, 412, "precondition-failed", "read it again");
    let gone = ask(&node, "DELETE", "/api/v1/keys/k", &[("if-match", &read.headers["etag"])], "").await;
    assert_eq!(gone.json()["deleted"], true);
}

#[tokio::test]
async fn keys_come_in_pages() {
    let node = node("pages").start().await.expect("start");
    for key in ["a", "p/1", "p/2", "p/3", "p/4", "p/5", "q"] {
        node.set(key, key).await.expect("set");
    }
    let (mut seen, mut path) = (Vec::new(), "/api/v1/keys?prefix=p/&limit=2".to_owned());
    loop {
        let page = ask(&node, "GET", &path, &[], "").await.json();
        let keys = page["keys"].as_array().expect("a list").clone();
        assert!(keys.len() <= 2, "{page}");
        seen.extend(keys.iter().map(|entry| entry["key"].as_str().expect("a key").to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/keys?prefix=p/&limit=2&after={}", next.replace('/', "%2F"));
    }
    assert_eq!(seen, ["p/1", "p/2", "p/3", "p/4", "p/5"]);
    let all = ask(&node, "GET", "/api/v1/keys?limit=7", &[], "").await.json();
    assert_eq!((all["keys"].as_array().map(Vec::len), all.get("next")), (Some(7), None));
    // A page begins at its prefix or behind `after`, whichever comes later, be they keys or not.
    let long = "p".repeat(300);
    for (query, expected) in [
        ("prefix=p/&after=a".to_owned(), 5),
        ("prefix=p/&after=q".to_owned(), 0),
        ("prefix=p/&after=p/3%0A".to_owned(), 2),
        (format!("prefix={long}"), 0),
        (format!("after={long}"), 1),
        ("prefix=".to_owned(), 7),
    ] {
        let page = ask(&node, "GET", &format!("/api/v1/keys?{query}"), &[], "").await.json();
        assert_eq!(page["keys"].as_array().map(Vec::len), Some(expected), "{query}: {page}");
    }
    for limit in ["0", "10001", "-1", "many"] {
        let answer = ask(&node, "GET", &format!("/api/v1/keys?limit={limit}"), &[], "").await;
        check_problem(&answer, 400, "invalid-query", "");
    }
}

async fn next(changes: &mut Follow) -> Told {
    timeout(LIMIT, changes.next()).await.expect("in time").expect("readable").expect("open")
}

async fn next_event(changes: &mut Follow) -> WatchEvent {
    match next(changes).await {
        Told::Event(event) => *event,
        Told::Reset => panic!("a reset"),
    }
}

#[tokio::test]
async fn changes_are_streamed_to_those_who_watch() {
    let nodes = cluster(2, |builder| builder).await;
    let client = Client::new(&nodes[1].url()).expect("a node's URL");
    let mut changes = client.watch("app/", None).await.expect("watch");
    nodes[0].set("other", 1).await.expect("set");
    nodes[0].set("app/x", json!({ "deep": [1] })).await.expect("set");
    let change = next_event(&mut changes).await;
    assert_eq!(change.from.as_ref(), Some(nodes[0].id()));
    assert_eq!((change.key.as_str(), change.entry.expect("there").value), ("app/x", json!({ "deep": [1] })));
    nodes[1].increment("app/n", 2).await.expect("increment");
    let change = next_event(&mut changes).await;
    assert_eq!((change.key.as_str(), change.from), ("app/n", None));
    nodes[0].delete("app/x").await.expect("delete");
    let change = next_event(&mut changes).await;
    assert_eq!((change.key.as_str(), change.kind, change.entry), ("app/x", Kind::Register, None));
    nodes[1].shutdown().await;
    let end = timeout(LIMIT, changes.next()).await.expect("in time");
    assert!(end.is_ok_and(|change| change.is_none()), "the stream ends with the node");
}

#[tokio::test]
async fn a_watcher_goes_on_where_it_was() {
    let node = node("resumed").start().await.expect("start");
    let client = Client::new(&node.url()).expect("a node's URL");
    let mut changes = client.watch("a/", None).await.expect("watch");
    node.set("a/1", 1).await.expect("set");
    let seen = next_event(&mut changes).await.id.expect("a place to go on from");
    drop(changes);
    node.set("a/1", 2).await.expect("set");
    node.set("b", 1).await.expect("set");
    node.set("a/2", 1).await.expect("set");
    node.set("a/1", 3).await.expect("set");
    node.delete("a/2").await.expect("delete");

    let mut changes = client.watch("a/", Some(&seen)).await.expect("watch");
    let missed = [next_event(&mut changes).await, next_event(&mut changes).await];
    let read =
        |event: &WatchEvent| (event.key.clone(), event.entry.as_ref().map(|entry| entry.value.clone()));
    assert_eq!(missed.each_ref().map(read), [("a/1".to_owned(), Some(json!(3))), ("a/2".to_owned(), None)]);
    let last = missed[1].id.clone().expect("a place to go on from");
    node.set("a/3", 1).await.expect("set");
    assert_eq!(next_event(&mut changes).await.key, "a/3", "live after that");

    // Nothing was missed after the last one, so the first that comes is new.
    node.set("a/4", 1).await.expect("set");
    let mut changes = client.watch("a/4", Some(&last)).await.expect("watch");
    assert_eq!(next_event(&mut changes).await.key, "a/4");
}

#[tokio::test]
async fn a_watcher_that_was_away_for_too_long_is_told_everything() {
    let node = node("reset").start().await.expect("start");
    let client = Client::new(&node.url()).expect("a node's URL");
    let mut changes = client.watch("", Some("0")).await.expect("watch");
    assert_eq!(next(&mut changes).await, Told::Reset, "an empty node has only that to say");
    node.set("k", 0).await.expect("set");
    let seen = next_event(&mut changes).await.id.expect("a place to go on from");
    for count in 0..=rumormill_node::feed::CHANGES_MAX {
        node.set("k", count).await.expect("set");
    }
    node.set("l", "l").await.expect("set");
    for id in [seen.as_str(), "0", "0000000000000000-3", "no-id", ""] {
        let mut changes = client.watch("", Some(id)).await.expect("watch");
        assert_eq!(next(&mut changes).await, Told::Reset, "{id:?}");
        let all = [next_event(&mut changes).await, next_event(&mut changes).await];
        assert_eq!(all.each_ref().map(|event| event.key.as_str()), ["k", "l"]);
        assert_eq!(all[0].id, None, "whoever saw only the first must be told both again");
        let mut after = client.watch("", all[1].id.as_deref()).await.expect("watch");
        node.set("l", id).await.expect("set");
        let change = next_event(&mut after).await;
        assert_eq!(change.entry.expect("there").value, json!(id));
    }
}

#[tokio::test]
async fn the_api_describes_itself() {
    let node = node("described").start().await.expect("start");
    let document = ask(&node, "GET", "/api/v1/openapi.json", &[], "").await.json();
    let version = document["openapi"].as_str().expect("a version");
    assert!(version.starts_with("3."), "{version}");
    let paths = document["paths"].as_object().expect("paths");
    for path in [
        "status",
        "members",
        "keys",
        "keys/{key}",
        "counters/{name}",
        "sets/{name}",
        "watch",
        "config",
        "join",
    ] {
        assert!(paths.contains_key(&format!("/api/v1/{path}")), "{path} in {:?}", paths.keys());
    }
    let mut operations = 0;
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("operations") {
            operations += 1;
            let responses = operation["responses"].as_object().expect("responses");
            for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
                let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{method} {path} {status}");
            }
        }
    }
    assert!(operations >= 16, "{operations}");
    references(&document, &document);
}

/// Every `$ref` leads somewhere.
fn references(document: &Value, part: &Value) {
    if let Some(reference) = part["$ref"].as_str() {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
    match part {
        Value::Object(fields) => fields.values().for_each(|field| references(document, field)),
        Value::Array(items) => items.iter().for_each(|item| references(document, item)),
        _ => {}
    }
}
