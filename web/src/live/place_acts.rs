//! What the Live place does when it is asked to: dial, join, write, answer to keys, remember. When that is, the place
//! decides; what comes of it shows in the session.

use super::{
    address::{NodeAddress, PageOrigin},
    around,
    place::{Live, Msg},
    recents,
    shortcuts::{self, SEARCH_ID, WRITE_ID, Wish},
    status,
    time::Turn,
};
use crate::glue::{Listener, page};
use rumormill_api::{Ask, Outcome};
use rumormill_core::{NodeId, sort::sort_by};
use yew::prelude::*;

/// Most addresses that the tab's member tries to join through: the observed node, and two in case that it goes.
const JOIN_AT_MAX: usize = 3;

/// Where the recent addresses are stored.
pub(super) const RECENTS_KEY: &str = "rumormill.live.recent";

impl Live {
    pub(super) fn connect_to(&mut self, text: &str, ctx: &Context<Self>) {
        match read(text) {
            Ok(address) => {
                self.typed = address.label();
                self.error = None;
                self.is_remembered = false;
                self.turn(Turn::Follow);
                self.session.connect(address);
                self.tell(ctx, true);
            }
            Err(error) => {
                self.typed = text.to_owned();
                self.error = Some(error.to_string().into());
            }
        }
    }

    /// What a key asks for.
    pub(super) fn on_key(&mut self, wish: Wish, ctx: &Context<Self>) -> bool {
        match wish {
            Wish::Help => self.is_helping = true,
            // On a narrow page another part may be in sight.
            Wish::Search => (self.section, self.focus) = (AttrValue::Static("events"), Some(SEARCH_ID)),
            Wish::Write => (self.section, self.focus) = (AttrValue::Static("keys"), Some(WRITE_ID)),
            Wish::Show(what) => ctx.link().send_message(Msg::Show(what)),
            Wish::Turn(turn) => self.turn(turn),
            Wish::Close if self.session.model().view.borrow().around.message.is_some() => {
                self.session.look_at(None);
            }
            Wish::Close => ctx.link().send_message(Msg::Select(None)),
        }
        true
    }

    /// The members that could be configured, the observed node in front.
    pub(super) fn configurable(&self) -> Vec<NodeId> {
        let view = self.session.model().view.borrow();
        let mut members: Vec<_> = around::asked(view.members.values()).map(|member| &member.view).collect();
        sort_by(&mut members, |a, b| b.is_self.cmp(&a.is_self));
        members.into_iter().map(|member| member.id.clone()).collect()
    }

    /// Joins the cluster in sight: behind the observed node, or another member if that one is gone.
    pub(super) fn join(&mut self) {
        let view = self.session.model().view.borrow();
        let (Some(status), Some(address)) = (&view.status, self.session.connection().address()) else {
            return;
        };
        let mut at = vec![address.gossip_url()];
        for (_, other) in status::reachable_members(&view) {
            if at.len() < JOIN_AT_MAX
                && let Ok(other) = read(&other)
                && !at.contains(&other.gossip_url())
            {
                at.push(other.gossip_url());
            }
        }
        let (cluster, tuning) = (status.cluster.clone(), status.tuning);
        drop(view);
        self.tab.join(cluster, at, tuning);
    }

    /// A tab that was a member is one again after it was loaded again.
    pub(super) fn resume(&mut self) {
        if self.is_resumed || !self.session.connection().is_live() {
            return;
        }
        let cluster = self.session.model().view.borrow().status.as_ref().map(|status| status.cluster.clone());
        let Some(cluster) = cluster else { return };
        self.is_resumed = true;
        if !self.tab.is_wanted() && self.tab.was_member_of(&cluster) {
            self.join();
        }
    }

    pub(super) fn ask(&mut self, ask: Ask) {
        // Whoever writes does it now, and wants to see what comes of it.
        self.turn(Turn::Follow);
        if !self.writes_as_tab {
            self.session.ask(ask);
            return;
        }
        let id = self.session.note(ask.clone());
        if !self.tab.write(id, &ask) {
            let outcome = Outcome::Refused("this tab is no member, so a write would reach nobody".to_owned());
            self.session.noted(id, outcome);
        }
    }

    /// Fills an empty address field with the likeliest address.
    pub(super) fn suggest(&mut self, own_node: Option<&str>) {
        if self.typed.is_empty() {
            let own = own_node.and_then(|node| read(node).ok()).map(|address| address.label());
            self.typed = own.or_else(|| self.recents.first().cloned()).unwrap_or_default();
        }
    }

    /// An address is worth remembering once a node has spoken there.
    pub(super) fn remember(&mut self) {
        if self.is_remembered || !self.session.connection().is_live() {
            return;
        }
        self.is_remembered = true;
        if let Some(address) = self.session.connection().address() {
            self.recents = recents::with(&self.recents, &address.label());
            // Where storage is denied the list lasts for this visit.
            page::store(RECENTS_KEY, &recents::to_text(&self.recents));
        }
    }
}

/// Hears keys while the place is in sight.
pub(super) fn listen_to_keys(ctx: &Context<Live>) -> Listener {
    let link = ctx.link().clone();
    page::on_key(move |key| {
        let is_active = link.get_component().is_some_and(|place| place.is_active);
        let wish = shortcuts::wish(&key, page::single_keys()).filter(|_| is_active);
        let is_heard = wish.is_some();
        wish.into_iter().for_each(|wish| link.send_message(Msg::Key(wish)));
        is_heard
    })
}

pub(super) fn read(text: &str) -> Result<NodeAddress, super::address::AddressError> {
    let origin = if page::is_secure() { PageOrigin::Secure } else { PageOrigin::Plain };
    NodeAddress::parse(text, origin)
}
