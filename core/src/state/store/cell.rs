//! A place that several nodes may write at once and that keeps what was
//! written concurrently: siblings, each with its dot, and the causal context
//! of all that was ever written there. A sibling goes when a write arrives
//! that had seen it, and does not come back however late it is delivered.
//! (Preguiça et al., "Dotted Version Vectors", 2010; Riak's `dvvset`.)
//! Multi-value registers are one cell, sets one cell per element.

use crate::id::Writer;
use crate::ordered::Map;
use crate::version::VersionVector;
use serde::{Deserialize, Serialize};

/// One write: who, and the how-manieth of that writer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Dot {
    /// Whose.
    pub writer: Writer,
    /// Its sequence number.
    pub sequence: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell<T> {
    context: VersionVector,
    siblings: Map<Dot, Sibling<T>>,
}

/// What one write left, and what had been written there when it was made: that
/// much it replaces, and no more, wherever it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sibling<T> {
    value: T,
    past: VersionVector,
}

impl<T> Default for Cell<T> {
    fn default() -> Self {
        Self { context: VersionVector::default(), siblings: Map::new() }
    }
}

impl<T: Ord> Cell<T> {
    /// Replaces everything that stands here.
    pub(crate) fn write(&mut self, dot: Dot, value: T) {
        let past = self.context.clone();
        self.context.raise(&dot.writer, dot.sequence);
        self.siblings.clear();
        self.siblings.insert(dot, Sibling { value, past });
    }

    /// Takes in another replica's cell. True if this one is not what it was.
    pub(crate) fn merge(&mut self, other: Self) -> bool {
        let news = !self.context.covers(&other.context);
        let before = self.siblings.len();
        self.siblings.retain(|dot, _| other.siblings.contains_key(dot) || !covers(&other.context, dot));
        let mut changed = news || self.siblings.len() != before;
        for (dot, sibling) in other.siblings {
            match self.siblings.get_mut(&dot) {
                // One dot with two values is a forgery or a fault; all replicas settle on the greater.
                Some(ours) if ours.value < sibling.value => {
                    *ours = sibling;
                    changed = true;
                }
                Some(_) => {}
                None if covers(&self.context, &dot) => {}
                None => {
                    self.siblings.insert(dot, sibling);
                    changed = true;
                }
            }
        }
        self.context.merge(&other.context);
        changed
    }

    /// Takes in one write of another replica, with what it had seen there.
    /// What else stands beside it elsewhere comes on its own, and replaces on
    /// its own. As [`Cell::merge`].
    pub(crate) fn merge_sibling(&mut self, dot: Dot, value: T, past: VersionVector) -> bool {
        let mut context = past.clone();
        context.raise(&dot.writer, dot.sequence);
        self.merge(Self { context, siblings: Map::from_iter([(dot, Sibling { value, past })]) })
    }

    /// Lets go of one sibling. True if none is left.
    pub(crate) fn drop_sibling(&mut self, dot: &Dot) -> bool {
        self.siblings.remove(dot);
        self.siblings.is_empty()
    }

    /// The value that stands under a dot.
    pub(crate) fn sibling(&self, dot: &Dot) -> Option<&T> {
        self.siblings.get(dot).map(|sibling| &sibling.value)
    }

    /// What had been written here when a write that stands was made.
    pub(crate) fn past(&self, dot: &Dot) -> Option<&VersionVector> {
        self.siblings.get(dot).map(|sibling| &sibling.past)
    }

    /// What stands here, by dot.
    pub(crate) fn siblings(&self) -> impl Iterator<Item = (&Dot, &T)> {
        self.siblings.iter().map(|(dot, sibling)| (dot, &sibling.value))
    }

