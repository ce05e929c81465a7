//! What an observer sees through a node of other members: the node asks them by their API, as any program would, and
//! hands on what they say. So an observer needs to reach one node only. It asks members alone, at the addresses that
//! the cluster knows, and never passes on what an observer made up but for a configuration.

use super::api;
use crate::client::{Client, ClientError};
use crate::handle::NodeHandle;
use hyper::Method;
use rumormill_api::{ArrivalView, HealthList, MemberList, Outcome, SIGHT_RECORDS_MAX, Sight, StatusView};
use rumormill_core::{Event, NodeId, TraceEvent, TraceRecord};
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long a member may take. A guess: an observer waits for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often a member's clock is read: the shortest round trip counts, as in NTP.
const CLOCK_READINGS: usize = 3;

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
        Sight::Arrival { key, after_us } => {
            let records = node.trace().await.map_err(stopped)?;
            // An observer knows this node's clock roughly only: of several writes the last is the one it means.
            let own_writes = records.iter().rev().filter(|record| is_own_write(record));
            json(&arrival(own_writes, &key, after_us, ClockRead { ahead_us: Some(0), within_us: 0 }))
        }
    })
}

async fn elsewhere(node: &NodeHandle, at: &NodeId, sight: Sight) -> Result<Value, String> {
    let client = client(node, at).await?;
    match sight {
        Sight::Members => Ok(json(&in_time(at, client.get::<MemberList>("members")).await?)),
        Sight::Health => Ok(json(&in_time(at, client.get::<HealthList>("health")).await?)),
        Sight::Config => Ok(Value::Object(in_time(at, client.get("config")).await?)),
        Sight::Trace { after_us } => Ok(json(&newest(in_time(at, client.get("trace")).await?, after_us))),
        Sight::Arrival { key, after_us } => {
            let clock = in_time(at, async { Ok(clock(node, &client).await) }).await??;
            let records: Vec<TraceRecord> = in_time(at, client.get("trace")).await?;
            Ok(json(&arrival(records.iter(), &key, after_us, clock)))
        }
    }
}

/// What is known of a member's clock, against this node's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ClockRead {
    ahead_us: Option<i64>,
    within_us: u64,
}

/// Reads a member's clock. What it says lies somewhere between the question and the answer, so its middle is wrong by
/// half of the round trip at most.
async fn clock(node: &NodeHandle, client: &Client) -> Result<ClockRead, String> {
    let own = node.status().await.map_err(|error| error.to_string())?.at_us;
    let read = Instant::now();
    let mut best = ClockRead { ahead_us: None, within_us: 0 };
    for _ in 0..CLOCK_READINGS {
        let asked = Instant::now();
        let told: StatusView = client.get("status").await.map_err(|error| error.to_string())?;
        let half = asked.elapsed() / 2;
        let within_us = micros(half).max(1);
        if told.at_us > 0 && (best.ahead_us.is_none() || within_us < best.within_us) {
            let here = own.saturating_add(micros(asked.duration_since(read) + half));
            best = ClockRead { ahead_us: Some(told.at_us.cast_signed() - here.cast_signed()), within_us };
        }
    }
    Ok(best)
}

/// The first change of a key that a trace tells after a moment on the observed node's clock.
fn arrival<'a>(
    mut records: impl Iterator<Item = &'a TraceRecord>,
    wanted: &str,
    after_us: u64,
    clock: ClockRead,
) -> ArrivalView {
    // Rather too early than too late: what had arrived must not be missed because of a clock.
    let after_us =
        after_us.saturating_add_signed(clock.ahead_us.unwrap_or_default()).saturating_sub(clock.within_us);
    let first = records.find_map(|record| match &record.event {
        TraceEvent::Node(Event::Changed { key, from, .. })
            if key.as_str() == wanted && record.at.as_micros() >= after_us =>
        {
            Some((record.at.as_micros(), from.clone()))
        }
        _ => None,
    });
    ArrivalView {
        at_us: first.as_ref().map(|(at_us, _)| *at_us),
        from: first.and_then(|(_, from)| from),
        ahead_us: clock.ahead_us,
        within_us: clock.within_us,
    }
}

fn is_own_write(record: &TraceRecord) -> bool {
    matches!(record.event, TraceEvent::Node(Event::Changed { from: None, .. }))
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
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

#[cfg(test)]
mod tests {
    use super::*;
    use rumormill_core::state::store::Key;
    use rumormill_core::{Instant, Kind};

    fn changed(at_us: u64, key: &str) -> TraceRecord {
        let key = Key::new(key).expect("a valid key");
        let event = TraceEvent::Node(Event::Changed { key, kind: Kind::Register, from: None });
        TraceRecord { at: Instant::from_micros(at_us), node: None, event }
    }

    #[test]
    fn an_arrival_is_the_first_change_after_the_moment_on_the_members_clock() {
        let records = [changed(900, "k"), changed(5_000, "other"), changed(5_100, "k"), changed(6_000, "k")];
        let at = |after_us, ahead_us, within_us| {
            arrival(records.iter(), "k", after_us, ClockRead { ahead_us, within_us }).at_us
        };
        assert_eq!(at(900, Some(0), 0), Some(900), "at the moment itself");
        assert_eq!(at(1_000, Some(0), 0), Some(5_100));
        assert_eq!(at(1_000, Some(0), 200), Some(900), "it may have been then");
        assert_eq!(at(500, Some(4_700), 0), Some(6_000), "its clock is ahead");
        assert_eq!(at(5_500, Some(-500), 0), Some(5_100), "its clock is behind");
        assert_eq!(at(7_000, None, 0), None);
    }
}
