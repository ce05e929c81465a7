//! The hybrid logical clock that orders writes to registers: as close to real
//! time as the writers' clocks, and always after everything that the writer
//! had seen (Kulkarni et al., "Logical Physical Clocks", 2014). It never reads
//! a clock; the driver's instant comes in.

use crate::time::{Duration, Instant};
use core::fmt;
use serde::{Deserialize, Serialize};

/// How far the clock lets a stamp from elsewhere pull it ahead of real time.
/// A guess: machines that keep their time are within a second of each other,
/// and those that do not are often off by whole minutes or hours.
pub const AHEAD_MAX: Duration = Duration::from_secs(60);

/// A stamp of the hybrid clock, in microseconds since the Unix epoch. Where
/// real time has not moved on since the last stamp, the next one is a
/// microsecond later: the logical part counts in the same unit, so a stamp
/// is one number that fits JSON's 53 bits until the year 2255.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hlc(pub u64);

impl fmt::Debug for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hlc {}", self.0)
    }
}

impl Hlc {
    /// The stamp for a local write at `now`; the clock remembers it.
    pub fn tick(&mut self, now: Instant) -> Self {
        self.0 = now.as_micros().max(self.0.saturating_add(1));
        *self
    }

    /// Takes note of a stamp seen at `now`, so that the next own stamp is
    /// later. False, and no effect, if the stamp is further in the future than
    /// [`AHEAD_MAX`]: one broken clock must not set everyone's.
    #[must_use]
    pub fn observe(&mut self, seen: Self, now: Instant) -> bool {
        let believable = seen.0 <= (now + AHEAD_MAX).as_micros();
        if believable {
            self.0 = self.0.max(seen.0);
        }
        believable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_grow_even_when_time_stands_still_or_a_peer_is_ahead() {
        let mut clock = Hlc::default();
        let now = Instant::from_micros(100);
        assert_eq!(clock.tick(now), Hlc(100));
        assert_eq!(clock.tick(now), Hlc(101));
        assert!(clock.observe(Hlc(500), now));
        assert_eq!(clock.tick(now), Hlc(501));
        assert_eq!(clock.tick(Instant::from_micros(9_000)), Hlc(9_000));
        let far = Hlc((now + AHEAD_MAX).as_micros() + 1);
        assert!(!clock.observe(far, now));
        assert_eq!(clock.tick(Instant::from_micros(9_100)), Hlc(9_100));
    }
}
