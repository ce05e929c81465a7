//! The simulated network: links, frames under way, cuts, and the dice that
//! decide how long a frame takes and whether it is lost. It knows no engines:
//! who is told what, and when the ends act on it, is the simulator's business.
//!
//! The rules, which follow what TCP does under a WebSocket:
//! - A link is opened by a request and an answer, each taking one latency. A
//!   host that is down refuses after that round trip; into a cut a request
//!   times out after [`CONNECT_TIMEOUT`].
//! - Frames on a link keep their order in each direction.
//! - A frame lost by chance is skipped as a datagram would be: it stands for
//!   whatever a driver, a proxy or a full buffer may drop. Greetings and the
//!   closing of links are exempt, or no link would ever be more than luck.
//! - A frame that is under way when its path is cut, or sent into a cut, is
//!   lost. TCP never skips a frame, so the link is lost with it: it breaks at
//!   both ends [`LINK_TIMEOUT`] later, or right after the heal if that is
//!   sooner. A link on which nothing is sent survives a cut.
//! - A host that crashes resets its links; a cut hides that, and a close, until
//!   the timeout.

use crate::queue::{Queue, What, Why};
use crate::scenario::{Act, Network};
use bytes::Bytes;
use rumormill_core::event::Fate;
use rumormill_core::rng::Rng;
use rumormill_core::wire::Refusal;
use rumormill_core::{Cause, Duration, Instant, LinkId, MessageKind};
use std::collections::{BTreeMap, BTreeSet};

/// How long a request for a link waits for an answer out of a cut: the time
/// after which TCP repeats a request (RFC 6298, §2).
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a link that lost frames at a cut pretends to be up. A guess: nodes
/// set short timeouts, TCP's own would be minutes.
pub(crate) const LINK_TIMEOUT: Duration = Duration::from_secs(3);

/// One end of a link.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) node: u32,
    /// What the engine at this end calls the link.
    pub(crate) id: LinkId,
    /// Does the engine at this end count on the link?
    pub(crate) open: bool,
}

#[derive(Debug)]
pub(crate) struct Link {
    /// The end that dialled, then the other, which has no name and is not open
    /// before it accepts.
    pub(crate) ends: [End; 2],
    pub(crate) dialed_at: Instant,
    /// When the last frame to each end arrives: none overtakes it.
    last_arrival: [Instant; 2],
    /// Lost a frame at a cut.
    doomed: bool,
    /// What the end that closed it said.
    closed: Option<Refusal>,
}

/// A frame under way.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) link: u64,
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// The end of the link that it goes to.
    pub(crate) end: u8,
    pub(crate) tag: Tag,
    pub(crate) sent_at: Instant,
    pub(crate) arrives_at: Instant,
    pub(crate) lost: Option<Fate>,
    pub(crate) frame: Bytes,
}

/// What the sender says of a frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tag {
    pub(crate) number: u64,
    pub(crate) kind: MessageKind,
    pub(crate) cause: Cause,
    pub(crate) writes: u32,
}

#[derive(Debug)]
pub(crate) struct Wires {
    pub(crate) network: Network,
    latency_dice: Rng,
    loss_dice: Rng,
    /// The group of each node; empty without a partition.
    groups: Vec<u32>,
    cuts: BTreeSet<(u32, u32)>,
    links: BTreeMap<u64, Link>,
    links_made: u64,
    flights: BTreeMap<u64, Flight>,
    flights_made: u64,
}

impl Wires {
    /// A network without cuts. Latency and loss have dice of their own, so
    /// that a lossless run and a lossy one share their latencies.
    pub(crate) fn new(network: Network, seed: u64) -> Self {
        Self {
            network,
            latency_dice: Rng::new(rumormill_core::hash::part("latency", &[seed])),
            loss_dice: Rng::new(rumormill_core::hash::part("loss", &[seed])),
            groups: Vec::new(),
            cuts: BTreeSet::new(),
            links: BTreeMap::new(),
            links_made: 0,
            flights: BTreeMap::new(),
            flights_made: 0,
        }
    }

    pub(crate) fn is_cut(&self, a: u32, b: u32) -> bool {
        let group = |node: u32| self.groups.get(node as usize);
        group(a) != group(b) || self.cuts.contains(&(a.min(b), a.max(b)))
    }

    pub(crate) fn has_cuts(&self) -> bool {
        !self.cuts.is_empty() || !self.groups.is_empty()
    }

