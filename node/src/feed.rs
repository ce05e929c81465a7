//! What happens in a node, for those who follow it: watchers of keys, observers
//! of everything, and the recent trace. Each of them is bounded: a slow
//! follower misses steps in between, never the newest state, and trace records
//! that were dropped are counted. It never acts on the engine, but for asking
//! the other members how they are while somebody observes.

use crate::driver::{Caller, Driver, Listener};
use crate::timings::Timings;
use crate::views;
use rumormill_api::{MemberEvent, WatchEvent};
use rumormill_core::state::store::Key;
use rumormill_core::{Duration, Engine, Event, Instant, Kind, NodeId, Store, TraceEvent, TraceRecord};
use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::{Notify, broadcast};

/// Records of the recent trace that are kept. A guess: some seconds of a busy
/// node, a quarter of a megabyte.
pub const RECENT_MAX: usize = 2_048;

/// Trace records that wait for one observer; the oldest are dropped beyond
/// that. A guess.
pub const OBSERVED_MAX: usize = 4_096;

/// Changes of keys that are remembered for watchers that come back; whoever
/// was away for longer is told everything. A guess: some seconds of a busy
/// node, a quarter of a megabyte.
pub const CHANGES_MAX: usize = 4_096;

/// How often the other members are asked how they are while somebody observes.
const SURVEY_INTERVAL: Duration = Duration::from_secs(1);

/// For so long after someone has asked for the recent trace, messages are
/// part of it: whoever follows what happens here by asking again and again
/// sees them too. A guess: some such questions.
const ASKED_SPAN: Duration = Duration::from_secs(10);

/// How many of them are asked each time.
const SURVEYED: u32 = 16;

pub(crate) type StoreDriver = Driver<Store, Feed>;
pub(crate) type StoreCaller = Caller<Store, Feed>;

/// A key reads differently.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// Counts the changes of this node's life.
    number: u64,
    pub(crate) key: Key,
    pub(crate) kind: Kind,
    pub(crate) at: Instant,
    /// From whom it came; none for a write of this node.
    pub(crate) from: Option<NodeId>,
}

/// What a follower wants to hear of.
#[derive(Debug)]
enum Interest {
    Keys(String),
    Members,
}

/// What has changed since a follower last looked.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) keys: BTreeMap<(Key, Kind), Change>,
    pub(crate) members: BTreeMap<NodeId, MemberEvent>,
    /// Did anything else happen?
    pub(crate) stirred: bool,
}

/// One follower's note of what has changed. Grows with the keys or members
/// that there are, not with how often they change.
#[derive(Debug)]
pub(crate) struct Subscription {
    interest: Interest,
    changes: Mutex<Changes>,
    changed: Notify,
}

impl Subscription {
    /// What has changed since the last call.
    pub(crate) fn take(&self) -> Changes {
        mem::take(&mut *self.changes())
    }

    /// Comes back when something that it is about has changed since the last time.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn hear(&self, event: &Event, change: Option<&Change>, now: Instant) {
        let mut changes = self.changes();
        changes.stirred = true;
        match (&self.interest, event, change) {
            (Interest::Keys(prefix), _, Some(change)) if change.key.as_str().starts_with(prefix) => {
                changes.keys.insert((change.key.clone(), change.kind), change.clone());
                self.changed.notify_one();
            }
            (Interest::Members, Event::Member { id, status, was, incarnation }, _) => {
                let (at_us, incarnation) = (now.as_micros(), *incarnation);
                let untold = changes.members.get(id).map(|untold| untold.was);
                let was = untold.unwrap_or(*was);
                let told = MemberEvent { at_us, id: id.clone(), incarnation, status: *status, was };
                changes.members.insert(id.clone(), told);
                self.changed.notify_one();
            }
            _ => {}
        }
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a watcher of keys begins.
#[derive(Debug, Clone)]
pub(crate) enum Start {
    /// With the next change.
    Now,
    /// With all that is there.
    Current,
    /// After the event with this id, if that can be told; else with all that is there.
    After(String),
}

/// A watcher's beginning.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) subscription: Arc<Subscription>,
    /// What it is told first.
    pub(crate) first: Vec<WatchEvent>,
    /// Some if that is all that is there, so that whatever else the watcher knew is gone.
    pub(crate) all: Option<All>,
}

