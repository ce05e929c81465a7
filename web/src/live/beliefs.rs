//! The matrix of beliefs: a row for each member that is asked, a column for each member that anyone knows; a mark says
//! for what the one holds the other. Where rows differ, the members do not agree, and that is said in words.

use super::{
    around::{ASKED_MAX, Belief, asked},
    holders::Has,
    knowledge::Health,
    members::{has_mark, mark_of},
    session::Model,
    state::View,
    words,
};
use rumormill_core::ordered::{Map, Set};
use rumormill_core::{NodeId, Status};
use std::rc::Rc;
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

/// Names of so many letters stand upright above their column, or the marks would stand far apart. A guess by eye.
const NAME_FLAT_MAX: usize = 4;

/// So many columns of short names fit side by side on a phone; above more of them names stand upright too.
const COLUMNS_FLAT_MAX: usize = 8;

/// The matrix.
#[component]
pub(super) fn BeliefsMatrix(props: &BeliefsProps) -> Html {
    let view = props.model.view.borrow();
    let columns = columns(&view);
    let rows: Vec<&NodeId> = asked(view.members.values()).map(|member| &member.view.id).collect();
    let is_upright =
        columns.len() > COLUMNS_FLAT_MAX || columns.iter().any(|id| id.as_str().len() > NAME_FLAT_MAX);
    html! {
        <div class="beliefs-view">
            <p data-testid="live-beliefs-words">{ verdict(&view.around.beliefs, &rows, &columns) }</p>
            <table class={classes!("table", "beliefs", is_upright.then_some("is-upright"))} data-testid="live-beliefs">
                <caption class="sr-only">{ "Who holds whom for what" }</caption>
                <thead><tr>
                    <td class="belief-corner"></td>
                    { for columns.iter().map(|id| html! {
                        <th scope="col" class="belief-head" title={id.to_string()}><span>{ id.as_str() }</span></th>
                    }) }
                </tr></thead>
                <tbody>{ for rows.iter().map(|id| row(id, &view, &columns, props.now_ms)) }</tbody>
            </table>
            { legend(&view.around.beliefs, &rows, view.around.sought.is_some()) }
            <p class="field-hint">{ "Each row is what one member believes of the others." }</p>
            { for rows.iter().filter_map(|id| silence(id, view.around.beliefs.get(*id)?, props.now_ms)).map(|words| html! {
                <p class="field-hint belief-silence">{ words }</p>
            }) }
            if let Some(words) = unasked(&view) {
                <p class="field-hint">{ words }</p>
            }
        </div>
    }
}

fn columns(view: &View) -> Vec<NodeId> {
    let mut ids: Set<NodeId> = view.members.keys().cloned().collect();
    ids.extend(view.around.beliefs.values().flat_map(|belief| belief.of.keys().cloned()));
    ids.into_iter().take(2 * ASKED_MAX).collect()
}

fn row(id: &NodeId, view: &View, columns: &[NodeId], now_ms: u64) -> Html {
    let width = columns.len().to_string();
    // A member holds at least itself: where there is nothing, it never answered.
    let Some(belief) = view.around.beliefs.get(id).filter(|belief| !belief.of.is_empty()) else {
        return html! {
            <tr key={id.as_str()}>
                <th scope="row">{ has(id, view) }{ id.as_str() }</th>
                <td colspan={width} class="muted">{ "has not answered yet" }</td>
            </tr>
        };
    };
    let age = words::span(now_ms.saturating_sub(belief.at_ms));
    html! {
            <tr key={id.as_str()} data-testid="live-belief-row" data-member={id.to_string()}
                class={belief.error.is_some().then_some("is-old")}>
                <th scope="row" title={format!("said {age} ago")}>{ has(id, view) }{ id.as_str() }</th>
                { for columns.iter().map(|of| cell(belief.of.get(of).copied(), of)) }
            </tr>
    }
}

