//! The limit on what one node sends to all others together, so that gossip
//! never crowds out the work that it serves. Counts tokens; knows nothing of
//! messages, peers or queues. What to do with a denied send is the engine's
//! business (it is kept and goes out later).

use crate::time::{Duration, Instant};
use serde::{Deserialize, Serialize};

/// How many messages a node may send. One token is one gossip message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum LimiterConfig {
    /// No limit.
    Unlimited,
    /// A token bucket: bursts up to `capacity`, `refill_per_s` in the long run.
    Bucket {
        /// Tokens of a full bucket. 0 sends nothing.
        capacity: u32,
        /// Tokens that come back each second.
        refill_per_s: u32,
        /// Tokens that only repair may take, so that a storm of forwarded
        /// rumors cannot starve anti-entropy.
        reserve: u32,
    },
    /// The reference's fixed window: `tokens`, set back to `tokens` each period.
    Window {
        /// Tokens at the start of each window. 0 sends nothing.
        tokens: u32,
        /// The window's length, in microseconds.
        period_us: Duration,
        /// Tokens that only repair may take.
        reserve: u32,
    },
}

impl LimiterConfig {
    /// Riak Core's own limit: 45 tokens per 10 seconds
    /// (`riak_core_gossip.erl`, `?DEFAULT_LIMIT`). It had no reserve.
    pub const RIAK: Self = Self::Window { tokens: 45, period_us: Duration::from_secs(10), reserve: 0 };

    /// Why these numbers make no sense, if they do not.
    pub fn invalid(&self) -> Option<&'static str> {
        match *self {
            Self::Bucket { capacity, reserve, .. } if capacity > 0 && reserve >= capacity => {
                Some("the limiter's reserve must be below its capacity")
            }
            Self::Window { tokens, reserve, .. } if tokens > 0 && reserve >= tokens => {
                Some("the limiter's reserve must be below its tokens")
            }
            Self::Window { period_us, .. } if period_us.is_zero() => {
                Some("the limiter's window must not be 0 long")
            }
            _ => None,
        }
    }
}

impl Default for LimiterConfig {
    /// 256 at once, 128 a second, an eighth kept for repair. A guess: with
    /// coalescing it carries any number of writes, and a node that forwards
    /// to two children stays below it at 60 separate changes a second.
    fn default() -> Self {
        Self::Bucket { capacity: 256, refill_per_s: 128, reserve: 32 }
    }
}

/// What a send is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Forwarding something new at once.
    Eager,
    /// Anti-entropy and membership: may use the reserve.
    Repair,
}

/// A token in the bucket's finer unit: microtokens, so that refilling by
/// microseconds is exact integer arithmetic.
const TOKEN: u64 = 1_000_000;

/// The tokens of one node.
#[derive(Debug, Clone)]
pub struct Limiter {
    config: LimiterConfig,
    microtokens: u64,
    /// Bucket: when it was last refilled. Window: when this one began.
    since: Instant,
}

impl Limiter {
    /// A full limiter.
    pub fn new(config: LimiterConfig, now: Instant) -> Self {
        let microtokens = match config {
            LimiterConfig::Unlimited => 0,
            LimiterConfig::Bucket { capacity, .. } => u64::from(capacity) * TOKEN,
            LimiterConfig::Window { tokens, .. } => u64::from(tokens) * TOKEN,
        };
        Self { config, microtokens, since: now }
    }

    /// Takes a token if there is one for this purpose.
    pub fn take(&mut self, purpose: Purpose, now: Instant) -> bool {
        self.refill(now);
        if matches!(self.config, LimiterConfig::Unlimited) {
            return true;
        }
        let granted = self.microtokens >= self.needed(purpose);
        if granted {
            self.microtokens -= TOKEN;
        }
        granted
    }

    /// Whole tokens left, reserve included; `None` when unlimited.
    pub fn tokens(&self, now: Instant) -> Option<u32> {
        let mut copy = self.clone();
        copy.refill(now);
        (!matches!(self.config, LimiterConfig::Unlimited)).then_some((copy.microtokens / TOKEN) as u32)
    }

    /// From when on a send for this purpose is granted, unless others come
    /// first; perhaps in the past. `None` if it never will be.
    pub fn ready_at(&self, purpose: Purpose) -> Option<Instant> {
        let missing = self.needed(purpose).saturating_sub(self.microtokens);
        match self.config {
            LimiterConfig::Unlimited => Some(self.since),
            _ if missing == 0 => Some(self.since),
            LimiterConfig::Bucket { capacity: 0, .. } | LimiterConfig::Bucket { refill_per_s: 0, .. } => None,
            LimiterConfig::Bucket { refill_per_s, .. } => {
                Some(self.since + Duration::from_micros(missing.div_ceil(u64::from(refill_per_s))))
            }
            LimiterConfig::Window { tokens: 0, .. } => None,
            LimiterConfig::Window { period_us, .. } => Some(self.since + period_us),
        }
    }

