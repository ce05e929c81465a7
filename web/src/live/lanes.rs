//! What the space-time view knows: who sent what to whom, when each end of it was told, and what else happened to whom.
//! Put together from the lines of events. Pure: it reads no clock and draws nothing.

use super::{
    feed::What,
    message::{End, Message},
    state::View,
    words,
};
use rumormill_core::sort::{sort, sort_by};
use rumormill_core::{Event, NodeId, Status, TraceEvent, TraceRecord};

/// Most lines in the picture when all members have one, and when some have.
pub(super) const LANES_MAX: usize = 30;
const LANES_OF_SOME: usize = 20;

/// Two ends further apart than this are of two messages, in microseconds: a node that was started again counts anew.
const UNDER_WAY_MAX_US: u64 = 5_000_000;

/// A receiver that has noted messages so long after the sending would have noted this one, in microseconds.
const NOTED_AFTER_US: u64 = 1_000_000;

/// A message, as far as its ends were told.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Talk {
    /// The lanes of sender and receiver.
    pub lanes: (usize, usize),
    /// When it was sent, if the sender told.
    pub sent_us: Option<u64>,
    /// When it came in, if the receiver told.
    pub came_us: Option<u64>,
    /// Did the receiver note messages then, and not this one?
    pub is_missing: bool,
    /// One end of it, to be looked at.
    pub message: Message,
}

impl Talk {
    /// Is it the one that this end is of? Greetings have no number, so their times tell them apart.
    pub(super) fn is_of(&self, end: &Message) -> bool {
        let one = &self.message;
        (one.number, one.kind, one.ends()) == (end.number, end.kind, end.ends())
            && (one.number != 0 || one.at_us == end.at_us)
    }
}

/// Something that happened to a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// A key reads differently there.
    Changed,
    /// It was held to be down from then on.
    Down,
    /// It was suspected.
    Suspect,
    /// It takes part from then on.
    Alive,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Lanes {
    /// Who has a lane, from the top.
    pub members: Vec<NodeId>,
    /// The messages.
    pub talks: Vec<Talk>,
    /// What else happened: lane, time, what.
    pub signs: Vec<(usize, u64, Sign)>,
    /// When each lane first read the key in question differently, as far as it was told.
    pub learned_us: Vec<Option<u64>>,
    /// Where nothing is known from: lost connections and another node.
    pub breaks_us: Vec<u64>,
    /// How many events were dropped at the node.
    pub dropped: u64,
    /// Had a member more to tell than it tells at once?
    pub is_cut: bool,
    /// When the oldest line that is kept was.
    pub since_us: Option<u64>,
    /// Were there lines before it, which are not kept?
    pub is_full: bool,
}

/// One end of a message, before the other is found.
struct Half {
    from: usize,
    to: usize,
    at_us: u64,
    message: Message,
}

/// When each lane noted messages, as far as the page was told all of them.
struct Noted {
    /// The observed node's lane.
    own: Option<usize>,
    /// How often nothing was known of anyone, and of the observed node alone.
    breaks: (u64, u64),
    lanes: Vec<Vec<Stretch>>,
}

/// A time in which all messages of a lane were told.
struct Stretch {
    /// What tells it from others: the breaks before it, and the teller's number.
    name: (u64, u64, u64),
    first_us: u64,
    last_us: u64,
}

impl Noted {
    /// A lane told of a message. What it told with messages left out says nothing of those that are not there.
    fn note(&mut self, lane: usize, number: Option<u64>, at_us: u64) {
        let Some(number) = number else { return };
        let (all, own) = self.breaks;
        let name = (all, if self.own == Some(lane) { own } else { 0 }, number);
        match self.lanes[lane].last_mut().filter(|last| last.name == name) {
            Some(last) => {
                (last.first_us, last.last_us) = (last.first_us.min(at_us), last.last_us.max(at_us));
            }
            None => self.lanes[lane].push(Stretch { name, first_us: at_us, last_us: at_us }),
        }
    }

    /// Would a lane have noted what was sent to it then, and told?
    fn is_sure(&self, lane: usize, sent_us: u64) -> bool {
        let is_around = |stretch: &Stretch| {
            stretch.first_us <= sent_us && stretch.last_us >= sent_us.saturating_add(NOTED_AFTER_US)
        };
        self.lanes[lane].iter().any(is_around)
    }
}

