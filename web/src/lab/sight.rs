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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// `view=`
    pub sight: Option<Sight>,
    /// `sel=`
    pub selected: Option<u32>,
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
            selected: value("sel").and_then(|number| number.parse().ok()),
            matrix_of: if value("matrix") == Some("writes") { MatrixOf::Writes } else { MatrixOf::Members },
            tree_of: if value("tree") == Some("way") { TreeOf::Way } else { TreeOf::Links },
            write: value("write").and_then(|number| number.parse().ok()),
            beliefs: value("beliefs") == Some("on"),
        }
    }

    /// Writes it into a query, in place of what stood there.
    pub fn write(self, query: &str) -> String {
        let is_other = |pair: &&str| {
            let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
            !pair.is_empty() && !PARTS.contains(&name)
        };
        let mut parts: Vec<String> = query.split('&').filter(is_other).map(str::to_owned).collect();
        if let Some(sight) = self.sight.filter(|sight| *sight != Sight::Ring) {
            parts.push(["view=", sight.as_str()].concat());
        }
        if let Some(node) = self.selected {
            parts.push(["sel=", &node.to_string()].concat());
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
        let all = Spot {
            sight: Some(Sight::Matrix),
            selected: Some(1),
            matrix_of: MatrixOf::Writes,
            tree_of: TreeOf::Way,
            write: Some(3),
            beliefs: true,
        };
        let query = "run=abc&view=matrix&sel=1&matrix=writes&tree=way&write=3&beliefs=on";
        assert_eq!((all.write("run=abc"), Spot::parse(query)), (query.to_owned(), all));
    }
}
