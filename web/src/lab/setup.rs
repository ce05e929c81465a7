//! The setup as the user types it, and the scenario that it means. Every value that the page can hold is either a
//! scenario or a sentence that says what is allowed; odd values that make sense are explained. Pure.

use crate::decimal::decimal;
use crate::float::plain;
use rumormill_core::config::{ARITY_MAX, FANOUT_MAX, INTERVAL_MAX, INTERVAL_MIN};
use rumormill_core::{Duration, LimiterConfig, Mode, Strategy, Tuning};
use rumormill_sim::{Latency, Network, Scenario};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most nodes of the Lab: what it draws and computes fast enough to watch.
pub const NODES_MAX: u32 = 1_000;

/// A field of the setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Field {
    /// How many nodes.
    Nodes,
    /// Members asked each interval.
    Fanout,
    /// Children in the tree.
    Arity,
    /// Time between rounds, in milliseconds.
    Interval,
    /// Tokens of the bucket or the window.
    Tokens,
    /// Tokens per second, or the window's length in seconds.
    Refill,
    /// Messages lost, in percent.
    Loss,
    /// How long messages travel, in milliseconds.
    Latency,
    /// What all chance derives from.
    Seed,
}

/// Which limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LimiterKind {
    /// Tokens that come back evenly.
    Bucket,
    /// Tokens that are set back at once.
    Window,
    /// None.
    Unlimited,
}

/// How latency varies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Variation {
    /// Not at all.
    Fixed,
    /// Evenly, by half of itself either way.
    Even,
    /// With a long tail: one message in a hundred takes over four times as long.
    LongTail,
}

/// The setup as it stands in the panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// How news spreads.
    pub strategy: Strategy,
    /// Who gives in an exchange.
    pub mode: Mode,
    /// Which limiter.
    pub limiter: LimiterKind,
    /// How latency varies.
    pub variation: Variation,
    /// The fields with text, as typed.
    pub typed: BTreeMap<Field, String>,
}

impl Default for Setup {
    /// Fifty nodes whose messages travel long enough to be watched.
    fn default() -> Self {
        let typed = [
            (Field::Nodes, "50"),
            (Field::Fanout, "1"),
            (Field::Arity, "2"),
            (Field::Interval, "1000"),
            (Field::Tokens, "256"),
            (Field::Refill, "128"),
            (Field::Loss, "0"),
            (Field::Latency, "100"),
            (Field::Seed, "42"),
        ];
        Self {
            strategy: Strategy::Hybrid,
            mode: Mode::PushPull,
            limiter: LimiterKind::Bucket,
            variation: Variation::Even,
            typed: typed.map(|(field, text)| (field, text.to_owned())).into(),
        }
    }
}

/// What is wrong, field by field.
pub type Errors = BTreeMap<Field, String>;

impl Setup {
    /// What stands in a field.
    pub fn text(&self, field: Field) -> &str {
        self.typed.get(&field).map_or("", String::as_str)
    }

    /// The same with another text in a field.
    #[must_use]
    pub fn with(mut self, field: Field, text: impl Into<String>) -> Self {
        self.typed.insert(field, text.into());
        self
    }

    /// The same with another limiter, and tokens that suit it: those of the engine's default, or Riak Core's.
    #[must_use]
    pub fn with_limiter(self, limiter: LimiterKind) -> Self {
        if self.limiter == limiter {
            return self;
        }
        let (tokens, refill) = match limiter {
            LimiterKind::Window => ("45", "10"),
            LimiterKind::Bucket | LimiterKind::Unlimited => ("256", "128"),
        };
        Self { limiter, ..self }.with(Field::Tokens, tokens).with(Field::Refill, refill)
    }

