//! From an HTTP request to a raw WebSocket: the checks of RFC 6455, §4.2, the
//! choice of a subprotocol, and a clear answer to whoever did not mean to open
//! a socket. What is said on the socket is not known here.

use super::Remote;
use super::problem::{Failure, problem};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::net::SocketAddr;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tracing::debug;

pub(crate) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// A request that asks for a WebSocket with a subprotocol that is spoken here.
#[derive(Debug)]
pub(crate) struct Upgrade {
    request: Request,
    accept: String,
    /// Index of the chosen subprotocol.
    pub(crate) chosen: usize,
    protocol: &'static str,
}

/// Checks the request; the error says how to ask.
pub(crate) fn upgrade(
    request: Request,
    what: &str,
    spoken: &'static [&'static str],
) -> Result<Upgrade, Failure> {
    let headers = request.headers();
    let asks =
        has_token(headers, header::CONNECTION, "upgrade") && has_token(headers, header::UPGRADE, "websocket");
    if !asks {
        let detail = format!(
            "{} is {what}: connect with a WebSocket client and one of the subprotocols {}",
            request.uri().path(),
            spoken.join(", ")
        );
        return Err(problem(StatusCode::UPGRADE_REQUIRED, "upgrade-required", "A WebSocket", detail));
    }
    let bad = |detail: String| problem(StatusCode::BAD_REQUEST, "bad-upgrade", "Not a handshake", detail);
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(bad("only WebSocket version 13 is spoken here".to_owned()));
    }
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY) else {
        return Err(bad("the header sec-websocket-key is missing".to_owned()));
    };
    let accept = derive_accept_key(key.as_bytes());
    let offered: Vec<&str> = tokens(headers, header::SEC_WEBSOCKET_PROTOCOL).collect();
    let chosen = offered.iter().find_map(|offer| spoken.iter().position(|spoken| spoken == offer));
    let Some(chosen) = chosen else {
        let offered = if offered.is_empty() { "none".to_owned() } else { offered.join(", ") };
        let spoken = spoken.join(", ");
        return Err(bad(format!("spoken here are the subprotocols {spoken}; offered was {offered}")));
    };
    Ok(Upgrade { accept, chosen, protocol: spoken[chosen], request })
}

impl Upgrade {
    /// Where the request came from.
    pub(crate) fn remote(&self) -> SocketAddr {
        let remote = self.request.extensions().get::<Remote>();
        remote.expect("the server adds it to every request").0
    }

    /// Does it come from a program, or from a page that this node served?
    pub(crate) fn is_same_origin(&self) -> bool {
        super::is_same_origin(&self.request)
    }

    /// The answer that opens the socket; `talk` then has it.
    pub(crate) fn open<F>(
        self,
        config: WebSocketConfig,
        talk: impl FnOnce(Socket) -> F + Send + 'static,
    ) -> Response
    where
        F: Future<Output = ()> + Send,
    {
        let upgrading = hyper::upgrade::on(self.request);
        tokio::spawn(async move {
            match upgrading.await {
                Ok(raw) => {
                    let socket =
                        WebSocketStream::from_raw_socket(TokioIo::new(raw), Role::Server, Some(config));
                    talk(socket.await).await;
                }
                Err(error) => debug!(%error, "a socket ended before it was open"),
            }
        });
        let accept = HeaderValue::from_str(&self.accept).expect("base64 is valid in a header");
        let headers = [
            (header::CONNECTION, HeaderValue::from_static("upgrade")),
            (header::UPGRADE, HeaderValue::from_static("websocket")),
            (header::SEC_WEBSOCKET_ACCEPT, accept),
            (header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(self.protocol)),
        ];
        (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
    }
}

fn has_token(headers: &HeaderMap, name: HeaderName, wanted: &str) -> bool {
    tokens(headers, name).any(|token| token.eq_ignore_ascii_case(wanted))
}

fn tokens(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|token| !token.is_empty())
}
