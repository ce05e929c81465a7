//! What the page and the worker say to each other: commands one way, one report for each the other way, in postcard.
//! Only types and their encoding; times are microseconds of simulated time.

use super::record::{Record, Retraced};
use super::why::Why;
use crate::replay::recording::Facts;
use rumormill_core::event::Fate;
use rumormill_core::{Cause, Incarnation, LimiterConfig, MessageKind, NodeId, Status, TraceRecord, Tuning};
use rumormill_sim::{Network, Scenario, SpreadConfig, SpreadResult};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// What the page asks of the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Begin a run, in place of the one before.
    Start {
        /// The page's number for the run, repeated in its frames.
        run: u32,
        /// Nodes, tuning, network and seed. Its acts do not travel.
        #[serde(with = "bare")]
        scenario: Box<Scenario>,
        /// What is done when, in place of the scenario's acts.
        script: Vec<(u64, Deed)>,
        /// What to report.
        look: Look,
    },
    /// Let time pass until then, or as far as one tick gets.
    Advance {
        /// When to stop.
        to_us: u64,
        /// What to report.
        look: Look,
    },
    /// Let the next event happen.
    Step {
        /// What to report.
        look: Look,
    },
    /// Go to the moment before the last event.
    StepBack {
        /// What to report.
        look: Look,
    },
    /// Go to a time of this branch, or as far as one tick gets: from there on [`Command::Advance`] goes on.
    Seek {
        /// When.
        to_us: u64,
        /// What to report.
        look: Look,
    },
    /// Begin a branch here, on which nothing else is different yet.
    Fork {
        /// What to report.
        look: Look,
    },
    /// Look at another branch, at the same time if it goes so far.
    Switch {
        /// Which.
        branch: u32,
        /// What to report.
        look: Look,
    },
    /// Do something to the cluster, now. Where time has been before, that begins a branch.
    Do {
        /// What.
        deed: Deed,
        /// What to report.
        look: Look,
    },
    /// Report.
    Look(Look),
    /// Run a scenario that the simulator knows by name to its end, apart from the cluster in sight, and tell its hash.
    TraceHash {
        /// The page's number for the question.
        id: u32,
        /// The scenario's name.
        name: String,
    },
    /// Look at a recording, in place of the run or recording before.
    Open {
        /// The page's number for it, repeated in its frames.
        run: u32,
        /// The file's name.
        name: String,
        /// What stands in it.
        bytes: Vec<u8>,
    },
    /// Hand over everything of the run in sight that can be kept.
    Record,
    /// Play a run again from its start to a moment, apart from the cluster in sight.
    Retrace {
        /// As for [`Command::Start`].
        #[serde(with = "bare")]
        scenario: Box<Scenario>,
        /// What is done when.
        script: Vec<(u64, Deed)>,
        /// The moment.
        to_us: u64,
        /// The trace too, or only its hash?
        with_lines: bool,
    },
    /// Begin a spread experiment, apart from the cluster in sight.
    Spread(SpreadConfig),
    /// Go on with it.
    SpreadOn,
}

/// What a report shall hold besides the frame.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Texts too: totals, events, and what `node` and `rows` ask for?
    pub text: bool,
    /// The node that is inspected.
    pub node: Option<u32>,
    /// The nodes whose rows are in sight: the first, and how many.
    pub rows: Option<(u32, u32)>,
    /// Which write the nodes are coloured by; the latest, if it is none or none of those that are watched.
    pub write: Option<u64>,
    /// What a view needs that the ring does not.
    pub view: Asked,
    /// The message that is inspected.
    pub message: Option<MessageRef>,
}

/// Names a message of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageRef {
    /// As it was drawn: [`Flight::id`].
    Id(u64),
    /// As the events tell of it: who sent it, and the sender's number.
    Number(u32, u64),
}

/// What a view needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asked {
    /// Nothing.
    #[default]
    Nothing,
    /// To whom each node sends what is new.
    Links,
    /// From whom each node learned the write.
    Way,
    /// What nodes hold of each other, from this one on.
    Beliefs(u32),
    /// Which of the latest writes nodes have, from this one on.
    Writes(u32),
    /// The messages among these nodes, sent not earlier than so many microseconds ago.
    Lanes(Vec<u32>, u64),
}

/// Most nodes in a matrix, each way.
pub const MATRIX_NODES_MAX: u32 = 100;

/// Of how many of the latest writes it is known who has them.
pub const WRITES_MAX: u32 = 8;

/// Something done to the cluster from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Deed {
    /// Set a register at a node. Text that is JSON is that value, any other text is a string.
    Write {
        /// The node that is asked.
        node: u32,
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// Write to a multi-value register at a node: concurrent writes are all kept.
    Put {
        /// The node that is asked.
        node: u32,
        /// The key.
        key: String,
        /// The value, as for [`Deed::Write`].
        value: String,
    },
    /// Add to a counter at a node.
    Increment {
        /// The node that is asked.
        node: u32,
        /// The counter's key.
        key: String,
        /// How much.
        by: i64,
    },
    /// Delete whatever can be read under a key at a node.
    Delete {
        /// The node that is asked.
        node: u32,
        /// The key.
        key: String,
    },
    /// Stop a node without a word.
    Crash(u32),
    /// Start a node that is not up, without its data.
    Restart(u32),
    /// Start a node that is not up, with the data that it had.
    RestartWithData(u32),
    /// Stop a node's process: it handles nothing until it is resumed.
    Pause(u32),
    /// Let a paused node go on.
    Resume(u32),
    /// Let a node handle everything later than it could.
    Slow {
        /// Which.
        node: u32,
        /// How much later, in microseconds; 0 ends it.
        delay_us: u64,
    },
    /// Set a node's clock to the true time and so much.
    Skew {
        /// Whose.
        node: u32,
        /// How far it is ahead, in microseconds; negative is behind.
        skew_us: i64,
    },
    /// Let a node say goodbye and stop.
    Leave(u32),
    /// Cut these nodes off from all others. An earlier cut stays: each of its parts is cut too.
    Cut(Vec<u32>),
    /// Let nothing pass from one node to the other; back it does.
    CutOneWay {
        /// The sender.
        from: u32,
        /// Who gets nothing.
        to: u32,
    },
    /// Let messages between two nodes take a time of their own.
    DelayLink {
        /// One end.
        a: u32,
        /// The other.
        b: u32,
        /// How long, in microseconds; none: as everywhere.
        latency_us: Option<u64>,
    },
    /// Take a message out that is under way, by its number in the run.
    Drop(u64),
    /// End all cuts.
    Heal,
    /// Let all nodes gossip in another way.
    Tune(Tuning),
    /// Let the network treat frames in another way.
    Network(Network),
}

