//! The setup: presets, and everything that can be set before or during a run.

use super::action::Action;
use super::presets::{self, SIDE_BY_SIDE};
use super::setup::{Errors, Field, LimiterKind, Setup, Variation};
use crate::glue::time::random_u32;
use crate::ui::{
    Button, ButtonKind, Choice, IconName, Notice, NumberField, Panel, Segmented, SelectField, TextField, Tone,
};
use rumormill_core::{Mode, Strategy};
use yew::prelude::*;

/// Props of [`SetupPanel`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct SetupPanelProps {
    /// The setup as it stands.
    pub setup: Setup,
    /// What is wrong with it.
    pub errors: Errors,
    /// The preset that it began as.
    pub preset: &'static str,
    /// Has it been changed since?
    pub changed: bool,
    /// Does it ask for another cluster than the one that runs?
    pub wants_new_run: bool,
    /// What the user does.
    pub on: Callback<Action>,
}

/// The setup.
#[component]
pub fn SetupPanel(props: &SetupPanelProps) -> Html {
    let Setup { strategy, mode, limiter, variation, .. } = props.setup;
    let on = &props.on;
    let field = |field, id: &'static str, label: &'static str, unit: Option<&'static str>| {
        number(props, field, id, label, unit)
    };
    let tokens = match limiter {
        LimiterKind::Window => ("Tokens", "Set back every", Some("s")),
        _ => ("Bucket size", "Refill", Some("/ s")),
    };
    html! {
        <Panel title="Setup" testid="setup" scrolls=true class="lab-setup">
            <div class="stack">
                { preset(props) }
                <div class="buttons run-buttons">
                    <Button label="New run" icon={IconName::Restart} testid="new-run"
                        kind={if props.wants_new_run { ButtonKind::Primary } else { ButtonKind::Plain }}
                        title="Starts the cluster anew with this setup, paused" disabled={!props.errors.is_empty()}
                        onclick={on.reform(|()| Action::NewRun)} />
                    <Button label="New seed" icon={IconName::Dice} testid="new-seed"
                        title="The same setup with other chances" disabled={props.errors.keys().any(|f| *f != Field::Seed)}
                        onclick={on.reform(|()| Action::NewSeed(random_u32() % 1_000_000))} />
                </div>
                if !props.errors.is_empty() {
                    <Notice tone={Tone::Bad} title="This setup cannot run" testid="setup-refused">
                        { "The cluster in sight is the last one that could." }
                    </Notice>
                } else if props.wants_new_run {
                    <Notice tone={Tone::Busy} title="Needs a new run" testid="setup-pending">
                        { "Another number of nodes or seed cannot be changed in a running cluster." }
                    </Notice>
                }
                <fieldset class="lab-group">
                    <legend>{ "Cluster" }</legend>
                    <div class="pair">
                        { field(Field::Nodes, "nodes", "Nodes", None) }
                        { field(Field::Seed, "seed", "Seed", None) }
                    </div>
                </fieldset>
                <fieldset class="lab-group">
                    <legend>{ "Gossip" }</legend>
                    <Segmented label="Strategy" name="strategy" wide=true shows_label=true
                        choices={["random", "tree", "hybrid", "plumtree"].map(|word| Choice::new(word, title(word))).to_vec()}
                        value={strategy.as_str()} onchange={on.reform(|word: AttrValue| {
                            Action::Strategy(word.parse().unwrap_or_default())
                        })} />
                    <p class="field-hint">{ explained(strategy) }</p>
                    if strategy == Strategy::Random {
                        <Segmented label="Exchange" name="mode" wide=true shows_label=true
                            choices={["push", "pull", "push-pull"].map(|word| Choice::new(word, title(word))).to_vec()}
                            value={mode.as_str()} onchange={on.reform(|word: AttrValue| {
                                Action::Mode(word.parse::<Mode>().unwrap_or_default())
                            })} />
                    }
                    <div class="triple">
                        { field(Field::Fanout, "fanout", "Fanout", None) }
                        { field(Field::Arity, "arity", "Children", None) }
                        { field(Field::Interval, "interval", "Interval", Some("ms")) }
                    </div>
                </fieldset>
                <fieldset class="lab-group">
                    <legend>{ "Network" }</legend>
                    <div class="pair">
                        { field(Field::Latency, "latency", "Latency", Some("ms")) }
                        { field(Field::Loss, "loss", "Loss", Some("%")) }
                    </div>
                    <SelectField label="Latency varies" id="variation" value={variation.as_str()}
                        options={vec![("fixed".into(), "not at all".into()), ("even".into(), "by half, evenly".into()),
                            ("long-tail".into(), "with a long tail".into())]}
                        onchange={on.reform(|word: String| Action::Variation(Variation::parse(&word)))} />
                </fieldset>
                <fieldset class="lab-group">
                    <legend>{ "Limiter" }</legend>
                    <SelectField label="What a node may send" id="limiter" value={limiter.as_str()}
                        options={vec![("bucket".into(), "token bucket".into()), ("window".into(), "fixed window".into()),
                            ("unlimited".into(), "unlimited".into())]}
                        onchange={on.reform(|word: String| Action::Limiter(LimiterKind::parse(&word)))} />
                    if limiter != LimiterKind::Unlimited {
                        <div class="pair">
                            { field(Field::Tokens, "tokens", tokens.0, None) }
                            { field(Field::Refill, "refill", tokens.1, tokens.2) }
                        </div>
                    }
                </fieldset>
            </div>
        </Panel>
    }
}

