//! What single keys do. Pure: from a key press to an action.

use super::action::{Action, Between, Sight, Tool, Turn};
use super::protocol::Deed;
use super::state::View;
use crate::glue::page::Key;

/// The `id` of the ring, where arrows move the selection.
pub const RING_ID: &str = "ring";
/// The `id` of the field that the search key leads to.
pub const SEARCH_ID: &str = "event-words";
/// The `id` of the field for the other node of a link.
pub const OTHER_ID: &str = "other-node";

/// What a key press asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// An action.
    Act(Action),
    /// The focus in the search field.
    Search,
    /// The focus in what is said of the selected node or message.
    Inspect,
    /// The focus in the field for the other node, and then this.
    Name(Between),
}

/// Keys and what they do, for the help.
pub const HELP: [(&str, &str); 33] = [
    ("Space", "Play or pause"),
    (". ,", "One event further, back"),
    ("] [", "One round further, back"),
    ("g G", "To the start, to the end"),
    ("f", "Fork here"),
    ("+ −", "Faster, slower"),
    ("← → ↑ ↓", "Select a node, on the picture"),
    ("Shift ← → ↑ ↓", "Select more nodes; a click does too"),
    ("Enter", "Into the inspector, from the picture"),
    ("Esc", "Put the tool away, then select nothing"),
    ("S A C K W O", "Tools: select, several, cut, crash, write, link"),
    ("k", "Crash or restart the nodes"),
    ("r", "Restart it with its data"),
    ("z", "Pause or resume it"),
    ("q", "Let it say goodbye and leave"),
    ("s", "Slow it down"),
    ("t", "Set its clock ahead"),
    ("a", "All well: in time, its clock right"),
    ("w", "Write at the node"),
    ("i", "Increment at the node"),
    ("d", "Delete the key in the form"),
    ("x", "Drop the node's next message"),
    ("p", "Cut the nodes off from the rest"),
    ("e", "Cut each of them off by itself"),
    ("o", "Cut one way, to a node to be named"),
    ("l L", "Delay the link to one, end that"),
    ("v", "A conflict with one"),
    ("c", "Cut in halves"),
    ("h", "Heal all cuts"),
    ("1 … 6", "Ring, tree, grid, matrix, space-time, table"),
    ("/", "Search events"),
    ("m", "Meter"),
    ("?", "This help"),
];

