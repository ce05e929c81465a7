//! How the latest write spread: measured from member to member, over the band in which 90 of 100 simulated runs of a
//! cluster like this one lie. The simulation runs in workers while a write is followed, and no longer.

use super::{
    measure::{Arrival, Measure},
    session::Model,
    spread_chart::{Paths, paths, span},
    state::View,
    way, what_if, words,
};
use crate::{
    decimal::decimal,
    glue::{Background, Job, page},
    lab::{
        protocol::{self, Deed, Report},
        setup::{Field, Setup},
    },
    sweep::{
        Band, Plan,
        state::{Aim, View as Runs},
    },
    ui::{Column, Empty, Panel, Table},
};
use std::rc::Rc;
use yew::prelude::*;

/// When the simulated write is, in microseconds: by then the nodes' rounds, which begin together, are out of step.
const WRITE_US: u64 = 5_000_000;

/// Most workers: the page and the nodes want the machine too.
const WORKERS_MAX: usize = 2;

/// A latency that differs by less than this part is the same one measured again: the band is kept.
const LATENCY_LIKE: f64 = 0.25;

/// Most members whose lack of the write is explained; of more it is said how many there are.
const LACKING_SHOWN_MAX: usize = 6;

/// Props of [`SpreadPanel`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct SpreadProps {
    /// What is known.
    pub model: Model,
    /// Counts the changes of what others say.
    pub revision: u64,
    /// Controls at the right end of the heading.
    pub actions: Html,
}

/// What can happen to the panel.
#[derive(Debug)]
pub(super) enum Msg {
    /// A worker reported.
    Report(usize, Vec<u8>),
    /// A worker failed.
    Failed(String),
}

/// The panel.
#[derive(Debug)]
pub(super) struct SpreadPanel {
    runs: Runs,
    workers: Vec<Background>,
    /// The setup that is simulated, and from how many round trips its latency was found.
    setup: Option<(Setup, Option<usize>)>,
    /// The write for which it was made.
    of: u64,
    /// What was told when it was last tried to find the latency.
    tried: u64,
    failed: Option<String>,
}

impl Component for SpreadPanel {
    type Message = Msg;
    type Properties = SpreadProps;

    fn create(ctx: &Context<Self>) -> Self {
        let mut runs = Runs::default();
        runs.aim = Some(Aim::Band);
        let mut panel = Self { runs, workers: Vec::new(), setup: None, of: 0, tried: 0, failed: None };
        panel.aim(ctx);
        panel
    }

    fn changed(&mut self, ctx: &Context<Self>, _old: &SpreadProps) -> bool {
        self.aim(ctx);
        true
    }

    fn update(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        let is_news = match message {
            Msg::Report(worker, bytes) => match protocol::decode(&bytes) {
                Ok(Report::Frame(frame)) => self.runs.take(worker, *frame),
                Ok(Report::NotStarted(why)) | Err(why) => {
                    self.fail(why);
                    true
                }
                Ok(_) => false,
            },
            Msg::Failed(why) => {
                self.fail(why);
                true
            }
        };
        self.go_on(ctx);
        is_news
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let view = ctx.props().model.view.borrow();
        let body = match &view.around.measured {
            None => html! {
                <Empty title="No write to follow yet">
                    <p>{ "Set a key or count: each member is asked when it had the change, and its way stands here, over \
                        what the simulator predicts for a cluster like this one." }</p>
                </Empty>
            },
            Some(measure) => self.measured(measure, &view, ctx.props().model.now_ms()),
        };
        html! {
            <Panel title="Spread of a write" testid="live-spread" class="live-spread" scrolls=true
                actions={ctx.props().actions.clone()}>{ body }</Panel>
        }
    }
}

