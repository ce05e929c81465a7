//! One message: why it was sent, what it carries, what became of it.

use super::action::Action;
use super::inspector::carried_words;
use super::protocol::MessageLine;
use super::standing::{bytes, seconds};
use crate::ui::{Button, ButtonKind, Empty, Facts, IconName, Panel};
use rumormill_core::event::Fate;
use std::rc::Rc;
use yew::prelude::*;

/// Props of [`MessagePanel`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct MessagePanelProps {
    /// The message, if the worker still knows it.
    pub line: Option<Rc<MessageLine>>,
    /// The sender's name and the receiver's.
    pub names: Option<(AttrValue, AttrValue)>,
    /// The moment.
    pub now_us: u64,
    /// Is it of a recording?
    pub recorded: bool,
    /// What the user does.
    pub on: Callback<Action>,
}

/// The message.
#[component]
pub fn MessagePanel(props: &MessagePanelProps) -> Html {
    let close = html! {
        <Button label="Close" icon={IconName::Close} icon_only=true kind={ButtonKind::Quiet} testid="message-close"
            onclick={props.on.reform(|()| Action::Message(None))} />
    };
    let (Some(line), Some((from, to))) = (props.line.as_deref(), &props.names) else {
        return html! {
            <Panel title="Message" testid="message" actions={close} class="lab-node">
                <Empty title="It is not remembered">
                    if props.recorded {
                        { "The recording does not tell both of its ends by now." }
                    } else {
                        { "Only the latest two thousand messages are. Step back, or choose a newer one." }
                    }
                </Empty>
            </Panel>
        };
    };
    let flight = &line.flight;
    let is_under_way = line.fate.is_none() && flight.sent_us + u64::from(flight.travels_us) > props.now_us;
    let select = |node: u16| props.on.reform(move |()| Action::Select(Some(node.into())));
    let fact = |name: &'static str, value: String| (AttrValue::from(name), AttrValue::from(value));
    let facts = vec![
        fact("Sent", seconds(flight.sent_us)),
        fact("Because", line.cause.as_str().to_owned()),
        fact("What became of it", fate(line, props.now_us)),
        fact("Size", bytes(line.bytes.into())),
    ];
    html! {
        <Panel title={format!("Message: {}", line.kind.as_str())} testid="message" actions={close} scrolls=true class="lab-node">
            <div class="stack">
                <div class="buttons">
                    <Button label={from.clone()} testid="message-from" title="Inspect the sender" onclick={select(flight.from)} />
                    <span aria-label="to">{ "→" }</span>
                    <Button label={to.clone()} testid="message-to" title="Inspect the receiver" onclick={select(flight.to)} />
                </div>
                if is_under_way {
                    <div class="buttons">
                        <Button label="Drop it" icon={IconName::Close} kind={ButtonKind::Danger} shortcut="x" testid="message-drop"
                            title="It is lost on its way" onclick={props.on.reform(|()| Action::DropNext)} />
                    </div>
                }
                <Facts {facts} testid="message-facts" />
                <section aria-label="What it carries">
                    <h3>{ "It carries" }</h3>
                    { carried_words(line, props.recorded) }
                </section>
            </div>
        </Panel>
    }
}

/// What became of a message, by now.
fn fate(line: &MessageLine, now_us: u64) -> String {
    let arrives_us = line.flight.sent_us + u64::from(line.flight.travels_us);
    match line.fate {
        Some(Fate::Loss) => "lost by chance".to_owned(),
        Some(Fate::Cut) => "lost at the cut".to_owned(),
        Some(Fate::Gone) => "lost: the receiver, or its link, was gone".to_owned(),
        Some(Fate::Dropped) => "dropped by hand".to_owned(),
        None if arrives_us <= now_us => ["arrived at ", &seconds(arrives_us)].concat(),
        None => ["on its way, arrives at ", &seconds(arrives_us)].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::Flight;
    use super::*;
    use rumormill_core::{Cause, MessageKind};

    #[test]
    fn its_fate_is_told() {
        let flight =
            Flight { from: 0, to: 1, sent_us: 1_000, travels_us: 9_000, payload: true, lost: false, id: 3 };
        let (kind, cause) = (MessageKind::Rumor, Cause::Tree);
        let mut line = MessageLine {
            flight,
            kind,
            cause,
            number: 1,
            bytes: 9,
            carried: Vec::new(),
            writes: 0,
            fate: None,
        };
        assert_eq!(fate(&line, 5_000), "on its way, arrives at 0.010 s");
        assert_eq!(fate(&line, 10_000), "arrived at 0.010 s");
        line.fate = Some(Fate::Cut);
        assert_eq!(fate(&line, 10_000), "lost at the cut");
    }
}