fn preset(props: &SetupPanelProps) -> Html {
    let presets = presets::all();
    let text = presets.iter().find(|preset| preset.name == props.preset).map_or("", |preset| preset.text);
    let none = props.preset.is_empty().then(|| ("".into(), "None: as a live cluster is".into()));
    let options = presets.iter().map(|preset| {
        let changed = if props.changed && preset.name == props.preset { " (changed)" } else { "" };
        (AttrValue::from(preset.name), AttrValue::from(format!("{}{changed}", preset.title)))
    });
    html! {
        <div class="preset">
            <SelectField label="Preset" id="preset" value={props.preset} options={none.into_iter().chain(options).collect::<Vec<_>>()}
                onchange={props.on.reform(Action::Preset)} />
            <p class="preset-text" data-testid="preset-text">{ text }</p>
            if props.preset == SIDE_BY_SIDE.0 {
                <a class="replay-link" href={SIDE_BY_SIDE.1} data-testid="to-race">{ "See both race, side by side" }</a>
            }
            <a class="replay-link" href="#/replay" data-testid="to-replay">{ "Or play a recorded trace" }</a>
        </div>
    }
}

fn number(
    props: &SetupPanelProps,
    field: Field,
    id: &'static str,
    label: &'static str,
    unit: Option<&'static str>,
) -> Html {
    let value = props.setup.text(field).to_owned();
    let error = props.errors.get(&field).cloned().map(AttrValue::from);
    let hint = props.setup.note(field).map(AttrValue::from);
    let oninput = props.on.reform(move |text| Action::Type(field, text));
    let unit = unit.map(AttrValue::from);
    if field == Field::Seed {
        return html! { <TextField {label} {id} {value} {error} {hint} {oninput} {unit} /> };
    }
    html! { <NumberField {label} {id} {value} {error} {hint} {oninput} {unit} /> }
}

fn title(word: &str) -> &'static str {
    match word {
        "random" => "Random",
        "tree" => "Tree",
        "hybrid" => "Hybrid",
        "plumtree" => "Plumtree",
        "push" => "Push",
        "pull" => "Pull",
        _ => "Push-pull",
    }
}

fn explained(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Random => "Each interval, every node compares states with a few random others.",
        Strategy::Tree => "News goes at once to one's children in the tree. Nothing is compared later.",
        Strategy::Hybrid => "The tree for speed, a random push-pull each interval for repair.",
        Strategy::Plumtree => {
            "News floods the first time; links that bring it twice fall silent, until only a tree is left."
        }
    }
}
