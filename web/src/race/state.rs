//! What the Race's page knows and what the user does to it: one pure reducer to a new state and commands for each
//! lane's worker. All lanes go to one goal; none goes on before all are there: that is the one clock.

use super::contest::{Contest, LANES_MAX};
use super::course::Course;
use super::heat::Heat;
use super::link;
use super::verdict;
use crate::lab::pace::{SPEED_DEFAULT, SPEED_MAX, SPEED_MIN};
use crate::lab::protocol::{Command, Frame, Look};
use crate::lab::setup::{Errors, Field, LimiterKind, Setup, Variation};
use crate::share::link::{self as share, Recipe, Shared};
use rumormill_core::{Mode, Strategy};
use rumormill_sim::Scenario;

/// A race that is not over after so much time since the write is left alone: microseconds.
pub const GIVE_UP_US: u64 = 300_000_000;

/// So long a race goes on once it is over, so that its end is seen: microseconds.
const EPILOGUE_US: u64 = 500_000;

/// A change of a lane.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The text of a field.
    Type(Field, String),
    /// Its strategy.
    Strategy(Strategy),
    /// Random gossip with this kind of exchange.
    Mode(Mode),
    /// Its limiter.
    Limiter(LimiterKind),
}

/// What the user did.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Changed the text of a shared field.
    Type(Field, String),
    /// Chose how latency varies.
    Variation(Variation),
    /// Chose what happens.
    Course(Course),
    /// Changed a lane.
    Lane(usize, Change),
    /// Wants another lane.
    Add,
    /// Wants a lane no more.
    Remove(usize),
    /// Wants to see the same race again.
    Again,
    /// Wants other chances.
    Seed(u32),
    /// Starts or stops time.
    PlayPause,
    /// Stops time.
    Pause,
    /// Lets the next event of any lane happen.
    StepEvent,
    /// Lets an interval of the first lane pass.
    StepRound,
    /// Changed the speed: the exponent of ten.
    Speed(f64),
    /// Came by a link.
    Load(String),
    /// Read what was wrong with the link.
    Dismiss,
}

/// Everything that the page shows, but for what moves.
#[derive(Clone, Debug)]
pub struct View {
    /// What is compared, as it stands in the panel.
    pub contest: Contest,
    /// What is wrong with the shared fields, and with each lane's own.
    pub errors: (Errors, Vec<Errors>),
    /// What could not be read of the link.
    pub problems: Vec<String>,
    /// The scenarios in force.
    pub scenarios: Vec<Scenario>,
    /// The names of the lanes in force.
    pub raced: Contest,
    /// What is known of each lane in force.
    pub heats: Vec<Heat>,
    /// The number of the run.
    pub run: u32,
    /// Does time pass?
    pub playing: bool,
    /// The moment to which all lanes go.
    pub goal_us: u64,
    /// The exponent of ten of the speed.
    pub speed: f64,
    /// Has the end been seen? Then Play goes on without stopping again.
    ended: bool,
}

/// A command and the lane that it is for.
pub type Order = (usize, Command);

impl View {
    /// A race by its link, paused at its start.
    pub fn new(query: &str) -> (Self, Vec<Order>) {
        let (contest, problems) = link::read(query);
        let mut view = Self {
            raced: contest.clone(),
            contest,
            errors: (Errors::new(), Vec::new()),
            problems,
            scenarios: Vec::new(),
            heats: Vec::new(),
            run: 0,
            playing: false,
            goal_us: 0,
            speed: SPEED_DEFAULT,
            ended: false,
        };
        let orders = view.start();
        (view, orders)
    }

    /// Does what the user wants.
    pub fn act(&mut self, action: Action) -> Vec<Order> {
        match action {
            Action::Type(field, text) => self.contest.shared = self.contest.shared.clone().with(field, text),
            Action::Variation(variation) => self.contest.shared.variation = variation,
            Action::Course(course) => self.contest.course = course,
            Action::Lane(index, change) => {
                let Some(lane) = self.contest.lanes.get_mut(index) else { return Vec::new() };
                *lane = changed(lane.clone(), change);
            }
            Action::Add if self.contest.lanes.len() < LANES_MAX => {
                self.contest.lanes.push(self.contest.proposal());
            }
            Action::Remove(index) if self.contest.lanes.len() > 1 && index < self.contest.lanes.len() => {
                self.contest.lanes.remove(index);
            }
            Action::Add | Action::Remove(_) => return Vec::new(),
            Action::Again => {}
            Action::Seed(seed) => {
                self.contest.shared = self.contest.shared.clone().with(Field::Seed, seed.to_string());
            }
            Action::Load(query) => {
                // The page's own link comes back when one returns to it.
                if query.is_empty() || query == link::write(&self.contest) {
                    return Vec::new();
                }
                (self.contest, self.problems) = link::read(&query);
            }
            Action::PlayPause => {
                self.playing = !self.playing && !self.heats.is_empty();
                return Vec::new();
            }
            Action::Pause => {
                self.playing = false;
                return Vec::new();
            }
            Action::StepEvent => {
                self.playing = false;
                let next_us = self.heats.iter().filter_map(|heat| heat.frame.next_us).min();
                return self.go(next_us.unwrap_or(self.goal_us));
            }
            Action::StepRound => {
                self.playing = false;
                let interval_us =
                    self.scenarios.first().map_or(0, |first| first.tuning.interval_us.as_micros());
                return self.go(self.goal_us + interval_us);
            }
            Action::Speed(speed) => {
                self.speed = speed.clamp(SPEED_MIN, SPEED_MAX);
                return Vec::new();
            }
            Action::Dismiss => {
                self.problems.clear();
                return Vec::new();
            }
        }
        self.start()
    }

