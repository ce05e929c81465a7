//! Why a node does not know something yet, and what will bring it: one sentence each, from the run itself and from what
//! was seen lost. Pure; it looks at the simulated cluster and changes nothing.

use super::standing::seconds;
use rumormill_core::event::{Fate, TraceEvent};
use rumormill_core::{Engine, Instant, MessageKind, Mode, Status, Store, Strategy, TraceRecord};
use rumormill_sim::{Sim, Watch};
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;

/// Why a node lacks a write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// What is in the way.
    pub reason: Reason,
    /// The same as a sentence.
    pub because: String,
    /// What brings it next, as a sentence.
    pub next: String,
}

/// What is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// The node is not up.
    Down,
    /// The node's process is stopped.
    Paused,
    /// Nobody who is up has it any more.
    Forgotten,
    /// It is under way to the node.
    UnderWay,
    /// All who have it are behind a cut.
    Cut,
    /// Someone who has it may not send now.
    Denied,
    /// It was sent and lost.
    Lost,
    /// Whoever is to send it has no link to the node yet.
    NoLink,
    /// Whoever sends to the node lacks it too.
    Upstream,
    /// Nobody who has it has chosen the node yet.
    NotChosen,
}

/// A message with state that did not reach a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Loss {
    from: u32,
    at: Instant,
    kind: MessageKind,
    fate: Fate,
}

/// What was seen lost, by receiver: the latest of each.
#[derive(Clone, Debug, Default)]
pub struct Clues {
    losses: Vec<Option<Loss>>,
}

impl Clues {
    /// Takes in what happened.
    pub fn note(&mut self, sim: &Sim, records: &[TraceRecord]) {
        self.losses.resize(sim.nodes() as usize, None);
        for record in records {
            let TraceEvent::Lost { to, kind, fate, .. } = &record.event else { continue };
            if !kind.is_payload() {
                continue;
            }
            let from = record.node.as_ref().and_then(|id| sim.index_of(id));
            if let (Some(from), Some(to)) = (from, sim.index_of(to)) {
                self.losses[to as usize] = Some(Loss { from, at: record.at, kind: *kind, fate: *fate });
            }
        }
    }

    fn loss(&self, to: u32) -> Option<Loss> {
        self.losses.get(to as usize).copied().flatten()
    }
}

/// Why a node lacks a write; none if it has it.
#[inline(never)]
pub fn why(sim: &Sim, clues: &Clues, watch: &Watch, node: u32) -> Option<Why> {
    if watch.learned(node).is_some() {
        return None;
    }
    let case = Case { sim, clues, watch, senders: OnceCell::new() };
    let (reason, because) = case.reason(node, 0);
    let next = case.next(node, reason);
    Some(Why { reason, because, next })
}

/// How a message was lost, behind its name.
pub(crate) fn lost_how(fate: Fate) -> &'static str {
    match fate {
        Fate::Loss => "was lost by chance",
        Fate::Cut => "was lost at the cut",
        Fate::Gone => "was lost because the link had closed",
        Fate::Dropped => "was dropped by hand",
    }
}

struct Case<'a> {
    sim: &'a Sim,
    clues: &'a Clues,
    watch: &'a Watch,
    /// Who sends to each node at once; found only if it is needed.
    senders: OnceCell<Vec<Vec<u32>>>,
}

/// How far up a tree the cause is looked for.
const UP_MAX: u32 = 32;

