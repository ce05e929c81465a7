//! Plumtree: every node pushes to its neighbours in the overlay at once, and a
//! link on which something known came is pruned; what remains is a spanning
//! tree. On the pruned links news is announced a little later, and whoever
//! lacks what was announced to it asks for it, which grafts the link back into
//! the tree. (Leitão, Pereira and Rodrigues, "Epidemic Broadcast Trees", 2007,
//! §3.) Where the overlay comes from is not known here.

use super::outbox::{Ask, NEWS_MAX};
use super::{Engine, Life};
use crate::event::Cause;
use crate::id::NodeId;
use crate::members::Member;
use crate::ordered::{Map, Set};
use crate::overlay::Overlay;
use crate::state::State;
use crate::time::{Duration, Instant};
use crate::wire::Message;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// How long news waits before it is announced. A guess: what is new within a
/// tenth of a second is announced together, so that any number of writes costs
/// ten announcements a second on a link, and mostly fewer, because what a
/// neighbour announces meanwhile it need not be told.
pub const ANNOUNCE_AFTER: Duration = Duration::from_millis(100);

/// How long what was announced may still come by the tree before it is asked
/// for, at least. A guess: with [`ANNOUNCE_AFTER`] it is longer than the
/// deepest tree of ten thousand nodes takes at 10 ms a hop. Where the tree
/// turns out to be slower, the timeout follows it, up to one interval: then
/// the next repair would bring it anyway.
pub const GRAFT_AFTER: Duration = Duration::from_millis(150);

/// How long to wait before the next one that announced it is asked: a round
/// trip (the paper's second, shorter timeout; §3.6). A guess.
pub const GRAFT_AGAIN: Duration = Duration::from_millis(100);

/// Most announcements of things not seen yet that are remembered. Beyond it
/// the oldest is dropped, and states are compared with whoever made it. A guess.
pub const ANNOUNCED_MAX: usize = 256;

/// Most members that are passed over at one time because they could not be
/// reached. A guess: with four fifths of a cluster gone, a node meets about
/// thirty of those before each of its neighbours is one that answers.
const UNREACHABLE_MAX: usize = 256;

/// After so many rounds those who could not be reached get another chance. A
/// guess: longer than most suspicions take to be decided.
const UNREACHABLE_ROUNDS: u64 = 16;

/// What an engine keeps for Plumtree.
#[derive(Debug, Clone)]
pub(super) struct Plumtree<S: State> {
    /// None while another strategy is in force.
    overlay: Option<Overlay>,
    /// Members that should be neighbours and could not be reached: whoever
    /// comes after them in a circle is the neighbour for now.
    unreachable: Set<NodeId>,
    /// Neighbours on whose links news is only announced.
    lazy: Set<NodeId>,
    /// What is still to be announced, to whom, and when.
    untold: Map<NodeId, S::News>,
    announce_at: Option<Instant>,
    /// What was announced and not seen then, oldest first.
    announced: VecDeque<Announced<S>>,
    graft_at: Option<Instant>,
    /// When what was asked for last had been announced, and by whom.
    grafted: Option<(Instant, NodeId)>,
    lateness: Lateness,
    /// What repairs brought in this round and the one before: when the tree
    /// brings it too, that is no second way in the tree.
    repaired: [S::News; 2],
}

/// How far the tree is behind the announcements, estimated as TCP estimates
/// its round trips (RFC 6298, §2): a graft too early makes a detour a part of
/// the tree.
#[derive(Debug, Clone, Default)]
struct Lateness {
    mean_us: u64,
    spread_us: u64,
}

impl Lateness {
    fn sample(&mut self, late: Duration) {
        let late = late.as_micros();
        if self.mean_us == 0 {
            (self.mean_us, self.spread_us) = (late, late / 2);
            return;
        }
        self.spread_us = (self.spread_us * 3 + self.mean_us.abs_diff(late)) / 4;
        self.mean_us = (self.mean_us * 7 + late) / 8;
    }

