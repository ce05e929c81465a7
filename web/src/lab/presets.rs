//! Ready runs that teach one thing each: a setup, a script, and two sentences that say what happens and what to look
//! for.

use super::action::Sight;
use super::pace::SPEED_DEFAULT;
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
    /// What to press, and what to look at then.
    pub hint: &'static str,
    /// In which view that is seen best, if not the usual one.
    pub sight: Option<Sight>,
    /// At which speed: the exponent of ten.
    pub speed: f64,
    /// The setup.
    pub setup: Setup,
    /// What is done when, in microseconds from the start.
    pub script: Vec<(u64, Deed)>,
}

/// All presets, the first one is what a visitor finds.
pub fn all() -> Vec<Preset> {
    vec![
        first_rumor(),
        tree_against_random(),
        tokens(),
        loss(),
        partition(),
        conflict(),
        flapping(),
        suspicion(),
        slow(),
        mass_restart(),
        thousand(),
    ]
}

/// The preset of that name.
pub fn find(name: &str) -> Option<Preset> {
    all().into_iter().find(|preset| preset.name == name)
}

/// What of a script makes sense with so many nodes.
pub fn script_for(script: &[(u64, Deed)], nodes: u32) -> Vec<(u64, Deed)> {
    let fits = |(at_us, deed): &(u64, Deed)| {
        let deed = match deed {
            Deed::Cut(_) if nodes < 2 => return None,
            // A script's cut is a half, whatever the size.
            Deed::Cut(_) => Deed::Cut((nodes / 2..nodes).collect()),
            deed if node_of(deed).is_some_and(|node| node >= nodes) => return None,
            deed => deed.clone(),
        };
        Some((*at_us, deed))
    };
    script.iter().filter_map(fits).collect()
}

/// What of a script is possible with so many nodes, as it stands.
pub fn possible_with(script: &[(u64, Deed)], nodes: u32) -> Vec<(u64, Deed)> {
    let is_possible = |(_, deed): &&(u64, Deed)| match deed {
        Deed::Cut(cut) => cut.iter().all(|node| *node < nodes),
        deed => node_of(deed).is_none_or(|node| node < nodes),
    };
    script.iter().filter(is_possible).cloned().collect()
}

/// The node at which something is done.
fn node_of(deed: &Deed) -> Option<u32> {
    match deed {
        Deed::Write { node, .. }
        | Deed::Put { node, .. }
        | Deed::Add { node, .. }
        | Deed::Increment { node, .. }
        | Deed::Delete { node, .. }
        | Deed::Slow { node, .. }
        | Deed::Skew { node, .. }
        | Deed::Crash(node)
        | Deed::Restart(node)
        | Deed::RestartWithData(node)
        | Deed::Leave(node)
        | Deed::Pause(node)
        | Deed::Resume(node) => Some(*node),
        Deed::CutOneWay { from: a, to: b } | Deed::DelayLink { a, b, .. } => Some(*a.max(b)),
        Deed::Cut(_) | Deed::Drop(_) | Deed::Heal | Deed::Tune(_) | Deed::Network(_) => None,
    }
}

/// A preset in the usual view at the usual speed.
fn preset(name: &'static str, title: &'static str, hint: &'static str, text: &'static str) -> Preset {
    let (setup, script) = (Setup::default(), Vec::new());
    Preset { name, title, text, hint, sight: None, speed: SPEED_DEFAULT, setup, script }
}

/// As fast as real time, for what takes seconds.
const REAL_TIME: f64 = 0.0;

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
        setup: steady(Strategy::Hybrid, "50"),
        script: vec![write(500, 0, "color", "green")],
        ..preset(
            "first-rumor",
            "First rumor",
            "Press Play, or Space, and watch the green ring travel.",
            "Node 0 learns something after half a second and hands it down the tree: every node passes it on to its two \
               children. Watch the green ring travel: all 50 nodes have it after at most 6 hops.",
        )
    }
}

/// The preset that compares two ways to gossip, and where both run side by side.
pub const SIDE_BY_SIDE: (&str, &str) = (
    "tree-against-random",
    "#/race?nodes=64&lane=tree.push-pull.1.2.1000.bucket.256.128&lane=random.push-pull.1.2.1000.bucket.256.128",
);

fn tree_against_random() -> Preset {
    Preset {
        speed: REAL_TIME,
        setup: setup(Strategy::Random, "64"),
        script: vec![write(500, 0, "color", "green")],
        ..preset(
            SIDE_BY_SIDE.0,
            "Tree against random",
            "Press Play, or Space, and watch the coverage below.",
            "With the random strategy nothing is sent at the moment of a change: each node asks one random other once a \
               second, so the news grows slowly, then fast, then waits for the last few. Play it, then see it race the tree: \
               same seed, same network, one clock.",
        )
    }
}

