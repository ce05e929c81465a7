//! A counter is the sum of its increments: at every node, at every time, of
//! those that the node has seen and no delete had. In the end everyone has
//! seen all that are not lost for good.

use super::expected::Mismatch;
use super::{Checker, Property, View};

pub(super) struct Counters;

impl Checker for Counters {
    fn property(&self) -> Property {
        Property::Counters
    }

    fn on_look(&mut self, view: &View<'_>) -> Result<(), String> {
        view.mismatch(|mismatch| match mismatch {
            Mismatch::Miscounted(what) => Some(what),
            _ => None,
        })
    }
}
