//! Scenarios out of a number: a random cluster, a random network, random writes
//! on a few keys, random faults, and then a quiet time that is long enough for
//! everything to be due. The same seed is the same scenario on every target.
//! What must hold of it is the checkers' business.

mod dice;
mod setup;
mod trouble;
mod work;

use crate::checkers::Bounds;
use crate::scenario::{Act, Network, Scenario, Start, Timed};
use dice::Dice;
use rumormill_core::{Duration, Strategy, Tuning};

/// What is drawn before the acts, and where they fall.
struct Plan {
    /// Is nothing done to the cluster but that nodes stop and start?
    plain: bool,
    nodes: u32,
    tuning: Tuning,
    network: Network,
    /// Faults and writes happen before this.
    troubled_until: Duration,
    acts: Vec<Timed>,
}

impl Plan {
    fn act(&mut self, at_us: Duration, act: Act) {
        self.acts.push(Timed { at_us, act });
    }
}

/// The scenario of a seed.
pub fn scenario(seed: u64) -> Scenario {
    let mut dice = Dice::new(seed);
    let nodes = setup::nodes(&mut dice);
    let network = setup::network(&mut dice);
    let tuning = setup::tuning(&mut dice, nodes, network);
    let plain = dice.chance(15);
    let (tuning, network) = if plain { setup::plain(&mut dice, tuning) } else { (tuning, network) };
    let rounds = dice.between(8, 30);
    let troubled_until = tuning.interval_us * rounds + Duration::from_secs(dice.between(1, 12));
    let mut plan = Plan { plain, nodes, tuning, network, troubled_until, acts: Vec::new() };
    work::writes(&mut plan, &mut dice);
    trouble::faults(&mut plan, &mut dice);
    let start = if dice.chance(30) { Start::Join } else { Start::Known };
    let quiet_from = quieten(&mut plan, &mut dice);
    work::services(&mut plan, &mut dice);
    let bounds = Bounds::of(&plan.tuning, &plan.network, nodes, quiet_from);
    let forget = plan.tuning.forget_us;
    let forget = if forget < Duration::from_secs(60) { forget } else { Duration::ZERO };
    let quiet = bounds.map_or(Duration::ZERO, |bounds| bounds.equal + forget);
    plan.acts.sort_by_key(|timed| timed.at_us);
    Scenario {
        name: format!("swarm-{seed}"),
        seed,
        nodes,
        tuning,
        network,
        start,
        acts: plan.acts,
        until_us: quiet_from + quiet + Duration::from_secs(1),
        ..Scenario::default()
    }
}

/// Ends every fault, and has everyone repair. Returns when the last act is.
fn quieten(plan: &mut Plan, dice: &mut Dice) -> Duration {
    let at = plan.troubled_until;
    trouble::end(plan, dice, at);
    let tuned = plan.acts.iter().any(|timed| matches!(timed.act, Act::Tune(_)));
    if tuned || !plan.tuning.strategy.repairs() {
        // A tree alone promises nothing after a loss: it gets repair for the end.
        if !plan.tuning.strategy.repairs() {
            plan.tuning.strategy = Strategy::Hybrid;
        }
        plan.act(at, Act::Tune(plan.tuning));
    }
    at
}