impl SpreadPanel {
    /// Simulates the cluster in sight, if a write is followed for which that was not done, or with a guessed latency only.
    fn aim(&mut self, ctx: &Context<Self>) {
        let view = ctx.props().model.view.borrow();
        let number = view.around.measured.as_ref().map_or(0, |measure| measure.number);
        let is_known = number == self.of;
        let is_news = view.revisions.feed != self.tried && ctx.props().model.past_us().is_none();
        if is_known && !(self.is_guess() && is_news) {
            return;
        }
        (self.of, self.tried) = (number, view.revisions.feed);
        let Some(fitted) = what_if::fitted(&view).filter(|fitted| !is_known || fitted.trip.is_some()) else {
            return;
        };
        let found_in = fitted.trip.map(|(_, trips)| trips);
        if let Some((_, trips)) = self.setup.as_mut().filter(|(setup, _)| is_like(setup, &fitted.setup)) {
            *trips = trips.or(found_in);
            return;
        }
        let plan = fitted.setup.scenario().ok().map(|scenario| {
            let write = Deed::Write { node: 0, key: "rumor".to_owned(), value: "true".to_owned() };
            Rc::new(Plan::new(&scenario, &[(WRITE_US, write)]))
        });
        self.setup = Some((fitted.setup, found_in));
        self.failed = None;
        if self.runs.aim_at(plan) {
            self.workers.clear();
        }
        drop(view);
        self.go_on(ctx);
    }

    /// Is it only guessed how long messages travel?
    fn is_guess(&self) -> bool {
        self.setup.as_ref().is_some_and(|(_, trips)| trips.is_none())
    }

    fn fail(&mut self, why: String) {
        self.failed = Some(why);
        self.workers.clear();
        self.runs.lose_workers();
    }

    fn go_on(&mut self, ctx: &Context<Self>) {
        if self.failed.is_some() || self.runs.plan().is_none() {
            return;
        }
        if self.runs.is_done() {
            self.workers.clear();
            self.runs.lose_workers();
            return;
        }
        while self.workers.len() < page::cores().saturating_sub(1).clamp(1, WORKERS_MAX) {
            let worker = self.workers.len();
            let on_report = ctx.link().callback(move |bytes| Msg::Report(worker, bytes));
            let on_error = ctx.link().callback(Msg::Failed);
            match Background::spawn(
                Job::Simulate,
                move |bytes| on_report.emit(bytes),
                move |why| on_error.emit(why),
            ) {
                Ok(background) => self.workers.push(background),
                Err(error) => return self.fail(error.0),
            }
        }
        for (worker, command) in self.runs.next(self.workers.len()) {
            self.workers[worker].send(&protocol::encode(&command));
        }
    }

    fn measured(&self, measure: &Measure, view: &View, now_ms: u64) -> Html {
        let is_over = measure.is_over(now_ms);
        let band = self.runs.band.as_deref();
        let chart = paths(&measure.curve(), band, is_over);
        let (informed, of) = measure.informed();
        let (done, all) = self.runs.progress();
        let state = match (is_over, done >= all || self.failed.is_some()) {
            (true, true) => "done",
            (true, false) => "simulating",
            (false, _) => "measuring",
        };
        html! {
            <div class="spread" data-testid="live-spread-body" data-state={state} data-informed={informed.to_string()}
                data-key={measure.key.clone()}>
                { drawn(&chart, &format!("{informed} of {of} members have {}", measure.key)) }
                <div class="spread-words">
                    <p data-testid="live-spread-words"><b class="mono">{ &measure.key }</b>{ verdict(measure, band, is_over, self.is_guess()) }</p>
                    <p class="spread-legend sub">
                        <i class="key key-fresh"></i>{ "measured " }
                        <i class="key key-band"></i>{ "where 90 of 100 simulated runs lie" }
                        if done < all && self.failed.is_none() { { format!(": {done} of {all}") } }
                    </p>
                    if let Some(why) = &self.failed {
                        <p class="field-error" role="alert">{ format!("Nothing can be predicted: {why}") }</p>
                    }
                    { told(measure, view, now_ms) }
                    <p class="sub" data-testid="live-spread-how">{ self.how(measure) }</p>
                    { arrivals(measure) }
                </div>
            </div>
        }
    }

    /// What is compared with what, and how far that can be trusted.
    fn how(&self, measure: &Measure) -> String {
        let clocks = match measure.within_us() {
            0 => String::new(),
            within_us => format!(
                " Members’ clocks differ: each was read over a round trip, so a time may be off by {}.",
                span(within_us)
            ),
        };
        let left_out = match measure.left_out {
            0 => String::new(),
            1 => " 1 member was not asked.".to_owned(),
            count => format!(" {count} members were not asked."),
        };
        let model = self.setup.as_ref().map_or(String::new(), |(setup, trips)| {
            let travels = match trips {
                Some(trips) => format!("as fitted from {trips} round trips"),
                None => "a guess".to_owned(),
            };
            format!(
                "Predicted for {} nodes, {}, fanout {}, a round every {} ms, messages under way for {} ms ({travels}).",
                setup.text(Field::Nodes),
                setup.strategy.as_str(),
                setup.text(Field::Fanout),
                setup.text(Field::Interval),
                setup.text(Field::Latency),
            )
        });
        format!("{model}{clocks}{left_out}")
    }
}

