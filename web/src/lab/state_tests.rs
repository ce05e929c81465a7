use super::super::action::{Between, Spot, Turn};
use super::super::protocol::{Flight, Frame, Mark, NodeState, Report};
use super::super::sentences::Choice;
use super::super::setup::LimiterKind;
use super::super::worker::Machine;
use super::*;
use crate::glue::files::Given;
use crate::replay::worker::Player;
use crate::share::link::{Shared, read, write};
use rumormill_core::Strategy;
use std::cell::Cell;

/// The worker of the Lab or of Replay.
enum Worker {
    Simulates(Box<Machine>),
    Plays(Box<Player>),
}

impl Worker {
    fn obey(&mut self, command: Command) -> Report {
        match self {
            Self::Simulates(machine) => machine.obey(command),
            Self::Plays(player) => player.obey(command),
        }
    }
}

/// The page with a real worker behind it.
struct Pair {
    view: View,
    worker: Worker,
}

impl Pair {
    fn new() -> Self {
        let (view, commands) = View::new();
        let mut pair = Self { view, worker: Worker::Simulates(Box::new(Machine::new(|| 0.0))) };
        pair.obey(commands);
        pair
    }

    fn act(&mut self, action: Action) {
        let commands = self.view.act(action);
        self.obey(commands);
        while let Some(seek) = self.view.take_seek() {
            self.obey(vec![seek]);
        }
    }

    fn obey(&mut self, commands: Vec<Command>) {
        for command in commands {
            match self.worker.obey(command) {
                Report::Frame(mut frame) => drop(self.view.take(&mut frame)),
                other => panic!("{other:?}"),
            }
        }
    }

    fn play(&mut self, seconds: u64) {
        let to_us = self.view.now_us + seconds * 1_000_000;
        while self.view.now_us < to_us {
            let look = self.view.look();
            self.obey(vec![Command::Advance { to_us, look }]);
        }
    }
}

#[test]
fn a_run_is_starting_until_the_worker_tells_of_it() {
    let (mut view, _) = View::new();
    assert_eq!(view.standing(), Standing::Starting);
    view.refused = Some("it cannot be".to_owned());
    assert_eq!(view.standing(), Standing::Nothing);
    let mut pair = Pair::new();
    pair.play(3);
    let commands = pair.view.act(Action::NewRun);
    assert_eq!(pair.view.standing(), Standing::Starting, "not as the run before stood");
    pair.obey(commands);
    assert_eq!(pair.view.standing(), Standing::Quiet);
}

#[test]
fn a_moment_tells_the_same_figures_from_whichever_side_one_comes() {
    let mut pair = Pair::new();
    pair.act(Action::Preset("partition".into()));
    let mut then = Vec::new();
    for _ in 0..5 {
        pair.play(1);
        then.push((pair.view.now_us, pair.view.of_change()));
    }
    assert!(then.iter().filter(|(_, sent)| sent.is_some_and(|sent| !sent.is_whole)).count() >= 2, "{then:?}");
    for (us, sent) in then.into_iter().rev() {
        pair.act(Action::Seek(us));
        assert_eq!((pair.view.now_us, pair.view.of_change()), (us, sent));
    }
}

#[test]
fn nothing_plays_by_itself() {
    let pair = Pair::new();
    assert!(!pair.view.playing && pair.view.is_fresh());
    assert_eq!((pair.view.now_us, pair.view.spread.up), (0, 50));
    assert_eq!(pair.view.standing(), Standing::Quiet);
}

#[test]
fn a_setup_changed_at_the_start_is_a_new_run() {
    let mut pair = Pair::new();
    pair.act(Action::Type(Field::Nodes, "12".into()));
    assert_eq!((pair.view.run, pair.view.spread.up, pair.view.changed), (2, 12, true));
    pair.act(Action::Type(Field::Nodes, "0".into()));
    assert!(pair.view.errors[&Field::Nodes].contains("1 to 1,000"));
    assert_eq!(pair.view.spread.up, 12, "the last run that made sense stands");
    pair.act(Action::NewRun);
    assert_eq!(pair.view.run, 2, "an impossible setup starts nothing");
    pair.act(Action::Type(Field::Nodes, "20".into()));
    assert!(pair.view.errors.is_empty());
    assert_eq!(pair.view.spread.up, 20);
}

