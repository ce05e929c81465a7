//! Trace records as sentences that people read, and which of them they want to read. Pure.

use rumormill_core::event::{Event, Fate, TraceEvent, TraceRecord};
use rumormill_core::state::store::Kind;
use rumormill_core::{NodeId, Status};

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Something was written, or learned.
    Change,
    /// A node came or went, or is believed to.
    Member,
    /// A crash, a cut, a heal.
    Fault,
    /// A message did not arrive.
    Loss,
    /// The limiter said no.
    Limit,
    /// A message went out or came in.
    Message,
    /// A link was made or ended.
    Link,
    /// A round began.
    Round,
}

impl Topic {
    /// One lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Member => "member",
            Self::Fault => "fault",
            Self::Loss => "loss",
            Self::Limit => "limit",
            Self::Message => "message",
            Self::Link => "link",
            Self::Round => "round",
        }
    }
}

/// An event as a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Numbers the lines of a run.
    pub number: u64,
    /// When, in microseconds.
    pub at_us: u64,
    /// What it is about.
    pub topic: Topic,
    /// The node at which it happened.
    pub node: Option<NodeId>,
    /// The other node in it.
    pub other: Option<NodeId>,
    /// The message that it is about: who sent it, and the sender's number.
    pub message: Option<(NodeId, u64)>,
    /// The sentence.
    pub text: String,
}

/// Which lines are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// Changes, members, faults and denials: what made a difference.
    #[default]
    Highlights,
    /// Messages and links.
    Messages,
    /// All.
    Everything,
}

impl Choice {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Highlights => "highlights",
            Self::Messages => "messages",
            Self::Everything => "everything",
        }
    }

    /// The choice for a word.
    pub fn parse(word: &str) -> Self {
        match word {
            "messages" => Self::Messages,
            "everything" => Self::Everything,
            _ => Self::Highlights,
        }
    }

    /// Does it take lines about this?
    pub fn takes(self, topic: Topic) -> bool {
        match self {
            Self::Everything => true,
            Self::Messages => matches!(topic, Topic::Message | Topic::Loss | Topic::Link),
            Self::Highlights => !matches!(topic, Topic::Message | Topic::Loss | Topic::Link | Topic::Round),
        }
    }
}

/// The user's filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Which topics.
    pub choice: Choice,
    /// Words that must be in the line.
    pub words: String,
    /// Only lines about this node.
    pub node: Option<NodeId>,
}

impl Filter {
    /// Is the line shown?
    pub fn takes(&self, line: &Line) -> bool {
        let about =
            self.node.as_ref().is_none_or(|node| [&line.node, &line.other].contains(&&Some(node.clone())));
        let words = self.words.trim().to_ascii_lowercase();
        about
            && self.choice.takes(line.topic)
            && (words.is_empty() || line.text.to_ascii_lowercase().contains(&words))
    }
}

/// What a record is about.
pub fn topic(event: &TraceEvent) -> Topic {
    match event {
        TraceEvent::Node(event) => match event {
            Event::Round { .. } => Topic::Round,
            Event::Sent { .. } | Event::Received { .. } => Topic::Message,
            Event::Denied { .. } => Topic::Limit,
            Event::LinkUp { .. } | Event::LinkDown { .. } => Topic::Link,
            Event::Changed { .. } => Topic::Change,
            _ => Topic::Member,
        },
        // That everyone starts at the start is no highlight.
        TraceEvent::Started { incarnation } if incarnation.0 == 1 => Topic::Link,
        TraceEvent::Started { .. } | TraceEvent::Recovered { .. } => Topic::Member,
        TraceEvent::Wrote { .. } => Topic::Change,
        TraceEvent::Skipped(_) => Topic::Round,
        TraceEvent::Lost { .. } => Topic::Loss,
        TraceEvent::Duplicated { .. } => Topic::Message,
        TraceEvent::Crashed
        | TraceEvent::Cut(_)
        | TraceEvent::CutOneWay(_)
        | TraceEvent::Mended(_)
        | TraceEvent::Healed
        | TraceEvent::Paused
        | TraceEvent::Resumed
        | TraceEvent::Slowed { .. }
        | TraceEvent::ClockSet { .. } => Topic::Fault,
    }
}

/// Simulated nodes count their lives from one; a real node's first life is the time of its start, which is far more.
const LIVES_MAX: u64 = 1_000_000;

