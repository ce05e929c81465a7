//! The charts, and below them what theory says in words.

use super::action::Action;
use super::protocol::{Sent, Spread, Totals};
use super::setup::group;
use super::standing::{bytes, hops, took};
use super::theory_line::TheoryLine;
use crate::ui::{Button, ButtonKind, Panel};
use std::rc::Rc;
use yew::prelude::*;

/// Props of [`ChartPanel`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct ChartPanelProps {
    /// The canvas.
    pub canvas: NodeRef,
    /// How it stands with the latest write.
    pub spread: Spread,
    /// Counts of the run.
    pub totals: Totals,
    /// Messages and bytes sent since the latest write, until all had it.
    pub of_change: Option<Sent>,
    /// What theory expects.
    pub theory: Option<Rc<TheoryLine>>,
    /// Is the formula open?
    pub formula: bool,
    /// The sweep's line.
    pub sweep: Html,
    /// What the user does.
    pub on: Callback<Action>,
}

/// The charts.
#[component]
pub fn ChartPanel(props: &ChartPanelProps) -> Html {
    let formula = props.formula;
    let actions = html! {
        <>
            <span class="chart-totals muted num" data-testid="totals"
                title="Lost: by the network, at a cut, at a node that is down, or with a link that was closed">{ totals(&props.totals) }</span>
            if props.theory.is_some() {
                <Button label="Formula" kind={ButtonKind::Quiet} pressed={Some(formula)} testid="formula-toggle"
                    onclick={props.on.reform(|()| Action::Formula)} />
            }
        </>
    };
    html! {
        <Panel title="Coverage" testid="charts" class="lab-chart" {actions}>
            if let (true, Some(theory)) = (formula, &props.theory) {
                <div class="formula" data-testid="formula">
                    <p>{ theory.formula }</p>
                    { for theory.caveats.iter().map(|caveat| html! { <p class="muted">{ *caveat }</p> }) }
                </div>
            }
            <div class="chart-body">
                <canvas class="lab-chart-canvas" ref={props.canvas.clone()} role="img" aria-label={in_words(props)}
                    data-testid="chart"></canvas>
            </div>
            { props.sweep.clone() }
            <ul class="chart-foot num">
                <li><i class="key key-fresh"></i>{ "have it: " }<b data-testid="covered">{ covered(&props.spread) }</b></li>
                if let Some(theory) = &props.theory {
                    <li><i class="key key-theory"></i>{ &theory.summary }</li>
                }
                if let Some(sent) = props.of_change {
                    <li title="With state: what carries the write, or another one. The others probe, answer and compare.">
                        { if sent.is_whole { "until all had it: " } else { "since the write: " } }
                        <b data-testid="of-change">{ sent_words(&sent) }</b>
                    </li>
                }
                <li><i class="key key-talk"></i>{ "messages/s" }</li>
                <li><i class="key key-payload"></i>{ "with state" }</li>
            </ul>
        </Panel>
    }
}

fn sent_words(sent: &Sent) -> String {
    let what = if sent.messages == 1 { "message" } else { "messages" };
    let (messages, payload) = (group(sent.messages), group(sent.payload));
    format!("{payload} with state of {messages} {what}, {}", bytes(sent.bytes))
}

fn covered(spread: &Spread) -> String {
    match (spread.since_us, spread.complete_us) {
        (None, _) => "nothing written".to_owned(),
        (Some(since), Some(complete)) => {
            let took = took(complete.saturating_sub(since));
            if spread.hops == 0 {
                format!("all, {took}")
            } else {
                format!("all, {took} over {}", hops(spread.hops))
            }
        }
        (Some(_), None) => {
            format!("{} of {}", group(u64::from(spread.informed)), group(u64::from(spread.up)))
        }
    }
}

fn in_words(props: &ChartPanelProps) -> String {
    let theory =
        props.theory.as_ref().map_or(String::new(), |theory| format!(" Theory: {}.", theory.summary));
    format!(
        "Nodes that have the latest write over time: {}.{theory} Messages so far: {}.",
        covered(&props.spread),
        props.totals.messages
    )
}

fn totals(totals: &Totals) -> String {
    let count = |number: u64, what: &str| {
        if number > 0 { format!(", {} {what}", group(number)) } else { String::new() }
    };
    format!(
        "{} messages{}, {}{}{}",
        group(totals.messages),
        count(totals.payload, "with state"),
        bytes(totals.bytes),
        count(totals.lost, "lost"),
        count(totals.denials, "denied")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_it_took_all_is_said_however_short_that_was() {
        let check = |took_us: u64, hops, expected: &str| {
            let complete_us = Some(5 + took_us);
            let spread = Spread { since_us: Some(5), complete_us, hops, ..Spread::default() };
            assert_eq!(covered(&spread), expected);
        };
        check(500_000, 5, "all, after 0.500 s over 5 hops");
        check(312, 1, "all, after 312 µs over 1 hop");
        check(0, 1, "all, at once over 1 hop");
        check(0, 0, "all, at once");
    }
}
