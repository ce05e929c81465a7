//! Keys and values of the Store: parsed once, within their limits for ever
//! after. What a value means to a kind is not known here.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use bytes::Bytes;
use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Longest key, in bytes. A guess: etcd's users rarely pass 200.
pub const KEY_BYTES_MAX: usize = 256;

/// Largest value, in bytes of JSON text or raw bytes. A guess that fits the
/// small, hot state this is for; Consul's limit is 512 KiB.
pub const VALUE_BYTES_MAX: usize = 64 * 1024;

/// A key: 1 to 256 bytes of UTF-8 without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

/// Why a key was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// It was empty.
    #[error("a key must not be empty")]
    Empty,
    /// It was too long.
    #[error("a key may be {KEY_BYTES_MAX} bytes at most")]
    TooLong,
    /// It held a control character.
    #[error("a key must not hold control characters")]
    Control,
}

impl Key {
    /// Checks and keeps a key.
    pub fn new(key: &str) -> Result<Self, InvalidKey> {
        match key {
            "" => Err(InvalidKey::Empty),
            _ if key.len() > KEY_BYTES_MAX => Err(InvalidKey::TooLong),
            _ if key.chars().any(char::is_control) => Err(InvalidKey::Control),
            _ => Ok(Self(key.into())),
        }
    }

    /// A place among the keys to begin at, be it a key or not. It must not be stored.
    pub(super) fn bound(text: &str) -> Self {
        Self(text.into())
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(d)?).map_err(de::Error::custom)
    }
}

/// A register's value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// JSON, as compact text.
    Json(Arc<str>),
    /// Bytes that mean nothing to Rumormill.
    Bytes(Bytes),
}

/// The value is larger than [`VALUE_BYTES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a value may be {VALUE_BYTES_MAX} bytes at most")]
pub struct ValueTooLong;

impl Value {
    /// A JSON value.
    pub fn json(value: &serde_json::Value) -> Result<Self, ValueTooLong> {
        let text = value.to_string();
        if text.len() > VALUE_BYTES_MAX { Err(ValueTooLong) } else { Ok(Self::Json(text.into())) }
    }

    /// A JSON string.
    pub fn text(text: &str) -> Result<Self, ValueTooLong> {
        Self::json(&serde_json::Value::String(text.to_owned()))
    }

    /// Raw bytes.
    pub fn bytes(bytes: Bytes) -> Result<Self, ValueTooLong> {
        if bytes.len() > VALUE_BYTES_MAX { Err(ValueTooLong) } else { Ok(Self::Bytes(bytes)) }
    }

    /// The value as JSON; bytes as a list of numbers.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            // Text that came over the wire was never parsed; what is not JSON reads as a string.
            Self::Json(text) => {
                serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::String(text.to_string()))
            }
            Self::Bytes(bytes) => bytes.iter().copied().collect(),
        }
    }

    /// Its size in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Json(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    /// Is it zero bytes long?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(text) => f.write_str(text),
            Self::Bytes(bytes) => write!(f, "{bytes:?}"),
        }
    }
}

/// In binary formats the text or the bytes as they are; in JSON the value
/// itself, so that people can read the frames.
#[derive(Serialize, Deserialize)]
enum Compact {
    Json(Arc<str>),
    Bytes(Bytes),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Readable {
    Json(serde_json::Value),
    Bytes(Bytes),
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match (self, s.is_human_readable()) {
            (Self::Json(_), true) => Readable::Json(self.to_json()).serialize(s),
            (Self::Bytes(bytes), true) => Readable::Bytes(bytes.clone()).serialize(s),
            (Self::Json(text), false) => Compact::Json(text.clone()).serialize(s),
            (Self::Bytes(bytes), false) => Compact::Bytes(bytes.clone()).serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            match Readable::deserialize(d)? {
                Readable::Json(value) => Self::json(&value).map_err(de::Error::custom),
                Readable::Bytes(bytes) => Self::bytes(bytes).map_err(de::Error::custom),
            }
        } else {
            match Compact::deserialize(d)? {
                Compact::Json(text) if text.len() > VALUE_BYTES_MAX => Err(de::Error::custom(ValueTooLong)),
                Compact::Json(text) => Ok(Self::Json(text)),
                Compact::Bytes(bytes) => Self::bytes(bytes).map_err(de::Error::custom),
            }
        }
    }
}
