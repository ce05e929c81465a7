//! What is compared: the lanes of a race, each a way to gossip, and what they share. Every contest is either a scenario
//! for each lane or a sentence for each bad field. Pure.

use super::course::Course;
use crate::lab::protocol::Deed;
use crate::lab::setup::{Errors, Field, Setup};
use rumormill_core::{Mode, Strategy};
use rumormill_sim::Scenario;
use std::rc::Rc;

/// Most lanes: more would be too small to compare.
pub const LANES_MAX: usize = 4;

/// The fields that all lanes share.
pub const SHARED: [Field; 4] = [Field::Nodes, Field::Seed, Field::Latency, Field::Loss];

/// The fields of a lane's own.
pub const OWN: [Field; 5] = [Field::Fanout, Field::Arity, Field::Interval, Field::Tokens, Field::Refill];

/// Lanes and what they share.
#[derive(Clone, Debug, PartialEq)]
pub struct Contest {
    /// Cluster and network; its ways to gossip do not count.
    pub shared: Setup,
    /// What happens.
    pub course: Course,
    /// What was done to a run in the Lab, if the race came from one: it can be chosen, whatever happens now.
    pub own: Option<Rc<Vec<(u64, Deed)>>>,
    /// The ways to gossip; their clusters and networks do not count.
    pub lanes: Vec<Setup>,
}

impl Default for Contest {
    /// The bare tree against both kinds of random gossip that have a theory.
    fn default() -> Self {
        let shared = Setup::default().with(Field::Nodes, "100").with(Field::Latency, "20");
        Self {
            shared,
            course: Course::default(),
            own: None,
            lanes: vec![
                lane(Strategy::Tree, Mode::PushPull),
                lane(Strategy::Random, Mode::PushPull),
                lane(Strategy::Random, Mode::Push),
            ],
        }
    }
}

/// A lane with the engine's defaults.
pub fn lane(strategy: Strategy, mode: Mode) -> Setup {
    Setup { strategy, mode, ..Setup::default() }
}

impl Contest {
    /// A run of the Lab against other ways to gossip: its setup, and what was done to it.
    pub fn of_run(setup: &Setup, acts: Vec<(u64, Deed)>) -> Self {
        let own =
            Setup { strategy: setup.strategy, mode: setup.mode, limiter: setup.limiter, ..Setup::default() };
        let own = OWN.into_iter().fold(own, |own, field| own.with(field, setup.text(field)));
        let shared = Setup { variation: setup.variation, ..Setup::default() };
        let shared = SHARED.into_iter().fold(shared, |shared, field| shared.with(field, setup.text(field)));
        let acts = Rc::new(acts);
        let course = Course::Own(Rc::clone(&acts));
        let mut contest = Self { shared, course, own: Some(acts), lanes: vec![own] };
        while contest.lanes.len() < 3 {
            contest.lanes.push(contest.proposal());
        }
        contest
    }

    /// The course for a word, as far as there is one.
    pub fn course(&self, word: &str) -> Option<Course> {
        let own = self.own.as_ref().map(|acts| Course::Own(Rc::clone(acts)));
        own.filter(|own| own.as_str() == word).or_else(|| Course::parse(word))
    }

    /// The whole setup of a lane: its own fields and the shared ones.
    pub fn setup(&self, lane: &Setup) -> Setup {
        let mut setup = Setup { variation: self.shared.variation, ..lane.clone() };
        for field in SHARED {
            setup = setup.with(field, self.shared.text(field));
        }
        setup
    }

