//! When the state may drop what it keeps only for members who have not seen
//! yet that it is gone: once every active member has. The first member in the
//! tree counts: it asks its children what they have seen, they ask theirs, and
//! what all below have seen comes back up as one digest. The next count tells
//! everyone what the last one found. Nobody counts while there is nothing to
//! drop. A member that is down or has left holds up nothing; if it comes back,
//! or if two views of the tree left someone out, the state sees to it that
//! nothing is brought back.

use super::outbox::Ask;
use super::{Engine, MessageOf};
use crate::event::Cause;
use crate::id::NodeId;
use crate::ordered::Map;
use crate::state::State;
use crate::tree::Tree;
use crate::wire::Message;
use alloc::vec::Vec;

/// Rounds from one count to the next, while there is something to drop. A
/// guess: two counts after a delete nothing is left of it, and a count costs
/// two digests per member.
pub const COUNT_EVERY_ROUNDS: u32 = 5;

/// For how many rounds whoever does not answer is asked again. A guess: by then
/// it is known to be down, or the next count has begun.
const ASK_AGAIN_ROUNDS: u32 = 4 * COUNT_EVERY_ROUNDS;

/// The count that this node takes part in.
#[derive(Debug, Clone)]
pub(super) struct Census<S: State> {
    /// Who asked; none if this node began it, or if there was none yet.
    asked_by: Option<NodeId>,
    number: u64,
    /// Has there been a question at all?
    is_asked: bool,
    /// What all below each child have seen.
    answers: Map<NodeId, S::Digest>,
    /// What all below this node have seen, once they have answered.
    seen: Option<S::Digest>,
    /// What all have seen by the count before, to be passed on.
    stable: Option<S::Digest>,
    /// Does anyone below keep something that is gone?
    wanted: bool,
    rounds: u32,
}

impl<S: State> Default for Census<S> {
    fn default() -> Self {
        Self {
            asked_by: None,
            number: 0,
            is_asked: false,
            answers: Map::new(),
            seen: None,
            stable: None,
            wanted: false,
            rounds: 0,
        }
    }
}

impl<S: State> Census<S> {
    fn begin(&mut self, asked_by: Option<NodeId>, number: u64) {
        let stable = self.stable.take();
        *self = Self { asked_by, number, is_asked: true, stable, ..Self::default() };
    }
}

impl<S: State> Engine<S> {
    /// Begins a count if one is due, asks again where an answer is missing, and
    /// sees to it that the first member hears of what there is to drop.
    pub(super) fn on_census_round(&mut self) {
        self.census.rounds = self.census.rounds.saturating_add(1);
        let due = self.has_garbage_below() && self.census.rounds >= COUNT_EVERY_ROUNDS;
        if due && self.members.tree_position(&self.config.id) == Some(0) {
            let number = self.census.number.wrapping_add(1);
            self.census.begin(None, number);
            self.ask_below();
            self.conclude();
        } else if due && self.census.rounds >= 2 * COUNT_EVERY_ROUNDS {
            self.call_for_count();
        } else if self.is_counting() && self.census.rounds <= ASK_AGAIN_ROUNDS {
            self.ask_below();
            self.probe_below();
            self.conclude();
        }
    }

    /// A member asks what all below this node have seen, and says what all
    /// members have.
    pub(super) fn on_count(&mut self, from: &NodeId, number: u64, stable: Option<S::Digest>) {
        if let Some(stable) = &stable {
            self.stats.collected += u64::from(self.state.collect(core::iter::once(stable)));
        }
        if self.census.asked_by.as_ref() != Some(from) || self.census.number != number {
            self.census.begin(Some(from.clone()), number);
            self.ask_below();
        } else if self.census.seen.is_some() {
            self.outbox(from).counted = true;
        }
        self.census.stable = stable;
        self.conclude();
    }

    /// A member says what all below it have seen, or only that someone there
    /// has something to drop.
    pub(super) fn on_counted(&mut self, from: &NodeId, number: u64, seen: Option<S::Digest>, garbage: bool) {
        let is_new = garbage && !self.census.wanted;
        self.census.wanted |= garbage;
        match seen {
            Some(seen) if number == self.census.number && self.below().contains(from) => {
                self.census.answers.insert(from.clone(), seen);
                self.conclude();
            }
            None if is_new && self.census.rounds >= COUNT_EVERY_ROUNDS => self.call_for_count(),
            _ => {}
        }
    }

    /// The question as it stands now.
    pub(super) fn count_message(&self) -> MessageOf<S> {
        Message::Count { number: self.census.number, stable: self.census.stable.clone() }
    }

    /// The answer to a member as it stands now.
    pub(super) fn counted_message(&self, to: &NodeId) -> MessageOf<S> {
        let Census { asked_by, number, seen, .. } = &self.census;
        let seen = if asked_by.as_ref() == Some(to) { seen.clone() } else { None };
        Message::Counted { number: *number, seen, garbage: self.has_garbage_below() }
    }

    fn has_garbage_below(&self) -> bool {
        self.census.wanted || self.state.has_garbage()
    }

    /// Is there a count that this node has not answered yet?
    fn is_counting(&self) -> bool {
        self.census.is_asked && self.census.seen.is_none()
    }

    fn ask_below(&mut self) {
        for id in self.below() {
            if !self.census.answers.contains_key(&id) {
                self.outbox(&id).count = true;
            }
        }
    }

    /// Whoever does not answer may be down, and then holds up nothing; without
    /// a link to it nobody else might notice soon.
    fn probe_below(&mut self) {
        for id in self.below() {
            if !self.census.answers.contains_key(&id) {
                self.outbox(&id).ask(Ask { store: false, cause: Cause::Silence });
            }
        }
    }

    /// Answers once all below have. At the first member that is the result.
    fn conclude(&mut self) {
        if !self.is_counting() {
            return;
        }
        let own = self.state.digest();
        let mut seen = S::meet(&own, &own);
        for id in self.below() {
            let Some(theirs) = self.census.answers.get(&id) else { return };
            seen = S::meet(&seen, theirs);
        }
        self.census.seen = Some(seen.clone());
        match self.census.asked_by.clone() {
            Some(asker) => self.outbox(&asker).counted = true,
            None => {
                self.stats.collected += u64::from(self.state.collect(core::iter::once(&seen)));
                self.census.stable = Some(seen);
            }
        }
    }

    /// Tells whoever is above that there is something to drop.
    fn call_for_count(&mut self) {
        if let Some(id) = self.above() {
            self.outbox(&id).counted = true;
        }
    }

    /// The members that this node asks: every member is below exactly one other.
    fn below(&self) -> Vec<NodeId> {
        let Some(position) = self.members.tree_position(&self.config.id) else { return Vec::new() };
        let children = self.census_tree().children(position, self.members.tree_count());
        let children = children.into_iter().filter_map(|at| self.members.tree_at(at));
        let mut ids: Vec<NodeId> = children.map(|member| member.id.clone()).collect();
        ids.extend(self.attached(None));
        ids
    }

    fn above(&self) -> Option<NodeId> {
        let Some(position) = self.members.tree_position(&self.config.id) else {
            return self.linked_partners().into_iter().next();
        };
        let parent = self.census_tree().parents(position, self.members.tree_count()).first().copied()?;
        self.members.tree_at(parent).map(|member| member.id.clone())
    }

    fn census_tree(&self) -> Tree {
        Tree { arity: self.config.tuning.arity.max(1), cycles: false }
    }
}
