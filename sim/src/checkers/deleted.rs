//! What was deleted stays deleted, wherever the delete was seen, unless it was
//! written again by someone who had not seen the delete, or later; and what was
//! never written does not read.

use super::expected::Mismatch;
use super::{Checker, Property, View};

pub(super) struct Deleted;

impl Checker for Deleted {
    fn property(&self) -> Property {
        Property::Deleted
    }

    fn on_look(&mut self, view: &View<'_>) -> Result<(), String> {
        view.mismatch(|mismatch| match mismatch {
            Mismatch::Undead(what) => Some(what),
            _ => None,
        })
    }
}