impl Lanes {
    /// What happened from a moment on.
    #[inline(never)]
    pub(super) fn new(view: &View, selected: Option<&NodeId>, from_us: u64) -> Self {
        let records: Vec<&TraceRecord> = view.feed.lines().filter_map(|line| line.record()).collect();
        let members = members(view, selected, &records);
        let place = |id: &NodeId| members.binary_search(id).ok();
        let mut lanes = Self {
            learned_us: vec![None; members.len()],
            since_us: records.first().map(|record| record.at.as_micros()),
            is_full: view.feed.has_forgotten(),
            ..Self::default()
        };
        let mut noted = Noted {
            own: view.node().and_then(place),
            breaks: (0, 0),
            lanes: members.iter().map(|_| Vec::new()).collect(),
        };
        let mut halves = Vec::new();
        let mut last_us = 0;
        for line in view.feed.lines() {
            match &line.what {
                What::Record(record) => {
                    last_us = record.at.as_micros();
                    if last_us < from_us {
                        continue;
                    }
                    let lane = record.node.as_ref().and_then(place);
                    if let Some(message) = Message::of(record) {
                        if let Some(lane) = lane {
                            noted.note(lane, line.stretch, last_us);
                        }
                        halves.extend(half(message, &place));
                    }
                    lanes.note(record, lane, &place, view);
                }
                What::Dropped(count) => {
                    noted.breaks.1 += 1;
                    lanes.dropped += if last_us >= from_us { *count } else { 0 };
                }
                What::Untold(_) => lanes.is_cut |= last_us >= from_us,
                What::Gap | What::Through(_) => {
                    noted.breaks.0 += 1;
                    lanes.breaks_us.extend((last_us >= from_us).then_some(last_us));
                }
            }
        }
        lanes.talks = joined(halves, &noted);
        lanes.members = members;
        lanes
    }

    fn note(
        &mut self,
        record: &TraceRecord,
        lane: Option<usize>,
        place: &impl Fn(&NodeId) -> Option<usize>,
        view: &View,
    ) {
        let at_us = record.at.as_micros();
        match (&record.event, lane) {
            (TraceEvent::Node(Event::Changed { key, .. }), Some(lane)) => {
                self.signs.push((lane, at_us, Sign::Changed));
                let is_sought = view.around.sought.as_ref().is_some_and(|sought| sought.key == key.as_str());
                if is_sought {
                    // Lines come in the order in which they were told, not in that of their times.
                    let learned = &mut self.learned_us[lane];
                    *learned = Some(learned.map_or(at_us, |first_us| first_us.min(at_us)));
                }
            }
            // Many members tell the same of one; what the observed node holds is what the other views show.
            (TraceEvent::Node(Event::Member { id, status, .. }), _)
                if record.node.as_ref() == view.node() =>
            {
                let sign = match status {
                    Status::Down => Sign::Down,
                    Status::Suspect => Sign::Suspect,
                    Status::Alive => Sign::Alive,
                    _ => return,
                };
                self.signs.extend(place(id).map(|lane| (lane, at_us, sign)));
            }
            _ => {}
        }
    }

    /// How many messages one lane sent and received, in words.
    pub(super) fn words(&self, lane: usize) -> String {
        let count = self.talks.iter().filter(|talk| talk.lanes.0 == lane || talk.lanes.1 == lane).count();
        words::counted(count, "message", "messages")
    }
}

/// Who has a lane: all members of a small cluster, else the observed node, the selected one, and those that said something
/// last.
fn members(view: &View, selected: Option<&NodeId>, records: &[&TraceRecord]) -> Vec<NodeId> {
    if view.members.len() <= LANES_MAX {
        return view.members.keys().cloned().collect();
    }
    let mut members: Vec<NodeId> = view.node().into_iter().chain(selected).cloned().collect();
    members.dedup();
    let told = records.iter().rev().filter_map(|record| Message::of(record));
    for id in told.flat_map(|message| [Some(message.node), message.other]).flatten() {
        if members.len() == LANES_OF_SOME {
            break;
        }
        if !members.contains(&id) && view.members.contains_key(&id) {
            members.push(id);
        }
    }
    sort(&mut members);
    members
}

fn half(message: Message, place: &impl Fn(&NodeId) -> Option<usize>) -> Option<Half> {
    let [from, to] = message.ends();
    let (from, to) = (place(from?)?, place(to?)?);
    Some(Half { from, to, at_us: message.at_us, message })
}

