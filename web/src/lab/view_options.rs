//! What can be chosen for the view in sight: which tree, which matrix, how much time, and by which write nodes are
//! coloured.

use super::action::{Action, MatrixOf, Sight, TreeOf};
use super::state::View;
use super::views::WINDOWS;
use crate::glue::element;
use crate::ui::{Choice, Segmented};
use rumormill_core::Strategy;
use yew::prelude::*;

/// The row above the picture; empty where there is nothing to choose.
pub(super) fn options(view: &View, on: &Callback<Action>) -> Html {
    let of_view = match view.sight {
        Sight::Tree if view.scenario.is_some() && view.strategy() != Some(Strategy::Random) => tree(view, on),
        Sight::Matrix => matrix(view, on),
        Sight::SpaceTime => window(view, on),
        _ => Html::default(),
    };
    html! {
        <>
            { of_view }
            if view.writes.len() > 1 && view.sight != Sight::Matrix {
                { by_write(view, on) }
            }
        </>
    }
}

fn tree(view: &View, on: &Callback<Action>) -> Html {
    let value = if view.tree_of == TreeOf::Links { "links" } else { "way" };
    html! {
        <Segmented label="Tree of" name="tree-of" {value}
            choices={vec![Choice::new("links", "Links"), Choice::new("way", "Way of the write")]}
            onchange={on.reform(|word: AttrValue| Action::TreeOf(if word == "way" { TreeOf::Way } else { TreeOf::Links }))} />
    }
}

fn matrix(view: &View, on: &Callback<Action>) -> Html {
    let value = if view.matrix_of == MatrixOf::Members { "members" } else { "writes" };
    html! {
        <Segmented label="Matrix of" name="matrix-of" {value}
            choices={vec![Choice::new("members", "Members"), Choice::new("writes", "Writes")]}
            onchange={on.reform(|word: AttrValue| {
                Action::MatrixOf(if word == "writes" { MatrixOf::Writes } else { MatrixOf::Members })
            })} />
    }
}

fn window(view: &View, on: &Callback<Action>) -> Html {
    let choices = WINDOWS.iter().map(|(us, words)| Choice::new(us.to_string(), *words)).collect::<Vec<_>>();
    html! {
        <Segmented label="Time shown" name="window" value={view.window_us.to_string()} {choices}
            onchange={on.reform(|word: AttrValue| Action::Window(word.parse().unwrap_or(WINDOWS[1].0)))} />
    }
}

fn by_write(view: &View, on: &Callback<Action>) -> Html {
    let chosen = view.write.map(|number| number.to_string()).unwrap_or_default();
    let onchange = on.reform(|event: Event| Action::ByWrite(element::value(&event).parse().ok()));
    html! {
        <label class="by-write">
            <span class="muted">{ "Who has" }</span>
            <select class="input" data-testid="by-write" {onchange}>
                { for view.write_choices().into_iter().map(|(number, words)| html! {
                    <option value={number.clone()} selected={number == chosen}>{ words }</option>
                }) }
            </select>
        </label>
    }
}
