//! Errors of the API as `application/problem+json` (RFC 9457), and request
//! parts that are refused in that form. What is an error is decided elsewhere.

use super::BODY_BYTES_MAX;
use crate::handle::{JoinError, LogError, Stopped, TuneError};
use crate::services::PublishError;
use crate::write::ChangeError;
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rumormill_api::Problem;
use rumormill_core::ConfigError;
use rumormill_core::state::store::{InvalidKey, WriteError};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;

/// An error answer.
#[derive(Debug)]
pub(crate) struct Failure(Problem);

impl Failure {
    /// What went wrong, in words.
    pub(crate) fn detail(self) -> String {
        self.0.detail
    }
}

/// An error answer; `kind` is one word in kebab case that a program can tell it by.
pub(crate) fn problem(
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: impl Into<String>,
) -> Failure {
    Failure(Problem {
        kind: format!("/problems/{kind}"),
        title: title.to_owned(),
        status: status.as_u16(),
        detail: detail.into(),
        current: None,
    })
}

pub(crate) fn no_such_key(key: &str) -> Failure {
    let detail = format!("there is nothing under '{key}' on this node");
    problem(StatusCode::NOT_FOUND, "no-such-key", "No such key", detail)
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.0)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

impl From<Stopped> for Failure {
    fn from(error: Stopped) -> Self {
        problem(StatusCode::SERVICE_UNAVAILABLE, "stopped", "The node is stopping", error.to_string())
    }
}

impl From<InvalidKey> for Failure {
    fn from(error: InvalidKey) -> Self {
        problem(StatusCode::BAD_REQUEST, "invalid-key", "Not a key", error.to_string())
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let (kind, title) = match &error {
            WriteError::WrongKind { .. } => ("wrong-kind", "Another kind of value"),
            WriteError::CounterOverflow(_) => ("counter-overflow", "Out of range"),
            WriteError::SetFull(_) => ("set-full", "No room"),
        };
        problem(StatusCode::CONFLICT, kind, title, error.to_string())
    }
}

fn left() -> Failure {
    let detail = "this node has left the cluster, so a write would reach nobody; start it again to write";
    problem(StatusCode::CONFLICT, "left", "The node has left", detail)
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        let detail = error.to_string();
        match error {
            ChangeError::Key(error) => error.into(),
            ChangeError::Value(_) => {
                problem(StatusCode::PAYLOAD_TOO_LARGE, "value-too-large", "Too large", detail)
            }
            ChangeError::Ttl => {
                problem(StatusCode::UNPROCESSABLE_ENTITY, "out-of-range", "Out of range", detail)
            }
            ChangeError::Write(error) => error.into(),
            ChangeError::Unmet { current, .. } => {
                let title = "Not as expected";
                let Failure(problem) =
                    problem(StatusCode::PRECONDITION_FAILED, "precondition-failed", title, detail);
                Self(Problem { current, ..problem })
            }
            ChangeError::Left => left(),
            ChangeError::Stopped(error) => error.into(),
        }
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Stopped(error) => error.into(),
            PublishError::Service(error) => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                problem(status, "invalid-service", "Not a service", error.to_string())
            }
        }
    }
}

impl From<JoinError> for Failure {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Address(error) => {
                problem(StatusCode::BAD_REQUEST, "invalid-address", "Not an address", error.to_string())
            }
            JoinError::Stopped(error) => error.into(),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        problem(StatusCode::UNPROCESSABLE_ENTITY, "out-of-range", "Out of range", error.to_string())
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Stopped(error) => error.into(),
            error => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                problem(status, "invalid-value", "Not a value for it", error.to_string())
            }
        }
    }
}

impl From<TuneError> for Failure {
    fn from(error: TuneError) -> Self {
        match error {
            TuneError::Config(error) => error.into(),
            TuneError::Stopped(error) => error.into(),
        }
    }
}

/// A JSON body.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let body = Json::<Object<T>>::from_request(request, state).await;
        body.map(|Json(Object(body))| Self(body)).map_err(|rejection: JsonRejection| {
            let (kind, title) = match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => ("value-too-large", "Too large"),
                StatusCode::UNSUPPORTED_MEDIA_TYPE => ("not-json", "Not JSON"),
                _ => ("invalid-body", "Not the body that is expected here"),
            };
            let detail = match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => format!("a body may be {BODY_BYTES_MAX} bytes at most"),
                StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                    "the body must be JSON, and the request say so: `content-type: application/json`"
                        .to_owned()
                }
                _ => plainly(&rejection.body_text()),
            };
            problem(rejection.status(), kind, title, detail)
        })
    }
}

/// A JSON object. By itself serde would read a structure from an array too, field by field.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(fields))
            }
        }

        deserializer.deserialize_map(Fields(PhantomData)).map(Self)
    }
}

/// What was wrong, without the words by which the framework begins, and where to read what is right.
fn plainly(text: &str) -> String {
    const BEGINNINGS: [&str; 3] = [
        "Failed to deserialize the JSON body into the target type: ",
        "Failed to parse the request body as JSON: ",
        "Failed to deserialize query string: ",
    ];
    let why = BEGINNINGS.iter().find_map(|beginning| text.strip_prefix(beginning)).unwrap_or(text);
    format!("{why}; what is expected here stands in /api/v1/openapi.json")
}

/// The query string.
#[derive(Debug)]
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(query)| Self(query)).map_err(|rejection: QueryRejection| {
            problem(rejection.status(), "invalid-query", "Not a query", plainly(&rejection.body_text()))
        })
    }
}

/// The variable part of the path.
#[derive(Debug)]
pub(crate) struct Named(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(name)| Self(name)).map_err(|rejection: PathRejection| {
            problem(rejection.status(), "invalid-path", "Not a path", rejection.body_text())
        })
    }
}
