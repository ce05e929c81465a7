//! The page's end of the Web Worker: start it, send it bytes, hear its bytes. It never looks into a message.

use super::programs;
use js_sys::{Array, Uint8Array};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{ErrorEvent, Event, MessageEvent, Worker, WorkerOptions, WorkerType};

/// Which worker: each has a program of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Simulates clusters.
    Simulate,
    /// Plays recordings.
    Play,
    /// Is a member of a live cluster.
    Member,
}

impl Job {
    /// The name of its program.
    fn program(self) -> &'static str {
        match self {
            Self::Simulate => "worker",
            Self::Play => "player",
            Self::Member => "member",
        }
    }
}

/// The browser refused to start the worker, with its own words why.
#[derive(Debug)]
pub struct SpawnError(pub String);

/// A running Web Worker. Dropping it ends the worker and unhooks its listeners.
#[derive(Debug)]
pub struct Background {
    worker: Worker,
    outbox: Rc<RefCell<Outbox>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
}

/// A module worker drops what reaches it before its listener stands, and the listener stands only once the wasm is
/// there. So messages wait here until the worker has said that it listens.
#[derive(Debug)]
enum Outbox {
    Waiting(Vec<Uint8Array>),
    Open,
}

impl Background {
    /// Starts the worker. Each message that it posts goes to `on_bytes`; an error that it does not catch, or a
    /// script that cannot be fetched, goes to `on_error` as text.
    ///
    /// # Errors
    /// The browser's refusal, for example because of a content security policy.
    pub fn spawn(
        job: Job,
        mut on_bytes: impl FnMut(Vec<u8>) + 'static,
        mut on_error: impl FnMut(String) + 'static,
    ) -> Result<Self, SpawnError> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let refused = |error| SpawnError(format!("{error:?}"));
        let script = programs::worker(job.program()).map_err(refused)?;
        let worker = Worker::new_with_options(&script, &options).map_err(refused)?;
        let outbox = Rc::new(RefCell::new(Outbox::Waiting(Vec::new())));
        let on_message = {
            let (worker, outbox) = (worker.clone(), Rc::clone(&outbox));
            Closure::new(move |event: MessageEvent| match event.data().dyn_into::<Uint8Array>() {
                Ok(bytes) => on_bytes(bytes.to_vec()),
                // Anything else than bytes is the worker's word that it listens.
                Err(_) => {
                    if let Outbox::Waiting(waiting) = outbox.replace(Outbox::Open) {
                        waiting.iter().for_each(|bytes| transfer(&worker, bytes));
                    }
                }
            })
        };
        // A script that cannot be fetched is told by an event without a message.
        let on_error = Closure::new(move |event: Event| {
            let message = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message);
            on_error(message.unwrap_or_else(|| format!("{script} could not be loaded")));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self { worker, outbox, _on_message: on_message, _on_error: on_error })
    }

    /// Sends bytes to the worker. They are copied once out of this module's memory; the copy is then transferred.
    pub fn send(&self, bytes: &[u8]) {
        let bytes = Uint8Array::from(bytes);
        match &mut *self.outbox.borrow_mut() {
            Outbox::Waiting(waiting) => waiting.push(bytes),
            Outbox::Open => transfer(&self.worker, &bytes),
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

fn transfer(worker: &Worker, bytes: &Uint8Array) {
    worker
        .post_message_with_transfer(bytes, &Array::of1(&bytes.buffer()))
        .expect("a fresh buffer can always be transferred");
}
