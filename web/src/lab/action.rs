//! What the user can do in the Lab, as data.

use super::handover::Handover;
use super::protocol::{Deed, MessageRef};
use super::sentences::Choice;
use super::setup::{Field, LimiterKind, Variation};
use crate::glue::files::Given;
use crate::share::link::Opened;
use crate::sweep::Opening;
use rumormill_core::{Mode, NodeId, Strategy};

pub use super::sight::{MatrixOf, Sight, Spot, TreeOf};
pub use super::tool::{Drawn, Tool};

/// Which panel is in sight where there is no room for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// The setup.
    #[default]
    Setup,
    /// The inspected node.
    Node,
    /// The events.
    Events,
    /// The charts.
    Chart,
}

/// What can be done to two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// What the first sends never reaches the second.
    CutOneWay,
    /// Nothing passes between the two, either way.
    CutBothWays,
    /// Messages between them take a second.
    Delay,
    /// Messages between them take as long as everywhere.
    EndDelay,
    /// Both write one key at once, and both values are kept.
    Conflict,
}

impl Between {
    /// The deeds that it takes.
    pub fn deeds(self, a: u32, b: u32) -> Vec<Deed> {
        let put = |node, value: &str| Deed::Put { node, key: "choice".into(), value: value.into() };
        match self {
            Self::CutOneWay => vec![Deed::CutOneWay { from: a, to: b }],
            Self::CutBothWays => {
                vec![Deed::CutOneWay { from: a, to: b }, Deed::CutOneWay { from: b, to: a }]
            }
            Self::Delay => vec![Deed::DelayLink { a, b, latency_us: Some(1_000_000) }],
            Self::EndDelay => vec![Deed::DelayLink { a, b, latency_us: None }],
            Self::Conflict => vec![put(a, "tea"), put(b, "coffee")],
        }
    }
}

/// What can be done to the selected nodes, beyond a cut and a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Stops without a word.
    Crash,
    /// Starts again, without its data.
    Restart,
    /// Nothing passes between it and anyone else.
    Isolate,
    /// Its process stands still, or goes on.
    PauseOrResume,
    /// It starts again with the store that it had.
    RestartWithData,
    /// It says goodbye and stops.
    Leave,
    /// It handles everything late.
    Slow,
    /// Its clock is set ahead.
    ClockAhead,
    /// In time again, its clock right.
    Well,
}

