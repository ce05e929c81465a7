//! What the worker shows of the cluster at a moment: the marks and messages of the picture, and the text beside it. Only
//! types; times are microseconds of simulated time.

use super::apart;
use super::insight::{Around, Timers};
use super::paths::{Path, Trouble};
use super::protocol::Deed;
use super::why::Why;
use rumormill_core::event::Fate;
use rumormill_core::{Cause, Incarnation, LimiterConfig, MessageKind, NodeId, Status, TraceRecord};
use serde::{Deserialize, Serialize};

/// A node as the ring draws it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Up, and how; or not.
    pub state: NodeState,
    /// Does it have the write that the look asks for?
    pub informed: bool,
}

/// What is true of a node, whatever others believe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NodeState {
    /// Up.
    Alive,
    /// Up, and has not yet heard from another member.
    Joining,
    /// Crashed.
    Down,
    /// Said goodbye and stopped.
    Left,
    /// Up, but its process stands still.
    Paused,
}

impl NodeState {
    /// One lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Joining => "joining",
            Self::Down => "down",
            Self::Left => "left",
            Self::Paused => "paused",
        }
    }

    /// Is it running?
    pub fn is_up(self) -> bool {
        matches!(self, Self::Alive | Self::Joining | Self::Paused)
    }
}

/// A message under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flight {
    /// The sender.
    pub from: u16,
    /// The receiver.
    pub to: u16,
    /// When it was sent.
    pub sent_us: u64,
    /// How long it travels.
    pub travels_us: u32,
    /// Can it carry state?
    pub payload: bool,
    /// Will it never arrive?
    pub lost: bool,
    /// Names it within the run.
    pub id: u64,
}

/// The cluster at a moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Which run.
    pub run: u32,
    /// The moment.
    pub now_us: u64,
    /// When something happens next.
    pub next_us: Option<u64>,
    /// How long the worker took, in microseconds of real time.
    pub took_us: u32,
    /// The nodes, in order.
    pub marks: Vec<Mark>,
    /// The part of a cut network in which each node is; empty without a cut.
    pub groups: Vec<u8>,
    /// Paths that are cut by themselves or slow; at most [`PATHS_MAX`](super::paths::PATHS_MAX) of each.
    #[serde(with = "apart::list")]
    pub paths: Vec<Path>,
    /// Messages under way, oldest first.
    #[serde(with = "apart::list")]
    pub flights: Vec<Flight>,
    /// Messages under way that were left out, because there are too many to draw.
    pub flights_unseen: u32,
    /// Messages that have arrived or would have, if the look asks for lanes.
    #[serde(with = "apart::list")]
    pub landed: Vec<Flight>,
    /// How it stands with the latest write.
    pub spread: Spread,
    /// Points of the charts since the last frame.
    pub samples: Vec<Sample>,
    /// What was done to the cluster since the last frame, and when.
    #[serde(with = "apart::list")]
    pub done: Vec<(u64, Deed)>,
    /// Why the deed that was asked for was not possible.
    pub refused: Option<String>,
    /// How far the branch in sight has been played.
    pub end_us: u64,
    /// Time was turned: what happened after this moment is told anew.
    pub turned_us: Option<u64>,
    /// The branches, if they changed or another one is in sight.
    #[serde(with = "apart::option")]
    pub course: Option<Box<Course>>,
    /// Texts, if they were asked for.
    pub text: Option<Box<Text>>,
}

/// The branches of a run, and what belongs to the one in sight.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// All branches, in the order in which they began.
    pub branches: Vec<Branch>,
    /// The one in sight.
    pub current: u32,
    /// Its charts' points, in place of all before.
    pub samples: Vec<Sample>,
    /// What was done on it, in place of all before.
    #[serde(with = "apart::list")]
    pub done: Vec<(u64, Deed)>,
}

/// A branch of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// What it is called: by what was done where it began.
    pub name: String,
    /// The branch that it comes from; none for the first.
    pub parent: Option<u32>,
    /// Up to when both are the same.
    pub from_us: u64,
    /// How far it has been played.
    pub end_us: u64,
}

