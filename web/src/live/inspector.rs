//! Everything that is known of one member, and the way to see the cluster as it does. It shows facts and derives none.

use super::{
    knowledge::{self, MemberRow},
    members::{contact, health_mark, sees},
    session::Model,
    state::View,
    way, words,
};
use crate::ui::{Button, ButtonKind, Facts, IconName, Panel};
use rumormill_api::StatusView;
use rumormill_core::{Duration, LimiterConfig, NodeId};
use yew::prelude::*;

/// Props of [`Inspector`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct InspectorProps {
    /// What is known.
    pub model: Model,
    /// Counts the changes of the members, of the observed node and of what others say.
    pub revision: [u64; 3],
    /// The page's clock, for ages.
    pub now_ms: u64,
    /// The chosen member; none shows the observed node.
    pub selected: Option<NodeId>,
    /// The choice was taken back.
    pub on_select: Callback<Option<NodeId>>,
    /// See the cluster through this address.
    pub on_connect_to: Callback<String>,
}

/// The panel.
#[component]
pub(super) fn Inspector(props: &InspectorProps) -> Html {
    let view = props.model.view.borrow();
    let wanted = props.selected.as_ref().or(view.node());
    let Some(member) = wanted.and_then(|id| view.members.get(id)) else {
        return html! {
            <Panel title="Member" testid="live-inspector" class="live-inspector">
                <p class="muted">{ "The node has not named this member." }</p>
            </Panel>
        };
    };
    let row = knowledge::row(member, &view, props.now_ms);
    let facts = facts(&row, &view);
    let back = props.on_select.reform(|()| None);
    let actions = html! {
        if props.selected.is_some() {
            <Button label="Show the node of this view" icon={IconName::Close} icon_only=true kind={ButtonKind::Quiet}
                testid="live-deselect" onclick={back} />
        }
    };
    html! {
        <Panel title={format!("Member {}", row.id)} testid="live-inspector" class="live-inspector" {actions}
            scrolls=true>
            <p class="inspector-head">
                { health_mark(row.health) }
                <span class="muted">{ contact(&row) }</span>
            </p>
            if let Some(measure) = &view.around.measured {
                <p class="inspector-write" data-testid="live-inspector-write">
                    { "Latest write, " }<b class="mono">{ &measure.key }</b>{ ": " }
                    { way::of_member(measure, &view, &row.id, props.now_ms) }
                </p>
            }
            <Facts {facts} testid="live-inspector-facts" />
            if !row.is_self {
                { see_through(&row, props) }
            }
        </Panel>
    }
}

fn see_through(row: &MemberRow, props: &InspectorProps) -> Html {
    let Some(address) = row.address.clone() else {
        return html! { <p class="muted">{ "It has no address, so it cannot be looked through." }</p> };
    };
    let onclick = props.on_connect_to.reform(move |()| address.clone());
    html! {
        <p class="inspector-act">
            <Button label={format!("See through {}", row.id)} icon={IconName::Link} testid="live-see-through" {onclick} />
        </p>
    }
}

fn facts(row: &MemberRow, view: &View) -> Vec<(AttrValue, AttrValue)> {
    let mut facts: Vec<(AttrValue, AttrValue)> = Vec::new();
    let mut add = |name: &'static str, value: String| facts.push((name.into(), value.into()));
    add("Knows", row.knowledge.words());
    if let Some(age_ms) = row.report_age_ms {
        add("Told", format!("{} ago", words::span(age_ms)));
    }
    add("Holds active", sees(row));
    let report = view.members.get(&row.id).and_then(|member| member.view.report.as_ref());
    match (row.is_self, view.status.as_deref(), report) {
        (true, Some(status), _) => own_facts(status, &mut add),
        (_, _, Some(report)) => {
            add("Sent", sent(report.sent_messages, report.sent_bytes));
            add("Limiter", limiter(report.tokens, report.denials));
            add("Writes seen", words::grouped(signed(report.version)));
        }
        _ => {}
    }
    add("Address", row.address.clone().unwrap_or_else(|| "none".to_owned()));
    add("Incarnation", row.incarnation.to_string());
    facts
}

fn own_facts(status: &StatusView, add: &mut impl FnMut(&'static str, String)) {
    let tallies = &status.tallies;
    let tuning = &status.tuning;
    add("Sent", sent(tallies.sent_messages, tallies.sent_bytes));
    add("Received", sent(tallies.received_messages, tallies.received_bytes));
    add("Limiter", limiter(tallies.tokens, tallies.denials));
    add("Limit", limit(&tuning.limiter));
    add("Strategy", format!("{}, fanout {}", tuning.strategy, tuning.fanout));
    add("Interval", seconds(tuning.interval_us));
    add("Rounds", words::grouped(signed(tallies.rounds)));
    add("Links", tallies.links.to_string());
    add("Owes news to", words::counted(tallies.owed as usize, "member", "members"));
    add("Writes seen", words::grouped(signed(status.store.version)));
    add("Up for", words::span(status.uptime_ms));
    add("Version", format!("{}, process {}", status.version, status.pid));
}

fn sent(messages: u64, bytes: u64) -> String {
    format!("{} messages, {}", words::grouped(signed(messages)), words::bytes(bytes as f64))
}

fn limiter(tokens: Option<u32>, denials: u64) -> String {
    match tokens {
        None => "no limit".to_owned(),
        Some(tokens) => format!("{tokens} tokens left, {} put off", words::grouped(signed(denials))),
    }
}

fn limit(limiter: &LimiterConfig) -> String {
    match limiter {
        LimiterConfig::Unlimited => "none".to_owned(),
        LimiterConfig::Bucket { capacity, refill_per_s, .. } => {
            format!("bucket of {capacity}, {refill_per_s} per second")
        }
        LimiterConfig::Window { tokens, period_us, .. } => format!("{tokens} per {}", seconds(*period_us)),
    }
}

fn seconds(span: Duration) -> String {
    match span.as_micros() {
        micros if micros < 1_000_000 => format!("{} ms", micros / 1_000),
        micros => format!("{} s", micros as f64 / 1e6),
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
