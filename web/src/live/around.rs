//! What other members say, asked through the observed node: what each believes of whom, which services there are, how
//! each is configured, what happened at each. A pure book of questions and answers: it reads no clock and sends nothing.

use super::feed::Account;
use super::holders::Sought;
use super::measure::Measure;
use super::message::{Looked, Message};
use super::rewind::Gathering;
use super::state::{SeenMember, View};
use rumormill_api::{
    Ask, HealthList, HealthView, MemberList, Outcome, PastView, Request, SIGHT_RECORDS_MAX, Sight,
};
use rumormill_core::ordered::{Map, Set};
use rumormill_core::{Instant, NodeId, Status, TraceEvent, TraceRecord};
use serde_json::Value;
use std::rc::Rc;

/// Questions have numbers from here on, so that their answers are not taken for those to writes.
pub const IDS_FROM: u64 = 1 << 40;

/// Most members that are asked; the rest is counted. A guess: a matrix of more is not read.
pub const ASKED_MAX: usize = 24;

/// How often the same is asked of the same member, in milliseconds.
const AGAIN_MS: u64 = 2_000;

/// How long an answer may take before it is asked again, in milliseconds: longer than the node waits.
const PATIENCE_MS: u64 = 6_000;

/// How often a member is asked whether it has a write, in milliseconds: its whole trace is looked through.
const ARRIVAL_MS: u64 = 1_000;

/// How often a member is asked what it reads under a key, in milliseconds.
const VERSIONS_MS: u64 = 1_000;

/// A member notes messages for so long after it was asked what happens at it, in milliseconds: the node's `ASKED_SPAN`.
const NOTED_MS: u64 = 10_000;

/// A write that is not everywhere after so long wants an explanation, in milliseconds: some rounds. A guess.
const LACKED_MS: u64 = 3_000;

/// How often the services are asked for, in milliseconds.
const SERVICES_MS: u64 = 1_000;

/// What is in sight, and so worth asking for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wants {
    /// What each believes of whom.
    pub beliefs: bool,
    /// What happens at each.
    pub events: bool,
    /// Their messages too?
    pub talk: bool,
}

/// What one member believes.
#[derive(Debug, Clone, PartialEq)]
pub struct Belief {
    /// Whom it holds for what. What it says again is shared with what was kept of it, as its links are.
    pub of: Rc<Map<NodeId, Status>>,
    /// With whom it has links.
    pub linked: Rc<Set<NodeId>>,
    /// When it said so, on the page's clock.
    pub at_ms: u64,
    /// Why it was not told the last time, if it was not.
    pub error: Option<String>,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    Beliefs(NodeId),
    Events(NodeId),
    Talk(NodeId),
    Versions(NodeId),
    Services,
    Config,
    Tune(NodeId),
    Arrival(NodeId),
    Past(NodeId),
    OtherEnd(NodeId),
}

/// The book.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// What each member believes.
    pub beliefs: Map<NodeId, Rc<Belief>>,
    /// All services of all members, as the observed node sees them; none before it told.
    pub services: Option<Rc<Vec<HealthView>>>,
    /// What may change at the observed node while it runs, as it is now.
    pub config: Option<serde_json::Map<String, Value>>,
    /// What came of the latest change of the configuration, member by member; none while it is not known.
    pub tuned: Map<NodeId, Option<Result<(), String>>>,
    /// How the latest write through the observed node spreads.
    pub measured: Option<Rc<Measure>>,
    /// The key of which the user wants to know who has what stands under it.
    pub sought: Option<Rc<Sought>>,
    /// What the members remember, while that is being gathered.
    pub past: Option<Gathering>,
    /// The message that is looked at.
    pub message: Option<Looked>,
    /// A write that the observed node has not answered yet, by the number of its request.
    prepared: Option<(u64, Measure)>,
    waiting: Map<u64, Question>,
    asked_ms: Map<Question, u64>,
    /// Up to where each member's trace is known, on its clock.
    traced_us: Map<NodeId, u64>,
    /// Of those that told their messages: when they were asked the last time, and the stretch that they are in; none if
    /// they may not have noted messages before that.
    talked: Map<NodeId, (u64, Option<u64>)>,
    /// How many stretches have begun.
    stretches: u64,
    /// By how much the times of what they say to each other may be wrong at most, in microseconds; none before any told.
    pub talk_within_us: Option<u64>,
    /// Is the observed node too old to ask members for their messages?
    is_talk_refused: bool,
    /// Is it too old to ask them what they read under a key?
    pub is_versions_refused: bool,
    next_id: u64,
}

