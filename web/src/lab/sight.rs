//! The ways of looking at the cluster, and what of them stands in the page's address. Pure.

/// How the cluster is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sight {
    /// Nodes on a ring, in the order of their names.
    #[default]
    Ring,
    /// Nodes by their depth in the tree along which news goes, or went.
    Tree,
    /// Nodes in rows, for many of them.
    Grid,
    /// Who holds whom for what, or who has which write.
    Matrix,
    /// A line for each node, time to the right, a slanted line for each message.
    SpaceTime,
    /// The table, which holds everything that the others show.
    Table,
}

impl Sight {
    /// All, in the order of their keys `1` to `6`.
    pub const ALL: [Self; 6] =
        [Self::Ring, Self::Tree, Self::Grid, Self::Matrix, Self::SpaceTime, Self::Table];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Tree => "tree",
            Self::Grid => "grid",
            Self::Matrix => "matrix",
            Self::SpaceTime => "space-time",
            Self::Table => "table",
        }
    }

    /// What the user calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Ring => "Ring",
            Self::Tree => "Tree",
            Self::Grid => "Grid",
            Self::Matrix => "Matrix",
            Self::SpaceTime => "Space-time",
            Self::Table => "Table",
        }
    }

    /// The sight for a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sight| sight.as_str() == word)
    }

    /// Is it drawn, rather than written into a table? The matrix of the Lab is drawn, that of Live is a table.
    pub fn is_drawn(self) -> bool {
        self.has_places() || self == Self::SpaceTime
    }

    /// Do the nodes have places of their own in it, so that a line can be drawn between them?
    pub fn has_places(self) -> bool {
        matches!(self, Self::Ring | Self::Tree | Self::Grid)
    }
}

/// Whom the matrix compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MatrixOf {
    /// Rows: who believes. Columns: of whom.
    #[default]
    Members,
    /// Rows: nodes. Columns: the latest writes.
    Writes,
}

/// Which tree the tree shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TreeOf {
    /// The strategy's own, if it has one: to whom each node sends what is new.
    #[default]
    Links,
    /// The way that the change took: from whom each node learned it.
    Way,
}

/// What of the sight stands in the query of the page's address. Other parts of the query are left as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// `view=`
    pub sight: Option<Sight>,
    /// `sel=`: the inspected node
    pub selected: Option<u32>,
    /// and what follows it: those selected beside it, such as `sel=12,3-5,7`.
    pub others: Vec<u32>,
    /// `matrix=writes`
    pub matrix_of: MatrixOf,
    /// `tree=way`
    pub tree_of: TreeOf,
    /// `write=`: the number of the write by which nodes are coloured; the latest, if none.
    pub write: Option<u64>,
    /// `beliefs=on`: are nodes coloured by what the selected one believes?
    pub beliefs: bool,
}

/// The names of its parts.
const PARTS: [&str; 6] = ["view", "sel", "matrix", "tree", "write", "beliefs"];

