//! What a message means: the exchange of summaries, digests and deltas, rumors,
//! member records, and what speaking says of the one who speaks. It decides
//! what is owed; when that goes out is the outbox's business.

use super::outbox::Owed;
use super::{Engine, Life, MessageOf};
use crate::config::Mode;
use crate::event::{Cause, Event};
use crate::id::{Incarnation, NodeId};
use crate::members::{Member, Status};
use crate::state::{Comparison, InvalidDelta, State};
use crate::time::Instant;
use crate::wire::{CloseCode, Frame, Message, Refusal, Stretch};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

impl<S: State> Engine<S> {
    /// Takes in a frame from an established peer.
    pub(super) fn on_frame(
        &mut self,
        from: &NodeId,
        frame: Frame<S::Digest, S::Delta>,
        bytes: usize,
        now: Instant,
    ) -> Result<(), Refusal> {
        let (number, kind) = (frame.number, frame.message.kind());
        self.stats.count_received(kind, bytes);
        if let Some(incarnation) = self.linked_incarnation(from) {
            self.heard_from(from, incarnation);
        }
        let before = self.outputs.len();
        let news = self.on_message(from, frame.message, now)?;
        if self.config.tracing {
            // Reported before what it led to: causes come first in a trace.
            let event = Event::Received { from: from.clone(), number, kind, bytes: bytes as u32, news };
            self.outputs.insert(before, super::Output::Event(event));
        }
        Ok(())
    }

    /// A peer spoke: it is not silent, and if it is held to be down or gone it
    /// should hear of that, to refute it.
    pub(super) fn heard_from(&mut self, peer: &NodeId, incarnation: Incarnation) {
        self.silence.heard(peer);
        let record = self.members.member(peer);
        if record.is_some_and(|record| !record.status.is_active() && record.incarnation >= incarnation) {
            self.outbox(peer).members.insert(peer.clone(), Cause::Correction);
        }
    }

    /// Acts on a message. True if it brought anything new.
    fn on_message(&mut self, from: &NodeId, message: MessageOf<S>, now: Instant) -> Result<bool, Refusal> {
        match message {
            Message::Summary { store, members, mode } => {
                if store == Some(self.state.hash()) {
                    self.note_equal(from);
                }
                self.on_summary(from, store.is_some_and(|hash| hash != self.state.hash()), mode, now);
                if members != self.members.hash() {
                    self.outbox(from).all_members = Some(None);
                }
            }
            Message::InSync | Message::Deferred => {}
            Message::Digest { digest, mode } => self.on_digest(from, digest, mode),
            Message::Delta { delta, digest, more } => return self.on_delta(from, delta, digest, more, now),
            Message::Rumor { delta } => {
                let merged = self.state.merge(delta, now).map_err(refuse)?;
                let news = S::news_len(&merged.news) > 0;
                self.on_news(merged.news, Some(from));
                self.tell_changes(merged.changes, Some(from));
                return Ok(news);
            }
            Message::Members { records, compare } => return Ok(self.on_members(from, records, compare)),
            Message::Survey => {
                let report = self.report(now);
                self.send_control(from, Message::Report(report), Cause::Answer);
            }
            Message::Report(report) => {
                if self.members.is_active(from) {
                    self.reports.insert(from.clone(), (now, report));
                }
            }
        }
        Ok(false)
    }

    fn on_summary(&mut self, from: &NodeId, differs: bool, mode: Mode, now: Instant) {
        if !differs {
            return self.send_control(from, Message::InSync, Cause::Answer);
        }
        self.outbox(from).digest = Some(mode);
        self.flush(now);
        // An answer is due even where the limiter or a slow link holds the digest back.
        let held_back = self.peers.get(from).is_some_and(|peer| peer.outbox.digest.is_some());
        if held_back {
            self.send_control(from, Message::Deferred, Cause::Answer);
        }
    }

    fn on_digest(&mut self, from: &NodeId, theirs: S::Digest, mode: Mode) {
        self.note_digest(from, &theirs);
        let (newer, older) = match self.state.compare(&theirs) {
            Comparison::Equal => (false, false),
            Comparison::Newer => (true, false),
            Comparison::Older => (false, true),
            Comparison::Conflict => (true, true),
        };
        let (push, pull) = (mode.pushes() && newer, mode.pulls() && older);
        if push || pull {
            self.outbox(from).delta = Some(Owed { theirs, push, pull });
        }
    }

    fn on_delta(
        &mut self,
        from: &NodeId,
        delta: S::Delta,
        theirs: Option<S::Digest>,
        more: bool,
        now: Instant,
    ) -> Result<bool, Refusal> {
        let merged = self.state.merge(delta, now).map_err(refuse)?;
        let news = S::news_len(&merged.news) > 0;
        self.on_repaired(&merged.news, from);
        self.tell_changes(merged.changes, Some(from));
        if more && merged.progress {
            self.outbox(from).digest = Some(Mode::Push);
        }
        if let Some(theirs) = theirs {
            self.on_digest(from, theirs, Mode::Push);
        }
        Ok(news)
    }

    fn on_members(&mut self, from: &NodeId, records: Vec<Member>, compare: Option<Stretch>) -> bool {
        let listed: BTreeMap<NodeId, Member> = match &compare {
            Some(_) => records.iter().map(|member| (member.id.clone(), member.clone())).collect(),
            None => BTreeMap::new(),
        };
        let mut news = false;
        for record in records {
            news |= if record.id == self.config.id {
                self.on_own_record(record)
            } else {
                self.on_member(record, Some(from))
            };
        }
        if let Some(Stretch { after, upto }) = compare {
            let within = |id: &NodeId| {
                after.as_ref().is_none_or(|after| id > after) && upto.as_ref().is_none_or(|upto| id <= upto)
            };
            let ours = self.members.iter().filter(|member| within(&member.id));
            let newer = ours.filter(|member| listed.get(&member.id).is_none_or(|theirs| *member > theirs));
            let newer: Vec<_> = newer.map(|member| member.id.clone()).collect();
            for id in newer {
                self.outbox(from).members.entry(id).or_insert(Cause::Answer);
            }
        }
        news
    }

    /// What others hold of this node. A rumor of its death is refuted by a
    /// later incarnation; another node of the same name, started later, keeps
    /// it, and this one says so.
    fn on_own_record(&mut self, record: Member) -> bool {
        let own = self.own_record();
        if record <= own || self.life != Life::Running {
            return false;
        }
        if record.address != own.address && record.incarnation > own.incarnation {
            self.tell(Event::NameTaken { incarnation: record.incarnation, address: record.address });
            return false;
        }
        let incarnation = Incarnation(record.incarnation.0.saturating_add(1));
        self.on_member(Member { incarnation, status: Status::Alive, ..own }, None)
    }
}

fn refuse(invalid: InvalidDelta) -> Refusal {
    Refusal::new(CloseCode::Malformed, invalid.0)
}
