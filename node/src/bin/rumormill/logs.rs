//! Logs go to stderr, so that stdout holds nothing but what was asked for. What
//! is logged may change while the program runs.

use crate::args::LogFormat;
use rumormill_node::LogControl;
use std::io::{IsTerminal, stderr};
use std::sync::{Arc, Mutex, PoisonError};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, reload};

/// What is logged, and the way to change it.
#[derive(Debug)]
pub(crate) struct Log {
    filter: Mutex<String>,
    handle: reload::Handle<Targets, Registry>,
}

/// Begins to log: what `wanted` says, else `RUST_LOG`, else `default`.
///
/// # Errors
/// When that is no filter: where it stands, and what is allowed.
pub(crate) fn start(
    wanted: Option<&str>,
    format: LogFormat,
    default: &str,
) -> Result<Arc<Log>, (&'static str, String)> {
    let from_environment = std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty());
    let (wanted, named) = match (wanted, from_environment) {
        (Some(wanted), _) => (wanted.to_owned(), "--log"),
        (None, Some(filter)) => (filter, "RUST_LOG"),
        (None, None) => (default.to_owned(), "the default"),
    };
    let filter = parse(&wanted).map_err(|why| (named, why))?;
    let (filter, handle) = reload::Layer::new(filter);
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr);
    match format {
        LogFormat::Text => registry.with(lines.with_ansi(stderr().is_terminal()).with_target(false)).init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).init(),
    }
    Ok(Arc::new(Log { filter: Mutex::new(wanted), handle }))
}

impl LogControl for Log {
    fn filter(&self) -> String {
        self.filter.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_filter(&self, filter: &str) -> Result<(), String> {
        let parsed = parse(filter)?;
        self.handle.reload(parsed).map_err(|error| error.to_string())?;
        *self.filter.lock().unwrap_or_else(PoisonError::into_inner) = filter.to_owned();
        Ok(())
    }
}

/// Text as a filter.
pub(crate) fn parse(wanted: &str) -> Result<Targets, String> {
    // A bare level speaks of this program, not of the libraries below it.
    let is_level = wanted.chars().all(|c| c.is_ascii_alphanumeric());
    let filter =
        if is_level { format!("warn,rumormill_node={wanted},rumormill={wanted}") } else { wanted.to_owned() };
    filter.parse().map_err(|_| {
        format!(
            "'{wanted}' is no log filter; write off, error, warn, info, debug, trace, or a list like \
             rumormill_node=debug,warn"
        )
    })
}
