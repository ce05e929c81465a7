//! Links: which are being dialled, which greet, which carry gossip, and with
//! whom. A link is not a peer: two nodes may dial each other at once, and then
//! both ends prefer the one dialled by the lesser name and let the other go
//! idle, so that nothing under way is lost. What travels is not known here.

use super::outbox::{Ask, CONTROL_FRAMES_MAX};
use super::{Engine, Life, Output};
use crate::event::{Cause, Event};
use crate::id::{Address, Incarnation, LinkId, NodeId};
use crate::members::{Member, Status};
use crate::ordered::{Map, Set};
use crate::sort::{sort, sort_by};
use crate::state::State;
use crate::time::{Duration, Instant};
use crate::wire::{self, CloseCode, Codec, Hello, MessageKind, Refusal};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use bytes::Bytes;

/// How long a link may be up without a greeting. A guess.
pub const HELLO_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest pause between two tries at a join address. A guess.
const SEED_BACKOFF_MAX: Duration = Duration::from_secs(30);

/// How long a link must have been quiet before it may make room for another.
const EVICTABLE_AFTER: Duration = Duration::from_secs(1);

/// Most links that a node dialled and keeps for `link_idle_us` although it has
/// no use for them now; those beyond are closed after two thirds of that time.
/// Guesses: rounds alone make about one such link, more come to be where members
/// come and go, and the tree with them; and what is closed much sooner may have
/// messages under way on slow links.
const SPARE_LINKS_MAX: usize = 2;

/// Whom a dialled link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Peer(NodeId),
    Seed(Address),
}

/// An address to join through.
#[derive(Debug, Clone)]
pub(super) struct Seed {
    pub(super) address: Address,
    /// Who answered there last.
    found: Option<NodeId>,
    failures: u32,
    retry_at: Instant,
    /// It turned out to be this very node.
    pub(super) is_self: bool,
}

impl Seed {
    pub(super) fn new(address: Address) -> Self {
        Self { address, found: None, failures: 0, retry_at: Instant::ZERO, is_self: false }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) codec: Codec,
    pub(super) stage: Stage,
    target: Option<Target>,
    /// Frames handed out and not yet reported as written.
    pub(super) unsent: u16,
    pub(super) used_at: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    Dialing,
    Greeting,
    Established { peer: NodeId, incarnation: Incarnation },
}

#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    table: Map<LinkId, Link>,
    by_peer: Map<NodeId, Vec<LinkId>>,
    dialed: u64,
    /// When dials began that came to nothing.
    undialled: Map<NodeId, Instant>,
}

impl Links {
    pub(super) fn len(&self) -> u32 {
        self.table.len() as u32
    }

    pub(super) fn link_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        self.table.get_mut(&id)
    }

    /// Peers with an established link.
    pub(super) fn peers(&self) -> Set<NodeId> {
        self.by_peer.keys().cloned().collect()
    }

    /// The link to send on: the one that both ends prefer.
    pub(super) fn preferred(&self, peer: &NodeId) -> Option<LinkId> {
        self.by_peer.get(peer).and_then(|links| links.first()).copied()
    }

    /// Is a link to the peer established or being dialled?
    pub(super) fn is_linked(&self, peer: &NodeId) -> bool {
        self.by_peer.contains_key(peer) || self.is_dialing(&Target::Peer(peer.clone()))
    }

    fn is_dialing(&self, target: &Target) -> bool {
        self.table.values().any(|link| link.target.as_ref() == Some(target) && !link.is_established())
    }

    pub(super) fn drain(&mut self) -> Vec<LinkId> {
        self.by_peer.clear();
        core::mem::take(&mut self.table).into_keys().collect()
    }

    fn remove(&mut self, id: LinkId) -> Option<Link> {
        let link = self.table.remove(&id)?;
        if let Stage::Established { peer, .. } = &link.stage
            && let Some(links) = self.by_peer.get_mut(peer)
        {
            links.retain(|other| *other != id);
            if links.is_empty() {
                self.by_peer.remove(peer);
            }
        }
        Some(link)
    }
}

impl Link {
    fn is_established(&self) -> bool {
        matches!(self.stage, Stage::Established { .. })
    }
}

