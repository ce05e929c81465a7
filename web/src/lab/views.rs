//! What the views need of the state, and what they say of themselves: what the worker is asked for, which nodes have a
//! line in the space-time diagram, the caption. Pure.

use super::action::{MatrixOf, Sight, TreeOf};
use super::protocol::{Asked, Look, MATRIX_NODES_MAX, Shown};
use super::setup::group;
use super::standing::seconds;
use super::state::{ROWS_PER_PAGE, View};
use rumormill_core::{Strategy, sort::sort};

/// Above so many nodes a grid is easier to read than a ring.
pub const RING_NODES_MAX: u32 = 200;

/// Most lines in a space-time diagram of all nodes, and of some.
pub const LANES_MAX: u32 = 30;
const LANES_OF_SOME: usize = 20;

/// How much time the space-time diagram shows, in microseconds, and in words.
pub const WINDOWS: [(u64, &str); 4] =
    [(250_000, "0.25 s"), (1_000_000, "1 s"), (4_000_000, "4 s"), (16_000_000, "16 s")];

impl View {
    /// What a report with texts shall hold.
    pub fn look(&self) -> Look {
        let rows = (self.sight == Sight::Table).then_some((self.page * ROWS_PER_PAGE, ROWS_PER_PAGE));
        Look {
            text: true,
            node: self.selected,
            rows,
            write: self.write,
            view: self.asked(),
            message: self.message,
        }
    }

    /// What a report without texts shall hold: what is seen moving.
    pub fn glance(&self) -> Look {
        let view = if self.sight == Sight::SpaceTime { self.asked() } else { Asked::Nothing };
        Look { write: self.write, view, ..Look::default() }
    }

    fn asked(&self) -> Asked {
        match self.sight {
            Sight::Tree => match self.tree_shown() {
                TreeOf::Way => Asked::Way,
                TreeOf::Links if self.tree().is_none() => Asked::Links,
                TreeOf::Links => Asked::Nothing,
            },
            Sight::Matrix => match self.matrix_of {
                MatrixOf::Members => Asked::Beliefs(self.matrix_first()),
                MatrixOf::Writes => Asked::Writes(self.matrix_first()),
            },
            Sight::SpaceTime => Asked::Lanes(self.lanes(), self.window_us),
            _ => Asked::Nothing,
        }
    }

    /// Which tree there is to show: a strategy that only asks has none of its own.
    pub fn tree_shown(&self) -> TreeOf {
        if self.replay.is_some() || self.strategy() == Some(Strategy::Random) {
            TreeOf::Way
        } else {
            self.tree_of
        }
    }

    /// The strategy in force.
    pub fn strategy(&self) -> Option<Strategy> {
        self.scenario.as_ref().map(|scenario| scenario.tuning.strategy)
    }

    /// The first node of the matrix: a large one shows a part, the one with the selected node.
    pub fn matrix_first(&self) -> u32 {
        self.selected.unwrap_or(0) / MATRIX_NODES_MAX * MATRIX_NODES_MAX
    }

    /// The nodes that have a line in the space-time diagram: all of a small cluster, else the selected ones, or the one and
    /// those to which it is linked, else the first.
    #[inline(never)]
    pub fn lanes(&self) -> Vec<u32> {
        let nodes = self.nodes();
        let Some(selected) = self.selected.filter(|_| nodes > LANES_MAX) else {
            let shown = if nodes > LANES_MAX { LANES_OF_SOME as u32 } else { nodes };
            return (0..shown).collect();
        };
        let inside = self.detail.as_ref().and_then(|detail| detail.inside.as_ref());
        let mut lanes: Vec<u32> = match inside {
            _ if !self.others.is_empty() => self.others.clone(),
            inside => inside.map(|inside| inside.linked.clone()).unwrap_or_default(),
        };
        lanes.truncate(LANES_OF_SOME - 1);
        lanes.push(selected);
        sort(&mut lanes);
        lanes.dedup();
        lanes
    }

    /// How the view is to be read, if that is worth a line.
    pub fn caption(&self, ring_rows: u32) -> Option<String> {
        let believer =
            self.selected.filter(|_| self.beliefs && !matches!(self.sight, Sight::Matrix | Sight::Table));
        if let Some(name) = believer.and_then(|node| self.name(node)) {
            return Some(format!("As {name} believes"));
        }
        let nodes = self.nodes();
        let has_messages = self.replay.as_ref().is_none_or(|replay| replay.messages > 0);
        match self.sight {
            Sight::Ring | Sight::Grid | Sight::SpaceTime if !has_messages => {
                Some("No message is recorded at both its ends: none is drawn".to_owned())
            }
            Sight::Ring if ring_rows > 1 => Some(format!("Staggered in {ring_rows} rows")),
            Sight::Grid if self.sight_is_own => None,
            Sight::Grid => Some(format!("{} nodes: shown as a grid", group(u64::from(nodes)))),
            Sight::Tree => Some(self.tree_caption().to_owned()),
            Sight::Matrix => Some(self.matrix_caption()),
            Sight::SpaceTime if nodes > LANES_MAX => {
                Some(match self.selected.and_then(|node| self.name(node)) {
                    Some(_) if !self.others.is_empty() => format!("The selected, at most {LANES_OF_SOME}"),
                    Some(name) => format!("{name} and those linked to it"),
                    None => format!("The first {LANES_OF_SOME}: select one to see its peers"),
                })
            }
            Sight::SpaceTime => Some("Time runs right; a slanted line is a message".to_owned()),
            Sight::Ring | Sight::Table => None,
        }
    }

