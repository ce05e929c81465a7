//! A few replicas that write, and a network between them that loses, repeats
//! and reorders, delivers late, and drops a replica's data now and then.

use super::model::{Effect, Model, alike};
use crate::net::id;
use proptest::prelude::*;
use rumormill_core::state::State;
use rumormill_core::state::store::{Delta, Digest, Key, News, Reading};
use rumormill_core::{Duration, Instant, Kind, Store, Value};

#[derive(Debug, Clone)]
pub(super) enum Step {
    Set(u8, u8, u8),
    SetFor(u8, u8, u8),
    Put(u8, u8, u8),
    PutFor(u8, u8, u8),
    Count(u8, u8, i8),
    Add(u8, u8, u8),
    Remove(u8, u8, u8),
    Delete(u8, u8),
    /// One replica sends another what it lacks, or a part of it, as of the
    /// digest that it saw now or before.
    Send {
        from: u8,
        to: u8,
        bytes_max: u8,
        stale: bool,
    },
    /// One replica forwards what was new to it.
    Rumor {
        from: u8,
        to: u8,
        skip: u8,
    },
    /// A delta on its way arrives, and perhaps once more later.
    Deliver {
        which: u8,
        again: bool,
    },
    Lose(u8),
    /// What two replicas owe each other, at once and without loss.
    Sync(u8, u8),
    /// Drops the tombstones that all others are known to have seen.
    Collect(u8),
    /// As if all others had been given up for dead.
    CollectAlone(u8),
    Restart {
        at: u8,
        data: bool,
    },
    Pass(u8),
}

/// What a run may hold beside writes and messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hazards {
    None,
    /// Members are given up and come back, tombstones go too early.
    Forgetting,
    /// As well, replicas lose their data.
    Losing,
}

pub(super) fn steps(hazards: Hazards, count: usize) -> impl Strategy<Value = Vec<Step>> {
    use Step::*;
    let step = prop_oneof![
        3 => any::<(u8, u8, u8)>().prop_map(|(at, key, value)| Set(at, key, value)),
        1 => any::<(u8, u8, u8)>().prop_map(|(at, key, value)| SetFor(at, key, value)),
        3 => any::<(u8, u8, u8)>().prop_map(|(at, key, value)| Put(at, key, value)),
        1 => any::<(u8, u8, u8)>().prop_map(|(at, key, value)| PutFor(at, key, value)),
        3 => any::<(u8, u8, i8)>().prop_map(|(at, key, by)| Count(at, key, by)),
        3 => any::<(u8, u8, u8)>().prop_map(|(at, key, value)| Add(at, key, value)),
        2 => any::<(u8, u8, u8)>().prop_map(|(at, key, value)| Remove(at, key, value)),
        4 => any::<(u8, u8)>().prop_map(|(at, key)| Delete(at, key)),
        6 => (any::<(u8, u8, bool)>(), 0u8..150)
            .prop_map(|((from, to, stale), bytes_max)| Send { from, to, bytes_max, stale }),
        4 => any::<(u8, u8, u8)>().prop_map(|(from, to, skip)| Rumor { from, to, skip }),
        9 => any::<(u8, bool)>().prop_map(|(which, again)| Deliver { which, again }),
        1 => any::<u8>().prop_map(Lose),
        2 => any::<(u8, u8)>().prop_map(|(a, b)| Sync(a, b)),
        2 => any::<u8>().prop_map(move |at| if hazards == Hazards::None { Collect(at) } else { CollectAlone(at) }),
        1 => any::<(u8, bool)>()
            .prop_map(move |(at, data)| Restart { at, data: data || hazards != Hazards::Losing }),
        1 => any::<u8>().prop_map(Pass),
    ];
    prop::collection::vec(step, 0..count)
}

pub(super) fn number(n: u8) -> Value {
    Value::json(&(n % 5).into()).expect("short")
}

pub(super) fn key(kind: char, n: u8) -> Key {
    Key::new(&format!("{kind}{}", n % 2)).expect("valid")
}

fn any_key(n: u8) -> Key {
    key(['r', 'c', 'm', 's', 't', 'u'][n as usize / 2 % 6], n)
}

pub(super) struct World {
    pub(super) stores: Vec<Store>,
    pub(super) model: Model,
    flight: Vec<(usize, Delta)>,
    /// What each replica last saw of each other's digest.
    digests: Vec<Vec<Option<Digest>>>,
    news: Vec<Vec<News>>,
    now: Instant,
    lives: u64,
}

impl World {
    pub(super) fn new(replicas: usize) -> Self {
        Self {
            stores: (0..replicas).map(|n| Store::new(id(&format!("n{n}")), 1)).collect(),
            model: Model::default(),
            flight: Vec::new(),
            digests: vec![vec![None; replicas]; replicas],
            news: vec![Vec::new(); replicas],
            now: Instant::from_micros(1_000_000),
            lives: 1,
        }
    }

