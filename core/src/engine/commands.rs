//! The commands of an engine that gossips a [`Store`]: each writes here at once
//! and spreads from here, or is refused and changes nothing.

use super::Engine;
use crate::state::Merged;
use crate::state::store::{Key, News, Store, Value, WriteError};
use crate::time::{Duration, Instant};
use core::convert::Infallible;

impl Engine<Store> {
    /// Sets a register.
    pub fn set(&mut self, key: &Key, value: Value, now: Instant) -> Result<(), WriteError> {
        self.write(now, |store| store.set(key, value, now).map(nothing))
    }

    /// Sets a register that reads as nothing after `ttl`.
    pub fn set_for(
        &mut self,
        key: &Key,
        value: Value,
        ttl: Duration,
        now: Instant,
    ) -> Result<(), WriteError> {
        self.write(now, |store| store.set_for(key, value, ttl, now).map(nothing))
    }

    /// Writes to a multi-value register, in place of all that this node has
    /// seen there.
    pub fn put(&mut self, key: &Key, value: Value, now: Instant) -> Result<(), WriteError> {
        self.write(now, |store| store.put(key, value, now).map(nothing))
    }

    /// Adds to a counter and returns its sum as this node sees it.
    pub fn increment(&mut self, key: &Key, by: i64, now: Instant) -> Result<i64, WriteError> {
        self.write(now, |store| store.increment(key, by))
    }

    /// Adds a value to a set. False if it was there.
    pub fn add(&mut self, key: &Key, element: Value, now: Instant) -> Result<bool, WriteError> {
        self.write(now, |store| store.add(key, element))
    }

    /// Removes a value from a set. False if it was not there.
    pub fn remove(&mut self, key: &Key, element: &Value, now: Instant) -> Result<bool, WriteError> {
        self.write(now, |store| store.remove(key, element))
    }

    /// Deletes whatever can be read under a key. False if nothing can.
    pub fn delete(&mut self, key: &Key, now: Instant) -> bool {
        let deleted = self.write(now, |store| Ok::<_, Infallible>(store.delete(key, now)));
        deleted.unwrap_or_else(|never| match never {})
    }
}

fn nothing(written: Merged<News>) -> ((), Merged<News>) {
    ((), written)
}
