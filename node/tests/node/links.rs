use crate::support::{CLUSTER, Client, ask, metric, node, until};
use bytes::Bytes;
use rumormill_core::wire::{FRAME_BYTES_MAX, Frame, Hello, Message as Said, VERSION, encode};
use rumormill_core::{Codec, Incarnation, NodeId, State, Status, Store};
use rumormill_node::NodeHandle;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::{Error, Message};

async fn start() -> NodeHandle {
    node("target").start().await.expect("the node starts")
}

fn hello() -> Hello {
    Hello {
        version: VERSION,
        cluster: CLUSTER.to_owned(),
        node: NodeId::new("stranger").expect("a valid name"),
        incarnation: Incarnation(1),
        birth: Incarnation(1),
        address: None,
    }
}

fn greeting() -> Message {
    Message::Binary(encode(&hello(), Codec::Postcard))
}

/// Says these things to a node and checks how it closes, that it counts that, and that it goes on.
async fn check(said: Vec<Message>, code: u16, label: &str, reason: &str) {
    let node = start().await;
    let mut client = Client::gossip(&node, Codec::Postcard).await;
    for message in said {
        client.send(message).await;
    }
    let (closed, why) = client.closed().await;
    assert_eq!(closed, code, "{why}");
    assert!(why.contains(reason), "{why}");
    let name = format!("rumormill_links_closed_total{{code=\"{label}\"}}");
    assert_eq!(metric(&node, &name).await, 1);
    node.set("still", "here").await.expect("the node goes on");
    let mut next = Client::gossip(&node, Codec::Postcard).await;
    next.send(greeting()).await;
    assert!(matches!(next.next().await, Message::Binary(_)), "the next link is greeted as ever");
}

#[tokio::test]
async fn garbage_instead_of_a_greeting() {
    check(vec![Message::binary(vec![255; 100])], 4400, "malformed", "not a greeting").await;
}

#[tokio::test]
async fn an_empty_frame() {
    check(vec![Message::binary(Bytes::new())], 4400, "malformed", "not a greeting").await;
}

#[tokio::test]
async fn a_truncated_greeting() {
    let whole = encode(&hello(), Codec::Postcard);
    check(vec![Message::Binary(whole.slice(..whole.len() - 2))], 4400, "malformed", "not a greeting").await;
}

#[tokio::test]
async fn a_greeting_of_another_version() {
    let other = encode(&Hello { version: 2, ..hello() }, Codec::Postcard);
    check(vec![Message::Binary(other)], 4426, "version", "version 2 is not spoken here").await;
}

#[tokio::test]
async fn a_greeting_from_another_cluster() {
    let other = encode(&Hello { cluster: "elsewhere".to_owned(), ..hello() }, Codec::Postcard);
    check(vec![Message::Binary(other)], 4403, "cluster", "not 'elsewhere'").await;
}

#[tokio::test]
async fn a_greeting_under_the_nodes_own_name() {
    // Whoever bears the name longer keeps it, so this one was born after the node.
    let own = Hello {
        node: NodeId::new("target").expect("a valid name"),
        birth: Incarnation(u64::MAX),
        incarnation: Incarnation(u64::MAX),
        ..hello()
    };
    check(vec![Message::Binary(encode(&own, Codec::Postcard))], 4409, "name-taken", "--name").await;
}

#[tokio::test]
async fn garbage_after_the_greeting() {
    check(vec![greeting(), Message::binary(vec![7, 99, 99])], 4400, "malformed", "does not decode").await;
}

#[tokio::test]
async fn a_truncated_frame_after_the_greeting() {
    let report = Said::<(), ()>::Report(rumormill_core::wire::Report::default());
    let whole = encode(&Frame { number: 1, message: report }, Codec::Postcard);
    let cut = Message::Binary(whole.slice(..whole.len() - 3));
    check(vec![greeting(), cut], 4400, "malformed", "does not decode").await;
}

#[tokio::test]
async fn a_frame_just_over_the_limit() {
    let frame = Message::binary(vec![0; FRAME_BYTES_MAX + 1]);
    check(vec![greeting(), frame], 4413, "too-large", "1048576").await;
}

#[tokio::test]
async fn a_frame_far_over_the_limit() {
    let frame = Message::binary(vec![0; 8 * FRAME_BYTES_MAX]);
    let node = start().await;
    let mut client = Client::gossip(&node, Codec::Postcard).await;
    client.send(greeting()).await;
    // The node stops reading, so the frame may not be written to its end.
    let (mut sink, mut stream) = futures_util::StreamExt::split(client.0);
    let writing = tokio::spawn(async move { futures_util::SinkExt::send(&mut sink, frame).await });
    let closed = until("the node to have closed the link", async || {
        (metric(&node, "rumormill_links_closed_total{code=\"too-large\"}").await == 1).then_some(())
    });
    closed.await;
    let mut code = None;
    while let Some(Ok(message)) = futures_util::StreamExt::next(&mut stream).await {
        if let Message::Close(frame) = message {
            code = frame.map(|frame| u16::from(frame.code));
        }
    }
    assert_eq!(code, Some(4413));
    writing.abort();
    node.set("still", "here").await.expect("the node goes on");
}

