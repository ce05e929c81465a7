//! What a message means: the exchange of summaries, digests and deltas, rumors,
//! member records, and what speaking says of the one who speaks. It decides
//! what is owed; when that goes out is the outbox's business.

use super::outbox::Owed;
use super::{Engine, MessageOf};
use crate::config::Mode;
use crate::event::{Cause, Event};
use crate::id::NodeId;
use crate::members::{Member, Status};
use crate::state::{Comparison, InvalidDelta, Merged, State};
use crate::time::Instant;
use crate::wire::{CloseCode, Frame, Message, Refusal, Stretch, Told};
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

    /// Acts on a message. True if it brought anything new.
    fn on_message(&mut self, from: &NodeId, message: MessageOf<S>, now: Instant) -> Result<bool, Refusal> {
        match message {
            Message::Summary { store, members, mode } => {
                if store == Some(self.state.hash()) {
                    self.on_handed_over(now);
                }
                self.on_summary(from, store.is_some_and(|hash| hash != self.state.hash()), mode, now);
                if members != self.members.hash() {
                    self.outbox(from).all_members = Some(None);
                }
            }
            Message::InSync => self.on_handed_over(now),
            Message::Deferred => {}
            Message::Digest { digest, mode } => self.on_digest(from, digest, mode),
            Message::Delta { delta, digest, more } => return self.on_delta(from, delta, digest, more, now),
            Message::Rumor { delta } => {
                let repaired = self.take_repaired(&delta);
                let merged = self.take_in(delta, from, now)?;
                let news = S::news_len(&merged.news) > 0;
                self.on_rumored(from, news, &repaired, now);
                self.on_news(merged.news, Some(from), now);
                self.tell_changes(merged.changes, Some(from));
                return Ok(news);
            }
            Message::Members { records, compare } => return Ok(self.on_members(from, records, compare)),
            Message::ProbeRequest { target } => self.on_probe_request(from, target, now),
            Message::ProbeReply { target, heard } => self.on_probe_reply(&target, heard),
            Message::Survey => {
                let report = self.report(now);
                self.send_control(from, Message::Report(report), Cause::Answer);
            }
            Message::Announce { digest } => self.on_announce(from, digest, now),
            Message::Graft { digest } => self.on_graft(from, &digest),
            Message::Prune => self.on_prune(from),
            Message::Count { number, stable } => self.on_count(from, number, stable),
            Message::Counted { number, seen, garbage } => self.on_counted(from, number, seen, garbage),
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
        let writes = S::delta_writes(&delta);
        let merged = self.take_in(delta, from, now)?;
        let news = S::news_len(&merged.news) > 0;
        self.on_repaired(merged.news, writes, from, now);
        self.tell_changes(merged.changes, Some(from));
        if more && merged.progress {
            self.outbox(from).digest = Some(Mode::Push);
        }
        if let Some(theirs) = theirs {
            self.on_digest(from, theirs, Mode::Push);
        }
        Ok(news)
    }

    /// Merges a delta, and tells of stamps in it that nobody should believe.
    fn take_in(&mut self, delta: S::Delta, from: &NodeId, now: Instant) -> Result<Merged<S::News>, Refusal> {
        let before = self.state.unbelievable_stamps();
        let merged = self.state.merge(delta, now).map_err(refuse)?;
        let ahead = self.state.unbelievable_stamps().saturating_sub(before);
        if ahead > 0 {
            let writes = u32::try_from(ahead).unwrap_or(u32::MAX);
            self.tell(Event::ClockAhead { from: from.clone(), writes });
        }
        Ok(merged)
    }

    fn on_members(&mut self, from: &NodeId, records: Vec<Told>, compare: Option<Stretch>) -> bool {
        let mut listed: BTreeMap<NodeId, Member> = BTreeMap::new();
        let mut news = false;
        for told in records {
            if compare.is_some() {
                listed.insert(told.member.id.clone(), told.member.clone());
            }
            news |= if told.member.id == self.config.id {
                self.on_own_record(told.member)
            } else {
                self.on_told(told, from)
            };
        }
        if let Some(Stretch { after, upto }) = compare {
            let within = |id: &NodeId| {
                after.as_ref().is_none_or(|after| id > after) && upto.as_ref().is_none_or(|upto| id <= upto)
            };
            let ours = self.members.iter().filter(|member| within(&member.id));
            let better = ours.filter(|ours| listed.get(&ours.id).is_none_or(|theirs| ours.adds_to(theirs)));
            let better: Vec<_> = better.map(|member| member.id.clone()).collect();
            for id in better {
                self.outbox(from).members.entry(id).or_insert(Cause::Answer);
            }
        }
        news
    }

    /// Takes in what another node tells of a third one. Whoever holds a member
    /// to be gone in another way than this node does would never hear of it by
    /// comparing lists, and is told at once; whoever holds the same is not, or
    /// the two would tell each other for ever.
    fn on_told(&mut self, told: Told, from: &NodeId) -> bool {
        if self.is_past(&told) {
            return false;
        }
        let Told { member, .. } = told;
        let (id, is_gone) = (member.id.clone(), member.status.is_gone());
        let knows_better =
            |ours: &Member| is_gone && ours.status == Status::Left && ours.standing() > member.standing();
        let corrects = self.members.member(&id).is_some_and(knows_better);
        let news = self.on_member(member, Some(from));
        if corrects {
            self.outbox(from).members.entry(id).or_insert(Cause::Correction);
        }
        news
    }
}

fn refuse(invalid: InvalidDelta) -> Refusal {
    Refusal::new(CloseCode::Malformed, invalid.0)
}
