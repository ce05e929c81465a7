//! What is out of order beyond a crash and a cut through the whole network: paths between two nodes that are cut or slow, a
//! process that is late, a clock that is off. What the worker tells of it, and its words. Pure.

use super::setup::group;
use super::standing::seconds;
use rumormill_core::NodeId;
use serde::{Deserialize, Serialize};

/// Most paths told of in a frame that are cut, and most that are slow: more would be a fog.
pub const PATHS_MAX: usize = 200;

/// Most nodes listed of one node's paths, so that a line stays readable.
const LISTED_MAX: usize = 8;

/// A path between two nodes that is not like the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// One end; the one that still hears the other, if only one does.
    pub from: u16,
    /// The other end.
    pub to: u16,
    /// What is the matter with it.
    pub state: PathState,
}

/// What is the matter with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PathState {
    /// What the first end sends never reaches the other; back it does.
    CutOneWay,
    /// Nothing passes.
    Cut,
    /// Messages take a time of their own.
    Slow,
}

/// Which signs of paths stand in the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PathSigns {
    /// Those of cut ones.
    pub cut: bool,
    /// Those of slow ones.
    pub slow: bool,
}

impl PathSigns {
    /// For these paths.
    pub fn of(paths: &[Path]) -> Self {
        let slow = paths.iter().filter(|path| path.state == PathState::Slow).count();
        Self { cut: paths.len() > slow, slow: slow > 0 }
    }
}

/// Each path that is cut, once: from the ways that are, in order, and whether a way is.
pub(crate) fn cut_paths(
    ways: impl Iterator<Item = (u32, u32)>,
    is_cut: impl Fn(u32, u32) -> bool,
) -> impl Iterator<Item = Path> {
    ways.filter_map(move |(from, to)| {
        let state = if is_cut(to, from) { PathState::Cut } else { PathState::CutOneWay };
        // There are fewer nodes than 65,536.
        (state == PathState::CutOneWay || from < to).then_some(Path {
            from: from as u16,
            to: to as u16,
            state,
        })
    })
}

/// What is wrong with one node's process, its clock and its paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// How late it handles what reaches it, in microseconds.
    pub slow_us: u64,
    /// How far its clock is ahead of the true time, in microseconds; negative is behind.
    pub ahead_us: i64,
    /// Who never gets what it sends.
    pub cut_to: Few,
    /// Whose messages never reach it.
    pub cut_from: Few,
    /// To and from whom messages take a time of their own.
    pub delayed: Few,
}

/// The first few of some nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Few {
    /// Their names.
    pub names: Vec<NodeId>,
    /// How many more there are.
    pub more: u32,
}

impl Few {
    /// Of these nodes the first few.
    pub(crate) fn of(nodes: impl Iterator<Item = NodeId>) -> Self {
        let mut few = Self::default();
        for node in nodes {
            if few.names.len() < LISTED_MAX {
                few.names.push(node);
            } else {
                few.more += 1;
            }
        }
        few
    }

    fn words(&self) -> Option<String> {
        let names: Vec<&str> = self.names.iter().map(NodeId::as_str).collect();
        match (names.is_empty(), self.more) {
            (true, _) => None,
            (false, 0) => Some(names.join(", ")),
            (false, more) => Some(format!("{} and {} more", names.join(", "), group(u64::from(more)))),
        }
    }
}

impl Trouble {
    /// Names and values of what is wrong, in words; empty if nothing is.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let late = (self.slow_us > 0).then(|| ("Slow by", seconds(self.slow_us)));
        let ahead = match self.ahead_us {
            0 => None,
            us => {
                Some(format!("{}, {}", seconds(us.unsigned_abs()), if us > 0 { "ahead" } else { "behind" }))
            }
        };
        let to = self.cut_to.words().map(|names| format!("to {names}"));
        let from = self.cut_from.words().map(|names| format!("from {names}"));
        let cut: Vec<String> = to.into_iter().chain(from).collect();
        let cut = (!cut.is_empty()).then(|| ("Paths cut", cut.join("; ")));
        let delayed = self.delayed.words().map(|names| ("Slow paths", format!("to and from {names}")));
        late.into_iter().chain(ahead.map(|words| ("Clock off by", words))).chain(cut).chain(delayed).collect()
    }
}

/// How many paths are cut, in words.
pub fn paths_cut_words(count: u32) -> String {
    if count == 1 { "1 path cut".to_owned() } else { format!("{} paths cut", group(u64::from(count))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn names(count: u32) -> Few {
        Few::of((0..count).map(|node| NodeId::new(&format!("n{node}")).expect("a name")))
    }

    #[test]
    fn a_path_that_is_cut_both_ways_is_one_path() {
        let ways = BTreeSet::from([(0, 1), (1, 0), (2, 5), (7, 3)]);
        let paths: Vec<_> = cut_paths(ways.iter().copied(), |from, to| ways.contains(&(from, to)))
            .map(|path| (path.from, path.to, path.state))
            .collect();
        assert_eq!(
            paths,
            [(0, 1, PathState::Cut), (2, 5, PathState::CutOneWay), (7, 3, PathState::CutOneWay)]
        );
    }

    #[test]
    fn trouble_has_its_words_and_none_without_it() {
        assert_eq!(Trouble::default().facts(), []);
        let trouble = Trouble {
            slow_us: 500_000,
            ahead_us: -60_000_000,
            cut_to: names(2),
            cut_from: names(1),
            delayed: names(10),
        };
        let words: Vec<String> =
            trouble.facts().into_iter().map(|(name, value)| format!("{name} {value}")).collect();
        assert_eq!(
            words,
            [
                "Slow by 0.500 s",
                "Clock off by 60.000 s, behind",
                "Paths cut to n0, n1; from n0",
                "Slow paths to and from n0, n1, n2, n3, n4, n5, n6, n7 and 2 more"
            ]
        );
        assert_eq!([1, 1_200].map(paths_cut_words), ["1 path cut", "1,200 paths cut"]);
    }
}
