//! What waits for a process that is stopped or slow, and what happens when it
//! gets round to it. In the order in which it came, whatever it is.

use super::Sim;
use super::acts::ActError;
use crate::host::Waiting;
use crate::queue::What;
use rumormill_core::event::{Fate, TraceEvent};
use rumormill_core::{Duration, Input, Tuning};

impl Sim {
    pub(super) fn wait(&mut self, node: u32, waiting: Waiting) {
        let host = &mut self.hosts[node];
        if host.engine.is_none() {
            return;
        }
        let due = host.wait(waiting, self.now);
        if !host.paused {
            self.queue.push(due, What::Inbox { node });
        }
    }

    /// A node handles all that is due.
    pub(super) fn handle_due(&mut self, node: u32) {
        while let Some(waiting) = self.hosts[node].take_due(self.now) {
            match waiting {
                Waiting::Dialed { link } => {
                    self.hosts[node].backlog -= 1;
                    self.accept(node, link);
                }
                Waiting::Frame(flight, link) => {
                    let (at, end, bytes) = (flight.link, flight.end, flight.frame.len());
                    self.wires.read(at, end, bytes, self.now, &mut self.queue);
                    self.receive(flight, link);
                }
                Waiting::Input(input) => {
                    if matches!(input, Input::Timeout) {
                        self.hosts[node].timed_out = false;
                    }
                    self.handle(node, input);
                }
                Waiting::Tune(tuning) => self.tune(node, tuning),
            }
        }
    }

    /// What waits for a node that is not up any more is lost.
    pub(super) fn empty_inbox(&mut self, node: u32) {
        let host = &mut self.hosts[node];
        host.backlog = 0;
        for (_, waiting) in core::mem::take(&mut host.inbox) {
            match waiting {
                Waiting::Dialed { link } => self.wires.answer(link, None, self.now, &mut self.queue),
                Waiting::Frame(flight, _) => self.lose(&flight, Fate::Gone),
                Waiting::Input(_) | Waiting::Tune(_) => {}
            }
        }
    }

    pub(super) fn tune_in_turn(&mut self, node: u32, tuning: Tuning) {
        if self.hosts[node].is_prompt() {
            self.tune(node, tuning);
        } else {
            self.wait(node, Waiting::Tune(tuning));
        }
    }

    pub(super) fn pause(&mut self, node: u32) -> Result<(), ActError> {
        self.engine_mut(node)?;
        self.hosts[node].paused = true;
        self.record(node, TraceEvent::Paused);
        Ok(())
    }

    pub(super) fn resume(&mut self, node: u32) -> Result<(), ActError> {
        let host = &mut self.hosts[node];
        if !core::mem::take(&mut host.paused) {
            return Err(ActError::NotPaused(node));
        }
        for (due, _) in &host.inbox {
            self.queue.push((*due).max(self.now), What::Inbox { node });
        }
        self.record(node, TraceEvent::Resumed);
        Ok(())
    }

    /// What waits already is not handled any sooner: it keeps its order.
    pub(super) fn slow(&mut self, node: u32, delay_us: Duration) {
        self.hosts[node].delay = delay_us;
        self.record(node, TraceEvent::Slowed { delay_us });
    }

    pub(super) fn set_clock(&mut self, node: u32, skew_us: i64) {
        self.hosts[node].clock.set(skew_us, self.now);
        self.note_clock(node);
    }

    pub(super) fn drift(&mut self, node: u32, ppm: i32) {
        self.hosts[node].clock.drift(ppm, self.now);
        self.note_clock(node);
    }

    fn note_clock(&mut self, node: u32) {
        let (ahead_us, drift_ppm) = self.hosts[node].clock.error(self.now);
        self.record(node, TraceEvent::ClockSet { ahead_us, drift_ppm });
        self.set_timer(node);
    }
}
