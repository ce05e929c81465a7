//! What is offered for a link that was drawn from one node to another: a small panel on the picture, beside the second
//! node.

use super::action::{Action, Between, Drawn};
use crate::ui::{Button, ButtonKind, IconName};
use yew::prelude::*;

/// The `id` of what is offered first, where the focus goes.
pub(super) const FIRST_ID: &str = "drawn-link";

/// The panel. The link's ends are told by name.
#[inline(never)]
pub(super) fn link_panel(drawn: &Drawn, names: (String, String), on: &Callback<Action>) -> Html {
    let (from, to) = names;
    let act = |label: AttrValue, testid: &'static str, title: &'static str, what: Between| {
        html! { <Button {label} {testid} {title} onclick={on.reform(move |()| Action::ToDrawn(what))} /> }
    };
    let (delay, delay_title, what) = if drawn.is_slow {
        ("End the delay", "Messages between the two take as long as everywhere", Between::EndDelay)
    } else {
        ("Delay by 1 s", "Messages between the two take a second, both ways", Between::Delay)
    };
    // It stays within the picture, whichever node the link ends at.
    let style = format!("--x: {:.0}px; --y: {:.0}px", drawn.at.x, drawn.at.y);
    html! {
        <div class="link-panel" id={FIRST_ID} tabindex="-1" role="group" aria-label={format!("The way from {from} to {to}")} {style} data-testid="link-panel">
            <header>
                <b>{ format!("{from} → {to}") }</b>
                <Button label="Close" icon={IconName::Close} icon_only=true kind={ButtonKind::Quiet} testid="link-close"
                    shortcut="Escape" onclick={on.reform(|()| Action::Draw(None))} />
            </header>
            { act("Cut this way".into(), "link-cut", "What the first sends never reaches the second", Between::CutOneWay) }
            { act("Cut both ways".into(), "link-cut-both", "Nothing passes between the two", Between::CutBothWays) }
            { act(delay.into(), "link-delay", delay_title, what) }
        </div>
    }
}