fn partition() -> Preset {
    let side = (20..40).collect();
    Preset {
        speed: REAL_TIME,
        setup: setup(Strategy::Hybrid, "40"),
        script: vec![
            (1_500_000, Deed::Cut(side)),
            write(2_000, 3, "color", "red"),
            (2_200_000, Deed::Increment { node: 3, key: "visits".into(), by: 1 }),
            write(2_500, 30, "color", "blue"),
            (2_700_000, Deed::Increment { node: 30, key: "visits".into(), by: 1 }),
            (9_000_000, Deed::Heal),
        ],
        ..preset(
            "partition",
            "Partition and heal",
            "Press Play, or Space, and select a node of each half.",
            "The network falls into two halves at 1.5 s, each side writes its own value and counts, and the cut ends at 9 s. \
               Look at one node of each side while they disagree, and again after the heal: the later write wins everywhere \
               and no increment is lost.",
        )
    }
}

fn loss() -> Preset {
    Preset {
        setup: setup(Strategy::Tree, "60").with(Field::Loss, "20"),
        script: vec![write(500, 0, "color", "green")],
        ..preset(
            "loss",
            "20 % loss",
            "Press Play, or Space, and look for crosses.",
            "The bare tree sends each thing once, and one message in five is lost, so whole branches do not hear \
               of it: nobody compares what they hold. Choose Hybrid while it runs: random push-pull fills the holes.",
        )
    }
}

fn tokens() -> Preset {
    let setup = Setup { limiter: LimiterKind::Window, mode: Mode::PushPull, ..setup(Strategy::Hybrid, "32") };
    let writes = (0..12).map(|n| write(500 + n * 150, (n as u32 * 5) % 32, "color", &format!("shade {n}")));
    Preset {
        setup: setup.with(Field::Tokens, "12").with(Field::Refill, "4"),
        script: writes.collect(),
        ..preset(
            "tokens",
            "Too few tokens",
            "Press Play, or Space, and look for “no token” in the events.",
            "Each node may send 12 messages in 4 seconds, and twelve writes come within two. Sends that are denied are not \
               lost: they wait, several changes share one message, and go out with the next window's tokens.",
        )
    }
}

fn put(at_us: u64, node: u32, key: &str, value: &str) -> (u64, Deed) {
    (at_us, Deed::Put { node, key: key.into(), value: value.into() })
}

fn conflict() -> Preset {
    Preset {
        setup: setup(Strategy::Hybrid, "20"),
        script: vec![
            put(500_000, 3, "owner", "ada"),
            put(501_000, 17, "owner", "bob"),
            put(6_000_000, 8, "owner", "eve"),
        ],
        speed: REAL_TIME,
        ..preset(
            "conflict",
            "Conflict on one key",
            "Press Play, or Space, and select any node.",
            "Nodes 3 and 17 write the same key a millisecond apart, so neither knew of the other: every node keeps both \
             values and shows them, and nothing is lost silently. At 6 s node 8, which has seen both, writes a third, and \
             the conflict is gone everywhere.",
        )
    }
}

fn flapping() -> Preset {
    let crashes = [2, 10, 18].map(|at_s| (at_s * 1_000_000, Deed::Crash(7)));
    let restarts = [5, 13, 21].map(|at_s| (at_s * 1_000_000, Deed::Restart(7)));
    Preset {
        setup: setup(Strategy::Hybrid, "20"),
        script: crashes.into_iter().chain(restarts).collect(),
        sight: Some(Sight::Matrix),
        speed: REAL_TIME,
        ..preset(
            "flapping",
            "Flapping node",
            "Press Play, or Space, and watch column 7.",
            "Node 7 crashes three times, and starts again three seconds later each time. Watch its column: the others \
             suspect it when it does not answer, and each new life, with a higher number than the one before, is believed \
             at once.",
        )
    }
}

fn suspicion() -> Preset {
    Preset {
        setup: setup(Strategy::Hybrid, "20"),
        script: vec![(2_000_000, Deed::Pause(12)), (5_500_000, Deed::Resume(12))],
        sight: Some(Sight::Matrix),
        speed: REAL_TIME,
        ..preset(
            "suspicion",
            "False suspicion refuted",
            "Press Play, or Space, and watch column 12.",
            "The process of node 12 stands still for three and a half seconds and answers nobody, so the others suspect \
             it: diamonds in its column. They wait before they call it dead; when it goes on it hears of the suspicion \
             and denies it with a higher number, and the diamonds are gone.",
        )
    }
}

