//! Style sheets without what only their readers need: comments, line breaks, indentation. A fifth of what they weigh, with
//! brotli too. It knows nothing of what a rule means, so it can spoil none: the crate
//! `minifier` (0.4) writes `all and(` where a query needs `all and (`, and Lightning CSS would take longer to compile than
//! everything else here.

use anyhow::{Context, Result};
use std::{fs, path::Path};

/// Shortens every style sheet of the bundle.
///
/// # Errors
/// When one cannot be read or written.
pub(crate) fn shorten_all(dist: &Path) -> Result<()> {
    for entry in fs::read_dir(dist).with_context(|| format!("cannot read {}", dist.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "css") {
            let style =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            fs::write(&path, shorten(&style)).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}

/// The same rules. What stands in quotes is left as it is.
fn shorten(style: &str) -> String {
    let mut short = String::with_capacity(style.len());
    let mut rest = style.chars().peekable();
    // White space that is only kept if something follows that needs it.
    let mut gap = false;
    while let Some(next) = rest.next() {
        match next {
            '/' if rest.peek() == Some(&'*') => {
                rest.next();
                let mut before = ' ';
                for inside in rest.by_ref() {
                    if before == '*' && inside == '/' {
                        break;
                    }
                    before = inside;
                }
                gap = true;
            }
            _ if next.is_whitespace() => gap = true,
            _ => {
                let joins = |at: char| matches!(at, '{' | '}' | ';' | ',');
                let before = short.chars().last().unwrap_or('{');
                if gap && !joins(next) && !joins(before) && before != ':' {
                    short.push(' ');
                }
                gap = false;
                if next == '}' && short.ends_with(';') {
                    short.pop();
                }
                short.push(next);
                if matches!(next, '"' | '\'') {
                    quoted(&mut rest, next, &mut short);
                }
            }
        }
    }
    short
}

/// Takes what stands in quotes, up to the closing one.
fn quoted(rest: &mut impl Iterator<Item = char>, quote: char, short: &mut String) {
    while let Some(next) = rest.next() {
        short.push(next);
        match next {
            '\\' => short.extend(rest.next()),
            _ if next == quote => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(style: &str, expected: &str) {
        assert_eq!(shorten(style), expected);
        assert_eq!(shorten(expected), expected, "shorter it does not get");
    }

    #[test]
    fn rules_stay_and_what_is_for_readers_goes() {
        check(
            "/* Ring */\n.lab > .ring,\n.lab .tree:hover {\n  margin: 0 calc(1px + 2px);\n\n  color: red;\n}\n",
            ".lab > .ring,.lab .tree:hover{margin:0 calc(1px + 2px);color:red}",
        );
        check(
            "@media (pointer: coarse) and (max-width: 9px) {\n  a {\n    b: c;\n  }\n}",
            "@media (pointer:coarse) and (max-width:9px){a{b:c}}",
        );
        check("a/**/b {}\n", "a b{}");
    }

    #[test]
    fn what_is_quoted_stays_as_it_is() {
        let quoted =
            "a{content:\" /* ; } \\\" */ \";cursor:url(\"data:image/svg+xml,%3Csvg a='b  c'\") 3 4,cell}";
        check(quoted, quoted);
        check("a {}\n/* open", "a{}");
    }
}
