//! How the Lab's state becomes markup: which panel gets what.

use super::action::{Action, Drawn, Sight, Tab, Tool};
use super::chart_panel::ChartPanel;
use super::events_panel::{EventsPanel, SHOWN_MAX};
use super::help::Help;
use super::inspector::{Inspector, state_word};
use super::link_panel::link_panel;
use super::message_panel::MessagePanel;
use super::node_table::NodeTable;
use super::opening::LinkNote;
use super::paths::paths_cut_words;
use super::place::{Lab, Msg};
use super::presets;
use super::protocol::Spread;
use super::ring_panel::RingPanel;
use super::scrub;
use super::setup::group;
use super::setup_panel::SetupPanel;
use super::sharing::ShareMsg;
use super::standing::{Standing, nodes_words};
use super::state::View;
use super::time_bar::TimeBar;
use super::tour::{self, Tour};
use crate::float::plain;
use crate::glue::files::Given;
use crate::replay::panel::{NoRecording, RecordingPanel, in_words};
use crate::share::dialog::Wish;
use crate::sweep::Sweep;
use crate::ui::{Announcer, Button, ButtonKind, Choice, IconName, Notice, Segmented, SourceBar, Tone};
use rumormill_core::Status;
use std::rc::Rc;
use yew::prelude::*;

impl Lab {
    /// Everything.
    pub(super) fn render(&self, ctx: &Context<Self>, on: &Callback<Action>) -> Html {
        let view = self.view.borrow();
        let recorded = ctx.props().is_replay;
        if recorded && view.replay.is_none() {
            return self.render_empty(ctx, &view, on);
        }
        let (tone, words) = status(&view);
        let detail = view.detail.as_ref().filter(|detail| Some(detail.node) == view.selected);
        let name = view.selected.and_then(|node| view.name(node)).map(|id| AttrValue::from(id.to_string()));
        let tab = match view.tab {
            Tab::Setup => "setup",
            Tab::Node => "node",
            Tab::Events => "events",
            Tab::Chart => "chart",
        };
        let span_us = scrub::scale_us(recorded, view.end_us);
        let marks = scrub::marks(view.series.deeds(), &view.branches, view.branch, span_us);
        html! {
            <div class={classes!("lab", format!("lab-tab-{tab}"), view.tour.map(|stop| format!("touring-{}", tour::place(stop))))} data-testid={if recorded { "replay" } else { "lab" }}
                data-playing={view.playing.to_string()} data-run={view.run.to_string()}>
                <SourceBar badge={if recorded { "REPLAY" } else { "SIM" }} facts={facts(&view)} status={words.clone()} {tone}>
                    <Button label={if recorded { "Export" } else { "Share" }} icon={IconName::Share} testid="share-open"
                        title={if recorded { "What is in sight as a picture or tables" } else { "A link to this run, files, and the command that repeats it" }}
                        onclick={ctx.link().callback(|()| Msg::Share(ShareMsg::Wish(Wish::Open)))} />
                    <Button label="Help" icon={IconName::Help} icon_only=true
                        kind={ButtonKind::Quiet} shortcut="?" testid="help-open"
                        onclick={on.reform(|()| Action::Help(true))} />
                </SourceBar>
                if let Some(words) = &view.model_of {
                    <p class="lab-model" data-testid="lab-model">
                        <b>{ "A model, not a prediction. " }</b>{ words }
                    </p>
                }
                <div class="lab-body">
                    { self.notices(ctx, &view, on) }
                    <Segmented label="Panel" name="tab" wide=true choices={vec![Choice::new("setup", if recorded { "File" } else { "Setup" }),
                        Choice::new("node", "Node"), Choice::new("events", "Events"), Choice::new("chart", "Chart")]}
                        value={tab} onchange={on.reform(|word: AttrValue| Action::Tab(match word.as_str() {
                            "node" => Tab::Node,
                            "events" => Tab::Events,
                            "chart" => Tab::Chart,
                            _ => Tab::Setup,
                        }))} />
                    if let Some(recorded) = &view.replay {
                        <RecordingPanel recorded={Rc::clone(recorded)} on_file={on_file(on)} />
                    } else {
                        <SetupPanel setup={view.setup.clone()} errors={view.errors.clone()} preset={view.preset}
                            changed={view.changed} wants_new_run={view.wants_new_run()} on={on.clone()} />
                    }
                    { self.ring(ctx, &view, on) }
                    <ChartPanel canvas={self.stage.chart.clone()} spread={view.spread} totals={view.totals} of_change={view.of_change()}
                        theory={self.theory.clone()} formula={view.formula} on={on.clone()}
                        sweep={if recorded { Html::default() } else { html! {
                            <Sweep plan={view.plan().map(Rc::new)} playing={view.playing} on_band={ctx.link().callback(Msg::Band)}
                                on_open={on.reform(Action::Open)} />
                        }}} />
                    <div class="lab-side">
                    if view.message.is_some() {
                        { message(&view, on) }
                    } else {
                        <Inspector detail={detail.map(|detail| Rc::new((**detail).clone()))} form={view.form.clone()}
                            several={several(&view)} beliefs={view.beliefs} since_us={view.written_us()} now_us={view.now_us} {recorded} on={on.clone()} />
                    }
                    <EventsPanel lines={Rc::new(view.shown_lines(SHOWN_MAX))} any={!view.highlights.is_empty()}
                        filter={view.filter.clone()} selected={name} on={on.clone()} />
                    </div>
                </div>
                <TimeBar playing={view.playing} speed={view.speed} legible={view.legible} now_us={view.now_us} end_us={view.end_us}
                    wanted_us={view.seek_us.or(view.goal_us)} branches={view.branches.clone()} branch={view.branch} {recorded}
                    {marks} shortfall={self.pace.shortfall().filter(|_| view.playing)} on={on.clone()} />
                <Announcer text={announced(&view, words)} />
                if let Some(stop) = view.tour {
                    <Tour {stop} on={on.clone()} />
                }
                if view.meter {
                    { self.meter() }
                }
                { self.share_dialog(ctx) }
                if view.help {
                    <Help keys={view.keys} meter={view.meter} on={on.clone()} />
                }
            </div>
        }
    }

