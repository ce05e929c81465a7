//! Bad input on a link: every kind of it closes the link with a code and a
//! reason, is counted, and leaves the engine as it was.

use crate::net::{address, id};
use proptest::prelude::*;
use rumormill_core::state::store::{Delta, Digest, Key};
use rumormill_core::wire::{self, FRAME_BYTES_MAX, Frame, Hello, Message};
use rumormill_core::{
    CloseCode, Codec, Engine, EngineConfig, Incarnation, Input, Instant, LimiterConfig, LinkId, Output,
    Store, Tuning, Value,
};

const NOW: Instant = Instant::from_micros(5_000_000);
const LINK: LinkId = LinkId::Accepted(1);

fn engine() -> Engine<Store> {
    let mut engine =
        Engine::new(EngineConfig::new("test", id("a")), Store::new(id("a"), 1), 1, NOW).expect("valid");
    engine.set(&Key::new("kept").expect("valid"), Value::text("v").expect("short"), NOW).expect("free");
    engine
}

fn hello() -> Hello {
    Hello {
        version: wire::VERSION,
        cluster: "test".into(),
        node: id("b"),
        incarnation: Incarnation(1),
        birth: Incarnation(1),
        address: Some(address("b")),
    }
}

fn link_up(engine: &mut Engine<Store>, codec: Codec) {
    engine.handle(Input::LinkUp { link: LINK, codec }, NOW);
}

fn hand(engine: &mut Engine<Store>, frame: impl Into<bytes::Bytes>) {
    engine.handle(Input::Received { link: LINK, frame: frame.into() }, NOW);
}

/// The code and reason with which the link was closed, if it was.
fn closed(engine: &mut Engine<Store>) -> Option<(CloseCode, String)> {
    std::iter::from_fn(|| engine.poll()).find_map(|output| match output {
        Output::Close { refusal, .. } => Some((refusal.code, refusal.reason.into_owned())),
        _ => None,
    })
}

/// Feeds frames to a fresh engine on a fresh link and expects it to refuse.
fn refuses(codec: Codec, frames: &[Vec<u8>], code: CloseCode, words: &str) {
    let mut engine = engine();
    link_up(&mut engine, codec);
    for frame in frames {
        hand(&mut engine, frame.clone());
    }
    let (got, reason) = closed(&mut engine).expect("the link is closed");
    assert_eq!(got, code, "{reason}");
    assert!(reason.contains(words), "{reason}");
    assert!(reason.len() <= 123, "fits a close frame");
    assert_eq!(engine.stats().closed(code), 1);
    assert_eq!(engine.state().len(), 1, "the state is as it was");
    assert_eq!(engine.link_count(), 0);
    link_up(&mut engine, Codec::Postcard);
    hand(&mut engine, wire::encode(&hello(), Codec::Postcard));
    assert_eq!(engine.linked_peers().len(), 1, "the node goes on");
}

#[test]
fn bad_greetings_are_refused() {
    for codec in Codec::ALL {
        let encode = |hello: &Hello| wire::encode(hello, codec).to_vec();
        refuses(codec, &[b"\xff\xff\xff\xff garbage".to_vec()], CloseCode::Malformed, "not a greeting");
        refuses(codec, &[Vec::new()], CloseCode::Malformed, "not a greeting");
        let good = encode(&hello());
        refuses(codec, &[good[..good.len() - 1].to_vec()], CloseCode::Malformed, "not a greeting");
        refuses(codec, &[vec![b' '; FRAME_BYTES_MAX + 1]], CloseCode::TooLarge, "bytes");
        let later = Hello { version: 2, ..hello() };
        refuses(codec, &[encode(&later)], CloseCode::Version, "version 2 is not spoken here");
        let other = Hello { cluster: "other".into(), ..hello() };
        refuses(codec, &[encode(&other)], CloseCode::Cluster, "this is cluster 'test', not 'other'");
        let long = Hello { cluster: "x".repeat(500), ..hello() };
        refuses(codec, &[encode(&long)], CloseCode::Cluster, "this is cluster 'test'");
        let twin = Hello { node: id("a"), birth: Incarnation(2), ..hello() };
        refuses(codec, &[encode(&twin)], CloseCode::NameTaken, "--name");
        let mirror = Hello { node: id("a"), address: None, ..hello() };
        refuses(codec, &[encode(&mirror)], CloseCode::Myself, "dialled itself");
    }
}

#[test]
fn a_later_version_is_recognised_whatever_follows_it() {
    refuses(Codec::Postcard, &[vec![9, 1, 2, 3]], CloseCode::Version, "version 9");
    let future = br#"{"version":9,"anything":[1,2,3]}"#.to_vec();
    refuses(Codec::Json, &[future], CloseCode::Version, "version 9");
}

