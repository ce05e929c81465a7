//! What a message means: the exchange of summaries, digests and deltas, rumors,
//! member records, and what speaking says of the one who speaks. It decides
//! what is owed; when that goes out is the outbox's business.

use super::outbox::Owed;
use super::{Engine, MessageOf};
use crate::config::Mode;
use crate::event::{Cause, Event};
use crate::id::NodeId;
use crate::members::{Member, Status};
use crate::sort::sort_by;
use crate::state::{Comparison, InvalidDelta, Merged, State};
use crate::time::Instant;
use crate::wire::{CloseCode, Frame, Message, Refusal, Stretch, Told};
use alloc::vec::Vec;
use core::iter;

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
                if members != self.members.hash() && self.owes_list(from, now) {
                    self.outbox(from).all_members = Some(None);
                }
            }
            Message::InSync => self.on_handed_over(now),
            Message::Deferred => {}
            Message::Digest { digest, mode } => self.on_digest(from, digest, mode),
            Message::Delta { delta, digest, more } => return self.on_delta(from, delta, digest, more, now),
            Message::Rumor { delta } => {
                let repaired = self.take_repaired(&delta);
                let merged = self.merge(delta, from, now)?;
                let news = S::news_len(&merged.news) > 0;
                self.on_rumored(from, news, &repaired, now);
                self.on_news(merged.news, Some(from), now);
                self.tell_changes(merged.changes, Some(from));
                return Ok(news);
            }
            Message::Members { records, compare } => return Ok(self.on_members(from, &records, compare)),
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
        let merged = self.merge(delta, from, now)?;
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
    fn merge(&mut self, delta: S::Delta, from: &NodeId, now: Instant) -> Result<Merged<S::News>, Refusal> {
        let before = self.state.unbelievable_stamps();
        let merged = self.state.merge(delta, now).map_err(refuse)?;
        let ahead = self.state.unbelievable_stamps().saturating_sub(before);
        if ahead > 0 {
            let writes = u32::try_from(ahead).unwrap_or(u32::MAX);
            self.tell(Event::ClockAhead { from: from.clone(), writes });
        }
        Ok(merged)
    }

    fn on_members(&mut self, from: &NodeId, records: &[Told], compare: Option<Stretch>) -> bool {
        let mut told: Vec<&Told> = records.iter().collect();
        let mut better = Vec::new();
        if let Some(stretch) = &compare {
            sort_by(&mut told, |a, b| a.member.id.cmp(&b.member.id));
            (told, better) = self.differences(told, stretch);
        }
        let mut denied = false;
        let mut fresh: Vec<NodeId> = Vec::new();
        for told in &told {
            if told.member.id == self.config.id {
                denied |= self.on_own_record(told.member.clone());
            } else {
                fresh.extend(self.on_told(told, from));
            }
        }
        if compare.is_some() {
            let known = told.iter().filter_map(|told| Some((self.members.member(&told.member.id)?, told)));
            let knows_better = known.filter(|(ours, told)| ours.adds_to(&told.member));
            better.extend(knows_better.map(|(ours, _)| ours.id.clone()));
        }
        for id in better {
            self.outbox(from).members.entry(id).or_insert(Cause::Answer);
        }
        let news = denied || !fresh.is_empty();
        // The tree among whom they are spread is known when all are taken in: each may move this node's place in it.
        self.spread_members(&fresh, Some(from));
        news
    }

    /// The sorted records of a stretch that are not the same here, and the
    /// names that are missing among them. Most of a list is known, so the two
    /// are walked side by side.
    fn differences<'a>(&self, told: Vec<&'a Told>, stretch: &Stretch) -> (Vec<&'a Told>, Vec<NodeId>) {
        let Stretch { after, upto } = stretch;
        let is_within = |ours: &&Member| {
            after.as_ref().is_none_or(|after| ours.id > *after)
                && upto.as_ref().is_none_or(|upto| ours.id <= *upto)
        };
        let mut ours = self.members.iter().filter(is_within).peekable();
        let (mut differing, mut missing) = (Vec::new(), Vec::new());
        for told in told {
            let theirs = &told.member;
            missing.extend(
                iter::from_fn(|| ours.next_if(|ours| ours.id < theirs.id)).map(|ours| ours.id.clone()),
            );
            if ours.next_if(|ours| ours.id == theirs.id) != Some(theirs) || theirs.status.is_gone() {
                differing.push(told);
            }
        }
        missing.extend(ours.map(|ours| ours.id.clone()));
        (differing, missing)
    }

    /// Takes in what another node tells of a third one. Whoever holds a member
    /// to be gone in another way than this node does would never hear of it by
    /// comparing lists, and is told at once; whoever holds the same is not, or
    /// the two would tell each other for ever. The name, if it is news.
    fn on_told(&mut self, told: &Told, from: &NodeId) -> Option<NodeId> {
        if self.is_past(told) {
            return None;
        }
        let member = &told.member;
        let (id, is_gone) = (member.id.clone(), member.status.is_gone());
        let knows_better =
            |ours: &Member| is_gone && ours.status == Status::Left && ours.standing() > member.standing();
        let corrects = self.members.member(&id).is_some_and(knows_better);
        let is_news = self.merge_member(member.clone());
        if corrects {
            self.outbox(from).members.entry(id.clone()).or_insert(Cause::Correction);
        }
        is_news.then_some(id)
    }
}

fn refuse(invalid: InvalidDelta) -> Refusal {
    Refusal::new(CloseCode::Malformed, invalid.0)
}
