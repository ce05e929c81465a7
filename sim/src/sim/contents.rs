//! What a frame carries, for whoever looks: it is decoded as its
//! receiver will decode it, and nothing changes by it.

use super::Sim;
use crate::watch::Watch;
use rumormill_core::state::store::{Delta, Digest, Item, Run, Write};
use rumormill_core::wire::{self, Message};
use rumormill_core::{Codec, Writer};

/// A write in a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// Who wrote it.
    pub writer: Writer,
    /// The writer's sequence number for it.
    pub sequence: u64,
    /// The key.
    pub key: String,
    /// What it wrote, in words.
    pub what: String,
}

impl Sim {
    /// The writes in a frame under way, or in one that is remembered, that still
    /// stand, in their order; none if there is no such frame. `id` is [`InFlight::id`](super::InFlight::id).
    pub fn contents(&self, id: u64) -> Option<Vec<Carried>> {
        let runs = self.runs(id)?;
        let of_run = |run: Run| {
            let Run { writer, items, .. } = run;
            items.into_iter().map(move |item| carried(&writer, item))
        };
        Some(runs.into_iter().flat_map(of_run).collect())
    }

    /// Does a frame under way bring its receiver that change, or what came in
    /// its place?
    pub fn carries(&self, id: u64, watch: &Watch) -> bool {
        let covers = |run: &Run| {
            run.writer == watch.writer && run.after < watch.sequence && watch.sequence <= run.upto
        };
        self.runs(id).is_some_and(|runs| runs.iter().any(covers))
    }

    fn runs(&self, id: u64) -> Option<Vec<Run>> {
        let (kind, frame) = match self.wires.flight(id) {
            Some(flight) => (flight.tag.kind, Some(&flight.frame)),
            None => {
                let landed = self.landed.iter().rev().find(|landed| landed.flight.id == id)?;
                (landed.flight.kind, landed.frame.as_ref())
            }
        };
        if !kind.is_payload() {
            return Some(Vec::new());
        }
        let frame = wire::decode_frame::<Digest, Delta>(frame?, Codec::Postcard).ok()?;
        match frame.message {
            Message::Rumor { delta } | Message::Delta { delta, .. } => Some(delta.runs),
            _ => Some(Vec::new()),
        }
    }
}

fn carried(writer: &Writer, item: Item) -> Carried {
    let what = match item.write {
        Write::Register(written, _) | Write::MultiValue(written, _) => match written.value {
            Some(value) => format!("= {}", value.to_json()),
            None => "deleted".to_owned(),
        },
        Write::Element { element, present: true, .. } => format!("+ {}", element.to_json()),
        Write::Element { element, .. } => format!("without {}", element.to_json()),
        Write::Counter(totals) => format!("counts {}", i128::from(totals.up) - i128::from(totals.down)),
        Write::CounterReset(_) => "counter deleted".to_owned(),
    };
    Carried { writer: writer.clone(), sequence: item.sequence, key: item.key.to_string(), what }
}
