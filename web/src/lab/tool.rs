//! The tools with which the pointer works on the picture, and the link that one of them draws. Pure: what is under the
//! pointer is found by the place, what is done by `doing`.

use super::layout::Point;
use super::protocol::{Frame, NodeState};
use super::state::View;

/// What the pointer does on the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    /// Selects a node or a message; nodes in a box.
    #[default]
    Select,
    /// Adds nodes to the selection, or takes them away.
    Several,
    /// Draws a line that cuts the network.
    Cut,
    /// Crashes nodes, or restarts them.
    Crash,
    /// Writes at nodes.
    Write,
    /// Draws from one node to another.
    Link,
}

impl Tool {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 6] = [Self::Select, Self::Several, Self::Cut, Self::Crash, Self::Write, Self::Link];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.words().0
    }

    /// Its word, its name and its key. What it does is said once it is in hand.
    pub(super) fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Select => ("select", "Select", "S"),
            Self::Several => ("several", "Several", "A"),
            Self::Cut => ("cut", "Cut", "C"),
            Self::Crash => ("crash", "Crash", "K"),
            Self::Write => ("write", "Write", "W"),
            Self::Link => ("link", "Link", "O"),
        }
    }

    /// Does it work on one node after the other?
    pub fn is_on_nodes(self) -> bool {
        !matches!(self, Self::Select | Self::Cut)
    }
}

/// A link from one node to another for which something is offered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// The first node.
    pub from: u32,
    /// The second.
    pub to: u32,
    /// Where on the picture the second one is.
    pub at: Point,
    /// Is there a delay already, which can be ended?
    pub is_slow: bool,
}

impl View {
    /// The tool in hand: where nodes have no places there is only one.
    pub fn tool_here(&self) -> Tool {
        if self.sight.has_places() && self.replay.is_none() { self.tool } else { Tool::Select }
    }

    /// What a click does with the tool in hand, unless that is plain.
    #[inline(never)]
    pub(super) fn tool_hint(&self) -> String {
        match self.tool_here() {
            Tool::Select => String::new(),
            Tool::Several => "Each click adds a node or takes it away. A drag takes all in a box.".to_owned(),
            Tool::Cut => "Drag a line across the picture: the network is cut along it.".to_owned(),
            Tool::Crash => "Click a node to crash it. One that is down starts again.".to_owned(),
            Tool::Write => format!("Click a node: it writes {} = {}.", self.form.key, self.form.value),
            Tool::Link => match self.link_from.and_then(|from| self.name(from)) {
                Some(from) => format!("From {from}: click the other node."),
                None => "Draw from one node to another, or click the two.".to_owned(),
            },
        }
    }

    /// A node was clicked with the tool for links: it is the first of the two, or the second. Where that one is says `at`.
    pub(super) fn link_end(&mut self, node: u32, at: Point, frame: &Frame) -> Option<Drawn> {
        match self.link_from.take() {
            Some(from) if from != node => Some(drawn(from, node, at, frame)),
            Some(_) => None,
            None => {
                self.link_from = Some(node);
                None
            }
        }
    }

    /// How a node was in the last frame.
    pub(super) fn state_of(&self, node: u32) -> Option<NodeState> {
        self.marks.get(node as usize).map(|mark| mark.state)
    }
}

/// What can be offered for a link: that depends on how it is.
pub(super) fn drawn(from: u32, to: u32, at: Point, frame: &Frame) -> Drawn {
    use super::paths::PathState;
    let ends = [(from, to), (to, from)];
    let is_slow = frame.paths.iter().any(|path| {
        path.state == PathState::Slow && ends.contains(&(u32::from(path.from), u32::from(path.to)))
    });
    Drawn { from, to, at, is_slow }
}
