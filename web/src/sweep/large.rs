//! The spread experiment on clusters too large to draw: one write in a quiet cluster of up to ten thousand nodes, in a
//! worker of its own, with the figures in place of a picture. Its dialog, and what it says.

use super::plan::Plan;
use crate::glue::{Background, Job, time::now_ms};
use crate::lab::protocol::{self, Command, Report, SpreadNews};
use crate::lab::setup::group;
use crate::lab::standing::bytes;
use crate::race::verdict::millis;
use crate::ui::{Announcer, Button, ButtonKind, Dialog, NumberField};
use rumormill_core::Duration;
use rumormill_sim::{SpreadResult, scenario::NODES_MAX};
use std::rc::Rc;
use yew::prelude::*;

/// What is known of a run that is over.
#[derive(Clone, Debug)]
struct Finding {
    result: SpreadResult,
    events: u64,
    took_ms: f64,
    memory_bytes: u64,
}

/// A run under way.
#[derive(Debug)]
struct Going {
    nodes: u32,
    started_ms: f64,
    news: Option<SpreadNews>,
    worker: Background,
}

/// Props of [`Large`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct LargeProps {
    /// The setup in sight.
    pub plan: Rc<Plan>,
    /// The dialog was closed.
    pub onclose: Callback<()>,
}

/// What can happen to the experiment.
#[derive(Debug)]
pub enum Msg {
    /// The number of nodes was typed.
    Typed(String),
    /// Begin, or cancel.
    Toggle,
    /// The worker reported.
    Report(Vec<u8>),
    /// The worker failed.
    Failed(String),
}

/// The experiment.
#[derive(Debug)]
pub struct Large {
    typed: String,
    going: Option<Going>,
    found: Vec<Finding>,
    failed: Option<String>,
    cancelled: bool,
    /// Runs begun; each has its own seed.
    runs: u64,
}

impl Component for Large {
    type Message = Msg;
    type Properties = LargeProps;

    fn create(_ctx: &Context<Self>) -> Self {
        let typed = NODES_MAX.to_string();
        Self { typed, going: None, found: Vec::new(), failed: None, cancelled: false, runs: 0 }
    }

    fn update(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        match message {
            Msg::Typed(text) => self.typed = text,
            Msg::Toggle if self.going.is_some() => (self.going, self.cancelled) = (None, true),
            Msg::Toggle => self.begin(ctx),
            Msg::Report(bytes) => self.on_report(ctx, &bytes),
            Msg::Failed(why) => (self.going, self.failed) = (None, Some(why)),
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let plan = &ctx.props().plan;
        let error = self.nodes().err().map(AttrValue::from);
        let is_going = self.going.is_some();
        let (label, kind) = match is_going {
            true => ("Cancel", ButtonKind::Plain),
            false => ("Spread a write", ButtonKind::Primary),
        };
        let latency = millis(plan.spread(1, 1).latency_us.as_micros());
        html! {
            <Dialog title="Spread in a large cluster" testid="large-dialog" onclose={ctx.props().onclose.clone()}>
                <p>{ format!("One write spreads through a quiet cluster whose members all know each other, by the setup's \
                    strategy, fanout, interval and loss. Every node runs the whole engine. What is simplified: nothing is \
                    drawn or kept, so there is no going back and no looking inside; each message takes {latency}; the \
                    limiter is the default one; nothing fails but by the loss.") }</p>
                <NumberField label="Nodes" id="large-nodes" value={self.typed.clone()} {error} disabled={is_going}
                    hint="Ten thousand take about a hundred megabytes and a while." oninput={link.callback(Msg::Typed)} />
                <Button {label} {kind} testid="large-toggle" disabled={!is_going && self.nodes().is_err()}
                    onclick={link.callback(|()| Msg::Toggle)} />
                { self.progress() }
                if !self.found.is_empty() {
                    <ul data-testid="large-found">{ for self.found.iter().rev().map(|found| html! { <li>{ in_words(found) }</li> }) }</ul>
                }
                <Announcer text={self.found.last().map(in_words).unwrap_or_default()} />
            </Dialog>
        }
    }
}

impl Large {
    fn nodes(&self) -> Result<u32, String> {
        match self.typed.trim().parse() {
            Ok(nodes) if (2..=NODES_MAX).contains(&nodes) => Ok(nodes),
            _ => Err(format!("A whole number from 2 to {}.", group(NODES_MAX.into()))),
        }
    }

    fn begin(&mut self, ctx: &Context<Self>) {
        let Ok(nodes) = self.nodes() else { return };
        (self.failed, self.cancelled) = (None, false);
        self.runs += 1;
        let on_report = ctx.link().callback(Msg::Report);
        let on_error = ctx.link().callback(Msg::Failed);
        match Background::spawn(
            Job::Simulate,
            move |bytes| on_report.emit(bytes),
            move |why| on_error.emit(why),
        ) {
            Ok(worker) => {
                let config = ctx.props().plan.spread(nodes, self.runs);
                worker.send(&protocol::encode(&Command::Spread(config)));
                self.going = Some(Going { nodes, started_ms: now_ms(), news: None, worker });
            }
            Err(error) => self.failed = Some(error.0),
        }
    }

