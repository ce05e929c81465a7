//! Who has what stands under a key: each member is asked what it reads there, and whoever reads the same as the observed
//! node has it. What nobody told is unknown, and stays so. Pure: it compares and words, and asks nobody.

use super::state::{SeenMember, View};
use super::words;
use rumormill_core::ordered::Map;
use rumormill_core::{Kind, NodeId};
use std::collections::BTreeMap;

/// For how long an answer counts while newer questions fail, in milliseconds: some turns. A guess. A node that is asked
/// much at once refuses some questions, which says nothing of the member.
const KEPT_MS: u64 = 5_000;

/// Most members of which it is said why nothing is known; the rest is counted.
const REASONS_MAX: usize = 2;

/// What is known of a member and the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Has {
    /// It reads the same as the observed node; where that one reads nothing, it still reads something.
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

/// What a member told.
#[derive(Debug, Clone, Default, PartialEq)]
struct Told {
    /// What it reads, and when it said so, on the page's clock.
    read: Option<(u64, Versions)>,
    /// Why the latest question was not answered, if it was not.
    error: Option<String>,
}

/// A key, and what was told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sought {
    /// The key.
    pub key: String,
    told: Map<NodeId, Told>,
    /// On the page's clock: what stood there went, or everything was told anew. Entries tell of other changes.
    changed_ms: u64,
}

impl Sought {
    /// A key of which nothing was told yet.
    pub fn new(key: String) -> Self {
        Self { key, told: Map::new(), changed_ms: 0 }
    }

    /// A member has told, or not.
    pub fn take(&mut self, member: NodeId, versions: Result<Versions, String>, now_ms: u64) {
        let told = self.told.or_insert_with(member, Told::default);
        match versions {
            Ok(versions) => *told = Told { read: Some((now_ms, versions)), error: None },
            Err(why) => {
                told.read.take_if(|(at_ms, _)| now_ms.saturating_sub(*at_ms) > KEPT_MS);
                told.error = Some(why);
            }
        }
    }

    /// What the observed node read there may be no more, and no entry says since when.
    pub fn changed(&mut self, now_ms: u64) {
        self.changed_ms = now_ms;
    }

    /// What is known of a member.
    pub fn has(&self, view: &View, member: &SeenMember) -> Has {
        let (own, changed_ms) = self.own(view);
        let is_nothing = own.is_empty();
        if member.view.is_self || is_in_sync(view, member) {
            return if is_nothing { Has::No } else { Has::Yes };
        }
        match self.told.get(&member.view.id).and_then(|told| told.read.as_ref()) {
            Some((_, read)) if !is_nothing && *read == own => Has::Yes,
            // What it read before the key changed here says nothing of what it reads now.
            Some((at_ms, _)) if *at_ms < changed_ms => Has::Unknown,
            Some((_, read)) if is_nothing && !read.is_empty() => Has::Yes,
            Some(_) => Has::No,
            None => Has::Unknown,
        }
    }

