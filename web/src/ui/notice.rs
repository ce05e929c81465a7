//! What the page has to say: notices, empty places, and the voice for screen readers.

use super::{
    badge::Tone,
    button::{Button, ButtonKind},
    icon::IconName,
};
use crate::glue::time::{Timeout, now_ms};
use yew::prelude::*;

/// Props of [`Notice`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct NoticeProps {
    /// How good or bad it is.
    #[prop_or_default]
    pub tone: Tone,
    /// What happened, in a few words.
    pub title: AttrValue,
    /// The name by which tests find it.
    pub testid: AttrValue,
    /// For one that can be put away: what then.
    #[prop_or_default]
    pub onclose: Option<Callback<()>>,
    /// What it means and what can be done.
    #[prop_or_default]
    pub children: Html,
}

/// A message with a ground of its own.
#[component]
pub fn Notice(props: &NoticeProps) -> Html {
    let role = if props.tone == Tone::Bad { "alert" } else { "status" };
    html! {
        <div class={classes!("notice", props.tone.class())} {role} data-testid={props.testid.clone()}>
            <div class="notice-text">
                <p class="notice-title">{ &props.title }</p>
                <div class="notice-body">{ props.children.clone() }</div>
            </div>
            if let Some(onclose) = &props.onclose {
                <Button label="Put away" icon={IconName::Close} icon_only=true kind={ButtonKind::Quiet}
                    testid={format!("{}-close", props.testid)} onclick={onclose.clone()} />
            }
        </div>
    }
}

/// Props of [`Empty`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct EmptyProps {
    /// What is not there.
    pub title: AttrValue,
    /// How it would come to be there.
    #[prop_or_default]
    pub children: Html,
}

/// What stands where there is nothing.
#[component]
pub fn Empty(props: &EmptyProps) -> Html {
    html! {
        <div class="empty">
            <p class="empty-title">{ &props.title }</p>
            <div>{ props.children.clone() }</div>
        </div>
    }
}

/// The least time between two messages of an [`Announcer`].
const ANNOUNCE_EVERY_MS: f64 = 3_000.0;

/// Props of [`Announcer`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct AnnouncerProps {
    /// What there is to say now.
    pub text: AttrValue,
    /// The name by which tests find it.
    #[prop_or(AttrValue::Static("announcer"))]
    pub testid: AttrValue,
}

/// The voice for screen readers: politely says the newest text, at most one in 3 seconds.
#[component]
pub fn Announcer(props: &AnnouncerProps) -> Html {
    let said = use_state(|| AttrValue::Static(""));
    let said_at = use_mut_ref(|| f64::NEG_INFINITY);
    {
        let said = said.clone();
        use_effect_with(props.text.clone(), move |text| {
            let wait_ms = (*said_at.borrow() + ANNOUNCE_EVERY_MS - now_ms()).max(0.0);
            let text = text.clone();
            let timer = Timeout::new(wait_ms as u32, move || {
                *said_at.borrow_mut() = now_ms();
                said.set(text.clone());
            });
            move || drop(timer)
        });
    }
    html! {
        <div class="sr-only" role="status" aria-live="polite" data-testid={props.testid.clone()}>{ (*said).clone() }</div>
    }
}
