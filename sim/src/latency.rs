//! How long a frame travels, as a distribution drawn with whole numbers only,
//! so that every target draws the same. What a frame is, is not known here.

use rumormill_core::Duration;
use rumormill_core::rng::Rng;
use serde::{Deserialize, Serialize};

/// Shortest latency: news never arrives at the moment at which it was sent,
/// so cause and effect always have different times.
pub const LATENCY_MIN: Duration = Duration::from_micros(1);

/// Longest latency that makes sense for a link.
pub const LATENCY_MAX: Duration = Duration::from_secs(60);

/// How long frames travel, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Latency {
    /// Always the same.
    Fixed(Duration),
    /// Evenly spread.
    Uniform {
        /// The shortest.
        min_us: Duration,
        /// The longest.
        max_us: Duration,
    },
    /// A long tail, as real networks have: half of the frames take less than
    /// the median, one in a hundred more than `p99_us`, and a few far more.
    LongTail {
        /// Half of the frames are faster.
        median_us: Duration,
        /// One frame in a hundred is slower.
        p99_us: Duration,
    },
}

impl Default for Latency {
    /// 5 to 15 ms: machines in one region. A guess.
    fn default() -> Self {
        Self::Uniform { min_us: Duration::from_millis(5), max_us: Duration::from_millis(15) }
    }
}

/// Draws are made in this many steps, so the slowest frame is one in as many.
const STEPS: u64 = 100_000;

/// The lower half of a log-normal distribution whose 99th percentile is four
/// times its median: (draw, value in thousandths of the median).
const BELOW_MEDIAN: [(u64, u64); 6] =
    [(0, 109), (1_000, 250), (5_000, 375), (10_000, 466), (25_000, 669), (50_000, 1_000)];

/// Its upper half: (draw, thousandths of the way from the median to the 99th
/// percentile).
const ABOVE_MEDIAN: [(u64, u64); 7] = [
    (50_000, 0),
    (75_000, 165),
    (90_000, 382),
    (95_000, 555),
    (99_000, 1_000),
    (99_900, 1_769),
    (STEPS, 2_725),
];

impl Latency {
    /// Draws one. The number of draws from `rng` does not depend on the
    /// outcome, except for the rare rejections of an unbiased draw.
    pub fn draw(self, rng: &mut Rng) -> Duration {
        let micros = match self {
            Self::Fixed(span) => span.as_micros(),
            Self::Uniform { min_us, max_us } => {
                let (min, max) = (min_us.as_micros(), max_us.as_micros());
                min + rng.below(max.saturating_sub(min) + 1)
            }
            Self::LongTail { median_us, p99_us } => {
                let (median, p99) = (median_us.as_micros(), p99_us.as_micros());
                let draw = rng.below(STEPS);
                if draw < STEPS / 2 {
                    median * between(&BELOW_MEDIAN, draw) / 1_000
                } else {
                    median + p99.saturating_sub(median) * between(&ABOVE_MEDIAN, draw) / 1_000
                }
            }
        };
        Duration::from_micros(micros).max(LATENCY_MIN)
    }

    /// The latency that half of the frames stay below.
    pub fn median(self) -> Duration {
        match self {
            Self::Fixed(span) => span,
            Self::Uniform { min_us, max_us } => {
                Duration::from_micros((min_us.as_micros() + max_us.as_micros()) / 2)
            }
            Self::LongTail { median_us, .. } => median_us,
        }
    }

    /// What no frame, or hardly any, exceeds.
    pub fn longest(self) -> Duration {
        match self {
            Self::Fixed(span) => span,
            Self::Uniform { max_us, .. } => max_us,
            Self::LongTail { p99_us, .. } => p99_us * 3,
        }
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn invalid(self) -> Option<&'static str> {
        let (low, high) = match self {
            Self::Fixed(span) => (span, span),
            Self::Uniform { min_us, max_us } => (min_us, max_us),
            Self::LongTail { median_us, p99_us } => (median_us, p99_us),
        };
        if low > high {
            return Some("the shorter latency must not be above the longer one");
        }
        let within = (LATENCY_MIN..=LATENCY_MAX).contains(&low) && high <= LATENCY_MAX;
        (!within).then_some("a latency must be 1 microsecond to 60 seconds")
    }
}

/// Interpolates between the points around `draw`.
fn between(points: &[(u64, u64)], draw: u64) -> u64 {
    let after = points.iter().position(|&(at, _)| at > draw).unwrap_or(points.len() - 1).max(1);
    let ((x0, y0), (x1, y1)) = (points[after - 1], points[after]);
    y0 + (y1 - y0) * (draw.min(x1) - x0) / (x1 - x0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted_draws(latency: Latency) -> Vec<u64> {
        let mut rng = Rng::new(3);
        let mut draws: Vec<u64> = (0..20_000).map(|_| latency.draw(&mut rng).as_micros()).collect();
        draws.sort_unstable();
        draws
    }

    #[test]
    fn a_long_tail_has_the_median_and_the_percentile_that_were_asked() {
        let (median_us, p99_us) = (Duration::from_millis(10), Duration::from_millis(80));
        let draws = sorted_draws(Latency::LongTail { median_us, p99_us });
        let (median, p99) = (draws[10_000], draws[19_800]);
        assert!((9_500..=10_500).contains(&median), "{median}");
        assert!((72_000..=90_000).contains(&p99), "{p99}");
        assert!(draws[0] >= 1_090, "{}", draws[0]);
        assert!(draws[19_999] > 120_000, "the tail goes on: {}", draws[19_999]);
    }

    #[test]
    fn a_uniform_latency_stays_within_its_bounds_and_reaches_them() {
        let (min_us, max_us) = (Duration::from_micros(10), Duration::from_micros(19));
        let draws = sorted_draws(Latency::Uniform { min_us, max_us });
        assert_eq!((draws[0], draws[19_999]), (10, 19));
    }

    #[test]
    fn nothing_arrives_at_once() {
        let latency = Latency::LongTail { median_us: LATENCY_MIN, p99_us: LATENCY_MIN };
        assert_eq!(sorted_draws(latency)[0], 1);
    }
}
