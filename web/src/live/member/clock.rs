//! The member's time: the browser's clock, made to never go back. Pure; the browser's clock is handed in.

use rumormill_core::Instant;

/// A clock that is set back by less than this is waited for; a greater step is taken as a new reckoning, so that a
/// member does not stand still for an hour because someone corrected the time.
const STEP_MOST_US: u64 = 1_000_000;

/// The time of one member.
#[derive(Debug, Default)]
pub(super) struct Clock {
    last_us: u64,
    /// Added to what the browser says.
    ahead_us: u64,
}

impl Clock {
    /// The time now, if the browser's clock says so many milliseconds since the Unix epoch.
    pub(super) fn at(&mut self, date_ms: f64) -> Instant {
        let us = (date_ms.max(0.0) * 1_000.0) as u64 + self.ahead_us;
        if us + STEP_MOST_US < self.last_us {
            self.ahead_us += self.last_us - us;
        }
        self.last_us = self.last_us.max(us);
        Instant::from_micros(self.last_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_back_and_never_stands_still_for_long() {
        let mut clock = Clock::default();
        let mut at = |ms: f64| clock.at(ms).as_micros();
        assert_eq!(at(5_000.0), 5_000_000);
        assert_eq!(at(4_500.0), 5_000_000, "a small step back is waited for");
        assert_eq!(at(5_001.0), 5_001_000);
        assert_eq!(at(1_000.0), 5_001_000, "a great one is not");
        assert_eq!(at(1_250.0), 5_251_000);
        assert_eq!(at(90_000.0), 94_001_000, "a tab that slept wakes up later");
        assert_eq!(at(f64::NAN), 94_001_000);
    }
}
