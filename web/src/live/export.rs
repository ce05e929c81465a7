//! What is in sight of a live cluster, to be handed on: a link, a picture, tables, and what its members remember.

use crate::share::dialog::{Copied, Kept, LINK_ID, Wish, field};
use crate::ui::{Button, Dialog, IconName, Notice, Tone};
use yew::prelude::*;

/// Props of [`ExportDialog`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct ExportDialogProps {
    /// The link.
    pub link: AttrValue,
    /// Is anything drawn in sight, so that there is a picture?
    pub has_picture: bool,
    /// Has a node spoken, so that there are tables?
    pub has_data: bool,
    /// Does the node speak, so that members can be asked what they remember?
    pub is_current: bool,
    /// Are they being asked?
    pub is_gathering: bool,
    /// Why the file that was wanted last was not saved.
    pub unsaved: Option<AttrValue>,
    /// What became of the last copy.
    pub copied: Option<Copied>,
    /// What the user does.
    pub on: Callback<Wish>,
}

/// The dialog.
#[component]
pub(super) fn ExportDialog(props: &ExportDialogProps) -> Html {
    let on = &props.on;
    let save = |kept, label: &'static str, testid: &'static str, why_not: Option<&'static str>| {
        html! {
            <Button {label} icon={IconName::Save} {testid} disabled={why_not.is_some()} title={why_not.map(AttrValue::from)}
                onclick={on.reform(move |()| Wish::Save(kept))} />
        }
    };
    let no_data = (!props.has_data).then_some("No node has spoken yet");
    let no_picture = (!props.has_picture)
        .then_some("Show the ring, tree, grid or space-time: it is what the picture shows");
    let no_recording = match (props.is_current, props.is_gathering) {
        (false, _) => Some("There is no connection to ask through"),
        (true, true) => Some("The members are being asked"),
        (true, false) => None,
    };
    html! {
        <Dialog title="Share and export" testid="live-export" onclose={on.reform(|()| Wish::Close)}>
            <section class="share-part" aria-label="Link">
                <h3>{ "A link to this view" }</h3>
                <p class="field-hint">
                    { "Whoever opens it looks through the same node, with the same view and selection, if the node can be \
                       reached from there." }
                </p>
                { field(LINK_ID, "Link", &props.link, "copy-link", props.copied, on) }
            </section>
            <section class="share-part" aria-label="Files">
                <h3>{ "Files" }</h3>
                <div class="buttons">
                    { save(Kept::Picture, "Picture", "save-picture", no_picture) }
                    { save(Kept::Nodes, "Members", "save-members", no_data) }
                    { save(Kept::Curve, "Traffic", "save-traffic", no_data) }
                    { save(Kept::Trace, if props.is_gathering { "Asking…" } else { "Recording" }, "save-recording", no_recording) }
                </div>
                if let Some(why) = &props.unsaved {
                    <Notice tone={Tone::Bad} title="Not saved" testid="unsaved">{ why }</Notice>
                }
                <p class="field-hint">
                    { "Picture: what is drawn, as PNG. Members, and the node’s traffic second by second: tables as CSV. Recording: \
                       what the members remember, a line of JSON each; Replay opens it." }
                </p>
            </section>
        </Dialog>
    }
}