    /// Runs all steps; after each, replicas that have seen the same read the same.
    pub(super) fn run(replicas: usize, steps: &[Step]) -> Result<Self, TestCaseError> {
        let mut world = Self::new(replicas);
        for step in steps {
            world.step(step);
            world.check()?;
        }
        Ok(world)
    }

    pub(super) fn check(&self) -> Result<(), TestCaseError> {
        for (n, a) in self.stores.iter().enumerate() {
            for b in &self.stores[..n] {
                alike(a, b).map_err(TestCaseError::fail)?;
            }
        }
        Ok(())
    }

    fn at(&self, n: u8) -> usize {
        n as usize % self.stores.len()
    }

    /// A local write: noted in the model, and kept as news.
    fn write(
        &mut self,
        at: u8,
        key: &Key,
        write: impl FnOnce(&mut Store, Instant) -> News,
        effects: impl FnOnce(&Store, &Store) -> Vec<Effect>,
    ) {
        let n = self.at(at);
        let before = self.stores[n].clone();
        let own = |store: &Store| {
            (1..10_000).take_while(|n| store.has_seen(before.writer(), *n)).last().unwrap_or(0)
        };
        let first = own(&before) + 1;
        let news = write(&mut self.stores[n], self.now);
        for (sequence, effect) in (first..).zip(effects(&before, &self.stores[n])) {
            assert!(
                self.stores[n].has_seen(before.writer(), sequence)
                    && !before.has_seen(before.writer(), sequence)
            );
            self.model.wrote(&before, sequence, key, effect);
        }
        self.news[n].push(news);
    }

    fn write_value(&mut self, at: u8, key: &Key, value: u8, ttl: Option<Duration>) {
        let value = number(value);
        let kept = value.clone();
        let is_register = key.as_str().starts_with(['r', 't']);
        let write = |store: &mut Store, now: Instant| {
            let written = match (is_register, ttl) {
                (true, None) => store.set(key, value, now),
                (true, Some(ttl)) => store.set_for(key, value, ttl, now),
                (false, None) => store.put(key, value, now),
                (false, Some(ttl)) => store.put_for(key, value, ttl, now),
            };
            written.expect("of that kind").news
        };
        let stamp = |after: &Store| {
            let stamps = after.get(key).find_map(|reading| match reading {
                Reading::Register { stamp, .. } => Some(stamp),
                _ => None,
            });
            stamps.unwrap_or_default()
        };
        self.write(at, key, write, |_, after| {
            vec![Effect::Value { value: Some(kept), stamp: stamp(after), ends: ttl.is_some() }]
        });
    }

