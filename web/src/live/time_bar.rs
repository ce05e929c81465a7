//! Time in Live's hands: the page's own past on a bar that ends now, to be looked at again in every view, and the way back
//! to the present. What was when is known by [`super::history`], which moment is shown by [`super::time`].

use super::{
    history::{Mark, Step},
    place::{Live, Msg},
    session::{Model, clock_ms},
    state::View,
    time::{STEP_MS, Slider, Time, Turn, percent, span_us},
    words,
};
use crate::{
    decimal::decimal,
    glue::element,
    ui::{Button, ButtonKind, IconName},
};
use rumormill_core::Instant;
use yew::prelude::*;

/// A moment of the past that is shown.
#[derive(Debug)]
pub(super) struct Past {
    /// When, on the observed node's clock.
    pub at_us: u64,
    /// What was known then.
    pub model: Model,
}

impl Live {
    /// What is shown: the present, or what was known at the moment that the user looks at.
    pub(super) fn shown_model(&self) -> &Model {
        self.past.as_ref().map_or(self.session.model(), |past| &past.model)
    }

    pub(super) fn turn(&mut self, turn: Turn) {
        let now_us = self.now_us();
        let shown_us = self.past.as_ref().map_or(now_us, |past| past.at_us);
        let time = match turn {
            Turn::Follow => Time::Following,
            Turn::PauseOrFollow if self.time == Time::Following => {
                // What is seen stands still, not what was a second ago.
                self.session.keep_moment();
                Time::Still(now_us)
            }
            Turn::PauseOrFollow => Time::Following,
            Turn::GoOn => Time::going_on(shown_us, now_us),
            Turn::Seek(at_us) => {
                if self.time == Time::Following {
                    self.session.keep_moment();
                }
                Time::Still(at_us)
            }
            Turn::Step(step) => match self.session.history().step(shown_us, step) {
                Some(at_us) => Time::Still(at_us),
                None => self.time,
            },
        };
        self.set_time(time);
    }

    /// Shows the moment that time has come to. True if that is another one.
    pub(super) fn set_time(&mut self, time: Time) -> bool {
        self.time = time;
        let Some(at_us) = time.at_us(self.now_us()) else { return self.past.take().is_some() };
        if self.past.as_ref().is_some_and(|past| past.at_us == at_us) {
            return false;
        }
        match self.session.history().at(at_us) {
            Some((view, now_ms)) => {
                self.past = Some(Past { at_us, model: Model::of(view, now_ms, at_us) });
            }
            // Nothing is kept: there is only the present.
            None => (self.time, self.past) = (Time::Following, None),
        }
        true
    }

    /// How far behind the present what is shown is, in words.
    #[inline(never)]
    pub(super) fn behind_words(&self) -> AttrValue {
        let now_us = self.now_us();
        let at_us = self.time.at_us(now_us).unwrap_or(now_us);
        let behind = words::span(now_us.saturating_sub(at_us) / 1_000);
        let doing = if matches!(self.time, Time::Still(_)) { "Paused" } else { "Going on" };
        format!("{doing}, {behind} behind").into()
    }

    fn now_us(&self) -> u64 {
        self.session.model().view.borrow().node_clock_us(clock_ms())
    }

    /// How many events came in since the moment that is shown.
    pub(super) fn events_behind(&self, view: &View) -> Option<u64> {
        let past = self.past.as_ref()?;
        Some(view.feed.count().saturating_sub(past.model.view.borrow().feed.count()))
    }