#[test]
fn a_running_cluster_takes_over_what_it_can() {
    let mut pair = Pair::new();
    pair.play(1);
    let run = pair.view.run;
    pair.act(Action::Strategy(Strategy::Random));
    pair.act(Action::Type(Field::Loss, "30".into()));
    let deeds: Vec<_> = pair.view.series.deeds().iter().map(|(_, deed)| deed.clone()).collect();
    assert!(matches!(deeds[1], Deed::Tune(tuning) if tuning.strategy == Strategy::Random), "{deeds:?}");
    assert!(matches!(deeds[2], Deed::Network(network) if network.loss_ppm == 300_000), "{deeds:?}");
    assert_eq!((pair.view.run, pair.view.tree()), (run, None));
    assert!(!pair.view.wants_new_run());
    pair.act(Action::Type(Field::Nodes, "7".into()));
    assert!(pair.view.wants_new_run() && pair.view.run == run);
    pair.act(Action::NewRun);
    assert_eq!((pair.view.nodes(), pair.view.now_us), (7, 0));
    assert!(!pair.view.wants_new_run() && pair.view.highlights.is_empty());
}

#[test]
fn every_preset_can_be_taken_and_changed_in_size() {
    for preset in presets::all() {
        let mut pair = Pair::new();
        pair.act(Action::Preset(preset.name.to_owned()));
        for nodes in ["1", "2", "9"] {
            pair.act(Action::Type(Field::Nodes, nodes.into()));
            pair.play(3);
            assert_eq!(pair.view.refused, None, "{} with {nodes}", preset.name);
            pair.act(Action::NewRun);
        }
    }
}

#[test]
fn acts_go_to_the_selected_node_and_without_one_say_so() {
    let mut pair = Pair::new();
    pair.act(Action::Write);
    assert!(pair.view.refused.as_ref().is_some_and(|why| why.contains("Select a node")));
    pair.act(Action::SelectBy(1));
    pair.act(Action::SelectBy(-1));
    assert_eq!(pair.view.selected, Some(49), "around the ring");
    pair.act(Action::Write);
    pair.act(Action::Increment);
    assert_eq!(pair.view.form.value, "blue", "the next value is proposed");
    let entries =
        &pair.view.detail.as_ref().and_then(|detail| detail.inside.as_ref()).expect("it is up").entries;
    let entries: Vec<_> = entries.iter().map(|entry| (entry.key.as_str(), entry.value.as_str())).collect();
    assert_eq!(entries, [("color", "\"red\""), ("visits", "1")]);
    pair.act(Action::CrashOrRestart);
    assert_eq!(pair.view.detail.as_ref().map(|detail| detail.state), Some(NodeState::Down));
    pair.act(Action::Write);
    assert!(pair.view.refused.as_ref().is_some_and(|why| why.contains("not up")));
    pair.act(Action::CrashOrRestart);
    assert!(pair.view.detail.as_ref().is_some_and(|detail| detail.state.is_up()));
}

#[test]
fn a_value_of_the_users_own_stays_in_the_form() {
    let mut pair = Pair::new();
    pair.act(Action::Select(Some(3)));
    pair.act(Action::Value("{\"a\": [1]}".into()));
    pair.act(Action::Write);
    assert_eq!(pair.view.form.value, "{\"a\": [1]}");
    let inside = pair.view.detail.as_ref().and_then(|detail| detail.inside.clone()).expect("it is up");
    assert_eq!(inside.entries[0].value, "{\"a\":[1]}", "JSON is taken as JSON");
}

#[test]
fn cuts_and_heals_show_in_the_standing() {
    let mut pair = Pair::new();
    pair.act(Action::CutHalves);
    assert_eq!((pair.view.standing(), pair.view.parts), (Standing::Partitioned, 2));
    pair.act(Action::Select(Some(0)));
    pair.act(Action::CutOff);
    assert_eq!(pair.view.parts, 3);
    pair.act(Action::Do(Deed::Heal));
    assert_eq!(pair.view.parts, 1);
    assert!(!pair.view.spread.has_cuts());
}

