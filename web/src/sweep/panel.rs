//! The Sweep's component: its workers, its line below the coverage chart, and the map in a dialog.

use super::band::Band;
use super::large::Large;
use super::map::{self, Shown};
use super::plan::{LOSSES, Opening, Plan};
use super::state::{Aim, View};
use crate::glue::{Background, Job, page};
use crate::lab::protocol::{self, Report};
use crate::race::verdict::millis;
use crate::ui::{Button, ButtonKind, Dialog};
use std::rc::Rc;
use yew::prelude::*;

/// Most workers: more would hold more memory than the band is worth.
const WORKERS_MAX: usize = 4;

/// The band is shown anew after so many runs.
const BAND_EVERY: u64 = 5;

/// Props of [`Sweep`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct SweepProps {
    /// The setup in sight.
    pub plan: Option<Rc<Plan>>,
    /// Does the run in sight play? On two cores or fewer the sweep then waits.
    pub playing: bool,
    /// Hears of every new band.
    pub on_band: Callback<Option<Rc<Band>>>,
    /// Wants to see a run.
    pub on_open: Callback<Opening>,
}

/// What can happen to the sweep.
#[derive(Debug)]
pub enum Msg {
    /// Begin, go on, or stop.
    Toggle,
    /// Open or close the map.
    Map(bool),
    /// Open or close the large spread experiment.
    Large(bool),
    /// A worker reported.
    Report(usize, Vec<u8>),
    /// A worker failed.
    Failed(String),
    /// Show a run.
    Open(Opening),
}

/// The sweep.
#[derive(Debug)]
pub struct Sweep {
    view: View,
    workers: Vec<Background>,
    /// The user wants it to run.
    on: bool,
    map: bool,
    large: bool,
    failed: Option<String>,
    cores: usize,
}

impl Component for Sweep {
    type Message = Msg;
    type Properties = SweepProps;

    fn create(ctx: &Context<Self>) -> Self {
        let mut view = View::default();
        view.aim_at(ctx.props().plan.clone());
        Self {
            view,
            workers: Vec::new(),
            on: false,
            map: false,
            large: false,
            failed: None,
            cores: page::cores(),
        }
    }

    fn changed(&mut self, ctx: &Context<Self>, _old: &SweepProps) -> bool {
        if self.view.aim_at(ctx.props().plan.clone()) {
            self.workers.clear();
            ctx.props().on_band.emit(None);
        }
        self.go_on(ctx);
        true
    }

    fn update(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        match message {
            Msg::Toggle => {
                self.on = !self.on;
                self.view.aim = Some(Aim::Band);
                self.failed = None;
            }
            Msg::Map(open) => {
                // Whatever was swept before goes on when the map is closed.
                self.map = open;
                self.view.aim = if open { Some(Aim::Map) } else { Some(Aim::Band).filter(|_| self.on) };
                self.end_workers();
            }
            Msg::Large(open) => self.large = open,
            Msg::Report(worker, bytes) => return self.on_report(ctx, worker, &bytes),
            Msg::Failed(why) => {
                (self.failed, self.on) = (Some(why), false);
                self.end_workers();
            }
            Msg::Open(opening) => {
                if self.map {
                    ctx.link().send_message(Msg::Map(false));
                }
                ctx.props().on_open.emit(opening);
            }
        }
        self.go_on(ctx);
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let (done, all) = self.view.progress();
        let sweeping = self.on && !self.view.is_done();
        let label = match (sweeping, done) {
            (true, _) => "Pause sweep",
            (false, 0) => "Sweep seeds",
            _ => "Go on",
        };
        // The map's own dialog says how far that is.
        let is_done = self.map || done >= all;
        html! {
            <div class="sweep num" data-testid="sweep" data-done={done.to_string()} data-all={all.to_string()}>
                if !is_done {
                <Button {label} kind={ButtonKind::Quiet} testid="sweep-toggle" disabled={ctx.props().plan.is_none()}
                    title="Runs this setup with a hundred other seeds behind what is in sight: 90 of 100 runs lie in the band"
                    onclick={link.callback(|()| Msg::Toggle)} />
                }
                <Button label="Fanout × loss" kind={ButtonKind::Quiet} testid="sweep-map" disabled={ctx.props().plan.is_none()}
                    title="Runs this setup with other fanouts and losses, as a map" onclick={link.callback(|()| Msg::Map(true))} />
                <Button label="10,000 nodes" kind={ButtonKind::Quiet} testid="large-open" disabled={ctx.props().plan.is_none()}
                    title="Spreads one write through a cluster too large to draw" onclick={link.callback(|()| Msg::Large(true))} />
                { self.words(ctx, done, all, sweeping) }
                if let Some(plan) = ctx.props().plan.clone().filter(|_| self.large) {
                    <Large {plan} onclose={link.callback(|()| Msg::Large(false))} />
                }
                if self.map {
                    { self.map(ctx) }
                }
            </div>
        }
    }
}

