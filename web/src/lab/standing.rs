//! How the cluster stands, in words: what the status chip and the screen reader say. Pure.

use super::paths::paths_cut_words;
use super::protocol::Spread;
use super::setup::group;
use crate::ui::Tone;

/// How the cluster stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is no run.
    Nothing,
    /// The run is being set up.
    Starting,
    /// No node is up.
    AllDown,
    /// Nothing was written yet.
    Quiet,
    /// The latest write is on its way.
    Spreading,
    /// All have the latest write, older ones are on their way.
    Settling,
    /// All nodes that are up hold the same.
    Converged,
    /// The network is in parts.
    Partitioned,
    /// Some lack the latest write, and nothing will bring it.
    Diverged,
}

impl Standing {
    /// From the figures.
    pub fn of(spread: &Spread) -> Self {
        let all = spread.informed == spread.up;
        match spread.since_us {
            _ if spread.up == 0 => Self::AllDown,
            _ if spread.cut => Self::Partitioned,
            None => Self::Quiet,
            Some(_) if all && spread.converged => Self::Converged,
            Some(_) if !spread.owed && !spread.repairs => Self::Diverged,
            Some(_) if all => Self::Settling,
            Some(_) => Self::Spreading,
        }
    }

    /// The chip's words. Paths that are cut by themselves part nobody for good, so they are told beside how it stands.
    pub fn words(self, spread: &Spread) -> String {
        let words = self.words_of(spread);
        match spread.paths_cut {
            0 => words,
            _ if matches!(self, Self::Nothing | Self::Starting) => words,
            count => format!("{words}, {}", paths_cut_words(count)),
        }
    }

    fn words_of(self, spread: &Spread) -> String {
        let (informed, up) = (group(u64::from(spread.informed)), group(u64::from(spread.up)));
        match self {
            Self::Nothing => "No run".to_owned(),
            Self::Starting => "Starting…".to_owned(),
            Self::AllDown => "No node is up".to_owned(),
            Self::Quiet => "Quiet".to_owned(),
            Self::Spreading => format!("Spreading {informed} of {up}"),
            Self::Settling => format!("Settling, {informed} of {up} have the latest"),
            Self::Converged => format!("Converged, {up} of {up}"),
            Self::Partitioned if spread.since_us.is_none() => "Partitioned".to_owned(),
            Self::Partitioned => format!("Partitioned, {informed} of {up}"),
            Self::Diverged => format!("Diverged, {informed} of {up}"),
        }
    }

    /// What the words mean, in a sentence.
    pub fn explained(self) -> &'static str {
        match self {
            Self::Nothing => "There is no cluster.",
            Self::Starting => "The nodes are being started.",
            Self::AllDown => "Every node has crashed or left. Restart one.",
            Self::Quiet => "Nothing has been written yet: all nodes hold the same, which is nothing.",
            Self::Spreading => "The latest write is on its way to the others.",
            Self::Settling => "Everyone has the latest write, but some still lack an older one.",
            Self::Converged => "All nodes that are up hold exactly the same.",
            Self::Partitioned => "The network is cut: nothing passes between its parts until it is healed.",
            Self::Diverged => {
                "Some nodes lack the latest write and nothing is under way to them: the bare tree does not repair."
            }
        }
    }

    /// The chip's tone.
    pub fn tone(self) -> Tone {
        match self {
            Self::Nothing | Self::Starting | Self::Quiet => Tone::Still,
            Self::Spreading | Self::Settling => Tone::Busy,
            Self::Converged => Tone::Good,
            Self::Partitioned => Tone::Warn,
            Self::AllDown | Self::Diverged => Tone::Bad,
        }
    }
}

/// A moment of simulated time, for people.
pub fn seconds(us: u64) -> String {
    format!("{}.{:03} s", group(us / 1_000_000), us / 1_000 % 1_000)
}

/// How long something took, for people: what takes less than a millisecond among real nodes on one machine is not
/// nothing, and what clocks tell as nothing is no figure.
pub fn took(us: u64) -> String {
    match us {
        0 => "at once".to_owned(),
        1..1_000 => format!("after {us} µs"),
        _ => format!("after {}", seconds(us)),
    }
}

/// Over so many messages.
pub fn hops(count: u32) -> String {
    if count == 1 { "1 hop".to_owned() } else { format!("{} hops", group(u64::from(count))) }
}

/// So many nodes, for people.
pub fn nodes_words(count: u32) -> String {
    if count == 1 { "1 node".to_owned() } else { format!("{} nodes", group(u64::from(count))) }
}

/// Bytes, for people.
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut Spread), expected: Standing, words: &str) {
        let mut spread = Spread {
            since_us: Some(1),
            informed: 74,
            up: 100,
            owed: true,
            repairs: true,
            ..Spread::default()
        };
        change(&mut spread);
        assert_eq!(Standing::of(&spread), expected);
        assert_eq!(expected.words(&spread), words);
    }

    #[test]
    fn every_standing_has_its_words() {
        check(|_| {}, Standing::Spreading, "Spreading 74 of 100");
        check(|s| s.since_us = None, Standing::Quiet, "Quiet");
        check(|s| s.cut = true, Standing::Partitioned, "Partitioned, 74 of 100");
        let converged = |s: &mut Spread| (s.informed, s.converged, s.paths_cut) = (100, true, 1);
        check(converged, Standing::Converged, "Converged, 100 of 100, 1 path cut");
        check(|s| s.paths_cut = 3, Standing::Spreading, "Spreading 74 of 100, 3 paths cut");
        check(
            |s| (s.cut, s.paths_cut) = (true, 2),
            Standing::Partitioned,
            "Partitioned, 74 of 100, 2 paths cut",
        );
        check(|s| (s.informed, s.converged) = (100, true), Standing::Converged, "Converged, 100 of 100");
        check(|s| s.informed = 100, Standing::Settling, "Settling, 100 of 100 have the latest");
        check(|s| (s.owed, s.repairs) = (false, false), Standing::Diverged, "Diverged, 74 of 100");
        check(|s| s.owed = false, Standing::Spreading, "Spreading 74 of 100");
        check(|s| s.up = 0, Standing::AllDown, "No node is up");
        assert_eq!(Standing::Nothing.words(&Spread::default()), "No run");
    }

    #[test]
    fn figures_read_well() {
        assert_eq!(seconds(6_410_200), "6.410 s");
        assert_eq!([999, 1_234, 2_500_000].map(bytes), ["999 B", "1.2 kB", "2.5 MB"]);
        assert_eq!([0, 312, 365_000].map(took), ["at once", "after 312 µs", "after 0.365 s"]);
        assert_eq!([0, 1, 7].map(hops), ["0 hops", "1 hop", "7 hops"]);
    }
}
