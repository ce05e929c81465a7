//! The dialog that hands on what is in sight: a link that opens the same run, files, and the command that repeats it.

use super::link::LINK_CHARS_MAX;
use crate::lab::{setup::group, standing::seconds};
use crate::ui::{Button, ButtonKind, Dialog, IconName, Notice, Tone};
use yew::prelude::*;

/// The `id` of the link's field.
pub const LINK_ID: &str = "share-link";
/// The `id` of the command's field.
pub const COMMAND_ID: &str = "share-command";

/// What is said where the browser takes no file.
pub const REFUSED: &str = "The browser did not take the file. Look whether it blocks what pages save, or is out of memory or space.";

/// What there is in place of a link.
const SEND_A_FILE: &str = "Send the scenario file instead: dropped on this page it opens like the link, and the command line plays it.";

/// Something that can be saved as a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// What the view shows, as a picture.
    Picture,
    /// The curve of coverage and messages, as a table.
    Curve,
    /// The table of nodes.
    Nodes,
    /// Everything that happened, as lines of JSON.
    Trace,
    /// The scenario file.
    Scenario,
}

/// What the user does in the dialog.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// A race of the run, in place of the dialog.
    Race,
    /// Opens it.
    Open,
    /// Closes it.
    Close,
    /// Wants the text of a field on the clipboard.
    Copy(&'static str),
    /// Wants a file.
    Save(Kept),
}

/// What became of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The `id` of the field.
    pub field: &'static str,
    /// Is it on the clipboard?
    pub done: bool,
}

/// Props of [`ShareDialog`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct ShareDialogProps {
    /// Is it a recording? That is a file already; what is shown of it can be kept.
    pub recorded: bool,
    /// Is everything there that files are made of?
    pub is_ready: bool,
    /// The moment that is handed on.
    pub now_us: u64,
    /// How many acts the run has.
    pub acts: usize,
    /// The link; empty while it is made, and if there is none.
    pub link: AttrValue,
    /// The way to a race of it against other ways to gossip; empty where there is none.
    pub race: AttrValue,
    /// Why no link holds the run.
    pub linkless: Option<AttrValue>,
    /// The command that repeats the run.
    pub command: AttrValue,
    /// The hash of the run's trace up to the moment, or why there is none; `None` while it is computed.
    pub hash: Option<Result<u64, AttrValue>>,
    /// Is the trace being made?
    pub tracing: bool,
    /// Why the file that was wanted last was not saved.
    pub unsaved: Option<AttrValue>,
    /// What the picture would show; none where the view is text.
    pub picture_of: Option<AttrValue>,
    /// What became of the last copy.
    pub copied: Option<Copied>,
    /// What the user does.
    pub on: Callback<Wish>,
}

/// The dialog.
#[component]
pub fn ShareDialog(props: &ShareDialogProps) -> Html {
    let on = &props.on;
    html! {
        <Dialog title={if props.recorded { "Export" } else { "Share and export" }} testid="share" onclose={on.reform(|()| Wish::Close)}>
            if !props.recorded {
            <>
            <section class="share-part" aria-label="Link">
                <h3>{ "A link to this run" }</h3>
                if let Some(why) = &props.linkless {
                    <Notice tone={Tone::Warn} title="No link holds this run" testid="linkless">
                        { format!("{why} {SEND_A_FILE}") }
                    </Notice>
                } else {
                    <p class="field-hint">{ what(props) }</p>
                    { field(LINK_ID, "Link", &props.link, "copy-link", props.copied, on) }
                    { length(props) }
                }
                if !props.race.is_empty() {
                    <p class="field-hint">
                        <Button label="Race it" testid="race-this" onclick={on.reform(|()| Wish::Race)} />
                        { " against other ways to gossip: the same cluster and network, the same things done at the same moments." }
                    </p>
                }
            </section>
            <section class="share-part" aria-label="Command line">
                <h3>{ "Repeat it on the command line" }</h3>
                <p class="field-hint">
                    { "The scenario file holds this run up to this moment. The program plays it, checks every property, and \
                       prints the hash of its trace: equal to the one here, event for event. Dropped on this page, the file \
                       opens like the link." }
                </p>
                { field(COMMAND_ID, "Command", &props.command, "copy-command", props.copied, on) }
                <div class="buttons">
                    { save(props, Kept::Scenario, "Scenario file", "save-scenario", None) }
                    <p class="share-hash" role="status" data-testid="share-hash">{ hash(props) }</p>
                </div>
            </section>
            </>
            }
            <section class="share-part" aria-label="Files">
                <h3>{ "Files" }</h3>
                <div class="buttons">
                    { save(props, Kept::Picture, "Picture", "save-picture", props.picture_of.is_none().then_some("The table is text: take the nodes")) }
                    { save(props, Kept::Curve, "Curve", "save-curve", None) }
                    { save(props, Kept::Nodes, "Nodes", "save-nodes", None) }
                    if !props.recorded {
                    { save(props, Kept::Trace, if props.tracing { "Making it …" } else { "Trace" }, "save-trace", props.tracing.then_some("The run is played again from its start")) }
                    }
                </div>
                if let Some(why) = &props.unsaved {
                    <Notice tone={Tone::Bad} title="Not saved" testid="unsaved">{ why }</Notice>
                }
                <p class="field-hint">
                    { props.picture_of.as_ref().map(|of| format!("Picture: {of}, as PNG. ")).unwrap_or_default() }
                    { "Curve and nodes: tables as CSV. " }
                    if !props.recorded {
                        { "Trace: everything that happened, a line of JSON each; Replay opens it." }
                    }
                </p>
            </section>
        </Dialog>
    }
}

