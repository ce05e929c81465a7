//! A WebSocket as a guard: it reports what happens to it and closes when it is dropped. It never looks into a message
//! and never reconnects. Beside it, a look at what else answers at an address, because a browser does not tell a page
//! why a socket did not open.

use super::{listener::Listener, page::window};
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    BinaryType, CloseEvent, MessageEvent, RequestCache, RequestInit, RequestMode, Response, WebSocket,
};

/// How much of a stranger's answer is read, in characters: enough to recognise it.
const ANSWER_CHARS_MAX: usize = 16_384;

/// What happened to a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketEvent {
    /// It is open, with the subprotocol that was asked for.
    Opened,
    /// A text frame came.
    Text(String),
    /// A binary frame came.
    Binary(Vec<u8>),
    /// It is closed, or never opened; nothing follows.
    Closed {
        /// The close code of RFC 6455; 1006 if the other end said nothing.
        code: u16,
        /// The reason that came with it.
        reason: String,
    },
}

/// An open or opening WebSocket. Dropping it closes it; a dropped socket reports nothing more.
#[derive(Debug)]
pub struct Socket {
    socket: WebSocket,
    _listeners: [Listener; 3],
}

impl Socket {
    /// Begins to open a socket that must speak `subprotocol`. What happens to it goes to `heard`.
    ///
    /// # Errors
    /// The browser's words, if it forbids the connection, for example to `ws://` from a page that came over HTTPS.
    pub fn open(
        url: &str,
        subprotocol: &str,
        heard: impl Fn(SocketEvent) + Clone + 'static,
    ) -> Result<Self, String> {
        let socket = WebSocket::new_with_str(url, subprotocol).map_err(words)?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let (on_open, on_message, on_close) = (heard.clone(), heard.clone(), heard);
        let listeners = [
            Listener::new(&socket, "open", move |_| on_open(SocketEvent::Opened)),
            Listener::new(&socket, "message", move |event| {
                let data = event.dyn_ref::<MessageEvent>().map(MessageEvent::data).unwrap_or_default();
                on_message(match data.as_string() {
                    Some(text) => SocketEvent::Text(text),
                    None => SocketEvent::Binary(Uint8Array::new(&data).to_vec()),
                });
            }),
            Listener::new(&socket, "close", move |event| {
                let close = event.dyn_ref::<CloseEvent>();
                on_close(SocketEvent::Closed {
                    code: close.map_or(1006, CloseEvent::code),
                    reason: close.map(CloseEvent::reason).unwrap_or_default(),
                });
            }),
        ];
        Ok(Self { socket, _listeners: listeners })
    }

    /// Sends a text frame. False if the socket is not open.
    pub fn send(&self, text: &str) -> bool {
        self.socket.ready_state() == WebSocket::OPEN && self.socket.send_with_str(text).is_ok()
    }

    /// Sends a binary frame. False if the socket is not open.
    pub fn send_bytes(&self, bytes: &[u8]) -> bool {
        self.socket.ready_state() == WebSocket::OPEN && self.socket.send_with_u8_array(bytes).is_ok()
    }

    /// How many bytes wait to be written.
    pub fn waiting_bytes(&self) -> u32 {
        self.socket.buffered_amount()
    }

    /// Writes what waits, then closes, and says why where browsers let a page say it: 1000 and 3000 to 4999.
    pub fn close(self, code: u16, reason: &str) {
        // Any other code closes without one when the guard is dropped.
        let _ = self.socket.close_with_code_and_reason(code, reason);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Fails for no socket that `open` returned.
        let _ = self.socket.close();
    }
}

/// What answers at an address, as far as the browser lets a page see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Nothing answers.
    Nothing,
    /// Something answers, but does not let pages from elsewhere read it.
    Hidden,
    /// Something answers with this.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The beginning of the body.
        body: String,
    },
}

/// Looks at what answers at an `http://` or `https://` address. What fails also shows on the browser's console, which
/// nothing can prevent.
pub async fn look_at(url: &str) -> Seen {
    if fetch(url, RequestMode::NoCors).await.is_none() {
        return Seen::Nothing;
    }
    let Some(response) = fetch(url, RequestMode::Cors).await else { return Seen::Hidden };
    let text = match response.text() {
        Ok(text) => JsFuture::from(text).await.ok().and_then(|text| text.as_string()),
        Err(_) => None,
    };
    let body = text.unwrap_or_default().chars().take(ANSWER_CHARS_MAX).collect();
    Seen::Answer { status: response.status(), body }
}

async fn fetch(url: &str, mode: RequestMode) -> Option<Response> {
    let options = RequestInit::new();
    options.set_mode(mode);
    options.set_cache(RequestCache::NoStore);
    JsFuture::from(window().fetch_with_str_and_init(url, &options)).await.ok()?.dyn_into().ok()
}

fn words(error: JsValue) -> String {
    let message = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    // A DOMException is not an `Error` to wasm-bindgen, though it has a message as well.
    let message = message.or_else(|| js_sys::Reflect::get(&error, &"message".into()).ok()?.as_string());
    message.unwrap_or_else(|| "no reason given".to_owned())
}
