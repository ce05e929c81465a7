//! Logs go to stderr, so that stdout holds nothing but what was asked for.

use crate::args::{LogArgs, LogFormat};
use anyhow::Context;
use std::io::{IsTerminal, stderr};
use tracing_subscriber::EnvFilter;

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
    let filter = EnvFilter::try_new(&filter).with_context(|| {
        format!("{named} '{wanted}' is no log filter; write error, warn, info, debug, trace, or filters like RUST_LOG's")
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    match args.log_format {
        LogFormat::Text => builder.with_ansi(stderr().is_terminal()).with_target(false).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
}
