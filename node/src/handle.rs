//! The handle to a running node: reads, writes, watching, joining, leaving.
//! Cheap to clone. It asks the driver; it holds no state of its own.

use crate::address::{InvalidAddress, join_address};
use crate::feed::{StoreCaller, StoreDriver, Watch};
use crate::views;
use rumormill_api::{EntryView, MemberView, StatusView};
use rumormill_core::state::store::{InvalidKey, Key, ValueTooLong, WriteError};
use rumormill_core::{Address, ConfigError, Kind, NodeId, TraceEvent, TraceRecord, Tuning, Value};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{Notify, watch};

/// The node has stopped: nothing was read or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the node has stopped")]
pub struct Stopped;

/// Why a register was not set. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// The key is no key.
    #[error(transparent)]
    Key(#[from] InvalidKey),
    /// The value is too large.
    #[error(transparent)]
    Value(#[from] ValueTooLong),
    /// The key holds something else.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The node has left its cluster; a write would reach nobody.
    #[error("the node has left the cluster, so a write would reach nobody")]
    Left,
    /// The node has stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Why a counter was not changed. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IncrementError {
    /// The key is no key.
    #[error(transparent)]
    Key(#[from] InvalidKey),
    /// The key holds something else, or the sum would leave its range.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The node has left its cluster; a write would reach nobody.
    #[error("the node has left the cluster, so a write would reach nobody")]
    Left,
    /// The node has stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Why the tuning was not changed. Nothing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TuneError {
    /// A number is outside its limits.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The node has stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Why no join was tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// The text is no address.
    #[error(transparent)]
    Address(#[from] InvalidAddress),
    /// The node has stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// A running node. Clones are handles to the same one; dropping them does not
/// stop it.
#[derive(Debug, Clone)]
pub struct NodeHandle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: NodeId,
    address: Address,
    local: SocketAddr,
    caller: StoreCaller,
    left: Arc<Notify>,
    served: watch::Receiver<()>,
}

impl NodeHandle {
    pub(crate) fn new(
        id: NodeId,
        address: Address,
        local: SocketAddr,
        caller: StoreCaller,
        left: Arc<Notify>,
        served: watch::Receiver<()>,
    ) -> Self {
        Self(Arc::new(Inner { id, address, local, caller, left, served }))
    }

    /// The node's name.
    pub fn id(&self) -> &NodeId {
        &self.0.id
    }

    /// Where other nodes dial it.
    pub fn address(&self) -> &Address {
        &self.0.address
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.0.local
    }

    /// The URL of its dashboard and API.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.local)
    }

    /// The node, as it sees itself.
    ///
    /// # Errors
    /// When it has stopped.
    pub async fn status(&self) -> Result<StatusView, Stopped> {
        self.call(|driver| views::status(&driver.engine, &driver.clock)).await
    }

    /// All members that the node knows, itself included, by name.
    ///
    /// # Errors
    /// When it has stopped.
    pub async fn members(&self) -> Result<Vec<MemberView>, Stopped> {
        self.call(|driver| views::members(&driver.engine, driver.now())).await
    }

    /// The entries whose key starts with `prefix`, by key.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn keys(&self, prefix: &str) -> Result<Vec<EntryView>, Stopped> {
        let prefix = prefix.to_owned();
        self.call(move |driver| views::entries(&driver.engine, &prefix)).await
    }

    /// The value under a key: a register's, or a counter's sum. None if there
    /// is none; text that can be no key never has one.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn get(&self, key: &str) -> Result<Option<serde_json::Value>, Stopped> {
        Ok(self.entry(key).await?.map(|entry| entry.value))
    }

    /// What stands under a key, with who wrote it and when.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn entry(&self, key: &str) -> Result<Option<EntryView>, Stopped> {
        let Ok(key) = Key::new(key) else { return Ok(None) };
        self.call(move |driver| views::entry(&driver.engine, &key)).await
    }

    /// Sets a register, here at once and elsewhere as it spreads. Returns the
    /// entry as it reads now.
    ///
    /// # Errors
    /// When key or value are not allowed, the key holds another kind, or the node has left or stopped.
    pub async fn set(&self, key: &str, value: impl Into<serde_json::Value>) -> Result<EntryView, SetError> {
        let key = Key::new(key)?;
        let value = Value::json(&value.into())?;
        self.call(move |driver| {
            still_in(driver).ok_or(SetError::Left)?;
            let now = driver.now();
            driver.engine.set(&key, value, now)?;
            wrote(driver, &key, "set".to_owned());
            let entry = views::entry_of(&driver.engine, &key, Kind::Register);
            Ok(entry.expect("what was just set is there"))
        })
        .await?
    }

    /// Adds to a counter; a negative number subtracts. Returns the sum, as
    /// this node sees it.
    ///
    /// # Errors
    /// When the key is not allowed or holds another kind, the sum would leave 64 bits, or the node has left
    /// or stopped.
    pub async fn increment(&self, key: &str, by: i64) -> Result<i64, IncrementError> {
        let key = Key::new(key)?;
        self.call(move |driver| {
            still_in(driver).ok_or(IncrementError::Left)?;
            let now = driver.now();
            let sum = driver.engine.increment(&key, by, now)?;
            wrote(driver, &key, format!("add {by}"));
            Ok(sum)
        })
        .await?
    }

    /// Follows the keys that start with `prefix`; the empty one follows all.
    /// What changes after this returns is seen.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn watch(&self, prefix: &str) -> Result<Watch, Stopped> {
        let prefix = prefix.to_owned();
        let subscription = self.call(move |driver| driver.listener.subscribe(prefix)).await?;
        Ok(Watch::start(subscription, self.0.caller.clone()))
    }

    /// Asks another node to let this one in, at once, and keeps asking while
    /// this node is alone. Whether it worked shows in [`NodeHandle::members`].
    ///
    /// # Errors
    /// When the text is no address, or the node has stopped.
    pub async fn join(&self, url: &str) -> Result<Address, JoinError> {
        let address = join_address(url)?;
        let joined = address.clone();
        self.call(move |driver| {
            let now = driver.now();
            driver.engine.join(joined, now);
        })
        .await?;
        Ok(address)
    }

    /// Says goodbye to the cluster and comes back when it is said. The node
    /// then gossips no more, but still answers questions until
    /// [`NodeHandle::shutdown`]. A node that has left already returns at once.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn leave(&self) -> Result<(), Stopped> {
        let left = self.0.left.clone();
        let notified = left.notified();
        tokio::pin!(notified);
        notified.as_mut().enable();
        let is_stopped = self
            .call(|driver| {
                let now = driver.now();
                // Leaving already: then there is only the wait.
                let _ = driver.engine.leave(now);
                driver.engine.is_stopped()
            })
            .await?;
        if !is_stopped {
            tokio::select! {
                () = notified => {}
                () = self.0.caller.ended() => return Err(Stopped),
            }
        }
        Ok(())
    }

    /// Comes back when the node has left its cluster or has been shut down.
    pub async fn left(&self) {
        let notified = self.0.left.notified();
        tokio::pin!(notified);
        notified.as_mut().enable();
        if let Ok(false) = self.call(|driver| driver.engine.is_stopped()).await {
            tokio::select! {
                () = notified => {}
                () = self.0.caller.ended() => {}
            }
        }
    }

    /// What may change while the node runs, as it is now.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn tuning(&self) -> Result<Tuning, Stopped> {
        self.call(|driver| driver.engine.config().tuning).await
    }

    /// Changes what may change while the node runs.
    ///
    /// # Errors
    /// When a number is outside its limits, or the node has stopped.
    pub async fn tune(&self, tuning: Tuning) -> Result<(), TuneError> {
        Ok(self
            .call(move |driver| {
                let now = driver.now();
                driver.engine.tune(tuning, now)
            })
            .await??)
    }

    /// What happened lately, oldest first. Messages are part of it while
    /// somebody observes, or the log level is `debug`.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn trace(&self) -> Result<Vec<TraceRecord>, Stopped> {
        self.call(|driver| driver.listener.recent()).await
    }

    /// Stops the node: links are closed, the port is free again afterwards.
    /// Without [`NodeHandle::leave`] before it, the others will hold it to be
    /// down and keep looking for it.
    pub async fn shutdown(&self) {
        self.0.caller.stop();
        self.0.caller.ended().await;
        // The sender only ever goes away.
        let _ = self.0.served.clone().changed().await;
    }

    /// Comes back when the node was told to stop.
    pub(crate) async fn stopping(&self) {
        self.0.caller.stopping().await;
    }

    pub(crate) async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut StoreDriver) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        self.0.caller.call(call).await.ok_or(Stopped)
    }
}

fn still_in(driver: &StoreDriver) -> Option<()> {
    let own = driver.engine.members().status(driver.engine.id());
    (!driver.engine.is_stopped() && own != Some(rumormill_core::Status::Left)).then_some(())
}

fn wrote(driver: &mut StoreDriver, key: &Key, what: String) {
    let now = driver.now();
    driver.listener.note(TraceEvent::Wrote { key: key.clone(), what }, now);
}
