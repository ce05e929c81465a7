//! What the Lab's page knows and what the user does to it: one pure reducer from actions and frames to a new state
//! and commands for the worker. No DOM, no clock, no canvas.

use super::action::{Action, Drawn, Form, MatrixOf, Sight, Tab, Tool, TreeOf};
use super::follow::History;
use super::opening::LinkNote;
use super::pace::{SPEED_DEFAULT, SPEED_MAX, SPEED_MIN};
use super::paths::PathSigns;
use super::presets;
use super::protocol::{
    Branch, Command, Deed, Detail, Mark, MessageLine, MessageRef, Row, Sent, Shown, Spread, Totals, WriteLine,
};
use super::sentences::{Filter, Line};
use super::series::Series;
use super::setup::{Errors, Field, Setup};
use super::standing::Standing;
use super::tour;
use super::views::WINDOWS;
use crate::replay::recording::Facts;
use crate::sweep::{Opening, Plan};
use rumormill_core::tree::Tree;
use rumormill_sim::Scenario;
use std::collections::VecDeque;
use std::rc::Rc;

/// Most highlights kept, and most other lines: more than anyone scrolls through.
pub const LINES_MAX: usize = 500;

/// Rows of the table of nodes on one page, so that a large cluster's table stays quick.
pub const ROWS_PER_PAGE: u32 = 100;

/// Everything that the page shows, but for what moves.
#[derive(Clone, Debug)]
pub struct View {
    /// The setup as it stands in the panel.
    pub setup: Setup,
    /// What is wrong with it.
    pub errors: Errors,
    /// The preset that the setup began as.
    pub preset: &'static str,
    /// Has the setup been changed since?
    pub changed: bool,
    pub(super) script: Vec<(u64, Deed)>,
    /// Is the script done as it stands, whatever the size? It is one of a run by hand then.
    pub(super) script_is_exact: bool,
    /// The setup with which the run began.
    pub(super) began_as: Setup,
    /// The run that a link opened.
    pub linked: Option<u32>,
    /// Is the run of a link on its way to the link's moment? What is set on the way did not come from the panel.
    pub(super) on_way: bool,
    /// What is to be said of the link.
    pub link_note: Option<LinkNote>,
    /// Of what the cluster is a model, if it is one.
    pub model_of: Option<String>,
    /// Is it Replay: recordings in place of runs?
    pub(super) is_replay: bool,
    /// The number of the file that was sent last.
    pub(super) file_sent: u32,
    /// The recording that is looked at, in place of a run.
    pub replay: Option<Rc<Facts>>,
    /// The file that could not be opened, and why.
    pub not_opened: Option<(String, String)>,
    /// The scenario in force, with the tuning and network of now.
    pub scenario: Option<Scenario>,
    /// What was set when, for whoever goes back.
    pub(super) history: History,
    /// The number of the run.
    pub run: u32,
    /// The number of the run of which the worker told last.
    pub(super) told_run: u32,
    /// Does time pass?
    pub playing: bool,
    /// The moment at which a step ends.
    pub goal_us: Option<u64>,
    /// The moment that the user wants to see, until it was asked for.
    pub seek_us: Option<u64>,
    /// How far the branch in sight has been played.
    pub end_us: u64,
    /// All branches of the run.
    pub branches: Vec<Branch>,
    /// The branch in sight.
    pub branch: u32,
    /// The exponent of ten of the speed.
    pub speed: f64,
    /// Does time slow down while messages with state are under way?
    pub legible: bool,
    /// The selected node that is inspected.
    pub selected: Option<u32>,
    /// The nodes that are selected beside it.
    pub others: Vec<u32>,
    /// What the pointer does.
    pub tool: Tool,
    /// The node from which a link is drawn, once one end of it was clicked.
    pub link_from: Option<u32>,
    /// The drawn link for which something is offered.
    pub drawn: Option<Drawn>,
    /// The nodes as they were in the last frame.
    pub(super) marks: Vec<Mark>,
    /// How the cluster is looked at.
    pub sight: Sight,
    /// Did the user choose that?
    pub sight_is_own: bool,
    /// Which tree is looked at.
    pub tree_of: TreeOf,
    /// What the matrix compares.
    pub matrix_of: MatrixOf,
    /// How much time the space-time diagram shows, in microseconds.
    pub window_us: u64,
    /// How many nodes stand in a row.
    pub stride: u32,
    /// The write by which nodes are coloured; the latest, if none.
    pub write: Option<u64>,
    /// The writes that are watched, newest first.
    pub writes: Vec<WriteLine>,
    /// What the view asked for.
    pub shown: Shown,
    /// The inspected message.
    pub message: Option<MessageRef>,
    /// What was last known of it.
    pub message_line: Option<Box<MessageLine>>,
    /// Which panel is in sight where there is no room for all.
    pub tab: Tab,
    /// Does the ring show what the selected node believes?
    pub beliefs: bool,
    /// The form.
    pub form: Form,
    /// The filter of events.
    pub filter: Filter,
    /// The page of the table.
    pub page: u32,
    /// The moment of the last frame.
    pub now_us: u64,
    /// How it stands with the latest write.
    pub spread: Spread,
    /// In how many parts the network is.
    pub parts: u32,
    /// Which signs of paths stand in the picture.
    pub signs: PathSigns,
    /// Messages under way.
    pub under_way: u32,
    /// Counts of the run.
    pub totals: Totals,
    /// The inspected node.
    pub detail: Option<Box<Detail>>,
    /// The rows in sight.
    pub rows: Vec<Row>,
    /// Whom most suspect, and how many do.
    pub suspect: Option<(rumormill_core::NodeId, u32)>,
    /// What is worth knowing of what happened, oldest first.
    pub highlights: VecDeque<Line>,
    /// Everything else that happened, oldest first: it must not crowd out the highlights.
    pub lines: VecDeque<Line>,
    pub(super) lines_made: u64,
    /// The charts' data.
    pub series: Series,
    /// Why something was not possible.
    pub refused: Option<String>,
    /// Is the help open?
    pub help: bool,
    /// The stop of the tour, while it lasts.
    pub tour: Option<u8>,
    /// Is the meter in sight?
    pub meter: bool,
    /// Is the theory's formula open?
    pub formula: bool,
    /// Do single keys work?
    pub keys: bool,
}

