//! A modal dialog: the browser's own element, which traps the focus, closes on Escape and gives the focus back.

use super::{
    button::{Button, ButtonKind},
    icon::IconName,
};
use crate::glue::element;
use yew::prelude::*;

/// Props of [`Dialog`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct DialogProps {
    /// Its heading.
    pub title: AttrValue,
    /// The name by which tests find it.
    pub testid: AttrValue,
    /// Called when it has been closed, by whatever means.
    pub onclose: Callback<()>,
    /// What is in it.
    #[prop_or_default]
    pub children: Html,
}

/// A modal dialog, open for as long as it is rendered.
#[component]
pub fn Dialog(props: &DialogProps) -> Html {
    let node = use_node_ref();
    {
        let node = node.clone();
        use_effect_with((), move |()| element::open_dialog(&node));
    }
    let close = {
        let node = node.clone();
        Callback::from(move |()| element::close_dialog(&node))
    };
    let onclose = props.onclose.reform(|_: Event| ());
    let title_id = format!("{}-title", props.testid);
    html! {
        <dialog class="dialog" ref={node} {onclose} aria-labelledby={title_id.clone()}
            data-testid={props.testid.clone()}>
            <header class="dialog-head">
                <h2 id={title_id}>{ &props.title }</h2>
                <Button label="Close" icon={IconName::Close} icon_only=true kind={ButtonKind::Quiet}
                    testid={format!("{}-close", props.testid)} onclick={close} />
            </header>
            <div class="dialog-body">{ props.children.clone() }</div>
        </dialog>
    }
}
