//! Time in the user's hands: play, pause, step either way, any moment on the scale, the branches, the speed.

use super::action::Action;
use super::pace::{SPEED_MAX, SPEED_MIN, speed_words};
use super::protocol::Branch;
use super::scrub::{MarkKind, STEP_US, TimeMark, branch_label, percent, scale_us, value_text};
use super::standing::seconds;
use crate::decimal::decimal;
use crate::float::{fixed, plain};
use crate::glue::element;
use crate::ui::{Button, ButtonKind, Check, IconName};
use yew::prelude::*;

/// Props of [`TimeBar`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct TimeBarProps {
    /// Does time pass?
    pub playing: bool,
    /// The exponent of ten of the speed.
    pub speed: f64,
    /// Does time slow down for messages?
    pub legible: bool,
    /// The moment in sight.
    pub now_us: u64,
    /// The moment that the user wants to see, until it is in sight.
    pub wanted_us: Option<u64>,
    /// How far the branch in sight has been played.
    pub end_us: u64,
    /// What was done, and where branches begin.
    pub marks: Vec<TimeMark>,
    /// All branches.
    pub branches: Vec<Branch>,
    /// The one in sight.
    pub branch: u32,
    /// Is it a recording, from which no way leads elsewhere?
    pub recorded: bool,
    /// The part of the speed that is reached, if the run falls behind.
    pub shortfall: Option<f64>,
    /// What the user does.
    pub on: Callback<Action>,
}

/// The bar below everything.
#[component]
pub fn TimeBar(props: &TimeBarProps) -> Html {
    html! {
        <section class="timebar" aria-label="Time" data-testid="timebar">
            { scrubber(props) }
            if props.branches.len() > 1 {
                { branches(props) }
            }
            { transport(props) }
            <p class="clock num" data-testid="clock">
                <span class="sr-only">{ "Simulated time " }</span>{ seconds(props.now_us) }
            </p>
            { speed(props) }
        </section>
    }
}

fn transport(props: &TimeBarProps) -> Html {
    let on = &props.on;
    let (label, icon) = if props.playing { ("Pause", IconName::Pause) } else { ("Play", IconName::Play) };
    let button = |label: &'static str,
                  icon,
                  key: &'static str,
                  testid: &'static str,
                  title: &'static str,
                  action: Action,
                  disabled| {
        html! {
            <Button {label} {icon} icon_only=true shortcut={key} {testid} {title} {disabled}
                onclick={on.reform(move |()| action.clone())} />
        }
    };
    let (at_start, at_end) = (props.now_us == 0, props.now_us >= props.end_us);
    html! {
        <div class="transport">
            { button("To the start", IconName::First, "g", "to-start", "To the start", Action::Seek(0), at_start) }
            { button("Back one round", IconName::RoundBack, "[", "back-round", "Back one round", Action::BackRound, at_start) }
            { button("Back one event", IconName::StepBack, ",", "back-event", "Back one event", Action::BackEvent, at_start) }
            <Button {label} {icon} kind={ButtonKind::Primary} shortcut="Space" testid="play"
                onclick={on.reform(|()| Action::PlayPause)} />
            { button("Step event", IconName::Step, ".", "step-event", "One event further", Action::StepEvent, false) }
            { button("Step round", IconName::Round, "]", "step-round", "One round further", Action::StepRound, false) }
            { button("To the end", IconName::Last, "G", "to-end", "To the end of what was played", Action::ToEnd, at_end) }
            if !props.recorded {
                { button("Fork here", IconName::Fork, "f", "fork", "Fork here: go another way, and keep this one", Action::Fork, false) }
            }
        </div>
    }
}

fn scrubber(props: &TimeBarProps) -> Html {
    let span_us = scale_us(props.recorded, props.end_us.max(props.now_us));
    let span_words = if props.recorded {
        format!("{} s", fixed(span_us as f64 / 1e6, 1))
    } else {
        format!("{} s", span_us / 1_000_000)
    };
    let shown_us = props.wanted_us.unwrap_or(props.now_us);
    let oninput = props.on.reform(move |event: InputEvent| {
        Action::Seek(decimal(&element::value(&event)).map_or(shown_us, |us| us as u64))
    });
    let mark = |mark: &TimeMark| {
        let class = match mark.kind {
            MarkKind::Fault => "mark mark-fault",
            MarkKind::Deed => "mark",
            MarkKind::Fork => "mark mark-fork",
        };
        html! { <i {class} style={place(mark.percent)} title={mark.title.clone()}></i> }
    };
    let played = percent(props.end_us, span_us);
    html! {
        <div class="scrubber">
            <div class="scrub-track" aria-hidden="true">
                <i class="scrub-played" style={format!("width:{}%", fixed(played, 2))}></i>
                { for props.marks.iter().map(mark) }
            </div>
            <input type="range" id="moment" min="0" max={span_us.to_string()} step={STEP_US.to_string()}
                value={shown_us.to_string()} {oninput} aria-label="Moment" data-testid="scrubber"
                aria-valuetext={value_text(shown_us, props.end_us)} />
            <span class="scrub-span muted num">{ span_words }</span>
        </div>
    }
}

fn place(percent: f64) -> String {
    format!("left:{}%", fixed(percent, 2))
}

#[inline(never)]
fn branches(props: &TimeBarProps) -> Html {
    let button = |(at, branch): (usize, &Branch)| {
        let at = at as u32;
        html! {
            <Button label={branch_label(branch)} kind={ButtonKind::Quiet} pressed={Some(at == props.branch)}
                testid={format!("branch-{at}")} onclick={props.on.reform(move |()| Action::Branch(at))} />
        }
    };
    html! {
        <div class="branches" role="group" aria-label="Branches" data-testid="branches">
            { for props.branches.iter().enumerate().map(button) }
        </div>
    }
}

fn speed(props: &TimeBarProps) -> Html {
    let words = speed_words(props.speed);
    let speed = props.speed;
    let oninput = props
        .on
        .reform(move |event: InputEvent| Action::Speed(decimal(&element::value(&event)).unwrap_or(speed)));
    let behind = props.shortfall.map(|part| format!("keeps up with {:.0} % of that", part * 100.0));
    html! {
        <div class="speed">
            <label for="speed">{ "Speed" }</label>
            <input type="range" id="speed" min={plain(SPEED_MIN)} max={plain(SPEED_MAX)} step="0.1"
                value={plain(props.speed)} {oninput} aria-valuetext={words.clone()} data-testid="speed" />
            <output for="speed" class="num" data-testid="speed-words">{ words }</output>
            <Check label="Slow for messages" id="legible" checked={props.legible} onchange={props.on.reform(Action::Legible)} />
            if let Some(behind) = behind {
                <span class="muted behind">{ behind }</span>
            }
        </div>
    }
}
