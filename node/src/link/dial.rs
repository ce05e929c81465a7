//! Dialling: from an address to a WebSocket that speaks Rumormill, or to a
//! sentence that says why not.

use super::socket_config;
use crate::faults::Wire;
use crate::seek;
use hyper::{StatusCode, Uri, header};
use rumormill_core::{Address, Codec};
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::{Request, Response};

/// How long dialling may take, name look-up and handshake included. A guess.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens a link.
pub(crate) async fn dial(
    address: &Address,
    wire: Option<&Wire>,
) -> Result<(WebSocketStream<TcpStream>, Codec), String> {
    if wire.is_some_and(Wire::is_cut) {
        return Err("the network is cut by a test".to_owned());
    }
    match timeout(CONNECT_TIMEOUT, connect(address)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs())),
    }
}

async fn connect(address: &Address) -> Result<(WebSocketStream<TcpStream>, Codec), String> {
    let (address, number) = seek::pinned(address.as_str());
    let uri: Uri = address.parse().map_err(|error| format!("not a URL: {error}"))?;
    if uri.scheme_str() != Some("ws") {
        return Err("wss:// needs TLS, which this build does not have".to_owned());
    }
    let host = uri.host().ok_or("the address names no host")?.trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(80);
    let connected = match number {
        Some(number) => TcpStream::connect((number, port)).await,
        None => TcpStream::connect((host, port)).await,
    };
    let stream = connected.map_err(|error| in_words(&error))?;
    // Gossip frames are small and wait for nothing.
    stream.set_nodelay(true).map_err(|error| in_words(&error))?;
    let opened = client_async_with_config(request(&uri)?, stream, Some(socket_config())).await;
    let (socket, response) = opened.map_err(refused)?;
    Ok((socket, negotiated(&response)?))
}

fn request(uri: &Uri) -> Result<Request, String> {
    let mut request = uri.clone().into_client_request().map_err(|error| error.to_string())?;
    let offered = Codec::ALL.map(Codec::subprotocol).join(", ");
    let offered = offered.parse().expect("subprotocol names are valid in headers");
    request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, offered);
    Ok(request)
}

fn negotiated(response: &Response) -> Result<Codec, String> {
    let chosen = response.headers().get(header::SEC_WEBSOCKET_PROTOCOL);
    let chosen = chosen.and_then(|value| value.to_str().ok());
    Codec::ALL
        .into_iter()
        .find(|codec| Some(codec.subprotocol()) == chosen)
        .ok_or_else(|| "it speaks WebSocket, but not Rumormill's subprotocols".to_owned())
}

fn refused(error: Error) -> String {
    match error {
        Error::Http(response) if response.status() == StatusCode::SERVICE_UNAVAILABLE => {
            "it has no room for another connection (HTTP 503)".to_owned()
        }
        Error::Http(response) => {
            format!(
                "it answered HTTP {} instead of opening a link; is it a Rumormill node?",
                response.status()
            )
        }
        Error::Protocol(error) => format!("it does not speak Rumormill ({error}); is it a Rumormill node?"),
        Error::Io(error) => in_words(&error),
        error => error.to_string(),
    }
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused; is a node running there?".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => {
            "the connection ended during the handshake; is it a Rumormill node?".to_owned()
        }
        _ => error.to_string(),
    }
}
