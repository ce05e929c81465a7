//! When to dial, when to wait, when to give a connection up for dead. A state machine over milliseconds that are
//! handed in; it never touches a socket, a clock or a random number generator.

use super::{
    address::NodeAddress,
    trouble::{Finding, Trouble},
};

/// The first wait before a new try, in milliseconds: short enough that a restarted node is back before one looks.
/// A guess.
const WAIT_FIRST_MS: u64 = 1_000;

/// The longest wait for a node that may be back any moment. A guess.
const WAIT_MOST_MS: u64 = 15_000;

/// The wait after a trouble that another try is unlikely to mend. A guess.
const WAIT_STUBBORN_MS: u64 = 15_000;

/// How much each wait varies, in percent, so that many pages do not return to a restarted node at once. A guess.
const JITTER_PERCENT: u64 = 20;

/// How long a socket may take to open. A guess: the browsers' own limit is minutes.
const OPENING_MOST_MS: u64 = 8_000;

/// A node speaks at least once a second; so this long without a word and the view is late.
pub const LATE_AFTER_MS: u64 = 3_000;

/// So long without a word and the connection counts as dead. A guess: ten missed signs of life.
const DEAD_AFTER_MS: u64 = 10_000;

/// What the connection is up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Nobody asked for one, or the user ended it.
    Idle,
    /// Being dialled.
    Connecting {
        /// Counts tries since the last success, from 1.
        attempt: u32,
        /// When it began.
        since_ms: u64,
        /// Is the socket open, and only the node's first word missing?
        is_open: bool,
    },
    /// It could not be dialled; the address is being asked what it is.
    Probing {
        /// Counts tries since the last success, from 1.
        attempt: u32,
        /// When it began.
        since_ms: u64,
    },
    /// Open, and the node speaks.
    Live {
        /// When the node last said anything.
        heard_ms: u64,
    },
    /// Lost; the next try comes by itself.
    Waiting {
        /// Counts tries since the last success.
        attempt: u32,
        /// When the next try is due.
        until_ms: u64,
    },
}

/// What happened to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// The user wants to look at this node.
    Wanted(NodeAddress),
    /// The user does not want to wait.
    Now,
    /// The user ends it.
    Ended,
    /// The socket is open.
    Opened,
    /// The node said something that the page understands.
    Heard,
    /// The node said that it stops.
    Goodbye(String),
    /// The node said something that the page does not understand.
    Garbled(String),
    /// The socket closed, or never opened.
    Closed {
        /// The WebSocket close code.
        code: u16,
        /// The reason that came with it.
        reason: String,
    },
    /// The browser refused to make the socket.
    Forbidden(String),
    /// The address was asked what it is.
    Found(Finding),
    /// Time passed.
    Tick,
    /// Time passed, and the page saw nothing of it: it was frozen in the background, or the machine slept.
    Woke,
}

/// What to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Todo {
    /// Close any socket, then open one to this address.
    Dial(NodeAddress),
    /// Ask this address over HTTP what it is.
    Probe(NodeAddress),
    /// Close any socket.
    HangUp,
}

/// A connection that the user wants, through all its lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    address: Option<NodeAddress>,
    phase: Phase,
    trouble: Option<Trouble>,
}

impl Default for Connection {
    fn default() -> Self {
        Self { address: None, phase: Phase::Idle, trouble: None }
    }
}

impl Connection {
    /// Where it goes, or went.
    pub fn address(&self) -> Option<&NodeAddress> {
        self.address.as_ref()
    }

