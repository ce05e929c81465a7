//! Logs go to stderr, so that stdout holds nothing but what was asked for.

use crate::args::{LogArgs, LogFormat};
use anyhow::anyhow;
use std::io::{IsTerminal, stderr};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub(crate) fn start(args: &LogArgs, default: &str) -> anyhow::Result<()> {
    let from_environment = std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty());
    let (wanted, named) = match (&args.log, from_environment) {
        (Some(flag), _) => (flag.clone(), "--log"),
        (None, Some(filter)) => (filter, "RUST_LOG"),
        (None, None) => (default.to_owned(), "the default"),
    };
    // A bare level speaks of this program, not of the libraries below it.
    let is_level = wanted.chars().all(|c| c.is_ascii_alphanumeric());
    let filter =
        if is_level { format!("warn,rumormill_node={wanted},rumormill={wanted}") } else { wanted.clone() };
    let filter: Targets = filter.parse().map_err(|_| {
        anyhow!(
            "{named} '{wanted}' is no log filter; write off, error, warn, info, debug, trace, \
             or a list like rumormill_node=debug,warn"
        )
    })?;
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr);
    match args.log_format {
        LogFormat::Text => registry.with(lines.with_ansi(stderr().is_terminal()).with_target(false)).init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).init(),
    }
    Ok(())
}
