//! Names of things: nodes, their lives, the writers of state, links and
//! addresses. Parsed once, valid for ever after; no behaviour lives here.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Longest node name, in bytes. Short enough that a thousand members fit one
/// frame; a guess otherwise.
pub const NODE_ID_BYTES_MAX: usize = 64;

/// Longest address, in bytes: generous for a WebSocket URL; a guess.
pub const ADDRESS_BYTES_MAX: usize = 256;

/// Why a name or an address was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// The text was empty.
    #[error("is empty")]
    Empty,
    /// The text was longer than the limit, in bytes.
    #[error("is longer than {0} bytes")]
    TooLong(usize),
    /// A node name held something other than `A-Z a-z 0-9 - _ .`.
    #[error("may only hold letters, digits, '-', '_' and '.'")]
    Character,
    /// An address did not start with `ws://` or `wss://`, or held a space.
    #[error("must be a URL that starts with ws:// or wss://")]
    NotAWebSocketUrl,
}

/// The name of a node: 1 to 64 letters, digits, `-`, `_` or `.`. Names order by
/// their bytes, the same on every node, so that all nodes build the same tree.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(Arc<str>);

impl NodeId {
    /// Checks and keeps a name.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        match name {
            "" => Err(InvalidName::Empty),
            _ if name.len() > NODE_ID_BYTES_MAX => Err(InvalidName::TooLong(NODE_ID_BYTES_MAX)),
            _ if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) => {
                Err(InvalidName::Character)
            }
            _ => Ok(Self(name.into())),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a node can be dialled: a `ws://` or `wss://` URL.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Arc<str>);

impl Address {
    /// Checks and keeps an address. It is not resolved or dialled.
    pub fn new(url: &str) -> Result<Self, InvalidName> {
        match url {
            "" => Err(InvalidName::Empty),
            _ if url.len() > ADDRESS_BYTES_MAX => Err(InvalidName::TooLong(ADDRESS_BYTES_MAX)),
            _ if !(url.starts_with("ws://") || url.starts_with("wss://"))
                || url.bytes().any(|b| b.is_ascii_whitespace() || b.is_ascii_control()) =>
            {
                Err(InvalidName::NotAWebSocketUrl)
            }
            _ => Ok(Self(url.into())),
        }
    }

    /// The URL as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text_newtype {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text: Cow<'de, str> = de_text(d)?;
                $name::new(&text).map_err(de::Error::custom)
            }
        }
        impl core::str::FromStr for $name {
            type Err = InvalidName;
            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }
    };
}
text_newtype!(NodeId);
text_newtype!(Address);

/// Borrows where the format can, so that a name costs one allocation.
fn de_text<'de, D: Deserializer<'de>>(d: D) -> Result<Cow<'de, str>, D::Error> {
    struct Text;
    impl<'de> de::Visitor<'de> for Text {
        type Value = Cow<'de, str>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }
        fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(text))
        }
        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Cow::Owned(String::from(text)))
        }
    }
    d.deserialize_str(Text)
}

/// Which life of a node this is. A later start has a larger number: native
/// nodes use the Unix time of the start in milliseconds, the simulator counts.
/// A node also takes a larger one to refute a rumor of its own death.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Incarnation(pub u64);

/// Who wrote: a node, and the life in which it began to write with an empty
/// store. A node that lost its data is a new writer, so its earlier writes
/// keep their places in every version vector.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Writer {
    /// The node.
    pub node: NodeId,
    /// The incarnation in which this writer began.
    pub epoch: u64,
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.node, self.epoch)
    }
}

/// One connection, as one engine and its driver name it. The engine numbers
/// those that it dials, the driver those that it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkId {
    /// Dialled by this node; numbered by the engine.
    Dialed(u64),
    /// Accepted by this node; numbered by the driver.
    Accepted(u64),
}
