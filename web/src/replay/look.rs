//! The Lab's frames, made from a recording. What a recording cannot tell is left out here and said by the page.

use super::cluster::{Cluster, Written};
use super::matching::Way;
use super::recording::Recording;
use super::why;
use crate::lab::insight::{Around, InboxLine};
use crate::lab::look::{most_suspected, worth_reading};
use crate::lab::paths::{Few, PATHS_MAX, Trouble};
use crate::lab::protocol::{
    Asked, Branch, Course, Detail, EntryLine, Flight, Frame, Hop, Inside, Known, Look, MATRIX_NODES_MAX,
    MEMBERS_SHOWN_MAX, Mark, Matrix, MemberLine, MessageLine, MessageRef, Row, Shown, Spread, Text,
    WriteLine,
};
use crate::lab::record::Record;
use rumormill_core::state::store::Kind;
use rumormill_core::{Incarnation, LimiterConfig, Status};

/// Most messages drawn at once, as in the Lab.
const FLIGHTS_MAX: usize = 4_000;

impl Recording {
    /// Everything that a look asks for.
    pub fn frame(&mut self, look: &Look) -> Frame {
        let course = std::mem::take(&mut self.is_new).then(|| Box::new(self.course()));
        let write = self.write(look);
        let mut flights: Vec<Flight> = self
            .sent_since(0)
            .filter(|(_, way)| way.ends_us > self.now_us)
            .map(|(id, way)| flight(id, way))
            .collect();
        let unseen = flights.len().saturating_sub(FLIGHTS_MAX);
        flights.drain(..unseen);
        let mark = |(node, now): (u32, &super::cluster::NodeNow)| Mark {
            state: now.state,
            informed: now.state.is_up() && write.is_some_and(|write| write.learned.contains_key(&node)),
        };
        let mut frame = Frame {
            run: self.number,
            now_us: self.now_us,
            next_us: self.next_us(),
            marks: (0..).zip(&self.cluster.nodes).map(mark).collect(),
            groups: self.cluster.groups.clone(),
            paths: self.cluster.paths().take(PATHS_MAX).collect(),
            flights,
            flights_unseen: unseen as u32,
            landed: self.landed(look),
            spread: self.spread(),
            end_us: self.end_us(),
            turned_us: self.turned_us.take(),
            course,
            ..Frame::default()
        };
        if look.text {
            frame.text = Some(Box::new(self.text(look)));
        }
        frame
    }

    /// What of a recording can be kept as a table; the rest of it is its file.
    pub fn record(&self) -> Record {
        let suspected = self.cluster.suspected();
        let row = |node: u32| self.row(node, &Look::default(), suspected[node as usize]);
        let rows = (0..self.cast.names.len() as u32).map(row);
        Record { now_us: self.now_us, rows: rows.collect(), ..Record::default() }
    }

    fn course(&self) -> Course {
        let branch = Branch { name: "recording".into(), end_us: self.end_us(), ..Branch::default() };
        let (samples, done) = (self.samples.clone(), self.deeds.clone());
        Course { branches: vec![branch], current: 0, samples, done }
    }

    /// The write that a look asks for, or else the latest.
    fn write(&self, look: &Look) -> Option<&Written> {
        let writes = &self.cluster.writes;
        let asked = look.write.and_then(|number| writes.iter().find(|write| write.number == number));
        asked.or_else(|| writes.back())
    }

    /// Messages that were under way at some time of the last while.
    fn sent_since(&self, while_us: u64) -> impl Iterator<Item = (u64, &Way)> {
        let from_us = self.now_us.saturating_sub(while_us.saturating_add(self.ways.longest_us));
        self.ways.sent_between(from_us, self.now_us)
    }

