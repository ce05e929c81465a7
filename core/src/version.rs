//! Version vectors: which writes of which writer a replica has. They compare
//! and merge; they never tick by themselves and are never pruned by age.
//! (Parker et al., "Detection of Mutual Inconsistency in Distributed
//! Systems", 1983.)

use crate::hash::{self, StateHash};
use crate::id::{NodeId, Writer};
use crate::ordered::Map;
use crate::sort;
use crate::state::Comparison;
use alloc::vec;
use alloc::vec::Vec;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The highest sequence number per writer up to which nothing is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionVector {
    entries: Map<Writer, u64>,
    hash: StateHash,
}

impl VersionVector {
    /// The sequence number for a writer; 0 for an unknown one.
    pub fn sequence(&self, writer: &Writer) -> u64 {
        self.entries.get(writer).copied().unwrap_or(0)
    }

    /// Raises a writer to `sequence`; a lower one changes nothing.
    pub fn raise(&mut self, writer: &Writer, sequence: u64) {
        let before = self.sequence(writer);
        if sequence > before {
            if before > 0 {
                self.hash.toggle(entry_hash(writer, before));
            }
            self.hash.toggle(entry_hash(writer, sequence));
            self.entries.insert(writer.clone(), sequence);
        }
    }

    /// Counts one more write of `writer` and returns its sequence number.
    pub fn increment(&mut self, writer: &Writer) -> u64 {
        let next = self.sequence(writer).saturating_add(1);
        self.raise(writer, next);
        next
    }

    /// Raises every writer to what `other` has.
    pub fn merge(&mut self, other: &Self) {
        let mut new = Vec::new();
        for (writer, sequence) in &other.entries {
            if self.entries.contains_key(writer) {
                self.raise(writer, *sequence);
            } else {
                self.hash.toggle(entry_hash(writer, *sequence));
                new.push((writer.clone(), *sequence));
            }
        }
        self.entries.extend(new);
    }

    /// What both vectors cover.
    pub fn meet(&self, other: &Self) -> Self {
        let lesser =
            |(writer, sequence): (&Writer, u64)| (writer.clone(), sequence.min(other.sequence(writer)));
        self.iter().map(lesser).collect()
    }

    /// Does this vector cover everything that `other` covers?
    pub fn covers(&self, other: &Self) -> bool {
        other.entries.iter().all(|(writer, sequence)| self.sequence(writer) >= *sequence)
    }

    /// What this vector is, seen from `other`.
    pub fn compare(&self, other: &Self) -> Comparison {
        Comparison::of(self.covers(other), other.covers(self))
    }

    /// How many writes of all writers it covers.
    pub fn total(&self) -> u64 {
        self.entries.values().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Writers with their sequence numbers, in the writers' order.
    pub fn iter(&self) -> impl Iterator<Item = (&Writer, u64)> {
        self.entries.iter().map(|(writer, sequence)| (writer, *sequence))
    }

    /// A hash that equal vectors share. Kept up to date, so reading is free.
    pub fn hash(&self) -> StateHash {
        self.hash
    }
}

fn entry_hash(writer: &Writer, sequence: u64) -> u64 {
    hash::part(writer.node.as_str(), &[writer.epoch, sequence])
}

impl FromIterator<(Writer, u64)> for VersionVector {
    fn from_iter<I: IntoIterator<Item = (Writer, u64)>>(entries: I) -> Self {
        let mut entries: Vec<(Writer, u64)> = entries.into_iter().filter(|(_, n)| *n > 0).collect();
        // What a peer sent is in order already, as a rule. Else the greatest of a writer's numbers comes last and counts.
        if !entries.is_sorted_by(|(a, _), (b, _)| a < b) {
            sort::sort(&mut entries);
        }
        let mut vector = Self { entries: entries.into_iter().collect(), ..Self::default() };
        for (writer, sequence) in &vector.entries {
            vector.hash.toggle(entry_hash(writer, *sequence));
        }
        vector
    }
}

/// A list of `[node, [[epoch, sequence], …]]`: a node's name is written once,
/// however many lives it has had.
impl Serialize for VersionVector {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut nodes: Vec<(&NodeId, Vec<(u64, u64)>)> = Vec::new();
        for (writer, sequence) in self.iter() {
            let life = (writer.epoch, sequence);
            match nodes.last_mut() {
                Some((node, lives)) if **node == writer.node => lives.push(life),
                _ => nodes.push((&writer.node, vec![life])),
            }
        }
        nodes.serialize(s)
    }
}

impl<'de> Deserialize<'de> for VersionVector {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let nodes = Vec::<(NodeId, Vec<(u64, u64)>)>::deserialize(d)?;
        let lives = nodes.into_iter().flat_map(|(node, lives)| {
            lives.into_iter().map(move |(epoch, sequence)| (Writer { node: node.clone(), epoch }, sequence))
        });
        Ok(lives.collect())
    }
}
