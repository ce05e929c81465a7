//! The handle to a running node: reading, watching, joining, leaving. Cheap to
//! clone. It asks the driver; it holds no state of its own. Writing has a room
//! of its own (`write`).

use crate::address::{InvalidAddress, join_address};
use crate::builder::LogControl;
use crate::driver::Ending;
use crate::feed::{All, Start, StoreCaller, StoreDriver};
use crate::seek;
use crate::views;
use crate::watch::{MemberEvents, Watch};
use rumormill_api::{EntryView, MemberView, StatusView};
use rumormill_core::state::store::Key;
use rumormill_core::{Address, ConfigError, NodeId, TraceRecord, Tuning};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::watch;

/// The node has stopped: nothing was read or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the node has stopped")]
pub struct Stopped;

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

/// Why the log was not changed. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// This process has a log that does not change.
    #[error("what this process logs is fixed at its start")]
    Fixed,
    /// The text is no filter; says what would be one.
    #[error("{0}")]
    Filter(String),
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
    ending: watch::Receiver<Option<Ending>>,
    served: watch::Receiver<()>,
    log: Option<Arc<dyn LogControl>>,
}

impl NodeHandle {
    pub(crate) fn new(
        id: NodeId,
        address: Address,
        local: SocketAddr,
        caller: StoreCaller,
        ending: watch::Receiver<Option<Ending>>,
        served: watch::Receiver<()>,
        log: Option<Arc<dyn LogControl>>,
    ) -> Self {
        Self(Arc::new(Inner { id, address, local, caller, ending, served, log }))
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

    /// Follows the keys that start with `prefix`; the empty one follows all.
    /// What changes after this returns is seen; a deleted or expired key comes
    /// without an entry.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn watch(&self, prefix: &str) -> Result<Watch, Stopped> {
        Ok(self.watch_from(prefix, Start::Now).await?.1)
    }

    /// As [`NodeHandle::watch`], but first what is there already comes, key by
    /// key, so that nothing can fall between reading and following.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let node = rumormill_node::Node::builder().listen("127.0.0.1:0").start().await?;
    /// node.set("app/colour", "blue").await?;
    /// let mut settings = node.watch_all("app/").await?;
    /// let first = settings.next().await.expect("the node runs");
    /// assert_eq!(first.entry.map(|entry| entry.value), Some("blue".into()));
    /// node.delete("app/colour").await?;
    /// let second = settings.next().await.expect("the node runs");
    /// assert_eq!((second.key.as_str(), second.entry), ("app/colour", None));
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn watch_all(&self, prefix: &str) -> Result<Watch, Stopped> {
        Ok(self.watch_from(prefix, Start::Current).await?.1)
    }

    /// A watch, and where it stands after all that is there, if it begins with that.
    pub(crate) async fn watch_from(
        &self,
        prefix: &str,
        start: Start,
    ) -> Result<(Option<All>, Watch), Stopped> {
        let prefix = prefix.to_owned();
        let begun = self.call(move |driver| driver.listener.watch(&prefix, &start, &driver.engine)).await?;
        let all = begun.all.clone();
        Ok((all, Watch::start(begun, self.0.caller.clone())))
    }

    /// Follows the members' statuses, this node's own included, from now on.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn member_events(&self) -> Result<MemberEvents, Stopped> {
        let subscription = self.call(|driver| driver.listener.watch_members()).await?;
        Ok(MemberEvents::start(subscription, self.0.caller.clone()))
    }

    /// Asks another node to let this one in, at once, and keeps asking while
    /// this node is alone. Whether it worked shows in [`NodeHandle::members`].
    ///
    /// # Errors
    /// When the text is no address, or the node has stopped.
    pub async fn join(&self, url: &str) -> Result<Address, JoinError> {
        let address = join_address(url)?;
        let all = match seek::name(&address) {
            Some(name) => seek::look_up(&name).await,
            None => vec![address.clone()],
        };
        self.call(move |driver| {
            let now = driver.now();
            for address in all {
                driver.engine.join(address, now);
            }
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
        self.call(|driver| {
            let now = driver.now();
            // Leaving already: then there is only the wait.
            let _ = driver.engine.leave(now);
        })
        .await?;
        match self.left().await {
            Ending::ShutDown | Ending::Failed => Err(Stopped),
            _ => Ok(()),
        }
    }

    /// Comes back when the node has left its cluster, had to give up its name
    /// to another, has been shut down, or has failed, and says which.
    pub async fn left(&self) -> Ending {
        let mut ending = self.0.ending.clone();
        let ended = ending.wait_for(Option::is_some).await;
        // Whoever ends in order says how.
        ended.ok().and_then(|ended| ended.clone()).unwrap_or(Ending::Failed)
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

    /// What is logged now; none if nobody was named who decides that.
    pub fn log_filter(&self) -> Option<String> {
        self.0.log.as_ref().map(|log| log.filter())
    }

    /// Changes what is logged, in the whole process.
    ///
    /// # Errors
    /// When nobody was named who decides that, or the text is no filter.
    pub async fn set_log_filter(&self, filter: &str) -> Result<(), LogError> {
        let log = self.0.log.as_ref().ok_or(LogError::Fixed)?;
        log.set_filter(filter).map_err(LogError::Filter)?;
        self.call(|driver| {
            let always = tracing::enabled!(target: crate::log::TARGET, tracing::Level::DEBUG);
            driver.listener.trace_always(always, &mut driver.engine);
        })
        .await?;
        Ok(())
    }

    /// What happened lately, oldest first. Messages are part of it while
    /// somebody observes, for ten seconds after this was asked, or while the
    /// log level is `debug`.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn trace(&self) -> Result<Vec<TraceRecord>, Stopped> {
        self.call(|driver| {
            let now = driver.now();
            driver.listener.recent(&mut driver.engine, now)
        })
        .await
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Node;

    #[tokio::test]
    async fn a_node_says_whether_it_was_stopped_or_failed() {
        let start = async || Node::builder().listen("127.0.0.1:0").start().await.expect("it starts");
        let stopped = start().await;
        stopped.shutdown().await;
        assert_eq!(stopped.left().await, Ending::ShutDown);
        let failed = start().await;
        let outcome = failed.call(|_| panic!("a defect, to see what becomes of the node")).await;
        assert_eq!(outcome, Err::<(), _>(Stopped));
        assert_eq!(failed.left().await, Ending::Failed);
        failed.shutdown().await;
    }
}
