//! What a recording tells of one node, where the Lab's inspector has what the node holds.

use crate::lab::inspector::{believed_words, member_row};
use crate::lab::protocol::{Detail, EntryLine, Inside};
use crate::lab::setup::group;
use crate::lab::standing::bytes;
use crate::ui::{Column, Facts, Table};
use yew::prelude::*;

/// Its keys, its beliefs, its counts.
pub fn told(detail: &Detail, inside: &Inside, beliefs: Html) -> Html {
    html! {
        <>
            <section aria-label="What changed here">
                <h3>{ "What changed here" }</h3>
                if inside.entries.is_empty() {
                    <p class="field-hint">{ "No key has changed here so far, as far as the recording tells." }</p>
                } else {
                    <Table caption="Keys that changed at this node" testid="told-keys"
                        columns={vec![Column::text("Key"), Column::text("Last changed"), Column::text("From")]}>
                        { for inside.entries.iter().map(key_row) }
                    </Table>
                }
            </section>
            <section aria-label="Members, as it believes">
                <h3>{ "Members, as it believes" }
                    <span class="muted num" data-testid="believed">{ believed_words(inside) }</span></h3>
                if inside.members.is_empty() {
                    <p class="field-hint">{ "The recording does not tell what this node believes of others." }</p>
                } else {
                    { beliefs }
                    <div class="table-frame members-frame" tabindex="0" role="region" aria-label="List of members">
                        <Table caption={format!("Members as {} believes", detail.id)} testid="members"
                            columns={vec![Column::text("Node"), Column::text("Status"), Column::text("Link")]}>
                            { for inside.members.iter().map(|member| member_row(member, &detail.id)) }
                        </Table>
                    </div>
                }
            </section>
            <section aria-label="Counts">
                <h3>{ "Counts so far" }</h3>
                <Facts testid="node-facts" facts={facts(inside)} />
            </section>
        </>
    }
}

fn key_row(entry: &EntryLine) -> Html {
    let from = entry.author.as_ref().map_or("itself", |author| author.as_str());
    html! {
        <tr key={format!("{}{}", entry.key, entry.is_counter)}>
            <td class="mono">{ &entry.key }</td><td class="num">{ &entry.value }</td><td class="muted">{ from }</td>
        </tr>
    }
}

fn facts(inside: &Inside) -> Vec<(AttrValue, AttrValue)> {
    let fact = |name: &'static str, value: String| (AttrValue::from(name), AttrValue::from(value));
    vec![
        fact("Denied sends", group(inside.denials)),
        fact("Links", group(u64::from(inside.links))),
        fact("Rounds", group(inside.rounds)),
        fact("Sent", format!("{} messages, {}", group(inside.messages[0]), bytes(inside.bytes[0]))),
        fact("Received", format!("{} messages, {}", group(inside.messages[1]), bytes(inside.bytes[1]))),
    ]
}
