//! What goes wrong in a swarm, when, and how it ends.

use super::Plan;
use super::dice::Dice;
use super::setup;
use crate::latency::Latency;
use crate::scenario::{Act, TURN_MIN};
use rumormill_core::Duration;

#[derive(Debug, Clone, Copy)]
enum Fault {
    Crash,
    Leave,
    Pause,
    Slow,
    Clock,
    Drift,
    Partition,
    CutLink,
    CutOneWay,
    DelayLink,
    Flap,
    Churn,
    Network,
    Tune,
}

/// Those that stop a node come first.
const FAULTS: [(u64, Fault); 14] = [
    (26, Fault::Crash),
    (6, Fault::Leave),
    (8, Fault::Pause),
    (5, Fault::Slow),
    (5, Fault::Clock),
    (2, Fault::Drift),
    (18, Fault::Partition),
    (7, Fault::CutLink),
    (7, Fault::CutOneWay),
    (3, Fault::DelayLink),
    (3, Fault::Flap),
    (3, Fault::Churn),
    (5, Fault::Network),
    (2, Fault::Tune),
];

pub(super) fn faults(plan: &mut Plan, dice: &mut Dice) {
    for _ in 0..dice.weighed(&[(10, 0), (40, 2), (35, 5), (15, 10)]) {
        let at = moment(plan, dice);
        let faults = if plan.plain { &FAULTS[..2] } else { &FAULTS[..] };
        match dice.weighed(faults) {
            fault @ (Fault::Partition
            | Fault::CutLink
            | Fault::CutOneWay
            | Fault::DelayLink
            | Fault::Flap) => {
                between(plan, dice, fault, at);
            }
            fault => within(plan, dice, fault, at),
        }
    }
}

/// What happens to a node, or to all.
fn within(plan: &mut Plan, dice: &mut Dice, fault: Fault, at: Duration) {
    let node = dice.small(0, plan.nodes - 1);
    let ends = at + span(plan, dice);
    let most = silence(plan) * 2;
    match fault {
        Fault::Crash | Fault::Leave => {
            plan.act(
                at,
                if matches!(fault, Fault::Crash) { Act::Crash { node } } else { Act::Leave { node } },
            );
            if dice.chance(80) {
                let restart = restart(plan, dice, node);
                plan.act(ends, restart);
            }
        }
        Fault::Pause => {
            plan.act(at, Act::Pause { node });
            plan.act(ends, Act::Resume { node });
        }
        Fault::Slow => {
            let delay_us = Duration::from_micros(dice.between(1, most));
            plan.act(at, Act::Slow { node, delay_us });
            plan.act(ends, Act::Slow { node, delay_us: Duration::ZERO });
        }
        Fault::Clock => {
            let far = dice.pick(&[100_000, 5_000_000, 600_000_000, 100_000_000_000]);
            let ahead = dice.between(1, far) as i64;
            let skew_us = if dice.chance(50) { ahead } else { -ahead };
            let at = if dice.chance(30) { Duration::ZERO } else { at };
            plan.act(at, Act::Clock { node, skew_us });
        }
        Fault::Drift => {
            let ppm = dice.pick(&[-50_000, -200, 200, 50_000]);
            plan.act(at, Act::Drift { node, ppm });
        }
        Fault::Churn => {
            let nodes = dice.small(1, plan.nodes);
            let nodes = dice.sample(plan.nodes, nodes);
            let (up_us, down_us) = (turn(plan, dice), turn(plan, dice));
            plan.act(at, Act::Churn { nodes, up_us, down_us, data: dice.chance(50), until_us: ends });
        }
        Fault::Network => {
            let network = setup::bad_network(dice, plan.network);
            plan.act(at, Act::Network(network));
            plan.act(ends, Act::Network(plan.network));
        }
        _ => {
            let tuning = setup::tuning(dice, plan.nodes, plan.network);
            plan.act(at, Act::Tune(tuning));
        }
    }
}