    /// What it is up to.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// What last went wrong; none once the node has spoken.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// Does the node speak at present?
    pub fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live { .. })
    }

    /// How long until the next try, in milliseconds, if one is due by itself.
    pub fn retry_in_ms(&self, now_ms: u64) -> Option<u64> {
        match self.phase {
            Phase::Waiting { until_ms, .. } => Some(until_ms.saturating_sub(now_ms)),
            _ => None,
        }
    }

    /// For how long the node has been silent, if that is longer than it should be.
    pub fn late_ms(&self, now_ms: u64) -> Option<u64> {
        match self.phase {
            Phase::Live { heard_ms } => {
                Some(now_ms.saturating_sub(heard_ms)).filter(|late| *late >= LATE_AFTER_MS)
            }
            _ => None,
        }
    }

    /// Takes in what happened and says what to do. `luck` is random, from 0 to 99: it spreads the waits.
    pub fn handle(&mut self, happened: Happened, luck: u64, now_ms: u64) -> Option<Todo> {
        match happened {
            Happened::Wanted(address) => {
                self.address = Some(address);
                self.trouble = None;
                self.dial(1, now_ms)
            }
            Happened::Now => match self.phase {
                Phase::Waiting { attempt, .. } => self.dial(attempt + 1, now_ms),
                Phase::Idle => self.dial(1, now_ms),
                _ => None,
            },
            Happened::Ended => {
                self.phase = Phase::Idle;
                self.trouble = None;
                Some(Todo::HangUp)
            }
            Happened::Opened => {
                if let Phase::Connecting { is_open, .. } = &mut self.phase {
                    *is_open = true;
                }
                None
            }
            Happened::Heard => self.on_word(now_ms),
            Happened::Goodbye(reason) => self.fail(Trouble::Goodbye { reason }, luck, now_ms),
            Happened::Garbled(detail) => self.fail(Trouble::OtherVersion { detail }, luck, now_ms),
            Happened::Forbidden(detail) => self.fail(Trouble::Forbidden { detail }, luck, now_ms),
            Happened::Closed { code, reason } => self.on_closed(code, reason, luck, now_ms),
            Happened::Found(finding) => match self.phase {
                Phase::Probing { .. } => self.fail(Trouble::from_finding(finding), luck, now_ms),
                _ => None,
            },
            Happened::Tick => self.on_tick(luck, now_ms),
            Happened::Woke => self.on_wake(now_ms),
        }
    }

    fn on_word(&mut self, now_ms: u64) -> Option<Todo> {
        if matches!(self.phase, Phase::Connecting { .. } | Phase::Live { .. }) {
            self.phase = Phase::Live { heard_ms: now_ms };
            self.trouble = None;
        }
        None
    }

    fn on_closed(&mut self, code: u16, reason: String, luck: u64, now_ms: u64) -> Option<Todo> {
        match self.phase {
            Phase::Live { .. } | Phase::Connecting { is_open: true, .. } => {
                self.fail(Trouble::Gone { code, reason }, luck, now_ms)
            }
            Phase::Connecting { attempt, .. } => {
                // A browser never tells a page why a socket did not open; asking over HTTP does.
                self.phase = Phase::Probing { attempt, since_ms: now_ms };
                self.address.clone().map(Todo::Probe)
            }
            _ => None,
        }
    }

    fn on_tick(&mut self, luck: u64, now_ms: u64) -> Option<Todo> {
        match self.phase {
            Phase::Waiting { attempt, until_ms } if now_ms >= until_ms => self.dial(attempt + 1, now_ms),
            Phase::Live { heard_ms } if now_ms.saturating_sub(heard_ms) >= DEAD_AFTER_MS => {
                self.fail(Trouble::Silent { for_ms: now_ms - heard_ms }, luck, now_ms)
            }
            Phase::Connecting { since_ms, .. } | Phase::Probing { since_ms, .. }
                if now_ms.saturating_sub(since_ms) >= OPENING_MOST_MS =>
            {
                self.fail(Trouble::NoAnswer { for_ms: now_ms - since_ms }, luck, now_ms)
            }
            _ => None,
        }
    }

    /// Nobody was silent but the page: what was said meanwhile may wait to be read. So all have their time anew.
    fn on_wake(&mut self, now_ms: u64) -> Option<Todo> {
        match &mut self.phase {
            Phase::Live { heard_ms: since_ms }
            | Phase::Connecting { since_ms, .. }
            | Phase::Probing { since_ms, .. } => *since_ms = now_ms,
            Phase::Waiting { attempt, .. } => {
                let attempt = *attempt;
                return self.dial(attempt + 1, now_ms);
            }
            Phase::Idle => {}
        }
        None
    }

    fn dial(&mut self, attempt: u32, now_ms: u64) -> Option<Todo> {
        let address = self.address.clone()?;
        self.phase = Phase::Connecting { attempt, since_ms: now_ms, is_open: false };
        Some(Todo::Dial(address))
    }

    fn fail(&mut self, trouble: Trouble, luck: u64, now_ms: u64) -> Option<Todo> {
        let attempt = match self.phase {
            Phase::Connecting { attempt, .. } | Phase::Probing { attempt, .. } => attempt,
            Phase::Live { .. } => 0,
            Phase::Idle | Phase::Waiting { .. } => return None,
        };
        let wait_ms = wait_ms(attempt, trouble.is_stubborn(), luck);
        self.phase = Phase::Waiting { attempt, until_ms: now_ms + wait_ms };
        self.trouble = Some(trouble);
        Some(Todo::HangUp)
    }
}

