//! The configuration of `rumormill run`: defaults, then a file, then the
//! environment, then flags, each over the one before. The layers are put on
//! each other by the `config` crate, which also remembers where each value
//! came from; this file turns the result into settings, or into a sentence
//! that names the place, the key and what is allowed.

mod keys;
mod layers;
mod print;

pub(crate) use keys::{Allowed, known};
pub(crate) use print::{as_json, as_yaml};

use crate::args::RunArgs;
use crate::usage::Usage;
use config::{Config, Value, ValueKind};
use rumormill_core::config::CLUSTER_BYTES_MAX;
use rumormill_core::{ConfigError, NodeId, Tuning};
use rumormill_node::builder::{DEFAULT_CLUSTER, DEFAULT_LISTEN};
use rumormill_node::join_address;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Where a value comes from that nobody gave.
pub(crate) const DEFAULT: &str = "default";

/// How long a node may take to say goodbye when it is told to stop. A guess:
/// well within the ten seconds that Docker gives a container, and the ninety
/// that systemd gives a service.
pub(crate) const LEAVE_TIMEOUT_MS: u64 = 5_000;

/// What a node is run with.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) name: Option<String>,
    pub(crate) cluster: String,
    pub(crate) listen: String,
    pub(crate) advertise: Option<String>,
    pub(crate) join: Vec<String>,
    pub(crate) log: Option<String>,
    pub(crate) log_format: Option<String>,
    pub(crate) leave_timeout_ms: u64,
    pub(crate) tuning: Tuning,
    /// Every key, its value if it has one, and where that came from.
    pub(crate) origins: BTreeMap<String, (Option<serde_json::Value>, String)>,
}

/// Why a configuration is none. Nothing was changed by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invalid {
    /// A file, a variable, a flag.
    pub(crate) origin: String,
    /// What is wrong there, and what is allowed.
    pub(crate) why: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.why)
    }
}

impl std::error::Error for Invalid {}

impl Invalid {
    fn new(origin: impl Into<String>, why: impl Into<String>) -> Self {
        Self { origin: origin.into(), why: why.into() }
    }

    /// As the program's failure: flags are bad usage, everything else is not.
    pub(crate) fn into_error(self) -> anyhow::Error {
        if self.origin.starts_with("--") { Usage::error(self) } else { self.into() }
    }
}

/// Reads all layers.
pub(crate) fn load(
    args: &RunArgs,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Settings, Invalid> {
    let environment = layers::environment(environment)?;
    let mut builder = Config::builder();
    if let Some(path) = &args.config {
        builder = builder.add_source(layers::file(path)?);
    }
    builder = builder.add_source(environment).add_source(layers::flags(args));
    let merged = builder.build().map_err(|error| Invalid::new("configuration", error.to_string()))?;
    let given =
        merged.cache.into_table().map_err(|error| Invalid::new("configuration", error.to_string()))?;
    settings(given.into_iter().collect())
}

fn settings(given: BTreeMap<String, Value>) -> Result<Settings, Invalid> {
    let given = checked(given)?;
    let mut origins = BTreeMap::new();
    for key in known() {
        let value = given.get(&key.name).cloned();
        let (value, origin) =
            value.map_or_else(|| (key.default.clone(), DEFAULT.to_owned()), |(value, at)| (Some(value), at));
        origins.insert(key.name, (value, origin));
    }
    let text = |key: &str| given.get(key).and_then(|(value, _)| value.as_str()).map(str::to_owned);
    let list = |key: &str| -> Vec<String> {
        let value = given.get(key).and_then(|(value, _)| value.as_array());
        value.into_iter().flatten().filter_map(|url| url.as_str().map(str::to_owned)).collect()
    };
    let mut join = list("join");
    check_addresses("join", &join, &given)?;
    if let Some((path, origin)) = given.get("join_file") {
        let path = PathBuf::from(path.as_str().unwrap_or_default());
        join.extend(layers::nodes(&path, origin)?);
    }
    check_texts(&given)?;
    let advertise = text("advertise");
    check_addresses("advertise", advertise.as_slice(), &given)?;
    let tuning = tuning(&given)?;
    Ok(Settings {
        name: text("name"),
        cluster: text("cluster").unwrap_or_else(|| DEFAULT_CLUSTER.to_owned()),
        listen: text("listen").unwrap_or_else(|| DEFAULT_LISTEN.to_owned()),
        advertise,
        join,
        log: text("log"),
        log_format: text("log_format"),
        leave_timeout_ms: given
            .get("leave_timeout_ms")
            .and_then(|(value, _)| value.as_u64())
            .unwrap_or(LEAVE_TIMEOUT_MS),
        tuning,
        origins,
    })
}

type Given = BTreeMap<String, (serde_json::Value, String)>;

/// Every key is known, and every value is of its key's type.
fn checked(given: BTreeMap<String, Value>) -> Result<Given, Invalid> {
    let known = known();
    let mut checked = Given::new();
    for (name, value) in given {
        let origin = value.origin().unwrap_or("configuration").to_owned();
        let Some(key) = known.iter().find(|key| key.name == name) else {
            return Err(Invalid::new(origin, keys::unknown(&name)));
        };
        let value = json(&value);
        key.allowed
            .check(&value)
            .map_err(|why| Invalid::new(&origin, format!("'{name}' cannot be {value}: {why}")))?;
        checked.insert(name, (value, origin));
    }
    Ok(checked)
}

/// Is the text what it must be? If not, says what that is.
type Check = fn(&str) -> Result<(), String>;

/// Name, cluster and address are what they must be, whoever gave them.
fn check_texts(given: &Given) -> Result<(), Invalid> {
    let checks: [(&str, Check); 3] = [("name", name), ("cluster", cluster), ("listen", listen)];
    for (key, check) in checks {
        if let Some((value, origin)) = given.get(key) {
            check(value.as_str().unwrap_or_default())
                .map_err(|why| Invalid::new(origin, format!("'{key}' cannot be {value}: {why}")))?;
        }
    }
    Ok(())
}

fn name(text: &str) -> Result<(), String> {
    NodeId::new(text).map(drop).map_err(|error| format!("it {error}"))
}

fn cluster(text: &str) -> Result<(), String> {
    if (1..=CLUSTER_BYTES_MAX).contains(&text.len()) { Ok(()) } else { Err(ConfigError::Cluster.to_string()) }
}

/// An address and a port; the system says what else is wrong with it when it is used.
fn listen(text: &str) -> Result<(), String> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(()),
        _ => Err("it must be an address and a port, like 127.0.0.1:7700 or [::1]:7700".to_owned()),
    }
}

