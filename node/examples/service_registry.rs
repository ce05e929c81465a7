//! A service registry: every instance of a service says through its node where
//! it is reached and how it does, and whoever needs the service picks among
//! those that are up. An instance that dies takes its entry with it: nobody
//! needs to expire it, because the cluster notices that its node is gone.
//!
//! `cargo run -p rumormill-node --example service_registry`

use rumormill_core::{Duration, Health};
use rumormill_node::{Node, NodeBuilder, NodeHandle, Tuning};
use std::error::Error;
use tokio::time::{sleep, timeout};

/// The services of a cluster, as one node knows them.
#[derive(Debug, Clone)]
struct Registry {
    node: NodeHandle,
}

impl Registry {
    /// Enters an instance: where it is reached, and that it is up.
    async fn enter(&self, service: &str, address: &str) -> Result<(), Box<dyn Error>> {
        // The address first: whoever finds the instance up must find it there.
        self.node.set(&place(service, self.node.id().as_str()), address).await?;
        self.node.publish(service, Health::Up, "").await?;
        Ok(())
    }

    /// Says how this node's instance does; a degraded one is asked only if there is no other.
    async fn report(&self, service: &str, health: Health, reason: &str) -> Result<(), Box<dyn Error>> {
        Ok(self.node.publish(service, health, reason).await?)
    }

    /// Where the service is reached: the instances that are up, or if there are none, the degraded ones.
    async fn instances(&self, service: &str) -> Result<Vec<String>, Box<dyn Error>> {
        let mut found = Vec::new();
        for view in self.node.services().await?.into_iter().filter(|view| view.name == service) {
            let address = self.node.get(&place(service, view.node.as_str())).await?;
            if let Some(address) = address.as_ref().and_then(|address| address.as_str()) {
                found.push((view.health, address.to_owned()));
            }
        }
        let of = |health: Health| -> Vec<String> {
            let some = found.iter().filter(|(found, _)| *found == health);
            some.map(|(_, address)| address.clone()).collect()
        };
        let up = of(Health::Up);
        Ok(if up.is_empty() { of(Health::Degraded) } else { up })
    }

    /// Waits until the service is reached there and nowhere else; a real client would take what it finds.
    async fn wait_for(&self, service: &str, expected: &[&str]) -> Result<(), Box<dyn Error>> {
        let same = async {
            while self.instances(service).await? != expected {
                sleep(std::time::Duration::from_millis(5)).await;
            }
            Ok(())
        };
        timeout(std::time::Duration::from_secs(60), same).await?
    }
}

fn place(service: &str, node: &str) -> String {
    format!("services/{service}/{node}")
}

/// A node that notices within a few seconds that another is gone.
fn builder(name: &str) -> NodeBuilder {
    let tuning = Tuning { probe_us: Duration::from_millis(200), ..Tuning::default() };
    Node::builder().name(name).listen("127.0.0.1:0").tuning(tuning)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run().await
}

async fn run() -> Result<(), Box<dyn Error>> {
    let shop = builder("shop").start().await?;
    let first = builder("pay-1").join(shop.url()).start().await?;
    let second = builder("pay-2").join(shop.url()).start().await?;
    let registry = |node: &NodeHandle| Registry { node: node.clone() };

    registry(&first).enter("pay", "10.0.0.1:8080").await?;
    registry(&second).enter("pay", "10.0.0.2:8080").await?;
    let registry_of_shop = registry(&shop);
    registry_of_shop.wait_for("pay", &["10.0.0.1:8080", "10.0.0.2:8080"]).await?;
    println!("the shop knows two instances");

    registry(&first).report("pay", Health::Degraded, "its database is slow").await?;
    registry_of_shop.wait_for("pay", &["10.0.0.2:8080"]).await?;
    println!("the degraded one is left alone");

    // It stops without a goodbye, as a process does that is killed.
    second.shutdown().await;
    registry_of_shop.wait_for("pay", &["10.0.0.1:8080"]).await?;
    println!("the other is gone, so the degraded one is better than none");

    registry(&first).report("pay", Health::Up, "").await?;
    let back = builder("pay-2").join(shop.url()).start().await?;
    registry(&back).enter("pay", "10.0.0.3:8080").await?;
    registry_of_shop.wait_for("pay", &["10.0.0.1:8080", "10.0.0.3:8080"]).await?;
    println!("it is back, at another address");

    for node in [back, first, shop] {
        node.leave().await?;
        node.shutdown().await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn it_runs_to_its_end() {
        let run = super::run();
        let limit = std::time::Duration::from_secs(120);
        tokio::time::timeout(limit, run).await.expect("in time").expect("it works");
    }
}
