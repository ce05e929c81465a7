//! Writing through a node's handle: every kind of change, on its own terms or
//! only if the key still reads as the writer believes. A change is made here at
//! once and spreads from here, or is refused and changes nothing.

use crate::feed::StoreDriver;
use crate::handle::{NodeHandle, Stopped};
use crate::views;
use rumormill_api::EntryView;
use rumormill_core::state::store::{InvalidKey, Key, Store, Value, ValueTooLong, WriteError};
use rumormill_core::{Engine, Instant, Kind, Status, TraceEvent};
use std::time::Duration;

/// Longest time to live. A guess: what should be read for longer than a year
/// is no soft state.
pub const TTL_MAX: Duration = Duration::from_secs(365 * 24 * 3_600);

/// Shortest time to live: below it a value could be over before it was sent.
pub const TTL_MIN: Duration = Duration::from_millis(1);

/// What may be done to a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Set a register, for a time or for ever.
    Set {
        /// The value: any JSON.
        value: serde_json::Value,
        /// How long it is to be read, by each node's own clock; for ever, if none.
        ttl: Option<Duration>,
    },
    /// Write to a multi-value register, in place of all that the node has seen there.
    Put(serde_json::Value),
    /// Add to a counter; a negative number subtracts.
    Increment(i64),
    /// Add an element to a set.
    Add(serde_json::Value),
    /// Remove an element from a set.
    Remove(serde_json::Value),
    /// Delete whatever can be read under the key.
    Delete,
}

/// What a change depends on, as this node has seen it at the moment of the
/// write. Other nodes may accept another change at the same time: of two such
/// registers the later one is read, and a multi-value register keeps both.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Condition {
    /// On nothing.
    #[default]
    Always,
    /// Nothing can be read under the key.
    Absent,
    /// Something can be read under the key.
    Present,
    /// What can be read under the key has this [`EntryView::version`].
    Version(String),
}

/// What a change came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// Was there anything to change? Not for an element that was in the set
    /// already or was not there to remove, nor for a delete of nothing.
    pub changed: bool,
    /// The entry as it reads now; none after a delete, and for a set, whose
    /// elements may be many.
    pub entry: Option<EntryView>,
}