#[test]
fn a_cut_of_one_way_parts_nobody_is_told_and_can_be_healed() {
    let mut pair = Pair::new();
    pair.act(Action::Select(Some(3)));
    pair.act(Action::Other("7".into()));
    pair.act(Action::WithOther(Between::CutOneWay));
    let words = |view: &View| view.standing().words(&view.spread);
    assert_eq!(words(&pair.view), "Quiet, 1 path cut");
    assert_eq!((pair.view.parts, pair.view.spread.has_cuts()), (1, true));
    assert_eq!(pair.view.signs, PathSigns { cut: true, slow: false });
    let trouble = |view: &View| view.detail.as_ref().expect("selected").trouble.facts();
    assert_eq!(trouble(&pair.view), [("Paths cut", "to n07".to_owned())]);
    pair.act(Action::WithOther(Between::Delay));
    assert_eq!(trouble(&pair.view)[1], ("Slow paths", "to and from n07".to_owned()));
    pair.act(Action::Select(Some(7)));
    assert_eq!(trouble(&pair.view)[0], ("Paths cut", "from n03".to_owned()));
    pair.play(20);
    assert_eq!(words(&pair.view), "Converged, 50 of 50, 1 path cut");
    pair.act(Action::Do(Deed::Heal));
    assert_eq!(words(&pair.view), "Converged, 50 of 50");
    pair.act(Action::Do(Deed::Slow { node: 7, delay_us: 500_000 }));
    pair.act(Action::Do(Deed::Skew { node: 7, skew_us: 60_000_000 }));
    let names: Vec<&str> = trouble(&pair.view).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Slow by", "Clock off by", "Slow paths"]);
}

#[test]
fn an_address_keeps_what_is_looked_at() {
    let mut pair = Pair::new();
    pair.play(5);
    pair.act(Action::Select(Some(3)));
    pair.act(Action::Write);
    pair.play(5);
    assert_eq!(pair.view.writes.len(), 2);
    pair.act(Action::ByWrite(Some(1)));
    pair.act(Action::Beliefs(true));
    pair.act(Action::MatrixOf(MatrixOf::Writes));
    pair.act(Action::TreeOf(TreeOf::Way));
    pair.act(Action::Sight(Sight::Tree));
    let spot = pair.view.spot();
    pair.act(Action::Spot(Spot::default()));
    assert_eq!(pair.view.spot(), Spot { sight: Some(Sight::Ring), ..Spot::default() });
    pair.act(Action::Spot(spot.clone()));
    assert_eq!(pair.view.spot(), spot);
    assert_eq!((spot.write, spot.beliefs, spot.selected), (Some(1), true, Some(3)));
    pair.act(Action::Spot(Spot { write: Some(9), ..spot }));
    assert_eq!(pair.view.write, None, "there is no such write");
}

#[test]
fn a_round_is_one_interval() {
    let mut pair = Pair::new();
    pair.act(Action::PlayPause);
    pair.act(Action::StepRound);
    assert_eq!((pair.view.playing, pair.view.goal_us), (false, Some(1_000_000)));
    pair.play(1);
    assert_eq!(pair.view.goal_us, None);
    pair.act(Action::StepEvent);
    assert!(pair.view.now_us > 1_000_000);
}

#[test]
fn highlights_outlive_any_number_of_messages() {
    let mut pair = Pair::new();
    (0..60).for_each(|_| pair.play(1));
    let shown = pair.view.shown_lines(500);
    assert!(shown.iter().any(|line| line.text.contains("was asked: set")), "{}", shown.len());
}

#[test]
fn frames_of_an_earlier_run_are_ignored() {
    let mut pair = Pair::new();
    let mark = Mark { state: NodeState::Down, informed: true };
    let mut late = Frame { run: 0, now_us: 99, marks: vec![mark], ..Frame::default() };
    assert!(!pair.view.take(&mut late));
    assert_eq!(pair.view.now_us, 0);
}

