//! The other end of a node's HTTP API, for command lines and tests: one
//! request, one connection, plain HTTP. It knows how requests fail; what the
//! answers mean is its caller's business.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use rumormill_api::{Problem, WatchEvent};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Write as _;
use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a node may take to answer. A guess; nodes answer in milliseconds.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Largest answer that is taken in, in bytes. A guess: a million small entries.
pub const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Longest line of a watched stream: a value at its largest, escaped.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The URL is not one that a node can have.
    #[error("'{url}' is not the URL of a node: {why}; write it like http://127.0.0.1:7700")]
    Url {
        /// The URL.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The token is none that a request can carry.
    #[error("the token is empty, or holds something other than letters, digits and -._~+/=")]
    Token,
    /// Nobody answers there.
    #[error("cannot reach {url}: {why}")]
    Unreachable {
        /// The node's URL.
        url: String,
        /// What the system said.
        why: String,
    },
    /// Somebody answers, but it is not a Rumormill node, or not of this version.
    #[error("{url} is not a Rumormill node that this program understands: {why}")]
    Stranger {
        /// The URL.
        url: String,
        /// What was strange.
        why: String,
    },
    /// The node refuses, and says why.
    #[error("{}", .0.detail)]
    Refused(Problem),
}

/// A node's API, by its URL. Nothing is connected until a request is made.
#[derive(Debug, Clone)]
pub struct Client {
    url: String,
    host: String,
    port: u16,
    /// The `Authorization` header of every request.
    authorization: Option<HeaderValue>,
}

impl Client {
    /// The node at `http://host:port`.
    ///
    /// # Errors
    /// When the URL has another scheme, a path, or no host.
    pub fn new(url: &str) -> Result<Self, ClientError> {
        let invalid = |why| ClientError::Url { url: url.to_owned(), why };
        let full = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let uri: Uri = full.parse().map_err(|_| invalid("it is not a URL"))?;
        if uri.scheme_str() == Some("https") {
            return Err(invalid("https needs TLS, which this build does not have"));
        }
        if uri.scheme_str() != Some("http") {
            return Err(invalid("it does not start with http://"));
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(invalid("it holds a path, but a node's URL has none"));
        }
        let host = uri.host().ok_or_else(|| invalid("it names no host"))?.to_owned();
        let port = uri.port_u16().unwrap_or(80);
        Ok(Self { url: format!("http://{host}:{port}"), host, port, authorization: None })
    }

    /// Sends a token with every request, as `Authorization: Bearer` (RFC 6750, section 2.1). Nodes of this version
    /// look at none; a proxy before them may.
    ///
    /// # Errors
    /// When the token is empty, or holds what a header cannot carry.
    pub fn with_token(mut self, token: &str) -> Result<Self, ClientError> {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if token.is_empty() || !token.bytes().all(is_token) {
            return Err(ClientError::Token);
        }
        let value = format!("Bearer {token}").parse();
        let mut value: HeaderValue = value.expect("such characters are allowed in headers");
        value.set_sensitive(true);
        self.authorization = Some(value);
        Ok(self)
    }

    /// The node's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// `GET /api/v1/{path}`.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.send(Method::GET, path, None::<&()>).await
    }

    /// A request to `/api/v1/{path}` with a JSON body or none.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, ClientError> {
        self.send_with(method, path, &[], body).await
    }

    /// As [`Client::send`], with further headers.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn send_with<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, &str)],
        body: Option<&impl Serialize>,
    ) -> Result<T, ClientError> {
        let body = body.map(|body| serde_json::to_vec(body).expect("request bodies always encode"));
        let response = self.answer(method, &format!("/api/v1/{path}"), headers, body).await?;
        let bytes = self.whole(response).await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| self.stranger(format!("its answer reads badly: {error}")))
    }

    /// Follows `GET /api/v1/watch?prefix=`, after the event with an id if one
    /// is given.
    ///
    /// # Errors
    /// As [`ClientError`] says.
    pub async fn watch(&self, prefix: &str, after: Option<&str>) -> Result<Follow, ClientError> {
        let path = format!("/api/v1/watch?prefix={}", escape(prefix, false));
        let headers = after.map(|id| (HeaderName::from_static("last-event-id"), id));
        let response = self.answer(Method::GET, &path, headers.as_slice(), None).await?;
        Ok(Follow { client: self.clone(), body: response.into_body(), buffer: Vec::new(), kind: None })
    }

    /// A successful answer, or the error that stands for it.
    async fn answer(
        &self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, &str)],
        body: Option<Vec<u8>>,
    ) -> Result<Response<Incoming>, ClientError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, format!("{}:{}", self.host, self.port))
            .header(header::CONNECTION, "close");
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request
            .body(Full::new(Bytes::from(body.unwrap_or_default())))
            .map_err(|_| self.stranger("the path cannot be asked for".to_owned()))?;
        let response = self.in_time(self.exchange(request)).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(self.failure(response).await)
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, ClientError> {
        let host = self.host.trim_matches(['[', ']']);
        let stream = TcpStream::connect((host, self.port)).await.map_err(|error| self.unreachable(&error))?;
        let broken = |error: hyper::Error| self.stranger(format!("it does not speak HTTP ({error})"));
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        // How the connection ends shows in the answer.
        tokio::spawn(async move { connection.await.ok() });
        sender.send_request(request).await.map_err(broken)
    }

    async fn failure(&self, response: Response<Incoming>) -> ClientError {
        let (status, kind) = (response.status(), response.headers().get(header::CONTENT_TYPE).cloned());
        let is_problem = kind.is_some_and(|kind| kind == "application/problem+json");
        let body = match self.whole(response).await {
            Ok(body) => body,
            Err(error) => return error,
        };
        match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) if is_problem => ClientError::Refused(problem),
            _ if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => self.stranger(
                format!("it answers HTTP {status}, as a proxy does that wants a (or another) token"),
            ),
            _ => self.stranger(format!("it answers HTTP {status}")),
        }
    }

    async fn whole(&self, response: Response<Incoming>) -> Result<Bytes, ClientError> {
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect();
        self.in_time(async {
            let whole =
                body.await.map_err(|error| self.stranger(format!("its answer breaks off ({error})")))?;
            Ok(whole.to_bytes())
        })
        .await
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, ClientError>>) -> Result<T, ClientError> {
        timeout(ANSWER_TIMEOUT, work).await.unwrap_or_else(|_| {
            let why = format!("no answer within {} s", ANSWER_TIMEOUT.as_secs());
            Err(ClientError::Unreachable { url: self.url.clone(), why })
        })
    }

    fn unreachable(&self, error: &io::Error) -> ClientError {
        let why = match error.kind() {
            io::ErrorKind::ConnectionRefused => "nobody listens there (connection refused)".to_owned(),
            _ => error.to_string(),
        };
        ClientError::Unreachable { url: self.url.clone(), why }
    }

    fn stranger(&self, why: String) -> ClientError {
        ClientError::Stranger { url: self.url.clone(), why }
    }
}

