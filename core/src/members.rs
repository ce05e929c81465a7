//! The member list: who is in the cluster, as this node knows. A mergeable
//! value: every node ends with the same list whatever order news came in. How
//! silence is noticed, how news travels and who is forgotten when is the
//! engine's business, not the list's.

use crate::hash::{self, StateHash};
use crate::id::{Address, Incarnation, NodeId};
use crate::services::{Service, Services};
use crate::sort::{sort, sort_by};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use serde::{Deserialize, Serialize};

/// Most members in a list; records of further nodes are refused. A guess:
/// sixteen thousand records are about a megabyte.
pub const MEMBERS_MAX: usize = 16_384;

/// Most accusers that a suspicion names: as many independent confirmations as
/// Lifeguard counts (Dadgar et al. 2018, §4.2: K = 3), and the first accuser.
pub const ACCUSERS_MAX: usize = 4;

/// What the cluster believes of a member. At equal incarnations the later one
/// in this order wins: a suspicion beats life, death beats suspicion, and what
/// a node says of its own leaving beats what others believe of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Started, and has not yet heard from another member.
    Joining,
    /// Takes part.
    Alive,
    /// Did not answer someone; takes part until it is down.
    Suspect,
    /// Was suspected and did not deny it in time.
    Down,
    /// Hands over what it has, and will be gone.
    Leaving,
    /// Said goodbye.
    Left,
}

impl Status {
    /// All statuses, in order.
    pub const ALL: [Self; 6] =
        [Self::Joining, Self::Alive, Self::Suspect, Self::Down, Self::Leaving, Self::Left];

    /// Is it gossiped with, and in the tree if it can be dialled?
    pub fn is_active(self) -> bool {
        matches!(self, Self::Joining | Self::Alive | Self::Suspect)
    }

    /// Is it over with this life of the node?
    pub fn is_gone(self) -> bool {
        matches!(self, Self::Down | Self::Left)
    }

    /// The status in one lower-case word, as in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Joining => "joining",
            Self::Alive => "alive",
            Self::Suspect => "suspect",
            Self::Down => "down",
            Self::Leaving => "leaving",
            Self::Left => "left",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What is known of one node: its standing, who accuses it, and its services.
///
/// Records of one node merge: of two standings the greater holds, by
/// incarnation, then status, then by fields that only differ where two nodes
/// claim one name; the accusers of one suspicion add up; of services the later
/// version holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The node's name.
    pub id: NodeId,
    /// The life that this record speaks of, refutations counted.
    pub incarnation: Incarnation,
    /// What is believed of it.
    pub status: Status,
    /// The incarnation with which its process began. Of two nodes with one
    /// name the earlier born keeps it.
    pub birth: Incarnation,
    /// Where it can be dialled; none if it cannot. Such a member is a leaf:
    /// nobody's partner but its host's, and not in the tree.
    pub address: Option<Address>,
    /// Through whom a member that cannot be dialled takes part.
    pub host: Option<NodeId>,
    /// Who did not get an answer, if it is suspected; the least names of them.
    pub accusers: Vec<NodeId>,
    /// What it offers.
    pub services: Services,
}

impl Member {
    /// A node in the first moment of a life.
    pub fn new(id: NodeId, incarnation: Incarnation, status: Status, address: Option<Address>) -> Self {
        Self {
            id,
            incarnation,
            status,
            birth: incarnation,
            address,
            host: None,
            accusers: Vec::new(),
            services: Services::default(),
        }
    }

    /// Is it active without being dialable?
    pub fn is_leaf(&self) -> bool {
        self.address.is_none()
    }

    /// Is it gossiped with, and does it have a place in the tree?
    pub fn is_in_tree(&self) -> bool {
        self.status.is_active() && !self.is_leaf()
    }

    /// This record with everything that another one of the same node knows
    /// better. Commutative, associative, idempotent.
    pub fn joined(&self, other: &Self) -> Self {
        let (mut joined, lesser) = match self.standing().cmp(&other.standing()) {
            Ordering::Less => (other.clone(), self),
            Ordering::Greater => (self.clone(), other),
            Ordering::Equal => {
                let mut joined = self.clone();
                joined.accusers.extend(other.accusers.iter().cloned());
                sort(&mut joined.accusers);
                joined.accusers.dedup();
                joined.accusers.truncate(ACCUSERS_MAX);
                (joined, other)
            }
        };
        if joined.services < lesser.services {
            joined.services = lesser.services.clone();
        }
        joined
    }

