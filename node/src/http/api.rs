//! The JSON API under `/api/v1`: one function per route, each a thin cover
//! over the node's handle. The store's part has a file of its own (`keys`).

#![allow(unused_qualifications, reason = "the macro that reads the annotations repeats the types' paths")]

use super::keys;
use super::openapi::Configuration;
use super::problem::{Asked, Body, Failure, problem};
use crate::feed::Start;
use crate::handle::NodeHandle;
use crate::near::near;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt, stream};
use rumormill_api::{HealthBody, HealthList, JoinBody, JoiningView, MemberList, StatusView, WatchEvent};
use rumormill_core::{Status, TraceRecord, Tuning};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::convert::Infallible;
use std::time::Duration;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How often a watcher of a quiet node gets a sign of life.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The field of the configuration that says what is logged.
pub(crate) const LOG: &str = "log";

pub(crate) fn router() -> OpenApiRouter<NodeHandle> {
    OpenApiRouter::new()
        .routes(routes!(status))
        .routes(routes!(members))
        .routes(routes!(health, publish))
        .merge(keys::router())
        .routes(routes!(watch))
        .routes(routes!(config, patch_config))
        .routes(routes!(join))
        .routes(routes!(leave))
        .routes(routes!(trace))
}

pub(crate) async fn healthz(State(node): State<NodeHandle>) -> Result<&'static str, Failure> {
    node.tuning().await?;
    Ok("ok\n")
}

/// Is there any use in sending work here? Not before it is a member, and not once it leaves.
pub(crate) async fn readyz(State(node): State<NodeHandle>) -> Result<&'static str, Failure> {
    let status = node.status().await?.status;
    if matches!(status, Status::Alive | Status::Suspect) {
        return Ok("ready\n");
    }
    let detail = format!("the node is {status}");
    Err(problem(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "Not ready", detail))
}

/// Shows the node as it sees itself.
#[utoipa::path(get, path = "/status", tag = "cluster", responses(
    (status = 200, description = "The node", body = StatusView),
))]
async fn status(State(node): State<NodeHandle>) -> Result<Json<StatusView>, Failure> {
    Ok(Json(node.status().await?))
}

/// Lists all members that the node knows, itself included.
#[utoipa::path(get, path = "/members", tag = "cluster", responses(
    (status = 200, description = "The members, by name", body = MemberList),
))]
async fn members(State(node): State<NodeHandle>) -> Result<Json<MemberList>, Failure> {
    Ok(Json(MemberList { members: node.members().await? }))
}

/// Lists all services of all members, and how they do.
#[utoipa::path(get, path = "/health", tag = "cluster", responses(
    (status = 200, description = "The services, by node and name", body = HealthList),
))]
async fn health(State(node): State<NodeHandle>) -> Result<Json<HealthList>, Failure> {
    Ok(Json(HealthList { services: node.services().await? }))
}

/// Says how a service of the asked node does, or withdraws it (`"health": null`).
#[utoipa::path(post, path = "/health", tag = "cluster", request_body = HealthBody, responses(
    (status = 200, description = "The services, by node and name", body = HealthList),
))]
async fn publish(
    State(node): State<NodeHandle>,
    Body(HealthBody { name, health, reason }): Body<HealthBody>,
) -> Result<Json<HealthList>, Failure> {
    match health {
        Some(health) => node.publish(&name, health, &reason).await?,
        None => drop(node.withdraw(&name).await?),
    }
    self::health(State(node)).await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WatchQuery {
    /// Only keys that start with this.
    #[serde(default)]
    #[param(required = false)]
    prefix: String,
    /// As the header `Last-Event-ID`, for those who cannot send one; the header goes before.
    last_event_id: Option<String>,
}

/// Follows changes, as server-sent events.
///
/// Each `change` and each `gone` (deleted, or its time is over) is a `WatchEvent`. With `Last-Event-ID`, what was
/// missed comes first, each key's newest state only. Where the node cannot tell what was missed (the id is another
/// node's or too old; `0` is always such an id), a `reset` comes, then all that is there: whatever else the watcher
/// knew is gone.
#[utoipa::path(get, path = "/watch", tag = "store", params(
    WatchQuery,
    ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen"),
), responses(
    (status = 200, description = "Events, until the node stops", body = WatchEvent, content_type = "text/event-stream"),
))]
async fn watch(
    State(node): State<NodeHandle>,
    headers: HeaderMap,
    Asked(WatchQuery { prefix, last_event_id }): Asked<WatchQuery>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let header = headers.get("last-event-id").map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
    let start = header.or(last_event_id).map_or(Start::Now, Start::After);
    let (all, events) = node.watch_from(&prefix, start).await?;
    // Whoever has read only this may not go on after it, unless nothing follows.
    let reset = all.map(|all| {
        let event = Event::default().event("reset").data("{}");
        if all.is_empty { event.id(all.id) } else { event }
    });
    let lines = stream::iter(reset).chain(events.map(line)).map(Ok);
    Ok(Sse::new(lines).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn line(event: WatchEvent) -> Event {
    let text = serde_json::to_string(&event).expect("a watch event always encodes");
    let line = Event::default().event(if event.entry.is_some() { "change" } else { "gone" }).data(text);
    match event.id {
        Some(id) => line.id(id),
        None => line,
    }
}

/// Shows what may change while the node runs.
#[utoipa::path(get, path = "/config", tag = "cluster", responses(
    (status = 200, description = "The configuration as it is now", body = Configuration),
))]
async fn config(State(node): State<NodeHandle>) -> Result<Json<Map<String, Value>>, Failure> {
    Ok(Json(configuration(&node).await?))
}

