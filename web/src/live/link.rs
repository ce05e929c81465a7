//! What the page's address says of Live: which node is looked through, how its members are shown, and which of them is
//! selected. Pure text in, pure text out.

use crate::lab::sight::{Sight, TreeOf};
use crate::route::{decode, encode};
use rumormill_core::NodeId;

/// What the address says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link {
    /// The node, as someone gave it; none means that the user will say.
    pub node: Option<String>,
    /// How the members are shown; the ring goes without saying.
    pub shown: Sight,
    /// Which tree the tree shows.
    pub tree_of: TreeOf,
    /// The key of which it is shown who has what stands there.
    pub key: Option<String>,
    /// The member that is selected.
    pub selected: Option<NodeId>,
}

impl Link {
    /// A node, looked at as at first.
    pub fn to(node: &str) -> Self {
        Self { node: Some(node.to_owned()), ..Self::default() }
    }

    /// Reads it; what makes no sense is as if it were not there.
    pub fn parse(query: &str) -> Self {
        let value = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let value = pairs.filter(|(key, _)| *key == name).map(|(_, value)| decode(value)).next();
            value.filter(|value| !value.is_empty())
        };
        let shown = value("view").and_then(|view| match view.as_str() {
            // What the matrix was called at first.
            "beliefs" => Some(Sight::Matrix),
            word => Sight::parse(word),
        });
        Self {
            node: value("node"),
            shown: shown.unwrap_or_default(),
            tree_of: if value("tree").as_deref() == Some("way") { TreeOf::Way } else { TreeOf::Links },
            key: value("key"),
            selected: value("sel").and_then(|name| NodeId::new(&name).ok()),
        }
    }
}

/// The query of an address.
impl std::fmt::Display for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let view = Some(self.shown).filter(|shown| *shown != Sight::Ring).map(Sight::as_str);
        let pairs = [
            ("node", self.node.as_deref()),
            ("view", view),
            ("tree", (self.tree_of == TreeOf::Way).then_some("way")),
            ("key", self.key.as_deref()),
            ("sel", self.selected.as_ref().map(NodeId::as_str)),
        ];
        let mut between = "";
        for (key, value) in pairs {
            if let Some(value) = value {
                write!(f, "{between}{key}={}", encode(value))?;
                between = "&";
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, node: Option<&str>, shown: Sight, selected: Option<&str>) {
        let selected = selected.map(|name| NodeId::new(name).expect("a valid name"));
        let expected = Link { node: node.map(str::to_owned), shown, selected, ..Link::default() };
        assert_eq!(Link::parse(query), expected, "{query}");
    }

    #[test]
    fn what_makes_no_sense_is_as_if_it_were_not_there() {
        check("", None, Sight::Ring, None);
        check("node=", None, Sight::Ring, None);
        check("node=ws://h:1/observe", Some("ws://h:1/observe"), Sight::Ring, None);
        check("a=b&node=ws%3A%2F%2Fh&view=table", Some("ws://h"), Sight::Table, None);
        check("view=beliefs", None, Sight::Matrix, None);
        check("node=100%&view=pie&sel=", Some("100%"), Sight::Ring, None);
        check("node=%zz%2&sel=n%2D1", Some("%zz%2"), Sight::Ring, Some("n-1"));
    }

    #[test]
    fn what_is_written_is_read_back() {
        for node in ["ws://127.0.0.1:7700", "wss://[::1]:1/a b?c=d&e#f%", "ä"] {
            let link = Link {
                shown: Sight::Matrix,
                tree_of: TreeOf::Way,
                key: Some("a/b c&d".to_owned()),
                selected: NodeId::new("n-3").ok(),
                ..Link::to(node)
            };
            assert_eq!(Link::parse(&link.to_string()), link);
        }
        assert_eq!(Link::to("ws://h:1").to_string(), "node=ws://h:1");
        assert_eq!(Link::parse("").to_string(), "");
    }
}
