//! How what is looked at begins: a preset, a setup of the user's, a cluster of another place, the run of a link, a file for
//! Replay. And how a run began, for whoever shares it. Pure.

use super::action::{Action, Sight};
use super::handover::Handover;
use super::presets;
use super::protocol::{Command, Deed, Shown};
use super::series::Series;
use super::setup::Setup;
use super::state::View;
use super::views::RING_NODES_MAX;
use crate::glue::files::Given;
use crate::replay::recording::Facts;
use crate::share::link::{Opened, Recipe};
use std::rc::Rc;

/// What came of opening a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkNote {
    /// It is open, with so many acts.
    Opened(usize),
    /// It is open, but for what is said here.
    Partly(String),
    /// It is not, and why.
    Refused(String),
}

impl View {
    /// What is done by itself in a run of so many nodes.
    pub(super) fn script_for(&self, nodes: u32) -> Vec<(u64, Deed)> {
        if self.script_is_exact {
            presets::possible_with(&self.script, nodes)
        } else {
            presets::script_for(&self.script, nodes)
        }
    }

    /// How the run began, to be shared.
    pub fn recipe(&self) -> Recipe {
        let (setup, preset) = (self.began_as.clone(), self.preset.to_owned());
        Recipe { setup, preset, model_of: self.model_of.clone() }
    }

    /// The run of a link, at its moment.
    pub(super) fn open_link(&mut self, opened: Opened) -> Vec<Command> {
        let Opened { shared, lost } = opened;
        self.link_note =
            Some(if lost.is_empty() { LinkNote::Opened(shared.acts.len()) } else { LinkNote::Partly(lost) });
        self.preset = shared.recipe.known_preset();
        self.changed = presets::find(self.preset).is_some_and(|preset| preset.setup != shared.recipe.setup);
        (self.setup, self.model_of) = (shared.recipe.setup, shared.recipe.model_of);
        (self.script, self.script_is_exact) = (shared.acts, true);
        (self.selected, self.tour, self.sight_is_own) = (None, None, false);
        let commands = self.start();
        self.linked = Some(self.run);
        if shared.at_us > 0 {
            self.seek(shared.at_us);
            self.on_way = true;
        }
        commands
    }

    pub(super) fn take_preset(&mut self, name: &str) -> Vec<Command> {
        let Some(preset) = presets::find(name) else { return Vec::new() };
        (self.preset, self.setup, self.script) = (preset.name, preset.setup, preset.script);
        (self.changed, self.model_of, self.script_is_exact) = (false, None, false);
        (self.selected, self.link_note) = (None, None);
        self.speed = preset.speed;
        if let Some(sight) = preset.sight {
            self.sight = sight;
        }
        self.sight_is_own = preset.sight.is_some();
        self.start()
    }

    /// A cluster that is like one elsewhere, paused at its start.
    pub(super) fn take_over(&mut self, handover: Handover) -> Vec<Command> {
        (self.preset, self.setup, self.script) = ("", handover.setup, handover.script);
        (self.changed, self.model_of, self.script_is_exact) = (false, Some(handover.words), false);
        (self.selected, self.tour, self.sight_is_own) = (None, None, false);
        self.start()
    }

    /// Takes over a changed setup: at the start as a new run, later as far as a running cluster can change.
    pub(super) fn set_up(&mut self, setup: Setup) -> Vec<Command> {
        self.changed |= setup != self.setup;
        self.setup = setup;
        let asked = match self.setup.scenario() {
            Ok(asked) => asked,
            Err(errors) => {
                self.errors = errors;
                return Vec::new();
            }
        };
        self.errors.clear();
        self.history.note(&self.setup);
        if self.is_fresh() && !self.playing {
            return self.start();
        }
        let Some(scenario) = &mut self.scenario else { return self.start() };
        let mut deeds = Vec::new();
        if scenario.tuning != asked.tuning {
            scenario.tuning = asked.tuning;
            deeds.push(Deed::Tune(asked.tuning));
        }
        if scenario.network != asked.network {
            scenario.network = asked.network;
            deeds.push(Deed::Network(asked.network));
        }
        deeds.into_iter().flat_map(|deed| self.perform(deed)).collect()
    }

