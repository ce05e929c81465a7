//! What an engine holds, in the words of the API. Pure: nothing here changes
//! anything or waits for anything.

use crate::clock::Clock;
use crate::feed::Change;
use rumormill_api::{EntryView, Gone, MemberView, ReportView, StatusView, StoreView, Tallies, WatchEvent};
use rumormill_core::state::store::{Key, Reading};
use rumormill_core::wire::Report;
use rumormill_core::{Engine, Instant, Kind, NodeId, State, Status, Store};
use serde_json::Value;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// The version of this program, as the API and the metrics say it.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(crate) fn status(engine: &Engine<Store>, clock: &Clock) -> StatusView {
    let (config, stats, now) = (engine.config(), engine.stats(), clock.now());
    let own = engine.members().member(engine.id());
    let mut members = BTreeMap::new();
    for member in engine.members().iter() {
        *members.entry(member.status).or_default() += 1;
    }
    let (sent, received) = (stats.sent_total(), stats.received_total());
    StatusView {
        node: config.id.clone(),
        cluster: config.cluster.clone(),
        incarnation: own.map_or(config.incarnation, |own| own.incarnation),
        status: own.map_or(Status::Left, |own| own.status),
        address: config.address.as_ref().map(ToString::to_string),
        version: VERSION.to_owned(),
        pid: std::process::id(),
        uptime_ms: u64::try_from(clock.uptime().as_millis()).unwrap_or(u64::MAX),
        at_us: now.as_micros(),
        members,
        tuning: config.tuning,
        store: StoreView {
            keys: u32::try_from(engine.state().len()).unwrap_or(u32::MAX),
            version: engine.state().version(),
            hash: hash(engine.state().hash().0),
        },
        tallies: Tallies {
            rounds: stats.rounds,
            sent_messages: sent.messages,
            sent_bytes: sent.bytes,
            received_messages: received.messages,
            received_bytes: received.bytes,
            denials: stats.denials,
            tokens: engine.tokens(now),
            links: engine.link_count(),
            owed: engine.owed(),
        },
    }
}

pub(crate) fn members(engine: &Engine<Store>, now: Instant) -> Vec<MemberView> {
    let linked = engine.linked_peers();
    let unanswered: BTreeMap<&NodeId, Instant> = engine.unanswered().collect();
    let view = |member: &rumormill_core::Member| MemberView {
        id: member.id.clone(),
        status: member.status,
        incarnation: member.incarnation,
        address: member.address.as_ref().map(ToString::to_string),
        is_self: member.id == *engine.id(),
        linked: linked.contains(&member.id),
        silent_ms: unanswered.get(&member.id).map(|since| now.since(*since).as_millis()),
        report: engine.reports().get(&member.id).map(|(at, said)| report(engine, *at, said)),
    };
    engine.members().iter().map(view).collect()
}

fn report(engine: &Engine<Store>, at: Instant, said: &Report) -> ReportView {
    ReportView {
        at_us: at.as_micros(),
        version: said.version,
        store: hash(said.store.0),
        in_sync: said.store == engine.state().hash(),
        active: said.active,
        known: said.known,
        sent_messages: said.sent_messages,
        sent_bytes: said.sent_bytes,
        denials: said.denials,
        tokens: said.tokens,
    }
}

/// All entries whose key starts with `prefix`, by key.
pub(crate) fn entries(engine: &Engine<Store>, prefix: &str) -> Vec<EntryView> {
    let entries = engine.state().iter_from(prefix);
    let matching = entries.take_while(|entry| entry.key.as_str().starts_with(prefix));
    matching.map(|entry| view(entry.key, &entry.reading)).collect()
}

/// Entries as [`entries`], beginning after a key, and where to go on if there
/// are more than `limit`. The entries of one key are never torn apart.
pub(crate) fn page(
    engine: &Engine<Store>,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> (Vec<EntryView>, Option<String>) {
    // Whatever starts with the prefix stands together, so a page costs what is on it, not what stands before or behind.
    let entries = engine.state().iter_from(after.map_or(prefix, |after| after.max(prefix)));
    let entries = entries.take_while(|entry| entry.key.as_str().starts_with(prefix));
    let (mut page, mut last) = (Vec::new(), None);
    for entry in entries.filter(|entry| after.is_none_or(|after| entry.key.as_str() > after)) {
        if page.len() >= limit && last != Some(entry.key) {
            return (page, last.map(|key| key.as_str().to_owned()));
        }
        page.push(view(entry.key, &entry.reading));
        last = Some(entry.key);
    }
    (page, None)
}

/// What stands under a key; where two nodes gave it two kinds at once, the register.
pub(crate) fn entry(engine: &Engine<Store>, key: &Key) -> Option<EntryView> {
    engine.state().get(key).next().map(|reading| view(key, &reading))
}

/// All that stands under a key, by kind.
pub(crate) fn entries_of(engine: &Engine<Store>, key: &Key) -> Vec<EntryView> {
    engine.state().get(key).map(|reading| view(key, &reading)).collect()
}

/// The entry of one kind under a key.
pub(crate) fn entry_of(engine: &Engine<Store>, key: &Key, kind: Kind) -> Option<EntryView> {
    engine.state().get(key).find(|reading| reading.kind() == kind).map(|reading| view(key, &reading))
}

/// How these read now, and which of them are gone.
pub(crate) fn changed(
    engine: &Engine<Store>,
    keys: impl Iterator<Item = (Key, Kind)>,
) -> (Vec<EntryView>, Vec<Gone>) {
    let (mut entries, mut gone) = (Vec::new(), Vec::new());
    for (key, kind) in keys {
        match entry_of(engine, &key, kind) {
            Some(entry) => entries.push(entry),
            None => gone.push(Gone { key: key.as_str().to_owned(), kind }),
        }
    }
    (entries, gone)
}

/// What reads differently now, in the order of the changes.
pub(crate) fn watch_events(engine: &Engine<Store>, changed: &[Change]) -> Vec<WatchEvent> {
    let event = |change: &Change| WatchEvent {
        id: None,
        at_us: change.at.as_micros(),
        from: change.from.clone(),
        key: change.key.as_str().to_owned(),
        kind: change.kind,
        entry: entry_of(engine, &change.key, change.kind),
    };
    changed.iter().map(event).collect()
}

fn view(key: &Key, reading: &Reading<'_>) -> EntryView {
    let mut expires_us = None;
    let (value, author, stamp_us) = match reading {
        Reading::Register { value, stamp, author, expires } => {
            expires_us = expires.map(|at| at.as_micros());
            (value.to_json(), Some(author.node.clone()), Some(stamp.0))
        }
        Reading::Counter { sum } => (Value::from(*sum), None, None),
        Reading::MultiValue { values } => {
            (values.iter().map(|(value, _)| value.to_json()).collect(), None, None)
        }
        Reading::Set { elements } => (elements.iter().map(|element| element.to_json()).collect(), None, None),
    };
    let key = key.as_str().to_owned();
    let mut view =
        EntryView { key, kind: reading.kind(), value, author, stamp_us, expires_us, version: String::new() };
    view.version = version(&view);
    view
}

/// A name for what is read: the same wherever the same is read.
fn version(view: &EntryView) -> String {
    let text = serde_json::to_vec(view).expect("an entry always encodes");
    hash(xxh3_64(&text))
}

/// A hash as the API writes it.
fn hash(hash: u64) -> String {
    format!("{hash:016x}")
}
