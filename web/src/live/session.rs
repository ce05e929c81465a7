//! One live connection: the policy, the socket and what came of it, tied together. It decides nothing of its own and
//! shows nothing.

use super::{
    address::NodeAddress,
    around::Wants,
    connection::{Connection, Happened, Todo},
    history::History,
    message::{Looked, Message},
    state::{Flash, View},
    trouble::Finding,
};
use crate::glue::{
    socket::{Seen, Socket, SocketEvent, look_at},
    time::{now_ms, random_u32},
};
use rumormill_api::{Ask, Notice, OBSERVE_SUBPROTOCOL, Outcome, Request};
use rumormill_core::NodeId;
use serde_json::{Map, Value};
use std::{cell::RefCell, collections::VecDeque, rc::Rc};
use yew::{Callback, platform::spawn_local};

/// So long without a tick, in milliseconds, and the page was asleep: a tab in the background has one a second at least,
/// or one a minute after some time. A guess.
const ASLEEP_MS: u64 = 4_000;

/// Messages that wait to be drawn at most; a picture of more would show nothing.
const FLASHES_MAX: usize = 600;

/// What the outside world said, to be handed back to [`Session::hear`].
#[derive(Debug)]
pub enum Word {
    /// Something happened to the socket.
    Socket(SocketEvent),
    /// This answers at the address.
    Found(Finding),
}

/// Everything that the components show, shared with them.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    /// What is known of the cluster.
    pub view: Rc<RefCell<View>>,
    /// Messages that have not been drawn yet, with the time on the page's clock at which they happened.
    pub flashes: Rc<RefCell<VecDeque<(f64, Flash)>>>,
    /// For one of the past, when that was: on the page's clock, and on the observed node's.
    then: Option<(u64, u64)>,
}

impl Model {
    /// What was known at a moment of the past.
    pub(super) fn of(view: View, now_ms: u64, at_us: u64) -> Self {
        Self { view: Rc::new(RefCell::new(view)), then: Some((now_ms, at_us)), ..Self::default() }
    }

    /// The page's clock at the moment that is shown.
    pub(super) fn now_ms(&self) -> u64 {
        self.then.map_or_else(clock_ms, |(now_ms, _)| now_ms)
    }

    /// The observed node's clock at that moment, if it is past.
    pub(super) fn past_us(&self) -> Option<u64> {
        self.then.map(|(_, at_us)| at_us)
    }
}

/// The same model, whatever is in it: its revisions tell what changed.
impl PartialEq for Model {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.view, &other.view)
    }
}

/// A connection and what it brought.
#[derive(Debug)]
pub(super) struct Session {
    connection: Connection,
    model: Model,
    history: History,
    socket: Option<Socket>,
    /// Counts sockets and probes, so that a late word of an earlier one is not taken for the present one's.
    turn: u64,
    on_word: Callback<(u64, Word)>,
    ticked_ms: Option<u64>,
    /// The cluster that was found at the present address, and the one that was found there before, if it was another.
    cluster: Option<String>,
    cluster_before: Option<String>,
}

impl Session {
    /// No connection yet. What sockets say goes to `on_word`, which must hand it to [`Session::hear`].
    pub(super) fn new(on_word: Callback<(u64, Word)>) -> Self {
        Self {
            connection: Connection::default(),
            model: Model::default(),
            history: History::default(),
            socket: None,
            turn: 0,
            on_word,
            ticked_ms: None,
            cluster: None,
            cluster_before: None,
        }
    }

    /// The connection.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// What it brought.
    pub(super) fn model(&self) -> &Model {
        &self.model
    }

    /// What it brought in the last minutes.
    pub(super) fn history(&self) -> &History {
        &self.history
    }

    /// Keeps what is known at this moment. Before the node's first word that is nothing, which is no moment.
    pub(super) fn keep_moment(&mut self) {
        let view = self.model.view.borrow();
        if view.status.is_some() {
            self.history.keep(&view);
        }
    }

    /// Look at this node from now on.
    pub(super) fn connect(&mut self, address: NodeAddress) {
        (self.cluster, self.cluster_before) = (None, None);
        self.handle(Happened::Wanted(address));
    }

    /// The cluster that was found at the present address before, if there is another one now.
    pub(super) fn cluster_before(&self) -> Option<&str> {
        self.cluster_before.as_deref()
    }