impl Around {
    /// What is to be asked now.
    pub fn due(&mut self, view: &View, wants: Wants, now_ms: u64) -> Vec<Request> {
        let Some(own) = view.node() else { return Vec::new() };
        let mut due = vec![(Question::Services, SERVICES_MS)];
        // Whoever lacks a write may be cut off from all that have it: that shows in their links.
        let is_lacked = self
            .measured
            .as_ref()
            .is_some_and(|measure| measure.age_ms(now_ms) >= LACKED_MS && !measure.is_over(now_ms));
        for member in asked(view.members.values()) {
            let id = member.view.id.clone();
            if wants.events && !member.view.is_self {
                // What happened before anyone asked is not what happens.
                self.traced_us.or_insert_with(id.clone(), || view.node_clock_us(now_ms));
                let has_talk = wants.talk && !self.is_talk_refused;
                let question =
                    if has_talk { Question::Talk(id.clone()) } else { Question::Events(id.clone()) };
                due.push((question, AGAIN_MS));
            }
            if self.sought.is_some() && !self.is_versions_refused && !member.view.is_self {
                due.push((Question::Versions(id.clone()), VERSIONS_MS));
            }
            if wants.beliefs || is_lacked {
                due.push((Question::Beliefs(id), AGAIN_MS));
            }
        }
        for member in self.measured.iter().flat_map(|measure| measure.due(now_ms)) {
            due.push((Question::Arrival(member), ARRIVAL_MS));
        }
        let own = own.clone();
        let requests = due.into_iter().filter_map(|(question, every_ms)| {
            let wait_ms =
                if self.waiting.values().any(|asked| *asked == question) { PATIENCE_MS } else { every_ms };
            let is_due =
                self.asked_ms.get(&question).is_none_or(|asked| now_ms.saturating_sub(*asked) >= wait_ms);
            is_due.then(|| self.ask(question, &own, now_ms))
        });
        requests.collect()
    }

    /// A write is asked of the observed node: if it comes about, its way is followed. `clock_us` is the node's clock.
    pub fn prepare(&mut self, request: &Request, own: &NodeId, clock_us: u64, now_ms: u64) {
        let key = match &request.ask {
            Ask::Set { key, .. }
            | Ask::Put { key, .. }
            | Ask::Add { key, .. }
            | Ask::Remove { key, .. }
            | Ask::Delete { key }
            | Ask::Increment { key, .. } => key.clone(),
            Ask::Look { .. } | Ask::Tune { .. } => return,
        };
        self.prepared = Some((request.id, Measure::new(request.id, key, own.clone(), clock_us, now_ms)));
    }

    /// The observed node has answered a write. True if its way is followed from now on.
    pub fn written(&mut self, id: u64, outcome: &Outcome, members: &Map<NodeId, Rc<SeenMember>>) -> bool {
        let Some((_, measure)) = self.prepared.take_if(|(prepared, _)| *prepared == id) else { return false };
        if !matches!(outcome, Outcome::Done(_) | Outcome::Gone { changed: true }) {
            return false;
        }
        let active = members.values().filter(|member| member.view.status.is_active()).count();
        let asked: Vec<_> = asked(members.values()).map(|member| member.view.id.clone()).collect();
        let left_out = active.saturating_sub(asked.len());
        self.measured = Some(Rc::new(measure.among(asked.into_iter(), left_out)));
        // Whoever was asked about the write before is asked about this one.
        self.waiting.retain(|_, question| !matches!(question, Question::Arrival(_)));
        self.asked_ms.retain(|question, _| !matches!(question, Question::Arrival(_)));
        true
    }

