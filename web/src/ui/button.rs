//! A button: words, an icon, or both.

use super::icon::{Icon, IconName};
use yew::prelude::*;

/// How loud a button is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// One of several equals.
    #[default]
    Plain,
    /// The one that the place is for.
    Primary,
    /// Only visible when one looks for it.
    Quiet,
    /// Takes something down.
    Danger,
}

/// Props of [`Button`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct ButtonProps {
    /// What it says; with `icon_only`, what a screen reader says.
    pub label: AttrValue,
    /// An icon before the words.
    #[prop_or_default]
    pub icon: Option<IconName>,
    /// Show the icon without the words.
    #[prop_or_default]
    pub icon_only: bool,
    /// How loud it is.
    #[prop_or_default]
    pub kind: ButtonKind,
    /// For one that stays pressed: is it?
    #[prop_or_default]
    pub pressed: Option<bool>,
    /// Does it do nothing now?
    #[prop_or_default]
    pub disabled: bool,
    /// Does it do nothing now, but may again at any moment? Unlike one that is disabled it keeps the focus, which its own
    /// press would take from it otherwise.
    #[prop_or_default]
    pub idle: bool,
    /// More words, shown when the pointer rests on it.
    #[prop_or_default]
    pub title: Option<AttrValue>,
    /// The key that does the same, as in `aria-keyshortcuts`.
    #[prop_or_default]
    pub shortcut: Option<AttrValue>,
    /// The name by which tests find it.
    pub testid: AttrValue,
    /// Does it send the form that it stands in, rather than call `onclick`?
    #[prop_or_default]
    pub submits: bool,
    /// What it does.
    #[prop_or_default]
    pub onclick: Callback<()>,
}

/// A button.
#[component]
pub fn Button(props: &ButtonProps) -> Html {
    let kind = match props.kind {
        ButtonKind::Plain => "",
        ButtonKind::Primary => "button-primary",
        ButtonKind::Quiet => "button-quiet",
        ButtonKind::Danger => "button-danger",
    };
    let class = classes!("button", kind, props.icon_only.then_some("button-icon"));
    let title = match (&props.title, &props.shortcut, props.icon_only) {
        (Some(title), Some(key), _) => Some(format!("{title} ({key})")),
        (None, Some(key), _) => Some(format!("{} ({key})", props.label)),
        (Some(title), None, _) => Some(title.to_string()),
        (None, None, true) => Some(props.label.to_string()),
        (None, None, false) => None,
    };
    let is_idle = props.idle;
    let onclick = (!is_idle).then(|| props.onclick.reform(|_: MouseEvent| ()));
    html! {
        <button type={if props.submits { "submit" } else { "button" }} {class} {onclick}
            disabled={props.disabled} aria-disabled={is_idle.then_some("true")} {title}
            aria-pressed={props.pressed.map(|pressed| if pressed { "true" } else { "false" })}
            aria-label={props.icon_only.then(|| props.label.clone())}
            aria-keyshortcuts={props.shortcut.clone()}
            data-testid={props.testid.clone()}>
            if let Some(name) = props.icon {
                <Icon {name} />
            }
            if !props.icon_only {
                { &props.label }
            }
        </button>
    }
}
