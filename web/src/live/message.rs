//! A message, as far as its two ends tell of it: one end is a line of the events, the other is asked what it remembers.
//! It compares and words; it asks nobody.

use super::spread_chart::span;
use super::words;
use rumormill_api::PastView;
use rumormill_core::{Cause, Event, MessageKind, NodeId, TraceEvent, TraceRecord};

/// Messages that are noted this long before and after a moment say that they were noted then too, in microseconds: a node
/// that notes them sends some each round.
const NOTED_WITHIN_US: u64 = 5_000_000;

/// One end of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who tells of it.
    pub node: NodeId,
    /// When it was sent or came in there, on that node's clock unless it is said otherwise.
    pub at_us: u64,
    /// Who is at the other end; none for a greeting to an address.
    pub other: Option<NodeId>,
    /// The sender's number for it; 0 for greetings.
    pub number: u64,
    /// What it is.
    pub kind: MessageKind,
    /// Its size.
    pub bytes: u32,
    /// Which end this is, and what only that one knows.
    pub end: End,
}

/// See [`Message`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was sent.
    Sent {
        /// How many writes it carries.
        writes: u32,
        /// Why it was sent.
        cause: Cause,
    },
    /// It came in.
    Received {
        /// Did it bring anything new?
        news: bool,
    },
}

/// What the node at the other end tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Its end.
    Met {
        /// Its end, at the time of the observed node's clock.
        message: Message,
        /// By how much that time may be wrong, in microseconds.
        within_us: u64,
    },
    /// It noted messages then, and not this one.
    Missing,
    /// It did not note messages then.
    Unnoted,
    /// It remembers nothing of that time any more.
    Forgotten,
}

/// A message that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The end that is known.
    pub message: Message,
    /// What the other end told, or why it did not; none while it is asked.
    pub told: Option<Result<Told, String>>,
}

impl Message {
    /// The message that a record tells of, if it does.
    pub fn of(record: &TraceRecord) -> Option<Self> {
        let (node, at_us) = (record.node.clone()?, record.at.as_micros());
        match &record.event {
            TraceEvent::Node(Event::Sent { to, number, kind, bytes, writes, cause }) => {
                let (other, end) = (to.clone(), End::Sent { writes: *writes, cause: *cause });
                Some(Self { node, at_us, other, number: *number, kind: *kind, bytes: *bytes, end })
            }
            TraceEvent::Node(Event::Received { from, number, kind, bytes, news }) => {
                let (other, end) = (Some(from.clone()), End::Received { news: *news });
                Some(Self { node, at_us, other, number: *number, kind: *kind, bytes: *bytes, end })
            }
            _ => None,
        }
    }

    /// Who sent it, and to whom, as far as this end knows.
    pub fn ends(&self) -> [Option<&NodeId>; 2] {
        match self.end {
            End::Sent { .. } => [Some(&self.node), self.other.as_ref()],
            End::Received { .. } => [self.other.as_ref(), Some(&self.node)],
        }
    }

    /// Are both ends of one message? Of greetings, which have no number, it is only known that they may be.
    fn is_met_by(&self, other: &Self) -> bool {
        let is_sent = |message: &Self| matches!(message.end, End::Sent { .. });
        let is_to = |one: &Self, other: &Self| one.other.as_ref().is_none_or(|node| *node == other.node);
        is_sent(self) != is_sent(other)
            && (self.number, self.kind) == (other.number, other.kind)
            && is_to(self, other)
            && is_to(other, self)
    }

    /// What the other end's memory says of it. A node that was started again counts its messages anew, so the nearest in
    /// time is the one.
    pub fn told(&self, past: &PastView) -> Told {
        let here_us = |record: &TraceRecord| past.here_us(record.at.as_micros());
        if past.records.first().is_none_or(|first| here_us(first) > self.at_us.saturating_add(past.within_us))
        {
            return Told::Forgotten;
        }
        let noted = past
            .records
            .iter()
            .filter_map(|record| Some(Self { at_us: here_us(record), ..Self::of(record)? }));
        let noted: Vec<Self> = noted.collect();
        let away_us = |message: &&Self| message.at_us.abs_diff(self.at_us);
        if let Some(met) = noted.iter().filter(|other| self.is_met_by(other)).min_by_key(away_us) {
            return Told::Met { message: met.clone(), within_us: past.within_us };
        }
        let is_near = |message: &&Self| away_us(message) <= NOTED_WITHIN_US;
        let is_before = |message: &Self| message.at_us <= self.at_us;
        let mut near = noted.iter().filter(is_near);
        match near.next().is_some_and(is_before) && near.any(|message| !is_before(message)) {
            true => Told::Missing,
            false => Told::Unnoted,
        }
    }
}

