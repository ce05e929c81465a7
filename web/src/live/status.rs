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

/// The bar at the top: LIVE, through whom, how old, how it stands; controls at its right end. Of a moment of the past that
/// is shown it says how far behind that is.
pub(super) fn source_bar(
    connection: &Connection,
    view: &View,
    past: Option<(&View, AttrValue)>,
    now_ms: u64,
    controls: Html,
) -> Html {
    let rows = knowledge::rows(view, now_ms);
    let (shown, (words, tone)) = match past {
        Some((shown, words)) => (shown, (words, Tone::Warn)),
        None => (view, chip(connection, view, &rows, now_ms)),
    };
    html! {
        <SourceBar badge="LIVE" facts={facts(shown)} status={words} {tone}>
            if let Some(age_ms) = view.age_ms(now_ms) {
                <span class={classes!("live-age", "num", (!view.is_current()).then_some("is-old"))}
                    data-testid="live-age" title="How long ago the node last said anything">
                    { if view.is_current() { format!("{} old", words::span(age_ms)) }
                      else { format!("last heard {} ago", words::span(age_ms)) } }
                </span>
            }
            { controls }
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
    let mut unwell = String::new();
    for (health, word) in [(Health::Suspect, "suspected"), (Health::Down, "down")] {
        let count = rows.iter().filter(|row| row.health == health).count();
        if count > 0 {
            unwell.push_str(&format!(", {count} {word}"));
        }
    }
    let tone = |good| if unwell.is_empty() { good } else { Tone::Warn };
    match knowledge::spread(rows) {
        Spread::Unknown => (format!("Live{unwell}").into(), tone(Tone::Good)),
        Spread::Converged { of } => (format!("Live · all {of} in sync{unwell}").into(), tone(Tone::Good)),
        Spread::Spreading { informed, of } => {
            (format!("Live · {informed} of {of} known in sync{unwell}").into(), tone(Tone::Busy))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{member, own, reported, snapshot, status};
    use super::*;
    use rumormill_core::Status;

    #[test]
    fn all_is_well_only_where_nobody_is_suspected_or_down() {
        let chip = |others: &[Status]| {
            let mut members = vec![own("a"), reported("b", 5, 0)];
            members.extend(["c", "d"].iter().zip(others).map(|(name, status)| member(name, *status)));
            let mut view = View::default();
            view.apply(snapshot(10_000_000, status("a", 5), members), 1_000);
            live_chip(&knowledge::rows(&view, 1_000))
        };
        assert_eq!(chip(&[]), ("Live · all 2 in sync".into(), Tone::Good));
        assert_eq!(chip(&[Status::Down]), ("Live · all 2 in sync, 1 down".into(), Tone::Warn));
        let (words, tone) = chip(&[Status::Suspect, Status::Down]);
        assert!(words.ends_with(", 1 suspected, 1 down") && tone == Tone::Warn, "{words}");
    }
}