/// How it stands with the latest write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// When it was written, if anything was.
    pub since_us: Option<u64>,
    /// The node that wrote it.
    pub origin: u32,
    /// Nodes that are up and have it.
    pub informed: u32,
    /// Nodes that are up.
    pub up: u32,
    /// When the last of them learned it, if all have it.
    pub complete_us: Option<u64>,
    /// The longest way on which any node learned it, in messages.
    pub hops: u32,
    /// Do all nodes that are up hold the same state?
    pub converged: bool,
    /// Is a message that can carry state under way or owed?
    pub owed: bool,
    /// Do the nodes compare whole states now and then?
    pub repairs: bool,
    /// Is the network in parts, between which nothing passes?
    pub cut: bool,
    /// Paths between two nodes that are cut beside that, one way or both.
    pub paths_cut: u32,
}

impl Spread {
    /// Is anything cut?
    pub fn has_cuts(&self) -> bool {
        self.cut || self.paths_cut > 0
    }
}

/// A point of the charts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    pub at_us: u64,
    /// Nodes that are up and have the latest write.
    pub informed: u32,
    /// Nodes that are up.
    pub up: u32,
    /// Messages sent since the start.
    pub messages: u64,
    /// Of these, those that can carry state.
    pub payload: u64,
    /// Bytes sent since the start.
    pub bytes: u64,
    /// Messages that can carry state and have arrived since the start.
    pub arrived: u64,
}

/// What is read rather than seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// Counts since the start.
    pub totals: Totals,
    /// What happened since the last text, oldest first.
    #[serde(with = "apart::list")]
    pub records: Vec<TraceRecord>,
    /// The inspected node.
    #[serde(with = "apart::option")]
    pub node: Option<Box<Detail>>,
    /// The rows in sight.
    #[serde(with = "apart::list")]
    pub rows: Vec<Row>,
    /// The writes that are watched, newest first.
    #[serde(with = "apart::list")]
    pub writes: Vec<WriteLine>,
    /// What the view asked for.
    pub shown: Shown,
    /// Whom most suspect, and how many do, if anyone is suspected.
    pub suspect: Option<(NodeId, u32)>,
    /// The inspected message, while it is under way.
    #[serde(with = "apart::option")]
    pub message: Option<Box<MessageLine>>,
}

/// What a view asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    /// Nothing.
    #[default]
    Nothing,
    /// From whom to whom.
    Links(#[serde(with = "apart::one")] Vec<(u32, u32)>),
    /// Node by node, from whom it learned the write: itself if it wrote it, none if it does not have it.
    Way(#[serde(with = "apart::one")] Vec<Option<u32>>),
    /// What nodes hold of each other.
    Beliefs(#[serde(with = "apart::one")] Matrix),
    /// Which of the writes, in the order of [`Text::writes`], nodes have.
    Writes(#[serde(with = "apart::one")] Matrix),
    /// When each of the lanes' nodes learned the write.
    Lanes(#[serde(with = "apart::one")] Vec<Option<u64>>),
}

/// Cells, row by row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matrix {
    /// The node of the first row.
    pub first: u32,
    /// How many cells a row has.
    pub columns: u32,
    /// The cells.
    pub cells: Vec<Known>,
}

/// What a node knows of a member or a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Known {
    /// The node is not up: it knows nothing.
    Nobody,
    /// It does not know it.
    No,
    /// It has the write.
    Yes,
    /// It holds the member for this.
    Status(Status),
}

/// A write and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteLine {
    /// Counts the run's writes, from 1.
    pub number: u64,
    /// When.
    pub at_us: u64,
    /// The node that wrote it.
    pub node: u32,
    /// The key.
    pub key: String,
    /// How many nodes that are up have it.
    pub informed: u32,
}

/// A message under way, in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageLine {
    /// Where it is.
    pub flight: Flight,
    /// Its kind.
    pub kind: MessageKind,
    /// Why it was sent.
    pub cause: Cause,
    /// The sender's number for it.
    pub number: u64,
    /// Its size.
    pub bytes: u32,
    /// The writes in it, each as key and what was written; at most [`CARRIED_SHOWN_MAX`].
    pub carried: Vec<(String, String)>,
    /// Writes that it brings, shown or not, standing or superseded.
    pub writes: u32,
    /// How it was lost, if it was.
    pub fate: Option<Fate>,
}

/// Most writes listed of one message.
pub const CARRIED_SHOWN_MAX: usize = 12;

/// Counts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Messages sent.
    pub messages: u64,
    /// Of these, those that can carry state.
    pub payload: u64,
    /// Their bytes together.
    pub bytes: u64,
    /// Messages that did not arrive.
    pub lost: u64,
    /// Sends that limiters put off.
    pub denials: u64,
    /// Events handled.
    pub events: u64,
}

