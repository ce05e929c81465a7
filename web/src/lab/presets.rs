//! Ready runs that teach one thing each: a setup, a script, and two sentences that say what happens and what to look
//! for.

use super::protocol::Deed;
use super::setup::{Field, LimiterKind, Setup, Variation};
use rumormill_core::{Mode, Strategy};

/// A ready run.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// The word for it.
    pub name: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// Cause, and what to look for.
    pub text: &'static str,
    /// The setup.
    pub setup: Setup,
    /// What is done when, in microseconds from the start.
    pub script: Vec<(u64, Deed)>,
}

/// All presets, the first one is what a visitor finds.
pub fn all() -> Vec<Preset> {
    vec![first_rumor(), tree_against_random(), partition(), loss(), tokens(), thousand()]
}

/// The preset of that name.
pub fn find(name: &str) -> Option<Preset> {
    all().into_iter().find(|preset| preset.name == name)
}

/// What of a script makes sense with so many nodes.
pub fn script_for(script: &[(u64, Deed)], nodes: u32) -> Vec<(u64, Deed)> {
    let fits = |(at_us, deed): &(u64, Deed)| {
        let deed = match deed {
            Deed::Write { node, .. } | Deed::Increment { node, .. } if *node >= nodes => return None,
            Deed::Crash(node) | Deed::Restart(node) | Deed::Leave(node) if *node >= nodes => return None,
            Deed::Cut(_) if nodes < 2 => return None,
            // A script's cut is a half, whatever the size.
            Deed::Cut(_) => Deed::Cut((nodes / 2..nodes).collect()),
            deed => deed.clone(),
        };
        Some((*at_us, deed))
    };
    script.iter().filter_map(fits).collect()
}

fn write(at_ms: u64, node: u32, key: &str, value: &str) -> (u64, Deed) {
    (at_ms * 1_000, Deed::Write { node, key: key.into(), value: value.into() })
}

fn setup(strategy: Strategy, nodes: &str) -> Setup {
    Setup { strategy, ..Setup::default() }.with(Field::Nodes, nodes)
}

/// With one latency for all, the first to arrive has taken the fewest hops.
fn steady(strategy: Strategy, nodes: &str) -> Setup {
    Setup { variation: Variation::Fixed, ..setup(strategy, nodes) }
}

fn first_rumor() -> Preset {
    Preset {
        name: "first-rumor",
        title: "First rumor",
        text: "Node 0 learns something after half a second and hands it down the tree: every node passes it on to its two \
               children. Watch the green ring travel: all 50 nodes have it after at most 6 hops.",
        setup: steady(Strategy::Hybrid, "50"),
        script: vec![write(500, 0, "color", "green")],
    }
}

fn tree_against_random() -> Preset {
    Preset {
        name: "tree-against-random",
        title: "Tree against random",
        text: "With the random strategy nothing is sent at the moment of a change: each node asks one random other once a \
               second, so the news grows slowly, then fast, then waits for the last few. Play it, then choose Tree, press \
               New run, and compare: same seed, same network.",
        setup: setup(Strategy::Random, "64"),
        script: vec![write(500, 0, "color", "green")],
    }
}

fn partition() -> Preset {
    let side = (20..40).collect();
    Preset {
        name: "partition",
        title: "Partition and heal",
        text: "The network falls into two halves at 1.5 s, each side writes its own value and counts, and the cut ends at 9 s. \
               Look at one node of each side while they disagree, and again after the heal: the later write wins everywhere \
               and no increment is lost.",
        setup: setup(Strategy::Hybrid, "40"),
        script: vec![
            (1_500_000, Deed::Cut(side)),
            write(2_000, 3, "color", "red"),
            (2_200_000, Deed::Increment { node: 3, key: "visits".into(), by: 1 }),
            write(2_500, 30, "color", "blue"),
            (2_700_000, Deed::Increment { node: 30, key: "visits".into(), by: 1 }),
            (9_000_000, Deed::Heal),
        ],
    }
}

fn loss() -> Preset {
    Preset {
        name: "loss",
        title: "20 % loss",
        text: "The bare tree sends each thing once, and one message in five is lost, so whole branches do not hear \
               of it: nobody compares what they hold. Choose Hybrid while it runs: random push-pull fills the holes.",
        setup: setup(Strategy::Tree, "60").with(Field::Loss, "20"),
        script: vec![write(500, 0, "color", "green")],
    }
}

fn tokens() -> Preset {
    let setup = Setup { limiter: LimiterKind::Window, mode: Mode::PushPull, ..setup(Strategy::Hybrid, "32") };
    let writes = (0..12).map(|n| write(500 + n * 150, (n as u32 * 5) % 32, "color", &format!("shade {n}")));
    Preset {
        name: "tokens",
        title: "Too few tokens",
        text: "Each node may send 12 messages in 4 seconds, and twelve writes come within two. Sends that are denied are not \
               lost: they wait, several changes share one message, and go out with the next window's tokens.",
        setup: setup.with(Field::Tokens, "12").with(Field::Refill, "4"),
        script: writes.collect(),
    }
}

fn thousand() -> Preset {
    Preset {
        name: "thousand",
        title: "1,000 nodes",
        text: "The full protocol on a thousand nodes: doubling the cluster costs the tree one more hop. The news is \
               everywhere after at most 10 hops and 1,998 forwarded messages.",
        setup: steady(Strategy::Hybrid, "1000"),
        script: vec![write(1_000, 0, "color", "green")],
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::{Command, Frame, Look, Report};
    use super::super::worker::Machine;
    use super::*;

    fn played(preset: Preset, seconds: u64) -> Frame {
        let mut machine = Machine::new(|| 0.0);
        let scenario = Box::new(preset.setup.scenario().expect("presets are valid"));
        let look = Look { text: true, ..Look::default() };
        machine.obey(Command::Start { run: 1, scenario, script: preset.script, look: look.clone() });
        let to_us = seconds * 1_000_000;
        loop {
            match machine.obey(Command::Advance { to_us, look: look.clone() }) {
                Report::Frame(frame) if frame.now_us < to_us => {}
                Report::Frame(frame) => return *frame,
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn every_preset_plays_and_its_acts_are_possible() {
        for preset in all() {
            assert_eq!(find(preset.name), Some(preset.clone()));
            let acts = preset.script.len();
            let frame = played(preset.clone(), 3);
            assert!(frame.refused.is_none() && !frame.done.is_empty(), "{}", preset.name);
            assert!(frame.done.len() <= acts);
        }
    }

    #[test]
    fn they_end_as_their_texts_say() {
        let first = played(first_rumor(), 4).spread;
        assert_eq!((first.informed, first.converged), (50, true));
        assert!(first.hops <= 6, "{} hops", first.hops);
        let thousand = played(thousand(), 5).spread;
        assert_eq!(thousand.informed, 1_000);
        assert!(thousand.hops <= 10, "{} hops", thousand.hops);
        assert!(played(partition(), 8).spread.cut);
        let healed = played(partition(), 25).spread;
        assert!(healed.converged && !healed.cut, "{healed:?}");
        let lossy = played(loss(), 4).spread;
        assert!(lossy.informed < lossy.up, "the tree alone cannot: {lossy:?}");
        let starved = played(tokens(), 40);
        assert!(starved.spread.converged, "{:?}", starved.spread);
        assert!(starved.text.expect("asked for").totals.denials > 0);
    }
}
