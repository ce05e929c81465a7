//! To whom news goes, by strategy: with whom links stay open, who gets a write
//! at once, and along which way member records travel. When those links are
//! dialled is the business of `meetings`, what travels, and when, the outbox's.

use super::Engine;
use super::outbox::Ask;
use super::plumtree::Plumtree;
use crate::config::Strategy;
use crate::event::Cause;
use crate::id::NodeId;
use crate::members::Member;
use crate::sort::sort;
use crate::state::State;
use crate::time::Instant;
use alloc::vec::Vec;

/// Most writes of a repair that are forwarded like a rumor. What is under way
/// in a busy cluster whose messages take long must be among them (50 writes a
/// second and 100 ms a hop make about twenty): a rumor stops where a repair was
/// faster, and an offer instead of it costs those further down three more
/// messages and the time for them. A guess beyond that.
const FORWARDED_WRITES_MAX: u32 = 32;

/// Most member records of one message that are passed on as they are. A guess:
/// more than usually change at one time.
const FORWARDED_RECORDS_MAX: usize = 32;

impl<S: State> Engine<S> {
    /// Members with whom this node keeps a link open, because it sends along it.
    pub(super) fn neighbours(&self) -> Vec<NodeId> {
        match self.config.tuning.strategy {
            Strategy::Random => Vec::new(),
            Strategy::Tree | Strategy::Hybrid => self.children(None),
            Strategy::Plumtree => self.plumtree.neighbours(),
        }
    }

    /// Is there a link of the strategy's between this node and that one,
    /// whichever of the two sends along it, or does one of them take part
    /// through the other?
    pub(super) fn is_neighbour(&self, id: &NodeId) -> bool {
        if self.is_leaf() || self.members.member(id).is_some_and(Member::is_leaf) {
            return self.members.is_active(id);
        }
        match self.config.tuning.strategy {
            Strategy::Random => false,
            Strategy::Tree | Strategy::Hybrid => self.is_child_or_parent(id),
            Strategy::Plumtree => self.plumtree.is_neighbour(id),
        }
    }

    /// Spreads what is new here.
    pub(super) fn on_news(&mut self, news: S::News, from: Option<&NodeId>, now: Instant) {
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
            Strategy::Plumtree => {
                self.push_to_attached(&news, from);
                self.push_and_announce(&news, from, now);
            }
        }
    }

    fn push_to_attached(&mut self, news: &S::News, from: Option<&NodeId>) {
        for id in self.attached(from) {
            S::absorb(&mut self.outbox(&id).news, news);
        }
    }

    /// Spreads what a repair brought. A few writes go on as they would have if
    /// they had come as a rumor: the rumor that they overtook stops here. Many
    /// are only offered, because the others usually have them.
    pub(super) fn on_repaired(&mut self, news: S::News, writes: u32, from: &NodeId, now: Instant) {
        if S::news_len(&news) == 0 {
            return;
        }
        match self.config.tuning.strategy {
            Strategy::Random => {}
            Strategy::Plumtree => {
                self.push_to_attached(&news, Some(from));
                self.announce_repaired(&news, from, now);
            }
            Strategy::Tree | Strategy::Hybrid if writes <= FORWARDED_WRITES_MAX => {
                self.on_news(news, Some(from), now);
            }
            Strategy::Tree | Strategy::Hybrid => self.offer(Some(from)),
        }
    }

    /// Another strategy is in force. What the one before had not spread yet
    /// would be lost on a tree without repair.
    pub(super) fn on_strategy(&mut self) {
        self.start_spreading();
        self.offer(None);
    }

    /// Makes what the strategy needs, and drops what others needed.
    pub(super) fn start_spreading(&mut self) {
        self.plumtree = match self.config.tuning.strategy {
            Strategy::Plumtree if !self.is_leaf() => Plumtree::new(&self.config.id, self.members.iter()),
            _ => Plumtree::default(),
        };
    }

    /// Spreads changed member records: every eager strategy sends them down the
    /// tree. Many at once are a list that this node was behind with, which the
    /// others usually have: those with a link are asked to compare.
    pub(super) fn spread_members(&mut self, ids: &[NodeId], from: Option<&NodeId>) {
        if ids.is_empty() || !self.config.tuning.strategy.is_eager() {
            return;
        }
        let mut targets = self.children(from);
        // Those who were children before the tree changed have a link, where those who are now may have none yet.
        let met =
            self.meetings.met.iter().filter(|id| Some(*id) != from && self.links.preferred(id).is_some());
        targets.extend(met.cloned());
        sort(&mut targets);
        targets.dedup();
        for target in targets {
            if ids.len() > FORWARDED_RECORDS_MAX {
                if self.links.preferred(&target).is_some() {
                    self.outbox(&target).ask(Ask { store: false, cause: Cause::Tree });
                }
                continue;
            }
            let owed = &mut self.outbox(&target).members;
            owed.extend(ids.iter().map(|id| (id.clone(), Cause::Tree)));
        }
    }

    /// This node's children in the tree and those attached to it, but not
    /// whoever brought the news.
    pub(super) fn children(&self, from: Option<&NodeId>) -> Vec<NodeId> {
        let mut targets = self.attached(from);
        if let Some(position) = self.members.tree_position(&self.config.id) {
            let children = self.config.tuning.tree().targets(position, self.members.tree_count());
            let members = children.into_iter().filter_map(|at| self.members.tree_at(at));
            targets.extend(members.map(|member| member.id.clone()).filter(|id| Some(id) != from));
        }
        targets
    }

    /// Those with whom news is shared whatever the strategy's links are, but
    /// not whoever brought it: the members that take part through this node,
    /// or its host.
    pub(super) fn attached(&self, from: Option<&NodeId>) -> Vec<NodeId> {
        let mut ids: Vec<NodeId> = match self.members.tree_position(&self.config.id) {
            Some(_) => self.linked_leaves().collect(),
            None => self.linked_partners(),
        };
        ids.retain(|id| Some(id) != from);
        ids
    }

    /// Members that take part through this node.
    fn linked_leaves(&self) -> impl Iterator<Item = NodeId> {
        let is_leaf = |id: &NodeId| {
            self.members.member(id).is_some_and(|member| member.is_leaf() && member.status.is_active())
        };
        self.links.peers().into_iter().filter(is_leaf)
    }

    fn is_child_or_parent(&self, id: &NodeId) -> bool {
        let own = self.members.tree_position(&self.config.id);
        let (Some(own), Some(other)) = (own, self.members.tree_position(id)) else {
            return false;
        };
        let (tree, count) = (self.config.tuning.tree(), self.members.tree_count());
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
