//! A rate that all instances of a service share: each counts what it serves in
//! a counter named after the minute, and every instance reads the sum of all.
//! Increments made at the same time on different nodes all count.
//!
//! `cargo run -p rumormill-node --example rate_counter`

use rumormill_node::{Node, NodeHandle};
use std::error::Error;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// What all instances together may serve in a minute.
const LIMIT_PER_MINUTE: i64 = 50;

/// One instance's share of a rate limit.
#[derive(Debug, Clone)]
struct Limit {
    node: NodeHandle,
}

impl Limit {
    /// Counts a request, unless all instances together have served enough, as
    /// far as this one has seen: a burst on all of them at once may exceed the
    /// limit by what is served within the milliseconds that news takes.
    async fn allow(&self, minute: u64) -> Result<bool, Box<dyn Error>> {
        let counter = format!("served/{minute}");
        let served = self.node.get(&counter).await?.and_then(|sum| sum.as_i64()).unwrap_or(0);
        if served >= LIMIT_PER_MINUTE {
            return Ok(false);
        }
        self.node.increment(&counter, 1).await?;
        Ok(true)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run().await
}

async fn run() -> Result<(), Box<dyn Error>> {
    let first = Node::builder().name("first").listen("127.0.0.1:0").start().await?;
    let second = Node::builder().name("second").listen("127.0.0.1:0").join(first.url()).start().await?;
    let limits = [Limit { node: first.clone() }, Limit { node: second.clone() }];

    let minute = 28_000_000;
    let mut allowed = 0;
    for request in 0..2 * LIMIT_PER_MINUTE {
        // The requests reach the instances in turn, and news has the time to spread that it has in life.
        let limit = &limits[usize::try_from(request)? % limits.len()];
        if limit.allow(minute).await? {
            allowed += 1;
            same(&first, &second, &format!("served/{minute}")).await?;
        }
    }
    println!("{allowed} of {} requests were served by two instances", 2 * LIMIT_PER_MINUTE);
    if allowed != LIMIT_PER_MINUTE {
        return Err(format!("{LIMIT_PER_MINUTE} were allowed, {allowed} were served").into());
    }

    // A minute that is over is deleted by whoever comes first; a late increment elsewhere survives.
    first.delete(&format!("served/{minute}")).await?;
    for node in [second, first] {
        node.leave().await?;
        node.shutdown().await;
    }
    Ok(())
}

/// Waits until both read the same sum.
async fn same(first: &NodeHandle, second: &NodeHandle, counter: &str) -> Result<(), Box<dyn Error>> {
    let equal = async {
        while first.get(counter).await? != second.get(counter).await? {
            sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    };
    timeout(Duration::from_secs(30), equal).await?
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