#[tokio::test]
async fn text_on_a_binary_link() {
    check(vec![Message::text("{}")], 4400, "malformed", "rumormill.v1 is binary").await;
}

#[tokio::test]
async fn bytes_that_are_no_websocket_frame() {
    let node = start().await;
    let mut client = Client::gossip(&node, Codec::Postcard).await;
    // A frame of a reserved type, unmasked.
    client.0.get_mut().write_all(&[0x8b, 0x02, 1, 2]).await.expect("the node reads");
    let (code, why) = client.closed().await;
    assert_eq!(code, 4400, "{why}");
    assert_eq!(metric(&node, "rumormill_links_closed_total{code=\"malformed\"}").await, 1);
}

#[tokio::test]
async fn silence_instead_of_a_greeting() {
    let node = start().await;
    let mut client = Client::gossip(&node, Codec::Postcard).await;
    let (code, why) = client.closed().await;
    assert_eq!((code, why.as_str()), (4408, "no greeting in time"));
    assert_eq!(metric(&node, "rumormill_links_closed_total{code=\"timeout\"}").await, 1);
}

#[tokio::test]
async fn a_link_that_breaks_without_a_word() {
    let node = start().await;
    let mut client = Client::gossip(&node, Codec::Postcard).await;
    client.send(greeting()).await;
    client.next().await;
    drop(client);
    until("the node to notice", async || {
        (metric(&node, "rumormill_links_broken_total").await == 1).then_some(())
    })
    .await;
    assert_eq!(metric(&node, "rumormill_links_closed_total{code=\"malformed\"}").await, 0);
}

#[tokio::test]
async fn a_socket_needs_a_subprotocol_that_is_spoken() {
    let node = start().await;
    for (path, protocol, spoken) in [
        ("/gossip", "", "rumormill.v1+json"),
        ("/gossip", "mqtt", "rumormill.v1+json"),
        ("/gossip", "rumormill.v2", "rumormill.v1+json"),
        ("/observe", "rumormill.v1", "rumormill.observe.v1"),
    ] {
        match Client::try_connect(&node, path, protocol, &[]).await {
            Err(Error::Http(response)) => {
                assert_eq!(response.status(), 400, "{path} {protocol}");
                let body = response.body().as_deref().unwrap_or_default();
                assert!(String::from_utf8_lossy(body).contains(spoken), "{path} {protocol}: {body:?}");
            }
            Err(other) => panic!("{path} {protocol}: {other}"),
            Ok(_) => panic!("{path} opened with {protocol}"),
        }
    }
    let preferred = Client::connect(&node, "/gossip", "rumormill.v9, rumormill.v1+json, rumormill.v1").await;
    drop(preferred);
}

#[tokio::test]
async fn a_socket_is_not_for_plain_requests() {
    let node = start().await;
    for path in ["/gossip", "/observe"] {
        let answer = ask(&node, "GET", path, &[], "").await;
        assert_eq!(answer.status, 426, "{answer:?}");
        assert!(answer.json()["detail"].as_str().is_some_and(|detail| detail.contains("WebSocket")));
        assert_eq!(ask(&node, "POST", path, &[], "").await.status, 405);
    }
}

/// Any language can take part with a WebSocket and JSON.
#[tokio::test]
async fn a_client_speaks_json_by_hand() {
    let node = start().await;
    node.set("colour", "blue").await.expect("set");
    let mut client = Client::gossip(&node, Codec::Json).await;
    let hello = json!({ "version": 1, "cluster": CLUSTER, "node": "by-hand", "incarnation": 7, "birth": 7, "address": null });
    client.text(&hello.to_string()).await;
    let theirs = client.json().await;
    assert_eq!((&theirs["node"], &theirs["cluster"]), (&json!("target"), &json!(CLUSTER)));

    client.text(r#"{"number": 1, "message": "survey"}"#).await;
    let report = client.json_where(|frame| frame["message"].get("report").cloned()).await;
    assert_eq!((&report["version"], &report["active"]), (&json!(1), &json!(2)));

    let summary = json!({ "summary": { "store": 0, "members": 0, "mode": "pull" } });
    client.text(&json!({ "number": 2, "message": summary }).to_string()).await;
    let digest = client.json_where(|frame| frame["message"].get("digest").cloned()).await;
    assert_eq!(digest["mode"], "pull");

    // "I have seen nothing; give me what you have."
    let nothing = Store::new(NodeId::new("by-hand").expect("valid"), 7).digest();
    let asked = json!({ "digest": { "digest": nothing, "mode": "push" } });
    client.text(&json!({ "number": 3, "message": asked }).to_string()).await;
    let delta = client.json_where(|frame| frame["message"].get("delta").cloned()).await;
    assert!(delta.to_string().contains(r#""blue""#), "{delta}");

    let listed = crate::support::statuses(&node).await;
    assert_eq!(listed.get(&NodeId::new("by-hand").expect("valid")), Some(&Status::Alive));
    client.text("{\"number\": 4}").await;
    let (code, why) = client.closed().await;
    assert_eq!(code, 4400, "{why}");
}