impl View {
    /// The page as a visitor finds it, paused at the start of the first preset; and the commands that begin it.
    pub fn new() -> (Self, Vec<Command>) {
        let preset = presets::all().swap_remove(0);
        let mut view = Self {
            began_as: preset.setup.clone(),
            script_is_exact: false,
            linked: None,
            on_way: false,
            link_note: None,
            setup: preset.setup,
            errors: Errors::new(),
            preset: preset.name,
            changed: false,
            script: preset.script,
            model_of: None,
            is_replay: false,
            file_sent: 0,
            replay: None,
            not_opened: None,
            scenario: None,
            history: History::default(),
            run: 0,
            told_run: 0,
            playing: false,
            goal_us: None,
            seek_us: None,
            end_us: 0,
            branches: Vec::new(),
            branch: 0,
            speed: SPEED_DEFAULT,
            legible: false,
            selected: None,
            others: Vec::new(),
            tool: Tool::default(),
            link_from: None,
            drawn: None,
            marks: Vec::new(),
            sight: Sight::default(),
            sight_is_own: false,
            tree_of: TreeOf::default(),
            matrix_of: MatrixOf::default(),
            window_us: WINDOWS[1].0,
            stride: 1,
            write: None,
            writes: Vec::new(),
            shown: Shown::default(),
            message: None,
            message_line: None,
            tab: Tab::default(),
            beliefs: false,
            form: Form::default(),
            filter: Filter::default(),
            page: 0,
            now_us: 0,
            spread: Spread::default(),
            parts: 1,
            signs: PathSigns::default(),
            under_way: 0,
            totals: Totals::default(),
            detail: None,
            rows: Vec::new(),
            suspect: None,
            highlights: VecDeque::new(),
            lines: VecDeque::new(),
            lines_made: 0,
            series: Series::default(),
            refused: None,
            help: false,
            tour: None,
            meter: false,
            formula: false,
            keys: true,
        };
        let commands = view.start();
        (view, commands)
    }

