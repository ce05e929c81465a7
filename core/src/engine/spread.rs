//! To whom news goes, by strategy: with whom links stay open, who gets a write
//! at once, and along which way member records travel. What travels, and when,
//! is the outbox's business.

use super::links::Target;
use super::outbox::Ask;
use super::{Engine, Life};
use crate::config::Strategy;
use crate::event::Cause;
use crate::id::NodeId;
use crate::state::State;
use crate::time::Instant;
use alloc::vec::Vec;

impl<S: State> Engine<S> {
    /// Members with whom this node keeps a link open, because it sends along it.
    pub(super) fn neighbours(&self) -> Vec<NodeId> {
        match self.config.tuning.strategy {
            Strategy::Random => Vec::new(),
            Strategy::Tree | Strategy::Hybrid => self.children(None),
        }
    }

    /// Is there a link of the strategy's between this node and that one,
    /// whichever of the two sends along it?
    pub(super) fn is_neighbour(&self, id: &NodeId) -> bool {
        match self.config.tuning.strategy {
            Strategy::Random => false,
            Strategy::Tree | Strategy::Hybrid => self.is_child_or_parent(id),
        }
    }

    /// Sees to it that there is a link to each neighbour.
    pub(super) fn dial_neighbours(&mut self, now: Instant) {
        if self.life != Life::Running {
            return;
        }
        for id in self.neighbours() {
            if !self.links.is_linked(&id) {
                self.dial(Target::Peer(id), now);
            }
        }
    }

    /// Spreads what is new here.
    pub(super) fn on_news(&mut self, news: S::News, from: Option<&NodeId>) {
        if S::news_len(&news) == 0 {
            return;
        }
        match self.config.tuning.strategy {
            Strategy::Random => {}
            Strategy::Tree | Strategy::Hybrid => {
                for child in self.children(from) {
                    S::absorb(&mut self.outbox(&child).news, &news);
                }
            }
        }
    }

    /// Offers what a repair brought: those who lack it too will ask.
    pub(super) fn on_repaired(&mut self, news: &S::News, from: &NodeId) {
        if S::news_len(news) == 0 {
            return;
        }
        match self.config.tuning.strategy {
            Strategy::Random => {}
            Strategy::Tree | Strategy::Hybrid => self.offer(Some(from)),
        }
    }

    /// Another strategy is in force. What the one before had not spread yet
    /// would be lost on a tree without repair.
    pub(super) fn on_strategy(&mut self) {
        self.offer(None);
    }

    /// To whom a changed member record goes: every eager strategy sends them
    /// down the tree.
    pub(super) fn told_of_members(&self, from: Option<&NodeId>) -> Vec<NodeId> {
        if self.config.tuning.strategy.is_eager() { self.children(from) } else { Vec::new() }
    }

    /// This node's children in the tree, but not whoever brought the news.
    pub(super) fn children(&self, from: Option<&NodeId>) -> Vec<NodeId> {
        let Some(position) = self.members.active_position(&self.config.id) else {
            return Vec::new();
        };
        let targets = self.config.tuning.tree().targets(position, self.members.active_count());
        let ids = targets.into_iter().filter_map(|at| self.members.active_at(at));
        ids.map(|member| member.id.clone()).filter(|id| Some(id) != from).collect()
    }

    fn is_child_or_parent(&self, id: &NodeId) -> bool {
        let own = self.members.active_position(&self.config.id);
        let (Some(own), Some(other)) = (own, self.members.active_position(id)) else {
            return false;
        };
        let (tree, count) = (self.config.tuning.tree(), self.members.active_count());
        tree.targets(own, count).contains(&other) || tree.targets(other, count).contains(&own)
    }

    fn offer(&mut self, from: Option<&NodeId>) {
        for target in self.neighbours() {
            if Some(&target) != from {
                self.outbox(&target).ask(Ask { store: true, cause: Cause::Tree });
            }
        }
    }
}