    /// The race anew, paused at its start; with a bad setup the one before stands.
    fn start(&mut self) -> Vec<Order> {
        match self.contest.scenarios() {
            Ok(scenarios) => self.scenarios = scenarios,
            Err(errors) => {
                self.errors = errors;
                return Vec::new();
            }
        }
        self.errors = (Errors::new(), vec![Errors::new(); self.contest.lanes.len()]);
        self.raced = self.contest.clone();
        self.run += 1;
        (self.playing, self.ended, self.goal_us) = (false, false, 0);
        self.heats.resize_with(self.scenarios.len(), Heat::default);
        self.heats.iter_mut().for_each(Heat::clear);
        let course = self.contest.course.clone();
        let run = self.run;
        let start = |scenario: &Scenario| Command::Start {
            run,
            scenario: Box::new(scenario.clone()),
            script: course.script(scenario.nodes),
            goes_back: false,
            look: Look::default(),
        };
        self.scenarios.iter().map(start).enumerate().collect()
    }

    /// The link that opens a lane in the Lab, at the moment in sight.
    ///
    /// # Errors
    /// Why no link holds it, in words.
    pub fn in_the_lab(&self, lane: usize) -> Result<String, String> {
        let (Some(own), Some(scenario)) = (self.raced.lanes.get(lane), self.scenarios.get(lane)) else {
            return Err("This way to gossip does not run: its setup has to be mended first.".to_owned());
        };
        let recipe = Recipe { setup: self.raced.setup(own), preset: String::new(), model_of: None };
        let acts = self.raced.course.script(scenario.nodes);
        share::write(&Shared { recipe, acts, at_us: self.now_us() })
    }

    /// Sets the goal, and sends there whoever is not under way.
    pub fn go(&mut self, goal_us: u64) -> Vec<Order> {
        self.goal_us = self.goal_us.max(goal_us);
        let goal_us = self.goal_us;
        let lanes = self.heats.iter().enumerate();
        let free = lanes.filter(|(_, heat)| heat.waiting == 0 && heat.frame.now_us < goal_us);
        free.map(|(index, _)| (index, Command::Advance { to_us: goal_us, look: Look::default() })).collect()
    }

    /// Is every lane at the goal?
    pub fn is_there(&self) -> bool {
        self.heats.iter().all(|heat| heat.waiting == 0 && heat.frame.now_us >= self.goal_us)
    }

    /// Takes in what a lane's worker reports. False for a report of another run.
    pub fn take(&mut self, lane: usize, frame: Frame) -> bool {
        let run = self.run;
        let Some(heat) = self.heats.get_mut(lane).filter(|_| frame.run == run) else { return false };
        heat.take(frame);
        let now_us = self.heats.iter().map(|heat| heat.frame.now_us).max().unwrap_or(0);
        if !self.ended && now_us >= self.end_us() {
            (self.ended, self.playing) = (true, false);
        }
        true
    }

    /// When time stops by itself.
    fn end_us(&self) -> u64 {
        let write_us = self.raced.course.write_us();
        let give_up = write_us.saturating_add(GIVE_UP_US);
        if !self.heats.iter().all(Heat::is_over) {
            return give_up;
        }
        let last_us = self.heats.iter().filter_map(|heat| heat.finish).map(|finish| finish.took_us).max();
        (write_us + last_us.unwrap_or(0) + EPILOGUE_US).min(give_up)
    }

    /// The moment that all lanes have reached.
    pub fn now_us(&self) -> u64 {
        self.heats.iter().map(|heat| heat.frame.now_us).min().unwrap_or(0)
    }

    /// Is the race over?
    pub fn is_over(&self) -> bool {
        !self.heats.is_empty() && self.heats.iter().all(Heat::is_over)
    }

    /// The verdict as far as there is one.
    pub fn verdict(&self) -> String {
        let verdict = verdict::sentence(&self.raced, &self.heats);
        let write_us = self.raced.course.write_us();
        if self.now_us() >= write_us || self.heats.iter().any(|heat| heat.frame.spread.since_us.is_some()) {
            verdict
        } else if self.playing {
            format!("{verdict} The write comes at {}.", verdict::millis(write_us))
        } else {
            format!("{verdict} Press Play.")
        }
    }
}

