use crate::support::{all_read, ask, check_problem, cluster, metric, node, quick};
use rumormill_api::{MemberList, StatusView};
use rumormill_core::state::store::VALUE_BYTES_MAX;
use rumormill_core::{Status, Strategy, Tuning};
use rumormill_node::client::{Client, ClientError};
use rumormill_node::{Node, StartError};
use serde_json::{Value, json};
use std::io::ErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn status_and_members_say_what_the_node_knows() {
    let nodes = cluster(2, |builder| builder).await;
    let answer = ask(&nodes[0], "GET", "/api/v1/status", &[], "").await;
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    let status: StatusView = serde_json::from_value(answer.json()).expect("a status");
    assert_eq!((status.node, status.status), (nodes[0].id().clone(), Status::Alive));
    assert_eq!(status.members[&Status::Alive], 2);
    assert_eq!(status.tuning, quick());
    let list: MemberList =
        serde_json::from_value(ask(&nodes[0], "GET", "/api/v1/members", &[], "").await.json())
            .expect("members");
    assert_eq!(list.members.iter().map(|member| member.is_self).collect::<Vec<_>>(), [true, false]);
    assert_eq!(list.members[1].address.as_deref(), Some(nodes[1].address().as_str()));
    assert_eq!(ask(&nodes[0], "GET", "/healthz", &[], "").await.body, "ok\n");
}

