//! The one task that owns an engine: it hands in what links, people and the
//! clock did, performs what the engine wants, and sleeps until the engine's
//! deadline. It decides nothing about gossip.

use crate::clock::Clock;
use crate::faults::Faults;
use crate::link::{self, Orders, Report};
use crate::log;
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use rumormill_core::engine::Stats;
use rumormill_core::wire::Refusal;
use rumormill_core::{Address, CloseCode, Codec, Engine, Event, Input, Instant, LinkId, Output, State};
use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tracing::{Instrument, debug, debug_span};

/// Most reports of links that wait for the driver; a full mailbox slows the
/// links' reading down. A guess.
pub(crate) const REPORTS_MAX: usize = 256;

/// Most calls of handles that wait for the driver. A guess.
pub(crate) const CALLS_MAX: usize = 256;

/// Most accepted connections that wait for the driver. A guess.
pub(crate) const ACCEPTED_MAX: usize = 64;

/// Reports taken in before the engine's wishes are performed.
const BATCH: usize = 32;

/// Whoever hears of everything that happens in an engine.
pub(crate) trait Listener<S: State>: Send + 'static {
    /// Something happened. Called in order, before the next input.
    fn hear(&mut self, event: Event, engine: &Engine<S>, now: Instant);

    /// The engine took this long to take in a message.
    fn took(&mut self, _span: std::time::Duration) {}

    /// When `tick` wants to be called.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// The deadline has passed.
    fn tick(&mut self, _engine: &mut Engine<S>, _now: Instant) {}
}

/// A socket that was accepted and speaks one of Rumormill's subprotocols.
pub(crate) struct Accepted {
    pub(crate) socket: WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>,
    pub(crate) codec: Codec,
    pub(crate) remote: SocketAddr,
}

/// Hands accepted sockets to a driver.
#[derive(Debug, Clone)]
pub(crate) struct Acceptor(mpsc::Sender<Accepted>);

impl Acceptor {
    /// Is the node gone?
    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// False if the node is gone.
    pub(crate) async fn accept(&self, accepted: Accepted) -> bool {
        self.0.send(accepted).await.is_ok()
    }
}

type Call<S, L> = Box<dyn FnOnce(&mut Driver<S, L>) + Send>;

/// Whoever wants something of a driver. Cheap to clone.
pub(crate) struct Caller<S: State, L> {
    calls: mpsc::Sender<Call<S, L>>,
    stop: watch::Sender<bool>,
}

impl<S: State, L> Clone for Caller<S, L> {
    fn clone(&self) -> Self {
        Self { calls: self.calls.clone(), stop: self.stop.clone() }
    }
}

impl<S: State, L> fmt::Debug for Caller<S, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").finish_non_exhaustive()
    }
}

impl<S: State + 'static, L: Listener<S>> Caller<S, L> {
    /// Runs something on the driver's task and brings its result back. None if the node has stopped.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Driver<S, L>) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        let call: Call<S, L> = Box::new(move |driver| {
            // A caller that has given up does not need the answer.
            let _ = answer.send(call(driver));
        });
        self.calls.send(call).await.ok()?;
        answered.await.ok()
    }

    /// Tells the driver to stop. It closes its links and ends.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Comes back when the driver was told to stop.
    pub(crate) async fn stopping(&self) {
        // The sender is in `self`, so waiting cannot fail.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Comes back when the driver's task has ended.
    pub(crate) async fn ended(&self) {
        self.calls.closed().await;
    }
}

/// How a node's life in its cluster ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// It said goodbye.
    Left,
    /// Another node had its name first, so it gave way.
    NameTaken {
        /// Where that node can be reached, if it can.
        other: Option<Address>,
    },
    /// It was shut down.
    ShutDown,
    /// Its engine failed, which is a defect of this library: what it was stands on stderr.
    Failed,
}

/// An engine with its clock and its links.
pub(crate) struct Driver<S: State, L> {
    pub(crate) engine: Engine<S>,
    pub(crate) clock: Clock,
    pub(crate) listener: L,
    /// How the engine's life in the cluster ended, once it has.
    pub(crate) ending: watch::Sender<Option<Ending>>,
    faults: Option<Faults>,
    links: HashMap<LinkId, Line>,
    accepted: u64,
    tasks: JoinSet<()>,
    reports: mpsc::Sender<Report>,
    mail: Option<Mail<S, L>>,
}

