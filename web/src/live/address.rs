//! What a person types to name a node, made into the addresses that the page dials. It only reads text: nothing here
//! resolves, dials or remembers.

use std::fmt;

/// The port that `rumormill run` and `rumormill demo` listen on when nobody says otherwise.
pub const PORT_DEFAULT: u16 = 7700;

/// Paths that name a part of a node rather than where it is mounted; they are cut off.
const KNOWN_ENDS: [&str; 3] = ["/observe", "/gossip", "/api/v1/status"];

/// Longest address that is worth reading, in bytes: generous for a URL; a guess.
const TEXT_BYTES_MAX: usize = 512;

/// Where the page itself came from, as far as it decides what it may dial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageOrigin {
    /// Over plain HTTP, or from a file: it may dial anything.
    Plain,
    /// Over HTTPS: browsers let it dial `wss://` only, loopback apart.
    Secure,
}

/// Where a node can be reached from a page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeAddress {
    secure: bool,
    host: String,
    port: Option<u16>,
    /// Empty, or a path that begins with a slash and does not end with one.
    mount: String,
}

/// Why a text names no node. [`fmt::Display`] says what to type instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressError {
    /// Nothing was typed.
    Empty,
    /// Far longer than any address.
    TooLong,
    /// A scheme that no node speaks.
    Scheme(String),
    /// No host, as in `:7700`.
    NoHost,
    /// A host that cannot be one.
    Host(String),
    /// A port that is not a number from 1 to 65535.
    Port(String),
    /// A name or password before the host: browsers refuse it for sockets.
    Login,
    /// `ws://` to another machine, from a page that came over HTTPS.
    Mixed(String),
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Type a node's address, for example 127.0.0.1:7700."),
            Self::TooLong => f.write_str(
                "This is too long for an address. Type a host and a port, for example 127.0.0.1:7700.",
            ),
            Self::Scheme(scheme) => write!(
                f,
                "A node is reached by http://, https://, ws:// or wss://, not by {scheme}://. Host and port alone will do."
            ),
            Self::NoHost => {
                f.write_str("The host is missing. Type it before the port, for example 127.0.0.1:7700.")
            }
            Self::Host(host) => write!(
                f,
                "“{host}” cannot be a host. Type a name or an address with its port, for example 127.0.0.1:7700 or [::1]:7700."
            ),
            Self::Port(port) => write!(f, "“{port}” is not a port. A port is a number from 1 to 65535."),
            Self::Login => f.write_str(
                "Leave out the name and password before the @: browsers do not send them to a socket.",
            ),
            Self::Mixed(label) => write!(
                f,
                "This page came over https, so the browser blocks a plain ws:// connection to {label}. Reach the node by wss://, or open the dashboard that the node itself serves."
            ),
        }
    }
}

impl std::error::Error for AddressError {}

impl NodeAddress {
    /// Reads what a person typed: `host`, `host:port`, or a URL of the node's page, API or sockets. Without a scheme
    /// it is reached the way the page was; without scheme and port, on [`PORT_DEFAULT`].
    ///
    /// # Errors
    /// When the text names no node, or one that a page of this origin may not dial.
    pub fn parse(text: &str, page: PageOrigin) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.len() > TEXT_BYTES_MAX {
            return Err(AddressError::TooLong);
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, text),
        };
        let secure = match scheme.as_deref() {
            None => page == PageOrigin::Secure,
            Some("http" | "ws") => false,
            Some("https" | "wss") => true,
            Some(other) => return Err(AddressError::Scheme(other.to_owned())),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(AddressError::Login);
        }
        let (host, port) = host_and_port(authority)?;
        let default = if scheme.is_none() { Some(PORT_DEFAULT) } else { None };
        let port = port.or(default).filter(|port| *port != scheme_port(secure));
        let address = Self { secure, host, port, mount: mount(path)? };
        if page == PageOrigin::Secure && !secure && !address.is_loopback() {
            return Err(AddressError::Mixed(address.label()));
        }
        Ok(address)
    }

    /// The socket for observers.
    pub fn observe_url(&self) -> String {
        format!("{}://{}/observe", if self.secure { "wss" } else { "ws" }, self.place())
    }

    /// The socket for members.
    pub fn gossip_url(&self) -> String {
        format!("{}://{}/gossip", if self.secure { "wss" } else { "ws" }, self.place())
    }

    /// The node's description of itself.
    pub fn status_url(&self) -> String {
        format!("{}api/v1/status", self.page_url())
    }

    /// The node's own dashboard.
    pub fn page_url(&self) -> String {
        format!("{}://{}/", if self.secure { "https" } else { "http" }, self.place())
    }

    /// The shortest text that [`NodeAddress::parse`] reads as this address on any page: host and port, with a scheme
    /// only where it matters.
    pub fn label(&self) -> String {
        match (self.secure, self.port) {
            (false, Some(_)) => self.place(),
            (false, None) => format!("http://{}", self.place()),
            (true, _) => format!("https://{}", self.place()),
        }
    }

    /// Is it on this very machine? Browsers trust those even from a page that came over HTTPS.
    pub fn is_loopback(&self) -> bool {
        let host = self.host.as_str();
        host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || host.starts_with("127.")
    }

    fn place(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}{}", self.host, self.mount),
            None => format!("{}{}", self.host, self.mount),
        }
    }
}

