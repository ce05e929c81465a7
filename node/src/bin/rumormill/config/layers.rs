//! Where a configuration comes from: a file by its extension, variables that
//! begin with `RUMORMILL_`, and flags. Each layer names the origin of every
//! value; none of them knows what a value means.

use super::Invalid;
use super::keys::{self, known};
use crate::args::{LogFormat, RunArgs};
use config::{FileFormat, Format, Map, Source, Value, ValueKind};
use std::path::Path;

/// What the names of variables begin with.
pub(crate) const PREFIX: &str = "RUMORMILL_";

/// Variables with that prefix that other commands read.
const ELSEWHERE: [&str; 3] = ["RUMORMILL_CONFIG", "RUMORMILL_URL", "RUMORMILL_TOKEN"];

/// One layer, read already.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layer(Map<String, Value>);

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        Ok(self.0.clone())
    }
}

impl Layer {
    fn put(&mut self, key: &str, origin: &str, value: serde_json::Value) {
        self.0.insert(key.to_owned(), of_json(&origin.to_owned(), &value));
    }
}

/// A file in YAML, TOML or JSON. A file that holds nothing but a list is a list
/// of nodes to join.
pub(crate) fn file(path: &Path) -> Result<Layer, Invalid> {
    let origin = path.display().to_string();
    let form = format(path)?;
    let text = read(path)?;
    let mut fields = match form {
        Form::Toml => FileFormat::Toml
            .parse(Some(&origin), &text)
            .map_err(|error| Invalid::new(&origin, error.to_string()))?,
        form => match parsed(&form, &origin, &text)? {
            serde_json::Value::Null => Map::new(),
            serde_json::Value::Object(fields) => {
                fields.iter().map(|(name, value)| (name.clone(), of_json(&origin, value))).collect()
            }
            list @ serde_json::Value::Array(_) => {
                let urls = urls(&list).map_err(|why| Invalid::new(&origin, why))?;
                [("join".to_owned(), of_json(&origin, &urls.into()))].into()
            }
            _ => {
                return Err(Invalid::new(
                    origin,
                    "it must hold keys and their values, or a list of nodes to join",
                ));
            }
        },
    };
    // Layers are merged table by table, but a limiter is either one or the other.
    if let Some(limiter) = fields.get_mut("limiter")
        && let ValueKind::Table(_) = &limiter.kind
    {
        *limiter = Value::new(Some(&origin), super::json(limiter).to_string());
    }
    Ok(Layer(fields))
}

/// A list of nodes in a file of its own.
pub(crate) fn nodes(path: &Path, origin: &str) -> Result<Vec<String>, Invalid> {
    let at = path.display().to_string();
    let text = read(path).map_err(|error| Invalid::new(origin, format!("'join_file': {error}")))?;
    let list = match format(path)? {
        Form::Toml => return Err(Invalid::new(at, "a list of nodes must be JSON or YAML")),
        form => parsed(&form, &at, &text)?,
    };
    let urls = urls(&list).map_err(|why| Invalid::new(&at, why))?;
    for url in &urls {
        rumormill_node::join_address(url).map_err(|error| Invalid::new(&at, error.to_string()))?;
    }
    Ok(urls)
}

/// Nodes' URLs, each as text or as the `url` or `address` of an object.
fn urls(list: &serde_json::Value) -> Result<Vec<String>, String> {
    let node = |node: &serde_json::Value| {
        let url = node.as_str().or_else(|| node["url"].as_str()).or_else(|| node["address"].as_str());
        url.map(str::to_owned).ok_or_else(|| {
            format!(
                "{node} is no node; a list of nodes holds URLs, or objects with a \"url\" or an \"address\""
            )
        })
    };
    let list = list.as_array().ok_or("it must be a list of nodes, like [\"http://127.0.0.1:7700\"]")?;
    list.iter().map(node).collect()
}

