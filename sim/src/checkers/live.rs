//! Some time after the last disturbance everyone who is up is believed alive by
//! everyone else who is up. On a network that still loses frames a mistake may
//! happen at any time; it must not last.

use super::{Checker, Property, View};
use rumormill_core::Instant;
use std::collections::BTreeMap;

/// Who is mistaken about whom, and since when.
#[derive(Default)]
pub(super) struct Live(BTreeMap<(u32, u32), Instant>);

impl Checker for Live {
    fn property(&self) -> Property {
        Property::Live
    }

    fn on_look(&mut self, view: &View<'_>) -> Result<(), String> {
        if !view.is_due(|bounds| bounds.members) {
            self.0.clear();
            return Ok(());
        }
        let now = view.sim.now();
        let up = || view.sim.iter().filter(|node| node.up);
        for node in up() {
            for other in up() {
                let pair = (node.index, other.index);
                let held = node.engine.and_then(|engine| engine.members().status(other.id));
                if held.is_some_and(|status| status.is_active()) {
                    self.0.remove(&pair);
                    continue;
                }
                let since = *self.0.entry(pair).or_insert(now);
                if now.since(since) >= view.calm.mistakes_last(view.sim.nodes()) {
                    let held =
                        held.map_or("does not know it".into(), |held| format!("holds it to be {held}"));
                    return Err(format!("{} is up, and {} {held}", other.id, node.id));
                }
            }
        }
        Ok(())
    }
}
