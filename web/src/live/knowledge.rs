//! What the observed node believes of each member, and what each member knows compared with it. Derived anew from the
//! view whenever it is shown; nothing is stored.

use super::holders::Has;
use super::state::{SeenMember, View};
use rumormill_core::{NodeId, Status, sort::sort_by};

/// An answer owed for longer than this is worth a look: a round trip takes milliseconds. A guess.
const SILENT_FROM_MS: u64 = 1_000;

/// How a member does, the ones that need attention first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Health {
    /// Held to be down.
    Down,
    /// Did not answer someone, and has not denied that yet.
    Suspect,
    /// Alive, but owes an answer.
    Silent,
    /// Started, not yet in.
    Joining,
    /// Takes part.
    Alive,
    /// Said goodbye.
    Left,
}

impl Health {
    /// What the observed node's word adds up to.
    pub fn of(status: Status, silent_ms: Option<u64>) -> Self {
        match status {
            Status::Down => Self::Down,
            Status::Suspect => Self::Suspect,
            Status::Leaving | Status::Left => Self::Left,
            Status::Joining => Self::Joining,
            Status::Alive if silent_ms.is_some_and(|silent| silent >= SILENT_FROM_MS) => Self::Silent,
            Status::Alive => Self::Alive,
        }
    }

    /// The health in one lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Suspect => "suspect",
            Self::Silent => "silent",
            Self::Joining => "joining",
            Self::Alive => "alive",
            Self::Left => "left",
        }
    }

    /// Is it expected to know what the others know?
    pub fn is_active(self) -> bool {
        matches!(self, Self::Suspect | Self::Silent | Self::Joining | Self::Alive)
    }
}

/// What a member had seen when it last said so, beside what the observed node has seen now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knowledge {
    /// It is the observed node itself.
    Itself,
    /// It has not been asked, or has not answered.
    Unknown,
    /// It had seen so many writes fewer, but was last heard before the newest one came here: it may have them by now.
    WasBehind(u64),
    /// It had seen exactly the same.
    InSync,
    /// It had seen so many writes fewer.
    Behind(u64),
    /// It had seen so many writes more.
    Ahead(u64),
    /// As many, but not the same ones.
    Differs,
}

impl Knowledge {
    /// In words.
    pub fn words(self) -> String {
        let writes = |count: u64| if count == 1 { "1 write".to_owned() } else { format!("{count} writes") };
        match self {
            Self::Itself => "what is shown here".to_owned(),
            Self::Unknown => "not told yet".to_owned(),
            Self::WasBehind(count) => format!("was {} behind", writes(count)),
            Self::InSync => "in sync".to_owned(),
            Self::Behind(count) => format!("{} behind", writes(count)),
            Self::Ahead(count) => format!("{} ahead", writes(count)),
            Self::Differs => "knows other writes".to_owned(),
        }
    }
}

/// One row of the members' table; one point of the ring.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberRow {
    /// Its name.
    pub id: NodeId,
    /// Is it the observed node?
    pub is_self: bool,
    /// How it does.
    pub health: Health,
    /// Where it can be dialled.
    pub address: Option<String>,
    /// Which life of it.
    pub incarnation: u64,
    /// Is there a link to it?
    pub is_linked: bool,
    /// For how long it has owed an answer, in milliseconds.
    pub silent_ms: Option<u64>,
    /// What it knows.
    pub knowledge: Knowledge,
    /// How many members it holds active, and how many it knows.
    pub sees: Option<(u32, u32)>,
    /// How old its report is, in milliseconds.
    pub report_age_ms: Option<u64>,
    /// Does it have what stands under the key in question, if there is one?
    pub has: Option<Has>,
}

/// The members, those that need attention first, then by name.
pub fn rows(view: &View, now_ms: u64) -> Vec<MemberRow> {
    let mut rows: Vec<_> = view.members.values().map(|member| row(member, view, now_ms)).collect();
    sort_by(&mut rows, |a, b| rank(a).cmp(&rank(b)).then_with(|| a.id.cmp(&b.id)));
    rows
}

/// One member's row.
pub fn row(member: &SeenMember, view: &View, now_ms: u64) -> MemberRow {
    let seen = &member.view;
    let clock_us = view.node_clock_us(now_ms);
    // A silence grows until the node says otherwise; once the node itself is silent, nobody knows.
    let silent_ms = seen.silent_ms.map(|silent| match view.is_current() {
        true => silent + clock_us.saturating_sub(member.told_us) / 1_000,
        false => silent,
    });
    let status = view.status.as_deref().filter(|_| seen.is_self);
    MemberRow {
        id: seen.id.clone(),
        is_self: seen.is_self,
        health: Health::of(status.map_or(seen.status, |status| status.status), silent_ms),
        address: seen.address.clone(),
        incarnation: seen.incarnation.0,
        is_linked: seen.linked,
        silent_ms,
        knowledge: knowledge(member, view),
        sees: match (&seen.report, status) {
            (_, Some(own)) => Some(own_sight(own)),
            (Some(report), None) => Some((report.active, report.known)),
            (None, None) => None,
        },
        has: view.around.sought.as_deref().map(|sought| sought.has(view, member)),
        report_age_ms: seen.report.as_ref().map(|report| clock_us.saturating_sub(report.at_us) / 1_000),
    }
}

/// How far the newest write has come, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Nobody has spoken yet.
    Unknown,
    /// Every active member has seen what the observed node has seen.
    Converged {
        /// How many they are.
        of: usize,
    },
    /// Some have not, or have not said so.
    Spreading {
        /// How many have, the observed node included.
        informed: usize,
        /// How many are active.
        of: usize,
    },
}