    /// From now on members are asked about this key, or about none. True if that is another one.
    pub fn seek(&mut self, key: Option<&str>) -> bool {
        if self.sought.as_ref().map(|sought| sought.key.as_str()) == key {
            return false;
        }
        self.sought = key.map(|key| Rc::new(Sought::new(key.to_owned())));
        self.waiting.retain(|_, question| !matches!(question, Question::Versions(_)));
        self.asked_ms.retain(|question, _| !matches!(question, Question::Versions(_)));
        true
    }

    /// What stood under a key at the observed node went, or under any key something may have changed.
    pub fn moved(&mut self, key: Option<&str>, now_ms: u64) {
        if let Some(sought) = self.sought.as_mut().filter(|sought| key.is_none_or(|key| sought.key == key)) {
            Rc::make_mut(sought).changed(now_ms);
        }
    }

    /// Asks how the observed node is configured.
    pub fn ask_config(&mut self, own: &NodeId, now_ms: u64) -> Request {
        self.tuned.clear();
        self.ask(Question::Config, own, now_ms)
    }

    /// Asks members to change their configuration.
    pub fn tune(
        &mut self,
        members: Vec<NodeId>,
        changes: &serde_json::Map<String, Value>,
        now_ms: u64,
    ) -> Vec<Request> {
        self.tuned = members.iter().map(|member| (member.clone(), None)).collect();
        let request = |at: NodeId| {
            let id = self.number(Question::Tune(at.clone()), now_ms);
            Request { id, ask: Ask::Tune { at, changes: changes.clone() } }
        };
        members.into_iter().map(request).collect()
    }

    /// Asks members for all that they remember.
    pub fn ask_past(&mut self, members: &[NodeId], own: &NodeId, now_ms: u64) -> Vec<Request> {
        self.past = Some(Gathering::new(members.iter().cloned(), now_ms));
        members.iter().map(|member| self.ask(Question::Past(member.clone()), own, now_ms)).collect()
    }

    /// Looks at a message, or at none, and asks whoever is at its other end what it remembers of it.
    pub fn look_at(&mut self, message: Option<Message>, own: &NodeId, now_ms: u64) -> Option<Request> {
        let other = message.as_ref().and_then(|message| message.other.clone());
        self.message = message.map(|message| Looked { message, told: None });
        other.map(|other| self.ask(Question::OtherEnd(other), own, now_ms))
    }

    /// Takes in an answer. What happened at a member, if it was that.
    pub fn answer(&mut self, id: u64, outcome: Outcome, now_ms: u64) -> Account {
        let Some(question) = self.waiting.remove(&id) else { return Account::default() };
        let asked_ms = self.asked_ms.get(&question).copied().unwrap_or_default();
        let value = match outcome {
            Outcome::Shown(value) => Ok(value),
            Outcome::Refused(why) => Err(why),
            Outcome::Done(_) | Outcome::Gone { .. } => Err("an answer to something else".to_owned()),
        };
        match question {
            Question::Services => {
                // What is as it was stays shared with what was kept of it.
                if let Ok(list) = read::<HealthList>(value)
                    && self.services.as_deref() != Some(&list.services)
                {
                    self.services = Some(Rc::new(list.services));
                }
            }
            Question::Config => self.config = read(value).ok(),
            Question::Tune(member) => {
                self.tuned.insert(member, Some(value.map(drop)));
            }
            Question::Beliefs(member) => self.believe(member, read::<MemberList>(value), now_ms),
            Question::Events(member) => {
                // Its messages until now are passed over.
                self.talked.remove(&member);
                return self.trace(member, read(value).unwrap_or_default());
            }
            Question::Talk(member) => match read::<PastView>(value) {
                Ok(past) => return self.talk(member, past, asked_ms, now_ms),
                Err(why) => {
                    // It may have been started again since, and forgotten what it had noted.
                    self.talked.remove(&member);
                    self.is_talk_refused |= is_too_old(&why);
                }
            },
            Question::Versions(member) => {
                self.is_versions_refused |= value.as_ref().is_err_and(|why| is_too_old(why));
                if let Some(sought) = &mut self.sought {
                    Rc::make_mut(sought).take(member, read(value), now_ms);
                }
            }
            Question::Arrival(member) => {
                if let Some(measure) = &mut self.measured {
                    Rc::make_mut(measure).take(&member, read(value));
                }
            }
            Question::Past(member) => {
                if let Some(past) = &mut self.past {
                    past.take(member, read(value));
                }
            }
            Question::OtherEnd(member) => {
                // By now another message may be looked at.
                let looked = self.message.as_mut().filter(|looked| looked.message.other == Some(member));
                if let Some(looked) = looked {
                    looked.told = Some(read::<PastView>(value).map(|past| looked.message.told(&past)));
                }
            }
        }
        Account::default()
    }