    /// The configuration in force.
    pub fn config(&self) -> LimiterConfig {
        self.config
    }

    fn needed(&self, purpose: Purpose) -> u64 {
        let reserve = match self.config {
            LimiterConfig::Unlimited => 0,
            LimiterConfig::Bucket { reserve, .. } | LimiterConfig::Window { reserve, .. } => reserve,
        };
        match purpose {
            Purpose::Eager => (u64::from(reserve) + 1) * TOKEN,
            Purpose::Repair => TOKEN,
        }
    }

    fn refill(&mut self, now: Instant) {
        match self.config {
            LimiterConfig::Unlimited => {}
            LimiterConfig::Bucket { capacity, refill_per_s, .. } => {
                let earned = now.since(self.since).as_micros().saturating_mul(u64::from(refill_per_s));
                self.microtokens = self.microtokens.saturating_add(earned).min(u64::from(capacity) * TOKEN);
                self.since = self.since.max(now);
            }
            LimiterConfig::Window { tokens, period_us, .. } => {
                let windows = now.since(self.since).as_micros() / period_us.as_micros().max(1);
                if windows > 0 {
                    self.microtokens = u64::from(tokens) * TOKEN;
                    self.since = self.since + period_us * windows;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_micros(ms * 1_000)
    }

    #[test]
    fn a_bucket_bursts_then_refills_evenly() {
        let config = LimiterConfig::Bucket { capacity: 3, refill_per_s: 2, reserve: 0 };
        let mut limiter = Limiter::new(config, at(0));
        for _ in 0..3 {
            assert!(limiter.take(Purpose::Eager, at(0)));
        }
        assert!(!limiter.take(Purpose::Repair, at(0)));
        assert_eq!(limiter.ready_at(Purpose::Eager), Some(at(500)));
        assert!(!limiter.take(Purpose::Eager, at(499)));
        assert!(limiter.take(Purpose::Eager, at(500)));
        assert_eq!(limiter.tokens(at(60_000)), Some(3), "never above its capacity");
    }

    #[test]
    fn a_window_is_set_back_as_the_reference_does() {
        let mut limiter = Limiter::new(LimiterConfig::RIAK, at(0));
        let granted = (0..100).filter(|_| limiter.take(Purpose::Eager, at(9_999))).count();
        assert_eq!(granted, 45);
        assert_eq!(limiter.ready_at(Purpose::Eager), Some(at(10_000)));
        assert!(limiter.take(Purpose::Eager, at(10_000)));
        assert_eq!(limiter.tokens(at(10_000)), Some(44));
    }

    #[test]
    fn only_repair_reaches_the_reserve() {
        let config = LimiterConfig::Bucket { capacity: 4, refill_per_s: 1, reserve: 2 };
        let mut limiter = Limiter::new(config, at(0));
        let eager = (0..9).filter(|_| limiter.take(Purpose::Eager, at(0))).count();
        let repair = (0..9).filter(|_| limiter.take(Purpose::Repair, at(0))).count();
        assert_eq!((eager, repair), (2, 2));
        assert_eq!(limiter.ready_at(Purpose::Repair), Some(at(1_000)));
        assert_eq!(limiter.ready_at(Purpose::Eager), Some(at(3_000)));
    }

    #[test]
    fn zero_sends_nothing_and_unlimited_everything() {
        let none = LimiterConfig::Bucket { capacity: 0, refill_per_s: 9, reserve: 0 };
        let mut limiter = Limiter::new(none, at(0));
        assert!(!limiter.take(Purpose::Repair, at(1_000_000)));
        assert_eq!(limiter.ready_at(Purpose::Repair), None);
        let mut free = Limiter::new(LimiterConfig::Unlimited, at(0));
        assert!((0..10_000).all(|_| free.take(Purpose::Eager, at(0))));
        assert_eq!(free.tokens(at(0)), None);
    }

    #[test]
    fn time_that_runs_backwards_adds_nothing() {
        let config = LimiterConfig::Bucket { capacity: 1, refill_per_s: 1, reserve: 0 };
        let mut limiter = Limiter::new(config, at(5_000));
        assert!(limiter.take(Purpose::Eager, at(5_000)));
        assert!(!limiter.take(Purpose::Eager, at(0)));
        assert!(!limiter.take(Purpose::Eager, at(5_500)));
        assert!(limiter.take(Purpose::Eager, at(6_000)));
    }
}
