//! What a node does most: taking in what came, telling what it has, and the
//! tree and the codec under that. Run by `cargo xtask bench`, which makes the
//! table in `docs/benchmarks.md` of it; by itself,
//! `cargo bench -p rumormill-core`.

use bytes::Bytes;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use rumormill_core::hash::StateHash;
use rumormill_core::state::State;
use rumormill_core::state::store::{Delta, Digest, Key, News};
use rumormill_core::tree::Tree;
use rumormill_core::wire::{self, Frame, Hello, Message};
use rumormill_core::{
    Address, Codec, Engine, EngineConfig, Incarnation, Input, Instant, LinkId, Member, Members, Mode, NodeId,
    Status, Store, Value,
};
use std::hint::black_box;

/// When nodes really start: milliseconds since 1970, as native nodes count.
const EPOCH: u64 = 1_800_000_000_000;
const NOW: Instant = Instant::from_micros(EPOCH * 1_000);

/// Members of the cluster that the engine is in.
const MEMBERS: usize = 100;

type StoreMessage = Message<Digest, Delta>;

fn id(node: usize) -> NodeId {
    NodeId::new(&format!("node-{node:04}")).expect("a valid name")
}

fn set(store: &mut Store, key: usize, text: &str) -> News {
    let key = Key::new(&format!("key-{key:06}")).expect("a valid key");
    store.set(&key, Value::text(text).expect("a short value"), NOW).expect("a register").news
}

fn frame(message: StoreMessage, codec: Codec) -> Bytes {
    wire::encode(&Frame { number: 100_000, message }, codec)
}

/// A store with so many keys, each writer's share of them written by it.
fn store(writers: usize, keys: usize) -> Store {
    let mut all = Store::new(id(9_999), EPOCH);
    for writer in 0..writers {
        let mut one = Store::new(id(writer), EPOCH);
        (writer..keys).step_by(writers).for_each(|key| drop(set(&mut one, key, "some value")));
        all.merge(one.delta(&all.digest(), usize::MAX).delta, NOW).expect("a valid delta");
    }
    all
}

fn stores(c: &mut Criterion) {
    let full = store(100, 10_000);
    c.bench_function("digest: 100 writers, 10,000 keys", |b| b.iter(|| black_box(&full).digest()));

    let mut newer = full.clone();
    (0..100).for_each(|key| drop(set(&mut newer, key * 100, "another value")));
    let theirs = full.digest();
    c.bench_function("delta: 100 new of 10,000 keys", |b| {
        b.iter(|| black_box(&newer).delta(black_box(&theirs), usize::MAX));
    });

    let delta = newer.delta(&theirs, usize::MAX).delta;
    c.bench_function("merge: 100 new into 10,000 keys", |b| {
        b.iter_batched(
            || (full.clone(), delta.clone()),
            |(mut store, delta)| {
                store.merge(delta, NOW).expect("a valid delta");
                store
            },
            BatchSize::LargeInput,
        );
    });
}

fn trees(c: &mut Criterion) {
    let tree = Tree { arity: 2, cycles: true };
    c.bench_function("tree: children and parents of one of 1,000", |b| {
        let mut position = 0;
        b.iter(|| {
            position = (position + 1) % 1_000;
            (tree.targets(black_box(position), 1_000), tree.parents(black_box(position), 1_000))
        });
    });
}

fn codecs(c: &mut Criterion) {
    let mut store = store(1, 0);
    let mut news = set(&mut store, 1, "some value");
    let delta = store.rumor(&mut news, usize::MAX);
    for codec in Codec::ALL {
        let name = match codec {
            Codec::Postcard => "postcard",
            Codec::Json => "JSON",
        };
        let value = Frame { number: 100_000, message: StoreMessage::Rumor { delta: delta.clone() } };
        c.bench_function(&format!("codec: encode a rumor, {name}"), |b| {
            b.iter(|| wire::encode(black_box(&value), codec));
        });
        let bytes = wire::encode(&value, codec);
        c.bench_function(&format!("codec: decode a rumor, {name}"), |b| {
            b.iter(|| wire::decode_frame::<Digest, Delta>(black_box(&bytes), codec).expect("a valid frame"));
        });
    }
}

/// An engine among [`MEMBERS`], with a link to another one.
fn engine() -> (Engine<Store>, LinkId) {
    let address = |node: usize| Address::new(&format!("ws://host-{node}/gossip")).expect("a valid address");
    let mut members = Members::default();
    for node in 1..MEMBERS {
        members.merge(Member::new(id(node), Incarnation(1), Status::Alive, Some(address(node))));
    }
    let config = EngineConfig { address: Some(address(0)), ..EngineConfig::new("bench", id(0)) };
    let store = Store::new(id(0), EPOCH);
    let mut engine = Engine::with_members(config, store, members, 1, NOW).expect("a valid configuration");
    let link = LinkId::Accepted(1);
    engine.handle(Input::LinkUp { link, codec: Codec::Postcard }, NOW);
    let hello = Hello {
        version: wire::VERSION,
        cluster: "bench".to_owned(),
        node: id(50),
        incarnation: Incarnation(1),
        birth: Incarnation(1),
        address: Some(address(50)),
    };
    let frame = wire::encode(&hello, Codec::Postcard);
    engine.handle(Input::Received { link, frame }, NOW);
    assert!(engine.linked_peers().contains(&id(50)), "the link is up");
    (engine, link)
}

/// Hands in a frame, and does everything that the engine wants done with it.
fn step(engine: &mut Engine<Store>, link: LinkId, frame: Bytes) -> u32 {
    engine.handle(Input::Received { link, frame }, NOW);
    let mut wishes = 0;
    let mut sent = Vec::new();
    while let Some(output) = engine.poll() {
        wishes += 1;
        if let rumormill_core::Output::Send { link, .. } = output {
            sent.push(link);
        }
    }
    for link in sent {
        engine.handle(Input::Sent { link }, NOW);
    }
    wishes
}

fn engines(c: &mut Criterion) {
    let (mut quiet, link) = engine();
    let (store, members) = (Some(quiet.state().hash()), quiet.members().hash());
    let summary = frame(Message::Summary { store, members, mode: Mode::PushPull }, Codec::Postcard);
    c.bench_function("engine: answer a summary, nothing differs", |b| {
        b.iter(|| step(&mut quiet, link, summary.clone()));
    });
    let other =
        frame(Message::Summary { store: Some(StateHash(1)), members, mode: Mode::PushPull }, Codec::Postcard);
    c.bench_function("engine: answer a summary, states differ", |b| {
        b.iter(|| step(&mut quiet, link, other.clone()));
    });

    let (mut engine, link) = engine();
    let mut writer = Store::new(id(50), EPOCH);
    c.bench_function("engine: take in a rumor of one write and pass it on", |b| {
        b.iter_batched(
            || {
                let mut news = set(&mut writer, 1, "some value");
                frame(Message::Rumor { delta: writer.rumor(&mut news, usize::MAX) }, Codec::Postcard)
            },
            |frame| step(&mut engine, link, frame),
            BatchSize::PerIteration,
        );
    });
}

criterion_group!(benches, stores, trees, codecs, engines);
criterion_main!(benches);
