//! What is owed to each peer, as intents rather than messages: however long a
//! peer cannot be sent to (no link, a slow link, no tokens), it costs little
//! memory, and what goes out in the end is the newest. The only place where
//! the limiter is asked. Why something is owed is decided elsewhere.

use super::links::Target;
use super::{Engine, Life, MessageOf, queue};
use crate::config::{Mode, Strategy, Tuning};
use crate::event::{Cause, Event};
use crate::id::NodeId;
use crate::limiter::Purpose;
use crate::members::Member;
use crate::state::State;
use crate::time::Instant;
use crate::wire::{self, Frame, Message, Stretch, Told};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Most frames of gossip handed to a link before it reports them written. A
/// guess: enough to keep a link busy, few enough to coalesce on a slow one.
pub const LINK_FRAMES_MAX: u16 = 64;

/// Most frames of any kind handed to a link before it reports them written:
/// gossip, with answers to probes, greetings and surveys on top. A link that
/// is this far behind is closed.
pub const CONTROL_FRAMES_MAX: u16 = 2 * LINK_FRAMES_MAX;

/// Most entries of news that wait for one peer; beyond it the news is dropped
/// and the peer is asked to compare states instead. A guess.
pub const NEWS_MAX: usize = 1_024;

/// How much of a delta goes into one frame, in bytes. A guess: at 10 Mbit/s a
/// part takes 50 ms, so other messages never wait long behind one.
const PART_BYTES: usize = 64 * 1024;

/// How much of a member list goes into one frame, in bytes; the last record may
/// pass it. A guess: about two thousand plain records, and as with
/// [`PART_BYTES`] other messages never wait long behind it.
const MEMBERS_BYTES: usize = 128 * 1024;

/// A summary to be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask {
    /// Compare states, or only see whether the peer lives?
    pub(super) store: bool,
    pub(super) cause: Cause,
}

impl Ask {
    /// Is a member that does not answer held to be silent? What asks for other
    /// reasons comes in bursts and may be lost with them.
    fn probes(self) -> bool {
        matches!(self.cause, Cause::Round | Cause::Reconnect | Cause::Silence)
    }
}

/// A delta to be sent.
#[derive(Debug, Clone)]
pub(super) struct Owed<S: State> {
    pub(super) theirs: S::Digest,
    pub(super) push: bool,
    pub(super) pull: bool,
}

/// Everything owed to one peer.
#[derive(Debug, Clone)]
pub(super) struct Outbox<S: State> {
    ask: Option<Ask>,
    /// Is the ask a probe, besides whatever else it is for?
    probe: bool,
    pub(super) digest: Option<Mode>,
    pub(super) delta: Option<Owed<S>>,
    pub(super) members: BTreeMap<NodeId, Cause>,
    /// The whole member list, from after this name on.
    pub(super) all_members: Option<Option<NodeId>>,
    pub(super) news: S::News,
    /// News that the peer is told of, and not sent.
    pub(super) announce: S::News,
    /// What the peer announced and is asked for.
    pub(super) graft: S::News,
    /// The question what all below the peer have seen, and the answer to its own.
    pub(super) count: bool,
    pub(super) counted: bool,
    pub(super) survey: bool,
    /// Waits for a token, and for what.
    blocked: Option<Purpose>,
}

#[derive(Debug, Clone)]
pub(super) struct Peer<S: State> {
    pub(super) outbox: Outbox<S>,
}

impl<S: State> Default for Peer<S> {
    fn default() -> Self {
        Self { outbox: Outbox::default() }
    }
}

impl<S: State> Default for Outbox<S> {
    fn default() -> Self {
        Self {
            ask: None,
            probe: false,
            digest: None,
            delta: None,
            members: BTreeMap::new(),
            all_members: None,
            news: S::News::default(),
            announce: S::News::default(),
            graft: S::News::default(),
            count: false,
            counted: false,
            survey: false,
            blocked: None,
        }
    }
}

impl<S: State> Outbox<S> {
    pub(super) fn is_empty(&self) -> bool {
        !self.owes_repair() && !self.owes_eager() && !self.survey
    }

    /// Owes a summary; one that compares states stands for one that does not.
    pub(super) fn ask(&mut self, ask: Ask) {
        self.probe |= ask.probes();
        match &mut self.ask {
            Some(waiting) if waiting.store || !ask.store => {}
            waiting => *waiting = Some(ask),
        }
    }

    /// Owes nothing but records that go down the tree?
    pub(super) fn only_tells(&self) -> bool {
        let tells = self.members.values().all(|cause| *cause == Cause::Tree) && !self.members.is_empty();
        tells && !self.owes_exchange() && !self.survey && !self.owes_eager()
    }

    pub(super) fn clear(&mut self) {
        let blocked = self.blocked;
        *self = Self { blocked, ..Self::default() };
    }

    /// What for it waits for a token, if it does.
    pub(super) fn blocked(&self) -> Option<Purpose> {
        self.blocked
    }

    /// Owes something that carries state?
    pub(super) fn owes_payload(&self) -> bool {
        self.owes_news() || self.delta.is_some()
    }

