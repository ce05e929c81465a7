//! How a race is handed on: its link, which is all of it, the picture of its curves, and the curves as a table. It shows
//! the dialog and makes the table; the place does what is wished.

use super::{contest::Contest, heat::Heat};
use crate::share::{
    csv,
    dialog::{Copied, Kept, REFUSED, Wish, field},
};
use crate::ui::{Button, Dialog, Notice, Tone};
use yew::prelude::*;

/// The `id` of the field with the link.
pub const LINK_ID: &str = "race-link";

/// The dialog while it is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sharing {
    /// What became of the last copy.
    pub copied: Option<Copied>,
    /// Did the browser not take the last file?
    pub refused: bool,
}

/// Props of [`ShareRace`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct ShareRaceProps {
    /// The dialog's state.
    pub sharing: Sharing,
    /// The whole address of the race.
    pub link: AttrValue,
    /// What the user wishes.
    pub on: Callback<Wish>,
}

/// The dialog.
#[component]
pub fn ShareRace(props: &ShareRaceProps) -> Html {
    let on = &props.on;
    let save = |kept| on.reform(move |()| Wish::Save(kept));
    html! {
        <Dialog title="Share and export" testid="race-share" onclose={on.reform(|()| Wish::Close)}>
            <section class="share-part" aria-label="Link">
                <h3>{ "A link to this race" }</h3>
                <p class="field-hint">
                    { "Whoever opens it sees the same race: every way to gossip, the cluster, the network, the seed and what happens." }
                </p>
                { field(LINK_ID, "Link", &props.link, "race-copy", props.sharing.copied, on) }
            </section>
            <section class="share-part" aria-label="Files">
                <h3>{ "Files" }</h3>
                <div class="buttons">
                    <Button label="Picture" testid="race-save-picture" title="The curves, as PNG" onclick={save(Kept::Picture)} />
                    <Button label="Curves" testid="race-save-curves" title="A line for each point of each curve, as CSV"
                        onclick={save(Kept::Curve)} />
                </div>
                if props.sharing.refused {
                    <Notice tone={Tone::Bad} title="Not saved" testid="race-unsaved">
                        { REFUSED }
                    </Notice>
                }
                <p class="field-hint">
                    { "A cluster of its own, with scenario file and trace: “Open in the Lab” beside its name, then Share." }
                </p>
            </section>
        </Dialog>
    }
}

/// The curves from the write on: a line for each point of each lane.
pub fn table(contest: &Contest, heats: &[Heat]) -> String {
    let mut text = "way,time_s,covered,messages_with_state,bytes,redundancy\n".to_owned();
    for (index, heat) in heats.iter().enumerate() {
        let name = contest.name(index);
        for point in heat.since() {
            let redundancy =
                point.redundancy.map_or_else(String::new, |redundancy| format!("{redundancy:.3}"));
            text.push_str(&format!(
                "{name},{},{:.4},{},{},{redundancy}\n",
                csv::seconds(point.at_us),
                point.covered,
                point.payload,
                point.bytes
            ));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::protocol::{Frame, Sample, Spread};

    #[test]
    fn a_line_for_each_point_of_each_way_with_a_head_above() {
        let sample = |at_us, informed, payload| Sample {
            at_us,
            informed,
            up: 10,
            messages: 0,
            payload,
            bytes: 7 * payload,
            arrived: payload,
        };
        let spread = Spread { since_us: Some(1_000_000), informed: 10, up: 10, ..Spread::default() };
        let samples = vec![sample(1_000_000, 1, 5), sample(1_250_000, 10, 23)];
        let mut heat = Heat::default();
        heat.take(Frame { samples, spread, ..Frame::default() });
        let table = table(&Contest::default(), &[heat, Heat::default()]);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 3, "{table}");
        assert_eq!(lines[1], "Tree,0.000000,0.1000,0,0,");
        assert_eq!(lines[2], "Tree,0.250000,1.0000,18,126,1.000");
    }
}
