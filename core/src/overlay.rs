//! Who is next to whom in the overlay of `plumtree`: a union of a few circles,
//! each of which holds all members in a pseudo-random order of its own (an
//! H-graph; Law and Siu, "Distributed Construction of Random Expander
//! Networks", 2003). The order follows from the names alone, so equal member
//! lists make the same graph on every node, nobody negotiates, and a hole
//! closes by itself. What links are for is not known here.

use crate::hash;
use crate::id::NodeId;
use alloc::vec::Vec;
use core::array;

/// How many circles: a member has at most twice as many neighbours. Six, where
/// Plumtree's paper has five (§4.1). A guess: with one circle less, too few
/// ways are left when half of the members fail at once.
pub const CIRCLES: usize = 3;

/// One member's place in the overlay: its neighbours, and no one else's.
#[derive(Debug, Clone)]
pub struct Overlay {
    own: NodeId,
    circles: [Circle; CIRCLES],
}

#[derive(Debug, Clone)]
struct Circle {
    own: u64,
    /// The members after and before this one, going round.
    ends: Option<[Place; 2]>,
}

/// Where a member is, going round from this one: past the top of the circle or
/// not, then by key, then by name, so that the order is total.
type Place = (bool, u64, NodeId);

impl Overlay {
    /// The place of `own` among these members.
    pub fn new<'a>(own: &NodeId, members: impl Iterator<Item = &'a NodeId>) -> Self {
        let keys = keys(own);
        let circles = keys.map(|own| Circle { own, ends: None });
        let mut overlay = Self { own: own.clone(), circles };
        members.for_each(|id| overlay.add(id));
        overlay
    }

    /// A member is there. Adding one twice changes nothing.
    pub fn add(&mut self, id: &NodeId) {
        if *id == self.own {
            return;
        }
        for (circle, key) in self.circles.iter_mut().zip(keys(id)) {
            circle.add(key, id, &self.own);
        }
    }

    /// Is that member next to this one? If one that is goes, whoever follows
    /// it has to be looked for among all members; any other changes nothing.
    pub fn is_neighbour(&self, id: &NodeId) -> bool {
        self.places().any(|(_, _, neighbour)| neighbour == id)
    }

    /// Everyone next to this member, by name.
    pub fn neighbours(&self) -> Vec<NodeId> {
        let mut ids: Vec<NodeId> = self.places().map(|(_, _, id)| id.clone()).collect();
        crate::sort::sort(&mut ids);
        ids.dedup();
        ids
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        self.circles.iter().filter_map(|circle| circle.ends.as_ref()).flatten()
    }
}

impl Circle {
    fn add(&mut self, key: u64, id: &NodeId, own: &NodeId) {
        let at = ((key, id) < (self.own, own), key, id);
        let borrowed = |place: &Place| (place.0, place.1) == (at.0, at.1) && place.2 == *id;
        let owned = || (at.0, at.1, id.clone());
        match &mut self.ends {
            None => self.ends = Some([owned(), owned()]),
            Some([next, last]) => {
                if borrowed(next) || borrowed(last) {
                    return;
                }
                if at < (next.0, next.1, &next.2) {
                    *next = owned();
                }
                if at > (last.0, last.1, &last.2) {
                    *last = owned();
                }
            }
        }
    }
}

/// A member's keys, one for each circle.
fn keys(id: &NodeId) -> [u64; CIRCLES] {
    let name = hash::part(id.as_str(), &[]);
    array::from_fn(|circle| hash::chain(name, circle as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::{BTreeMap, BTreeSet};
    use alloc::format;

    fn names(count: u32) -> Vec<NodeId> {
        (0..count).map(|n| NodeId::new(&format!("n{n:04}")).expect("valid")).collect()
    }

    fn graph(names: &[NodeId]) -> BTreeMap<NodeId, Vec<NodeId>> {
        names.iter().map(|own| (own.clone(), Overlay::new(own, names.iter()).neighbours())).collect()
    }

    /// How many members are reached within how many steps.
    fn reach(graph: &BTreeMap<NodeId, Vec<NodeId>>, start: &NodeId) -> (usize, u32) {
        let mut seen = BTreeSet::from([start]);
        let mut edge = alloc::vec![start];
        let mut steps = 0;
        loop {
            let next = edge.iter().flat_map(|id| &graph[*id]).filter(|id| graph.contains_key(*id));
            edge = next.collect::<BTreeSet<_>>().into_iter().filter(|id| seen.insert(id)).collect();
            if edge.is_empty() {
                return (seen.len(), steps);
            }
            steps += 1;
        }
    }

    #[test]
    fn everyone_is_reached_and_neighbours_are_mutual() {
        for count in [1, 2, 3, 4, 7, 8, 50, 400] {
            let names = names(count);
            let graph = graph(&names);
            for (id, neighbours) in &graph {
                assert!(!neighbours.contains(id));
                assert!(neighbours.len() <= 2 * CIRCLES);
                assert!(neighbours.iter().all(|other| graph[other].contains(id)), "{id} of {count}");
            }
            let (reached, steps) = reach(&graph, &names[0]);
            assert_eq!(reached as u32, count);
            assert!(steps <= 6, "{count} members: {steps} steps");
        }
    }

    #[test]
    fn members_that_come_and_go_leave_the_graph_that_the_rest_would_make() {
        let names = names(60);
        let mut overlay = Overlay::new(&names[7], names[..20].iter());
        names[20..].iter().for_each(|id| overlay.add(id));
        names.iter().for_each(|id| overlay.add(id));
        assert_eq!(overlay.neighbours(), Overlay::new(&names[7], names.iter()).neighbours());
        let strangers = names.iter().filter(|id| !overlay.is_neighbour(id));
        let fewer = names.iter().filter(|id| overlay.is_neighbour(id) || **id == names[7]);
        assert_eq!(Overlay::new(&names[7], fewer).neighbours(), overlay.neighbours());
        assert_eq!(strangers.count(), 60 - overlay.neighbours().len());
    }

    #[test]
    fn the_living_stay_connected_when_half_of_the_members_are_gone() {
        let names = names(400);
        let mut graph = graph(&names);
        graph.retain(|id, _| hash::part(id.as_str(), &[99]).is_multiple_of(2));
        let start = graph.keys().next().expect("not all are gone").clone();
        let (reached, _) = reach(&graph, &start);
        assert!(reached * 100 >= graph.len() * 95, "{reached} of {}", graph.len());
    }
}
