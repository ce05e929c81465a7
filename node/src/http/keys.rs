//! The part of the API that reads and writes the store: keys of every kind,
//! counters and sets. One function per route, each a thin cover over the
//! node's handle.

#![allow(unused_qualifications, reason = "the macro that reads the annotations repeats the types' paths")]

use super::condition::{self, Known, Wanted, tagged};
use super::problem::{Asked, Body, Failure, Named, no_such_key, problem};
use crate::handle::NodeHandle;
use crate::write::{Change, Condition};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rumormill_api::{
    CounterBody, CounterView, DeleteView, EntryView, KeyList, SetBody, SetChange, SetChanged, SetKind,
    SetView,
};
use rumormill_core::Kind;
use rumormill_core::state::store::{Key, WriteError};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Most entries of one page that is asked for by `limit`. A guess: half a
/// megabyte of small entries.
pub const PAGE_MAX: u32 = 10_000;

pub(crate) fn router() -> OpenApiRouter<NodeHandle> {
    OpenApiRouter::new()
        .routes(routes!(keys))
        .routes(routes!(key, set_key, delete_key))
        .routes(routes!(counter, increment))
        .routes(routes!(set, change_set))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct KeysQuery {
    /// Only keys that start with this.
    #[serde(default)]
    #[param(required = false)]
    prefix: String,
    /// At most this many entries; all, if left out. Entries of one key stay together, so it may be one or two more.
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<u32>,
    /// Only keys after this one: the `next` of the page before.
    after: Option<String>,
}

/// Lists entries by key.
#[utoipa::path(get, path = "/keys", tag = "store", params(KeysQuery), responses(
    (status = 200, description = "The entries, sorted by the bytes of their keys", body = KeyList),
))]
async fn keys(
    State(node): State<NodeHandle>,
    Asked(KeysQuery { prefix, limit, after }): Asked<KeysQuery>,
) -> Result<Json<KeyList>, Failure> {
    if limit.is_some_and(|limit| !(1..=PAGE_MAX).contains(&limit)) {
        let detail = format!("limit must be 1 to {PAGE_MAX}; leave it out for all keys");
        return Err(problem(StatusCode::BAD_REQUEST, "invalid-query", "Not a query", detail));
    }
    let limit = limit.map(|limit| limit as usize);
    let page = node.call(move |driver| {
        crate::views::page(&driver.engine, &prefix, after.as_deref(), limit.unwrap_or(usize::MAX))
    });
    let (keys, next) = page.await?;
    Ok(Json(KeyList { keys, next }))
}

/// Reads what stands under a key.
#[utoipa::path(get, path = "/keys/{*key}", tag = "store", params(
    ("key" = String, Path, description = "The key, percent-encoded: 1 to 256 bytes without control characters"),
    Known,
), responses(
    (status = 200, description = "The entry; where nodes gave the key two kinds at once, the register", body = EntryView),
    (status = 304, description = "It still has the version that If-None-Match names"),
    (status = 404, description = "Nothing can be read under the key"),
))]
async fn key(State(node): State<NodeHandle>, Named(key): Named, known: Known) -> Result<Response, Failure> {
    Key::new(&key)?;
    let entry = node.entry(&key).await?.ok_or_else(|| no_such_key(&key))?;
    if known.is(&entry) {
        return Ok(condition::not_modified(&entry));
    }
    Ok(tagged(&entry, Json(&entry)))
}

/// Sets a key, for ever or for a time.
///
/// The value replaces what the asked node has seen there. It is a register unless `kind` says otherwise; a key that
/// holds another kind is not changed.
#[utoipa::path(put, path = "/keys/{*key}", tag = "store", request_body = SetBody, params(
    ("key" = String, Path, description = "The key, percent-encoded: 1 to 256 bytes without control characters"),
    Wanted,
), responses(
    (status = 200, description = "The entry as it reads now", body = EntryView),
    (status = 409, description = "The key holds another kind, or the node has left its cluster"),
    (status = 412, description = "The key does not read as the request expects; `current` says how it reads"),
))]
async fn set_key(
    State(node): State<NodeHandle>,
    Named(key): Named,
    wanted: Wanted,
    Body(SetBody { value, ttl_ms, kind }): Body<SetBody>,
) -> Result<Response, Failure> {
    let change = match (kind, ttl_ms) {
        (SetKind::Register, ttl) => Change::Set { value, ttl: ttl.map(Duration::from_millis) },
        (SetKind::MultiValue, None) => Change::Put(value),
        (SetKind::MultiValue, Some(_)) => {
            let detail = "only registers have a time to live; leave out ttl_ms, or the kind";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Err(problem(status, "invalid-body", "Not the body that is expected here", detail));
        }
    };
    let written = node.change(&key, change, wanted.into()).await?;
    let entry = written.entry.expect("what was just written is there");
    Ok(tagged(&entry, Json(&entry)))
}