fn slow() -> Preset {
    Preset {
        setup: steady(Strategy::Tree, "31"),
        script: vec![(100_000, Deed::Slow { node: 1, delay_us: 800_000 }), write(2_000, 0, "color", "green")],
        sight: Some(Sight::Tree),
        ..preset(
            "slow",
            "Slow node",
            "Press Play, or Space, and compare the two sides of the tree.",
            "Node 1 handles everything 800 ms late, and the left half of the tree hears of the write through it. Watch \
             the right side turn green long before: one slow node near the top holds up all below it, but for the leaves, \
             to which the other side sends too.",
        )
    }
}

fn mass_restart() -> Preset {
    let crashes = (10..40).map(|node| (3_000_000, Deed::Crash(node)));
    let restarts = (10..40).map(|node| (4_000_000, Deed::Restart(node)));
    Preset {
        setup: setup(Strategy::Hybrid, "40"),
        script: [write(500, 0, "color", "green")].into_iter().chain(crashes).chain(restarts).collect(),
        speed: REAL_TIME,
        ..preset(
            "mass-restart",
            "Mass restart",
            "Press Play, or Space, and watch from 3 s on.",
            "Thirty of forty nodes crash at 3 s and start again a second later with nothing: no members, no data. They \
             join through the first nodes and ask for what they lack, and all forty have the value again within two \
             seconds.",
        )
    }
}