/// What a key press asks for, if anything. Fields and dialogs keep their keys, and the browser those with modifiers.
pub fn wish(key: &Key, view: &View) -> Option<Wish> {
    if key.with_modifier || key.in_field || key.in_dialog {
        return None;
    }
    if key.target_id == RING_ID {
        let on_ring = match key.name.as_str() {
            "ArrowRight" if key.with_shift => Some(Action::ExtendBy(1)),
            "ArrowLeft" if key.with_shift => Some(Action::ExtendBy(-1)),
            "ArrowDown" if key.with_shift => Some(Action::ExtendByRows(1)),
            "ArrowUp" if key.with_shift => Some(Action::ExtendByRows(-1)),
            "ArrowRight" => Some(Action::SelectBy(1)),
            "ArrowLeft" => Some(Action::SelectBy(-1)),
            "ArrowDown" => Some(Action::SelectByRows(1)),
            "ArrowUp" => Some(Action::SelectByRows(-1)),
            "PageDown" => Some(Action::SelectBy(10)),
            "PageUp" => Some(Action::SelectBy(-10)),
            "Home" => Some(Action::Select(Some(0))),
            "End" => Some(Action::Select(view.nodes().checked_sub(1))),
            "Enter" if view.selected.is_none() && view.message.is_none() => Some(Action::SelectBy(1)),
            "Enter" => return Some(Wish::Inspect),
            _ => None,
        };
        if let Some(action) = on_ring {
            return Some(Wish::Act(action));
        }
    }
    if !view.keys && key.name != "?" {
        return None;
    }
    // A key that is held down may step on and on, but not crash on and on.
    if key.repeated && !matches!(key.name.as_str(), "." | "," | "]" | "[" | "+" | "-") {
        return None;
    }
    let action = match key.name.as_str() {
        " " if !key.on_button => Action::PlayPause,
        "." => Action::StepEvent,
        "," => Action::BackEvent,
        "]" => Action::StepRound,
        "[" => Action::BackRound,
        "g" => Action::Seek(0),
        "G" => Action::ToEnd,
        "f" => Action::Fork,
        "+" | "=" => Action::Speed(view.speed + 0.2),
        "-" => Action::Speed(view.speed - 0.2),
        "Escape" if view.tour.is_some() => Action::Tour(None),
        "Escape" if view.drawn.is_some() => Action::Draw(None),
        "Escape" if view.tool != Tool::Select => Action::Tool(Tool::Select),
        "Escape" if view.message.is_some() => Action::Message(None),
        "Escape" => Action::Select(None),
        "x" => Action::DropNext,
        "k" => Action::CrashOrRestart,
        "r" => Action::ToSelected(Turn::RestartWithData),
        "z" => Action::ToSelected(Turn::PauseOrResume),
        "q" => Action::ToSelected(Turn::Leave),
        "s" => Action::ToSelected(Turn::Slow),
        "t" => Action::ToSelected(Turn::ClockAhead),
        "a" => Action::ToSelected(Turn::Well),
        "d" => Action::DeleteKey,
        "o" => return Some(Wish::Name(Between::CutOneWay)),
        "l" => return Some(Wish::Name(Between::Delay)),
        "L" => return Some(Wish::Name(Between::EndDelay)),
        "v" => return Some(Wish::Name(Between::Conflict)),
        "w" => Action::Write,
        "i" => Action::Increment,
        "p" => Action::CutOff,
        "e" => Action::ToSelected(Turn::Isolate),
        tool @ ("S" | "A" | "C" | "K" | "W" | "O") => {
            Action::Tool(Tool::ALL.into_iter().find(|one| one.words().2 == tool)?)
        }
        "c" => Action::CutHalves,
        "h" => Action::Do(Deed::Heal),
        number @ ("1" | "2" | "3" | "4" | "5" | "6") => {
            Action::Sight(Sight::ALL[usize::from(number.as_bytes()[0] - b'1')])
        }
        "m" => Action::Meter,
        "?" => Action::Help(true),
        "/" => return Some(Wish::Search),
        _ => return None,
    };
    Some(Wish::Act(action))
}

#[cfg(test)]
mod tests {
    use super::super::action::Drawn;
    use super::*;

    fn key(name: &str) -> Key {
        Key { name: name.into(), ..Key::default() }
    }

    fn check(key: Key, expected: Option<Action>) {
        let (view, _) = View::new();
        assert_eq!(wish(&key, &view), expected.map(Wish::Act), "{key:?}");
    }

    #[test]
    fn keys_do_what_the_help_says() {
        check(key(" "), Some(Action::PlayPause));
        check(key("]"), Some(Action::StepRound));
        check(key(","), Some(Action::BackEvent));
        check(key("G"), Some(Action::ToEnd));
        check(key("k"), Some(Action::CrashOrRestart));
        check(key("x"), Some(Action::DropNext));
        check(key("y"), None);
        check(key("z"), Some(Action::ToSelected(Turn::PauseOrResume)));
        check(Key { target_id: RING_ID.into(), ..key("ArrowLeft") }, Some(Action::SelectBy(-1)));
        check(Key { target_id: RING_ID.into(), ..key("End") }, Some(Action::Select(Some(49))));
        check(key("ArrowLeft"), None);
        check(
            Key { target_id: RING_ID.into(), with_shift: true, ..key("ArrowLeft") },
            Some(Action::ExtendBy(-1)),
        );
        check(Key { with_shift: true, ..key("K") }, Some(Action::Tool(Tool::Crash)));
    }

