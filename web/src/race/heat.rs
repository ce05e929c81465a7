//! What is known of one lane while it runs: its curves since the write, and its figures once everyone has it. Pure.

use crate::lab::protocol::{Frame, Sample, Spread};
use crate::lab::series::Series;

/// One cluster of a race.
#[derive(Clone, Debug)]
pub struct Heat {
    /// The last frame.
    pub frame: Frame,
    /// The run's curves.
    pub series: Series,
    /// What it took until all had the write; none before.
    pub finish: Option<Finish>,
    /// Is a command of ours unanswered? Counted, because a new race may begin meanwhile.
    pub waiting: u32,
}

/// What it took until every node that is up had the write.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Finish {
    /// Microseconds since the write.
    pub took_us: u64,
    /// Nodes that have it.
    pub informed: u32,
    /// Messages with state sent since the write.
    pub payload: u64,
    /// Bytes of all kinds sent since the write.
    pub bytes: u64,
    /// Messages with state that arrived since the write.
    pub arrived: u64,
    /// The longest way that the news took to any node.
    pub hops: u32,
}

/// A point of the curves, counted from the write.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Since {
    /// Microseconds since the write.
    pub at_us: u64,
    /// The part of the nodes that are up which have it.
    pub covered: f32,
    /// Messages with state.
    pub payload: u64,
    /// Bytes of all kinds.
    pub bytes: u64,
    /// Messages with state that arrived.
    pub arrived: u64,
    /// Messages with state that arrived beyond the one that each informed node needs, per node: 0 is a perfect tree. (The
    /// relative message redundancy of the Plumtree paper: Leitão, Pereira, Rodrigues, "Epidemic Broadcast Trees", 2007,
    /// §4.) None while so few have it that a single message more would double it.
    pub redundancy: Option<f32>,
}

impl Default for Heat {
    fn default() -> Self {
        Self { frame: Frame::default(), series: Series::with_steps(), finish: None, waiting: 0 }
    }
}

impl Heat {
    /// Forgets the run, not what the worker owes.
    pub fn clear(&mut self) {
        *self = Self { waiting: self.waiting, ..Self::default() };
    }

    /// Takes in what the worker reports of the run.
    pub fn take(&mut self, frame: Frame) {
        self.series.extend(&frame.samples, &frame.done);
        self.frame = frame;
        let Spread { since_us: Some(since_us), complete_us: Some(complete_us), informed, hops, .. } =
            self.frame.spread
        else {
            return;
        };
        if self.finish.is_none() {
            // There is a point for each node that learned it: this is the last one's.
            let is_it = |since: &Since| since.at_us + since_us >= complete_us && since.covered >= 1.0;
            let last = self.since().find(is_it);
            self.finish = last.map(|last| Finish {
                took_us: complete_us.saturating_sub(since_us),
                informed,
                payload: last.payload,
                bytes: last.bytes,
                arrived: last.arrived,
                hops,
            });
        }
    }

    /// The curves from the write on; nothing before it.
    pub fn since(&self) -> impl Iterator<Item = Since> {
        let samples = self.series.samples();
        let since_us = self.frame.spread.since_us;
        let (base, start) = match since_us {
            None => (Sample::default(), samples.len()),
            // The point before the write and the one after it are at one time.
            Some(at) => {
                let first = samples.partition_point(|sample| sample.at_us < at);
                let after = samples.partition_point(|sample| sample.at_us <= at).saturating_sub(1);
                let base = first.min(after);
                (samples.get(base).copied().unwrap_or_default(), after.min(samples.len()))
            }
        };
        samples[start..].iter().map(move |sample| point(sample, &base, since_us.unwrap_or(0)))
    }

    /// Will the write reach nobody else, though some lack it?
    pub fn is_stuck(&self) -> bool {
        let Spread { since_us, informed, up, owed, repairs, .. } = self.frame.spread;
        since_us.is_some() && informed < up && !owed && !repairs
    }

    /// Is there nothing more to wait for?
    pub fn is_over(&self) -> bool {
        self.finish.is_some() || self.is_stuck()
    }

    /// The nodes that have the write, and the nodes that are up.
    pub fn reached(&self) -> (u32, u32) {
        match self.frame.spread.since_us {
            Some(_) => (self.frame.spread.informed, self.frame.spread.up),
            None => (0, self.frame.spread.up),
        }
    }
}

/// Fewer informed nodes than that make no ratio. A guess by eye.
const FEW: u32 = 8;