    /// Replay before a file is open.
    #[inline(never)]
    fn render_empty(&self, ctx: &Context<Self>, view: &View, on: &Callback<Action>) -> Html {
        html! {
            <div class="lab" data-testid="replay">
                <SourceBar badge="REPLAY" facts="No recording is open" status="Nothing to play" tone={Tone::Still} />
                <div class="replay-none">
                    { self.notices(ctx, view, on) }
                    <NoRecording on_file={on_file(on)} />
                </div>
            </div>
        }
    }

    fn ring(&self, ctx: &Context<Self>, view: &View, on: &Callback<Action>) -> Html {
        let table = if view.sight == Sight::Table {
            html! {
                <NodeTable rows={view.rows.clone()} page={view.page} pages={view.pages()} selected={view.selected} others={view.others.clone()}
                    believer={believer(view)} newest={view.write.is_none()}
                    form={view.form.clone()} recorded={view.replay.is_some()} on={on.clone()} />
            }
        } else {
            Html::default()
        };
        html! {
            <RingPanel sight={view.sight} tool={view.tool_here()} link={self.link_offer(view, on)} is_cut={view.spread.has_cuts()} signs={view.signs} nodes={view.nodes()} recorded={view.replay.is_some()} hint={hint(view)}
                caption={view.caption(self.stage.rows()).map(AttrValue::from)} options={super::view_options::options(view, on)}
                selection={selection(view)} back={self.stage.back.clone()} front={self.stage.front.clone()} {table}
                on={on.clone()} on_pointer={ctx.link().callback(Msg::Pointer)} />
        }
    }

    fn link_offer(&self, view: &View, on: &Callback<Action>) -> Html {
        let names =
            |drawn: &Drawn| Some((view.name(drawn.from)?.to_string(), view.name(drawn.to)?.to_string()));
        match view.drawn.as_ref().and_then(|drawn| Some((drawn, names(drawn)?))) {
            Some((drawn, names)) => link_panel(drawn, names, on),
            None => Html::default(),
        }
    }

    #[inline(never)]
    fn notices(&self, ctx: &Context<Self>, view: &View, on: &Callback<Action>) -> Html {
        html! {
            <div class="toasts">
                if let Some(why) = &self.failed {
                    <Notice tone={Tone::Bad} title={if ctx.props().is_replay { "Replay stopped" } else { "The simulation stopped" }} testid="failed">
                        <p>{ why }</p>
                        if ctx.props().is_replay {
                            <p>{ "Start it again, and open the file once more." }</p>
                        }
                        <Button label="Start it again" testid="failed-again"
                            onclick={ctx.link().callback(|()| Msg::Again)} />
                    </Notice>
                }
                if let Some((name, why)) = &view.not_opened {
                    <Notice tone={Tone::Bad} title={format!("“{name}” could not be opened")} testid="not-opened"
                        onclose={on.reform(|()| Action::DismissFile)}>{ why }</Notice>
                }
                if let Some(note) = &view.link_note {
                    { link_note(note, on) }
                }
                if let Some(why) = &view.refused {
                    <Notice tone={Tone::Warn} title="That was not possible" testid="refused"
                        onclose={on.reform(|()| Action::Dismiss)}>{ why }</Notice>
                }
            </div>
        }
    }