    fn landed(&self, look: &Look) -> Vec<Flight> {
        let Asked::Lanes(lanes, window_us) = &look.view else { return Vec::new() };
        let since_us = self.now_us.saturating_sub(*window_us);
        let is_shown = |way: &Way| {
            (since_us..=self.now_us).contains(&way.ends_us)
                && lanes.contains(&way.from)
                && lanes.contains(&way.to)
        };
        self.sent_since(*window_us)
            .filter(|(_, way)| is_shown(way))
            .map(|(id, way)| flight(id, way))
            .collect()
    }

    fn spread(&self) -> Spread {
        let cluster = &self.cluster;
        let up = cluster.up();
        let Some(write) = cluster.writes.back() else {
            let (cut, paths_cut) = (cluster.is_parted(), cluster.paths_cut());
            return Spread { up, cut, paths_cut, repairs: true, ..Spread::default() };
        };
        let informed = cluster.informed(write);
        let last_us = write.learned.values().map(|learned| learned.at_us).max();
        Spread {
            since_us: Some(write.at_us),
            origin: write.node,
            informed,
            up,
            complete_us: last_us.filter(|_| informed == up),
            hops: write.learned.values().map(|learned| learned.hops).max().unwrap_or(0),
            // Whether all hold the same is not told; that all have each of the writes is.
            converged: cluster.writes.iter().all(|write| cluster.informed(write) == up),
            owed: false,
            repairs: true,
            cut: cluster.is_parted(),
            paths_cut: cluster.paths_cut(),
        }
    }

    fn text(&mut self, look: &Look) -> Text {
        let records = worth_reading(self.take_records());
        let nodes = self.cast.names.len() as u32;
        let (first, count) = look.rows.unwrap_or((0, 0));
        let rows = first..first.saturating_add(count).min(nodes);
        let node = look.node.filter(|node| *node < nodes);
        let suspected = self.cluster.suspected();
        let suspect = most_suspected(&suspected);
        Text {
            totals: self.cluster.totals,
            records,
            node: node.map(|node| Box::new(self.detail(node, look))),
            rows: rows.map(|node| self.row(node, look, suspected[node as usize])).collect(),
            writes: self.cluster.writes.iter().rev().map(|write| line(&self.cluster, write)).collect(),
            shown: self.shown(look),
            suspect: suspect.map(|(node, by)| (self.cast.names[node as usize].clone(), by)),
            message: look.message.and_then(|asked| self.message(asked)).map(Box::new),
        }
    }

    fn row(&self, node: u32, look: &Look, suspected_by: u32) -> Row {
        let now = &self.cluster.nodes[node as usize];
        Row {
            node,
            id: self.cast.names[node as usize].clone(),
            state: now.state,
            informed: now.state.is_up()
                && self.write(look).is_some_and(|write| write.learned.contains_key(&node)),
            suspected_by,
            told: self.tells(node),
            keys: now.keys.len() as u32,
            active: self.cluster.active(node),
            links: now.links.len() as u32,
            sent: now.messages[0],
            denials: now.denials,
        }
    }

    fn beliefs(&self, who: u32) -> impl Iterator<Item = Option<Status>> {
        (0..self.cast.names.len() as u32).map(move |of| self.cluster.belief(who, of))
    }

    fn shown(&self, look: &Look) -> Shown {
        let write = self.write(look);
        let learned = |node: u32| write.and_then(|write| write.learned.get(&node));
        let nodes = 0..self.cast.names.len() as u32;
        match &look.view {
            Asked::Nothing => Shown::Nothing,
            Asked::Links | Asked::Way => {
                Shown::Way(nodes.map(|node| learned(node).map(|learned| learned.from)).collect())
            }
            Asked::Beliefs(first) => Shown::Beliefs(self.believed(*first)),
            Asked::Writes(first) => Shown::Writes(self.who_has(*first)),
            Asked::Lanes(lanes, _) => {
                Shown::Lanes(lanes.iter().map(|lane| Some(learned(*lane)?.at_us)).collect())
            }
        }
    }

    fn rows(&self, first: u32) -> std::ops::Range<u32> {
        first..first.saturating_add(MATRIX_NODES_MAX).min(self.cast.names.len() as u32)
    }