#[test]
fn lines_are_kept_up_to_a_limit() {
    let mut pair = Pair::new();
    (0..30).for_each(|_| pair.play(1));
    assert!(pair.view.lines.len() == LINES_MAX && pair.view.highlights.len() <= LINES_MAX);
    pair.view.filter.choice = Choice::Everything;
    let shown = pair.view.shown_lines(300);
    let numbers: Vec<u64> = shown.iter().map(|line| line.number).collect();
    assert!(numbers.len() == 300 && numbers.is_sorted_by(|a, b| a > b));
}

#[test]
fn the_table_asks_for_the_rows_in_sight() {
    let mut pair = Pair::new();
    pair.act(Action::Preset("thousand".into()));
    pair.act(Action::Sight(Sight::Table));
    pair.act(Action::Page(99));
    assert_eq!((pair.view.page, pair.view.rows.len(), pair.view.rows[0].node), (9, 100, 900));
    pair.act(Action::Sight(Sight::Ring));
    assert!(pair.view.rows.is_empty());
}

#[test]
fn time_goes_back_and_what_comes_after_stays_known() {
    let mut pair = Pair::new();
    pair.play(6);
    let (lines, samples) = (pair.view.highlights.clone(), pair.view.series.samples().len());
    pair.act(Action::Seek(2_000_000));
    assert_eq!((pair.view.now_us, pair.view.end_us, pair.view.goal_us), (2_000_000, 6_000_000, None));
    assert!(pair.view.highlights.iter().all(|line| line.at_us <= 2_000_000));
    let expected: Vec<_> =
        lines.iter().filter(|line| line.at_us <= 2_000_000).map(|line| &line.text).collect();
    assert_eq!(pair.view.highlights.iter().map(|line| &line.text).collect::<Vec<_>>(), expected);
    assert_eq!(pair.view.series.samples().len(), samples, "the chart keeps what was played");
    pair.act(Action::BackRound);
    assert_eq!(pair.view.now_us, 1_000_000);
    pair.act(Action::StepEvent);
    let stepped = pair.view.totals.events;
    pair.act(Action::BackEvent);
    assert_eq!(pair.view.totals.events, stepped - 1);
    pair.act(Action::ToEnd);
    assert_eq!((pair.view.now_us, pair.view.branches.len()), (6_000_000, 1));
}

#[test]
fn a_fork_has_a_name_and_the_first_run_is_still_there() {
    let mut pair = Pair::new();
    pair.play(5);
    pair.act(Action::Seek(3_000_000));
    pair.act(Action::Select(Some(12)));
    pair.act(Action::CrashOrRestart);
    assert_eq!((pair.view.branch, pair.view.branches[1].name.as_str()), (1, "crash 12"));
    assert_eq!(pair.view.series.deeds().last(), Some(&(3_000_000, Deed::Crash(12))));
    assert!(pair.view.series.samples().iter().all(|sample| sample.at_us <= 3_000_000));
    pair.play(1);
    assert_eq!(pair.view.spread.up, 49);
    pair.act(Action::Branch(0));
    assert_eq!((pair.view.now_us, pair.view.end_us, pair.view.spread.up), (4_000_000, 5_000_000, 50));
    pair.act(Action::Branch(1));
    assert_eq!((pair.view.now_us, pair.view.spread.up), (4_000_000, 49));
    pair.act(Action::NewRun);
    assert_eq!((pair.view.branches.len(), pair.view.end_us), (1, 0));
}

#[test]
fn what_concerns_two_nodes_names_the_other() {
    let mut pair = Pair::new();
    pair.act(Action::Select(Some(3)));
    pair.act(Action::Other("3".into()));
    pair.act(Action::WithOther(Between::CutOneWay));
    assert!(pair.view.refused.as_ref().is_some_and(|why| why.contains("0 to 49")));
    pair.act(Action::Other("n07".into()));
    for what in [Between::Conflict, Between::Delay, Between::EndDelay, Between::CutOneWay] {
        pair.act(Action::WithOther(what));
    }
    pair.act(Action::ToSelected(Turn::Well));
    pair.act(Action::Do(Deed::Pause(5)));
    assert_eq!((pair.view.refused.clone(), pair.view.series.deeds().len()), (None, 8));
    pair.play(20);
    let entries =
        pair.view.detail.as_ref().and_then(|detail| detail.inside.as_ref()).map(|inside| &inside.entries);
    assert!(
        entries.is_some_and(|entries| entries.iter().any(|entry| entry.value.contains(" or "))),
        "{entries:?}"
    );
}

