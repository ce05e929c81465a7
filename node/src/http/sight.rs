//! What an observer sees through a node of other members: the node asks them by their API, as any program would, and
//! hands on what they say. So an observer needs to reach one node only. It asks members alone, at the addresses that
//! the cluster knows, and never passes on what an observer made up but for a configuration.

use super::api;
use crate::client::{Client, ClientError};
use crate::handle::NodeHandle;
use hyper::Method;
use rumormill_api::{HealthList, MemberList, Outcome, SIGHT_RECORDS_MAX, Sight};
use rumormill_core::{Event, NodeId, TraceEvent, TraceRecord};
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;
use tokio::time::timeout;

/// How long a member may take. A guess: an observer waits for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Shows what a member sees.
pub(super) async fn look(node: &NodeHandle, at: &NodeId, sight: Sight) -> Outcome {
    shown(if at == node.id() { own(node, sight).await } else { elsewhere(node, at, sight).await })
}

/// Changes the configuration of a member.
pub(super) async fn tune(node: &NodeHandle, at: &NodeId, changes: Map<String, Value>) -> Outcome {
    let tuned = async {
        if at == node.id() {
            return api::configure(node, changes).await.map_err(|failure| failure.detail());
        }
        let client = client(node, at).await?;
        in_time(at, client.send(Method::PATCH, "config", Some(&changes))).await
    };
    shown(tuned.await.map(Value::Object))
}

fn shown(value: Result<Value, String>) -> Outcome {
    value.map_or_else(Outcome::Refused, Outcome::Shown)
}

async fn own(node: &NodeHandle, sight: Sight) -> Result<Value, String> {
    let stopped = |error: crate::handle::Stopped| error.to_string();
    Ok(match sight {
        Sight::Members => json(&MemberList { members: node.members().await.map_err(stopped)? }),
        Sight::Health => json(&HealthList { services: node.services().await.map_err(stopped)? }),
        Sight::Config => Value::Object(api::configuration(node).await.map_err(|failure| failure.detail())?),
        Sight::Trace { after_us } => json(&newest(node.trace().await.map_err(stopped)?, after_us)),
    })
}

async fn elsewhere(node: &NodeHandle, at: &NodeId, sight: Sight) -> Result<Value, String> {
    let client = client(node, at).await?;
    match sight {
        Sight::Members => Ok(json(&in_time(at, client.get::<MemberList>("members")).await?)),
        Sight::Health => Ok(json(&in_time(at, client.get::<HealthList>("health")).await?)),
        Sight::Config => Ok(Value::Object(in_time(at, client.get("config")).await?)),
        Sight::Trace { after_us } => Ok(json(&newest(in_time(at, client.get("trace")).await?, after_us))),
    }
}

/// The API of a member, which stands beside its gossip socket.
async fn client(node: &NodeHandle, at: &NodeId) -> Result<Client, String> {
    let members = node.members().await.map_err(|error| error.to_string())?;
    let member = members.into_iter().find(|member| member.id == *at);
    let member = member.ok_or_else(|| format!("{at} is no member that {} knows", node.id()))?;
    let address = member.address.ok_or_else(|| format!("{at} has no address, so it cannot be asked"))?;
    let place = address.split_once("://").map_or(address.as_str(), |(_, place)| place);
    let authority = place.split(['/', '#', '?']).next().unwrap_or_default();
    let scheme = if address.starts_with("wss") { "https" } else { "http" };
    Client::new(&format!("{scheme}://{authority}")).map_err(|error| error.to_string())
}

async fn in_time<T>(at: &NodeId, asked: impl Future<Output = Result<T, ClientError>>) -> Result<T, String> {
    match timeout(PATIENCE, asked).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("{at} did not answer within {} s", PATIENCE.as_secs())),
    }
}

/// The newest records after a moment; messages and rounds would be most of them, and are left out.
fn newest(records: Vec<TraceRecord>, after_us: u64) -> Vec<TraceRecord> {
    let is_wanted = |record: &TraceRecord| {
        let event = &record.event;
        let is_talk = matches!(
            event,
            TraceEvent::Node(Event::Round { .. } | Event::Sent { .. } | Event::Received { .. })
        );
        !is_talk && record.at.as_micros() > after_us
    };
    let mut records: Vec<_> = records.into_iter().filter(is_wanted).collect();
    records.drain(..records.len().saturating_sub(SIGHT_RECORDS_MAX));
    records
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("what the API says always encodes")
}
