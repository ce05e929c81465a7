//! How large a swarm's cluster is, how its nodes are tuned, and what network
//! they are on.

use super::dice::Dice;
use crate::latency::Latency;
use crate::scenario::Network;
use rumormill_core::{Duration, LimiterConfig, Mode, Strategy, Tuning};

/// Mostly small: most bugs need few nodes, and a small run is a cheap one.
pub(super) fn nodes(dice: &mut Dice) -> u32 {
    let (least, most) = dice.weighed(&[(20, (2, 3)), (72, (4, 8)), (7, (9, 16)), (1, (20, 40))]);
    dice.small(least, most)
}

pub(super) fn tuning(dice: &mut Dice, nodes: u32, network: Network) -> Tuning {
    let interval_us = Duration::from_millis(dice.pick(&[100, 250, 500, 1_000, 1_000, 2_000]));
    // Whoever has no time to answer is suspected for ever.
    let probe_us = (interval_us * dice.pick(&[1, 1, 2])).max(network.latency.longest() * 5);
    let links_max = dice.pick(&[8, 16, 64]).max(nodes.min(16));
    Tuning {
        strategy: dice.weighed(&[
            (20, Strategy::Random),
            (10, Strategy::Tree),
            (40, Strategy::Hybrid),
            (30, Strategy::Plumtree),
        ]),
        mode: dice.weighed(&[(20, Mode::Push), (20, Mode::Pull), (60, Mode::PushPull)]),
        fanout: dice.weighed(&[(70, 1), (20, 2), (10, 3)]),
        interval_us,
        jitter_percent: dice.pick(&[0, 10, 10, 40]),
        arity: dice.weighed(&[(10, 1), (60, 2), (20, 3), (10, 5)]),
        cycles: dice.chance(85),
        limiter: limiter(dice, interval_us),
        probe_us,
        indirect_probes: dice.pick(&[0, 1, 3, 3, 3]),
        suspicion_mult: dice.pick(&[1, 2, 2, 4]),
        suspicion_max_mult: dice.pick(&[1, 2, 2, 6]),
        local_health_max: dice.pick(&[0, 2, 8]),
        link_idle_us: interval_us * dice.pick(&[2, 10, 10, 30]),
        ..Tuning { links_max, ..Tuning::default() }
    }
}

/// Nothing but nodes that stop and start, in a cluster that may forget soon: so
/// every mistake about a member is one.
pub(super) fn plain(dice: &mut Dice, tuning: Tuning) -> (Tuning, Network) {
    let longest = tuning.probe_us.as_micros().min(tuning.interval_us.as_micros()) / 12;
    let latency = Latency::Fixed(Duration::from_micros(dice.between(1, longest)));
    let forget_us = if dice.chance(70) { tuning.probe_us * dice.between(10, 20) } else { tuning.forget_us };
    let limiter = if dice.chance(50) { LimiterConfig::Unlimited } else { LimiterConfig::default() };
    (Tuning { forget_us, limiter, ..tuning }, Network { latency, ..Network::default() })
}

fn limiter(dice: &mut Dice, interval_us: Duration) -> LimiterConfig {
    let per_interval = dice.small(12, 40);
    let reserve = dice.small(1, 6);
    let window = LimiterConfig::Window { tokens: per_interval * 2, period_us: interval_us * 2, reserve };
    let refill = u64::from(per_interval) * 1_000_000 / interval_us.as_micros();
    let bucket =
        LimiterConfig::Bucket { capacity: per_interval, refill_per_s: refill.max(4) as u32, reserve };
    dice.weighed(&[
        (30, LimiterConfig::Unlimited),
        (40, LimiterConfig::default()),
        (20, bucket),
        (10, window),
    ])
}

pub(super) fn network(dice: &mut Dice) -> Network {
    let ms = Duration::from_millis;
    let even = Latency::Uniform { min_us: ms(1), max_us: ms(dice.between(5, 200)) };
    let tail = Latency::LongTail { median_us: ms(dice.between(1, 40)), p99_us: ms(dice.between(50, 300)) };
    let fixed = Latency::Fixed(ms(dice.between(1, 100)));
    let latency = dice.weighed(&[(40, Latency::default()), (20, even), (20, tail), (20, fixed)]);
    let loss_ppm = dice.weighed(&[(60, 0), (25, 20_000), (15, 100_000)]);
    let duplicate_ppm = dice.weighed(&[(85, 0), (15, 50_000)]);
    let reorder_ppm = dice.weighed(&[(85, 0), (15, 50_000)]);
    Network { latency, loss_ppm, duplicate_ppm, reorder_ppm, ..Network::default() }
}

/// A network at its worst, for a while.
pub(super) fn bad_network(dice: &mut Dice, usual: Network) -> Network {
    let slow = Latency::Fixed(Duration::from_millis(dice.between(100, 2_000)));
    Network {
        latency: if dice.chance(40) { slow } else { usual.latency },
        loss_ppm: dice.pick(&[0, 50_000, 300_000, 900_000]),
        duplicate_ppm: dice.pick(&[0, 200_000]),
        reorder_ppm: dice.pick(&[0, 200_000]),
        bandwidth_bytes_per_s: dice.pick(&[0, 0, 2_000, 50_000]),
    }
}