/// Puts the two ends of each message together.
fn joined(mut halves: Vec<Half>, noted: &Noted) -> Vec<Talk> {
    let key = |half: &Half| (half.from, half.to, half.message.number, half.at_us);
    sort_by(&mut halves, |a, b| key(a).cmp(&key(b)));
    let mut talks: Vec<Talk> = Vec::new();
    for half in halves {
        let is_sent = matches!(half.message.end, End::Sent { .. });
        let is_other_end = |last: &Talk| {
            let known_us = last.sent_us.or(last.came_us).unwrap_or_default();
            let is_missed = if is_sent { last.sent_us.is_none() } else { last.came_us.is_none() };
            last.lanes == (half.from, half.to)
                && half.message.number != 0
                && last.message.number == half.message.number
                && is_missed
                && half.at_us.abs_diff(known_us) < UNDER_WAY_MAX_US
        };
        match talks.last_mut().filter(|last| is_other_end(last)) {
            Some(last) if is_sent => last.sent_us = Some(half.at_us),
            Some(last) => last.came_us = Some(half.at_us),
            None => talks.push(Talk {
                lanes: (half.from, half.to),
                sent_us: is_sent.then_some(half.at_us),
                came_us: (!is_sent).then_some(half.at_us),
                is_missing: false,
                message: half.message,
            }),
        }
    }
    for talk in talks.iter_mut().filter(|talk| talk.came_us.is_none() && talk.message.number != 0) {
        let sent_us = talk.sent_us.unwrap_or_default();
        talk.is_missing = noted.is_sure(talk.lanes.1, sent_us);
    }
    talks
}

#[cfg(test)]
mod tests {
    use super::super::feed::Account;
    use super::super::fixtures::{id, member, own, snapshot, status};
    use super::*;
    use rumormill_api::Notice;
    use rumormill_core::{Cause, Instant, MessageKind};

    const S: u64 = 1_000_000;

    fn view(records: Vec<TraceRecord>) -> View {
        let mut view = View::default();
        let others = ["b", "c"].map(|name| member(name, Status::Alive));
        view.apply(snapshot(S, status("a", 5), [own("a")].into_iter().chain(others).collect()), 1_000);
        view.apply(Notice::Trace { records, dropped: 0 }, 1_000);
        view
    }

    fn record(node: &str, at_us: u64, event: Event) -> TraceRecord {
        TraceRecord { at: Instant::from_micros(at_us), node: Some(id(node)), event: TraceEvent::Node(event) }
    }

    fn sent(node: &str, to: &str, number: u64, at_us: u64) -> TraceRecord {
        let (kind, cause) = (MessageKind::Rumor, Cause::Tree);
        record(node, at_us, Event::Sent { to: Some(id(to)), number, kind, bytes: 9, writes: 1, cause })
    }

    fn came(node: &str, from: &str, number: u64, at_us: u64) -> TraceRecord {
        let kind = MessageKind::Rumor;
        record(node, at_us, Event::Received { from: id(from), number, kind, bytes: 9, news: true })
    }

    /// From which lane to which, when it was sent and when it came in, and is it missing?
    type Drawn = (usize, usize, Option<u64>, Option<u64>, bool);

    fn talks(records: Vec<TraceRecord>) -> Vec<Drawn> {
        let lanes = Lanes::new(&view(records), None, 0);
        let flat = |talk: &Talk| (talk.lanes.0, talk.lanes.1, talk.sent_us, talk.came_us, talk.is_missing);
        lanes.talks.iter().map(flat).collect()
    }

    #[test]
    fn the_two_ends_of_a_message_are_one() {
        let both = talks(vec![sent("a", "b", 7, 5 * S), came("b", "a", 7, 5 * S + 400)]);
        assert_eq!(both, [(0, 1, Some(5 * S), Some(5 * S + 400), false)]);
        let skewed = talks(vec![sent("a", "b", 7, 5 * S), came("b", "a", 7, 5 * S - 90)]);
        assert_eq!(skewed, [(0, 1, Some(5 * S), Some(5 * S - 90), false)], "clocks may be off by that");
        let apart = talks(vec![sent("a", "b", 7, 5 * S), came("b", "a", 7, 50 * S)]);
        assert_eq!(apart.len(), 2, "another life of the sender");
        let greetings = talks(vec![sent("a", "b", 0, 5 * S), came("b", "a", 0, 5 * S + 9)]);
        assert_eq!(greetings.len(), 2, "greetings have no number");
    }

