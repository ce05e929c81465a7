//! The matrix of beliefs: a row for each member that is asked, a column for each member that anyone knows; a mark says
//! for what the one holds the other. Where rows differ, the members do not agree, and that is said in words.

use super::{
    around::{ASKED_MAX, Belief, asked},
    knowledge::Health,
    session::Model,
    state::View,
    words,
};
use rumormill_core::{NodeId, Status};
use std::collections::{BTreeMap, BTreeSet};
use yew::prelude::*;

/// Props of [`BeliefsMatrix`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct BeliefsProps {
    /// What is known.
    pub model: Model,
    /// Counts the changes of the members and of what others say.
    pub revision: (u64, u64),
    /// The page's clock, for ages.
    pub now_ms: u64,
}

/// The matrix.
#[component]
pub(super) fn BeliefsMatrix(props: &BeliefsProps) -> Html {
    let view = props.model.view.borrow();
    let columns = columns(&view);
    let left_out = view.members.values().filter(|member| member.view.status.is_active()).count();
    let left_out = left_out.saturating_sub(asked(view.members.values()).count());
    html! {
        <>
            <p class="muted" data-testid="live-beliefs-words">{ verdict(&view.around.beliefs, &columns) }</p>
            <table class="table beliefs" data-testid="live-beliefs">
                <caption class="sr-only">{ "Who holds whom for what" }</caption>
                <thead><tr>
                    <th scope="col">{ "believes" }</th>
                    { for columns.iter().map(|id| html! { <th scope="col" class="belief-head">{ id.as_str() }</th> }) }
                </tr></thead>
                <tbody>
                    { for asked(view.members.values()).map(|member| row(&member.view.id, &view, &columns, props.now_ms)) }
                </tbody>
            </table>
            if left_out > 0 {
                <p class="muted">{ format!("{} not asked: at most {ASKED_MAX} are, and none without an address.",
                    words::counted(left_out, "member is", "members are")) }</p>
            }
        </>
    }
}

fn columns(view: &View) -> Vec<NodeId> {
    let mut ids: BTreeSet<NodeId> = view.members.keys().cloned().collect();
    ids.extend(view.around.beliefs.values().flat_map(|belief| belief.of.keys().cloned()));
    ids.into_iter().take(2 * ASKED_MAX).collect()
}

fn row(id: &NodeId, view: &View, columns: &[NodeId], now_ms: u64) -> Html {
    let Some(belief) = view.around.beliefs.get(id) else {
        return html! {
            <tr><th scope="row">{ id.as_str() }</th><td colspan={columns.len().to_string()} class="muted">{ "not told yet" }</td></tr>
        };
    };
    let note = match &belief.error {
        Some(why) => why.clone(),
        None => format!("{} ago", words::span(now_ms.saturating_sub(belief.at_ms))),
    };
    html! {
        <tr data-testid="live-belief-row" data-member={id.to_string()} class={belief.error.is_some().then_some("is-old")}>
            <th scope="row" title={note.clone()}>
                { id.as_str() }
                if belief.error.is_some() { <div class="sub">{ note }</div> }
            </th>
            { for columns.iter().map(|of| cell(belief.of.get(of).copied(), of)) }
        </tr>
    }
}

fn cell(status: Option<Status>, of: &NodeId) -> Html {
    let Some(status) = status else {
        return html! { <td class="belief" data-of={of.to_string()} data-status="unknown" title="does not know it">{ "·" }</td> };
    };
    html! {
        <td class="belief" data-of={of.to_string()} data-status={status.as_str()} title={status.as_str()}>
            { super::members::health_mark(Health::of(status, None)) }
        </td>
    }
}

/// Whether all who were asked agree, and if not, about whom.
fn verdict(beliefs: &BTreeMap<NodeId, Belief>, columns: &[NodeId]) -> String {
    if beliefs.is_empty() {
        return "Asking each member what it believes of the others…".to_owned();
    }
    let disputed = columns.iter().filter(|of| {
        let held: BTreeSet<_> = beliefs.values().map(|belief| belief.of.get(*of)).collect();
        held.len() > 1
    });
    let disputed: Vec<&str> = disputed.map(NodeId::as_str).collect();
    let asked = words::counted(beliefs.len(), "member", "members");
    match disputed.as_slice() {
        [] => format!("All {asked} that were asked agree."),
        some => format!("{asked} asked; they do not agree about {}.", some.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::id;
    use super::*;

    #[test]
    fn agreement_and_dispute_are_told_in_words() {
        let belief = |of: &[(&str, Status)]| Belief {
            of: of.iter().map(|(name, status)| (id(name), *status)).collect(),
            at_ms: 0,
            error: None,
        };
        let columns = [id("a"), id("b")];
        let mut beliefs = BTreeMap::new();
        assert!(verdict(&beliefs, &columns).starts_with("Asking"));
        beliefs.insert(id("a"), belief(&[("a", Status::Alive), ("b", Status::Alive)]));
        beliefs.insert(id("b"), belief(&[("a", Status::Alive), ("b", Status::Alive)]));
        assert_eq!(verdict(&beliefs, &columns), "All 2 members that were asked agree.");
        beliefs.insert(id("c"), belief(&[("a", Status::Alive), ("b", Status::Down)]));
        assert_eq!(verdict(&beliefs, &columns), "3 members asked; they do not agree about b.");
        beliefs.insert(id("d"), belief(&[("b", Status::Alive)]));
        assert!(
            verdict(&beliefs, &columns).ends_with("about a, b."),
            "who does not know one does not agree either"
        );
    }
}