    /// The same with what a running cluster was tuned to; none where the fields cannot say that.
    pub(super) fn tuned(&self, tuning: Tuning, network: Network) -> Option<Self> {
        let (limiter, tokens, refill) = match tuning.limiter {
            LimiterConfig::Unlimited => (LimiterKind::Unlimited, None, None),
            LimiterConfig::Bucket { capacity, refill_per_s, .. } => {
                (LimiterKind::Bucket, Some(capacity), Some(u64::from(refill_per_s)))
            }
            LimiterConfig::Window { tokens, period_us, .. } => {
                (LimiterKind::Window, Some(tokens), Some(period_us.as_micros() / 1_000_000))
            }
        };
        let (variation, median_us) = match network.latency {
            Latency::Fixed(us) => (Variation::Fixed, us.as_micros()),
            Latency::Uniform { min_us, max_us } => {
                (Variation::Even, min_us.as_micros().saturating_add(max_us.as_micros()).div_ceil(2))
            }
            Latency::LongTail { median_us, .. } => (Variation::LongTail, median_us.as_micros()),
        };
        let (strategy, mode) = (tuning.strategy, tuning.mode);
        let mut setup = Self { strategy, mode, limiter, variation, ..self.clone() }
            .with(Field::Fanout, tuning.fanout.to_string())
            .with(Field::Arity, tuning.arity.to_string())
            .with(Field::Interval, (tuning.interval_us.as_micros() / 1_000).to_string())
            .with(Field::Loss, plain(f64::from(network.loss_ppm) / 10_000.0))
            .with(Field::Latency, plain(median_us as f64 / 1_000.0));
        if let (Some(tokens), Some(refill)) = (tokens, refill) {
            setup = setup.with(Field::Tokens, tokens.to_string()).with(Field::Refill, refill.to_string());
        }
        let means = setup.scenario().ok().map(|scenario| (scenario.tuning, scenario.network));
        (means == Some((tuning, network))).then_some(setup)
    }

    /// The scenario that it means, or what is wrong with it.
    pub fn scenario(&self) -> Result<Scenario, Errors> {
        let mut errors = Errors::new();
        let mut whole = |field, low, high, what: &str| self.whole(field, low, high, what, &mut errors);
        let nodes = whole(Field::Nodes, 1, u64::from(NODES_MAX), "nodes") as u32;
        let fanout = whole(Field::Fanout, 0, u64::from(FANOUT_MAX), "members") as u32;
        let arity = whole(Field::Arity, 0, u64::from(ARITY_MAX), "children") as u32;
        let interval = whole(Field::Interval, 10, 3_600_000, "ms");
        let tokens = whole(Field::Tokens, 0, 100_000, "tokens") as u32;
        let refill = match self.limiter {
            LimiterKind::Bucket => whole(Field::Refill, 0, 100_000, "tokens a second"),
            LimiterKind::Window => whole(Field::Refill, 1, 3_600, "seconds"),
            LimiterKind::Unlimited => 0,
        };
        let seed = whole(Field::Seed, 0, u64::MAX, "");
        let loss_ppm = self.scaled(Field::Loss, 0.0, 100.0, 10_000.0, "%", &mut errors) as u32;
        let latency_us = self.scaled(Field::Latency, 0.01, 30_000.0, 1_000.0, "ms", &mut errors) as u64;
        if !errors.is_empty() {
            return Err(errors);
        }
        let interval_us = Duration::from_millis(interval);
        let defaults = Tuning::default();
        let tuning = Tuning {
            strategy: self.strategy,
            mode: self.mode,
            fanout,
            arity,
            interval_us,
            // A round, but never less than a message's way there and back with time to spare.
            probe_us: interval_us
                .max(Duration::from_micros(latency_us.saturating_mul(8)))
                .clamp(INTERVAL_MIN, INTERVAL_MAX),
            link_idle_us: (interval_us * 10).max(defaults.link_idle_us),
            limiter: limiter(self.limiter, tokens, refill),
            ..defaults
        };
        let latency = latency(self.variation, latency_us);
        let network = Network { latency, loss_ppm, ..Network::default() };
        Ok(Scenario { name: "lab".to_owned(), seed, nodes, tuning, network, ..Scenario::default() })
    }