    fn tree_caption(&self) -> &'static str {
        match (self.tree_shown(), self.tree().is_some()) {
            (TreeOf::Links, true) => "Each node sends to its children below",
            (TreeOf::Links, false) => "Links that push at once, from the writer on",
            (TreeOf::Way, _) if self.spread.since_us.is_none() => "Nothing has been written yet",
            (TreeOf::Way, _) => "Who learned it from whom; below, who lacks it",
        }
    }

    #[inline(never)]
    fn matrix_caption(&self) -> String {
        let of = match self.matrix_of {
            MatrixOf::Members => "Row: who believes. Column: of whom",
            MatrixOf::Writes => "Row: a node. Column: a write",
        };
        let of = match &self.replay {
            Some(replay) if (replay.own as usize) < replay.names.len() => {
                format!("{of}. Empty rows were not recorded")
            }
            _ => of.to_owned(),
        };
        let (first, nodes) = (self.matrix_first(), self.nodes());
        if nodes <= MATRIX_NODES_MAX {
            return of;
        }
        let last = (first + MATRIX_NODES_MAX).min(nodes) - 1;
        format!("{of}. {first} to {last} of {}", group(u64::from(nodes)))
    }

    /// The writes by which nodes can be coloured: number, and in words. The first is the latest, whichever that is.
    #[inline(never)]
    pub fn write_choices(&self) -> Vec<(String, String)> {
        let mut choices = vec![(String::new(), "the latest write".to_owned())];
        choices.extend(self.writes.iter().map(|write| {
            let who = self.name(write.node).map_or_else(String::new, |id| id.to_string());
            let words = format!(
                "“{}” at {who}, {}: {} of {}",
                write.key,
                seconds(write.at_us),
                write.informed,
                self.spread.up
            );
            (write.number.to_string(), words)
        }));
        choices
    }

    /// When the write by which nodes are coloured was made.
    pub fn written_us(&self) -> Option<u64> {
        let chosen = self.write.and_then(|number| self.writes.iter().find(|write| write.number == number));
        chosen.map_or(self.spread.since_us, |write| Some(write.at_us))
    }

    /// From whom each node learned or gets what is new, if the view has asked; the origin its own parent.
    #[inline(never)]
    pub fn parents(&self) -> Option<Vec<Option<u32>>> {
        match &self.shown {
            Shown::Way(parents) => Some(parents.clone()),
            Shown::Links(links) => {
                Some(super::layout_rows::parents_over(links, self.spread.origin, self.nodes()))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::action::Action;
    use super::super::protocol::Command;
    use super::*;

    fn looked(view: &mut View, sight: Sight) -> Asked {
        match view.act(Action::Sight(sight)).pop() {
            Some(Command::Look(look)) => look.view,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_view_asks_for_what_it_needs() {
        let (mut view, _) = View::new();
        assert_eq!(looked(&mut view, Sight::Grid), Asked::Nothing);
        assert_eq!(looked(&mut view, Sight::Tree), Asked::Nothing, "the tree is arithmetic");
        assert_eq!(looked(&mut view, Sight::Matrix), Asked::Beliefs(0));
        view.act(Action::MatrixOf(MatrixOf::Writes));
        assert_eq!(view.look().view, Asked::Writes(0));
        assert!(
            matches!(looked(&mut view, Sight::SpaceTime), Asked::Lanes(lanes, _) if lanes.len() == LANES_OF_SOME)
        );
        assert_eq!(view.glance().view, view.look().view, "what moves is asked for each time");
        view.act(Action::TreeOf(TreeOf::Way));
        assert_eq!(looked(&mut view, Sight::Tree), Asked::Way);
        assert_eq!(view.glance().view, Asked::Nothing);
        view.act(Action::TreeOf(TreeOf::Links));
        view.act(Action::Strategy(Strategy::Random));
        assert_eq!(view.look().view, Asked::Way, "it has no tree of its own");
        view.act(Action::Strategy(Strategy::Plumtree));
        assert_eq!(view.look().view, Asked::Links);
    }

    #[test]
    fn a_large_cluster_is_shown_as_a_grid_and_that_is_said() {
        let (mut view, _) = View::new();
        view.act(Action::Preset("thousand".into()));
        assert_eq!(view.sight, Sight::Grid);
        assert!(view.caption(0).is_some_and(|caption| caption.contains("1,000 nodes")));
        view.act(Action::Preset("first-rumor".into()));
        assert_eq!(view.sight, Sight::Ring);
        view.act(Action::Preset("thousand".into()));
        view.act(Action::Sight(Sight::Ring));
        assert_eq!(view.caption(5).as_deref(), Some("Staggered in 5 rows"));
        view.act(Action::NewRun);
        assert_eq!(view.sight, Sight::Ring, "what the user chose stays");
    }

    #[test]
    fn few_lanes_of_many_nodes() {
        let (mut view, _) = View::new();
        view.act(Action::Select(Some(40)));
        assert_eq!(view.lanes(), [40]);
        assert_eq!(view.matrix_first(), 0);
    }
}
