//! Shared configuration: every instance of a service has a node, reads its
//! settings from it, and follows their changes. Whoever changes one changes it
//! for all, within milliseconds.
//!
//! `cargo run -p rumormill-node --example shared_config`

use rumormill_node::{ChangeError, Condition, Node, NodeHandle};
use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use tokio::sync::watch;

/// Where the settings stand in the shared state.
const PREFIX: &str = "settings/";

/// The settings of one instance, always as its node has last seen them.
#[derive(Debug, Clone)]
struct Settings(watch::Receiver<Arc<BTreeMap<String, Value>>>);

impl Settings {
    /// Reads what is there and follows it until the node stops.
    async fn follow(node: &NodeHandle) -> Result<Self, Box<dyn Error>> {
        let (sender, receiver) = watch::channel(Arc::<BTreeMap<String, Value>>::default());
        let mut changes = node.watch_all(PREFIX).await?;
        tokio::spawn(async move {
            while let Some(change) = changes.next().await {
                let name = change.key[PREFIX.len()..].to_owned();
                sender.send_modify(|settings| {
                    match change.entry {
                        Some(entry) => Arc::make_mut(settings).insert(name, entry.value),
                        None => Arc::make_mut(settings).remove(&name),
                    };
                });
            }
        });
        Ok(Self(receiver))
    }

    /// Waits until a setting reads as expected; a real service would act on each change.
    async fn wait_for(&mut self, name: &str, expected: Option<&Value>) -> Result<(), Box<dyn Error>> {
        self.0.wait_for(|settings| settings.get(name) == expected).await?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run().await
}

async fn run() -> Result<(), Box<dyn Error>> {
    let first = Node::builder().name("first").listen("127.0.0.1:0").start().await?;
    let second = Node::builder().name("second").listen("127.0.0.1:0").join(first.url()).start().await?;
    let mut settings = [Settings::follow(&first).await?, Settings::follow(&second).await?];

    let limit = first.set("settings/rate-limit", 100).await?;
    for settings in &mut settings {
        settings.wait_for("rate-limit", Some(&100.into())).await?;
    }
    println!("both instances read rate-limit = 100");

    // Two operators edit at once: whoever has not read the latest is told so, with what stands there now.
    let seen = Condition::Version(limit.version);
    first.set_if("settings/rate-limit", 200, seen.clone()).await?;
    match first.set_if("settings/rate-limit", 50, seen).await {
        Err(ChangeError::Unmet { current, .. }) => {
            println!("the second edit was refused; it reads {:?} now", current.map(|entry| entry.value));
        }
        other => return Err(format!("an edit on top of nothing known: {other:?}").into()),
    }
    settings[1].wait_for("rate-limit", Some(&200.into())).await?;

    second.delete("settings/rate-limit").await?;
    for settings in &mut settings {
        settings.wait_for("rate-limit", None).await?;
    }
    println!("both instances are back to their default");

    for node in [second, first] {
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
        let limit = std::time::Duration::from_secs(60);
        tokio::time::timeout(limit, run).await.expect("in time").expect("it works");
    }
}
