//! Of the inspected node what it waits for, what is under way to it, and what the others believe of it. It shows, and
//! leads to messages; nothing is done to the node here.

use super::action::Action;
use super::insight::{Around, AwaitedLine, DoubtLine, InboxLine, Opinion, Timers};
use super::inspector::belief_cell;
use super::protocol::MessageRef;
use super::setup::group;
use super::standing::seconds;
use rumormill_core::NodeId;
use yew::prelude::*;

/// When its next round begins, whose answers it waits for, whom it suspects.
#[inline(never)]
pub(super) fn timers(timers: &Timers) -> Html {
    let is_quiet = timers.awaited.is_empty() && timers.doubts.is_empty();
    html! {
        <section aria-label="What it waits for" data-testid="timers">
            <h3>{ "What it waits for" }</h3>
            <ul class="lines">
                <li>{ "Its next round begins in " }<b class="num">{ seconds(timers.round_us) }</b></li>
                if timers.patience > 1 {
                    <li>{ format!("It takes itself for slow, and waits {} times as long for answers", timers.patience) }</li>
                }
                { for timers.awaited.iter().map(awaited) }
                { more(timers.awaited_unseen, "more owe it an answer") }
                { for timers.doubts.iter().map(doubt) }
                { more(timers.doubts_unseen, "more are suspected") }
                if is_quiet {
                    <li class="muted">{ "Nobody owes it an answer, and it suspects nobody" }</li>
                }
            </ul>
        </section>
    }
}

fn awaited(line: &AwaitedLine) -> Html {
    let helped = match line.helpers {
        0 => String::new(),
        1 => "; 1 was asked to help".to_owned(),
        more => format!("; {more} were asked to help"),
    };
    html! {
        <li><b>{ line.id.as_str() }</b>
            { format!(" has owed an answer for {}, and is suspected in {}{helped}", seconds(line.since_us), seconds(line.left_us)) }
        </li>
    }
}

fn doubt(line: &DoubtLine) -> Html {
    let confirmed = match line.confirmations {
        0 => String::new(),
        count => format!(", confirmed by {count}"),
    };
    html! {
        <li class="line-doubt"><b>{ line.id.as_str() }</b>
            { format!(" is suspected{confirmed}: it counts as down in {}, unless it denies that", seconds(line.left_us)) }
        </li>
    }
}

/// What is under way to it, and what the others believe of it.
#[inline(never)]
pub(super) fn around(around: &Around, now_us: u64, on: &Callback<Action>) -> Html {
    let under_way = around.inbox.len() as u32 + around.inbox_unseen;
    html! {
        <>
            <section aria-label="Inbox" data-testid="inbox">
                <h3>{ "Inbox" }<span class="muted num">{ format!("{} under way to it", group(u64::from(under_way))) }</span></h3>
                <ul class="lines">
                    if around.waiting > 0 {
                        <li class="line-doubt" data-testid="inbox-waiting">
                            { format!("{} reached its machine and wait for its process", group(u64::from(around.waiting))) }
                        </li>
                    }
                    { for around.inbox.iter().map(|line| message(line, now_us, on)) }
                    { more(around.inbox_unseen, "more") }
                    if under_way == 0 {
                        <li class="muted">{ "No message to it is under way now" }</li>
                    }
                </ul>
            </section>
            <section aria-label="What the others believe of it" data-testid="opinions">
                <h3>{ "What the others believe of it" }</h3>
                <ul class="lines">
                    { for around.opinions.iter().map(|opinion| told(opinion, around.opinions.len() == 1)) }
                    if around.opinions.is_empty() {
                        <li class="muted">{ "Nobody else is up, or tells" }</li>
                    }
                </ul>
            </section>
        </>
    }
}

fn message(line: &InboxLine, now_us: u64, on: &Callback<Action>) -> Html {
    let id = line.id;
    let left_us = line.arrives_us.saturating_sub(now_us);
    let when =
        if line.lost { "lost on its way".to_owned() } else { format!("arrives in {}", seconds(left_us)) };
    html! {
        <li>
            <button type="button" class="event-message" title="Inspect this message"
                onclick={on.reform(move |_: MouseEvent| Action::Message(Some(MessageRef::Id(id))))}>
                <b>{ line.kind.as_str() }</b>{ format!(" from {}, {when}", line.from) }
            </button>
        </li>
    }
}

/// How many hold it for something, and who they are, as far as there is room.
fn told(opinion: &Opinion, is_all: bool) -> Html {
    let unnamed = opinion.count.saturating_sub(opinion.who.len() as u32);
    let names = opinion.who.iter().map(NodeId::as_str).collect::<Vec<_>>().join(", ");
    let names = match unnamed {
        _ if is_all => "everyone who is up".to_owned(),
        0 => names,
        more => format!("{names} and {more} more"),
    };
    html! {
        <li class="opinion">{ belief_cell(opinion.status) }<b class="num">{ group(u64::from(opinion.count)) }</b>
            <span class="muted">{ names }</span></li>
    }
}

fn more(count: u32, words: &str) -> Html {
    if count == 0 {
        return Html::default();
    }
    html! { <li class="muted">{ format!("{} {words}", group(u64::from(count))) }</li> }
}
