//! The clock of a simulated machine, and what of it a running process sees:
//! wrong by an offset, at a pace of its own, and never earlier for the process
//! than before. The only place where simulated time and a node's own meet.

use rumormill_core::Instant;

/// What a clock that is right shows at the start of a run: some day of 2023,
/// so that stamps cost on the wire what they cost in life, and a clock can be
/// far behind.
pub(crate) const START: Instant = Instant::from_micros(1_700_000_000_000_000);

const MILLION: u128 = 1_000_000;

/// A clock between two settings.
#[derive(Debug, Clone, Copy)]
struct Pace {
    since: Instant,
    showed: Instant,
    ppm: i32,
}

impl Pace {
    fn rate(self) -> u128 {
        (1_000_000 + i64::from(self.ppm)).unsigned_abs().into()
    }

    fn shows(self, at: Instant) -> Instant {
        let passed = at.since(self.since).as_micros();
        let passed = match self.ppm {
            0 => passed,
            _ => (u128::from(passed) * self.rate() / MILLION) as u64,
        };
        Instant::from_micros(self.showed.as_micros() + passed)
    }

    /// When it first shows that, or more.
    fn when(self, shows: Instant) -> Instant {
        let ahead = shows.since(self.showed).as_micros();
        let ahead = match self.ppm {
            0 => ahead,
            _ => (u128::from(ahead) * MILLION).div_ceil(self.rate()).min(u64::MAX.into()) as u64,
        };
        Instant::from_micros(self.since.as_micros().saturating_add(ahead))
    }
}

/// A machine's clock. Its arguments and `when` are simulated time.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    machine: Pace,
    /// As a driver keeps it: from the machine's clock at the start of the
    /// process on, forward only.
    process: Pace,
}

impl Default for Clock {
    fn default() -> Self {
        let right = Pace { since: Instant::ZERO, showed: START, ppm: 0 };
        Self { machine: right, process: right }
    }
}

impl Clock {
    /// What the process is told.
    pub(crate) fn now(&self, at: Instant) -> Instant {
        self.process.shows(at)
    }

    /// When the process will be told that, or more.
    pub(crate) fn when(&self, shows: Instant) -> Instant {
        self.process.when(shows)
    }

    /// A process starts, and reads the machine's clock.
    pub(crate) fn start(&mut self) {
        self.process = self.machine;
    }

    /// Sets the machine's clock to the true time and so much. The process
    /// follows forward; set back, it counts on from where it is.
    pub(crate) fn set(&mut self, ahead_us: i64, at: Instant) {
        let right = START.as_micros() + at.as_micros();
        let showed = Instant::from_micros(right.saturating_add_signed(ahead_us));
        self.machine = Pace { since: at, showed, ppm: self.machine.ppm };
        if showed > self.now(at) {
            self.process = self.machine;
        }
    }

    /// The quartz goes that much too fast from now on.
    pub(crate) fn drift(&mut self, ppm: i32, at: Instant) {
        for pace in [&mut self.machine, &mut self.process] {
            *pace = Pace { since: at, showed: pace.shows(at), ppm };
        }
    }

    /// How far the machine's clock is ahead of the true time, in microseconds,
    /// and how much too fast it goes, in parts per million.
    pub(crate) fn error(&self, at: Instant) -> (i64, i32) {
        let right = (START.as_micros() + at.as_micros()) as i64;
        (self.machine.shows(at).as_micros() as i64 - right, self.machine.ppm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumormill_core::Duration;

    const SECOND: i64 = 1_000_000;

    fn at(secs: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(secs)
    }

    fn right(at: Instant) -> Instant {
        START + at.since(Instant::ZERO)
    }

    #[test]
    fn set_forward_it_jumps_and_set_back_it_counts_on_until_the_next_start() {
        let mut clock = Clock::default();
        assert_eq!(clock.now(at(3)), right(at(3)));
        clock.set(3_600 * SECOND, at(10));
        assert_eq!(clock.now(at(10)), right(at(3_610)));
        clock.set(-60 * SECOND, at(20));
        assert_eq!(clock.now(at(20)), right(at(3_620)), "never back");
        assert_eq!(clock.now(at(21)), right(at(3_621)), "and never still");
        assert_eq!(clock.error(at(21)), (-60 * SECOND, 0));
        clock.start();
        assert_eq!(clock.now(at(100)), right(at(40)));
    }

    #[test]
    fn a_deadline_comes_up_when_the_clock_first_shows_it() {
        for ppm in [-500_000, -33, -1, 0, 1, 77, 499_999, 500_000] {
            let mut clock = Clock::default();
            clock.drift(ppm, at(5));
            for ahead in [0, 1, 2, 3, 999, 1_000_003, 86_400_000_000] {
                let deadline = right(at(5)) + Duration::from_micros(ahead);
                let when = clock.when(deadline);
                assert!(clock.now(when) >= deadline, "{ppm} ppm, {ahead} us");
                let before = when - Duration::from_micros(1);
                assert!(ahead == 0 || clock.now(before) < deadline, "{ppm} ppm, {ahead} us: not before");
            }
        }
    }

    #[test]
    fn a_change_of_pace_makes_no_jump() {
        let mut clock = Clock::default();
        clock.drift(100_000, at(0));
        assert_eq!(clock.now(at(100)), right(at(110)));
        clock.drift(-500_000, at(100));
        assert_eq!(clock.now(at(100)), right(at(110)));
        assert_eq!(clock.now(at(200)), right(at(160)));
        assert_eq!(clock.error(at(200)), (-40 * SECOND, -500_000));
    }
}
