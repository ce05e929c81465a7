//! Within one life of a node, what it holds of a member never goes back to an
//! earlier incarnation, or to an earlier status of the same one, unless it was
//! forgotten (see `forgotten`). That numbers of writes and what was seen of them
//! never go back shows in the books, see `ledger`.

use super::{Checker, Property, View};
use rumormill_core::{Incarnation, Members};

/// What each node last held, and in which life.
#[derive(Default)]
pub(super) struct Backwards(Vec<(Incarnation, Members)>);

impl Checker for Backwards {
    fn property(&self) -> Property {
        Property::Backwards
    }

    fn on_look(&mut self, view: &View<'_>) -> Result<(), String> {
        self.0.resize_with(view.sim.nodes() as usize, Default::default);
        for (node, (life, last)) in view.sim.iter().zip(&mut self.0) {
            let Some(engine) = node.engine else { continue };
            let members = engine.members();
            if *life == node.incarnation {
                went_back(last, members).map_or(Ok(()), |what| Err(format!("{} {what}", node.id)))?;
            }
            (*life, *last) = (node.incarnation, members.clone());
        }
        Ok(())
    }
}

fn went_back(last: &Members, now: &Members) -> Option<String> {
    last.iter().find_map(|was| match now.member(&was.id) {
        None => None,
        Some(is) if (is.incarnation, is.status) >= (was.incarnation, was.status) => None,
        Some(is) => Some(format!(
            "held {} to be {} in life {} and then {} in life {}",
            was.id, was.status, was.incarnation.0, is.status, is.incarnation.0
        )),
    })
}