/// All that is there.
#[derive(Debug, Clone)]
pub(crate) struct All {
    /// Where a watcher stands who was told all of it.
    pub(crate) id: String,
    /// Is it nothing?
    pub(crate) is_empty: bool,
}

/// The followers of one node.
#[derive(Debug)]
pub(crate) struct Feed {
    node: NodeId,
    recent: VecDeque<TraceRecord>,
    forgotten: u64,
    /// Is the engine to trace even when nobody observes?
    traces_always: bool,
    observed: Option<broadcast::Sender<TraceRecord>>,
    survey_at: Option<Instant>,
    /// Until when the engine traces because someone asked for the trace.
    asked_until: Option<Instant>,
    subscriptions: Vec<Weak<Subscription>>,
    /// Tells this node's numbers from those of others and of its other lives.
    life: u64,
    /// The last changes of keys, oldest first, numbered without a gap.
    changes: VecDeque<Change>,
    /// The number of the last change.
    changed: u64,
    pub(crate) timings: Timings,
}

impl Feed {
    pub(crate) fn new(node: NodeId, traces_always: bool, now: Instant) -> Self {
        Self {
            node,
            recent: VecDeque::new(),
            forgotten: 0,
            traces_always,
            observed: None,
            survey_at: None,
            asked_until: None,
            subscriptions: Vec::new(),
            life: RandomState::new().hash_one(std::process::id()),
            changes: VecDeque::new(),
            changed: 0,
            timings: Timings::new(now),
        }
    }

    /// Notes something that the engine does not know of.
    pub(crate) fn note(&mut self, event: TraceEvent, now: Instant) {
        let record = TraceRecord { at: now, node: Some(self.node.clone()), event };
        if let Some(observed) = &self.observed {
            // Nobody may be listening any more; the next tick finds that out.
            let _ = observed.send(record.clone());
        }
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
            self.forgotten += 1;
        }
        self.recent.push_back(record);
    }

    /// The recent trace, oldest first; it says how much came before it. From
    /// now on, for a while, messages are part of it.
    pub(crate) fn recent(&mut self, engine: &mut Engine<Store>, now: Instant) -> Vec<TraceRecord> {
        self.asked_until = Some(now + ASKED_SPAN);
        engine.set_tracing(true);
        let skipped = self.recent.front().filter(|_| self.forgotten > 0).map(|first| TraceRecord {
            at: first.at,
            node: Some(self.node.clone()),
            event: TraceEvent::Skipped(self.forgotten),
        });
        skipped.into_iter().chain(self.recent.iter().cloned()).collect()
    }

    /// Follows the keys with a prefix.
    pub(crate) fn watch(&mut self, prefix: &str, start: &Start, engine: &Engine<Store>) -> Begun {
        let subscription = self.subscribe(Interest::Keys(prefix.to_owned()));
        let missed = match start {
            Start::Now => Some(Vec::new()),
            Start::Current => None,
            Start::After(id) => self.since(id, prefix),
        };
        let Some(missed) = missed else {
            let entries = views::entries(engine, prefix).into_iter();
            let first = entries.map(|entry| WatchEvent {
                id: None,
                at_us: entry.stamp_us.unwrap_or_default(),
                from: None,
                key: entry.key.clone(),
                kind: entry.kind,
                entry: Some(entry),
            });
            let mut first: Vec<WatchEvent> = first.collect();
            // Only whoever has read the last of them may go on after them.
            let all = All { id: self.id(self.changed), is_empty: first.is_empty() };
            if let Some(last) = first.last_mut() {
                last.id = Some(all.id.clone());
            }
            return Begun { subscription, first, all: Some(all) };
        };
        Begun { subscription, first: self.events(missed, engine), all: None }
    }

    /// What a watcher is told of these changes, oldest first.
    pub(crate) fn events(&self, mut changes: Vec<Change>, engine: &Engine<Store>) -> Vec<WatchEvent> {
        changes.sort_by_key(|change| change.number);
        let mut events = views::watch_events(engine, &changes);
        for (event, change) in events.iter_mut().zip(&changes) {
            event.id = Some(self.id(change.number));
        }
        events
    }

    /// The changes after the one with this id, each key's last one only. None
    /// if some of them are forgotten, or the id is from another life.
    fn since(&self, id: &str, prefix: &str) -> Option<Vec<Change>> {
        let (life, number) = id.split_once('-')?;
        let number: u64 = number.parse().ok()?;
        let oldest = self.changed - self.changes.len() as u64;
        if u64::from_str_radix(life, 16) != Ok(self.life) || !(oldest..=self.changed).contains(&number) {
            return None;
        }
        let missed = self.changes.iter().filter(|change| change.number > number);
        let missed = missed.filter(|change| change.key.as_str().starts_with(prefix));
        let latest: BTreeMap<_, _> =
            missed.map(|change| ((&change.key, change.kind), change.clone())).collect();
        Some(latest.into_values().collect())
    }

    fn id(&self, number: u64) -> String {
        format!("{:016x}-{number}", self.life)
    }

    /// Follows the members' statuses.
    pub(crate) fn watch_members(&mut self) -> Arc<Subscription> {
        self.subscribe(Interest::Members)
    }

    fn subscribe(&mut self, interest: Interest) -> Arc<Subscription> {
        self.subscriptions.retain(|subscription| subscription.strong_count() > 0);
        let (changes, changed) = (Mutex::default(), Notify::new());
        let subscription = Arc::new(Subscription { interest, changes, changed });
        self.subscriptions.push(Arc::downgrade(&subscription));
        subscription
    }

    /// Numbers a change of a key and remembers it for those who come back.
    fn remember(&mut self, event: &Event, now: Instant) -> Option<Change> {
        let Event::Changed { key, kind, from } = event else { return None };
        self.changed += 1;
        let (number, key, from) = (self.changed, key.clone(), from.clone());
        let change = Change { number, key, kind: *kind, at: now, from };
        if self.changes.len() == CHANGES_MAX {
            self.changes.pop_front();
        }
        self.changes.push_back(change.clone());
        Some(change)
    }

    /// Follows everything. The engine traces and surveys until the last one
    /// who observes has dropped the receiver.
    pub(crate) fn observe(
        &mut self,
        engine: &mut Engine<Store>,
        now: Instant,
    ) -> (Arc<Subscription>, broadcast::Receiver<TraceRecord>) {
        let sender = self.observed.get_or_insert_with(|| broadcast::Sender::new(OBSERVED_MAX));
        let receiver = sender.subscribe();
        engine.set_tracing(true);
        self.survey_at.get_or_insert(now);
        (self.subscribe(Interest::Keys(String::new())), receiver)
    }
}

