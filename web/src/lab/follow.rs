//! The setup as it was at the moment in sight. A running cluster can be tuned, so whoever goes back in time, or to another
//! branch, comes to a moment at which something else was set: the panel then says so. Pure.

use super::protocol::Deed;
use super::setup::{Field, Setup};
use super::state::View;
use rumormill_core::Tuning;
use rumormill_sim::Network;

/// Most setups of one run that are remembered; whoever types goes through many.
const SETUPS_MAX: usize = 256;

/// What was set in a run.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    begun: Option<(Tuning, Network)>,
    setups: Vec<Setup>,
}

impl History {
    /// A run begins with this.
    pub(super) fn begin(&mut self, setup: &Setup) {
        self.setups.clear();
        self.begun = meant(setup);
        self.note(setup);
    }

    /// The run goes on with this.
    pub(super) fn note(&mut self, setup: &Setup) {
        if self.setups.len() == SETUPS_MAX {
            self.setups.remove(0);
        }
        if !self.setups.contains(setup) {
            self.setups.push(setup.clone());
        }
    }

    /// The setup that stood in the panel when this was set.
    fn of(&self, tuning: Tuning, network: Network) -> Option<&Setup> {
        self.setups.iter().rev().find(|setup| meant(setup) == Some((tuning, network)))
    }
}

fn meant(setup: &Setup) -> Option<(Tuning, Network)> {
    setup.scenario().ok().map(|scenario| (scenario.tuning, scenario.network))
}

impl View {
    /// Lets the setup be what it was at the moment in sight, after a jump.
    pub(super) fn follow(&mut self) {
        if self.replay.is_some() {
            return;
        }
        let (Some((mut tuning, mut network)), Some(scenario)) = (self.history.begun, &mut self.scenario)
        else {
            return;
        };
        for (_, deed) in self.series.deeds().iter().take_while(|(at_us, _)| *at_us <= self.now_us) {
            match deed {
                Deed::Tune(set) => tuning = *set,
                Deed::Network(set) => network = *set,
                _ => {}
            }
        }
        if (scenario.tuning, scenario.network) == (tuning, network) {
            return;
        }
        (scenario.tuning, scenario.network) = (tuning, network);
        // What a script or a link sets never stood in the panel.
        let stood = self.history.of(tuning, network).cloned();
        if let Some(setup) = stood.or_else(|| self.setup.tuned(tuning, network)) {
            // These belong to the run as a whole, and may be typed for the next one.
            let kept = [Field::Nodes, Field::Seed].map(|field| (field, self.setup.text(field).to_owned()));
            self.setup = kept.into_iter().fold(setup, |setup, (field, text)| setup.with(field, text));
            self.errors.clear();
        }
    }
}
