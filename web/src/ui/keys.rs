//! A list of keys and what they do, as it stands in a help.

use yew::prelude::*;

/// Keys, those that belong together with spaces between, and what they do.
pub fn key_list(keys: &[(&'static str, &'static str)]) -> Html {
    html! {
        <dl class="keys">
            { for keys.iter().map(|(key, what)| html! {
                <><dt>{ for key.split(' ').map(|key| html! { <kbd>{ key }</kbd> }) }</dt><dd>{ *what }</dd></>
            }) }
        </dl>
    }
}