    /// Does a node that is up tell of itself?
    fn tells(&self, node: u32) -> bool {
        self.cast.own[node as usize] && self.cluster.nodes[node as usize].state.is_up()
    }

    fn believed(&self, first: u32) -> Matrix {
        let columns = self.rows(first).len() as u32;
        let mut matrix = Matrix { first, columns, cells: Vec::new() };
        for who in self.rows(first) {
            let cell = |of| match self.cluster.belief(who, of) {
                Some(status) if self.tells(who) => Known::Status(status),
                None if self.tells(who) => Known::No,
                _ => Known::Nobody,
            };
            matrix.cells.extend(self.rows(first).map(cell));
        }
        matrix
    }

    fn who_has(&self, first: u32) -> Matrix {
        let writes = &self.cluster.writes;
        let mut matrix = Matrix { first, columns: writes.len() as u32, cells: Vec::new() };
        for node in self.rows(first) {
            matrix.cells.extend(writes.iter().rev().map(|write| match write.learned.contains_key(&node) {
                _ if !self.cluster.nodes[node as usize].state.is_up() => Known::Nobody,
                true => Known::Yes,
                false => Known::No,
            }));
        }
        matrix
    }

    fn detail(&self, node: u32, look: &Look) -> Detail {
        let now = &self.cluster.nodes[node as usize];
        let learned = self.write(look).and_then(|write| write.learned.get(&node));
        Detail {
            node,
            id: self.cast.names[node as usize].clone(),
            incarnation: Incarnation(now.incarnation),
            state: now.state,
            group: self.cluster.groups.get(node as usize).copied(),
            trouble: self.trouble(node),
            learned: learned.map(|learned| (learned.at_us, learned.hops)),
            path: self.write(look).map(|write| path(write, node, &self.ways.ways)).unwrap_or_default(),
            why: self.write(look).and_then(|write| why::why(self, write, node)),
            inside: self.cast.own[node as usize].then(|| self.inside(node)),
            around: self.around(node),
        }
    }

    /// What is under way to a node, and what those who tell of themselves believe of it.
    fn around(&self, node: u32) -> Around {
        let name = |node: u32| &self.cast.names[node as usize];
        let line = |(id, way): (u64, &Way)| InboxLine {
            id,
            from: name(way.from).clone(),
            kind: way.kind,
            arrives_us: way.ends_us,
            lost: way.lost.is_some(),
        };
        let is_under_way = |(_, way): &(u64, &Way)| way.to == node && way.ends_us > self.now_us;
        let inbox = self.sent_since(0).filter(is_under_way).map(line).collect();
        let tellers = (0..self.cast.names.len() as u32).filter(|who| *who != node && self.tells(*who));
        let opinions = tellers.map(|who| (name(who), self.cluster.belief(who, node)));
        Around::of(inbox, 0, opinions)
    }

    /// What is wrong with a node; which paths are slow, a recording does not tell.
    fn trouble(&self, node: u32) -> Trouble {
        let now = &self.cluster.nodes[node as usize];
        let name = |node: u32| self.cast.names[node as usize].clone();
        Trouble {
            slow_us: now.slow_us,
            ahead_us: now.ahead_us,
            cut_to: Few::of(self.cluster.cut_from(node).map(name)),
            cut_from: Few::of(self.cluster.cut_to(node).map(name)),
            delayed: Few::default(),
        }
    }