    #[inline(never)]
    fn meter(&self) -> Html {
        let figures = self.meter.figures();
        let text = format!(
            "{:.0} frames/s · page {:.1} ms p50, {:.1} ms p95, {:.1} ms max · worker {:.1} ms p95",
            figures.frames_per_s,
            figures.work_p50_ms,
            figures.work_p95_ms,
            figures.work_max_ms,
            figures.tick_p95_ms
        );
        html! {
            <p class="meter mono" data-testid="meter" data-p95={format!("{:.2}", figures.work_p95_ms)}
                data-p50={format!("{:.2}", figures.work_p50_ms)} data-max={format!("{:.2}", figures.work_max_ms)}
                data-fps={format!("{:.1}", figures.frames_per_s)} data-tick={format!("{:.2}", figures.tick_p95_ms)}>
                { text }
            </p>
        }
    }
}

#[inline(never)]
fn link_note(note: &LinkNote, on: &Callback<Action>) -> Html {
    let (tone, title, words) = match note {
        LinkNote::Opened(acts) => {
            let acts = match acts {
                0 => "nothing done in it".to_owned(),
                1 => "one thing done in it".to_owned(),
                more => format!("{} things done in it", group(*more as u64)),
            };
            let words = format!(
                "The run and its moment are as they were shared, with {acts}. Play goes on from here; to see how it came to \
                 this, go to the start (g)."
            );
            (Tone::Still, "Opened from a link", words)
        }
        LinkNote::Partly(lost) => (Tone::Warn, "A part of the link is lost", lost.clone()),
        LinkNote::Refused(why) => (Tone::Bad, "This link could not be opened", why.clone()),
    };
    let first = matches!(note, LinkNote::Refused(_)).then(|| presets::all().swap_remove(0));
    html! {
        <Notice {tone} {title} testid="link-note" onclose={on.reform(|()| Action::DismissLink)}>
            <p>{ words }</p>
            if let Some(preset) = first {
                <Button label={format!("Open “{}”", preset.title)} testid="link-preset"
                    onclick={on.reform(move |()| Action::Preset(preset.name.to_owned()))} />
            }
        </Notice>
    }
}

#[inline(never)]
fn message(view: &View, on: &Callback<Action>) -> Html {
    let line = view.message_line.as_ref().map(|line| Rc::new((**line).clone()));
    let name = |node: u16| Some(AttrValue::from(view.name(node.into())?.to_string()));
    let names = line.as_ref().and_then(|line| Some((name(line.flight.from)?, name(line.flight.to)?)));
    html! { <MessagePanel {line} {names} now_us={view.now_us} recorded={view.replay.is_some()} on={on.clone()} /> }
}

/// How the cluster stands. Whether all hold the same, a recording does not tell.
fn status(view: &View) -> (Tone, String) {
    let standing = view.standing();
    let Spread { since_us, informed, up, cut, paths_cut, .. } = view.spread;
    if view.replay.is_none() || up == 0 {
        return (standing.tone(), standing.words(&view.spread));
    }
    let parted = if cut { "Partitioned, " } else { "" };
    let tone = match (cut, since_us, informed == up) {
        (true, ..) => Tone::Warn,
        (_, None, _) => Tone::Still,
        (_, _, true) => Tone::Good,
        _ => Tone::Busy,
    };
    let words = match since_us {
        None if cut => "Partitioned".to_owned(),
        None => "No write so far".to_owned(),
        Some(_) => {
            format!("{parted}{} of {} have the latest", group(u64::from(informed)), group(u64::from(up)))
        }
    };
    match paths_cut {
        0 => (tone, words),
        count => (tone, format!("{words}, {}", paths_cut_words(count))),
    }
}

/// Whose beliefs colour the views, and what they are.
#[inline(never)]
fn believer(view: &View) -> Option<(AttrValue, Rc<Vec<Option<Status>>>)> {
    let detail = view.detail.as_ref().filter(|detail| view.beliefs && Some(detail.node) == view.selected)?;
    Some((detail.id.to_string().into(), Rc::new(detail.inside.as_ref()?.beliefs.clone())))
}

/// How many nodes are selected, if there are several, and which.
fn several(view: &View) -> Option<(usize, AttrValue)> {
    (!view.others.is_empty()).then(|| (view.others.len() + 1, view.chosen_words().into()))
}

