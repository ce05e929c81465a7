//! Which nodes are selected, and what of the way of looking stands in the page's address. One of the selected nodes is
//! the one that is inspected. Pure. What is done to the selected nodes is told in `doing`.

use super::action::{Spot, Tab};
use super::protocol::Command;
use super::state::View;
use rumormill_core::sort::sort;

/// So many of the selected nodes are named where there is not room for all.
pub(super) const NAMED_MAX: usize = 8;

impl View {
    /// All selected nodes, in order.
    pub fn chosen(&self) -> Vec<u32> {
        let mut chosen: Vec<u32> = self.others.iter().copied().chain(self.selected).collect();
        sort(&mut chosen);
        chosen
    }

    /// Is a node selected?
    pub fn is_chosen(&self, node: u32) -> bool {
        self.selected == Some(node) || self.others.contains(&node)
    }

    /// The selected nodes by name, as many as there is room for.
    #[inline(never)]
    pub fn chosen_words(&self) -> String {
        let chosen = self.chosen();
        let names = chosen.iter().take(NAMED_MAX).filter_map(|node| self.name(*node));
        let mut words = names.map(|name| name.to_string()).collect::<Vec<_>>().join(", ");
        if let Some(more) = chosen.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
            words.push_str(&format!(" and {more} more"));
        }
        words
    }

    /// Selects one node, or none.
    pub(super) fn select(&mut self, node: Option<u32>) -> Vec<Command> {
        self.others.clear();
        self.inspect(node)
    }

    fn inspect(&mut self, node: Option<u32>) -> Vec<Command> {
        self.selected = node.filter(|node| *node < self.nodes());
        self.beliefs &= self.selected.is_some();
        (self.message, self.message_line) = (None, None);
        if self.filter.node.is_some() {
            self.filter.node = self.selected.and_then(|node| self.name(node));
        }
        if self.selected.is_some() {
            self.tab = Tab::Node;
        }
        self.ask()
    }

    /// Adds a node to the selection, and inspects it; or takes it away.
    #[inline(never)]
    pub(super) fn toggle(&mut self, node: u32) -> Vec<Command> {
        if self.selected == Some(node) {
            let next = self.others.pop();
            return self.inspect(next);
        }
        if let Some(at) = self.others.iter().position(|other| *other == node) {
            self.others.remove(at);
            return self.ask();
        }
        if node < self.nodes() {
            self.others.extend(self.selected);
            return self.inspect(Some(node));
        }
        Vec::new()
    }

    /// Selects these nodes, in place of the others or beside them.
    #[inline(never)]
    pub(super) fn choose(&mut self, nodes: Vec<u32>, beside: bool) -> Vec<Command> {
        let mut all = if beside { self.chosen() } else { Vec::new() };
        all.extend(nodes.into_iter().filter(|node| *node < self.nodes()));
        sort(&mut all);
        all.dedup();
        // Who is inspected stays so, if that one is among them.
        let inspected = self.selected.filter(|node| all.contains(node)).or(all.first().copied());
        all.retain(|node| Some(*node) != inspected);
        self.others = all;
        self.inspect(inspected)
    }

    /// Goes where the page's address says: it says nothing of what is as usual.
    pub(super) fn go_to(&mut self, spot: Spot) -> Vec<Command> {
        let sight = spot.sight.unwrap_or_default();
        if sight != self.sight {
            (self.sight, self.sight_is_own) = (sight, true);
        }
        (self.matrix_of, self.tree_of, self.write) = (spot.matrix_of, spot.tree_of, spot.write);
        if spot.selected != self.selected || spot.others != self.others {
            // What it leads to is asked for below.
            let _ = self.select(spot.selected);
            let (nodes, inspected) = (self.nodes(), self.selected);
            self.others = spot.others;
            sort(&mut self.others);
            self.others.dedup();
            self.others.retain(|node| inspected.is_some() && *node < nodes && Some(*node) != inspected);
        }
        self.beliefs = spot.beliefs && self.selected.is_some();
        self.ask()
    }

    /// What is looked at, for the page's address and for links.
    pub fn spot(&self) -> Spot {
        Spot {
            sight: Some(self.sight),
            selected: self.selected,
            others: self.others.clone(),
            matrix_of: self.matrix_of,
            tree_of: self.tree_of,
            write: self.write,
            beliefs: self.beliefs,
        }
    }

    fn neighbour(&self, steps: i64) -> Option<u32> {
        let nodes = i64::from(self.nodes());
        if nodes == 0 {
            return None;
        }
        let to = match self.selected {
            Some(node) => (i64::from(node) + steps).rem_euclid(nodes),
            None if steps < 0 => nodes - 1,
            None => 0,
        };
        Some(to as u32)
    }

    pub(super) fn select_by(&mut self, steps: i64) -> Vec<Command> {
        match self.neighbour(steps) {
            Some(node) => self.select(Some(node)),
            None => Vec::new(),
        }
    }

    /// Goes on to another node, which is selected beside the others. Who goes back on the way leaves the last one out.
    #[inline(never)]
    pub(super) fn extend_by(&mut self, steps: i64) -> Vec<Command> {
        let Some(node) = self.neighbour(steps) else { return Vec::new() };
        match self.others.iter().position(|other| *other == node) {
            Some(at) => drop(self.others.remove(at)),
            None => self.others.extend(self.selected.filter(|selected| *selected != node)),
        }
        self.inspect(Some(node))
    }
}

