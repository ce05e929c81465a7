//! What is fed from outside stays below its bound: links, members, peers that
//! are owed something, members that owe an answer.

use super::{Checker, Property, View};

pub(super) struct Bounded;

impl Checker for Bounded {
    fn property(&self) -> Property {
        Property::Bounded
    }

    fn on_look(&mut self, view: &View<'_>) -> Result<(), String> {
        let nodes = view.sim.nodes();
        // A node dials up to `links_max` and accepts as long as it has fewer than twice as many.
        let links_max = view.calm.links_max().saturating_mul(2);
        for node in view.sim.iter() {
            let Some(engine) = node.engine else { continue };
            let sizes = [
                ("links", engine.link_count(), links_max),
                ("members", engine.members().len() as u32, nodes),
                ("peers that it owes something", engine.owed(), nodes),
                ("members that owe it an answer", engine.unanswered().count() as u32, nodes),
            ];
            if let Some((what, found, most)) = sizes.into_iter().find(|(_, found, most)| found > most) {
                return Err(format!("{} has {found} {what}, and at most {most} are allowed", node.id));
            }
        }
        Ok(())
    }
}
