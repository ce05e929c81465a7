//! `--print-config`: every key with its value and where that came from, as a
//! YAML file that would configure the same, or as JSON.

use super::Settings;
use serde_json::{Value, json};

/// A file in YAML, with the origins as comments.
pub(crate) fn as_yaml(settings: &Settings) -> String {
    let line = |(key, (value, _)): (&String, &(Option<Value>, String))| match value {
        // JSON is YAML.
        Some(value) => format!("{key}: {value}"),
        None => format!("# {key}:"),
    };
    let lines: Vec<String> = settings.origins.iter().map(line).collect();
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0).min(60);
    let origins = settings.origins.values().map(|(_, origin)| origin);
    lines.iter().zip(origins).map(|(line, origin)| format!("{line:width$}  # {origin}\n")).collect()
}

/// One JSON object: key to value and origin.
pub(crate) fn as_json(settings: &Settings) -> Value {
    let pairs = settings.origins.iter();
    pairs.map(|(key, (value, origin))| (key.clone(), json!({ "value": value, "origin": origin }))).collect()
}
