//! Where no frame is lost or late, nobody who is up is ever held to be down, not
//! for a moment. Where frames are lost, it may happen, see `live`.

use super::{Checker, Property, View};
use rumormill_core::Status;

pub(super) struct Falsely;

impl Checker for Falsely {
    fn property(&self) -> Property {
        Property::Falsely
    }

    fn on_look(&mut self, view: &View<'_>) -> Result<(), String> {
        if !view.calm.is_faultless() {
            return Ok(());
        }
        for node in view.sim.iter() {
            let Some(engine) = node.engine else { continue };
            for other in view.sim.iter().filter(|other| other.up) {
                let held = engine.members().member(other.id);
                // What is held of an earlier life is about that one.
                if held.is_some_and(|held| held.status == Status::Down && held.birth == other.incarnation) {
                    return Err(format!(
                        "{} is up and always answered, and {} holds it to be down",
                        other.id, node.id
                    ));
                }
            }
        }
        Ok(())
    }
}
