//! What happens at the observed node, as it happens: filter, search, pause, and a message to look at. It shows lines; the
//! feed keeps them.

use super::{
    feed::{Feed, Group, Groups, LINES_MAX, Line, What},
    message::{Looked, Message},
    message_panel::MessagePanel,
    session::Model,
    shortcuts::SEARCH_ID,
    words,
};
use crate::{
    glue::element,
    ui::{Button, ButtonKind, Empty, IconName, Panel},
};
use rumormill_core::NodeId;
use std::rc::Rc;
use yew::prelude::*;

/// How many lines are shown; more than one reads, few enough to repaint ten times a second.
const SHOWN_MAX: usize = 80;

/// How many lines are looked at for them: some of these say the same.
const FOLDED_MAX: usize = 400;

/// Props of [`EventsPanel`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct EventsProps {
    /// What is known.
    pub model: Model,
    /// Counts the changes of the feed and of what others say.
    pub revision: (u64, u64),
    /// How many events came in since the moment that is shown; none while that is the present.
    pub behind: Option<u64>,
    /// The message that is looked at.
    pub looked: Option<Looked>,
    /// Let time stand still, or follow it.
    pub on_pause: Callback<()>,
    /// Are other members asked what happens at them?
    pub from_all: bool,
    /// Ask them, or no longer.
    pub on_from_all: Callback<bool>,
    /// Look at this message, or at none.
    pub on_message: Callback<Option<Message>>,
    /// Look at this member.
    pub on_select: Callback<Option<NodeId>>,
}

/// What can happen to the panel.
#[derive(Debug)]
pub(super) enum Msg {
    /// A group's switch was pressed.
    Toggle(Group),
    /// Words to look for were typed.
    Search(String),
}

/// The panel.
#[derive(Debug)]
pub(super) struct EventsPanel {
    groups: Groups,
    needle: String,
}

impl Component for EventsPanel {
    type Message = Msg;
    type Properties = EventsProps;

    fn create(_ctx: &Context<Self>) -> Self {
        Self { groups: Groups::default(), needle: String::new() }
    }

