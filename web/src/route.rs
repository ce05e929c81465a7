//! Where the page is, as the address's hash says: `#/lab` or `#/live?node=ws://…`. Pure text in, pure text out; the
//! browser's address bar is the glue's business.

use std::fmt;

/// A place of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A cluster in this tab.
    Lab,
    /// Several clusters side by side.
    Race,
    /// Real nodes.
    Live,
    /// Recorded traces.
    Replay,
}

impl Place {
    /// All places, in the order in which the page names them.
    pub const ALL: [Self; 4] = [Self::Lab, Self::Race, Self::Live, Self::Replay];

    /// The place in one lower-case word, as in the address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lab => "lab",
            Self::Race => "race",
            Self::Live => "live",
            Self::Replay => "replay",
        }
    }

    /// The place's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lab => "Lab",
            Self::Race => "Race",
            Self::Live => "Live",
            Self::Replay => "Replay",
        }
    }

    /// The program that carries it.
    pub fn program(self) -> &'static str {
        match self {
            Self::Lab | Self::Replay => "lab",
            Self::Race => "race",
            Self::Live => "live",
        }
    }
}

/// A place of the page, and what is to be seen there.
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

    /// The way to a place, with what [`Route::query`] gave there; empty for the place as it stands.
    pub fn to(place: Place, query: &str) -> Self {
        let query = query.to_owned();
        match place {
            Place::Lab => Self::Lab { query },
            Place::Race => Self::Race { query },
            Place::Replay => Self::Replay { query },
            Place::Live => Self::Live { node: Some(query).filter(|node| !node.is_empty()) },
        }
    }

    /// Which place it leads to.
    pub fn place(&self) -> Place {
        match self {
            Self::Lab { .. } => Place::Lab,
            Self::Race { .. } => Place::Race,
            Self::Replay { .. } => Place::Replay,
            Self::Live { .. } => Place::Live,
        }
    }

    /// What the address says of the place, in the place's own words.
    pub fn query(&self) -> &str {
        match self {
            Self::Lab { query } | Self::Race { query } | Self::Replay { query } => query,
            Self::Live { node } => node.as_deref().unwrap_or_default(),
        }
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
        check("#/lab", Some(Route::to(Place::Lab, "")));
        check("/lab", Some(Route::to(Place::Lab, "")));
        check("#/lab?later=1", Some(Route::Lab { query: "later=1".to_owned() }));
        check("#/replay", Some(Route::to(Place::Replay, "")));
        check("#/live", Some(Route::to(Place::Live, "")));
        check("#/live?node=", Some(Route::to(Place::Live, "")));
        check("#/live?node=ws://h:1/observe", live("ws://h:1/observe"));
        check("#/live?a=b&node=ws%3A%2F%2Fh", live("ws://h"));
        check("#/live?node=100%", live("100%"));
        check("#/live?node=%zz%2", live("%zz%2"));
    }

    #[test]
    fn what_is_written_is_read_back() {
        for node in ["ws://127.0.0.1:7700", "wss://[::1]:1/a b?c=d&e#f%", "ä"] {
            let route = Route::Live { node: Some(node.to_owned()) };
            assert_eq!(Route::to(route.place(), route.query()), route);
            assert_eq!(Route::parse(&route.to_string()), Some(route));
        }
        for query in ["", "view=grid&sel=3"] {
            let route = Route::Lab { query: query.to_owned() };
            assert_eq!(Route::parse(&route.to_string()), Some(route));
        }
    }
}