    /// Does this record know anything better than that one?
    pub fn adds_to(&self, other: &Self) -> bool {
        self != other && other.joined(self) != *other
    }

    /// Everything of the record that orders totally.
    pub fn standing(&self) -> impl Ord + use<'_> {
        (self.incarnation, self.status, self.birth, &self.address, &self.host)
    }

    /// Its services, if this very life of the node published them.
    pub fn current_services(&self) -> &[Service] {
        if self.services.life == self.birth { &self.services.list } else { &[] }
    }

    fn hash(&self) -> u64 {
        let text = |text: Option<&str>| text.map_or(0, |text| hash::part(text, &[]));
        let accusers = self.accusers.iter().fold(0, |sum, id| hash::part(id.as_str(), &[sum]));
        hash::part(
            self.id.as_str(),
            &[
                self.incarnation.0,
                self.status as u64,
                self.birth.0,
                text(self.address.as_ref().map(Address::as_str)),
                text(self.host.as_ref().map(NodeId::as_str)),
                accusers,
                self.services.version,
                self.services.life.0,
            ],
        )
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
    /// Indices of the active records that can be dialled, ascending: the
    /// tree's list.
    in_tree: Vec<u32>,
    /// How many records are active.
    active: u32,
    /// Of all records but those that are gone: they are forgotten at different
    /// times, and nobody is to notice.
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

    /// How many members are active, those that cannot be dialled included.
    pub fn active_count(&self) -> u32 {
        self.0.active
    }

    /// How many members are in the tree: the active ones that can be dialled.
    pub fn tree_count(&self) -> u32 {
        self.0.in_tree.len() as u32
    }

    /// The member at a position of the tree's list.
    pub fn tree_at(&self, position: u32) -> Option<&Member> {
        let at = *self.0.in_tree.get(position as usize)?;
        Some(&self.0.records[at as usize])
    }

    /// The position of a node in the tree's list, if it is in there.
    pub fn tree_position(&self, id: &NodeId) -> Option<u32> {
        let at = self.position(id).ok()? as u32;
        self.0.in_tree.binary_search(&at).ok().map(|position| position as u32)
    }

    /// A hash that lists share in which the same nodes take part in the same
    /// way. Those that are gone do not count.
    pub fn hash(&self) -> StateHash {
        self.0.hash
    }

    /// Takes in a record. True if it was news.
    pub fn merge(&mut self, member: Member) -> bool {
        match self.position(&member.id) {
            Ok(at) => {
                let joined = self.0.records[at].joined(&member);
                if joined == *self.0.records[at] {
                    return false;
                }
                let list = Arc::make_mut(&mut self.0);
                let place = |member: &Member| (member.status.is_active(), member.is_in_tree());
                let moved = place(&list.records[at]) != place(&joined);
                list.toggle(at);
                list.records[at] = Arc::new(joined);
                list.toggle(at);
                if moved {
                    list.index();
                }
                true
            }
            Err(_) if self.len() >= MEMBERS_MAX => false,
            Err(at) => {
                let list = Arc::make_mut(&mut self.0);
                list.records.insert(at, Arc::new(member));
                list.toggle(at);
                list.index();
                true
            }
        }
    }

    /// Drops the record of a node.
    pub fn forget(&mut self, id: &NodeId) {
        if let Ok(at) = self.position(id) {
            let list = Arc::make_mut(&mut self.0);
            list.toggle(at);
            list.records.remove(at);
            list.index();
        }
    }

    fn position(&self, id: &NodeId) -> Result<usize, usize> {
        self.0.records.binary_search_by(|member| member.id.cmp(id))
    }
}

impl List {
    fn index(&mut self) {
        self.in_tree.clear();
        let records = self.records.iter().zip(0..);
        self.in_tree.extend(records.filter(|(member, _)| member.is_in_tree()).map(|(_, at)| at));
        self.active = self.records.iter().filter(|member| member.status.is_active()).count() as u32;
    }

    fn toggle(&mut self, at: usize) {
        let member = &self.records[at];
        if !member.status.is_gone() {
            self.hash.toggle(member.hash());
        }
    }
}

