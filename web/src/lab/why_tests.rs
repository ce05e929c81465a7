use super::*;
use rumormill_core::{Duration, LimiterConfig, Tuning};
use rumormill_sim::{Act, Network, Scenario};

/// A run in which a reason can be looked for.
struct Played {
    sim: Sim,
    clues: Clues,
}

impl Played {
    fn new(strategy: Strategy, limiter: LimiterConfig, loss_ppm: u32) -> Self {
        let tuning = Tuning { strategy, limiter, ..Tuning::default() };
        let network = Network { loss_ppm, ..Network::default() };
        let scenario = Scenario { nodes: 15, seed: 3, tuning, network, ..Scenario::default() };
        let mut played = Self { sim: Sim::new(scenario).expect("a valid scenario"), clues: Clues::default() };
        played.run(500);
        played
    }

    fn run(&mut self, millis: u64) {
        let at = self.sim.now() + Duration::from_millis(millis);
        self.sim.run_until(at, u32::MAX);
        let records = self.sim.take_trace();
        self.clues.note(&self.sim, &records);
    }

    fn act(&mut self, act: Act) {
        self.sim.apply(act).expect("it is possible");
    }

    fn write(&mut self, node: u32) {
        self.act(Act::Set { node, key: "color".into(), value: "red".into() });
    }

    fn why(&self, node: u32) -> Option<Why> {
        why(&self.sim, &self.clues, self.sim.latest().expect("there was a write"), node)
    }

    fn check(&self, node: u32, reason: Reason, because: &str, next: &str) {
        let why = self.why(node).expect("it lacks the write");
        assert_eq!(why.reason, reason, "{why:?}");
        assert!(why.because.contains(because), "{why:?}");
        assert!(why.next.contains(next), "{why:?}");
    }
}

const FREE: LimiterConfig = LimiterConfig::Unlimited;

#[test]
fn who_has_it_needs_no_reason() {
    let mut played = Played::new(Strategy::Hybrid, FREE, 0);
    played.write(0);
    assert_eq!(played.why(0), None);
    played.run(1_000);
    assert!((0..15).all(|node| played.why(node).is_none()));
}

#[test]
fn it_is_under_way() {
    let mut played = Played::new(Strategy::Tree, FREE, 0);
    played.write(0);
    played.check(1, Reason::UnderWay, "A rumor from n00 with it is on its way to n01.", "It arrives in 0.0");
    played.check(3, Reason::Upstream, "n01, which sends to n03, lacks it too: A rumor", "bare tree");
    let further = "It has to come by n03, and further up n01, which sends to n03, lacks it too: A rumor";
    played.check(7, Reason::Upstream, further, "bare tree");
}

#[test]
fn everyone_who_has_it_is_behind_the_cut() {
    let mut played = Played::new(Strategy::Hybrid, FREE, 0);
    played.act(Act::Partition { groups: vec![(0..8).collect(), (8..15).collect()] });
    played.write(0);
    played.run(3_000);
    played.check(12, Reason::Cut, "other side of the cut from n12", "healed");
    played.act(Act::Heal);
    played.run(4_000);
    assert_eq!(played.why(12), None);
}

#[test]
fn it_was_lost_by_chance() {
    let mut played = Played::new(Strategy::Tree, FREE, 0);
    played.act(Act::Network(Network { loss_ppm: 1_000_000, ..Network::default() }));
    played.write(0);
    played.run(1_000);
    played.check(
        1,
        Reason::Lost,
        "The rumor that n00 sent to n01 was lost by chance at 0.5",
        "never compares",
    );
    played.check(3, Reason::Upstream, "n01, which sends to n03, lacks it too: The rumor that n00", "Hybrid");
}

#[test]
fn the_limiter_denies_it() {
    let limiter = LimiterConfig::Bucket { capacity: 1, refill_per_s: 1, reserve: 0 };
    let mut played = Played::new(Strategy::Tree, limiter, 0);
    played.write(0);
    let denied: Vec<u32> = [1, 2]
        .into_iter()
        .filter(|&node| played.why(node).is_some_and(|why| why.reason == Reason::Denied))
        .collect();
    assert!(!denied.is_empty());
    played.check(denied[0], Reason::Denied, "n00 has it for", "at the earliest");
}

#[test]
fn it_is_not_running_or_paused() {
    let mut played = Played::new(Strategy::Hybrid, FREE, 0);
    played.act(Act::Crash { node: 9 });
    played.act(Act::Pause { node: 8 });
    played.write(0);
    played.run(3_000);
    played.check(9, Reason::Down, "n09 is not running.", "Restart n09");
    played.check(8, Reason::Paused, "n08 is paused", "Resume n08");
}

#[test]
fn nobody_has_chosen_it() {
    let mut played = Played::new(Strategy::Random, FREE, 0);
    played.write(0);
    let why = played.why(5).expect("it lacks the write");
    assert_eq!(why.reason, Reason::NotChosen);
    assert!(why.next.contains("asks a random member; 1 of the 14 it may choose have it"), "{why:?}");
}

#[test]
fn it_went_with_the_node_that_wrote_it() {
    let mut played = Played::new(Strategy::Random, FREE, 0);
    played.write(0);
    played.act(Act::Crash { node: 0 });
    played.check(5, Reason::Forgotten, "Nobody who is running has it", "write it again");
}
