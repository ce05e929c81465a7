//! The dashboard's files, compressed and built into the program. Which files
//! there are is the build script's business.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;
use std::io::Read;

/// One file of the dashboard.
struct Asset {
    /// Its path, from the first slash on.
    path: &'static str,
    content_type: &'static str,
    /// Changes with the content.
    etag: &'static str,
    /// Does its name change with its content, so that it may be kept for ever?
    is_immutable: bool,
    gzip: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const CHECK_FIRST: HeaderValue = HeaderValue::from_static("no-cache");

const NOT_FOUND: &str = "<!doctype html><meta charset=utf-8><title>Not found - Rumormill</title>\
<p>This node serves no such page. <a href=\"/\">Open the dashboard</a></p>";

pub(crate) fn serve(path: &str, request: &HeaderMap) -> Response {
    let path = if path == "/" { "/index.html" } else { path };
    let Some(asset) = ASSETS.iter().find(|asset| asset.path == path) else {
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        return (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, html)], NOT_FOUND).into_response();
    };
    let etag = HeaderValue::from_static(asset.etag);
    let keep = if asset.is_immutable { FOREVER } else { CHECK_FIRST };
    let vary = HeaderValue::from_static("accept-encoding");
    let mut headers = vec![(header::ETAG, etag), (header::CACHE_CONTROL, keep), (header::VARY, vary)];
    if lists(request, header::IF_NONE_MATCH, asset.etag) {
        return with(StatusCode::NOT_MODIFIED, headers, Body::empty());
    }
    headers.push((header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type)));
    if lists(request, header::ACCEPT_ENCODING, "gzip") {
        headers.push((header::CONTENT_ENCODING, HeaderValue::from_static("gzip")));
        return with(StatusCode::OK, headers, Body::from(asset.gzip));
    }
    let mut plain = Vec::new();
    GzDecoder::new(asset.gzip).read_to_end(&mut plain).expect("what the build script compressed");
    with(StatusCode::OK, headers, Body::from(plain))
}

fn with(status: StatusCode, headers: Vec<(header::HeaderName, HeaderValue)>, body: Body) -> Response {
    let mut response = (status, body).into_response();
    response.headers_mut().extend(headers);
    response
}

/// Is the word in the header's list, and not ruled out by `q=0`?
fn lists(headers: &HeaderMap, name: header::HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let (item, quality) = item.split_once(';').unwrap_or((item, ""));
        item.trim().trim_start_matches("W/") == word && !matches!(quality.trim(), "q=0" | "q=0.0")
    })
}
