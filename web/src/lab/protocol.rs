//! What the page and the worker say to each other: commands one way, one report for each the other way, in postcard.
//! Only types and their encoding; times are microseconds of simulated time. What a frame shows is told in `frame`.

use super::apart;
pub use super::frame::*;
use super::record::{Record, Retraced};
use crate::replay::recording::Facts;
use rumormill_core::Tuning;
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
        #[serde(with = "apart::list")]
        script: Vec<(u64, Deed)>,
        /// Will anyone go back in it? Only then copies are kept on the way.
        goes_back: bool,
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
        /// What, one after the other.
        #[serde(with = "apart::list")]
        deeds: Vec<Deed>,
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
        #[serde(with = "apart::list")]
        script: Vec<(u64, Deed)>,
        /// The moment.
        to_us: u64,
        /// The trace too, or only its hash?
        with_lines: bool,
    },
    /// Begin a spread experiment, apart from the cluster in sight.
    Spread(#[serde(with = "apart::one")] SpreadConfig),
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
    /// Add an element to a set at a node.
    Add {
        /// The node that is asked.
        node: u32,
        /// The set's key.
        key: String,
        /// The element, as the value for [`Deed::Write`].
        element: String,
    },
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
        #[serde(with = "apart::one")]
        opened: Result<Box<Facts>, (String, String)>,
    },
    /// The answer to [`Command::Record`].
    Record(#[serde(with = "apart::one")] Box<Record>),
    /// The answer to [`Command::Retrace`], or why there is none.
    Retraced(#[serde(with = "apart::one")] Result<Retraced, String>),
    /// How far the spread experiment is.
    Spread(#[serde(with = "apart::one")] Box<SpreadNews>),
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

/// Writes a command or a report.
pub fn encode(message: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(message).expect("encoding to memory does not fail")
}

/// What a worker answers to an encoded command: the encoded report of what `obey` makes of it.
pub fn answer(bytes: &[u8], obey: impl FnOnce(Command) -> Report) -> Vec<u8> {
    let report = match decode(bytes) {
        Ok(command) => obey(command),
        Err(error) => Report::NotStarted(format!("the command could not be read: {error}")),
    };
    encode(&report)
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

    #[inline(never)]
    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Box<Scenario>, D::Error> {
        let ((name, seed, nodes, tuning), (first_round, network, start, until_us)) =
            Deserialize::deserialize(from)?;
        let acts = Vec::new();
        Ok(Box::new(Scenario { name, seed, nodes, tuning, first_round, network, start, acts, until_us }))
    }
}
