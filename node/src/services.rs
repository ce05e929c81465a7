//! Services through the handle: what this node offers and how it does, and what
//! the cluster knows of all of them. (Riak Core's node watcher.) What a service's
//! health means for who is asked is the caller's business.

use crate::handle::{NodeHandle, Stopped};
use rumormill_api::HealthView;
use rumormill_core::{Health, InvalidService, Service};

/// Why a service was not published. Nothing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The name or the reason is not allowed, or there are too many.
    #[error(transparent)]
    Service(#[from] InvalidService),
    /// The node has stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl NodeHandle {
    /// Tells the cluster of a service of this node, or how it does now. It lasts
    /// until it is withdrawn, or the node is forgotten; while the node is down,
    /// so is the service. An empty reason is none.
    ///
    /// ```
    /// # use rumormill_node::Node;
    /// use rumormill_core::Health;
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let node = Node::builder().listen("127.0.0.1:0").start().await?;
    /// node.publish("http", Health::Degraded, "the cache is cold").await?;
    /// assert_eq!(node.services().await?[0].reason, "the cache is cold");
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When name or reason are not allowed, the node has as many services as it may, or it has stopped.
    pub async fn publish(&self, name: &str, health: Health, reason: &str) -> Result<(), PublishError> {
        let service = Service::new(name, health, reason)?;
        self.call(move |driver| {
            let now = driver.now();
            driver.engine.publish(service, now)
        })
        .await??;
        Ok(())
    }

    /// Takes a service of this node back. False if there is none of that name.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn withdraw(&self, name: &str) -> Result<bool, Stopped> {
        let name = name.to_owned();
        self.call(move |driver| {
            let now = driver.now();
            driver.engine.withdraw(&name, now)
        })
        .await
    }

    /// All services of all members that are remembered, by node and name.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn services(&self) -> Result<Vec<HealthView>, Stopped> {
        self.call(|driver| {
            let services = driver.engine.services().map(|service| HealthView {
                node: service.node.clone(),
                name: service.name.to_owned(),
                health: service.health,
                reason: service.reason.into_owned(),
            });
            services.collect()
        })
        .await
    }
}
