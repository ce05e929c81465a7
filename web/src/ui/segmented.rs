//! A choice among a few, all visible: radio buttons side by side.

use yew::prelude::*;

/// One of the choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is passed on when it is chosen.
    pub value: AttrValue,
    /// What it is called.
    pub label: AttrValue,
}

impl Choice {
    /// A choice.
    pub fn new(value: impl Into<AttrValue>, label: impl Into<AttrValue>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

/// Props of [`Segmented`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct SegmentedProps {
    /// What is chosen, for screen readers; visible with `shows_label`.
    pub label: AttrValue,
    /// The group's name; each choice gets `{name}-{value}` as `data-testid`.
    pub name: AttrValue,
    /// The choices.
    pub choices: Vec<Choice>,
    /// The chosen value.
    pub value: AttrValue,
    /// What was chosen.
    pub onchange: Callback<AttrValue>,
    /// Take the whole width?
    #[prop_or_default]
    pub wide: bool,
    /// Show the label above?
    #[prop_or_default]
    pub shows_label: bool,
}

/// A choice among a few.
#[component]
pub fn Segmented(props: &SegmentedProps) -> Html {
    let choice = |choice: &Choice| {
        let value = choice.value.clone();
        let onchange = props.onchange.reform(move |_: Event| value.clone());
        html! {
            <label key={choice.value.to_string()}>
                <input type="radio" name={props.name.clone()} value={choice.value.clone()}
                    checked={choice.value == props.value} {onchange}
                    data-testid={format!("{}-{}", props.name, choice.value)} />
                <span>{ &choice.label }</span>
            </label>
        }
    };
    let class = classes!("segmented", props.wide.then_some("segmented-wide"));
    html! {
        <fieldset class="field" data-testid={props.name.clone()}>
            <legend class={if props.shows_label { "field-label" } else { "sr-only" }}>{ &props.label }</legend>
            <div {class}>{ for props.choices.iter().map(choice) }</div>
        </fieldset>
    }
}
