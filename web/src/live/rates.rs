//! What per second the observed node sends and receives, from counts that only ever grow. One figure for each second
//! of the node's clock; a second that nobody watched has no figure, and none is made up.

use rumormill_api::Tallies;
use std::collections::VecDeque;

/// How many seconds are kept: five minutes.
pub const SECONDS_MAX: usize = 300;

const SECOND_US: u64 = 1_000_000;

/// Two counts further apart than this leave a gap: a node speaks once a second, so something was missed between them.
const APART_MOST_US: u64 = 3 * SECOND_US;

/// A clock that is set back further than this begins a new series: its figures have no place in the old one.
const CLOCK_BACK_MOST_S: u64 = 2;

/// The least of a second that must have been watched for its rate to be shown.
const WATCHED_LEAST_US: u64 = SECOND_US / 4;

/// Rates within one second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
    /// Messages sent per second.
    pub sent_messages: f64,
    /// Messages received per second.
    pub received_messages: f64,
    /// Bytes sent per second.
    pub sent_bytes: f64,
    /// Bytes received per second.
    pub received_bytes: f64,
    /// Sends put off by the limiter, per second.
    pub denials: f64,
    /// Limiter tokens left at the second's end; none if there is no limit.
    pub tokens: Option<f64>,
}

/// One second of the node's clock: sums, and how much of the second they cover.
#[derive(Debug, Clone, Copy, Default)]
struct Second {
    watched_us: u64,
    sums: Rates,
}

/// The last [`SECONDS_MAX`] seconds.
#[derive(Debug, Clone, Default)]
pub struct RateSeries {
    last: Option<(u64, Tallies)>,
    /// The second that the newest bucket counts, since the epoch.
    newest: u64,
    seconds: VecDeque<Second>,
}

impl RateSeries {
    /// Takes in the counts as they stood at `at_us` on the node's clock.
    pub fn count(&mut self, tallies: &Tallies, at_us: u64) {
        if at_us / SECOND_US + CLOCK_BACK_MOST_S < self.newest {
            *self = Self::default();
        }
        let last = self.last.replace((at_us, tallies.clone()));
        self.advance(at_us / SECOND_US);
        let Some((from_us, before)) = last else { return };
        let span_us = at_us.saturating_sub(from_us);
        let has_restarted = tallies.sent_messages < before.sent_messages || tallies.rounds < before.rounds;
        if span_us == 0 || span_us > APART_MOST_US || has_restarted {
            return;
        }
        let grown = |of: fn(&Tallies) -> u64| of(tallies).saturating_sub(of(&before)) as f64;
        let whole = Rates {
            sent_messages: grown(|t| t.sent_messages),
            received_messages: grown(|t| t.received_messages),
            sent_bytes: grown(|t| t.sent_bytes),
            received_bytes: grown(|t| t.received_bytes),
            denials: grown(|t| t.denials),
            tokens: tallies.tokens.map(f64::from),
        };
        self.spread(&whole, from_us, at_us);
    }

    /// The connection was lost: what the node did meanwhile is not known.
    pub fn interrupt(&mut self) {
        self.last = None;
    }

    /// The seconds up to the newest, oldest first, none where nobody watched. At most [`SECONDS_MAX`].
    pub fn seconds(&self) -> impl ExactSizeIterator<Item = Option<Rates>> + '_ {
        self.seconds.iter().map(|second| second.rates())
    }

    /// The second that the last of [`RateSeries::seconds`] counts, since the Unix epoch.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// The newest second that has passed whole, or nearly.
    pub fn current(&self) -> Option<Rates> {
        let mut newest_first = self.seconds.iter().rev();
        let running = newest_first.next()?;
        if running.watched_us * 2 >= SECOND_US {
            return running.rates();
        }
        newest_first.next().and_then(Second::rates).or_else(|| running.rates())
    }

    /// Adds buckets up to `second`.
    fn advance(&mut self, second: u64) {
        if self.seconds.is_empty() {
            self.newest = second;
            self.seconds.push_back(Second::default());
        }
        let ahead = second.saturating_sub(self.newest);
        if ahead == 0 {
            return;
        }
        let added = usize::try_from(ahead).map_or(SECONDS_MAX, |ahead| ahead.min(SECONDS_MAX));
        for _ in 0..added {
            if self.seconds.len() == SECONDS_MAX {
                self.seconds.pop_front();
            }
            self.seconds.push_back(Second::default());
        }
        self.newest = second;
    }

    /// Shares what was counted between two looks among the seconds that they span, by time.
    fn spread(&mut self, whole: &Rates, from_us: u64, to_us: u64) {
        let span_us = to_us - from_us;
        for second in from_us / SECOND_US..=to_us / SECOND_US {
            let start_us = from_us.max(second * SECOND_US);
            let end_us = to_us.min((second + 1) * SECOND_US);
            let back = self.newest.saturating_sub(second) as usize;
            let Some(at) = self.seconds.len().checked_sub(back + 1) else { continue };
            if end_us > start_us {
                let part = (end_us - start_us) as f64 / span_us as f64;
                self.seconds[at].add(whole, part, end_us - start_us);
            }
        }
    }
}

