//! What an engine reports of its life, and the trace that is made of such
//! reports: one schema for the simulator, live nodes, dashboards and files.
//! Events tell; nothing ever acts on the engine through them.

use crate::id::{Address, Incarnation, NodeId};
use crate::limiter::Purpose;
use crate::members::Status;
use crate::services::Health;
use crate::state::store::{Key, Kind};
use crate::time::{Duration, Instant};
use crate::wire::{CloseCode, MessageKind};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Why a message was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The link is new: a greeting.
    Greeting,
    /// The round's timer chose this peer at random.
    Round,
    /// Something was new, and the peer is a child in the tree, or a neighbour
    /// whose link is in the spanning tree.
    Tree,
    /// The peer asked.
    Answer,
    /// The link is new and the peer was not known as active.
    Join,
    /// The link to the peer had broken.
    Reconnect,
    /// The peer has not answered yet.
    Silence,
    /// The peer is held to be down; perhaps it is back.
    Return,
    /// The peer does not know how it is spoken of.
    Correction,
    /// Someone watches the cluster through this node.
    Survey,
    /// This node leaves.
    Leave,
    /// Another node does not get an answer from the peer, and asks this one to
    /// try.
    Relay,
    /// A third member does not answer, and the peer is asked to try.
    Indirect,
    /// Something was new, and the peer's link is not in the spanning tree.
    News,
    /// The peer announced something that has not come.
    Missed,
    /// The peer sent what was known.
    Duplicate,
    /// Something is deleted, and may be forgotten once everyone has seen that.
    Garbage,
}

impl Cause {
    /// The cause as a clause: "sent because …".
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Greeting => "the link is new",
            Self::Round => "this round chose the peer at random",
            Self::Tree => "the peer is a child in the tree",
            Self::Answer => "the peer asked",
            Self::Join => "the peer is new here",
            Self::Reconnect => "the link had broken",
            Self::Silence => "the peer has not answered yet",
            Self::Return => "the peer was down and may be back",
            Self::Correction => "the peer is wrongly suspected or held to be gone",
            Self::Survey => "a dashboard watches through this node",
            Self::Leave => "this node leaves",
            Self::Relay => "another node gets no answer from the peer",
            Self::Indirect => "a third member does not answer this node",
            Self::News => "the peer has it from elsewhere, if all is well",
            Self::Missed => "what the peer announced has not come",
            Self::Duplicate => "the peer sent what was known",
            Self::Garbage => "what is deleted may be forgotten once everyone has seen that",
        }
    }
}

/// Something that an engine did or noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A round began.
    Round {
        /// Counts this node's rounds.
        number: u64,
    },
    /// A message went out. Only while tracing.
    Sent {
        /// To whom; none in a greeting to a peer that has yet to say who it is:
        /// where it dialled, or only its address was known.
        to: Option<NodeId>,
        /// The sender's message number; 0 for greetings.
        number: u64,
        /// Its kind.
        kind: MessageKind,
        /// Its size.
        bytes: u32,
        /// How many writes it carries.
        writes: u32,
        /// Why it was sent.
        cause: Cause,
    },
    /// A message came in. Only while tracing.
    Received {
        /// From whom.
        from: NodeId,
        /// The sender's message number; 0 for greetings.
        number: u64,
        /// Its kind.
        kind: MessageKind,
        /// Its size.
        bytes: u32,
        /// Did it bring anything new?
        news: bool,
    },
    /// The limiter put off a send; it will go out when it may.
    Denied {
        /// To whom.
        to: NodeId,
        /// What for.
        purpose: Purpose,
    },
    /// A link was established.
    LinkUp {
        /// With whom.
        peer: NodeId,
        /// Did this node dial it?
        dialed: bool,
    },
    /// A link ended, or could not be made.
    LinkDown {
        /// With whom, if that was known.
        peer: Option<NodeId>,
        /// Why, if one end closed it.
        code: Option<CloseCode>,
        /// Why, in words.
        reason: Cow<'static, str>,
    },
    /// The record of a member changed.
    Member {
        /// Which.
        id: NodeId,
        /// Its life.
        incarnation: Incarnation,
        /// What it is now.
        status: Status,
        /// What it was; none if it was not known.
        was: Option<Status>,
    },
    /// A key reads differently now.
    Changed {
        /// Which.
        key: Key,
        /// Its kind.
        kind: Kind,
        /// From whom it came; none for a write of this node.
        from: Option<NodeId>,
    },
    /// Another node uses this node's name.
    NameTaken {
        /// Its incarnation.
        incarnation: Incarnation,
        /// Where that node is.
        address: Option<Address>,
        /// Does this node keep the name? If not, it has stopped: the other one
        /// was there first.
        kept: bool,
    },
    /// This node has left; the engine does nothing any more.
    Stopped,
    /// A service does differently now, or its node does.
    Service {
        /// Whose.
        node: NodeId,
        /// Which.
        name: Box<str>,
        /// How it does now; none if it was withdrawn.
        health: Option<Health>,
        /// Why, in words; empty if nothing was said.
        reason: Cow<'static, str>,
    },
    /// Writes came whose stamps are further in the future than any good clock
    /// is: they count, but this node's clock does not follow them. Someone's
    /// clock is wrong, perhaps this node's.
    ClockAhead {
        /// Who brought them; not always who wrote them.
        from: NodeId,
        /// How many they were.
        writes: u32,
    },
}

