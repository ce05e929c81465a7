//! Where the page is, as the address's hash says: `#/lab` or `#/live?node=ws://…`, a place and a query in its
//! own words. Pure text in, pure text out; the browser's address bar is the glue's business.

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
pub struct Route {
    /// The place.
    pub place: Place,
    /// What the address says of it, in the place's own words; empty for the place as it stands.
    pub query: String,
}

impl Route {
    /// Reads an address's hash, with or without `#`. `None` for an empty one or one that names no place: then the
    /// page chooses by who served it.
    pub fn parse(hash: &str) -> Option<Self> {
        let hash = hash.strip_prefix('#').unwrap_or(hash);
        let (path, query) = hash.split_once('?').unwrap_or((hash, ""));
        let name = path.strip_prefix('/')?;
        let place = Place::ALL.into_iter().find(|place| place.as_str() == name)?;
        Some(Self::to(place, query))
    }

    /// The way to a place.
    pub fn to(place: Place, query: &str) -> Self {
        Self { place, query: query.to_owned() }
    }
}

/// The hash, with its `#`.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, query } = self;
        let mark = if query.is_empty() { "" } else { "?" };
        write!(f, "#/{}{mark}{query}", place.as_str())
    }
}

/// Percent-encodes what would end the value in a hash's query; `:` and `/` stay readable.
pub fn encode(text: &str) -> String {
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
pub fn decode(text: &str) -> String {
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

    #[test]
    fn hashes_name_places() {
        for nowhere in ["", "#", "#/nowhere", "#lab"] {
            assert_eq!(Route::parse(nowhere), None, "{nowhere}");
        }
        for hash in ["#/lab", "/lab", "#/lab?"] {
            assert_eq!(Route::parse(hash), Some(Route::to(Place::Lab, "")), "{hash}");
        }
        assert_eq!(Route::parse("#/race?later=1"), Some(Route::to(Place::Race, "later=1")));
    }

    #[test]
    fn what_is_written_is_read_back() {
        for place in Place::ALL {
            for query in ["", "view=grid&sel=3"] {
                let route = Route::to(place, query);
                assert_eq!(Route::parse(&route.to_string()), Some(route));
            }
        }
    }

    #[test]
    fn what_would_end_a_value_is_escaped() {
        for text in ["ws://127.0.0.1:7700", "a b?c=d&e#f%", "ä", "100%", "%zz%2"] {
            let encoded = encode(text);
            assert!(!encoded.contains(['&', '#', ' ']), "{encoded}");
            assert_eq!(decode(&encoded), text);
        }
        assert_eq!(encode("ws://[::1]:1/a"), "ws://[::1]:1/a");
    }
}
