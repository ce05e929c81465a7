//! dev
use rumormill_core::*;
use std::collections::BTreeMap;
fn main() {
    let a: Vec<u64> = std::env::args().skip(1).map(|a| a.parse().unwrap()).collect();
    let s = rumormill_sim::swarm::scenario(a[0]);
    let mut sim = rumormill_sim::Sim::new(s.clone()).unwrap();
    sim.keep_trace(u32::MAX);
    let mut by: BTreeMap<(u64, String), u64> = BTreeMap::new();
    sim.run_until(Instant::from_micros(a[1] * 1000000), u32::MAX);
    for r in sim.take_trace() {
        if let event::TraceEvent::Node(event::Event::Sent { kind, cause, .. }) = &r.event {
            *by.entry((r.at.as_micros() / 1_000_000, format!("{kind:?} {cause:?}"))).or_default() += 1;
        }
        if let event::TraceEvent::Node(event::Event::Member { .. }) = &r.event {
            *by.entry((r.at.as_micros() / 1_000_000, format!("member"))).or_default() += 1;
        }
        if let (Some(x), true) = (a.get(2), a.len() > 2)
            && r.at.as_micros() >= *x
            && r.at.as_micros() < a[3]
        {
            println!("{:?} {:?} {:?}", r.at, r.node, r.event);
        }
    }
    for (k, v) in by {
        if v > 200 {
            println!("{k:?} {v}");
        }
    }
}