    /// The page before a recording is open.
    pub fn for_replay() -> Self {
        let (mut view, _) = Self::new();
        (view.scenario, view.preset, view.run, view.is_replay) = (None, "", 0, true);
        view
    }

    /// Does what the user wants.
    pub fn act(&mut self, action: Action) -> Vec<Command> {
        if self.is_out_of_place(&action) {
            return Vec::new();
        }
        if self.told_run == self.run {
            // Whoever goes on has read it.
            self.refused = None;
        }
        match action {
            Action::Preset(name) => return self.take_preset(&name),
            Action::OpenFile(given) => return self.open_file(*given),
            Action::DismissFile => self.not_opened = None,
            Action::OpenLink(Ok(opened)) => return self.open_link(*opened),
            Action::OpenLink(Err(why)) => self.link_note = Some(LinkNote::Refused(why)),
            Action::TakeOver(handover) => return self.take_over(*handover),
            Action::Type(field, text) => return self.set_up(self.setup.clone().with(field, text)),
            Action::Strategy(strategy) => return self.set_up(Setup { strategy, ..self.setup.clone() }),
            Action::Mode(mode) => return self.set_up(Setup { mode, ..self.setup.clone() }),
            Action::Limiter(limiter) => return self.set_up(self.setup.clone().with_limiter(limiter)),
            Action::Variation(variation) => return self.set_up(Setup { variation, ..self.setup.clone() }),
            Action::NewRun => return self.start(),
            Action::NewSeed(seed) => {
                self.setup = self.setup.clone().with(Field::Seed, seed.to_string());
                return self.start();
            }
            Action::Open(opening) => return self.open(opening),
            Action::PlayPause if !self.has_run() => {}
            Action::PlayPause => {
                let playing = !self.playing;
                self.stand_still();
                self.playing = playing;
            }
            Action::Pause => self.stand_still(),
            Action::StepEvent => {
                self.stand_still();
                return vec![Command::Step { look: self.look() }];
            }
            Action::BackEvent => {
                self.stand_still();
                return vec![Command::StepBack { look: self.look() }];
            }
            Action::StepRound => {
                self.stand_still();
                self.goal_us = Some(self.now_us + self.interval_us());
            }
            Action::BackRound => self.seek(self.now_us.saturating_sub(self.interval_us())),
            Action::Seek(to_us) => self.seek(to_us),
            Action::ToEnd => self.seek(self.end_us),
            Action::Fork if self.scenario.is_some() => {
                self.stand_still();
                return vec![Command::Fork { look: self.look() }];
            }
            Action::Fork => {}
            Action::Branch(branch) => {
                self.stand_still();
                // On a slow machine it takes more than one tick to come as far there as here.
                let end_us = self.branches.get(branch as usize).map_or(0, |branch| branch.end_us);
                self.goal_us = Some(self.now_us.min(end_us));
                return vec![Command::Switch { branch, look: self.look() }];
            }
            Action::Legible(legible) => self.legible = legible,
            Action::Speed(speed) => self.speed = speed.clamp(SPEED_MIN, SPEED_MAX),
            Action::Select(node) => return self.select(node),
            Action::SelectBy(steps) => return self.select_by(steps),
            Action::SelectByRows(rows) => return self.select_by(rows * i64::from(self.stride)),
            Action::Toggle(node) => return self.toggle(node),
            Action::Choose(nodes, beside) => return self.choose(nodes, beside),
            Action::ExtendBy(steps) => return self.extend_by(steps),
            Action::ExtendByRows(rows) => return self.extend_by(rows * i64::from(self.stride)),
            Action::Tool(tool) => {
                (self.tool, self.link_from, self.drawn) = (tool, None, None);
                // Where no tools are shown, none is taken up unseen.
                self.tool = self.tool_here();
            }
            Action::Use(node) => return self.use_tool(node),
            Action::Draw(drawn) => (self.drawn, self.link_from) = (drawn, None),
            Action::ToDrawn(what) => return self.settle_drawn(what),
            Action::Do(deed) => return self.perform(deed),
            Action::CrashOrRestart => return self.crash_or_restart(),
            Action::CutHalves => {
                let nodes = self.nodes();
                return self.perform(Deed::Cut((nodes / 2..nodes).collect()));
            }
            Action::CutOff => return self.cut_off(),
            Action::Write => return self.write(),
            Action::Increment => {
                let key = self.form.counter.clone();
                return self.at_selected(|node| Deed::Increment { node, key: key.clone(), by: 1 });
            }
            Action::DeleteKey => {
                let key = self.form.key.clone();
                return self.at_selected(|node| Deed::Delete { node, key: key.clone() });
            }
            Action::ToSelected(turn) => return self.turn(turn),
            Action::AskOther(what) => return self.ask_other(what),
            Action::Other(other) => self.form.other = other,
            Action::OtherNamed => {
                return self.form.between.map(|what| self.with_other(what)).unwrap_or_default();
            }
            Action::WithOther(what) => return self.with_other(what),
            // Which message that is shows in the frame, which the place keeps.
            Action::DropNext => {}
            Action::Key(key) => self.form.key = key,
            Action::Value(value) => self.form.value = value,
            Action::Counter(counter) => self.form.counter = counter,
            Action::Sight(sight) => {
                (self.sight, self.sight_is_own) = (sight, true);
                (self.link_from, self.drawn) = (None, None);
                self.tool = self.tool_here();
                return self.ask();
            }
            Action::Spot(spot) => return self.go_to(spot),
            Action::MatrixOf(of) => {
                self.matrix_of = of;
                return self.ask();
            }
            Action::TreeOf(of) => {
                self.tree_of = of;
                return self.ask();
            }
            Action::Window(window_us) => {
                self.window_us = window_us;
                return self.ask();
            }
            Action::ByWrite(write) => {
                self.write = write;
                return self.ask();
            }
            Action::MessageOf(id, number) => {
                let from = (0..self.nodes()).find(|&node| self.name(node).as_ref() == Some(&id));
                return self.act(Action::Message(from.map(|from| MessageRef::Number(from, number))));
            }
            Action::Message(message) => {
                (self.message, self.message_line) = (message, None);
                if message.is_some() {
                    self.tab = Tab::Node;
                }
                return self.ask();
            }
            Action::Tab(tab) => self.tab = tab,
            Action::Beliefs(beliefs) => self.beliefs = beliefs,
            Action::Choice(choice) => self.filter.choice = choice,
            Action::Words(words) => self.filter.words = words,
            Action::OnlySelected(only) => {
                self.filter.node = self.selected.filter(|_| only).and_then(|node| self.name(node));
            }
            Action::Page(page) => {
                self.page = page.min(self.pages().saturating_sub(1));
                return self.ask();
            }
            Action::Dismiss => self.refused = None,
            Action::DismissLink => self.link_note = None,
            Action::Help(open) => self.help = open,
            Action::Tour(stop) => {
                (self.tour, self.help) = (stop, false);
                // What it speaks of is in sight, where there is no room for all.
                self.tab = stop.and_then(tour::tab).unwrap_or(self.tab);
            }
            Action::Meter => self.meter = !self.meter,
            Action::Formula => self.formula = !self.formula,
            Action::Keys(on) => self.keys = on,
        }
        Vec::new()
    }