/// Doubles from try to try up to a limit, give or take the jitter.
fn wait_ms(attempt: u32, is_stubborn: bool, luck: u64) -> u64 {
    let doublings = attempt.saturating_sub(1).min(8);
    let plain = if is_stubborn { WAIT_STUBBORN_MS } else { (WAIT_FIRST_MS << doublings).min(WAIT_MOST_MS) };
    let spread = plain * JITTER_PERCENT / 100;
    plain - spread + 2 * spread * luck.min(99) / 99
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::address::PageOrigin;

    fn address() -> NodeAddress {
        NodeAddress::parse("127.0.0.1:9100", PageOrigin::Plain).expect("a good address")
    }

    fn wanted() -> Connection {
        let mut connection = Connection::default();
        let todo = connection.handle(Happened::Wanted(address()), 0, 1_000);
        assert_eq!(todo, Some(Todo::Dial(address())));
        connection
    }

    fn live() -> Connection {
        let mut connection = wanted();
        assert_eq!(connection.handle(Happened::Opened, 0, 1_050), None);
        assert!(!connection.is_live(), "a node that has said nothing is not live");
        assert_eq!(connection.handle(Happened::Heard, 0, 1_100), None);
        assert!(connection.is_live());
        connection
    }

    fn closed(code: u16) -> Happened {
        Happened::Closed { code, reason: String::new() }
    }

    #[test]
    fn a_refused_address_is_asked_what_it_is_and_tried_again() {
        let mut connection = wanted();
        assert_eq!(connection.handle(closed(1006), 0, 1_010), Some(Todo::Probe(address())));
        assert_eq!(connection.handle(Happened::Found(Finding::Nothing), 0, 1_020), Some(Todo::HangUp));
        assert_eq!(connection.trouble(), Some(&Trouble::Refused));
        assert_eq!(connection.retry_in_ms(1_020), Some(800));
        assert_eq!(connection.handle(Happened::Tick, 0, 1_819), None);
        assert_eq!(connection.handle(Happened::Tick, 0, 1_820), Some(Todo::Dial(address())));
        assert_eq!(connection.phase(), &Phase::Connecting { attempt: 2, since_ms: 1_820, is_open: false });
        assert_eq!(connection.trouble(), Some(&Trouble::Refused), "the reason stays until the node speaks");
    }

    #[test]
    fn waits_double_up_to_a_limit_and_vary_within_their_jitter() {
        let waits = |luck| [0, 1, 2, 3, 4, 5, 6, 60].map(|attempt| wait_ms(attempt, false, luck));
        assert_eq!(waits(0), [800, 800, 1_600, 3_200, 6_400, 12_000, 12_000, 12_000]);
        assert_eq!(waits(99), [1_200, 1_200, 2_400, 4_800, 9_600, 18_000, 18_000, 18_000]);
        assert!(wait_ms(1, true, 0) > wait_ms(1, false, 99));
    }

    #[test]
    fn a_lost_node_is_tried_again_soon_and_now_does_not_wait() {
        let mut connection = live();
        assert_eq!(connection.handle(closed(1006), 50, 2_000), Some(Todo::HangUp));
        assert!(matches!(connection.trouble(), Some(Trouble::Gone { code: 1006, .. })));
        assert!(connection.retry_in_ms(2_000).is_some_and(|wait| wait <= 1_200));
        assert_eq!(connection.handle(Happened::Now, 0, 2_001), Some(Todo::Dial(address())));
        assert_eq!(connection.handle(Happened::Now, 0, 2_002), None, "one try at a time");
        connection.handle(Happened::Heard, 0, 2_100);
        assert_eq!((connection.trouble(), connection.is_live()), (None, true));
    }

    #[test]
    fn goodbye_is_not_taken_back_by_the_close_that_follows() {
        let mut connection = live();
        connection.handle(Happened::Goodbye("stopping".to_owned()), 0, 2_000);
        assert_eq!(connection.handle(closed(1001), 0, 2_001), None);
        assert!(matches!(connection.trouble(), Some(Trouble::Goodbye { .. })));
    }

    #[test]
    fn silence_is_late_then_dead() {
        let mut connection = live();
        assert_eq!(connection.late_ms(4_000), None);
        assert_eq!(connection.late_ms(4_100), Some(3_000));
        connection.handle(Happened::Heard, 0, 4_200);
        assert_eq!(connection.late_ms(4_300), None);
        assert_eq!(connection.handle(Happened::Tick, 0, 14_199), None);
        assert_eq!(connection.handle(Happened::Tick, 0, 14_200), Some(Todo::HangUp));
        assert_eq!(connection.trouble(), Some(&Trouble::Silent { for_ms: 10_000 }));
    }

    #[test]
    fn a_page_that_slept_blames_nobody_and_tries_at_once() {
        let mut connection = live();
        assert_eq!(connection.handle(Happened::Woke, 0, 700_000), None);
        assert_eq!((connection.is_live(), connection.late_ms(700_100)), (true, None));
        assert_eq!(connection.handle(Happened::Tick, 0, 709_000), None);
        assert_eq!(connection.handle(Happened::Tick, 0, 710_000), Some(Todo::HangUp), "now it is silent");
        assert_eq!(connection.handle(Happened::Woke, 0, 710_001), Some(Todo::Dial(address())));
        connection.handle(Happened::Ended, 0, 710_002);
        assert_eq!(connection.handle(Happened::Woke, 0, 720_000), None);
    }

    #[test]
    fn a_socket_that_never_opens_is_given_up() {
        let mut connection = wanted();
        assert_eq!(connection.handle(Happened::Tick, 0, 9_000), Some(Todo::HangUp));
        assert!(matches!(connection.phase(), Phase::Waiting { attempt: 1, .. }));
        assert_eq!(connection.trouble(), Some(&Trouble::NoAnswer { for_ms: 8_000 }));
    }

    #[test]
    fn a_socket_that_opened_and_closed_is_not_asked_what_it_is() {
        let mut connection = wanted();
        connection.handle(Happened::Opened, 0, 1_050);
        assert_eq!(connection.handle(closed(4503), 0, 1_060), Some(Todo::HangUp));
        assert!(matches!(connection.trouble(), Some(Trouble::Gone { code: 4503, .. })));
    }

    #[test]
    fn what_comes_after_the_end_changes_nothing() {
        let mut connection = live();
        assert_eq!(connection.handle(Happened::Ended, 0, 2_000), Some(Todo::HangUp));
        let ended = connection.clone();
        let late = [
            Happened::Opened,
            Happened::Heard,
            closed(1000),
            Happened::Goodbye(String::new()),
            Happened::Garbled(String::new()),
            Happened::Found(Finding::Nothing),
            Happened::Tick,
        ];
        for happened in late {
            assert_eq!(connection.handle(happened, 0, 90_000), None);
            assert_eq!(connection, ended);
        }
        assert_eq!(connection.handle(Happened::Now, 0, 3_000), Some(Todo::Dial(address())), "and back again");
    }

    #[test]
    fn a_new_address_replaces_the_old_one_at_any_time() {
        let other = NodeAddress::parse("127.0.0.1:9101", PageOrigin::Plain).expect("a good address");
        let mut connection = live();
        assert_eq!(
            connection.handle(Happened::Wanted(other.clone()), 0, 2_000),
            Some(Todo::Dial(other.clone()))
        );
        assert_eq!(connection.address(), Some(&other));
    }
}