/// What may change while the node runs, as it is now.
pub(super) async fn configuration(node: &NodeHandle) -> Result<Map<String, Value>, Failure> {
    let tuning = node.tuning().await?;
    Ok(shown(tuning, node.log_filter()))
}

/// The tuning, and what is logged if that may change.
fn shown(tuning: Tuning, log: Option<String>) -> Map<String, Value> {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(tuning) else {
        unreachable!("a tuning encodes to a JSON object");
    };
    fields.extend(log.map(|log| (LOG.to_owned(), log.into())));
    fields
}

/// Changes what the body names; all of it or nothing.
#[utoipa::path(patch, path = "/config", tag = "cluster", request_body = Configuration, responses(
    (status = 200, description = "The configuration as it is now", body = Configuration),
))]
async fn patch_config(
    State(node): State<NodeHandle>,
    Body(changes): Body<Map<String, Value>>,
) -> Result<Json<Map<String, Value>>, Failure> {
    Ok(Json(configure(&node, changes).await?))
}

/// Changes what is named; all of it or nothing.
pub(super) async fn configure(
    node: &NodeHandle,
    mut changes: Map<String, Value>,
) -> Result<Map<String, Value>, Failure> {
    let log = changes.remove(LOG);
    let known = shown(node.tuning().await?, node.log_filter());
    if log.is_some() && !known.contains_key(LOG) {
        return Err(unknown(LOG, &known));
    }
    for (name, value) in &changes {
        check_field(name, value, &known)?;
    }
    let log = log.map(|log| match log {
        Value::String(filter) => Ok(filter),
        other => Err(invalid(format!("'{LOG}' cannot be {other}: it is text, \"{}\" now", known[LOG]))),
    });
    let log = log.transpose()?;
    // Limits are checked before the log is changed, so that all of it happens or nothing.
    let wanted = changes.clone();
    node.call(move |driver| patched(driver.engine.config().tuning, wanted)?.check().map_err(Failure::from))
        .await??;
    if let Some(filter) = log {
        node.set_log_filter(&filter).await?;
    }
    let tuning = node
        .call(move |driver| {
            let tuning = patched(driver.engine.config().tuning, changes)?;
            let now = driver.now();
            driver.engine.tune(tuning, now)?;
            Ok::<_, Failure>(tuning)
        })
        .await??;
    Ok(shown(tuning, node.log_filter()))
}

fn check_field(name: &str, value: &Value, known: &Map<String, Value>) -> Result<(), Failure> {
    let Some(now) = known.get(name) else { return Err(unknown(name, known)) };
    let alone = Map::from_iter([(name.to_owned(), value.clone())]);
    match serde_json::from_value::<Tuning>(Value::Object(alone)) {
        Ok(_) => Ok(()),
        Err(error) => Err(invalid(format!("'{name}' cannot be {value}: {error}; it is {now} now"))),
    }
}

fn unknown(name: &str, known: &Map<String, Value>) -> Failure {
    let near = near(name, known.keys().map(String::as_str));
    let near = near.map_or_else(String::new, |near| format!(" (did you mean '{near}'?)"));
    let known = known.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let detail = format!("there is no '{name}' to configure{near}; there are: {known}");
    problem(StatusCode::UNPROCESSABLE_ENTITY, "unknown-field", "Unknown field", detail)
}

fn invalid(detail: String) -> Failure {
    problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid-value", "Not a value for it", detail)
}

/// The tuning with fields that were each checked.
fn patched(tuning: Tuning, changes: Map<String, Value>) -> Result<Tuning, Failure> {
    let mut fields = shown(tuning, None);
    fields.extend(changes);
    serde_json::from_value(Value::Object(fields)).map_err(|error| invalid(error.to_string()))
}

/// Makes the node join the cluster of another.
///
/// Accepted, not done: whether it worked shows in the members.
#[utoipa::path(post, path = "/join", tag = "cluster", request_body = JoinBody, responses(
    (status = 202, description = "The node asks there, and keeps asking while it is alone", body = JoiningView),
))]
async fn join(
    State(node): State<NodeHandle>,
    Body(JoinBody { url }): Body<JoinBody>,
) -> Result<(StatusCode, Json<JoiningView>), Failure> {
    let joining = node.join(&url).await?.to_string();
    Ok((StatusCode::ACCEPTED, Json(JoiningView { joining })))
}

/// Makes the node say goodbye to its cluster.
///
/// It answers when that is said. A node that was started by `rumormill run` ends then.
#[utoipa::path(post, path = "/leave", tag = "cluster", responses(
    (status = 200, description = "The node, after it has left", body = StatusView),
))]
async fn leave(State(node): State<NodeHandle>) -> Result<Json<StatusView>, Failure> {
    node.leave().await?;
    status(State(node)).await
}

/// Which part of the trace is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TraceQuery {
    /// Only what happened after this, in microseconds of the node's clock.
    after_us: Option<u64>,
}

/// Shows what happened lately, oldest first.
///
/// Messages are part of it while somebody observes, for ten seconds after this was asked for, or while the log level is `debug`.
#[utoipa::path(get, path = "/trace", tag = "cluster", params(TraceQuery), responses(
    (status = 200, description = "Trace records, as observers and simulations have them", body = Vec<Object>),
))]
async fn trace(
    State(node): State<NodeHandle>,
    Asked(TraceQuery { after_us }): Asked<TraceQuery>,
) -> Result<Json<Vec<TraceRecord>>, Failure> {
    let mut records = node.trace().await?;
    records.retain(|record| after_us.is_none_or(|after_us| record.at.as_micros() > after_us));
    Ok(Json(records))
}
