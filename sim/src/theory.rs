//! What theory expects of spreading, for display beside what was measured. The
//! only place with floating-point numbers that mean something; nothing that
//! runs depends on them.

use rumormill_core::Mode;
use rumormill_core::tree::Tree;

/// Rounds until a rumor that every informed node pushes to one random node a
/// round is everywhere: log2 n + ln n, up to a constant. (Pittel, "On Spreading
/// a Rumor", SIAM Journal on Applied Mathematics 47, 1987, theorem 1.)
pub fn push_rounds(nodes: u32) -> f64 {
    let n = f64::from(nodes.max(1));
    n.log2() + n.ln()
}

/// Rounds until a rumor is everywhere if every node calls one random node a
/// round and both tell each other: log3 n + ln ln n, up to a constant. (Karp,
/// Schindelhauer, Shenker, Vöcking, "Randomized Rumor Spreading", FOCS 2000,
/// §2.)
pub fn push_pull_rounds(nodes: u32) -> f64 {
    let n = f64::from(nodes.max(1));
    n.ln() / 3f64.ln() + n.ln().max(1.0).ln()
}

/// Rounds that theory expects of random gossip in a mode, with a fanout of 1
/// and no loss; none where there is no formula to quote.
pub fn rounds(mode: Mode, nodes: u32) -> Option<f64> {
    match mode {
        Mode::Push => Some(push_rounds(nodes)),
        Mode::PushPull => Some(push_pull_rounds(nodes)),
        Mode::Pull => None,
    }
}

/// Most hops from any node to any other along the k-ary tree with cycles:
/// ceil(logk n), since the children of k consecutive positions are k times as
/// many consecutive positions. None for fewer than two children.
pub fn tree_hops(nodes: u32, arity: u32) -> Option<u32> {
    if arity < 2 {
        return None;
    }
    let mut reach = 1u64;
    let mut hops = 0;
    while reach < u64::from(nodes) {
        reach *= u64::from(arity);
        hops += 1;
    }
    Some(hops)
}

/// Most messages that forwarding once along the tree with cycles takes: one
/// for each edge between two different nodes. With arity 2 that is 2n - 2.
pub fn tree_messages(nodes: u32, arity: u32) -> u64 {
    let tree = Tree { arity, cycles: true };
    (0..nodes).map(|position| tree.targets(position, nodes).len() as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formulas_give_the_published_values() {
        assert!((push_rounds(1_000) - 16.87).abs() < 0.01, "{}", push_rounds(1_000));
        assert!((push_pull_rounds(1_000) - 8.22).abs() < 0.01, "{}", push_pull_rounds(1_000));
        assert_eq!(tree_hops(100, 2), Some(7));
        assert_eq!(tree_messages(100, 2), 198);
        assert_eq!((push_rounds(1), push_rounds(0)), (0.0, 0.0));
        assert_eq!((tree_hops(1, 2), tree_hops(0, 2), tree_hops(9, 1)), (Some(0), Some(0), None));
    }

    /// Walks every tree from every start: the bound holds and is reached.
    #[test]
    fn no_node_of_any_tree_is_further_away_than_the_formula_says() {
        for arity in 2..6 {
            let tree = Tree { arity, cycles: true };
            for nodes in 1..130 {
                let depths = (0..nodes).map(|start| depth(tree, start, nodes));
                let deepest = depths.max().expect("there is a node");
                let bound = tree_hops(nodes, arity).expect("two children or more");
                assert!(deepest <= bound, "{nodes} nodes, arity {arity}: {deepest} hops");
            }
        }
    }

    fn depth(tree: Tree, start: u32, nodes: u32) -> u32 {
        let mut seen = vec![false; nodes as usize];
        let mut edge = vec![start];
        seen[start as usize] = true;
        let mut hops = 0;
        loop {
            let next: Vec<u32> = edge
                .iter()
                .flat_map(|&at| tree.targets(at, nodes))
                .filter(|&at| !core::mem::replace(&mut seen[at as usize], true))
                .collect();
            if next.is_empty() {
                assert!(seen.iter().all(|&seen| seen), "{nodes} nodes from {start}: not all reached");
                return hops;
            }
            hops += 1;
            edge = next;
        }
    }
}
