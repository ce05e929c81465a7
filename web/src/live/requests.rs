//! What the user asked the node to write, and what came of it. Nothing is shown as written before the node says so.

use rumormill_api::{Ask, EntryView, Outcome, Request};
use std::collections::VecDeque;

/// How many requests are remembered, the newest.
pub const REQUESTS_MAX: usize = 20;

/// A request and its fate.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Its number on the socket.
    pub id: u64,
    /// What was asked.
    pub ask: Ask,
    /// When, on the page's clock.
    pub at_ms: u64,
    /// What came of it.
    pub fate: Fate,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// No answer yet.
    Pending,
    /// Written; the entry as the node then read it, and how long the answer took.
    Done {
        /// The entry.
        entry: EntryView,
        /// From the request to its answer.
        took_ms: u64,
    },
    /// Nothing can be read there now.
    Gone {
        /// Was there anything to change?
        changed: bool,
        /// From the request to its answer.
        took_ms: u64,
    },
    /// Not written, and why.
    Refused(String),
    /// The connection broke before the answer: it may or may not have been written.
    Unknown,
}

/// The newest requests, newest first.
#[derive(Debug, Clone, Default)]
pub struct Requests {
    asked: VecDeque<Asked>,
    next_id: u64,
}

impl Requests {
    /// Notes a request and gives it its number.
    pub fn ask(&mut self, ask: Ask, now_ms: u64) -> Request {
        self.next_id += 1;
        let id = self.next_id;
        self.asked.truncate(REQUESTS_MAX - 1);
        self.asked.push_front(Asked { id, ask: ask.clone(), at_ms: now_ms, fate: Fate::Pending });
        Request { id, ask }
    }

    /// Takes in an answer; one that nobody waits for changes nothing.
    pub fn answer(&mut self, id: u64, outcome: Outcome, now_ms: u64) {
        let waiting = self.asked.iter_mut().find(|asked| asked.id == id && asked.fate == Fate::Pending);
        if let Some(asked) = waiting {
            let took_ms = now_ms.saturating_sub(asked.at_ms);
            asked.fate = match outcome {
                Outcome::Done(entry) => Fate::Done { entry, took_ms },
                Outcome::Gone { changed } => Fate::Gone { changed, took_ms },
                Outcome::Shown(_) => Fate::Refused("the node answered something else".to_owned()),
                Outcome::Refused(reason) => Fate::Refused(reason),
            };
        }
    }

    /// The connection was lost: no answer will come.
    pub fn interrupt(&mut self) {
        for asked in self.asked.iter_mut().filter(|asked| asked.fate == Fate::Pending) {
            asked.fate = Fate::Unknown;
        }
    }

    /// The remembered requests, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Asked> {
        self.asked.iter()
    }

    /// Does any wait for its answer?
    pub fn is_pending(&self) -> bool {
        self.asked.iter().any(|asked| asked.fate == Fate::Pending)
    }
}

/// What a person typed as a value: JSON if it reads as such, else the text itself.
pub fn value_from(typed: &str) -> serde_json::Value {
    let typed = typed.trim();
    serde_json::from_str(typed).unwrap_or_else(|_| serde_json::Value::String(typed.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumormill_core::Kind;
    use serde_json::{Value, json};

    fn increment() -> Ask {
        Ask::Increment { key: "visits".to_owned(), by: 1 }
    }

    fn entry() -> EntryView {
        EntryView {
            key: "visits".to_owned(),
            kind: Kind::Counter,
            value: json!(1),
            author: None,
            stamp_us: None,
            expires_us: None,
            version: String::new(),
        }
    }

    #[test]
    fn each_answer_finds_its_request() {
        let mut requests = Requests::default();
        let first = requests.ask(increment(), 100).id;
        let second = requests.ask(increment(), 110).id;
        requests.answer(second, Outcome::Refused("no".to_owned()), 120);
        requests.answer(99, Outcome::Done(entry()), 120);
        assert!(requests.is_pending());
        requests.answer(first, Outcome::Done(entry()), 130);
        let fates: Vec<_> = requests.iter().map(|asked| asked.fate.clone()).collect();
        assert_eq!(fates, [Fate::Refused("no".to_owned()), Fate::Done { entry: entry(), took_ms: 30 }]);
    }

    #[test]
    fn a_lost_connection_leaves_the_outcome_unknown_and_a_late_answer_does_not_change_that() {
        let mut requests = Requests::default();
        let id = requests.ask(increment(), 0).id;
        requests.interrupt();
        requests.answer(id, Outcome::Done(entry()), 5);
        assert_eq!(requests.iter().next().map(|asked| &asked.fate), Some(&Fate::Unknown));
    }

    #[test]
    fn only_the_newest_are_remembered() {
        let mut requests = Requests::default();
        for at in 0..50 {
            requests.ask(increment(), at);
        }
        assert_eq!(requests.iter().count(), REQUESTS_MAX);
        assert_eq!(requests.iter().next().map(|asked| asked.id), Some(50));
    }

    #[test]
    fn json_is_json_and_the_rest_is_text() {
        let check = |typed: &str, expected: Value| assert_eq!(value_from(typed), expected, "{typed}");
        check("hello world", json!("hello world"));
        check("\"hello\"", json!("hello"));
        check(" 42 ", json!(42));
        check("{\"a\": [1, null]}", json!({ "a": [1, null] }));
        check("{\"a\": ", json!("{\"a\":"));
        check("true", json!(true));
        check("", json!(""));
    }
}
