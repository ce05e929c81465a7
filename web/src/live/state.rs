//! What the page knows of a cluster through one node: a pure reducer over what the node says. It reads no clock, and
//! never makes anything up: what is not known stays unknown, what is old keeps its age.

use super::{
    around::{Around, IDS_FROM},
    feed::Feed,
    rates::RateSeries,
    requests::Requests,
};
use rumormill_api::{EntryView, Gone, MemberView, Notice, Outcome, StatusView};
use rumormill_core::ordered::Map;
use rumormill_core::{Kind, NodeId};
use std::{collections::BTreeMap, rc::Rc};

/// The most records taken from one [`Notice::Trace`] for the moving picture; the rest is only listed.
const FLASHES_MAX: usize = 400;

/// A member, and when the observed node last said anything about it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenMember {
    /// As the observed node sees it.
    pub view: MemberView,
    /// On the observed node's clock.
    pub told_us: u64,
}

/// An entry, and when it was last told.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenEntry {
    /// As the observed node reads it.
    pub view: EntryView,
    /// On the page's clock, in milliseconds; none for what was there at the start.
    pub changed_ms: Option<u64>,
}

/// Counts the changes of each part, so that what is drawn from it is drawn anew only when it changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Revisions {
    /// Of the node's own figures and the rates.
    pub node: u64,
    /// Of the members.
    pub members: u64,
    /// Of the entries.
    pub entries: u64,
    /// Of the feed.
    pub feed: u64,
    /// Of the requests.
    pub requests: u64,
    /// Of what other members say.
    pub around: u64,
}

/// Everything that is known of the cluster.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The observed node; none before it spoke.
    pub status: Option<Rc<StatusView>>,
    /// All members that the observed node knows. What does not change is shared with what is kept of earlier.
    pub members: Rc<Map<NodeId, Rc<SeenMember>>>,
    /// All its entries, by key; two nodes may have given one key two kinds at once.
    pub entries: Rc<BTreeMap<(String, Kind), Rc<SeenEntry>>>,
    /// Its traffic.
    pub rates: RateSeries,
    /// What happened at it.
    pub feed: Feed,
    /// What was asked of it.
    pub requests: Requests,
    /// What other members say.
    pub around: Around,
    /// What changed.
    pub revisions: Revisions,
    /// The observed node's clock when its store was first told to be as it is now.
    pub moved_us: u64,
    /// The observed node's clock when it last told of itself.
    at_us: u64,
    /// The page's clock then.
    told_ms: u64,
    /// The page's clock when the node last said anything.
    heard_ms: u64,
    /// Does the node speak at present?
    is_current: bool,
}

/// What one notice means to those who watch it happen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// Messages to be seen on their way, oldest first.
    pub flashes: Vec<Flash>,
    /// The node said that it stops, and why.
    pub goodbye: Option<String>,
}

/// A message between the observed node and a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    /// From whom.
    pub from: NodeId,
    /// To whom.
    pub to: NodeId,
    /// Does it carry state, rather than questions and greetings?
    pub is_payload: bool,
    /// How long before the newest record of its batch it happened, in microseconds.
    pub before_us: u64,
}

impl View {
    /// Takes in what the node says. `now_ms` is the page's clock.
    pub fn apply(&mut self, notice: Notice, now_ms: u64) -> News {
        let mut news = News::default();
        match notice {
            Notice::Snapshot { at_us, status, members, entries } => {
                self.begin(&status);
                // What changed while nobody watched has no time of its own.
                self.around.moved(None, now_ms);
                self.members = Rc::default();
                self.entries = Rc::default();
                self.revisions.members += 1;
                self.revisions.entries += 1;
                self.on_update(at_us, status, members, entries, None, now_ms);
            }
            Notice::Update { at_us, status, members, entries, gone } => {
                self.on_update(at_us, status, members, entries, Some(now_ms), now_ms);
                for Gone { key, kind } in gone {
                    self.around.moved(Some(&key), now_ms);
                    if Rc::make_mut(&mut self.entries).remove(&(key, kind)).is_some() {
                        self.revisions.entries += 1;
                    }
                }
            }
            Notice::Trace { records, dropped } => {
                self.heard_ms = now_ms;
                news.flashes = super::flash::flashes(&records, FLASHES_MAX);
                self.feed.pace.count(records.len() as u64 + dropped, now_ms);
                self.feed.add(records, dropped);
                self.revisions.feed += 1;
            }
            Notice::Answer { id, outcome } if id >= IDS_FROM => {
                self.heard_ms = now_ms;
                self.revisions.around += 1;
                let account = self.around.answer(id, outcome, now_ms);
                if !account.records.is_empty() {
                    self.feed.add_account(account);
                    self.revisions.feed += 1;
                }
            }
            Notice::Answer { id, outcome } => {
                self.heard_ms = now_ms;
                if let Outcome::Done(entry) = &outcome {
                    self.enter(entry.clone(), Some(now_ms));
                    self.revisions.entries += 1;
                }
                if self.around.written(id, &outcome, &self.members) {
                    self.revisions.around += 1;
                }
                self.requests.answer(id, outcome, now_ms);
                self.revisions.requests += 1;
            }
            Notice::Goodbye { reason, .. } => news.goodbye = Some(reason),
        }
        news
    }

