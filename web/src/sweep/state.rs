//! Which run is whose turn, what the workers report, and what is known so far: a pure reducer to commands for the
//! workers, one at a time for each.

use super::band::{Band, Course, band};
use super::map::{self, Spot};
use super::plan::{LOSSES, Opening, Plan};
use crate::lab::protocol::{Command, Frame, Look};
use crate::race::heat::Heat;
use std::rc::Rc;

/// Runs of a band: enough that its edges stand still.
pub const RUNS: u64 = 100;

/// A worker is asked so often whether its run is over, in microseconds of simulated time.
const STRIDE_US: u64 = 2_000_000;

/// What is swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Seeds of the setup as it is.
    Band,
    /// Fanout against loss.
    Map,
}

/// A worker and its run.
#[derive(Debug, Default)]
struct Slot {
    opening: Option<Opening>,
    heat: Heat,
    /// Is the worker's answer to come?
    waits: bool,
}

/// Everything that is known of a sweep.
#[derive(Debug, Default)]
pub struct View {
    plan: Option<Rc<Plan>>,
    /// What is being swept, if anything.
    pub aim: Option<Aim>,
    slots: Vec<Slot>,
    /// Numbers runs over all workers, so that late frames of an older one are known.
    run: u32,
    courses: Vec<Course>,
    /// The band so far.
    pub band: Option<Rc<Band>>,
    /// The map's places so far.
    pub spots: Vec<Spot>,
}

impl View {
    /// Takes over the setup in sight. True if it is another one: then its band is forgotten, and its map if that would be
    /// another.
    pub fn aim_at(&mut self, plan: Option<Rc<Plan>>) -> bool {
        if self.plan == plan {
            return false;
        }
        let map = |plan: &Option<Rc<Plan>>| plan.as_ref().map(|plan| plan.for_map());
        let spots = if map(&self.plan) == map(&plan) { std::mem::take(&mut self.spots) } else { Vec::new() };
        *self = Self { plan, spots, aim: self.aim, run: self.run + 1, ..Self::default() };
        true
    }

    /// The setup.
    pub fn plan(&self) -> Option<&Rc<Plan>> {
        self.plan.as_ref()
    }

    /// Runs that are done and runs that there are to be, of what is swept now.
    pub fn progress(&self) -> (u64, u64) {
        match self.aim {
            Some(Aim::Map) => (
                self.spots.iter().map(|spot| spot.courses.len() as u64).sum(),
                map::SEEDS * (LOSSES.len() * 5) as u64,
            ),
            _ => (self.courses.len() as u64, RUNS),
        }
    }

    /// Is there nothing more to run?
    pub fn is_done(&self) -> bool {
        let (done, all) = self.progress();
        self.aim.is_none() || done >= all
    }

    /// Forgets the workers, as they are ended: their runs begin anew.
    pub fn lose_workers(&mut self) {
        self.slots.clear();
    }

    /// The next commands for workers that wait for one.
    pub fn next(&mut self, workers: usize) -> Vec<(usize, Command)> {
        let Some(plan) = self.plan.clone() else { return Vec::new() };
        self.slots.resize_with(workers, Slot::default);
        let mut commands = Vec::new();
        for index in 0..workers {
            if self.slots[index].waits {
                continue;
            }
            let command = match self.slots[index].opening {
                Some(_) => {
                    let to_us = (self.slots[index].heat.frame.now_us + STRIDE_US).min(plan.end_us());
                    Command::Advance { to_us, look: Look::default() }
                }
                None => {
                    let Some(opening) = self.draw(&plan) else { continue };
                    self.run += 1;
                    let (scenario, script) = plan.run(opening);
                    self.slots[index] = Slot { opening: Some(opening), ..Slot::default() };
                    self.slots[index].heat.frame.run = self.run;
                    Command::Start {
                        run: self.run,
                        scenario: Box::new(scenario),
                        script,
                        goes_back: false,
                        look: Look::default(),
                    }
                }
            };
            self.slots[index].waits = true;
            commands.push((index, command));
        }
        commands
    }

    /// What is to be run next: the first run that nobody has done or does.
    fn draw(&self, plan: &Plan) -> Option<Opening> {
        let is_new = |opening: &Opening| {
            let courses = match opening.cell {
                None => Some(&self.courses),
                Some(cell) => {
                    plan.place(cell).and_then(|place| self.spots.get(place)).map(|spot| &spot.courses)
                }
            };
            let done =
                courses.is_some_and(|courses| courses.iter().any(|course| course.seed == opening.seed));
            !done && !self.slots.iter().any(|slot| slot.opening == Some(*opening))
        };
        match self.aim? {
            Aim::Band => (1..=RUNS).map(|seed| Opening { seed, cell: None }).find(is_new),
            Aim::Map => map::order(plan.branches()).find(is_new),
        }
    }

    /// Takes in what a worker reports. True if a run is over with it.
    pub fn take(&mut self, worker: usize, frame: Frame) -> bool {
        let Some(plan) = self.plan.clone() else { return false };
        let Some(slot) = self.slots.get_mut(worker).filter(|slot| slot.heat.frame.run == frame.run) else {
            return false;
        };
        slot.waits = false;
        slot.heat.take(frame);
        let now_us = slot.heat.frame.now_us;
        let is_over = slot.heat.is_over() && now_us >= plan.script_end_us();
        if !is_over && now_us < plan.end_us() {
            return false;
        }
        let Some(opening) = slot.opening.take() else { return false };
        let course = course(opening.seed, &slot.heat);
        match opening.cell {
            None => {
                self.courses.push(course);
                self.band = band(&self.courses).map(Rc::new);
            }
            Some(cell) => {
                self.spots.resize_with(LOSSES.len() * 5, Spot::default);
                if let Some(place) = plan.place(cell) {
                    self.spots[place].courses.push(course);
                }
            }
        }
        true
    }
}

