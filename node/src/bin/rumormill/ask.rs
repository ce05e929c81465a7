//! The commands that ask a running node: one request each, printed as a table
//! or, with `--json`, as the node's own JSON.

use crate::args::{Ask, Target};
use crate::table::{print, table};
use crate::usage::Usage;
use anyhow::anyhow;
use rumormill_api::{
    CounterBody, CounterView, DeleteView, EntryView, JoinBody, KeyList, MemberList, SetBody, SetKind,
    StatusView, WatchEvent,
};
use rumormill_core::{Incarnation, Kind};
use rumormill_node::client::{Client, ClientError, Told, key_path, query_value};
use serde::Serialize;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// How much of a value a table shows.
const VALUE_CHARS_MAX: usize = 60;

type Method = hyper::Method;

pub(crate) async fn run(ask: Ask) -> anyhow::Result<()> {
    match ask {
        Ask::Status(target) => status(&target).await,
        Ask::Members(target) => members(&target).await,
        Ask::Keys { prefix, target } => keys(&prefix, &target).await,
        Ask::Get { key, target } => get(&key, &target).await,
        Ask::Set { key, value, value_json, target } => set(&key, &value, value_json, &target).await,
        Ask::Del { key, target } => delete(&key, &target).await,
        Ask::Incr { counter, by, target } => increment(&counter, by, &target).await,
        Ask::Watch { prefix, target } => watch(&prefix, &target).await,
        Ask::Leave(target) => leave(&target).await,
        Ask::Join { other, target } => join(other, &target).await,
    }
}

async fn status(target: &Target) -> anyhow::Result<()> {
    let status: StatusView = client(target)?.get("status").await.map_err(explain)?;
    if target.json {
        return print_json(&status);
    }
    let members: Vec<String> =
        status.members.iter().map(|(status, count)| format!("{count} {status}")).collect();
    let (store, done) = (&status.store, &status.tallies);
    let rows = [
        ("node", status.node.to_string()),
        ("cluster", status.cluster.clone()),
        ("status", status.status.to_string()),
        ("address", status.address.clone().unwrap_or_else(|| "cannot be dialled".to_owned())),
        ("members", members.join(", ")),
        ("store", format!("{} entries, {} writes seen, hash {}", store.keys, store.version, store.hash)),
        ("sent", format!("{} messages, {} bytes", done.sent_messages, done.sent_bytes)),
        ("received", format!("{} messages, {} bytes", done.received_messages, done.received_bytes)),
        ("limiter", limiter(done.tokens, done.denials)),
        ("links", done.links.to_string()),
        ("strategy", strategy(&status)),
        ("uptime", seconds(status.uptime_ms)),
        ("process", format!("{}, rumormill {}", status.pid, status.version)),
    ];
    print(&rows.map(|(name, value)| format!("{name:9} {value}\n")).concat())
}

fn limiter(tokens: Option<u32>, denials: u64) -> String {
    match tokens {
        Some(tokens) => format!("{tokens} tokens left, {denials} sends put off"),
        None => "none".to_owned(),
    }
}

fn strategy(status: &StatusView) -> String {
    let tuning = &status.tuning;
    format!(
        "{}, fanout {}, arity {}, a round each {}",
        tuning.strategy, tuning.fanout, tuning.arity, tuning.interval_us
    )
}

async fn members(target: &Target) -> anyhow::Result<()> {
    let list: MemberList = client(target)?.get("members").await.map_err(explain)?;
    if target.json {
        return print_json(&list);
    }
    let rows: Vec<_> = list
        .members
        .iter()
        .map(|member| {
            let note = match (member.is_self, member.linked, member.silent_ms) {
                (true, ..) => "the asked node".to_owned(),
                (_, _, Some(ms)) => format!("owes an answer for {}", seconds(ms)),
                (_, true, None) => "linked".to_owned(),
                _ => String::new(),
            };
            let address = member.address.clone().unwrap_or_default();
            [member.id.to_string(), member.status.to_string(), address, started(member.incarnation), note]
        })
        .collect();
    print(&table(["NODE", "STATUS", "ADDRESS", "STARTED", "NOTE"], &rows))
}

async fn keys(prefix: &str, target: &Target) -> anyhow::Result<()> {
    let path = format!("keys?prefix={}", query_value(prefix));
    let list: KeyList = client(target)?.get(&path).await.map_err(explain)?;
    if target.json {
        return print_json(&list);
    }
    let rows: Vec<_> = list
        .keys
        .iter()
        .map(|entry| {
            let author = entry.author.as_ref().map_or_else(String::new, ToString::to_string);
            [entry.key.clone(), entry.kind.to_string(), shown(&entry.value), author]
        })
        .collect();
    print(&table(["KEY", "KIND", "VALUE", "AUTHOR"], &rows))
}

async fn get(key: &str, target: &Target) -> anyhow::Result<()> {
    let path = format!("keys/{}", key_path(key));
    let entry: EntryView = client(target)?.get(&path).await.map_err(explain)?;
    if target.json { print_json(&entry) } else { print(&format!("{}\n", plain(&entry.value))) }
}

