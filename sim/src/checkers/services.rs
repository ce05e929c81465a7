//! Some time after the last disturbance everyone holds of the services of a
//! member that is up what that member itself holds, and those of one that is
//! gone are down.

use super::{Checker, Property, View};
use crate::sim::NodeView;
use rumormill_core::Member;
use rumormill_core::services::Health;

pub(super) struct Services;

impl Checker for Services {
    fn property(&self) -> Property {
        Property::Services
    }

    fn on_look(&mut self, view: &View<'_>) -> Result<(), String> {
        if !view.is_due(|bounds| bounds.members) {
            return Ok(());
        }
        let mut pairs = view.sim.iter().flat_map(|at| view.sim.iter().map(move |of| (at, of)));
        pairs.find_map(|(at, of)| wrong(&at, &of)).map_or(Ok(()), Err)
    }
}

/// What one node holds of another one's services that is not so, in words.
fn wrong(at: &NodeView<'_>, of: &NodeView<'_>) -> Option<String> {
    let held = record(at, of)?;
    let Some(own) = record(of, of) else {
        let mut services = at.engine?.services().filter(|service| service.node == of.id);
        let up = services.find(|service| service.health != Health::Down)?;
        return Some(format!("{} is gone, and {} holds its '{}' to be {}", of.id, at.id, up.name, up.health));
    };
    let (held, own) = (held.current_services(), own.current_services());
    (held != own)
        .then(|| format!("{} holds the services of {} to be {held:?}; they are {own:?}", at.id, of.id))
}

/// What a node that is up holds of another one, or of itself.
fn record<'a>(at: &NodeView<'a>, of: &NodeView<'_>) -> Option<&'a Member> {
    at.engine?.members().member(of.id)
}
