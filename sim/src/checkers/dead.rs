//! A node that stopped, in whatever way, is not believed alive by anyone for
//! longer than the bound after it stopped, or after whatever else last kept
//! the others from noticing.

use super::{Checker, Property, View};

pub(super) struct Dead;

impl Checker for Dead {
    fn property(&self) -> Property {
        Property::Dead
    }

    fn on_look(&mut self, view: &View<'_>) -> Result<(), String> {
        if !view.is_due(|bounds| bounds.members) {
            return Ok(());
        }
        for node in view.sim.iter() {
            let Some(engine) = node.engine else { continue };
            for dead in view.sim.iter().filter(|other| !other.up) {
                if let Some(status) = engine.members().status(dead.id).filter(|status| status.is_active()) {
                    return Err(format!("{} is not up, and {} holds it to be {status}", dead.id, node.id));
                }
            }
        }
        Ok(())
    }
}
