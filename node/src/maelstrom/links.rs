//! Links between engines, made of messages that may be late or lost. A link is
//! dialled with one message and is up with the first frame that comes back.
//! What goes to one node within [`GATHER`] travels in one message, as Nagle's
//! algorithm does it for TCP (RFC 896). Nothing is repeated here: what is lost
//! is the engine's business.

use crate::log;
use rumormill_core::wire::Refusal;
use rumormill_core::{CloseCode, Codec, Duration, Engine, Input, Instant, LinkId, Output, Store};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long what goes to one node waits for more. Chosen for what Gossip
/// Glomers counts: at 50 writes a second over 25 nodes five writes share a
/// message, and with two hops of 100 ms a change still is everywhere well
/// within its 400 ms.
pub const GATHER: Duration = Duration::from_millis(80);

/// How long a node that was dialled may take to answer. A guess: many times
/// the 100 ms that Maelstrom's links usually take each way.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// A part of a message between two nodes. A link is named by whoever dialled
/// it; `dialed` says whether that is the part's sender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Part {
    /// "Let there be this link."
    Dial { link: u64 },
    /// A frame of subprotocol `rumormill.v1+json`, as text: a program on the
    /// way may write JSON anew, but must leave a string alone.
    Frame { link: u64, dialed: bool, text: String },
    /// "There is no such link", or, with a code, "I do not want it any more".
    Close { link: u64, dialed: bool, code: Option<u16>, reason: String },
}

/// The links of one node.
#[derive(Debug, Default)]
pub(super) struct Links {
    wires: BTreeMap<LinkId, Wire>,
    /// Names of links that others dialled, by who and by their number.
    accepted: BTreeMap<(String, u64), LinkId>,
    accepted_count: u64,
    leaving: BTreeMap<String, Leaving>,
}

#[derive(Debug)]
struct Wire {
    peer: String,
    /// The number that whoever dialled gave it.
    number: u64,
    /// When it counts as not answered, while it is not.
    dialing_until: Option<Instant>,
}

/// What is about to leave for one node.
#[derive(Debug)]
struct Leaving {
    at: Instant,
    parts: Vec<Part>,
    /// The links whose frames are among them, once for each.
    frames: Vec<LinkId>,
}

/// Where a node of this name is dialled.
pub(super) fn address_of(node: &str) -> String {
    format!("ws://{node}/")
}

fn node_at(address: &str) -> String {
    address.trim_start_matches("ws://").trim_end_matches('/').to_owned()
}

impl Links {
    /// Takes in a message from another node.
    pub(super) fn take_in(&mut self, from: &str, parts: Vec<Part>, engine: &mut Engine<Store>, now: Instant) {
        for part in parts {
            match part {
                Part::Dial { link } => self.accept(from, link, engine, now),
                Part::Frame { link, dialed, text } => match self.named(from, link, dialed) {
                    Some(id) => {
                        if self.wires.get_mut(&id).is_some_and(|wire| wire.dialing_until.take().is_some()) {
                            engine.handle(Input::LinkUp { link: id, codec: Codec::Json }, now);
                        }
                        engine.handle(Input::Received { link: id, frame: text.into() }, now);
                    }
                    None => {
                        let reason = "there is no such link".to_owned();
                        let close = Part::Close { link, dialed: !dialed, code: None, reason };
                        self.leave(from.to_owned(), close, now);
                    }
                },
                Part::Close { link, dialed, code, reason } => {
                    if let Some(id) = self.named(from, link, dialed) {
                        self.forget(id);
                        let code = code.and_then(CloseCode::from_number);
                        engine.handle(
                            match code {
                                Some(code) => {
                                    Input::LinkClosed { link: id, refusal: Refusal::new(code, reason) }
                                }
                                None => Input::LinkDown { link: id, reason: reason.into() },
                            },
                            now,
                        );
                    }
                }
            }
            self.perform(engine, now);
        }
    }

