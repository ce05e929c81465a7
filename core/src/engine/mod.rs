//! The engine: one node's share of the gossip, as a state machine. This file
//! holds its face (inputs, outputs, commands, views) and the order in which
//! its parts run. The parts: `links` (who is connected, and how that came),
//! `outbox` (what is owed to whom, and the limiter), `exchange` (what a message
//! means), `spread` (to whom news goes), `rounds` (what the timer does),
//! `silence` (who is down), `garbage` (when deleted things may be forgotten).

mod commands;
mod exchange;
mod garbage;
mod links;
mod outbox;
mod rounds;
mod silence;
mod spread;
mod stats;

pub use links::HELLO_TIMEOUT;
pub use outbox::{CONTROL_FRAMES_MAX, LINK_FRAMES_MAX, NEWS_MAX};
pub use stats::{Stats, Tally};

use crate::config::{ConfigError, EngineConfig, FirstRound, Tuning};
use crate::event::{Cause, Event};
use crate::id::{Address, LinkId, NodeId};
use crate::limiter::{Limiter, Purpose};
use crate::members::{Member, Members, Status};
use crate::rng::Rng;
use crate::state::{Change, Merged, State};
use crate::time::{Duration, Instant};
use crate::wire::{CloseCode, Codec, Message, Refusal, Report};
use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use bytes::Bytes;
use garbage::Seen;
use links::{Links, Seed};
use outbox::Peer;
use silence::Silence;

/// How long a leaving node waits for its goodbye to be written before it
/// closes its links. A guess: several round trips on any network.
pub const LEAVE_GRACE: Duration = Duration::from_millis(500);

/// What the world did.
#[derive(Debug, Clone)]
pub enum Input {
    /// A link can carry frames: one that was dialled, or one accepted.
    LinkUp {
        /// Which.
        link: LinkId,
        /// What was negotiated.
        codec: Codec,
    },
    /// A link broke, or dialling failed. Not for links that the engine closed.
    LinkDown {
        /// Which.
        link: LinkId,
        /// Why, in words.
        reason: Cow<'static, str>,
    },
    /// The peer closed a link, and said why.
    LinkClosed {
        /// Which.
        link: LinkId,
        /// The peer's reason.
        refusal: Refusal,
    },
    /// A frame came in.
    Received {
        /// On which link.
        link: LinkId,
        /// The frame.
        frame: Bytes,
    },
    /// The peer broke the transport's own rules: no frame can be made of what
    /// came in, and nothing more can be read.
    Invalid {
        /// On which link.
        link: LinkId,
        /// What to tell the peer.
        refusal: Refusal,
    },
    /// A frame handed out earlier has been written; there is room for another.
    Sent {
        /// On which link.
        link: LinkId,
    },
    /// The deadline has passed.
    Timeout,
}

/// What the driver must do.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Open a link.
    Dial {
        /// Its name from now on.
        link: LinkId,
        /// Where to.
        address: Address,
    },
    /// Write a frame.
    Send {
        /// On which link.
        link: LinkId,
        /// The frame.
        frame: Bytes,
    },
    /// Write what was sent, then close. The link is forgotten already.
    Close {
        /// Which.
        link: LinkId,
        /// The WebSocket close code and reason.
        refusal: Refusal,
    },
    /// Tell whoever listens.
    Event(Event),
}

/// A node that does not run cannot leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the node is leaving already or has left")]
pub struct LeaveError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Running,
    Leaving { until: Instant },
    Stopped,
}

/// One node of the cluster, without clock or network.
#[derive(Debug)]
pub struct Engine<S: State> {
    config: EngineConfig,
    state: S,
    members: Members,
    rng: Rng,
    limiter: Limiter,
    links: Links,
    peers: BTreeMap<NodeId, Peer<S>>,
    /// Peers whose outbox or link changed since the last flush.
    dirty: BTreeSet<NodeId>,
    /// Peers that wait for a token, oldest first, by what for.
    waiting: [VecDeque<NodeId>; 2],
    seeds: Vec<Seed>,
    silence: Silence,
    /// The member held to be down that this round tries.
    lost_tried: Option<NodeId>,
    seen: Seen<S>,
    survey_cursor: Option<NodeId>,
    reports: BTreeMap<NodeId, (Instant, Report)>,
    next_round: Instant,
    last_number: u64,
    life: Life,
    outputs: VecDeque<Output>,
    stats: Stats,
}

impl<S: State> Engine<S> {
    /// An engine that knows nobody but itself and what it is told to join.
    pub fn new(config: EngineConfig, state: S, seed: u64, now: Instant) -> Result<Self, ConfigError> {
        Self::with_members(config, state, Members::default(), seed, now)
    }