impl<S: State> Engine<S> {
    /// Opens a link, if there is somewhere to dial. False if there is no room.
    pub(super) fn dial(&mut self, target: Target, now: Instant) -> bool {
        let address = match &target {
            Target::Seed(address) => Some(address.clone()),
            Target::Peer(id) => self.members.member(id).and_then(|member| member.address.clone()),
        };
        let Some(address) = address else { return true };
        if self.life == Life::Stopped || self.links.is_dialing(&target) || self.is_put_off(&target, now) {
            return true;
        }
        if !self.make_room(self.config.tuning.links_max, now) {
            return false;
        }
        self.links.dialed += 1;
        self.stats.dials += 1;
        let id = LinkId::Dialed(self.links.dialed);
        let link = Link {
            codec: Codec::default(),
            stage: Stage::Dialing,
            target: Some(target),
            unsent: 0,
            used_at: now,
        };
        self.links.table.insert(id, link);
        self.outputs.push_back(Output::Dial { link: id, address });
        true
    }

    /// Came the last dial to this peer to nothing, and only just? Every write
    /// that is owed to it would have it dialled again, and where it is dead
    /// that fails at once.
    fn is_put_off(&self, target: &Target, now: Instant) -> bool {
        let Target::Peer(id) = target else { return false };
        self.links.undialled.get(id).is_some_and(|begun| now < *begun + self.patience())
    }

    /// Dials what was asked to be joined: everything while this node is alone,
    /// later where nobody was found who is in the cluster now. Two sides of a
    /// partition whose nodes were all started anew know nothing of each other
    /// but their join lists.
    pub(super) fn dial_seeds(&mut self, now: Instant) {
        let alone =
            if self.is_leaf() { self.links.by_peer.is_empty() } else { self.members.tree_count() <= 1 };
        if self.life != Life::Running || (self.is_leaf() && !alone) {
            return;
        }
        let members = &self.members;
        let is_in = |seed: &Seed| {
            let found = seed.found.as_ref().is_some_and(|id| members.is_active(id));
            let is_there = |member: &Member| member.address.as_ref() == Some(&seed.address);
            found || members.iter().any(|member| member.status.is_active() && is_there(member))
        };
        let due = self.seeds.iter().filter(|seed| !seed.is_self && now >= seed.retry_at);
        let due = due.filter(|seed| alone || !is_in(seed));
        let due: Vec<_> = due.map(|seed| seed.address.clone()).collect();
        for address in due {
            self.dial(Target::Seed(address), now);
        }
    }

    pub(super) fn on_link_up(&mut self, id: LinkId, codec: Codec, now: Instant) {
        if let LinkId::Accepted(_) = id {
            // Twice the links that a node dials itself: all its tree parents
            // and those who chose it at random are welcome beside them.
            if !self.make_room(self.config.tuning.links_max.saturating_mul(2), now) {
                return self
                    .refuse(id, Refusal::new(CloseCode::Busy, "no room for another link; try again later"));
            }
            let link = Link { codec, stage: Stage::Greeting, target: None, unsent: 0, used_at: now };
            self.links.table.insert(id, link);
        }
        let Some(link) = self.links.table.get_mut(&id).filter(|link| !link.is_established()) else {
            return;
        };
        (link.codec, link.stage, link.used_at) = (codec, Stage::Greeting, now);
        // Whoever dials a node that leaves may be about to take its name: it speaks first.
        if matches!(id, LinkId::Dialed(_)) || self.life == Life::Running {
            self.greet(id);
        }
    }

    fn greet(&mut self, id: LinkId) {
        let Some(link) = self.links.table.get(&id) else { return };
        let (codec, target) = (link.codec, link.target.clone());
        let record = self.own_record();
        let hello = Hello {
            version: wire::VERSION,
            cluster: self.config.cluster.clone(),
            node: record.id,
            incarnation: record.incarnation,
            birth: record.birth,
            address: record.address,
        };
        let to = match target {
            Some(Target::Peer(peer)) => Some(peer),
            _ => None,
        };
        let greeting = (0, MessageKind::Hello, 0, Cause::Greeting);
        self.send_frame(id, to.as_ref(), greeting, wire::encode(&hello, codec));
    }

