//! `GET /api/v1/openapi.json`: what the API is, generated from the routes and
//! the types that serve it. This file adds what holds for every route (who may
//! be refused, and how an error looks) and what core's types are.

#![allow(unused_qualifications, reason = "the macro that reads the annotations repeats the types' paths")]

use super::api::LOG;
use crate::handle::NodeHandle;
use axum::routing::get;
use axum::{Json, Router};
use rumormill_api::Problem;
use rumormill_core::config::UnknownWord;
use rumormill_core::{Mode, Strategy, Tuning};
use serde_json::{Value, json};
use std::str::FromStr;
use std::sync::Arc;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema};
use utoipa::{OpenApi, PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// Where the API lives.
const BASE: &str = "/api/v1";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Rumormill",
        description = "The HTTP API of a Rumormill node. Every node answers for itself: what it has seen so far."
    ),
    tags(
        (name = "store", description = "Keys, counters and sets that all nodes share"),
        (name = "cluster", description = "The node, its members, and what may change while it runs"),
    ),
    components(schemas(Problem)),
)]
struct Document;

/// The routes under their path, and beside them the document that describes them.
pub(crate) fn described(routes: OpenApiRouter<NodeHandle>) -> Router<NodeHandle> {
    let document = OpenApiRouter::with_openapi(Document::openapi()).nest(BASE, routes);
    let (router, document) = document.split_for_parts();
    let mut document = serde_json::to_value(document).expect("the document always encodes");
    complete(&mut document);
    let document = Arc::new(document);
    let serve = move || async move { Json(Value::clone(&document)) };
    router.route(&format!("{BASE}/openapi.json"), get(serve))
}

/// What is true of every route, which the routes do not repeat.
fn complete(document: &mut Value) {
    document["components"]["schemas"][Configuration::name().as_ref()] = configuration();
    let Some(paths) = document["paths"].as_object_mut() else { return };
    // A key may hold slashes; OpenAPI has no word for that, so there they are escaped.
    *paths = std::mem::take(paths).into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    for item in paths.values_mut().filter_map(Value::as_object_mut) {
        for (method, operation) in item {
            let takes_body = operation.get("requestBody").is_some();
            let Some(responses) = operation["responses"].as_object_mut() else { continue };
            let mut may_answer = |status: &str, why: &str| {
                responses.entry(status).or_insert_with(|| json!({ "description": why }));
            };
            may_answer("400", "Something in the path, the query or the headers is not as described");
            may_answer("503", "The node is stopping");
            if method != "get" {
                may_answer("403", "A page of another origin may not write");
            }
            if takes_body {
                may_answer("413", "The body, or the value in it, is too large");
                may_answer("415", "The body's content type is not application/json");
                may_answer("422", "The body is JSON, but not as described, or a number is out of range");
            }
            for (status, response) in responses {
                if status.starts_with(['4', '5']) {
                    response["content"] = json!({ "application/problem+json": {
                        "schema": { "$ref": "#/components/schemas/Problem" }
                    }});
                }
            }
        }
    }
}

/// What may change while a node runs: a name for what [`configuration`] describes.
#[derive(Debug)]
pub(crate) struct Configuration;

impl PartialSchema for Configuration {
    fn schema() -> RefOr<Schema> {
        RefOr::T(Schema::Object(Object::default()))
    }
}

impl ToSchema for Configuration {}

/// [`Tuning`], described from its defaults, so that a new field describes itself.
fn configuration() -> Value {
    let mut schema = json!({
        "type": "object",
        "description": "What may change while the node runs. In a change, all that is left out stays as it is.",
        "additionalProperties": false,
        "properties": {},
    });
    let defaults = serde_json::to_value(Tuning::default()).expect("a tuning encodes");
    for (name, default) in defaults.as_object().into_iter().flatten() {
        schema["properties"][name] = property(name, default);
    }
    schema["properties"][LOG] = json!({
        "type": "string",
        "description": "What the process logs: a level, or a list like rumormill_node=debug,warn. Only where that may change.",
    });
    schema
}

fn property(name: &str, default: &Value) -> Value {
    let kind = match (name, default) {
        ("strategy", _) => json!({ "type": "string", "enum": words::<Strategy>() }),
        ("mode", _) => json!({ "type": "string", "enum": words::<Mode>() }),
        (_, Value::Bool(_)) => json!({ "type": "boolean" }),
        (_, Value::Number(_)) => json!({ "type": "integer", "minimum": 0 }),
        (_, Value::String(_)) => json!({ "type": "string" }),
        _ => json!({}),
    };
    let mut property = kind;
    property["default"] = default.clone();
    property
}

/// The words that a type is written with, as its parser lists them.
fn words<T: FromStr<Err = UnknownWord>>() -> Vec<String> {
    let Err(refused) = T::from_str("") else { return Vec::new() };
    let refused = refused.to_string();
    let listed = refused.split("allowed: ").nth(1).into_iter().flat_map(|listed| listed.split(", "));
    listed.filter(|word| T::from_str(word).is_ok()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_and_every_field_is_described() {
        assert!(words::<Strategy>().contains(&Strategy::default().to_string()));
        assert!(words::<Mode>().contains(&Mode::default().to_string()));
        let described = configuration();
        assert_eq!(described["properties"]["fanout"]["type"], "integer");
        assert_eq!(described["properties"]["strategy"]["default"], "hybrid");
        assert!(described["properties"]["limiter"].is_object(), "{described}");
    }
}
