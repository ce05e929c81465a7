//! Turns the display's frames into simulated time: how far the worker is asked to go, and which moment is shown
//! meanwhile. Pure; real time comes in as milliseconds.

use crate::float::{plain, pow};

/// The slowest speed, as the exponent of ten.
pub const SPEED_MIN: f64 = -2.0;
/// The fastest speed, as the exponent of ten.
pub const SPEED_MAX: f64 = 1.0;
/// Slow enough to see messages travel: a quarter of real time.
pub const SPEED_DEFAULT: f64 = -0.6;

/// A hidden or slow page does not make the run jump: no frame counts for more.
const FRAME_MS_MAX: f64 = 50.0;

/// Texts are asked for at most so often.
const TEXT_EVERY_MS: f64 = 100.0;

/// The pace of a run.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    last_ms: Option<f64>,
    /// Simulated time that is due and was not asked for yet.
    due_us: f64,
    text_at_ms: Option<f64>,
    /// Simulated microseconds per real one, as it really goes.
    reached: f64,
}

impl Pace {
    /// A frame of the display: `speed` is simulated time per real time, `None` while nothing plays.
    pub fn frame(&mut self, real_ms: f64, speed: Option<f64>) {
        let passed_ms = self.last_ms.map_or(0.0, |last| (real_ms - last).clamp(0.0, FRAME_MS_MAX));
        self.last_ms = Some(real_ms);
        match speed {
            Some(speed) => {
                self.due_us = (self.due_us + passed_ms * 1_000.0 * speed).min(FRAME_MS_MAX * 1_000.0 * speed);
            }
            None => self.due_us = 0.0,
        }
    }

    /// The moment to ask for, if at least a microsecond is due. It counts as asked for.
    pub fn take(&mut self, now_us: u64) -> Option<u64> {
        let whole = self.due_us.floor();
        if whole < 1.0 {
            return None;
        }
        self.due_us -= whole;
        Some(now_us + whole as u64)
    }

    /// Is it time for texts? Then they count as asked for.
    pub fn wants_text(&mut self, real_ms: f64) -> bool {
        let wants = self.text_at_ms.is_none_or(|at| real_ms - at >= TEXT_EVERY_MS);
        if wants {
            self.text_at_ms = Some(real_ms);
        }
        wants
    }

    /// The moment to show: ahead of the last frame by what is due, but not beyond the next event, because between two
    /// events nothing happens but travelling.
    pub fn shown_us(&self, now_us: u64, next_us: Option<u64>) -> u64 {
        let ahead = now_us + self.due_us as u64;
        next_us.map_or(ahead, |next| ahead.min(next.max(now_us)))
    }

    /// Notes how far a tick came of what was asked, 0 to 1.
    pub fn note_reached(&mut self, part: f64) {
        self.reached += (part - self.reached) * 0.1;
    }

    /// Which part of the asked speed the run really has, if it falls behind.
    pub fn shortfall(&self) -> Option<f64> {
        (self.reached > 0.0 && self.reached < 0.8).then_some(self.reached)
    }

    /// A new run keeps up until it shows otherwise.
    pub fn restart(&mut self) {
        self.due_us = 0.0;
        self.reached = 1.0;
    }
}

/// A message is seen to travel if it is on the screen for so long. A guess by eye.
const LEGIBLE_US: f64 = 300_000.0;

/// The speed at which a message that is under way for so long can be seen to travel: the asked one if that is slow enough.
pub fn legible_speed(speed: f64, travels_us: u32) -> f64 {
    speed.min(f64::from(travels_us.max(1)) / LEGIBLE_US)
}

/// A speed in words: `1/4×`, `1×`, `2.5×`.
pub fn speed_words(exponent: f64) -> String {
    let speed = pow(10.0, exponent);
    if speed >= 0.95 {
        let rounded = (speed * 10.0).round() / 10.0;
        return format!("{}×", plain(rounded));
    }
    let inverse = 1.0 / speed;
    let rounded = if inverse < 9.5 { (inverse * 2.0).round() / 2.0 } else { inverse.round() };
    format!("1/{}×", plain(rounded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_at_the_asked_speed_whatever_the_frames() {
        for frame_ms in [4.0, 16.7, 33.0] {
            let mut pace = Pace::default();
            let (mut now_us, mut real_ms) = (0, 0.0);
            pace.frame(real_ms, Some(0.01));
            while real_ms < 10_000.0 {
                real_ms += frame_ms;
                pace.frame(real_ms, Some(0.01));
                now_us = pace.take(now_us).unwrap_or(now_us);
            }
            assert!((99_000..=100_500).contains(&now_us), "{frame_ms}: {now_us}");
        }
    }

    #[test]
    fn what_is_quick_is_slowed_down_and_what_is_slow_is_not() {
        assert_eq!(legible_speed(1.0, 30_000), 0.1);
        assert_eq!(legible_speed(0.25, 3_000_000), 0.25);
        assert!(legible_speed(1.0, 0) > 0.0);
    }

    #[test]
    fn a_page_that_slept_does_not_jump() {
        let mut pace = Pace::default();
        pace.frame(0.0, Some(1.0));
        pace.frame(600_000.0, Some(1.0));
        assert_eq!(pace.take(0), Some(50_000));
        assert_eq!(pace.take(50_000), None);
    }

    #[test]
    fn a_busy_worker_is_not_asked_for_ever_more() {
        let mut pace = Pace::default();
        for frame in 0..1_000 {
            pace.frame(f64::from(frame) * 16.0, Some(10.0));
        }
        assert_eq!(pace.take(0), Some(500_000));
    }

    #[test]
    fn what_is_shown_never_passes_the_next_event() {
        let mut pace = Pace::default();
        pace.frame(0.0, Some(1.0));
        pace.frame(10.0, Some(1.0));
        assert_eq!(pace.shown_us(100, Some(5_000)), 5_000);
        assert_eq!(pace.shown_us(100, Some(90_000)), 10_100);
        assert_eq!(pace.shown_us(100, None), 10_100);
        assert_eq!(pace.shown_us(100, Some(50)), 100);
        pace.frame(20.0, None);
        assert_eq!(pace.shown_us(100, None), 100, "paused");
    }

    #[test]
    fn texts_come_ten_times_a_second() {
        let mut pace = Pace::default();
        let asked = (0..1_000).filter(|ms| pace.wants_text(f64::from(*ms))).count();
        assert_eq!(asked, 10);
    }

    #[test]
    fn speeds_read_well() {
        let words = [-2.0, -1.0, -0.6, -0.3, 0.0, 0.4, 1.0].map(speed_words);
        assert_eq!(words, ["1/100×", "1/10×", "1/4×", "1/2×", "1×", "2.5×", "10×"]);
    }

    #[test]
    fn falling_behind_shows() {
        let mut pace = Pace::default();
        pace.restart();
        assert_eq!(pace.shortfall(), None);
        (0..50).for_each(|_| pace.note_reached(0.25));
        assert!(pace.shortfall().is_some_and(|part| (part - 0.25).abs() < 0.02));
    }
}
