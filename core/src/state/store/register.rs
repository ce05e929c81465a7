//! The last-writer-wins register. The later stamp wins, then the greater
//! author, then the greater sequence: properties of the write, never of who
//! carried it or when it arrived. (Shapiro et al. 2011, §3.2.1.)

use super::Value;
use crate::hlc::Hlc;
use crate::id::Writer;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Register {
    pub(crate) value: Value,
    pub(crate) stamp: Hlc,
    pub(crate) author: Writer,
    pub(crate) sequence: u64,
}

impl Register {
    /// Does this write replace that one?
    pub(crate) fn beats(&self, other: &Self) -> bool {
        self.order() > other.order()
    }

    /// The value comes last: one dot with two values is a forgery or a fault,
    /// and even then all replicas settle on the same one.
    fn order(&self) -> (Hlc, &Writer, u64, &Value) {
        (self.stamp, &self.author, self.sequence, &self.value)
    }
}
