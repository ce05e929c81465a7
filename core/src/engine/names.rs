//! What others say of this node: a rumor of its death is denied by a greater
//! incarnation, and another node of the same name is met by a rule.
//!
//! The rule: of two live nodes with one name the one whose process began
//! earlier keeps it (by the nodes' own clocks; if equal, the lesser address),
//! and the other stops and says why. Whether the other one is alive shows in
//! that it answers: a claim is denied once, as an old rumor would be, and only
//! a claim that outdoes the denial is another node's. So a node that starts
//! again at a new address is not stopped by its own past, and a second node
//! started by mistake does not push out the first.

use super::{Engine, Life};
use crate::event::Event;
use crate::id::{Address, Incarnation};
use crate::members::{Member, Status};
use crate::services::Services;
use crate::state::State;
use crate::wire::{CloseCode, Hello, Refusal};

impl<S: State> Engine<S> {
    /// Takes in what others hold of this node.
    pub(super) fn on_own_record(&mut self, record: Member) -> bool {
        let own = self.own_record();
        if self.life != Life::Running || !record.adds_to(&own) {
            return false;
        }
        if record.services.version >= own.services.version && record.services != own.services {
            // An earlier life counted further than this one knew.
            self.services_version = record.services.version;
            self.publish_all(own.services.list.clone());
        }
        if record.standing() <= own.standing() {
            return false;
        }
        // At one address only one node can listen; of leaves, which have none, any two may be two.
        let is_elsewhere = record.address.is_none() || record.address != own.address;
        let is_other = record.birth != own.birth && is_elsewhere;
        if is_other
            && !matches!(record.status, Status::Down | Status::Left)
            && self.name_is_lost(&record, &own)
        {
            self.give_up_name(record.incarnation, record.address);
            return false;
        }
        let incarnation = Incarnation(record.incarnation.0.saturating_add(1));
        if is_other {
            self.name_claimed = Some(incarnation);
        } else if record.birth == own.birth {
            // Whoever is suspected without reason may be the slow one.
            self.probes.worsen(1, self.config.tuning.local_health_max);
            self.stats.refutations += 1;
        }
        self.on_member(self.refreshed(incarnation), None)
    }

    /// The node at the other end of a link has this node's name: this very
    /// node, or another one, which is alive.
    pub(super) fn on_own_name_met(&mut self, hello: &Hello) -> Refusal {
        let own = self.own_record();
        if hello.birth == own.birth && hello.address == own.address {
            if own.status == Status::Joining && self.seeds.iter().all(|seed| seed.is_self) {
                self.on_member(Member { status: Status::Alive, ..own }, None);
            }
            return Refusal::new(CloseCode::Myself, "a node dialled itself");
        }
        if self.life != Life::Running {
            return Refusal::new(CloseCode::GoingAway, "this node leaves, and its name is free soon");
        }
        let (incarnation, address) = (hello.incarnation, hello.address.clone());
        if (hello.birth, &hello.address) < (own.birth, &own.address) {
            self.give_up_name(incarnation, address);
        } else {
            self.tell(Event::NameTaken { incarnation, address, kept: true });
        }
        let reason = alloc::format!("the name '{}' is taken; start this node with another --name", own.id);
        Refusal::new(CloseCode::NameTaken, reason)
    }

    /// This node's record in a later incarnation.
    pub(super) fn refreshed(&self, incarnation: Incarnation) -> Member {
        let own = self.own_record();
        let status = if own.status == Status::Joining { Status::Joining } else { Status::Alive };
        Member { incarnation, status, accusers: Default::default(), ..own }
    }

    /// This node's services from now on, under a version of their own.
    pub(super) fn publish_all(&mut self, list: alloc::sync::Arc<[crate::services::Service]>) {
        let own = self.own_record();
        self.services_version += 1;
        let services = Services { version: self.services_version, life: own.birth, list };
        self.on_member(Member { services, ..own }, None);
    }

    fn name_is_lost(&self, record: &Member, own: &Member) -> bool {
        let is_later = (own.birth, &own.address) > (record.birth, &record.address);
        is_later && self.name_claimed.is_some_and(|claimed| record.incarnation > claimed)
    }

    fn give_up_name(&mut self, incarnation: Incarnation, address: Option<Address>) {
        self.tell(Event::NameTaken { incarnation, address, kept: false });
        self.stop(CloseCode::NameTaken, "another node has this name");
    }
}