    /// What an odd value means, for values that make sense.
    pub fn note(&self, field: Field) -> Option<&'static str> {
        let value = decimal(self.text(field).trim())?;
        match field {
            Field::Nodes if value == 1.0 => {
                Some("A node alone: it knows everything at once and talks to nobody.")
            }

            Field::Fanout if value == 0.0 => {
                Some("Nobody is asked: nothing is repaired, and silence goes unnoticed.")
            }
            Field::Arity if value == 0.0 => Some("A tree without edges: nothing is forwarded."),
            Field::Arity if value == 1.0 => Some("A chain: as many hops as nodes."),
            Field::Loss if value == 100.0 => Some(
                "Every message but a link's greeting is lost: nothing spreads, and members hold each other for down.",
            ),
            Field::Loss if value > 0.0 => Some("Of every message but a link's greeting."),
            Field::Tokens if value == 0.0 => Some("No tokens: nobody ever sends anything but greetings."),
            _ => None,
        }
    }

    fn whole(&self, field: Field, low: u64, high: u64, what: &str, errors: &mut Errors) -> u64 {
        let text = self.text(field).trim();
        match text.parse::<u64>() {
            Ok(value) if (low..=high).contains(&value) => value,
            parsed => {
                errors.insert(field, refusal(text, parsed.is_ok(), &group(low), &group(high), what));
                low
            }
        }
    }

    fn scaled(&self, field: Field, low: f64, high: f64, scale: f64, what: &str, errors: &mut Errors) -> f64 {
        let text = self.text(field).trim();
        match decimal(text) {
            Some(value) if (low..=high).contains(&value) => (value * scale).round(),
            parsed => {
                errors.insert(
                    field,
                    refusal(text, parsed.is_some(), &low.to_string(), &high.to_string(), what),
                );
                low
            }
        }
    }
}

fn refusal(text: &str, is_number: bool, low: &str, high: &str, what: &str) -> String {
    let allowed = format!("{low} to {high} {what}");
    let allowed = allowed.trim_end();
    match text {
        "" => format!("Give a number: {allowed}."),
        _ if is_number => format!("{text} is out of range: {allowed}."),
        _ => format!("“{text}” is no number here: {allowed}."),
    }
}

/// Digits in groups of three.
pub fn group(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn limiter(kind: LimiterKind, tokens: u32, refill: u64) -> LimiterConfig {
    // An eighth is kept for repair, as in the engine's own default.
    let reserve = tokens / 8;
    match kind {
        LimiterKind::Unlimited => LimiterConfig::Unlimited,
        LimiterKind::Bucket => {
            LimiterConfig::Bucket { capacity: tokens, refill_per_s: refill as u32, reserve }
        }
        LimiterKind::Window => {
            LimiterConfig::Window { tokens, period_us: Duration::from_secs(refill), reserve }
        }
    }
}

fn latency(variation: Variation, median_us: u64) -> Latency {
    let us = Duration::from_micros;
    match variation {
        Variation::Fixed => Latency::Fixed(us(median_us)),
        Variation::Even => Latency::Uniform { min_us: us(median_us / 2), max_us: us(median_us * 3 / 2) },
        Variation::LongTail => {
            let p99_us = (median_us.saturating_mul(4)).min(rumormill_sim::latency::LATENCY_MAX.as_micros());
            Latency::LongTail { median_us: us(median_us), p99_us: us(p99_us) }
        }
    }
}

impl LimiterKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bucket => "bucket",
            Self::Window => "window",
            Self::Unlimited => "unlimited",
        }
    }

    /// The kind for a word.
    pub fn parse(word: &str) -> Self {
        match word {
            "window" => Self::Window,
            "unlimited" => Self::Unlimited,
            _ => Self::Bucket,
        }
    }
}

