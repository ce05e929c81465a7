//! What an event does: inputs handed to engines, and their outputs performed
//! on the network. The only place where an engine is handed an input, at once
//! or, if its process is paused or slow, when that gets round to it (`inbox`).

use super::Sim;
use crate::host::{BACKLOG_MAX, Waiting};
use crate::network::{End, Flight, Tag};
use crate::queue::{What, Why};
use bytes::Bytes;
use rumormill_core::event::{Event, Fate, TraceEvent};
use rumormill_core::wire::Refusal;
use rumormill_core::{Address, Codec, Duration, Input, LinkId, Output};

/// The least time between two timeouts of a node: a deadline that has passed
/// already comes up a moment later, so that no moment lasts for ever.
const TICK: Duration = Duration::from_micros(1);

const TIMED_OUT: &str = "connection timed out";

impl Sim {
    pub(super) fn happen(&mut self, what: What) {
        match what {
            What::Timer { node, .. } => {
                let host = &mut self.hosts[node];
                host.timer_at = None;
                host.timed_out = !host.is_prompt();
                self.hand(node, Input::Timeout);
            }
            What::Dialed { link } => self.on_dialed(link),
            What::Accepted { link } => self.on_accepted(link),
            What::Refused { link, timed_out } => {
                if let Some(end) = self.wires.refuse(link) {
                    self.unlink(end, None, if timed_out { TIMED_OUT } else { "connection refused" });
                }
            }
            What::Broken { link, end, why } => {
                let reason = if why == Why::Reset { "connection reset by peer" } else { TIMED_OUT };
                let told = self.wires.break_end((link, end, why), self.now, &mut self.queue);
                if let Some((end, said)) = told {
                    self.unlink(end, said, reason);
                }
            }
            What::Frame { flight } => self.on_frame(flight),
            What::Written { link, end } => self.on_written(link, end),
            What::Inbox { node } => self.handle_due(node),
            What::Turn { plan } => self.turn(plan),
            What::Act { index } => {
                let timed = self.scenario.acts[index as usize].clone();
                if let Err(error) = self.perform(&timed.act) {
                    self.acts_refused.push((timed, error));
                }
            }
        }
    }

    /// Timers that a later deadline replaced are no events.
    pub(super) fn drop_stale_timers(&mut self) {
        while let Some((_, What::Timer { node, generation })) = self.queue.peek()
            && self.hosts[node].timer_generation != generation
        {
            self.queue.pop();
        }
    }

    /// Performs everything that a node's engine wants done, and sets its timer.
    pub(super) fn drive(&mut self, node: u32) {
        let mut tag = None;
        let now = self.now;
        loop {
            let Some(engine) = &mut self.hosts[node].engine else { return };
            let Some(output) = engine.poll() else { break };
            match output {
                Output::Event(Event::Stopped) => {
                    self.record(node, TraceEvent::Node(Event::Stopped));
                    return self.stop(node);
                }
                Output::Event(event) => {
                    match &event {
                        // The engine reports a frame right before it hands it out.
                        &Event::Sent { number, kind, cause, writes, .. } => {
                            tag = Some(Tag { number, kind, cause, writes });
                        }
                        Event::Denied { .. } => self.totals.denials += 1,
                        _ => {}
                    }
                    self.record(node, TraceEvent::Node(event));
                }
                Output::Dial { link, address } => self.dial(node, link, &address),
                Output::Send { link, frame } => {
                    let tag = tag.take().expect("an engine that traces reports each frame before it");
                    if self.send(node, link, tag, frame) {
                        let host = &mut self.hosts[node];
                        let local = host.clock.now(now);
                        if let Some(engine) = &mut host.engine {
                            engine.handle(Input::Sent { link }, local);
                        }
                    }
                }
                Output::Close { link, refusal } => {
                    if let Some(end) = self.hosts[node].links.remove(&link) {
                        self.wires.shut(end, Some(refusal), now, &mut self.queue);
                    }
                }
            }
        }
        self.set_timer(node);
    }

    pub(super) fn record(&mut self, node: u32, event: TraceEvent) {
        self.tracer.record(self.now, Some(&self.hosts[node].id), event);
    }

    /// Something reaches a node: its engine is told, now or when the process
    /// gets round to it.
    fn hand(&mut self, node: u32, input: Input) {
        if self.hosts[node].is_prompt() {
            self.handle(node, input);
        } else {
            self.wait(node, Waiting::Input(input));
        }
    }

    pub(super) fn handle(&mut self, node: u32, input: Input) {
        let host = &mut self.hosts[node];
        if let Some(engine) = &mut host.engine {
            engine.handle(input, host.clock.now(self.now));
            self.drive(node);
        }
    }

    pub(super) fn set_timer(&mut self, node: u32) {
        let host = &mut self.hosts[node];
        if host.timed_out {
            return;
        }
        let deadline = host.engine.as_ref().and_then(|engine| engine.deadline());
        let deadline = deadline.map(|at| host.clock.when(at).max(self.now + TICK));
        if host.timer_at == deadline {
            return;
        }
        host.timer_at = deadline;
        host.timer_generation += 1;
        if let Some(at) = deadline {
            self.queue.push(at, What::Timer { node, generation: host.timer_generation });
        }
    }

    fn dial(&mut self, node: u32, id: LinkId, address: &Address) {
        let to = self.resolve(address);
        let link = self.wires.dial(node, id, to, self.now, &mut self.queue);
        self.hosts[node].links.insert(id, (link, 0));
    }

