//! The k-ary tree of recursive gossip, as arithmetic over positions in the
//! sorted list of active members. No tree is ever built: a node finds its own
//! children in a handful of steps. (Riak Core, `riak_core_util:build_tree`.)

use alloc::vec::Vec;

/// The tree's shape. Every node must use the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tree {
    /// How many children a node has; 0 gives a tree without edges.
    pub arity: u32,
    /// Do the leaves point back to the start of the list? Then every node
    /// reaches every other: with arity 2 within ceil(log2 n) hops.
    pub cycles: bool,
}

impl Tree {
    /// Positions of the children of `position` among `count` members, in the
    /// reference's order and with its repetitions (the last positions of a
    /// cyclic tree may list themselves). Empty if there is no such position.
    pub fn children(self, position: u32, count: u32) -> Vec<u32> {
        if position >= count {
            return Vec::new();
        }
        let first = u64::from(position) * u64::from(self.arity) + 1;
        (first..first + u64::from(self.arity))
            .take_while(|&child| self.cycles || child < u64::from(count))
            .map(|child| (child % u64::from(count)) as u32)
            .collect()
    }

    /// The children to send to: without oneself and without repetition.
    pub fn targets(self, position: u32, count: u32) -> Vec<u32> {
        let mut targets = self.children(position, count);
        targets.retain(|&child| child != position);
        crate::sort::sort(&mut targets);
        targets.dedup();
        targets
    }

    /// Everyone who has `position` as a target: the other ends of the links
    /// on which it is sent to.
    pub fn parents(self, position: u32, count: u32) -> Vec<u32> {
        let (position, count64, arity) = (u64::from(position), u64::from(count), u64::from(self.arity));
        let mut parents = Vec::new();
        if arity == 0 || position >= count64 {
            return parents;
        }
        // A child number c = k·arity + 1 + i stands for position c mod count.
        // The largest child number is count·arity, so there are at most
        // `arity` + 1 turns of the cycle to look at.
        let mut child = position;
        while child <= count64 * arity {
            if child > 0 {
                let parent = (child - 1) / arity;
                if parent < count64 && parent != position {
                    parents.push(parent as u32);
                }
            }
            if !self.cycles {
                break;
            }
            child += count64;
        }
        crate::sort::sort(&mut parents);
        parents.dedup();
        parents
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_are_the_inverse_of_targets() {
        for cycles in [false, true] {
            for arity in 0..5 {
                let tree = Tree { arity, cycles };
                for count in 0..40 {
                    for position in 0..count {
                        let expected: Vec<u32> =
                            (0..count).filter(|&p| tree.targets(p, count).contains(&position)).collect();
                        assert_eq!(tree.parents(position, count), expected, "{tree:?} {position} of {count}");
                    }
                }
            }
        }
    }

    #[test]
    fn edges_of_the_definition_give_no_children() {
        let tree = Tree { arity: 2, cycles: true };
        assert!(tree.children(0, 0).is_empty());
        assert!(tree.children(5, 5).is_empty(), "not in the list");
        assert!(tree.targets(0, 1).is_empty(), "alone");
        assert!(Tree { arity: 0, cycles: true }.children(0, 9).is_empty());
        assert_eq!(tree.children(0, 1), [0, 0], "as the reference lists itself");
    }
}