impl Variation {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Even => "even",
            Self::LongTail => "long-tail",
        }
    }

    /// The kind for a word.
    pub fn parse(word: &str) -> Self {
        match word {
            "fixed" => Self::Fixed,
            "long-tail" => Self::LongTail,
            _ => Self::Even,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(field: Field, text: &str, expected: Result<(), &str>) {
        let outcome = Setup::default().with(field, text).scenario();
        match (outcome, expected) {
            (Ok(scenario), Ok(())) => assert_eq!(scenario.check(), Ok(()), "{field:?} {text}"),
            (Err(errors), Err(part)) => {
                let error = &errors[&field];
                assert!(error.contains(part), "{field:?} {text}: {error}");
                assert_eq!(errors.len(), 1);
            }
            (outcome, _) => panic!("{field:?} {text}: {outcome:?}"),
        }
    }

    #[test]
    fn every_value_is_a_scenario_or_a_sentence() {
        for text in ["0", "1001", "-1", "", "many", "1.5", "99999999999999999999"] {
            check(Field::Nodes, text, Err("1 to 1,000 nodes"));
        }
        check(Field::Nodes, " 7 ", Ok(()));
        check(Field::Fanout, "0", Ok(()));
        check(Field::Fanout, "65", Err("0 to 64"));
        check(Field::Arity, "0", Ok(()));
        check(Field::Interval, "9", Err("10 to 3,600,000 ms"));
        check(Field::Tokens, "0", Ok(()));
        check(Field::Tokens, "1", Ok(()));
        check(Field::Refill, "0", Ok(()));
        check(Field::Loss, "100", Ok(()));
        check(Field::Loss, "100.1", Err("0 to 100 %"));
        check(Field::Loss, "NaN", Err("no number"));
        check(Field::Loss, "inf", Err("no number"));
        check(Field::Latency, "0", Err("0.01 to 30000 ms"));
        check(Field::Latency, "0.01", Ok(()));
        check(Field::Latency, "30000", Ok(()));
        check(Field::Seed, "18446744073709551615", Ok(()));
        check(Field::Seed, "x", Err("no number"));
    }

    #[test]
    fn all_choices_make_valid_scenarios_at_the_ends_of_their_ranges() {
        for limiter in [LimiterKind::Bucket, LimiterKind::Window, LimiterKind::Unlimited] {
            for variation in [Variation::Fixed, Variation::Even, Variation::LongTail] {
                for (tokens, latency) in [("0", "0.01"), ("1", "30000"), ("9", "1")] {
                    let setup = Setup { limiter, variation, ..Setup::default() }
                        .with(Field::Tokens, tokens)
                        .with(Field::Latency, latency);
                    let scenario = setup.scenario().expect("within the ranges");
                    assert_eq!(scenario.check(), Ok(()), "{setup:?}");
                }
                assert_eq!(LimiterKind::parse(limiter.as_str()), limiter);
                assert_eq!(Variation::parse(variation.as_str()), variation);
            }
        }
    }

    #[test]
    fn numbers_mean_what_their_units_say() {
        let setup = Setup::default().with(Field::Loss, "12.5").with(Field::Latency, "2.5");
        let scenario = setup.scenario().expect("valid");
        assert_eq!(scenario.network.loss_ppm, 125_000);
        assert_eq!(scenario.network.latency.median(), Duration::from_micros(2_500));
        assert_eq!(scenario.tuning.interval_us, Duration::from_secs(1));
        assert_eq!([999, 1_000, 1_234_567].map(group), ["999", "1,000", "1,234,567"]);
    }

    #[test]
    fn odd_values_are_explained() {
        for (field, text) in
            [(Field::Nodes, "1"), (Field::Loss, "100"), (Field::Tokens, "0"), (Field::Arity, "0")]
        {
            assert!(Setup::default().with(field, text).note(field).is_some(), "{field:?}");
        }
        assert_eq!(Setup::default().note(Field::Nodes), None);
    }

    #[test]
    fn what_a_cluster_is_tuned_to_is_said_in_the_fields_or_not_at_all() {
        let start = Setup::default().with(Field::Nodes, "7");
        for setup in [
            start.clone().with(Field::Latency, "0.01").with(Field::Loss, "0.0001"),
            start.clone().with(Field::Latency, "29999.999").with(Field::Interval, "10"),
            start.clone().with_limiter(LimiterKind::Window).with(Field::Fanout, "3"),
            Setup { variation: Variation::LongTail, strategy: Strategy::Tree, ..start.clone() },
            Setup { variation: Variation::Fixed, mode: Mode::Push, ..start.clone() },
        ] {
            let scenario = setup.scenario().expect("it is valid");
            assert_eq!(start.tuned(scenario.tuning, scenario.network), Some(setup));
        }
        let scenario = start.scenario().expect("it is valid");
        let odd = Tuning { suspicion_mult: 9, ..scenario.tuning };
        assert_eq!(start.tuned(odd, scenario.network), None);
    }
}
