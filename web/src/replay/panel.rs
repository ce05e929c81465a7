//! What a recording is, where the Lab has its setup; and the place before one is open.

use super::file::BYTES_MAX;
use super::recording::Facts as Recorded;
use crate::glue::files::{self, Given};
use crate::lab::{setup::group, standing::seconds};
use crate::ui::{Button, ButtonKind, Facts, IconName, Panel};
use std::rc::Rc;
use yew::prelude::*;

/// The `id` of the file input.
const FILE_ID: &str = "trace-file";

/// Props of [`OpenTrace`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct OpenTraceProps {
    /// Is it what the place is for now?
    #[prop_or_default]
    pub is_first: bool,
    /// The file that was chosen.
    pub on_file: Callback<Given>,
}

/// The button that opens a file.
#[component]
pub fn OpenTrace(props: &OpenTraceProps) -> Html {
    let on_file = props.on_file.clone();
    let onchange = Callback::from(move |event: Event| {
        let on_file = on_file.clone();
        files::chosen(&event, BYTES_MAX, move |given| on_file.emit(given));
    });
    let (label, kind) = if props.is_first {
        ("Open a trace", ButtonKind::Primary)
    } else {
        ("Open another", ButtonKind::Plain)
    };
    html! {
        <>
            <Button {label} icon={IconName::Open} {kind} testid="open-trace" onclick={Callback::from(|()| files::choose(FILE_ID))} />
            <input type="file" id={FILE_ID} class="sr-only" tabindex="-1" aria-label="A trace file" {onchange}
                accept=".jsonl,.ndjson,.json,.txt,.yaml,.yml,application/json" data-testid="trace-file" />
        </>
    }
}

/// The place before a recording is open.
#[component]
pub fn NoRecording(props: &OpenTraceProps) -> Html {
    html! {
        <section class="panel replay-empty" aria-label="No recording" data-testid="replay-empty">
            <h2>{ "Play a recorded trace" }</h2>
            <p>
                { "A trace holds everything that happened in a cluster, event by event. Here you play it, forward and back, \
                   and look at it in six views, as in the Lab. The file stays in this tab: nothing is sent anywhere." }
            </p>
            <div class="replay-open">
                <OpenTrace is_first=true on_file={props.on_file.clone()} />
                <span class="muted">{ "or drop the file anywhere on the page" }</span>
            </div>
            <h3>{ "Where a trace comes from" }</h3>
            <dl class="replay-sources">
                <dt>{ "The Lab" }</dt><dd>{ "Share, then Trace" }</dd>
                <dt>{ "A scenario" }</dt><dd><code>{ "rumormill sim run FILE --trace OUT" }</code></dd>
                <dt>{ "A live node" }</dt><dd>{ "what it serves at " }<code>{ "/api/v1/trace" }</code></dd>
            </dl>
        </section>
    }
}

/// Props of [`RecordingPanel`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct RecordingPanelProps {
    /// The recording.
    pub recorded: Rc<Recorded>,
    /// Another file.
    pub on_file: Callback<Given>,
}

/// What a recording is, and what it does not tell.
#[component]
pub fn RecordingPanel(props: &RecordingPanelProps) -> Html {
    let recorded = &props.recorded;
    html! {
        <Panel title="Recording" testid="recording" scrolls=true class="lab-setup">
            <div class="stack">
                <Facts facts={facts(recorded)} testid="recording-facts" />
                <div class="buttons"><OpenTrace on_file={props.on_file.clone()} /></div>
                if !recorded.gaps.is_empty() {
                    <section aria-label="What is missing" data-testid="recording-gaps">
                        <h3>{ "What is missing" }</h3>
                        <ul class="gaps">{ for recorded.gaps.iter().map(|gap| html! { <li>{ gap }</li> }) }</ul>
                    </section>
                }
                <section aria-label="What a trace does not tell">
                    <h3>{ "What a trace does not tell" }</h3>
                    <ul class="gaps">
                        <li>{ "Values: a trace names only keys. A node counts as having a write once that key has changed at the node." }</li>
                        <li>{ "Tokens, what a node still owes to others, and whom it would ask next: why a node lacks a write is said from what was sent, lost, put off or cut." }</li>
                        <li>{ "What would have happened otherwise: a recording can be looked at, not changed." }</li>
                    </ul>
                </section>
            </div>
        </Panel>
    }
}

fn facts(recorded: &Recorded) -> Vec<(AttrValue, AttrValue)> {
    let mut facts: Vec<(AttrValue, AttrValue)> = vec![("File".into(), recorded.name.clone().into())];
    if !recorded.of.is_empty() {
        facts.push(("Of".into(), recorded.of.clone().into()));
    }
    facts.push(("Nodes".into(), group(recorded.names.len() as u64).into()));
    facts.push(("Events".into(), group(recorded.records).into()));
    facts.push(("Length".into(), seconds(recorded.span_us).into()));
    if recorded.from_first {
        facts.push(("Times".into(), "count from its first event".into()));
    }
    facts
}

/// The recording in a line.
pub fn in_words(recorded: &Recorded) -> String {
    let nodes = recorded.names.len();
    let nodes = if nodes == 1 { "1 node".to_owned() } else { format!("{} nodes", group(nodes as u64)) };
    format!(
        "{} · {nodes} · {} events · {}",
        recorded.name,
        group(recorded.records),
        // The unit is not left alone on a line.
        seconds(recorded.span_us).replace(' ', "\u{a0}")
    )
}
