//! What a first load runs, as it is written down: a key for each function, which stays the same from build to build as
//! long as the function is called the same.

use super::read::Module;
use anyhow::{Context, Result};
use std::{collections::BTreeSet, fmt::Write as _};

/// The functions that a first part keeps.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Kept(BTreeSet<u32>);

impl Kept {
    /// Reads the written form: a key of eight hexadecimal digits in each line.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let keys = text.lines().filter(|line| !line.starts_with('#'));
        let keys =
            keys.map(|line| u32::from_str_radix(line, 16).with_context(|| format!("{line:?} is no key")));
        Ok(Self(keys.collect::<Result<_>>()?))
    }

    /// The written form.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        for key in &self.0 {
            let _ = writeln!(text, "{key:08x}");
        }
        text
    }
}

impl Extend<u32> for Kept {
    fn extend<T: IntoIterator<Item = u32>>(&mut self, keys: T) {
        self.0.extend(keys);
    }
}

/// Which functions of a program a first part keeps: those written down, and those that have no name.
pub(super) fn stays(module: &Module<'_>, kept: &Kept) -> BTreeSet<u32> {
    let stays = |function: &u32| module.names.get(function).is_none_or(|name| kept.0.contains(&key(name)));
    module.defined().map(|(function, _)| function).filter(stays).collect()
}

/// The keys of some functions of a program, by their indices.
pub(crate) fn keys(bytes: &[u8], functions: impl IntoIterator<Item = u32>) -> Result<Vec<u32>> {
    let module = Module::read(bytes)?;
    Ok(functions
        .into_iter()
        .filter_map(|function| module.names.get(&function))
        .map(|name| key(name))
        .collect())
}

/// FNV-1a of a function's name, without what differs from build to build. Two that share a key stay or go together.
fn key(name: &str) -> u32 {
    stable(name).bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// A name without the hashes that a compiler puts behind names and crates: `a[0123456789abcdef]::b`, `a::b::h0123…`.
fn stable(name: &str) -> String {
    let mut stable = String::with_capacity(name.len());
    let mut left = name;
    while let Some((before, after)) = left.split_once('[') {
        stable.push_str(before);
        left = match after.split_once(']') {
            Some((inside, behind)) if is_hash(inside) => behind,
            _ => {
                stable.push('[');
                after
            }
        };
    }
    stable.push_str(left);
    match stable.rsplit_once("::h") {
        Some((path, hash)) if is_hash(hash) => path.to_owned(),
        _ => stable,
    }
}

fn is_hash(text: &str) -> bool {
    text.len() >= 13 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_function_has_the_same_name_in_every_build() {
        assert_eq!(stable("a[0123456789abcdef]::b::<c[fedcba9876543210]::D>"), "a::b::<c::D>");
        assert_eq!(stable("a::b::h0123456789abcdef"), "a::b");
        assert_eq!(stable("<[u8; 4] as a::B>::c"), "<[u8; 4] as a::B>::c");
        assert_eq!(stable("a::has"), "a::has");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut kept = Kept::default();
        kept.extend([0, 7, u32::MAX]);
        assert_eq!(kept.to_text(), "00000000\n00000007\nffffffff\n");
        assert_eq!(Kept::parse(&kept.to_text()).unwrap(), kept);
        assert!(Kept::parse("a function\n").is_err());
    }
}
