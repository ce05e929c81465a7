//! The tab's member: the same engine that native nodes run, with the page's orders going in and the browser's sockets
//! around it. It knows no browser: time, sockets and timers are handed in and asked for, so it is tested natively.

use super::protocol::{Change, End, Join, Order, Reads, Report, Standing};
use rumormill_core::state::store::{Key, Reading};
use rumormill_core::wire::Refusal;
use rumormill_core::{
    Address, CloseCode, Codec, Engine, EngineConfig, Event, Incarnation, Input, Instant, Kind, LinkId,
    Output, State, Status, Store, Value,
};
use std::collections::VecDeque;

/// Between two reports of a member to which nobody gave an order, in microseconds.
const REPORT_EVERY_US: u64 = 250_000;

/// A longer value is not told to the page, which shows a line of it, in bytes of JSON.
const READS_MAX: usize = 4_096;

/// What the world did.
#[derive(Debug)]
pub enum Happened {
    /// The page sent an encoded [`Order`].
    Told(Vec<u8>),
    /// A socket opened.
    Opened(LinkId),
    /// A frame came in.
    Frame(LinkId, Vec<u8>),
    /// A frame came in that is none of the protocol: text.
    Strange(LinkId),
    /// A frame that was to be sent has left the page's hands.
    Sent(LinkId),
    /// A socket is closed, or did not open.
    Closed {
        /// Which.
        link: LinkId,
        /// The WebSocket close code.
        code: u16,
        /// The reason that came with it.
        reason: String,
    },
    /// The deadline has passed.
    Timeout,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub enum Todo {
    /// Open a socket.
    Dial(LinkId, String),
    /// Send a binary frame.
    Send(LinkId, Vec<u8>),
    /// Close a socket, with a code that says why.
    Close(LinkId, Refusal),
    /// Post an encoded [`Report`] to the page.
    Tell(Vec<u8>),
}

/// The member and what is to be done for it.
#[derive(Debug, Default)]
pub struct Machine {
    engine: Option<Engine<Store>>,
    todo: VecDeque<Todo>,
    trouble: Option<String>,
    end: Option<End>,
    /// Did anything happen since the last report?
    is_stirred: bool,
    reported: Instant,
}

impl Machine {
    /// Takes in what the world did. Total: anything may happen at any time.
    pub fn handle(&mut self, happened: Happened, now: Instant) {
        let is_order = matches!(happened, Happened::Told(_));
        match happened {
            Happened::Told(bytes) => match postcard::from_bytes::<Order>(&bytes) {
                Ok(order) => self.obey(order, now),
                Err(error) => self.tell(&Report::Impossible(format!("the order cannot be read: {error}"))),
            },
            Happened::Opened(link) => self.input(Input::LinkUp { link, codec: Codec::Postcard }, now),
            Happened::Frame(link, frame) => self.input(Input::Received { link, frame: frame.into() }, now),
            Happened::Strange(link) => {
                let refusal = Refusal::new(CloseCode::Malformed, "a text frame, but rumormill.v1 is binary");
                self.input(Input::Invalid { link, refusal }, now);
            }
            Happened::Sent(link) => self.input(Input::Sent { link }, now),
            Happened::Closed { link, code, reason } => self.input(closed(link, code, reason), now),
            Happened::Timeout => self.input(Input::Timeout, now),
        }
        self.drain();
        let is_due = self.is_stirred && now.since(self.reported).as_micros() >= REPORT_EVERY_US;
        if is_order || is_due || self.end.is_some() && self.is_stirred {
            self.report(now);
        }
    }

    /// The next thing to do, oldest first.
    pub fn poll(&mut self) -> Option<Todo> {
        self.todo.pop_front()
    }

    /// When to hand in [`Happened::Timeout`]; never, if none.
    pub fn deadline(&self) -> Option<Instant> {
        let report = self.is_stirred.then(|| self.reported + micros(REPORT_EVERY_US));
        let engine = self.engine.as_ref().and_then(Engine::deadline);
        engine.into_iter().chain(report).min()
    }

    fn obey(&mut self, order: Order, now: Instant) {
        match order {
            Order::Join(join) if self.engine.is_none() => match begin(*join, now) {
                Ok(engine) => self.engine = Some(engine),
                Err(why) => self.tell(&Report::Impossible(why)),
            },
            Order::Join(_) => {}
            Order::Write { id, key, change } => {
                let outcome = self.write(&key, change, now);
                self.drain();
                self.tell(&Report::Wrote { id, outcome });
            }
            Order::Leave => {
                if let Some(engine) = &mut self.engine {
                    // Leaving already: then there is only the wait.
                    let _ = engine.leave(now);
                }
            }
        }
    }

    fn write(&mut self, key: &str, change: Change, now: Instant) -> Result<Reads, String> {
        let engine = self.engine.as_mut().filter(|engine| {
            !engine.is_stopped() && engine.members().status(engine.id()).is_none_or(Status::is_active)
        });
        let engine = engine.ok_or("this tab is no member, so a write would reach nobody")?;
        let key = Key::new(key).map_err(|error| error.to_string())?;
        let value = |text: String| {
            // What came from the page was JSON there; its size is checked here as a node does.
            let value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            Value::json(&value).map_err(|error| error.to_string())
        };
        let (kind, changed) = match change {
            Change::Set(text) => (Kind::Register, engine.set(&key, value(text)?, now).map(|()| true)),
            Change::Put(text) => (Kind::MultiValue, engine.put(&key, value(text)?, now).map(|()| true)),
            Change::Increment(by) => (Kind::Counter, engine.increment(&key, by, now).map(|_| true)),
            Change::Add(text) => (Kind::Set, engine.add(&key, value(text)?, now)),
            Change::Remove(text) => (Kind::Set, engine.remove(&key, &value(text)?, now)),
            Change::Delete => return Ok(Reads { changed: engine.delete(&key, now), now: None }),
        };
        let changed = changed.map_err(|error| error.to_string())?;
        let reading = engine.state().get(&key).find(|reading| reading.kind() == kind);
        Ok(Reads { changed, now: reading.map(|reading| (kind, text(&reading))) })
    }

