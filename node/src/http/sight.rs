//! What an observer sees through a node of other members: the node asks them by their API, as any program would, and
//! hands on what they say. So an observer needs to reach one node only. It asks members alone, at the addresses that
//! the cluster knows. Of what an observer made up it passes on two things only: a configuration, which the member checks,
//! and a key, which is parsed here first.

use super::api;
use crate::client::{Client, ClientError, query_value};
use crate::handle::NodeHandle;
use hyper::Method;
use rumormill_api::{
    ArrivalView, EntryView, HealthList, KeyList, MemberList, Outcome, PastView, SIGHT_RECORDS_MAX, Sight,
    StatusView,
};
use rumormill_core::state::store::Key;
use rumormill_core::{Event, Kind, NodeId, TraceEvent, TraceRecord};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long a member may take. A guess: an observer waits for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often this node's clock and a member's are read: what took the shortest counts, as in NTP.
const CLOCK_READINGS: usize = 3;

/// Clocks that differ by more than a hundred years tell no time: what follows from them would be nonsense, or more than
/// a number holds.
const APART_MAX_US: u64 = 100 * 366 * 24 * 3_600 * 1_000_000;

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
        Sight::Trace { after_us } => {
            json(&newest(node.trace().await.map_err(stopped)?, after_us, is_no_talk))
        }
        Sight::Recent { after_us } => {
            let records = newest(node.trace().await.map_err(stopped)?, after_us, |_| true);
            json(&PastView { members: Vec::new(), records, ahead_us: Some(0), within_us: 0 })
        }
        Sight::Versions { key } => {
            let key = parsed(&key)?;
            let entries = node.call(move |driver| crate::views::entries_of(&driver.engine, &key));
            json(&versions(entries.await.map_err(stopped)?))
        }
        Sight::Past => json(&PastView {
            members: node.members().await.map_err(stopped)?,
            records: node.trace().await.map_err(stopped)?,
            ahead_us: Some(0),
            within_us: 0,
        }),
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
        Sight::Trace { after_us } => {
            Ok(json(&newest(trace_of(&client, at, after_us).await?, after_us, is_no_talk)))
        }
        Sight::Recent { after_us } => {
            let ClockRead { ahead_us, within_us } =
                in_time(at, async { Ok(clock(node, &client).await) }).await??;
            let records = newest(trace_of(&client, at, after_us).await?, after_us, |_| true);
            Ok(json(&PastView { members: Vec::new(), records, ahead_us, within_us }))
        }
        Sight::Versions { key } => {
            let key = parsed(&key)?;
            // Keys are sorted, so what stands under this one comes first.
            let path = format!("keys?prefix={}&limit=1", query_value(key.as_str()));
            let KeyList { mut keys, .. } = in_time(at, client.get(&path)).await?;
            keys.retain(|entry| entry.key == key.as_str());
            Ok(json(&versions(keys)))
        }
        Sight::Past => {
            let clock = in_time(at, async { Ok(clock(node, &client).await) }).await??;
            let MemberList { members } = in_time(at, client.get("members")).await?;
            let records = in_time(at, client.get("trace")).await?;
            let ClockRead { ahead_us, within_us } = clock;
            Ok(json(&PastView { members, records, ahead_us, within_us }))
        }
        Sight::Arrival { key, after_us } => {
            let clock = in_time(at, async { Ok(clock(node, &client).await) }).await??;
            let records = trace_of(&client, at, clock.earliest(after_us).saturating_sub(1)).await?;
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

impl ClockRead {
    /// A moment of this node's clock on the member's: rather too early than too late, since what had happened must not be
    /// missed because of a clock.
    fn earliest(self, at_us: u64) -> u64 {
        at_us.saturating_add_signed(self.ahead_us.unwrap_or_default()).saturating_sub(self.within_us)
    }
}

/// What a clock showed between a question and its answer.
#[derive(Debug, Clone, Copy)]
struct Reading {
    at_us: u64,
    asked: Instant,
    took: Duration,
}

impl Reading {
    fn new(at_us: u64, asked: Instant) -> Self {
        Self { at_us, asked, took: asked.elapsed() }
    }

    /// When the clock showed this, as near as can be told: half of what it took may be wrong.
    fn middle(&self) -> Instant {
        self.asked + self.took / 2
    }
}

/// Reads a member's clock. What it says lies somewhere between the question and the answer, so its middle is wrong by
/// half of the round trip at most. This node's own clock is asked for as well, and a busy node takes its time.
async fn clock(node: &NodeHandle, client: &Client) -> Result<ClockRead, String> {
    let mut best = ClockRead { ahead_us: None, within_us: 0 };
    for _ in 0..CLOCK_READINGS {
        let asked = Instant::now();
        let own = node.status().await.map_err(|error| error.to_string())?;
        let own = Reading::new(own.at_us, asked);
        let asked = Instant::now();
        let told: StatusView = client.get("status").await.map_err(|error| error.to_string())?;
        let told = Reading::new(told.at_us, asked);
        let read = compared(own, told)?;
        if read.ahead_us.is_some() && (best.ahead_us.is_none() || read.within_us < best.within_us) {
            best = read;
        }
    }
    Ok(best)
}

/// How far a member's clock is ahead of this node's, and by how much that may be wrong: each of both was read
/// somewhere within its reading.
fn compared(own: Reading, told: Reading) -> Result<ClockRead, String> {
    let within_us = micros((own.took + told.took) / 2).max(1);
    if told.at_us == 0 {
        return Ok(ClockRead { ahead_us: None, within_us });
    }
    let here = own.at_us.saturating_add(micros(told.middle().saturating_duration_since(own.middle())));
    if told.at_us.abs_diff(here) > APART_MAX_US {
        return Err(format!(
            "its clock says {} µs since 1970 and this node's {here}: set the clock that is wrong, or nothing can be \
             measured between them",
            told.at_us
        ));
    }
    Ok(ClockRead { ahead_us: Some(told.at_us.wrapping_sub(here).cast_signed()), within_us })
}

/// The first change of a key that a trace tells after a moment on the observed node's clock.
fn arrival<'a>(
    mut records: impl Iterator<Item = &'a TraceRecord>,
    wanted: &str,
    after_us: u64,
    clock: ClockRead,
) -> ArrivalView {
    let after_us = clock.earliest(after_us);
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

/// What happened at a member after a moment of its clock. An older one tells all that it remembers.
async fn trace_of(client: &Client, at: &NodeId, after_us: u64) -> Result<Vec<TraceRecord>, String> {
    in_time(at, client.get(&format!("trace?after_us={after_us}"))).await
}

/// A key as an observer sent it, or why it is none.
fn parsed(key: &str) -> Result<Key, String> {
    Key::new(key).map_err(|error| error.to_string())
}

/// What is read under one key, by kind.
fn versions(entries: Vec<EntryView>) -> BTreeMap<Kind, String> {
    entries.into_iter().map(|entry| (entry.kind, entry.version)).collect()
}

/// Messages and rounds are most of what happens.
fn is_no_talk(event: &TraceEvent) -> bool {
    !matches!(event, TraceEvent::Node(Event::Round { .. } | Event::Sent { .. } | Event::Received { .. }))
}

/// The newest records after a moment, of those that are wanted.
fn newest(
    records: Vec<TraceRecord>,
    after_us: u64,
    is_wanted: impl Fn(&TraceEvent) -> bool,
) -> Vec<TraceRecord> {
    let is_fresh = |record: &TraceRecord| record.at.as_micros() > after_us && is_wanted(&record.event);
    let mut records: Vec<_> = records.into_iter().filter(is_fresh).collect();
    records.drain(..records.len().saturating_sub(SIGHT_RECORDS_MAX));
    records
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("what the API says always encodes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumormill_core::Instant;

    fn changed(at_us: u64, key: &str) -> TraceRecord {
        let key = Key::new(key).expect("a valid key");
        let event = TraceEvent::Node(Event::Changed { key, kind: Kind::Register, from: None });
        TraceRecord { at: Instant::from_micros(at_us), node: None, event }
    }

    /// Begun so long after a first moment, and so long under way.
    fn reading(first: super::Instant, at_us: u64, begun_us: u64, took_us: u64) -> Reading {
        let [begun, took] = [begun_us, took_us].map(Duration::from_micros);
        Reading { at_us, asked: first + begun, took }
    }

    #[test]
    fn clocks_are_compared_at_the_middle_of_both_readings() {
        let first = super::Instant::now();
        let ahead = |own_took, told_at| {
            let own = reading(first, 1_000_000, 0, own_took);
            compared(own, reading(first, told_at, own_took, 200)).map(|read| (read.ahead_us, read.within_us))
        };
        assert_eq!(ahead(0, 1_000_100), Ok((Some(0), 100)));
        assert_eq!(ahead(0, 1_005_100), Ok((Some(5_000), 100)));
        assert_eq!(ahead(0, 995_100), Ok((Some(-5_000), 100)));
        // Both clocks are equal, and this node needed 40 ms to tell its own: by the middle of that nothing is wrong, and
        // wherever within the 40 ms it was read, the truth lies within what is said.
        assert_eq!(ahead(40_000, 1_020_100), Ok((Some(0), 20_100)));
        for early_or_late in [1_000_100, 1_040_100] {
            let (ahead_us, within_us) = ahead(40_000, early_or_late).unwrap();
            assert!(ahead_us.unwrap().unsigned_abs() <= within_us, "{ahead_us:?} within {within_us}");
        }
        assert_eq!(ahead(0, 0), Ok((None, 100)), "too old to tell its time");
    }

    #[test]
    fn a_clock_that_tells_nonsense_is_refused() {
        let first = super::Instant::now();
        let told = |own_at, at| compared(reading(first, own_at, 0, 10), reading(first, at, 10, 10));
        for (own_at, at) in [(5, u64::MAX), (u64::MAX, 5), (u64::MAX / 2, 1), (0, 1 << 63)] {
            let refused = told(own_at, at).unwrap_err();
            assert!(refused.contains("set the clock that is wrong"), "{refused}");
        }
        assert_eq!(told(u64::MAX, u64::MAX).map(|read| read.ahead_us), Ok(Some(0)));
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
