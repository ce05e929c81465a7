//! dev
fn main() {
    let a: Vec<u64> = std::env::args().skip(1).map(|a| a.parse().unwrap()).collect();
    for seed in a[0]..a[1] {
        let s = rumormill_sim::swarm::scenario(seed);
        let t = std::time::Instant::now();
        let c = rumormill_sim::check_until_settled(&s).unwrap();
        let e = t.elapsed().as_millis();
        if e > 150 || c.violation.is_some() || !c.settled {
            println!(
                "{seed} {e}ms nodes {} ev {} set {} until {} {:?} {:?} probe {:?} int {:?} forget {:?} {:?} lat {:?} acts {} {:?}",
                s.nodes,
                c.events,
                c.settled,
                s.until_us,
                s.tuning.strategy,
                s.tuning.limiter,
                s.tuning.probe_us,
                s.tuning.interval_us,
                s.tuning.forget_us,
                s.start,
                s.network.latency,
                s.acts.len(),
                c.violation
            );
        }
    }
}
