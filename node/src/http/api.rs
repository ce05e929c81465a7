//! The JSON API under `/api/v1`: one function per route, each a thin cover
//! over the node's handle.

use super::problem::{Asked, Body, Failure, Named, no_such_key, problem};
use crate::handle::NodeHandle;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{Stream, StreamExt};
use rumormill_api::{
    CounterBody, CounterView, EntryView, JoinBody, KeyList, MemberList, SetBody, StatusView,
};
use rumormill_core::state::store::{Key, WriteError};
use rumormill_core::{Kind, TraceRecord, Tuning};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::convert::Infallible;
use std::time::Duration;

/// How often a watcher of a quiet node gets a sign of life.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(crate) fn router() -> Router<NodeHandle> {
    Router::new()
        .route("/status", get(status))
        .route("/members", get(members))
        .route("/keys", get(keys))
        .route("/keys/{*key}", get(key).put(set_key))
        .route("/counters/{*name}", get(counter).post(increment))
        .route("/watch", get(watch))
        .route("/config", get(config).patch(patch_config))
        .route("/join", post(join))
        .route("/leave", post(leave))
        .route("/trace", get(trace))
}

pub(crate) async fn healthz(State(node): State<NodeHandle>) -> Result<&'static str, Failure> {
    node.tuning().await?;
    Ok("ok\n")
}

async fn status(State(node): State<NodeHandle>) -> Result<Json<StatusView>, Failure> {
    Ok(Json(node.status().await?))
}

async fn members(State(node): State<NodeHandle>) -> Result<Json<MemberList>, Failure> {
    Ok(Json(MemberList { members: node.members().await? }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Prefix {
    #[serde(default)]
    prefix: String,
}

async fn keys(
    State(node): State<NodeHandle>,
    Asked(Prefix { prefix }): Asked<Prefix>,
) -> Result<Json<KeyList>, Failure> {
    Ok(Json(KeyList { keys: node.keys(&prefix).await? }))
}

async fn key(State(node): State<NodeHandle>, Named(key): Named) -> Result<Json<EntryView>, Failure> {
    Key::new(&key)?;
    node.entry(&key).await?.map(Json).ok_or_else(|| no_such_key(&key))
}

async fn set_key(
    State(node): State<NodeHandle>,
    Named(key): Named,
    Body(SetBody { value }): Body<SetBody>,
) -> Result<Json<EntryView>, Failure> {
    Ok(Json(node.set(&key, value).await?))
}

async fn counter(State(node): State<NodeHandle>, Named(name): Named) -> Result<Json<CounterView>, Failure> {
    let key = Key::new(&name)?;
    match node.call(move |driver| driver.engine.state().counter(&key)).await? {
        Some(value) => Ok(Json(CounterView { name, value })),
        None => match node.entry(&name).await? {
            Some(entry) => {
                let key = Key::new(&name)?;
                Err(WriteError::WrongKind { key, existing: entry.kind }.into())
            }
            None => Err(no_such_key(&name)),
        },
    }
}

async fn increment(
    State(node): State<NodeHandle>,
    Named(name): Named,
    Body(CounterBody { by }): Body<CounterBody>,
) -> Result<Json<CounterView>, Failure> {
    let value = node.increment(&name, by).await?;
    Ok(Json(CounterView { name, value }))
}

async fn watch(
    State(node): State<NodeHandle>,
    Asked(Prefix { prefix }): Asked<Prefix>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let lines = node.watch(&prefix).await?.map(|event| {
        let line = serde_json::to_string(&event).expect("a watch event always encodes");
        Ok(Event::default().event("change").data(line))
    });
    Ok(Sse::new(lines).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

async fn config(State(node): State<NodeHandle>) -> Result<Json<Tuning>, Failure> {
    Ok(Json(node.tuning().await?))
}

/// Only what the body names changes; all of it or nothing.
async fn patch_config(
    State(node): State<NodeHandle>,
    Body(changes): Body<Map<String, Value>>,
) -> Result<Json<Tuning>, Failure> {
    let changed = node
        .call(move |driver| {
            let tuning = patched(driver.engine.config().tuning, changes)?;
            let now = driver.now();
            driver.engine.tune(tuning, now)?;
            Ok::<_, Failure>(tuning)
        })
        .await??;
    Ok(Json(changed))
}

fn patched(tuning: Tuning, changes: Map<String, Value>) -> Result<Tuning, Failure> {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(tuning) else {
        unreachable!("a tuning encodes to a JSON object");
    };
    for (name, value) in changes {
        let Some(field) = fields.get(&name) else {
            let known = fields.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let detail = format!("there is no '{name}' to configure; there are: {known}");
            return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, "unknown-field", "Unknown field", detail));
        };
        let mut alone = Map::new();
        alone.insert(name.clone(), value.clone());
        if let Err(error) = serde_json::from_value::<Tuning>(Value::Object(alone)) {
            let detail = format!("'{name}' cannot be {value}: {error}; it is {field} now");
            return Err(problem(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid-value",
                "Not a value for it",
                detail,
            ));
        }
        fields.insert(name, value);
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| {
        problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid-value", "Not a configuration", error.to_string())
    })
}

/// Accepted, not done: whether it worked shows in the members.
async fn join(
    State(node): State<NodeHandle>,
    Body(JoinBody { url }): Body<JoinBody>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let address = node.join(&url).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "joining": address }))))
}

async fn leave(State(node): State<NodeHandle>) -> Result<Json<StatusView>, Failure> {
    node.leave().await?;
    status(State(node)).await
}

async fn trace(State(node): State<NodeHandle>) -> Result<Json<Vec<TraceRecord>>, Failure> {
    Ok(Json(node.trace().await?))
}

/// What an observer's request may write, for the answer to it.
pub(crate) async fn written(node: &NodeHandle, key: &str, kind: Kind) -> Option<EntryView> {
    let key = Key::new(key).ok()?;
    node.call(move |driver| crate::views::entry_of(&driver.engine, &key, kind)).await.ok()?
}