fn thousand() -> Preset {
    Preset {
        setup: steady(Strategy::Hybrid, "1000"),
        script: vec![write(1_000, 0, "color", "green")],
        ..preset(
            "thousand",
            "1,000 nodes",
            "Press Play, or Space: each square row is read like text.",
            "The full protocol on a thousand nodes: doubling the cluster costs the tree one more hop. The news is \
               everywhere after at most 10 hops. The tree forwards at most 1,998 messages; the repair beside it adds some.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::{Asked, Command, Frame, Known, Look, Report, Shown, Text};
    use super::super::worker::Machine;
    use super::*;
    use rumormill_core::Status;

    fn played(preset: Preset, seconds: u64) -> Frame {
        let mut machine = Machine::new(|| 0.0);
        let scenario = Box::new(preset.setup.scenario().expect("presets are valid"));
        let look = Look { text: true, ..Look::default() };
        machine.obey(Command::Start {
            run: 1,
            scenario,
            script: preset.script,
            goes_back: false,
            look: look.clone(),
        });
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
    fn the_way_to_both_side_by_side_leads_to_a_race_of_both() {
        let (name, address) = SIDE_BY_SIDE;
        assert!(all().iter().any(|preset| preset.name == name));
        let query = address.strip_prefix("#/race?").expect("it leads to the Race");
        let (contest, problems) = crate::race::link::read(query);
        assert_eq!((contest.lanes.len(), problems), (2, Vec::new()));
        assert!(contest.scenarios().is_ok());
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

    /// A run of a preset that is looked into on the way.
    struct Watched {
        machine: Machine,
        now_us: u64,
    }

    impl Watched {
        fn new(preset: Preset) -> Self {
            let mut machine = Machine::new(|| 0.0);
            let scenario = Box::new(preset.setup.scenario().expect("presets are valid"));
            machine.obey(Command::Start {
                run: 1,
                scenario,
                script: preset.script,
                goes_back: false,
                look: Look::default(),
            });
            Self { machine, now_us: 0 }
        }

        /// Plays up to then, and looks at a node and at what everyone believes.
        fn at(&mut self, to_ms: u64, node: u32) -> Frame {
            let view = Asked::Beliefs(0);
            let look = Look { text: true, node: Some(node), view, ..Look::default() };
            while self.now_us < to_ms * 1_000 {
                match self.machine.obey(Command::Advance { to_us: to_ms * 1_000, look: look.clone() }) {
                    Report::Frame(frame) if frame.now_us < to_ms * 1_000 => self.now_us = frame.now_us,
                    Report::Frame(frame) => return *frame,
                    other => panic!("{other:?}"),
                }
            }
            panic!("that is over");
        }
    }

    /// How many nodes hold one for this.
    fn believing(frame: &Frame, of: u32, status: Status) -> usize {
        let Shown::Beliefs(matrix) = &text(frame).shown else { panic!("beliefs were asked for") };
        let column = matrix.cells.chunks(matrix.columns as usize).map(|row| row[of as usize]);
        column.filter(|known| *known == Known::Status(status)).count()
    }

    fn text(frame: &Frame) -> &Text {
        frame.text.as_deref().expect("asked for")
    }

    fn value(frame: &Frame) -> String {
        let detail = text(frame).node.as_ref().expect("asked for");
        detail.inside.as_ref().expect("it is up").entries[0].value.clone()
    }

    #[test]
    fn first_rumor_takes_at_most_six_hops() {
        let first = played(first_rumor(), 4).spread;
        assert_eq!((first.informed, first.converged), (50, true));
        assert!(first.hops <= 6, "{} hops", first.hops);
    }

    #[test]
    fn a_thousand_take_at_most_ten_hops() {
        let thousand = played(thousand(), 5).spread;
        assert_eq!(thousand.informed, 1_000);
        assert!(thousand.hops <= 10, "{} hops", thousand.hops);
    }

    #[test]
    fn halves_disagree_until_the_heal_and_no_increment_is_lost() {
        let mut run = Watched::new(partition());
        let (one, other) = (value(&run.at(8_000, 3)), value(&run.at(8_100, 30)));
        assert_eq!((one.as_str(), other.as_str()), ("\"red\"", "\"blue\""));
        let healed = run.at(25_000, 3);
        assert!(healed.spread.converged && !healed.spread.cut);
        let entries =
            &text(&healed).node.as_ref().expect("asked for").inside.as_ref().expect("it is up").entries;
        let values: Vec<&str> = entries.iter().map(|entry| entry.value.as_str()).collect();
        assert_eq!(values, ["\"blue\"", "2"]);
    }

    #[test]
    fn the_bare_tree_does_not_reach_all_with_loss() {
        let lossy = played(loss(), 4).spread;
        assert!(lossy.informed < lossy.up, "{lossy:?}");
    }

    #[test]
    fn what_is_denied_comes_all_the_same() {
        let starved = played(tokens(), 40);
        assert!(starved.spread.converged, "{:?}", starved.spread);
        assert!(text(&starved).totals.denials > 0);
    }

    #[test]
    fn a_flapping_node_is_suspected_and_believed_again() {
        let mut run = Watched::new(flapping());
        let mut suspected = 0;
        for step in 1..=12 {
            suspected = suspected.max(believing(&run.at(2_000 + step * 250, 0), 7, Status::Suspect));
        }
        assert!(suspected > 0);
        let back = run.at(8_000, 7);
        assert_eq!(believing(&back, 7, Status::Alive), 20);
        let end = run.at(26_000, 7);
        assert_eq!(believing(&end, 7, Status::Alive), 20);
        assert_eq!(text(&end).node.as_ref().expect("asked for").incarnation.0, 4);
    }

    #[test]
    fn both_values_are_kept_until_one_follows_that_has_seen_them() {
        let mut run = Watched::new(conflict());
        for (at_ms, node) in [(4_000, 0), (4_010, 12), (4_020, 19)] {
            let kept = value(&run.at(at_ms, node));
            assert!(kept.contains("ada") && kept.contains("bob"), "{kept}");
        }
        assert_eq!(value(&run.at(9_000, 12)), "\"eve\"");
    }

    #[test]
    fn a_false_suspicion_is_denied_before_it_kills() {
        let mut run = Watched::new(suspicion());
        let (mut suspected, mut down) = (0, 0);
        for step in 1..=60 {
            let frame = run.at(2_000 + step * 100, 0);
            suspected = suspected.max(believing(&frame, 12, Status::Suspect));
            down += believing(&frame, 12, Status::Down);
        }
        assert!(suspected > 0 && down == 0, "{suspected} suspected it, {down} held it for dead");
        let end = run.at(12_000, 12);
        assert_eq!(believing(&end, 12, Status::Alive), 20);
        let inside = text(&end).node.as_ref().and_then(|detail| detail.inside.clone()).expect("it is up");
        let own = inside.members.iter().find(|member| member.node == Some(12)).expect("it knows itself");
        assert!(own.incarnation.0 > 1, "{own:?}");
    }

    #[test]
    fn behind_a_slow_node_news_is_late() {
        let mut run = Watched::new(slow());
        let early = run.at(2_500, 1);
        let has = |node: usize| early.marks[node].informed;
        assert!([2, 5, 6, 11, 12, 13, 14].into_iter().all(has), "the right side has it");
        assert!(![1, 3, 4, 7, 8, 9, 10].into_iter().any(has), "the left side has not");
        assert_eq!(run.at(6_000, 1).spread.informed, 31);
    }

    #[test]
    fn after_a_mass_restart_all_have_it_again_within_two_seconds() {
        let mut run = Watched::new(mass_restart());
        assert_eq!(run.at(2_900, 0).spread.informed, 40);
        assert_eq!(run.at(3_500, 0).spread.up, 10);
        let back = run.at(6_000, 0).spread;
        assert_eq!((back.informed, back.up), (40, 40));
    }

    #[test]
    fn every_hint_says_what_to_press() {
        assert!(all().iter().all(|preset| preset.hint.starts_with("Press Play, or Space")));
        assert_eq!(all().len(), 11);
    }
}
