//! The worker's end of the tab's member: sockets, timer and clock around the machine. It decides nothing.

use super::{
    clock::Clock,
    machine::{Happened, Machine, Todo},
};
use crate::glue::{
    scope,
    socket::{Socket, SocketEvent},
    time::{Timeout, date_ms},
};
use rumormill_core::{Codec, LinkId, ordered::Map};
use std::{cell::RefCell, rc::Rc};

/// A socket with more than this to write takes no further frame, in bytes. A guess: some messages.
const WAITING_MOST: u32 = 65_536;

/// How often a full socket is looked at again, in milliseconds.
const LOOK_AGAIN_MS: u32 = 50;

/// The longest that the timer sleeps, in milliseconds; waking up early does nothing.
const SLEEP_MOST_MS: u64 = 60_000;

struct Driver {
    machine: Machine,
    clock: Clock,
    sockets: Map<LinkId, Socket>,
    /// One for each frame that was handed to a socket that had enough to write.
    unsent: Vec<LinkId>,
    timer: Option<Timeout>,
}

type Shared = Rc<RefCell<Driver>>;

/// Carries the tab's member for as long as the worker lives.
///
/// # Panics
/// When called anywhere but in a dedicated worker.
pub fn run() {
    let driver = Driver {
        machine: Machine::default(),
        clock: Clock::default(),
        sockets: Map::new(),
        unsent: Vec::new(),
        timer: None,
    };
    let driver = Rc::new(RefCell::new(driver));
    scope::hear(move |bytes| happened(&driver, Happened::Told(bytes)));
}

fn happened(shared: &Shared, what: Happened) {
    let driver = &mut *shared.borrow_mut();
    let now = driver.clock.at(date_ms());
    if let Happened::Closed { link, .. } = &what {
        driver.sockets.remove(link);
    }
    driver.machine.handle(what, now);
    loop {
        while let Some(todo) = driver.machine.poll() {
            driver.perform(shared, todo);
        }
        let written = driver.written();
        if written.is_empty() {
            break;
        }
        for link in written {
            driver.machine.handle(Happened::Sent(link), now);
        }
    }
    let sleep_ms =
        driver.machine.deadline().map(|at| (at.since(now).as_micros().div_ceil(1_000)).min(SLEEP_MOST_MS));
    let look_ms = (!driver.unsent.is_empty()).then_some(LOOK_AGAIN_MS.into());
    driver.timer = sleep_ms.into_iter().chain(look_ms).min().map(|ms| {
        let shared = Rc::clone(shared);
        Timeout::new(ms as u32, move || happened(&shared, Happened::Timeout))
    });
}

impl Driver {
    fn perform(&mut self, shared: &Shared, todo: Todo) {
        match todo {
            Todo::Tell(bytes) => scope::post(&bytes),
            Todo::Dial(link, url) => self.dial(shared, link, &url),
            Todo::Send(link, frame) => {
                if let Some(socket) = self.sockets.get(&link)
                    && socket.send_bytes(&frame)
                {
                    self.unsent.push(link);
                }
            }
            Todo::Close(link, refusal) => {
                if let Some(socket) = self.sockets.remove(&link) {
                    socket.close(refusal.code.number(), &refusal.reason);
                }
            }
        }
    }

    fn dial(&mut self, shared: &Shared, link: LinkId, url: &str) {
        let then = Rc::clone(shared);
        let heard = move |event| {
            let what = match event {
                SocketEvent::Opened => Happened::Opened(link),
                SocketEvent::Binary(frame) => Happened::Frame(link, frame),
                SocketEvent::Text(_) => Happened::Strange(link),
                SocketEvent::Closed { code, reason } => Happened::Closed { link, code, reason },
            };
            happened(&then, what);
        };
        match Socket::open(url, Codec::Postcard.subprotocol(), heard) {
            Ok(socket) => {
                self.sockets.insert(link, socket);
            }
            Err(reason) => {
                let now = self.clock.at(date_ms());
                self.machine.handle(Happened::Closed { link, code: 3_000, reason }, now);
            }
        }
    }

    /// The links of frames that are as good as written: their socket has room for more, or is gone.
    fn written(&mut self) -> Vec<LinkId> {
        let sockets = &self.sockets;
        let is_full =
            |link: &LinkId| sockets.get(link).is_some_and(|socket| socket.waiting_bytes() > WAITING_MOST);
        let (unsent, written) = std::mem::take(&mut self.unsent).into_iter().partition(is_full);
        self.unsent = unsent;
        written
    }
}