/// Whether a member has what stands under the key in question, if there is one.
fn has(id: &NodeId, view: &View) -> Html {
    let sought = view.around.sought.as_deref().zip(view.members.get(id));
    let has = sought.map(|(sought, member)| sought.has(view, member));
    html! {
        if let Some(has) = has {
            <span class="belief-has" title={has.words()} data-testid="live-has">
                { mark_of(has) }<span class="sr-only">{ format!("{}: ", has.words()) }</span>
            </span>
        }
    }
}

/// That one does not answer, why, and how old its row is.
fn silence(id: &NodeId, belief: &Belief, now_ms: u64) -> Option<String> {
    let why = sentence(belief.error.as_ref()?);
    if belief.of.is_empty() {
        return Some(format!("{id} has not answered. {why}"));
    }
    let age = words::span(now_ms.saturating_sub(belief.at_ms));
    Some(format!("{id} does not answer; its row is what it said {age} ago. {why}"))
}

/// A reason as a sentence of its own.
fn sentence(why: &str) -> String {
    let mut letters = why.chars();
    let first: String = letters.next().map(|letter| letter.to_ascii_uppercase().into()).unwrap_or_default();
    let end = if why.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
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

/// The order of the marks in the legend.
const MARKS: [Health; 5] = [Health::Alive, Health::Joining, Health::Suspect, Health::Down, Health::Left];

/// The marks that are in sight, in words.
fn legend(beliefs: &Map<NodeId, Rc<Belief>>, rows: &[&NodeId], is_sought: bool) -> Html {
    let held: Set<Health> = rows
        .iter()
        .filter_map(|id| beliefs.get(*id))
        .flat_map(|belief| belief.of.values().map(|status| Health::of(*status, None)))
        .collect();
    html! {
        <ul class="live-legend" aria-label="Legend">
            { for MARKS.into_iter().filter(|health| held.contains(health)).map(|health| html! {
                <li key={health.as_str()}>{ super::members::health_mark(health) }</li>
            }) }
            if is_sought {
                { for [Has::Yes, Has::No, Has::Unknown].map(|has| html! { <li>{ has_mark(has) }</li> }) }
            }
        </ul>
    }
}

/// Who is not asked, and why.
pub(super) fn unasked(view: &View) -> Option<String> {
    let asked: Vec<&NodeId> = asked(view.members.values()).map(|member| &member.view.id).collect();
    let active = view.members.values().filter(|member| member.view.status.is_active());
    let unasked: Vec<_> = active.filter(|member| !asked.contains(&&member.view.id)).collect();
    let addressless = unasked.iter().filter(|member| member.view.address.is_none());
    let addressless: Vec<&str> = addressless.map(|member| member.view.id.as_str()).collect();
    unasked_words(&addressless, unasked.len() - addressless.len())
}

/// Who is active and yet has no row, and why: those without an address, and those beyond the most that are asked.
fn unasked_words(addressless: &[&str], too_many: usize) -> Option<String> {
    let counted = |count| words::counted(count, "member is", "members are");
    let addressless = match addressless {
        [] => None,
        [one] => Some(format!("{one} is not asked: it has no address.")),
        _ => Some(format!("{} not asked: they have no address.", counted(addressless.len()))),
    };
    let too_many =
        (too_many > 0).then(|| format!("{} not asked: {ASKED_MAX} is the most.", counted(too_many)));
    let sentences: Vec<String> = addressless.into_iter().chain(too_many).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// Whether all who answer agree, and if not, about whom; and who does not answer. What those without a row said, or
/// said before they fell silent, does not count: it is old.
fn verdict(beliefs: &Map<NodeId, Rc<Belief>>, rows: &[&NodeId], columns: &[NodeId]) -> String {
    let told = || rows.iter().filter_map(|id| Some((id.as_str(), &**beliefs.get(*id)?)));
    let answers: Vec<&Belief> =
        told().map(|(_, belief)| belief).filter(|belief| belief.error.is_none()).collect();
    let silent: Vec<&str> = told().filter(|(_, belief)| belief.error.is_some()).map(|(id, _)| id).collect();
    if answers.is_empty() && silent.is_empty() {
        return "Asking each member what it believes of the others…".to_owned();
    }
    let disputed = columns.iter().filter(|of| {
        let held: Set<_> = answers.iter().map(|belief| belief.of.get(*of)).collect();
        held.len() > 1
    });
    let disputed: Vec<&str> = disputed.map(NodeId::as_str).collect();
    let answering = words::counted(answers.len(), "member", "members");
    let answering = match (answers.len(), disputed.as_slice()) {
        (0, _) => String::new(),
        (1, _) => format!("{answering} answers."),
        (_, []) => format!("All {answering} that answer agree."),
        (_, some) => format!("{answering} answer; they do not agree about {}.", listed(some)),
    };
    let silent = match silent.as_slice() {
        [] => String::new(),
        [one] => format!("{one} does not answer."),
        some => format!("{} do not answer.", listed(some)),
    };
    format!("{answering} {silent}").trim().to_owned()
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::id;
    use super::*;

    #[test]
    fn agreement_and_dispute_are_told_in_words() {
        let belief = |of: &[(&str, Status)]| {
            let of = Rc::new(of.iter().map(|(name, status)| (id(name), *status)).collect());
            Rc::new(Belief { of, linked: Rc::default(), at_ms: 0, error: None })
        };
        let columns = [id("a"), id("b")];
        let names = [id("a"), id("b"), id("c"), id("d")];
        let rows: Vec<&NodeId> = names.iter().collect();
        let mut beliefs = Map::new();
        assert!(verdict(&beliefs, &rows, &columns).starts_with("Asking"));
        beliefs.insert(id("a"), belief(&[("a", Status::Alive), ("b", Status::Alive)]));
        assert_eq!(verdict(&beliefs, &rows, &columns), "1 member answers.");
        beliefs.insert(id("b"), belief(&[("a", Status::Alive), ("b", Status::Alive)]));
        assert_eq!(verdict(&beliefs, &rows, &columns), "All 2 members that answer agree.");
        beliefs.insert(id("c"), belief(&[("a", Status::Alive), ("b", Status::Down)]));
        assert_eq!(verdict(&beliefs, &rows, &columns), "3 members answer; they do not agree about b.");
        assert_eq!(
            verdict(&beliefs, &rows[..2], &columns),
            "All 2 members that answer agree.",
            "what one said that is not asked any more does not count"
        );
        beliefs.insert(id("d"), belief(&[("b", Status::Alive)]));
        assert!(
            verdict(&beliefs, &rows, &columns).ends_with("about a and b."),
            "who does not know one does not agree either"
        );
    }

    #[test]
    fn who_does_not_answer_is_named_and_its_old_word_does_not_count() {
        let belief = |status, error: Option<&str>| {
            let of = Rc::new(Map::from_iter([(id("b"), status)]));
            Rc::new(Belief { of, linked: Rc::default(), at_ms: 0, error: error.map(str::to_owned) })
        };
        let names = [id("a"), id("b"), id("c")];
        let rows: Vec<&NodeId> = names.iter().collect();
        let mut beliefs = Map::from_iter([
            (id("a"), belief(Status::Suspect, None)),
            (id("b"), belief(Status::Alive, Some("nobody listens there"))),
            (id("c"), belief(Status::Suspect, None)),
        ]);
        assert_eq!(verdict(&beliefs, &rows, &names), "All 2 members that answer agree. b does not answer.");
        beliefs.retain(|name, _| *name == id("b"));
        assert_eq!(verdict(&beliefs, &rows, &names), "b does not answer.");
        assert_eq!(sentence("nobody listens there"), "Nobody listens there.");
    }

    #[test]
    fn whoever_is_not_asked_is_told_with_the_reason() {
        let said = |addressless: &[&str], too_many| unasked_words(addressless, too_many).unwrap_or_default();
        assert_eq!(unasked_words(&[], 0), None);
        assert_eq!(said(&["tab-1"], 0), "tab-1 is not asked: it has no address.");
        assert_eq!(said(&["x", "y"], 0), "2 members are not asked: they have no address.");
        assert_eq!(said(&[], 1), "1 member is not asked: 24 is the most.");
        let both = "tab-1 is not asked: it has no address. 3 members are not asked: 24 is the most.";
        assert_eq!(said(&["tab-1"], 3), both);
    }
}
