//! Nodes whose states have equal hashes read the same, at any time: whoever
//! compares hashes and finds them equal asks no further.

use super::{Checker, Property, View};
use rumormill_core::state::store::{Entry, Store};
use rumormill_core::{NodeId, State};
use std::collections::BTreeMap;

pub(super) struct Hashes;

impl Checker for Hashes {
    fn property(&self) -> Property {
        Property::Hashes
    }

    fn on_look(&mut self, view: &View<'_>) -> Result<(), String> {
        let mut first: BTreeMap<u64, (&NodeId, &Store)> = BTreeMap::new();
        for node in view.sim.iter() {
            let Some(engine) = node.engine else { continue };
            let store = engine.state();
            let (other, theirs) = *first.entry(store.hash().0).or_insert((node.id, store));
            // What ends by each node's own clock may have ended here and not there.
            let lasting = |entry: &Entry<'_>| !view.ledger.expires(entry.key);
            if !store.iter().filter(lasting).eq(theirs.iter().filter(lasting)) {
                return Err(format!("{other} and {} have the same hash and do not read the same", node.id));
            }
        }
        Ok(())
    }
}