    /// An engine that already knows these members, as after a restart or at
    /// the start of an experiment.
    pub fn with_members(
        config: EngineConfig,
        state: S,
        mut members: Members,
        seed: u64,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let status = if config.join.is_empty() { Status::Alive } else { Status::Joining };
        let (id, incarnation, address) = (config.id.clone(), config.incarnation, config.address.clone());
        members.merge(Member { id, incarnation, status, address });
        let mut rng = Rng::new(seed);
        let first = match config.first_round {
            FirstRound::Random => Duration::from_micros(rng.below(config.tuning.interval_us.as_micros())),
            FirstRound::After(span) => span,
        };
        let mut engine = Self {
            state,
            members,
            limiter: Limiter::new(config.tuning.limiter, now),
            links: Links::default(),
            peers: BTreeMap::new(),
            dirty: BTreeSet::new(),
            waiting: Default::default(),
            seeds: Vec::new(),
            silence: Silence::default(),
            lost_tried: None,
            seen: Seen::default(),
            survey_cursor: None,
            reports: BTreeMap::new(),
            next_round: now + first,
            last_number: 0,
            life: Life::Running,
            outputs: VecDeque::new(),
            stats: Stats::default(),
            rng,
            config,
        };
        for address in core::mem::take(&mut engine.config.join) {
            engine.join(address, now);
        }
        engine.dial_neighbours(now);
        Ok(engine)
    }

    /// Takes in what the world did. Total: any input is fine at any time.
    pub fn handle(&mut self, input: Input, now: Instant) {
        if self.life == Life::Stopped {
            return;
        }
        match input {
            Input::LinkUp { link, codec } => self.on_link_up(link, codec, now),
            Input::LinkDown { link, reason } => self.on_link_down(link, None, reason, now),
            Input::LinkClosed { link, refusal } => {
                self.on_link_down(link, Some(refusal.code), refusal.reason, now);
            }
            Input::Received { link, frame } => self.on_received(link, &frame, now),
            Input::Invalid { link, refusal } => self.close(link, refusal),
            Input::Sent { link } => self.on_sent(link),
            Input::Timeout => self.on_timeout(now),
        }
        self.flush(now);
    }

    /// What the driver must do next, oldest first.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to hand in [`Input::Timeout`]; never, if none.
    pub fn deadline(&self) -> Option<Instant> {
        match self.life {
            Life::Stopped => None,
            Life::Leaving { until } => Some(until),
            Life::Running => {
                let others = [self.token_deadline(), self.silence.deadline(), self.state.expires_at()];
                others.into_iter().flatten().chain([self.next_round]).min()
            }
        }
    }

    /// Asks a node to let this one in, at once, and keeps asking while this
    /// node is alone. The address may be this node's own.
    pub fn join(&mut self, address: Address, now: Instant) {
        if self.seeds.iter().all(|seed| seed.address != address) {
            self.seeds.push(Seed::new(address.clone()));
        }
        if self.life == Life::Running {
            self.dial(links::Target::Seed(address), now);
        }
    }

    /// Asks one random active member, besides what the rounds do. None if
    /// there is no other.
    pub fn gossip_once(&mut self, now: Instant) -> Option<NodeId> {
        let asked = self.ask_at_random(1).pop();
        self.flush(now);
        asked
    }

    /// Says goodbye to the cluster. [`Event::Stopped`] tells when it is said.
    pub fn leave(&mut self, now: Instant) -> Result<(), LeaveError> {
        if self.life != Life::Running {
            return Err(LeaveError);
        }
        let neighbours = self.children(None);
        let mut goodbye = self.own_record();
        goodbye.status = Status::Left;
        self.merge_member(goodbye.clone());
        self.life = Life::Leaving { until: now + LEAVE_GRACE };
        self.unblock();
        let mut told = self.links.peers();
        told.extend(neighbours);
        for peer in told {
            self.outbox(&peer).members.insert(goodbye.id.clone(), Cause::Leave);
        }
        self.flush(now);
        Ok(())
    }

    /// Writes to the state and spreads what was written.
    pub fn write<T, E>(
        &mut self,
        now: Instant,
        write: impl FnOnce(&mut S) -> Result<(T, Merged<S::News>), E>,
    ) -> Result<T, E> {
        let (result, merged) = write(&mut self.state)?;
        self.on_news(merged.news, None);
        self.tell_changes(merged.changes, None);
        self.flush(now);
        Ok(result)
    }

    /// Changes what may be changed while running. On error nothing changed.
    pub fn tune(&mut self, tuning: Tuning, now: Instant) -> Result<(), ConfigError> {
        tuning.check()?;
        if tuning.limiter != self.config.tuning.limiter {
            self.limiter = Limiter::new(tuning.limiter, now);
            self.unblock();
        }
        let strategy_before = core::mem::replace(&mut self.config.tuning, tuning).strategy;
        if strategy_before != tuning.strategy {
            self.on_strategy();
        }
        self.next_round = self.next_round.min(now + tuning.interval_us);
        self.dial_neighbours(now);
        self.flush(now);
        Ok(())
    }

    /// Reports every message from now on, or no longer.
    pub fn set_tracing(&mut self, tracing: bool) {
        self.config.tracing = tracing;
    }

