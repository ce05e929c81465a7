//! Time in the user's hands: play, pause, step, speed, and what the moment is.

use super::action::Action;
use super::pace::{SPEED_MAX, SPEED_MIN, speed_words};
use super::standing::seconds;
use crate::glue::element;
use crate::ui::{Button, ButtonKind, IconName};
use yew::prelude::*;

/// Props of [`TimeBar`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct TimeBarProps {
    /// Does time pass?
    pub playing: bool,
    /// The exponent of ten of the speed.
    pub speed: f64,
    /// The moment.
    pub now_us: u64,
    /// The part of the speed that is reached, if the run falls behind.
    pub shortfall: Option<f64>,
    /// What the user does.
    pub on: Callback<Action>,
}

/// The bar below everything.
#[component]
pub fn TimeBar(props: &TimeBarProps) -> Html {
    let on = &props.on;
    let (label, icon) = if props.playing { ("Pause", IconName::Pause) } else { ("Play", IconName::Play) };
    let words = speed_words(props.speed);
    let speed = props.speed;
    let oninput =
        on.reform(move |event: InputEvent| Action::Speed(element::value(&event).parse().unwrap_or(speed)));
    let behind = props.shortfall.map(|part| format!("keeps up with {:.0} % of that", part * 100.0));
    html! {
        <section class="timebar" aria-label="Time" data-testid="timebar">
            <div class="transport">
                <Button label="Start over" icon={IconName::First} icon_only=true testid="start-over"
                    title="Start over, paused: same setup, same seed" onclick={on.reform(|()| Action::NewRun)} />
                <Button {label} {icon} kind={ButtonKind::Primary} shortcut="Space" testid="play"
                    onclick={on.reform(|()| Action::PlayPause)} />
                <Button label="Step event" icon={IconName::Step} icon_only=true shortcut="." testid="step-event"
                    onclick={on.reform(|()| Action::StepEvent)} />
                <Button label="Step round" icon={IconName::Round} icon_only=true shortcut="]" testid="step-round"
                    onclick={on.reform(|()| Action::StepRound)} />
            </div>
            <p class="clock num" data-testid="clock">
                <span class="sr-only">{ "Simulated time " }</span>{ seconds(props.now_us) }
            </p>
            <div class="speed">
                <label for="speed">{ "Speed" }</label>
                <input type="range" id="speed" min={SPEED_MIN.to_string()} max={SPEED_MAX.to_string()} step="0.1"
                    value={props.speed.to_string()} {oninput} aria-valuetext={words.clone()} data-testid="speed" />
                <output for="speed" class="num" data-testid="speed-words">{ words }</output>
                if let Some(behind) = behind {
                    <span class="muted behind">{ behind }</span>
                }
            </div>
        </section>
    }
}
