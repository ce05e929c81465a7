//! How many events of a whole simulated cluster are handled in a second: the
//! full protocol with its default tuning, and a write ten times a second. Run by
//! `cargo xtask bench`; by itself, `cargo bench -p rumormill-sim`.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rumormill_core::{Duration, Instant};
use rumormill_sim::{Act, Scenario, Sim};

/// How much simulated time is played.
const SPAN: Duration = Duration::from_secs(5);

fn start(nodes: u32) -> Sim {
    let mut sim = Sim::new(Scenario { nodes, ..Scenario::default() }).expect("a valid scenario");
    sim.keep_trace(0);
    sim.set_hashing(false);
    // What follows from the start is not what is measured.
    sim.run_until(Instant::ZERO + Duration::from_secs(3), u32::MAX);
    sim
}

/// Plays on and returns how many events that was.
fn play(mut sim: Sim) -> u64 {
    let (before, begun) = (sim.totals().events, sim.now());
    let nodes = sim.nodes();
    for turn in 0..SPAN.as_millis() as u32 / 100 {
        sim.run_until(begun + Duration::from_millis(100) * u64::from(turn), u32::MAX);
        let write = Act::Set { node: turn * 7 % nodes, key: "key".into(), value: turn.into() };
        sim.apply(write).expect("nothing crashes here");
    }
    sim.run_until(begun + SPAN, u32::MAX);
    sim.totals().events - before
}

fn events(c: &mut Criterion) {
    let mut group = c.benchmark_group("sim");
    group.sample_size(10);
    for nodes in [10, 100, 1_000] {
        let ready = start(nodes);
        group.throughput(Throughput::Elements(play(ready.clone())));
        group.bench_function(format!("{nodes} nodes"), |b| {
            b.iter_batched(|| ready.clone(), play, BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, events);
criterion_main!(benches);
