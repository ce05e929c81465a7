//! dev
fn main() {
    let seed: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let s = rumormill_sim::swarm::scenario(seed);
    println!("{:?}\n{:?}", s.tuning, s.network);
    for a in &s.acts {
        println!("{a:?}");
    }
}
