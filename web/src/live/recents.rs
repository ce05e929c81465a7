//! The addresses that were connected to lately, newest first, as they are stored between visits. Pure: storing them
//! is the glue's business.

/// How many are remembered.
pub const RECENTS_MAX: usize = 8;

/// The list with `label` at its head.
pub fn with(recents: &[String], label: &str) -> Vec<String> {
    let others = recents.iter().filter(|other| *other != label).cloned();
    std::iter::once(label.to_owned()).chain(others).take(RECENTS_MAX).collect()
}

/// Reads what [`to_text`] wrote; anything else is an empty list.
pub fn from_text(text: &str) -> Vec<String> {
    let mut recents: Vec<String> = serde_json::from_str(text).unwrap_or_default();
    recents.truncate(RECENTS_MAX);
    recents
}

/// The list as text.
pub fn to_text(recents: &[String]) -> String {
    serde_json::Value::from(recents).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_first_and_none_is_twice() {
        let recents = with(&with(&with(&[], "a"), "b"), "a");
        assert_eq!(recents, ["a", "b"]);
        assert_eq!(from_text(&to_text(&recents)), recents);
    }

    #[test]
    fn there_are_never_too_many_and_damage_is_forgotten() {
        let mut recents = Vec::new();
        for at in 0..100 {
            recents = with(&recents, &at.to_string());
        }
        assert_eq!((recents.len(), recents[0].as_str()), (RECENTS_MAX, "99"));
        assert_eq!(from_text("not a list"), Vec::<String>::new());
        assert_eq!(from_text("[1, 2]"), Vec::<String>::new());
    }
}