    fn input(&mut self, input: Input, now: Instant) {
        if let Some(engine) = &mut self.engine {
            engine.handle(input, now);
        }
    }

    fn drain(&mut self) {
        let Some(engine) = &mut self.engine else { return };
        while let Some(output) = engine.poll() {
            self.is_stirred = true;
            match output {
                // What stands behind `#` is a native dialler's business, and no browser takes it.
                Output::Dial { link, address } => {
                    let url = address.as_str().split('#').next().unwrap_or_default().to_owned();
                    self.todo.push_back(Todo::Dial(link, url));
                }
                Output::Send { link, frame } => self.todo.push_back(Todo::Send(link, frame.to_vec())),
                Output::Close { link, refusal } => self.todo.push_back(Todo::Close(link, refusal)),
                Output::Event(Event::LinkUp { .. }) => self.trouble = None,
                Output::Event(Event::LinkDown { reason, .. }) => self.trouble = Some(reason.into_owned()),
                Output::Event(Event::NameTaken { kept: false, .. }) => self.end = Some(End::NameTaken),
                Output::Event(Event::Stopped) => {
                    self.end.get_or_insert(End::Left);
                }
                Output::Event(_) => {}
            }
        }
    }

    fn report(&mut self, now: Instant) {
        (self.is_stirred, self.reported) = (false, now);
        let Some(engine) = &self.engine else { return };
        let (stats, own) = (engine.stats(), engine.members().member(engine.id()));
        let (sent, received) = (stats.sent_total(), stats.received_total());
        let linked: Vec<_> = engine.linked_peers().into_iter().collect();
        let standing = Standing {
            name: engine.id().clone(),
            status: own.map_or(Status::Left, |own| own.status),
            incarnation: own.map_or(engine.config().incarnation, |own| own.incarnation),
            host: own.and_then(|own| own.host.clone()).filter(|host| linked.contains(host)),
            trouble: self.trouble.clone().filter(|_| linked.is_empty()),
            linked,
            active: engine.members().active_count(),
            known: engine.members().len() as u32,
            keys: engine.state().len() as u32,
            store: engine.state().hash().0,
            sent: (sent.messages, sent.bytes),
            received: (received.messages, received.bytes),
            refutations: stats.refutations,
            end: self.end.clone(),
        };
        self.tell(&Report::Standing(Box::new(standing)));
    }

    fn tell(&mut self, report: &Report) {
        let bytes = postcard::to_allocvec(report).expect("a report is plain data");
        self.todo.push_back(Todo::Tell(bytes));
    }
}

/// A member that cannot be dialled: it takes part behind the first node that it reaches. A browser keeps no data, so
/// every life is a new writer.
fn begin(join: Join, now: Instant) -> Result<Engine<Store>, String> {
    let life = now.as_micros() / 1_000;
    let mut config = EngineConfig::new(&join.cluster, join.name.clone());
    config.incarnation = Incarnation(life);
    config.tuning = join.tuning;
    for url in &join.at {
        config.join.push(Address::new(url).map_err(|error| format!("the address {url} {error}"))?);
    }
    if config.join.is_empty() {
        return Err("no node's address is known to join through".to_owned());
    }
    let seed = life ^ u64::from(crc(join.name.as_str()));
    Engine::new(config, Store::new(join.name, life), seed, now).map_err(|error| error.to_string())
}

/// Tabs that start in the same millisecond draw differently.
fn crc(text: &str) -> u32 {
    text.bytes().fold(0, |sum: u32, byte| sum.rotate_left(5) ^ u32::from(byte))
}

fn closed(link: LinkId, code: u16, reason: String) -> Input {
    match (CloseCode::from_number(code), code) {
        (Some(code), _) => Input::LinkClosed { link, refusal: Refusal::new(code, reason) },
        // RFC 6455, §7.4.1: these never travel.
        (None, 1005 | 1006) => Input::LinkDown { link, reason: "the connection broke or was refused".into() },
        (None, code) => Input::LinkDown { link, reason: format!("closed: {reason} ({code})").into() },
    }
}

fn text(reading: &Reading<'_>) -> String {
    let json = |value: &Value| match value {
        Value::Json(text) if text.len() <= READS_MAX => text.to_string(),
        _ => "\"…\"".to_owned(),
    };
    let list = |values: Vec<String>| ["[", &values.join(","), "]"].concat();
    match reading {
        Reading::Register { value, .. } => json(value),
        Reading::Counter { sum } => sum.to_string(),
        Reading::MultiValue { values } => list(values.iter().map(|(value, _)| json(value)).collect()),
        Reading::Set { elements } => list(elements.iter().take(100).map(|value| json(value)).collect()),
    }
}

fn micros(span: u64) -> rumormill_core::Duration {
    rumormill_core::Duration::from_micros(span)
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