    /// What the observed node reads, and when it last told of a change.
    fn own(&self, view: &View) -> (Versions, u64) {
        let (mut own, mut changed_ms) = (Versions::new(), self.changed_ms);
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
        let active = view.members.values().filter(|member| member.view.status.is_active());
        let known: Vec<_> = active.map(|member| (member, self.has(view, member))).collect();
        let of = |wanted: Has| known.iter().filter(move |(_, has)| *has == wanted);
        let (yes, no, all, key) = (of(Has::Yes).count(), of(Has::No).count(), known.len(), &self.key);
        let verb = |count: usize, one: &'static str, many| if count == 1 { one } else { many };
        let mut words = if self.own(view).0.is_empty() {
            let still = match yes {
                0 => String::new(),
                _ => format!("; {yes} still {} what stood there", verb(yes, "reads", "read")),
            };
            format!("{no} of {all} {} nothing under {key}{still}", verb(no, "reads", "read"))
        } else {
            format!("{yes} of {all} {} {key}", verb(yes, "has", "have"))
        };
        let unknown = of(Has::Unknown).count();
        if unknown > 0 {
            let named = of(Has::Unknown).take(REASONS_MAX);
            let reasons: Vec<_> = named.map(|(member, _)| self.reason(view, member)).collect();
            let more = match unknown.saturating_sub(REASONS_MAX) {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let members = words::counted(unknown, "member", "members");
            words += &format!("; of {members} it is not known: {}{more}", reasons.join(", "));
        }
        words
    }

    /// Why it is not known of a member.
    fn reason(&self, view: &View, member: &SeenMember) -> String {
        let id = &member.view.id;
        let told = self.told.get(id);
        if member.view.address.is_none() {
            return format!("{id} has no address to be asked at");
        }
        if view.around.is_versions_refused {
            return match view.node() {
                Some(own) => format!("{own} is too old to ask {id}"),
                None => format!("nobody can ask {id}"),
            };
        }
        match told.and_then(|told| told.error.as_deref()) {
            Some(why) if why.starts_with(id.as_str()) => why.to_owned(),
            Some(why) => format!("of {id}: {why}"),
            None if told.is_some() => format!("{id} has not told since it changed"),
            None => format!("{id} has not told yet"),
        }
    }
}

/// Equal hashes are equal contents.
fn is_in_sync(view: &View, member: &SeenMember) -> bool {
    let own = view.status.as_deref().map(|status| &status.store.hash);
    member.view.report.as_ref().is_some_and(|report| Some(&report.store) == own)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, id, member, own, reported, snapshot, status, update};
    use super::*;
    use rumormill_api::{EntryView, Gone, MemberView, Notice};
    use rumormill_core::Status;
    use std::rc::Rc;

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
        assert_eq!(sought.words(&view), "3 of 4 have k");
    }

    fn without(view: &mut View, now_ms: u64) {
        let gone = vec![Gone { key: "k".to_owned(), kind: Kind::Register }];
        let status = Box::new(status("a", 6));
        view.apply(Notice::Update { at_us: 3, status, members: vec![], entries: vec![], gone }, now_ms);
    }

    #[test]
    fn an_answer_outlives_a_question_that_was_refused_but_not_for_long() {
        let view = view();
        let mut sought = Sought::new("k".to_owned());
        let has = |sought: &Sought| sought.has(&view, &view.members[&id("d")]);
        let refused = || Err("64 questions wait for other members already".to_owned());
        sought.take(id("d"), Ok(Versions::new()), 3_000);
        sought.take(id("d"), refused(), 4_000);
        assert_eq!(has(&sought), Has::No);
        sought.take(id("d"), refused(), 3_000 + KEPT_MS + 1);
        assert_eq!(has(&sought), Has::Unknown);
    }

    #[test]
    fn the_sentence_names_why_it_is_not_known() {
        let mut view = view();
        let mut sought = Sought::new("k".to_owned());
        let is = |sought: &Sought, view: &View, expected: &str| assert_eq!(sought.words(view), expected);
        let unknown = "2 of 4 have k; of 2 members it is not known: ";
        is(&sought, &view, &format!("{unknown}c has not told yet, d has not told yet"));
        sought.take(id("c"), read("v0"), 1_500);
        sought.take(id("d"), Err("d did not answer within 3 s".to_owned()), 4_000);
        is(&sought, &view, &format!("{unknown}c has not told since it changed, d did not answer within 3 s"));
        let members = ["e", "f"].map(|name| MemberView { address: None, ..member(name, Status::Alive) });
        view.apply(update(4, status("a", 5), members.to_vec()), 4_500);
        sought.take(id("c"), read("v1"), 5_000);
        let expected = "3 of 6 have k; of 3 members it is not known: d did not answer within 3 s, e has no address \
            to be asked at, and 1 more";
        is(&sought, &view, expected);
        view.around.is_versions_refused = true;
        assert!(sought.words(&view).contains("a is too old to ask d"));
    }

    #[test]
    fn where_nothing_stands_nobody_has_it() {
        let mut view = view();
        let mut sought = Sought::new("gone".to_owned());
        sought.take(id("c"), Ok(Versions::new()), 3_000);
        sought.take(id("d"), Ok(Versions::new()), 3_000);
        let all = |sought: &Sought, view: &View| {
            ["a", "b", "c", "d"].map(|of| sought.has(view, &view.members[&id(of)]))
        };
        assert_eq!(all(&sought, &view), [Has::No; 4]);
        assert_eq!(sought.words(&view), "4 of 4 read nothing under gone");
        sought.take(id("d"), read("v1"), 3_000);
        assert_eq!(all(&sought, &view), [Has::No, Has::No, Has::No, Has::Yes]);
        assert_eq!(sought.words(&view), "3 of 4 read nothing under gone; 1 still reads what stood there");
        view.apply(update(3, status("a", 6), vec![]), 3_500);
        assert_eq!(sought.has(&view, &view.members[&id("b")]), Has::Unknown, "its store is another now");
    }

    #[test]
    fn what_was_told_before_a_delete_says_nothing_of_it() {
        let mut view = view();
        view.around.seek(Some("k"));
        let take = |view: &mut View, versions, now_ms| {
            let sought = view.around.sought.as_mut().expect("it is sought");
            Rc::make_mut(sought).take(id("d"), versions, now_ms);
        };
        let has =
            |view: &View| view.around.sought.as_ref().map(|sought| sought.has(view, &view.members[&id("d")]));
        take(&mut view, read("v1"), 3_000);
        assert_eq!(has(&view), Some(Has::Yes));
        without(&mut view, 4_000);
        assert_eq!(has(&view), Some(Has::Unknown));
        take(&mut view, read("v1"), 4_500);
        assert_eq!(has(&view), Some(Has::Yes), "it has not heard of the delete");
        take(&mut view, Ok(Versions::new()), 5_500);
        assert_eq!(has(&view), Some(Has::No));
        view.apply(snapshot(9, status("a", 7), vec![]), 9_000);
        view.apply(update(9, status("a", 7), vec![member("d", Status::Alive)]), 9_000);
        assert_eq!(has(&view), Some(Has::Unknown), "it may have been written anew while nobody watched");
    }
}
