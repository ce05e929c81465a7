//! What a deed means to the simulator, and the parts of a cut network. Pure.

use super::protocol::Deed;
use rumormill_core::Duration;
use rumormill_sim::{Act, Latency};

/// The simulator's act; `groups` is the part of the network in which each node is, once the deed is done.
pub(super) fn act(deed: &Deed, groups: &[u8]) -> Act {
    let json = |value: &str| serde_json::from_str(value).unwrap_or_else(|_| value.into());
    match deed {
        Deed::Write { node, key, value } => Act::Set { node: *node, key: key.clone(), value: json(value) },
        Deed::Put { node, key, value } => Act::Put { node: *node, key: key.clone(), value: json(value) },
        Deed::Add { node, key, element } => Act::Add { node: *node, key: key.clone(), value: json(element) },
        Deed::Increment { node, key, by } => Act::Increment { node: *node, key: key.clone(), by: *by },
        Deed::Delete { node, key } => Act::Delete { node: *node, key: key.clone() },
        Deed::Crash(node) => Act::Crash { node: *node },
        Deed::Restart(node) => Act::Restart { node: *node, data: false, moved: false },
        Deed::RestartWithData(node) => Act::Restart { node: *node, data: true, moved: false },
        Deed::Leave(node) => Act::Leave { node: *node },
        Deed::Pause(node) => Act::Pause { node: *node },
        Deed::Resume(node) => Act::Resume { node: *node },
        Deed::Slow { node, delay_us } => {
            Act::Slow { node: *node, delay_us: Duration::from_micros(*delay_us) }
        }
        Deed::Skew { node, skew_us } => Act::Clock { node: *node, skew_us: *skew_us },
        Deed::Cut(_) => Act::Partition { groups: parts(groups) },
        Deed::CutOneWay { from, to } => Act::CutOneWay { from: *from, to: *to },
        Deed::DelayLink { a, b, latency_us } => {
            let latency = latency_us.map(|us| Latency::Fixed(Duration::from_micros(us)));
            Act::DelayLink { a: *a, b: *b, latency }
        }
        Deed::Drop(frame) => Act::Drop { frame: *frame },
        Deed::Heal => Act::Heal,
        Deed::Tune(tuning) => Act::Tune(*tuning),
        Deed::Network(network) => Act::Network(*network),
    }
}

/// A deed in a word or two: a mark on the chart, the name of a fork.
pub fn name(deed: &Deed) -> String {
    match deed {
        Deed::Write { node, .. } => format!("write {node}"),
        Deed::Put { node, .. } => format!("put {node}"),
        Deed::Add { node, .. } => format!("add {node}"),
        Deed::Increment { node, .. } => format!("increment {node}"),
        Deed::Delete { node, .. } => format!("delete {node}"),
        Deed::Crash(node) => format!("crash {node}"),
        Deed::Restart(node) | Deed::RestartWithData(node) => format!("restart {node}"),
        Deed::Leave(node) => format!("leave {node}"),
        Deed::Pause(node) => format!("pause {node}"),
        Deed::Resume(node) => format!("resume {node}"),
        Deed::Slow { node, .. } => format!("slow {node}"),
        Deed::Skew { node, .. } => format!("clock {node}"),
        Deed::Cut(nodes) if nodes.len() == 1 => format!("cut {}", nodes[0]),
        Deed::Cut(_) => "cut".to_owned(),
        Deed::CutOneWay { from, to } => format!("cut {from}>{to}"),
        Deed::DelayLink { a, b, latency_us: None } => format!("no delay {a}-{b}"),
        Deed::DelayLink { a, b, .. } => format!("delay {a}-{b}"),
        Deed::Drop(_) => "drop".to_owned(),
        Deed::Heal => "heal".to_owned(),
        Deed::Tune(_) => "tuned".to_owned(),
        Deed::Network(_) => "network".to_owned(),
    }
}

/// Does it take something away?
pub fn is_fault(deed: &Deed) -> bool {
    match deed {
        Deed::Crash(_) | Deed::Leave(_) | Deed::Pause(_) | Deed::Drop(_) => true,
        Deed::Cut(_) | Deed::CutOneWay { .. } | Deed::Skew { .. } => true,
        Deed::DelayLink { latency_us, .. } => latency_us.is_some(),
        Deed::Slow { delay_us, .. } => *delay_us > 0,
        _ => false,
    }
}

/// Does it write, so that something has to spread?
pub fn is_write(deed: &Deed) -> bool {
    matches!(
        deed,
        Deed::Write { .. }
            | Deed::Put { .. }
            | Deed::Add { .. }
            | Deed::Increment { .. }
            | Deed::Delete { .. }
    )
}

/// The nodes of each part, in the order of the parts' numbers.
pub(super) fn parts(groups: &[u8]) -> Vec<Vec<u32>> {
    let count = groups.iter().max().map_or(0, |last| usize::from(*last) + 1);
    let mut parts = vec![Vec::new(); count];
    for (node, group) in (0..).zip(groups) {
        parts[usize::from(*group)].push(node);
    }
    parts
}

/// Each part that `nodes` divides becomes two; numbers go by the first node, so that they are the same for the same
/// parts.
pub(crate) fn split(groups: &[u8], count: u32, nodes: &[u32]) -> Result<Vec<u8>, String> {
    let mut inside = vec![false; count as usize];
    for &node in nodes {
        *inside.get_mut(node as usize).ok_or_else(|| format!("node {node} is not there"))? = true;
    }
    let mut seen: Vec<(u8, bool)> = Vec::new();
    let mut split = Vec::with_capacity(count as usize);
    for (node, inside) in inside.into_iter().enumerate() {
        let part = (groups.get(node).copied().unwrap_or(0), inside);
        let number = seen.iter().position(|known| *known == part).unwrap_or_else(|| {
            seen.push(part);
            seen.len() - 1
        });
        split.push(u8::try_from(number).map_err(|_| "the network is in 256 parts already".to_owned())?);
    }
    if seen.len() < 2 {
        return Err("a cut needs nodes on both of its sides".to_owned());
    }
    Ok(split)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_within_cuts_make_more_parts() {
        let halves = split(&[], 4, &[2, 3]).unwrap();
        assert_eq!(halves, [0, 0, 1, 1]);
        assert_eq!(split(&halves, 4, &[1, 3]).unwrap(), [0, 1, 2, 3]);
        assert_eq!(parts(&[0, 1, 0]), [vec![0, 2], vec![1]]);
        assert!(split(&[], 4, &[]).is_err(), "nobody to cut off");
        assert!(split(&[], 2, &[0, 1]).is_err(), "nobody to be cut off from");
        assert!(split(&[], 2, &[2]).is_err(), "no such node");
    }
}