fn point(sample: &Sample, base: &Sample, since_us: u64) -> Since {
    let arrived = sample.arrived.saturating_sub(base.arrived);
    let others = sample.informed.saturating_sub(1);
    Since {
        at_us: sample.at_us.saturating_sub(since_us),
        covered: if sample.up == 0 { 0.0 } else { sample.informed as f32 / sample.up as f32 },
        payload: sample.payload.saturating_sub(base.payload),
        bytes: sample.bytes.saturating_sub(base.bytes),
        arrived,
        redundancy: (others > 0 && (others >= FEW || sample.informed == sample.up))
            .then(|| redundancy(arrived, others)),
    }
}

/// So many messages came to so many others.
pub(super) fn redundancy(arrived: u64, others: u32) -> f32 {
    (arrived as f32 / others.max(1) as f32 - 1.0).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::super::{contest::Contest, course::Course};
    use super::*;
    use crate::lab::protocol::{Command, Look, Report};
    use crate::lab::setup::{Field, Variation};
    use crate::lab::worker::Machine;

    /// A race of the default lanes, run to the end of a few seconds.
    fn race(course: Course, loss: &str, seconds: u64) -> Vec<Heat> {
        let mut contest = Contest::default();
        contest.shared = contest.shared.with(Field::Loss, loss);
        contest.shared.variation = Variation::Fixed;
        let scenarios = contest.scenarios().expect("valid");
        let run = |scenario: rumormill_sim::Scenario| {
            let mut machine = Machine::new(|| 0.0);
            let script = course.script(scenario.nodes);
            machine.obey(Command::Start {
                run: 1,
                scenario: Box::new(scenario),
                script,
                goes_back: false,
                look: Look::default(),
            });
            let mut heat = Heat::default();
            while heat.frame.now_us < seconds * 1_000_000 {
                let to_us = (heat.frame.now_us + 20_000).min(seconds * 1_000_000);
                let Report::Frame(frame) = machine.obey(Command::Advance { to_us, look: Look::default() })
                else {
                    panic!("no frame")
                };
                heat.take(*frame);
            }
            heat
        };
        scenarios.into_iter().map(run).collect()
    }

    #[test]
    fn the_tree_wins_and_costs_what_theory_says() {
        let heats = race(Course::Calm, "0", 30);
        let finishes: Vec<Finish> = heats.iter().map(|heat| heat.finish.expect("all have it")).collect();
        assert!(finishes.iter().all(|finish| finish.informed == 100));
        assert!(finishes[0].took_us < finishes[1].took_us && finishes[1].took_us < finishes[2].took_us);
        assert!((99..=198).contains(&finishes[0].payload), "{finishes:?}");
        assert!(finishes[0].hops <= 7);
        for heat in &heats {
            let curve: Vec<Since> = heat.since().collect();
            assert_eq!((curve[0].at_us, curve[0].covered), (0, 0.01));
            assert!(curve.is_sorted_by(|a, b| a.payload <= b.payload && a.bytes <= b.bytes));
            assert_eq!(curve.last().map(|last| last.covered), Some(1.0));
        }
    }

    #[test]
    fn each_node_that_learns_is_a_point_and_the_finish_is_exact() {
        for heat in &race(Course::Calm, "0", 30) {
            let steps: Vec<Since> = heat.since().collect();
            for informed in 1..=100 {
                let covered = informed as f32 / 100.0;
                assert!(steps.iter().any(|step| step.covered == covered), "{informed} is a point");
            }
            let finish = heat.finish.expect("all have it");
            let last = steps.iter().find(|step| step.covered == 1.0).expect("all have it");
            assert_eq!(
                (last.at_us, last.payload, last.bytes),
                (finish.took_us, finish.payload, finish.bytes)
            );
            assert!(finish.arrived >= 99 && finish.arrived <= finish.payload);
            let curve: Vec<f32> = steps.iter().filter_map(|step| step.redundancy).collect();
            // What has not arrived would count at once and be made up for later: a spike.
            let fall = curve.windows(2).map(|pair| pair[0] - pair[1]).fold(0.0, f32::max);
            assert!(fall <= 0.25, "it falls by {fall}");
        }
        // Of a bare tree each node but the first hears once, and some twice, because it is cyclic.
        let tree = race(Course::Calm, "0", 30).swap_remove(0);
        assert!(tree.since().filter_map(|step| step.redundancy).all(|redundancy| redundancy <= 1.0));
    }

    #[test]
    fn a_bare_tree_that_lost_something_is_stuck() {
        let heats = race(Course::Calm, "30", 5);
        assert!(heats[0].is_stuck() && heats[0].is_over() && heats[0].finish.is_none());
        assert!(!heats[1].is_stuck());
    }

    #[test]
    fn only_those_that_are_up_count() {
        let heats = race(Course::Crashes, "0", 20);
        assert_eq!(heats[1].finish.map(|finish| finish.informed), Some(90));
    }
}