    /// A new run of the setup as it stands, paused at its start.
    pub(super) fn start(&mut self) -> Vec<Command> {
        let scenario = match self.setup.scenario() {
            Ok(scenario) => scenario,
            Err(errors) => {
                self.errors = errors;
                return Vec::new();
            }
        };
        self.errors.clear();
        self.began_as = self.setup.clone();
        self.clear_run(scenario.nodes);
        let script = self.script_for(scenario.nodes);
        self.scenario = Some(scenario.clone());
        self.history.begin(&self.setup);
        vec![Command::Start {
            run: self.run,
            scenario: Box::new(scenario),
            script,
            goes_back: true,
            look: self.look(),
        }]
    }

    /// Forgets the run before: another one begins.
    pub(super) fn clear_run(&mut self, nodes: u32) {
        self.run += 1;
        self.stand_still();
        (self.end_us, self.branch) = (0, 0);
        self.branches.clear();
        self.selected = self.selected.filter(|node| *node < nodes);
        self.others.retain(|node| *node < nodes && self.selected.is_some());
        (self.link_from, self.drawn) = (None, None);
        (self.filter.node, self.refused) = (None, None);
        (self.write, self.message, self.message_line) = (None, None, None);
        (self.shown, self.writes) = (Shown::Nothing, Vec::new());
        if !self.sight_is_own {
            self.sight = if nodes > RING_NODES_MAX { Sight::Grid } else { Sight::Ring };
        }
        (self.now_us, self.page, self.suspect) = (0, 0, None);
        self.lines.clear();
        self.highlights.clear();
        self.series = Series::default();
    }

    /// Is there anything to be looked at?
    pub fn has_run(&self) -> bool {
        self.scenario.is_some() || self.replay.is_some()
    }

    /// Hands a file to the worker. What is looked at stays until that has read it.
    pub(super) fn open_file(&mut self, given: Given) -> Vec<Command> {
        self.not_opened = None;
        match given.bytes {
            Ok(bytes) => {
                // The file before may still be read: each has a number of its own.
                self.file_sent = self.file_sent.max(self.run) + 1;
                vec![Command::Open { run: self.file_sent, name: given.name, bytes }]
            }
            Err(why) => {
                self.not_opened = Some((given.name, why));
                Vec::new()
            }
        }
    }

    /// The worker has read the file of this number, and that is what it plays now: even if another was sent since, for
    /// that may turn out to be no trace.
    pub fn take_opened(&mut self, run: u32, facts: Facts) -> Vec<Command> {
        let nodes = facts.names.len() as u32;
        self.replay = Some(Rc::new(facts));
        (self.selected, self.sight_is_own) = (None, false);
        self.clear_run(nodes);
        self.run = run;
        self.ask()
    }

    /// The worker failed, and there is a new one, which knows nothing.
    pub fn begin_again(&mut self) -> Vec<Command> {
        if !self.is_replay {
            return self.start();
        }
        // The recording was the worker's, and numbers are never used twice.
        let (run, keys) = (self.file_sent.max(self.run), self.keys);
        *self = Self::for_replay();
        (self.run, self.file_sent, self.keys) = (run, run, keys);
        Vec::new()
    }

    /// Would an action begin a run, or change one? In Replay there is none.
    pub(super) fn is_out_of_place(&self, action: &Action) -> bool {
        self.is_replay
            && matches!(
                action,
                Action::NewRun
                    | Action::NewSeed(_)
                    | Action::Preset(_)
                    | Action::TakeOver(_)
                    | Action::OpenLink(_)
                    | Action::Open(_)
                    | Action::Type(..)
                    | Action::Strategy(_)
                    | Action::Mode(_)
                    | Action::Limiter(_)
                    | Action::Variation(_)
            )
    }
}