    /// The user knows that the cluster is another one.
    pub(super) fn accept_cluster(&mut self) {
        self.cluster_before = None;
    }

    /// Do not wait for the next try.
    pub(super) fn now(&mut self) {
        self.handle(Happened::Now);
    }

    /// End the connection; what it brought stays.
    pub(super) fn end(&mut self) {
        self.handle(Happened::Ended);
    }

    /// Time passed.
    pub(super) fn tick(&mut self) {
        let now_ms = clock_ms();
        let before_ms = self.ticked_ms.replace(now_ms).unwrap_or(now_ms);
        let is_awake = now_ms.saturating_sub(before_ms) < ASLEEP_MS;
        self.handle(if is_awake { Happened::Tick } else { Happened::Woke });
    }

    /// Asks the node to write. False if there is no connection to ask through.
    pub(super) fn ask(&mut self, ask: Ask) -> bool {
        let Some(socket) = self.socket.as_ref().filter(|_| self.connection.is_live()) else { return false };
        let mut view = self.model.view.borrow_mut();
        let now_ms = clock_ms();
        let request = view.requests.ask(ask, now_ms);
        view.revisions.requests += 1;
        let clock_us = view.node_clock_us(now_ms);
        if let Some(own) = view.node().cloned() {
            view.around.prepare(&request, &own, clock_us, now_ms);
        }
        let text = serde_json::to_string(&request).expect("a request is plain data");
        if !socket.send(&text) {
            view.requests.interrupt();
        }
        true
    }

    /// Asks what is in sight and due of other members, through the observed node.
    pub(super) fn look_around(&mut self, wants: Wants) {
        self.question(|view, now_ms| {
            let mut around = std::mem::take(&mut view.around);
            let due = around.due(view, wants, now_ms);
            view.around = around;
            due
        });
    }

    /// From now on members are asked who has what stands under this key, or under none.
    pub(super) fn seek(&mut self, key: Option<&str>) {
        let mut view = self.model.view.borrow_mut();
        if view.around.seek(key) {
            view.revisions.around += 1;
            view.revisions.members += 1;
        }
    }

    /// Asks the observed node how it is configured.
    pub(super) fn ask_config(&mut self) {
        self.question(|view, now_ms| {
            let own = view.node().cloned();
            own.map(|own| view.around.ask_config(&own, now_ms)).into_iter().collect()
        });
    }

    /// Asks members for all that they remember.
    pub(super) fn ask_past(&mut self, members: &[NodeId]) {
        self.question(|view, now_ms| {
            let own = view.node().cloned();
            own.map(|own| view.around.ask_past(members, &own, now_ms)).unwrap_or_default()
        });
    }

    /// Looks at a message, or at none, and asks about its other end.
    pub(super) fn look_at(&mut self, message: Option<Message>) {
        if !self.connection.is_live() {
            // Who cannot be asked tells nothing, and the end that is known stays.
            let mut view = self.model.view.borrow_mut();
            let told = Some(Err("there is no connection to ask through".to_owned()));
            view.around.message = message.map(|message| Looked { message, told });
            view.revisions.around += 1;
            return;
        }
        self.question(|view, now_ms| {
            view.revisions.around += 1;
            let own = view.node().cloned();
            own.and_then(|own| view.around.look_at(message, &own, now_ms)).into_iter().collect()
        });
    }

    /// The recording of what they remember, once they have told; or why there is none.
    pub(super) fn take_past(&mut self) -> Option<Result<String, String>> {
        let mut view = self.model.view.borrow_mut();
        let past = view.around.past.take_if(|past| past.is_done(clock_ms()))?;
        let through = view.status.as_ref().zip(view.node());
        let lost = || "the node that was asked is not observed any more".to_owned();
        Some(through.ok_or_else(lost).and_then(|(status, through)| past.recording(&status.cluster, through)))
    }

    /// Asks members to change their configuration.
    pub(super) fn tune(&mut self, members: Vec<NodeId>, changes: &Map<String, Value>) {
        self.question(|view, now_ms| view.around.tune(members, changes, now_ms));
    }

    fn question(&mut self, questions: impl FnOnce(&mut View, u64) -> Vec<Request>) {
        let Some(socket) = self.socket.as_ref().filter(|_| self.connection.is_live()) else { return };
        let mut view = self.model.view.borrow_mut();
        for request in questions(&mut view, clock_ms()) {
            // If it is not sent, the connection is lost, and that is told by itself.
            let _ = socket.send(&serde_json::to_string(&request).expect("a request is plain data"));
            view.revisions.around += u64::from(matches!(request.ask, Ask::Tune { .. }));
        }
    }