async fn set(key: &str, value: &str, value_json: bool, target: &Target) -> anyhow::Result<()> {
    let value = if value_json {
        let why =
            |error| Usage::error(format!("'{value}' is not JSON ({error}); leave --value-json out for text"));
        serde_json::from_str(value).map_err(why)?
    } else {
        Value::from(value)
    };
    let path = format!("keys/{}", key_path(key));
    let body = SetBody { value, ttl_ms: None, kind: SetKind::Register };
    let entry: EntryView = client(target)?.send(Method::PUT, &path, Some(&body)).await.map_err(explain)?;
    if target.json {
        print_json(&entry)
    } else {
        print(&format!("{} = {}\n", entry.key, plain(&entry.value)))
    }
}

async fn delete(key: &str, target: &Target) -> anyhow::Result<()> {
    let path = format!("keys/{}", key_path(key));
    let gone: DeleteView = client(target)?.send(Method::DELETE, &path, None::<&()>).await.map_err(explain)?;
    if target.json {
        print_json(&gone)
    } else if gone.deleted {
        print(&format!("{} is gone\n", gone.key))
    } else {
        print(&format!("{} was not there\n", gone.key))
    }
}

async fn increment(counter: &str, by: i64, target: &Target) -> anyhow::Result<()> {
    let path = format!("counters/{}", key_path(counter));
    let body = CounterBody { by };
    let sum: CounterView = client(target)?.send(Method::POST, &path, Some(&body)).await.map_err(explain)?;
    if target.json { print_json(&sum) } else { print(&format!("{} = {}\n", sum.name, sum.value)) }
}

async fn watch(prefix: &str, target: &Target) -> anyhow::Result<()> {
    let mut changes = client(target)?.watch(prefix, None).await.map_err(explain)?;
    while let Some(told) = changes.next().await.map_err(explain)? {
        let Told::Event(change) = told else { continue };
        if target.json { print_json(&change)? } else { print(&in_words(&change))? }
    }
    Err(anyhow!("the node at {} has stopped", target.url))
}

fn in_words(change: &WatchEvent) -> String {
    let from = change.from.as_ref().map_or_else(|| "written here".to_owned(), |from| format!("from {from}"));
    let (time, key) = (clock(change.at_us), &change.key);
    let kind = if change.kind == Kind::Register { String::new() } else { format!(" ({})", change.kind) };
    match &change.entry {
        Some(entry) => format!("{time}  {key}{kind} = {}  {from}\n", shown(&entry.value)),
        None => format!("{time}  {key}{kind} is gone  {from}\n"),
    }
}

async fn leave(target: &Target) -> anyhow::Result<()> {
    let client = client(target)?;
    let status: StatusView = client.send(Method::POST, "leave", None::<&()>).await.map_err(explain)?;
    if target.json {
        print_json(&status)
    } else {
        print(&format!("{} has left '{}'\n", status.node, status.cluster))
    }
}

async fn join(other: String, target: &Target) -> anyhow::Result<()> {
    let body = JoinBody { url: other };
    let joining: Value = client(target)?.send(Method::POST, "join", Some(&body)).await.map_err(explain)?;
    if target.json {
        return print_json(&joining);
    }
    let address = joining["joining"].as_str().unwrap_or(&body.url);
    print(&format!("joining through {address}; `rumormill members --url {}` shows who came\n", target.url))
}

fn client(target: &Target) -> anyhow::Result<Client> {
    let client = Client::new(&target.url).map_err(explain)?;
    match &target.token {
        Some(token) => client.with_token(token).map_err(explain),
        None => Ok(client),
    }
}

/// What the person can do about it.
fn explain(error: ClientError) -> anyhow::Error {
    match error {
        ClientError::Unreachable { .. } => {
            anyhow!("{error}; start a node there with `rumormill run`, or name another with --url")
        }
        ClientError::Stranger { .. } => anyhow!("{error}; name a node with --url"),
        ClientError::Url { .. } => Usage::error(format!("--url: {error}")),
        ClientError::Token => Usage::error(format!("--token: {error}")),
        ClientError::Refused(_) => error.into(),
    }
}

fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print(&format!("{}\n", serde_json::to_string(value)?))
}

/// A value for people: text as it is, everything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value in one short line.
fn shown(value: &Value) -> String {
    let text: String = json!(value).to_string();
    if text.chars().count() <= VALUE_CHARS_MAX {
        return text;
    }
    let cut: String = text.chars().take(VALUE_CHARS_MAX - 1).collect();
    format!("{cut}…")
}

fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1_000, ms % 1_000 / 100)
}

/// A native node's life is named after its start.
fn started(incarnation: Incarnation) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let ago = u64::try_from(now).unwrap_or(u64::MAX).saturating_sub(incarnation.0) / 1_000;
    match ago {
        0..60 => format!("{ago} s ago"),
        60..3_600 => format!("{} min ago", ago / 60),
        3_600..172_800 => format!("{} h ago", ago / 3_600),
        _ => format!("{} days ago", ago / 86_400),
    }
}

/// Time of day in UTC.
fn clock(us: u64) -> String {
    let (ms, day) = (us / 1_000 % 1_000, us / 1_000_000 % 86_400);
    format!("{:02}:{:02}:{:02}.{ms:03}Z", day / 3_600, day / 60 % 60, day % 60)
}