    /// How long to wait for the tree.
    fn patience(&self, most: Duration) -> Duration {
        let expected = Duration::from_micros(self.mean_us + 4 * self.spread_us);
        expected.min(most).max(GRAFT_AFTER)
    }
}

#[derive(Debug, Clone)]
struct Announced<S: State> {
    by: NodeId,
    digest: S::Digest,
    at: Instant,
}

impl<S: State> Default for Plumtree<S> {
    fn default() -> Self {
        Self {
            overlay: None,
            unreachable: Set::new(),
            lazy: Set::new(),
            untold: Map::new(),
            announce_at: None,
            announced: VecDeque::new(),
            graft_at: None,
            grafted: None,
            lateness: Lateness::default(),
            repaired: Default::default(),
        }
    }
}

impl<S: State> Plumtree<S> {
    /// A node's place among the members; all links are eager.
    pub(super) fn new<'a>(own: &NodeId, members: impl Iterator<Item = &'a Member>) -> Self {
        let overlay =
            Overlay::new(own, members.filter(|member| member.is_in_tree()).map(|member| &member.id));
        Self { overlay: Some(overlay), ..Self::default() }
    }

    pub(super) fn neighbours(&self) -> Vec<NodeId> {
        self.overlay.as_ref().map(Overlay::neighbours).unwrap_or_default()
    }

    pub(super) fn is_neighbour(&self, id: &NodeId) -> bool {
        self.overlay.as_ref().is_some_and(|overlay| overlay.is_neighbour(id))
    }

    /// Is the link to a neighbour in the tree?
    pub(super) fn is_eager(&self, id: &NodeId) -> bool {
        self.is_neighbour(id) && !self.lazy.contains(id)
    }

    /// A new link is in the tree until it turns out that it need not be (§3.6).
    pub(super) fn on_link_down(&mut self, id: &NodeId) {
        self.lazy.remove(id);
    }

    pub(super) fn on_round(&mut self) {
        let [newer, older] = &mut self.repaired;
        *older = core::mem::take(newer);
    }

    /// Puts the overlay together anew, from whoever can be reached.
    fn rebuild<'a>(&mut self, own: &NodeId, members: impl Iterator<Item = &'a Member>) {
        let reachable = members.filter(|member| member.is_in_tree()).map(|member| &member.id);
        let reachable = reachable.filter(|id| !self.unreachable.contains(*id));
        let overlay = Overlay::new(own, reachable);
        self.lazy.retain(|id| overlay.is_neighbour(id));
        self.overlay = Some(overlay);
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.announce_at.into_iter().chain(self.graft_at).min()
    }

    pub(super) fn announce(&mut self, to: NodeId, news: &S::News, now: Instant) {
        S::absorb(self.untold.or_default(to), news);
        self.announce_at.get_or_insert(now + ANNOUNCE_AFTER);
    }
}

impl<S: State> Engine<S> {
    /// A member came into the overlay, or went.
    pub(super) fn on_overlay(&mut self, id: &NodeId, takes_part_now: bool) {
        let Self { plumtree, members, config, .. } = self;
        let Some(overlay) = &mut plumtree.overlay else { return };
        plumtree.unreachable.remove(id);
        if takes_part_now {
            overlay.add(id);
            plumtree.lazy.retain(|id| overlay.is_neighbour(id));
        } else if overlay.is_neighbour(id) {
            plumtree.rebuild(&config.id, members.iter());
        }
        if !takes_part_now {
            plumtree.untold.remove(id);
            plumtree.announced.retain(|announced| announced.by != *id);
        }
    }

