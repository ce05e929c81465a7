//! The worker's side: keeps the simulated cluster, obeys commands, and reports. It knows no browser: the clock that
//! ends a tick is handed in, so it is tested natively. Recordings are another worker's business (`replay::worker`).

use super::look;
use super::protocol::{Command, Frame, Look, Report, SpreadNews};
use super::record;
use super::timeline::{Timeline, room_for_copies};
use rumormill_sim::{Spread, SpreadConfig, SpreadResult, trace_hash_of};

/// A tick handles at most so many events, however fast they are.
const EVENTS_MAX: u32 = 50_000;

/// A tick takes about so long, so that frames keep coming when the cluster is large.
const TICK_MS: f64 = 12.0;

/// A jump to another time may take longer than a tick: nothing moves meanwhile, and it shall be there at once.
const SEEK_MS: f64 = 40.0;

/// So long a spread experiment goes on before it tells how far it is: nothing is drawn but a line of text.
const SPREAD_MS: f64 = 100.0;

/// Events of a spread experiment between two looks at the clock.
const SPREAD_BATCH: u32 = 1_000;

/// The worker's whole state.
pub struct Machine {
    clock: Box<dyn Fn() -> f64>,
    /// What the copies of a run may take.
    room_bytes: u64,
    timeline: Option<Timeline>,
    spread: Option<Spread>,
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine").field("runs", &self.timeline.is_some()).finish_non_exhaustive()
    }
}

impl Machine {
    /// A machine without a run; `clock` tells milliseconds of real time.
    pub fn new(clock: impl Fn() -> f64 + 'static) -> Self {
        Self { clock: Box::new(clock), room_bytes: room_for_copies(None), timeline: None, spread: None }
    }

    /// The same on a device with so many bytes of memory, if it tells.
    pub fn on_device(mut self, memory_bytes: Option<u64>) -> Self {
        self.room_bytes = room_for_copies(memory_bytes);
        self
    }

    /// Obeys an encoded command and returns the encoded report.
    pub fn answer(&mut self, bytes: &[u8]) -> Vec<u8> {
        super::protocol::answer(bytes, |command| self.obey(command))
    }

    /// Obeys a command.
    pub fn obey(&mut self, command: Command) -> Report {
        let started_ms = (self.clock)();
        match command {
            Command::TraceHash { id, name } => trace_hash(id, &name),
            Command::Start { run, scenario, script, goes_back, look } => {
                match Timeline::new(run, *scenario, script) {
                    Ok(timeline) => {
                        self.timeline = Some(timeline.with_room(if goes_back { self.room_bytes } else { 0 }));
                        self.report(&look, started_ms)
                    }
                    Err(why) => Report::NotStarted(why),
                }
            }
            Command::Advance { to_us, look } => self.with(&look, |timeline, clock| {
                timeline.advance(to_us, EVENTS_MAX, || clock() - started_ms >= TICK_MS);
            }),
            Command::Step { look } => self.with(&look, |timeline, _| timeline.step()),
            Command::StepBack { look } => self.with(&look, |timeline, _| timeline.step_back()),
            Command::Seek { to_us, look } => self.with(&look, |timeline, clock| {
                timeline.seek(to_us, || clock() - started_ms >= SEEK_MS);
            }),
            Command::Fork { look } => self.with(&look, |timeline, _| timeline.fork()),
            Command::Switch { branch, look } => self.with(&look, |timeline, clock| {
                timeline.switch(branch as usize, || clock() - started_ms >= SEEK_MS);
            }),
            Command::Do { deeds, look } => self.with(&look, |timeline, _| timeline.act_all(deeds)),
            Command::Record => match &self.timeline {
                Some(timeline) => Report::Record(Box::new(record::record(timeline))),
                None => Report::Idle,
            },
            Command::Retrace { scenario, script, to_us, with_lines } => {
                Report::Retraced(record::retrace(*scenario, &script, to_us, with_lines))
            }
            Command::Look(look) => self.report(&look, started_ms),
            Command::Spread(config) => self.begin_spread(&config, started_ms),
            Command::SpreadOn => self.spread_on(started_ms),
            Command::Open { .. } => Report::Idle,
        }
    }

    #[inline(never)]
    fn begin_spread(&mut self, config: &SpreadConfig, started_ms: f64) -> Report {
        match Spread::new(config) {
            Ok(spread) => {
                self.spread = Some(spread);
                self.spread_on(started_ms)
            }
            Err(error) => Report::NotStarted(error.to_string()),
        }
    }

    #[inline(never)]
    fn spread_on(&mut self, started_ms: f64) -> Report {
        let Some(spread) = &mut self.spread else { return Report::Idle };
        let mut result: Option<SpreadResult> = None;
        while result.is_none() {
            result = spread.advance(SPREAD_BATCH);
            if (self.clock)() - started_ms >= SPREAD_MS {
                break;
            }
        }
        let news = SpreadNews {
            informed: spread.informed(),
            since_us: spread.since_change().map(|since| since.as_micros()),
            events: spread.events(),
            memory_bytes: memory_bytes(),
            result,
        };
        if news.result.is_some() {
            self.spread = None;
        }
        Report::Spread(Box::new(news))
    }

    /// Does something with the run, if there is one, and reports.
    fn with(&mut self, look: &Look, does: impl FnOnce(&mut Timeline, &dyn Fn() -> f64)) -> Report {
        let started_ms = (self.clock)();
        if let Some(timeline) = &mut self.timeline {
            does(timeline, &*self.clock);
        }
        self.report(look, started_ms)
    }

    fn report(&mut self, look: &Look, started_ms: f64) -> Report {
        let Some(timeline) = &mut self.timeline else { return Report::Idle };
        let mut frame: Frame = look::frame(timeline, look);
        frame.took_us = (((self.clock)() - started_ms) * 1_000.0) as u32;
        Report::Frame(Box::new(frame))
    }
}

#[inline(never)]
fn trace_hash(id: u32, name: &str) -> Report {
    let hash = trace_hash_of(name).ok_or_else(|| format!("there is no scenario called '{name}'"));
    Report::TraceHash { id, hash }
}

/// What this worker's memory has grown to; 0 where that cannot be told.
fn memory_bytes() -> u64 {
    #[cfg(target_arch = "wasm32")]
    return core::arch::wasm32::memory_size::<0>() as u64 * 65_536;
    #[cfg(not(target_arch = "wasm32"))]
    return 0;
}

#[cfg(test)]
#[path = "worker_tests.rs"]
mod tests;
