//! The Race's component: it joins the pure state, a worker for each lane, the canvases and the panels, and decides
//! nothing. A worker for each lane, so that lanes may use a core each, and it is the Lab's own worker.

use super::contest::LANES_MAX;
use super::link;
use super::setup_panel::SetupPanel;
use super::sharing::{self, ShareRace, Sharing};
use super::stage::{Light, Stage};
use super::state::{Action, Order, View};
use super::verdict;
use crate::decimal::decimal;
use crate::float::pow;
use crate::glue::time::{Frames, now_ms};
use crate::glue::{Background, Job, Listener, element, files, page};
use crate::lab::meter::Meter;
use crate::lab::pace::{Pace, SPEED_MAX, SPEED_MIN, speed_words};
use crate::lab::palette::Palette;
use crate::lab::protocol::{self, Report};
use crate::lab::setup::group;
use crate::lab::standing::{nodes_words, seconds};
use crate::route::{Place, Route};
use crate::share::dialog::{Copied, Kept, Wish};
use crate::ui::{Announcer, Button, ButtonKind, Column, IconName, Notice, SourceBar, Table, Tone};
use std::cell::Cell;
use yew::prelude::*;

/// Figures and verdict are repainted at most so often, in milliseconds.
const TEXT_EVERY_MS: f64 = 100.0;

/// Props of [`Race`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct RaceProps {
    /// The race in the page's address; empty for whichever is there.
    pub query: AttrValue,
    /// Is it the place in sight? Otherwise it keeps its state and does nothing.
    pub active: bool,
    /// Is the page dark?
    pub is_dark: bool,
}

/// What can happen to the Race.
#[derive(Debug)]
pub enum Msg {
    /// The user did something.
    Act(Action),
    /// The display is about to repaint.
    Frame(f64),
    /// A lane's worker reported.
    Report(usize, Vec<u8>),
    /// A worker failed.
    Failed(String),
    /// Start the workers again.
    Revive,
    /// The user wants things to stand still, or to move.
    Still(bool),
    /// Look at a lane in the Lab, at this moment.
    OpenInLab(usize),
    /// Hand the race on.
    Share(Wish),
    /// The link was copied, or not.
    Copied(Copied),
}

/// The Race.
#[derive(Debug)]
pub struct Race {
    view: View,
    stage: Stage,
    pace: Pace,
    meter: Meter,
    workers: Vec<Background>,
    failed: Option<String>,
    sharing: Option<Sharing>,
    still: bool,
    text_at_ms: f64,
    /// Has a report come since the figures were painted?
    news: bool,
    render_started_ms: Cell<f64>,
    frames: Option<Frames>,
    _listeners: [Option<Listener>; 2],
}

impl Component for Race {
    type Message = Msg;
    type Properties = RaceProps;

    fn create(ctx: &Context<Self>) -> Self {
        let (view, orders) = View::new(&ctx.props().query);
        let still = ctx.link().callback(Msg::Still);
        let mut race = Self {
            view,
            stage: Stage::default(),
            pace: Pace::default(),
            meter: Meter::default(),
            workers: Vec::new(),
            failed: None,
            sharing: None,
            still: page::matches(page::REDUCED_MOTION),
            text_at_ms: 0.0,
            news: false,
            render_started_ms: Cell::new(now_ms()),
            frames: None,
            _listeners: [
                Some(listen_to_keys(ctx)),
                page::on_media_change(page::REDUCED_MOTION, move |is| still.emit(is)),
            ],
        };
        race.send(ctx, orders);
        race.set_active(ctx);
        race
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &RaceProps) -> bool {
        if ctx.props().query != old.query {
            self.act(ctx, Action::Load(ctx.props().query.to_string()));
        }
        self.set_active(ctx);
        true
    }

    fn update(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        match message {
            Msg::Act(action) => self.act(ctx, action),
            Msg::Frame(at_ms) => return self.on_frame(ctx, at_ms),
            Msg::Report(lane, bytes) => return self.on_report(lane, &bytes),
            Msg::Failed(why) => {
                self.failed = Some(why);
                self.view.playing = false;
                self.workers.clear();
            }
            Msg::Revive => {
                self.failed = None;
                self.view.heats.iter_mut().for_each(|heat| heat.waiting = 0);
                self.act(ctx, Action::Again);
            }
            Msg::Still(still) => self.still = still,
            Msg::Share(wish) => self.on_share(ctx, wish),
            Msg::Copied(copied) => {
                if !copied.done {
                    files::select_text(copied.field);
                }
                if let Some(sharing) = &mut self.sharing {
                    sharing.copied = Some(copied);
                }
            }
            Msg::OpenInLab(lane) => {
                self.act(ctx, Action::Pause);
                match self.view.in_the_lab(lane) {
                    Ok(query) => page::set_hash(&Route::to(Place::Lab, &query).to_string()),
                    Err(why) => self.view.problems.push(why),
                }
            }
        }
        true
    }

