//! What the page's address says of Live: which node is looked through, how its members are shown, and which of them is
//! selected. Pure text in, pure text out.

use crate::route::{decode, encode};
use rumormill_core::NodeId;

/// How the members can be shown, in the address's words; the first one goes without saying.
pub const SHOWN: [&str; 3] = ["ring", "table", "beliefs"];

/// What the address says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link {
    /// The node, as someone gave it; none means that the user will say.
    pub node: Option<String>,
    /// One of [`SHOWN`].
    pub shown: &'static str,
    /// The member that is selected.
    pub selected: Option<NodeId>,
}

impl Link {
    /// A node, looked at as at first.
    pub fn to(node: &str) -> Self {
        Self { node: Some(node.to_owned()), shown: SHOWN[0], selected: None }
    }

    /// Reads it; what makes no sense is as if it were not there.
    pub fn parse(query: &str) -> Self {
        let value = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let value = pairs.filter(|(key, _)| *key == name).map(|(_, value)| decode(value)).next();
            value.filter(|value| !value.is_empty())
        };
        let shown = value("view").and_then(|view| SHOWN.into_iter().find(|known| *known == view));
        Self {
            node: value("node"),
            shown: shown.unwrap_or(SHOWN[0]),
            selected: value("sel").and_then(|name| NodeId::new(&name).ok()),
        }
    }
}

/// The query of an address.
impl std::fmt::Display for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let view = Some(self.shown).filter(|shown| *shown != SHOWN[0]);
        let pairs = [
            ("node", self.node.as_deref()),
            ("view", view),
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

    fn check(query: &str, node: Option<&str>, shown: &'static str, selected: Option<&str>) {
        let selected = selected.map(|name| NodeId::new(name).expect("a valid name"));
        let expected = Link { node: node.map(str::to_owned), shown, selected };
        assert_eq!(Link::parse(query), expected, "{query}");
    }

    #[test]
    fn what_makes_no_sense_is_as_if_it_were_not_there() {
        check("", None, "ring", None);
        check("node=", None, "ring", None);
        check("node=ws://h:1/observe", Some("ws://h:1/observe"), "ring", None);
        check("a=b&node=ws%3A%2F%2Fh&view=table", Some("ws://h"), "table", None);
        check("node=100%&view=pie&sel=", Some("100%"), "ring", None);
        check("node=%zz%2&sel=n%2D1", Some("%zz%2"), "ring", Some("n-1"));
    }

    #[test]
    fn what_is_written_is_read_back() {
        for node in ["ws://127.0.0.1:7700", "wss://[::1]:1/a b?c=d&e#f%", "ä"] {
            let link = Link { shown: "beliefs", selected: NodeId::new("n-3").ok(), ..Link::to(node) };
            assert_eq!(Link::parse(&link.to_string()), link);
        }
        assert_eq!(Link::to("ws://h:1").to_string(), "node=ws://h:1");
        assert_eq!(Link::parse("").to_string(), "");
    }
}