/// What happens between nodes.
fn between(plan: &mut Plan, dice: &mut Dice, fault: Fault, at: Duration) {
    let (a, b) = dice.two(plan.nodes);
    let ends = at + span(plan, dice);
    match fault {
        Fault::CutLink => plan.act(at, Act::CutLink { a, b }),
        Fault::CutOneWay => plan.act(at, Act::CutOneWay { from: a, to: b }),
        Fault::DelayLink => {
            let latency = Some(Latency::Fixed(Duration::from_millis(dice.between(1, 1_000))));
            plan.act(at, Act::DelayLink { a, b, latency });
            return plan.act(ends, Act::DelayLink { a, b, latency: None });
        }
        Fault::Flap => {
            let (up_us, down_us) = (turn(plan, dice), turn(plan, dice));
            return plan.act(at, Act::Flap { a, b, up_us, down_us, until_us: ends });
        }
        _ => {
            let groups = split(plan.nodes, dice);
            plan.act(at, Act::Partition { groups });
        }
    }
    plan.act(ends, Act::Heal);
}

/// Ends whatever still goes on. Some that are not up then stay so.
pub(super) fn end(plan: &mut Plan, dice: &mut Dice, at: Duration) {
    for timed in &mut plan.acts {
        timed.at_us = timed.at_us.min(at);
        if let Act::Flap { until_us, .. } | Act::Churn { until_us, .. } = &mut timed.act {
            *until_us = at.min(*until_us);
        }
    }
    plan.acts.sort_by_key(|timed| timed.at_us);
    plan.act(at, Act::Heal);
    if !plan.plain {
        plan.act(at, Act::Network(plan.network));
    }
    for (a, b) in pairs_delayed(plan) {
        plan.act(at, Act::DelayLink { a, b, latency: None });
    }
    for node in 0..plan.nodes {
        let named = |act: &Act| match act {
            Act::Slow { node: other, .. } => *other == node,
            _ => false,
        };
        if plan.acts.iter().any(|timed| named(&timed.act)) {
            plan.act(at, Act::Slow { node, delay_us: Duration::ZERO });
        }
        if plan.acts.iter().any(|timed| timed.act == Act::Pause { node }) {
            plan.act(at, Act::Resume { node });
        }
        // One node at least is there in the end. Those that are up refuse it, which changes nothing.
        if node == 0 || dice.chance(70) {
            let restart = restart(plan, dice, node);
            plan.act(at, restart);
        }
    }
}

fn pairs_delayed(plan: &Plan) -> Vec<(u32, u32)> {
    let delayed = plan.acts.iter().filter_map(|timed| match &timed.act {
        Act::DelayLink { a, b, latency: Some(_) } => Some((*a, *b)),
        _ => None,
    });
    delayed.collect()
}

fn restart(plan: &Plan, dice: &mut Dice, node: u32) -> Act {
    // Through the first node others join: if it moved, who had not yet joined would look for it in vain.
    Act::Restart { node, data: dice.chance(50), moved: dice.chance(10) && !plan.plain && node > 0 }
}

/// About how long a node must be silent to be noticed, in microseconds.
fn silence(plan: &Plan) -> u64 {
    plan.tuning.probe_us.as_micros() * (2 + u64::from(plan.tuning.suspicion_mult))
}

/// How long something that comes and goes stays in one state.
fn turn(plan: &Plan, dice: &mut Dice) -> Duration {
    let silence = silence(plan);
    TURN_MIN.max(Duration::from_micros(dice.between(silence / 10, silence * 2)))
}

fn moment(plan: &Plan, dice: &mut Dice) -> Duration {
    Duration::from_micros(dice.between(0, plan.troubled_until.as_micros()))
}

/// Some faults are over before anyone noticed, some go on until all is over.
fn span(plan: &Plan, dice: &mut Dice) -> Duration {
    let longest = dice.pick(&[100_000, 2_000_000, plan.troubled_until.as_micros()]);
    Duration::from_micros(dice.between(1, longest))
}

/// Two or three groups; those in none are the last.
fn split(nodes: u32, dice: &mut Dice) -> Vec<Vec<u32>> {
    let mut shuffled = dice.sample(nodes, nodes);
    let first = dice.small(1, nodes - 1);
    let second = if dice.chance(25) { dice.small(0, nodes - first) } else { 0 };
    let rest = shuffled.split_off(first as usize);
    let mut groups = vec![shuffled];
    if second > 0 {
        groups.push(rest.into_iter().take(second as usize).collect());
    }
    groups
}