/// How far the newest write has come.
pub fn spread(rows: &[MemberRow]) -> Spread {
    let active = rows.iter().filter(|row| row.health.is_active());
    let of = active.clone().count();
    let informed =
        active.filter(|row| matches!(row.knowledge, Knowledge::InSync | Knowledge::Itself)).count();
    match (of, informed) {
        (0, _) => Spread::Unknown,
        _ if informed == of => Spread::Converged { of },
        _ => Spread::Spreading { informed, of },
    }
}

fn own_sight(status: &rumormill_api::StatusView) -> (u32, u32) {
    let active = status.members.iter().filter(|(status, _)| status.is_active());
    (active.map(|(_, count)| count).sum(), status.members.values().sum())
}

/// Who needs attention comes first; among those that are well, who does not know everything yet.
fn rank(row: &MemberRow) -> (Health, bool) {
    let knows = matches!(row.knowledge, Knowledge::InSync | Knowledge::Itself);
    (row.health, row.health == Health::Alive && knows)
}

fn knowledge(member: &SeenMember, view: &View) -> Knowledge {
    if member.view.is_self {
        return Knowledge::Itself;
    }
    let (Some(report), Some(status)) = (&member.view.report, view.status.as_deref()) else {
        return Knowledge::Unknown;
    };
    let own = &status.store;
    if report.store == own.hash {
        return Knowledge::InSync;
    }
    match report.version.cmp(&own.version) {
        std::cmp::Ordering::Less if report.at_us < view.moved_us => {
            Knowledge::WasBehind(own.version - report.version)
        }
        std::cmp::Ordering::Less => Knowledge::Behind(own.version - report.version),
        std::cmp::Ordering::Greater => Knowledge::Ahead(report.version - own.version),
        std::cmp::Ordering::Equal => Knowledge::Differs,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{id, member, own, reported, snapshot, status, update};
    use super::*;
    use rumormill_api::MemberView;

    fn view(members: Vec<MemberView>) -> View {
        let mut view = View::default();
        view.apply(snapshot(10_000_000, status("a", 5), members), 1_000);
        view
    }

    fn names(rows: &[MemberRow]) -> Vec<&str> {
        rows.iter().map(|row| row.id.as_str()).collect()
    }

    #[test]
    fn who_needs_attention_comes_first() {
        let silent = MemberView { silent_ms: Some(1_200), ..member("s", Status::Alive) };
        let view = view(vec![
            own("a"),
            reported("b", 5, 0),
            reported("c", 3, 0),
            member("d", Status::Down),
            member("j", Status::Joining),
            member("l", Status::Left),
            silent,
        ]);
        let rows = rows(&view, 1_000);
        assert_eq!(names(&rows), ["d", "s", "j", "c", "a", "b", "l"]);
        assert_eq!(rows[1].health, Health::Silent);
    }

    #[test]
    fn what_each_knows_is_told_against_what_this_node_knows_now() {
        let now_us = 10_000_000;
        let mut view = view(vec![
            own("a"),
            reported("b", 5, 0),
            reported("c", 3, now_us),
            member("d", Status::Alive),
            reported("e", 4, now_us - 1),
        ]);
        let known = |view: &View, name| knowledge(&view.members[&id(name)], view);
        assert_eq!(known(&view, "a"), Knowledge::Itself);
        assert_eq!(known(&view, "b"), Knowledge::InSync);
        assert_eq!(known(&view, "c"), Knowledge::Behind(2));
        assert_eq!(known(&view, "d"), Knowledge::Unknown);
        assert_eq!(
            known(&view, "e"),
            Knowledge::WasBehind(1),
            "it was heard before the newest write came here"
        );
        view.apply(update(10_100_000, status("a", 4), vec![]), 1_100);
        assert_eq!(known(&view, "b"), Knowledge::Ahead(1));
        let mut other = status("a", 5);
        other.store.hash = "not the same".to_owned();
        view.apply(update(10_200_000, other, vec![]), 1_200);
        assert_eq!(known(&view, "b"), Knowledge::Differs);
        assert_eq!(Knowledge::Behind(1).words(), "1 write behind");
        assert_eq!(Knowledge::Ahead(2).words(), "2 writes ahead");
    }

    #[test]
    fn a_silence_grows_while_the_node_speaks_and_a_report_ages_always() {
        let silent = MemberView { silent_ms: Some(400), ..reported("b", 5, 9_500_000) };
        let mut view = view(vec![own("a"), silent]);
        let at = |view: &View, now_ms| row(&view.members[&id("b")], view, now_ms);
        assert_eq!(at(&view, 1_000).health, Health::Alive);
        assert_eq!(at(&view, 1_700).silent_ms, Some(1_100));
        assert_eq!(at(&view, 1_700).health, Health::Silent);
        assert_eq!(at(&view, 1_700).report_age_ms, Some(1_200));
        view.interrupt();
        assert_eq!(at(&view, 9_000).silent_ms, Some(400), "nobody knows how it went on");
        assert_eq!(at(&view, 9_000).report_age_ms, Some(8_500));
    }

    #[test]
    fn the_spread_counts_active_members_only() {
        let spread_of = |members| spread(&rows(&view(members), 1_000));
        assert_eq!(spread(&[]), Spread::Unknown);
        let spreading =
            spread_of(vec![own("a"), reported("b", 5, 0), reported("c", 4, 0), member("d", Status::Down)]);
        assert_eq!(spreading, Spread::Spreading { informed: 2, of: 3 });
        let converged = spread_of(vec![own("a"), reported("b", 5, 0), member("l", Status::Left)]);
        assert_eq!(converged, Spread::Converged { of: 2 });
    }

    #[test]
    fn the_observed_node_tells_how_many_it_sees_itself() {
        let view = view(vec![own("a")]);
        assert_eq!(rows(&view, 1_000)[0].sees, Some((3, 3)));
    }
}
