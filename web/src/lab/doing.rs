//! What the user does to the cluster: which deed it is, at which node, or what is missing for it. Pure. What a deed means to
//! the simulator is told in `deed`.

use super::action::{Between, Tab, Tool, Turn};
use super::protocol::{Command, Deed, Detail, Flight, Frame, MessageRef, NodeState};
use super::state::View;

/// How late a slowed node is.
const SLOW_US: u64 = 500_000;
/// How far a clock is set ahead.
const SKEW_US: i64 = 60_000_000;

impl View {
    pub(super) fn perform(&mut self, deed: Deed) -> Vec<Command> {
        self.perform_all(vec![deed])
    }

    #[inline(never)]
    fn perform_all(&mut self, deeds: Vec<Deed>) -> Vec<Command> {
        if self.replay.is_some() {
            self.refused =
                Some("A recording can be looked at, not changed. The Lab has clusters to break.".to_owned());
        }
        if self.scenario.is_none() {
            return Vec::new();
        }
        (self.refused, self.on_way) = (None, false);
        vec![Command::Do { deeds, look: self.look() }]
    }

    /// Does the same to each selected node; of several to those with which it can be done. Without a selection it is said
    /// what is missing.
    pub(super) fn at_selected(&mut self, deed: impl Fn(u32) -> Deed) -> Vec<Command> {
        if self.selected.is_none() {
            self.refused =
                Some("Select a node first: click one, or use the arrow keys on the picture.".to_owned());
            return Vec::new();
        }
        let deeds: Vec<Deed> = self.chosen().into_iter().map(deed).collect();
        self.perform_possible(deeds)
    }

    /// What cannot be done to some of several is left out; if nothing is left, the worker says why.
    #[inline(never)]
    fn perform_possible(&mut self, deeds: Vec<Deed>) -> Vec<Command> {
        let possible: Vec<Deed> = deeds.iter().filter(|deed| self.is_possible(deed)).cloned().collect();
        self.perform_all(if possible.is_empty() { deeds } else { possible })
    }

    fn is_possible(&self, deed: &Deed) -> bool {
        let is_up = |node: u32| self.state_of(node).is_none_or(NodeState::is_up);
        match *deed {
            Deed::Restart(node) | Deed::RestartWithData(node) => !is_up(node),
            Deed::Resume(node) => self.state_of(node) == Some(NodeState::Paused),
            Deed::Pause(node) => is_up(node) && self.state_of(node) != Some(NodeState::Paused),
            Deed::Crash(node) | Deed::Leave(node) => is_up(node),
            Deed::Write { node, .. } | Deed::Increment { node, .. } | Deed::Delete { node, .. } => {
                is_up(node)
            }
            _ => true,
        }
    }

    /// By what the worker told of it, or, where that is still on its way, by how it is drawn.
    fn state_of_selected(&self) -> Option<NodeState> {
        let is_selected = |detail: &&Detail| Some(detail.node) == self.selected;
        let told = self.detail.as_deref().filter(is_selected).map(|detail| detail.state);
        told.or_else(|| self.state_of(self.selected?))
    }

    pub(super) fn turn(&mut self, turn: Turn) -> Vec<Command> {
        let is_paused = self.state_of_selected() == Some(NodeState::Paused);
        match turn {
            Turn::Crash => self.at_selected(Deed::Crash),
            Turn::Restart => self.at_selected(Deed::Restart),
            Turn::Isolate => self.at_selected(|node| Deed::Cut(vec![node])),
            Turn::PauseOrResume if is_paused => self.at_selected(Deed::Resume),
            Turn::PauseOrResume => self.at_selected(Deed::Pause),
            Turn::RestartWithData => self.at_selected(Deed::RestartWithData),
            Turn::Leave => self.at_selected(Deed::Leave),
            Turn::Slow => self.at_selected(|node| Deed::Slow { node, delay_us: SLOW_US }),
            Turn::ClockAhead => self.at_selected(|node| Deed::Skew { node, skew_us: SKEW_US }),
            Turn::Well => {
                let mut commands = self.at_selected(|node| Deed::Slow { node, delay_us: 0 });
                commands.extend(self.at_selected(|node| Deed::Skew { node, skew_us: 0 }));
                commands
            }
        }
    }