    /// The connection was lost: everything is kept, and from now on it ages.
    pub fn interrupt(&mut self) {
        if !self.is_current {
            return;
        }
        self.is_current = false;
        self.rates.interrupt();
        self.feed.interrupt();
        self.requests.interrupt();
        self.around.interrupt();
        self.revisions.around += 1;
        self.revisions.feed += 1;
        self.revisions.requests += 1;
        self.revisions.node += 1;
    }

    /// The observed node's name.
    pub fn node(&self) -> Option<&NodeId> {
        self.status.as_ref().map(|status| &status.node)
    }

    /// Is everything as the node last said, and does it still speak?
    pub fn is_current(&self) -> bool {
        self.is_current
    }

    /// How old everything is, in milliseconds; none before the node spoke.
    pub fn age_ms(&self, now_ms: u64) -> Option<u64> {
        self.status.as_ref().map(|_| now_ms.saturating_sub(self.heard_ms))
    }

    /// The observed node's clock when it last spoke, and the page's clock then.
    pub fn told_at(&self) -> (u64, u64) {
        (self.at_us, self.told_ms)
    }

    /// What is worth keeping of it: what costs little, since it is shared with what comes after.
    pub fn kept(&self) -> Self {
        Self {
            status: self.status.clone(),
            members: Rc::clone(&self.members),
            entries: Rc::clone(&self.entries),
            around: self.around.kept(),
            moved_us: self.moved_us,
            at_us: self.at_us,
            told_ms: self.told_ms,
            heard_ms: self.heard_ms,
            is_current: self.is_current,
            ..Self::default()
        }
    }

    /// The observed node's clock, as far as the page can tell now.
    pub fn node_clock_us(&self, now_ms: u64) -> u64 {
        self.at_us.saturating_add(now_ms.saturating_sub(self.told_ms).saturating_mul(1_000))
    }

    /// Another node or another life of it: what was counted and listed before does not go on.
    fn begin(&mut self, status: &StatusView) {
        let is_same_node = self
            .status
            .as_ref()
            .is_some_and(|before| (&before.node, &before.cluster) == (&status.node, &status.cluster));
        let is_same_life =
            self.status.as_ref().is_some_and(|before| before.incarnation == status.incarnation);
        if !is_same_node {
            self.around = Around::default();
            self.revisions.around += 1;
            self.rates = RateSeries::default();
            if self.status.is_some() {
                self.feed.through(status.node.clone());
                self.revisions.feed += 1;
            }
        } else if !is_same_life {
            self.rates.interrupt();
        }
        if !is_same_node || !is_same_life {
            self.requests.interrupt();
            self.revisions.requests += 1;
        }
        self.is_current = true;
    }

