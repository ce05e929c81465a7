//! dev
use rumormill_core::Instant;
use rumormill_core::event::*;
use rumormill_sim::*;
fn main() {
    let file = std::env::args().nth(1).unwrap();
    let all = std::env::args().nth(2);
    let s: Scenario = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let v = check(&s).unwrap().violation;
    println!("{v:?}");
    let end = v.map_or(s.until_us, |v| v.at_us);
    let mut sim = Sim::new(s).unwrap();
    sim.keep_trace(u32::MAX);
    sim.run_until(Instant::ZERO + end, u32::MAX);
    for r in sim.take_trace() {
        let keep = match &r.event {
            TraceEvent::Node(Event::Sent { kind, .. }) => {
                all.is_some() || kind.is_payload() || *kind == rumormill_core::MessageKind::Digest
            }
            TraceEvent::Node(Event::Received { kind, news, .. }) => {
                *news || kind.is_payload() || (all.is_some())
            }
            TraceEvent::Node(Event::Round { .. }) => false,
            TraceEvent::Node(Event::LinkUp { .. } | Event::LinkDown { .. }) => all.is_some(),
            TraceEvent::Lost { kind, .. } => kind.is_payload() || all.is_some(),
            _ => true,
        };
        if keep {
            println!("{:>9} {} {:?}", r.at.as_micros(), r.node.as_ref().map_or("-", |n| n.as_str()), r.event);
        }
    }
    for n in sim.iter() {
        let Some(e) = n.engine else {
            println!("{} down", n.id);
            continue;
        };
        use rumormill_core::State;
        println!(
            "{} hash {:?} writer {:?} seq {} digest {:?} tombs {}",
            n.id,
            e.state().hash(),
            e.state().writer(),
            e.state().sequence(),
            e.state().digest(),
            e.state().tombstones()
        );
        println!("     {:?}", checkers::agreement::readings(&sim, n.index));
    }
}