    /// What of a node's inside a recording tells; the page shows no more of it.
    fn inside(&self, node: u32) -> Inside {
        let now = &self.cluster.nodes[node as usize];
        let beliefs: Vec<Option<Status>> = self.beliefs(node).collect();
        let statuses =
            [Status::Alive, Status::Joining, Status::Suspect, Status::Down, Status::Leaving, Status::Left];
        let count = |status| beliefs.iter().filter(|belief| **belief == Some(status)).count() as u32;
        let member = |(of, status): (u32, Status)| MemberLine {
            node: Some(of),
            id: self.cast.names[of as usize].clone(),
            status,
            incarnation: Incarnation(0),
            linked: now.links.contains(&of),
            silent_us: None,
        };
        let told = || (0..).zip(&beliefs).filter_map(|(of, status)| Some((of, (*status)?)));
        let unwell = told().filter(|(_, status)| *status != Status::Alive);
        let well = told().filter(|(_, status)| *status == Status::Alive);
        let entry =
            |(key, (at_us, kind, from)): (&rumormill_core::state::store::Key, &(u64, Kind, Option<u32>))| {
                EntryLine {
                    key: key.as_str().to_owned(),
                    is_counter: *kind == Kind::Counter,
                    value: crate::lab::standing::seconds(*at_us),
                    author: from.map(|from| self.cast.names[from as usize].clone()),
                }
            };
        Inside {
            version: 0,
            hash: 0,
            entries: now.keys.iter().map(entry).collect(),
            entries_unseen: 0,
            members: unwell.chain(well).take(MEMBERS_SHOWN_MAX).map(member).collect(),
            believed: statuses.map(count),
            beliefs,
            limiter: LimiterConfig::Unlimited,
            tokens: None,
            denials: now.denials,
            owed: 0,
            linked: now.links.iter().copied().collect(),
            links: now.links.len() as u32,
            rounds: now.rounds,
            timers: None,
            messages: now.messages,
            bytes: now.bytes,
        }
    }

    fn message(&self, asked: MessageRef) -> Option<MessageLine> {
        let sent = &self.ways.ways[..self.ways.ways.partition_point(|way| way.sent_us <= self.now_us)];
        let id = match asked {
            MessageRef::Id(id) => id as usize,
            MessageRef::Number(from, number) => {
                sent.iter().rposition(|way| (way.from, way.number) == (from, number))?
            }
        };
        let way = sent.get(id)?;
        Some(MessageLine {
            flight: flight(id as u64, way),
            kind: way.kind,
            cause: way.cause,
            number: way.number,
            bytes: way.bytes,
            carried: Vec::new(),
            writes: way.writes,
            fate: way.lost.filter(|_| way.ends_us <= self.now_us),
        })
    }
}

fn line(cluster: &Cluster, write: &Written) -> WriteLine {
    WriteLine {
        number: write.number,
        at_us: write.at_us,
        node: write.node,
        key: write.key.as_str().to_owned(),
        informed: cluster.informed(write),
    }
}

fn flight(id: u64, way: &Way) -> Flight {
    let travels_us = way.ends_us.saturating_sub(way.sent_us);
    Flight {
        // There are fewer nodes than 65,536.
        from: way.from as u16,
        to: way.to as u16,
        sent_us: way.sent_us,
        travels_us: u32::try_from(travels_us).unwrap_or(u32::MAX),
        payload: way.kind.is_payload(),
        lost: way.lost.is_some(),
        id,
    }
}

/// How many messages back the one that brought a write is looked for.
const WAYS_BACK_MAX: usize = 20_000;

/// The nodes over which a write came to one, from the one that wrote it on.
fn path(write: &Written, node: u32, ways: &[Way]) -> Vec<Hop> {
    let mut path: Vec<Hop> = Vec::new();
    let mut to = node;
    while let Some(learned) = write.learned.get(&to).filter(|learned| learned.from != to) {
        // Whoever lost its data may have learned from its own pupil.
        if path.iter().any(|hop| hop.to == to) {
            break;
        }
        let (from, at_us) = (learned.from, learned.at_us);
        let is_it = |way: &&Way| (way.from, way.to, way.ends_us) == (from, to, at_us) && way.writes > 0;
        // Those sent later are the fewer.
        let sent = ways.partition_point(|way| way.sent_us <= at_us);
        let by = ways[..sent].iter().rev().take(WAYS_BACK_MAX).find(is_it);
        path.push(Hop { from, to, at_us, by: by.map(|way| (way.kind, way.cause)) });
        to = learned.from;
    }
    path.reverse();
    path
}
