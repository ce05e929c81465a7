//! Failures that are the command line's fault: exit code 2.

use std::fmt;

/// What was given makes no sense; says what is allowed.
#[derive(Debug)]
pub(crate) struct Usage(String);

impl Usage {
    pub(crate) fn error(why: impl fmt::Display) -> anyhow::Error {
        Self(why.to_string()).into()
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}
