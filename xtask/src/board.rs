//! What a waiting person sees: one line when a step starts, one when it ends, and in between a ticking status line
//! on a terminal or a plain line now and then elsewhere. It never decides what runs.

use std::{
    env,
    fmt::Write as _,
    io::{IsTerminal, Write as _, stderr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How often the status line of a terminal is painted: often enough to look alive.
const TICK_TERMINAL: Duration = Duration::from_millis(200);
/// How often a log without a terminal gets a line, so that no one takes a long step for a hung one.
const TICK_PLAIN: Duration = Duration::from_secs(20);
/// The status line is cut here, because a wrapped line could not be painted over.
const LINE_COLUMNS: usize = 79;

/// The steps that run right now. Cheap to share between threads; the status line goes when it is dropped.
pub(crate) struct Board {
    state: Arc<Mutex<State>>,
    ticker: Option<(Sender<()>, JoinHandle<()>)>,
}

struct State {
    terminal: bool,
    rows: Vec<Row>,
    next_id: u64,
}

struct Row {
    id: u64,
    name: String,
    note: String,
    started: Instant,
}

/// A running step's handle, to say how far it is.
pub(crate) struct Step {
    state: Arc<Mutex<State>>,
    id: u64,
}

impl Board {
    pub(crate) fn new() -> Self {
        let terminal = stderr().is_terminal()
            && env::var_os("CI").is_none()
            && env::var_os("TERM").is_none_or(|term| term != "dumb");
        let state = Arc::new(Mutex::new(State { terminal, rows: Vec::new(), next_id: 0 }));
        let (stop, stopped) = channel();
        let ticking = Arc::clone(&state);
        let tick = if terminal { TICK_TERMINAL } else { TICK_PLAIN };
        let ticker = thread::spawn(move || {
            while stopped.recv_timeout(tick) == Err(RecvTimeoutError::Timeout) {
                locked(&ticking).paint();
            }
        });
        Self { state, ticker: Some((stop, ticker)) }
    }

    /// Runs `work` on this thread as the step `name`; `about` says what it does and about how long that takes.
    pub(crate) fn run<T>(
        &self,
        name: &str,
        about: &str,
        work: impl FnOnce(&Step) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let started = Instant::now();
        let step = {
            let mut state = locked(&self.state);
            state.say(&format!("  {name}: {about}"));
            let id = state.next_id;
            state.next_id += 1;
            state.rows.push(Row { id, name: name.to_owned(), note: String::new(), started });
            Step { state: Arc::clone(&self.state), id }
        };
        let result = work(&step);
        let mut state = locked(&self.state);
        state.rows.retain(|row| row.id != step.id);
        let outcome = if result.is_ok() { "done" } else { "FAILED" };
        state.say(&format!("  {name}: {outcome} after {}", duration(started.elapsed())));
        result
    }

    /// Prints one line, above the status line.
    pub(crate) fn say(&self, line: &str) {
        locked(&self.state).say(line);
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        if let Some((stop, ticker)) = self.ticker.take() {
            drop(stop);
            // A ticker that panicked has nothing left to clean up.
            let _ = ticker.join();
        }
        locked(&self.state).wipe();
    }
}

impl Step {
    /// Replaces what the status line says about this step.
    pub(crate) fn note(&self, text: &str) {
        let mut state = locked(&self.state);
        if let Some(row) = state.rows.iter_mut().find(|row| row.id == self.id) {
            text.clone_into(&mut row.note);
        }
    }
}

impl State {
    fn say(&mut self, line: &str) {
        self.wipe();
        eprintln!("{line}");
    }

    fn wipe(&self) {
        if self.terminal {
            eprint!("\r\x1b[2K");
            // A terminal that has gone is no reason to stop the work.
            let _ = stderr().flush();
        }
    }

    fn paint(&self) {
        if self.rows.is_empty() {
            return;
        }
        if self.terminal {
            eprint!("\r\x1b[2K{}", status_line(&self.rows, LINE_COLUMNS));
            let _ = stderr().flush();
        } else {
            for row in &self.rows {
                eprintln!("  {}: {} {}", row.name, duration(row.started.elapsed()), row.note);
            }
        }
    }
}

fn status_line(rows: &[Row], columns: usize) -> String {
    let each = columns / rows.len().max(1);
    let mut line = String::new();
    for row in rows {
        let mut part = format!("{} {}", row.name, duration(row.started.elapsed()));
        let _ = write!(part, " {}", row.note);
        let shown: String = part.chars().take(each.saturating_sub(3)).collect();
        if !line.is_empty() {
            line.push_str(" | ");
        }
        line.push_str(shown.trim_end());
    }
    line
}

/// Seconds while they say something, then minutes and seconds.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 60 {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    } else if seconds >= 10 {
        format!("{seconds} s")
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

/// A step that panicked leaves the board readable for the others.
fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(duration(Duration::from_secs(42)), "42 s");
        assert_eq!(duration(Duration::from_secs(125)), "2 min 05 s");
    }

    #[test]
    fn the_status_line_shares_its_width() {
        let row =
            |name: &str| Row { id: 0, name: name.to_owned(), note: "x".repeat(100), started: Instant::now() };
        let line = status_line(&[row("trunk"), row("node")], LINE_COLUMNS);
        assert!(line.len() <= LINE_COLUMNS, "{line}");
        assert!(line.contains("trunk") && line.contains(" | node"), "{line}");
    }
}