fn changed(lane: Setup, change: Change) -> Setup {
    match change {
        Change::Type(field, text) => lane.with(field, text),
        Change::Strategy(strategy) => Setup { strategy, ..lane },
        Change::Mode(mode) => Setup { strategy: Strategy::Random, mode, ..lane },
        Change::Limiter(limiter) => lane.with_limiter(limiter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::protocol::Report;
    use crate::lab::worker::Machine;

    /// The page and its workers, without a browser.
    struct Bench {
        view: View,
        machines: Vec<Machine>,
    }

    impl Bench {
        fn new(query: &str) -> Self {
            let (view, orders) = View::new(query);
            let mut bench = Self { view, machines: Vec::new() };
            bench.obey(orders);
            bench
        }

        fn obey(&mut self, orders: Vec<Order>) {
            for (lane, command) in orders {
                while self.machines.len() <= lane {
                    self.machines.push(Machine::new(|| 0.0));
                }
                let Report::Frame(frame) = self.machines[lane].obey(command) else { panic!("no frame") };
                self.view.take(lane, *frame);
            }
        }

        fn act(&mut self, action: Action) {
            let orders = self.view.act(action);
            self.obey(orders);
        }

        fn play(&mut self) {
            self.act(Action::PlayPause);
            while self.view.playing {
                let orders = self.view.go(self.view.goal_us + 16_000);
                self.obey(orders);
            }
        }
    }

    #[test]
    fn a_race_ends_by_itself_with_a_verdict_and_all_lanes_at_one_moment() {
        let mut bench = Bench::new("");
        assert!(!bench.view.playing, "it stands ready");
        assert_eq!(bench.view.verdict(), "Nothing has been written yet. Press Play.");
        bench.act(Action::PlayPause);
        assert_eq!(bench.view.verdict(), "Nothing has been written yet. The write comes at 500\u{a0}ms.");
        bench.act(Action::PlayPause);
        bench.play();
        assert!(bench.view.is_over());
        let verdict = bench.view.verdict();
        assert!(verdict.starts_with("Tree was first: 100 of 100 after"), "{verdict}");
        assert!(verdict.contains("Push needed"), "{verdict}");
        let ends: Vec<u64> = bench.view.heats.iter().map(|heat| heat.frame.now_us).collect();
        assert!(ends.iter().all(|at| *at == ends[0]), "{ends:?}");
        let before = bench.view.now_us();
        bench.act(Action::PlayPause);
        let orders = bench.view.go(before + 1_000);
        bench.obey(orders);
        assert!(bench.view.playing, "who plays on is not stopped again");
    }

    #[test]
    fn the_same_race_again_ends_the_same() {
        let mut bench = Bench::new("nodes=60&loss=10&lane=hybrid.push-pull.1.2.500.bucket.256.128");
        bench.play();
        let first: Vec<_> = bench.view.heats.iter().map(|heat| heat.finish).collect();
        bench.act(Action::Again);
        assert_eq!(bench.view.now_us(), 0);
        bench.play();
        assert_eq!(first, bench.view.heats.iter().map(|heat| heat.finish).collect::<Vec<_>>());
        bench.act(Action::Seed(77));
        bench.play();
        assert_ne!(first, bench.view.heats.iter().map(|heat| heat.finish).collect::<Vec<_>>());
    }

    #[test]
    fn a_bad_setup_leaves_the_race_in_sight() {
        let mut bench = Bench::new("");
        bench.act(Action::Type(Field::Nodes, "lots".into()));
        assert!(bench.view.errors.0.contains_key(&Field::Nodes));
        assert_eq!(bench.view.scenarios[0].nodes, 100);
        bench.act(Action::Type(Field::Nodes, "30".into()));
        assert_eq!((bench.view.scenarios[0].nodes, bench.view.errors.0.len()), (30, 0));
    }

    #[test]
    fn lanes_come_and_go_within_their_bounds() {
        let mut bench = Bench::new("");
        bench.act(Action::Add);
        bench.act(Action::Add);
        assert_eq!(bench.view.heats.len(), LANES_MAX);
        for _ in 0..9 {
            bench.act(Action::Remove(0));
        }
        assert_eq!(bench.view.heats.len(), 1);
    }

    #[test]
    fn steps_take_all_lanes_to_one_moment() {
        let mut bench = Bench::new("");
        let firsts: Vec<_> = bench.view.heats.iter().filter_map(|heat| heat.frame.next_us).collect();
        bench.act(Action::StepEvent);
        assert_eq!(Some(bench.view.now_us()), firsts.iter().copied().min());
        bench.act(Action::StepRound);
        assert!(bench.view.heats.iter().all(|heat| heat.frame.now_us == bench.view.goal_us));
        assert_eq!(bench.view.goal_us, firsts.iter().min().expect("there is one") + 1_000_000);
    }
}