    #[test]
    fn what_one_end_tells_is_known_and_no_more() {
        assert_eq!(talks(vec![sent("a", "b", 7, 5 * S)]), [(0, 1, Some(5 * S), None, false)]);
        assert_eq!(talks(vec![came("a", "c", 7, 5 * S)]), [(2, 0, None, Some(5 * S), false)]);
        let noted = vec![came("b", "c", 1, 4 * S), sent("a", "b", 7, 5 * S), came("b", "c", 2, 7 * S)];
        let missing = talks(noted).into_iter().find(|talk| talk.0 == 0).expect("it is there");
        assert_eq!(missing, (0, 1, Some(5 * S), None, true), "b noted messages then, and not this one");
    }

    #[test]
    fn nothing_is_missing_where_the_receiver_may_have_told_less_than_it_noted() {
        let account = |stretch, records| Account { records, stretch, is_here: true, untold: None };
        let is_missing = |between: fn(&mut View), stretches: [Option<u64>; 2]| {
            let mut view = view(vec![sent("a", "b", 7, 5 * S)]);
            view.feed.add_account(account(stretches[0], vec![came("b", "c", 1, 4 * S)]));
            between(&mut view);
            view.feed.add_account(account(stretches[1], vec![came("b", "c", 2, 7 * S)]));
            Lanes::new(&view, None, 0).talks.iter().any(|talk| talk.is_missing)
        };
        let nothing = |_: &mut View| {};
        assert!(is_missing(nothing, [Some(1), Some(1)]));
        assert!(!is_missing(nothing, [Some(1), Some(2)]), "it told of two stretches");
        assert!(!is_missing(nothing, [None, None]), "its messages were passed over");
        assert!(!is_missing(View::interrupt, [Some(1), Some(1)]), "the connection was lost");
        assert!(!is_missing(|view| view.feed.through(id("c")), [Some(1), Some(1)]), "another node");
        let drop = |view: &mut View| view.feed.add(vec![], 3);
        assert!(is_missing(drop, [Some(1), Some(1)]), "the observed node dropped its own, not those of b");
    }

    #[test]
    fn what_the_observed_node_dropped_is_not_missing() {
        let is_missing = |dropped| {
            let mut view = view(vec![came("a", "b", 1, 4 * S), sent("b", "a", 7, 5 * S)]);
            view.feed.add(vec![came("a", "b", 8, 7 * S)], dropped);
            Lanes::new(&view, None, 0).talks.iter().any(|talk| talk.is_missing)
        };
        assert!(is_missing(0) && !is_missing(2));
    }

    #[test]
    fn what_happens_to_whom_is_marked_once() {
        let down = |node: &str, at_us| {
            let incarnation = rumormill_core::Incarnation(1);
            record(node, at_us, Event::Member { id: id("c"), incarnation, status: Status::Down, was: None })
        };
        let key = rumormill_core::state::store::Key::new("k").expect("a valid key");
        let changed = Event::Changed { key, kind: rumormill_core::Kind::Register, from: None };
        let twice = [4 * S, 5 * S].map(|at_us| record("b", at_us, changed.clone()));
        let mut view = view([down("a", 3 * S), down("b", 3 * S)].into_iter().chain(twice).collect());
        view.around.seek(Some("k"));
        view.interrupt();
        let lanes = Lanes::new(&view, None, 0);
        assert_eq!(
            lanes.signs,
            [(2, 3 * S, Sign::Down), (1, 4 * S, Sign::Changed), (1, 5 * S, Sign::Changed)]
        );
        assert_eq!((lanes.learned_us, lanes.breaks_us), (vec![None, Some(4 * S), None], vec![5 * S]));
        assert_eq!((lanes.since_us, Lanes::new(&view, None, 9 * S).signs.len()), (Some(3 * S), 0));
    }

    #[test]
    fn of_a_large_cluster_those_have_a_lane_that_said_something() {
        let mut view = view(vec![came("a", "m70", 1, 5 * S)]);
        let many = (10..90).map(|at| member(&format!("m{at}"), Status::Alive));
        view.apply(snapshot(6 * S, status("a", 5), [own("a")].into_iter().chain(many).collect()), 6_000);
        let lanes = Lanes::new(&view, Some(&id("m33")), 0);
        assert_eq!(lanes.members, [id("a"), id("m33"), id("m70")]);
    }
}
