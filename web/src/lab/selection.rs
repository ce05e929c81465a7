//! Which node is selected, and what of the way of looking stands in the page's address. Pure. What is done to the
//! selected node is told in `doing`.

use super::action::{Spot, Tab};
use super::protocol::Command;
use super::state::View;

impl View {
    pub(super) fn select(&mut self, node: Option<u32>) -> Vec<Command> {
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

    /// Goes where the page's address says: it says nothing of what is as usual.
    pub(super) fn go_to(&mut self, spot: Spot) -> Vec<Command> {
        let sight = spot.sight.unwrap_or_default();
        if sight != self.sight {
            (self.sight, self.sight_is_own) = (sight, true);
        }
        (self.matrix_of, self.tree_of, self.write) = (spot.matrix_of, spot.tree_of, spot.write);
        if spot.selected != self.selected {
            // What it leads to is asked for below.
            let _ = self.select(spot.selected);
        }
        self.beliefs = spot.beliefs && self.selected.is_some();
        self.ask()
    }

    /// What is looked at, for the page's address and for links.
    pub fn spot(&self) -> Spot {
        Spot {
            sight: Some(self.sight),
            selected: self.selected,
            matrix_of: self.matrix_of,
            tree_of: self.tree_of,
            write: self.write,
            beliefs: self.beliefs,
        }
    }

    pub(super) fn select_by(&mut self, steps: i64) -> Vec<Command> {
        let nodes = i64::from(self.nodes());
        if nodes == 0 {
            return Vec::new();
        }
        let to = match self.selected {
            Some(node) => (i64::from(node) + steps).rem_euclid(nodes),
            None if steps < 0 => nodes - 1,
            None => 0,
        };
        self.select(Some(to as u32))
    }
}
