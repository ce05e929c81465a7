//! The cluster at a moment of a recording, folded from its records, as far as they tell. Pure.

use crate::lab::deed::split;
use crate::lab::paths::{Path, cut_paths};
use crate::lab::protocol::{NodeState, Totals, WRITES_MAX};
use rumormill_core::event::{Event, TraceEvent};
use rumormill_core::state::store::{Key, Kind};
use rumormill_core::{NodeId, Status, TraceRecord};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

/// Most cut directions between two nodes that are kept: those of a hundred nodes that tell of ten thousand each. A line
/// can name any number of nodes, and each takes two.
pub(super) const CUTS_MAX: usize = 1_000_000;

/// What holds for a recording as a whole.
#[derive(Debug, Default)]
pub(super) struct Cast {
    /// All nodes that it names, in the order of their names.
    pub(super) names: Vec<NodeId>,
    /// Which of them it has records of.
    pub(super) own: Vec<bool>,
    /// Do all know each other from the start?
    pub(super) known: bool,
    /// Does it tell when a node starts and crashes? Live nodes only tell what happens while they run.
    pub(super) tells_lives: bool,
    /// Does it tell when someone asked for a write? Otherwise a change of a node's own counts as one.
    pub(super) tells_writes: bool,
}

impl Cast {
    pub(super) fn index(&self, id: &NodeId) -> Option<u32> {
        self.names.binary_search(id).ok().map(|index| index as u32)
    }
}

/// How a node learned of a change of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Learned {
    pub(super) at_us: u64,
    /// From whom; itself if it wrote it.
    pub(super) from: u32,
    pub(super) hops: u32,
}

/// A write, and who has it.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) number: u64,
    pub(super) at_us: u64,
    pub(super) node: u32,
    pub(super) key: Key,
    pub(super) learned: BTreeMap<u32, Learned>,
}

/// A node.
#[derive(Clone, Debug)]
pub(super) struct NodeNow {
    pub(super) state: NodeState,
    pub(super) incarnation: u64,
    pub(super) rounds: u64,
    pub(super) messages: [u64; 2],
    pub(super) bytes: [u64; 2],
    pub(super) denials: u64,
    /// How late it handles what reaches it, and how far its clock is ahead.
    pub(super) slow_us: u64,
    pub(super) ahead_us: i64,
    pub(super) links: BTreeSet<u32>,
    /// When a send to each of these was put off last.
    pub(super) denied: BTreeMap<u32, u64>,
    /// When each key last read differently here, and from whom that came.
    pub(super) keys: BTreeMap<Key, (u64, Kind, Option<u32>)>,
    /// Does it still know everyone from the start?
    pub(super) knows_all: bool,
    /// What it believes of others, as far as that was told.
    beliefs: BTreeMap<u32, Status>,
    /// How many of these it believes to be active.
    told_active: u32,
}

/// The cluster.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    cast: Rc<Cast>,
    pub(super) nodes: Vec<NodeNow>,
    pub(super) groups: Vec<u8>,
    cut_at_us: Option<u64>,
    cuts: BTreeSet<(u32, u32)>,
    /// How many paths these cut; one that is cut both ways is one.
    paths_cut: u32,
    cuts_unkept: u64,
    /// The latest, oldest first.
    pub(super) writes: VecDeque<Written>,
    writes_made: u64,
    pub(super) totals: Totals,
    /// Messages that can carry state and have arrived.
    pub(super) arrived: u64,
}

