//! How the connection stands, in words: the bar at the top, the notice when it is broken, the voice for screen
//! readers. It reads the connection and the view, and changes neither.

use super::{
    connection::{Connection, Phase},
    knowledge::{self, Health, MemberRow, Spread},
    state::View,
    words,
};
use crate::ui::{Button, Icon, IconName, Notice, SourceBar, Tone};
use rumormill_core::NodeId;
use yew::prelude::*;

/// The connection's state in one word, for tests and styles.
pub(super) fn state_word(phase: &Phase) -> &'static str {
    match phase {
        Phase::Idle => "idle",
        Phase::Connecting { .. } | Phase::Probing { .. } => "connecting",
        Phase::Live { .. } => "live",
        Phase::Waiting { .. } => "waiting",
    }
}

/// Does the user want a connection, whether or not there is one?
pub(super) fn is_wanted(phase: &Phase) -> bool {
    *phase != Phase::Idle
}

/// The members that can be looked through, by name: those with an address that are not known to be gone.
pub(super) fn reachable_members(view: &View) -> Vec<(NodeId, AttrValue)> {
    let reachable = view.members.values().filter(|member| member.view.status.is_active());
    reachable
        .filter_map(|member| Some((member.view.id.clone(), member.view.address.clone()?.into())))
        .collect()
}

/// The bar at the top: LIVE, through whom, how old, how it stands.
pub(super) fn source_bar(connection: &Connection, view: &View, now_ms: u64) -> Html {
    let rows = knowledge::rows(view, now_ms);
    let (words, tone) = chip(connection, view, &rows, now_ms);
    html! {
        <SourceBar badge="LIVE" facts={facts(view)} status={words} {tone}>
            if let Some(age_ms) = view.age_ms(now_ms) {
                <span class={classes!("live-age", "num", (!view.is_current()).then_some("is-old"))}
                    data-testid="live-age" title="How long ago the node last said anything">
                    { if view.is_current() { format!("{} old", words::span(age_ms)) }
                      else { format!("last heard {} ago", words::span(age_ms)) } }
                </span>
            }
        </SourceBar>
    }
}

/// What is wrong and when it is tried again, if anything is.
pub(super) fn trouble(connection: &Connection, has_data: bool, now_ms: u64, on_now: &Callback<()>) -> Html {
    let (Some(trouble), Some(address)) = (connection.trouble(), connection.address()) else {
        return html! {};
    };
    let wait = match connection.retry_in_ms(now_ms) {
        Some(wait_ms) => format!("Trying again in {} s.", wait_ms.div_ceil(1_000)),
        None => "Trying again now.".to_owned(),
    };
    let kept = if has_data { " What was last known is kept below." } else { "" };
    html! {
        <div class="live-trouble">
            <Notice tone={Tone::Warn} title={trouble.title()} testid="live-trouble">
                <p>{ trouble.explain(&address.label()) }{ kept }</p>
                <p class="live-retry">
                    <Icon name={IconName::Restart} />
                    <span class="num" data-testid="live-retry">{ wait }</span>
                    <Button label="Try now" testid="live-now" onclick={on_now.clone()}
                        disabled={connection.retry_in_ms(now_ms).is_none()} />
                </p>
            </Notice>
        </div>
    }
}

/// What a screen reader says when something changed. It holds no figure that changes by itself.
pub(super) fn announcement(connection: &Connection, view: &View, now_ms: u64) -> AttrValue {
    match (connection.phase(), connection.trouble(), view.node()) {
        (Phase::Waiting { .. }, Some(trouble), _) => format!("{}. Reconnecting.", trouble.title()).into(),
        (Phase::Live { .. }, _, Some(node)) => {
            let rows = knowledge::rows(view, now_ms);
            let bad: Vec<_> =
                rows.iter().filter(|row| row.health == Health::Down).map(|row| row.id.as_str()).collect();
            let alive = rows.iter().filter(|row| row.health.is_active()).count();
            let down = if bad.is_empty() { String::new() } else { format!("; down: {}", bad.join(", ")) };
            format!("Live, as seen by {node}: {alive} of {} members alive{down}.", rows.len()).into()
        }
        (Phase::Idle, _, Some(_)) => "Disconnected.".into(),
        _ => AttrValue::Static(""),
    }
}

fn facts(view: &View) -> AttrValue {
    let Some(status) = &view.status else { return AttrValue::Static("Not connected to any node") };
    let members = words::counted(view.members.len(), "member", "members");
    let keys = words::counted(view.entries.len(), "key", "keys");
    format!("as seen by {} · cluster {} · {members} · {keys}", status.node, status.cluster).into()
}

fn chip(connection: &Connection, view: &View, rows: &[MemberRow], now_ms: u64) -> (AttrValue, Tone) {
    match connection.phase() {
        Phase::Idle if view.status.is_some() => ("Disconnected".into(), Tone::Still),
        Phase::Idle => ("Not connected".into(), Tone::Still),
        Phase::Connecting { .. } | Phase::Probing { .. } => match connection.trouble() {
            Some(_) => ("Reconnecting".into(), Tone::Warn),
            None => ("Connecting".into(), Tone::Busy),
        },
        Phase::Waiting { .. } => {
            let wait_s = connection.retry_in_ms(now_ms).unwrap_or_default().div_ceil(1_000);
            (format!("Reconnecting in {wait_s} s").into(), Tone::Warn)
        }
        Phase::Live { .. } => match connection.late_ms(now_ms) {
            Some(late_ms) => (format!("Live, but silent for {}", words::span(late_ms)).into(), Tone::Warn),
            None => live_chip(rows),
        },
    }
}

fn live_chip(rows: &[MemberRow]) -> (AttrValue, Tone) {
    let down = rows.iter().filter(|row| row.health == Health::Down).count();
    let down_words = if down > 0 { format!(", {down} down") } else { String::new() };
    let tone = |good| if down > 0 { Tone::Warn } else { good };
    match knowledge::spread(rows) {
        Spread::Unknown => ("Live".into(), Tone::Good),
        Spread::Converged { of } => (format!("Live · all {of} in sync{down_words}").into(), tone(Tone::Good)),
        Spread::Spreading { informed, of } => {
            (format!("Live · {informed} of {of} known in sync{down_words}").into(), tone(Tone::Busy))
        }
    }
}