    fn on_update(
        &mut self,
        at_us: u64,
        status: Box<StatusView>,
        members: Vec<MemberView>,
        entries: Vec<EntryView>,
        changed_ms: Option<u64>,
        now_ms: u64,
    ) {
        (self.at_us, self.told_ms, self.heard_ms) = (at_us, now_ms, now_ms);
        self.rates.count(&status.tallies, at_us);
        // What the others know is told against what this node knows, so it changes with that.
        let is_store_moved = self.status.as_ref().is_none_or(|before| before.store != status.store);
        if is_store_moved {
            self.moved_us = at_us;
        }
        self.status = Some(Rc::from(status));
        self.revisions.node += 1;
        if !members.is_empty() || is_store_moved {
            self.revisions.members += 1;
        }
        if !entries.is_empty() {
            self.revisions.entries += 1;
        }
        for view in members {
            let id = view.id.clone();
            Rc::make_mut(&mut self.members).insert(id, Rc::new(SeenMember { view, told_us: at_us }));
        }
        for view in entries {
            self.enter(view, changed_ms);
        }
    }

    fn enter(&mut self, view: EntryView, changed_ms: Option<u64>) {
        let at = (view.key.clone(), view.kind);
        Rc::make_mut(&mut self.entries).insert(at, Rc::new(SeenEntry { view, changed_ms }));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, id, member, own, snapshot, status, update};
    use super::super::flash::flashes_before;
    use super::*;
    use rumormill_api::{Ask, Tallies};
    use rumormill_core::{Cause, Event, Incarnation, Instant, MessageKind, Status, TraceEvent, TraceRecord};

    fn live() -> View {
        let mut view = View::default();
        view.apply(snapshot(5_000_000, status("a", 1), vec![own("a"), member("b", Status::Alive)]), 1_000);
        view
    }

    fn sending(messages: u64) -> StatusView {
        let tallies = Tallies { sent_messages: messages, ..Tallies::default() };
        StatusView { tallies, ..status("a", 1) }
    }

    #[test]
    fn an_update_changes_what_it_names_and_nothing_else() {
        let mut view = live();
        let before = view.revisions;
        view.apply(update(5_500_000, status("a", 1), vec![member("b", Status::Down)]), 1_500);
        assert_eq!(view.members[&id("b")].view.status, Status::Down);
        assert_eq!(view.members[&id("b")].told_us, 5_500_000);
        assert_eq!(view.members[&id("a")].told_us, 5_000_000);
        assert_eq!(view.revisions.entries, before.entries);
        assert!(view.revisions.members > before.members && view.revisions.node > before.node);

        let entries = vec![entry("k", 2), entry("new", 3)];
        let status = Box::new(status("a", 2));
        view.apply(
            Notice::Update { at_us: 6_000_000, status, members: vec![], entries, gone: vec![] },
            2_000,
        );
        let read = &view.entries[&("k".to_owned(), Kind::Register)];
        assert_eq!((&read.view.value, read.changed_ms), (&2.into(), Some(2_000)));
        assert_eq!(view.entries.len(), 2);
    }

    #[test]
    fn what_is_gone_is_no_longer_shown() {
        let mut view = live();
        let before = view.revisions.entries;
        let gone = vec![Gone { key: "k".to_owned(), kind: Kind::Register }];
        let status = Box::new(status("a", 2));
        view.apply(
            Notice::Update { at_us: 6_000_000, status, members: vec![], entries: vec![], gone },
            2_000,
        );
        assert!(view.entries.is_empty());
        assert!(view.revisions.entries > before);
    }

    #[test]
    fn what_was_written_is_shown_as_soon_as_the_node_says_how_it_reads() {
        let mut view = live();
        let id = view.requests.ask(Ask::Set { key: "k".to_owned(), value: 9.into() }, 1_100).id;
        view.apply(Notice::Answer { id, outcome: Outcome::Done(entry("k", 9)) }, 1_110);
        assert_eq!(view.entries[&("k".to_owned(), Kind::Register)].view.value, 9);
    }

    #[test]
    fn a_quiet_update_redraws_neither_members_nor_entries() {
        let mut view = live();
        let before = view.revisions;
        view.apply(update(6_000_000, status("a", 1), vec![]), 2_000);
        let expected = Revisions { node: before.node + 1, ..before };
        assert_eq!(view.revisions, expected);
    }

    #[test]
    fn a_lost_connection_keeps_everything_and_ages_it() {
        let mut view = live();
        let request = view.requests.ask(Ask::Increment { key: "c".to_owned(), by: 1 }, 1_100);
        assert_eq!(view.age_ms(1_250), Some(250));
        view.interrupt();
        view.interrupt();
        assert!(!view.is_current());
        assert_eq!((view.members.len(), view.entries.len()), (2, 1));
        assert_eq!(view.age_ms(61_000), Some(60_000));
        view.apply(Notice::Answer { id: request.id, outcome: Outcome::Refused(String::new()) }, 2_000);
        assert!(!view.requests.is_pending());
    }