impl Cluster {
    pub(super) fn new(cast: &Rc<Cast>) -> Self {
        let node = |own: &bool| NodeNow {
            state: NodeState::Alive,
            incarnation: 0,
            rounds: 0,
            messages: [0; 2],
            bytes: [0; 2],
            denials: 0,
            slow_us: 0,
            ahead_us: 0,
            links: BTreeSet::new(),
            denied: BTreeMap::new(),
            keys: BTreeMap::new(),
            knows_all: cast.known && *own,
            beliefs: BTreeMap::new(),
            told_active: 0,
        };
        Self {
            nodes: cast.own.iter().map(node).collect(),
            cast: Rc::clone(cast),
            groups: Vec::new(),
            cut_at_us: None,
            cuts: BTreeSet::new(),
            paths_cut: 0,
            cuts_unkept: 0,
            writes: VecDeque::new(),
            writes_made: 0,
            totals: Totals::default(),
            arrived: 0,
        }
    }

    /// What one node believes of another; none if that was not told.
    pub(super) fn belief(&self, who: u32, of: u32) -> Option<Status> {
        let node = &self.nodes[who as usize];
        node.beliefs.get(&of).copied().or_else(|| node.knows_all.then_some(Status::Alive))
    }

    /// How many nodes one of them believes to be active.
    pub(super) fn active(&self, who: u32) -> u32 {
        let node = &self.nodes[who as usize];
        let untold = if node.knows_all { self.nodes.len() - node.beliefs.len() } else { 0 };
        node.told_active + untold as u32
    }

    /// By how many of those that are up each node is suspected, as far as that was told.
    pub(super) fn suspected(&self) -> Vec<u32> {
        let mut by = vec![0; self.nodes.len()];
        let up = self.nodes.iter().filter(|node| node.state.is_up());
        for (of, _) in up.flat_map(|node| &node.beliefs).filter(|(_, status)| **status == Status::Suspect) {
            by[*of as usize] += 1;
        }
        by
    }

    /// How many things it holds, each of which takes some tens of bytes.
    pub(super) fn weight(&self) -> usize {
        let of =
            |node: &NodeNow| 4 + node.links.len() + node.denied.len() + node.keys.len() + node.beliefs.len();
        let learned: usize = self.writes.iter().map(|write| write.learned.len()).sum();
        self.nodes.iter().map(of).sum::<usize>() + self.cuts.len() + learned
    }

    /// How many cut directions were not kept.
    pub(super) fn cuts_unkept(&self) -> u64 {
        self.cuts_unkept
    }

    fn cut(&mut self, from: u32, to: u32) {
        if self.cuts.len() < CUTS_MAX {
            if self.cuts.insert((from, to)) && !self.cuts.contains(&(to, from)) {
                self.paths_cut += 1;
            }
        } else if !self.cuts.contains(&(from, to)) {
            self.cuts_unkept += 1;
        }
    }

    fn mend(&mut self, a: u32, b: u32) {
        let cut = [(a, b), (b, a)].map(|way| self.cuts.remove(&way));
        self.paths_cut -= u32::from(cut != [false, false]);
    }

    /// Is it in parts?
    pub(super) fn is_parted(&self) -> bool {
        !self.groups.is_empty()
    }

    /// How many paths between two nodes are cut beside that.
    pub(super) fn paths_cut(&self) -> u32 {
        self.paths_cut
    }

    /// Each of these paths.
    pub(super) fn paths(&self) -> impl Iterator<Item = Path> {
        cut_paths(self.cuts.iter().copied(), |from, to| self.cuts.contains(&(from, to)))
    }

    /// To whom nothing passes from a node.
    pub(super) fn cut_from(&self, node: u32) -> impl Iterator<Item = u32> {
        self.cuts.range((node, 0)..=(node, u32::MAX)).map(|(_, to)| *to)
    }

    /// From whom nothing passes to a node.
    pub(super) fn cut_to(&self, node: u32) -> impl Iterator<Item = u32> {
        (0..self.nodes.len() as u32).filter(move |from| self.cuts.contains(&(*from, node)))
    }

    /// Does nothing pass from one to the other?
    pub(super) fn blocks(&self, from: u32, to: u32) -> bool {
        let group = |node: u32| self.groups.get(node as usize);
        group(from) != group(to) || self.cuts.contains(&(from, to))
    }