    fn owes_news(&self) -> bool {
        S::news_len(&self.news) > 0
    }

    /// Owes what may not take from the limiter's reserve?
    fn owes_eager(&self) -> bool {
        self.owes_news() || S::news_len(&self.announce) > 0
    }

    /// Does more wait than is worth its memory? Then it is dropped.
    fn overflows(&mut self) -> bool {
        let mut overflows = false;
        for news in [&mut self.news, &mut self.announce, &mut self.graft] {
            if S::news_len(news) > NEWS_MAX {
                *news = S::News::default();
                overflows = true;
            }
        }
        overflows
    }

    fn owes_repair(&self) -> bool {
        self.owes_exchange() || !self.members.is_empty()
    }

    /// Owes any repair but single member records?
    fn owes_exchange(&self) -> bool {
        self.ask.is_some()
            || S::news_len(&self.graft) > 0
            || self.digest.is_some()
            || self.count
            || self.counted
            || self.delta.is_some()
            || self.all_members.is_some()
    }
}

impl<S: State> Engine<S> {
    /// Sends what is owed, as far as links and tokens go: first to those who
    /// have waited for a token, then to those to whom something is new.
    pub(super) fn flush(&mut self, now: Instant) {
        self.state.tell_time(now);
        for purpose in [Purpose::Repair, Purpose::Eager] {
            while let Some(id) = self.waiting[queue(purpose)].front().cloned() {
                if self.limiter.ready_at(purpose).is_none_or(|at| at > now) {
                    break;
                }
                self.waiting[queue(purpose)].pop_front();
                if let Some(peer) = self.peers.get_mut(&id) {
                    peer.outbox.blocked = None;
                    self.flush_peer(&id, now);
                }
            }
        }
        while let Some(id) = self.dirty.pop_first() {
            self.flush_peer(&id, now);
        }
        if self.meeting_deadline().is_some_and(|at| now >= at) {
            self.meet_neighbours(now);
        }
    }

    /// When a token comes for which someone waits.
    pub(super) fn token_deadline(&self) -> Option<Instant> {
        let waited_for = |purpose: &Purpose| !self.waiting[queue(*purpose)].is_empty();
        let purposes = [Purpose::Repair, Purpose::Eager].into_iter().filter(waited_for);
        purposes.filter_map(|purpose| self.limiter.ready_at(purpose)).min()
    }

    /// Nobody waits for a token any more; the next flush tries them all.
    pub(super) fn unblock(&mut self) {
        for queue in &mut self.waiting {
            for id in queue.drain(..) {
                if let Some(peer) = self.peers.get_mut(&id) {
                    peer.outbox.blocked = None;
                }
                self.dirty.insert(id);
            }
        }
    }

    /// Sends a message that needs no token: answers to probes, and surveys.
    pub(super) fn send_control(&mut self, to: &NodeId, message: MessageOf<S>, cause: Cause) {
        if let Some(link) = self.links.preferred(to) {
            self.send_message(link, to, message, cause);
        }
    }