impl<'a> Case<'a> {
    fn name(&self, node: u32) -> &'a str {
        self.sim.node(node).id.as_str()
    }

    fn has(&self, node: u32) -> bool {
        self.watch.learned(node).is_some()
    }

    fn engine(&self, node: u32) -> Option<&'a Engine<Store>> {
        self.sim.node(node).engine
    }

    fn holders(&self) -> impl Iterator<Item = u32> {
        (0..self.sim.nodes()).filter(|&node| self.has(node) && self.engine(node).is_some())
    }

    fn reason(&self, node: u32, up: u32) -> (Reason, String) {
        let name = self.name(node);
        let view = self.sim.node(node);
        if view.engine.is_none() {
            return (Reason::Down, [name, " is not running."].concat());
        }
        if view.paused {
            return (
                Reason::Paused,
                ["The process of ", name, " is paused: what reaches it waits."].concat(),
            );
        }
        if self.holders().next().is_none() {
            return (
                Reason::Forgotten,
                "Nobody who is running has it: it went with the nodes that crashed.".into(),
            );
        }
        if let Some(flight) = self.under_way(node) {
            let (kind, from) = (flight.kind.as_str(), self.name(flight.from));
            return (Reason::UnderWay, format!("A {kind} from {from} with it is on its way to {name}."));
        }
        if self.holders().all(|holder| self.sim.is_cut(holder, node)) {
            return (
                Reason::Cut,
                format!("Everyone who has it is on the other side of the cut from {name}."),
            );
        }
        let id = view.id;
        let debt = |holder: u32| self.engine(holder).and_then(|engine| engine.debt(id));
        if let Some(holder) = self.holders().find(|&holder| debt(holder).is_some_and(|debt| debt.denied)) {
            let from = self.name(holder);
            return (Reason::Denied, format!("{from} has it for {name}, but its limiter has no token left."));
        }
        if let Some(loss) =
            self.clues.loss(node).filter(|loss| loss.at >= self.watch.at && self.has(loss.from))
        {
            let how = lost_how(loss.fate);
            let (kind, from, at) = (loss.kind.as_str(), self.name(loss.from), seconds(loss.at.as_micros()));
            return (Reason::Lost, format!("The {kind} that {from} sent to {name} {how} at {at}."));
        }
        self.upstream(node, up)
    }

    /// Who sends to the node at once, and why that has not happened.
    fn upstream(&self, node: u32, up: u32) -> (Reason, String) {
        let (name, id) = (self.name(node), self.sim.node(node).id);
        let senders = &self.senders.get_or_init(|| senders(self.sim))[node as usize];
        if let Some(&from) = senders.iter().find(|&&from| self.has(from)) {
            let linked = self.engine(from).is_some_and(|engine| engine.linked_peers().contains(id));
            if !linked {
                return (
                    Reason::NoLink,
                    format!("{} is to send it, but has no link to {name} yet.", self.name(from)),
                );
            }
        }
        let first = senders.iter().find(|&&from| !self.has(from));
        if let Some(&parent) = first.filter(|_| up < UP_MAX && senders.iter().all(|&from| !self.has(from))) {
            let (reason, because) = self.reason(parent, up + 1);
            let parent = self.name(parent);
            return match reason {
                // The whole chain waits for the topmost: that is what one wants to know.
                Reason::Upstream if up > 0 => (Reason::Upstream, because),
                Reason::Upstream => {
                    (Reason::Upstream, format!("It has to come by {parent}, and further up {because}"))
                }
                _ => (Reason::Upstream, format!("{parent}, which sends to {name}, lacks it too: {because}")),
            };
        }
        (Reason::NotChosen, format!("Nobody who has it has chosen {name} yet."))
    }

    fn under_way(&self, node: u32) -> Option<rumormill_sim::InFlight> {
        self.sim.in_flight().find(|flight| {
            flight.to == node
                && flight.lost.is_none()
                && flight.writes > 0
                && self.sim.carries(flight.id, self.watch)
        })
    }

    fn next(&self, node: u32, reason: Reason) -> String {
        let now = self.sim.now();
        let name = self.name(node);
        match reason {
            Reason::Down => return format!("Restart {name}: it asks the others when it joins again."),
            Reason::Paused => return format!("Resume {name}: what waits is handled then."),
            Reason::Forgotten => return "Nothing: write it again.".into(),
            Reason::UnderWay => {
                let left = self.under_way(node).map_or(0, |flight| flight.arrives_at.since(now).as_micros());
                return format!("It arrives in {}.", seconds(left));
            }
            Reason::Cut => {
                return "Nothing until the network is healed; then whoever asks first brings it.".into();
            }
            Reason::Denied => {
                let id = self.sim.node(node).id;
                let debts =
                    self.holders().filter_map(|holder| Some((holder, self.engine(holder)?.debt(id)?)));
                let soonest = debts.filter_map(|(holder, debt)| {
                    // The token comes by the holder's clock.
                    Some(debt.token_at?.since(self.sim.node(holder).clock))
                });
                return match soonest.min() {
                    Some(wait) => {
                        format!(
                            "It goes out when a token is there and others were served: in {} at the earliest.",
                            seconds(wait.as_micros())
                        )
                    }
                    None => "Nothing: no token will ever come with this limiter.".into(),
                };
            }
            _ => {}
        }
        self.repair(node)
    }

    /// What a comparison of whole states brings, and when.
    fn repair(&self, node: u32) -> String {
        let name = self.name(node);
        let Some(engine) = self.engine(node) else { return String::new() };
        let tuning = engine.config().tuning;
        if !tuning.strategy.repairs() {
            return "Nothing: the bare tree sends each thing once and never compares. Choose Hybrid, or write again."
                .into();
        }
        let is_active = |id| engine.members().status(id).is_some_and(Status::is_active);
        let asked =
            (0..self.sim.nodes()).filter(|&other| other != node && is_active(self.sim.node(other).id));
        let (mut others, mut good) = (0_u32, 0_u32);
        for other in asked {
            others += 1;
            good +=
                u32::from(self.has(other) && self.engine(other).is_some() && !self.sim.is_cut(node, other));
        }
        if tuning.strategy == Strategy::Random && tuning.mode == Mode::Push {
            return format!(
                "Each of the {good} who have it pushes to a random member every round: one will choose {name}."
            );
        }
        let wait = engine.next_round().since(self.sim.node(node).clock);
        format!(
            "The next round of {name}, in {}, asks a random member; {good} of the {others} it may choose have it.",
            seconds(wait.as_micros())
        )
    }
}

/// For each node, who sends to it at once.
fn senders(sim: &Sim) -> Vec<Vec<u32>> {
    let mut senders = vec![Vec::new(); sim.nodes() as usize];
    for view in sim.iter() {
        let targets = view.engine.map(Engine::pushes_to).unwrap_or_default();
        for target in targets.iter().filter_map(|id| sim.index_of(id)) {
            senders[target as usize].push(view.index);
        }
    }
    senders
}

#[cfg(test)]
#[path = "why_tests.rs"]
mod tests;
