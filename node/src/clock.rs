//! A node's clock: the Unix time at its start plus what a monotonic clock has
//! counted since, so that the engine never sees time run backwards. Nothing
//! else in this crate tells the engine the time.

use rumormill_core::Instant;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    unix_us: u64,
    started: tokio::time::Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { unix_us: micros(unix), started: tokio::time::Instant::now() }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_micros(self.unix_us.saturating_add(micros(self.started.elapsed())))
    }

    /// Milliseconds of Unix time at the start: the life of a node that starts with this clock.
    pub(crate) fn start_ms(&self) -> u64 {
        self.unix_us / 1_000
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// The runtime's name for a moment of the engine's.
    pub(crate) fn runtime_instant(&self, at: Instant) -> tokio::time::Instant {
        let after_start = at.since(Instant::from_micros(self.unix_us));
        self.started + Duration::from_micros(after_start.as_micros())
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