    /// The newest lines that the filter takes, newest first.
    pub fn shown_lines(&self, count: usize) -> Vec<Line> {
        let mut highlights = self.highlights.iter().rev().filter(|line| self.filter.takes(line)).peekable();
        let mut others = self.lines.iter().rev().filter(|line| self.filter.takes(line)).peekable();
        let mut shown = Vec::new();
        while shown.len() < count {
            let newer = highlights.peek().map(|line| line.number) > others.peek().map(|line| line.number);
            let Some(line) = (if newer { highlights.next() } else { others.next() }) else { break };
            shown.push(line.clone());
        }
        shown
    }

    /// How many nodes the run has.
    pub fn nodes(&self) -> u32 {
        if let Some(replay) = &self.replay {
            return replay.names.len() as u32;
        }
        self.scenario.as_ref().map_or(0, |scenario| scenario.nodes)
    }

    /// How many pages the table has.
    pub fn pages(&self) -> u32 {
        self.nodes().div_ceil(ROWS_PER_PAGE)
    }

    /// The name of a node.
    pub fn name(&self, node: u32) -> Option<rumormill_core::NodeId> {
        if let Some(replay) = &self.replay {
            return replay.names.get(node as usize).cloned();
        }
        self.scenario.as_ref().filter(|scenario| node < scenario.nodes).map(|scenario| scenario.node_id(node))
    }