    pub(super) fn step(&mut self, step: &Step) {
        let short = Duration::from_micros(500);
        match *step {
            Step::Set(at, k, value) => self.write_value(at, &key('r', k), value, None),
            Step::Put(at, k, value) => self.write_value(at, &key('m', k), value, None),
            Step::SetFor(at, k, value) => {
                self.write_value(at, &key('t', k), value, (value % 4 > 0).then_some(short));
            }
            Step::PutFor(at, k, value) => {
                self.write_value(at, &key('u', k), value, (value % 4 > 0).then_some(short));
            }
            Step::Count(at, k, by) => {
                let by = i64::from(if by == 0 { 1 } else { by });
                let write =
                    |store: &mut Store, _| store.increment(&key('c', k), by).expect("in range").1.news;
                self.write(at, &key('c', k), write, |_, _| vec![Effect::Add(by)]);
            }
            Step::Add(at, k, value) => {
                let element = number(value);
                let write =
                    |store: &mut Store, _| store.add(&key('s', k), number(value)).expect("a set").1.news;
                self.write(at, &key('s', k), write, |_, _| vec![Effect::Element { element, present: true }]);
            }
            Step::Remove(at, k, value) => {
                let element = number(value);
                let write =
                    |store: &mut Store, _| store.remove(&key('s', k), &number(value)).expect("a set").1.news;
                self.write(at, &key('s', k), write, |before, _| {
                    let was_in = before.elements(&key('s', k)).contains(&&element);
                    was_in.then_some(Effect::Element { element, present: false }).into_iter().collect()
                });
            }
            Step::Delete(at, k) => self.delete(at, &any_key(k)),
            Step::Send { from, to, bytes_max, stale } => {
                let (from, to) = (self.at(from), self.at(to));
                let fresh = self.stores[to].digest();
                let digest = match self.digests[from][to].take() {
                    Some(old) if stale => old,
                    _ => fresh,
                };
                let part = self.stores[from].delta(&digest, bytes_max.into());
                self.flight.push((to, part.delta));
                self.digests[from][to] = Some(digest);
            }
            Step::Rumor { from, to, skip } => {
                let (from, to) = (self.at(from), self.at(to));
                let mut news = News::default();
                for more in self.news[from].iter().rev().skip(skip as usize % 6).take(3) {
                    Store::absorb(&mut news, more);
                }
                while Store::news_len(&news) > 0 {
                    let delta = self.stores[from].rumor(&mut news, 60);
                    self.flight.push((to, delta));
                }
            }
            Step::Deliver { which, again } => {
                if !self.flight.is_empty() {
                    let which = which as usize % self.flight.len();
                    let (to, delta) = self.flight[which].clone();
                    if !again {
                        self.flight.remove(which);
                    }
                    let merged = self.stores[to].merge(delta, self.now).expect("a valid delta");
                    self.news[to].push(merged.news);
                }
            }
            Step::Lose(which) => {
                if !self.flight.is_empty() {
                    self.flight.remove(which as usize % self.flight.len());
                }
            }
            Step::Sync(a, b) => {
                let (a, b) = (self.at(a), self.at(b));
                sync(&mut self.stores, a, b, 60, self.now);
                sync(&mut self.stores, b, a, 60, self.now);
            }
            Step::Collect(at) => {
                let at = self.at(at);
                let others = self.digests[at].iter().enumerate().filter(|(n, _)| *n != at);
                if let Some(digests) = others.map(|(_, digest)| digest.as_ref()).collect::<Option<Vec<_>>>() {
                    self.stores[at].collect(digests.into_iter());
                }
            }
            Step::CollectAlone(at) => {
                let at = self.at(at);
                self.stores[at].collect([].iter());
            }
            Step::Restart { at, data } => self.restart(at, data),
            Step::Pass(by) => {
                self.now = self.now + Duration::from_micros(by.into());
                for store in &mut self.stores {
                    store.expire(self.now);
                }
            }
        }
    }

    fn delete(&mut self, at: u8, key: &Key) {
        let write = |store: &mut Store, now| {
            let (_, merged) = store.delete(key, now);
            assert_eq!(store.get(key).count(), 0, "what is deleted cannot be read");
            merged.news
        };
        self.write(at, key, write, |before, _| {
            let effects = before.get(key).map(|reading| match reading {
                Reading::Register { .. } | Reading::MultiValue { .. } => {
                    vec![Effect::Value { value: None, stamp: Default::default(), ends: false }]
                }
                Reading::Counter { .. } => vec![Effect::Reset],
                Reading::Set { elements } => {
                    let gone = |element: &Value| Effect::Element { element: element.clone(), present: false };
                    elements.into_iter().map(gone).collect()
                }
            });
            effects.flatten().collect()
        });
    }

    fn restart(&mut self, at: u8, data: bool) {
        let at = self.at(at);
        if data {
            self.stores[at] = Store::decode(&self.stores[at].encode()).expect("its own bytes");
        } else {
            self.lives += 1;
            self.stores[at] = Store::new(id(&format!("n{at}")), self.lives);
            self.news[at].clear();
        }
        // Its links broke, and what was said on them is void.
        self.flight.retain(|(to, _)| *to != at);
        for digests in &mut self.digests {
            digests[at] = None;
        }
    }

    /// Everyone gets everything from everyone, and time passes.
    pub(super) fn settle(&mut self) {
        self.flight.clear();
        self.now = self.now + Duration::from_secs(1);
        let count = self.stores.len();
        for _ in 0..2 {
            for from in 0..count {
                for to in (0..count).filter(|to| *to != from) {
                    sync(&mut self.stores, from, to, 40, self.now);
                }
            }
        }
        self.now = self.now + Duration::from_secs(1);
        for store in &mut self.stores {
            store.expire(self.now);
        }
    }
}

/// One replica sends another all that it lacks, in parts.
pub(super) fn sync(stores: &mut [Store], from: usize, to: usize, bytes_max: usize, now: Instant) {
    for _ in 0..10_000 {
        let part = stores[from].delta(&stores[to].digest(), bytes_max);
        stores[to].merge(part.delta, now).expect("a valid delta");
        if part.complete {
            return;
        }
    }
    panic!("the parts do not come to an end");
}

pub(super) fn merged(a: &Store, b: &Store) -> Store {
    let mut pair = [a.clone(), b.clone()];
    sync(&mut pair, 1, 0, usize::MAX, Instant::ZERO);
    let [a, _] = pair;
    a
}

/// Has the store anything of that kind?
pub(super) fn holds(store: &Store, kind: Kind) -> bool {
    store.iter().any(|entry| entry.reading.kind() == kind)
}
