//! The panel in which the members are shown, in one of six ways, and what can be chosen for each. It picks the component;
//! what that shows is its own business.

use super::{
    beliefs::BeliefsMatrix,
    lanes_view::{LanesView, WINDOWS},
    members::MembersTable,
    picture::{PictureView, tree_of_strategy},
    place::{Live, Msg},
    session::Model,
    state::{Revisions, View},
};
use crate::glue::element;
use crate::lab::sight::{Sight, TreeOf};
use crate::ui::{Check, Choice, Panel, Segmented};
use rumormill_core::sort::{sort, sort_by};
use yew::prelude::*;

/// Most keys that can be chosen from the list. Any key can be chosen where the keys stand.
const KEYS_MAX: usize = 40;

impl Live {
    /// The members as the user wants to see them.
    pub(super) fn members_panel(
        &self,
        ctx: &Context<Self>,
        model: &Model,
        revisions: &Revisions,
        now_ms: u64,
    ) -> Html {
        let link = ctx.link();
        let on_select = link.callback(Msg::Select);
        let switch = html! {
            <Segmented label="View" name="live-show" value={self.shown.as_str()}
                choices={Sight::ALL.map(|sight| Choice::new(sight.as_str(), sight.title())).to_vec()}
                onchange={link.callback(|word: AttrValue| Msg::Show(Sight::parse(&word).unwrap_or_default()))} />
        };
        let revision = (revisions.members, revisions.around);
        let shown = match self.shown {
            Sight::Matrix => html! { <BeliefsMatrix model={model.clone()} {revision} {now_ms} /> },
            Sight::Table => html! {
                <MembersTable model={model.clone()} {revision} {now_ms}
                    selected={self.selected.clone()} {on_select} />
            },
            Sight::SpaceTime => self.space_time(ctx, model, revisions),
            sight => html! {
                <PictureView model={model.clone()} canvas={self.picture.clone()} {sight} tree_of={self.tree_of} {revision}
                    {now_ms} selected={self.selected.clone()} {on_select}
                    active={ctx.props().active} is_dark={ctx.props().is_dark} />
            },
        };
        html! {
            <Panel title="Members" testid="live-members" class="live-members" actions={switch}
                scrolls={!self.shown.is_drawn()}>
                { self.options(ctx, model) }
                { shown }
            </Panel>
        }
    }

    /// What can be chosen for the view in sight.
    fn options(&self, ctx: &Context<Self>, model: &Model) -> Html {
        let of_view = match self.shown {
            Sight::Tree => self.tree_options(ctx, model),
            Sight::SpaceTime => self.lanes_options(ctx),
            _ => Html::default(),
        };
        html! {
            <div class="live-options" data-testid="live-options">
                { of_view }
                { self.by_key(ctx, model) }
            </div>
        }
    }

    #[inline(never)]
    fn space_time(&self, ctx: &Context<Self>, model: &Model, revisions: &Revisions) -> Html {
        let link = ctx.link();
        let looked = self.session.model().view.borrow().around.message.as_ref().map(|it| it.message.clone());
        let revision = [revisions.members, revisions.around, revisions.feed];
        html! {
            <LanesView model={model.clone()} canvas={self.picture.clone()} {revision} window_us={self.window_us} {looked}
                from_all={self.from_all} selected={self.selected.clone()} on_select={link.callback(Msg::Select)}
                on_message={link.callback(Msg::MessageOfPicture)} active={ctx.props().active} is_dark={ctx.props().is_dark} />
        }
    }

    #[inline(never)]
    fn lanes_options(&self, ctx: &Context<Self>) -> Html {
        let choices =
            WINDOWS.iter().map(|(us, words)| Choice::new(us.to_string(), *words)).collect::<Vec<_>>();
        html! {
            <>
                <Segmented label="Time shown" name="live-window" value={self.window_us.to_string()} {choices}
                    onchange={ctx.link().batch_callback(|word: AttrValue| word.parse().ok().map(Msg::Window))} />
                <Check label="Ask all" id="live-talk-all" checked={self.from_all}
                    onchange={ctx.link().callback(Msg::FromAll)} />
            </>
        }
    }

    /// By what members are coloured: by what they know of all, or of one key.
    fn by_key(&self, ctx: &Context<Self>, model: &Model) -> Html {
        let view = model.view.borrow();
        if view.entries.is_empty() && self.sought.is_none() {
            return Html::default();
        }
        let onchange = ctx.link().callback(|event: Event| {
            let value = element::value(&event);
            // The first choice is no key.
            Msg::Seek(value.strip_prefix('=').map(str::to_owned))
        });
        let option = |key: &str| {
            html! { <option value={["=", key].concat()} selected={self.sought.as_deref() == Some(key)}>{ key }</option> }
        };
        html! {
            <>
            <label class="by-write live-by-key">
                <span class="muted">{ "Green: who has" }</span>
                <select class="input" data-testid="live-by-key" {onchange}>
                    <option value="" selected={self.sought.is_none()}>{ "choose a key" }</option>
                    { for key_choices(&view, self.sought.as_deref()).iter().map(|key| option(key)) }
                </select>
            </label>
            if let Some(sought) = &view.around.sought {
                <p class="live-caption" data-testid="live-holders">{ sought.words(&view) }</p>
            }
            </>
        }
    }

    #[inline(never)]
    fn tree_options(&self, ctx: &Context<Self>, model: &Model) -> Html {
        let view = model.view.borrow();
        let has_tree = tree_of_strategy(&view).is_some();
        let tree_of = if has_tree { self.tree_of } else { TreeOf::Way };
        let measured = view.around.measured.as_ref();
        let words = match (tree_of, measured) {
            (TreeOf::Links, _) => {
                "Below each, to whom it sends what is new; dashed, back to the start".to_owned()
            }
            (TreeOf::Way, Some(measure)) => {
                format!(
                    "Below each, who had {} from it; at the bottom, who is not known to have it",
                    measure.key
                )
            }
            (TreeOf::Way, None) => "Write through this node to see the way that the write takes".to_owned(),
        };
        html! {
            <>
                if has_tree {
                    <Segmented label="Tree of" name="live-tree-of"
                        value={if tree_of == TreeOf::Links { "links" } else { "way" }}
                        choices={vec![Choice::new("links", "Links"), Choice::new("way", "Way of the write")]}
                        onchange={ctx.link().callback(|word: AttrValue| {
                            Msg::TreeOf(if word == "way" { TreeOf::Way } else { TreeOf::Links })
                        })} />
                }
                <p class="live-caption" data-testid="live-caption">{ words }</p>
            </>
        }
    }
}

/// The keys that can be chosen: those that changed last, in order of their names, and the chosen one in any case.
fn key_choices(view: &View, chosen: Option<&str>) -> Vec<String> {
    let mut keys: Vec<(u64, &str)> = view
        .entries
        .iter()
        .map(|((key, _), entry)| (entry.changed_ms.unwrap_or_default(), key.as_str()))
        .collect();
    sort_by(&mut keys, |a, b| b.0.cmp(&a.0));
    keys.truncate(KEYS_MAX);
    let mut keys: Vec<String> = keys.into_iter().map(|(_, key)| key.to_owned()).collect();
    keys.extend(chosen.map(str::to_owned));
    sort(&mut keys);
    keys.dedup();
    keys
}