    /// Does what the engine wants done.
    pub(super) fn perform(&mut self, engine: &mut Engine<Store>, now: Instant) {
        while let Some(output) = engine.poll() {
            match output {
                Output::Dial { link, address } => {
                    let LinkId::Dialed(number) = link else { continue };
                    let peer = node_at(address.as_str());
                    let dialing_until = Some(now + ANSWER_WITHIN);
                    self.wires.insert(link, Wire { peer: peer.clone(), number, dialing_until });
                    self.leave(peer, Part::Dial { link: number }, now);
                }
                Output::Send { link, frame } => {
                    let Some(wire) = self.wires.get(&link) else { continue };
                    let text = String::from_utf8_lossy(&frame).into_owned();
                    let part = Part::Frame { link: wire.number, dialed: is_dialed(link), text };
                    self.leave(wire.peer.clone(), part, now).frames.push(link);
                }
                Output::Close { link, refusal } => {
                    let Some(wire) = self.forget(link) else { continue };
                    log::closed(engine.id(), link, &wire.peer, &refusal);
                    let (code, reason) = (Some(refusal.code.number()), refusal.reason.into_owned());
                    let part = Part::Close { link: wire.number, dialed: is_dialed(link), code, reason };
                    self.leave(wire.peer, part, now);
                }
                Output::Event(event) => log::event(engine.id(), &event),
            }
        }
    }

    /// When something has to be done here.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let answers = self.wires.values().filter_map(|wire| wire.dialing_until);
        answers.chain(self.leaving.values().map(|leaving| leaving.at)).min()
    }

    /// Gives up on those who did not answer, and hands out what has waited long enough.
    pub(super) fn tick(&mut self, engine: &mut Engine<Store>, now: Instant) -> Vec<(String, Vec<Part>)> {
        let late = |wire: &Wire| wire.dialing_until.is_some_and(|until| until <= now);
        let silent: Vec<LinkId> =
            self.wires.iter().filter(|(_, wire)| late(wire)).map(|(id, _)| *id).collect();
        for link in silent {
            self.forget(link);
            let reason = format!("no answer within {} s", ANSWER_WITHIN.as_micros() / 1_000_000);
            engine.handle(Input::LinkDown { link, reason: reason.into() }, now);
        }
        self.perform(engine, now);
        let due: Vec<String> = self
            .leaving
            .iter()
            .filter(|(_, leaving)| leaving.at <= now)
            .map(|(node, _)| node.clone())
            .collect();
        let mut messages = Vec::new();
        for node in due {
            let Some(leaving) = self.leaving.remove(&node) else { continue };
            messages.push((node, leaving.parts));
            for link in leaving.frames {
                engine.handle(Input::Sent { link }, now);
            }
        }
        self.perform(engine, now);
        messages
    }

    fn accept(&mut self, from: &str, number: u64, engine: &mut Engine<Store>, now: Instant) {
        let name = (from.to_owned(), number);
        if self.accepted.contains_key(&name) {
            return;
        }
        self.accepted_count += 1;
        let link = LinkId::Accepted(self.accepted_count);
        self.accepted.insert(name, link);
        self.wires.insert(link, Wire { peer: from.to_owned(), number, dialing_until: None });
        engine.handle(Input::LinkUp { link, codec: Codec::Json }, now);
    }

    /// The link of this number, as the other end names it.
    fn named(&self, peer: &str, number: u64, dialed: bool) -> Option<LinkId> {
        if dialed {
            return self.accepted.get(&(peer.to_owned(), number)).copied();
        }
        let id = LinkId::Dialed(number);
        self.wires.get(&id).filter(|wire| wire.peer == peer).map(|_| id)
    }

    fn forget(&mut self, link: LinkId) -> Option<Wire> {
        let wire = self.wires.remove(&link)?;
        if !is_dialed(link) {
            self.accepted.remove(&(wire.peer.clone(), wire.number));
        }
        Some(wire)
    }

    fn leave(&mut self, node: String, part: Part, now: Instant) -> &mut Leaving {
        let at = now + GATHER;
        let leaving =
            self.leaving.entry(node).or_insert_with(|| Leaving { at, parts: Vec::new(), frames: Vec::new() });
        leaving.parts.push(part);
        leaving
    }
}

fn is_dialed(link: LinkId) -> bool {
    matches!(link, LinkId::Dialed(_))
}