impl FromIterator<Member> for Members {
    fn from_iter<I: IntoIterator<Item = Member>>(members: I) -> Self {
        let mut list = List::default();
        let mut sorted: Vec<Member> = members.into_iter().collect();
        sort_by(&mut sorted, |a, b| a.id.cmp(&b.id));
        for member in sorted {
            match list.records.last_mut() {
                Some(last) if last.id == member.id => *last = Arc::new(last.joined(&member)),
                _ => list.records.push(Arc::new(member)),
            }
        }
        list.records.truncate(MEMBERS_MAX);
        (0..list.records.len()).for_each(|at| list.toggle(at));
        list.index();
        Self(Arc::new(list))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    fn member(name: &str, incarnation: u64, status: Status) -> Member {
        let address = Some(Address::new("ws://somewhere/gossip").expect("valid"));
        Member::new(NodeId::new(name).expect("a valid name"), Incarnation(incarnation), status, address)
    }

    fn suspect(name: &str, accuser: &str) -> Member {
        let accusers = alloc::vec![NodeId::new(accuser).expect("a valid name")];
        Member { accusers, ..member(name, 3, Status::Suspect) }
    }

    fn offering(name: &str, version: u64) -> Member {
        let services = Services { life: Incarnation(1), version, ..Services::default() };
        Member { services, ..member(name, 1, Status::Alive) }
    }

    #[test]
    fn any_order_of_news_ends_in_the_same_list() {
        let mut news = Vec::new();
        for name in ["a", "b", "c"] {
            for incarnation in 1..3 {
                news.extend(Status::ALL.iter().map(|s| member(name, incarnation, *s)));
            }
            news.extend(["e", "d", "f", "h", "g", "i"].map(|accuser| suspect(name, accuser)));
            news.extend([3, 1, 2].map(|version| offering(name, version)));
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
    fn accusers_add_up_to_a_few_and_services_keep_their_own_pace() {
        let mut list = Members::default();
        list.merge(member("a", 3, Status::Alive));
        for accuser in ["e", "d", "f", "h", "g", "i"] {
            list.merge(suspect("a", accuser));
        }
        list.merge(offering("a", 7));
        let a = list.member(&NodeId::new("a").expect("valid")).expect("known");
        assert_eq!(a.accusers.iter().map(NodeId::as_str).collect::<Vec<_>>(), ["d", "e", "f", "g"]);
        assert_eq!((a.status, a.services.version), (Status::Suspect, 7), "one of an earlier life too");
        let denied = member("a", 4, Status::Alive);
        assert!(list.merge(denied));
        assert!(!list.merge(suspect("a", "b")), "denied");
    }

    #[test]
    fn who_is_gone_or_forgotten_makes_no_difference_to_the_hash() {
        let mut knows: Members = ["a", "b"].map(|name| member(name, 1, Status::Alive)).into_iter().collect();
        let never_knew = knows.clone();
        knows.merge(member("c", 1, Status::Alive));
        assert_ne!(knows.hash(), never_knew.hash());
        knows.merge(member("c", 1, Status::Down));
        assert_eq!(knows.hash(), never_knew.hash());
        knows.forget(&NodeId::new("c").expect("valid"));
        assert_eq!((knows.hash(), knows.len()), (never_knew.hash(), 2));
    }

    #[test]
    fn a_member_that_cannot_be_dialled_is_active_and_not_in_the_tree() {
        let leaf = Member { address: None, ..member("b", 1, Status::Alive) };
        let list: Members = [member("a", 1, Status::Alive), leaf].into_iter().collect();
        assert_eq!((list.active_count(), list.tree_count()), (2, 1));
        assert_eq!(list.tree_position(&NodeId::new("b").expect("valid")), None);
    }

    #[test]
    fn a_later_life_beats_death_and_not_the_other_way_round() {
        let mut list = Members::default();
        assert!(list.merge(member("a", 1, Status::Down)));
        assert!(list.merge(member("a", 2, Status::Alive)));
        assert!(!list.merge(member("a", 1, Status::Left)), "old news");
        assert_eq!(list.tree_position(&NodeId::new("a").expect("valid")), Some(0));
    }

    #[test]
    fn copies_do_not_share_changes() {
        let mut list: Members = [member("a", 1, Status::Alive)].into_iter().collect();
        let copy = list.clone();
        list.merge(member("a", 1, Status::Down));
        assert_eq!((copy.active_count(), list.active_count()), (1, 0));
    }
}