    /// Has the frame left already?
    fn send(&mut self, node: u32, link: LinkId, tag: Tag, frame: Bytes) -> bool {
        let Some(&at) = self.hosts[node].links.get(&link) else { return true };
        self.totals.messages += 1;
        self.totals.payload_messages += u64::from(tag.kind.is_payload());
        self.totals.bytes += frame.len() as u64;
        let tally = &mut self.sent[tag.kind as usize][tag.cause as usize];
        tally.messages += 1;
        tally.bytes += frame.len() as u64;
        let Some(sent) = self.wires.send(at, tag, frame, self.now, &mut self.queue) else { return true };
        self.payloads_in_flight += if tag.kind.is_payload() { sent.copies } else { 0 };
        match sent.written_at {
            Some(written_at) if written_at <= self.now => true,
            Some(written_at) => {
                self.queue.push(written_at, What::Written { link: at.0, end: at.1 });
                false
            }
            None => false,
        }
    }

    fn on_written(&mut self, link: u64, end: u8) {
        let end = self.wires.link(link).map(|made| made.ends[usize::from(end)]);
        if let Some(End { node, id, .. }) = end.filter(|end| end.open) {
            self.hand(node, Input::Sent { link: id });
        }
    }

    fn on_dialed(&mut self, link: u64) {
        let Some(made) = self.wires.link(link) else { return };
        let [from, to] = made.ends.map(|end| end.node);
        let host = &mut self.hosts[to];
        if self.wires.paths.is_cut(from, to) {
            self.wires.time_out(link, self.now, &mut self.queue);
        } else if host.engine.is_none() {
            self.wires.answer(link, None, self.now, &mut self.queue);
        } else if host.is_prompt() {
            self.accept(to, link);
        } else {
            self.wires.time_out(link, self.now, &mut self.queue);
            if host.backlog < BACKLOG_MAX {
                host.backlog += 1;
                self.wait(to, Waiting::Dialed { link });
            }
        }
    }

    /// A node takes a request for a link, unless that was given up.
    pub(super) fn accept(&mut self, node: u32, link: u64) {
        if self.wires.link(link).is_none() {
            return;
        }
        let host = &mut self.hosts[node];
        let id = host.next_accepted();
        host.links.insert(id, (link, 1));
        self.wires.answer(link, Some(id), self.now, &mut self.queue);
        self.handle(node, Input::LinkUp { link: id, codec: Codec::Postcard });
    }

    fn on_accepted(&mut self, link: u64) {
        let Some(made) = self.wires.link(link) else { return };
        let [dialer, other] = made.ends;
        if self.wires.paths.is_cut(other.node, dialer.node) {
            return self.wires.time_out(link, self.now, &mut self.queue);
        }
        if dialer.open {
            self.wires.accept(link);
            self.hand(dialer.node, Input::LinkUp { link: dialer.id, codec: Codec::Postcard });
        }
    }

    /// Tells an end that its link is gone: in the other end's words, or what
    /// the host would say.
    fn unlink(&mut self, end: End, said: Option<Refusal>, reason: &'static str) {
        let link = end.id;
        self.hosts[end.node].links.remove(&link);
        self.hand(
            end.node,
            match said {
                Some(refusal) => Input::LinkClosed { link, refusal },
                None => Input::LinkDown { link, reason: reason.into() },
            },
        );
    }

    fn on_frame(&mut self, id: u64) {
        let Some((flight, link)) = self.wires.land(id) else { return };
        self.remember(id, &flight);
        if let Some(fate) = flight.lost {
            self.lose(&flight, fate);
        } else if self.hosts[flight.to].is_prompt() {
            self.receive(flight, link);
        } else {
            self.wires.leave_unread(flight.link, flight.end, flight.frame.len());
            self.wait(flight.to, Waiting::Frame(flight, link));
        }
    }

    /// A frame did not get to its engine.
    pub(super) fn lose(&mut self, flight: &Flight, fate: Fate) {
        let Tag { number, kind, .. } = flight.tag;
        self.payloads_in_flight -= u32::from(kind.is_payload());
        // Nobody misses the second of two.
        if !flight.copy {
            self.totals.lost += 1;
            let to = self.hosts[flight.to].id.clone();
            self.record(flight.from, TraceEvent::Lost { to, number, kind, fate });
        }
    }

    pub(super) fn receive(&mut self, flight: Flight, link: LinkId) {
        let Tag { number, kind, cause, .. } = flight.tag;
        self.payloads_in_flight -= u32::from(kind.is_payload());
        self.totals.payload_arrived += u64::from(kind.is_payload());
        if flight.copy {
            self.totals.duplicated += 1;
            let to = self.hosts[flight.to].id.clone();
            self.record(flight.from, TraceEvent::Duplicated { to, number, kind });
        }
        self.handle(flight.to, Input::Received { link, frame: flight.frame });
        let engine = self.hosts[flight.to].engine.as_ref();
        if let (true, Some(engine)) = (kind.is_payload(), engine) {
            let mut has_latest = false;
            for watch in &mut self.watches {
                has_latest = watch.look(flight.to, flight.from, (kind, cause), engine, self.now);
            }
            if has_latest {
                self.note_step();
            }
        }
    }

    /// The node at an address, if there is one.
    fn resolve(&self, address: &Address) -> Option<u32> {
        let rest = address.as_str().strip_prefix("ws://n")?;
        let (digits, _) = rest.split_once(['.', '-'])?;
        let index: u32 = digits.parse().ok()?;
        self.hosts.get(index).filter(|host| host.address == *address).map(|_| index)
    }
}