#[cfg(test)]
mod tests {
    use super::super::action::Action;
    use super::*;

    fn check(view: &View, inspected: Option<u32>, chosen: &[u32]) {
        assert_eq!((view.selected, view.chosen().as_slice()), (inspected, chosen));
    }

    #[test]
    fn nodes_are_added_and_taken_away_one_by_one() {
        let (mut view, _) = View::new();
        view.act(Action::Toggle(7));
        view.act(Action::Toggle(3));
        view.act(Action::Toggle(12));
        check(&view, Some(12), &[3, 7, 12]);
        assert_eq!(view.chosen_words(), "n03, n07, n12");
        view.act(Action::Toggle(7));
        check(&view, Some(12), &[3, 12]);
        view.act(Action::Toggle(12));
        check(&view, Some(3), &[3]);
        view.act(Action::Toggle(99));
        check(&view, Some(3), &[3]);
        view.act(Action::Toggle(5));
        view.act(Action::Select(Some(1)));
        check(&view, Some(1), &[1]);
    }

    #[test]
    fn a_box_takes_its_nodes_in_place_of_the_others_or_beside_them() {
        let (mut view, _) = View::new();
        view.act(Action::Choose(vec![4, 5, 6], false));
        check(&view, Some(4), &[4, 5, 6]);
        view.act(Action::Choose(vec![6, 20], true));
        check(&view, Some(4), &[4, 5, 6, 20]);
        view.act(Action::Choose((0..50).collect(), false));
        assert_eq!(view.chosen_words(), "n00, n01, n02, n03, n04, n05, n06, n07 and 42 more");
        view.act(Action::Choose(Vec::new(), false));
        check(&view, None, &[]);
    }

    #[test]
    fn an_address_selects_each_node_once_and_none_beside_nobody() {
        let (mut view, _) = View::new();
        let spot = |selected, others: &[u32]| Spot { selected, others: others.to_vec(), ..Spot::default() };
        view.act(Action::Spot(spot(Some(99), &[3, 4])));
        check(&view, None, &[]);
        view.act(Action::Spot(spot(Some(1), &[3, 3, 60])));
        check(&view, Some(1), &[1, 3]);
    }

    #[test]
    fn shift_and_arrows_extend_and_shrink() {
        let (mut view, _) = View::new();
        view.act(Action::Select(Some(48)));
        view.act(Action::ExtendBy(1));
        view.act(Action::ExtendBy(1));
        check(&view, Some(0), &[0, 48, 49]);
        view.act(Action::ExtendBy(-1));
        check(&view, Some(49), &[48, 49]);
        view.act(Action::SelectBy(-1));
        check(&view, Some(48), &[48]);
    }

    #[test]
    fn a_smaller_run_keeps_whom_it_has() {
        let (mut view, _) = View::new();
        view.act(Action::Choose(vec![2, 30, 40], false));
        view.act(Action::Type(super::super::setup::Field::Nodes, "35".into()));
        check(&view, Some(2), &[2, 30]);
        view.act(Action::Preset("first-rumor".into()));
        check(&view, None, &[]);
    }
}