/// Why a change was refused. Nothing changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChangeError {
    /// The key is no key.
    #[error(transparent)]
    Key(#[from] InvalidKey),
    /// The value is too large.
    #[error(transparent)]
    Value(#[from] ValueTooLong),
    /// The time to live is too short or too long.
    #[error("a time to live may be {} ms to {} days", TTL_MIN.as_millis(), TTL_MAX.as_secs() / 86_400)]
    Ttl,
    /// The key holds another kind, or a limit would be passed.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// What the change depends on is not so.
    #[error("{}", unmet(.key, .current.as_deref()))]
    Unmet {
        /// The key.
        key: Key,
        /// What can be read there.
        current: Option<Box<EntryView>>,
    },
    /// The node has left its cluster; a write would reach nobody.
    #[error("the node has left the cluster, so a write would reach nobody")]
    Left,
    /// The node has stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

fn unmet(key: &Key, current: Option<&EntryView>) -> String {
    match current {
        Some(entry) => format!(
            "'{key}' does not read as this write expects: it is a {} with version {} now; read it again and decide anew",
            entry.kind, entry.version
        ),
        None => format!("'{key}' does not read as this write expects: there is nothing under it now"),
    }
}

impl NodeHandle {
    /// Sets a register, here at once and elsewhere as it spreads. Returns the
    /// entry as it reads now.
    ///
    /// # Errors
    /// When key or value are not allowed, the key holds another kind, or the node has left or stopped.
    pub async fn set(
        &self,
        key: &str,
        value: impl Into<serde_json::Value>,
    ) -> Result<EntryView, ChangeError> {
        self.set_if(key, value, Condition::Always).await
    }

    /// Sets a register if the key reads as the condition says.
    ///
    /// ```
    /// # use rumormill_node::{ChangeError, Condition, Node};
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let node = Node::builder().listen("127.0.0.1:0").start().await?;
    /// let read = node.set_if("leader", "alpha", Condition::Absent).await?;
    /// assert!(node.set_if("leader", "beta", Condition::Absent).await.is_err());
    /// node.set_if("leader", "beta", Condition::Version(read.version)).await?;
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`NodeHandle::set`], and [`ChangeError::Unmet`] when it reads otherwise.
    pub async fn set_if(
        &self,
        key: &str,
        value: impl Into<serde_json::Value>,
        condition: Condition,
    ) -> Result<EntryView, ChangeError> {
        let change = Change::Set { value: value.into(), ttl: None };
        Ok(self.change(key, change, condition).await?.entry.expect("what was just set is there"))
    }

    /// Sets a register that reads as nothing after `ttl`, by each node's own
    /// clock, unless it is set again.
    ///
    /// # Errors
    /// As [`NodeHandle::set`], and when the time is shorter than [`TTL_MIN`] or longer than [`TTL_MAX`].
    pub async fn set_for(
        &self,
        key: &str,
        value: impl Into<serde_json::Value>,
        ttl: Duration,
    ) -> Result<EntryView, ChangeError> {
        let change = Change::Set { value: value.into(), ttl: Some(ttl) };
        let written = self.change(key, change, Condition::Always).await?;
        Ok(written.entry.expect("what was just set is there"))
    }

    /// Writes to a multi-value register, in place of all values that this node
    /// has seen there. Values written elsewhere at the same time stay beside
    /// it, for somebody to resolve: the entry's value is the list of them.
    ///
    /// # Errors
    /// As [`NodeHandle::set`].
    pub async fn put(
        &self,
        key: &str,
        value: impl Into<serde_json::Value>,
    ) -> Result<EntryView, ChangeError> {
        let written = self.change(key, Change::Put(value.into()), Condition::Always).await?;
        Ok(written.entry.expect("what was just put is there"))
    }

    /// Adds to a counter; a negative number subtracts. Returns the sum, as
    /// this node sees it.
    ///
    /// # Errors
    /// When the key is not allowed or holds another kind, the sum would leave 64 bits, or the node has left
    /// or stopped.
    pub async fn increment(&self, key: &str, by: i64) -> Result<i64, ChangeError> {
        let written = self.change(key, Change::Increment(by), Condition::Always).await?;
        // A counter that was deleted, and then had nothing added, reads as nothing.
        Ok(written.entry.and_then(|entry| entry.value.as_i64()).unwrap_or(0))
    }

    /// Adds an element to a set. False if it was there.
    ///
    /// # Errors
    /// As [`NodeHandle::set`], and when the set is full.
    pub async fn set_add(
        &self,
        key: &str,
        element: impl Into<serde_json::Value>,
    ) -> Result<bool, ChangeError> {
        Ok(self.change(key, Change::Add(element.into()), Condition::Always).await?.changed)
    }

    /// Removes an element from a set, as far as this node has seen it added:
    /// an add elsewhere at the same time wins. False if it was not there.
    ///
    /// # Errors
    /// As [`NodeHandle::set`].
    pub async fn set_remove(
        &self,
        key: &str,
        element: impl Into<serde_json::Value>,
    ) -> Result<bool, ChangeError> {
        Ok(self.change(key, Change::Remove(element.into()), Condition::Always).await?.changed)
    }

    /// Deletes whatever can be read under a key, as far as this node has seen
    /// it. False if nothing can.
    ///
    /// # Errors
    /// When the key is not allowed, or the node has left or stopped.
    pub async fn delete(&self, key: &str) -> Result<bool, ChangeError> {
        Ok(self.change(key, Change::Delete, Condition::Always).await?.changed)
    }

    /// Any change to a key, if the condition holds.
    ///
    /// # Errors
    /// As [`ChangeError`] says.
    pub async fn change(
        &self,
        key: &str,
        change: Change,
        condition: Condition,
    ) -> Result<Written, ChangeError> {
        let key = Key::new(key)?;
        let change = Checked::new(change)?;
        self.call(move |driver| {
            if !still_in(&driver.engine) {
                return Err(ChangeError::Left);
            }
            if condition != Condition::Always {
                let current = views::entry(&driver.engine, &key);
                if !condition.holds(current.as_ref()) {
                    return Err(ChangeError::Unmet { key, current: current.map(Box::new) });
                }
            }
            let now = driver.now();
            let (kind, what) = (change.kind(), change.in_words());
            let changed = change.make(&mut driver.engine, &key, now)?;
            note(driver, &key, what);
            let entry = kind.and_then(|kind| views::entry_of(&driver.engine, &key, kind));
            Ok(Written { changed, entry })
        })
        .await?
    }
}

impl Condition {
    fn holds(&self, current: Option<&EntryView>) -> bool {
        match self {
            Self::Always => true,
            Self::Absent => current.is_none(),
            Self::Present => current.is_some(),
            Self::Version(version) => current.is_some_and(|entry| entry.version == *version),
        }
    }
}

/// A change whose values are within their limits.
enum Checked {
    Set(Value, Option<rumormill_core::Duration>),
    Put(Value),
    Increment(i64),
    Add(Value),
    Remove(Value),
    Delete,
}

impl Checked {
    fn new(change: Change) -> Result<Self, ChangeError> {
        Ok(match change {
            Change::Set { value, ttl } => {
                let ttl = match ttl {
                    Some(ttl) if (TTL_MIN..=TTL_MAX).contains(&ttl) => Some(micros(ttl)),
                    Some(_) => return Err(ChangeError::Ttl),
                    None => None,
                };
                Self::Set(Value::json(&value)?, ttl)
            }
            Change::Put(value) => Self::Put(Value::json(&value)?),
            Change::Increment(by) => Self::Increment(by),
            Change::Add(element) => Self::Add(Value::json(&element)?),
            Change::Remove(element) => Self::Remove(Value::json(&element)?),
            Change::Delete => Self::Delete,
        })
    }

    /// Which of a key's entries its writer wants to read afterwards.
    fn kind(&self) -> Option<Kind> {
        match self {
            Self::Set(..) => Some(Kind::Register),
            Self::Put(_) => Some(Kind::MultiValue),
            Self::Increment(_) => Some(Kind::Counter),
            Self::Add(_) | Self::Remove(_) | Self::Delete => None,
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Set(_, None) => "set".to_owned(),
            Self::Set(_, Some(ttl)) => format!("set for {ttl}"),
            Self::Put(_) => "put".to_owned(),
            Self::Increment(by) => format!("add {by}"),
            Self::Add(_) => "add an element".to_owned(),
            Self::Remove(_) => "remove an element".to_owned(),
            Self::Delete => "delete".to_owned(),
        }
    }

    fn make(self, engine: &mut Engine<Store>, key: &Key, now: Instant) -> Result<bool, WriteError> {
        match self {
            Self::Set(value, None) => engine.set(key, value, now).map(|()| true),
            Self::Set(value, Some(ttl)) => engine.set_for(key, value, ttl, now).map(|()| true),
            Self::Put(value) => engine.put(key, value, now).map(|()| true),
            Self::Increment(by) => engine.increment(key, by, now).map(|_| true),
            Self::Add(element) => engine.add(key, element, now),
            Self::Remove(element) => engine.remove(key, &element, now),
            Self::Delete => Ok(engine.delete(key, now)),
        }
    }
}

fn micros(span: Duration) -> rumormill_core::Duration {
    rumormill_core::Duration::from_micros(u64::try_from(span.as_micros()).unwrap_or(u64::MAX))
}

fn still_in(engine: &Engine<Store>) -> bool {
    let own = engine.members().status(engine.id());
    !engine.is_stopped() && own.is_none_or(Status::is_active)
}

fn note(driver: &mut StoreDriver, key: &Key, what: String) {
    let now = driver.now();
    driver.listener.note(TraceEvent::Wrote { key: key.clone(), what }, now);
}
