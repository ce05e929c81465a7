//! Who said goodbye has left, and is not down: everyone who remembers it holds
//! it so, where nothing kept the goodbye from arriving.

use super::{Checker, Property, View};
use rumormill_core::event::{Event, TraceEvent, TraceRecord};
use rumormill_core::{NodeId, Status};
use std::collections::BTreeSet;

/// Who has said goodbye and not started again.
#[derive(Default)]
pub(super) struct Left(BTreeSet<NodeId>);

impl Checker for Left {
    fn property(&self) -> Property {
        Property::Left
    }

    fn on_record(&mut self, record: &TraceRecord) -> Result<(), String> {
        let Some(node) = &record.node else { return Ok(()) };
        match &record.event {
            TraceEvent::Node(Event::Stopped) => {
                self.0.insert(node.clone());
            }
            TraceEvent::Started { .. } | TraceEvent::Recovered { .. } => {
                self.0.remove(node);
            }
            _ => {}
        }
        Ok(())
    }

    fn on_look(&mut self, view: &View<'_>) -> Result<(), String> {
        if !view.calm.is_faultless() || !view.is_due(|bounds| bounds.members) {
            return Ok(());
        }
        for node in view.sim.iter() {
            let Some(engine) = node.engine else { continue };
            for gone in &self.0 {
                let held = engine.members().status(gone);
                if let Some(status) = held.filter(|status| *status != Status::Left) {
                    return Err(format!("{gone} has left, and {} holds it to be {status}", node.id));
                }
            }
        }
        Ok(())
    }
}
