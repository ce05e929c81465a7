//! When a person or the system wants something of the program.

use std::io;

/// Comes back at Ctrl-C or SIGTERM.
pub(crate) async fn end() {
    match Ends::new() {
        Ok(mut ends) => ends.next().await,
        Err(_) => std::future::pending().await,
    }
}

#[cfg(unix)]
mod system {
    use super::io;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// Requests to end: Ctrl-C and SIGTERM.
    pub(crate) struct Ends {
        interrupts: Signal,
        terminations: Signal,
    }

    impl Ends {
        pub(crate) fn new() -> io::Result<Self> {
            let (interrupts, terminations) =
                (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
            Ok(Self { interrupts, terminations })
        }

        /// Comes back at the next one.
        pub(crate) async fn next(&mut self) {
            tokio::select! {
                _ = self.interrupts.recv() => {}
                _ = self.terminations.recv() => {}
            }
        }
    }

    /// Requests to read the configuration again: SIGHUP.
    pub(crate) struct Hangups(Signal);

    impl Hangups {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self(signal(SignalKind::hangup())?))
        }

        /// Comes back at the next one.
        pub(crate) async fn next(&mut self) {
            self.0.recv().await;
        }
    }
}

#[cfg(not(unix))]
mod system {
    use super::io;

    /// Requests to end: Ctrl-C.
    pub(crate) struct Ends;

    impl Ends {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        /// Comes back at the next one.
        pub(crate) async fn next(&mut self) {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Nobody asks for the configuration to be read again here.
    pub(crate) struct Hangups;

    impl Hangups {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        /// Never comes back.
        pub(crate) async fn next(&mut self) {
            std::future::pending::<()>().await;
        }
    }
}

pub(crate) use system::{Ends, Hangups};
