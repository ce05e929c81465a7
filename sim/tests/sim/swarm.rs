use crate::support::start;
use rumormill_sim::{Scenario, Sim, check, check_until_settled, swarm};

/// Scenarios that once violated a property, by what was wrong.
const REGRESSIONS: [&str; 22] = [
    // Two replicas that had each forgotten deletes told each other to start over, and both dropped what the other had.
    include_str!("regressions/both-outdated.json"),
    include_str!("regressions/both-outdated-with-an-end.json"),
    include_str!("regressions/increment-lost-to-starting-over.json"),
    include_str!("regressions/increment-lost-after-leave.json"),
    // A tombstone was forgotten on one side of a partition while the other had not seen the delete.
    include_str!("regressions/same-hash-after-a-forgotten-remove.json"),
    include_str!("regressions/same-hash-across-a-partition.json"),
    // A store that was kept while its node was down showed what had ended meanwhile.
    include_str!("regressions/expired-at-restart.json"),
    // A node that was leaving let nothing end.
    include_str!("regressions/expired-while-leaving.json"),
    include_str!("regressions/expired-while-leaving-alone.json"),
    // A node that had left and came back at another address took its own past for another node of its name.
    include_str!("regressions/left-then-restarted-elsewhere.json"),
    // A node came back whose whole join list had left; the one who was still there did not look for it.
    include_str!("regressions/joined-through-those-who-left.json"),
    // One node wrote where it had forgotten a delete; another had not, and took the new write to stand for both.
    include_str!("regressions/kept-after-a-delete-was-forgotten.json"),
    // The same, at a node that had not seen all that the roll call would have been about.
    include_str!("regressions/floor-beyond-what-was-seen.json"),
    // All nodes of both sides of a partition were started anew, and knew nothing of each other but their join lists.
    include_str!("regressions/both-sides-restarted.json"),
    include_str!("regressions/both-sides-restarted-empty.json"),
    // The services of a node's second life had the same version as those of its first, and so lists the same hash.
    include_str!("regressions/services-of-a-second-life.json"),
    // A record of an earlier life knew newer services: its death was noted with a member that lives, and that forgotten.
    include_str!("regressions/forgotten-while-alive.json"),
    // Those whom a leaving node had told died with that; it refused the links of the others, who took it for dead.
    include_str!("regressions/down-while-leaving.json"),
    // A wish for another tuning overtook an earlier one that still waited for its slow process.
    include_str!("regressions/tuned-while-slow.json"),
    // And such a process was held to a limiter that it had not heard of yet.
    include_str!("regressions/limited-while-slow.json"),
    // A node that was leaving, and may say all that it owes, was held to the limiter after it had been tuned.
    include_str!("regressions/tuned-while-leaving.json"),
    // One that came back knew the addresses of the dead only, and those who lived had forgotten it: nobody can find it.
    include_str!("regressions/came-back-to-strangers.json"),
];

#[test]
fn what_the_swarm_once_found_is_not_found_again() {
    for text in REGRESSIONS {
        let scenario: Scenario = serde_json::from_str(text).expect("a scenario");
        let checked = check(&scenario).expect("that makes sense");
        assert_eq!(checked.violation, None, "{}", scenario.name);
    }
}

/// As many as take well under a minute without optimization.
const SEEDS: u64 = 300;

#[test]
fn every_property_holds_in_the_first_seeds_of_the_swarm() {
    let mut settled = 0;
    for seed in 0..SEEDS {
        let checked = check_until_settled(&swarm::scenario(seed)).expect("a swarm makes sense");
        assert_eq!(checked.violation, None, "seed {seed}");
        settled += u64::from(checked.settled);
    }
    assert!(settled * 10 >= SEEDS * 9, "what is due in the end was judged in {settled} of {SEEDS}");
}

#[test]
fn a_seed_is_one_scenario_that_makes_sense_and_survives_a_file() {
    for seed in 0..300 {
        let scenario = swarm::scenario(seed);
        scenario.check().expect("a swarm makes sense");
        assert_eq!(swarm::scenario(seed), scenario);
        let text = serde_json::to_string(&scenario).expect("scenarios encode");
        let again: Scenario = serde_json::from_str(&text).expect("and decode");
        assert_eq!(again, scenario, "seed {seed}");
    }
}

#[test]
fn a_run_that_is_watched_is_the_same_run() {
    for seed in [3, 7, 8, 20, 33] {
        let scenario = swarm::scenario(seed);
        let mut sim: Sim = start(scenario.clone());
        sim.run_to_end();
        let checked = check(&scenario).expect("it makes sense");
        assert_eq!(checked.violation, None, "seed {seed}");
        assert!(checked.settled && checked.writes > 0, "seed {seed}: {checked:?}");
        // What is refused is no event of a run by hand.
        let refused = sim.acts_refused().len() as u64;
        assert_eq!(checked.events + refused, sim.totals().events, "seed {seed}");
        assert_eq!(checked.messages, sim.totals().messages, "seed {seed}");
    }
}
