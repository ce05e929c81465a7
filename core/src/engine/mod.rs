//! The engine: one node's share of the gossip, as a state machine. This file
//! holds its face (inputs, outputs, commands, views) and the order in which
//! its parts run. The parts: `links` (who is connected, and how that came),
//! `outbox` (what is owed to whom, and the limiter), `exchange` (what a message
//! means), `spread` (to whom news goes), `plumtree` (which links are the tree,
//! where one grows by itself), `meetings` (how soon links follow who comes and
//! goes), `rounds` (what the timer does), `partners` (whom a round asks),
//! `detect` with its books `probe` and `suspicion` (who is down), `names` (what
//! is said of this node), `gone` (what becomes of those who are gone),
//! `departure` (how this node leaves), `watcher` (services), `garbage` (when
//! deleted things may be forgotten), `insight` (what an observer is told).

mod commands;
mod departure;
mod detect;
mod exchange;
mod garbage;
mod gone;
mod insight;
mod links;
mod meetings;
mod names;
mod outbox;
mod partners;
mod plumtree;
mod probe;
mod rounds;
mod spread;
mod stats;
mod suspicion;
mod watcher;

pub use departure::{HANDOVER_MAX, LEAVE_GRACE, LeaveError};
pub use garbage::COUNT_EVERY_ROUNDS;
pub use insight::{Awaited, Debt, Doubt};
pub use links::HELLO_TIMEOUT;
pub use outbox::{CONTROL_FRAMES_MAX, LINK_FRAMES_MAX, NEWS_MAX};
pub use plumtree::{ANNOUNCE_AFTER, ANNOUNCED_MAX, GRAFT_AFTER, GRAFT_AGAIN};
pub use stats::{Stats, Tally};
pub use watcher::ServiceView;

use crate::config::{ConfigError, EngineConfig, FirstRound, Tuning};
use crate::event::Event;
use crate::id::{Address, Incarnation, LinkId, NodeId};
use crate::limiter::{Limiter, Purpose};
use crate::members::{Member, Members, Status};
use crate::ordered::{Map, Set};
use crate::rng::Rng;
use crate::state::{Change, Merged, State};
use crate::time::{Duration, Instant};
use crate::wire::{CloseCode, Codec, Message, Refusal, Report};
use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use bytes::Bytes;
use departure::Life;
use garbage::Census;
use gone::Gone;
use links::{Links, Seed};
use meetings::Meetings;
use outbox::Peer;
use plumtree::Plumtree;
use probe::Probes;
use suspicion::Suspicions;

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

