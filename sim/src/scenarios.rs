//! Scenarios with a name: each one kind of trouble, as a file of data. Tests
//! compare their traces between targets; people start from them.

use crate::scenario::Scenario;
use crate::sim::Sim;

const FILES: [&str; 6] = [
    include_str!("../scenarios/partition-heals.json"),
    include_str!("../scenarios/crash-and-restart.json"),
    include_str!("../scenarios/twenty-percent-loss.json"),
    include_str!("../scenarios/join-storm.json"),
    include_str!("../scenarios/flapping-node.json"),
    include_str!("../scenarios/few-tokens.json"),
];

/// All named scenarios.
pub fn named() -> Vec<Scenario> {
    let parse = |text| serde_json::from_str(text).expect("the scenarios that come along are valid");
    FILES.into_iter().map(parse).collect()
}

/// The scenario of that name, if there is one.
pub fn find(name: &str) -> Option<Scenario> {
    named().into_iter().find(|scenario| scenario.name == name)
}

/// Plays the scenario of that name to its end. The hash of its trace, the same
/// on every target; none if there is no such scenario.
pub fn trace_hash_of(name: &str) -> Option<u64> {
    let mut sim = Sim::new(find(name)?).expect("the scenarios that come along are valid");
    sim.keep_trace(0);
    sim.run_to_end();
    Some(sim.trace_hash())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_makes_sense_and_can_be_found() {
        for scenario in named() {
            scenario.check().unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
            assert_eq!(find(&scenario.name), Some(scenario));
        }
        assert_eq!(find("no such thing"), None);
    }
}
