//! What goes up and down by itself: links that flap and nodes that churn. Each
//! has dice of its own, made from the seed and the time of the act, so that
//! its times depend on nothing else that happens.

use super::Sim;
use crate::queue::What;
use crate::scenario::Act;
use rumormill_core::event::TraceEvent;
use rumormill_core::ordered::Map;
use rumormill_core::rng::Rng;
use rumormill_core::{Duration, Instant, hash};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    /// By the lesser node and the greater.
    Link(u32, u32),
    Node(u32),
}

#[derive(Debug, Clone)]
struct Plan {
    subject: Subject,
    dice: Rng,
    up: Duration,
    down: Duration,
    data: bool,
    until: Instant,
    is_down: bool,
}

/// At most one plan for each node and each link.
#[derive(Debug, Clone, Default)]
pub(super) struct Plans {
    plans: Map<u32, Plan>,
    by_subject: Map<Subject, u32>,
    made: u32,
}

impl Plans {
    /// Takes the place of an earlier plan for the same.
    fn add(&mut self, plan: Plan) -> u32 {
        self.made += 1;
        if let Some(old) = self.by_subject.insert(plan.subject, self.made) {
            self.plans.remove(&old);
        }
        self.plans.insert(self.made, plan);
        self.made
    }

    fn remove(&mut self, number: u32) {
        if let Some(plan) = self.plans.remove(&number) {
            self.by_subject.remove(&plan.subject);
        }
    }

    /// No link flaps any more.
    pub(super) fn stop_flapping(&mut self) {
        self.plans.retain(|_, plan| matches!(plan.subject, Subject::Node(_)));
        self.by_subject.retain(|subject, _| matches!(subject, Subject::Node(_)));
    }
}

impl Plan {
    /// Evenly spread from nothing to twice the mean.
    fn draw(&mut self) -> Duration {
        let mean = if self.is_down { self.down } else { self.up };
        Duration::from_micros(1 + self.dice.below(mean.as_micros().saturating_mul(2)))
    }
}

impl Sim {
    /// Begins what the act says, now.
    pub(super) fn plan(&mut self, act: &Act) {
        match act {
            Act::Flap { a, b, up_us, down_us, until_us } => {
                let (a, b) = (*a.min(b), *a.max(b));
                self.add_plan(Subject::Link(a, b), (*up_us, *down_us), false, *until_us);
            }
            Act::Churn { nodes, up_us, down_us, data, until_us } => {
                let all: Vec<u32> =
                    if nodes.is_empty() { (0..self.nodes()).collect() } else { nodes.clone() };
                for node in all {
                    self.add_plan(Subject::Node(node), (*up_us, *down_us), *data, *until_us);
                }
            }
            _ => {}
        }
    }

    fn add_plan(&mut self, subject: Subject, (up, down): (Duration, Duration), data: bool, until: Duration) {
        let numbers = match subject {
            Subject::Link(a, b) => [a, b],
            Subject::Node(node) => [node, node],
        };
        let now = self.now.as_micros();
        let seed = [self.scenario.seed, now, numbers[0].into(), numbers[1].into()];
        let dice = Rng::new(hash::part("turns", &seed));
        let until = Instant::ZERO + until;
        let number = self.plans.add(Plan { subject, dice, up, down, data, until, is_down: false });
        self.next_turn(number);
    }

    /// The next turn, unless it would come too late.
    fn next_turn(&mut self, number: u32) {
        let Some(plan) = self.plans.plans.get_mut(&number) else { return };
        let next = self.now + plan.draw();
        if plan.is_down {
            self.queue.push(next.min(plan.until).max(self.now), What::Turn { plan: number });
        } else if next < plan.until {
            self.queue.push(next, What::Turn { plan: number });
        } else {
            self.plans.remove(number);
        }
    }

    pub(super) fn turn(&mut self, number: u32) {
        let Some(plan) = self.plans.plans.get(&number) else { return };
        let (subject, data, is_down) = (plan.subject, plan.data, plan.is_down);
        let is_down = match (subject, is_down) {
            (Subject::Link(a, b), false) => {
                self.cut(&Act::CutLink { a, b });
                true
            }
            (Subject::Link(a, b), true) => {
                self.mend(a, b);
                false
            }
            // Whom someone else has crashed or started meanwhile is left as it is.
            (Subject::Node(node), false) => self.crash(node).is_ok(),
            (Subject::Node(node), true) => {
                let _ = self.restart(node, data, false);
                false
            }
        };
        if let Some(plan) = self.plans.plans.get_mut(&number) {
            plan.is_down = is_down;
        }
        self.next_turn(number);
    }

    fn mend(&mut self, a: u32, b: u32) {
        self.wires.mend(a, b, self.now, &mut self.queue);
        let other = self.hosts[b].id.clone();
        self.record(a, TraceEvent::Mended(other));
    }
}