    fn on_report(&mut self, ctx: &Context<Self>, bytes: &[u8]) {
        let Some(going) = &mut self.going else { return };
        match protocol::decode(bytes) {
            Ok(Report::Spread(news)) => match news.result {
                Some(result) => {
                    let took_ms = now_ms() - going.started_ms;
                    let (events, memory_bytes) = (news.events, news.memory_bytes);
                    self.found.push(Finding { result, events, took_ms, memory_bytes });
                    // It would hold the cluster's memory for nothing.
                    self.going = None;
                }
                None => {
                    going.news = Some(*news);
                    going.worker.send(&protocol::encode(&Command::SpreadOn));
                }
            },
            Ok(Report::NotStarted(why)) | Err(why) => ctx.link().send_message(Msg::Failed(why)),
            Ok(_) => {}
        }
    }

    fn progress(&self) -> Html {
        if let Some(why) = &self.failed {
            return html! { <p class="field-error" role="alert">{ format!("The experiment stopped: {why}") }</p> };
        }
        let Some(going) = &self.going else {
            return match self.cancelled {
                true => {
                    html! { <p class="muted" data-testid="large-words">{ "Cancelled: nothing was kept of it." }</p> }
                }
                false => Html::default(),
            };
        };
        let informed = going.news.as_ref().map_or(0, |news| news.informed);
        html! {
            <div class="field">
                <progress aria-label="Nodes that have the write" max={going.nodes.to_string()} value={informed.to_string()} />
                <p class="num muted" data-testid="large-words">{ progress_words(going.nodes, going.news.as_ref()) }</p>
            </div>
        }
    }
}

fn progress_words(nodes: u32, news: Option<&SpreadNews>) -> String {
    let Some(news) = news else { return format!("Starting {} nodes…", group(nodes.into())) };
    let so_far = format!("{} events, {} of memory", group(news.events), bytes(news.memory_bytes));
    match news.since_us {
        None => format!("The cluster settles before the write: {so_far}."),
        Some(us) => format!(
            "{} of {} nodes have it {} after the write: {so_far}.",
            group(news.informed.into()),
            group(nodes.into()),
            millis(us)
        ),
    }
}

fn in_words(found: &Finding) -> String {
    let Finding { result, events, took_ms, memory_bytes } = found;
    let nodes = group(result.nodes.into());
    let spread = match (result.all_informed_ms, result.messages_at_all_informed) {
        (Some(ms), Some(messages)) => {
            let rounds = result.rounds.map_or(String::new(), |rounds| format!(", in {rounds} rounds"));
            let after = millis(Duration::from_micros((ms * 1_000.0) as u64).as_micros());
            let each = messages as f64 / f64::from(result.nodes);
            format!(
                "all had it after {after}{rounds}, over at most {} hops, by {} messages that carry state ({each:.2} a node)",
                result.hops_max,
                group(messages)
            )
        }
        _ => format!("only {} had it in the end", group(result.informed.into())),
    };
    format!(
        "{nodes} nodes, {}, seed {}: {spread}. {} events, computed in {:.1} s with {} of memory.",
        result.strategy,
        result.seed,
        group(*events),
        took_ms / 1_000.0,
        bytes(*memory_bytes)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::worker::Machine;
    use rumormill_sim::Scenario;

    #[test]
    fn the_worker_goes_on_bit_by_bit_and_the_words_say_how_far_it_is() {
        let mut config = Plan::new(&Scenario::default(), &[]).spread(300, 7);
        config.latency_us = Duration::from_millis(20);
        let clock = std::cell::Cell::new(0.0);
        // Each look at the clock takes long, so that every command does one bit.
        let mut machine = Machine::new(move || clock.replace(clock.get() + 1_000.0));
        let mut reports = vec![machine.obey(Command::Spread(config))];
        let news = loop {
            let Some(Report::Spread(news)) = reports.pop() else { panic!("no news") };
            let words = progress_words(300, Some(&news));
            match news.since_us {
                None => assert!(words.starts_with("The cluster settles"), "{words}"),
                Some(_) => assert!(words.contains("of 300 nodes have it"), "{words}"),
            }
            if news.result.is_some() {
                break *news;
            }
            reports.push(machine.obey(Command::SpreadOn));
        };
        let result = news.result.expect("it is over");
        assert_eq!((result.informed, result.seed, news.informed), (300, 7, 300));
        let found = Finding { result, events: news.events, took_ms: 1_234.0, memory_bytes: 5_000_000 };
        let words = in_words(&found);
        assert!(words.starts_with("300 nodes, hybrid, seed 7: all had it after "), "{words}");
        assert!(words.contains("computed in 1.2 s with 5.0 MB"), "{words}");
    }

    #[test]
    fn a_cluster_that_makes_no_sense_does_not_begin() {
        let config = Plan::new(&Scenario::default(), &[]).spread(0, 1);
        let mut machine = Machine::new(|| 0.0);
        assert!(matches!(machine.obey(Command::Spread(config)), Report::NotStarted(_)));
        assert_eq!(machine.obey(Command::SpreadOn), Report::Idle, "and there is nothing to go on with");
    }
}