    #[test]
    fn the_gap_of_a_lost_connection_shows_in_the_rates() {
        let mut view = live();
        view.apply(update(6_000_000, sending(10), vec![]), 2_000);
        view.interrupt();
        view.apply(snapshot(9_000_000, sending(400), vec![own("a")]), 5_000);
        view.apply(update(10_000_000, sending(410), vec![]), 6_000);
        let shown: Vec<_> = view.rates.seconds().map(|r| r.map(|r| r.sent_messages.round() as u64)).collect();
        assert_eq!(shown, [Some(10), None, None, None, Some(10), None]);
    }

    #[test]
    fn another_node_begins_anew_and_the_feed_says_so() {
        let mut view = live();
        view.apply(update(6_000_000, sending(10), vec![]), 2_000);
        view.apply(snapshot(99_000_000, status("b", 4), vec![own("b")]), 3_000);
        assert_eq!(view.node(), Some(&id("b")));
        assert_eq!(view.members.len(), 1, "the members are as the new node sees them");
        assert_eq!(view.rates.seconds().flatten().count(), 0);
        assert_eq!(view.feed.count(), 1);
    }

    #[test]
    fn another_life_of_the_node_leaves_a_gap_and_no_answer_to_wait_for() {
        let mut view = live();
        view.requests.ask(Ask::Increment { key: "c".to_owned(), by: 1 }, 1_100);
        let reborn = StatusView { incarnation: Incarnation(8), ..sending(1_000) };
        view.apply(snapshot(6_000_000, reborn, vec![own("a")]), 2_000);
        assert!(!view.requests.is_pending());
        assert_eq!(view.rates.seconds().flatten().count(), 0);
    }

    #[test]
    fn messages_of_the_trace_can_be_seen_on_their_way() {
        let mut view = live();
        let record = |at, event| TraceRecord {
            at: Instant::from_micros(at),
            node: Some(id("a")),
            event: TraceEvent::Node(event),
        };
        let sent = Event::Sent {
            to: Some(id("b")),
            number: 1,
            kind: MessageKind::Delta,
            bytes: 9,
            writes: 1,
            cause: Cause::Tree,
        };
        let received =
            Event::Received { from: id("c"), number: 2, kind: MessageKind::Summary, bytes: 9, news: false };
        let records = vec![record(100, sent), record(300, Event::Round { number: 1 }), record(400, received)];
        let news = view.apply(Notice::Trace { records, dropped: 0 }, 2_000);
        let flash =
            |from, to, is_payload, before_us| Flash { from: id(from), to: id(to), is_payload, before_us };
        assert_eq!(news.flashes, [flash("a", "b", true, 300), flash("c", "a", false, 0)]);
        assert_eq!(view.feed.count(), 3);
        assert_eq!(flashes_before(&view, 399, 300), [flash("a", "b", true, 299)]);
        assert_eq!(flashes_before(&view, 500, 300), [flash("c", "a", false, 100)]);
        assert_eq!(flashes_before(&view, 50, 300), []);
    }

    #[test]
    fn only_what_the_node_tells_of_itself_sets_its_clock() {
        let mut view = live();
        assert_eq!(view.node_clock_us(1_700), 5_700_000);
        view.apply(Notice::Trace { records: vec![], dropped: 0 }, 1_700);
        assert_eq!(view.node_clock_us(1_900), 5_900_000);
        assert_eq!(view.age_ms(1_900), Some(200));
        view.apply(update(5_950_000, status("a", 1), vec![]), 1_900);
        assert_eq!((view.node_clock_us(1_900), view.told_at()), (5_950_000, (5_950_000, 1_900)));
    }

    #[test]
    fn goodbye_is_handed_on() {
        let mut view = live();
        let news = view.apply(Notice::Goodbye { node: id("a"), reason: "stopping".to_owned() }, 2_000);
        assert_eq!(news.goodbye.as_deref(), Some("stopping"));
    }
}