    pub(super) fn up(&self) -> u32 {
        self.nodes.iter().filter(|node| node.state.is_up()).count() as u32
    }

    /// How many nodes that are up have a write.
    pub(super) fn informed(&self, write: &Written) -> u32 {
        let is_up = |node: &&u32| self.nodes[**node as usize].state.is_up();
        write.learned.keys().filter(is_up).count() as u32
    }

    /// Takes in what happens next.
    pub(super) fn apply(&mut self, record: &TraceRecord) {
        self.totals.events += 1;
        let at_us = record.at.as_micros();
        let node = record.node.as_ref().and_then(|id| self.cast.index(id));
        let Some(node) = node else { return self.apply_to_network(&record.event, at_us) };
        let now = &mut self.nodes[node as usize];
        if !self.cast.tells_lives && now.state == NodeState::Down {
            now.state = NodeState::Alive;
        }
        match &record.event {
            TraceEvent::Node(event) => self.apply_of_node(node, event, at_us),
            TraceEvent::Started { incarnation } => {
                let again = now.incarnation > 0 || (self.cast.tells_lives && incarnation.0 > 1);
                (now.state, now.incarnation) = (NodeState::Alive, incarnation.0);
                if again {
                    self.begin_anew(node, false);
                }
            }
            TraceEvent::Recovered { incarnation } => {
                (now.state, now.incarnation) = (NodeState::Alive, incarnation.0);
                self.begin_anew(node, true);
            }
            TraceEvent::Crashed => {
                now.state = NodeState::Down;
                now.links.clear();
            }
            TraceEvent::Paused => now.state = NodeState::Paused,
            TraceEvent::Resumed => now.state = NodeState::Alive,
            TraceEvent::Lost { .. } => self.totals.lost += 1,
            TraceEvent::Cut(others) => {
                let others: Vec<u32> = others.iter().filter_map(|id| self.cast.index(id)).collect();
                for other in others {
                    self.cut(node, other);
                    self.cut(other, node);
                }
            }
            TraceEvent::CutOneWay(to) => {
                if let Some(to) = self.cast.index(to) {
                    self.cut(node, to);
                }
            }
            TraceEvent::Mended(to) => {
                if let Some(to) = self.cast.index(to) {
                    self.mend(node, to);
                }
            }
            TraceEvent::Healed => self.heal(),
            TraceEvent::Wrote { key, .. } => self.written(node, key, at_us),
            TraceEvent::Slowed { delay_us } => now.slow_us = delay_us.as_micros(),
            TraceEvent::ClockSet { ahead_us, .. } => now.ahead_us = *ahead_us,
            TraceEvent::Skipped(_) | TraceEvent::Duplicated { .. } => {}
        }
    }

    fn apply_to_network(&mut self, event: &TraceEvent, at_us: u64) {
        match event {
            TraceEvent::Cut(part) => {
                // The parts of a partition are told one by one; another partition takes the place of the one before.
                if self.cut_at_us != Some(at_us) {
                    (self.cut_at_us, self.groups) = (Some(at_us), Vec::new());
                }
                let part: Vec<u32> = part.iter().filter_map(|id| self.cast.index(id)).collect();
                if let Ok(groups) = split(&self.groups, self.nodes.len() as u32, &part) {
                    self.groups = groups;
                }
            }
            TraceEvent::Healed => self.heal(),
            _ => {}
        }
    }

    fn heal(&mut self) {
        self.groups.clear();
        self.cuts.clear();
        self.paths_cut = 0;
        self.cut_at_us = None;
    }

    /// A node that starts again knows nobody; without its data it has nothing either.
    fn begin_anew(&mut self, node: u32, with_data: bool) {
        let now = &mut self.nodes[node as usize];
        (now.knows_all, now.rounds, now.denials) = (false, 0, 0);
        (now.messages, now.bytes) = ([0; 2], [0; 2]);
        now.links.clear();
        now.denied.clear();
        now.beliefs.clear();
        now.told_active = 0;
        if !with_data {
            now.keys.clear();
            for write in &mut self.writes {
                write.learned.remove(&node);
            }
        }
    }

