//! No acknowledged write is lost. What a node has accepted or taken in, it
//! keeps until it loses its data; in the end everyone has all that anyone kept,
//! and a write that nobody has overwritten reads.

use super::expected::Mismatch;
use super::{Checker, Property, View};

pub(super) struct Acknowledged;

impl Checker for Acknowledged {
    fn property(&self) -> Property {
        Property::Acknowledged
    }

    fn on_look(&mut self, view: &View<'_>) -> Result<(), String> {
        view.mismatch(|mismatch| match mismatch {
            Mismatch::Lost(what) => Some(what),
            _ => None,
        })?;
        if !view.is_due(|bounds| bounds.equal) {
            return Ok(());
        }
        let up = || view.sim.iter().filter(|node| node.up);
        for keeper in up() {
            for other in up() {
                let lost = view.ledger.keeps(keeper.index).first_beyond(view.ledger.holds(other.index));
                if let Some(write) = lost {
                    let write = view.ledger.say(write, view.sim);
                    return Err(format!("{} had {write}, and {} does not have it", keeper.id, other.id));
                }
            }
        }
        Ok(())
    }
}
