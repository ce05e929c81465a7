//! Some time after the last disturbance all nodes that are up hold the same,
//! by their hashes and by what they read.

use super::agreement::first_difference;
use super::{Checker, Property, View};
use rumormill_core::State;
use rumormill_core::state::store::Key;

pub(super) struct Convergence;

impl Checker for Convergence {
    fn property(&self) -> Property {
        Property::Convergence
    }

    fn on_look(&mut self, view: &View<'_>) -> Result<(), String> {
        if !view.is_due(|bounds| bounds.equal) {
            return Ok(());
        }
        let mut all = view.sim.iter().filter_map(|node| Some((node.id, node.engine?.state().hash())));
        let Some((first, expected)) = all.next() else { return Ok(()) };
        if let Some((other, _)) = all.find(|(_, hash)| *hash != expected) {
            return Err(format!("{first} and {other} still have not seen the same writes"));
        }
        // What has a time to live ends a little sooner here than there.
        let lasting = |key: &str| Key::new(key).is_ok_and(|key| !view.ledger.expires(&key));
        first_difference(view.sim, lasting).map_or(Ok(()), Err)
    }
}