    /// Notes what is asked of someone else than the node. The number of the request.
    pub(super) fn note(&mut self, ask: Ask) -> u64 {
        let mut view = self.model.view.borrow_mut();
        view.revisions.requests += 1;
        view.requests.ask(ask, clock_ms()).id
    }

    /// Notes what came of a request that was not asked of the node.
    pub(super) fn noted(&mut self, id: u64, outcome: Outcome) {
        let mut view = self.model.view.borrow_mut();
        view.revisions.requests += 1;
        view.requests.answer(id, outcome, clock_ms());
    }

    /// Takes in a word of the present socket or probe; one of an earlier turn is stale.
    pub(super) fn hear(&mut self, turn: u64, word: Word) {
        if turn != self.turn {
            return;
        }
        match word {
            Word::Found(finding) => self.handle(Happened::Found(finding)),
            Word::Socket(SocketEvent::Opened) => self.handle(Happened::Opened),
            Word::Socket(SocketEvent::Closed { code, reason }) => {
                self.handle(Happened::Closed { code, reason })
            }
            Word::Socket(SocketEvent::Binary(_)) => {
                self.handle(Happened::Garbled("a binary frame".to_owned()))
            }
            Word::Socket(SocketEvent::Text(text)) => match serde_json::from_str::<Notice>(&text) {
                Ok(notice) => self.on_notice(notice),
                Err(error) => self.handle(Happened::Garbled(error.to_string())),
            },
        }
    }

    fn on_notice(&mut self, notice: Notice) {
        self.handle(Happened::Heard);
        if let Notice::Snapshot { status, .. } = &notice {
            let before = self.cluster.replace(status.cluster.clone());
            self.cluster_before =
                before.filter(|before| *before != status.cluster).or(self.cluster_before.take());
        }
        let news = self.model.view.borrow_mut().apply(notice, clock_ms());
        self.history.note(&self.model.view.borrow());
        let mut flashes = self.model.flashes.borrow_mut();
        for flash in news.flashes {
            if flashes.len() == FLASHES_MAX {
                flashes.pop_front();
            }
            flashes.push_back((now_ms() - flash.before_us as f64 / 1_000.0, flash));
        }
        drop(flashes);
        if let Some(reason) = news.goodbye {
            self.handle(Happened::Goodbye(reason));
        }
    }

    fn handle(&mut self, happened: Happened) {
        let luck = u64::from(random_u32() % 100);
        match self.connection.handle(happened, luck, clock_ms()) {
            None => {}
            Some(Todo::HangUp) => self.hang_up(),
            Some(Todo::Dial(address)) => self.dial(&address),
            Some(Todo::Probe(address)) => self.probe(&address),
        }
    }

    fn hang_up(&mut self) {
        self.turn += 1;
        self.socket = None;
        self.model.view.borrow_mut().interrupt();
        self.history.note(&self.model.view.borrow());
    }

    fn dial(&mut self, address: &NodeAddress) {
        self.hang_up();
        let (turn, on_word) = (self.turn, self.on_word.clone());
        let heard = move |event| on_word.emit((turn, Word::Socket(event)));
        match Socket::open(&address.observe_url(), OBSERVE_SUBPROTOCOL, heard) {
            Ok(socket) => self.socket = Some(socket),
            Err(words) => self.handle(Happened::Forbidden(words)),
        }
    }

    fn probe(&mut self, address: &NodeAddress) {
        self.turn += 1;
        self.socket = None;
        let (turn, on_word, url) = (self.turn, self.on_word.clone(), address.status_url());
        spawn_local(async move {
            let finding = match look_at(&url).await {
                Seen::Nothing => Finding::Nothing,
                Seen::Hidden => Finding::Stranger(None),
                Seen::Answer { status, body } => Finding::from_answer(status, &body),
            };
            on_word.emit((turn, Word::Found(finding)));
        });
    }
}

/// The page's clock in whole milliseconds.
pub(super) fn clock_ms() -> u64 {
    now_ms() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_the_nodes_first_word_there_is_no_moment_to_stand_still_at() {
        let mut session = Session::new(Callback::noop());
        session.keep_moment();
        assert!(session.history().at(u64::MAX).is_none());
    }
}