fn scheme_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

fn host_and_port(authority: &str) -> Result<(String, Option<u16>), AddressError> {
    let bad = || AddressError::Host(authority.to_owned());
    let (host, port) = if authority.starts_with('[') {
        let end = authority.find(']').ok_or_else(bad)?;
        let (host, rest) = authority.split_at(end + 1);
        match rest.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if rest.is_empty() => (host, None),
            None => return Err(bad()),
        }
    } else if authority.matches(':').count() > 1 {
        // An IPv6 address without its brackets: where it ends and the port begins is a guess.
        return Err(bad());
    } else {
        authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))
    };
    if host.is_empty() {
        return Err(AddressError::NoHost);
    }
    if !is_host(host) {
        return Err(AddressError::Host(host.to_owned()));
    }
    let port = match port {
        None => None,
        Some(text) => match text.parse::<u16>() {
            Ok(port) if port > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Some(port),
            _ => return Err(AddressError::Port(text.to_owned())),
        },
    };
    Ok((host.to_ascii_lowercase(), port))
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let names = host.strip_suffix('.').unwrap_or(host);
    // Four numbers, or a name; `127.0.0` or `1.2.3.4.5` is a slip of the finger.
    if names.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return names.parse::<std::net::Ipv4Addr>().is_ok();
    }
    names.split('.').all(|label| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|char| char.is_alphanumeric() || char == '-' || char == '_')
    })
}

