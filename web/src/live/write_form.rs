//! The form that asks the node to set a key or to add to a counter, and what came of the latest requests. It checks
//! what can be checked without the node; everything else the node decides.

use super::{
    requests::{Asked, Fate, value_from},
    session::Model,
    shortcuts::WRITE_ID,
    words,
};
use crate::{
    glue::element,
    ui::{Button, ButtonKind, Choice, Segmented},
};
use rumormill_api::Ask;
use serde_json::Value;
use yew::prelude::*;

/// How many of the latest requests are shown.
const FATES_MAX: usize = 3;

/// What is about to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Draft {
    /// Set a register.
    Set {
        /// The key as typed.
        key: String,
        /// The value as typed.
        value: String,
    },
    /// Add to a counter.
    Add {
        /// The counter's key as typed.
        key: String,
        /// How much, as typed.
        by: String,
    },
    /// Add an element to a set.
    Insert {
        /// The key as typed.
        key: String,
        /// The element as typed.
        element: String,
    },
}

impl Default for Draft {
    fn default() -> Self {
        Self::Set { key: String::new(), value: String::new() }
    }
}

impl Draft {
    fn key(&self) -> &str {
        match self {
            Self::Set { key, .. } | Self::Add { key, .. } | Self::Insert { key, .. } => key,
        }
    }

    fn with_key(&self, key: String) -> Self {
        match self {
            Self::Set { value, .. } => Self::Set { key, value: value.clone() },
            Self::Add { by, .. } => Self::Add { key, by: by.clone() },
            Self::Insert { element, .. } => Self::Insert { key, element: element.clone() },
        }
    }

    fn with_content(&self, content: String) -> Self {
        match self {
            Self::Set { key, .. } => Self::Set { key: key.clone(), value: content },
            Self::Add { key, .. } => Self::Add { key: key.clone(), by: content },
            Self::Insert { key, .. } => Self::Insert { key: key.clone(), element: content },
        }
    }

    /// The request that it makes.
    ///
    /// # Errors
    /// What is missing, in words.
    pub(super) fn ask(&self) -> Result<Ask, &'static str> {
        let key = self.key().trim().to_owned();
        if key.is_empty() {
            return Err("Name a key first, for example config/color.");
        }
        match self {
            Self::Set { value, .. } => Ok(Ask::Set { key, value: value_from(value) }),
            Self::Insert { element, .. } if element.trim().is_empty() => {
                Err("Type what to put into the set.")
            }
            Self::Insert { element, .. } => Ok(Ask::Add { key, element: value_from(element) }),
            Self::Add { by, .. } => match by.trim().parse() {
                Ok(by) => Ok(Ask::Increment { key, by }),
                Err(_) => Err("How much to add is a whole number, for example 1 or -3."),
            },
        }
    }
}

/// Props of [`WriteForm`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct WriteFormProps {
    /// What is known.
    pub model: Model,
    /// Counts the changes of the requests.
    pub revision: u64,
    /// What the fields hold.
    pub draft: Draft,
    /// The fields changed.
    pub on_draft: Callback<Draft>,
    /// Is there a connection to write through?
    pub can_write: bool,
    /// Ask the node to write.
    pub on_ask: Callback<Ask>,
}

/// The form.
#[component]
pub(super) fn WriteForm(props: &WriteFormProps) -> Html {
    let error = use_state(|| None::<&'static str>);
    let draft = &props.draft;
    let edited = |make: fn(&Draft, String) -> Draft| {
        let (draft, error) = (draft.clone(), error.clone());
        props.on_draft.reform(move |event: InputEvent| {
            error.set(None);
            make(&draft, element::value(&event))
        })
    };
    let on_kind = {
        let key = draft.key().to_owned();
        let error = error.clone();
        props.on_draft.reform(move |kind: AttrValue| {
            error.set(None);
            match kind.as_str() {
                "add" => Draft::Add { key: key.clone(), by: "1".to_owned() },
                "insert" => Draft::Insert { key: key.clone(), element: String::new() },
                _ => Draft::Set { key: key.clone(), value: String::new() },
            }
        })
    };
    let onsubmit = {
        let (draft, error, on_ask) = (draft.clone(), error.clone(), props.on_ask.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            match draft.ask() {
                Ok(ask) => {
                    error.set(None);
                    on_ask.emit(ask);
                }
                Err(words) => error.set(Some(words)),
            }
        })
    };
    let (kind, content, content_label, placeholder, verb) = match draft {
        Draft::Set { value, .. } => ("set", value, "Value", "text or JSON", "Set"),
        Draft::Add { by, .. } => ("add", by, "By", "1", "Add"),
        Draft::Insert { element, .. } => ("insert", element, "Element", "text or JSON", "Put in"),
    };
    let view = props.model.view.borrow();
    html! {
        <form class="live-write" {onsubmit} novalidate=true aria-label="Write">
            <Segmented label="What to write" name="live-write" value={kind} wide=true onchange={on_kind}
                choices={vec![Choice::new("set", "Set a key"), Choice::new("add", "Count"),
                    Choice::new("insert", "Put into a set")]} />
            <div class="write-fields">
                <input class="input mono" type="text" id={WRITE_ID} aria-label="Key" placeholder="key" value={draft.key().to_owned()}
                    oninput={edited(Draft::with_key)} autocomplete="off" autocapitalize="off" spellcheck="false"
                    data-testid="live-key" aria-describedby="live-write-help" />
                <input class="input mono" type="text" aria-label={content_label} {placeholder} value={content.clone()}
                    oninput={edited(Draft::with_content)} autocomplete="off" autocapitalize="off" spellcheck="false"
                    inputmode={if kind == "add" { "numeric" } else { "text" }}
                    data-testid="live-content" aria-describedby="live-write-help" />
                <Button label={verb} kind={ButtonKind::Primary} submits=true disabled={!props.can_write}
                    testid="live-write-send" />
            </div>
            if let Some(words) = *error {
                <p class="field-error" id="live-write-help" role="alert" data-testid="live-write-error">{ words }</p>
            } else {
                <p class="field-hint" id="live-write-help">{ help(draft, props.can_write) }</p>
            }
            <ul class="fates" data-testid="live-fates">
                { for view.requests.iter().take(FATES_MAX).map(fate) }
            </ul>
        </form>
    }
}