/// The variables that are meant for a node.
pub(crate) fn environment(variables: impl IntoIterator<Item = (String, String)>) -> Result<Layer, Invalid> {
    let keys = known();
    let mut layer = Layer::default();
    for (variable, text) in variables {
        let Some(name) = variable.strip_prefix(PREFIX) else { continue };
        if ELSEWHERE.contains(&variable.as_str()) || is_injected(&variable, &text) {
            continue;
        }
        let name = name.to_lowercase();
        match keys.iter().find(|key| key.name == name) {
            Some(key) => layer.put(&key.name, &variable, key.allowed.read(&text)),
            None => return Err(Invalid::new(variable, keys::unknown(&name))),
        }
    }
    Ok(layer)
}

/// Kubernetes describes each service to each container in such variables; a
/// service that is called rumormill must not keep nodes from starting.
fn is_injected(variable: &str, text: &str) -> bool {
    variable.ends_with("_SERVICE_HOST")
        || variable.contains("_SERVICE_PORT")
        || (variable.contains("_PORT") && (text.contains("://") || variable.contains("_TCP_")))
}

/// What stands on the command line.
pub(crate) fn flags(args: &RunArgs) -> Layer {
    let mut layer = Layer::default();
    let tuning = &args.tuning;
    let texts = [
        ("name", "--name", args.name.clone()),
        ("cluster", "--cluster", args.cluster.clone()),
        ("listen", "--listen", args.listen.clone()),
        ("advertise", "--advertise", args.advertise.clone()),
        ("join_file", "--join-file", args.join_file.as_ref().map(|path| path.display().to_string())),
        ("log", "--log", args.log.log.clone()),
        ("strategy", "--strategy", tuning.strategy.map(|strategy| strategy.to_string())),
        ("mode", "--mode", tuning.mode.map(|mode| mode.to_string())),
        ("limiter", "--limiter", tuning.limiter.clone()),
    ];
    for (key, flag, value) in texts {
        if let Some(value) = value {
            layer.put(key, flag, value.into());
        }
    }
    let numbers = [
        ("fanout", "--fanout", tuning.fanout.map(u64::from)),
        ("arity", "--arity", tuning.arity.map(u64::from)),
        ("interval_ms", "--interval-ms", tuning.interval_ms),
        ("probe_ms", "--probe-ms", tuning.probe_ms),
        ("leave_timeout_ms", "--leave-timeout-ms", args.leave_timeout_ms),
    ];
    for (key, flag, value) in numbers {
        if let Some(value) = value {
            layer.put(key, flag, value.into());
        }
    }
    if !args.join.is_empty() {
        layer.put("join", "--join", args.join.clone().into());
    }
    if let Some(format) = args.log.log_format {
        let word = if format == LogFormat::Json { "json" } else { "text" };
        layer.put("log_format", "--log-format", word.into());
    }
    layer
}

enum Form {
    Yaml,
    Toml,
    Json,
}

fn format(path: &Path) -> Result<Form, Invalid> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("yaml" | "yml") => Ok(Form::Yaml),
        Some("toml") => Ok(Form::Toml),
        Some("json") => Ok(Form::Json),
        _ => Err(Invalid::new(
            path.display().to_string(),
            "a file is read by the end of its name, which must be .yaml, .yml, .toml or .json",
        )),
    }
}

fn read(path: &Path) -> Result<String, Invalid> {
    std::fs::read_to_string(path)
        .map_err(|error| Invalid::new(path.display().to_string(), format!("cannot be read ({error})")))
}

fn parsed(form: &Form, origin: &str, text: &str) -> Result<serde_json::Value, Invalid> {
    let parsed = match form {
        Form::Json => serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}")),
        _ => serde_saphyr::from_str(text).map_err(|error| format!("is not YAML: {error}")),
    };
    parsed.map_err(|why| Invalid::new(origin, why))
}

fn of_json(origin: &String, value: &serde_json::Value) -> Value {
    let kind = match value {
        serde_json::Value::Null => ValueKind::Nil,
        serde_json::Value::Bool(value) => ValueKind::Boolean(*value),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => ValueKind::I64(number),
            (None, Some(number)) => ValueKind::U64(number),
            (None, None) => ValueKind::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => ValueKind::String(text.clone()),
        serde_json::Value::Array(values) => {
            ValueKind::Array(values.iter().map(|value| of_json(origin, value)).collect())
        }
        serde_json::Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), of_json(origin, value)));
            ValueKind::Table(fields.collect())
        }
    };
    Value::new(Some(origin), kind)
}
