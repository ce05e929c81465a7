//! By when things are due: the only place where the checkers' patience comes
//! from. Everything is derived from how the nodes are tuned and what the
//! network is like; nothing is measured.

use crate::scenario::Network;
use rumormill_core::{Duration, LimiterConfig, Tuning};

/// How long after the last disturbance the cluster must have come to rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Everyone who is up is believed alive by everyone, and nobody else is.
    pub members: Duration,
    /// Everyone holds the same. Never below `members`: who is not known cannot
    /// be told.
    pub equal: Duration,
}

/// A node that could reach nobody waits up to this long before it tries the
/// next time (the engine's longest pause between joins, with jitter); and, as
/// its pauses double, not longer than it has tried.
const LONELY: Duration = Duration::from_secs(36);

/// What it takes to notice that links are gone: the network's own timeouts.
const TIMEOUTS: Duration = Duration::from_secs(5);

/// A member that nobody has a link with is asked by someone once in ten rounds
/// on average (the engine's partners that are drawn from all); after so many
/// it was missed only once in a thousand times, and then by one of many.
const ROUNDS_UNASKED: u64 = 70;

impl Bounds {
    /// The bounds for a cluster of so many nodes that was left in peace after
    /// it had been disturbed for up to so long; none where nothing is
    /// promised: without repair, without a token, on a network that loses
    /// more than half of all frames, or on one where an answer may take longer
    /// than a suspicion.
    pub fn of(tuning: &Tuning, network: &Network, nodes: u32, disturbed: Duration) -> Option<Self> {
        if !tuning.strategy.repairs() || tuning.fanout == 0 || network.loss_ppm > 500_000 {
            return None;
        }
        if network.latency.longest() * 4 > tuning.probe_us {
            return None;
        }
        // An epidemic is through after about log2 n + ln n rounds (Pittel 1987); who asks without being told takes
        // as long in the other direction, and each step may have to wait for a turn.
        let log = u64::from(nodes.max(2).ilog2()) + 1;
        let round = tuning.interval_us * (100 + u64::from(tuning.jitter_percent));
        let round = Duration::from_micros(round.as_micros() / 100) + network.latency.longest() * 4;
        let rounds =
            round * (8 + 4 * log) * Self::slowed_by_limit(tuning, nodes)? * Self::slowed_by_loss(network);
        let members = LONELY.min(disturbed * 2) + TIMEOUTS + detection(tuning, nodes) + rounds * 2;
        Some(Self { members, equal: members + rounds })
    }

    /// How many times longer a round's worth of messages takes to be allowed.
    fn slowed_by_limit(tuning: &Tuning, nodes: u32) -> Option<u64> {
        let (tokens, period_us) = match tuning.limiter {
            LimiterConfig::Unlimited => return Some(1),
            LimiterConfig::Bucket { capacity: 0, .. } | LimiterConfig::Window { tokens: 0, .. } => {
                return None;
            }
            LimiterConfig::Bucket { refill_per_s, .. } => (refill_per_s, Duration::from_secs(1)),
            LimiterConfig::Window { tokens, period_us, .. } => (tokens, period_us),
        };
        if tokens == 0 {
            return None;
        }
        // A question, its answer, two deltas and two member lists, for whom it asks and who asks it, and probes.
        let wanted = u64::from(tuning.fanout.min(nodes)) * 12 + 8;
        let per_round = u64::from(tokens) * tuning.interval_us.as_micros() / period_us.as_micros().max(1);
        let per_window = period_us.as_micros() / tuning.interval_us.as_micros().max(1);
        Some(1 + wanted / per_round.max(1) + per_window)
    }

    fn slowed_by_loss(network: &Network) -> u64 {
        1 + u64::from(network.loss_ppm) / 100_000
    }
}

/// How long the longest suspicion lasts: the shortest time is the multiple of
/// the time to answer and of log10 of the members, at least one.
pub(super) fn suspicion_longest(tuning: &Tuning, nodes: u32) -> Duration {
    let log = u64::from(nodes.max(10).ilog10()) + u64::from(nodes > 10);
    tuning.probe_us * log * u64::from(tuning.suspicion_mult) * u64::from(tuning.suspicion_max_mult)
}

/// How long it takes until a silent member is asked, found to be silent by a
/// node that may believe that it is itself the slow one, and not suspected any
/// more but down.
fn detection(tuning: &Tuning, nodes: u32) -> Duration {
    let patience = tuning.probe_us * (u64::from(tuning.local_health_max) + 1);
    tuning.interval_us * ROUNDS_UNASKED + patience * 2 + suspicion_longest(tuning, nodes)
}