fn help(draft: &Draft, can_write: bool) -> String {
    if !can_write {
        return "Nothing can be written while there is no connection.".to_owned();
    }
    match draft {
        Draft::Set { key: typed, value } | Draft::Insert { key: typed, element: value }
            if typed.trim().is_empty() && value.trim().is_empty() =>
        {
            "A value is a text or JSON: 12 and true are JSON, \"12\" is a text.".to_owned()
        }
        Draft::Set { value, .. } if value.trim().is_empty() => "Will be set to an empty text.".to_owned(),
        Draft::Insert { element, .. } if element.trim().is_empty() => {
            "Type what to put into the set.".to_owned()
        }
        Draft::Set { value, .. } => format!("Will be set to {}.", type_words(&value_from(value))),
        Draft::Insert { element, .. } => {
            format!("Will be put in as {}, once.", type_words(&value_from(element)))
        }
        Draft::Add { .. } => "Increments of all members add up; a negative number subtracts.".to_owned(),
    }
}

fn type_words(value: &Value) -> &'static str {
    match value {
        Value::Null => "JSON null",
        Value::Bool(_) => "a JSON truth value",
        Value::Number(_) => "a JSON number",
        Value::String(_) => "a text",
        Value::Array(_) => "a JSON list",
        Value::Object(_) => "a JSON object",
    }
}

fn fate(asked: &Asked) -> Html {
    let what = match &asked.ask {
        Ask::Set { key, value } => format!("{key} = {}", words::value(value)),
        Ask::Put { key, value } => format!("{key} = {}, all others settled", words::value(value)),
        Ask::Add { key, element } => format!("{} into {key}", words::value(element)),
        Ask::Remove { key, element } => format!("{} out of {key}", words::value(element)),
        Ask::Delete { key } => format!("delete {key}"),
        // Questions are not kept among the writes.
        Ask::Look { at, .. } | Ask::Tune { at, .. } => at.to_string(),
        Ask::Increment { key, by } if *by < 0 => format!("{key} − {}", words::grouped(by.saturating_neg())),
        Ask::Increment { key, by } => format!("{key} + {}", words::grouped(*by)),
    };
    let (state, words) = match &asked.fate {
        Fate::Pending => ("pending", "asked, no answer yet".to_owned()),
        Fate::Done { entry, took_ms } => {
            ("done", format!("done in {took_ms} ms: reads {}", words::value(&entry.value)))
        }
        Fate::Gone { changed: true, took_ms } => {
            ("done", format!("done in {took_ms} ms: nothing stands there"))
        }
        Fate::Gone { changed: false, took_ms } => {
            ("done", format!("done in {took_ms} ms: there was nothing to change"))
        }
        Fate::Refused(reason) => ("refused", format!("refused: {reason}")),
        Fate::Unknown => {
            ("unknown", "connection lost before the answer: it may or may not be written".to_owned())
        }
    };
    html! {
        <li key={asked.id} class={classes!("fate", format!("fate-{state}"))} data-testid="live-fate" data-fate={state}>
            <span class="mono fate-what">{ what }</span>
            <span class="fate-words">{ words }</span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_will_be_written_is_said_once_something_is_typed() {
        let set =
            |key: &str, value: &str| help(&Draft::Set { key: key.to_owned(), value: value.to_owned() }, true);
        assert!(set("", " ").starts_with("A value is a text or JSON"));
        assert_eq!(set("k", ""), "Will be set to an empty text.");
        assert_eq!(set("", "7"), "Will be set to a JSON number.");
        let insert = |key: &str, element: &str| {
            help(&Draft::Insert { key: key.to_owned(), element: element.to_owned() }, true)
        };
        assert!(insert("", "").starts_with("A value is a text or JSON"));
        assert_eq!(insert("k", ""), "Type what to put into the set.");
        assert_eq!(insert("k", "x"), "Will be put in as a text, once.");
    }

    #[test]
    fn a_draft_asks_or_says_what_is_missing() {
        let set = |key: &str, value: &str| Draft::Set { key: key.to_owned(), value: value.to_owned() }.ask();
        let add = |key: &str, by: &str| Draft::Add { key: key.to_owned(), by: by.to_owned() }.ask();
        assert_eq!(set(" k ", "[1]"), Ok(Ask::Set { key: "k".to_owned(), value: json!([1]) }));
        assert_eq!(add("c", " -3 "), Ok(Ask::Increment { key: "c".to_owned(), by: -3 }));
        assert!(set("  ", "v").is_err());
        assert!(add("c", "1.5").is_err());
        assert!(add("c", "").is_err());
        assert!(add("", "1").is_err());
    }
}