impl ClientError {
    /// The HTTP status, if the node refused.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused(problem) => StatusCode::from_u16(problem.status).ok(),
            _ => None,
        }
    }
}

/// What a watched stream tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The node cannot say what was missed: all that is there follows, and
    /// whatever else was known is gone.
    Reset,
    /// A key reads differently, or is gone.
    Event(Box<WatchEvent>),
}

/// A watched stream of changes.
#[derive(Debug)]
pub struct Follow {
    client: Client,
    body: Incoming,
    buffer: Vec<u8>,
    /// The kind of the event whose lines are being read.
    kind: Option<Vec<u8>>,
}

impl Follow {
    /// What comes next; none when the node ends the stream.
    ///
    /// # Errors
    /// When the connection breaks, or what comes is no event of a watch.
    pub async fn next(&mut self) -> Result<Option<Told>, ClientError> {
        loop {
            while let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                if let Some(told) = self.line(line.trim_ascii_end())? {
                    return Ok(Some(told));
                }
            }
            if self.buffer.len() > LINE_BYTES_MAX {
                return Err(self.client.stranger("an event is too long".to_owned()));
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(Ok(frame)) => self.buffer.extend(frame.data_ref().into_iter().flatten()),
                Some(Err(error)) => {
                    let (url, why) = (self.client.url.clone(), format!("the connection broke ({error})"));
                    return Err(ClientError::Unreachable { url, why });
                }
            }
        }
    }

    /// A node's events have their kind before their data, and one line of data.
    fn line(&mut self, line: &[u8]) -> Result<Option<Told>, ClientError> {
        if let Some(kind) = line.strip_prefix(b"event:") {
            self.kind = Some(kind.trim_ascii().to_vec());
        }
        let Some(data) = line.strip_prefix(b"data:") else { return Ok(None) };
        if self.kind.take().as_deref() == Some(b"reset") {
            return Ok(Some(Told::Reset));
        }
        let event = serde_json::from_slice(data);
        let strange = |error| self.client.stranger(format!("an event reads badly: {error}"));
        event.map(|event| Some(Told::Event(Box::new(event)))).map_err(strange)
    }
}

/// A key as part of a path: everything that could mean something else in a URL is escaped.
pub fn key_path(key: &str) -> String {
    escape(key, true)
}

/// A value of a query.
pub fn query_value(value: &str) -> String {
    escape(value, false)
}

fn escape(text: &str, keep_slashes: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(byte.into()),
            b'/' if keep_slashes => escaped.push('/'),
            _ => write!(escaped, "%{byte:02X}").expect("writing to a string does not fail"),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_nodes() {
        for (text, expected) in [
            ("http://127.0.0.1:7700", "http://127.0.0.1:7700"),
            ("localhost:1/", "http://localhost:1"),
            ("http://[::1]:5", "http://[::1]:5"),
        ] {
            assert_eq!(Client::new(text).expect("a valid URL").url(), expected);
        }
        for bad in ["https://x", "ftp://x", "http://x/api", "", "http://"] {
            assert!(matches!(Client::new(bad), Err(ClientError::Url { .. })), "{bad}");
        }
    }

    #[test]
    fn keys_keep_their_slashes_and_nothing_else() {
        assert_eq!(key_path("a/b c?#%é"), "a/b%20c%3F%23%25%C3%A9");
        assert_eq!(query_value("a/b"), "a%2Fb");
    }
}
