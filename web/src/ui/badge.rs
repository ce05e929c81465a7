//! Small words with a ground of their own, and the bar of them that says what is being looked at.

use yew::prelude::*;

/// How good or bad something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// On its way.
    Busy,
    /// Wants attention.
    Warn,
    /// Wrong.
    Bad,
    /// Nothing happens.
    #[default]
    Still,
}

impl Tone {
    /// Its class in the stylesheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "tone-good",
            Self::Busy => "tone-busy",
            Self::Warn => "tone-warn",
            Self::Bad => "tone-bad",
            Self::Still => "tone-still",
        }
    }
}

/// Props of [`Badge`] and [`Chip`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct BadgeProps {
    /// The words.
    pub text: AttrValue,
    /// Its tone.
    #[prop_or_default]
    pub tone: Tone,
    /// The name by which tests find it.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
    /// More words, shown when the pointer rests on it.
    #[prop_or_default]
    pub title: Option<AttrValue>,
}

/// A word in capitals or a number.
#[component]
pub fn Badge(props: &BadgeProps) -> Html {
    html! {
        <span class={classes!("badge", props.tone.class())} title={props.title.clone()}
            data-testid={props.testid.clone()}>{ &props.text }</span>
    }
}

/// A status in words, with a dot whose shape repeats the tone.
#[component]
pub fn Chip(props: &BadgeProps) -> Html {
    html! {
        <span class={classes!("chip", "num", props.tone.class())} title={props.title.clone()}
            data-testid={props.testid.clone()}>{ &props.text }</span>
    }
}

/// Props of [`SourceBar`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct SourceBarProps {
    /// `SIM`, `LIVE` or `REPLAY`.
    pub badge: AttrValue,
    /// What the source is, in a few facts.
    pub facts: AttrValue,
    /// How it stands, in words.
    pub status: AttrValue,
    /// The status's tone.
    pub tone: Tone,
    /// Controls at its right end.
    #[prop_or_default]
    pub children: Html,
}

/// What is being looked at: the source's badge, its facts, its status in words.
#[component]
pub fn SourceBar(props: &SourceBarProps) -> Html {
    html! {
        <div class={classes!("sourcebar", format!("source-{}", props.badge.to_ascii_lowercase()))}>
            <Badge text={props.badge.clone()} testid="source-badge" />
            <p class="source-facts" data-testid="source-facts">{ &props.facts }</p>
            <Chip text={props.status.clone()} tone={props.tone} testid="status-chip" />
            { props.children.clone() }
        </div>
    }
}