/// Do both describe the same cluster, but for a latency measured anew?
fn is_like(a: &Setup, b: &Setup) -> bool {
    let ms = |setup: &Setup| decimal(setup.text(Field::Latency)).unwrap_or_default();
    let is_near = (ms(a) - ms(b)).abs() <= LATENCY_LIKE * ms(a).max(ms(b));
    is_near && a.clone().with(Field::Latency, b.text(Field::Latency)) == *b
}

/// What was measured, and how that compares.
fn verdict(measure: &Measure, band: Option<&Band>, is_over: bool, is_guess: bool) -> String {
    let (informed, of) = measure.informed();
    let after = measure.after();
    let last_us = after.last().copied().unwrap_or_default();
    if informed < of {
        let going = if is_over { "and the others did not tell" } else { "the others are asked every second" };
        return format!(": {informed} of {of} had it after {}, {going}.", span(last_us));
    }
    let measured = format!(": all {of} had it after {}", span(last_us));
    match band.and_then(|band| band.took_us) {
        None => format!("{measured}."),
        Some([low_us, _, high_us]) if is_guess => format!(
            "{measured}; simulated, it takes {} to {}, but how long messages travel here is not known yet.",
            span(low_us),
            span(high_us)
        ),
        Some([low_us, _, high_us]) => {
            let within_us = measure.within_us();
            let compared = if (low_us..=high_us).contains(&last_us) {
                "as predicted"
            } else if last_us.saturating_add(within_us) < low_us {
                "quicker than predicted"
            } else if last_us > high_us.saturating_add(within_us) {
                "slower than predicted: load, losses and the machine are not in the model"
            } else {
                "as predicted, as far as the clocks can tell"
            };
            let (low, high) = (span(low_us), span(high_us));
            format!("{measured}; simulated, it takes {low} to {high}. That is {compared}.")
        }
    }
}

fn drawn(chart: &Paths, label: &str) -> Html {
    html! {
        <figure class="spread-chart" role="img" aria-label={label.to_owned()}>
            <div class="spread-y num" aria-hidden="true"><span>{ "100 %" }</span><span>{ "50 %" }</span><span>{ "0 %" }</span></div>
            <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">
                <path class="spread-grid" d="M0 0H1000M0 500H1000M0 1000H1000" />
                <path class="spread-band" d={chart.band.clone()} />
                <path class="spread-median" d={chart.median.clone()} />
                <path class="spread-measured" d={chart.measured.clone()} data-testid="live-spread-measured" />
            </svg>
            <div class="spread-x num" aria-hidden="true">
                <span>{ "write" }</span><span>{ span(chart.end_us / 2) }</span><span>{ span(chart.end_us) }</span>
            </div>
        </figure>
    }
}

/// The way it took, and why it is not everywhere.
fn told(measure: &Measure, view: &View, now_ms: u64) -> Html {
    let lacking = way::lacking(measure, view, now_ms);
    let more = lacking.len().saturating_sub(LACKING_SHOWN_MAX);
    html! {
        <>
            <p data-testid="live-spread-way">{ way::way(measure) }</p>
            if !lacking.is_empty() {
                <ul class="spread-lacking" data-testid="live-spread-lacking">
                    { for lacking.into_iter().take(LACKING_SHOWN_MAX).map(|words| html! { <li>{ words }</li> }) }
                    if more > 0 {
                        <li>{ format!("{more} more: choose one of the members to read why.") }</li>
                    }
                </ul>
            }
        </>
    }
}