/// Deletes whatever stands under a key.
///
/// As far as the asked node has seen it: a write elsewhere at the same time survives.
#[utoipa::path(delete, path = "/keys/{*key}", tag = "store", params(
    ("key" = String, Path, description = "The key, percent-encoded: 1 to 256 bytes without control characters"),
    Wanted,
), responses(
    (status = 200, description = "Nothing can be read under the key any more", body = DeleteView),
    (status = 409, description = "The node has left its cluster"),
    (status = 412, description = "The key does not read as the request expects; `current` says how it reads"),
))]
async fn delete_key(
    State(node): State<NodeHandle>,
    Named(key): Named,
    wanted: Wanted,
) -> Result<Json<DeleteView>, Failure> {
    let deleted = node.change(&key, Change::Delete, wanted.into()).await?.changed;
    Ok(Json(DeleteView { key, deleted }))
}

/// Reads a counter.
#[utoipa::path(get, path = "/counters/{*name}", tag = "store", params(
    ("name" = String, Path, description = "The counter's key, percent-encoded"),
), responses(
    (status = 200, description = "Its sum, as the asked node sees it", body = CounterView),
    (status = 404, description = "Nothing can be read under the key"),
    (status = 409, description = "The key holds another kind"),
))]
async fn counter(State(node): State<NodeHandle>, Named(name): Named) -> Result<Json<CounterView>, Failure> {
    let entry = entry_of(&node, &name, Kind::Counter).await?;
    let value = entry.value.as_i64().expect("a counter's value is its sum");
    Ok(Json(CounterView { name, value }))
}

/// Adds to a counter.
///
/// Increments on different nodes at the same time all count.
#[utoipa::path(post, path = "/counters/{*name}", tag = "store", request_body = CounterBody, params(
    ("name" = String, Path, description = "The counter's key, percent-encoded"),
), responses(
    (status = 200, description = "Its sum, as the asked node sees it", body = CounterView),
    (status = 409, description = "The key holds another kind, the sum would leave 64 bits, or the node has left"),
))]
async fn increment(
    State(node): State<NodeHandle>,
    Named(name): Named,
    Body(CounterBody { by }): Body<CounterBody>,
) -> Result<Json<CounterView>, Failure> {
    let value = node.increment(&name, by).await?;
    Ok(Json(CounterView { name, value }))
}

/// Reads a set.
#[utoipa::path(get, path = "/sets/{*name}", tag = "store", params(
    ("name" = String, Path, description = "The set's key, percent-encoded"),
), responses(
    (status = 200, description = "Its elements, as the asked node sees them", body = SetView),
    (status = 404, description = "Nothing can be read under the key"),
    (status = 409, description = "The key holds another kind"),
))]
async fn set(State(node): State<NodeHandle>, Named(name): Named) -> Result<Json<SetView>, Failure> {
    let Value::Array(elements) = entry_of(&node, &name, Kind::Set).await?.value else {
        unreachable!("a set's value is the list of its elements");
    };
    Ok(Json(SetView { name, elements }))
}

/// Adds an element to a set, or removes one.
///
/// Of an add and a remove at the same time on different nodes, the add wins.
#[utoipa::path(post, path = "/sets/{*name}", tag = "store", request_body = SetChange, params(
    ("name" = String, Path, description = "The set's key, percent-encoded"),
), responses(
    (status = 200, description = "The element is in the set now, or is not", body = SetChanged),
    (status = 409, description = "The key holds another kind, the set is full, or the node has left its cluster"),
))]
async fn change_set(
    State(node): State<NodeHandle>,
    Named(name): Named,
    Body(change): Body<SetChange>,
) -> Result<Json<SetChanged>, Failure> {
    let change = match change {
        SetChange::Add(element) => Change::Add(element),
        SetChange::Remove(element) => Change::Remove(element),
    };
    let changed = node.change(&name, change, Condition::Always).await?.changed;
    Ok(Json(SetChanged { name, changed }))
}

/// What stands under a key as this kind; a failure that says so if it is another.
async fn entry_of(node: &NodeHandle, name: &str, kind: Kind) -> Result<EntryView, Failure> {
    let key = Key::new(name)?;
    let asked = key.clone();
    let found = node.call(move |driver| {
        let wanted = crate::views::entry_of(&driver.engine, &asked, kind);
        wanted.or_else(|| crate::views::entry(&driver.engine, &asked))
    });
    match found.await? {
        Some(entry) if entry.kind == kind => Ok(entry),
        Some(entry) => Err(WriteError::WrongKind { key, existing: entry.kind }.into()),
        None => Err(no_such_key(name)),
    }
}

/// What was written by an observer's request, for the answer to it.
pub(crate) async fn written(node: &NodeHandle, key: &str, kind: Kind) -> Option<EntryView> {
    let key = Key::new(key).ok()?;
    node.call(move |driver| crate::views::entry_of(&driver.engine, &key, kind)).await.ok()?
}
