//! What travels on a link: one greeting each way, then numbered messages, in
//! postcard or as the same structures in JSON. Decoding is total: any bytes
//! give a value or a [`Refusal`], and allocate no more than the largest frame.
//! What a message means is not decided here.

use crate::config::Mode;
use crate::hash::StateHash;
use crate::id::{Address, Incarnation, NodeId};
use crate::members::Member;
use crate::services::Service;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The version of everything in this file. Another one is refused.
pub const VERSION: u16 = 1;

/// Largest frame, in bytes, sent or accepted. A guess: holds the largest value
/// sixteen times over, and three thousand member records.
pub const FRAME_BYTES_MAX: usize = 1024 * 1024;

/// How messages become bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Codec {
    /// Compact: WebSocket binary frames.
    #[default]
    Postcard,
    /// Readable: WebSocket text frames.
    #[cfg(feature = "json")]
    Json,
}

impl Codec {
    /// All codecs, the preferred one first.
    #[cfg(feature = "json")]
    pub const ALL: [Self; 2] = [Self::Postcard, Self::Json];

    /// All codecs that this build has.
    #[cfg(not(feature = "json"))]
    pub const ALL: [Self; 1] = [Self::Postcard];

    /// The WebSocket subprotocol that stands for this codec.
    pub fn subprotocol(self) -> &'static str {
        match self {
            Self::Postcard => "rumormill.v1",
            #[cfg(feature = "json")]
            Self::Json => "rumormill.v1+json",
        }
    }
}

/// The first frame on a link, in both directions. The first two fields keep
/// their place in every version, so that any version can refuse any other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`VERSION`].
    pub version: u16,
    /// The cluster's name.
    pub cluster: String,
    /// Who speaks.
    pub node: NodeId,
    /// In which life.
    pub incarnation: Incarnation,
    /// With which incarnation its process began.
    pub birth: Incarnation,
    /// Where it can be dialled.
    pub address: Option<Address>,
}

/// Every frame after the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frame<D, X> {
    /// Counts the sender's messages, over all its links: with its name, the
    /// message's identity in traces.
    pub number: u64,
    /// What it says.
    pub message: Message<D, X>,
}

/// What nodes say to each other. `D` is the state's digest, `X` its delta.
///
/// An exchange goes `Summary`, then `InSync` if there is nothing to do, else
/// `Digest`, `Delta`, and for push-pull `Delta` back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message<D, X> {
    /// "This is what I have, in one number each. Is it what you have?" Asks
    /// for an answer, and so doubles as a probe.
    Summary {
        /// Hash of the state; none if only liveness and members are asked.
        store: Option<StateHash>,
        /// Hash of the member list.
        members: StateHash,
        /// Who gives if the states differ.
        mode: Mode,
    },
    /// "Yes, the same" (or nothing was asked of the state).
    InSync,
    /// "No, but my limiter forbids me to go on now."
    Deferred,
    /// "No: this is what I have seen."
    Digest {
        /// What the sender has seen.
        digest: D,
        /// Who is to give: `push`, the receiver of this digest.
        mode: Mode,
    },
    /// "This is what you lack."
    Delta {
        /// What the receiver lacks.
        delta: X,
        /// What the sender has seen, if it asks for what it lacks in turn.
        digest: Option<D>,
        /// Is there more? Then a digest in answer fetches it.
        more: bool,
    },
    /// "This is new," forwarded unasked.
    Rumor {
        /// What is new.
        delta: X,
    },
    /// Records of members, by name.
    Members {
        /// The records.
        records: Vec<Told>,
        /// Set when this is a stretch of the sender's whole list and it wants
        /// to hear where the receiver's differs.
        compare: Option<Stretch>,
    },
    /// "What do you know?" For dashboards.
    Survey,
    /// The answer to `Survey`.
    Report(Report),
    /// "Does this member answer you? It does not answer me."
    ProbeRequest {
        /// Which.
        target: NodeId,
    },
    /// The answer to `ProbeRequest`. That it comes at all shows that the asker
    /// is not cut off.
    ProbeReply {
        /// Which.
        target: NodeId,
        /// Did it answer? If not, not yet.
        heard: bool,
    },
    /// "I have this, in case it does not come to you." (Plumtree's `IHAVE`.)
    Announce {
        /// What a state that has seen only this has seen.
        digest: D,
    },
    /// "Send me this, and what is new from now on." (Plumtree's `GRAFT`.)
    Graft {
        /// What of the announced has not come.
        digest: D,
    },
    /// "I knew that. From now on, only announce." (Plumtree's `PRUNE`.)
    Prune,
    /// "What have all below you in the tree seen?"
    Count {
        /// Which count this is.
        number: u64,
        /// What all members have seen, by the count before.
        stable: Option<D>,
    },
    /// The answer to `Count`; unasked, and without a digest, a call for one.
    Counted {
        /// Which count this answers.
        number: u64,
        /// What the sender and all below it have seen.
        seen: Option<D>,
        /// Does any of them keep what is deleted?
        garbage: bool,
    },
}

