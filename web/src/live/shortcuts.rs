//! What single keys do in Live. Pure: from a key press to a wish.

use super::{history::Step, time::Turn};
use crate::glue::page::Key;
use crate::lab::sight::Sight;

/// The `id` of the field that the search key leads to.
pub const SEARCH_ID: &str = "live-event-words";

/// The `id` of the field that the writing key leads to.
pub const WRITE_ID: &str = "live-write-key";

/// What a key press asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The help.
    Help,
    /// The focus in the search field of the events.
    Search,
    /// The focus in the form that writes.
    Write,
    /// The members shown so.
    Show(Sight),
    /// Another moment.
    Turn(Turn),
    /// What is open closed, or the selection taken back.
    Close,
}

/// Keys and what they do, for the help.
pub const HELP: [(&str, &str); 11] = [
    ("1 … 6", "Ring, tree, grid, matrix, space-time, table"),
    ("Space", "Pause, or go back to live"),
    (". ,", "One event further, back"),
    ("] [", "One round further, back"),
    ("g G", "As far back as is known, back to live"),
    ("p", "Go on from here, behind the present"),
    ("/", "Search events"),
    ("w", "Write"),
    ("← → ↑ ↓", "Select a member, on the picture"),
    ("Esc", "Close the message, select nobody"),
    ("?", "This help"),
];

/// What a key press asks for, if anything. Fields and dialogs keep their keys, and the browser those with modifiers.
pub fn wish(key: &Key, is_on: bool) -> Option<Wish> {
    if key.with_modifier || key.in_field || key.in_dialog {
        return None;
    }
    if !is_on && key.name != "?" {
        return None;
    }
    // A key that is held down steps on and on, and does nothing else.
    let step = match key.name.as_str() {
        "." => Some(Step::Event),
        "," => Some(Step::BackEvent),
        "]" => Some(Step::Round),
        "[" => Some(Step::BackRound),
        _ => None,
    };
    if let Some(step) = step {
        return Some(Wish::Turn(Turn::Step(step)));
    }
    if key.repeated {
        return None;
    }
    match key.name.as_str() {
        "?" => Some(Wish::Help),
        "/" => Some(Wish::Search),
        "w" => Some(Wish::Write),
        number @ ("1" | "2" | "3" | "4" | "5" | "6") => {
            Some(Wish::Show(Sight::ALL[usize::from(number.as_bytes()[0] - b'1')]))
        }
        " " if !key.on_button => Some(Wish::Turn(Turn::PauseOrFollow)),
        "g" => Some(Wish::Turn(Turn::Step(Step::Start))),
        "G" => Some(Wish::Turn(Turn::Follow)),
        "p" => Some(Wish::Turn(Turn::GoOn)),
        "Escape" => Some(Wish::Close),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key { name: name.into(), ..Key::default() }
    }

    #[test]
    fn keys_do_what_the_help_says() {
        let check = |name: &str, expected| assert_eq!(wish(&key(name), true), expected, "{name}");
        check("1", Some(Wish::Show(Sight::Ring)));
        check("4", Some(Wish::Show(Sight::Matrix)));
        check("6", Some(Wish::Show(Sight::Table)));
        check("7", None);
        check(" ", Some(Wish::Turn(Turn::PauseOrFollow)));
        check(",", Some(Wish::Turn(Turn::Step(Step::BackEvent))));
        check("G", Some(Wish::Turn(Turn::Follow)));
        check("/", Some(Wish::Search));
        check("w", Some(Wish::Write));
        check("Escape", Some(Wish::Close));
        check("?", Some(Wish::Help));
    }

    #[test]
    fn keys_that_belong_to_others_do_nothing() {
        assert_eq!(wish(&Key { on_button: true, ..key(" ") }, true), None);
        assert_eq!(wish(&Key { in_field: true, ..key("w") }, true), None);
        assert_eq!(wish(&Key { in_dialog: true, ..key("Escape") }, true), None);
        assert_eq!(wish(&Key { with_modifier: true, ..key("1") }, true), None);
        assert_eq!(wish(&Key { repeated: true, ..key(" ") }, true), None);
        assert!(wish(&Key { repeated: true, ..key(".") }, true).is_some(), "a step is repeated");
        assert_eq!(wish(&key("w"), false), None, "they are switched off");
        assert_eq!(wish(&key("?"), false), Some(Wish::Help), "whoever looks for the switch finds it");
    }
}