    /// Asks the next `count` active members, in turn, what they know.
    pub fn survey(&mut self, count: u32, now: Instant) {
        for id in self.next_to_survey(count) {
            self.outbox(&id).survey = true;
        }
        self.flush(now);
    }

    /// The shared state.
    pub fn state(&self) -> &S {
        &self.state
    }

    /// The member list.
    pub fn members(&self) -> &Members {
        &self.members
    }

    /// This node's name.
    pub fn id(&self) -> &NodeId {
        &self.config.id
    }

    /// What was configured, with the tuning in force.
    pub fn config(&self) -> &EngineConfig {
        &self.config
    }

    /// Counts since the start.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Names of the peers with an established link.
    pub fn linked_peers(&self) -> BTreeSet<NodeId> {
        self.links.peers()
    }

    /// How many links there are, being dialled or established.
    pub fn link_count(&self) -> u32 {
        self.links.len()
    }

    /// Members that were asked and have not answered, and since when.
    pub fn unanswered(&self) -> impl Iterator<Item = (&NodeId, Instant)> {
        self.silence.iter()
    }

    /// Members to whom something is owed that could not be sent yet.
    pub fn owed(&self) -> u32 {
        self.peers.values().filter(|peer| !peer.outbox.is_empty()).count() as u32
    }

    /// Is news or a delta owed to anyone?
    pub fn owes_payload(&self) -> bool {
        self.peers.values().any(|peer| peer.outbox.owes_payload())
    }

    /// Has the node left?
    pub fn is_stopped(&self) -> bool {
        self.life == Life::Stopped
    }

    /// Limiter tokens left; `None` if there is no limit.
    pub fn tokens(&self, now: Instant) -> Option<u32> {
        self.limiter.tokens(now)
    }

    /// What this node would answer to a survey.
    pub fn report(&self, now: Instant) -> Report {
        Report {
            version: self.state.version(),
            store: self.state.hash(),
            members: self.members.hash(),
            active: self.members.active_count(),
            known: self.members.len() as u32,
            sent_messages: self.stats.sent_total().messages,
            sent_bytes: self.stats.sent_total().bytes,
            denials: self.stats.denials,
            tokens: self.limiter.tokens(now),
        }
    }

    /// What other members said of themselves, and when they said it.
    pub fn reports(&self) -> &BTreeMap<NodeId, (Instant, Report)> {
        &self.reports
    }

    fn on_timeout(&mut self, now: Instant) {
        match self.life {
            Life::Leaving { until } if now >= until => self.stop(),
            Life::Running => {
                if self.state.expires_at().is_some_and(|at| now >= at) {
                    let ended = self.state.expire(now);
                    self.tell_changes(ended, None);
                }
                if now >= self.next_round {
                    self.on_round(now);
                } else if self.silence.deadline().is_some_and(|at| now >= at) {
                    self.on_silence(now);
                }
            }
            _ => {}
        }
    }

    fn stop(&mut self) {
        for link in self.links.drain() {
            let refusal = Refusal::new(CloseCode::GoingAway, "the node has left the cluster");
            self.outputs.push_back(Output::Close { link, refusal });
        }
        self.peers.clear();
        self.life = Life::Stopped;
        self.tell(Event::Stopped);
    }

    /// Takes in a member record and spreads it if it is news.
    fn on_member(&mut self, record: Member, from: Option<&NodeId>) -> bool {
        let id = record.id.clone();
        if !self.merge_member(record) {
            return false;
        }
        for target in self.told_of_members(from) {
            self.outbox(&target).members.insert(id.clone(), Cause::Tree);
        }
        true
    }

    /// Takes in a member record without spreading it.
    fn merge_member(&mut self, record: Member) -> bool {
        let was = self.members.status(&record.id);
        let (id, incarnation, status) = (record.id.clone(), record.incarnation, record.status);
        if !self.members.merge(record) {
            return false;
        }
        if !status.is_active() && id != self.config.id {
            self.silence.heard(&id);
            self.reports.remove(&id);
            if let Some(peer) = self.peers.get_mut(&id) {
                peer.outbox.clear();
            }
        }
        self.tell(Event::Member { id, incarnation, status, was });
        true
    }

    fn own_record(&self) -> Member {
        self.members.member(&self.config.id).cloned().expect("a node is in its own list from the start")
    }

    fn outbox(&mut self, peer: &NodeId) -> &mut outbox::Outbox<S> {
        if !self.dirty.contains(peer) {
            self.dirty.insert(peer.clone());
        }
        &mut self.peers.entry(peer.clone()).or_default().outbox
    }

    fn tell_changes(&mut self, changes: Vec<Change>, from: Option<&NodeId>) {
        for Change { key, kind } in changes {
            self.tell(Event::Changed { key, kind, from: from.cloned() });
        }
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}

/// The message types of an engine over state `S`.
type MessageOf<S> = Message<<S as State>::Digest, <S as State>::Delta>;

/// Index of a purpose in [`Engine::waiting`].
fn queue(purpose: Purpose) -> usize {
    match purpose {
        Purpose::Repair => 0,
        Purpose::Eager => 1,
    }
}