/// What the worker tells the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Report {
    /// How things stand.
    Frame(Box<Frame>),
    /// The run could not begin; the one before stands.
    NotStarted(String),
    /// There is no run yet.
    Idle,
    /// The answer to [`Command::TraceHash`].
    TraceHash {
        /// The page's number for the question.
        id: u32,
        /// The hash, or why there is none.
        hash: Result<u64, String>,
    },
    /// The answer to [`Command::Open`].
    Opened {
        /// The number of its command: a page may have sent another file since.
        run: u32,
        /// The recording is open; or it is not: the file's name, and why. What was there before still is then.
        opened: Result<Box<Facts>, (String, String)>,
    },
    /// The answer to [`Command::Record`].
    Record(Box<Record>),
    /// The answer to [`Command::Retrace`], or why there is none.
    Retraced(Result<Retraced, String>),
    /// How far the spread experiment is.
    Spread(Box<SpreadNews>),
}

/// How far a spread experiment is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpreadNews {
    /// Nodes that have the write.
    pub informed: u32,
    /// How long ago it was written, if it was.
    pub since_us: Option<u64>,
    /// Events handled.
    pub events: u64,
    /// The worker's memory.
    pub memory_bytes: u64,
    /// The result, when it is over.
    pub result: Option<SpreadResult>,
}

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
    /// Messages under way, oldest first.
    pub flights: Vec<Flight>,
    /// Messages under way that were left out, because there are too many to draw.
    pub flights_unseen: u32,
    /// Messages that have arrived or would have, if the look asks for lanes.
    pub landed: Vec<Flight>,
    /// How it stands with the latest write.
    pub spread: Spread,
    /// Points of the charts since the last frame.
    pub samples: Vec<Sample>,
    /// What was done to the cluster since the last frame, and when.
    pub done: Vec<(u64, Deed)>,
    /// Why the deed that was asked for was not possible.
    pub refused: Option<String>,
    /// How far the branch in sight has been played.
    pub end_us: u64,
    /// Time was turned: what happened after this moment is told anew.
    pub turned_us: Option<u64>,
    /// The branches, if they changed or another one is in sight.
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
    /// Is any path cut?
    pub cut: bool,
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
}

/// What is read rather than seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// Counts since the start.
    pub totals: Totals,
    /// What happened since the last text, oldest first.
    pub records: Vec<TraceRecord>,
    /// The inspected node.
    pub node: Option<Box<Detail>>,
    /// The rows in sight.
    pub rows: Vec<Row>,
    /// The writes that are watched, newest first.
    pub writes: Vec<WriteLine>,
    /// What the view asked for.
    pub shown: Shown,
    /// The inspected message, while it is under way.
    pub message: Option<Box<MessageLine>>,
}

/// What a view asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    /// Nothing.
    #[default]
    Nothing,
    /// From whom to whom.
    Links(Vec<(u32, u32)>),
    /// Node by node, from whom it learned the write: itself if it wrote it, none if it does not have it.
    Way(Vec<Option<u32>>),
    /// What nodes hold of each other.
    Beliefs(Matrix),
    /// Which of the writes, in the order of [`Text::writes`], nodes have.
    Writes(Matrix),
    /// When each of the lanes' nodes learned the write.
    Lanes(Vec<Option<u64>>),
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
    /// How it learned of the latest write: when, and over how many messages.
    pub learned: Option<(u64, u32)>,
    /// The way on which the write came to it, the first message first; empty if it does not have it.
    pub path: Vec<Hop>,
    /// Why it does not have the write, if there is one.
    pub why: Option<Why>,
    /// What it holds and believes, while it is up.
    pub inside: Option<Inside>,
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

/// Writes a command or a report.
pub fn encode(message: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(message).expect("encoding to memory does not fail")
}

/// Reads a command or a report; what is wrong with it as text.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    postcard::from_bytes(bytes).map_err(|error| error.to_string())
}

/// A scenario without its acts: their values are JSON, which does not travel in postcard, and the code that reads acts
/// would be a good part of the worker.
mod bare {
    use super::Scenario;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(scenario: &Scenario, to: S) -> Result<S::Ok, S::Error> {
        let Scenario { name, seed, nodes, tuning, first_round, network, start, acts: _, until_us } = scenario;
        ((name, seed, nodes, tuning), (first_round, network, start, until_us)).serialize(to)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Box<Scenario>, D::Error> {
        let ((name, seed, nodes, tuning), (first_round, network, start, until_us)) =
            Deserialize::deserialize(from)?;
        let acts = Vec::new();
        Ok(Box::new(Scenario { name, seed, nodes, tuning, first_round, network, start, acts, until_us }))
    }
}
