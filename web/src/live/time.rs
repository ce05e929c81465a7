//! Which moment Live shows: the present, one that stands still, or one that goes on behind the present. Pure, and in
//! microseconds of the observed node's clock.

use super::{history::Step, words};
use rumormill_core::Instant;

/// Lengths of the bar's scale, so that it does not creep while time passes.
const SPANS_US: [u64; 4] = [60_000_000, 120_000_000, 300_000_000, super::history::KEPT_US];

/// Whoever goes on no further behind than this follows, in microseconds: a node tells ten times a second at most.
const FOLLOWS_US: u64 = 300_000;

/// The slider's step, in milliseconds.
pub const STEP_MS: u64 = 50;

/// Which moment is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Time {
    /// The present.
    #[default]
    Following,
    /// This one.
    Still(u64),
    /// One so far behind the present, so that time passes.
    Behind(u64),
}

/// What the user does to time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Follow, or no longer.
    PauseOrFollow,
    /// Follow from now on.
    Follow,
    /// Let time pass again from the moment that is shown.
    GoOn,
    /// Show this moment.
    Seek(u64),
    /// A step back or forth.
    Step(Step),
}

impl Time {
    /// The moment, if it is not the present.
    pub fn at_us(self, now_us: u64) -> Option<u64> {
        match self {
            Self::Following => None,
            Self::Still(at_us) => Some(at_us),
            Self::Behind(behind_us) => Some(now_us.saturating_sub(behind_us)),
        }
    }

    /// Going on from a moment.
    pub fn going_on(at_us: u64, now_us: u64) -> Self {
        match now_us.saturating_sub(at_us) {
            behind_us if behind_us <= FOLLOWS_US => Self::Following,
            behind_us => Self::Behind(behind_us),
        }
    }

    /// In one word, for tests and styles.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Following => "following",
            Self::Still(_) => "paused",
            Self::Behind(_) => "behind",
        }
    }

    /// What the bar says: the time of day, and how that stands to the present. So many events came in since.
    pub fn words(self, now_us: u64, events: u64) -> (String, String) {
        let at_us = self.at_us(now_us).unwrap_or(now_us);
        let day = words::time_of_day(Instant::from_micros(at_us));
        let behind = words::span(now_us.saturating_sub(at_us) / 1_000);
        let count = usize::try_from(events).unwrap_or(usize::MAX);
        let events = words::counted(count, "event", "events");
        // While time passes its fractions cannot be read.
        let whole = day.split('.').next().unwrap_or_default().to_owned();
        match self {
            Self::Following => (whole, "now, following".to_owned()),
            Self::Still(_) => (day, format!("paused, {behind} and {events} behind")),
            Self::Behind(_) => (whole, format!("going on, {behind} behind")),
        }
    }
}

/// The length of the scale for a past that reaches so far back.
pub fn span_us(kept_us: u64) -> u64 {
    SPANS_US.into_iter().find(|span| *span >= kept_us).unwrap_or(super::history::KEPT_US)
}

/// The bar's slider: a scale that ends now, in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slider {
    start_us: u64,
    first_us: u64,
    /// Its end, in milliseconds.
    pub max_ms: u64,
}

impl Slider {
    /// A slider so long, of which a part is known.
    pub fn new(first_us: u64, now_us: u64, span_us: u64) -> Self {
        Self { start_us: now_us.saturating_sub(span_us), first_us, max_ms: span_us / 1_000 }
    }

    /// Where it stands, in milliseconds. At its end is the present only, so that a step forth leads there.
    pub fn value_ms(&self, time: Time, now_us: u64) -> u64 {
        match time.at_us(now_us) {
            None => self.max_ms,
            Some(at_us) => (at_us.saturating_sub(self.start_us) / 1_000).min(self.max_ms - STEP_MS),
        }
    }

    /// What a user asks for who moves it there. The first step back from the present stands still already.
    pub fn turn(&self, value_ms: u64) -> Turn {
        match value_ms {
            _ if value_ms >= self.max_ms => Turn::Follow,
            _ => Turn::Seek((self.start_us + value_ms * 1_000).max(self.first_us)),
        }
    }
}

/// Where a moment stands on a scale that ends now, in percent.
pub fn percent(at_us: u64, now_us: u64, span_us: u64) -> f64 {
    let behind = now_us.saturating_sub(at_us).min(span_us);
    100.0 - behind as f64 / span_us.max(1) as f64 * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000;

    #[test]
    fn whoever_is_at_the_end_of_the_bar_follows_and_a_step_back_stands_still() {
        let slider = Slider::new(70 * S, 100 * S, 60 * S);
        assert_eq!(slider.value_ms(Time::Following, 100 * S), slider.max_ms);
        assert_eq!(slider.turn(slider.max_ms), Turn::Follow);
        assert_eq!(slider.turn(slider.max_ms - STEP_MS), Turn::Seek(100 * S - STEP_MS * 1_000));
        assert_eq!(slider.turn(0), Turn::Seek(70 * S), "no further than is known");
        assert_eq!(slider.value_ms(Time::Still(90 * S), 100 * S), 50_000);
        let just_now = slider.value_ms(Time::Still(100 * S - 1), 100 * S);
        assert_eq!(slider.turn(just_now + STEP_MS), Turn::Follow, "a step forth leads to the present");
    }

    #[test]
    fn who_goes_on_from_the_present_follows() {
        let behind = Time::going_on(90 * S, 100 * S);
        assert_eq!((behind, behind.at_us(103 * S)), (Time::Behind(10 * S), Some(93 * S)));
        assert_eq!(Time::going_on(100 * S, 100 * S), Time::Following);
    }

    #[test]
    fn the_bar_says_which_moment_that_is_and_how_far_behind() {
        let now_us = 86_400 * S + 3_661 * S + 250_000;
        let words = |time: Time| time.words(now_us, 1_204);
        assert_eq!(words(Time::Following), ("01:01:01".into(), "now, following".into()));
        let still = words(Time::Still(now_us - 12 * S));
        assert_eq!(still, ("01:00:49.250".into(), "paused, 12 s and 1,204 events behind".into()));
        assert_eq!(words(Time::Behind(12 * S)), ("01:00:49".into(), "going on, 12 s behind".into()));
    }

    #[test]
    fn the_scale_ends_now_and_grows_in_round_steps() {
        assert_eq!([0, 61 * S, 9_999 * S].map(span_us), [60 * S, 120 * S, 600 * S]);
        assert_eq!([100 * S, 70 * S, 0].map(|at| percent(at, 100 * S, 60 * S)), [100.0, 50.0, 0.0]);
    }
}