    /// The bar below everything.
    pub(super) fn time_bar(&self, ctx: &Context<Self>, view: &View) -> Html {
        let link = ctx.link();
        let (now_us, history) = (self.now_us(), self.session.history());
        let first_us = history.first_us().unwrap_or(now_us);
        let shown_us = self.time.at_us(now_us).unwrap_or(now_us);
        let is_following = self.time == Time::Following;
        let (clock, state) = self.time.words(now_us, self.events_behind(view).unwrap_or_default());
        let is_gathering = view.around.past.is_some();
        let button = |label: &'static str,
                      icon,
                      key: &'static str,
                      testid: &'static str,
                      title: &'static str,
                      turn,
                      idle| {
            html! {
                <Button {label} {icon} icon_only=true shortcut={key} {testid} {title} {idle}
                    onclick={link.callback(move |()| Msg::Turn(turn))} />
            }
        };
        let (label, icon, kind) = match is_following {
            true => ("Pause", IconName::Pause, ButtonKind::Plain),
            false => ("Back to live", IconName::Last, ButtonKind::Primary),
        };
        let at_start = shown_us <= first_us;
        html! {
            <section class="timebar live-time" aria-label="Time" data-testid="live-time" data-time={self.time.as_str()}>
                { self.scrubber(ctx, now_us, first_us, &state) }
                <div class="transport">
                    { button("As far back as is known", IconName::First, "g", "live-to-start", "As far back as this page knows",
                        Turn::Step(Step::Start), at_start) }
                    { button("Back one round", IconName::RoundBack, "[", "live-back-round", "Back one round of the node",
                        Turn::Step(Step::BackRound), at_start) }
                    { button("Back one event", IconName::StepBack, ",", "live-back-event", "Back one event",
                        Turn::Step(Step::BackEvent), at_start) }
                    <Button {label} {icon} {kind} shortcut="Space" testid="live-follow"
                        onclick={link.callback(|()| Msg::Turn(Turn::PauseOrFollow))} />
                    { button("One event further", IconName::Step, ".", "live-event", "One event further",
                        Turn::Step(Step::Event), is_following) }
                    { button("One round further", IconName::Round, "]", "live-round", "One round further",
                        Turn::Step(Step::Round), is_following) }
                    { button("Go on from here", IconName::Play, "p", "live-go-on", "Let time pass from here, behind the present",
                        Turn::GoOn, !matches!(self.time, Time::Still(_))) }
                </div>
                <p class="live-clock num" data-testid="live-clock">
                    <b>{ clock }</b><span class={if is_following { "muted" } else { "is-behind" }}>{ state }</span>
                </p>
                <span class="spacer"></span>
                <Button label={if is_gathering { "Asking…" } else { "Rewind" }} kind={ButtonKind::Quiet}
                    testid="live-rewind" disabled={!view.is_current()} idle={is_gathering}
                    title="Play in Replay what the members themselves remember, messages included"
                    onclick={link.callback(|()| Msg::Rewind)} />
            </section>
        }
    }

    fn scrubber(&self, ctx: &Context<Self>, now_us: u64, first_us: u64, state: &str) -> Html {
        let span_us = span_us(now_us.saturating_sub(first_us));
        let slider = Slider::new(first_us, now_us, span_us);
        let value_ms = slider.value_ms(self.time, now_us);
        let oninput = ctx.link().batch_callback(move |event: InputEvent| {
            let ms = decimal(&element::value(&event))?;
            Some(Msg::Turn(slider.turn(ms as u64)))
        });
        let kept = percent(first_us, now_us, span_us);
        let marks = self.marks(now_us, span_us);
        html! {
            <div class="scrubber">
                <span class="scrub-span muted num">{ format!("−{} min", span_us / 60_000_000) }</span>
                <div class="scrub-line">
                    <div class="scrub-track" aria-hidden="true">
                        <i class="scrub-played" style={format!("left:{kept:.2}%;right:0")}></i>
                        { marks }
                    </div>
                    <input type="range" id="live-moment" min="0" max={slider.max_ms.to_string()}
                        step={STEP_MS.to_string()} value={value_ms.to_string()} {oninput} aria-label="Moment"
                        aria-valuetext={state.to_owned()} data-testid="live-scrubber" />
                </div>
                <span class="scrub-span muted">{ "now" }</span>
            </div>
        }
    }

    fn marks(&self, now_us: u64, span_us: u64) -> Html {
        let history = self.session.history();
        let at = |at_us| percent(at_us, now_us, span_us);
        let mark = |(at_us, mark): &(u64, Mark)| {
            let (class, what) = match mark {
                Mark::Down(id) => ("mark mark-fault", format!("{id} down")),
                Mark::Wrote(key) => ("mark", format!("{key} changed")),
            };
            let title = format!("{what} at {}", words::time_of_day(Instant::from_micros(*at_us)));
            html! { <i {class} style={format!("left:{:.2}%", at(*at_us))} {title}></i> }
        };
        let gap = |(from_us, to_us): (u64, u64)| {
            let (left, right) = (at(from_us), 100.0 - at(to_us));
            html! { <i class="scrub-gap" style={format!("left:{left:.2}%;right:{right:.2}%")} title="not watched"></i> }
        };
        html! {
            <>
                { for history.gaps().into_iter().map(gap) }
                { for history.marks().map(mark) }
            </>
        }
    }
}