    /// What was written here that does not stand any more and that no write
    /// which stands has seen: nothing, unless someone had forgotten a delete
    /// when it wrote here again.
    pub(crate) fn unaccounted(&self) -> VersionVector {
        let is_seen = |writer: &Writer, sequence: u64| {
            self.siblings.iter().any(|(dot, sibling)| {
                sibling.past.sequence(writer) >= sequence
                    || (dot.writer == *writer && dot.sequence >= sequence)
            })
        };
        let rest = self.context.iter().filter(|(writer, sequence)| !is_seen(writer, *sequence));
        rest.map(|(writer, sequence)| (writer.clone(), sequence)).collect()
    }

    /// Everything that was ever written here.
    pub(crate) fn context(&self) -> &VersionVector {
        &self.context
    }
}

/// Has that history seen the dot?
fn covers(context: &VersionVector, dot: &Dot) -> bool {
    context.sequence(&dot.writer) >= dot.sequence
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;
    use alloc::string::String;
    use alloc::vec::Vec;
    use serde_json::Value as Json;

    /// A cell from the reference's form: per writer the highest number and
    /// the values that stand, newest first, numbered downwards.
    fn cell(clock: &Json) -> Cell<String> {
        let mut cell = Cell::default();
        for entry in clock["entries"].as_array().expect("a list") {
            let node = NodeId::new(entry[0].as_str().expect("a name")).expect("valid");
            let writer = Writer { node, epoch: 0 };
            let last = entry[1].as_u64().expect("a counter");
            cell.context.raise(&writer, last);
            for (value, sequence) in entry[2].as_array().expect("values").iter().zip((1..=last).rev()) {
                let dot = Dot { writer: writer.clone(), sequence };
                let value = value.as_str().expect("text").into();
                cell.siblings.insert(dot, Sibling { value, past: VersionVector::default() });
            }
        }
        cell
    }

    #[test]
    fn siblings_survive_as_in_the_reference() {
        let lines = include_str!("../../../tests/vectors/dvvset.jsonl").lines();
        let lines: Vec<Json> = lines.map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 40);
        for line in lines {
            assert!(line["a"]["anon"].as_array().is_some_and(Vec::is_empty), "anonymous values are not ours");
            let (a, b) = (cell(&line["a"]), cell(&line["b"]));
            let (mut ab, mut ba) = (a.clone(), b.clone());
            let changed = ab.merge(b.clone());
            ba.merge(a.clone());
            assert_eq!(ab, cell(&line["sync_ab"]), "{line}");
            assert_eq!(ba, cell(&line["sync_ba"]), "{line}");
            assert_eq!(changed, ab != a, "{line}");
            assert_eq!(a == b, line["equal"].as_bool().expect("a flag"), "{line}");
            assert_eq!(a.siblings().count() as u64, line["size_a"].as_u64().expect("a count"), "{line}");
            assert!(!ab.clone().merge(b), "idempotent");
        }
    }

    #[test]
    fn siblings_that_come_one_by_one_and_late_end_as_a_whole_cell() {
        let dot = |name: &str, sequence| Dot {
            writer: Writer { node: NodeId::new(name).expect("valid"), epoch: 0 },
            sequence,
        };
        let past = |dot: &Dot| [(dot.writer.clone(), dot.sequence)].into_iter().collect::<VersionVector>();
        let mut there = Cell::default();
        there.write(dot("a", 1), "old");
        let early = there.clone();
        there.write(dot("a", 3), "left");
        there.merge_sibling(dot("b", 7), "right", VersionVector::default());
        let mut here = Cell::default();
        for (dot, value) in [(dot("b", 7), "right"), (dot("a", 3), "left")] {
            let past = there.past(&dot).expect("it stands").clone();
            assert!(here.merge_sibling(dot, value, past));
        }
        assert_eq!(here, there);
        assert!(!here.merge(early), "a superseded write that comes late stays away");
        // A write replaces what it had seen, and not what stands beside it.
        assert!(here.merge_sibling(dot("c", 1), "reply", past(&dot("a", 3))));
        assert_eq!(here.siblings().map(|(_, value)| *value).collect::<Vec<_>>(), ["right", "reply"]);
    }
}