    fn flush_peer(&mut self, id: &NodeId, now: Instant) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        if peer.outbox.overflows() {
            peer.outbox.ask(Ask { store: true, cause: Cause::Tree });
            self.stats.overflows += 1;
        }
        if peer.outbox.is_empty() || peer.outbox.blocked == Some(Purpose::Repair) {
            return;
        }
        let Some(link) = self.links.preferred(id) else {
            let is_linked = self.links.is_linked(id);
            if !is_linked && peer.outbox.only_tells() {
                self.meetings.untold.insert(id.clone());
                return;
            }
            let possible = is_linked || self.dial(Target::Peer(id.clone()), now);
            return self.note_probe(id, possible, now);
        };
        if core::mem::take(&mut peer.outbox.survey) {
            self.send_control(id, Message::Survey, Cause::Survey);
        }
        loop {
            let Some(outbox) = self.peers.get_mut(id).map(|peer| &mut peer.outbox) else { return };
            let purpose = match (outbox.owes_repair(), outbox.owes_eager()) {
                (true, _) => Purpose::Repair,
                (false, true) if outbox.blocked.is_none() => Purpose::Eager,
                _ => return,
            };
            if self.links.link_mut(link).is_none_or(|link| link.unsent >= LINK_FRAMES_MAX) {
                return self.note_probe(id, true, now);
            }
            let leaving = self.life != Life::Running;
            if !leaving && !self.limiter.take(purpose, now) {
                self.note_probe(id, false, now);
                return self.block(id, purpose);
            }
            self.note_probe(id, true, now);
            if let Some((message, cause)) = self.next_message(id, purpose) {
                if let Some(link) = self.links.link_mut(link) {
                    link.used_at = now;
                }
                self.send_message(link, id, message, cause);
            }
        }
    }

    /// A member that is to be probed owes an answer from when that is first
    /// tried. While it is this node that cannot ask, for want of a token or of
    /// room for a link, silence says nothing.
    fn note_probe(&mut self, id: &NodeId, possible: bool, now: Instant) {
        let probing = self.peers.get(id).is_some_and(|peer| peer.outbox.probe);
        if probing && !possible {
            self.probes.drop(id);
        } else if probing && self.members.is_active(id) {
            self.probes.asked(id, self.patience(), now);
        }
    }

    fn block(&mut self, id: &NodeId, purpose: Purpose) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        if peer.outbox.blocked != Some(purpose) {
            peer.outbox.blocked = Some(purpose);
            self.waiting[queue(purpose)].push_back(id.clone());
            self.stats.denials += 1;
            self.tell(Event::Denied { to: id.clone(), purpose });
        }
    }

    /// Takes the next thing owed out of the outbox and makes the message of it.
    fn next_message(&mut self, id: &NodeId, purpose: Purpose) -> Option<(MessageOf<S>, Cause)> {
        let outbox = &mut self.peers.get_mut(id)?.outbox;
        if purpose == Purpose::Eager && !outbox.owes_news() {
            let news = core::mem::take(&mut outbox.announce);
            return Some((Message::Announce { digest: self.state.outline(&news) }, Cause::News));
        }
        if purpose == Purpose::Eager {
            let delta = self.state.rumor(&mut outbox.news, PART_BYTES);
            return (!S::delta_is_empty(&delta)).then_some((Message::Rumor { delta }, Cause::Tree));
        }
        if !outbox.members.is_empty() || outbox.all_members.is_some() {
            return self.next_members(id);
        }
        if S::news_len(&outbox.graft) > 0 {
            let news = core::mem::take(&mut outbox.graft);
            return Some((Message::Graft { digest: self.state.outline(&news) }, Cause::Missed));
        }
        if let Some(mode) = outbox.digest.take() {
            return Some((Message::Digest { digest: self.state.digest(), mode }, Cause::Answer));
        }
        if let Some(Owed { theirs, push, pull }) = outbox.delta.take() {
            let part = self.state.delta(&theirs, if push { PART_BYTES } else { 0 });
            let delta = if push { part.delta } else { self.state.rumor(&mut S::News::default(), 0) };
            let digest = pull.then(|| self.state.digest());
            return Some((Message::Delta { delta, digest, more: push && !part.complete }, Cause::Answer));
        }
        if core::mem::take(&mut outbox.counted) {
            return Some((self.counted_message(id), Cause::Answer));
        }
        if core::mem::take(&mut outbox.count) {
            return Some((self.count_message(), Cause::Garbage));
        }
        let ask = outbox.ask.take()?;
        outbox.probe = false;
        let Tuning { strategy, mode, .. } = self.config.tuning;
        let chosen = strategy == Strategy::Random && matches!(ask.cause, Cause::Round | Cause::Silence);
        let mode = if chosen { mode } else { Mode::PushPull };
        let store = ask.store.then(|| self.state.hash());
        Some((Message::Summary { store, members: self.members.hash(), mode }, ask.cause))
    }

    /// The member records owed: single ones first, then a stretch of the list.
    fn next_members(&mut self, id: &NodeId) -> Option<(MessageOf<S>, Cause)> {
        let mut room = MEMBERS_BYTES;
        let mut has_room = |member: &Member| {
            let has_room = room > 0;
            room = room.saturating_sub(wire::told_bytes_max(member));
            has_room
        };
        let mut owed = core::mem::take(&mut self.peers.get_mut(id)?.outbox.members);
        if let Some(cause) = owed.values().next().copied() {
            let mut records: Vec<Told> = Vec::new();
            while let Some((id, cause)) = owed.pop_first() {
                let Some(member) = self.members.member(&id) else { continue };
                if !has_room(member) {
                    owed.insert(id, cause);
                    break;
                }
                records.push(self.told(member));
            }
            self.peers.get_mut(id)?.outbox.members = owed;
            return Some((Message::Members { records, compare: None }, cause));
        }
        let after = self.peers.get_mut(id)?.outbox.all_members.take()?;
        let records =
            self.members.iter().filter(|member| after.as_ref().is_none_or(|after| member.id > *after));
        let records: Vec<Told> =
            records.take_while(|member| has_room(member)).map(|member| self.told(member)).collect();
        let last = records.last().map(|told| told.member.id.clone());
        let upto = last.filter(|last| self.members.iter().next_back().is_some_and(|end| end.id != *last));
        self.peers.get_mut(id)?.outbox.all_members = upto.clone().map(Some);
        Some((Message::Members { records, compare: Some(Stretch { after, upto }) }, Cause::Answer))
    }

    fn send_message(&mut self, link: super::LinkId, to: &NodeId, message: MessageOf<S>, cause: Cause) {
        let Some(codec) = self.links.link_mut(link).map(|link| link.codec) else { return };
        let writes = match &message {
            Message::Rumor { delta } | Message::Delta { delta, .. } => S::delta_writes(delta),
            _ => 0,
        };
        let kind = message.kind();
        self.last_number += 1;
        let frame = wire::encode(&Frame { number: self.last_number, message }, codec);
        self.send_frame(link, Some(to), (self.last_number, kind, writes, cause), frame);
    }
}