    /// The scenario of each lane, or what is wrong: of the shared fields, then of each lane's own.
    ///
    /// # Errors
    /// The fields with what is allowed in them.
    pub fn scenarios(&self) -> Result<Vec<Scenario>, (Errors, Vec<Errors>)> {
        let tried: Vec<_> = self.lanes.iter().map(|lane| self.setup(lane).scenario()).collect();
        if tried.iter().all(Result::is_ok) {
            return Ok(tried.into_iter().flatten().collect());
        }
        let mut shared = Errors::new();
        let mut own = Vec::new();
        for errors in tried {
            let errors = errors.err().unwrap_or_default();
            let (ours, theirs) = errors.into_iter().partition(|(field, _)| SHARED.contains(field));
            shared.extend::<Errors>(ours);
            own.push(theirs);
        }
        Err((shared, own))
    }

    /// What a lane is called: its strategy, or for random gossip the kind of exchange; the letter where that alone
    /// would not tell two lanes apart.
    pub fn name(&self, index: usize) -> String {
        let Some(lane) = self.lanes.get(index) else { return String::new() };
        let name = word(lane);
        let twins = self.lanes.iter().filter(|other| word(other) == name).count();
        if twins > 1 { format!("{name} ({})", letter(index)) } else { name.to_owned() }
    }

    /// What a lane is called where its letter stands in front.
    pub fn title(&self, index: usize) -> String {
        format!("{} {}", letter(index), self.lanes.get(index).map_or("", word))
    }

    /// A lane that is not there yet, for one who wants another.
    pub fn proposal(&self) -> Setup {
        let proposals = [
            lane(Strategy::Hybrid, Mode::PushPull),
            lane(Strategy::Plumtree, Mode::PushPull),
            lane(Strategy::Tree, Mode::PushPull),
            lane(Strategy::Random, Mode::PushPull),
            lane(Strategy::Random, Mode::Push),
        ];
        let is_new = |lane: &&Setup| self.lanes.iter().all(|other| word(other) != word(lane));
        proposals.iter().find(is_new).unwrap_or(&proposals[0]).clone()
    }
}

/// The letter of a lane.
pub fn letter(index: usize) -> char {
    char::from(b'A' + (index % 26) as u8)
}

fn word(lane: &Setup) -> &'static str {
    match (lane.strategy, lane.mode) {
        (Strategy::Tree, _) => "Tree",
        (Strategy::Hybrid, _) => "Hybrid",
        (Strategy::Plumtree, _) => "Plumtree",
        (Strategy::Random, Mode::Push) => "Push",
        (Strategy::Random, Mode::Pull) => "Pull",
        (Strategy::Random, Mode::PushPull) => "Push-pull",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_differ_in_nothing_but_their_own_fields() {
        let contest = Contest::default();
        let scenarios = contest.scenarios().expect("the default is valid");
        for scenario in &scenarios {
            assert_eq!((scenario.seed, scenario.nodes), (scenarios[0].seed, 100));
            assert_eq!(scenario.network, scenarios[0].network);
        }
        assert_ne!(scenarios[0].tuning, scenarios[1].tuning);
    }

    #[test]
    fn errors_stand_where_the_field_is() {
        let mut contest = Contest::default();
        contest.shared = contest.shared.with(Field::Nodes, "many");
        contest.lanes[1] = contest.lanes[1].clone().with(Field::Fanout, "999");
        let (shared, own) = contest.scenarios().expect_err("two bad fields");
        assert_eq!(shared.keys().collect::<Vec<_>>(), [&Field::Nodes]);
        assert_eq!(own[1].keys().collect::<Vec<_>>(), [&Field::Fanout]);
        assert!(own[0].is_empty() && own[2].is_empty());
    }

    #[test]
    fn names_tell_lanes_apart() {
        let mut contest = Contest::default();
        assert_eq!([0, 1, 2].map(|index| contest.name(index)), ["Tree", "Push-pull", "Push"]);
        assert_eq!(contest.proposal().strategy, Strategy::Hybrid);
        contest.lanes.push(lane(Strategy::Random, Mode::Push));
        assert_eq!([2, 3].map(|index| contest.name(index)), ["Push (C)", "Push (D)"]);
        assert_eq!(contest.title(3), "D Push", "not its letter twice");
    }
}