impl Feed {
    /// Those who follow keys, members or everything.
    pub(crate) fn followers(&self) -> u64 {
        self.subscriptions.iter().filter(|subscription| subscription.strong_count() > 0).count() as u64
    }

    /// Is the engine to trace even when nobody observes?
    pub(crate) fn trace_always(&mut self, always: bool, engine: &mut Engine<Store>) {
        self.traces_always = always;
        self.set_tracing(engine);
    }

    fn set_tracing(&self, engine: &mut Engine<Store>) {
        engine.set_tracing(self.traces_always || self.observed.is_some() || self.asked_until.is_some());
    }
}

impl Listener<Store> for Feed {
    fn hear(&mut self, event: Event, engine: &Engine<Store>, now: Instant) {
        if let Event::Changed { key, kind, from } = &event {
            self.timings.arrived(key, *kind, from.as_ref(), engine.state(), now);
        }
        let change = self.remember(&event, now);
        for subscription in self.subscriptions.iter().filter_map(Weak::upgrade) {
            subscription.hear(&event, change.as_ref(), now);
        }
        self.note(TraceEvent::Node(event), now);
    }

    fn took(&mut self, span: std::time::Duration) {
        self.timings.merge.observe(span.as_secs_f64());
    }

    fn deadline(&self) -> Option<Instant> {
        self.survey_at.into_iter().chain(self.asked_until).min()
    }

    fn tick(&mut self, engine: &mut Engine<Store>, now: Instant) {
        if self.survey_at.is_some_and(|at| at <= now) {
            self.survey_at = None;
            if self.observed.as_ref().is_some_and(|observed| observed.receiver_count() > 0) {
                engine.survey(SURVEYED, now);
                self.survey_at = Some(now + SURVEY_INTERVAL);
            } else {
                self.observed = None;
            }
        }
        self.asked_until.take_if(|until| *until <= now);
        self.set_tracing(engine);
    }
}