impl Second {
    fn add(&mut self, whole: &Rates, part: f64, watched_us: u64) {
        self.watched_us += watched_us;
        self.sums.sent_messages += whole.sent_messages * part;
        self.sums.received_messages += whole.received_messages * part;
        self.sums.sent_bytes += whole.sent_bytes * part;
        self.sums.received_bytes += whole.received_bytes * part;
        self.sums.denials += whole.denials * part;
        self.sums.tokens = whole.tokens;
    }

    fn rates(&self) -> Option<Rates> {
        if self.watched_us < WATCHED_LEAST_US {
            return None;
        }
        let per_second = SECOND_US as f64 / self.watched_us.min(SECOND_US) as f64;
        let sums = &self.sums;
        Some(Rates {
            sent_messages: sums.sent_messages * per_second,
            received_messages: sums.received_messages * per_second,
            sent_bytes: sums.sent_bytes * per_second,
            received_bytes: sums.received_bytes * per_second,
            denials: sums.denials * per_second,
            tokens: sums.tokens,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(messages: u64) -> Tallies {
        Tallies { sent_messages: messages, sent_bytes: messages * 100, tokens: Some(7), ..Tallies::default() }
    }

    fn shown(series: &RateSeries) -> Vec<Option<u64>> {
        series.seconds().map(|rates| rates.map(|rates| rates.sent_messages.round() as u64)).collect()
    }

    #[test]
    fn a_steady_node_has_a_steady_rate_however_often_it_speaks() {
        let mut series = RateSeries::default();
        for tenth in 0..=30 {
            series.count(&sent(tenth * 4), 5_000_000 + tenth * 100_000);
        }
        assert_eq!(shown(&series), [Some(40), Some(40), Some(40), None], "the fourth second has only begun");
        let mut series = RateSeries::default();
        for second in 0..=3 {
            series.count(&sent(second * 41), 5_500_000 + second * 1_025_000);
        }
        assert_eq!(shown(&series), [Some(40), Some(40), Some(40), Some(40)]);
        let rates = series.current().expect("a whole second has passed");
        assert_eq!((rates.sent_bytes.round(), rates.tokens), (4_000.0, Some(7.0)));
    }

    #[test]
    fn what_nobody_watched_is_a_gap() {
        let mut series = RateSeries::default();
        series.count(&sent(0), 1_000_000);
        series.count(&sent(10), 2_000_000);
        series.interrupt();
        series.count(&sent(900), 5_000_000);
        series.count(&sent(910), 6_000_000);
        assert_eq!(shown(&series), [Some(10), None, None, None, Some(10), None]);
    }

    #[test]
    fn silence_without_a_broken_connection_is_a_gap_too() {
        let mut series = RateSeries::default();
        series.count(&sent(0), 1_000_000);
        series.count(&sent(100), 9_000_000);
        assert!(shown(&series).iter().all(Option::is_none));
    }

    #[test]
    fn a_restarted_node_counts_anew_and_never_below_nothing() {
        let mut series = RateSeries::default();
        series.count(&sent(1_000), 1_000_000);
        series.count(&sent(5), 2_000_000);
        series.count(&sent(15), 3_000_000);
        assert_eq!(shown(&series), [None, Some(10), None]);
    }

    #[test]
    fn a_clock_that_jumps_neither_grows_the_series_nor_breaks_it() {
        let mut series = RateSeries::default();
        series.count(&sent(1), 1_000_000);
        series.count(&sent(2), u64::MAX / 2);
        assert_eq!(series.seconds().len(), SECONDS_MAX);
        series.count(&sent(3), 1_000_000);
        series.count(&sent(4), 2_000_000);
        assert_eq!(shown(&series), [Some(1), None], "set back, it starts anew");
    }
}