impl Sweep {
    /// May the workers run now?
    fn may_run(&self, ctx: &Context<Self>) -> bool {
        let wants = self.map || self.on;
        wants && self.failed.is_none() && (!ctx.props().playing || self.cores > 2)
    }

    /// One core is the page's, one the run in sight.
    fn workers_wanted(&self) -> usize {
        self.cores.saturating_sub(2).clamp(1, WORKERS_MAX)
    }

    fn end_workers(&mut self) {
        self.workers.clear();
        self.view.lose_workers();
    }

    /// Gives every worker that waits something to do, unless the sweep is to rest.
    fn go_on(&mut self, ctx: &Context<Self>) {
        if self.may_run(ctx) {
            self.hand_out(ctx);
        }
    }

    #[inline(never)]
    fn hand_out(&mut self, ctx: &Context<Self>) {
        if self.view.is_done() {
            // They would hold memory for nothing.
            self.end_workers();
            return;
        }
        while self.workers.len() < self.workers_wanted() {
            let worker = self.workers.len();
            let on_report = ctx.link().callback(move |bytes| Msg::Report(worker, bytes));
            let on_error = ctx.link().callback(Msg::Failed);
            match Background::spawn(
                Job::Simulate,
                move |bytes| on_report.emit(bytes),
                move |why| on_error.emit(why),
            ) {
                Ok(background) => self.workers.push(background),
                Err(error) => {
                    self.failed = Some(error.0);
                    return;
                }
            }
        }
        for (worker, command) in self.view.next(self.workers.len()) {
            self.workers[worker].send(&protocol::encode(&command));
        }
    }

    #[inline(never)]
    fn on_report(&mut self, ctx: &Context<Self>, worker: usize, bytes: &[u8]) -> bool {
        let over = match protocol::decode(bytes) {
            Ok(Report::Frame(frame)) => self.view.take(worker, *frame),
            Ok(Report::NotStarted(why)) | Err(why) => {
                ctx.link().send_message(Msg::Failed(why));
                false
            }
            Ok(_) => false,
        };
        if over && !self.map {
            let (done, all) = self.view.progress();
            if done <= BAND_EVERY || done % BAND_EVERY == 0 || done == all {
                ctx.props().on_band.emit(self.view.band.clone());
            }
        }
        self.go_on(ctx);
        over
    }

