//! Tables and lists of facts.

use yew::prelude::*;

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub title: AttrValue,
    /// Does it hold numbers, which stand to the right?
    pub is_number: bool,
}

impl Column {
    /// A column of words.
    pub fn text(title: impl Into<AttrValue>) -> Self {
        Self { title: title.into(), is_number: false }
    }

    /// A column of numbers.
    pub fn number(title: impl Into<AttrValue>) -> Self {
        Self { title: title.into(), is_number: true }
    }
}

/// Props of [`Table`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct TableProps {
    /// What the table holds, for screen readers.
    pub caption: AttrValue,
    /// The columns.
    pub columns: Vec<Column>,
    /// The name by which tests find it.
    pub testid: AttrValue,
    /// The rows: `<tr>` elements.
    #[prop_or_default]
    pub children: Html,
}

/// A table whose headings stay in sight.
#[component]
pub fn Table(props: &TableProps) -> Html {
    html! {
        <table class="table" data-testid={props.testid.clone()}>
            <caption class="sr-only">{ &props.caption }</caption>
            <thead><tr>
                { for props.columns.iter().map(|column| html! {
                    <th scope="col" class={column.is_number.then_some("cell-num")}>{ &column.title }</th>
                }) }
            </tr></thead>
            <tbody>{ props.children.clone() }</tbody>
        </table>
    }
}

/// Props of [`Facts`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct FactsProps {
    /// Names and values.
    pub facts: Vec<(AttrValue, AttrValue)>,
    /// The name by which tests find the list.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// A list of names and values.
#[component]
pub fn Facts(props: &FactsProps) -> Html {
    html! {
        <dl class="facts" data-testid={props.testid.clone()}>
            { for props.facts.iter().map(|(name, value)| html! {
                <><dt>{ name }</dt><dd>{ value }</dd></>
            }) }
        </dl>
    }
}
