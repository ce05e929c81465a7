//! A titled box.

use yew::prelude::*;

/// Props of [`Panel`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct PanelProps {
    /// Its heading.
    pub title: AttrValue,
    /// The name by which tests find it; its heading gets `{testid}-title` as `id`, what is in it `{testid}-body`.
    pub testid: AttrValue,
    /// Controls at the right end of the heading.
    #[prop_or_default]
    pub actions: Html,
    /// Does its content scroll when it is too long?
    #[prop_or_default]
    pub scrolls: bool,
    /// More classes.
    #[prop_or_default]
    pub class: Classes,
    /// What is in it.
    #[prop_or_default]
    pub children: Html,
}

/// A titled box. A scrolling one can be scrolled by keyboard.
#[component]
pub fn Panel(props: &PanelProps) -> Html {
    let title_id = format!("{}-title", props.testid);
    let class = classes!("panel", props.scrolls.then_some("panel-scroll"), props.class.clone());
    html! {
        <section {class} aria-labelledby={title_id.clone()} data-testid={props.testid.clone()}>
            <header class="panel-head">
                <h2 class="panel-title" id={title_id.clone()}>{ &props.title }</h2>
                { props.actions.clone() }
            </header>
            <div class="panel-body" id={format!("{}-body", props.testid)} tabindex={props.scrolls.then_some("0")}
                role={props.scrolls.then_some("group")}
                aria-labelledby={props.scrolls.then_some(title_id)}>
                { props.children.clone() }
            </div>
        </section>
    }
}
