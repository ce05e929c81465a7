//! Every key that a configuration may hold, with its type, its limits and its
//! default. The tuning's keys are read off its own fields, so a new field is
//! configurable as soon as it is there.

use super::LEAVE_TIMEOUT_MS;
use rumormill_core::Tuning;
use rumormill_core::config::{ARITY_MAX, FANOUT_MAX, INDIRECT_PROBES_MAX, INTERVAL_MAX, INTERVAL_MIN};
use rumormill_node::builder::{DEFAULT_CLUSTER, DEFAULT_LISTEN};
use rumormill_node::near::near;
use serde_json::{Value, json};

/// Longest time that is taken, in milliseconds: a year.
const MS_MAX: u64 = 365 * 24 * 3_600 * 1_000;

/// A key of the configuration.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) allowed: Allowed,
    /// What it is if nobody says; none where that is found out when the node starts.
    pub(crate) default: Option<Value>,
    /// The field of the tuning that it sets, if it sets one.
    pub(crate) field: Option<String>,
}

/// What a key's value may be.
#[derive(Debug, Clone)]
pub(crate) enum Allowed {
    Text,
    /// Nodes' URLs.
    Urls,
    OneOf(&'static [&'static str]),
    Bool,
    Number {
        min: u64,
        max: u64,
    },
    /// Milliseconds, kept as microseconds.
    Millis {
        min: u64,
        max: u64,
    },
    /// Whatever this field of the tuning takes.
    Field(String),
}

/// All keys.
pub(crate) fn known() -> Vec<Key> {
    let node = |name: &str, allowed, default| Key { name: name.to_owned(), allowed, default, field: None };
    let mut keys = vec![
        node("name", Allowed::Text, None),
        node("cluster", Allowed::Text, Some(DEFAULT_CLUSTER.into())),
        node("listen", Allowed::Text, Some(DEFAULT_LISTEN.into())),
        node("advertise", Allowed::Text, None),
        node("join", Allowed::Urls, Some(json!([]))),
        node("join_file", Allowed::Text, None),
        node("log", Allowed::Text, Some("info".into())),
        node("log_format", Allowed::OneOf(&["text", "json"]), Some("text".into())),
        node("leave_timeout_ms", Allowed::Millis { min: 0, max: MS_MAX }, Some(LEAVE_TIMEOUT_MS.into())),
    ];
    let defaults = serde_json::to_value(Tuning::default()).expect("a tuning encodes");
    keys.extend(defaults.as_object().into_iter().flatten().map(|(field, default)| tuned(field, default)));
    keys
}

fn tuned(field: &str, default: &Value) -> Key {
    let (name, allowed, default) = match (field.strip_suffix("_us"), default) {
        (Some(span), Value::Number(us)) => {
            let (min, max) = match span {
                "interval" | "probe" => (INTERVAL_MIN.as_millis(), INTERVAL_MAX.as_millis()),
                _ => (0, MS_MAX),
            };
            let ms = us.as_u64().unwrap_or_default() / 1_000;
            (format!("{span}_ms"), Allowed::Millis { min, max }, ms.into())
        }
        (_, Value::Number(number)) => {
            let (min, max) = match field {
                "fanout" => (0, FANOUT_MAX.into()),
                "arity" => (0, ARITY_MAX.into()),
                "indirect_probes" => (0, INDIRECT_PROBES_MAX.into()),
                "jitter_percent" | "local_health_max" => (0, 100),
                "suspicion_mult" | "suspicion_max_mult" => (1, 100),
                "links_max" => (4, u32::MAX.into()),
                _ => (0, u32::MAX.into()),
            };
            (field.to_owned(), Allowed::Number { min, max }, number.clone().into())
        }
        (_, Value::Bool(value)) => (field.to_owned(), Allowed::Bool, (*value).into()),
        (_, value) => (field.to_owned(), Allowed::Field(field.to_owned()), value.clone()),
    };
    Key { name, allowed, default: Some(default), field: Some(field.to_owned()) }
}

impl Allowed {
    /// Is the value one of these? If not, says what would be.
    pub(crate) fn check(&self, value: &Value) -> Result<(), String> {
        let is_allowed = match self {
            Self::Text => value.is_string(),
            Self::Urls => value.as_array().is_some_and(|urls| urls.iter().all(Value::is_string)),
            Self::OneOf(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Self::Bool => value.is_boolean(),
            Self::Number { min, max } | Self::Millis { min, max } => {
                value.as_u64().is_some_and(|number| (*min..=*max).contains(&number))
            }
            Self::Field(field) => {
                let alone = json!({ field: self.as_field(value) });
                return serde_json::from_value::<Tuning>(alone)
                    .map(drop)
                    .map_err(|error| format!("{error}; {self}"));
            }
        };
        if is_allowed { Ok(()) } else { Err(self.to_string()) }
    }

    /// A value as the tuning's field takes it.
    pub(crate) fn as_field(&self, value: &Value) -> Value {
        match (self, value) {
            (Self::Millis { .. }, value) => value.as_u64().map(|ms| ms.saturating_mul(1_000)).into(),
            // The limiter is written as text where there is only text.
            (Self::Field(_), Value::String(text)) => match serde_json::from_str(text) {
                Ok(value @ Value::Object(_)) => value,
                _ => value.clone(),
            },
            _ => value.clone(),
        }
    }

    /// What a variable's text means for a key of this kind.
    pub(crate) fn read(&self, text: &str) -> Value {
        match self {
            Self::Urls => text.split(',').map(str::trim).filter(|url| !url.is_empty()).collect(),
            Self::Bool => text.parse::<bool>().map_or_else(|_| text.into(), Into::into),
            Self::Number { .. } | Self::Millis { .. } => {
                text.parse::<u64>().map_or_else(|_| text.into(), Into::into)
            }
            Self::Text | Self::OneOf(_) | Self::Field(_) => text.into(),
        }
    }
}

impl std::fmt::Display for Allowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text => f.write_str("it must be text (put it in quotes)"),
            Self::Urls => f.write_str("it must be a list of nodes' URLs, like http://127.0.0.1:7700"),
            Self::OneOf(words) => write!(f, "it must be one of {}", words.join(", ")),
            Self::Bool => f.write_str("it must be true or false"),
            Self::Number { min, max } => write!(f, "it must be a whole number from {min} to {max}"),
            Self::Millis { min, max } => {
                write!(f, "it must be a whole number of milliseconds from {min} to {max}")
            }
            Self::Field(field) if field == "limiter" => f.write_str(
                "it must be unlimited, {bucket: {capacity, refill_per_s, reserve}} or {window: {tokens, period_us, reserve}}",
            ),
            Self::Field(_) => f.write_str("see `rumormill run --help`"),
        }
    }
}

/// What to say of a key that there is not.
pub(crate) fn unknown(name: &str) -> String {
    let names: Vec<String> = known().into_iter().map(|key| key.name).collect();
    let near = near(name, names.iter().map(String::as_str))
        .map_or_else(String::new, |near| format!(" (did you mean '{near}'?)"));
    format!("there is no key '{name}'{near}; the keys are {}", names.join(", "))
}