#[test]
fn the_next_message_of_a_node_can_be_dropped() {
    let mut pair = Pair::new();
    pair.act(Action::Select(Some(0)));
    let mut flights = 0;
    while pair.view.now_us < 900_000 && flights == 0 {
        let look = pair.view.look();
        let to_us = pair.view.now_us + 10_000;
        let Report::Frame(frame) = pair.worker.obey(Command::Advance { to_us, look }) else {
            panic!("no frame")
        };
        pair.view.now_us = frame.now_us;
        let of_it = |flight: &&Flight| (flight.from == 0 || flight.to == 0) && flight.payload;
        flights = frame.flights.iter().filter(of_it).count();
        if flights > 0 {
            let commands = pair.view.drop_next(&frame);
            assert!(
                matches!(commands[..], [Command::Do { ref deeds, .. }] if matches!(deeds[..], [Deed::Drop(_)])),
                "{commands:?}"
            );
            pair.obey(commands);
        }
    }
    assert!(flights > 0 && pair.view.series.deeds().iter().any(|(_, deed)| matches!(deed, Deed::Drop(_))));
}

#[test]
fn the_setup_is_what_it_was_at_the_moment_in_sight() {
    let mut pair = Pair::new();
    pair.play(2);
    pair.act(Action::Strategy(Strategy::Random));
    pair.act(Action::Type(Field::Loss, "20".into()));
    pair.play(2);
    let shown = |pair: &Pair| (pair.view.setup.strategy, pair.view.setup.text(Field::Loss).to_owned());
    assert_eq!(shown(&pair), (Strategy::Random, "20".to_owned()));
    pair.act(Action::Type(Field::Nodes, "60".into()));
    pair.act(Action::Seek(1_000_000));
    assert_eq!(shown(&pair), (Strategy::Hybrid, "0".to_owned()));
    assert_eq!(pair.view.scenario.as_ref().map(|scenario| scenario.tuning.strategy), Some(Strategy::Hybrid));
    assert_eq!(pair.view.setup.text(Field::Nodes), "60", "that is for the next run");
    pair.play(2);
    assert_eq!(shown(&pair), (Strategy::Random, "20".to_owned()), "played on, it is set again");
    pair.act(Action::Seek(1_000_000));
    pair.act(Action::Strategy(Strategy::Tree));
    pair.play(1);
    assert_eq!((pair.view.branch, shown(&pair)), (1, (Strategy::Tree, "0".to_owned())));
    pair.act(Action::Branch(0));
    assert_eq!(shown(&pair).0, Strategy::Random);
}

#[test]
fn the_setup_is_known_after_more_deeds_than_are_kept() {
    let mut pair = Pair::new();
    pair.play(2);
    pair.act(Action::Strategy(Strategy::Random));
    pair.act(Action::Type(Field::Loss, "20".into()));
    for _ in 0..501 {
        pair.act(Action::Do(Deed::Increment { node: 3, key: "visits".to_owned(), by: 1 }));
    }
    pair.play(1);
    let shown = |pair: &Pair| (pair.view.setup.strategy, pair.view.setup.text(Field::Loss).to_owned());
    pair.act(Action::Seek(1_000_000));
    assert_eq!(shown(&pair), (Strategy::Hybrid, "0".to_owned()));
    pair.act(Action::ToEnd);
    assert_eq!(shown(&pair), (Strategy::Random, "20".to_owned()));
    pair.act(Action::Seek(2_500_000));
    pair.act(Action::Do(Deed::Crash(1)));
    assert_eq!(pair.view.branch, 1);
    pair.act(Action::Seek(2_400_000));
    assert_eq!(shown(&pair), (Strategy::Random, "20".to_owned()), "a branch knows it too");
}

