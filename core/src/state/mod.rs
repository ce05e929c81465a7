//! What is gossiped: the operations that any shared state must offer, so that
//! the engine can spread and repair it without knowing what it means. Two
//! states implement them: [`text::Text`], one string, and [`store::Store`].
//! Nothing here knows of peers, messages or time beyond a write's stamp.

pub mod store;
pub mod text;

use crate::hash::StateHash;
use crate::time::Instant;
use alloc::vec::Vec;
use core::fmt::Debug;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::{Key, Kind};

/// How one state relates to another, by what writes each has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// Both have seen the same writes.
    Equal,
    /// This one has seen all that the other has, and more.
    Newer,
    /// The other has seen all that this one has, and more.
    Older,
    /// Each has seen something that the other has not.
    Conflict,
}

impl Comparison {
    /// From whether each of the two covers the other.
    pub(crate) fn of(covers: bool, is_covered: bool) -> Self {
        match (covers, is_covered) {
            (true, true) => Self::Equal,
            (true, false) => Self::Newer,
            (false, true) => Self::Older,
            (false, false) => Self::Conflict,
        }
    }
}

/// A delta, or as much of it as fits.
#[derive(Debug, Clone)]
pub struct Part<D> {
    /// What the peer lacks.
    pub delta: D,
    /// Is that all that it lacks?
    pub complete: bool,
}

/// A key whose value is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The key.
    pub key: Key,
    /// What kind of value stands under it.
    pub kind: Kind,
}

/// What a write or a merge did to a state.
#[derive(Debug, Clone)]
pub struct Merged<N> {
    /// What was new, for forwarding; empty if nothing was.
    pub news: N,
    /// The keys that read differently now, in the order of the change.
    pub changes: Vec<Change>,
    /// Was it worth it? If not, asking the same peer for more brings nothing.
    pub progress: bool,
}

/// A delta that breaks the rules of its type (a sequence outside its own
/// range, a key or value over the limit). The state is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the delta is not valid: {0}")]
pub struct InvalidDelta(pub &'static str);

/// Bytes that do not decode to a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are not a saved state of this type")]
pub struct DecodeError;

/// State that many nodes write and that merges to the same everywhere.
///
/// Merging is commutative, associative and idempotent, and never makes a new
/// version: a merge of two divergent states knows exactly what the two knew.
/// (Shapiro et al., "Conflict-Free Replicated Data Types", 2011, §3; deltas:
/// Almeida et al., "Delta State Replicated Data Types", 2018.)
pub trait State {
    /// A summary of what a state has seen; what a peer needs in order to
    /// compute what this state lacks.
    type Digest: Clone + Debug + Serialize + DeserializeOwned;
    /// A piece of state that merges into another state.
    type Delta: Clone + Debug + Serialize + DeserializeOwned;
    /// A note of what is new here and must still be forwarded to someone. It
    /// holds references, not values: what is sent is what is current then.
    type News: Clone + Debug + Default;

    /// A hash that states share exactly if they have seen the same writes.
    fn hash(&self) -> StateHash;

    /// How many writes this state has seen: it grows with every one.
    fn version(&self) -> u64;

    /// The digest of this state.
    fn digest(&self) -> Self::Digest;

    /// What this state is, seen from a state with that digest.
    fn compare(&self, theirs: &Self::Digest) -> Comparison;

    /// What this whole state is, seen from another.
    fn compare_with(&self, other: &Self) -> Comparison
    where
        Self: Sized,
    {
        self.compare(&other.digest())
    }

    /// What a state with that digest lacks, in at most about `bytes_max`
    /// bytes; always something, if it lacks anything.
    fn delta(&self, theirs: &Self::Digest, bytes_max: usize) -> Part<Self::Delta>;

    /// Is there nothing in the delta?
    fn delta_is_empty(delta: &Self::Delta) -> bool;

    /// How many writes the delta carries, for logs and figures.
    fn delta_writes(delta: &Self::Delta) -> u32;

    /// Takes in a delta from another node.
    fn merge(&mut self, delta: Self::Delta, now: Instant) -> Result<Merged<Self::News>, InvalidDelta>;

    /// How many writes came with a stamp too far in the future to be believed.
    fn unbelievable_stamps(&self) -> u64;

    /// Turns news into a delta of at most about `bytes_max` bytes and takes
    /// what it used out of `news`.
    fn rumor(&self, news: &mut Self::News, bytes_max: usize) -> Self::Delta;

    /// Adds news to what is already waiting to be forwarded.
    fn absorb(waiting: &mut Self::News, more: &Self::News);

    /// How much is waiting, in entries of memory, not in writes.
    fn news_len(news: &Self::News) -> usize;

    /// Tells of news without carrying it: a digest from which a peer sees
    /// whether it lacks any of it, and by which it can be asked for.
    fn outline(&self, news: &Self::News) -> Self::Digest;

    /// What of an outline this state has not seen.
    fn lacks(&self, outline: &Self::Digest) -> Self::News;

    /// What of an outline this state has seen and can give.
    fn asked_for(&self, outline: &Self::Digest) -> Self::News;

    /// Takes out of waiting news what a peer turns out to have.
    fn retract(waiting: &mut Self::News, known: &Self::Digest);

    /// Takes out of noted news what a delta carries, and returns that.
    fn take_carried(noted: &mut Self::News, delta: &Self::Delta) -> Self::News;

    /// Says what time it is, so that a delta made now can tell how much is left
    /// of what ends by itself.
    fn tell_time(&mut self, now: Instant) {
        let _ = now;
    }

    /// When something in it next ends by itself; never, if none.
    fn expires_at(&self) -> Option<Instant> {
        None
    }

    /// Ends what is over. Returns what reads differently now.
    fn expire(&mut self, now: Instant) -> Vec<Change> {
        let _ = now;
        Vec::new()
    }

    /// What states with these digests have both seen.
    fn meet(a: &Self::Digest, b: &Self::Digest) -> Self::Digest;

    /// Is anything kept only for members who have not seen yet that it is gone?
    fn has_garbage(&self) -> bool {
        false
    }

    /// Drops the garbage that everyone with these digests has seen to be
    /// such: this state itself, and all members that might bring it back.
    /// Returns how many pieces went.
    fn collect<'a>(&mut self, everyone: impl Iterator<Item = &'a Self::Digest>) -> u32
    where
        Self::Digest: 'a,
    {
        let _ = everyone;
        0
    }

    /// The whole state as bytes.
    fn encode(&self) -> Vec<u8>;

    /// A state from its bytes.
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError>
    where
        Self: Sized;
}
