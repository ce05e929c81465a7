//! One link as a task: frames in, frames out, and the close with its code and
//! reason both ways. Dialled and accepted links are the same here; dialling is
//! in `dial`. What frames mean, and whether a link should exist, is the
//! engine's business.

mod dial;

pub(crate) use dial::dial;

use crate::faults::Wire;
use bytes::Bytes;
use futures_util::{FutureExt, Sink, SinkExt, Stream};
use rumormill_core::engine::CONTROL_FRAMES_MAX;
use rumormill_core::wire::{FRAME_BYTES_MAX, Refusal};
use rumormill_core::{CloseCode, Codec, LinkId};
use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::Utf8Bytes;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

/// Most frames that wait to be written to one link: what the engine hands out
/// before it closes a link as stalled.
pub const LINK_QUEUE_MAX: usize = CONTROL_FRAMES_MAX as usize;

/// How long a link that is being closed may take to write what is left and to
/// see the other end close. A guess: several round trips on any network.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes that a link reads or writes at a time. Small, because most frames are,
/// and every link holds two such buffers.
const BUFFER_BYTES: usize = 4 * 1024;

/// What a link's task tells the driver.
#[derive(Debug)]
pub(crate) enum Report {
    /// A dialled link can carry frames.
    Up { link: LinkId, codec: Codec },
    /// A frame came in.
    Received { link: LinkId, frame: Bytes },
    /// The peer broke the transport's rules.
    Broke { link: LinkId, refusal: Refusal },
    /// So many frames have been written.
    Sent { link: LinkId, frames: u16 },
    /// The peer closed the link with one of Rumormill's codes.
    Closed { link: LinkId, refusal: Refusal },
    /// The link is gone, and nobody here asked for that.
    Down { link: LinkId, reason: Cow<'static, str> },
}

/// The driver's end of a link's task.
#[derive(Debug)]
pub(crate) struct Orders {
    /// Frames to write, oldest first.
    pub(crate) frames: mpsc::Sender<Bytes>,
    /// Write what waits, then close.
    pub(crate) close: oneshot::Sender<Refusal>,
}

/// The task's end.
#[derive(Debug)]
pub(crate) struct Inbox {
    frames: mpsc::Receiver<Bytes>,
    close: oneshot::Receiver<Refusal>,
}

impl Inbox {
    /// Comes back when the link is to be closed, or the driver is gone. For a
    /// link that has not been made yet: it swallows the order.
    pub(crate) async fn closed(&mut self) {
        // Closed in order or because the driver is gone: it ends either way.
        let _ = (&mut self.close).await;
    }
}

pub(crate) fn orders() -> (Orders, Inbox) {
    let (frames, frames_end) = mpsc::channel(LINK_QUEUE_MAX);
    let (close, close_end) = oneshot::channel();
    (Orders { frames, close }, Inbox { frames: frames_end, close: close_end })
}

/// The WebSocket settings of every gossip link. The transport lets frames
/// through that are a little too large, so that the engine can say so.
pub(crate) fn socket_config() -> WebSocketConfig {
    let largest = Some(FRAME_BYTES_MAX + BUFFER_BYTES);
    WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_message_size(largest)
        .max_frame_size(largest)
}

/// Carries frames until the link ends, and tells the driver how it ended
/// unless the driver asked for it.
pub(crate) async fn carry<T: AsyncRead + AsyncWrite + Unpin>(
    link: LinkId,
    codec: Codec,
    mut socket: WebSocketStream<T>,
    mut inbox: Inbox,
    reports: mpsc::Sender<Report>,
    wire: Option<Wire>,
) {
    let cut = async {
        match wire {
            Some(mut wire) => wire.cut().await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(cut);
    let mut written = 0;
    let reason = loop {
        let step = tokio::select! {
            step = poll_fn(|cx| poll_step(cx, &mut socket, codec, &mut inbox, &mut written)) => step,
            () = &mut cut => Step::End("the network was cut by a test".into()),
        };
        let report = match step {
            Step::Received(Ok(frame)) => Report::Received { link, frame },
            Step::Received(Err(refusal)) => {
                // Nothing after this can be read; the engine decides what to tell the peer.
                if reports.send(Report::Broke { link, refusal }).await.is_ok()
                    && let Ok(refusal) = (&mut inbox.close).await
                {
                    finish(socket, codec, inbox, Some(refusal)).await;
                }
                return;
            }
            Step::Sent(frames) => Report::Sent { link, frames },
            Step::Close(refusal) => return finish(socket, codec, inbox, Some(refusal)).await,
            Step::Abandoned => return,
            Step::End(reason) => break reason,
            Step::Closed(frame) => {
                if reports.send(closed_by_peer(link, frame)).await.is_ok() {
                    finish(socket, codec, inbox, None).await;
                }
                return;
            }
        };
        if reports.send(report).await.is_err() {
            return;
        }
    };
    // The driver may be gone; then nobody needs to know.
    let _ = reports.send(Report::Down { link, reason }).await;
}

/// The next thing that a link does.
enum Step {
    Received(Result<Bytes, Refusal>),
    Sent(u16),
    /// The driver wants the link closed.
    Close(Refusal),
    /// The driver is gone.
    Abandoned,
    /// The peer closed the link.
    Closed(Option<CloseFrame>),
    /// The connection ended.
    End(Cow<'static, str>),
}

/// Reads and writes at once: a link that stops reading while it writes could
/// wait for a peer that does the same.
fn poll_step<T: AsyncRead + AsyncWrite + Unpin>(
    cx: &mut Context<'_>,
    socket: &mut WebSocketStream<T>,
    codec: Codec,
    inbox: &mut Inbox,
    written: &mut u16,
) -> Poll<Step> {
    match inbox.close.poll_unpin(cx) {
        Poll::Ready(Ok(refusal)) => return Poll::Ready(Step::Close(refusal)),
        Poll::Ready(Err(_)) => return Poll::Ready(Step::Abandoned),
        Poll::Pending => {}
    }
    loop {
        if *written > 0 {
            match Pin::new(&mut *socket).poll_flush(cx) {
                Poll::Ready(Ok(())) => return Poll::Ready(Step::Sent(std::mem::take(written))),
                Poll::Ready(Err(error)) => return Poll::Ready(Step::End(in_words(&error))),
                Poll::Pending => break,
            }
        }
        while let Poll::Ready(Some(frame)) = inbox.frames.poll_recv(cx) {
            if let Err(error) = Pin::new(&mut *socket).start_send(message(frame, codec)) {
                return Poll::Ready(Step::End(in_words(&error)));
            }
            *written += 1;
        }
        if *written == 0 {
            break;
        }
    }
    loop {
        let Poll::Ready(read) = Pin::new(&mut *socket).poll_next(cx) else { return Poll::Pending };
        return Poll::Ready(match read {
            Some(Ok(Message::Binary(frame))) if codec == Codec::Postcard => Step::Received(Ok(frame)),
            Some(Ok(Message::Text(frame))) if codec == Codec::Json => Step::Received(Ok(frame.into())),
            Some(Ok(Message::Binary(_) | Message::Text(_))) => Step::Received(Err(wrong_type(codec))),
            Some(Ok(Message::Close(frame))) => Step::Closed(frame),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
            Some(Err(Error::Capacity(_))) => Step::Received(Err(too_large())),
            Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) | None => {
                Step::End("the connection ended without a goodbye".into())
            }
            Some(Err(Error::Protocol(error))) => Step::Received(Err(broken(&error.to_string()))),
            Some(Err(Error::Utf8(_))) => Step::Received(Err(broken("text that is not UTF-8"))),
            Some(Err(error)) => Step::End(in_words(&error)),
        });
    }
}

/// Writes what is left and the close frame, then waits for the other end to
/// read it all: closing at once would make the system throw it away.
async fn finish<T: AsyncRead + AsyncWrite + Unpin>(
    mut socket: WebSocketStream<T>,
    codec: Codec,
    mut inbox: Inbox,
    refusal: Option<Refusal>,
) {
    let closing = async {
        while let Ok(frame) = inbox.frames.try_recv() {
            if refusal.is_some() {
                socket.feed(message(frame, codec)).await.ok()?;
            }
        }
        if let Some(Refusal { code, reason }) = refusal {
            let reason = Utf8Bytes::from(reason.as_ref());
            let frame = CloseFrame { code: code.number().into(), reason };
            socket.feed(Message::Close(Some(frame))).await.ok()?;
        }
        socket.flush().await.ok()?;
        let connection = socket.get_mut();
        connection.shutdown().await.ok()?;
        let mut scratch = [0; 1024];
        while connection.read(&mut scratch).await.ok()? > 0 {}
        Some(())
    };
    // Whatever goes wrong while closing, the connection is dropped after this.
    let _ = timeout(CLOSE_TIMEOUT, closing).await;
}

fn message(frame: Bytes, codec: Codec) -> Message {
    match codec {
        Codec::Postcard => Message::Binary(frame),
        Codec::Json => Message::Text(Utf8Bytes::try_from(frame).expect("the JSON codec encodes to UTF-8")),
    }
}

fn wrong_type(codec: Codec) -> Refusal {
    Refusal::new(
        CloseCode::Malformed,
        match codec {
            Codec::Postcard => "a text frame, but rumormill.v1 is binary",
            Codec::Json => "a binary frame, but rumormill.v1+json is text",
        },
    )
}

fn too_large() -> Refusal {
    Refusal::new(CloseCode::TooLarge, format!("a frame of more than {FRAME_BYTES_MAX} bytes"))
}

fn broken(what: &str) -> Refusal {
    Refusal::new(CloseCode::Malformed, format!("not a WebSocket frame: {what}"))
}

fn closed_by_peer(link: LinkId, frame: Option<CloseFrame>) -> Report {
    let Some(CloseFrame { code, reason }) = frame else {
        return Report::Down { link, reason: "closed by the peer without a reason".into() };
    };
    let number = u16::from(code);
    match CloseCode::from_number(number) {
        Some(code) => Report::Closed { link, refusal: Refusal::new(code, reason.as_str().to_owned()) },
        None => Report::Down { link, reason: format!("closed by the peer: {reason} ({number})").into() },
    }
}

fn in_words(error: &Error) -> Cow<'static, str> {
    match error {
        Error::Io(error) => format!("the connection broke: {error}").into(),
        Error::ConnectionClosed | Error::AlreadyClosed => "the connection ended".into(),
        error => error.to_string().into(),
    }
}