impl Spot {
    /// Reads it; what cannot be read counts as not said.
    pub fn parse(query: &str) -> Self {
        let value = |name: &str| {
            query.split('&').find_map(|pair| pair.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')))
        };
        Self {
            sight: value("view").and_then(Sight::parse),
            selected: value("sel").and_then(|nodes| nodes.split(',').next()?.parse().ok()),
            others: value("sel")
                .and_then(|nodes| nodes.split_once(','))
                .map(|at| spans(at.1))
                .unwrap_or_default(),
            matrix_of: if value("matrix") == Some("writes") { MatrixOf::Writes } else { MatrixOf::Members },
            tree_of: if value("tree") == Some("way") { TreeOf::Way } else { TreeOf::Links },
            write: value("write").and_then(|number| number.parse().ok()),
            beliefs: value("beliefs") == Some("on"),
        }
    }

    /// Writes it into a query, in place of what stood there.
    pub fn write(&self, query: &str) -> String {
        let is_other = |pair: &&str| {
            let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
            !pair.is_empty() && !PARTS.contains(&name)
        };
        let mut parts: Vec<String> = query.split('&').filter(is_other).map(str::to_owned).collect();
        if let Some(sight) = self.sight.filter(|sight| *sight != Sight::Ring) {
            parts.push(["view=", sight.as_str()].concat());
        }
        if let Some(node) = self.selected {
            let others = if self.others.is_empty() { String::new() } else { spanned(&self.others) };
            parts.push(["sel=", &node.to_string(), &others].concat());
        }
        if self.matrix_of == MatrixOf::Writes {
            parts.push("matrix=writes".to_owned());
        }
        if self.tree_of == TreeOf::Way {
            parts.push("tree=way".to_owned());
        }
        if let Some(number) = self.write {
            parts.push(["write=", &number.to_string()].concat());
        }
        if self.beliefs {
            parts.push("beliefs=on".to_owned());
        }
        parts.join("&")
    }
}

/// Most nodes that an address names, and most spans of them: with more it would be too long to be handed on.
const NODES_MAX: usize = 10_000;
const SPANS_MAX: usize = 200;

/// Nodes as they stand in an address, in their order: `,3-5,7`. Nothing, if they are too many.
#[inline(never)]
fn spanned(nodes: &[u32]) -> String {
    let mut sorted = nodes.to_vec();
    rumormill_core::sort::sort(&mut sorted);
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for node in sorted {
        match spans.last_mut().filter(|span| span.1.checked_add(1) == Some(node)) {
            Some(span) => span.1 = node,
            None => spans.push((node, node)),
        }
    }
    if spans.len() > SPANS_MAX {
        return String::new();
    }
    let words = spans.into_iter().map(
        |(from, to)| {
            if from == to { format!(",{from}") } else { format!(",{from}-{to}") }
        },
    );
    words.collect()
}

/// Reads them. What cannot be read counts as not said.
#[inline(never)]
fn spans(text: &str) -> Vec<u32> {
    let mut nodes = Vec::new();
    for span in text.split(',').take(SPANS_MAX) {
        let (from, to) = span.split_once('-').unwrap_or((span, span));
        if let (Ok(from), Ok(to)) = (from.parse::<u32>(), to.parse::<u32>()) {
            let room = NODES_MAX.saturating_sub(nodes.len());
            nodes.extend((from..=to).take(room));
        }
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_sights() {
        for sight in Sight::ALL {
            assert_eq!(Sight::parse(sight.as_str()), Some(sight));
        }
        assert_eq!(Sight::parse("globe"), None);
    }

    #[test]
    fn a_query_keeps_what_is_not_the_sights() {
        let spot = Spot { sight: Some(Sight::Grid), selected: Some(12), ..Spot::default() };
        assert_eq!(spot.write("run=abc&view=tree&sel=3"), "run=abc&view=grid&sel=12");
        assert_eq!(Spot::parse("run=abc&view=grid&sel=12"), spot);
        let ring = Spot { sight: Some(Sight::Ring), ..Spot::default() };
        assert_eq!(ring.write("view=grid&write=3&beliefs=on&matrix=writes&tree=way"), "");
        assert_eq!(Spot::parse("view=globe&sel=many"), Spot::default());
        assert_eq!(Spot::parse(""), Spot::default());
        assert_eq!(Spot::parse("sel=3,5-4,x,0-4294967295").others.len(), NODES_MAX);
        let many: Vec<u32> = (0..500).map(|node| node * 2).collect();
        assert_eq!(spanned(&many), "", "that would be too long");
        let all = Spot {
            sight: Some(Sight::Matrix),
            selected: Some(1),
            others: vec![3, 4, 5, 9],
            matrix_of: MatrixOf::Writes,
            tree_of: TreeOf::Way,
            write: Some(3),
            beliefs: true,
        };
        let query = "run=abc&view=matrix&sel=1,3-5,9&matrix=writes&tree=way&write=3&beliefs=on";
        assert_eq!((all.write("run=abc"), Spot::parse(query)), (query.to_owned(), all));
    }
}