/// What was sent from a write on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Until all had it, or else until now?
    pub is_whole: bool,
    /// Messages of all kinds.
    pub messages: u64,
    /// Of these, those that can carry state.
    pub payload: u64,
    /// Bytes of all kinds.
    pub bytes: u64,
}

/// A row of the table of nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The node.
    pub node: u32,
    /// Its name.
    pub id: NodeId,
    /// Up or not.
    pub state: NodeState,
    /// Does it have the latest write?
    pub informed: bool,
    /// How many of those that are up suspect it to be down.
    pub suspected_by: u32,
    /// Is known what it holds and does? Otherwise the numbers after this mean nothing.
    pub told: bool,
    /// Entries in its store.
    pub keys: u32,
    /// Members that it holds active.
    pub active: u32,
    /// Its links.
    pub links: u32,
    /// Messages that it has sent in this life.
    pub sent: u64,
    /// Sends that its limiter put off.
    pub denials: u64,
}

/// Everything about one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// The node.
    pub node: u32,
    /// Its name.
    pub id: NodeId,
    /// Its life.
    pub incarnation: Incarnation,
    /// Up or not.
    pub state: NodeState,
    /// The part of a cut network in which it is.
    pub group: Option<u8>,
    /// What is wrong with its process, its clock and its paths.
    pub trouble: Trouble,
    /// How it learned of the latest write: when, and over how many messages.
    pub learned: Option<(u64, u32)>,
    /// The way on which the write came to it, the first message first; empty if it does not have it.
    pub path: Vec<Hop>,
    /// Why it does not have the write, if there is one.
    pub why: Option<Why>,
    /// What it holds and believes, while it is up.
    pub inside: Option<Inside>,
    /// What is under way to it, and what the others believe of it.
    #[serde(with = "apart::one")]
    pub around: Around,
}

/// A message that brought a write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// The sender.
    pub from: u32,
    /// The receiver.
    pub to: u32,
    /// When it arrived.
    pub at_us: u64,
    /// What it was, and why it was sent.
    pub by: Option<(MessageKind, Cause)>,
}

/// What a running node holds and believes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inside {
    /// Writes that it has seen.
    pub version: u64,
    /// Hash of what it has seen.
    pub hash: u64,
    /// Its entries, by key.
    pub entries: Vec<EntryLine>,
    /// Entries that did not fit the list.
    pub entries_unseen: u32,
    /// Its member list, in the order of names; at most [`MEMBERS_SHOWN_MAX`], those that are not alive first.
    pub members: Vec<MemberLine>,
    /// How many members it holds for alive, joining, suspect, down, leaving, left.
    pub believed: [u32; 6],
    /// What it believes of each node, by index; `None` if it does not know it.
    pub beliefs: Vec<Option<Status>>,
    /// The limit in force.
    pub limiter: LimiterConfig,
    /// Tokens left; none without a limit.
    pub tokens: Option<u32>,
    /// Sends that the limiter put off.
    pub denials: u64,
    /// Members to whom something is owed.
    pub owed: u32,
    /// Nodes to which it has an established link.
    pub linked: Vec<u32>,
    /// Links, being dialled or established.
    pub links: u32,
    /// Rounds begun.
    pub rounds: u64,
    /// What it waits for; a recording does not tell.
    #[serde(with = "apart::option")]
    pub timers: Option<Timers>,
    /// Messages sent and received.
    pub messages: [u64; 2],
    /// Bytes sent and received.
    pub bytes: [u64; 2],
}

/// Most members listed of one node, so that a list stays readable.
pub const MEMBERS_SHOWN_MAX: usize = 200;

/// Most entries listed of one node.
pub const ENTRIES_SHOWN_MAX: usize = 100;

/// An entry of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryLine {
    /// The key.
    pub key: String,
    /// Is it a counter?
    pub is_counter: bool,
    /// The value as text.
    pub value: String,
    /// Who wrote a register.
    pub author: Option<NodeId>,
}

/// A member as a node sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberLine {
    /// The node, if its name is one of the run's.
    pub node: Option<u32>,
    /// Its name.
    pub id: NodeId,
    /// What is believed of it.
    pub status: Status,
    /// Which life of it.
    pub incarnation: Incarnation,
    /// Is there a link to it?
    pub linked: bool,
    /// For how long it has owed an answer.
    pub silent_us: Option<u64>,
}
