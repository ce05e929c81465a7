//! Who has what stands under a key: each member is asked what it reads there, and whoever reads the same as the observed
//! node has it. What nobody told is unknown, and stays so. Pure: it compares and words, and asks nobody.

use super::state::{SeenMember, View};
use super::words;
use rumormill_core::ordered::Map;
use rumormill_core::{Kind, NodeId};
use std::collections::BTreeMap;

/// What is known of a member and the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Has {
    /// It reads the same as the observed node.
    Yes,
    /// It reads something else, or nothing.
    No,
    /// It did not tell, or not since the key changed.
    Unknown,
}

impl Has {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Yes => "has it",
            Self::No => "lacks it",
            Self::Unknown => "not known",
        }
    }
}

/// What is read under a key, by kind.
type Versions = BTreeMap<Kind, String>;

/// A key, and what was told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sought {
    /// The key.
    pub key: String,
    /// What each told, and when on the page's clock.
    told: Map<NodeId, (u64, Result<Versions, String>)>,
}

impl Sought {
    /// A key of which nothing was told yet.
    pub fn new(key: String) -> Self {
        Self { key, told: Map::new() }
    }

    /// A member has told.
    pub fn take(&mut self, member: NodeId, versions: Result<Versions, String>, now_ms: u64) {
        self.told.insert(member, (now_ms, versions));
    }

    /// What is known of a member.
    pub fn has(&self, view: &View, member: &SeenMember) -> Has {
        if member.view.is_self || is_in_sync(view, member) {
            return Has::Yes;
        }
        let (own, changed_ms) = self.own(view);
        match self.told.get(&member.view.id) {
            Some((_, Ok(told))) if *told == own => Has::Yes,
            // What it read before the key changed here says nothing of what it reads now.
            Some((at_ms, Ok(_))) if *at_ms >= changed_ms => Has::No,
            _ => Has::Unknown,
        }
    }

    /// What the observed node reads, and when it last told of a change.
    fn own(&self, view: &View) -> (Versions, u64) {
        let (mut own, mut changed_ms) = (Versions::new(), 0);
        let from = (self.key.clone(), Kind::Register);
        for ((key, kind), entry) in view.entries.range(from..) {
            if *key != self.key {
                break;
            }
            own.insert(*kind, entry.view.version.clone());
            changed_ms = changed_ms.max(entry.changed_ms.unwrap_or_default());
        }
        (own, changed_ms)
    }

    /// How many have it, in words, and why others are not known to.
    #[inline(never)]
    pub fn words(&self, view: &View) -> String {
        let active = || view.members.values().filter(|member| member.view.status.is_active());
        let of = |wanted: Has| active().filter(|member| self.has(view, member) == wanted).count();
        let (yes, unknown) = (of(Has::Yes), of(Has::Unknown));
        let have = if yes == 1 { "has" } else { "have" };
        let all = active().count();
        let reads = if self.own(view).0.is_empty() { " (nothing stands there now)" } else { "" };
        let unknown = match unknown {
            0 => String::new(),
            count => format!("; of {} it is not known", words::counted(count, "member", "members")),
        };
        format!("{yes} of {all} {have} {}{reads}{unknown}", self.key)
    }
}

/// Equal hashes are equal contents.
fn is_in_sync(view: &View, member: &SeenMember) -> bool {
    let own = view.status.as_deref().map(|status| &status.store.hash);
    member.view.report.as_ref().is_some_and(|report| Some(&report.store) == own)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, id, member, own, reported, snapshot, status};
    use super::*;
    use rumormill_api::{EntryView, Notice};
    use rumormill_core::Status;

    fn view() -> View {
        let mut view = View::default();
        let members = vec![own("a"), reported("b", 5, 0), reported("c", 4, 0), member("d", Status::Alive)];
        view.apply(snapshot(1, status("a", 5), members), 1_000);
        let entries = vec![EntryView { version: "v1".to_owned(), ..entry("k", 1) }];
        let status = Box::new(status("a", 5));
        view.apply(Notice::Update { at_us: 2, status, members: vec![], entries, gone: vec![] }, 2_000);
        view
    }

    fn read(version: &str) -> Result<Versions, String> {
        Ok(Versions::from([(Kind::Register, version.to_owned())]))
    }

    #[test]
    fn who_reads_the_same_has_it_and_what_nobody_told_is_unknown() {
        let view = view();
        let mut sought = Sought::new("k".to_owned());
        let has = |sought: &Sought, name: &str| sought.has(&view, &view.members[&id(name)]);
        assert_eq!(
            ["a", "b", "c", "d"].map(|name| has(&sought, name)),
            [Has::Yes, Has::Yes, Has::Unknown, Has::Unknown]
        );
        sought.take(id("c"), read("v1"), 3_000);
        sought.take(id("d"), read("v0"), 1_500);
        assert_eq!(["c", "d"].map(|name| has(&sought, name)), [Has::Yes, Has::Unknown], "d told too early");
        sought.take(id("d"), Ok(Versions::new()), 3_000);
        assert_eq!(has(&sought, "d"), Has::No);
        sought.take(id("d"), Err("it did not answer".to_owned()), 4_000);
        assert_eq!(has(&sought, "d"), Has::Unknown);
        assert_eq!(sought.words(&view), "3 of 4 have k; of 1 member it is not known");
    }

    #[test]
    fn where_nothing_stands_who_reads_nothing_has_the_same() {
        let view = view();
        let mut sought = Sought::new("gone".to_owned());
        sought.take(id("d"), Ok(Versions::new()), 3_000);
        assert_eq!(sought.has(&view, &view.members[&id("d")]), Has::Yes);
        assert!(sought.words(&view).contains("nothing stands there now"));
    }
}
