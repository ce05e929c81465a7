//! Where nodes are, as people write it: `host:port`, `http://…` or `ws://…`.
//! Turns it into the one form that the engine gossips. It resolves nothing.

use hyper::Uri;
use rumormill_core::Address;
use std::fmt;

/// The path of the gossip socket on a node.
pub const GOSSIP_PATH: &str = "/gossip";

/// Text that is no address of a node; says what was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidAddress {
    text: String,
    why: String,
}

impl fmt::Display for InvalidAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, why } = self;
        write!(f, "'{text}' is not the address of a node: {why}; write it like http://127.0.0.1:7700")
    }
}

impl std::error::Error for InvalidAddress {}

/// The gossip address that a person means: `host:port`, the URL of a node's
/// dashboard (`http://host:port`), or the gossip address itself
/// (`ws://host:port/gossip`).
///
/// ```
/// let address = rumormill_node::join_address("http://127.0.0.1:7700/")?;
/// assert_eq!(address.as_str(), "ws://127.0.0.1:7700/gossip");
/// # Ok::<(), rumormill_node::InvalidAddress>(())
/// ```
///
/// # Errors
/// When the text has another scheme, no host, or is no URL at all, or needs
/// TLS, which nodes do not speak yet: no node could ever dial it.
pub fn join_address(text: &str) -> Result<Address, InvalidAddress> {
    let invalid = |why: &str| InvalidAddress { text: text.to_owned(), why: why.to_owned() };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(invalid("it is empty"));
    }
    let url = if trimmed.contains("://") { trimmed.to_owned() } else { format!("http://{trimmed}") };
    let uri: Uri = url.parse().map_err(|error| invalid(&format!("it is not a URL ({error})")))?;
    match uri.scheme_str() {
        Some("http" | "ws") => {}
        Some("https" | "wss") => {
            return Err(invalid("https:// and wss:// need TLS, which nodes do not speak"));
        }
        _ => return Err(invalid("its scheme is not http or ws")),
    }
    let authority = uri.authority().ok_or_else(|| invalid("it names no host"))?;
    if authority.as_str().contains('@') {
        return Err(invalid("it holds a user name"));
    }
    // The parser lets anything follow a host's colon.
    let is_bare = authority.port().is_none() && authority.as_str() == authority.host();
    if !is_bare && matches!(authority.port_u16(), None | Some(0)) {
        return Err(invalid("its port is not a number from 1 to 65535"));
    }
    let path = match uri.path() {
        "" | "/" => GOSSIP_PATH,
        path => path,
    };
    Address::new(&format!("ws://{authority}{path}")).map_err(|error| invalid(&format!("it {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        match (join_address(text), expected) {
            (Ok(address), Ok(expected)) => assert_eq!(address.as_str(), expected),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (result, _) => panic!("{text}: {result:?}"),
        }
    }

    #[test]
    fn every_way_to_write_a_node() {
        check("127.0.0.1:7700", Ok("ws://127.0.0.1:7700/gossip"));
        check("http://host:1/", Ok("ws://host:1/gossip"));
        check("host", Ok("ws://host/gossip"));
        check("ws://[::1]:7700/gossip", Ok("ws://[::1]:7700/gossip"));
        check("ws://proxy/nodes/a", Ok("ws://proxy/nodes/a"));
        check(" localhost:7700 ", Ok("ws://localhost:7700/gossip"));
    }

    #[test]
    fn what_is_no_node() {
        check("", Err("it is empty"));
        check("ftp://host", Err("scheme"));
        check("https://host", Err("TLS"));
        check("host:port", Err("its port"));
        check("host:0", Err("its port"));
        check("http://host:", Err("its port"));
        check("http://host:65536", Err("its port"));
        check("http://", Err("not a URL"));
        check("http://me@host", Err("user name"));
        check("a b", Err("not a URL"));
    }
}