/// The chart's twin: each member and when it had the write.
fn arrivals(measure: &Measure) -> Html {
    let columns = vec![Column::text("Member"), Column::number("Had it after"), Column::text("By way of")];
    let rank = |arrival: &Arrival| match arrival {
        Arrival::At { after_us, .. } => *after_us,
        Arrival::Waiting | Arrival::Lacking | Arrival::Unknown(_) => u64::MAX,
    };
    let mut rows: Vec<_> = measure.members.iter().collect();
    rumormill_core::sort::sort_by(&mut rows, |(_, a), (_, b)| rank(a).cmp(&rank(b)));
    let row = |(id, arrival): (&rumormill_core::NodeId, &Arrival)| {
        let (after, way) = match arrival {
            Arrival::Waiting | Arrival::Lacking => ("not yet".to_owned(), String::new()),
            Arrival::At { after_us, within_us, from } => (
                format!("{} ± {}", span(*after_us), span(*within_us)),
                from.as_ref().map_or_else(String::new, ToString::to_string),
            ),
            Arrival::Unknown(why) => ("not told".to_owned(), why.clone()),
        };
        html! {
            <tr key={id.as_str().to_owned()} data-testid="live-arrival" data-member={id.as_str().to_owned()}>
                <td class="mono">{ id.as_str() }</td><td class="cell-num num">{ after }</td><td class="sub">{ way }</td>
            </tr>
        }
    };
    html! {
        <details class="spread-members" data-testid="live-arrivals">
            <summary>{ words::counted(measure.members.len(), "other member", "other members") }</summary>
            <Table caption="When each member had the write" {columns} testid="live-arrivals-table">{ for rows.into_iter().map(row) }</Table>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::id;
    use super::*;
    use rumormill_api::ArrivalView;

    fn measure(after_us: &[u64]) -> Measure {
        let names = ["b", "c", "d"];
        let mut measure = Measure::new(1, "k".to_owned(), id("a"), 0, 0).among(names.into_iter().map(id), 0);
        let told = |at_us| ArrivalView { at_us: Some(at_us), from: None, ahead_us: Some(0), within_us: 100 };
        measure.take(&id("a"), Ok(told(1_000)));
        for (name, after_us) in names.iter().zip(after_us) {
            measure.take(&id(name), Ok(told(1_000 + after_us)));
        }
        measure
    }

    fn band(low: u64, high: u64) -> Band {
        let took_us = Some([low, low, high]);
        Band { points: vec![(high, [1.0; 3])], runs: 100, reached: 100, took_us, unluckiest: (1, None) }
    }

    #[test]
    fn what_was_measured_is_compared_no_finer_than_the_clocks_allow() {
        let all = measure(&[400, 900, 700]);
        let words = |low, high| verdict(&all, Some(&band(low, high)), true, false);
        assert!(words(500, 950).ends_with("That is as predicted."), "{}", words(500, 950));
        assert!(words(990, 2_000).ends_with("as far as the clocks can tell."), "they may be off by that");
        assert!(words(1_001, 2_000).ends_with("quicker than predicted."));
        assert!(words(100, 790).contains("slower than predicted"));
        let guessed = verdict(&all, Some(&band(1_001, 2_000)), true, true);
        assert!(guessed.contains("is not known yet") && !guessed.contains("predicted"), "{guessed}");
        assert_eq!(verdict(&all, None, true, false), ": all 4 had it after 900 µs.");
        let some = measure(&[400]);
        assert!(verdict(&some, None, false, false).contains("2 of 4 had it after 400 µs"));
        assert!(verdict(&some, None, true, false).contains("did not tell"));
    }

    #[test]
    fn a_member_whose_times_cannot_be_is_slow_and_no_more() {
        let mut measure = measure(&[400, 900]);
        let told =
            ArrivalView { at_us: Some(u64::MAX), from: None, ahead_us: Some(i64::MIN), within_us: u64::MAX };
        measure.take(&id("d"), Ok(told.clone()));
        let words = verdict(&measure, Some(&band(500, 950)), true, false);
        assert!(words.ends_with("as far as the clocks can tell."), "{words}");
        measure.take(&id("d"), Ok(ArrivalView { within_us: 100, ..told }));
        let words = verdict(&measure, Some(&band(500, u64::MAX - 1)), true, false);
        assert!(words.contains("That is as predicted"), "{words}");
    }

    #[test]
    fn a_latency_measured_again_is_no_other_cluster() {
        let setup =
            |ms: &str, nodes: &str| Setup::default().with(Field::Latency, ms).with(Field::Nodes, nodes);
        assert!(is_like(&setup("1.00", "5"), &setup("1.20", "5")));
        assert!(!is_like(&setup("1.00", "5"), &setup("1.50", "5")));
        assert!(!is_like(&setup("1.00", "5"), &setup("1.00", "6")));
    }
}