    #[test]
    fn a_tool_is_taken_up_where_it_is_seen() {
        let (mut view, _) = View::new();
        view.act(Action::Tool(Tool::Crash));
        view.act(Action::Sight(Sight::Matrix));
        assert_eq!(view.tool, Tool::Select);
        view.act(Action::Tool(Tool::Crash));
        assert_eq!(view.tool, Tool::Select);
    }

    #[test]
    fn escape_puts_away_what_was_taken_up_last() {
        let (mut view, _) = View::new();
        view.act(Action::Select(Some(3)));
        view.act(Action::Tool(Tool::Link));
        let drawn = Drawn { from: 1, to: 2, at: Default::default(), is_slow: false };
        view.act(Action::Draw(Some(drawn)));
        for expected in [Action::Draw(None), Action::Tool(Tool::Select), Action::Select(None)] {
            assert_eq!(wish(&key("Escape"), &view), Some(Wish::Act(expected.clone())));
            view.act(expected);
        }
    }

    #[test]
    fn every_key_of_the_help_does_something() {
        let (mut view, _) = View::new();
        view.act(Action::Select(Some(3)));
        for (keys, what) in HELP {
            let keys = match keys {
                "Space" => " ",
                "1 … 6" => "1 2 3 4 5 6",
                "+ −" => "+ -",
                "Esc" => "Escape",
                "← → ↑ ↓" | "Shift ← → ↑ ↓" => "ArrowLeft ArrowRight ArrowUp ArrowDown",
                keys => keys,
            };
            let keys: Vec<&str> = if keys == " " { vec![keys] } else { keys.split(' ').collect() };
            for name in keys {
                let key = Key { target_id: RING_ID.into(), ..key(name) };
                assert!(wish(&key, &view).is_some(), "{name}: {what}");
            }
        }
    }

    #[test]
    fn a_key_for_two_nodes_asks_for_the_other_one() {
        let (mut view, _) = View::new();
        assert_eq!(wish(&key("o"), &view), Some(Wish::Name(Between::CutOneWay)));
        view.act(Action::AskOther(Between::CutOneWay));
        assert!(view.form.between.is_none() && view.refused.is_some(), "from whom?");
        view.act(Action::Select(Some(3)));
        assert_eq!(view.act(Action::AskOther(Between::CutOneWay)), []);
        view.act(Action::Other("n3".into()));
        assert_eq!(view.act(Action::OtherNamed), []);
        assert!(view.refused.is_some() && view.form.between.is_some(), "not with itself: it is asked again");
        view.act(Action::Other("n7".into()));
        assert_eq!(view.act(Action::OtherNamed).len(), 1);
        assert_eq!(view.form.between, None);
        assert_eq!(view.act(Action::OtherNamed), [], "only what was asked for");
    }

    #[test]
    fn enter_leads_from_the_picture_into_the_inspector() {
        let (mut view, _) = View::new();
        let enter = Key { target_id: RING_ID.into(), ..key("Enter") };
        assert_eq!(wish(&enter, &view), Some(Wish::Act(Action::SelectBy(1))), "there has to be a node");
        view.act(Action::Select(Some(3)));
        assert_eq!(wish(&enter, &view), Some(Wish::Inspect));
        assert_eq!(wish(&key("Enter"), &view), None);
    }

    #[test]
    fn keys_that_belong_to_others_do_nothing() {
        check(Key { on_button: true, ..key(" ") }, None);
        check(Key { in_field: true, ..key("w") }, None);
        check(Key { in_dialog: true, ..key("w") }, None);
        check(Key { with_modifier: true, ..key("p") }, None);
        check(Key { repeated: true, ..key("k") }, None);
        check(Key { repeated: true, ..key(".") }, Some(Action::StepEvent));
        let (mut view, _) = View::new();
        view.keys = false;
        assert_eq!(wish(&key("w"), &view), None);
        assert_eq!(wish(&key("?"), &view), Some(Wish::Act(Action::Help(true))));
    }
}