fn on_file(on: &Callback<Action>) -> Callback<Given> {
    on.reform(|given| Action::OpenFile(Box::new(given)))
}

fn facts(view: &View) -> String {
    if let Some(recorded) = &view.replay {
        return in_words(recorded);
    }
    let Some(scenario) = &view.scenario else { return "No run".to_owned() };
    let tuning = &scenario.tuning;
    format!(
        "{} · {} · fanout {} · loss {} % · seed {}",
        tuning.strategy,
        nodes_words(scenario.nodes),
        tuning.fanout,
        plain(f64::from(scenario.network.loss_ppm) / 10_000.0),
        scenario.seed
    )
}

/// What a screen reader says: how the cluster stands and in which round, whom most suspect, and that another view was
/// taken for a large one.
#[inline(never)]
fn announced(view: &View, words: String) -> String {
    let words = spoken(view, words);
    let is_switched = view.is_fresh() && view.sight == Sight::Grid && !view.sight_is_own;
    match view.caption(0).filter(|_| is_switched) {
        Some(caption) => format!("{words}. {caption}"),
        None => words,
    }
}

/// The round is told while a write spreads, and then that in which all had it: nobody wants to hear of each round of a
/// cluster that is at rest.
fn spoken(view: &View, words: String) -> String {
    let Spread { informed, up, complete_us, .. } = view.spread;
    let round = |us: u64| us / view.interval_us().max(1);
    let counts = || format!("{} of {} informed", group(u64::from(informed)), group(u64::from(up)));
    let stands = match view.standing() {
        Standing::Spreading => format!("Round {}: {}", round(view.now_us), counts()),
        Standing::Settling | Standing::Converged => match complete_us {
            Some(us) => format!("Round {}: {}. {words}", round(us), counts()),
            None => words,
        },
        _ => words,
    };
    match &view.suspect {
        Some((node, by)) => format!("{stands}; {node} suspected by {}", group(u64::from(*by))),
        None => stands,
    }
}

/// What to do next, while that is not plain.
fn hint(view: &View) -> Option<AttrValue> {
    if view.tool_here() != Tool::Select {
        Some(view.tool_hint().into()).filter(|_| view.drawn.is_none())
    } else if view.replay.is_some() {
        let at_start = view.now_us == 0 && !view.playing && view.goal_us.is_none();
        at_start.then(|| "At its start. Press Play, or Space, or drag the time bar.".into())
    } else if view.is_fresh() && !view.playing && view.goal_us.is_none() {
        let preset = presets::find(view.preset).filter(|_| !view.changed);
        Some(preset.map_or("Paused at the start. Press Play, or Space.", |preset| preset.hint).into())
    } else {
        None
    }
}

#[inline(never)]
fn selection(view: &View) -> String {
    match &view.detail {
        Some(detail) if Some(detail.node) == view.selected => {
            let latest = match (view.spread.since_us, detail.learned) {
                (None, _) => "",
                (Some(_), Some(_)) => ", has the write",
                (Some(_), None) => ", lacks the write",
            };
            let state = state_word(detail.state).to_ascii_lowercase();
            if view.others.is_empty() {
                return format!("Node {} selected: {state}{latest}", detail.id);
            }
            format!(
                "{} nodes selected: {}. Node {} is inspected: {state}{latest}",
                view.chosen().len(),
                view.chosen_words(),
                detail.id
            )
        }
        // How it is follows when the simulator has answered.
        _ => match view.selected.and_then(|node| view.name(node)) {
            Some(id) => format!("Node {id} selected"),
            None => "No node selected".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_round_and_whom_most_suspect_are_spoken() {
        let (mut view, _) = View::new();
        let said = |view: &View| spoken(view, status(view).1);
        (view.told_run, view.spread.up) = (view.run, 100);
        assert_eq!(said(&view), "Quiet");
        view.now_us = 6_400_000;
        view.spread = Spread {
            since_us: Some(500_000),
            informed: 74,
            up: 100,
            owed: true,
            repairs: true,
            ..Spread::default()
        };
        assert_eq!(said(&view), "Round 6: 74 of 100 informed");
        view.suspect = view.name(12).map(|id| (id, 3));
        assert_eq!(said(&view), "Round 6: 74 of 100 informed; n12 suspected by 3");
        (view.spread.informed, view.spread.converged) = (100, true);
        (view.spread.complete_us, view.suspect) = (Some(7_100_000), None);
        view.now_us = 60_000_000;
        assert_eq!(said(&view), "Round 7: 100 of 100 informed. Converged, 100 of 100");
    }
}
