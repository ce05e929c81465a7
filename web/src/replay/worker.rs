//! The worker's side of Replay: keeps the recording that is looked at, obeys the commands that make sense of one, and
//! reports, as the Lab's worker does of a run. It can be looked at and not changed. It knows no browser.

use super::recording::Recording;
use crate::lab::protocol::{self, Command, Report};

/// The worker's whole state.
pub struct Player {
    clock: Box<dyn Fn() -> f64>,
    recording: Option<Recording>,
}

impl std::fmt::Debug for Player {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Player").field("plays", &self.recording.is_some()).finish_non_exhaustive()
    }
}

impl Player {
    /// A player without a recording; `clock` tells milliseconds of real time.
    pub fn new(clock: impl Fn() -> f64 + 'static) -> Self {
        Self { clock: Box::new(clock), recording: None }
    }

    /// Obeys an encoded command and returns the encoded report.
    pub fn answer(&mut self, bytes: &[u8]) -> Vec<u8> {
        protocol::answer(bytes, |command| self.obey(command))
    }

    /// Obeys a command.
    pub fn obey(&mut self, command: Command) -> Report {
        match command {
            Command::Open { run, name, bytes } => self.open(run, name, &bytes),
            command => self.look(command),
        }
    }

    /// Takes a recording, if it is one; otherwise the one before stays.
    fn open(&mut self, run: u32, name: String, bytes: &[u8]) -> Report {
        let opened = Recording::open(run, name.clone(), bytes);
        let opened = opened.map_err(|why| (name, why)).map(|recording| {
            let facts = Box::new(recording.facts().clone());
            self.recording = Some(recording);
            facts
        });
        Report::Opened { run, opened }
    }

    fn look(&mut self, command: Command) -> Report {
        let started_ms = (self.clock)();
        let Some(recording) = &mut self.recording else { return Report::Idle };
        let look = match command {
            Command::Record => return Report::Record(Box::new(recording.record())),
            Command::Advance { to_us, look } => {
                recording.advance(to_us);
                look
            }
            Command::Step { look } => {
                recording.step();
                look
            }
            Command::StepBack { look } => {
                recording.step_back();
                look
            }
            Command::Seek { to_us, look } => {
                recording.seek(to_us);
                look
            }
            Command::Look(look)
            | Command::Fork { look }
            | Command::Switch { look, .. }
            | Command::Do { look, .. } => look,
            _ => return Report::Idle,
        };
        let mut frame = recording.frame(&look);
        frame.took_us = (((self.clock)() - started_ms) * 1_000.0) as u32;
        Report::Frame(Box::new(frame))
    }
}
