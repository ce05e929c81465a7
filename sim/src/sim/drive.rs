//! What an event does: inputs handed to engines, and their outputs performed
//! on the network. The only place where an engine is handed anything; a clock
//! of its own for each node would go into [`Sim::hand`].

use super::Sim;
use crate::network::{End, Tag};
use crate::queue::{What, Why};
use bytes::Bytes;
use rumormill_core::event::{Event, TraceEvent};
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
                self.hosts[node as usize].timer_at = None;
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
            && self.hosts[node as usize].timer_generation != generation
        {
            self.queue.pop();
        }
    }

    /// Performs everything that a node's engine wants done, and sets its timer.
    pub(super) fn drive(&mut self, node: u32) {
        let mut tag = None;
        loop {
            let now = self.now;
            let Some(engine) = &mut self.hosts[node as usize].engine else { return };
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
                    self.send(node, link, tag, frame);
                    // Links have no bandwidth yet: a frame has left at once.
                    if let Some(engine) = &mut self.hosts[node as usize].engine {
                        engine.handle(Input::Sent { link }, now);
                    }
                }
                Output::Close { link, refusal } => {
                    if let Some(end) = self.hosts[node as usize].links.remove(&link) {
                        self.wires.shut(end, Some(refusal), now, &mut self.queue);
                    }
                }
            }
        }
        self.set_timer(node);
    }

    pub(super) fn record(&mut self, node: u32, event: TraceEvent) {
        self.tracer.record(self.now, Some(&self.hosts[node as usize].id), event);
    }

    fn hand(&mut self, node: u32, input: Input) {
        if let Some(engine) = &mut self.hosts[node as usize].engine {
            engine.handle(input, self.now);
            self.drive(node);
        }
    }

    fn set_timer(&mut self, node: u32) {
        let host = &mut self.hosts[node as usize];
        let deadline = host.engine.as_ref().and_then(|engine| engine.deadline());
        let deadline = deadline.map(|at| at.max(self.now + TICK));
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
        self.hosts[node as usize].links.insert(id, (link, 0));
    }

    fn send(&mut self, node: u32, link: LinkId, tag: Tag, frame: Bytes) {
        let Some(&at) = self.hosts[node as usize].links.get(&link) else { return };
        self.totals.messages += 1;
        self.totals.payload_messages += u64::from(tag.kind.is_payload());
        self.totals.bytes += frame.len() as u64;
        let tally = &mut self.sent[tag.kind as usize][tag.cause as usize];
        tally.messages += 1;
        tally.bytes += frame.len() as u64;
        if self.wires.send(at, tag, frame, self.now, &mut self.queue) {
            self.payloads_in_flight += u32::from(tag.kind.is_payload());
        }
    }

    fn on_dialed(&mut self, link: u64) {
        let Some(made) = self.wires.link(link) else { return };
        let [from, to] = made.ends.map(|end| end.node);
        if self.wires.is_cut(from, to) {
            return self.wires.time_out(link, self.now, &mut self.queue);
        }
        let host = &mut self.hosts[to as usize];
        if host.engine.is_none() {
            return self.wires.answer(link, None, self.now, &mut self.queue);
        }
        let id = host.next_accepted();
        host.links.insert(id, (link, 1));
        self.wires.answer(link, Some(id), self.now, &mut self.queue);
        self.hand(to, Input::LinkUp { link: id, codec: Codec::Postcard });
    }

    fn on_accepted(&mut self, link: u64) {
        let Some(made) = self.wires.link(link) else { return };
        let [dialer, other] = made.ends;
        if self.wires.is_cut(dialer.node, other.node) {
            return self.wires.time_out(link, self.now, &mut self.queue);
        }
        if dialer.open {
            self.hand(dialer.node, Input::LinkUp { link: dialer.id, codec: Codec::Postcard });
        }
    }

    /// Tells an end that its link is gone: in the other end's words, or what
    /// the host would say.
    fn unlink(&mut self, end: End, said: Option<Refusal>, reason: &'static str) {
        let link = end.id;
        self.hosts[end.node as usize].links.remove(&link);
        self.hand(
            end.node,
            match said {
                Some(refusal) => Input::LinkClosed { link, refusal },
                None => Input::LinkDown { link, reason: reason.into() },
            },
        );
    }

    fn on_frame(&mut self, flight: u64) {
        let Some((flight, link)) = self.wires.land(flight) else { return };
        let payload = flight.tag.kind.is_payload();
        self.payloads_in_flight -= u32::from(payload);
        if let Some(fate) = flight.lost {
            self.totals.lost += 1;
            let (number, kind) = (flight.tag.number, flight.tag.kind);
            let to = self.hosts[flight.to as usize].id.clone();
            return self.record(flight.from, TraceEvent::Lost { to, number, kind, fate });
        }
        self.hand(flight.to, Input::Received { link, frame: flight.frame });
        let engine = self.hosts[flight.to as usize].engine.as_ref();
        if let (true, Some(engine), Some(watch)) = (payload, engine, &mut self.watch) {
            watch.look(flight.to, flight.from, engine, self.now);
        }
    }

    /// The node at an address, if there is one.
    fn resolve(&self, address: &Address) -> Option<u32> {
        let rest = address.as_str().strip_prefix("ws://n")?;
        let (digits, _) = rest.split_once(['.', '-'])?;
        let index: u32 = digits.parse().ok()?;
        self.hosts.get(index as usize).filter(|host| host.address == *address).map(|_| index)
    }
}