/// What the user did.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Wants a cluster to be simulated that is like one elsewhere.
    TakeOver(Box<Handover>),
    /// Gave a file to be looked at as a recording.
    OpenFile(Box<Given>),
    /// Put away what is said of a file that could not be opened.
    DismissFile,
    /// Opened a link to a run, or one that cannot be opened, and why.
    OpenLink(Result<Box<Opened>, String>),
    /// Chose a preset by its name.
    Preset(String),
    /// Changed the text of a field of the setup.
    Type(Field, String),
    /// Chose a strategy.
    Strategy(Strategy),
    /// Chose a mode.
    Mode(Mode),
    /// Chose a limiter.
    Limiter(LimiterKind),
    /// Chose how latency varies.
    Variation(Variation),
    /// Wants a new run of the setup as it stands.
    NewRun,
    /// Wants another seed, and a new run with it.
    NewSeed(u32),
    /// Wants to see a run of a sweep: the setup with its seed, fanout and loss, and a new run of it.
    Open(Opening),
    /// Starts or stops time.
    PlayPause,
    /// Stops time.
    Pause,
    /// Lets the next event happen.
    StepEvent,
    /// Lets one interval pass.
    StepRound,
    /// Goes back before the last event.
    BackEvent,
    /// Goes back by one interval.
    BackRound,
    /// Goes to a moment.
    Seek(u64),
    /// Goes to the end of what was played.
    ToEnd,
    /// Begins a branch here.
    Fork,
    /// Looks at another branch.
    Branch(u32),
    /// Wants to see messages travel, however quick they are, or time at its true scale.
    Legible(bool),
    /// Changed the speed: the exponent of ten.
    Speed(f64),
    /// Selected a node, or none.
    Select(Option<u32>),
    /// Moved the selection by so many nodes.
    SelectBy(i64),
    /// Moved the selection by so many rows, where nodes stand in rows.
    SelectByRows(i64),
    /// Selected a node beside the others, or took it away from them.
    Toggle(u32),
    /// Selected these nodes; beside the others, or in their place.
    Choose(Vec<u32>, bool),
    /// Selected the node so many further on, beside the others.
    ExtendBy(i64),
    /// The same by rows.
    ExtendByRows(i64),
    /// Took a tool.
    Tool(Tool),
    /// Does something to the cluster.
    Do(Deed),
    /// Crashes the selected node, or restarts it.
    CrashOrRestart,
    /// Cuts the network in two halves.
    CutHalves,
    /// Cuts the selected nodes off from the others.
    CutOff,
    /// Writes what stands in the form at the selected nodes.
    Write,
    /// Deletes the key in the form at the selected node.
    DeleteKey,
    /// Takes the inspected message out, or the next one that the selected node sends or gets.
    DropNext,
    /// Does something to each selected node.
    ToSelected(Turn),
    /// Used the tool in hand on a node.
    Use(u32),
    /// Drew a link with the tool for that, or put what is offered for it away.
    Draw(Option<Drawn>),
    /// Chose what is to happen to the drawn link.
    ToDrawn(Between),
    /// Wants to name the other node of a link, for this.
    AskOther(Between),
    /// Named the other node of a link.
    Other(String),
    /// Has named the other node, and wants what was asked for.
    OtherNamed,
    /// Does something to the selected node and the one in the form.
    WithOther(Between),
    /// Adds one to the counter in the form at the selected node.
    Increment,
    /// Changed the form's key.
    Key(String),
    /// Changed the form's value.
    Value(String),
    /// Changed the form's counter.
    Counter(String),
    /// Looks at the cluster in another way.
    Sight(Sight),
    /// The page's address says how to look, and at whom.
    Spot(Spot),
    /// Compares something else in the matrix.
    MatrixOf(MatrixOf),
    /// Looks at another tree.
    TreeOf(TreeOf),
    /// Looks at a longer or a shorter time, in microseconds.
    Window(u64),
    /// Colours the nodes by who has this write; by the latest, if none.
    ByWrite(Option<u64>),
    /// Inspects a message, or none.
    Message(Option<MessageRef>),
    /// Inspects the message of an event: its sender and the sender's number.
    MessageOf(NodeId, u64),
    /// Chose a panel, where there is no room for all.
    Tab(Tab),
    /// Wants to see what the selected node believes, or what is true.
    Beliefs(bool),
    /// Changed which events are shown.
    Choice(Choice),
    /// Changed the words that events must hold.
    Words(String),
    /// Wants only events of the selected node, or all.
    OnlySelected(bool),
    /// Turned to a page of the table.
    Page(u32),
    /// Put the message away.
    Dismiss,
    /// Put what is said of the link away.
    DismissLink,
    /// Opened or closed the help.
    Help(bool),
    /// Went to a stop of the tour, or left it.
    Tour(Option<u8>),
    /// Showed or hid the meter.
    Meter,
    /// Opened or closed the theory's formula.
    Formula,
    /// Switched the single keys on or off.
    Keys(bool),
}

/// The form with which one writes at a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The register's key.
    pub key: String,
    /// The value to write.
    pub value: String,
    /// The counter's key.
    pub counter: String,
    /// The other node of a link, as typed.
    pub other: String,
    /// What is to be done once the other node is named.
    pub between: Option<Between>,
    /// How many values were proposed.
    proposed: usize,
}

/// Values that are proposed one after the other, so that writing again writes something new.
const PROPOSALS: [&str; 6] = ["red", "blue", "green", "amber", "violet", "white"];

impl Default for Form {
    fn default() -> Self {
        Self {
            key: "color".into(),
            value: PROPOSALS[0].into(),
            counter: "visits".into(),
            other: "1".into(),
            between: None,
            proposed: 0,
        }
    }
}

impl Form {
    /// Proposes the next value. One of the user's own stays.
    pub fn propose(&mut self) {
        if PROPOSALS.contains(&self.value.as_str()) {
            self.proposed += 1;
            self.value = PROPOSALS[self.proposed % PROPOSALS.len()].into();
        }
    }
}