/// One node of the cluster, without clock or network.
#[derive(Debug, Clone)]
pub struct Engine<S: State> {
    config: EngineConfig,
    state: S,
    members: Members,
    rng: Rng,
    limiter: Limiter,
    links: Links,
    peers: Map<NodeId, Peer<S>>,
    /// Peers whose outbox or link changed since the last flush.
    dirty: Set<NodeId>,
    meetings: Meetings,
    /// Peers that wait for a token, oldest first, by what for.
    waiting: [VecDeque<NodeId>; 2],
    seeds: Vec<Seed>,
    probes: Probes,
    suspicions: Suspicions,
    gone: Gone,
    /// The incarnation in which this node denied another one's claim to its
    /// name.
    name_claimed: Option<Incarnation>,
    /// The version of this node's services.
    services_version: u64,
    plumtree: Plumtree<S>,
    /// The member held to be down that this round tries.
    lost_tried: Option<NodeId>,
    census: Census<S>,
    survey_cursor: Option<NodeId>,
    reports: BTreeMap<NodeId, (Instant, Report)>,
    /// The latest instant that the driver told.
    now: Instant,
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
        mut state: S,
        mut members: Members,
        seed: u64,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        // A state that was kept for a while must not show what has ended meanwhile.
        state.expire(now);
        let status = if config.join.is_empty() { Status::Alive } else { Status::Joining };
        let (id, incarnation, address) = (config.id.clone(), config.incarnation, config.address.clone());
        members.merge(Member::new(id, incarnation, status, address));
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
            peers: Map::new(),
            dirty: Set::new(),
            meetings: Meetings::new(now),
            waiting: Default::default(),
            seeds: Vec::new(),
            probes: Probes::default(),
            suspicions: Suspicions::default(),
            gone: Gone::default(),
            name_claimed: None,
            services_version: 0,
            plumtree: Plumtree::default(),
            lost_tried: None,
            census: Census::default(),
            survey_cursor: None,
            reports: BTreeMap::new(),
            now,
            next_round: now + first,
            last_number: 0,
            life: Life::Running,
            outputs: VecDeque::new(),
            stats: Stats::default(),
            rng,
            config,
        };
        let known: Vec<(NodeId, Status, Incarnation)> = engine
            .members
            .iter()
            .map(|member| (member.id.clone(), member.status, member.incarnation))
            .collect();
        for (id, status, incarnation) in known {
            engine.note_status(&id, status, incarnation);
        }
        engine.start_spreading();
        for address in core::mem::take(&mut engine.config.join) {
            engine.join(address, now);
        }
        engine.dial_neighbours(now);
        Ok(engine)
    }

    /// Takes in what the world did, and sends what that makes it owe. Total:
    /// any input is fine at any time.
    pub fn handle(&mut self, input: Input, now: Instant) {
        self.take_in(input, now);
        self.settle(now);
    }

    /// Takes in what the world did, as [`handle`](Self::handle), but most of
    /// what that makes it owe is sent by [`settle`](Self::settle): after much
    /// that came at once, one message says what many would have said.
    pub fn take_in(&mut self, input: Input, now: Instant) {
        if self.life == Life::Stopped {
            return;
        }
        self.tick(now);
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
    }

    /// Sends what is owed after [`take_in`](Self::take_in).
    pub fn settle(&mut self, now: Instant) {
        if self.life != Life::Stopped {
            self.flush(now);
        }
    }

    /// What the driver must do next, oldest first.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to hand in [`Input::Timeout`]; never, if none.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.life {
            Life::Stopped => None,
            Life::HandingOver { until, .. } | Life::Parting { until } => {
                self.state.expires_at().into_iter().chain([*until]).min()
            }
            Life::Running => {
                let others = [
                    self.token_deadline(),
                    self.detection_deadline(),
                    self.state.expires_at(),
                    self.plumtree.deadline(),
                    self.meeting_deadline(),
                ];
                others.into_iter().flatten().chain([self.next_round]).min()
            }
        }
    }

    /// Asks a node to let this one in, at once, and keeps asking while this
    /// node is alone. The address may be this node's own.
    pub fn join(&mut self, address: Address, now: Instant) {
        self.tick(now);
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
        self.tick(now);
        let asked = self.ask_at_random(1).pop();
        self.flush(now);
        asked
    }

    /// Writes to the state and spreads what was written.
    pub fn write<T, E>(
        &mut self,
        now: Instant,
        write: impl FnOnce(&mut S) -> Result<(T, Merged<S::News>), E>,
    ) -> Result<T, E> {
        self.tick(now);
        let (result, merged) = write(&mut self.state)?;
        self.on_news(merged.news, None, now);
        self.tell_changes(merged.changes, None);
        self.hand_over_late();
        self.flush(now);
        Ok(result)
    }

    /// Changes what may be changed while running. On error nothing changed.
    pub fn tune(&mut self, tuning: Tuning, now: Instant) -> Result<(), ConfigError> {
        tuning.check()?;
        self.tick(now);
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
        self.tick(now);
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
    pub fn linked_peers(&self) -> Set<NodeId> {
        self.links.peers()
    }

    /// How many links there are, being dialled or established.
    pub fn link_count(&self) -> u32 {
        self.links.len()
    }

    /// Members that were asked and have not answered, and since when.
    pub fn unanswered(&self) -> impl Iterator<Item = (&NodeId, Instant)> {
        self.probes.iter().map(|(id, since, _)| (id, since))
    }

    /// How unwell this node believes itself to be: 0 is healthy, more means that
    /// it waits so many times longer for answers. (Lifeguard.)
    pub fn local_health(&self) -> u8 {
        self.probes.health()
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
        let late = self.deadline().map_or(Duration::ZERO, |due| now.since(due));
        if self.life != Life::Stopped && self.state.expires_at().is_some_and(|at| now >= at) {
            let ended = self.state.expire(now);
            self.tell_changes(ended, None);
        }
        match &self.life {
            Life::HandingOver { until, .. } | Life::Parting { until } => {
                if now >= *until {
                    self.on_departure_due(now);
                }
            }
            Life::Running => {
                if late * 2 >= self.config.tuning.probe_us {
                    self.on_late(late);
                }
                self.on_suspicions(now);
                self.on_plumtree_timeout(now);
                if now >= self.next_round {
                    self.on_round(now);
                } else if self.probes.deadline().is_some_and(|at| now >= at) {
                    self.on_silence(now);
                }
            }
            Life::Stopped => {}
        }
    }

    /// Time has passed, unless it ran backwards.
    fn tick(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn stop(&mut self, code: CloseCode, reason: &'static str) {
        for link in self.links.drain() {
            self.outputs.push_back(Output::Close { link, refusal: Refusal::new(code, reason) });
        }
        self.peers.clear();
        self.dirty.clear();
        self.meetings = Meetings::new(self.now);
        self.life = Life::Stopped;
        self.tell(Event::Stopped);
    }

    /// Takes in a member record and spreads it if it is news.
    fn on_member(&mut self, record: Member, from: Option<&NodeId>) -> bool {
        let id = record.id.clone();
        if !self.merge_member(record) {
            return false;
        }
        self.spread_members(&[id], from);
        true
    }

    /// Takes in a member record without spreading it.
    fn merge_member(&mut self, record: Member) -> bool {
        let id = record.id.clone();
        self.make_room_for(&id);
        let before = self.members.member(&id).cloned();
        if !self.members.merge(record) {
            return false;
        }
        self.meetings.list_changed = self.now;
        let after = self.members.member(&id).cloned().expect("what was merged is in the list");
        if before.as_ref().is_some_and(Member::is_in_tree) != after.is_in_tree() {
            self.on_overlay(&id, after.is_in_tree());
        }
        let (incarnation, status) = (after.incarnation, after.status);
        let was = before.as_ref().map(|before| (before.incarnation, before.status));
        if was != Some((incarnation, status)) {
            self.tell(Event::Member {
                id: id.clone(),
                incarnation,
                status,
                was: was.map(|(_, status)| status),
            });
            self.note_status(&id, status, incarnation);
        } else if status == Status::Suspect {
            self.on_accused(&id);
        }
        self.tell_services(before.as_ref(), &after);
        true
    }

    /// Keeps the books on who is suspected and who is gone.
    fn note_status(&mut self, id: &NodeId, status: Status, incarnation: Incarnation) {
        if *id == self.config.id {
            return;
        }
        self.gone.note(id, status, self.now);
        if status == Status::Suspect {
            self.on_suspected(id, incarnation);
        } else {
            self.suspicions.end(id);
        }
        if !status.is_active() {
            self.probes.drop(id);
            self.reports.remove(id);
            if let Some(peer) = self.peers.get_mut(id) {
                peer.outbox.clear();
            }
        }
    }

    /// Can this node not be dialled?
    fn is_leaf(&self) -> bool {
        self.config.address.is_none()
    }

    fn own_record(&self) -> Member {
        self.members.member(&self.config.id).cloned().expect("a node is in its own list from the start")
    }

    fn outbox(&mut self, peer: &NodeId) -> &mut outbox::Outbox<S> {
        if !self.dirty.contains(peer) {
            self.dirty.insert(peer.clone());
        }
        &mut self.peers.or_default(peer.clone()).outbox
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