#[test]
fn bad_frames_are_refused() {
    type StoreFrame = Frame<Digest, Delta>;
    for codec in Codec::ALL {
        let greeting = wire::encode(&hello(), codec).to_vec();
        let frame = |message| wire::encode(&StoreFrame { number: 1, message }, codec).to_vec();
        let refuses = |bad: Vec<u8>, code, words| refuses(codec, &[greeting.clone(), bad], code, words);
        refuses(vec![0xff; 40], CloseCode::Malformed, "");
        refuses(Vec::new(), CloseCode::Malformed, "");
        refuses(greeting.clone(), CloseCode::Malformed, "");
        refuses(vec![b' '; FRAME_BYTES_MAX + 1], CloseCode::TooLarge, "are allowed");
        let good = frame(Message::InSync);
        refuses([good.clone(), good.clone()].concat(), CloseCode::Malformed, "");
        let backwards: Delta = serde_json::from_value(serde_json::json!({"runs": [
            {"writer": {"node": "b", "epoch": 1}, "after": 5, "upto": 5, "items": []}
        ], "roll": null}))
        .expect("well-formed");
        refuses(frame(Message::Rumor { delta: backwards }), CloseCode::Malformed, "run of writes is empty");
        let outside: Delta = serde_json::from_value(serde_json::json!({"runs": [
            {"writer": {"node": "b", "epoch": 1}, "after": 0, "upto": 1, "items": [
                {"sequence": 2, "key": "k", "write": {"counter": {"up": 1, "down": 0}}}
            ]}
        ], "roll": null}))
        .expect("well-formed");
        refuses(frame(Message::Rumor { delta: outside }), CloseCode::Malformed, "outside its run");
    }
    let names = br#"{"number":1,"message":{"members":{"records":[{"member":{"id":"no spaces","incarnation":1,"status":"alive","birth":1,"address":null,"host":null,"accusers":[],"services":{"version":0,"life":0,"list":[]}},"gone_s":0}],"compare":null}}}"#;
    let greeting = wire::encode(&hello(), Codec::Json).to_vec();
    refuses(Codec::Json, &[greeting, names.to_vec()], CloseCode::Malformed, "letters, digits");
}

#[test]
fn a_frame_that_claims_to_be_huge_costs_no_memory() {
    // A list of 2^40 entries in nine bytes: refused when the bytes run out.
    let mut bytes = vec![1, 4];
    bytes.extend([0x80, 0x80, 0x80, 0x80, 0x80, 0x20]);
    let error = wire::decode_frame::<Digest, Delta>(&bytes, Codec::Postcard).expect_err("garbage");
    assert_eq!(error.code, CloseCode::Malformed);
}

proptest! {
    #[test]
    fn any_bytes_give_a_value_or_a_refusal(bytes: Vec<u8>, greeted: bool, json: bool) {
        let codec = if json { Codec::Json } else { Codec::Postcard };
        let mut engine = engine();
        link_up(&mut engine, codec);
        if greeted {
            hand(&mut engine, wire::encode(&hello(), codec));
        }
        hand(&mut engine, bytes);
        prop_assert!(!engine.state().is_empty());
    }

    #[test]
    fn a_damaged_greeting_never_joins_as_someone_else(at in 0usize..40, bit in 0u8..8) {
        let mut bytes = wire::encode(&hello(), Codec::Postcard).to_vec();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let mut engine = engine();
        link_up(&mut engine, Codec::Postcard);
        hand(&mut engine, bytes);
        prop_assert!(engine.linked_peers().len() <= 1);
        prop_assert_eq!(engine.members().status(&id("a")), Some(rumormill_core::Status::Alive));
    }
}

/// Names that people type and scripts read: fields in snake case with their
/// unit last, words in kebab case.
#[test]
fn a_tuning_reads_as_its_documentation_says() {
    let written = serde_json::to_value(Tuning::default()).expect("encodes");
    let expected = serde_json::json!({
        "strategy": "hybrid", "mode": "push-pull", "fanout": 1, "interval_us": 1_000_000, "jitter_percent": 10,
        "arity": 2, "cycles": true,
        "limiter": {"bucket": {"capacity": 256, "refill_per_s": 128, "reserve": 32}},
        "probe_us": 1_000_000, "indirect_probes": 3, "suspicion_mult": 4, "suspicion_max_mult": 6,
        "local_health_max": 8, "forget_us": 86_400_000_000_u64, "link_idle_us": 10_000_000, "links_max": 64
    });
    assert_eq!(written, expected);
    let partial: Tuning = serde_json::from_str(r#"{"limiter": "unlimited", "fanout": 3}"#).expect("decodes");
    assert_eq!((partial.fanout, partial.limiter), (3, LimiterConfig::Unlimited));
    let unknown = serde_json::from_str::<Tuning>(r#"{"fan_out": 3}"#).expect_err("an unknown field");
    assert!(unknown.to_string().contains("fan_out"), "{unknown}");
}