    /// What a sweep runs with other seeds.
    pub fn plan(&self) -> Option<Plan> {
        let scenario = self.scenario.as_ref()?;
        Some(Plan::new(scenario, &self.script_for(scenario.nodes)))
    }

    fn open(&mut self, opening: Opening) -> Vec<Command> {
        self.setup = self.setup.clone().with(Field::Seed, opening.seed.to_string());
        if let Some(cell) = opening.cell {
            let children = self.plan().is_some_and(|plan| plan.varies_children());
            let field = if children { Field::Arity } else { Field::Fanout };
            let setup = self.setup.clone().with(field, cell.branches.to_string());
            self.setup = setup.with(Field::Loss, cell.loss.to_string());
        }
        self.changed = true;
        self.start()
    }

    /// How the cluster stands.
    pub fn standing(&self) -> Standing {
        match () {
            () if !self.has_run() => Standing::Nothing,
            () if self.told_run == self.run => Standing::of(&self.spread),
            // The worker has not told of it yet, or could not start it.
            () if self.refused.is_none() => Standing::Starting,
            () => Standing::Nothing,
        }
    }

    /// What was sent since the latest write, until all had it.
    pub fn of_change(&self) -> Option<Sent> {
        let since_us = self.spread.since_us?;
        let complete_us = self.spread.complete_us;
        let (before, after) = self.series.around(since_us, complete_us.unwrap_or(since_us))?;
        let now = self.totals;
        // There is a point for the moment at which the last one learned it, but for now there need be none.
        let (messages, payload, bytes) = match complete_us {
            Some(_) => (after.messages, after.payload, after.bytes),
            None => (now.messages, now.payload, now.bytes),
        };
        Some(Sent {
            is_whole: complete_us.is_some(),
            messages: messages.saturating_sub(before.messages),
            payload: payload.saturating_sub(before.payload),
            bytes: bytes.saturating_sub(before.bytes),
        })
    }

    /// The tree along which news is forwarded, if the strategy has one.
    pub fn tree(&self) -> Option<Tree> {
        let tuning = self.scenario.as_ref()?.tuning;
        tuning.strategy.follows_tree().then(|| tuning.tree())
    }

    /// Is the run at its start, with nothing done to it?
    pub fn is_fresh(&self) -> bool {
        self.now_us == 0 && self.series.deeds().is_empty()
    }

    /// Does the setup ask for another number of nodes or another seed than the run has?
    pub fn wants_new_run(&self) -> bool {
        let asked = self.setup.scenario().ok();
        let asked = asked.map(|asked| (asked.nodes, asked.seed));
        asked.is_some_and(|asked| Some(asked) != self.scenario.as_ref().map(|s| (s.nodes, s.seed)))
    }

    pub(super) fn stand_still(&mut self) {
        (self.playing, self.goal_us, self.seek_us, self.on_way) = (false, None, None, false);
    }

    pub(super) fn seek(&mut self, to_us: u64) {
        self.stand_still();
        self.seek_us = self.has_run().then_some(to_us);
    }

    pub(super) fn interval_us(&self) -> u64 {
        if let Some(replay) = &self.replay {
            return replay.round_us;
        }
        self.scenario.as_ref().map_or(0, |scenario| scenario.tuning.interval_us.as_micros())
    }

    /// The jump that the user wants, once. It may take several reports, which the goal counts on.
    pub fn take_seek(&mut self) -> Option<Command> {
        let to_us = self.seek_us.take()?;
        self.goal_us = Some(to_us);
        Some(Command::Seek { to_us, look: self.look() })
    }

    pub(super) fn ask(&self) -> Vec<Command> {
        vec![Command::Look(self.look())]
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