#[test]
fn on_a_slow_machine_another_branch_is_reached_all_the_same() {
    let (view, commands) = View::new();
    let (tick_ms, now_ms) = (Rc::new(Cell::new(0.0)), Cell::new(0.0));
    let by_ms = Rc::clone(&tick_ms);
    let machine = Machine::new(move || {
        now_ms.set(now_ms.get() + by_ms.get());
        now_ms.get()
    });
    let mut pair = Pair { view, worker: Worker::Simulates(Box::new(machine)) };
    pair.obey(commands);
    pair.play(5);
    pair.act(Action::Seek(3_000_000));
    pair.act(Action::Do(Deed::Crash(12)));
    pair.play(1);
    assert_eq!((pair.view.branch, pair.view.now_us), (1, 4_000_000));
    tick_ms.set(100.0);
    pair.act(Action::Branch(0));
    assert!(pair.view.now_us < 4_000_000, "one tick is not enough");
    while let Some(to_us) = pair.view.goal_us {
        let look = pair.view.look();
        pair.obey(vec![Command::Advance { to_us, look }]);
    }
    assert_eq!((pair.view.branch, pair.view.now_us), (0, 4_000_000));
}

/// A link as it was made of the run in sight.
fn link(pair: &mut Pair) -> String {
    let Report::Record(record) = pair.worker.obey(Command::Record) else { panic!("there is a run") };
    write(&Shared { recipe: pair.view.recipe(), acts: record.log, at_us: record.now_us }).expect("it fits")
}

#[test]
fn a_link_leads_to_the_same_run_whatever_was_changed_on_the_way() {
    let mut pair = Pair::new();
    pair.act(Action::Preset("partition".into()));
    pair.play(2);
    pair.act(Action::Strategy(Strategy::Random));
    pair.act(Action::Do(Deed::Cut(vec![1, 2, 3])));
    pair.play(1);
    let link = link(&mut pair);
    let mut other = Pair::new();
    let opened = read(&link).expect("it holds a run").expect("it opens");
    other.act(Action::OpenLink(Ok(Box::new(opened))));
    while other.view.now_us < pair.view.now_us {
        let look = other.view.look();
        other.obey(vec![Command::Advance { to_us: pair.view.now_us, look }]);
    }
    assert!(!other.view.playing && other.view.linked == Some(other.view.run));
    assert_eq!(other.view.link_note, Some(LinkNote::Opened(pair.view.series.deeds().len() + 1)));
    let figures = |view: &View| (view.spread, view.parts, view.totals, view.preset, view.recipe());
    assert_eq!(figures(&other.view), figures(&pair.view));
    assert_eq!(other.view.parts, 3, "the cut is of these three, not of a half");
    other.act(Action::NewRun);
    other.play(3);
    assert_eq!(other.view.parts, 3, "in a new run, too");
}

#[test]
fn the_panel_of_a_linked_run_shows_what_is_set_at_its_moment() {
    let mut pair = Pair::new();
    pair.play(2);
    pair.act(Action::Strategy(Strategy::Random));
    pair.act(Action::Limiter(LimiterKind::Window));
    pair.act(Action::Type(Field::Loss, "2.5".into()));
    pair.act(Action::Type(Field::Latency, "33.3".into()));
    pair.play(1);
    let link = link(&mut pair);
    let mut other = Pair::new();
    other.act(Action::OpenLink(Ok(Box::new(read(&link).expect("it holds a run").expect("it opens")))));
    while let Some(to_us) = other.view.goal_us {
        let look = other.view.look();
        other.obey(vec![Command::Advance { to_us, look }]);
    }
    let shown = |pair: &Pair| {
        let scenario = pair.view.scenario.as_ref().expect("there is a run");
        (pair.view.now_us, pair.view.setup.clone(), scenario.tuning, scenario.network)
    };
    assert_eq!(shown(&other), shown(&pair));
    assert!(!other.view.on_way && other.view.recipe() == pair.view.recipe());
    // What is set by hand from then on is the panel's again.
    other.act(Action::Strategy(Strategy::Tree));
    other.play(1);
    assert_eq!(shown(&other).1.strategy, Strategy::Tree);
}

