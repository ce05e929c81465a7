//! The row that shows the tab's own part in the cluster, and lets it join and leave. It shows facts and derives none.

use super::protocol::Standing;
use super::tab::Tab;
use crate::live::members::health_mark;
use crate::live::{knowledge::Health, words};
use crate::ui::{Button, ButtonKind, Check};
use yew::prelude::*;

/// What the row needs besides the member.
#[derive(Debug)]
pub(in crate::live) struct MemberRow {
    /// Is a node in sight, to join through?
    pub can_join: bool,
    /// The hash of the observed node's store, to compare.
    pub node_store: Option<String>,
    /// Are writes made by the tab's member?
    pub writes_as_tab: bool,
    /// Join.
    pub on_join: Callback<()>,
    /// Leave.
    pub on_leave: Callback<()>,
    /// What else can be done from this row; it stands at its end.
    pub more: Html,
    /// Let the tab's member write, or the observed node.
    pub on_writes_as_tab: Callback<bool>,
}

impl MemberRow {
    /// The row.
    pub(in crate::live) fn html(self, tab: &Tab) -> Html {
        let state = match tab.standing() {
            Some(standing) if tab.is_member() && standing.host.is_some() => "member",
            _ if tab.is_wanted() => "joining",
            _ => "none",
        };
        html! {
            <section class="live-tab" aria-label="This tab in the cluster" data-testid="live-tab" data-state={state}>
                if tab.is_wanted() { { self.joined(tab) } } else { { self.outside(tab) } }
            </section>
        }
    }

    fn outside(&self, tab: &Tab) -> Html {
        html! {
            <>
                <Button label="Join from this tab" testid="live-join" disabled={!self.can_join}
                    onclick={self.on_join.clone()} />
                if let Some(why) = tab.failure() {
                    <span class="field-error" role="alert" data-testid="live-tab-failure">
                        { format!("This tab cannot be a member: {why}") }
                    </span>
                } else {
                    <span class="muted live-tab-about">{ "This tab only watches. It can also be a member itself: the same engine \
                        runs here, behind a node." }</span>
                }
                <span class="live-tab-acts">{ self.more.clone() }</span>
            </>
        }
    }

    fn joined(&self, tab: &Tab) -> Html {
        html! {
            <>
                { match tab.standing() {
                    Some(standing) => self.facts(standing),
                    None => html! { <span class="muted">{ "Starting…" }</span> },
                } }
                if let Some(name) = tab.renamed_from() {
                    <span class="muted" data-testid="live-tab-renamed">{ format!("renamed: another tab has the name {name}") }</span>
                }
                <span class="live-tab-acts">
                    <Check label="Write as this tab" id="live-as-tab" checked={self.writes_as_tab}
                        onchange={self.on_writes_as_tab.clone()} />
                    <Button label="Leave" testid="live-tab-leave" kind={ButtonKind::Quiet}
                        title="Say goodbye to the cluster, and only watch" onclick={self.on_leave.clone()} />
                    { self.more.clone() }
                </span>
            </>
        }
    }

    fn facts(&self, standing: &Standing) -> Html {
        let health = match standing.host {
            Some(_) => Health::of(standing.status, None),
            None => Health::Joining,
        };
        let place = match (&standing.host, &standing.trouble) {
            (Some(host), _) => format!("behind {host}"),
            (None, Some(why)) => format!("no node takes it yet: {why}. It keeps trying."),
            (None, None) => "looking for a node".to_owned(),
        };
        let is_same = self.node_store.as_deref() == Some(&format!("{:016x}", standing.store));
        let keys = words::counted(standing.keys as usize, "key", "keys");
        let messages = words::counted(standing.sent.0 as usize, "message", "messages");
        let mut sent = format!("This tab has sent {messages}, {}.", words::bytes(standing.sent.1 as f64));
        if standing.refutations > 0 {
            let suspicions = words::counted(standing.refutations as usize, "suspicion", "suspicions");
            sent.push_str(&format!(" It has denied {suspicions} that it is down."));
        }
        html! {
            <>
                <span class="mono live-tab-name" data-testid="live-tab-name">{ standing.name.as_str() }</span>
                { health_mark(health) }
                <span data-testid="live-tab-place">{ place }</span>
                if standing.host.is_some() {
                    <span class="muted num" data-testid="live-tab-facts">
                        { format!("sees {} of {} members · {keys}{}", standing.active, standing.known,
                            if is_same { ", in sync with the node" } else { "" }) }
                    </span>
                    <details class="live-tab-more">
                        <summary>{ "More" }</summary>
                        <div>
                        <p class="num">{ sent }</p>
                        <p>{ "The tab stays a member while it is in the background. If the browser freezes or closes it, the others \
                            hold it to be down after some seconds. A frozen tab that wakes up comes back by itself." }</p>
                        </div>
                    </details>
                }
            </>
        }
    }
}