    pub(crate) fn link(&self, link: u64) -> Option<&Link> {
        self.links.get(&link)
    }

    pub(crate) fn flights(&self) -> impl Iterator<Item = (u64, &Flight)> {
        self.flights.iter().map(|(id, flight)| (*id, flight))
    }

    /// Sends the request for a link. Without a host to send it to, the answer
    /// is a refusal after what a look-up would take.
    pub(crate) fn dial(
        &mut self,
        from: u32,
        id: LinkId,
        to: Option<u32>,
        now: Instant,
        queue: &mut Queue,
    ) -> u64 {
        self.links_made += 1;
        let link = self.links_made;
        let arrives = now + self.latency();
        let other = End { node: to.unwrap_or(from), id: LinkId::Accepted(0), open: false };
        let ends = [End { node: from, id, open: true }, other];
        let last_arrival = [now, arrives];
        let made = Link { ends, dialed_at: now, last_arrival, doomed: false, closed: None };
        self.links.insert(link, made);
        match to {
            None => queue.push(arrives, What::Refused { link, timed_out: false }),
            Some(to) if self.is_cut(from, to) => self.time_out(link, now, queue),
            Some(_) => queue.push(arrives, What::Dialed { link }),
        }
        link
    }

    /// The request arrived, and the host takes it or not.
    pub(crate) fn answer(&mut self, link: u64, accepted: Option<LinkId>, now: Instant, queue: &mut Queue) {
        let back = now + self.latency();
        let Some(made) = self.links.get_mut(&link) else { return };
        match accepted {
            Some(id) => {
                (made.ends[1].id, made.ends[1].open) = (id, true);
                made.last_arrival[0] = back;
                queue.push(back, What::Accepted { link });
            }
            None => queue.push(back, What::Refused { link, timed_out: false }),
        }
    }

    /// The answer will not come.
    pub(crate) fn time_out(&mut self, link: u64, now: Instant, queue: &mut Queue) {
        let Some(made) = self.links.get(&link) else { return };
        let at = (made.dialed_at + CONNECT_TIMEOUT).max(now);
        queue.push(at, What::Refused { link, timed_out: true });
    }

    /// Sends a frame from an end of a link. False if the link is not there.
    pub(crate) fn send(
        &mut self,
        (link, from_end): (u64, u8),
        tag: Tag,
        frame: Bytes,
        now: Instant,
        queue: &mut Queue,
    ) -> bool {
        let travel = self.latency();
        let unlucky = self.network.loss_ppm > 0
            && tag.kind != MessageKind::Hello
            && self.loss_dice.chance(self.network.loss_ppm);
        let end = 1 - from_end;
        let Some(made) = self.links.get(&link) else { return false };
        let (from, to) = (made.ends[usize::from(from_end)].node, made.ends[usize::from(end)].node);
        let lost = match (self.is_cut(from, to), unlucky) {
            (true, _) => Some(Fate::Cut),
            (false, true) => Some(Fate::Loss),
            (false, false) => None,
        };
        let arrives_at = self.arrival(link, end, now + travel, lost.is_some());
        self.flights_made += 1;
        let flight = self.flights_made;
        self.flights
            .insert(flight, Flight { link, from, to, end, tag, sent_at: now, arrives_at, lost, frame });
        queue.push(arrives_at, What::Frame { flight });
        if lost == Some(Fate::Cut) {
            self.doom(link, now, queue);
        }
        true
    }

    /// When something sent on a link arrives: not before what was sent earlier.
    fn arrival(&mut self, link: u64, end: u8, at: Instant, lost: bool) -> Instant {
        let Some(made) = self.links.get_mut(&link) else { return at };
        let last = &mut made.last_arrival[usize::from(end)];
        let arrives = at.max(*last);
        if !lost {
            *last = arrives;
        }
        arrives
    }

    /// Takes an arriving frame out. It is lost if its end does not listen.
    pub(crate) fn land(&mut self, flight: u64) -> Option<(Flight, LinkId)> {
        let mut flight = self.flights.remove(&flight)?;
        let end = self.links.get(&flight.link).map(|link| link.ends[usize::from(flight.end)]);
        let listening = end.filter(|end| end.open);
        if listening.is_none() && flight.lost.is_none() {
            flight.lost = Some(Fate::Gone);
        }
        Some((flight, end.map_or(LinkId::Accepted(0), |end| end.id)))
    }