fn what(props: &ShareDialogProps) -> String {
    let acts = match props.acts {
        0 => "nothing done to it".to_owned(),
        1 => "the one thing done in it".to_owned(),
        more => format!("all {} things done in it", group(more as u64)),
    };
    format!(
        "Whoever opens it sees the same: the setup and seed, {acts}, this view, at {}. Other branches stay here.",
        seconds(props.now_us)
    )
}

/// A text to be copied, and what became of its copy.
pub fn field(
    id: &'static str,
    label: &'static str,
    text: &AttrValue,
    testid: &'static str,
    copied: Option<Copied>,
    on: &Callback<Wish>,
) -> Html {
    let copied = copied.filter(|copied| copied.field == id);
    let words = match copied {
        Some(Copied { done: true, .. }) => "Copied",
        _ => "Copy",
    };
    let kind = if id == COMMAND_ID { ButtonKind::Plain } else { ButtonKind::Primary };
    html! {
        <>
            <div class="share-field">
                <input class="input mono" {id} readonly=true value={text.clone()} aria-label={label} data-testid={id} />
                <Button label={words} {kind} {testid} disabled={text.is_empty()}
                    onclick={on.reform(move |()| Wish::Copy(id))} />
            </div>
            if copied.is_some_and(|copied| !copied.done) {
                <p class="field-hint" role="status" data-testid="copy-denied">
                    { "This browser does not let the page copy here. The text is selected: copy it with Ctrl+C, or hold it \
                       and choose Copy." }
                </p>
            }
        </>
    }
}

fn length(props: &ShareDialogProps) -> Html {
    let chars = props.link.len();
    let words = format!("{} characters", group(chars as u64));
    if chars <= LINK_CHARS_MAX {
        return html! { <p class="field-hint num" data-testid="link-length">{ words }</p> };
    }
    html! {
        <Notice tone={Tone::Warn} title="Too long for most programs" testid="link-too-long">
            { format!("{words}: mail and chat cut links of more than {}. {SEND_A_FILE}", group(LINK_CHARS_MAX as u64)) }
        </Notice>
    }
}

fn hash(props: &ShareDialogProps) -> String {
    match &props.hash {
        None => "Playing it again for its hash …".to_owned(),
        Some(Ok(hash)) => format!("Trace hash {hash:016x}"),
        Some(Err(why)) => format!("No trace hash: {why}"),
    }
}

fn save(
    props: &ShareDialogProps,
    kept: Kept,
    label: &'static str,
    testid: &'static str,
    disabled: Option<&'static str>,
) -> Html {
    html! {
        <Button {label} icon={IconName::Save} {testid} disabled={disabled.is_some() || !props.is_ready}
            title={disabled.map(AttrValue::from)} onclick={props.on.reform(move |()| Wish::Save(kept))} />
    }
}
