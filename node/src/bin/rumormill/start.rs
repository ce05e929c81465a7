//! What goes wrong at a node's start, in words that name the flag to change.

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
        StartError::Name { .. } => anyhow!("{error}; choose another with --name"),
        StartError::Advertise(local) => anyhow!(
            "{error}: give it with --advertise, for example --advertise http://{}:{}",
            "192.0.2.1",
            local.port()
        ),
        error => error.into(),
    }
}
