//! The curve that theory expects for a strategy, beside the measured one, with its formula and its assumptions. The
//! formulas are the simulator's; the way between start and end is the mean of the same models.

use super::setup::group;
use crate::float::pow;
use rumormill_core::{Mode, Strategy, Tuning};
use rumormill_sim::{Network, theory};

/// What theory expects of a spreading.
#[derive(Clone, Debug, PartialEq)]
pub struct TheoryLine {
    /// Microseconds since the write, and the part of the nodes that have it.
    pub points: Vec<(u64, f32)>,
    /// The end, in a few words.
    pub summary: String,
    /// The formula and where it is from.
    pub formula: &'static str,
    /// Why it does not quite apply to this run.
    pub caveats: Vec<&'static str>,
}

/// Most steps of a curve; spreading that takes longer is not drawn to its end.
const STEPS_MAX: u32 = 400;

/// What theory expects of a cluster of so many nodes that are up. `None` where there is no formula to quote.
pub fn line(nodes: u32, tuning: &Tuning, network: &Network, is_cut: bool) -> Option<TheoryLine> {
    if nodes < 2 {
        return None;
    }
    let mut caveats = Vec::new();
    if network.loss_ppm > 0 {
        caveats.push("It assumes that nothing is lost.");
    }
    if is_cut {
        caveats.push("It assumes a network that is not cut.");
    }
    match tuning.strategy {
        Strategy::Tree | Strategy::Hybrid => tree(nodes, tuning, network, caveats),
        Strategy::Random => random(nodes, tuning, caveats),
        // Its tree grows by what arrives first: there is no formula for its depth.
        Strategy::Plumtree => None,
    }
}

fn tree(
    nodes: u32,
    tuning: &Tuning,
    network: &Network,
    mut caveats: Vec<&'static str>,
) -> Option<TheoryLine> {
    let hops = theory::tree_hops(nodes, tuning.arity)?;
    let latency_us = network.latency.median().as_micros();
    let mut points = vec![(0, 1.0 / nodes as f32)];
    let (mut reached, mut row) = (1u64, 1u64);
    for hop in 1..=hops {
        row = row.saturating_mul(u64::from(tuning.arity));
        reached = reached.saturating_add(row).min(u64::from(nodes));
        points.push((u64::from(hop) * latency_us, reached as f32 / nodes as f32));
    }
    caveats.push("It takes the median latency for every hop, and open links.");
    Some(TheoryLine {
        points,
        summary: format!(
            "Tree: {hops} hops, ≤ {} with state",
            group(theory::tree_messages(nodes, tuning.arity))
        ),
        formula: "Every node hands news to its k children, so n nodes are reached within ⌈log n / log k⌉ hops.",
        caveats,
    })
}

fn random(nodes: u32, tuning: &Tuning, mut caveats: Vec<&'static str>) -> Option<TheoryLine> {
    let rounds = theory::rounds(tuning.mode, nodes)?;
    if tuning.fanout == 0 {
        return None;
    }
    if tuning.fanout != 1 {
        caveats.push("The formula is for a fanout of 1; the curve takes the real one.");
    }
    let (n, fanout) = (f64::from(nodes), f64::from(tuning.fanout));
    let mut informed = 1.0 / n;
    let mut points = vec![(0, informed as f32)];
    for round in 1..=STEPS_MAX {
        // A node stays without the news if none of the informed pushes to it and, with pull, if it asks none of them.
        let not_pushed = pow(1.0 - 1.0 / n, n * informed * fanout);
        let not_pulled = if tuning.mode.pulls() { pow(1.0 - informed, fanout) } else { 1.0 };
        informed = 1.0 - (1.0 - informed) * not_pushed * not_pulled;
        points.push((u64::from(round) * tuning.interval_us.as_micros(), informed as f32));
        if (1.0 - informed) * n < 0.5 {
            break;
        }
    }
    let formula = match tuning.mode {
        Mode::Push => {
            "Push: log₂ n + ln n rounds (Pittel 1987). The curve is the expected part after each round."
        }
        _ => {
            "Push-pull: log₃ n + ln ln n rounds, up to a constant (Karp et al. 2000). The curve is the expected part after each round."
        }
    };
    Some(TheoryLine {
        points,
        summary: format!("{}: about {rounds:.1} rounds", title(tuning.mode)),
        formula,
        caveats,
    })
}

fn title(mode: Mode) -> &'static str {
    match mode {
        Mode::Push => "Push",
        Mode::Pull => "Pull",
        Mode::PushPull => "Push-pull",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(nodes: u32, tuning: Tuning) -> Option<TheoryLine> {
        line(nodes, &tuning, &Network::default(), false)
    }

    #[test]
    fn the_curve_of_push_ends_near_the_formula() {
        let tuning = Tuning { strategy: Strategy::Random, mode: Mode::Push, ..Tuning::default() };
        for nodes in [10, 100, 1_000] {
            let line = of(nodes, tuning).expect("there is a formula");
            let rounds = line.points.len() as f64 - 1.0;
            let formula = theory::push_rounds(nodes);
            assert!((rounds - formula).abs() < 3.0, "{nodes}: {rounds} rounds, {formula}");
            assert!(line.points.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1));
        }
    }

    #[test]
    fn push_pull_is_faster_and_a_larger_fanout_too() {
        let rounds = |mode, fanout| {
            let tuning = Tuning { strategy: Strategy::Random, mode, fanout, ..Tuning::default() };
            of(500, tuning).expect("there is a formula").points.len()
        };
        assert!(rounds(Mode::PushPull, 1) < rounds(Mode::Push, 1));
        assert!(rounds(Mode::Push, 3) < rounds(Mode::Push, 1));
    }

    #[test]
    fn the_tree_reaches_all_in_its_hops() {
        let line = of(100, Tuning { strategy: Strategy::Tree, ..Tuning::default() }).expect("arity 2");
        assert_eq!(line.points.len(), 8);
        assert_eq!(line.points[7].1, 1.0);
        assert!(line.summary.contains("198"), "{}", line.summary);
    }

    #[test]
    fn where_there_is_no_formula_there_is_no_line() {
        let random = Tuning { strategy: Strategy::Random, ..Tuning::default() };
        assert_eq!(of(1, random), None);
        assert_eq!(of(9, Tuning { mode: Mode::Pull, ..random }), None);
        assert_eq!(of(9, Tuning { fanout: 0, ..random }), None);
        assert_eq!(of(9, Tuning { strategy: Strategy::Tree, arity: 1, ..random }), None);
        let lossy = Network { loss_ppm: 1, ..Network::default() };
        assert_eq!(line(9, &random, &lossy, true).expect("a line").caveats.len(), 2);
    }
}