#[test]
fn a_recording_is_looked_at_and_a_file_that_is_none_changes_nothing() {
    let mut pair = Pair { view: View::for_replay(), worker: Worker::Plays(Box::new(Player::new(|| 0.0))) };
    let open = |pair: &mut Pair, text: &str| {
        let given = Given { name: "run.jsonl".into(), bytes: Ok(text.as_bytes().to_vec()) };
        for command in pair.view.act(Action::OpenFile(Box::new(given))) {
            match pair.worker.obey(command) {
                Report::Opened { run, opened: Ok(facts) } => {
                    let commands = pair.view.take_opened(run, *facts);
                    pair.obey(commands);
                }
                Report::Opened { opened: Err(why), .. } => pair.view.not_opened = Some(why),
                other => panic!("{other:?}"),
            }
        }
    };
    open(
        &mut pair,
        "{\"at\":1000000,\"node\":\"a\",\"event\":\"crashed\"}\n{\"at\":3000000,\"node\":\"b\",\"event\":\"paused\"}",
    );
    assert_eq!((pair.view.run, pair.view.nodes(), pair.view.spread.up), (1, 2, 2));
    pair.act(Action::Seek(2_000_000));
    assert_eq!((pair.view.now_us, pair.view.spread.up), (2_000_000, 1));
    open(&mut pair, "no trace");
    assert!(
        pair.view
            .not_opened
            .as_ref()
            .is_some_and(|(name, why)| name == "run.jsonl" && why.contains("not a trace"))
    );
    assert_eq!((pair.view.run, pair.view.nodes(), pair.view.now_us), (1, 2, 2_000_000));
    pair.act(Action::Select(Some(1)));
    pair.act(Action::CrashOrRestart);
    assert!(pair.view.refused.as_ref().is_some_and(|why| why.contains("not changed")));
}

const CRASHED: &str = "{\"at\":1000000,\"node\":\"a\",\"event\":\"crashed\"}";

fn file(text: &str) -> Action {
    Action::OpenFile(Box::new(Given { name: "run.jsonl".into(), bytes: Ok(text.as_bytes().to_vec()) }))
}

#[test]
fn of_two_files_that_were_sent_before_any_was_read_the_last_one_that_is_a_trace_is_played() {
    for (last, nodes) in [(CRASHED, 1), ("no trace", 2)] {
        let mut pair =
            Pair { view: View::for_replay(), worker: Worker::Plays(Box::new(Player::new(|| 0.0))) };
        let both = format!("{CRASHED}\n{{\"at\":3000000,\"node\":\"b\",\"event\":\"crashed\"}}");
        let commands = [pair.view.act(file(&both)), pair.view.act(file(last))].concat();
        let reports: Vec<Report> = commands.into_iter().map(|command| pair.worker.obey(command)).collect();
        for report in reports {
            let Report::Opened { run, opened } = report else { panic!("{report:?}") };
            if let Ok(facts) = opened {
                let commands = pair.view.take_opened(run, *facts);
                pair.obey(commands);
            }
        }
        pair.act(Action::Seek(1_000_000));
        assert_eq!((pair.view.nodes(), pair.view.now_us), (nodes, 1_000_000), "then {last}");
        assert_eq!(pair.view.spread.up, nodes - 1, "the frames are taken, then {last}");
    }
}

#[test]
fn replay_begins_again_without_a_recording_and_never_with_a_run() {
    let mut pair = Pair { view: View::for_replay(), worker: Worker::Plays(Box::new(Player::new(|| 0.0))) };
    let mut open = |view: &mut View| {
        let commands = view.act(file(CRASHED));
        let Report::Opened { run, opened: Ok(facts) } = pair.worker.obey(commands[0].clone()) else {
            panic!("it is a trace")
        };
        view.take_opened(run, *facts);
    };
    let view = &mut pair.view;
    open(view);
    assert_eq!((view.run, view.nodes()), (1, 1));
    assert_eq!(view.begin_again(), Vec::new());
    assert!(!view.has_run() && view.nodes() == 0);
    for action in [Action::NewRun, Action::NewSeed(3), Action::Preset("partition".into())] {
        assert_eq!(view.act(action), Vec::new());
        assert!(view.scenario.is_none());
    }
    open(view);
    assert_eq!((view.run, view.nodes()), (2, 1), "a number of its own");
    let (mut lab, _) = View::new();
    assert!(matches!(lab.begin_again()[..], [Command::Start { run: 2, .. }]));
}
