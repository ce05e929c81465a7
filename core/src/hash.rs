//! The 64-bit hashes by which two nodes compare what they hold. XXH3: fast and
//! the same on every target. Not for secrets: it resists chance, not intent.

use core::fmt;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// A hash of a whole state or member list. Equal states have equal hashes.
/// It is the exclusive-or of the hashes of its parts, so a change costs only
/// what changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StateHash(pub u64);

impl StateHash {
    /// Adds a part, or takes it away again: the operation is its own inverse.
    pub fn toggle(&mut self, part: u64) {
        self.0 ^= part;
    }
}

impl fmt::Debug for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Hashes text and numbers as one part, unambiguously: the text's length is
/// hashed too, and numbers have a fixed width.
pub fn part(text: &str, numbers: &[u64]) -> u64 {
    let mut seed = xxh3_64(text.as_bytes()) ^ (text.len() as u64);
    for number in numbers {
        seed = chain(seed, *number);
    }
    seed
}

/// Hashes one more number onto a hash.
pub fn chain(hash: u64, number: u64) -> u64 {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&hash.to_le_bytes());
    bytes[8..].copy_from_slice(&number.to_le_bytes());
    xxh3_64(&bytes)
}
