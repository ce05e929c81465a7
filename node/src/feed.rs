//! What happens in a node, for those who follow it: watchers of keys, observers
//! of everything, and the recent trace. Each of them is bounded: a slow
//! follower misses steps in between, never the newest state, and trace records
//! that were dropped are counted. It never acts on the engine, but for asking
//! the other members how they are while somebody observes.

use crate::driver::{Caller, Driver, Listener};
use crate::views;
use futures_util::Stream;
use rumormill_api::WatchEvent;
use rumormill_core::state::store::Key;
use rumormill_core::{Duration, Engine, Event, Instant, Kind, NodeId, Store, TraceEvent, TraceRecord};
use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use tokio::sync::{Notify, broadcast, mpsc};

/// Records of the recent trace that are kept. A guess: some seconds of a busy
/// node, a quarter of a megabyte.
pub const RECENT_MAX: usize = 2_048;

/// Trace records that wait for one observer; the oldest are dropped beyond
/// that. A guess.
pub const OBSERVED_MAX: usize = 4_096;

/// Changes that wait for one watcher before they are coalesced by key. A guess.
pub const WATCH_QUEUE_MAX: usize = 64;

/// How often the other members are asked how they are while somebody observes.
const SURVEY_INTERVAL: Duration = Duration::from_secs(1);

/// How many of them are asked each time.
const SURVEYED: u32 = 16;

pub(crate) type StoreDriver = Driver<Store, Feed>;
pub(crate) type StoreCaller = Caller<Store, Feed>;

/// When a key changed last, and from whom the change came.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) at: Instant,
    pub(crate) from: Option<NodeId>,
}

/// What has changed since a follower last looked.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) keys: BTreeMap<(Key, Kind), Source>,
    /// Did anything else happen?
    pub(crate) stirred: bool,
}

/// One follower's note of what has changed. Grows with the keys that there
/// are, not with how often they change.
#[derive(Debug)]
pub(crate) struct Subscription {
    prefix: String,
    changes: Mutex<Changes>,
    changed: Notify,
}

impl Subscription {
    /// What has changed since the last call.
    pub(crate) fn take(&self) -> Changes {
        mem::take(&mut *self.changes())
    }

    async fn key_changed(&self) {
        self.changed.notified().await;
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
    subscriptions: Vec<Weak<Subscription>>,
}

impl Feed {
    pub(crate) fn new(node: NodeId, traces_always: bool) -> Self {
        Self {
            node,
            recent: VecDeque::new(),
            forgotten: 0,
            traces_always,
            observed: None,
            survey_at: None,
            subscriptions: Vec::new(),
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

    /// The recent trace, oldest first; it says how much came before it.
    pub(crate) fn recent(&self) -> Vec<TraceRecord> {
        let skipped = self.recent.front().filter(|_| self.forgotten > 0).map(|first| TraceRecord {
            at: first.at,
            node: Some(self.node.clone()),
            event: TraceEvent::Skipped(self.forgotten),
        });
        skipped.into_iter().chain(self.recent.iter().cloned()).collect()
    }

    /// Follows the keys with a prefix.
    pub(crate) fn subscribe(&mut self, prefix: String) -> Arc<Subscription> {
        self.subscriptions.retain(|subscription| subscription.strong_count() > 0);
        let (changes, changed) = (Mutex::default(), Notify::new());
        let subscription = Arc::new(Subscription { prefix, changes, changed });
        self.subscriptions.push(Arc::downgrade(&subscription));
        subscription
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
        (self.subscribe(String::new()), receiver)
    }
}

impl Listener<Store> for Feed {
    fn hear(&mut self, event: Event, _engine: &Engine<Store>, now: Instant) {
        for subscription in self.subscriptions.iter().filter_map(Weak::upgrade) {
            let mut changes = subscription.changes();
            changes.stirred = true;
            if let Event::Changed { key, kind, from } = &event
                && key.as_str().starts_with(&subscription.prefix)
            {
                changes.keys.insert((key.clone(), *kind), Source { at: now, from: from.clone() });
                subscription.changed.notify_one();
            }
        }
        self.note(TraceEvent::Node(event), now);
    }

    fn deadline(&self) -> Option<Instant> {
        self.survey_at
    }

    fn tick(&mut self, engine: &mut Engine<Store>, now: Instant) {
        if self.observed.as_ref().is_some_and(|observed| observed.receiver_count() > 0) {
            engine.survey(SURVEYED, now);
            self.survey_at = Some(now + SURVEY_INTERVAL);
        } else {
            self.observed = None;
            self.survey_at = None;
            engine.set_tracing(self.traces_always);
        }
    }
}

/// Changes of the keys with a prefix, as they come: [`Watch::next`], or as a
/// [`Stream`]. Of a key that changes faster than it is watched only the newest
/// state comes; nothing that is current is ever left out. Ends with the node.
#[derive(Debug)]
pub struct Watch {
    events: mpsc::Receiver<WatchEvent>,
}

impl Watch {
    pub(crate) fn start(subscription: Arc<Subscription>, caller: StoreCaller) -> Self {
        let (sender, events) = mpsc::channel(WATCH_QUEUE_MAX);
        tokio::spawn(pump(subscription, caller, sender));
        Self { events }
    }

    /// The next change; none when the node has stopped.
    pub async fn next(&mut self) -> Option<WatchEvent> {
        self.events.recv().await
    }
}

impl Stream for Watch {
    type Item = WatchEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<WatchEvent>> {
        self.events.poll_recv(cx)
    }
}

/// Reads what has changed and hands it on, at the watcher's pace.
async fn pump(subscription: Arc<Subscription>, caller: StoreCaller, sender: mpsc::Sender<WatchEvent>) {
    loop {
        tokio::select! {
            () = subscription.key_changed() => {}
            () = caller.ended() => return,
            () = sender.closed() => return,
        }
        let keys = subscription.take().keys;
        let events = caller.call(move |driver| views::watch_events(&driver.engine, keys)).await;
        for event in events.into_iter().flatten() {
            if sender.send(event).await.is_err() {
                return;
            }
        }
    }
}