    /// What of it is kept of a moment.
    pub fn kept(&self) -> Self {
        Self {
            beliefs: self.beliefs.clone(),
            services: self.services.clone(),
            measured: self.measured.clone(),
            sought: self.sought.clone(),
            talk_within_us: self.talk_within_us,
            is_versions_refused: self.is_versions_refused,
            ..Self::default()
        }
    }

    /// Another node is observed, or another life of it: nothing that was asked will be answered.
    pub fn interrupt(&mut self) {
        self.waiting.clear();
        (self.prepared, self.past) = (None, None);
        // Whoever answers next may be newer.
        (self.is_talk_refused, self.is_versions_refused) = (false, false);
        if let Some(looked) = self.message.as_mut().filter(|looked| looked.told.is_none()) {
            looked.told = Some(Err("the connection was lost before the answer".to_owned()));
        }
        for tuned in self.tuned.values_mut().filter(|tuned| tuned.is_none()) {
            *tuned = Some(Err(
                "the connection was lost before the answer: it may or may not have changed".to_owned()
            ));
        }
    }

    fn ask(&mut self, question: Question, own: &NodeId, now_ms: u64) -> Request {
        let (at, sight) = match &question {
            Question::Beliefs(member) => (member.clone(), Sight::Members),
            Question::Events(member) => {
                let after_us = self.traced_us.get(member).copied().unwrap_or_default();
                (member.clone(), Sight::Trace { after_us })
            }
            Question::Talk(member) => {
                let after_us = self.traced_us.get(member).copied().unwrap_or_default();
                (member.clone(), Sight::Recent { after_us })
            }
            Question::Versions(member) => {
                let key = self.sought.as_ref().map(|sought| sought.key.clone()).unwrap_or_default();
                (member.clone(), Sight::Versions { key })
            }
            Question::Arrival(member) => {
                let measure = self.measured.as_deref();
                let key = measure.map(|measure| measure.key.clone()).unwrap_or_default();
                let after_us = measure.map_or(0, Measure::after_us);
                (member.clone(), Sight::Arrival { key, after_us })
            }
            Question::Past(member) | Question::OtherEnd(member) => (member.clone(), Sight::Past),
            Question::Config => (own.clone(), Sight::Config),
            Question::Services | Question::Tune(_) => (own.clone(), Sight::Health),
        };
        Request { id: self.number(question, now_ms), ask: Ask::Look { at, sight } }
    }

    fn number(&mut self, question: Question, now_ms: u64) -> u64 {
        self.next_id += 1;
        let id = IDS_FROM + self.next_id;
        // One that was never answered is given up.
        self.waiting.retain(|_, asked| *asked != question);
        self.waiting.insert(id, question.clone());
        self.asked_ms.insert(question, now_ms);
        id
    }

