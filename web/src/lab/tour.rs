//! The tour: a few words on the first visit, beside what they speak of. It blocks nothing, and can be left at any time
//! and found again in the help.

use super::action::{Action, Tab};
use crate::ui::{Button, ButtonKind};
use yew::prelude::*;

/// One stop: the word by which the stylesheet places the card and outlines what it speaks of, a title, a text.
struct Stop {
    at: &'static str,
    title: &'static str,
    text: &'static str,
}

const STOPS: [Stop; 5] = [
    Stop {
        at: "setup",
        title: "A cluster in this tab",
        text: "Each preset shows one thing that gossip does, or suffers. Take one, or set up your own: every node runs the \
               engine that real nodes run.",
    },
    Stop {
        at: "time",
        title: "Time is yours",
        text: "Nothing runs by itself. Press Play (or Space), slow it down until you see messages travel, or step event by \
               event.",
    },
    Stop {
        at: "views",
        title: "Six ways to look",
        text: "A green ring is a node that has the latest write. The same cluster as a tree, a grid, a matrix of who knows \
               what, or a diagram of all messages: keys 1 to 6.",
    },
    Stop {
        at: "node",
        title: "Break it",
        text: "Click a node to see what it holds and believes, and why it does not know something yet. Crash it here, or \
               take a tool above the picture: crash, write, or draw a cut across it and heal that later.",
    },
    Stop {
        at: "places",
        title: "Compare, share, go live",
        text: "Race plays several strategies on one seed. Share makes a link that opens this very run at this moment. Live \
               shows real nodes in the same way, Replay a recorded trace.",
    },
];

/// How many stops there are.
pub const STOPS_COUNT: u8 = STOPS.len() as u8;

/// Props of [`Tour`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct TourProps {
    /// Which stop.
    pub stop: u8,
    /// What the user does.
    pub on: Callback<Action>,
}

/// The card of a stop.
#[component]
pub fn Tour(props: &TourProps) -> Html {
    let at = props.stop.min(STOPS_COUNT - 1);
    let stop = &STOPS[usize::from(at)];
    let go = |to: Option<u8>| props.on.reform(move |()| Action::Tour(to));
    let is_last = at + 1 == STOPS_COUNT;
    html! {
        <section class={classes!("tour", format!("tour-{}", stop.at))} aria-label="Tour" data-testid="tour">
            <h2>{ stop.title }</h2>
            <p>{ stop.text }</p>
            <div class="tour-foot">
                <span class="muted num">{ format!("{} of {STOPS_COUNT}", at + 1) }</span>
                <span class="spacer"></span>
                if !is_last {
                    <Button label="Skip" kind={ButtonKind::Quiet} testid="tour-skip" title="Found again in the help (?)" onclick={go(None)} />
                }
                if at > 0 {
                    <Button label="Back" testid="tour-back" onclick={go(Some(at - 1))} />
                }
                <Button label={if is_last { "Done" } else { "Next" }} kind={ButtonKind::Primary} testid="tour-next"
                    onclick={go((!is_last).then_some(at + 1))} />
            </div>
        </section>
    }
}

/// What the stop speaks of, for an outline.
pub fn place(stop: u8) -> &'static str {
    STOPS[usize::from(stop.min(STOPS_COUNT - 1))].at
}

/// The tab with what the stop speaks of, if that stands in one.
pub fn tab(stop: u8) -> Option<Tab> {
    match place(stop) {
        "setup" => Some(Tab::Setup),
        "node" => Some(Tab::Node),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_short() {
        assert!((4..=6).contains(&STOPS_COUNT));
        assert!(STOPS.iter().all(|stop| stop.text.len() < 260 && !stop.title.is_empty()));
        assert_eq!(place(99), "places");
    }
}