    fn rendered(&mut self, _ctx: &Context<Self>, _first: bool) {
        self.stage.attach(self.view.heats.len());
        self.meter.work(now_ms() - self.render_started_ms.get());
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        self.render_started_ms.set(now_ms());
        self.render(ctx, &ctx.link().callback(Msg::Act))
    }
}

fn listen_to_keys(ctx: &Context<Race>) -> Listener {
    let link = ctx.link().clone();
    page::on_key(move |key| {
        let active = link.get_component().is_some_and(|race| race.frames.is_some());
        if !active || key.with_modifier || key.in_field || key.in_dialog {
            return false;
        }
        link.send_message(Msg::Act(match key.name.as_str() {
            " " if !key.on_button && !key.repeated => Action::PlayPause,
            "." => Action::StepEvent,
            "]" => Action::StepRound,
            "g" => Action::Again,
            _ => return false,
        }));
        true
    })
}

impl Race {
    /// In sight it follows the display's frames and its address, out of sight it stands still.
    fn set_active(&mut self, ctx: &Context<Self>) {
        let active = ctx.props().active;
        if active && self.frames.is_none() {
            let link = ctx.link().clone();
            self.frames = Some(Frames::new(move |at_ms| link.send_message(Msg::Frame(at_ms))));
            self.show_link();
        } else if !active {
            self.frames = None;
            self.view.playing = false;
        }
    }

    fn show_link(&self) {
        page::replace_hash(&format!("#/race?{}", link::write(&self.view.contest)));
    }

    fn act(&mut self, ctx: &Context<Self>, action: Action) {
        let run = self.view.run;
        let orders = self.view.act(action);
        if self.view.run != run {
            self.pace.restart();
        }
        self.send(ctx, orders);
        if ctx.props().active {
            self.show_link();
        }
    }

    /// Starts the workers that are missing and gives everyone what is theirs.
    fn send(&mut self, ctx: &Context<Self>, orders: Vec<Order>) {
        let lanes = self.view.heats.len();
        self.workers.truncate(lanes);
        while self.failed.is_none() && self.workers.len() < lanes {
            let lane = self.workers.len();
            let on_report = ctx.link().callback(move |bytes| Msg::Report(lane, bytes));
            let on_error = ctx.link().callback(Msg::Failed);
            // Whatever the worker of this lane before owed, nobody will answer.
            self.view.heats[lane].waiting = 0;
            match Background::spawn(
                Job::Simulate,
                move |bytes| on_report.emit(bytes),
                move |why| on_error.emit(why),
            ) {
                Ok(worker) => self.workers.push(worker),
                Err(error) => self.failed = Some(error.0),
            }
        }
        for (lane, command) in orders {
            let Some(worker) = self.workers.get(lane) else { continue };
            self.view.heats[lane].waiting += 1;
            worker.send(&protocol::encode(&command));
        }
    }

    /// Sets a further goal once all lanes are at the last one, and paints. Returns whether there is something to read.
    fn on_frame(&mut self, ctx: &Context<Self>, at_ms: f64) -> bool {
        let started_ms = now_ms();
        self.pace.frame(at_ms, self.view.playing.then(|| pow(10.0, self.view.speed)));
        let further = if self.view.is_there() { self.pace.take(self.view.goal_us) } else { None };
        let orders = self.view.go(further.unwrap_or(self.view.goal_us));
        self.send(ctx, orders);
        let mut shown_us = [0; LANES_MAX];
        for (shown, heat) in shown_us.iter_mut().zip(&self.view.heats) {
            *shown = self.pace.shown_us(heat.frame.now_us, heat.frame.next_us);
        }
        let light = Light { shown_us, is_dark: ctx.props().is_dark, still: self.still };
        self.stage.paint(&self.view, &light);
        self.meter.work(now_ms() - started_ms);
        self.meter.frame(at_ms);
        if self.news && at_ms - self.text_at_ms >= TEXT_EVERY_MS {
            (self.news, self.text_at_ms) = (false, at_ms);
            return true;
        }
        false
    }

    fn on_report(&mut self, lane: usize, bytes: &[u8]) -> bool {
        let started_ms = now_ms();
        if let Some(heat) = self.view.heats.get_mut(lane) {
            heat.waiting = heat.waiting.saturating_sub(1);
        }
        match protocol::decode(bytes) {
            Ok(Report::Frame(frame)) => {
                self.meter.tick(f64::from(frame.took_us) / 1_000.0);
                self.news |= self.view.take(lane, *frame);
            }
            Ok(Report::NotStarted(why)) => self.failed = Some(why),
            Ok(_) => {}
            Err(why) => self.failed = Some(format!("its report could not be read: {why}")),
        }
        self.meter.work(now_ms() - started_ms);
        self.failed.is_some()
    }

