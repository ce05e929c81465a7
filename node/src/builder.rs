//! How a node is started: what it is told, with every default, and what can be
//! wrong with it. It starts the node's two tasks (the driver and the server)
//! and knows nothing of what they do.

use crate::address::{GOSSIP_PATH, InvalidAddress, join_address};
use crate::clock::Clock;
use crate::driver::Driver;
use crate::faults::Faults;
use crate::feed::Feed;
use crate::handle::NodeHandle;
use crate::http;
use crate::seek;
use rumormill_core::id::InvalidName;
use rumormill_core::{
    Address, ConfigError, Engine, EngineConfig, Incarnation, NodeId, Store, TraceEvent, Tuning,
};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The cluster of a node that is not told another.
pub const DEFAULT_CLUSTER: &str = "rumormill";

/// Where a node listens that is not told otherwise: only on this machine.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:7700";

/// A gossip node. See [`Node::builder`].
#[derive(Debug)]
pub struct Node;

impl Node {
    /// A node with every default: alone, on [`DEFAULT_LISTEN`], named after the machine and its port.
    pub fn builder() -> NodeBuilder {
        NodeBuilder::default()
    }
}

/// Whoever decides what the process logs, if that may change while it runs:
/// through [`NodeHandle::set_log_filter`] and `PATCH /api/v1/config`.
pub trait LogControl: fmt::Debug + Send + Sync {
    /// What is logged now.
    fn filter(&self) -> String;

    /// Changes it.
    ///
    /// # Errors
    /// When the text is no filter: what would be one. Nothing changed then.
    fn set_filter(&self, filter: &str) -> Result<(), String>;
}

/// What a node is told before it starts.
#[derive(Debug, Clone, Default)]
pub struct NodeBuilder {
    name: Option<String>,
    cluster: Option<String>,
    listen: Option<String>,
    advertise: Option<String>,
    join: Vec<String>,
    tuning: Tuning,
    seed: Option<u64>,
    faults: Option<Faults>,
    log: Option<Arc<dyn LogControl>>,
}

