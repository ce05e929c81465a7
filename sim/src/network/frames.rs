//! Frames on the simulated network: when one leaves, when it arrives, how often
//! and whether at all. How links come and go is not known here.

use super::Wires;
use crate::queue::{Queue, What};
use crate::sim::ActError;
use bytes::Bytes;
use rumormill_core::event::Fate;
use rumormill_core::rng::Rng;
use rumormill_core::{Cause, Duration, Instant, LinkId, MessageKind};

/// How many bytes wait for a reader before the writer has to: what Linux gives
/// a socket at first (tcp_rmem).
pub(crate) const RECEIVE_BUFFER_BYTES: u64 = 128 * 1024;

/// A frame under way.
#[derive(Debug, Clone)]
pub(crate) struct Flight {
    pub(crate) link: u64,
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// The end of the link that it goes to.
    pub(crate) end: u8,
    pub(crate) tag: Tag,
    pub(crate) sent_at: Instant,
    pub(super) written_at: Instant,
    pub(crate) arrives_at: Instant,
    pub(crate) lost: Option<Fate>,
    /// Is it the second of a frame that arrives twice?
    pub(crate) copy: bool,
    pub(crate) frame: Bytes,
}

/// What becomes of a frame that was handed to the network.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    /// As how many it is under way.
    pub(crate) copies: u32,
    /// When it has left; none: when the receiver has read some.
    pub(crate) written_at: Option<Instant>,
}

/// What the sender says of a frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tag {
    pub(crate) number: u64,
    pub(crate) kind: MessageKind,
    pub(crate) cause: Cause,
    pub(crate) writes: u32,
}

impl Wires {
    /// Sends a frame from an end of a link; none if the link is not there.
    pub(crate) fn send(
        &mut self,
        (link, from_end): (u64, u8),
        tag: Tag,
        frame: Bytes,
        now: Instant,
        queue: &mut Queue,
    ) -> Option<Sent> {
        let end = 1 - from_end;
        let ends = self.links.get(&link)?.ends;
        let (from, to) = (ends[usize::from(from_end)].node, ends[usize::from(end)].node);
        let travel = self.latency(from, to);
        let is_gossip = tag.kind != MessageKind::Hello;
        let happens = |dice: &mut Rng, ppm: u32| ppm > 0 && is_gossip && dice.chance(ppm);
        let unlucky = happens(&mut self.loss_dice, self.network.loss_ppm);
        let late = happens(&mut self.reorder_dice, self.network.reorder_ppm);
        let twice = happens(&mut self.duplicate_dice, self.network.duplicate_ppm);
        let lost = match (self.paths.is_cut(from, to), unlucky) {
            (true, _) => Some(Fate::Cut),
            (false, true) => Some(Fate::Loss),
            (false, false) => None,
        };
        let (leaves_at, written_at) = self.write(link, end, frame.len() as u64, now);
        let arrives_at = if late {
            let network = self.network.latency;
            leaves_at + travel + network.draw(&mut self.reorder_dice) + network.draw(&mut self.reorder_dice)
        } else {
            self.arrival(link, end, leaves_at + travel, lost.is_some())
        };
        let flight = Flight {
            link,
            from,
            to,
            end,
            tag,
            sent_at: now,
            written_at: leaves_at,
            arrives_at,
            lost,
            copy: false,
            frame,
        };
        if twice && lost.is_none() {
            let arrives_at = arrives_at + self.network.latency.draw(&mut self.duplicate_dice);
            let frame = flight.frame.clone();
            self.fly(Flight { frame, ..flight }, queue);
            self.fly(Flight { arrives_at, copy: true, ..flight }, queue);
        } else {
            self.fly(flight, queue);
        }
        if lost == Some(Fate::Cut) || self.paths.is_cut(to, from) {
            self.doom(link, now, queue);
        }
        Some(Sent { copies: if twice && lost.is_none() { 2 } else { 1 }, written_at })
    }

    fn fly(&mut self, flight: Flight, queue: &mut Queue) {
        self.flights_made += 1;
        queue.push(flight.arrives_at, What::Frame { flight: self.flights_made });
        self.flights.insert(self.flights_made, flight);
    }

    /// When a frame of so many bytes leaves, and when its sender is told so.
    fn write(&mut self, link: u64, end: u8, bytes: u64, now: Instant) -> (Instant, Option<Instant>) {
        let bandwidth = self.network.bandwidth_bytes_per_s;
        let Some(made) = self.links.get_mut(&link) else { return (now, Some(now)) };
        let end = usize::from(end);
        let start = now.max(made.busy_until[end]);
        let takes_us = match bandwidth {
            0 => 0,
            _ => (bytes * 1_000_000).div_ceil(bandwidth),
        };
        let leaves_at = start + Duration::from_micros(takes_us);
        made.busy_until[end] = leaves_at;
        let held_up = made.unread_bytes[end] >= RECEIVE_BUFFER_BYTES;
        made.held_up[end] += u32::from(held_up);
        (leaves_at, (!held_up).then_some(leaves_at))
    }

    /// Frames to an end wait there for being read.
    pub(crate) fn leave_unread(&mut self, link: u64, end: u8, bytes: usize) {
        if let Some(made) = self.links.get_mut(&link) {
            made.unread_bytes[usize::from(end)] += bytes as u64;
        }
    }

    /// They were read: whoever waits to write may.
    pub(crate) fn read(&mut self, link: u64, end: u8, bytes: usize, now: Instant, queue: &mut Queue) {
        let Some(made) = self.links.get_mut(&link) else { return };
        let at = usize::from(end);
        made.unread_bytes[at] = made.unread_bytes[at].saturating_sub(bytes as u64);
        if made.unread_bytes[at] < RECEIVE_BUFFER_BYTES {
            for _ in 0..core::mem::take(&mut made.held_up[at]) {
                queue.push(now.max(made.busy_until[at]), What::Written { link, end: 1 - end });
            }
        }
    }

    /// When something sent on a link arrives: not before what was sent earlier.
    pub(super) fn arrival(&mut self, link: u64, end: u8, at: Instant, lost: bool) -> Instant {
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

    /// Takes a frame out that is under way. It still shows until it would have arrived.
    pub(crate) fn drop_frame(&mut self, frame: u64) -> Result<(), ActError> {
        let flight = self.flights.get_mut(&frame).filter(|flight| flight.lost.is_none());
        let flight = flight.ok_or(ActError::NotUnderWay(frame))?;
        if flight.tag.kind == MessageKind::Hello {
            return Err(ActError::Greeting(frame));
        }
        flight.lost = Some(Fate::Dropped);
        Ok(())
    }

    /// Frames under way to a host that has crashed will not be taken, and what
    /// it had not written yet will not be sent.
    pub(crate) fn lose_frames_of(&mut self, node: u32, now: Instant) {
        let gone =
            |flight: &&mut Flight| flight.to == node || (flight.from == node && flight.written_at > now);
        for flight in self.flights.values_mut().filter(gone) {
            flight.lost.get_or_insert(Fate::Gone);
        }
    }
}