    /// Parts the selected nodes from all others.
    pub(super) fn cut_off(&mut self) -> Vec<Command> {
        match self.chosen() {
            chosen if chosen.is_empty() => self.at_selected(Deed::Crash),
            chosen => self.perform(Deed::Cut(chosen)),
        }
    }

    /// Uses the tool in hand on a node: if it is one of several that are selected, on all of them.
    #[inline(never)]
    pub(super) fn use_tool(&mut self, node: u32) -> Vec<Command> {
        let mut commands = if self.is_chosen(node) { Vec::new() } else { self.select(Some(node)) };
        let is_up = self.state_of(node).is_none_or(NodeState::is_up);
        commands.extend(match self.tool_here() {
            Tool::Crash if is_up => self.at_selected(Deed::Crash),
            Tool::Crash => self.at_selected(Deed::Restart),
            Tool::Write => self.write(),
            _ => Vec::new(),
        });
        commands
    }

    /// Does something to the two ends of the drawn link.
    #[inline(never)]
    pub(super) fn settle_drawn(&mut self, what: Between) -> Vec<Command> {
        let Some(drawn) = self.drawn.take() else { return Vec::new() };
        self.perform_all(what.deeds(drawn.from, drawn.to))
    }

    /// The field for the other node is only there for a node that is up.
    pub(super) fn ask_other(&mut self, what: Between) -> Vec<Command> {
        let is_up = self.state_of_selected().is_none_or(NodeState::is_up);
        if self.selected.is_none() || self.replay.is_some() {
            return self.at_selected(Deed::Resume);
        }
        if is_up {
            (self.form.between, self.tab, self.refused) = (Some(what), Tab::Node, None);
        } else {
            self.refused = Some("The selected node is not up. Restart it first.".to_owned());
        }
        Vec::new()
    }

    pub(super) fn with_other(&mut self, what: Between) -> Vec<Command> {
        let nodes = self.nodes();
        let text = self.form.other.trim().trim_start_matches('n');
        let other = text.parse::<u32>().ok().filter(|other| *other < nodes && Some(*other) != self.selected);
        match (self.selected, other) {
            (Some(node), Some(other)) => {
                self.form.between = None;
                self.perform_all(what.deeds(node, other))
            }
            _ => {
                let last = nodes.saturating_sub(1);
                self.refused = Some(format!("Name another node: 0 to {last}, and not the selected one."));
                Vec::new()
            }
        }
    }

    /// The message under way of the selected node that arrives next, to be dropped.
    pub fn drop_next(&mut self, frame: &Frame) -> Vec<Command> {
        // The one that is looked at comes before any other.
        let is_inspected = |flight: &&Flight| self.message == Some(MessageRef::Id(flight.id)) && !flight.lost;
        if let Some(flight) = frame.flights.iter().find(is_inspected) {
            return self.perform(Deed::Drop(flight.id));
        }
        let Some(node) = self.selected else { return self.at_selected(Deed::Crash) };
        let of_it = |flight: &&Flight| {
            !flight.lost && (u32::from(flight.from) == node || u32::from(flight.to) == node)
        };
        let arrives_us = |flight: &&Flight| flight.sent_us + u64::from(flight.travels_us);
        match frame.flights.iter().filter(of_it).min_by_key(arrives_us) {
            Some(flight) => self.perform(Deed::Drop(flight.id)),
            None => {
                self.refused = Some("No message to or from this node is under way now.".to_owned());
                Vec::new()
            }
        }
    }

    pub(super) fn crash_or_restart(&mut self) -> Vec<Command> {
        let up = self.state_of_selected().is_none_or(NodeState::is_up);
        self.at_selected(if up { Deed::Crash } else { Deed::Restart })
    }

    pub(super) fn write(&mut self) -> Vec<Command> {
        let (key, value) = (self.form.key.clone(), self.form.value.clone());
        let commands = self.at_selected(|node| Deed::Write { node, key: key.clone(), value: value.clone() });
        if !commands.is_empty() {
            self.form.propose();
        }
        commands
    }
}