/// The line of a record.
pub fn line(number: u64, record: &TraceRecord) -> Line {
    let who = record.node.as_ref().map_or("the network", NodeId::as_str);
    let text = match &record.event {
        TraceEvent::Node(event) => node_event(who, event),
        TraceEvent::Started { incarnation } if (2..=LIVES_MAX).contains(&incarnation.0) => {
            format!("{who} started again")
        }
        TraceEvent::Started { .. } => format!("{who} started"),
        TraceEvent::Crashed => format!("{who} crashed"),
        TraceEvent::Lost { to, kind, fate, .. } => {
            let why = match fate {
                Fate::Loss => "by chance",
                Fate::Cut => "at the cut",
                Fate::Gone => "the receiver was gone",
                Fate::Dropped => "dropped by hand",
            };
            format!("{who} → {to}: {kind} lost, {why}")
        }
        TraceEvent::Cut(nodes) => format!("The network was cut around {}", few(nodes)),
        TraceEvent::Healed => "All cuts were healed".to_owned(),
        TraceEvent::Wrote { key, what } => format!("{who} was asked: {what} on “{key}”"),
        TraceEvent::Skipped(count) => format!("{count} events before this one were not kept"),
        TraceEvent::Recovered { .. } => format!("{who} started again with its data"),
        TraceEvent::Paused => format!("{who} was paused"),
        TraceEvent::Resumed => format!("{who} was resumed"),
        TraceEvent::Slowed { delay_us } if delay_us.is_zero() => format!("{who} is not slow any more"),
        TraceEvent::Slowed { delay_us } => format!("{who} handles everything {delay_us} late"),
        TraceEvent::ClockSet { ahead_us, drift_ppm } => {
            format!("{who}’s clock is {ahead_us} us ahead and {drift_ppm} ppm too fast")
        }
        TraceEvent::Duplicated { to, kind, .. } => format!("{who} → {to}: {kind} arrived twice"),
        TraceEvent::CutOneWay(to) => format!("{who} → {to} was cut, one way"),
        TraceEvent::Mended(to) => format!("The link between {who} and {to} was mended"),
    };
    Line {
        number,
        at_us: record.at.as_micros(),
        topic: topic(&record.event),
        node: record.node.clone(),
        other: other(&record.event),
        message: message(record),
        text,
    }
}

fn node_event(who: &str, event: &Event) -> String {
    match event {
        Event::Round { number } => format!("{who} began round {number}"),
        Event::Sent { to, kind, bytes, writes, cause, .. } => {
            let to = to.as_ref().map_or("a new link", NodeId::as_str);
            let load = match writes {
                0 => String::new(),
                1 => ", 1 write".to_owned(),
                more => format!(", {more} writes"),
            };
            format!("{who} → {to}: {kind}{load}, {bytes} B, because {}", cause.as_str())
        }
        Event::Received { from, kind, news, .. } => {
            let news = if *news { ", which was news" } else { "" };
            format!("{who} ← {from}: {kind}{news}")
        }
        Event::Denied { to, .. } => {
            format!("{who} has no token to send to {to}: it will go out when one is there")
        }
        Event::LinkUp { peer, dialed } => {
            let how = if *dialed { "opened a link to" } else { "took a link from" };
            format!("{who} {how} {peer}")
        }
        Event::LinkDown { peer, reason, .. } => {
            let peer = peer.as_ref().map_or("an unknown peer", NodeId::as_str);
            format!("{who} lost its link with {peer}: {reason}")
        }
        Event::Member { id, status, was, .. } => member(who, id, *status, *was),
        Event::Changed { key, kind, from } => {
            let what = if *kind == Kind::Counter { "counter" } else { "value" };
            match from {
                Some(from) => format!("{who} learned the {what} of “{key}” from {from}"),
                None => format!("{who} changed the {what} of “{key}”"),
            }
        }
        Event::NameTaken { kept: true, .. } => {
            format!("{who} found its name in use by a later node, and keeps it")
        }
        Event::NameTaken { kept: false, .. } => {
            format!("{who} found its name in use by an earlier node, and stops")
        }
        Event::Service { node, name, health, reason } => {
            let how = health.map_or("withdrawn", rumormill_core::Health::as_str);
            let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            format!("{who} holds service {name} of {node} to be {how}{why}")
        }
        Event::ClockAhead { from, .. } => {
            format!("{who} got writes stamped in the future from {from}: someone's clock is wrong")
        }
        Event::Stopped => format!("{who} has left and stopped"),
    }
}

fn member(who: &str, id: &NodeId, status: Status, was: Option<Status>) -> String {
    if who == id.as_str() {
        return format!("{who} is {status}");
    }
    match (status, was) {
        (Status::Alive, Some(Status::Down)) => format!("{who} believes that {id} is back"),
        (Status::Alive, Some(Status::Suspect)) => format!("{who} heard that {id} denies the suspicion"),
        (Status::Suspect, _) => format!("{who} suspects {id}"),
        (Status::Alive, Some(_)) => format!("{who} believes that {id} is alive"),
        (Status::Alive | Status::Joining, None) => format!("{who} learned of {id}"),
        (status, _) => format!("{who} believes that {id} is {status}"),
    }
}