fn check_addresses(key: &str, urls: &[String], given: &Given) -> Result<(), Invalid> {
    for url in urls {
        join_address(url).map_err(|error| {
            let origin = given.get(key).map_or(DEFAULT, |(_, origin)| origin.as_str());
            Invalid::new(origin, format!("'{key}': {error}"))
        })?;
    }
    Ok(())
}

/// The default tuning with what was given on top, within its limits.
fn tuning(given: &Given) -> Result<Tuning, Invalid> {
    let mut fields = serde_json::to_value(Tuning::default()).expect("a tuning encodes");
    for key in known() {
        if let (Some(field), Some((value, _))) = (&key.field, given.get(&key.name)) {
            fields[field] = key.allowed.as_field(value);
        }
    }
    let tuning: Tuning = serde_json::from_value(fields).map_err(|error| {
        Invalid::new("configuration", format!("{error}; this is a defect of this program"))
    })?;
    tuning.check().map_err(|error| {
        let key = key_of(error);
        let origin = key.and_then(|key| given.get(key)).map_or(DEFAULT, |(_, origin)| origin.as_str());
        let key = key.map_or_else(String::new, |key| format!("'{key}': "));
        Invalid::new(origin, format!("{key}{error}"))
    })?;
    Ok(tuning)
}

/// The key whose value is outside its limits.
fn key_of(error: ConfigError) -> Option<&'static str> {
    Some(match error {
        ConfigError::Fanout => "fanout",
        ConfigError::Arity => "arity",
        ConfigError::Interval => "interval_ms",
        ConfigError::Jitter => "jitter_percent",
        ConfigError::Probe => "probe_ms",
        ConfigError::IndirectProbes => "indirect_probes",
        ConfigError::LocalHealth => "local_health_max",
        ConfigError::Forget => "forget_ms",
        ConfigError::Links => "links_max",
        ConfigError::Limiter(_) => "limiter",
        ConfigError::Cluster => "cluster",
        #[allow(unreachable_patterns, reason = "core's limits grow, and each speaks for itself")]
        _ => return None,
    })
}

fn json(value: &Value) -> serde_json::Value {
    match &value.kind {
        ValueKind::Nil => serde_json::Value::Null,
        ValueKind::Boolean(value) => (*value).into(),
        ValueKind::I64(value) => (*value).into(),
        ValueKind::U64(value) => (*value).into(),
        ValueKind::I128(value) => i64::try_from(*value).map_or_else(|_| value.to_string().into(), Into::into),
        ValueKind::U128(value) => u64::try_from(*value).map_or_else(|_| value.to_string().into(), Into::into),
        ValueKind::Float(value) => (*value).into(),
        ValueKind::String(value) => value.as_str().into(),
        ValueKind::Array(values) => values.iter().map(json).collect(),
        ValueKind::Table(fields) => fields.iter().map(|(name, value)| (name.clone(), json(value))).collect(),
    }
}

#[cfg(test)]
mod tests;
