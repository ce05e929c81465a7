//! Members that are gone are forgotten in time, and what a node has forgotten
//! of them is not believed again: only a later life is.

use super::{Checker, Property, View};
use rumormill_core::{Duration, Incarnation, Instant, Member, NodeId};
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Forgotten {
    /// What each node holds of members that are gone, or held until it forgot.
    nodes: Vec<Graveyard>,
    /// Since when each node has not been up.
    down_since: BTreeMap<u32, Instant>,
}

#[derive(Default)]
struct Graveyard {
    life: Incarnation,
    gone: BTreeMap<NodeId, Incarnation>,
}

/// How much longer than it should a record may stay: times are told in whole
/// seconds, and looks are a second apart.
const COARSE: Duration = Duration::from_secs(3);

/// A leave that was never finished is over after this long.
const LEAVING: Duration = Duration::from_secs(10);

impl Checker for Forgotten {
    fn property(&self) -> Property {
        Property::Forgotten
    }

    fn on_look(&mut self, view: &View<'_>) -> Result<(), String> {
        self.note_down(view);
        self.nodes.resize_with(view.sim.nodes() as usize, Graveyard::default);
        for (node, graveyard) in view.sim.iter().zip(&mut self.nodes) {
            let Some(engine) = node.engine else { continue };
            if graveyard.life != node.incarnation {
                *graveyard = Graveyard { life: node.incarnation, ..Graveyard::default() };
            }
            for member in engine.members().iter() {
                graveyard.look(member).map_err(|what| format!("{} {what}", node.id))?;
            }
        }
        self.all_in_time(view)
    }
}

impl Forgotten {
    fn note_down(&mut self, view: &View<'_>) {
        for node in view.sim.iter() {
            if node.up {
                self.down_since.remove(&node.index);
            } else {
                self.down_since.entry(node.index).or_insert(view.sim.now());
            }
        }
    }

    fn all_in_time(&self, view: &View<'_>) -> Result<(), String> {
        let Some((since, bounds)) = view.calm.of(view.sim) else { return Ok(()) };
        let now = view.sim.now();
        for (&dead, &down_since) in &self.down_since {
            let due = since.max(down_since) + bounds.members + LEAVING + view.calm.forget() + COARSE;
            let id = view.sim.node(dead).id;
            let holder = view
                .sim
                .iter()
                .find(|node| node.engine.is_some_and(|engine| engine.members().member(id).is_some()));
            if let Some(holder) = holder.filter(|_| now >= due) {
                let gone_for = now.since(down_since);
                return Err(format!("{id} has been gone for {gone_for}, and {} remembers it", holder.id));
            }
        }
        Ok(())
    }
}

impl Graveyard {
    fn look(&mut self, member: &Member) -> Result<(), String> {
        let Member { id, incarnation, status, .. } = member;
        if status.is_gone() {
            let known = self.gone.entry(id.clone()).or_insert(*incarnation);
            *known = (*known).max(*incarnation);
        }
        match self.gone.get(id) {
            Some(gone) if status.is_active() && incarnation <= gone => Err(format!(
                "held {id} to be gone in life {} and now to be {status} in life {}",
                gone.0, incarnation.0
            )),
            _ => Ok(()),
        }
    }
}