    /// A link is gone: broken, or closed by the peer with a code.
    pub(super) fn on_link_down(
        &mut self,
        id: LinkId,
        code: Option<CloseCode>,
        reason: Cow<'static, str>,
        now: Instant,
    ) {
        let Some(link) = self.links.remove(id) else { return };
        let expected = matches!(code, Some(CloseCode::Idle | CloseCode::Superseded));
        self.stats.broken_links += u64::from(!expected);
        self.put_off_seed(link.target.as_ref(), now);
        if let (Stage::Established { peer, .. }, false) = (&link.stage, expected) {
            self.plumtree.on_link_down(peer);
        }
        let peer = match (link.stage, link.target) {
            (Stage::Established { peer, .. }, _) => {
                // What it had seen may have been lost with it: a delta against that would claim too much.
                if !expected && let Some(peer) = self.peers.get_mut(&peer) {
                    peer.outbox.delta = None;
                }
                self.on_peer_lost(&peer, expected);
                if !expected {
                    self.on_heir_lost(&peer);
                }
                Some(peer)
            }
            (stage, Some(Target::Peer(peer))) => {
                if stage == Stage::Dialing {
                    self.links.undialled.insert(peer.clone(), link.used_at);
                }
                self.on_undialled(&peer, now.since(link.used_at));
                self.on_heir_lost(&peer);
                Some(peer)
            }
            _ => None,
        };
        if let (Some(peer), false) = (&peer, expected) {
            self.pass_over(peer, now);
        }
        self.tell(Event::LinkDown { peer, code, reason });
    }

    /// A link to a peer is gone. What was under way may be lost, and the peer may
    /// be dead: it is asked at once, and if it cannot be, it is suspected.
    fn on_peer_lost(&mut self, peer: &NodeId, expected: bool) {
        if !self.members.is_active(peer) || self.life != Life::Running {
            return;
        }
        for other in self.links.peers() {
            self.take_host(&other);
        }
        let can_dial = self.members.member(peer).is_some_and(|member| !member.is_leaf());
        if !can_dial && self.links.preferred(peer).is_none() {
            self.accuse(peer);
        } else if !expected {
            self.outbox(peer).ask(Ask { store: true, cause: Cause::Reconnect });
        }
    }

    /// A dial came to nothing after this long. A member that is held to be
    /// down anyway is owed nothing more, or a long partition would end in
    /// everyone dialling everyone; but the one that is being tried is tried
    /// again at once if the answer took long to fail to come: the network may
    /// have healed meanwhile.
    fn on_undialled(&mut self, peer: &NodeId, took: Duration) {
        if self.members.is_active(peer) || self.links.preferred(peer).is_some() {
            return;
        }
        if self.lost_tried.as_ref() == Some(peer) && took * 2 >= self.config.tuning.interval_us {
            self.dirty.insert(peer.clone());
        } else if let Some(peer) = self.peers.get_mut(peer) {
            peer.outbox.clear();
        }
    }

    pub(super) fn on_received(&mut self, id: LinkId, frame: &Bytes, now: Instant) {
        let Some(link) = self.links.table.get_mut(&id) else { return };
        link.used_at = now;
        let codec = link.codec;
        let outcome = match &link.stage {
            Stage::Dialing => Err(Refusal::new(CloseCode::Malformed, "a frame before the link was up")),
            Stage::Greeting => match wire::decode_hello(frame, codec, &self.config.cluster) {
                Ok(hello) => self.on_hello(id, hello, frame.len()),
                Err(refusal) => Err(refusal),
            },
            Stage::Established { peer, .. } => {
                let peer = peer.clone();
                wire::decode_frame(frame, codec)
                    .and_then(|decoded| self.on_frame(&peer, decoded, frame.len(), now))
            }
        };
        if let Err(refusal) = outcome {
            let target = self.links.table.get(&id).and_then(|link| link.target.clone());
            self.put_off_seed(target.as_ref(), now);
            self.close(id, refusal);
        }
    }

    /// An address to join through was of no use: it is tried again later, and
    /// ever later if that goes on.
    fn put_off_seed(&mut self, target: Option<&Target>, now: Instant) {
        let Some(Target::Seed(address)) = target else { return };
        if let Some(seed) = self.seeds.iter_mut().find(|seed| seed.address == *address) {
            seed.failures += 1;
            let pause = self.config.tuning.interval_us * (1 << seed.failures.min(10));
            seed.retry_at =
                now + self.rng.jitter(pause.min(SEED_BACKOFF_MAX), self.config.tuning.jitter_percent);
        }
    }

    pub(super) fn on_sent(&mut self, id: LinkId) {
        let Some(link) = self.links.table.get_mut(&id) else { return };
        link.unsent = link.unsent.saturating_sub(1);
        if let Stage::Established { peer, .. } = &link.stage
            && self.peers.get(peer).is_some_and(|peer| !peer.outbox.is_empty())
        {
            self.dirty.insert(peer.clone());
        }
    }