    /// The link to a neighbour broke, or could not be made: whoever comes after
    /// it takes its place at once, and is asked what was missed meanwhile. (As
    /// HyParView replaces a failed neighbour; Leitão, Pereira and Rodrigues,
    /// 2007, §4.3.)
    pub(super) fn pass_over(&mut self, id: &NodeId, now: Instant) {
        let Self { plumtree, members, config, links, .. } = self;
        if !plumtree.is_neighbour(id)
            || links.preferred(id).is_some()
            || plumtree.unreachable.len() >= UNREACHABLE_MAX
        {
            return;
        }
        let before = plumtree.neighbours();
        plumtree.unreachable.insert(id.clone());
        plumtree.rebuild(&config.id, members.iter());
        for id in self.plumtree.neighbours() {
            if before.binary_search(&id).is_err() {
                self.outbox(&id).ask(Ask { store: true, cause: Cause::Reconnect });
            }
        }
        self.dial_neighbours(now);
    }

    /// There is a link to someone who may have been passed over.
    pub(super) fn on_reached(&mut self, id: &NodeId) {
        if self.plumtree.unreachable.contains(id)
            && let Some(member) = self.members.member(id)
        {
            let takes_part = member.is_in_tree();
            self.on_overlay(id, takes_part);
        }
    }

    /// Gives those who were passed over another chance, now and then.
    pub(super) fn forgive_unreachable(&mut self) {
        let Self { plumtree, members, config, stats, .. } = self;
        if stats.rounds.is_multiple_of(UNREACHABLE_ROUNDS) && !plumtree.unreachable.is_empty() {
            plumtree.unreachable.clear();
            plumtree.rebuild(&config.id, members.iter());
        }
    }

    /// Pushes on the links of the tree, and announces on the others.
    pub(super) fn push_and_announce(&mut self, news: &S::News, from: Option<&NodeId>, now: Instant) {
        for id in self.plumtree.neighbours() {
            if Some(&id) == from {
                continue;
            }
            if self.plumtree.is_eager(&id) {
                S::absorb(&mut self.outbox(&id).news, news);
            } else {
                self.plumtree.announce(id, news, now);
            }
        }
    }

    /// What a repair brought is announced to all: most have it already.
    pub(super) fn announce_repaired(&mut self, news: &S::News, from: &NodeId, now: Instant) {
        let [repaired, _] = &mut self.plumtree.repaired;
        S::absorb(repaired, news);
        if S::news_len(repaired) > NEWS_MAX {
            *repaired = S::News::default();
        }
        for id in self.plumtree.neighbours() {
            if id != *from {
                self.plumtree.announce(id, news, now);
            }
        }
    }

    /// A rumor came that brought something new, or only what of it repairs had
    /// brought before, or nothing. The link on which it comes first belongs to
    /// the tree; one on which it is known does not. Where a repair was faster
    /// than the tree, those further down still wait for it: they get it now.
    pub(super) fn on_rumored(&mut self, from: &NodeId, is_new: bool, repaired: &S::News, now: Instant) {
        if self.plumtree.overlay.is_none() {
            return;
        }
        self.note_lateness(from, is_new, now);
        if is_new {
            self.plumtree.lazy.remove(from);
        } else if S::news_len(repaired) == 0 {
            self.on_prune(from);
            return self.send_control(from, Message::Prune, Cause::Duplicate);
        }
        if S::news_len(repaired) > 0 {
            self.push_repaired(repaired, from);
        }
    }

    fn push_repaired(&mut self, repaired: &S::News, from: &NodeId) {
        let outline = self.state.outline(repaired);
        for id in self.plumtree.neighbours() {
            if id != *from && self.plumtree.is_eager(&id) {
                if let Some(untold) = self.plumtree.untold.get_mut(&id) {
                    S::retract(untold, &outline);
                }
                S::absorb(&mut self.outbox(&id).news, repaired);
            }
        }
    }

    /// What of a rumor a repair brought before.
    pub(super) fn take_repaired(&mut self, rumor: &S::Delta) -> S::News {
        let [mut newer, older] = self.plumtree.repaired.each_mut().map(|news| S::take_carried(news, rumor));
        S::absorb(&mut newer, &older);
        newer
    }

