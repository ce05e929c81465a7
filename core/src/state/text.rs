//! The simplest shared state: one string that anyone may replace. It exists
//! for the three-node demo and to prove that the engine asks nothing of a
//! state beyond [`State`].

use super::store::{Key, Kind};
use super::{Change, Comparison, DecodeError, InvalidDelta, Merged, Part, State};
use crate::hash::StateHash;
use crate::hlc::Hlc;
use crate::id::{NodeId, Writer};
use crate::time::Instant;
use crate::version::VersionVector;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Longest string, in bytes. A guess; the demo types them by hand.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// One string with its history. Of two concurrent strings the later stamp
/// wins, then the greater author: never whoever carried it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    writer: Writer,
    clock: Hlc,
    unbelievable: u64,
    current: Version,
}

/// A string, when and by whom it was written, and everything that had been
/// written by then. Its own delta.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    value: String,
    stamp: Hlc,
    author: Option<Writer>,
    seen: VersionVector,
}

/// The string is longer than [`TEXT_BYTES_MAX`]; the state is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is longer than {TEXT_BYTES_MAX} bytes")]
pub struct TextTooLong;

impl Text {
    /// An empty string at a node that begins to write in life `epoch`.
    pub fn new(node: NodeId, epoch: u64) -> Self {
        Self {
            writer: Writer { node, epoch },
            clock: Hlc::default(),
            unbelievable: 0,
            current: Version::default(),
        }
    }

    /// The string.
    pub fn value(&self) -> &str {
        &self.current.value
    }

    /// Who wrote the string; none if nobody did.
    pub fn author(&self) -> Option<&Writer> {
        self.current.author.as_ref()
    }

    /// Replaces the string.
    pub fn set(&mut self, value: &str, now: Instant) -> Result<Merged<bool>, TextTooLong> {
        if value.len() > TEXT_BYTES_MAX {
            return Err(TextTooLong);
        }
        self.current.value = value.into();
        self.current.stamp = self.clock.tick(now);
        self.current.author = Some(self.writer.clone());
        self.current.seen.increment(&self.writer);
        Ok(Merged { news: true, changes: vec![change()], progress: true })
    }
}

/// The one key that a text has.
fn change() -> Change {
    Change { key: Key::new("text").expect("a literal that is a valid key"), kind: Kind::Register }
}

impl State for Text {
    type Digest = VersionVector;
    type Delta = Option<Version>;
    type News = bool;

    fn hash(&self) -> StateHash {
        self.current.seen.hash()
    }

    fn version(&self) -> u64 {
        self.current.seen.total()
    }

    fn digest(&self) -> VersionVector {
        self.current.seen.clone()
    }

    fn compare(&self, theirs: &VersionVector) -> Comparison {
        self.current.seen.compare(theirs)
    }

    fn delta(&self, theirs: &VersionVector, _bytes_max: usize) -> Part<Self::Delta> {
        let delta = (!theirs.covers(&self.current.seen)).then(|| self.current.clone());
        Part { delta, complete: true }
    }

    fn delta_is_empty(delta: &Self::Delta) -> bool {
        delta.is_none()
    }

    fn delta_writes(delta: &Self::Delta) -> u32 {
        u32::from(delta.is_some())
    }

    fn merge(&mut self, delta: Self::Delta, now: Instant) -> Result<Merged<bool>, InvalidDelta> {
        let Some(theirs) = delta else {
            return Ok(Merged { news: false, changes: Vec::new(), progress: false });
        };
        if theirs.value.len() > TEXT_BYTES_MAX {
            return Err(InvalidDelta("the text is too long"));
        }
        if !self.clock.observe(theirs.stamp, now) {
            self.unbelievable += 1;
        }
        let news = !self.current.seen.covers(&theirs.seen);
        let mut changes = Vec::new();
        let order = |v: &Version| (v.stamp, v.author.clone(), v.value.clone());
        let theirs_wins = match self.current.seen.compare(&theirs.seen) {
            Comparison::Older => true,
            Comparison::Conflict => order(&theirs) > order(&self.current),
            Comparison::Equal | Comparison::Newer => false,
        };
        let Version { value, stamp, author, seen } = theirs;
        if theirs_wins {
            if value != self.current.value {
                changes.push(change());
            }
            (self.current.value, self.current.stamp, self.current.author) = (value, stamp, author);
        }
        self.current.seen.merge(&seen);
        Ok(Merged { news, changes, progress: news })
    }

    fn unbelievable_stamps(&self) -> u64 {
        self.unbelievable
    }

    fn rumor(&self, news: &mut bool, _bytes_max: usize) -> Self::Delta {
        core::mem::take(news).then(|| self.current.clone())
    }

    fn absorb(waiting: &mut bool, more: &bool) {
        *waiting |= more;
    }

    fn news_len(news: &bool) -> usize {
        usize::from(*news)
    }

    fn outline(&self, _news: &bool) -> VersionVector {
        self.digest()
    }

    fn lacks(&self, outline: &VersionVector) -> bool {
        !self.current.seen.covers(outline)
    }

    fn asked_for(&self, outline: &VersionVector) -> bool {
        !outline.covers(&self.current.seen)
    }

    fn retract(_waiting: &mut bool, _known: &VersionVector) {
        // A note that there is something new does not say what: it stays.
    }

    fn take_carried(noted: &mut bool, delta: &Self::Delta) -> bool {
        delta.is_some() && core::mem::take(noted)
    }

    fn meet(a: &VersionVector, b: &VersionVector) -> VersionVector {
        a.meet(b)
    }

    fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(&(&self.writer, &self.current)).expect("encoding to memory does not fail")
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (writer, current): (Writer, Version) = postcard::from_bytes(bytes).map_err(|_| DecodeError)?;
        Ok(Self { writer, clock: current.stamp, unbelievable: 0, current })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str) -> Text {
        Text::new(NodeId::new(name).expect("a valid name"), 1)
    }

    fn at(micros: u64) -> Instant {
        Instant::from_micros(micros)
    }

    fn exchange(from: &Text, to: &mut Text) -> bool {
        to.merge(from.delta(&to.digest(), 0).delta, at(0)).expect("a valid delta").news
    }

    #[test]
    fn concurrent_strings_end_equal_whoever_merges_first() {
        let (mut a, mut b, mut c) = (text("a"), text("b"), text("c"));
        a.set("from a", at(5)).expect("short");
        b.set("from b", at(5)).expect("short");
        assert_eq!(a.compare(&b.digest()), Comparison::Conflict);
        exchange(&a, &mut c);
        exchange(&b, &mut c);
        exchange(&b, &mut a);
        exchange(&c, &mut b);
        assert_eq!((a.value(), b.value(), c.value()), ("from b", "from b", "from b"));
        assert_eq!(a.hash(), c.hash());
        assert_eq!(a.version(), 2, "merging made no version of its own");
        assert!(!exchange(&a, &mut c), "nothing new is left");
    }

    #[test]
    fn a_later_write_wins_by_what_it_had_seen_not_by_its_clock() {
        let (mut a, mut b) = (text("a"), text("b"));
        a.set("early, with a clock far ahead", at(1_000_000)).expect("short");
        exchange(&a, &mut b);
        b.set("a reply", at(10)).expect("short");
        exchange(&b, &mut a);
        assert_eq!(a.value(), "a reply");
    }

    #[test]
    fn bytes_bring_a_text_back() {
        let mut a = text("a");
        a.set("kept", at(1)).expect("short");
        assert_eq!(Text::decode(&a.encode()), Ok(a));
        assert_eq!(Text::decode(&[255; 3]), Err(DecodeError));
    }
}
