//! What the user does to the cluster: which deed it is, at which node, or what is missing for it. Pure. What a deed means to
//! the simulator is told in `deed`.

use super::action::Between;
use super::protocol::{Command, Deed, Flight, Frame, MessageRef};
use super::state::View;

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

    pub(super) fn with_other(&mut self, what: Between) -> Vec<Command> {
        let nodes = self.nodes();
        let text = self.form.other.trim().trim_start_matches('n');
        let other = text.parse::<u32>().ok().filter(|other| *other < nodes && Some(*other) != self.selected);
        match (self.selected, other) {
            (Some(node), Some(other)) => {
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