    /// Hands out a frame, and counts and reports it. A peer that does not read
    /// loses its link.
    pub(super) fn send_frame(
        &mut self,
        id: LinkId,
        to: Option<&NodeId>,
        (number, kind, writes, cause): (u64, MessageKind, u32, Cause),
        frame: Bytes,
    ) {
        let Some(link) = self.links.table.get_mut(&id) else { return };
        if link.unsent >= CONTROL_FRAMES_MAX {
            return self
                .close(id, Refusal::new(CloseCode::Stalled, "the peer does not read what it is sent"));
        }
        link.unsent += 1;
        self.stats.count_sent(kind, frame.len());
        if self.config.tracing {
            let bytes = frame.len() as u32;
            self.tell(Event::Sent { to: to.cloned(), number, kind, bytes, writes, cause });
        }
        self.outputs.push_back(Output::Send { link: id, frame });
    }

    /// Closes a link and says why, to the peer and in an event.
    pub(super) fn close(&mut self, id: LinkId, refusal: Refusal) {
        let Some(link) = self.links.remove(id) else { return };
        let peer = match (link.stage, link.target) {
            (Stage::Established { peer, .. }, _) | (_, Some(Target::Peer(peer))) => Some(peer),
            _ => None,
        };
        self.stats.count_closed(refusal.code);
        self.tell(Event::LinkDown { peer, code: Some(refusal.code), reason: refusal.reason.clone() });
        self.outputs.push_back(Output::Close { link: id, refusal });
    }

    /// Closes the links to a member that is held to be down.
    pub(super) fn close_silent_links(&mut self, peer: &NodeId) {
        let links = self.links.by_peer.get(peer).cloned().unwrap_or_default();
        for link in links {
            self.close(link, Refusal::new(CloseCode::Silent, "no answer for too long"));
        }
    }

    /// Closes links that nobody needs, and those that never greeted.
    pub(super) fn close_unused_links(&mut self, now: Instant) {
        let idle = self.config.tuning.link_idle_us;
        let patience = self.patience();
        self.links.undialled.retain(|_, begun| now < *begun + patience);
        let mut closing = Vec::new();
        let mut spares = Vec::new();
        for (id, link) in &self.links.table {
            let quiet = now.since(link.used_at);
            match &link.stage {
                Stage::Dialing => {}
                Stage::Greeting if quiet >= HELLO_TIMEOUT => {
                    closing.push((*id, Refusal::new(CloseCode::Timeout, "no greeting in time")));
                }
                Stage::Greeting => {}
                Stage::Established { peer, .. } => {
                    // The end that dialled decides; the other only clears up after it.
                    let patience = if matches!(id, LinkId::Dialed(_)) { idle } else { idle * 3 };
                    let spare = || self.links.preferred(peer) != Some(*id) || !self.is_neighbour(peer);
                    if quiet >= patience && spare() {
                        closing.push((*id, Refusal::new(CloseCode::Idle, "not needed any more")));
                    } else if quiet * 3 >= idle * 2 && matches!(id, LinkId::Dialed(_)) && spare() {
                        spares.push((link.used_at, *id));
                    }
                }
            }
        }
        sort(&mut spares);
        for (_, id) in &spares[..spares.len().saturating_sub(SPARE_LINKS_MAX)] {
            closing.push((*id, Refusal::new(CloseCode::Idle, "one of too many that are not needed")));
        }
        for (id, refusal) in closing {
            self.close(id, refusal);
        }
    }

    fn refuse(&mut self, id: LinkId, refusal: Refusal) {
        self.stats.count_closed(refusal.code);
        self.outputs.push_back(Output::Close { link: id, refusal });
    }

    /// Sees to it that there are fewer than `links_max` links, at the expense
    /// of the one that has been quiet longest and whose ends are no neighbours.
    fn make_room(&mut self, links_max: u32, now: Instant) -> bool {
        if self.links.len() < links_max {
            return true;
        }
        let quiet = self.links.table.iter().filter(|(_, link)| now.since(link.used_at) >= EVICTABLE_AFTER);
        let mut candidates: Vec<_> = quiet
            .filter_map(|(id, link)| match &link.stage {
                Stage::Established { peer, .. } => Some((link.used_at, *id, peer)),
                _ => None,
            })
            .collect();
        sort(&mut candidates);
        let oldest = candidates.into_iter().find(|(_, _, peer)| !self.is_neighbour(peer));
        let Some((_, oldest, _)) = oldest else { return false };
        self.close(oldest, Refusal::new(CloseCode::Idle, "makes room for another link"));
        true
    }

