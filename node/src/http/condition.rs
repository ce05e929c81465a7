//! Versions in requests and answers: `ETag`, `If-Match`, `If-None-Match`
//! (RFC 9110, §13). A header that reads badly is refused: a write that was
//! meant to depend on something must never happen without it.

use super::problem::{Failure, problem};
use crate::write::Condition;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rumormill_api::EntryView;
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

/// What a write depends on: `If-Match: "VERSION"`, `If-Match: *` (something is
/// there) or `If-None-Match: *` (nothing is there).
#[derive(Debug)]
pub(crate) struct Wanted(Condition);

impl From<Wanted> for Condition {
    fn from(wanted: Wanted) -> Self {
        wanted.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        let matching = tag(&parts.headers, &header::IF_MATCH)?;
        let none_matching = tag(&parts.headers, &header::IF_NONE_MATCH)?;
        Ok(Self(match (matching, none_matching) {
            (None, None) => Condition::Always,
            (Some(Tag::Any), None) => Condition::Present,
            (Some(Tag::Version(version)), None) => Condition::Version(version),
            (None, Some(Tag::Any)) => Condition::Absent,
            (None, Some(Tag::Version(_))) => {
                return Err(invalid(
                    "a write can depend on If-None-Match: * only, which is: nothing is there",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(invalid("If-Match and If-None-Match contradict each other; send one of them"));
            }
        }))
    }
}

impl IntoParams for Wanted {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let version = "Write only if the entry has this version (a quoted ETag), or is there at all (`*`)";
        let absent = "Write only if nothing can be read under the key: `*`";
        vec![
            parameter("If-Match", version, "^(\\*|\"[0-9a-f]{16}\")$"),
            parameter("If-None-Match", absent, "^\\*$"),
        ]
    }
}

/// The version that a reader knows already: `If-None-Match: "VERSION"`.
#[derive(Debug)]
pub(crate) struct Known(Option<Tag>);

impl Known {
    /// Is it the version of this entry?
    pub(crate) fn is(&self, entry: &EntryView) -> bool {
        match &self.0 {
            None => false,
            Some(Tag::Any) => true,
            Some(Tag::Version(version)) => *version == entry.version,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Known {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        Ok(Self(tag(&parts.headers, &header::IF_NONE_MATCH)?))
    }
}

impl IntoParams for Known {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let known = "Answer 304 if the entry still has this version (a quoted ETag)";
        vec![parameter("If-None-Match", known, "^(\\*|\"[0-9a-f]{16}\")$")]
    }
}

/// An answer about an entry, with its version as `ETag`.
pub(crate) fn tagged(entry: &EntryView, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    let tag = HeaderValue::try_from(format!("\"{}\"", entry.version));
    response.headers_mut().insert(header::ETAG, tag.expect("a version is hexadecimal digits"));
    response
}

/// The answer to somebody who knows the entry.
pub(crate) fn not_modified(entry: &EntryView) -> Response {
    tagged(entry, StatusCode::NOT_MODIFIED)
}

#[derive(Debug)]
enum Tag {
    Any,
    Version(String),
}

fn tag(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tag>, Failure> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match (text, version) {
        _ if values.next().is_some() => {}
        ("*", _) => return Ok(Some(Tag::Any)),
        (_, Some(version)) if !version.is_empty() && !version.contains('"') => {
            return Ok(Some(Tag::Version(version.to_owned())));
        }
        _ => {}
    }
    Err(invalid(&format!("{name} must be one version in quotes, as ETag gives it, or *")))
}

fn invalid(detail: &str) -> Failure {
    problem(StatusCode::BAD_REQUEST, "invalid-header", "Not a condition", detail)
}

fn parameter(name: &str, description: &str, pattern: &str) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).build();
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}