/// Where under its host the node is mounted, for those that stand behind a proxy.
fn mount(path: &str) -> Result<String, AddressError> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    if path.chars().any(|char| char.is_whitespace() || char.is_control()) {
        return Err(AddressError::Host(path.to_owned()));
    }
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix("/index.html").unwrap_or(path);
    let known = KNOWN_ENDS.iter().find_map(|end| path.strip_suffix(end));
    Ok(known.unwrap_or(path).trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &str, page: PageOrigin, expected: Result<&str, AddressError>) {
        let read = NodeAddress::parse(typed, page).map(|address| address.observe_url());
        assert_eq!(read, expected.map(str::to_owned), "{typed:?} on {page:?}");
    }

    #[test]
    fn what_people_type_becomes_the_socket() {
        use PageOrigin::{Plain, Secure};
        let cases = [
            ("127.0.0.1", Plain, "ws://127.0.0.1:7700/observe"),
            ("  localhost ", Plain, "ws://localhost:7700/observe"),
            ("127.0.0.1:7701", Plain, "ws://127.0.0.1:7701/observe"),
            ("Node-3.lan:9000", Plain, "ws://node-3.lan:9000/observe"),
            ("[::1]:7700", Plain, "ws://[::1]:7700/observe"),
            ("[::1]", Plain, "ws://[::1]:7700/observe"),
            ("http://127.0.0.1:7700", Plain, "ws://127.0.0.1:7700/observe"),
            ("http://127.0.0.1:7700/", Plain, "ws://127.0.0.1:7700/observe"),
            ("http://127.0.0.1:7700/#/live?node=x", Plain, "ws://127.0.0.1:7700/observe"),
            ("http://127.0.0.1:7700/index.html?a=b", Plain, "ws://127.0.0.1:7700/observe"),
            ("http://127.0.0.1:7700/api/v1/status", Plain, "ws://127.0.0.1:7700/observe"),
            ("ws://127.0.0.1:7701/gossip", Plain, "ws://127.0.0.1:7701/observe"),
            ("ws://127.0.0.1:7701/observe", Plain, "ws://127.0.0.1:7701/observe"),
            ("WSS://Example.org/observe", Plain, "wss://example.org/observe"),
            ("http://example.org", Plain, "ws://example.org/observe"),
            ("http://example.org:80", Plain, "ws://example.org/observe"),
            ("https://example.org:443/proxy/a/", Plain, "wss://example.org/proxy/a/observe"),
            ("https://example.org/proxy/a/gossip", Secure, "wss://example.org/proxy/a/observe"),
            ("example.org", Secure, "wss://example.org:7700/observe"),
            ("ws://127.0.0.1:7700", Secure, "ws://127.0.0.1:7700/observe"),
            ("http://localhost:7700", Secure, "ws://localhost:7700/observe"),
            ("bücher.example:7700", Plain, "ws://bücher.example:7700/observe"),
        ];
        for (typed, page, expected) in cases {
            check(typed, page, Ok(expected));
        }
    }

    #[test]
    fn nonsense_is_told_by_its_kind() {
        use AddressError as E;
        let owned = str::to_owned;
        let cases = [
            ("", E::Empty),
            ("   ", E::Empty),
            ("ftp://host", E::Scheme(owned("ftp"))),
            ("file:///etc/hosts", E::Scheme(owned("file"))),
            (":7700", E::NoHost),
            ("http://", E::NoHost),
            ("http:///observe", E::NoHost),
            ("two words", E::Host(owned("two words"))),
            ("127.0.0", E::Host(owned("127.0.0"))),
            ("300.0.0.1:7700", E::Host(owned("300.0.0.1"))),
            ("7700", E::Host(owned("7700"))),
            ("::1:7700", E::Host(owned("::1:7700"))),
            ("[::1", E::Host(owned("[::1"))),
            ("[::x]:7700", E::Host(owned("[::x]"))),
            ("-a.b:1", E::Host(owned("-a.b"))),
            ("a..b", E::Host(owned("a..b"))),
            ("host:", E::Port(String::new())),
            ("host:0", E::Port(owned("0"))),
            ("host:+1", E::Port(owned("+1"))),
            ("host:65536", E::Port(owned("65536"))),
            ("host:port", E::Port(owned("port"))),
            ("user:secret@host:7700", E::Login),
        ];
        for (typed, expected) in cases {
            check(typed, PageOrigin::Plain, Err(expected));
        }
        check(&"a".repeat(1_000), PageOrigin::Plain, Err(E::TooLong));
        check("ws://node-3.lan:7700", PageOrigin::Secure, Err(E::Mixed(owned("node-3.lan:7700"))));
        check("http://example.org", PageOrigin::Secure, Err(E::Mixed(owned("http://example.org"))));
    }

    #[test]
    fn a_label_reads_back_as_the_same_address() {
        for typed in
            ["127.0.0.1", "http://example.org", "wss://example.org/p", "[::1]:9", "http://h:81/p/q", "h:80"]
        {
            let address = NodeAddress::parse(typed, PageOrigin::Plain).expect("a good address");
            let label = address.label();
            assert_eq!(NodeAddress::parse(&label, PageOrigin::Plain), Ok(address), "{typed} gave {label}");
        }
    }

    #[test]
    fn the_other_addresses_of_a_node_follow() {
        let address =
            NodeAddress::parse("ws://127.0.0.1:7703/gossip", PageOrigin::Plain).expect("a good address");
        assert_eq!(address.status_url(), "http://127.0.0.1:7703/api/v1/status");
        assert_eq!(address.page_url(), "http://127.0.0.1:7703/");
        assert_eq!(address.label(), "127.0.0.1:7703");
    }
}