/// One thing that happened in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TraceEvent {
    /// Reported by a node's engine.
    Node(Event),
    /// A node started, or started again.
    Started {
        /// In which life.
        incarnation: Incarnation,
    },
    /// A node stopped without a word.
    Crashed,
    /// The network lost a frame that the node had sent.
    Lost {
        /// To whom.
        to: NodeId,
        /// The sender's message number; 0 for greetings.
        number: u64,
        /// Its kind.
        kind: MessageKind,
        /// How.
        fate: Fate,
    },
    /// The links between the node and these others were cut; for a record of
    /// the network itself, those between these nodes and everyone else.
    Cut(Box<[NodeId]>),
    /// All cuts were healed.
    Healed,
    /// Someone asked the node for a write.
    Wrote {
        /// Which key.
        key: Key,
        /// What was asked, in words.
        what: String,
    },
    /// Events before this one were not kept: so many.
    Skipped(u64),
    /// A node started again, with the data that it had when it stopped.
    Recovered {
        /// In which life.
        incarnation: Incarnation,
    },
    /// The node's process was stopped; what reaches it waits.
    Paused,
    /// The node's process goes on.
    Resumed,
    /// The node handles all that reaches it that much later.
    Slowed {
        /// How much, in microseconds; 0: not any more.
        delay_us: Duration,
    },
    /// Someone set the node's clock, or changed its pace.
    ClockSet {
        /// How far it is ahead of the true time, in microseconds.
        ahead_us: i64,
        /// How much too fast it goes, in parts per million.
        drift_ppm: i32,
    },
    /// A frame that the node had sent arrived a second time.
    Duplicated {
        /// At whom.
        to: NodeId,
        /// The sender's message number.
        number: u64,
        /// Its kind.
        kind: MessageKind,
    },
    /// Whatever the node sends to this other one is lost.
    CutOneWay(NodeId),
    /// The link between the node and this other one is not cut any more.
    Mended(NodeId),
}

/// How a frame was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// By chance.
    Loss,
    /// At a cut.
    Cut,
    /// The receiver had crashed, or the link had closed.
    Gone,
    /// Someone took it out by hand.
    Dropped,
}

/// A line of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceRecord {
    /// When, on the clock of whoever records, in microseconds.
    pub at: Instant,
    /// At which node; none for the network itself.
    pub node: Option<NodeId>,
    /// What.
    pub event: TraceEvent,
}

/// The version of trace files.
pub const TRACE_VERSION: u32 = 1;

/// The first line of a trace file: what the lines after it, one record each,
/// are a trace of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceHeader {
    /// [`TRACE_VERSION`]. It stands first, so that a file tells at once what
    /// it is.
    pub rumormill_trace: u32,
    /// Who recorded what, in words.
    pub of: String,
    /// Do all nodes know each other from the start? Nothing in the trace says
    /// so then.
    #[serde(default)]
    pub known: bool,
    /// Was it recorded by the nodes themselves? Then nobody tells of a
    /// node's end, and the first start of a node is in no first life.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub live: bool,
}

/// A whole trace, as a file holds it after a header line.
pub type Trace = Vec<TraceRecord>;