/// A member's record, as one node tells it to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The record.
    pub member: Member,
    /// For how many seconds it has been known to be gone; 0 if it is not. So
    /// everyone forgets it at about the same time, whatever the clocks say.
    pub gone_s: u32,
}

/// What a record takes in a frame at most, in bytes, in either codec: its texts,
/// and a generous allowance for field names and numbers.
pub fn told_bytes_max(member: &Member) -> usize {
    let service = |service: &Service| 64 + service.name().len() + 2 * service.reason().len();
    let accusers: usize = member.accusers.iter().map(|id| 4 + id.as_str().len()).sum();
    let texts = member.id.as_str().len()
        + member.address.as_ref().map_or(0, |address| 2 * address.as_str().len())
        + member.host.as_ref().map_or(0, |host| host.as_str().len());
    256 + texts + accusers + member.services.list.iter().map(service).sum::<usize>()
}

/// Which part of the sender's member list a frame holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// It begins after this name; at the start if none.
    pub after: Option<NodeId>,
    /// It ends with this name; at the end of the list if none.
    pub upto: Option<NodeId>,
}

/// What a node says of itself to whoever watches the cluster through another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// How many writes its state has seen.
    pub version: u64,
    /// Hash of its state.
    pub store: StateHash,
    /// Hash of its member list.
    pub members: StateHash,
    /// How many members it holds active, itself included.
    pub active: u32,
    /// How many members it knows at all.
    pub known: u32,
    /// Gossip messages and bytes that it has sent since its start.
    pub sent_messages: u64,
    /// See `sent_messages`.
    pub sent_bytes: u64,
    /// Sends that its limiter put off.
    pub denials: u64,
    /// Tokens left; none if it has no limit.
    pub tokens: Option<u32>,
}

/// The kinds of messages, for counters and traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageKind {
    /// The greeting.
    Hello,
    /// See [`Message::Summary`].
    Summary,
    /// See [`Message::InSync`].
    InSync,
    /// See [`Message::Deferred`].
    Deferred,
    /// See [`Message::Digest`].
    Digest,
    /// See [`Message::Delta`].
    Delta,
    /// See [`Message::Rumor`].
    Rumor,
    /// See [`Message::Members`].
    Members,
    /// See [`Message::Survey`].
    Survey,
    /// See [`Message::Report`].
    Report,
    /// See [`Message::ProbeRequest`].
    ProbeRequest,
    /// See [`Message::ProbeReply`].
    ProbeReply,
    /// See [`Message::Announce`].
    Announce,
    /// See [`Message::Graft`].
    Graft,
    /// See [`Message::Prune`].
    Prune,
    /// See [`Message::Count`].
    Count,
    /// See [`Message::Counted`].
    Counted,
}

impl MessageKind {
    /// All kinds, in order.
    pub const ALL: [Self; 17] = [
        Self::Hello,
        Self::Summary,
        Self::InSync,
        Self::Deferred,
        Self::Digest,
        Self::Delta,
        Self::Rumor,
        Self::Members,
        Self::Survey,
        Self::Report,
        Self::ProbeRequest,
        Self::ProbeReply,
        Self::Announce,
        Self::Graft,
        Self::Prune,
        Self::Count,
        Self::Counted,
    ];

