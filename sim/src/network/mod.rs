//! The simulated network: links, and with them frames under way (`frames`) and
//! the ways that are open (`paths`), and the dice that decide how long a frame
//! takes and whether it is lost. It knows no engines: who is told what, and
//! when the ends act on it, is the simulator's business.
//!
//! The rules, which follow what TCP does under a WebSocket:
//! - A link is opened by a request and an answer, each taking one latency. A
//!   host that is down refuses after that round trip; into a cut a request
//!   times out after [`CONNECT_TIMEOUT`], and so does one to a process that
//!   does not get round to it.
//! - Frames on a link keep their order in each direction. With a bandwidth, a
//!   frame leaves when the one before has been written, and its sender learns
//!   that it has been written then. A receiver that does not read holds the
//!   sender up once [`frames::RECEIVE_BUFFER_BYTES`] wait for it.
//! - A frame lost, doubled or overtaken by chance is treated as a datagram
//!   would be: it stands for whatever a driver, a proxy or a full buffer may
//!   do. Greetings and the closing of links are exempt, or no link would ever
//!   be more than luck.
//! - A frame that is under way when its path is cut, or sent into a cut, is
//!   lost. TCP never skips a frame, so the link is lost with it: it breaks at
//!   both ends [`LINK_TIMEOUT`] later, or right after the heal if that is
//!   sooner. A link on which nothing is sent survives a cut.
//! - Where only one way is cut, frames the other way arrive, but nobody can
//!   confirm them, so the link is lost all the same. A request for a link that
//!   gets through, and whose answer does not, leaves half a link behind.
//! - A host that crashes resets its links, and what it had not written yet is
//!   lost; a cut hides a reset, and a close, until the timeout.

mod frames;
mod paths;

pub(crate) use frames::{Flight, Tag};

use crate::latency::Latency;
use crate::queue::{Queue, What, Why};
use crate::scenario::{Act, Network};
use paths::Paths;
use rumormill_core::event::Fate;
use rumormill_core::rng::Rng;
use rumormill_core::wire::Refusal;
use rumormill_core::{Duration, Instant, LinkId};
use std::collections::BTreeMap;

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

#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// The end that dialled, then the other, which has no name and is not open
    /// before it accepts.
    pub(crate) ends: [End; 2],
    pub(crate) dialed_at: Instant,
    /// Does the end that dialled know that it is open?
    pub(crate) up: bool,
    /// When the last frame to each end arrives: none overtakes it.
    last_arrival: [Instant; 2],
    /// Until when the way to each end is busy with what was handed to it.
    busy_until: [Instant; 2],
    /// How many bytes wait at each end for being read.
    unread_bytes: [u64; 2],
    /// How many frames to each end wait for that before they are written.
    held_up: [u32; 2],
    /// Lost a frame at a cut.
    doomed: bool,
    /// What the end that closed it said.
    closed: Option<Refusal>,
}

#[derive(Debug, Clone)]
pub(crate) struct Wires {
    pub(crate) network: Network,
    pub(crate) paths: Paths,
    latency_dice: Rng,
    loss_dice: Rng,
    duplicate_dice: Rng,
    reorder_dice: Rng,
    links: BTreeMap<u64, Link>,
    links_made: u64,
    flights: BTreeMap<u64, Flight>,
    flights_made: u64,
}

impl Wires {
    /// A network without cuts. Each kind of chance has dice of its own, so
    /// that a lossless run and a lossy one share their latencies.
    pub(crate) fn new(network: Network, seed: u64) -> Self {
        let dice = |what| Rng::new(rumormill_core::hash::part(what, &[seed]));
        Self {
            network,
            paths: Paths::default(),
            latency_dice: dice("latency"),
            loss_dice: dice("loss"),
            duplicate_dice: dice("duplicate"),
            reorder_dice: dice("reorder"),
            links: BTreeMap::new(),
            links_made: 0,
            flights: BTreeMap::new(),
            flights_made: 0,
        }
    }

    pub(crate) fn link(&self, link: u64) -> Option<&Link> {
        self.links.get(&link)
    }

    pub(crate) fn flights(&self) -> impl Iterator<Item = (u64, &Flight)> {
        self.flights.iter().map(|(id, flight)| (*id, flight))
    }

    pub(crate) fn flight(&self, id: u64) -> Option<&Flight> {
        self.flights.get(&id)
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
        let arrives = now + self.latency(from, to.unwrap_or(from));
        let other = End { node: to.unwrap_or(from), id: LinkId::Accepted(0), open: false };
        let ends = [End { node: from, id, open: true }, other];
        let made = Link {
            ends,
            dialed_at: now,
            up: false,
            last_arrival: [now, arrives],
            busy_until: [now; 2],
            unread_bytes: [0; 2],
            held_up: [0; 2],
            doomed: false,
            closed: None,
        };
        self.links.insert(link, made);
        match to {
            None => queue.push(arrives, What::Refused { link, timed_out: false }),
            Some(to) if self.paths.is_cut(from, to) => self.time_out(link, now, queue),
            Some(_) => queue.push(arrives, What::Dialed { link }),
        }
        link
    }

