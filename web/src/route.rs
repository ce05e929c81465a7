//! Where the page is, as the address's hash says: `#/lab` or `#/live?node=ws://…`. Pure text in, pure text out; the
//! browser's address bar is the glue's business.

use std::fmt;

/// A place of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// A cluster in this tab.
    Lab {
        /// How it is looked at and whatever else the Lab writes there and reads.
        query: String,
    },
    /// Several clusters side by side.
    Race {
        /// What is compared, as the place itself writes and reads it; empty for whatever is there.
        query: String,
    },
    /// A recorded trace.
    Replay {
        /// How it is looked at.
        query: String,
    },
    /// Real nodes, seen through one of them.
    Live {
        /// The node to connect to, a `ws://` or `wss://` URL as someone gave it; none means that the user will say.
        node: Option<String>,
    },
}

impl Route {
    /// Reads an address's hash, with or without `#`. `None` for an empty one or one that names no place: then the
    /// page chooses by who served it.
    pub fn parse(hash: &str) -> Option<Self> {
        let hash = hash.strip_prefix('#').unwrap_or(hash);
        let (path, query) = hash.split_once('?').unwrap_or((hash, ""));
        match path {
            "/lab" => Some(Self::Lab { query: query.to_owned() }),
            "/race" => Some(Self::Race { query: query.to_owned() }),
            "/replay" => Some(Self::Replay { query: query.to_owned() }),
            "/live" => {
                let node = query.split('&').find_map(|pair| pair.strip_prefix("node="));
                Some(Self::Live { node: node.map(decode).filter(|node| !node.is_empty()) })
            }
            _ => None,
        }
    }

    /// The Lab as it stands.
    pub const LAB: Self = Self::Lab { query: String::new() };

    /// The Live place without a node.
    pub const LIVE: Self = Self::Live { node: None };

    /// The Race as it stands.
    pub const RACE: Self = Self::Race { query: String::new() };

    /// Replay as it stands.
    pub const REPLAY: Self = Self::Replay { query: String::new() };

    /// Do both name the same place, whatever else they say?
    pub fn is_same_place(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::Lab { .. }, Self::Lab { .. })
                | (Self::Race { .. }, Self::Race { .. })
                | (Self::Replay { .. }, Self::Replay { .. })
                | (Self::Live { .. }, Self::Live { .. })
        )
    }
}

/// The hash, with its `#`.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lab { query } if query.is_empty() => f.write_str("#/lab"),
            Self::Lab { query } => write!(f, "#/lab?{query}"),
            Self::Race { query } if query.is_empty() => f.write_str("#/race"),
            Self::Race { query } => write!(f, "#/race?{query}"),
            Self::Replay { query } if query.is_empty() => f.write_str("#/replay"),
            Self::Replay { query } => write!(f, "#/replay?{query}"),
            Self::Live { node: None } => f.write_str("#/live"),
            Self::Live { node: Some(node) } => write!(f, "#/live?node={}", encode(node)),
        }
    }
}

/// Percent-encodes what would end the value in a hash's query; `:` and `/` stay readable.
fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'-'
            | b'_'
            | b'.'
            | b'~'
            | b':'
            | b'/'
            | b'['
            | b']' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The inverse of [`encode`]; a `%` that starts no escape stands for itself.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let value = escape.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        out.push(value.unwrap_or(bytes[at]));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hash: &str, expected: Option<Route>) {
        assert_eq!(Route::parse(hash), expected, "{hash}");
    }

    #[test]
    fn hashes_name_places() {
        let live = |node: &str| Some(Route::Live { node: Some(node.to_owned()) });
        check("", None);
        check("#", None);
        check("#/nowhere", None);
        check("#/lab", Some(Route::LAB));
        check("/lab", Some(Route::LAB));
        check("#/lab?later=1", Some(Route::Lab { query: "later=1".to_owned() }));
        check("#/replay", Some(Route::REPLAY));
        check("#/live", Some(Route::LIVE));
        check("#/live?node=", Some(Route::LIVE));
        check("#/live?node=ws://h:1/observe", live("ws://h:1/observe"));
        check("#/live?a=b&node=ws%3A%2F%2Fh", live("ws://h"));
        check("#/live?node=100%", live("100%"));
        check("#/live?node=%zz%2", live("%zz%2"));
    }

    #[test]
    fn what_is_written_is_read_back() {
        for node in ["ws://127.0.0.1:7700", "wss://[::1]:1/a b?c=d&e#f%", "ä"] {
            let route = Route::Live { node: Some(node.to_owned()) };
            assert_eq!(Route::parse(&route.to_string()), Some(route));
        }
        for query in ["", "view=grid&sel=3"] {
            let route = Route::Lab { query: query.to_owned() };
            assert_eq!(Route::parse(&route.to_string()), Some(route));
        }
    }
}
