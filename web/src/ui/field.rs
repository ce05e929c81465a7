//! Labelled controls: numbers, words, choices, sliders, ticks. Each says below itself what is wrong with what was
//! typed; what is right is decided by whoever owns the value.

use crate::decimal::decimal;
use crate::glue::element;
use yew::prelude::*;

/// Props of [`Field`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct FieldProps {
    /// The label.
    pub label: AttrValue,
    /// The `id` of the control that it labels; hint and error get `{id}-hint` and `{id}-error`.
    pub id: AttrValue,
    /// What it is for, below it.
    #[prop_or_default]
    pub hint: Option<AttrValue>,
    /// What is wrong with it, below it.
    #[prop_or_default]
    pub error: Option<AttrValue>,
    /// The value in words, at the right end of the label.
    #[prop_or_default]
    pub output: Option<AttrValue>,
    /// The control.
    #[prop_or_default]
    pub children: Html,
}

/// A label above a control, hint and error below it.
#[component]
pub fn Field(props: &FieldProps) -> Html {
    html! {
        <div class="field">
            <label class="field-label" for={props.id.clone()}>
                <span>{ &props.label }</span>
                if let Some(output) = &props.output {
                    <output for={props.id.clone()}>{ output }</output>
                }
            </label>
            { props.children.clone() }
            if let Some(error) = &props.error {
                <p class="field-error" id={format!("{}-error", props.id)} role="alert">{ error }</p>
            } else if let Some(hint) = &props.hint {
                <p class="field-hint" id={format!("{}-hint", props.id)}>{ hint }</p>
            }
        </div>
    }
}

fn described_by(id: &str, hint: bool, error: bool) -> Option<String> {
    if error { Some(format!("{id}-error")) } else { hint.then(|| format!("{id}-hint")) }
}

/// Props of [`TextField`] and [`NumberField`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct TextFieldProps {
    /// The label.
    pub label: AttrValue,
    /// Its `id` and `data-testid`.
    pub id: AttrValue,
    /// What stands in it: the text as typed, so that a half-typed number stays as it is.
    pub value: AttrValue,
    /// What was typed, on every change.
    pub oninput: Callback<String>,
    /// What it is for.
    #[prop_or_default]
    pub hint: Option<AttrValue>,
    /// What is wrong with it.
    #[prop_or_default]
    pub error: Option<AttrValue>,
    /// An example, shown while it is empty.
    #[prop_or_default]
    pub placeholder: Option<AttrValue>,
    /// The unit, shown inside at its right end.
    #[prop_or_default]
    pub unit: Option<AttrValue>,
    /// Can it not be changed now?
    #[prop_or_default]
    pub disabled: bool,
    /// Put the focus here when it appears?
    #[prop_or_default]
    pub autofocus: bool,
}

/// A line of text.
#[component]
pub fn TextField(props: &TextFieldProps) -> Html {
    text_field(props, "text")
}

/// A number, as text with the number keyboard where there is one. It passes on what was typed, number or not.
#[component]
pub fn NumberField(props: &TextFieldProps) -> Html {
    text_field(props, "decimal")
}

fn text_field(props: &TextFieldProps, inputmode: &'static str) -> Html {
    let oninput = props.oninput.reform(|event: InputEvent| element::value(&event));
    let invalid = props.error.is_some();
    let input = html! {
        <input class="input" type="text" {inputmode} id={props.id.clone()} value={props.value.clone()} {oninput}
            autocomplete="off" spellcheck="false" placeholder={props.placeholder.clone()}
            disabled={props.disabled} autofocus={props.autofocus}
            aria-invalid={invalid.then_some("true")}
            aria-describedby={described_by(&props.id, props.hint.is_some(), invalid)}
            data-testid={props.id.clone()} />
    };
    html! {
        <Field label={props.label.clone()} id={props.id.clone()} hint={props.hint.clone()} error={props.error.clone()}>
            if let Some(unit) = &props.unit {
                <span class="input-unit">{ input }<span aria-hidden="true">{ unit }</span></span>
            } else {
                { input }
            }
        </Field>
    }
}

/// Props of [`SelectField`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct SelectFieldProps {
    /// The label.
    pub label: AttrValue,
    /// Its `id` and `data-testid`.
    pub id: AttrValue,
    /// The chosen value.
    pub value: AttrValue,
    /// Values and what they are called.
    pub options: Vec<(AttrValue, AttrValue)>,
    /// What was chosen.
    pub onchange: Callback<String>,
    /// What it is for.
    #[prop_or_default]
    pub hint: Option<AttrValue>,
    /// Can it not be changed now?
    #[prop_or_default]
    pub disabled: bool,
}

/// A choice among many.
#[component]
pub fn SelectField(props: &SelectFieldProps) -> Html {
    let onchange = props.onchange.reform(|event: Event| element::value(&event));
    html! {
        <Field label={props.label.clone()} id={props.id.clone()} hint={props.hint.clone()}>
            <select class="input" id={props.id.clone()} {onchange} disabled={props.disabled}
                aria-describedby={described_by(&props.id, props.hint.is_some(), false)}
                data-testid={props.id.clone()}>
                { for props.options.iter().map(|(value, label)| html! {
                    <option value={value.clone()} selected={*value == props.value}>{ label }</option>
                }) }
            </select>
        </Field>
    }
}

/// Props of [`SliderField`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct SliderFieldProps {
    /// The label.
    pub label: AttrValue,
    /// Its `id` and `data-testid`.
    pub id: AttrValue,
    /// Where it stands.
    pub value: f64,
    /// Its left end.
    pub min: f64,
    /// Its right end.
    pub max: f64,
    /// Its steps.
    pub step: f64,
    /// The value in words: shown beside the label, and what a screen reader says.
    pub output: AttrValue,
    /// Where it was put.
    pub oninput: Callback<f64>,
    /// What it is for.
    #[prop_or_default]
    pub hint: Option<AttrValue>,
}

/// A value on a scale.
#[component]
pub fn SliderField(props: &SliderFieldProps) -> Html {
    let current = props.value;
    let oninput =
        props.oninput.reform(move |event: InputEvent| decimal(&element::value(&event)).unwrap_or(current));
    html! {
        <Field label={props.label.clone()} id={props.id.clone()} hint={props.hint.clone()} output={props.output.clone()}>
            <input type="range" id={props.id.clone()} min={props.min.to_string()} max={props.max.to_string()}
                step={props.step.to_string()} value={props.value.to_string()} {oninput}
                aria-valuetext={props.output.clone()} data-testid={props.id.clone()} />
        </Field>
    }
}

/// Props of [`Check`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct CheckProps {
    /// The label.
    pub label: AttrValue,
    /// Its `id` and `data-testid`.
    pub id: AttrValue,
    /// Is it ticked?
    pub checked: bool,
    /// Whether it is now.
    pub onchange: Callback<bool>,
}

/// A tick.
#[component]
pub fn Check(props: &CheckProps) -> Html {
    let onchange = props.onchange.reform(|event: Event| element::checked(&event));
    html! {
        <label class="check" for={props.id.clone()}>
            <input type="checkbox" id={props.id.clone()} checked={props.checked} {onchange}
                data-testid={props.id.clone()} />
            <span>{ &props.label }</span>
        </label>
    }
}
