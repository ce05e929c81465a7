//! One node beyond what it holds: what it waits for and until when, what is under way to it, and what the others believe
//! of it. First the types that travel, then what the worker sees; it only looks.

use super::apart;
use rumormill_core::{Engine, Instant, MessageKind, NodeId, Status, Store};
use rumormill_sim::{InFlight, NodeView, Sim};
use serde::{Deserialize, Serialize};

/// Most lines of one list, so that it stays readable.
pub const LINES_MAX: usize = 12;

/// Most names listed of those who believe the same.
pub const NAMES_MAX: usize = 8;

/// What a node waits for, by its own clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timers {
    /// How long until its next round.
    pub round_us: u64,
    /// How many times longer than usual it waits, because it takes itself for slow; 1 is usual.
    pub patience: u32,
    /// Who owes it an answer, those who have for longest first; at most [`LINES_MAX`].
    pub awaited: Vec<AwaitedLine>,
    /// How many more do.
    pub awaited_unseen: u32,
    /// Whom it suspects, those whose time is over soonest first; at most [`LINES_MAX`].
    pub doubts: Vec<DoubtLine>,
    /// How many more it suspects.
    pub doubts_unseen: u32,
}

/// A member that owes an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwaitedLine {
    /// Who.
    pub id: NodeId,
    /// For how long.
    pub since_us: u64,
    /// How long until it is suspected.
    pub left_us: u64,
    /// How many were asked to help.
    pub helpers: u32,
}

/// A member that is suspected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoubtLine {
    /// Who.
    pub id: NodeId,
    /// How long until it counts as down.
    pub left_us: u64,
    /// How many confirm the suspicion.
    pub confirmations: u32,
}

/// What is around a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Around {
    /// Messages under way to it, the next one first; at most [`LINES_MAX`].
    pub inbox: Vec<InboxLine>,
    /// How many more there are.
    pub inbox_unseen: u32,
    /// How many things have reached its machine and wait for its process.
    pub waiting: u32,
    /// What those who are up believe of it, the most common belief first.
    #[serde(with = "apart::list")]
    pub opinions: Vec<Opinion>,
}

/// A message under way to a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxLine {
    /// Names it within the run.
    pub id: u64,
    /// Who sent it.
    pub from: NodeId,
    /// Its kind.
    pub kind: MessageKind,
    /// When it arrives, or would.
    pub arrives_us: u64,
    /// Will it never arrive?
    pub lost: bool,
}

/// What some believe of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// For what they hold it; none if they do not know it.
    pub status: Option<Status>,
    /// How many do.
    pub count: u32,
    /// Who; at most [`NAMES_MAX`].
    pub who: Vec<NodeId>,
}

/// What a node waits for.
#[inline(never)]
pub(super) fn timers(engine: &Engine<Store>, now: Instant) -> Timers {
    let mut awaited: Vec<AwaitedLine> = engine
        .awaited()
        .map(|awaited| AwaitedLine {
            id: awaited.id.clone(),
            since_us: now.since(awaited.since).as_micros(),
            left_us: awaited.suspected_at.since(now).as_micros(),
            helpers: u32::from(awaited.helpers),
        })
        .collect();
    rumormill_core::sort::sort_by(&mut awaited, |a, b| b.since_us.cmp(&a.since_us));
    let mut doubts: Vec<DoubtLine> = engine
        .doubts()
        .map(|doubt| DoubtLine {
            id: doubt.id.clone(),
            left_us: doubt.ends_at.since(now).as_micros(),
            confirmations: doubt.confirmations,
        })
        .collect();
    rumormill_core::sort::sort_by(&mut doubts, |a, b| a.left_us.cmp(&b.left_us));
    Timers {
        round_us: engine.next_round().since(now).as_micros(),
        patience: u32::from(engine.local_health()) + 1,
        awaited_unseen: cut(&mut awaited),
        awaited,
        doubts_unseen: cut(&mut doubts),
        doubts,
    }
}

/// What is around a node.
#[inline(never)]
pub(super) fn around(sim: &Sim, view: &NodeView<'_>) -> Around {
    let name = |node: u32| sim.node(node).id.clone();
    let line = |flight: InFlight| InboxLine {
        id: flight.id,
        from: name(flight.from),
        kind: flight.kind,
        arrives_us: flight.arrives_at.as_micros(),
        lost: flight.lost.is_some(),
    };
    let inbox = sim.in_flight().filter(|flight| flight.to == view.index).map(line).collect();
    let believers = sim.iter().filter(|other| other.index != view.index);
    let opinions = believers.filter_map(|other| Some((other.id, other.engine?.members().status(view.id))));
    Around::of(inbox, view.waiting, opinions)
}

impl Around {
    /// From all that is under way and all that is believed.
    #[inline(never)]
    pub(crate) fn of<'a>(
        mut inbox: Vec<InboxLine>,
        waiting: u32,
        opinions: impl Iterator<Item = (&'a NodeId, Option<Status>)>,
    ) -> Self {
        rumormill_core::sort::sort_by(&mut inbox, |a, b| (a.arrives_us, a.id).cmp(&(b.arrives_us, b.id)));
        let mut believed: Vec<Opinion> = Vec::new();
        for (who, status) in opinions {
            let at = believed.iter().position(|opinion| opinion.status == status).unwrap_or_else(|| {
                believed.push(Opinion { status, count: 0, who: Vec::new() });
                believed.len() - 1
            });
            believed[at].count += 1;
            if believed[at].who.len() < NAMES_MAX {
                believed[at].who.push(who.clone());
            }
        }
        rumormill_core::sort::sort_by(&mut believed, |a, b| b.count.cmp(&a.count));
        Self { inbox_unseen: cut(&mut inbox), inbox, waiting, opinions: believed }
    }
}

/// Leaves as many lines as are shown; how many that leaves out.
fn cut<T>(lines: &mut Vec<T>) -> u32 {
    let unseen = lines.len().saturating_sub(LINES_MAX) as u32;
    lines.truncate(LINES_MAX);
    unseen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opinions_are_counted_and_some_named_and_the_next_message_comes_first() {
        let names: Vec<NodeId> = (0..20).map(|n| NodeId::new(&format!("n{n:02}")).expect("valid")).collect();
        let status = |at: usize| match at {
            3 => None,
            4 | 5 => Some(Status::Suspect),
            _ => Some(Status::Alive),
        };
        let line = |id: u64, arrives_us| InboxLine {
            id,
            from: names[0].clone(),
            kind: MessageKind::Rumor,
            arrives_us,
            lost: false,
        };
        let inbox = (0..15).map(|id| line(id, 100 - id)).collect();
        let around = Around::of(inbox, 2, names.iter().enumerate().map(|(at, name)| (name, status(at))));
        assert_eq!((around.inbox.len(), around.inbox_unseen, around.inbox[0].id), (LINES_MAX, 3, 14));
        let counts: Vec<_> = around.opinions.iter().map(|is| (is.status, is.count, is.who.len())).collect();
        let expected = [(Some(Status::Alive), 17, NAMES_MAX), (Some(Status::Suspect), 2, 2), (None, 1, 1)];
        assert_eq!(counts, expected);
    }
}