#[tokio::test]
async fn keys_and_counters_are_written_and_read() {
    let nodes = cluster(2, |builder| builder).await;
    let put = ask(&nodes[0], "PUT", "/api/v1/keys/app/title%20one", &[], r#"{"value": "x"}"#).await;
    assert_eq!((put.status, put.json()["key"].as_str()), (200, Some("app/title one")), "{put:?}");
    let post = ask(&nodes[0], "POST", "/api/v1/counters/hits", &[], r#"{"by": 41}"#).await;
    assert_eq!(post.json(), json!({ "name": "hits", "value": 41 }));
    let one = ask(&nodes[0], "POST", "/api/v1/counters/hits", &[], "{}").await;
    assert_eq!(one.json()["value"], 42);
    all_read(&nodes, "hits", &json!(42)).await;
    all_read(&nodes, "app/title one", &json!("x")).await;
    let read = ask(&nodes[1], "GET", "/api/v1/counters/hits", &[], "").await;
    assert_eq!(read.json(), json!({ "name": "hits", "value": 42 }));
    let read = ask(&nodes[1], "GET", "/api/v1/keys/app%2Ftitle%20one", &[], "").await;
    assert_eq!((&read.json()["value"], &read.json()["author"]), (&json!("x"), &json!("n01")));
    let listed = ask(&nodes[1], "GET", "/api/v1/keys?prefix=app/", &[], "").await.json();
    assert_eq!(listed["keys"].as_array().map(Vec::len), Some(1));
    let all = ask(&nodes[1], "GET", "/api/v1/keys", &[], "").await.json();
    assert_eq!(all["keys"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said() {
    let node = node("strict").start().await.expect("start");
    node.set("text", "x").await.expect("set");
    node.increment("max", i64::MAX).await.expect("increment");
    let long = format!("/api/v1/keys/{}", "k".repeat(257));
    let large = json!({ "value": "v".repeat(VALUE_BYTES_MAX) }).to_string();
    let huge = format!("{{\"value\": \"{}\"}}", "v".repeat(9 * VALUE_BYTES_MAX));
    let cases = [
        ("GET", "/api/v1/keys/none", "", 404, "no-such-key", "'none'"),
        ("GET", "/api/v1/counters/none", "", 404, "no-such-key", "'none'"),
        ("GET", "/api/v1/counters/text", "", 409, "wrong-kind", "'text' is a register"),
        ("GET", long.as_str(), "", 400, "invalid-key", "256 bytes"),
        ("PUT", long.as_str(), r#"{"value": 1}"#, 400, "invalid-key", "256 bytes"),
        ("PUT", "/api/v1/keys/a%00b", r#"{"value": 1}"#, 400, "invalid-key", "control characters"),
        ("PUT", "/api/v1/keys/a%FFb", r#"{"value": 1}"#, 400, "invalid-path", "UTF-8"),
        ("PUT", "/api/v1/keys/max", r#"{"value": 1}"#, 409, "wrong-kind", "'max' is a counter"),
        ("PUT", "/api/v1/keys/k", "{", 400, "invalid-body", "EOF"),
        ("PUT", "/api/v1/keys/k", r#"{"valeu": 1}"#, 422, "invalid-body", "unknown field `valeu`"),
        ("PUT", "/api/v1/keys/k", "{}", 422, "invalid-body", "missing field `value`"),
        ("PUT", "/api/v1/keys/k", large.as_str(), 413, "value-too-large", "65536 bytes"),
        ("PUT", "/api/v1/keys/k", huge.as_str(), 413, "value-too-large", "524288 bytes at most"),
        ("POST", "/api/v1/counters/text", "{}", 409, "wrong-kind", "'text' is a register"),
        ("POST", "/api/v1/counters/max", "{}", 409, "counter-overflow", "cannot be changed by that much"),
        ("POST", "/api/v1/counters/c", r#"{"by": 1.5}"#, 422, "invalid-body", "expected i64"),
        ("POST", "/api/v1/join", r#"{"url": "wss://x"}"#, 400, "invalid-address", "TLS"),
        ("POST", "/api/v1/join", r#"{"url": "ftp://x"}"#, 400, "invalid-address", "http://127.0.0.1:7700"),
        ("GET", "/api/v1/keys?prefxi=a", "", 400, "invalid-query", "prefxi"),
        ("PATCH", "/api/v1/config", r#"{"fanuot": 2}"#, 422, "unknown-field", "did you mean 'fanout'?"),
        ("PATCH", "/api/v1/config", r#"{"log": "info"}"#, 422, "unknown-field", "there is no 'log'"),
        (
            "PATCH",
            "/api/v1/config",
            r#"{"fanout": "two"}"#,
            422,
            "invalid-value",
            "'fanout' cannot be \"two\"",
        ),
        ("PATCH", "/api/v1/config", r#"{"fanout": 65}"#, 422, "out-of-range", "0 to 64"),
        ("PATCH", "/api/v1/config", r#"{"strategy": "plum"}"#, 422, "invalid-value", "hybrid"),
        ("POST", "/api/v1/counters/c", "[1]", 422, "invalid-body", "expected an object"),
        ("PATCH", "/api/v1/config", "[]", 422, "invalid-body", "expected an object"),
        ("GET", "/api/v1/nothing", "", 404, "no-such-route", "/api/v1/status"),
        ("GET", "/api/v2/status", "", 404, "no-such-route", "/api/v1/status"),
        ("POST", "/anything", "", 404, "no-such-route", "/anything"),
        ("POST", "/api/v1/status", "", 405, "method-not-allowed", "POST does not apply"),
        ("PUT", "/metrics", "", 405, "method-not-allowed", "PUT does not apply"),
    ];
    for (method, path, body, status, kind, detail) in cases {
        let answer = ask(&node, method, path, &[], body).await;
        check_problem(&answer, status, kind, detail);
    }
    let answer = ask(&node, "PUT", "/api/v1/keys/k", &[("content-type", "text/plain")], "{}").await;
    check_problem(&answer, 415, "not-json", "application/json");
    let answer = ask(&node, "POST", "/api/v1/status", &[], "").await;
    assert_eq!(answer.headers["allow"], "GET,HEAD");
    assert_eq!(node.get("k").await, Ok(None), "nothing of all that was written");
    assert_eq!(node.tuning().await, Ok(quick()));
}

#[tokio::test]
async fn pages_of_other_origins_may_read_but_not_write() {
    let node = node("careful").start().await.expect("start");
    let own = format!("http://{}", node.local_addr());
    for (origin, status) in [("http://example.test", 403), (own.as_str(), 200)] {
        let headers = [("origin", origin)];
        let answer = ask(&node, "PUT", "/api/v1/keys/k", &headers, r#"{"value": 1}"#).await;
        assert_eq!(answer.status, status, "{origin}");
        let answer = ask(&node, "GET", "/api/v1/status", &headers, "").await;
        assert_eq!((answer.status, answer.headers["access-control-allow-origin"].as_str()), (200, "*"));
    }
    let answer = ask(&node, "POST", "/api/v1/leave", &[("origin", "null")], "").await;
    check_problem(&answer, 403, "cross-origin", "another origin");
}

#[tokio::test]
async fn the_configuration_is_patched_field_by_field() {
    let node = node("patched").start().await.expect("start");
    let patch =
        r#"{"strategy": "tree", "limiter": {"window": {"tokens": 9, "period_us": 1000000, "reserve": 1}}}"#;
    let answer = ask(&node, "PATCH", "/api/v1/config", &[], patch).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let tuning: Tuning = serde_json::from_value(answer.json()).expect("a tuning");
    assert_eq!(
        (tuning.strategy, tuning.fanout, tuning.interval_us),
        (Strategy::Tree, 1, quick().interval_us)
    );
    assert_eq!(node.tuning().await, Ok(tuning));
    let read = ask(&node, "GET", "/api/v1/config", &[], "").await.json();
    assert_eq!(read["limiter"]["window"]["tokens"], 9);
}

#[tokio::test]
async fn a_node_joins_and_leaves_when_told_to() {
    let (here, there) =
        (node("here").start().await.expect("start"), node("there").start().await.expect("start"));
    let body = json!({ "url": there.url() }).to_string();
    let answer = ask(&here, "POST", "/api/v1/join", &[], &body).await;
    assert_eq!((answer.status, answer.json()["joining"].as_str()), (202, Some(there.address().as_str())));
    crate::support::holds(&there, here.id(), Status::Alive).await;
    let left = ask(&here, "POST", "/api/v1/leave", &[], "").await;
    assert_eq!((left.status, &left.json()["status"]), (200, &json!("left")), "{left:?}");
    crate::support::holds(&there, here.id(), Status::Left).await;
    let answer = ask(&here, "PUT", "/api/v1/keys/k", &[], r#"{"value": 1}"#).await;
    check_problem(&answer, 409, "left", "has left");
}

#[tokio::test]
async fn the_trace_can_be_fetched() {
    let node = node("traced").start().await.expect("start");
    node.set("k", 1).await.expect("set");
    let trace = ask(&node, "GET", "/api/v1/trace", &[], "").await.json();
    let events: Vec<_> = trace.as_array().expect("records").iter().map(|record| &record["event"]).collect();
    assert!(events[0].get("started").is_some(), "{trace}");
    assert!(events.iter().any(|event| event["wrote"] == json!({ "key": "k", "what": "set" })), "{trace}");
    for _ in 0..rumormill_node::feed::RECENT_MAX {
        node.set("k", 2).await.expect("set");
    }
    let trace = ask(&node, "GET", "/api/v1/trace", &[], "").await.json();
    assert!(trace[0]["event"]["skipped"].as_u64().is_some_and(|skipped| skipped > 0), "{}", trace[0]);
    assert_eq!(trace.as_array().map(Vec::len), Some(rumormill_node::feed::RECENT_MAX + 1));

    // Whoever knows the beginning asks for the rest.
    let times = |trace: &Value| -> Vec<u64> {
        trace
            .as_array()
            .expect("records")
            .iter()
            .map(|record| record["at"].as_u64().expect("a time"))
            .collect()
    };
    let known = times(&trace)[rumormill_node::feed::RECENT_MAX - 20];
    let rest = ask(&node, "GET", &format!("/api/v1/trace?after_us={known}"), &[], "").await.json();
    let rest = times(&rest);
    assert!((1..=1_000).contains(&rest.len()) && rest.iter().all(|at| *at > known), "{known}: {rest:?}");
    assert_eq!(ask(&node, "GET", "/api/v1/trace?after=1", &[], "").await.status, 400);
}

#[tokio::test]
async fn metrics_count_what_happened() {
    let nodes = cluster(2, |builder| builder).await;
    nodes[0].set("k", 1).await.expect("set");
    all_read(&nodes, "k", &json!(1)).await;
    let answer = ask(&nodes[0], "GET", "/metrics", &[], "").await;
    assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    for line in [
        "rumormill_members{status=\"alive\"} 2",
        "rumormill_members{status=\"down\"} 0",
        "rumormill_store_keys 1",
        "rumormill_store_version 1",
        "rumormill_messages_total{direction=\"sent\",kind=\"rumor\"} 1",
        "# TYPE rumormill_message_bytes_total counter",
        "rumormill_links_closed_total{code=\"malformed\"} 0",
    ] {
        assert!(answer.body.contains(&format!("{line}\n")), "no {line} in\n{}", answer.body);
    }
    let described = answer.body.lines().filter(|line| line.starts_with("# HELP rumormill_")).count();
    let typed = answer.body.lines().filter(|line| line.starts_with("# TYPE rumormill_")).count();
    assert_eq!(described, typed);
    let ours = |line: &str| ["rumormill_", "process_", "# "].iter().any(|start| line.starts_with(start));
    assert!(answer.body.lines().all(ours));
    // The other node's store tells how long the write was under way.
    assert_eq!(metric(&nodes[1], "rumormill_propagation_seconds_count").await, 1);
    assert_eq!(metric(&nodes[0], "rumormill_propagation_seconds_count").await, 0, "its own write");
    assert!(metric(&nodes[1], "rumormill_merge_seconds_count").await > 0);
}

#[tokio::test]
async fn the_page_is_served_compressed_and_cached() {
    let node = node("web").start().await.expect("start");
    let plain = ask(&node, "GET", "/", &[], "").await;
    assert_eq!((plain.status, plain.headers["content-type"].as_str()), (200, "text/html; charset=utf-8"));
    assert!(
        plain.body.contains("<!doctype html>") || plain.body.contains("<!DOCTYPE html>"),
        "{}",
        plain.body
    );
    assert!(!plain.headers.contains_key("content-encoding"));
    let packed = ask(&node, "GET", "/", &[("accept-encoding", "br, gzip;q=0.8")], "").await;
    assert_eq!(packed.headers["content-encoding"], "gzip");
    assert!(packed.bytes.len() < plain.bytes.len());
    assert_eq!(packed.headers["vary"], "accept-encoding");
    let refused = ask(&node, "GET", "/", &[("accept-encoding", "gzip;q=0")], "").await;
    assert_eq!(refused.body, plain.body);

    let etag = plain.headers["etag"].as_str();
    let again = ask(&node, "GET", "/index.html", &[("if-none-match", etag)], "").await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(plain.headers["cache-control"], "no-cache");
    let head = ask(&node, "HEAD", "/", &[], "").await;
    assert_eq!((head.status, head.bytes.len()), (200, 0));

    let missing = ask(&node, "GET", "/no/such/page", &[], "").await;
    assert_eq!((missing.status, missing.headers["content-type"].as_str()), (404, "text/html; charset=utf-8"));
}

#[tokio::test]
async fn a_port_in_use_and_nonsense_stop_a_node_before_it_starts() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let listen = taken.local_addr().expect("bound").to_string();
    match Node::builder().listen(&listen).start().await {
        Err(StartError::Listen { listen: named, source }) => {
            assert_eq!((named, source.kind()), (listen, ErrorKind::AddrInUse));
        }
        other => panic!("{other:?}"),
    }
    let start = |builder: rumormill_node::NodeBuilder| async { builder.start().await.expect_err("nonsense") };
    assert!(matches!(start(node("a b")).await, StartError::Name { .. }));
    assert!(matches!(start(node("a").cluster("")).await, StartError::Config(_)));
    assert!(matches!(start(node("a").join("ftp://x")).await, StartError::Address(_)));
    assert!(matches!(start(node("a").listen("0.0.0.0:0")).await, StartError::Advertise(_)));
    assert!(matches!(start(node("a").tuning(Tuning { fanout: 99, ..quick() })).await, StartError::Config(_)));
    let told = node("a").listen("0.0.0.0:0").advertise("http://192.0.2.7:1").start().await.expect("start");
    assert_eq!(told.address().as_str(), "ws://192.0.2.7:1/gossip");
}

#[tokio::test]
async fn a_client_tells_a_node_from_others() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = nobody.local_addr().expect("bound");
    drop(nobody);
    let client = Client::new(&format!("http://{address}")).expect("a URL");
    let error = client.get::<StatusView>("status").await.expect_err("nobody is there");
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");

    let stranger = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let client = Client::new(&format!("http://{}", stranger.local_addr().expect("bound"))).expect("a URL");
    for said in [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi",
        "HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
        "220 smtp\r\n",
    ] {
        let (asked, _) = tokio::join!(client.get::<StatusView>("status"), answer_once(&stranger, said));
        let error = asked.expect_err("not a node");
        assert!(matches!(error, ClientError::Stranger { .. }), "{said}: {error}");
        assert_eq!(error.to_string().contains("token"), said.contains("401"), "{error}");
    }

    let client = client.with_token("s3cret~").expect("a token");
    let answer = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
    let (_, request) = tokio::join!(client.get::<StatusView>("status"), answer_once(&stranger, answer));
    assert!(request.to_lowercase().contains("\r\nauthorization: bearer s3cret~\r\n"), "{request}");
    assert!(!format!("{client:?}").contains("s3cret"), "it is not for logs");
}

/// Returns what was asked.
async fn answer_once(listener: &TcpListener, answer: &str) -> String {
    let (mut stream, _): (TcpStream, _) = listener.accept().await.expect("someone asks");
    let mut request = [0; 1024];
    let read = stream.read(&mut request).await.expect("a request");
    stream.write_all(answer.as_bytes()).await.expect("the answer is read");
    String::from_utf8_lossy(&request[..read]).into_owned()
}