impl Looked {
    /// Why it was sent, what it carries and what became of it.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let sent = match (&self.message.end, &self.told) {
            (End::Sent { writes, cause }, _) => Ok((*writes, *cause)),
            (_, Some(Ok(Told::Met { message: Message { end: End::Sent { writes, cause }, .. }, .. }))) => {
                Ok((*writes, *cause))
            }
            _ => Err(self.untold()),
        };
        let mut facts = Vec::new();
        match sent {
            Ok((writes, cause)) => {
                facts.push(("Because", cause.as_str().to_owned()));
                facts.push((
                    "Carries",
                    match writes {
                        0 => "no writes".to_owned(),
                        count => words::counted(count as usize, "write", "writes"),
                    },
                ));
            }
            Err(why) => facts.push(("Because", why)),
        }
        facts.push(("Size", words::bytes(f64::from(self.message.bytes))));
        facts.push(("What became of it", self.fate()));
        facts
    }

    fn fate(&self) -> String {
        if let End::Received { news } = self.message.end {
            let under_way = match &self.told {
                Some(Ok(Told::Met { message, within_us })) => {
                    format!(", {}", after(message.at_us, self.message.at_us, *within_us))
                }
                _ => String::new(),
            };
            return format!("came in{under_way}, {}", brought(news));
        }
        match (&self.told, &self.message.other) {
            (Some(Ok(Told::Met { message, within_us })), _) => {
                let news = matches!(message.end, End::Received { news: true });
                let after = after(self.message.at_us, message.at_us, *within_us);
                format!("came in at {}, {after}, {}", message.node, brought(news))
            }
            (Some(Ok(Told::Missing)), Some(other)) => format!(
                "not known to have come in: {other} noted messages then, and not this one. It was lost, or is under way"
            ),
            _ => self.untold(),
        }
    }

    /// Why the other end is not known.
    fn untold(&self) -> String {
        let Some(other) = &self.message.other else {
            return "not known: it greets an address, and who answers there is not known yet".to_owned();
        };
        match &self.told {
            None => format!("{other} is asked…"),
            Some(Err(why)) => format!("not known: {why}"),
            Some(Ok(Told::Forgotten)) => {
                format!("not known: {other} remembers nothing of that time any more")
            }
            Some(Ok(Told::Unnoted)) => {
                format!("not known: {other} did not note messages then. While All members is on, it does")
            }
            Some(Ok(Told::Missing | Told::Met { .. })) => format!("not known: {other} did not note it"),
        }
    }
}

fn after(sent_us: u64, came_us: u64, within_us: u64) -> String {
    format!("{} ± {} after it was sent", span(came_us.saturating_sub(sent_us)), span(within_us))
}

fn brought(news: bool) -> &'static str {
    if news { "with news" } else { "with nothing new" }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::id;
    use super::*;
    use rumormill_core::Instant;

    fn sent(node: &str, to: Option<&str>, number: u64, at_us: u64) -> TraceRecord {
        let (kind, cause) = (MessageKind::Rumor, Cause::Tree);
        let to = to.map(id);
        record(node, at_us, Event::Sent { to, number, kind, bytes: 40, writes: 2, cause })
    }

    fn received(node: &str, from: &str, number: u64, at_us: u64) -> TraceRecord {
        let kind = MessageKind::Rumor;
        record(node, at_us, Event::Received { from: id(from), number, kind, bytes: 40, news: true })
    }

    fn record(node: &str, at_us: u64, event: Event) -> TraceRecord {
        let (at, node) = (Instant::from_micros(at_us), Some(id(node)));
        TraceRecord { at, node, event: TraceEvent::Node(event) }
    }

    fn past(records: Vec<TraceRecord>, ahead_us: i64) -> PastView {
        PastView { members: Vec::new(), records, ahead_us: Some(ahead_us), within_us: 300 }
    }

    fn looked(record: &TraceRecord, told: Option<&PastView>) -> Looked {
        let message = Message::of(record).expect("a message");
        let told = told.map(|past| Ok(message.told(past)));
        Looked { message, told }
    }

    fn fact(looked: &Looked, name: &str) -> String {
        let facts = looked.facts();
        facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).expect("it is told")
    }

    #[test]
    fn the_other_end_is_found_on_one_clock() {
        let line = sent("a", Some("b"), 7, 10_000);
        // The other's clock is a second ahead; a node of an earlier life had a message of that number too.
        let records = vec![
            received("b", "a", 7, 1_000),
            received("b", "c", 7, 1_011_000),
            received("b", "a", 7, 1_012_000),
        ];
        let looked = looked(&line, Some(&past(records, 1_000_000)));
        assert_eq!(
            fact(&looked, "What became of it"),
            "came in at b, 2.0 ms ± 300 µs after it was sent, with news"
        );
        assert_eq!(fact(&looked, "Because"), "the peer is a child in the tree");
        assert_eq!((fact(&looked, "Carries").as_str(), fact(&looked, "Size").as_str()), ("2 writes", "40 B"));
    }

    #[test]
    fn what_came_in_is_explained_by_its_sender() {
        let line = received("a", "b", 7, 10_000);
        let told = looked(&line, Some(&past(vec![sent("b", None, 7, 9_000)], 0)));
        assert_eq!(fact(&told, "Because"), "the peer is a child in the tree");
        assert!(fact(&told, "What became of it").starts_with("came in, 1.0 ms ±"));
        assert_eq!(fact(&looked(&line, None), "Because"), "b is asked…");
        assert_eq!(fact(&looked(&line, None), "What became of it"), "came in, with news");
    }

    #[test]
    fn what_is_not_known_says_why() {
        let line = sent("a", Some("b"), 7, 10_000_000);
        let fate = |records| fact(&looked(&line, Some(&past(records, 0))), "What became of it");
        let around = vec![received("b", "a", 6, 9_000_000), received("b", "a", 8, 11_000_000)];
        assert!(fate(around).contains("lost, or is under way"));
        let round = |at_us| record("b", at_us, Event::Round { number: 1 });
        assert!(fate(vec![round(9_000_000), received("b", "a", 8, 11_000_000)]).contains("did not note"));
        assert!(fate(vec![round(11_000_000)]).contains("any more"));
        let refused = Looked { told: Some(Err("b has no address".to_owned())), ..looked(&line, None) };
        assert_eq!(fact(&refused, "What became of it"), "not known: b has no address");
        let greeting = looked(&sent("a", None, 0, 1), None);
        assert!(fact(&greeting, "What became of it").contains("greets an address"));
    }
}