    fn apply_of_node(&mut self, node: u32, event: &Event, at_us: u64) {
        let now = &mut self.nodes[node as usize];
        match event {
            Event::Round { .. } => now.rounds += 1,
            Event::Sent { kind, bytes, .. } => {
                now.messages[0] += 1;
                now.bytes[0] += u64::from(*bytes);
                self.totals.messages += 1;
                self.totals.payload += u64::from(kind.is_payload());
                self.totals.bytes += u64::from(*bytes);
            }
            Event::Received { kind, bytes, .. } => {
                self.arrived += u64::from(kind.is_payload());
                now.messages[1] += 1;
                now.bytes[1] += u64::from(*bytes);
            }
            Event::Denied { to, .. } => {
                now.denials += 1;
                now.denied.extend(self.cast.index(to).map(|to| (to, at_us)));
                self.totals.denials += 1;
            }
            Event::LinkUp { peer, .. } => now.links.extend(self.cast.index(peer)),
            Event::LinkDown { peer, .. } => {
                if let Some(peer) = peer.as_ref().and_then(|peer| self.cast.index(peer)) {
                    now.links.remove(&peer);
                }
            }
            Event::Member { id, status, .. } => {
                if let Some(of) = self.cast.index(id) {
                    self.believe(node, of, *status);
                }
            }
            Event::Changed { key, kind, from } => {
                let from = from.as_ref().and_then(|from| self.cast.index(from));
                now.keys.insert(key.clone(), (at_us, *kind, from));
                match from {
                    Some(from) => self.learn(node, from, key, at_us),
                    None if !self.cast.tells_writes => self.written(node, key, at_us),
                    None => {}
                }
            }
            Event::Stopped => {
                now.state = NodeState::Left;
                now.links.clear();
            }
            Event::NameTaken { .. } | Event::Service { .. } | Event::ClockAhead { .. } => {}
        }
    }

    fn believe(&mut self, who: u32, of: u32, status: Status) {
        let node = &mut self.nodes[who as usize];
        let before = node.beliefs.insert(of, status);
        node.told_active += u32::from(status.is_active());
        node.told_active -= u32::from(before.is_some_and(|before| before.is_active()));
        // Of a node without records of its own there is only what others say, and nobody tells of their own end.
        let state = &mut self.nodes[of as usize].state;
        if !self.cast.tells_lives && status == Status::Down && *state == NodeState::Alive {
            *state = NodeState::Down;
        }
        if !self.cast.own[of as usize] {
            *state = match status {
                Status::Alive | Status::Suspect => NodeState::Alive,
                Status::Joining => NodeState::Joining,
                Status::Down => NodeState::Down,
                Status::Leaving | Status::Left => NodeState::Left,
            };
        }
    }

    fn written(&mut self, node: u32, key: &Key, at_us: u64) {
        self.writes_made += 1;
        if self.writes.len() == WRITES_MAX as usize {
            self.writes.pop_front();
        }
        let learned = BTreeMap::from([(node, Learned { at_us, from: node, hops: 0 })]);
        self.writes.push_back(Written { number: self.writes_made, at_us, node, key: key.clone(), learned });
    }

    /// A node's key reads differently: it has those writes of it that whoever sent it had.
    fn learn(&mut self, node: u32, from: u32, key: &Key, at_us: u64) {
        let is_told = self.cast.own[from as usize];
        for write in self.writes.iter_mut().filter(|write| write.key == *key) {
            let before = write.learned.get(&from).copied();
            if before.is_none() && is_told {
                continue;
            }
            let hops = before.map_or(1, |before| before.hops + 1);
            write.learned.entry(node).or_insert(Learned { at_us, from, hops });
        }
    }
}
