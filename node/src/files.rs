//! How many files the process may have open: each link is one, and systems
//! allow a program few unless it asks. It asks; it decides nothing else.

/// Raises the limit on open files as far as the system lets this process do
/// that by itself (the "hard" limit of `ulimit -Hn`), and returns what holds
/// then; none where there is no limit, or nobody can tell. Programs with many
/// nodes call it once, before they start them; `rumormill` does.
pub fn raise_limit() -> Option<u64> {
    system::raise_limit()
}

#[cfg(unix)]
mod system {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    pub(super) fn raise_limit() -> Option<u64> {
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        // Where that is refused, fewer files must do: the node waits with further connections then.
        match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
            Ok(()) => maximum,
            Err(_) => current,
        }
    }
}

#[cfg(not(unix))]
mod system {
    pub(super) fn raise_limit() -> Option<u64> {
        None
    }
}
