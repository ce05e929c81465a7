//! Everything on the node's one port: the gossip and observer sockets, the API,
//! metrics, and the dashboard's files. This file holds the routes, the rules
//! that hold for all of them, and the server itself; each kind of answer has a
//! file of its own.
//!
//! Whoever reaches the port is trusted: there are no accounts and no tokens.
//! Pages of any origin may read the API and use `/observe`, which can write;
//! the API itself takes writes from programs and from the node's own pages.
//! So a node listens on this machine only, unless it is told otherwise.

mod api;
mod assets;
mod condition;
mod gossip;
mod keys;
mod metrics;
mod observe;
mod sight;
mod openapi;
mod problem;
mod upgrade;

pub use keys::PAGE_MAX;
pub use observe::{OBSERVERS_MAX, REQUEST_BYTES_MAX};

use crate::driver::Acceptor;
use crate::handle::NodeHandle;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use problem::problem;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower_service::Service;
use tracing::{debug, warn};

/// Most connections to a node's port at a time, of all kinds. Further ones
/// wait in the system's queue. A guess, far above the links that a node keeps.
pub const CONNECTIONS_MAX: usize = 1_024;

/// Largest body of a request: the largest value, with room for its JSON escapes.
const BODY_BYTES_MAX: usize = 8 * rumormill_core::state::store::VALUE_BYTES_MAX;

/// How long a client may take to send a request's head. A guess.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long requests under way may take to end when the node stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the server waits when the system has no more sockets to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Who is at the other end of a request's connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Remote(pub(crate) SocketAddr);

/// All routes of a node.
pub(crate) fn router(node: NodeHandle, acceptor: Acceptor) -> Router {
    Router::new()
        .merge(openapi::described(api::router()))
        .route("/metrics", get(metrics::metrics))
        .route("/healthz", get(api::healthz))
        .route("/readyz", get(api::readyz))
        .merge(observe::router())
        .with_state(node)
        .merge(gossip::router(acceptor))
        .fallback(fallback)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(house_rules))
}

/// Only the gossip socket, for nodes that have nothing else.
pub(crate) fn bare_router(acceptor: Acceptor) -> Router {
    let nothing = || async {
        let detail = "this node only gossips; it has no API and no dashboard";
        problem(StatusCode::NOT_FOUND, "no-such-route", "No such route", detail)
    };
    gossip::router(acceptor).fallback(nothing).layer(from_fn(house_rules))
}

/// Serves until `stop` comes back, then lets requests under way end.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let (draining, drain) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        let next = async {
            let permit = room.clone().acquire_owned().await.expect("the semaphore is never closed");
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, remote)) => {
                let connection = connection(stream, Remote(remote), router.clone(), drain.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(permit);
                });
            }
            Err(error) => {
                warn!(%error, "cannot accept a connection; trying again");
                sleep(ACCEPT_PAUSE).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    draining.send_replace(true);
    let drained = timeout(DRAIN_TIMEOUT, async { while connections.join_next().await.is_some() {} });
    if drained.await.is_err() {
        debug!("requests that did not end in time were dropped");
    }
}

async fn connection(stream: TcpStream, remote: Remote, router: Router, mut drain: watch::Receiver<bool>) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "a connection ended before it began");
        return;
    }
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(remote);
        router.clone().call(request)
    });
    let serving = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(serving);
    let drained = async {
        // An error means that the server is gone, which is a reason to end as well.
        let _ = drain.wait_for(|drain| *drain).await;
    };
    let outcome = tokio::select! {
        outcome = &mut serving => outcome,
        () = drained => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = outcome {
        debug!(remote = %remote.0, %error, "a connection ended badly");
    }
}

/// What holds for every answer: who answered, who may read it, and that pages
/// of other origins write nothing.
async fn house_rules(request: Request, next: Next) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if is_read || is_same_origin(&request) {
        next.run(request).await
    } else {
        problem(
            StatusCode::FORBIDDEN,
            "cross-origin",
            "Not from another page",
            "a page of another origin may read here, but not write; open the node's own dashboard",
        )
        .into_response()
    };
    let headers = response.headers_mut();
    let server = HeaderValue::from_static(concat!("rumormill/", env!("CARGO_PKG_VERSION")));
    headers.insert(header::SERVER, server);
    if is_read {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    response
}

/// Programs send no `Origin`; browsers do whenever it matters.
fn is_same_origin(request: &Request) -> bool {
    let Some(origin) = request.headers().get(header::ORIGIN) else { return true };
    let host = request.headers().get(header::HOST);
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    matches!((origin, host), (Some((_, origin)), Some(host)) if origin.as_bytes() == host.as_bytes())
}

async fn fallback(request: Request) -> Response {
    let path = request.uri().path();
    if path.starts_with("/api/") || path == "/api" {
        return no_such_route(request.uri());
    }
    match *request.method() {
        Method::GET | Method::HEAD => assets::serve(path, request.headers()),
        _ => no_such_route(request.uri()),
    }
}

fn no_such_route(uri: &Uri) -> Response {
    let detail = format!(
        "there is no {}; the API is /api/v1/status, members, keys, keys/KEY, counters/NAME, sets/NAME, watch, \
         config, join, leave, trace, openapi.json; beside it /metrics, /healthz, /readyz, and the sockets /gossip and /observe",
        uri.path()
    );
    problem(StatusCode::NOT_FOUND, "no-such-route", "No such route", detail).into_response()
}

async fn method_not_allowed(method: Method, uri: Uri) -> Response {
    let detail = format!("{method} does not apply to {}; see the `allow` header", uri.path());
    problem(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", detail)
        .into_response()
}
