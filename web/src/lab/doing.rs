//! What the user does to the cluster: which deed it is, at which node, or what is missing for it. Pure. What a deed means to
//! the simulator is told in `deed`.

use super::action::{Between, Tab, Turn};
use super::protocol::{Command, Deed, Detail, Flight, Frame, MessageRef, NodeState};
use super::state::View;

/// How late a slowed node is.
const SLOW_US: u64 = 500_000;
/// How far a clock is set ahead.
const SKEW_US: i64 = 60_000_000;

impl View {
    pub(super) fn perform(&mut self, deed: Deed) -> Vec<Command> {
        if self.replay.is_some() {
            self.refused =
                Some("A recording can be looked at, not changed. The Lab has clusters to break.".to_owned());
        }
        if self.scenario.is_none() {
            return Vec::new();
        }
        (self.refused, self.on_way) = (None, false);
        vec![Command::Do { deed, look: self.look() }]
    }

    /// Without a selection it is said what is missing.
    pub(super) fn at_selected(&mut self, deed: impl FnOnce(u32) -> Deed) -> Vec<Command> {
        match self.selected {
            Some(node) => self.perform(deed(node)),
            None => {
                self.refused =
                    Some("Select a node first: click one, or use the arrow keys on the ring.".to_owned());
                Vec::new()
            }
        }
    }

    fn state_of_selected(&self) -> Option<NodeState> {
        let is_selected = |detail: &&Detail| Some(detail.node) == self.selected;
        self.detail.as_deref().filter(is_selected).map(|detail| detail.state)
    }

    pub(super) fn turn(&mut self, turn: Turn) -> Vec<Command> {
        let is_paused = self.state_of_selected() == Some(NodeState::Paused);
        match turn {
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
                what.deeds(node, other).into_iter().flat_map(|deed| self.perform(deed)).collect()
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
        let up = self.detail.as_ref().is_none_or(|detail| detail.state.is_up());
        self.at_selected(|node| if up { Deed::Crash(node) } else { Deed::Restart(node) })
    }

    pub(super) fn write(&mut self) -> Vec<Command> {
        let (key, value) = (self.form.key.clone(), self.form.value.clone());
        let commands = self.at_selected(|node| Deed::Write { node, key, value });
        if !commands.is_empty() {
            self.form.propose();
        }
        commands
    }
}