/// Why a node did not start. Nothing runs and nothing is bound after it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nobody can listen there: the port is in use, or the address is not this machine's.
    #[error("cannot listen on {listen}: {source}")]
    Listen {
        /// The address that was asked for.
        listen: String,
        /// What the system said.
        source: io::Error,
    },
    /// The name is no name.
    #[error("the node's name '{name}' {source}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        source: InvalidName,
    },
    /// The address that others are to dial, or one to join, is no address.
    #[error(transparent)]
    Address(#[from] InvalidAddress),
    /// The node listens on every address of the machine, and was not told which of them others can dial.
    #[error("a node that listens on {0} must be told at which address others reach it")]
    Advertise(SocketAddr),
    /// A number is outside its limits, or the cluster's name is none.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl NodeBuilder {
    /// The node's name, unique in its cluster. A node that comes back should
    /// have the name it had. Default: the machine's name and the port.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The cluster's name; nodes of other clusters are refused. Default [`DEFAULT_CLUSTER`].
    #[must_use]
    pub fn cluster(mut self, cluster: impl Into<String>) -> Self {
        self.cluster = Some(cluster.into());
        self
    }

    /// The address and port for everything: gossip, API, dashboard. Port 0
    /// takes a free one. Default [`DEFAULT_LISTEN`].
    #[must_use]
    pub fn listen(mut self, listen: impl Into<String>) -> Self {
        self.listen = Some(listen.into());
        self
    }

    /// Where other nodes dial this one, if not where it listens: behind a
    /// proxy, or when it listens on every address.
    #[must_use]
    pub fn advertise(mut self, url: impl Into<String>) -> Self {
        self.advertise = Some(url.into());
        self
    }

    /// A node to join through; may be called several times. The node keeps
    /// trying while it is alone, so the other one may start later. A name is
    /// looked up, all addresses that it stands for are asked, and it is looked
    /// up again while the node is alone.
    #[must_use]
    pub fn join(mut self, url: impl Into<String>) -> Self {
        self.join.push(url.into());
        self
    }

    /// Strategy, intervals, limits. Default [`Tuning::default`].
    #[must_use]
    pub fn tuning(mut self, tuning: Tuning) -> Self {
        self.tuning = tuning;
        self
    }

    /// Seed of the node's random choices. Default: a different one each time.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// A network that tests can cut.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = Some(faults);
        self
    }

    /// Who decides what is logged. Default: nobody, and the log does not change.
    #[must_use]
    pub fn log(mut self, log: Arc<dyn LogControl>) -> Self {
        self.log = Some(log);
        self
    }

    /// Binds the port and starts the node on the current tokio runtime. It
    /// runs until [`NodeHandle::shutdown`] or the runtime's end.
    ///
    /// # Errors
    /// When anything that the node was told makes no sense, or nobody can listen there.
    pub async fn start(self) -> Result<NodeHandle, StartError> {
        let listen = self.listen.as_deref().unwrap_or(DEFAULT_LISTEN);
        let join = self.join.iter().map(|url| join_address(url)).collect::<Result<Vec<_>, _>>()?;
        let advertise = self.advertise.as_deref().map(join_address).transpose()?;
        let name = self.name.as_deref().map(checked_name).transpose()?;
        self.tuning.check()?;

        let listener = TcpListener::bind(listen)
            .await
            .and_then(|listener| Ok((listener.local_addr()?, listener)))
            .map_err(|source| StartError::Listen { listen: listen.to_owned(), source });
        let (local, listener) = listener?;
        let address = match advertise {
            Some(address) => address,
            None if local.ip().is_unspecified() => return Err(StartError::Advertise(local)),
            None => {
                Address::new(&format!("ws://{local}{GOSSIP_PATH}")).expect("a socket's address fits a URL")
            }
        };
        let id = match name {
            Some(id) => id,
            None => checked_name(&default_name(local.port()))?,
        };

        let clock = Clock::start();
        let incarnation = Incarnation(clock.start_ms());
        let names: Vec<seek::Name> = join.iter().filter_map(seek::name).collect();
        let join = seek::all(join).await;
        let traces_always = tracing::enabled!(target: crate::log::TARGET, tracing::Level::DEBUG);
        let asked = join.iter().cloned().collect();
        let config = EngineConfig {
            address: Some(address.clone()),
            incarnation,
            join,
            tuning: self.tuning,
            tracing: traces_always,
            ..EngineConfig::new(self.cluster.as_deref().unwrap_or(DEFAULT_CLUSTER), id.clone())
        };
        let store = Store::new(id.clone(), incarnation.0);
        // Whoever could foretell a node's choices could starve a peer, so the seed is the system's.
        let seed = self.seed.unwrap_or_else(|| RandomState::new().hash_one(incarnation.0));
        let engine = Engine::new(config, store, seed, clock.now())?;
        let mut feed = Feed::new(id.clone(), traces_always, clock.now());
        feed.note(TraceEvent::Started { incarnation }, clock.now());
        if let Some(faults) = &self.faults {
            faults.register(address.as_str(), &id);
        }

        let (driver, caller, acceptor) = Driver::new(engine, clock, feed, self.faults);
        let ending = driver.ending.subscribe();
        tokio::spawn(driver.run());
        let (serving, served) = tokio::sync::watch::channel(());
        if !names.is_empty() {
            tokio::spawn(seek::seek(names, asked, caller.clone()));
        }
        let handle = NodeHandle::new(id, address, local, caller, ending, served, self.log);
        let router = http::router(handle.clone(), acceptor);
        let stop = handle.clone();
        tokio::spawn(async move {
            http::serve(listener, router, async move { stop.stopping().await }).await;
            drop(serving);
        });
        Ok(handle)
    }
}

fn checked_name(name: &str) -> Result<NodeId, StartError> {
    NodeId::new(name).map_err(|source| StartError::Name { name: name.to_owned(), source })
}

/// The machine's name, as far as it can be found and fits, and the port.
fn default_name(port: u16) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let mut host: String =
        host.trim().chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    host.truncate(48);
    let host = if host.is_empty() { "node" } else { &host };
    format!("{host}-{port}")
}