    fn on_hello(&mut self, id: LinkId, hello: Hello, bytes: usize) -> Result<(), Refusal> {
        let own = self.own_record();
        let target = self.links.table.get(&id).and_then(|link| link.target.clone());
        if hello.node == own.id {
            if let Some(Target::Seed(address)) = &target {
                self.seeds
                    .iter_mut()
                    .filter(|seed| seed.address == *address)
                    .for_each(|seed| seed.is_self = true);
            }
            return Err(self.on_own_name_met(&hello));
        }
        if self.life != Life::Running && matches!(id, LinkId::Accepted(_)) {
            self.greet(id);
        }
        let peer = hello.node.clone();
        self.stats.count_received(MessageKind::Hello, bytes);
        if self.config.tracing {
            let (from, kind, bytes) = (peer.clone(), MessageKind::Hello, bytes as u32);
            self.tell(Event::Received { from, number: 0, kind, bytes, news: false });
        }
        self.drop_earlier_lives(&peer, hello.incarnation);
        let dialed = matches!(id, LinkId::Dialed(_));
        let was = self.members.status(&peer);
        self.establish(id, &peer, hello.incarnation);
        self.tell(Event::LinkUp { peer: peer.clone(), dialed });
        self.on_reached(&peer);

        if own.status == Status::Joining {
            self.on_member(Member { status: Status::Alive, ..own }, None);
        }
        let Hello { node, incarnation, birth, address, .. } = hello;
        let greeting = Member { birth, ..Member::new(node, incarnation, Status::Alive, address) };
        self.recall(&greeting);
        let has_newer =
            self.members.member(&peer).is_some_and(|known| known.standing() > greeting.standing());
        if has_newer {
            self.outbox(&peer).members.insert(peer.clone(), Cause::Correction);
        }
        self.on_member(greeting, Some(&peer));
        self.heard_from(&peer, incarnation);
        self.take_host(&peer);
        if let Some(Target::Seed(address)) = target {
            for seed in self.seeds.iter_mut().filter(|seed| seed.address == address) {
                (seed.failures, seed.found) = (0, Some(peer.clone()));
            }
        }
        // Whoever dialled asks; the other end asks too if it had given up the peer.
        let is_new = !was.is_some_and(Status::is_active);
        if is_new {
            self.meetings.newcomers.insert(peer.clone());
        }
        if is_new && (dialed || was.is_some()) {
            self.outbox(&peer).ask(Ask { store: true, cause: Cause::Join });
        }
        self.tell_departure(&peer);
        self.meetings.wanted = true;
        self.dirty.insert(peer);
        Ok(())
    }

    /// A node that cannot be dialled takes part through the first peer that it
    /// has a link with.
    fn take_host(&mut self, peer: &NodeId) {
        let own = self.own_record();
        let is_hosted = own.host.as_ref().is_some_and(|host| self.links.by_peer.contains_key(host));
        let takes_part = self.life == Life::Running && self.is_leaf();
        if !takes_part || is_hosted || self.members.member(peer).is_none_or(Member::is_leaf) {
            return;
        }
        let incarnation = Incarnation(own.incarnation.0 + u64::from(own.host.is_some()));
        self.on_member(Member { host: Some(peer.clone()), ..self.refreshed(incarnation) }, None);
    }

    fn establish(&mut self, id: LinkId, peer: &NodeId, incarnation: Incarnation) {
        if let Some(link) = self.links.table.get_mut(&id) {
            link.stage = Stage::Established { peer: peer.clone(), incarnation };
        }
        self.links.undialled.remove(peer);
        let dialed_here_is_preferred = self.config.id < *peer;
        let links = self.links.by_peer.or_default(peer.clone());
        links.push(id);
        let rank = |id: &LinkId| (matches!(id, LinkId::Dialed(_)) != dialed_here_is_preferred, *id);
        sort_by(links, |a, b| rank(a).cmp(&rank(b)));
    }

    fn drop_earlier_lives(&mut self, peer: &NodeId, incarnation: Incarnation) {
        let links = self.links.by_peer.get(peer).cloned().unwrap_or_default();
        for link in links {
            let stage = self.links.table.get(&link).map(|link| link.stage.clone());
            if matches!(stage, Some(Stage::Established { incarnation: old, .. }) if old < incarnation) {
                self.close(link, Refusal::new(CloseCode::Superseded, "the peer has started anew"));
            }
        }
    }

    /// The life in which a peer speaks on its preferred link.
    pub(super) fn linked_incarnation(&self, peer: &NodeId) -> Option<Incarnation> {
        match &self.links.table.get(&self.links.preferred(peer)?)?.stage {
            Stage::Established { incarnation, .. } => Some(*incarnation),
            _ => None,
        }
    }
}