    #[inline(never)]
    fn words(&self, ctx: &Context<Self>, done: u64, all: u64, sweeping: bool) -> Html {
        if let Some(why) = &self.failed {
            return html! { <span class="field-error" role="alert">{ format!("The sweep stopped: {why}") }</span> };
        }
        let waits = sweeping && ctx.props().playing && self.cores <= 2;
        let rest = if waits { ", waits while the run plays" } else { "" };
        if self.map {
            return Html::default();
        }
        let Some(band) = self.view.band.as_ref() else {
            return match sweeping {
                true => html! { <span class="muted">{ format!("{done} of {all} seeds{rest}") }</span> },
                false => Html::default(),
            };
        };
        let seed = band.unluckiest.0;
        let onclick = ctx.link().callback(move |()| Msg::Open(Opening { seed, cell: None }));
        html! {
            <>
                <span data-testid="sweep-words"><i class="key key-band"></i>{ in_words(band) }{ rest }</span>
                <Button label="Unluckiest" kind={ButtonKind::Quiet} testid="sweep-unluckiest" {onclick}
                    title={format!("Opens the unluckiest run, seed {seed}: {}", band.unluckiest.1.map_or("it never reached all".to_owned(), millis))} />
            </>
        }
    }

    #[inline(never)]
    fn map(&self, ctx: &Context<Self>) -> Html {
        let Some(plan) = self.view.plan() else { return Html::default() };
        let (done, all) = self.view.progress();
        let spots = if self.view.spots.is_empty() {
            vec![map::Spot::default(); LOSSES.len() * 5]
        } else {
            self.view.spots.clone()
        };
        let (rows, what) = match plan.varies_children() {
            true => ("Children", "children of each node in the tree"),
            false => ("Fanout", "members that each node asks every interval"),
        };
        let row = |(branches, cells): (u32, Vec<Shown>)| {
            html! {
                <tr key={branches}>
                    <th scope="row" class="cell-num">{ branches }</th>
                    { for cells.into_iter().zip(LOSSES).map(|(cell, loss)| self.cell(ctx, cell, format!("{branches}-{loss}"))) }
                </tr>
            }
        };
        html! {
            <Dialog title={format!("{rows} × loss")} testid="sweep-dialog" onclose={ctx.link().callback(|()| Msg::Map(false))}>
                <p>{ format!("How long until every node has one write, by {what} and by the messages lost: the middle of {} \
                    runs; the darker, the quicker. Where not all are reached, the part that is. A place opens its slowest run.", map::SEEDS) }</p>
                <div class="table-frame">
                    <table class="table sweep-table" data-testid="sweep-table">
                        <caption>{ format!("{done} of {all} runs") }</caption>
                        <thead><tr>
                            <th scope="col">{ format!("{rows} \\ loss") }</th>
                            { for LOSSES.map(|loss| html! { <th scope="col">{ format!("{loss} %") }</th> }) }
                        </tr></thead>
                        <tbody>{ for map::shown(plan.branches(), &spots).into_iter().map(row) }</tbody>
                    </table>
                </div>
            </Dialog>
        }
    }

    #[inline(never)]
    fn cell(&self, ctx: &Context<Self>, cell: Shown, id: String) -> Html {
        let style = match (cell.quick, cell.opens) {
            (Some(quick), _) => format!("--quick-part: {:.0}%", 8.0 + quick * 52.0),
            (None, Some(_)) => "background: var(--bad-soft)".to_owned(),
            (None, None) => String::new(),
        };
        let opens = cell.opens;
        let onclick = ctx.link().batch_callback(move |_: MouseEvent| opens.map(Msg::Open));
        html! {
            <td>
                <button type="button" class="sweep-cell num" {style} title={cell.title} disabled={opens.is_none()} {onclick}
                    data-testid={format!("sweep-cell-{id}")}>{ cell.words }</button>
            </td>
        }
    }
}

fn in_words(band: &Band) -> String {
    let reached = match band.reached == band.runs {
        true => "90 %".to_owned(),
        false => format!("{} reached all, 90 % of those", band.reached),
    };
    match band.took_us.map(|[low, _, high]| (millis(low), millis(high))) {
        Some((low, high)) if low == high => format!("{} seeds, {reached} after {low}", band.runs),
        Some((low, high)) => format!("{} seeds, {reached} within {low} to {high}", band.runs),
        None => format!("{} seeds, none reached all", band.runs),
    }
}