/// Greetings have no number of their own.
fn message(record: &TraceRecord) -> Option<(NodeId, u64)> {
    let (from, number) = match &record.event {
        TraceEvent::Node(Event::Sent { number, .. }) | TraceEvent::Lost { number, .. } => {
            (record.node.clone()?, *number)
        }
        TraceEvent::Node(Event::Received { from, number, .. }) => (from.clone(), *number),
        _ => return None,
    };
    (number > 0).then_some((from, number))
}

fn other(event: &TraceEvent) -> Option<NodeId> {
    match event {
        TraceEvent::Lost { to, .. }
        | TraceEvent::Duplicated { to, .. }
        | TraceEvent::CutOneWay(to)
        | TraceEvent::Mended(to) => Some(to.clone()),
        TraceEvent::Node(event) => match event {
            Event::Sent { to, .. } => to.clone(),
            Event::Received { from, .. } => Some(from.clone()),
            Event::Denied { to, .. } => Some(to.clone()),
            Event::ClockAhead { from, .. } => Some(from.clone()),
            Event::LinkUp { peer, .. } => Some(peer.clone()),
            Event::LinkDown { peer, .. } => peer.clone(),
            Event::Member { id, .. } => Some(id.clone()),
            Event::Changed { from, .. } => from.clone(),
            _ => None,
        },
        _ => None,
    }
}

/// The first names, and how many more.
fn few(nodes: &[NodeId]) -> String {
    let names: Vec<&str> = nodes.iter().take(4).map(NodeId::as_str).collect();
    match nodes.len() {
        0..=4 => names.join(", "),
        more => format!("{} and {} more", names.join(", "), more - 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumormill_core::state::store::Key;
    use rumormill_core::{Cause, Instant, MessageKind};

    fn id(name: &str) -> NodeId {
        NodeId::new(name).expect("a valid name")
    }

    fn check(event: TraceEvent, topic: Topic, text: &str) -> Line {
        let line = line(1, &TraceRecord { at: Instant::from_micros(5), node: Some(id("n1")), event });
        assert_eq!((line.topic, line.text.as_str()), (topic, text));
        line
    }

    #[test]
    fn records_read_as_sentences() {
        let sent = Event::Sent {
            to: Some(id("n2")),
            number: 4,
            kind: MessageKind::Rumor,
            bytes: 48,
            writes: 1,
            cause: Cause::Tree,
        };
        let text = "n1 → n2: rumor, 1 write, 48 B, because the peer is a child in the tree";
        check(TraceEvent::Node(sent), Topic::Message, text);
        let lost = TraceEvent::Lost { to: id("n2"), number: 1, kind: MessageKind::Delta, fate: Fate::Cut };
        assert_eq!(check(lost, Topic::Loss, "n1 → n2: delta lost, at the cut").other, Some(id("n2")));
        let key = Key::new("color").expect("a valid key");
        let learned = Event::Changed { key, kind: Kind::Register, from: Some(id("n2")) };
        check(TraceEvent::Node(learned), Topic::Change, "n1 learned the value of “color” from n2");
        let down = Event::Member {
            id: id("n9"),
            incarnation: Default::default(),
            status: Status::Down,
            was: Some(Status::Alive),
        };
        check(TraceEvent::Node(down), Topic::Member, "n1 believes that n9 is down");
        let cut = TraceEvent::Cut((0..6).map(|n| id(&format!("n{n}"))).collect());
        check(cut, Topic::Fault, "The network was cut around n0, n1, n2, n3 and 2 more");
    }

    #[test]
    fn the_filter_takes_what_it_says() {
        let crashed = check(TraceEvent::Crashed, Topic::Fault, "n1 crashed");
        let round = check(TraceEvent::Node(Event::Round { number: 2 }), Topic::Round, "n1 began round 2");
        let filter = |choice, words: &str, node: Option<&str>| Filter {
            choice,
            words: words.into(),
            node: node.map(id),
        };
        assert!(filter(Choice::Highlights, "", None).takes(&crashed));
        assert!(!filter(Choice::Highlights, "", None).takes(&round));
        assert!(filter(Choice::Everything, " CRASH", Some("n1")).takes(&crashed));
        assert!(!filter(Choice::Everything, "", Some("n2")).takes(&crashed));
        assert!(!filter(Choice::Messages, "", None).takes(&round));
        for choice in [Choice::Highlights, Choice::Messages, Choice::Everything] {
            assert_eq!(Choice::parse(choice.as_str()), choice);
        }
    }
}