struct Mail<S: State, L> {
    reports: mpsc::Receiver<Report>,
    accepted: mpsc::Receiver<Accepted>,
    calls: mpsc::Receiver<Call<S, L>>,
    stop: watch::Receiver<bool>,
}

/// A link as its driver knows it.
#[derive(Debug)]
struct Line {
    orders: Orders,
    /// Who is at the other end, as far as the transport knows.
    remote: String,
}

impl<S, L> Driver<S, L>
where
    S: State + Send + 'static,
    S::Digest: Send,
    S::News: Send,
    L: Listener<S>,
{
    /// A driver that is ready to run, and how to reach it.
    pub(crate) fn new(
        engine: Engine<S>,
        clock: Clock,
        listener: L,
        faults: Option<Faults>,
    ) -> (Self, Caller<S, L>, Acceptor) {
        let (reports, reports_end) = mpsc::channel(REPORTS_MAX);
        let (calls, calls_end) = mpsc::channel(CALLS_MAX);
        let (accepted, accepted_end) = mpsc::channel(ACCEPTED_MAX);
        let (stop, stop_end) = watch::channel(false);
        let mail = Mail { reports: reports_end, accepted: accepted_end, calls: calls_end, stop: stop_end };
        let driver = Self {
            engine,
            clock,
            listener,
            ending: watch::Sender::new(None),
            faults,
            links: HashMap::new(),
            accepted: 0,
            tasks: JoinSet::new(),
            reports,
            mail: Some(mail),
        };
        (driver, Caller { calls, stop }, Acceptor(accepted))
    }

    /// Runs until it is told to stop.
    pub(crate) async fn run(mut self) {
        let Some(mut mail) = self.mail.take() else { return };
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            self.perform();
            let deadline = self.deadline();
            let sleep = async {
                match deadline {
                    Some(at) => sleep_until(self.clock.runtime_instant(at)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = mail.reports.recv_many(&mut batch, BATCH) => self.take_all_in(&mut batch),
                Some(accepted) = mail.accepted.recv() => self.accept(accepted),
                Some(call) = mail.calls.recv() => call(&mut self),
                () = sleep => {
                    // What has come but was not looked at yet is nobody's silence.
                    let waiting = mail.reports.len();
                    batch.extend(std::iter::from_fn(|| mail.reports.try_recv().ok()).take(waiting));
                    self.take_all_in(&mut batch);
                    self.tick();
                }
                _ = mail.stop.wait_for(|stop| *stop) => break,
            }
            while self.tasks.try_join_next().is_some() {}
        }
        self.end(Ending::ShutDown);
        self.close_all().await;
    }

    /// The engine's time.
    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Counts since the start.
    pub(crate) fn stats(&self) -> &Stats {
        self.engine.stats()
    }

    fn deadline(&self) -> Option<Instant> {
        [self.engine.deadline(), self.listener.deadline()].into_iter().flatten().min()
    }

    fn tick(&mut self) {
        let now = self.now();
        self.engine.handle(Input::Timeout, now);
        if self.listener.deadline().is_some_and(|at| at <= now) {
            self.listener.tick(&mut self.engine, now);
        }
    }

    /// The more had to wait, the more is answered by one message.
    fn take_all_in(&mut self, batch: &mut Vec<Report>) {
        for report in batch.drain(..) {
            self.take_in(report);
        }
        self.engine.settle(self.now());
    }

    fn take_in(&mut self, report: Report) {
        let now = self.now();
        match report {
            Report::Up { link, codec } => self.engine.take_in(Input::LinkUp { link, codec }, now),
            Report::Received { link, frame } => {
                let begun = std::time::Instant::now();
                self.engine.take_in(Input::Received { link, frame }, now);
                self.listener.took(begun.elapsed());
            }
            Report::Broke { link, refusal } => self.engine.take_in(Input::Invalid { link, refusal }, now),
            Report::Sent { link, frames } => {
                for _ in 0..frames {
                    self.engine.take_in(Input::Sent { link }, now);
                }
            }
            Report::Closed { link, refusal } => {
                if let Some(line) = self.links.remove(&link) {
                    log::closed_by_peer(self.engine.id(), &line.remote, &refusal);
                    self.engine.take_in(Input::LinkClosed { link, refusal }, now);
                }
            }
            Report::Down { link, reason } => {
                // A link that was closed meanwhile is not the engine's any more.
                if let Some(line) = self.links.remove(&link) {
                    log::lost(&self.engine, &line.remote, &reason);
                    self.engine.take_in(Input::LinkDown { link, reason }, now);
                }
            }
        }
    }

    fn accept(&mut self, Accepted { socket, codec, remote }: Accepted) {
        self.accepted += 1;
        let link = LinkId::Accepted(self.accepted);
        let (orders, inbox) = link::orders();
        self.links.insert(link, Line { orders, remote: remote.to_string() });
        let span = debug_span!("link", id = %label(link), remote = %remote);
        debug!(parent: &span, "accepted");
        let carried = link::carry(link, codec, socket, inbox, self.reports.clone(), None);
        self.tasks.spawn(carried.instrument(span));
        let now = self.now();
        self.engine.handle(Input::LinkUp { link, codec }, now);
    }

    fn dial(&mut self, link: LinkId, address: Address) {
        let (orders, mut inbox) = link::orders();
        self.links.insert(link, Line { orders, remote: address.to_string() });
        let wire = self.faults.as_ref().and_then(|faults| faults.wire(self.engine.id(), address.as_str()));
        let reports = self.reports.clone();
        let span = debug_span!("link", id = %label(link), remote = %address);
        let dialled = async move {
            let outcome = tokio::select! {
                outcome = link::dial(&address, wire.as_ref()) => outcome,
                () = inbox.closed() => return,
            };
            // The driver may be gone; then nobody needs to know.
            match outcome {
                Ok((socket, codec)) => {
                    debug!("connected");
                    if reports.send(Report::Up { link, codec }).await.is_ok() {
                        link::carry(link, codec, socket, inbox, reports, wire).await;
                    }
                }
                Err(reason) => {
                    let _ = reports.send(Report::Down { link, reason: reason.into() }).await;
                }
            }
        };
        self.tasks.spawn(dialled.instrument(span));
    }

    /// Does what the engine wants done.
    fn perform(&mut self) {
        while let Some(output) = self.engine.poll() {
            match output {
                Output::Dial { link, address } => self.dial(link, address),
                Output::Send { link, frame } => self.send(link, frame),
                Output::Close { link, refusal } => self.close(link, refusal),
                Output::Event(event) => {
                    log::event(self.engine.id(), &event);
                    self.note_end(&event);
                    let now = self.now();
                    self.listener.hear(event, &self.engine, now);
                }
            }
        }
    }

    fn note_end(&self, event: &Event) {
        match event {
            Event::NameTaken { kept: false, address, .. } => {
                self.ending.send_replace(Some(Ending::NameTaken { other: address.clone() }));
            }
            // Whoever gave up its name stops as well; the reason is what counts.
            Event::Stopped => self.end(Ending::Left),
            _ => {}
        }
    }

    /// Notes how it ended, unless it had already.
    fn end(&self, how: Ending) {
        self.ending.send_if_modified(|ending| {
            let is_first = ending.is_none();
            ending.get_or_insert(how);
            is_first
        });
    }

    fn send(&mut self, link: LinkId, frame: Bytes) {
        if let Some(line) = self.links.get(&link)
            && line.orders.frames.try_send(frame).is_err()
        {
            // The task has ended and its report is on the way: the engine will hear of it.
            debug!(remote = %line.remote, "a frame for a link that has just ended");
        }
    }

    fn close(&mut self, link: LinkId, refusal: Refusal) {
        let Some(line) = self.links.remove(&link) else { return };
        log::closed(self.engine.id(), link, &line.remote, &refusal);
        // If the task has ended already, the link is closed.
        let _ = line.orders.close.send(refusal);
    }

    /// Closes what is left, within the time that closing may take.
    async fn close_all(mut self) {
        for (_, line) in self.links.drain() {
            let refusal = Refusal::new(CloseCode::GoingAway, "the node stops");
            let _ = line.orders.close.send(refusal);
        }
        drop(self.reports);
        let ended = timeout(link::CLOSE_TIMEOUT, async { while self.tasks.join_next().await.is_some() {} });
        if ended.await.is_err() {
            debug!("links that did not close in time were dropped");
        }
    }
}

fn label(link: LinkId) -> String {
    match link {
        LinkId::Dialed(number) => format!("dialed-{number}"),
        LinkId::Accepted(number) => format!("accepted-{number}"),
    }
}