    /// The whole address of the race in force.
    fn link(&self) -> String {
        page::address_with(&Route::to(Place::Race, &link::write(&self.view.raced)).to_string())
    }

    fn on_share(&mut self, ctx: &Context<Self>, wish: Wish) {
        let seed = self.view.scenarios.first().map_or(0, |scenario| scenario.seed);
        let saved = match wish {
            Wish::Open => {
                self.act(ctx, Action::Pause);
                self.sharing = Some(Sharing::default());
                return;
            }
            Wish::Close | Wish::Race => {
                self.sharing = None;
                return;
            }
            Wish::Copy(field) => {
                let link = ctx.link().clone();
                files::copy(&self.link(), move |done| link.send_message(Msg::Copied(Copied { field, done })));
                return;
            }
            Wish::Save(Kept::Picture) => {
                let ground = Palette::of(ctx.props().is_dark).ground;
                files::save_picture(&format!("rumormill-race-{seed}.png"), &[&self.stage.chart], ground)
            }
            Wish::Save(Kept::Curve) => {
                let text = sharing::table(&self.view.raced, &self.view.heats);
                files::save(&format!("rumormill-race-{seed}.csv"), "text/csv", &text)
            }
            // A race has none: each of its clusters has, in the Lab.
            Wish::Save(Kept::Nodes | Kept::Trace | Kept::Scenario) => return,
        };
        self.sharing = Some(Sharing { copied: None, refused: !saved });
    }

    fn render(&self, ctx: &Context<Self>, on: &Callback<Action>) -> Html {
        let view = &self.view;
        let verdict = view.verdict();
        let (status, tone) = match (view.is_over(), view.playing, view.now_us()) {
            (true, ..) => ("Over", Tone::Good),
            (_, true, _) => ("Racing", Tone::Busy),
            (_, _, 0) => ("Ready", Tone::Still),
            _ => ("Paused", Tone::Still),
        };
        html! {
            <div class="lab race" data-testid="race" data-playing={view.playing.to_string()} data-run={view.run.to_string()}
                data-over={view.is_over().to_string()}>
                <SourceBar badge="SIM" facts={facts(view)} {status} {tone}>
                    <Button label="Share" icon={IconName::Share} testid="race-share-open" title="Link, picture and curves"
                        onclick={ctx.link().callback(|()| Msg::Share(Wish::Open))} />
                </SourceBar>
                if let Some(sharing) = self.sharing {
                    <ShareRace {sharing} link={self.link()} on={ctx.link().callback(Msg::Share)} />
                }
                <div class="race-body">
                    { self.notices(ctx, on) }
                    <SetupPanel contest={view.contest.clone()} errors={view.errors.clone()} on={on.clone()} />
                    <div class="race-main">
                        <p class="race-verdict" data-testid="race-verdict">{ &verdict }</p>
                        <div class={format!("race-rings race-rings-{}", view.heats.len())}>
                            { for (0..view.heats.len()).map(|index| self.ring(ctx, index)) }
                        </div>
                        <section class="panel race-chart" aria-label="Curves">
                            <canvas class="race-chart-canvas" ref={self.stage.chart.clone()} role="img" data-testid="race-chart"
                                aria-label="Nodes reached, messages, bytes and redundancy over time. The table holds the figures.">
                            </canvas>
                        </section>
                        { self.table() }
                    </div>
                </div>
                { self.transport(on) }
                <Announcer text={verdict} />
            </div>
        }
    }

    fn notices(&self, ctx: &Context<Self>, on: &Callback<Action>) -> Html {
        html! {
            <div class="toasts">
                if let Some(why) = &self.failed {
                    <Notice tone={Tone::Bad} title="The race stopped" testid="race-failed">
                        <p>{ why }</p>
                        <Button label="Start it again" testid="race-revive" onclick={ctx.link().callback(|()| Msg::Revive)} />
                    </Notice>
                }
                if !self.view.problems.is_empty() {
                    <Notice tone={Tone::Warn} title="Not all of the link could be read" testid="race-problems"
                        onclose={on.reform(|()| Action::Dismiss)}>
                        { for self.view.problems.iter().map(|problem| html! { <p>{ problem }</p> }) }
                    </Notice>
                }
            </div>
        }
    }