    /// The kind in one lower-case word, as in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Summary => "summary",
            Self::InSync => "in-sync",
            Self::Deferred => "deferred",
            Self::Digest => "digest",
            Self::Delta => "delta",
            Self::Rumor => "rumor",
            Self::Members => "members",
            Self::Survey => "survey",
            Self::Report => "report",
            Self::ProbeRequest => "probe-request",
            Self::ProbeReply => "probe-reply",
            Self::Announce => "announce",
            Self::Graft => "graft",
            Self::Prune => "prune",
            Self::Count => "count",
            Self::Counted => "counted",
        }
    }

    /// Can it carry state from one node to another?
    pub fn is_payload(self) -> bool {
        matches!(self, Self::Delta | Self::Rumor)
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<D, X> Message<D, X> {
    /// Its kind.
    pub fn kind(&self) -> MessageKind {
        match self {
            Self::Summary { .. } => MessageKind::Summary,
            Self::InSync => MessageKind::InSync,
            Self::Deferred => MessageKind::Deferred,
            Self::Digest { .. } => MessageKind::Digest,
            Self::Delta { .. } => MessageKind::Delta,
            Self::Rumor { .. } => MessageKind::Rumor,
            Self::Members { .. } => MessageKind::Members,
            Self::Survey => MessageKind::Survey,
            Self::Report(_) => MessageKind::Report,
            Self::ProbeRequest { .. } => MessageKind::ProbeRequest,
            Self::ProbeReply { .. } => MessageKind::ProbeReply,
            Self::Announce { .. } => MessageKind::Announce,
            Self::Graft { .. } => MessageKind::Graft,
            Self::Prune => MessageKind::Prune,
            Self::Count { .. } => MessageKind::Count,
            Self::Counted { .. } => MessageKind::Counted,
        }
    }
}

/// Why a link is closed, as a WebSocket close code. 4000 to 4999 are free for
/// applications (RFC 6455, §7.4.2); ours add 4000 to the HTTP status that
/// comes nearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloseCode {
    /// Not needed any more.
    Idle,
    /// The node stops or leaves.
    GoingAway,
    /// A frame that does not decode, or breaks the protocol's rules.
    Malformed,
    /// A frame over the limit.
    TooLarge,
    /// Another version of the protocol.
    Version,
    /// Another cluster.
    Cluster,
    /// No greeting in time.
    Timeout,
    /// The node dialled itself.
    Myself,
    /// Another node has this name.
    NameTaken,
    /// A later life of the peer has a link of its own.
    Superseded,
    /// The peer is held to be down.
    Silent,
    /// The peer does not read what it is sent.
    Stalled,
    /// No room for another link; try again later.
    Busy,
}

impl CloseCode {
    /// All codes, in order.
    pub const ALL: [Self; 13] = [
        Self::Idle,
        Self::GoingAway,
        Self::Malformed,
        Self::TooLarge,
        Self::Version,
        Self::Cluster,
        Self::Timeout,
        Self::Myself,
        Self::NameTaken,
        Self::Superseded,
        Self::Silent,
        Self::Stalled,
        Self::Busy,
    ];

    /// The number on the wire.
    pub fn number(self) -> u16 {
        match self {
            Self::Idle => 1000,
            Self::GoingAway => 1001,
            Self::Malformed => 4400,
            Self::TooLarge => 4413,
            Self::Version => 4426,
            Self::Cluster => 4403,
            Self::Timeout => 4408,
            Self::Myself => 4508,
            Self::NameTaken => 4409,
            Self::Superseded => 4410,
            Self::Silent => 4504,
            Self::Stalled => 4429,
            Self::Busy => 4503,
        }
    }

    /// The code for a number on the wire, if it is one of ours.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }

    /// The code in lower-case words, as a metric's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::GoingAway => "going-away",
            Self::Malformed => "malformed",
            Self::TooLarge => "too-large",
            Self::Version => "version",
            Self::Cluster => "cluster",
            Self::Timeout => "timeout",
            Self::Myself => "myself",
            Self::NameTaken => "name-taken",
            Self::Superseded => "superseded",
            Self::Silent => "silent",
            Self::Stalled => "stalled",
            Self::Busy => "busy",
        }
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Bytes that this node will not take, and what to tell the peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// The code to close with.
    pub code: CloseCode,
    /// The reason in words, at most 123 bytes (RFC 6455, §5.5).
    pub reason: Cow<'static, str>,
}

impl Refusal {
    /// A refusal; a reason too long for a close frame is cut.
    pub fn new(code: CloseCode, reason: impl Into<Cow<'static, str>>) -> Self {
        let mut reason = reason.into();
        if reason.len() > 123 {
            let cut = (0..=123).rev().find(|&at| reason.is_char_boundary(at)).unwrap_or(0);
            reason.to_mut().truncate(cut);
        }
        Self { code, reason }
    }
}

/// Encodes a greeting or a frame.
pub fn encode(value: &impl Serialize, codec: Codec) -> Bytes {
    match codec {
        Codec::Postcard => postcard::to_allocvec(value).expect("these types always encode").into(),
        #[cfg(feature = "json")]
        Codec::Json => serde_json::to_vec(value).expect("these types always encode").into(),
    }
}

/// Decodes a greeting from this cluster and this version.
pub fn decode_hello(bytes: &[u8], codec: Codec, cluster: &str) -> Result<Hello, Refusal> {
    #[cfg(feature = "json")]
    #[derive(Deserialize)]
    struct Prefix {
        version: u16,
    }
    let malformed = || Refusal::new(CloseCode::Malformed, "the first frame is not a greeting of Rumormill");
    check_size(bytes)?;
    let version = match codec {
        Codec::Postcard => postcard::take_from_bytes::<u16>(bytes).map_err(|_| malformed())?.0,
        #[cfg(feature = "json")]
        Codec::Json => serde_json::from_slice::<Prefix>(bytes).map_err(|_| malformed())?.version,
    };
    if version != VERSION {
        let reason = alloc::format!("protocol version {version} is not spoken here, only {VERSION}");
        return Err(Refusal::new(CloseCode::Version, reason));
    }
    let hello: Hello = decode_exactly(bytes, codec).map_err(|_| malformed())?;
    if hello.cluster != cluster {
        let reason = alloc::format!("this is cluster '{cluster}', not '{}'", hello.cluster);
        return Err(Refusal::new(CloseCode::Cluster, reason));
    }
    Ok(hello)
}

/// Decodes a frame after the first.
pub fn decode_frame<D, X>(bytes: &[u8], codec: Codec) -> Result<Frame<D, X>, Refusal>
where
    D: DeserializeOwned,
    X: DeserializeOwned,
{
    check_size(bytes)?;
    decode_exactly(bytes, codec).map_err(|reason| Refusal::new(CloseCode::Malformed, reason))
}

fn check_size(bytes: &[u8]) -> Result<(), Refusal> {
    if bytes.len() > FRAME_BYTES_MAX {
        let reason = alloc::format!("a frame of {} bytes; {FRAME_BYTES_MAX} are allowed", bytes.len());
        return Err(Refusal::new(CloseCode::TooLarge, reason));
    }
    Ok(())
}

/// The whole of the bytes must be the value: what follows it would be lost.
fn decode_exactly<T: DeserializeOwned>(bytes: &[u8], codec: Codec) -> Result<T, String> {
    match codec {
        Codec::Postcard => match postcard::take_from_bytes::<T>(bytes) {
            Ok((value, [])) => Ok(value),
            Ok((_, rest)) => Err(alloc::format!("a frame with {} bytes too many", rest.len())),
            Err(error) => Err(alloc::format!("a frame that does not decode: {error}")),
        },
        #[cfg(feature = "json")]
        Codec::Json => serde_json::from_slice(bytes).map_err(|error| alloc::format!("not a frame: {error}")),
    }
}