    fn believe(&mut self, member: NodeId, list: Result<MemberList, String>, now_ms: u64) {
        match list {
            Ok(list) => {
                let linked = list.members.iter().filter(|other| other.linked);
                let linked = linked.map(|other| other.id.clone()).collect();
                let of = list.members.into_iter().map(|other| (other.id, other.status)).collect();
                let before = self.beliefs.get(&member);
                let of = shared(before.map(|before| &before.of), of);
                let linked = shared(before.map(|before| &before.linked), linked);
                self.beliefs.insert(member, Rc::new(Belief { of, linked, at_ms: now_ms, error: None }));
            }
            Err(why) => {
                let fresh = || {
                    Rc::new(Belief { of: Rc::default(), linked: Rc::default(), at_ms: now_ms, error: None })
                };
                Rc::make_mut(self.beliefs.or_insert_with(member, fresh)).error = Some(why);
            }
        }
    }

    /// What happened at a member, told on the observed node's clock.
    fn talk(&mut self, member: NodeId, past: PastView, asked_ms: u64, now_ms: u64) -> Account {
        let stretch = self.stretch(&member, &past.records, asked_ms, now_ms);
        let here = |at: Instant| Instant::from_micros(past.here_us(at.as_micros()));
        self.talk_within_us = self.talk_within_us.max(Some(past.within_us));
        let account = self.trace(member, past.records.clone());
        let records = account.records.into_iter();
        let records = records.map(|record| TraceRecord { at: here(record.at), ..record }).collect();
        Account { records, stretch, is_here: past.ahead_us.is_some(), ..account }
    }

    /// The stretch that what a member told of its messages belongs to. It goes on only where nothing can be missing
    /// since the answer before; what it tells first was noted, if at all, because others asked.
    fn stretch(
        &mut self,
        member: &NodeId,
        records: &[TraceRecord],
        asked_ms: u64,
        now_ms: u64,
    ) -> Option<u64> {
        let told = |is_it: fn(&TraceEvent) -> bool| records.iter().any(|record| is_it(&record.event));
        let is_other_life = told(|event| matches!(event, TraceEvent::Started { .. }));
        let has_hole = is_cut(records) || told(|event| matches!(event, TraceEvent::Skipped(_)));
        let before = self.talked.get(member);
        let before = before.filter(|(before_ms, _)| now_ms.saturating_sub(*before_ms) <= NOTED_MS);
        let stretch = before.filter(|_| !is_other_life).map(|(_, stretch)| {
            stretch.filter(|_| !has_hole).unwrap_or_else(|| {
                self.stretches += 1;
                self.stretches
            })
        });
        self.talked.insert(member.clone(), (asked_ms, stretch));
        stretch
    }

    fn trace(&mut self, member: NodeId, records: Vec<TraceRecord>) -> Account {
        let untold = is_cut(&records).then(|| member.clone());
        if let Some(newest) = records.iter().map(|record| record.at.as_micros()).max() {
            self.traced_us.insert(member, newest);
        }
        Account { records, stretch: None, is_here: false, untold }
    }
}

/// What is as it was stays what it was.
fn shared<T: PartialEq>(before: Option<&Rc<T>>, now: T) -> Rc<T> {
    before.filter(|before| ***before == now).map_or_else(|| Rc::new(now), Rc::clone)
}

/// Were there more than are told at once? It is not known, and so assumed, where there are just as many.
fn is_cut(records: &[TraceRecord]) -> bool {
    records.len() >= SIGHT_RECORDS_MAX
}

/// Those that can be asked: active, with an address.
pub fn asked<'a>(
    members: impl Iterator<Item = &'a Rc<SeenMember>>,
) -> impl Iterator<Item = &'a Rc<SeenMember>> {
    members
        .filter(|member| {
            member.view.status.is_active() && (member.view.is_self || member.view.address.is_some())
        })
        .take(ASKED_MAX)
}

/// Does the observed node not know such a question?
fn is_too_old(why: &str) -> bool {
    why.starts_with("not a request")
}

fn read<T: serde::de::DeserializeOwned>(value: Result<Value, String>) -> Result<T, String> {
    value.and_then(|value| serde_json::from_value(value).map_err(|error| error.to_string()))
}

#[cfg(test)]
#[path = "around_tests.rs"]
mod tests;
