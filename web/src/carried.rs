//! What the shell tells a place, as the place's props, and what the place tells the shell. One function for each
//! program; what it carries is linked into it and into no other.

use crate::glue::programs::{Mounted, Shown, Teller, Told, mount};
use crate::lab::{Lab, LabProps, handover::Handover};
use crate::live::{Live, LiveProps};
use crate::race::{Race, RaceProps};
use crate::route::Place;
use crate::share::packed;
use std::{cell::RefCell, rc::Rc};
use web_sys::{Element, File};
use yew::{AttrValue, Callback};

/// Most bytes of a cluster that is handed over. A guess: a thousand nodes with what is done to each are a tenth of it.
const HANDOVER_BYTES_MAX: usize = 4_000_000;

/// What a link that is handed over begins with; no packed cluster does.
const RUN: &str = "run:";

/// Mounts the Lab, or Replay.
pub fn lab(place: &str, host: Element, teller: Teller) -> Mounted {
    let is_replay = place == Place::Replay.as_str();
    let on_run = teller.clone();
    let on_run =
        Callback::from(move |query: AttrValue| on_run.tell(&Told::Handover(format!("{RUN}{query}").into())));
    let on_query = Callback::from(move |(query, is_step)| teller.tell(&Told::Query(query, is_step)));
    // Each counts once, so the same one must stay the same.
    let taken: RefCell<Option<Rc<Handover>>> = RefCell::default();
    let run: RefCell<Option<(u32, AttrValue)>> = RefCell::default();
    mount::<Lab>(host, move |shown: &Shown| {
        if let Some((number, text)) = &shown.handed {
            match text.strip_prefix(RUN) {
                Some(query) => *run.borrow_mut() = Some((*number, query.to_owned().into())),
                None => *taken.borrow_mut() = packed::unpack(text, HANDOVER_BYTES_MAX).map(Rc::new),
            }
        }
        LabProps {
            active: shown.active,
            is_dark: shown.is_dark,
            handover: taken.borrow().clone(),
            run: run.borrow().clone(),
            on_run: on_run.clone(),
            is_replay,
            file: shown.file.clone(),
            query: shown.query.clone(),
            on_query: on_query.clone(),
        }
    })
}

/// Mounts the Race.
pub fn race(_: &str, host: Element, _: Teller) -> Mounted {
    mount::<Race>(host, |shown: &Shown| RaceProps {
        query: shown.query.clone(),
        active: shown.active,
        is_dark: shown.is_dark,
    })
}

/// Mounts Live.
pub fn live(_: &str, host: Element, teller: Teller) -> Mounted {
    let (on_query, on_what_if, on_file) = (teller.clone(), teller.clone(), teller);
    let on_file = Callback::from(move |file: File| on_file.tell(&Told::File(file)));
    let on_query = Callback::from(move |(query, is_step)| on_query.tell(&Told::Query(query, is_step)));
    let on_what_if = Callback::from(move |handover: Rc<Handover>| {
        let text = packed::pack(&*handover, HANDOVER_BYTES_MAX);
        let is_taken = text.is_some();
        text.into_iter().for_each(|text| on_what_if.tell(&Told::Handover(text.into())));
        is_taken
    });
    mount::<Live>(host, move |shown: &Shown| LiveProps {
        query: shown.query.clone(),
        own_node: shown.own_node.clone(),
        on_query: on_query.clone(),
        on_what_if: on_what_if.clone(),
        on_file: on_file.clone(),
        active: shown.active,
        is_dark: shown.is_dark,
    })
}