    /// The tree brought what had been announced before, or asked for already.
    fn note_lateness(&mut self, from: &NodeId, is_new: bool, now: Instant) {
        let Self { plumtree, state, .. } = self;
        let announced_at = if is_new {
            let mut came = plumtree.announced.iter();
            let came = came.find(|announced| S::news_len(&state.lacks(&announced.digest)) == 0);
            came.map(|announced| announced.at)
        } else {
            plumtree.grafted.take_if(|(_, asked)| asked != from).map(|(at, _)| at)
        };
        let Some(announced_at) = announced_at else { return };
        plumtree.lateness.sample(now.since(announced_at));
        plumtree.announced.retain(|announced| S::news_len(&state.lacks(&announced.digest)) > 0);
    }

    pub(super) fn on_prune(&mut self, from: &NodeId) {
        if self.plumtree.is_neighbour(from) {
            self.plumtree.lazy.insert(from.clone());
        }
    }

    pub(super) fn on_announce(&mut self, from: &NodeId, digest: S::Digest, now: Instant) {
        if let Some(untold) = self.plumtree.untold.get_mut(from) {
            S::retract(untold, &digest);
        }
        if S::news_len(&self.state.lacks(&digest)) == 0 {
            return;
        }
        if self.plumtree.announced.len() >= ANNOUNCED_MAX
            && let Some(oldest) = self.plumtree.announced.pop_front()
        {
            self.outbox(&oldest.by).ask(Ask { store: true, cause: Cause::Missed });
        }
        self.plumtree.announced.push_back(Announced { by: from.clone(), digest, at: now });
        let patience = self.plumtree.lateness.patience(self.config.tuning.interval_us);
        self.plumtree.graft_at.get_or_insert(now + patience);
    }

    /// A peer lacks what it was told of: its link is in the tree from now on.
    pub(super) fn on_graft(&mut self, from: &NodeId, digest: &S::Digest) {
        self.plumtree.lazy.remove(from);
        let asked = self.state.asked_for(digest);
        S::absorb(&mut self.outbox(from).news, &asked);
    }

    pub(super) fn on_plumtree_timeout(&mut self, now: Instant) {
        if self.life != Life::Running {
            return;
        }
        if self.plumtree.announce_at.is_some_and(|at| now >= at) {
            self.plumtree.announce_at = None;
            for (id, news) in core::mem::take(&mut self.plumtree.untold) {
                if S::news_len(&news) > 0 {
                    S::absorb(&mut self.outbox(&id).announce, &news);
                }
            }
        }
        if self.plumtree.graft_at.is_some_and(|at| now >= at) {
            self.graft_one(now);
        }
    }

    /// Asks the one that was first to announce what is still not here. The
    /// others who did have their turn if it does not help.
    fn graft_one(&mut self, now: Instant) {
        let Self { plumtree, state, config, .. } = self;
        plumtree.graft_at = None;
        plumtree.announced.retain(|announced| S::news_len(&state.lacks(&announced.digest)) > 0);
        let Some(first) = plumtree.announced.front() else { return };
        let due = first.at + plumtree.lateness.patience(config.tuning.interval_us);
        if due > now {
            plumtree.graft_at = Some(due);
            return;
        }
        let by = first.by.clone();
        plumtree.grafted = Some((first.at, by.clone()));
        let mut lacking = S::News::default();
        plumtree.announced.retain(|announced| {
            let asked = announced.by == by;
            if asked {
                S::absorb(&mut lacking, &state.lacks(&announced.digest));
            }
            !asked
        });
        plumtree.lazy.remove(&by);
        if !plumtree.announced.is_empty() {
            plumtree.graft_at = Some(now + GRAFT_AGAIN);
        }
        S::absorb(&mut self.outbox(&by).graft, &lacking);
    }
}
