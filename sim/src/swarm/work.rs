//! What clients do in a swarm: writes of every kind on so few keys that they
//! meet, in bursts and alone; and what they say of their services.

use super::Plan;
use super::dice::Dice;
use crate::scenario::Act;
use rumormill_core::Duration;
use rumormill_core::services::Health;

pub(super) fn writes(plan: &mut Plan, dice: &mut Dice) {
    let bursts = dice.between(2, 12);
    let keys = dice.between(1, 3);
    let mut value = 0;
    for _ in 0..bursts {
        let start = dice.between(0, plan.troubled_until.as_micros() - 1);
        // A burst within a latency or two is where concurrent writes come from.
        let spread = dice.pick(&[1, 20_000, 500_000]);
        for _ in 0..dice.between(1, 8) {
            let at = Duration::from_micros(start + dice.between(0, spread)).min(plan.troubled_until);
            value += 1;
            let act = write(dice, plan.nodes, keys, value);
            plan.act(at, act);
        }
    }
}

/// Services come, change and go at a few nodes of some clusters.
pub(super) fn services(plan: &mut Plan, dice: &mut Dice) {
    if !dice.chance(40) {
        return;
    }
    for _ in 0..dice.between(1, 12) {
        let at = Duration::from_micros(dice.between(0, plan.troubled_until.as_micros() - 1));
        let node = dice.small(0, plan.nodes.min(4) - 1);
        let service = dice.pick(&["web", "disk"]).to_owned();
        let health = dice.pick(&[Health::Up, Health::Degraded, Health::Down]);
        let reason = if dice.chance(50) { String::new() } else { "as drawn".to_owned() };
        let withdraws = dice.chance(20);
        plan.act(
            at,
            match withdraws {
                true => Act::Withdraw { node, service },
                false => Act::Publish { node, service, health, reason },
            },
        );
    }
}

/// What a client may do.
#[derive(Debug, Clone, Copy)]
enum Write {
    Set,
    SetFor,
    Put,
    Increment,
    Add,
    Remove,
    Delete,
}

fn write(dice: &mut Dice, nodes: u32, keys: u64, value: u64) -> Act {
    let node = dice.small(0, nodes - 1);
    let nth = dice.between(1, keys);
    let key = |kind: &str| format!("{kind}-{nth}");
    let few = dice.between(1, 3);
    match dice.weighed(&[
        (22, Write::Set),
        (4, Write::SetFor),
        (15, Write::Put),
        (23, Write::Increment),
        (14, Write::Add),
        (8, Write::Remove),
        (14, Write::Delete),
    ]) {
        Write::Set => Act::Set { node, key: key("register"), value: value.into() },
        Write::SetFor => {
            let ttl_us = Duration::from_micros(dice.between(1, 20_000_000));
            Act::SetFor { node, key: key("register"), value: value.into(), ttl_us }
        }
        Write::Put => Act::Put { node, key: key("siblings"), value: value.into() },
        Write::Increment => {
            let by = dice.pick(&[1, 1, 5, -2]);
            Act::Increment { node, key: key("counter"), by }
        }
        Write::Add => Act::Add { node, key: key("set"), value: few.into() },
        Write::Remove => Act::Remove { node, key: key("set"), value: few.into() },
        Write::Delete => {
            let kind = dice.pick(&["register", "siblings", "counter", "set"]);
            Act::Delete { node, key: key(kind) }
        }
    }
}
