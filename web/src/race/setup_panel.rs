//! The race's setup: what all lanes share, and the ways to gossip.

use super::contest::{Contest, LANES_MAX};
use super::course;
use super::state::{Action, Change};
use crate::glue::time::random_u32;
use crate::lab::setup::{Errors, Field, LimiterKind, Setup, Variation};
use crate::ui::{Button, ButtonKind, IconName, NumberField, Panel, SelectField};
use rumormill_core::{Mode, Strategy};
use yew::prelude::*;

/// Props of [`SetupPanel`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct SetupPanelProps {
    /// What is compared.
    pub contest: Contest,
    /// What is wrong with it.
    pub errors: (Errors, Vec<Errors>),
    /// What the user does.
    pub on: Callback<Action>,
}

/// The setup.
#[component]
pub fn SetupPanel(props: &SetupPanelProps) -> Html {
    let on = &props.on;
    let shared = &props.contest.shared;
    let (contest, course) = (props.contest.clone(), &props.contest.course);
    let field = |field: Field, id: &'static str, label: &'static str, unit: Option<&'static str>| {
        let oninput = on.reform(move |text| Action::Type(field, text));
        number(shared, field, props.errors.0.get(&field), id.into(), label, unit, oninput)
    };
    let own = props.contest.course("own");
    let courses = own.iter().chain(&course::ALL);
    let courses: Vec<_> = courses.map(|course| (course.as_str().into(), course.title().into())).collect();
    let can_add = props.contest.lanes.len() < LANES_MAX;
    html! {
        <Panel title="Race" testid="race-setup" scrolls=true class="race-setup">
            <div class="stack">
                <fieldset class="lab-group race-first">
                    <legend>{ "The same for all" }</legend>
                    <SelectField label="What happens" id="race-course" value={course.as_str()} options={courses}
                        hint={course.text()} onchange={on.reform(move |word: String| {
                            Action::Course(contest.course(&word).unwrap_or_default())
                        })} />
                    <div class="pair">
                        { field(Field::Nodes, "race-nodes", "Nodes", None) }
                        { field(Field::Seed, "race-seed", "Seed", None) }
                        { field(Field::Latency, "race-latency", "Latency", Some("ms")) }
                        { field(Field::Loss, "race-loss", "Loss", Some("%")) }
                    </div>
                    <SelectField label="Latency varies" id="race-variation" value={shared.variation.as_str()}
                        options={vec![("fixed".into(), "not at all".into()), ("even".into(), "by half, evenly".into()),
                            ("long-tail".into(), "with a long tail".into())]}
                        onchange={on.reform(|word: String| Action::Variation(Variation::parse(&word)))} />
                    <Button label="New seed" icon={IconName::Dice} testid="race-new-seed"
                        title="The same race with other chances" onclick={on.reform(|()| Action::Seed(random_u32() % 1_000_000))} />
                </fieldset>
                { for (0..props.contest.lanes.len()).map(|index| lane(props, index)) }
                <Button label="Add another" icon={IconName::Plus} testid="race-add" disabled={!can_add}
                    title={if can_add { "One more way to gossip, beside the others" } else { "Four is the most" }}
                    onclick={on.reform(|()| Action::Add)} />
            </div>
        </Panel>
    }
}

fn lane(props: &SetupPanelProps, index: usize) -> Html {
    let on = &props.on;
    let setup = &props.contest.lanes[index];
    let errors = props.errors.1.get(index);
    let id = |part: &str| AttrValue::from(format!("race-{index}-{part}"));
    let field = |field: Field, part: &str, label: &'static str, unit: Option<&'static str>| {
        let oninput = on.reform(move |text| Action::Lane(index, Change::Type(field, text)));
        number(setup, field, errors.and_then(|errors| errors.get(&field)), id(part), label, unit, oninput)
    };
    let name = props.contest.name(index);
    let way = match setup.strategy {
        Strategy::Random => setup.mode.as_str(),
        strategy => strategy.as_str(),
    };
    let ways = [
        ("tree", "Tree"),
        ("hybrid", "Hybrid: tree and repair"),
        ("plumtree", "Plumtree"),
        ("push", "Random push"),
        ("pull", "Random pull"),
        ("push-pull", "Random push-pull"),
    ];
    let limiters = [("bucket", "token bucket"), ("window", "fixed window"), ("unlimited", "unlimited")];
    let follows = matches!(setup.strategy, Strategy::Tree | Strategy::Hybrid);
    html! {
        <fieldset class="lab-group" key={index} data-testid={id("lane")}>
            <legend><i class={format!("key lane-{index}")}></i>{ props.contest.title(index) }</legend>
            <SelectField label="Gossips by" id={id("way")} value={way}
                options={ways.map(|(word, label)| (word.into(), label.into())).to_vec()}
                onchange={on.reform(move |word: String| Action::Lane(index, way_of(&word)))} />
            <div class={if setup.strategy == Strategy::Hybrid { "triple" } else { "pair" }}>
                if follows {
                    { field(Field::Arity, "arity", "Children", None) }
                }
                if setup.strategy != Strategy::Tree {
                    { field(Field::Fanout, "fanout", "Fanout", None) }
                }
                { field(Field::Interval, "interval", "Interval", Some("ms")) }
            </div>
            <SelectField label="What a node may send" id={id("limiter")} value={setup.limiter.as_str()}
                options={limiters.map(|(word, label)| (word.into(), label.into())).to_vec()}
                onchange={on.reform(move |word: String| Action::Lane(index, Change::Limiter(LimiterKind::parse(&word))))} />
            if setup.limiter != LimiterKind::Unlimited {
                <div class="pair">
                    { field(Field::Tokens, "tokens", "Tokens", None) }
                    if setup.limiter == LimiterKind::Window {
                        { field(Field::Refill, "refill", "Set back every", Some("s")) }
                    } else {
                        { field(Field::Refill, "refill", "Refill", Some("/ s")) }
                    }
                </div>
            }
            if props.contest.lanes.len() > 1 {
                <Button label={format!("Remove {name}")} icon={IconName::Close} kind={ButtonKind::Quiet} testid={id("remove")}
                    onclick={on.reform(move |()| Action::Remove(index))} />
            }
        </fieldset>
    }
}

/// A strategy by its own word, random gossip by that of its exchange.
fn way_of(word: &str) -> Change {
    match word.parse::<Mode>() {
        Ok(mode) => Change::Mode(mode),
        Err(_) => Change::Strategy(word.parse().unwrap_or_default()),
    }
}

fn number(
    setup: &Setup,
    field: Field,
    error: Option<&String>,
    id: AttrValue,
    label: &'static str,
    unit: Option<&'static str>,
    oninput: Callback<String>,
) -> Html {
    let value = setup.text(field).to_owned();
    let error = error.cloned().map(AttrValue::from);
    let hint = setup.note(field).map(AttrValue::from);
    let unit = unit.map(AttrValue::from);
    html! { <NumberField {label} {id} {value} {error} {hint} {oninput} {unit} /> }
}
