//! What goes wrong at a node's start, in words that name the flag to change.

use crate::usage::Usage;
use anyhow::anyhow;
use rumormill_node::StartError;
use std::io;

pub(crate) fn explain(error: StartError) -> anyhow::Error {
    match error {
        StartError::Listen { listen, source } if source.kind() == io::ErrorKind::AddrInUse => anyhow!(
            "{listen} is in use by another program; choose another port with --listen, or stop that program"
        ),
        StartError::Listen { listen, source } => {
            anyhow!("cannot listen on {listen} ({source}); choose another address with --listen")
        }
        StartError::Name { .. } => Usage::error(format!("{error}; choose another with --name")),
        StartError::Advertise(local) => {
            let example = format!("--advertise http://THIS-HOST:{}", local.port());
            Usage::error(format!("{error}; say so with --advertise, for example {example}"))
        }
        error @ (StartError::Address(_) | StartError::Config(_)) => Usage::error(error),
    }
}
