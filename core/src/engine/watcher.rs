//! Services: what this node offers, and what all others do, as far as their
//! nodes live. (Riak Core's node watcher.)

use super::Engine;
use crate::event::Event;
use crate::id::NodeId;
use crate::members::{Member, Status};
use crate::services::{Health, InvalidService, Service};
use crate::state::State;
use crate::time::Instant;
use alloc::borrow::Cow;
use alloc::string::ToString;

/// A service of a member, as this node sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceView<'a> {
    /// Whose.
    pub node: &'a NodeId,
    /// What it is called.
    pub name: &'a str,
    /// How it does: as its node says, and down if the node is.
    pub health: Health,
    /// Why, in words; empty if nothing was said.
    pub reason: Cow<'a, str>,
}

impl<S: State> Engine<S> {
    /// Tells the cluster of a service of this node, or of a change of it.
    pub fn publish(&mut self, service: Service, now: Instant) -> Result<(), InvalidService> {
        self.tick(now);
        if let Some(list) = self.own_record().services.with(service)? {
            self.publish_all(list);
            self.flush(now);
        }
        Ok(())
    }

    /// Takes a service of this node back. False if there is none of that name.
    pub fn withdraw(&mut self, name: &str, now: Instant) -> bool {
        self.tick(now);
        let Some(list) = self.own_record().services.without(name) else { return false };
        self.publish_all(list);
        self.flush(now);
        true
    }

    /// All services of all members that are remembered, by node and name.
    pub fn services(&self) -> impl Iterator<Item = ServiceView<'_>> {
        self.members
            .iter()
            .flat_map(|member| member.current_services().iter().map(move |service| view(member, service)))
    }

    /// Tells what services do differently than before.
    pub(super) fn tell_services(&mut self, before: Option<&Member>, after: &Member) {
        let old = before.map_or(&[][..], Member::current_services);
        let new = after.current_services();
        if old.is_empty() && new.is_empty() {
            return;
        }
        for service in new {
            let was = old.iter().find(|other| other.name() == service.name());
            let was = was.zip(before).map(|(service, member)| view(member, service));
            let is = view(after, service);
            if was.is_none_or(|was| (was.health, &was.reason) != (is.health, &is.reason)) {
                let (name, health, reason) = (is.name.into(), Some(is.health), is.reason.to_string().into());
                self.tell(Event::Service { node: after.id.clone(), name, health, reason });
            }
        }
        for service in old.iter().filter(|old| new.iter().all(|new| new.name() != old.name())) {
            let name = service.name().into();
            self.tell(Event::Service { node: after.id.clone(), name, health: None, reason: "".into() });
        }
    }
}

fn view<'a>(member: &'a Member, service: &'a Service) -> ServiceView<'a> {
    let gone = match member.status {
        Status::Joining | Status::Alive | Status::Suspect => None,
        Status::Down => Some("its node is down"),
        Status::Leaving => Some("its node is leaving"),
        Status::Left => Some("its node has left"),
    };
    ServiceView {
        node: &member.id,
        name: service.name(),
        health: if gone.is_some() { Health::Down } else { service.health() },
        reason: Cow::Borrowed(gone.unwrap_or(service.reason())),
    }
}
