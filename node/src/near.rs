//! Names that people mistype: which of the names that there are was meant.

/// How alike two names must be for one to be a slip of the other, of 1. A guess.
const ALIKE: f64 = 0.82;

/// The name that was probably meant, if one is near enough.
///
/// ```
/// use rumormill_node::near::near;
/// assert_eq!(near("fanuot", ["fanout", "arity"]), Some("fanout"));
/// assert_eq!(near("colour", ["fanout", "arity"]), None);
/// ```
pub fn near<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase().replace('-', "_");
    let alike = names.into_iter().map(|other| (strsim::jaro_winkler(&name, other), other));
    let (alike, near) = alike.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (alike >= ALIKE).then_some(near)
}