    fn update(&mut self, _ctx: &Context<Self>, message: Msg) -> bool {
        match message {
            Msg::Toggle(group) => self.groups = self.groups.toggled(group),
            Msg::Search(needle) => self.needle = needle,
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let view = ctx.props().model.view.borrow();
        let feed = &view.feed;
        let lines = feed.newest(self.groups, &self.needle, words::line, FOLDED_MAX);
        let behind = ctx.props().behind;
        let is_paused = behind.is_some();
        let from_all = ctx.props().from_all;
        let on_from_all = ctx.props().on_from_all.reform(move |_: MouseEvent| !from_all);
        let on_message = &ctx.props().on_message;
        let actions = html! {
            <>
                <input class="input panel-filter" type="search" id={SEARCH_ID} placeholder="Search" aria-label="Only events that mention"
                    value={self.needle.clone()} data-testid="live-events-search" autocomplete="off" spellcheck="false"
                    oninput={link.callback(|event: InputEvent| Msg::Search(element::value(&event)))} />
                <Button label={if is_paused { "Back to live" } else { "Pause" }}
                    icon={if is_paused { IconName::Play } else { IconName::Pause }} icon_only=true
                    kind={ButtonKind::Quiet} pressed={is_paused} shortcut="Space" testid="live-events-pause"
                    onclick={ctx.props().on_pause.clone()} />
            </>
        };
        html! {
            <Panel title="Events" testid="live-events" class="live-events" {actions}>
                <div class="live-groups" role="group" aria-label="Kinds of events">
                    { for Group::ALL.into_iter().map(|group| self.switch(group, ctx)) }
                    <button type="button" class="live-group" aria-pressed={from_all.to_string()} onclick={on_from_all}
                        title="Also what happens at the other members, asked through this node every two seconds"
                        data-testid="live-events-all">{ "All members" }</button>
                </div>
                if let Some(behind) = behind {
                    <p class="events-note" data-testid="live-events-behind">{ paused_words(feed, behind) }</p>
                }
                if let Some(events) = view.feed.pace.flood().filter(|_| view.is_current()) {
                    <p class="events-note" data-testid="live-events-flood">
                        { format!("{} a second: the newest {} are kept, and few are drawn", counted(events, "event"),
                            words::grouped(LINES_MAX as i64)) }
                    </p>
                }
                if view.feed.dropped() > 0 {
                    <p class="events-note" data-testid="live-events-dropped">
                        { format!("{} dropped at source", counted(view.feed.dropped(), "event")) }
                    </p>
                }
                if let Some(looked) = ctx.props().looked.clone() {
                    <MessagePanel {looked} on_select={ctx.props().on_select.clone()}
                        onclose={on_message.reform(|()| None)} />
                }
                if lines.is_empty() {
                    { nothing(feed, &self.needle) }
                } else {
                    <div class="live-event-lines" tabindex="0" role="log" aria-live="off" aria-label="Events, newest first"
                        data-testid="live-lines">
                        <ol>{ for folded(&lines).into_iter().take(SHOWN_MAX).map(|(line, count)| {
                            line_html(line, count, view.node(), on_message)
                        }) }</ol>
                    </div>
                }
            </Panel>
        }
    }
}

impl EventsPanel {
    fn switch(&self, group: Group, ctx: &Context<Self>) -> Html {
        let pressed = self.groups.has(group);
        html! {
            <button key={group.label()} type="button" class="live-group" aria-pressed={pressed.to_string()}
                data-testid={format!("live-group-{}", group.label().to_ascii_lowercase())}
                onclick={ctx.link().callback(move |_: MouseEvent| Msg::Toggle(group))}>{ group.label() }</button>
        }
    }
}

fn paused_words(feed: &Feed, behind: u64) -> String {
    let newest = feed.lines().rev().find_map(|line| match &line.what {
        What::Record(record) => Some(words::time_of_day(record.at)),
        _ => None,
    });
    let at = newest.map(|at| format!(" at {at}")).unwrap_or_default();
    format!("Paused{at}, {} behind", counted(behind, "event"))
}

fn counted(count: u64, one: &str) -> String {
    words::counted(usize::try_from(count).unwrap_or(usize::MAX), one, &format!("{one}s"))
}

fn nothing(feed: &Feed, needle: &str) -> Html {
    if feed.count() == 0 {
        return html! { <Empty title="Nothing has happened yet"><p>{ "Events stand here the moment the node tells them." }</p></Empty> };
    }
    let hint = if needle.trim().is_empty() {
        "Switch on more kinds: rounds and messages never pause for long."
    } else {
        "Search for less, or switch on more kinds."
    };
    let title = format!(
        "None of the last {} matches",
        words::counted(LINES_MAX.min(feed.count() as usize), "event", "events")
    );
    html! { <Empty {title}><p>{ hint }</p></Empty> }
}

/// Lines that say the same of the same node one after another are one, the newest, with how many they are.
fn folded(lines: &[Rc<Line>]) -> Vec<(&Rc<Line>, u32)> {
    let mut folded: Vec<(&Rc<Line>, u32)> = Vec::new();
    for line in lines {
        match folded.last_mut() {
            Some((newer, count)) if says_the_same(newer, line) => *count += 1,
            _ => folded.push((line, 1)),
        }
    }
    folded
}

fn says_the_same(one: &Line, other: &Line) -> bool {
    match (&one.what, &other.what) {
        (What::Record(one), What::Record(other)) => one.node == other.node && one.event == other.event,
        _ => false,
    }
}

fn line_html(
    line: &Rc<Line>,
    count: u32,
    own: Option<&NodeId>,
    on_message: &Callback<Option<Message>>,
) -> Html {
    let at = match &line.what {
        What::Record(record) => record.node.as_ref().filter(|node| Some(*node) != own),
        _ => None,
    };
    let (time, group) = match &line.what {
        What::Record(record) => {
            (words::time_of_day(record.at), Group::of(&record.event).label().to_ascii_lowercase())
        }
        _ => (String::new(), "break".to_owned()),
    };
    let message = line.record().and_then(Message::of);
    let inspect = message.map(|message| on_message.reform(move |_: MouseEvent| Some(message.clone())));
    html! {
        <li key={line.number} class={format!("live-event line-{group}")} data-testid="live-line">
            <time class="line-time mono">{ time }</time>
            <span class="line-words">
                if let Some(at) = at { <b data-testid="live-line-at">{ format!("{at}: ") }</b> }
                if inspect.is_some() {
                    <button type="button" class="event-message" title="Look at the message" onclick={inspect}>{ words::line(line) }</button>
                } else {
                    { words::line(line) }
                }
                if count > 1 { <span class="line-count num" data-testid="live-line-count">{ format!(" · {count} times") }</span> }
            </span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumormill_core::event::{Event, TraceEvent};
    use rumormill_core::{Instant, TraceRecord};

    #[test]
    fn lines_that_say_the_same_one_after_another_are_one() {
        let record = |at, number| {
            let event = TraceEvent::Node(Event::Round { number });
            TraceRecord { at: Instant::from_micros(at), node: None, event }
        };
        let mut feed = Feed::default();
        feed.add(vec![record(1, 7), record(2, 7), record(3, 8), record(4, 7), record(5, 7), record(6, 7)], 0);
        let all = Group::ALL.into_iter().fold(Groups::default(), |groups, group| {
            if groups.has(group) { groups } else { groups.toggled(group) }
        });
        let lines = feed.newest(all, "", words::line, FOLDED_MAX);
        let folded: Vec<_> = folded(&lines).into_iter().map(|(line, count)| (line.number, count)).collect();
        assert_eq!(folded, [(6, 3), (3, 1), (2, 2)]);
    }
}