    fn ring(&self, ctx: &Context<Self>, index: usize) -> Html {
        let ring = &self.stage.rings[index];
        let heat = &self.view.heats[index];
        let (informed, up) = heat.reached();
        let reached = match heat.finish {
            Some(finish) => format!("all after {}", verdict::millis(finish.took_us)),
            None => format!("{} of {}", group(u64::from(informed)), group(u64::from(up))),
        };
        let name = self.view.raced.name(index);
        html! {
            <section class="panel race-ring" key={index} aria-label={name.clone()} data-testid={format!("race-ring-{index}")}>
                <header class="race-ring-head">
                    <h2 class="panel-title"><i class={format!("key lane-{index}")}></i>{ self.view.raced.title(index) }</h2>
                    <span class="num muted" data-testid={format!("race-reached-{index}")}>{ reached }</span>
                    <Button label="Open in the Lab" icon={IconName::Open} icon_only=true kind={ButtonKind::Quiet}
                        testid={format!("race-open-{index}")} title="Look at this cluster in the Lab, at this moment"
                        onclick={ctx.link().callback(move |()| Msg::OpenInLab(index))} />
                </header>
                <div class="race-ring-body">
                    <canvas class="lab-canvas" ref={ring.back.clone()} aria-hidden="true"></canvas>
                    <canvas class="lab-canvas" ref={ring.front.clone()} aria-hidden="true"></canvas>
                </div>
            </section>
        }
    }

    fn table(&self) -> Html {
        let mut columns = vec![Column::text("Way")];
        columns.extend(verdict::COLUMNS.map(Column::number));
        let row = |(index, heat)| {
            let figure = |(of, figure): (&'static str, String)| {
                html! { <td class="cell-num" data-of={of}>{ figure }</td> }
            };
            html! {
                <tr key={index} data-testid={format!("race-row-{index}")}>
                    <th scope="row"><i class={format!("key lane-{index}")}></i>{ self.view.raced.title(index) }</th>
                    { for verdict::COLUMNS.into_iter().zip(verdict::figures(heat)).map(figure) }
                </tr>
            }
        };
        html! {
            <section class="panel race-table" aria-label="Figures" data-testid="race-figures">
                <div class="table-frame" tabindex="0" role="region" aria-label="Figures of each way to gossip">
                    <Table caption="What each way to gossip needed until every node had the write, or so far" {columns} testid="race-table">
                        { for self.view.heats.iter().enumerate().map(row) }
                    </Table>
                </div>
                <p class="field-hint">
                    { "Each way's figures stop once all have the write; its curves go on. Messages are those that carry state and were sent, bytes are those of all messages. Redundancy is how many of them arrived per node beyond the one it needed." }
                </p>
            </section>
        }
    }

    fn transport(&self, on: &Callback<Action>) -> Html {
        let view = &self.view;
        let (label, icon) = if view.playing { ("Pause", IconName::Pause) } else { ("Play", IconName::Play) };
        let words = speed_words(view.speed);
        let speed = view.speed;
        let oninput = on.reform(move |event: InputEvent| {
            Action::Speed(decimal(&element::value(&event)).unwrap_or(speed))
        });
        let figures = self.meter.figures();
        html! {
            <section class="timebar" aria-label="Time" data-testid="race-timebar"
                data-p95={format!("{:.2}", figures.work_p95_ms)} data-tick={format!("{:.2}", figures.tick_p95_ms)}>
                <div class="transport">
                    <Button label="Start over" icon={IconName::First} icon_only=true testid="race-again" shortcut="g"
                        title="The same race again, paused" onclick={on.reform(|()| Action::Again)} />
                    <Button {label} {icon} kind={ButtonKind::Primary} shortcut="Space" testid="race-play"
                        onclick={on.reform(|()| Action::PlayPause)} />
                    <Button label="Step event" icon={IconName::Step} icon_only=true shortcut="." testid="race-step-event"
                        onclick={on.reform(|()| Action::StepEvent)} />
                    <Button label="Step round" icon={IconName::Round} icon_only=true shortcut="]" testid="race-step-round"
                        onclick={on.reform(|()| Action::StepRound)} />
                </div>
                <p class="clock num" data-testid="race-clock">
                    <span class="sr-only">{ "Simulated time " }</span>{ seconds(view.now_us()) }
                </p>
                <div class="speed">
                    <label for="race-speed">{ "Speed" }</label>
                    <input type="range" id="race-speed" min={SPEED_MIN.to_string()} max={SPEED_MAX.to_string()} step="0.1"
                        value={speed.to_string()} {oninput} aria-valuetext={words.clone()} data-testid="race-speed" />
                    <output for="race-speed" class="num">{ words }</output>
                </div>
            </section>
        }
    }
}

fn facts(view: &View) -> String {
    let Some(first) = view.scenarios.first() else { return "No race".to_owned() };
    format!(
        "{} ways · {} each · loss {} % · seed {} · {}",
        view.heats.len(),
        nodes_words(first.nodes),
        f64::from(first.network.loss_ppm) / 10_000.0,
        first.seed,
        view.raced.course.title()
    )
}
