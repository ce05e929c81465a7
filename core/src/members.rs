//! The member list: who is in the cluster, as this node knows. A mergeable
//! value: records of the same node order totally, the greatest wins, so every
//! node ends with the same list whatever order news came in. How silence is
//! noticed and how news travels is the engine's business, not the list's.

use crate::hash::{self, StateHash};
use crate::id::{Address, Incarnation, NodeId};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

/// Most members in a list; records of further nodes are refused. A guess:
/// sixteen thousand records are about a megabyte.
pub const MEMBERS_MAX: usize = 16_384;

/// What the cluster believes of a member. At equal incarnations the later one
/// in this order wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Started, and has not yet heard from another member.
    Joining,
    /// Takes part.
    Alive,
    /// Has been silent for too long.
    Down,
    /// Said goodbye.
    Left,
}

impl Status {
    /// Is it gossiped with, and in the tree?
    pub fn is_active(self) -> bool {
        matches!(self, Self::Joining | Self::Alive)
    }

    /// The status in one lower-case word, as in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Joining => "joining",
            Self::Alive => "alive",
            Self::Down => "down",
            Self::Left => "left",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What is known of one node. Field order is merge order: a later life beats
/// everything of an earlier one, then the status, then the address (which only
/// differs within one life if two nodes claim one name).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Member {
    /// The node's name.
    pub id: NodeId,
    /// The life that this record speaks of.
    pub incarnation: Incarnation,
    /// What is believed of it.
    pub status: Status,
    /// Where it can be dialled; none if it cannot.
    pub address: Option<Address>,
}

impl Member {
    fn hash(&self) -> u64 {
        let status = self.status as u64;
        let address = self.address.as_ref().map_or(0, |a| hash::part(a.as_str(), &[]));
        hash::part(self.id.as_str(), &[self.incarnation.0, status, address])
    }
}

/// The member list, sorted by name. Cloning is cheap: lists and records are
/// shared until they change, which lets a simulator start a thousand nodes
/// that all know each other.
#[derive(Debug, Clone, Default)]
pub struct Members(Arc<List>);

#[derive(Debug, Clone, Default)]
struct List {
    records: Vec<Arc<Member>>,
    /// Indices of the active records, ascending: the tree's list.
    active: Vec<u32>,
    hash: StateHash,
}

impl Members {
    /// The record of a node.
    pub fn member(&self, id: &NodeId) -> Option<&Member> {
        self.position(id).ok().map(|at| &*self.0.records[at])
    }

    /// The status of a node, if it is known.
    pub fn status(&self, id: &NodeId) -> Option<Status> {
        self.member(id).map(|member| member.status)
    }

    /// Is the node known and active?
    pub fn is_active(&self, id: &NodeId) -> bool {
        self.status(id).is_some_and(Status::is_active)
    }

    /// All records, by name.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Member> + ExactSizeIterator {
        self.0.records.iter().map(|member| &**member)
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.0.records.len()
    }

    /// Is the list empty?
    pub fn is_empty(&self) -> bool {
        self.0.records.is_empty()
    }

    /// How many members are active.
    pub fn active_count(&self) -> u32 {
        self.0.active.len() as u32
    }

    /// The active member at a position of the tree's list.
    pub fn active_at(&self, position: u32) -> Option<&Member> {
        let at = *self.0.active.get(position as usize)?;
        Some(&self.0.records[at as usize])
    }

    /// The position of a node in the tree's list, if it is active.
    pub fn active_position(&self, id: &NodeId) -> Option<u32> {
        let at = self.position(id).ok()? as u32;
        self.0.active.binary_search(&at).ok().map(|position| position as u32)
    }

    /// A hash that equal lists share.
    pub fn hash(&self) -> StateHash {
        self.0.hash
    }

    /// Takes in a record. True if it was news.
    pub fn merge(&mut self, member: Member) -> bool {
        match self.position(&member.id) {
            Ok(at) if *self.0.records[at] >= member => false,
            Ok(at) => {
                let list = Arc::make_mut(&mut self.0);
                let was_active = list.records[at].status.is_active();
                list.hash.toggle(list.records[at].hash());
                list.hash.toggle(member.hash());
                let is_active = member.status.is_active();
                list.records[at] = Arc::new(member);
                if was_active != is_active {
                    list.index_active();
                }
                true
            }
            Err(_) if self.len() >= MEMBERS_MAX => false,
            Err(at) => {
                let list = Arc::make_mut(&mut self.0);
                list.hash.toggle(member.hash());
                list.records.insert(at, Arc::new(member));
                list.index_active();
                true
            }
        }
    }

    fn position(&self, id: &NodeId) -> Result<usize, usize> {
        self.0.records.binary_search_by(|member| member.id.cmp(id))
    }
}

impl List {
    fn index_active(&mut self) {
        self.active.clear();
        let records = self.records.iter().zip(0..);
        self.active.extend(records.filter(|(member, _)| member.status.is_active()).map(|(_, at)| at));
    }
}

impl FromIterator<Member> for Members {
    fn from_iter<I: IntoIterator<Item = Member>>(members: I) -> Self {
        let mut list = List::default();
        let mut sorted: Vec<Member> = members.into_iter().collect();
        sorted.sort();
        for member in sorted {
            match list.records.last_mut() {
                Some(last) if last.id == member.id => *last = Arc::new(member),
                _ => list.records.push(Arc::new(member)),
            }
        }
        list.records.truncate(MEMBERS_MAX);
        for member in &list.records {
            list.hash.toggle(member.hash());
        }
        list.index_active();
        Self(Arc::new(list))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    fn member(name: &str, incarnation: u64, status: Status) -> Member {
        let id = NodeId::new(name).expect("a valid name");
        Member { id, incarnation: Incarnation(incarnation), status, address: None }
    }

    #[test]
    fn any_order_of_news_ends_in_the_same_list() {
        let statuses = [Status::Joining, Status::Alive, Status::Down, Status::Left];
        let mut news = Vec::new();
        for name in ["a", "b", "c"] {
            for incarnation in 1..4 {
                news.extend(statuses.iter().map(|s| member(name, incarnation, *s)));
            }
        }
        let expected: Members = news.iter().cloned().collect();
        let mut rng = Rng::new(5);
        for _ in 0..50 {
            let mut list = Members::default();
            for at in rng.sample(news.len() as u32, news.len() as u32) {
                list.merge(news[at as usize].clone());
                list.merge(news[at as usize].clone());
            }
            assert_eq!(list.0.records, expected.0.records);
            assert_eq!(list.hash(), expected.hash());
            assert_eq!(list.0.active, expected.0.active);
        }
    }

    #[test]
    fn a_later_life_beats_death_and_not_the_other_way_round() {
        let mut list = Members::default();
        assert!(list.merge(member("a", 1, Status::Down)));
        assert!(list.merge(member("a", 2, Status::Alive)));
        assert!(!list.merge(member("a", 1, Status::Left)), "old news");
        assert_eq!(list.active_position(&NodeId::new("a").expect("valid")), Some(0));
    }

    #[test]
    fn copies_do_not_share_changes() {
        let mut list: Members = [member("a", 1, Status::Alive)].into_iter().collect();
        let copy = list.clone();
        list.merge(member("a", 1, Status::Down));
        assert_eq!((copy.active_count(), list.active_count()), (1, 0));
    }
}