    /// The request arrived, and the host takes it or not.
    pub(crate) fn answer(&mut self, link: u64, accepted: Option<LinkId>, now: Instant, queue: &mut Queue) {
        let Some([dialer, other]) = self.links.get(&link).map(|made| made.ends) else { return };
        let back = now + self.latency(other.node, dialer.node);
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

    /// The answer is there.
    pub(crate) fn accept(&mut self, link: u64) {
        if let Some(made) = self.links.get_mut(&link) {
            made.up = true;
        }
    }

    /// The answer will not come, or not before the dialling end has given up.
    pub(crate) fn time_out(&mut self, link: u64, now: Instant, queue: &mut Queue) {
        let Some(made) = self.links.get(&link) else { return };
        let at = (made.dialed_at + CONNECT_TIMEOUT).max(now);
        queue.push(at, What::Refused { link, timed_out: true });
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
        let other = 1 - end;
        let Some(ends) = self.links.get(&link).map(|made| made.ends) else { return };
        let travel = self.latency(ends[usize::from(end)].node, ends[usize::from(other)].node);
        let why = if said.is_some() { Why::Closed } else { Why::Reset };
        let Some(made) = self.links.get_mut(&link) else { return };
        made.closed = said;
        if why == Why::Reset {
            // What was not written yet is not waited for.
            let sent = self.flights.values().filter(|flight| flight.link == link && flight.end == other);
            let written = sent.filter(|flight| flight.written_at <= now).map(|flight| flight.arrives_at);
            made.last_arrival[usize::from(other)] = written.max().unwrap_or(now);
        }
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
        let (told, other) = (made.ends[usize::from(end)], made.ends[usize::from(1 - end)]);
        if !told.open {
            return None;
        }
        if why != Why::Cut && self.paths.is_cut(other.node, told.node) {
            queue.push(now + LINK_TIMEOUT, What::Broken { link, end, why: Why::Cut });
            return None;
        }
        let said = made.closed.clone().filter(|_| why == Why::Closed);
        self.end(link, end);
        Some((told, said))
    }

    /// The dialling end learns that its request failed.
    pub(crate) fn refuse(&mut self, link: u64) -> Option<End> {
        let made = self.links.get(&link).filter(|made| !made.up)?;
        let dialer = made.ends[0];
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

    /// Cuts, as the act has it, and loses what is under way across the cut.
    pub(crate) fn cut(&mut self, act: &Act, nodes: u32, now: Instant, queue: &mut Queue) {
        match act {
            Act::Partition { groups } => self.paths.partition(groups, nodes),
            Act::CutLink { a, b } => {
                self.paths.cut(*a, *b);
                self.paths.cut(*b, *a);
            }
            Act::CutOneWay { from, to } => self.paths.cut(*from, *to),
            _ => {}
        }
        let paths = &self.paths;
        let mut doomed = Vec::new();
        for flight in self.flights.values_mut().filter(|flight| flight.lost.is_none()) {
            let (there, back) = (paths.is_cut(flight.from, flight.to), paths.is_cut(flight.to, flight.from));
            if there {
                flight.lost = Some(Fate::Cut);
            }
            if there || back {
                doomed.push(flight.link);
            }
        }
        for link in doomed {
            self.doom(link, now, queue);
        }
    }

    /// Ends the partition and all cuts; links that lost frames break now.
    pub(crate) fn heal(&mut self, now: Instant, queue: &mut Queue) {
        self.paths.heal();
        self.break_doomed(now, queue);
    }

    /// Ends what was cut between two nodes; links that lost frames break now.
    pub(crate) fn mend(&mut self, a: u32, b: u32, now: Instant, queue: &mut Queue) {
        self.paths.mend(a, b);
        self.break_doomed(now, queue);
    }

    /// Frames between two nodes take a time of their own from now on, or not
    /// any more.
    pub(crate) fn delay(&mut self, a: u32, b: u32, latency: Option<Latency>) {
        self.paths.delay(a, b, latency);
    }

    fn break_doomed(&mut self, now: Instant, queue: &mut Queue) {
        let open = |link: &Link| {
            let [a, b] = link.ends.map(|end| end.node);
            !self.paths.is_cut(a, b) && !self.paths.is_cut(b, a)
        };
        let doomed = self.links.iter().filter(|(_, link)| link.doomed && open(link));
        let doomed: Vec<_> = doomed.map(|(id, link)| (*id, link.ends.map(|end| end.node))).collect();
        for (link, [a, b]) in doomed {
            let at = now + self.latency(a, b);
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

    fn latency(&mut self, a: u32, b: u32) -> Duration {
        let latency = self.paths.latency(a, b).unwrap_or(self.network.latency);
        latency.draw(&mut self.latency_dice)
    }
}
