//! What is run again and again: the Lab's cluster and script, made comparable. Pure.

use crate::lab::protocol::Deed;
use rumormill_core::{Strategy, sort::sort_by};
use rumormill_sim::scenario::PPM;
use rumormill_sim::{Scenario, SpreadConfig};

/// When a script without a write gets one, in microseconds.
const WRITE_US: u64 = 500_000;

/// After so many intervals without success a run is over. A guess: several times what ten thousand nodes need.
const INTERVALS_MAX: u64 = 60;

/// So long a run goes on in any case, in microseconds.
const LENGTH_MIN_US: u64 = 20_000_000;

/// Losses of the map's columns, in percent.
pub const LOSSES: [u32; 5] = [0, 5, 10, 20, 40];

/// Fanouts of the map's rows.
pub const FANOUTS: [u32; 5] = [1, 2, 3, 5, 8];

/// Children of the map's rows for the bare tree, which has no use for a fanout.
pub const ARITIES: [u32; 5] = [2, 3, 4, 6, 8];

/// A cluster and its script, for any seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    scenario: Scenario,
    script: Vec<(u64, Deed)>,
}

/// A run that someone wants to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Its seed.
    pub seed: u64,
    /// A fanout or a number of children, and a loss in percent, where the setup's own do not hold.
    pub cell: Option<Cell>,
}

/// A place on the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Fanout, or children of the bare tree.
    pub branches: u32,
    /// Percent.
    pub loss: u32,
}

impl Plan {
    /// From the cluster and script in sight. The seed does not matter; of several writes only the first is kept, so that
    /// one change is followed; without any, node 0 writes.
    pub fn new(scenario: &Scenario, script: &[(u64, Deed)]) -> Self {
        let mut script = script.to_vec();
        sort_by(&mut script, |(a, _), (b, _)| a.cmp(b));
        let mut wrote = false;
        script.retain(|(_, deed)| !is_write(deed) || !std::mem::replace(&mut wrote, true));
        if !wrote {
            let write = Deed::Write { node: 0, key: "rumor".into(), value: "true".into() };
            script.push((WRITE_US, write));
        }
        Self { scenario: Scenario { seed: 0, ..scenario.clone() }, script }
    }

    /// The run for a seed, and for a place on the map.
    pub fn run(&self, opening: Opening) -> (Scenario, Vec<(u64, Deed)>) {
        let plan = opening.cell.map_or_else(|| self.clone(), |cell| self.with(cell));
        (Scenario { seed: opening.seed, ..plan.scenario }, plan.script)
    }

    /// The spread experiment with so many nodes that is most like it.
    pub fn spread(&self, nodes: u32, seed: u64) -> SpreadConfig {
        let Scenario { tuning, network, .. } = &self.scenario;
        SpreadConfig {
            nodes,
            strategy: tuning.strategy,
            mode: tuning.mode,
            fanout: tuning.fanout,
            arity: tuning.arity,
            loss_ppm: network.loss_ppm,
            latency_us: network.latency.median(),
            interval_us: tuning.interval_us,
            seed,
            runs: 1,
        }
    }

    /// Do the map's rows differ in children rather than in fanout?
    pub fn varies_children(&self) -> bool {
        self.scenario.tuning.strategy == Strategy::Tree
    }

    /// The same without what the map varies: what two plans with one map have in common.
    #[must_use]
    pub fn for_map(&self) -> Self {
        self.with(Cell { branches: 0, loss: 0 })
    }

    fn with(&self, cell: Cell) -> Self {
        let mut plan = self.clone();
        match plan.varies_children() {
            true => plan.scenario.tuning.arity = cell.branches,
            false => plan.scenario.tuning.fanout = cell.branches,
        }
        plan.scenario.network.loss_ppm = cell.loss * (PPM / 100);
        plan
    }

    /// The map's rows.
    pub fn branches(&self) -> [u32; 5] {
        if self.varies_children() { ARITIES } else { FANOUTS }
    }

    /// Which place of the map, row by row.
    pub fn place(&self, cell: Cell) -> Option<usize> {
        let row = self.branches().iter().position(|branches| *branches == cell.branches)?;
        let column = LOSSES.iter().position(|loss| *loss == cell.loss)?;
        Some(row * LOSSES.len() + column)
    }

    /// When a run that has not succeeded is over.
    pub fn end_us(&self) -> u64 {
        let last_us = self.script.last().map_or(0, |(at_us, _)| *at_us).max(WRITE_US);
        let interval_us = self.scenario.tuning.interval_us.as_micros();
        last_us.saturating_add((interval_us.saturating_mul(INTERVALS_MAX)).max(LENGTH_MIN_US))
    }

    /// The last thing that the script does: before it no run is over.
    pub fn script_end_us(&self) -> u64 {
        self.script.iter().map(|(at_us, _)| *at_us).max().unwrap_or(0)
    }
}

fn is_write(deed: &Deed) -> bool {
    matches!(deed, Deed::Write { .. } | Deed::Increment { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_in_sight_and_later_writes_do_not_matter() {
        let write = |at_us, node| (at_us, Deed::Write { node, key: "k".into(), value: "v".into() });
        let script = vec![write(900, 2), (500, Deed::Crash(1)), write(700, 3)];
        let plan = Plan::new(&Scenario { seed: 4, ..Scenario::default() }, &script);
        assert_eq!(plan, Plan::new(&Scenario { seed: 5, ..Scenario::default() }, &script));
        let (scenario, kept) = plan.run(Opening { seed: 9, cell: None });
        assert_eq!((scenario.seed, kept), (9, vec![(500, Deed::Crash(1)), write(700, 3)]));
        assert_eq!(Plan::new(&scenario, &[]).run(Opening::default()).1.len(), 1);
    }

    #[test]
    fn a_place_on_the_map_is_a_setup() {
        let opening = Opening { seed: 1, cell: Some(Cell { branches: 5, loss: 20 }) };
        let mut scenario = Scenario::default();
        let (run, _) = Plan::new(&scenario, &[]).run(opening);
        assert_eq!((run.tuning.fanout, run.tuning.arity, run.network.loss_ppm), (5, 2, 200_000));
        scenario.tuning.strategy = Strategy::Tree;
        let plan = Plan::new(&scenario, &[]);
        assert_eq!((plan.run(opening).0.tuning.arity, plan.branches()), (5, ARITIES));
    }
}