    /// An end closes a link and says why, or its host crashes: that end is
    /// gone at once, the other one learns of it.
    pub(crate) fn shut(
        &mut self,
        (link, end): (u64, u8),
        said: Option<Refusal>,
        now: Instant,
        queue: &mut Queue,
    ) {
        let travel = self.latency();
        let other = 1 - end;
        let why = if said.is_some() { Why::Closed } else { Why::Reset };
        let Some(made) = self.links.get_mut(&link) else { return };
        made.closed = said;
        // Before the request was answered there is no other end to tell.
        if made.ends[usize::from(other)].open {
            let at = self.arrival(link, other, now + travel, false);
            queue.push(at, What::Broken { link, end: other, why });
        }
        self.end(link, end);
    }

    /// An end is to learn that its link is no more. That end, and what the
    /// other one said, if the news gets through now.
    pub(crate) fn break_end(
        &mut self,
        (link, end, why): (u64, u8, Why),
        now: Instant,
        queue: &mut Queue,
    ) -> Option<(End, Option<Refusal>)> {
        let made = self.links.get(&link)?;
        let [a, b] = made.ends.map(|end| end.node);
        let told = made.ends[usize::from(end)];
        if !told.open {
            return None;
        }
        if why != Why::Cut && self.is_cut(a, b) {
            queue.push(now + LINK_TIMEOUT, What::Broken { link, end, why: Why::Cut });
            return None;
        }
        let said = made.closed.clone().filter(|_| why == Why::Closed);
        self.end(link, end);
        Some((told, said))
    }

    /// The dialling end learns that its request failed.
    pub(crate) fn refuse(&mut self, link: u64) -> Option<End> {
        let dialer = self.links.get(&link)?.ends[0];
        self.end(link, 0);
        dialer.open.then_some(dialer)
    }

    /// An end does not count on the link any more; with the second one it goes.
    fn end(&mut self, link: u64, end: u8) {
        let Some(made) = self.links.get_mut(&link) else { return };
        made.ends[usize::from(end)].open = false;
        if made.ends.iter().all(|end| !end.open) {
            self.links.remove(&link);
        }
    }

    /// Frames under way to a host that has crashed will not be taken.
    pub(crate) fn lose_frames_to(&mut self, node: u32) {
        for flight in self.flights.values_mut().filter(|flight| flight.to == node) {
            flight.lost.get_or_insert(Fate::Gone);
        }
    }

    /// Cuts, as the act has it, and loses what is under way across the cut.
    pub(crate) fn cut(&mut self, act: &Act, nodes: u32, now: Instant, queue: &mut Queue) {
        match act {
            Act::Partition { groups } => {
                self.groups = vec![groups.len() as u32; nodes as usize];
                for (number, group) in (0..).zip(groups) {
                    for &node in group {
                        self.groups[node as usize] = number;
                    }
                }
            }
            Act::CutLink { a, b } => {
                self.cuts.insert((*a.min(b), *a.max(b)));
            }
            _ => {}
        }
        let crossing = |flight: &&Flight| flight.lost.is_none() && self.is_cut(flight.from, flight.to);
        let crossing: Vec<u64> =
            self.flights.iter().filter(|(_, flight)| crossing(flight)).map(|(id, _)| *id).collect();
        for id in crossing {
            let Some(flight) = self.flights.get_mut(&id) else { continue };
            flight.lost = Some(Fate::Cut);
            let link = flight.link;
            self.doom(link, now, queue);
        }
    }

    /// Ends the partition and all cuts; links that lost frames break now.
    pub(crate) fn heal(&mut self, now: Instant, queue: &mut Queue) {
        self.groups.clear();
        self.cuts.clear();
        let doomed: Vec<u64> = self.links.iter().filter(|(_, link)| link.doomed).map(|(id, _)| *id).collect();
        for link in doomed {
            let at = now + self.latency();
            Self::break_both(link, at, queue);
        }
    }

    fn doom(&mut self, link: u64, now: Instant, queue: &mut Queue) {
        if let Some(made) = self.links.get_mut(&link)
            && !core::mem::replace(&mut made.doomed, true)
        {
            Self::break_both(link, now + LINK_TIMEOUT, queue);
        }
    }

    fn break_both(link: u64, at: Instant, queue: &mut Queue) {
        for end in 0..2 {
            queue.push(at, What::Broken { link, end, why: Why::Cut });
        }
    }

    fn latency(&mut self) -> Duration {
        self.network.latency.draw(&mut self.latency_dice)
    }
}