/// The coverage of a run, without the points at which nothing changed. When all had the write is known to the
/// microsecond; the curve's own points may have been thinned out there.
fn course(seed: u64, heat: &Heat) -> Course {
    let mut steps: Vec<(u64, f32)> = Vec::new();
    for since in heat.since() {
        if steps.last().is_none_or(|(_, covered)| *covered != since.covered) {
            steps.push((since.at_us, since.covered));
        }
    }
    let took_us = heat.finish.map(|finish| finish.took_us);
    if let Some(took_us) = took_us {
        steps.retain(|(at_us, _)| *at_us < took_us);
        steps.push((took_us, 1.0));
    }
    Course { seed, steps, took_us }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::protocol::{Deed, Report};
    use crate::lab::setup::{Field, Setup, Variation};
    use crate::lab::worker::Machine;
    use rumormill_core::Strategy;
    use rumormill_sim::Scenario;

    fn plan(strategy: Strategy, loss_ppm: u32) -> Option<Rc<Plan>> {
        let mut scenario = Scenario { nodes: 20, ..Scenario::default() };
        scenario.tuning.strategy = strategy;
        scenario.network.loss_ppm = loss_ppm;
        Some(Rc::new(Plan::new(&scenario, &[])))
    }

    fn sweep(view: &mut View, workers: usize) {
        let mut machines: Vec<Machine> = (0..workers).map(|_| Machine::new(|| 0.0)).collect();
        loop {
            let commands = view.next(workers);
            if commands.is_empty() {
                break;
            }
            for (worker, command) in commands {
                let Report::Frame(frame) = machines[worker].obey(command) else { panic!("no frame") };
                view.take(worker, *frame);
            }
        }
    }

    /// Before the write there were so many points that every other one was dropped, those of the last step too.
    #[test]
    fn a_curve_ends_when_all_have_the_write_however_short_that_was() {
        let setup = Setup { variation: Variation::LongTail, ..Setup::default() };
        let setup = setup.with(Field::Nodes, "5").with(Field::Latency, "0.10");
        let scenario = setup.scenario().expect("a valid setup");
        let write = Deed::Write { node: 0, key: "rumor".to_owned(), value: "true".to_owned() };
        let mut view = View { aim: Some(Aim::Band), ..View::default() };
        view.aim_at(Some(Rc::new(Plan::new(&scenario, &[(5_000_000, write)]))));
        sweep(&mut view, 2);
        for course in &view.courses {
            let took_us = course.took_us.expect("all have it");
            assert!((50..1_000).contains(&took_us), "{course:?}");
            assert_eq!(course.steps.last(), Some(&(took_us, 1.0)));
            assert!(course.steps.is_sorted());
        }
        let band = view.band.expect("there are runs");
        assert_eq!(band.points.last().map(|(_, parts)| *parts), Some([1.0; 3]));
    }

    #[test]
    fn the_band_is_the_same_however_many_workers_made_it() {
        let bands = [1, 3].map(|workers| {
            let mut view = View { aim: Some(Aim::Band), ..View::default() };
            assert!(view.aim_at(plan(Strategy::Random, 0)));
            sweep(&mut view, workers);
            assert!(view.is_done() && view.progress() == (RUNS, RUNS));
            view.band.expect("there are runs")
        });
        assert_eq!(bands[0], bands[1]);
        assert_eq!(bands[0].reached, 100);
        let [low, _, high] = bands[0].took_us.expect("all reached everyone");
        assert!(low < high, "seeds differ: {low} {high}");
        let (seed, took_us) = bands[0].unluckiest;
        assert!(took_us >= Some(high) && (1..=RUNS).contains(&seed));
    }

    #[test]
    fn the_bare_tree_is_reached_without_loss_and_not_with_much() {
        let mut view = View { aim: Some(Aim::Map), ..View::default() };
        view.aim_at(plan(Strategy::Tree, 0));
        sweep(&mut view, 2);
        assert!(view.is_done());
        let branches = view.plan().expect("there is one").branches();
        let rows = map::shown(branches, &view.spots);
        assert!(rows.iter().all(|(_, row)| row[0].quick.is_some()), "{rows:?}");
        // Two children are too few to lose two of five; eight are not.
        assert!(rows[0].1[4].quick.is_none() && rows[0].1[4].words.ends_with('%'), "{rows:?}");
        assert!(rows[4].1[4].quick.is_some(), "{rows:?}");
    }

    #[test]
    fn another_setup_forgets_and_ended_workers_lose_nothing() {
        let mut view = View { aim: Some(Aim::Band), ..View::default() };
        view.aim_at(plan(Strategy::Hybrid, 0));
        assert_eq!(view.next(2).len(), 2);
        assert_eq!(view.next(2).len(), 0, "they are busy");
        view.lose_workers();
        sweep(&mut view, 2);
        assert_eq!(view.band.as_ref().map(|band| band.runs), Some(100));
        assert!(!view.aim_at(plan(Strategy::Hybrid, 0)));
        assert!(view.aim_at(plan(Strategy::Hybrid, 1)));
        assert_eq!((view.band.is_none(), view.aim), (true, Some(Aim::Band)));
    }
}
