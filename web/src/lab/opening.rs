//! What the page's state does when something is opened: the run of a link, a file for Replay. And how a run began, for
//! whoever shares it. Pure.

use super::action::Action;
use super::presets;
use super::protocol::{Command, Deed};
use super::state::View;
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
